"""Compiled kernels of a resistance to flow that evolves: its transport with the metal, and its hardening in the cells.

    d(xi S)/dt = -div(xi S u) + xi dS/dt,      dS/dt = H0 |1 - S/S*|^a sign(1 - S/S*) r      (physics.viscoplasticity)

S of a cell is that of the metal in it; a cell without metal keeps what it had, or takes that of what flows in. Arrays
(z, y, x) with ghosts.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.phasefield.kernels.creep import share_between
from ramify.physics.viscoplasticity import hardened_resistance, hardening_rate

METALLIC = 0.5
"""Share of metal from which on a cell's strain rate is that of metal."""
SMALLEST_RATE = 1e-60
"""[1/s]"""


@numba.njit(cache=True, inline="always")
def _limited(before: float, here: float, after: float) -> float:
    """Difference across a cell that makes no new extremum (van Leer's harmonic mean)."""
    down, up = here - before, after - here
    return 2.0 * down * up / (down + up) if down * up > 0.0 else 0.0


@numba.njit(cache=True)
def set_slopes(value: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    """Limited differences of the owned cells along the axes; ghosts of `value` filled."""
    nz, ny, nx = value.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here = value[k, j, i]
                x[k, j, i] = _limited(value[k, j, i - 1], here, value[k, j, i + 1])
                y[k, j, i] = _limited(value[k, j - 1, i], here, value[k, j + 1, i])
                z[k, j, i] = _limited(value[k - 1, j, i], here, value[k + 1, j, i])


@numba.njit(cache=True, inline="always")
def _passed(courant: float, below: float, slope_below: float, above: float, slope_above: float) -> float:
    """Value of the metal that goes through a face in a step, in the mean."""
    if courant > 0.0:
        return below + 0.5 * (1.0 - courant) * slope_below
    return above - 0.5 * (1.0 + courant) * slope_above


@numba.njit(cache=True)
def carry(
    value: np.ndarray,
    slopes: tuple[np.ndarray, np.ndarray, np.ndarray],
    xi: np.ndarray,
    stage: np.ndarray,
    faces: tuple[np.ndarray, np.ndarray, np.ndarray],
    inverse: tuple[float, float, float],
    step: float,
    entering: float,
    at_bottom: bool,
    out: np.ndarray,
) -> None:
    """out = the value of the owned cells after a step in which the metal itself goes from `xi` as kernels.creep.advect.

    What the cells hold, sum xi S, changes by what comes in alone: the metal's fluxes are those of `advect`.

    Parameters
    ----------
    slopes
        Of `set_slopes`, ghosts filled.
    stage
        The metal at the end of a first step of first order, as `advect` is given it; ghosts filled.
    entering
        Value of the metal that comes in through z = 0, where `at_bottom`.
    """
    nz, ny, nx = value.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here = value[k, j, i]
                change, comes, net = 0.0, 0.0, 0.0
                for axis in range(3):
                    for side in range(2):
                        # the face's cells: below it and above it along the axis
                        K, J, I = k + (side if axis == 2 else 0), j + (side if axis == 1 else 0), i + side * (axis == 0)
                        kk, jj, ii = K - (axis == 2), J - (axis == 1), I - (axis == 0)
                        courant = step * inverse[axis] * faces[axis][K, J, I]
                        share = 0.5 * (
                            share_between(xi[kk, jj, ii], xi[K, J, I])
                            + share_between(stage[kk, jj, ii], stage[K, J, I])
                        )
                        slope = slopes[axis]
                        passed = _passed(courant, value[kk, jj, ii], slope[kk, jj, ii], value[K, J, I], slope[K, J, I])
                        if axis == 2 and side == 0 and k == 1 and at_bottom and courant > 0.0:
                            passed = entering
                        flux = courant * share if side == 0 else -courant * share
                        change += flux * (passed - here)
                        comes += max(flux, 0.0)
                        net += flux
                left = max(xi[k, j, i] + net, comes)
                out[k, j, i] = here + change / left if left > 0.0 else here


@numba.njit(cache=True)
def set_rates(strain: np.ndarray, unit: float, rate: np.ndarray) -> None:
    """Equivalent rate [1/s] of the change of shape of the owned cells, from their strain rates over `unit`."""
    nz, ny, nx = rate.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                e = strain[k, j, i]
                mean, square = (e[0] + e[1] + e[2]) / 3.0, 0.0
                for p in range(6):
                    own = e[p] - (mean if p < 3 else 0.0)
                    square += own * own
                rate[k, j, i] = unit * math.sqrt(2.0 / 3.0 * square)


@numba.njit(cache=True)
def harden(value: np.ndarray, rate: np.ndarray, metal: np.ndarray, duration: float, law: np.ndarray) -> None:
    """Bring S of the owned cells that are metal to the end of a time of steady flow."""
    nz, ny, nx = value.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if metal[k, j, i] > METALLIC and rate[k, j, i] > SMALLEST_RATE:
                    flow = rate[k, j, i] * duration
                    value[k, j, i] = hardened_resistance(flow, duration, value[k, j, i], law)[0]


@numba.njit(cache=True)
def shortest_hardening(value: np.ndarray, rate: np.ndarray, metal: np.ndarray, law: np.ndarray) -> float:
    """Least time [s] in which S of a cell that is metal would change by itself."""
    nz, ny, nx = value.shape
    fastest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if metal[k, j, i] > METALLIC and rate[k, j, i] > SMALLEST_RATE:
                    change = hardening_rate(rate[k, j, i], value[k, j, i], law)
                    fastest = max(fastest, abs(change) / value[k, j, i])
    return 1.0 / fastest if fastest > 0.0 else math.inf
