"""Laws of the published Allen-Cahn model of voids in a stripped metal (Zhao, Wang, Martinez-Paneda, arXiv 2206.14753).

xi is 1 in metal and 0 in a void, theta the share of the metal's lattice sites that are occupied, y = ln[(1 - theta)/v0]
the logarithm of the vacancy supersaturation, v0 the equilibrium fraction of vacancies. With the free energy per volume

    f = W g(xi) + (kappa/2) |grad xi|^2 + (R T/Omega) h(xi) y,        g = xi^2 (1 - xi)^2

    d xi/dt        = -L [W g' - kappa lap xi + (R T/Omega) h' y]
    d(h theta)/dt  = -div(D h grad y)           lithium flows up, vacancies down the slope of y

The published h = xi^2 (xi^2 - 3 xi + 3) has h'(1) = 1: metal with y other than zero is not at rest at xi = 1. It
settles at xi - 1 = -(R T/Omega) y/(2 W), and demixes where no xi balances W g' against (R T/Omega) h' y
(`double_well.largest_drive`). The quintic h = xi^3 (6 xi^2 - 15 xi + 10) leaves metal and void at rest whatever y.

A flat surface has the profile xi = [1 + tanh(x/2 l)]/2, l = sqrt(kappa/2 W), and the surface energy sqrt(2 kappa W)/6.

Under a mean stress sigma lithium follows the potential u = y + (Omega - Omega_v) sigma/(RT) of `vacancy_stress`,

    d(h theta)/dt  = -div(D h grad u)           (theta = 1 in the factor of sigma)

while the order parameter's equation as published has y where the derivative of f - mu theta has u. Its stress is
h sigma_m, sigma_m that of metal: y then rises by it across a surface into the void, the mean of h' y there vanishes at
rest, and a flat free surface has u = (Omega - Omega_v) sigma_m/(2 RT), halfway between y = 0 and u = 0. Its elastic
term (Omega_v/Omega) h' psi_e is left out: at 0.6 MPa psi_e = sigma^2/2E is 37 Pa, 1e-5 W, and the term a thousandth of
what the curvature of a void of 15 um counts, gamma/r = 20 kPa.
"""

from __future__ import annotations

import math

import numba

from ramify.physics.double_well import LARGEST_RATIO

PUBLISHED, QUINTIC = 0, 1
"""Interpolations h."""
INTERPOLATIONS = {"published": PUBLISHED, "quintic": QUINTIC}


@numba.njit(cache=True)
def share(xi: float, kind: int) -> float:
    """h, the share of a place that is metal."""
    if kind == PUBLISHED:
        return xi * xi * (xi * xi - 3.0 * xi + 3.0)
    return xi * xi * xi * (6.0 * xi * xi - 15.0 * xi + 10.0)


@numba.njit(cache=True)
def share_slope(xi: float, kind: int) -> float:
    """h'."""
    if kind == PUBLISHED:
        return xi * (4.0 * xi * xi - 9.0 * xi + 6.0)
    return 30.0 * xi * xi * (1.0 - xi) * (1.0 - xi)


@numba.njit(cache=True)
def share_curvature(xi: float, kind: int) -> float:
    """h''."""
    if kind == PUBLISHED:
        return 12.0 * xi * xi - 18.0 * xi + 6.0
    return 60.0 * xi * (1.0 - xi) * (1.0 - 2.0 * xi)


@numba.njit(cache=True)
def well_slope(xi: float) -> float:
    """g'."""
    return 2.0 * xi * (1.0 - xi) * (1.0 - 2.0 * xi)


@numba.njit(cache=True)
def well_curvature(xi: float) -> float:
    """g''."""
    return 2.0 - 12.0 * xi * (1.0 - xi)


@numba.njit(cache=True)
def settled(drive: float) -> float:
    """Xi of uniform published metal at rest, W g' + (RT/Omega) h' y = 0, for a drive (RT/Omega) y/W.

    The root of (4 + 4 d) xi^2 - (6 + 9 d) xi + 2 + 6 d near xi = 1; beyond what metal withstands, the last there is.
    """
    d = min(max(drive, -LARGEST_RATIO), LARGEST_RATIO)
    a, b, c = 4.0 + 4.0 * d, 6.0 + 9.0 * d, 2.0 + 6.0 * d
    return (b + math.sqrt(max(b * b - 4.0 * a * c, 0.0))) / (2.0 * a)
