"""How the exchange with a void is spread over the diffuse surface, as functions of the distance s over the width.

Across a thin layer the excess of vacancies over s_eq is v/D l C(s), v the surface's velocity and

    d/ds [xi dC/ds] = Da' w(xi) C,     xi dC/ds -> 1 in the metal,  0 in the void          xi = 1/(1 + exp(-s))

so that a cell's own -k' (s - s_eq) is v times c(s) = Da' C(s), from which v is known. The exchange up to s is the share
R(s), the integral of w c; a front that keeps its profile needs xi(s). Metal has to flow by v (R - xi) along the normal,
and by v K l E(s) more where the surface is curved, E the integral of R - xi less its part of R
(kernels.feed explains both for a reaction of even strength).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_banded

from ramify.physics.interface import interface_weight

REACH = 14.0
"""Widths to each side that are tabulated."""
INTERVALS = 448
REFINEMENT = 8
"""Intervals of the solution in one of the tables."""


@dataclass(frozen=True)
class ExchangeProfile:
    """Tables over s from -REACH to REACH, INTERVALS + 1 numbers each."""

    strength: np.ndarray
    """c."""
    excess: np.ndarray
    """R - xi."""
    bent: np.ndarray
    """E."""


def exchange_profile(damkoehler: float) -> ExchangeProfile:
    """The profile for Da' = l k'/D, by central differences; good to 1e-5."""
    count = INTERVALS * REFINEMENT
    step = 2.0 * REACH / count
    s = np.linspace(-REACH, REACH, count + 1)
    xi = 1.0 / (1.0 + np.exp(-s))
    faces = 1.0 / (1.0 + np.exp(-(s[1:] - 0.5 * step))) / step
    sink = damkoehler * np.asarray(interface_weight(xi)) * step
    sink[[0, -1]] *= 0.5
    diagonal = sink.copy()
    diagonal[:-1] += faces
    diagonal[1:] += faces
    bands = np.zeros((3, count + 1))
    bands[0, 1:], bands[1], bands[2, :-1] = -faces, diagonal, -faces
    right = np.zeros(count + 1)
    right[-1] = 1.0
    C = solve_banded((1, 1), bands, right)
    share = np.cumsum(sink * C) - 0.5 * sink * C
    excess = share / share[-1] - xi
    bent = np.concatenate([[0.0], np.cumsum(0.5 * step * (excess[1:] + excess[:-1]))])
    bent -= bent[-1] * share / share[-1]
    return ExchangeProfile(*(np.ascontiguousarray(a[::REFINEMENT]) for a in (damkoehler * C, excess, bent)))
