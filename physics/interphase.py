"""Nucleation inside an interphase (SEI) that leaks electrons from the metal or collector under it.

z is the depth of a place in the interphase, from 0 at the anode to its thickness T. Electrons leave the anode with the
conductivity sigma_e of the interphase and are used up on their way by reduction, with a conductance g per volume. Their
driving force eta = phi_s - phi_l then obeys

    sigma_e eta'' = g eta,   eta(0) = eta_s,   eta'(T) = 0:      eta(z) = eta_s cosh[(T - z)/L]/cosh(T/L)

with the leakage length L = sqrt(sigma_e/g). Of candidate sites spread evenly over the interphase those that an electron
reaches can nucleate, a share exp(-z/L) at the depth z and (L/T) [1 - exp(-T/L)] of all; far from the outer face their
mean depth is L. Such a site has the rate of classical nucleation at eta(z).

L -> 0: no site in the interphase, nucleation on the surface alone. L -> infinity: every site, at the surface's eta.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def leaked_share(depth: Any, thickness: float, leakage_length: float) -> Any:
    """eta(z)/eta_s [-]; lengths z, T, L [m]."""
    z = np.asarray(depth, dtype=float) / leakage_length
    t = thickness / leakage_length
    return (np.exp(-z) + np.exp(z - 2.0 * t)) / (1.0 + np.exp(-2.0 * t))


def reached_share(depth: Any, leakage_length: float) -> Any:
    """Share of the sites at a depth z that an electron reaches [-], exp(-z/L); lengths [m]."""
    return np.exp(-np.asarray(depth, dtype=float) / leakage_length)


def reached_in_all(thickness: float, leakage_length: float) -> float:
    """The same of all sites spread over a thickness T, (L/T) [1 - exp(-T/L)]; lengths [m]."""
    return float(-leakage_length / thickness * np.expm1(-thickness / leakage_length))
