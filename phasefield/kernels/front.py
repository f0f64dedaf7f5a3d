"""Compiled kernels of the moving metal: regularising fluxes, stages in time, curvature.

xi: metal fraction of the pore space; opening: open fraction 1 - psi of a face. Ghosted arrays [z, y, x]. Normals and
curvature follow from the signed distance psi = ln(xi/(1 - xi)), in units of l (kernels.normals).

The regularising flux through a face, with n its normal component of grad psi/|grad psi| and h its cell distance,

    F = (xi_hi - xi_lo)/h - (2/h) sinh(h n / 2l) sqrt(q_lo q_hi),     q = xi (1 - xi)

is the difference form of grad xi - (q/l) n that the tanh profile makes zero exactly, at any h/l and any
orientation: q differs from cell to cell by the same sinh that the profile does. The normals are those of the cells,
by central differences, averaged to the face. They do not see a ripple of two cells along the surface, which the
gradient then flattens; normals from the face's own difference sharpen such ripples instead and make them grow.

What a reaction adds to it where the front moves is in kernels.feed.
"""

from __future__ import annotations

import math

import numba
import numpy as np

SATURATION = 1e-12
"""The signed distance saturates where xi or 1 - xi is smaller."""
LARGEST_DISTANCE = math.log((1.0 - SATURATION) / SATURATION)
"""Bound of the signed distance, in widths."""
FILM_SLOPE = 0.2
"""Sine of the angle below which a surface lies flat on the collector: a film, and no cap of 12 degrees or more."""


@numba.njit(cache=True)
def clear_spans(spans: np.ndarray, values: np.ndarray) -> None:
    """Zero in the near cells of every row and one beyond."""
    nz, ny, nx = values.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(max(spans[k, j, 0] - 1, 0), min(spans[k, j, 1] + 1, nx)):
                values[k, j, i] = 0.0


@numba.njit(cache=True)
def near_faces(spans: np.ndarray, near: np.ndarray, k: int, j: int, axis: tuple[int, int, int]) -> tuple[int, int]:
    """(first, last + 1) of the faces below the cells of row (k, j) across one axis with near cells on both sides."""
    az, ay, ax = axis
    first, end = spans[k, j, 0], spans[k, j, 1]
    if first >= end:
        return 0, 0
    if ax:
        return (first if near[k, j, first - 1] else first + 1), (end + 1 if near[k, j, end] else end)
    return max(first, spans[k - az, j - ay, 0]), min(end, spans[k - az, j - ay, 1])


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_regularisation(
    xi: np.ndarray,
    normal: np.ndarray,
    opening: np.ndarray,
    spans: np.ndarray,
    near: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    width: float,
    mobility: float,
    divergence: np.ndarray,
) -> None:
    """Add the divergence [1/s] of the regularising flux through the faces across one axis.

    Parameters
    ----------
    normal
        The cells' component along the axis, ghosts filled.
    opening
        Open fractions of the faces.
    spans, near
        Where the surface is (kernels.band).
    inverse
        One over the cell edge [1/m].
    mobility
        b [m^2/s].

    Each face is visited once and gives one cell what it takes from the other; rows of ghost cells receive their
    share too and are not used. The flux is in single precision, what it is added to is not. The hyperbolic sine is
    its series, which a compiler makes vectors of; to 1e-7 up to h = 4 l.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    half = np.float32(0.25 / (inverse * width))
    rate = np.float32(mobility * inverse * inverse)
    one, two = np.float32(1.0), np.float32(2.0)
    fluxes = np.empty(nx, np.float32)
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            first, end = near_faces(spans, near, k, j, axis)
            if first >= end:
                continue
            upper, lower = xi[k, j, first:end], xi[k - az, j - ay, first - ax : end - ax]
            n_upper, n_lower = normal[k, j, first:end], normal[k - az, j - ay, first - ax : end - ax]
            open_part, flux = opening[k, j, first:end], fluxes[: end - first]
            for i in range(flux.size):
                hi, lo = upper[i], lower[i]
                product = np.float32(max(hi * (1.0 - hi), 0.0)) * np.float32(max(lo * (1.0 - lo), 0.0))
                x = half * (n_upper[i] + n_lower[i])
                z = x * x
                series = one + z * np.float32(1.0 / 156.0)
                series = one + z * np.float32(1.0 / 110.0) * series
                series = one + z * np.float32(1.0 / 72.0) * series
                series = one + z * np.float32(1.0 / 42.0) * series
                series = one + z * np.float32(1.0 / 20.0) * series
                series = one + z * np.float32(1.0 / 6.0) * series
                drift = two * x * series * math.sqrt(product)
                flux[i] = rate * open_part[i] * (np.float32(hi - lo) - drift)
            losing, gaining = divergence[k, j, first:end], divergence[k - az, j - ay, first - ax : end - ax]
            for i in range(flux.size):
                losing[i] -= flux[i]
            for i in range(flux.size):
                gaining[i] += flux[i]


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def advance_front(
    base: np.ndarray,
    start: np.ndarray,
    keep: float,
    rate: np.ndarray,
    divergence: np.ndarray,
    pore: np.ndarray,
    spans: np.ndarray,
    step: float,
    out: np.ndarray,
) -> None:
    """out = keep start + (1 - keep) [base + step (rate + div F / pore)] in the owned near cells that are open.

    One stage of a two-stage, second-order Runge-Kutta step.
    """
    nz, ny, _ = base.shape
    share = (1.0 - keep) * step
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            first, end = spans[k, j, 0], spans[k, j, 1]
            if first >= end:
                continue
            here, before, after = base[k, j, first:end], start[k, j, first:end], out[k, j, first:end]
            rates, flows, open_part = rate[k, j, first:end], divergence[k, j, first:end], pore[k, j, first:end]
            for i in range(here.size):
                p = open_part[i]
                change = rates[i] + flows[i] / max(p, 1e-3)
                moved = keep * before[i] + (1.0 - keep) * here[i] + share * change
                after[i] = moved if p > 0.0 else before[i]


@numba.njit(cache=True)
def extend_into_walls(xi: np.ndarray, pore: np.ndarray, walls: np.ndarray) -> None:
    """Give each solid cell of `walls` (rows k, j, i; inside the ghosts) the mean xi of its open face neighbours."""
    for n in range(walls.shape[0]):
        k, j, i = walls[n, 0], walls[n, 1], walls[n, 2]
        total, count = 0.0, 0
        for dk, dj, di in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)):
            if pore[k + dk, j + dj, i + di] > 0.0:
                total += xi[k + dk, j + dj, i + di]
                count += 1
        xi[k, j, i] = total / count


@numba.njit(cache=True)
def signed_distance(xi: np.ndarray, psi: np.ndarray) -> None:
    """psi = ln(xi/(1 - xi)) in every cell, positive inside the metal, saturated in the tails."""
    nz, ny, nx = xi.shape
    top = LARGEST_DISTANCE
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x = xi[k, j, i]
                if x <= SATURATION:
                    psi[k, j, i] = -top
                elif x >= 1.0 - SATURATION:
                    psi[k, j, i] = top
                else:
                    psi[k, j, i] = math.log(x / (1.0 - x))


@numba.njit(cache=True, fastmath=True, inline="always")
def face_normal(
    psi: np.ndarray,
    k: int,
    j: int,
    i: int,
    axis: tuple[int, int, int],
    first: tuple[int, int, int],
    second: tuple[int, int, int],
    inverse: tuple[float, float, float],
) -> float:
    """Component along `axis` of grad psi/|grad psi| at the face below cell [k, j, i].

    `first`, `second` are the two other axes, `inverse` the inverse cell edges along (axis, first, second).
    """
    az, ay, ax = axis
    lk, lj, li = k - az, j - ay, i - ax
    along = (psi[k, j, i] - psi[lk, lj, li]) * inverse[0]
    bz, by, bx = first
    across = (
        0.25
        * inverse[1]
        * (
            psi[k + bz, j + by, i + bx]
            - psi[k - bz, j - by, i - bx]
            + psi[lk + bz, lj + by, li + bx]
            - psi[lk - bz, lj - by, li - bx]
        )
    )
    cz, cy, cx = second
    over = (
        0.25
        * inverse[2]
        * (
            psi[k + cz, j + cy, i + cx]
            - psi[k - cz, j - cy, i - cx]
            + psi[lk + cz, lj + cy, li + cx]
            - psi[lk - cz, lj - cy, li - cx]
        )
    )
    square = along * along + across * across + over * over
    return along / math.sqrt(square) if square > 0.0 else 0.0


@numba.njit(cache=True)
def extend_films(psi: np.ndarray, inverse: tuple[float, float, float], width: float) -> None:
    """Let the signed distance go on linearly below the collector where the surface lies flat on it, as a film's does.

    Mirrored there, it has a kink at the wall, and the lowest cells of a thin film the curvature 1/h. Where the surface
    meets the collector at an angle, of which l |grad s| along the wall is the sine, what the angle asks for stays.
    `psi` is of a rank at the bottom, ghosts filled.
    """
    _, ny, nx = psi.shape
    for j in range(1, ny - 1):
        for i in range(1, nx - 1):
            gx = 0.5 * inverse[0] * (psi[1, j, i + 1] - psi[1, j, i - 1])
            gy = 0.5 * inverse[1] * (psi[1, j + 1, i] - psi[1, j - 1, i])
            if width * math.sqrt(gx * gx + gy * gy) < FILM_SLOPE:
                psi[0, j, i] = 2.0 * psi[1, j, i] - psi[2, j, i]


@numba.njit(cache=True)
def set_curvature(
    psi: np.ndarray,
    xi: np.ndarray,
    inverse: tuple[float, float, float],
    smallest: float,
    largest: float,
    curvature: np.ndarray,
) -> None:
    """K = -div(grad xi/|grad xi|) [1/m] where xi (1-xi) > `smallest`, zero elsewhere; bounded by `largest`.

    Positive for a convex deposit; 2/r on a sphere. `inverse` holds the inverse cell edges (x, y, z).
    """
    ez, ey, ex = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    ix, iy, iz = inverse
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                if x * (1.0 - x) <= smallest:
                    curvature[k, j, i] = 0.0
                    continue
                # grad psi points into the metal, as the normal n of the equations does.
                divergence = (
                    (
                        face_normal(psi, k, j, i + 1, ex, ey, ez, (ix, iy, iz))
                        - face_normal(psi, k, j, i, ex, ey, ez, (ix, iy, iz))
                    )
                    * ix
                    + (
                        face_normal(psi, k, j + 1, i, ey, ex, ez, (iy, ix, iz))
                        - face_normal(psi, k, j, i, ey, ex, ez, (iy, ix, iz))
                    )
                    * iy
                    + (
                        face_normal(psi, k + 1, j, i, ez, ex, ey, (iz, ix, iy))
                        - face_normal(psi, k, j, i, ez, ex, ey, (iz, ix, iy))
                    )
                    * iz
                )
                curvature[k, j, i] = min(max(-divergence, -largest), largest)
