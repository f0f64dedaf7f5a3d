"""Compiled kernels of the published Allen-Cahn voids: rows and Jacobian of one implicit stage.

With t the stage's time, xi_b and m_b what it starts from, q = h(xi) theta a cell's lithium, h_f the h of a face,

    row 1 = xi - xi_b + t L [W g' + (RT/Omega) h' y] + t L kappa sum (xi_P - xi_N)/h_a^2
    row 2 = m_b - q + t D sum h_f (y_P - y_N)/h_a^2 + t s

Both are dimensionless; s is what the contact brings [1/s]. Ghosted arrays [z, y, x]; sums over faces that are open.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.void_allen_cahn import share, share_curvature, share_slope, well_curvature, well_slope

FLOOR = 1e-8
"""Conductance of a void over that of metal: it gives y a value where it means nothing."""
LARGEST_EXPONENT = 50.0


@numba.njit(cache=True)
def set_cells(
    xi: np.ndarray, y: np.ndarray, kind: int, vacancies: float, drive: tuple[float, float], local: np.ndarray
) -> None:
    """What a cell alone contributes, ghosts included; `drive` is t L W and t L RT/Omega.

    local[..., 0..7]: t L (W g' + (RT/Omega) h' y), its slopes by xi and y; q, its slopes by xi and y;
    conductance h, its slope.
    """
    well, chemical = drive
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x, u = xi[k, j, i], y[k, j, i]
                h, h1 = share(x, kind), share_slope(x, kind)
                v = vacancies * math.exp(min(u, LARGEST_EXPONENT))
                here = local[k, j, i]
                here[0] = well * well_slope(x) + chemical * h1 * u
                here[1] = well * well_curvature(x) + chemical * share_curvature(x, kind) * u
                here[2] = chemical * h1
                here[3] = h * (1.0 - v)
                here[4] = h1 * (1.0 - v)
                here[5] = -h * v
                here[6] = max(h, 0.0) + FLOOR
                here[7] = h1 if h > 0.0 else 0.0


@numba.njit(cache=True)
def add_faces(
    xi: np.ndarray,
    y: np.ndarray,
    local: np.ndarray,
    opening: np.ndarray,
    axis: tuple[int, int, int],
    stiff: tuple[float, float],
    rows: tuple[np.ndarray, np.ndarray],
) -> None:
    """Add the sums over the faces across one axis; `stiff` is t L kappa/h_a^2 and t D/h_a^2."""
    az, ay, ax = axis
    first, second = rows
    curve, flow = stiff
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                open_here = opening[k, j, i]
                if open_here == 0.0:
                    continue
                lk, lj, li = k - az, j - ay, i - ax
                bend = open_here * curve * (xi[k, j, i] - xi[lk, lj, li])
                mean = 0.5 * (local[k, j, i, 6] + local[lk, lj, li, 6])
                flux = open_here * flow * mean * (y[k, j, i] - y[lk, lj, li])
                first[k, j, i] += bend
                first[lk, lj, li] -= bend
                second[k, j, i] += flux
                second[lk, lj, li] -= flux


@numba.njit(cache=True)
def add_face_changes(
    step: tuple[np.ndarray, np.ndarray],
    y: np.ndarray,
    local: np.ndarray,
    opening: np.ndarray,
    axis: tuple[int, int, int],
    stiff: tuple[float, float],
    rows: tuple[np.ndarray, np.ndarray],
) -> None:
    """Derivative of `add_faces` along a step (d xi, d y)."""
    az, ay, ax = axis
    dxi, dy = step
    first, second = rows
    curve, flow = stiff
    nz, ny, nx = y.shape
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                open_here = opening[k, j, i]
                if open_here == 0.0:
                    continue
                lk, lj, li = k - az, j - ay, i - ax
                bend = open_here * curve * (dxi[k, j, i] - dxi[lk, lj, li])
                mean = 0.5 * (local[k, j, i, 6] + local[lk, lj, li, 6])
                change = 0.5 * (local[k, j, i, 7] * dxi[k, j, i] + local[lk, lj, li, 7] * dxi[lk, lj, li])
                along = mean * (dy[k, j, i] - dy[lk, lj, li]) + change * (y[k, j, i] - y[lk, lj, li])
                flux = open_here * flow * along
                first[k, j, i] += bend
                first[lk, lj, li] -= bend
                second[k, j, i] += flux
                second[lk, lj, li] -= flux


@numba.njit(cache=True)
def set_conductance(
    local: np.ndarray, opening: np.ndarray, axis: tuple[int, int, int], flow: float, out: np.ndarray
) -> None:
    """Transmissibilities t D h_f/h_a^2 of the faces across one axis, for the preconditioner."""
    az, ay, ax = axis
    nz, ny, nx = opening.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                mean = 0.5 * (local[k, j, i, 6] + local[k - az, j - ay, i - ax, 6])
                out[k, j, i] = opening[k, j, i] * flow * mean
