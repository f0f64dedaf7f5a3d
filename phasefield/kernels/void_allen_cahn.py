"""Compiled kernels of the published Allen-Cahn voids: rows and Jacobian of one implicit stage.

With t the stage's time, xi_b and m_b what it starts from, q = h(xi) theta a cell's lithium, h_f the h of a face,

    row 1 = xi - xi_b + t L [W g' + (RT/Omega) h' d] + t L kappa sum (xi_P - xi_N)/h_a^2
    row 2 = m_b - q + t D sum h_f (u_P - u_N)/h_a^2 + t s

Both are dimensionless; s is what the contact brings [1/s]. u is y, and under stress y plus a field that is given, d one
of the two. Ghosted arrays [z, y, x]; sums over faces that are open.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.void_allen_cahn import settled, share, share_curvature, share_slope, well_curvature, well_slope

FLOOR = 1e-8
"""Conductance of a void over that of metal: it gives y a value where it means nothing."""
LARGEST_EXPONENT = 50.0
FOLLOWING, LARGEST_STEP, LEAST_SLOPE = 5, 0.1, 0.5
"""Iterations of `follow_lithium`, what each may change, and the h' below which vacancies are to even out the rest."""


@numba.njit(cache=True)
def set_cells(
    xi: np.ndarray,
    y: np.ndarray,
    d: np.ndarray,
    kind: int,
    vacancies: float,
    drive: tuple[float, float],
    local: np.ndarray,
) -> None:
    """What a cell alone contributes, ghosts included; `drive` is t L W and t L RT/Omega.

    local[..., 0..7]: t L (W g' + (RT/Omega) h' d), its slopes by xi and y; q, its slopes by xi and y;
    conductance h, its slope.
    """
    well, chemical = drive
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x, push = xi[k, j, i], d[k, j, i]
                h, h1 = share(x, kind), share_slope(x, kind)
                v = vacancies * math.exp(min(y[k, j, i], LARGEST_EXPONENT))
                here = local[k, j, i]
                here[0] = well * well_slope(x) + chemical * h1 * push
                here[1] = well * well_curvature(x) + chemical * share_curvature(x, kind) * push
                here[2] = chemical * h1
                here[3] = h * (1.0 - v)
                here[4] = h1 * (1.0 - v)
                here[5] = -h * v
                here[6] = max(h, 0.0) + FLOOR
                here[7] = h1 if h > 0.0 else 0.0


@numba.njit(cache=True)
def add_faces(
    fields: tuple[np.ndarray, np.ndarray],
    u: np.ndarray,
    local: np.ndarray,
    opening: np.ndarray,
    axis: tuple[int, int, int],
    stiff: tuple[float, float],
    derivative: bool,
    rows: tuple[np.ndarray, np.ndarray],
) -> None:
    """Add the sums over the faces across one axis, or their derivative along a step.

    Parameters
    ----------
    fields
        xi and u, or a step of theirs.
    u
        Where the derivative is taken.
    stiff
        t L kappa/h_a^2 and t D/h_a^2.
    derivative
        Of the sums, and not the sums themselves: h_f changes with xi.
    """
    az, ay, ax = axis
    xi, along = fields
    first, second = rows
    curve, flow = stiff
    nz, ny, nx = u.shape
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                open_here = opening[k, j, i]
                if open_here == 0.0:
                    continue
                lk, lj, li = k - az, j - ay, i - ax
                bend = open_here * curve * (xi[k, j, i] - xi[lk, lj, li])
                mean = 0.5 * (local[k, j, i, 6] + local[lk, lj, li, 6])
                flux = mean * (along[k, j, i] - along[lk, lj, li])
                if derivative:
                    change = 0.5 * (local[k, j, i, 7] * xi[k, j, i] + local[lk, lj, li, 7] * xi[lk, lj, li])
                    flux += change * (u[k, j, i] - u[lk, lj, li])
                flux *= open_here * flow
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


@numba.njit(cache=True)
def undo_thinning(xi: np.ndarray, drive: np.ndarray, chemical: float) -> None:
    """Divide xi by that of uniform published metal at rest under the same drive; `chemical` is RT/(Omega W)."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                xi[k, j, i] = min(xi[k, j, i] / settled(chemical * drive[k, j, i]), 1.0)


@numba.njit(cache=True)
def follow_lithium(xi: np.ndarray, y: np.ndarray, lithium: np.ndarray, kind: int, vacancies: float) -> None:
    """Bring xi to where h(xi) theta is the lithium of the cell, by Newton's method as far as h changes with xi."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                occupied = 1.0 - min(vacancies * math.exp(min(y[k, j, i], LARGEST_EXPONENT)), 0.5)
                wanted, x = lithium[k, j, i] / occupied, xi[k, j, i]
                for _ in range(FOLLOWING):
                    step = (wanted - share(x, kind)) / max(share_slope(x, kind), LEAST_SLOPE)
                    x += min(max(step, -LARGEST_STEP), LARGEST_STEP)
                xi[k, j, i] = x


@numba.njit(cache=True)
def shares(xi: np.ndarray, kind: int) -> np.ndarray:
    """H of a field."""
    out = np.empty_like(xi)
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                out[k, j, i] = share(xi[k, j, i], kind)
    return out
