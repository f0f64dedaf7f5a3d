"""Length (2-D) or area (3-D) of the contour of a field, by linear pieces between the cells' centres.

Squares of four centres are cut into two triangles, cubes of eight into six tetrahedra that share a diagonal (Kuhn); in
each the field is linear and its contour straight, so that plane fronts are exact at any angle. A square across a plane
of symmetry counts half, because the ghost mirrors the inner cell.
"""

from __future__ import annotations

import math

import numba
import numpy as np

TRIANGLES = np.array([[0, 1, 3], [0, 2, 3]])
"""Corners of a square, numbered by (z, x) in binary."""
TETRAHEDRA = np.array([[0, 1, 3, 7], [0, 1, 5, 7], [0, 2, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 4, 6, 7]])
"""Corners of a cube, numbered by (z, y, x) in binary."""


@numba.njit(cache=True)
def _crossing(points: np.ndarray, values: np.ndarray, a: int, b: int) -> np.ndarray:
    """Where the line from corner a to corner b meets zero."""
    share = values[a] / (values[a] - values[b])
    return points[a] + share * (points[b] - points[a])


@numba.njit(cache=True)
def _triangle_area(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    u, v = b - a, c - a
    x = u[1] * v[2] - u[2] * v[1]
    y = u[2] * v[0] - u[0] * v[2]
    z = u[0] * v[1] - u[1] * v[0]
    return 0.5 * math.sqrt(x * x + y * y + z * z)


@numba.njit(cache=True)
def _simplex(points: np.ndarray, values: np.ndarray) -> float:
    """Length or area of the zero contour in a triangle or a tetrahedron; values of zero count as above."""
    corners = len(values)
    below, above = np.empty(corners, np.int64), np.empty(corners, np.int64)
    m, n = 0, 0
    for corner in range(corners):
        if values[corner] < 0.0:
            below[m] = corner
            m += 1
        else:
            above[n] = corner
            n += 1
    if m == 0 or n == 0:
        return 0.0
    if m == 2 and n == 2:
        a, b = _crossing(points, values, below[0], above[0]), _crossing(points, values, below[0], above[1])
        c, d = _crossing(points, values, below[1], above[0]), _crossing(points, values, below[1], above[1])
        return _triangle_area(a, b, c) + _triangle_area(b, c, d)
    alone, others = (below[0], above) if m == 1 else (above[0], below)
    a, b = _crossing(points, values, alone, others[0]), _crossing(points, values, alone, others[1])
    if corners == 3:
        return math.sqrt(((a - b) ** 2).sum())
    return _triangle_area(a, b, _crossing(points, values, alone, others[2]))


@numba.njit(cache=True)
def contour_size(
    field: np.ndarray,
    level: float,
    edges: tuple[float, float, float],
    goes_on: bool,
    mirrored: tuple[bool, bool, bool, bool],
    planar: bool,
) -> float:
    """Size of the contour that this rank owns [m or m^2].

    Parameters
    ----------
    field
        Ghosted array [z, y, x], ghosts filled.
    edges
        Of the cells (x, y, z) [m].
    goes_on
        Whether the box goes on above this rank's last layer; what lies between two ranks is the lower one's.
    mirrored
        Whether the faces below x, above x, below y, above y are planes of symmetry: squares across them count half.
    planar
        One cell along y: contours are lines in the plane of z and x.
    """
    nz, ny, nx = field.shape
    hx, hy, hz = edges
    count = 4 if planar else 8
    points, values = np.zeros((count, 3)), np.zeros(count)
    simplices = TRIANGLES if planar else TETRAHEDRA
    corners = simplices.shape[1]
    some_points, some_values = np.zeros((corners, 3)), np.zeros(corners)
    first_x, first_y = (0 if mirrored[0] else 1), (0 if mirrored[2] and not planar else 1)
    last_x, last_y = nx - 1, (2 if planar else ny - 1)
    total = 0.0
    for k in range(1, nz - 1):
        if k == nz - 2 and not goes_on:
            break
        for j in range(first_y, last_y):
            for i in range(first_x, last_x):
                weight = 1.0
                if (i == 0 and mirrored[0]) or (i == nx - 2 and mirrored[1]):
                    weight *= 0.5
                if not planar and ((j == 0 and mirrored[2]) or (j == ny - 2 and mirrored[3])):
                    weight *= 0.5
                lowest, highest = np.inf, -np.inf
                for corner in range(count):
                    dx = corner & 1
                    dy = 0 if planar else (corner >> 1) & 1
                    dz = (corner >> 1) & 1 if planar else (corner >> 2) & 1
                    value = field[k + dz, j + dy, i + dx] - level
                    values[corner] = value
                    points[corner, 0], points[corner, 1], points[corner, 2] = dx * hx, dy * hy, dz * hz
                    lowest, highest = min(lowest, value), max(highest, value)
                if lowest >= 0.0 or highest < 0.0:
                    continue
                for simplex in range(simplices.shape[0]):
                    for n in range(corners):
                        some_points[n] = points[simplices[simplex, n]]
                        some_values[n] = values[simplices[simplex, n]]
                    total += weight * _simplex(some_points, some_values)
    return total
