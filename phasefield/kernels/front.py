"""Compiled kernels of the moving metal: signed distance, normals, curvature, fluxes, stages in time.

xi: metal fraction of the pore space; opening: open fraction 1 - psi of a face. Ghosted arrays [z, y, x]. The signed
distance (in units of l) comes from the profile itself, psi = ln(xi/(1 - xi)), which is linear across the surface where
xi is not: normals and curvature follow from it.

The regularising flux through a face, with n its normal component of grad psi/|grad psi| and h its cell distance,

    F = (xi_hi - xi_lo)/h - (2/h) sinh(h n / 2l) sqrt(q_lo q_hi),     q = xi (1 - xi)

is the difference form of grad xi - (q/l) n that the tanh profile makes zero exactly, at any h/l and any
orientation: q differs from cell to cell by the same sinh that the profile does. The normals are those of the cells,
by central differences, averaged to the face. They do not see a ripple of two cells along the surface, which the
gradient then flattens; normals from the face's own difference sharpen such ripples instead and make them grow.

The reaction feeds the surface with the weight w/l, a front that keeps its profile needs q/l. The difference integrates
to zero across the surface; a flux along the normal moves it to where it belongs. With the local front velocity
v = v0 + g s l across the surface (s = psi) it is -J n,

    J = v0 (I(xi) - xi) + g l M(s),    I: physics.interface.swept_share, M: physics.interface.weight_moment

Without it the profile leans against the regularisation, whatever l, and the reaction is off by some per cent.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.interface import feed_functions

SATURATION = 1e-12
"""The signed distance saturates where xi or 1 - xi is smaller."""


@numba.njit(cache=True)
def signed_distance(xi: np.ndarray, psi: np.ndarray) -> None:
    """psi = ln(xi/(1 - xi)) in every cell, positive inside the metal, saturated in the tails."""
    nz, ny, nx = xi.shape
    top = math.log((1.0 - SATURATION) / SATURATION)
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


@numba.njit(cache=True, fastmath=True)
def set_normals(
    psi: np.ndarray,
    inverse: tuple[float, float, float],
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
) -> None:
    """grad psi/|grad psi| of the owned cells by central differences; zero in the saturated tails.

    `inverse` holds the inverse cell edges (x, y, z); the normals are in single precision.
    """
    ix, iy, iz = 0.5 * inverse[0], 0.5 * inverse[1], 0.5 * inverse[2]
    nz, ny, nx = psi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                gx = (psi[k, j, i + 1] - psi[k, j, i - 1]) * ix
                gy = (psi[k, j + 1, i] - psi[k, j - 1, i]) * iy
                gz = (psi[k + 1, j, i] - psi[k - 1, j, i]) * iz
                square = gx * gx + gy * gy + gz * gz
                scale = 1.0 / math.sqrt(square) if square > 0.0 else 0.0
                normal_x[k, j, i] = gx * scale
                normal_y[k, j, i] = gy * scale
                normal_z[k, j, i] = gz * scale


@numba.njit(cache=True)
def set_speed_slope(
    speed: np.ndarray,
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
    inverse: tuple[float, float, float],
    width: float,
    slope: np.ndarray,
) -> None:
    """Change of the front velocity per width along the normal, l n . grad v, in the reacting cells.

    Differences reach reacting neighbours alone. Bounded by half the velocity: beyond, the surface is not thin.
    """
    nz, ny, nx = speed.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                v = speed[k, j, i]
                slope[k, j, i] = 0.0
                if v == 0.0:
                    continue
                total = 0.0
                for axis in range(3):
                    if axis == 0:
                        lo, hi, n = speed[k, j, i - 1], speed[k, j, i + 1], normal_x[k, j, i]
                    elif axis == 1:
                        lo, hi, n = speed[k, j - 1, i], speed[k, j + 1, i], normal_y[k, j, i]
                    else:
                        lo, hi, n = speed[k - 1, j, i], speed[k + 1, j, i], normal_z[k, j, i]
                    if lo != 0.0 and hi != 0.0:
                        total += 0.5 * (hi - lo) * inverse[axis] * n
                    elif hi != 0.0:
                        total += (hi - v) * inverse[axis] * n
                    elif lo != 0.0:
                        total += (v - lo) * inverse[axis] * n
                bound = 0.5 * abs(v)
                slope[k, j, i] = min(max(width * total, -bound), bound)


@numba.njit(cache=True, fastmath=True)
def add_front_flux(
    xi: np.ndarray,
    psi: np.ndarray,
    normal: np.ndarray,
    opening: np.ndarray,
    speed: np.ndarray,
    slope: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    width: float,
    mobility: float,
    divergence: np.ndarray,
) -> None:
    """Add the divergence [1/s] of the metal's fluxes through the faces across one axis.

    Parameters
    ----------
    psi
        Signed distance of `signed_distance`.
    normal
        The cells' component along the axis, ghosts filled.
    speed
        Front velocity of the reacting cells [m/s], positive for growth; zero elsewhere, ghosts filled.
    slope
        Its change per width along the normal, g l [m/s].
    inverse
        One over the cell edge [1/m].
    mobility
        b of the regularisation [m^2/s].

    Each face is visited once; rows of ghost cells receive their share too and are not used.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    h = 1.0 / inverse
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                lk, lj, li = k - az, j - ay, i - ax
                hi, lo = xi[k, j, i], xi[lk, lj, li]
                product = hi * (1.0 - hi) * lo * (1.0 - lo)
                if (product < 1e-24 and abs(hi - lo) < 1e-12) or opening[k, j, i] <= 0.0:
                    continue
                flux = mobility * (hi - lo) * inverse
                if product > 0.0 and 0.0 < hi < 1.0:
                    n = 0.5 * (normal[k, j, i] + normal[lk, lj, li])
                    root = math.sqrt(product)
                    flux -= mobility * 2.0 * inverse * math.sinh(0.5 * h * n / width) * root
                    v = 0.5 * (speed[k, j, i] + speed[lk, lj, li])
                    if v != 0.0:
                        s = 0.5 * (psi[k, j, i] + psi[lk, lj, li])
                        g = 0.5 * (slope[k, j, i] + slope[lk, lj, li])
                        excess, moment = feed_functions(s)
                        flux -= ((v - g * s) * excess + g * moment) * n
                flux *= opening[k, j, i] * inverse
                divergence[k, j, i] -= flux
                divergence[lk, lj, li] += flux


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


@numba.njit(cache=True)
def set_cell_curvature(
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
    inverse: tuple[float, float, float],
    largest: float,
    curvature: np.ndarray,
) -> None:
    """K = -div n [1/m] from the cells' own normals (ghosts filled), bounded by `largest`.

    The one to use beside the regularising flux: both are blind to the same ripples, which the gradient flattens.
    """
    ix, iy, iz = 0.5 * inverse[0], 0.5 * inverse[1], 0.5 * inverse[2]
    nz, ny, nx = curvature.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                divergence = (
                    (normal_x[k, j, i + 1] - normal_x[k, j, i - 1]) * ix
                    + (normal_y[k, j + 1, i] - normal_y[k, j - 1, i]) * iy
                    + (normal_z[k + 1, j, i] - normal_z[k - 1, j, i]) * iz
                )
                curvature[k, j, i] = min(max(-divergence, -largest), largest)


@numba.njit(cache=True, fastmath=True)
def advance_front(
    base: np.ndarray,
    start: np.ndarray,
    keep: float,
    rate: np.ndarray,
    divergence: np.ndarray,
    curvature: np.ndarray,
    pore: np.ndarray,
    capillary: float,
    step: float,
    out: np.ndarray,
) -> float:
    """out = keep start + (1 - keep) [base + step (rate + div F / pore - (b/l) q K)] in the owned cells.

    One stage of a two-stage, second-order Runge-Kutta step; returns the metal fraction that curvature took in it.
    `capillary` is b/l of the Allen-Cahn equation, zero for the conservative one.
    """
    nz, ny, nx = base.shape
    lost = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if pore[k, j, i] <= 0.0:
                    out[k, j, i] = start[k, j, i]
                    continue
                x = base[k, j, i]
                change = rate[k, j, i] + divergence[k, j, i] / pore[k, j, i]
                if capillary > 0.0:
                    shrink = capillary * max(x * (1.0 - x), 0.0) * curvature[k, j, i]
                    change -= shrink
                    lost += (1.0 - keep) * step * shrink * pore[k, j, i]
                out[k, j, i] = keep * start[k, j, i] + (1.0 - keep) * (x + step * change)
    return lost


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
