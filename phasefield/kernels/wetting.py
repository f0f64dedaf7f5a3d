"""Compiled kernels of the contact angle: the metal's normals at solid walls, its shape beyond them, the wall's flux.

s = ln(xi/(1 - xi)), the signed distance in widths; nu: unit normal of a wall, out of the pore space. The gradient of s
along a wall is that of the pore space, from open cells alone; into the wall it is what the angle asks for,

    ds/dnu = cot(theta) |grad_t s|      beyond the wall                          (physics.interface.wall_slope)
    l dxi/dnu = q cos(theta)            in the wall's flux, allen_cahn           (physics.interface.wall_energy_slope)

Cells beyond the wall, below the collector and outermost in the host, hold the tilted profile. It is read for normals
and curvature alone: no face opens on it, no metal flows there. In the cells at the wall the normals are those of the
angle themselves. The conservative flux then turns the profile to it and conserves metal as ever.

Ghosted arrays [z, y, x]; `cells` are rows (k, j, i), inside the ghosts.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.phasefield.kernels.front import LARGEST_DISTANCE, SATURATION, face_normal
from ramify.physics.interface import FLAT, wall_energy_slope, wall_slope


@numba.njit(cache=True, inline="always")
def _distance(x: float) -> float:
    """Signed distance [widths] of a metal fraction, saturated in the tails."""
    if x <= SATURATION:
        return -LARGEST_DISTANCE
    return LARGEST_DISTANCE if x >= 1.0 - SATURATION else math.log(x / (1.0 - x))


@numba.njit(cache=True, inline="always")
def _fraction(s: float) -> float:
    """Metal fraction of a signed distance [widths]; none, or all, where that is saturated."""
    if abs(s) >= LARGEST_DISTANCE:
        return 1.0 if s > 0.0 else 0.0
    return 1.0 / (1.0 + math.exp(-s))


@numba.njit(cache=True, inline="always")
def _slope(below: float, here: float, above: float, open_below: float, open_above: float) -> float:
    """Difference of s per cell from the open ones of three cells in a row."""
    if open_below > 0.0 and open_above > 0.0:
        return 0.5 * (_distance(above) - _distance(below))
    if open_above > 0.0:
        return _distance(above) - _distance(here)
    return _distance(here) - _distance(below) if open_below > 0.0 else 0.0


@numba.njit(cache=True)
def gradient_along_wall(
    xi: np.ndarray,
    pore: np.ndarray,
    cell: tuple[int, int, int],
    normal: tuple[float, float, float],
    inverse: tuple[float, float, float],
    width: float,
) -> tuple[float, float, float, float]:
    """(x, y, z) components of grad s along the wall [1/m], and l times their length.

    Parameters
    ----------
    cell, normal
        Open cell (k, j, i) beside the wall, and nu (x, y, z).
    inverse
        One over the cell edges (x, y, z) [1/m].
    """
    k, j, i = cell
    nx, ny, nz = normal
    here = xi[k, j, i]
    gx = inverse[0] * _slope(xi[k, j, i - 1], here, xi[k, j, i + 1], pore[k, j, i - 1], pore[k, j, i + 1])
    gy = inverse[1] * _slope(xi[k, j - 1, i], here, xi[k, j + 1, i], pore[k, j - 1, i], pore[k, j + 1, i])
    gz = inverse[2] * _slope(xi[k - 1, j, i], here, xi[k + 1, j, i], pore[k - 1, j, i], pore[k + 1, j, i])
    into = gx * nx + gy * ny + gz * nz
    gx, gy, gz = gx - into * nx, gy - into * ny, gz - into * nz
    return gx, gy, gz, width * math.sqrt(gx * gx + gy * gy + gz * gz)


@numba.njit(cache=True)
def set_wall_gradients(
    xi: np.ndarray,
    pore: np.ndarray,
    cells: np.ndarray,
    normals: np.ndarray,
    inverse: tuple[float, float, float],
    law: tuple[float, float, float],
    gradient_x: np.ndarray,
    gradient_y: np.ndarray,
    gradient_z: np.ndarray,
) -> None:
    """Gradient of s at the wall [1/m] in the cells beside it; ghosts of xi and pore filled. Others are left alone.

    `law`: cosine and sine of the contact angle, width l [m].
    """
    cosine, sine, width = law
    for n in range(cells.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        normal = (normals[n, 0], normals[n, 1], normals[n, 2])
        gx, gy, gz, along = gradient_along_wall(xi, pore, (k, j, i), normal, inverse, width)
        slope = wall_slope(cosine, sine, along) / width
        gradient_x[k, j, i] = gx + slope * normal[0]
        gradient_y[k, j, i] = gy + slope * normal[1]
        gradient_z[k, j, i] = gz + slope * normal[2]


@numba.njit(cache=True)
def set_wall_normals(
    xi: np.ndarray,
    pore: np.ndarray,
    cells: np.ndarray,
    normals: np.ndarray,
    inverse: tuple[float, float, float],
    law: tuple[float, float, float],
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
) -> None:
    """grad s/|grad s| in the cells at the wall that the surface reaches; parameters as for `set_wall_gradients`.

    The cells' own differences, half of them from beyond the wall, would hold a surface to its angle half as well. One
    that lies flat on the wall keeps them.
    """
    cosine, sine, width = law
    for n in range(cells.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        nx, ny, nz = normals[n, 0], normals[n, 1], normals[n, 2]
        gx, gy, gz, along = gradient_along_wall(xi, pore, (k, j, i), (nx, ny, nz), inverse, width)
        if along < FLAT * sine:
            continue
        share = sine * width / along
        normal_x[k, j, i] = gx * share + cosine * nx
        normal_y[k, j, i] = gy * share + cosine * ny
        normal_z[k, j, i] = gz * share + cosine * nz


@numba.njit(cache=True)
def set_wall_curvature(
    psi: np.ndarray,
    xi: np.ndarray,
    pore: np.ndarray,
    openings: tuple[np.ndarray, np.ndarray, np.ndarray],
    cells: np.ndarray,
    normals: np.ndarray,
    missing: np.ndarray,
    floor: bool,
    inverse: tuple[float, float, float],
    law: tuple[float, float, float],
    largest: float,
    curvature: np.ndarray,
) -> None:
    """K = -div n of the open part of cells at the wall that the surface reaches, where `curvature` is not zero.

    Parameters
    ----------
    psi
        Signed distance [widths], ghosts filled.
    openings
        Open fractions of the faces across x, y, z.
    missing
        What the open faces leave unbalanced over the cell's volume (x, y, z) [1/m]: the wall, which has the contact
        angle's normal.
    floor
        Whether the lowest cells have a face to the collector that `missing` leaves out.
    largest
        Bound of K [1/m].

    The others as for `set_wall_gradients`. What one cell's face gives another's has with the other sign, so that the
    angle enters as a whole however the grid cuts the wall.
    """
    ez, ey, ex = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    ix, iy, iz = inverse
    opening_x, opening_y, opening_z = openings
    cosine, sine, width = law
    for n in range(missing.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        if curvature[k, j, i] == 0.0:
            continue
        nx, ny, nz = normals[n, 0], normals[n, 1], normals[n, 2]
        gx, gy, gz, along = gradient_along_wall(xi, pore, (k, j, i), (nx, ny, nz), inverse, width)
        if along < FLAT * sine:
            continue
        share = sine * width / along
        wall = missing[n, 0] * (gx * share + cosine * nx)
        wall += missing[n, 1] * (gy * share + cosine * ny) + missing[n, 2] * (gz * share + cosine * nz)
        across_x, across_y, across_z = (ix, iy, iz), (iy, ix, iz), (iz, ix, iy)
        total = ix * opening_x[k, j, i + 1] * face_normal(psi, k, j, i + 1, ex, ey, ez, across_x)
        total -= ix * opening_x[k, j, i] * face_normal(psi, k, j, i, ex, ey, ez, across_x)
        total += iy * opening_y[k, j + 1, i] * face_normal(psi, k, j + 1, i, ey, ex, ez, across_y)
        total -= iy * opening_y[k, j, i] * face_normal(psi, k, j, i, ey, ex, ez, across_y)
        total += iz * opening_z[k + 1, j, i] * face_normal(psi, k + 1, j, i, ez, ex, ey, across_z)
        below = pore[k, j, i] if floor and k == 1 else opening_z[k, j, i]
        total -= iz * below * face_normal(psi, k, j, i, ez, ex, ey, across_z)
        curvature[k, j, i] = min(max((wall - total) / pore[k, j, i], -largest), largest)


@numba.njit(cache=True)
def extend_tilted(
    xi: np.ndarray,
    pore: np.ndarray,
    solid: np.ndarray,
    edges: tuple[float, float, float],
    gradient_x: np.ndarray,
    gradient_y: np.ndarray,
    gradient_z: np.ndarray,
) -> None:
    """Give each cell of `solid` (rows k, j, i) the mean of what the nearest open cells' s and gradient make there.

    The nearest are those across faces; where there are none, across edges, then corners. `edges` are those of a cell
    (x, y, z) [m]; the gradients hold their ghosts.
    """
    hx, hy, hz = edges
    for n in range(solid.shape[0]):
        k, j, i = solid[n, 0], solid[n, 1], solid[n, 2]
        for away in range(1, 4):
            total, count = 0.0, 0
            for dk in range(-1, 2):
                for dj in range(-1, 2):
                    for di in range(-1, 2):
                        a, b, c = k + dk, j + dj, i + di
                        if abs(dk) + abs(dj) + abs(di) == away and pore[a, b, c] > 0.0:
                            rise = dk * hz * gradient_z[a, b, c] + dj * hy * gradient_y[a, b, c]
                            total += _distance(xi[a, b, c]) - rise - di * hx * gradient_x[a, b, c]
                            count += 1
            if count > 0:
                xi[k, j, i] = _fraction(total / count)
                break


@numba.njit(cache=True)
def extend_beyond(
    xi: np.ndarray,
    pore: np.ndarray,
    inverse: tuple[float, float, float],
    law: tuple[float, float, float],
    above: bool,
) -> None:
    """Metal fraction beyond the collector of this rank's columns, or above its last layer.

    The outermost cells' s, and their slope at the wall.
    """
    nz, ny, nx = xi.shape
    ghost, last, nu = (nz - 1, nz - 2, 1.0) if above else (0, 1, -1.0)
    cosine, sine, width = law
    for j in range(1, ny - 1):
        for i in range(1, nx - 1):
            xi[ghost, j, i] = xi[last, j, i]
            if pore[last, j, i] > 0.0:
                along = gradient_along_wall(xi, pore, (last, j, i), (0.0, 0.0, nu), inverse, width)[3]
                rise = wall_slope(cosine, sine, along) / (width * inverse[2])
                xi[ghost, j, i] = _fraction(_distance(xi[last, j, i]) + rise)


@numba.njit(cache=True)
def add_wall_flux(
    base: np.ndarray,
    pore: np.ndarray,
    near: np.ndarray,
    cells: np.ndarray,
    normals: np.ndarray,
    depths: np.ndarray,
    inverse: tuple[float, float, float],
    law: tuple[float, float, float],
    change: float,
    out: np.ndarray,
) -> float:
    """Add the metal that the wall's energy draws in, l dxi/dnu = q cos(theta) at the wall, to the near cells beside it.

    Parameters
    ----------
    depths
        Open volume over wall area of each cell [m]; a cell edge beside a wall along the grid.
    change
        Mobility times duration of the stage [m^2].

    Returns
    -------
    float
        Metal fraction added, summed over cells.

    The flux is the difference form between the cell's xi and that of the tilted profile as deep beyond the wall.
    """
    cosine, sine, width = law
    added = 0.0
    for n in range(cells.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        if near[k, j, i] == 0:
            continue
        normal, depth, x = (normals[n, 0], normals[n, 1], normals[n, 2]), depths[n], base[k, j, i]
        along = gradient_along_wall(base, pore, (k, j, i), normal, inverse, width)[3]
        beyond = _distance(x) + depth / width * wall_energy_slope(cosine, sine, along)
        gain = change * (_fraction(beyond) - x) / (depth * depth)
        out[k, j, i] += gain
        added += gain * pore[k, j, i]
    return added
