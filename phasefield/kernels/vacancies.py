"""Compiled kernels of the vacancies in a metal with voids.

With u = s - 1, xi the metal fraction, h the finest cell edge, h_a that along an axis, and all divided by D/h^2,

    sum over faces of xi_f (h/h_a)^2 (u_P - u_N) + (h^2 k' w/(l D)) (u_P - u_eq) + (h^2/L_s^2) xi u_P = right side

in cells that hold metal; others keep u = 0. xi_f is that of the mean signed distance of the cells, the profile's own
value at the face. Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.interface import interface_weight

SMALLEST_FRACTION = 1e-5
"""Cells with less metal hold no vacancies: the profile's tail there carries 1e-7 of the flux."""
SMALLEST_BUMP = 5e-6
"""Cells with xi (1 - xi) below this exchange none with a void."""


@numba.njit(cache=True)
def set_metal(xi: np.ndarray, width: float, active: np.ndarray, metal: np.ndarray, weight: np.ndarray) -> None:
    """Metal that holds vacancies, its mask, and the weight w(xi)/l [1/m] of the void surface; ghosts included."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x = xi[k, j, i]
                holds = x > SMALLEST_FRACTION
                active[k, j, i] = 1 if holds else 0
                metal[k, j, i] = min(x, 1.0) if holds else 0.0
                exchanges = holds and x * (1.0 - x) > SMALLEST_BUMP
                weight[k, j, i] = interface_weight(x) / width if exchanges else 0.0


@numba.njit(cache=True, fastmath=True)
def set_metal_faces(
    xi: np.ndarray, active: np.ndarray, opening: np.ndarray, axis: tuple[int, int, int], scale: float, out: np.ndarray
) -> None:
    """Metal fraction of the faces across one axis times `scale`; zero unless both cells hold vacancies.

    1/xi of the face is 1 + sqrt of the product of the cells' (1 - xi)/xi.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                lk, lj, li = k - az, j - ay, i - ax
                if active[k, j, i] == 0 or active[lk, lj, li] == 0:
                    out[k, j, i] = 0.0
                    continue
                hi, lo = xi[k, j, i], xi[lk, lj, li]
                part = 1.0
                if hi < 1.0 and lo < 1.0:
                    metal = math.sqrt(hi * lo)
                    part = metal / (metal + math.sqrt((1.0 - hi) * (1.0 - lo)))
                out[k, j, i] = scale * opening[k, j, i] * part


@numba.njit(cache=True, fastmath=True)
def apply_diffusion(
    u: np.ndarray, tx: np.ndarray, ty: np.ndarray, tz: np.ndarray, reaction: np.ndarray, out: np.ndarray
) -> None:
    """out = sum T (u_P - u_N) + r u_P of the owned cells, u itself where nothing holds it; `out` has no ghosts."""
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here, r = u[k, j, i], reaction[k, j, i]
                west, east, south, north = tx[k, j, i], tx[k, j, i + 1], ty[k, j, i], ty[k, j + 1, i]
                below, above = tz[k, j, i], tz[k + 1, j, i]
                if west + east + south + north + below + above + r <= 0.0:
                    out[k - 1, j - 1, i - 1] = here
                    continue
                out[k - 1, j - 1, i - 1] = (
                    west * (here - u[k, j, i - 1])
                    + east * (here - u[k, j, i + 1])
                    + south * (here - u[k, j - 1, i])
                    + north * (here - u[k, j + 1, i])
                    + below * (here - u[k - 1, j, i])
                    + above * (here - u[k + 1, j, i])
                    + r * here
                )


@numba.njit(cache=True)
def set_growth(
    u: np.ndarray, equilibrium: np.ndarray, weight: np.ndarray, exchange: float, rate: np.ndarray, speed: np.ndarray
) -> None:
    """Front velocity v = -k' (u - u_eq) [m/s], and d(xi)/dt = v w/l [1/s], of the owned cells.

    `equilibrium` may have one cell, valid everywhere; `exchange` is k' [m/s].
    """
    varies = equilibrium.size > 1
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                w = weight[k, j, i]
                rate[k, j, i] = speed[k, j, i] = 0.0
                if w > 0.0:
                    level = equilibrium[k, j, i] if varies else equilibrium[0, 0, 0]
                    speed[k, j, i] = -exchange * (u[k, j, i] - level)
                    rate[k, j, i] = w * speed[k, j, i]


@numba.njit(cache=True)
def largest_speed(speed: np.ndarray, weight: np.ndarray, strong: float) -> float:
    """Largest size of the front velocity in owned cells whose weight exceeds `strong`."""
    nz, ny, nx = speed.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if weight[k, j, i] > strong:
                    largest = max(largest, abs(speed[k, j, i]))
    return largest
