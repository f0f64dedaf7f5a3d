"""Lithium, magnesium and vacancies on the lattice of an alloy: how vacancies' fluxes and a composition act together.

y is the atomic fraction of magnesium, x = 1 - y that of lithium, s the vacancies over their equilibrium, Omega the
molar volume of a site, the same for both. Atoms move by vacancies alone; D is the tracer diffusivity of lithium in the
alloy at s = 1, rho D that of magnesium, theta = dln a/dln x of lithium, by Gibbs and Duhem dln a_Mg/dln y too. Past the
lattice

    Omega J_L = -D (s theta grad x - x grad s)          Omega J_M = -rho D (s theta grad y - y grad s)
    Omega J_v = -Omega (J_L + J_M) = -[M grad s + s theta (1 - rho) D grad y],     M = m D,   m = x + rho y

For s = 1 these are Darken's, for y = 0 those of `physics.vacancies`. With rho constant the vacancies have a potential:

    Omega J_v = -M exp(-B) grad sigma,   sigma = s exp(B),   B(y) = integral from 0 to y of theta (1 - rho)/m

B = -ln m for an ideal solution, B = -ln a for magnesium at rest (rho = 0). It is taken as -ln m and the integral of
(theta - 1)(1 - rho)/m, which is smooth up to y = 1.

At a contact that takes lithium at v = -(Omega/F) i, no magnesium passes; with the sinks at a distance, and with sinks
on the spot (s = 1, where the lattice runs in at v - (1 - rho) D theta dy/dz),

    s theta dy/dz = y v/D                   theta dy/dz = y v/(y D + x rho D)

The functions are compiled and take numbers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from ramify.physics import alloy

FULLEST = 1.0 - 1e-6
"""Magnesium fraction above which an alloy counts as this one: vacancies find no lithium to change places with."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)
NODES, WEIGHTS = 0.5 + 0.5 * _NODES, 0.5 * _WEIGHTS


class AlloyNumbers(NamedTuple):
    """An alloy as compiled functions take it."""

    fractions: np.ndarray
    """y, rising, of the table of D."""
    logarithms: np.ndarray
    """ln D, D in [m^2/s]."""
    interaction: np.ndarray
    """Redlich-Kister L_k/RT."""
    mobility: float
    """rho."""
    intrinsic: bool
    """Whether the table holds theta D."""


@numba.njit(cache=True)
def lithium_diffusivity(y: float, numbers: AlloyNumbers) -> float:
    """D of the tracer [m^2/s]."""
    value = alloy.diffusivity(y, numbers.fractions, numbers.logarithms)
    return value / alloy.thermodynamic_factor(y, numbers.interaction) if numbers.intrinsic else value


@numba.njit(cache=True)
def mobile_share(y: float, rho: float) -> float:
    """m = x + rho y."""
    return 1.0 - (1.0 - rho) * y


@numba.njit(cache=True)
def vacancy_potential(y: float, numbers: AlloyNumbers) -> float:
    """B(y); y between 0 and `FULLEST`."""
    rho, total = numbers.mobility, 0.0
    if np.any(numbers.interaction != 0.0):
        for n in range(NODES.size):
            at = NODES[n] * y
            factor = alloy.thermodynamic_factor(at, numbers.interaction) - 1.0
            total += WEIGHTS[n] * factor / mobile_share(at, rho)
    return (1.0 - rho) * y * total - math.log(mobile_share(y, rho))


@numba.njit(cache=True)
def contact_rise(y: float, s: float, share: float, numbers: AlloyNumbers) -> float:
    """dy/dz over v at a contact that takes lithium [s/m^2].

    Parameters
    ----------
    share
        Of the vacancies annihilated on the spot, between the two laws of the module; both become v/D as y goes to one.
    """
    D, rho = lithium_diffusivity(y, numbers), numbers.mobility
    theta = alloy.thermodynamic_factor(y, numbers.interaction)
    near = y + (1.0 - y) * rho
    # y/near is one for rho = 0, however little magnesium there is
    on_the_spot = y / near if near > 0.0 else 1.0
    return ((1.0 - share) * y / s + share * on_the_spot) / (theta * D)
