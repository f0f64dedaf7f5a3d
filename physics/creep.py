"""Steady creep: a metal that flows at its saturated resistance, S = S* (physics.viscoplasticity).

    q = S*(r) g(r/A'),   g = r^m or asinh(r^m),   S* = S0 (r/A')^n;   S where the metal does not harden

Of the power form this is a power law with exponent 1/(m + n) exactly; the sinh form leaves it at high stress.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.viscoplasticity import SINH, ViscoplasticLaw, stress_ratio

MOST_ITERATIONS = 50


@numba.njit(cache=True)
def steady_stress(rate: float, resistance: float, law: np.ndarray) -> tuple[float, float]:
    """Von Mises stress [Pa] at a strain rate (> 0) [1/s], and its derivative by the rate.

    Parameters
    ----------
    resistance : float
        S [Pa] of a metal that does not harden.
    law : ndarray
        `ViscoplasticLaw.parameters`.
    """
    ratio, slope = stress_ratio(rate, law)
    if law[6] == 0.0:
        return resistance * ratio, resistance * slope / rate
    star = law[5] * (rate / law[3]) ** law[8]
    return star * ratio, star * (slope + law[8] * ratio) / rate


@numba.njit(cache=True)
def steady_rate(stress: float, resistance: float, law: np.ndarray) -> tuple[float, float]:
    """Strain rate [1/s] at a von Mises stress (> 0) [Pa], and its derivative by the stress; see `steady_stress`.

    Newton's method in the logarithms, where a power law is linear: of the power form the first guess is the answer.
    """
    scale, exponent = resistance, 1.0 / law[4]
    if law[6] != 0.0:
        scale, exponent = law[5], 1.0 / (law[4] + law[8])
    rate = law[3] * (stress / scale) ** exponent
    if law[2] != SINH:
        return rate, exponent * rate / stress
    slope = 1.0
    for _ in range(MOST_ITERATIONS):
        found, slope = steady_stress(rate, resistance, law)
        change = math.log(stress / found) * found / (slope * rate)
        rate *= math.exp(min(max(change, -50.0), 50.0))
        if abs(change) < 1e-14:
            break
    return rate, 1.0 / slope


def creep_rate(law: ViscoplasticLaw, stress: float) -> float:
    """Strain rate [1/s] of steady creep under a von Mises stress [Pa]; zero without stress."""
    return float(steady_rate(stress, law.resistance, law.parameters)[0]) if stress > 0.0 else 0.0
