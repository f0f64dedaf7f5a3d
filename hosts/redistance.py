"""From any function with the right zero set on a grid to a signed distance, by fast sweeping.

Solves |grad d| = 1 with d = 0 on the surface, between grid nodes (Zhao, Math. Comp. 74 (2005) 603). From nodes within
two spacings of the surface it is sought along the function's gradient, by the secant method on its interpolation; where
that fails, beside the surface, 1/d^2 = sum over the axes of 1/s^2 with s the way along an axis to where the function,
linear between nodes, vanishes. The upwind scheme then spreads outward, first order in the spacing. Axes are periodic,
or end with what lies inside: mirrored.
"""

from __future__ import annotations

import numba
import numpy as np

from ramify.hosts.interpolation import value_at

Triple = tuple[float, float, float]
SWEEPS = 4
"""Rounds of eight sweeps at most; two suffice without periodic axes."""


def signed_distance(values: np.ndarray, spacing: Triple, periodic: bool) -> np.ndarray:
    """Signed distance [m] on the nodes of `values` [z, y, x], with their signs.

    Parameters
    ----------
    values : ndarray
        Any continuous function that is positive outside a body and negative inside it.
    spacing : tuple of float
        Between nodes along x, y, z [m].
    periodic : bool
        Whether x and y wrap around after the last node.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    if not (values.min() < 0.0 < values.max()):
        raise ValueError("the body has no surface on this grid: it is all solid or all pore")
    hx, hy, hz = spacing
    distance = np.full(values.shape, np.inf)
    fixed = np.zeros(values.shape, dtype=np.bool_)
    _beside_surface(values, hx, hy, hz, periodic, distance, fixed)
    for _ in range(SWEEPS):
        if _sweep(distance, fixed, hx, hy, hz, periodic) < 1e-6 * min(spacing):
            break
    return np.copysign(distance, values)


@numba.njit(cache=True)
def _neighbour(index: int, step: int, count: int, wraps: bool) -> int:
    """The next node along an axis; past an end the one it wraps to or is mirrored in."""
    other = index + step
    if 0 <= other < count:
        return other
    return other % count if wraps else index


@numba.njit(cache=True)
def _beside_surface(
    values: np.ndarray, hx: float, hy: float, hz: float, periodic: bool, distance: np.ndarray, fixed: np.ndarray
) -> None:
    """Distances of the nodes near the surface, which the sweeps leave as they are."""
    nz, ny, nx = values.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                if values[k, j, i] == 0.0:
                    distance[k, j, i], fixed[k, j, i] = 0.0, True
                    continue
                found = _along_gradient(values, k, j, i, hx, hy, hz, periodic)
                if found < 0.0:
                    found = _along_axes(values, k, j, i, hx, hy, hz, periodic)
                if found >= 0.0:
                    distance[k, j, i], fixed[k, j, i] = found, True


@numba.njit(cache=True)
def _along_gradient(
    values: np.ndarray, k: int, j: int, i: int, hx: float, hy: float, hz: float, periodic: bool
) -> float:
    """Way to the surface along the gradient; -1 where there is none within a little more than two spacings."""
    nz, ny, nx = values.shape
    here = values[k, j, i]
    gx = (values[k, j, _neighbour(i, 1, nx, periodic)] - values[k, j, _neighbour(i, -1, nx, periodic)]) / (2.0 * hx)
    gy = (values[k, _neighbour(j, 1, ny, periodic), i] - values[k, _neighbour(j, -1, ny, periodic), i]) / (2.0 * hy)
    gz = (values[_neighbour(k, 1, nz, False), j, i] - values[_neighbour(k, -1, nz, False), j, i]) / (2.0 * hz)
    norm = np.sqrt(gx * gx + gy * gy + gz * gz)
    h = min(hx, hz) if ny == 1 else min(hx, hy, hz)
    if abs(here) >= 2.0 * h * norm:
        return -1.0
    sign = 1.0 if here > 0.0 else -1.0
    dx, dy, dz = -sign * gx / norm / hx, -sign * gy / norm / hy, -sign * gz / norm / hz
    before, value_before, way = 0.0, abs(here), abs(here) / norm
    for _ in range(8):
        value = sign * value_at(values, i + way * dx, j + way * dy, k + way * dz, periodic)
        if abs(value) < 1e-6 * h * norm:
            return way * _slant(values, i + way * dx, j + way * dy, k + way * dz, (dx, dy, dz), (hx, hy, hz), periodic)
        if value == value_before:
            break
        step = value * (before - way) / (value - value_before)
        before, value_before = way, value
        way = min(max(way + step, 0.0), 2.5 * h)
    return -1.0


@numba.njit(cache=True)
def _slant(values: np.ndarray, x: float, y: float, z: float, way: Triple, spacing: Triple, periodic: bool) -> float:
    """Cosine between a way (nodes per length) and the surface's normal at a place.

    From the tangent plane there, the point that the way came from is as far as the way times this.
    """
    e = 0.5
    gx = (value_at(values, x + e, y, z, periodic) - value_at(values, x - e, y, z, periodic)) / spacing[0]
    gy = (value_at(values, x, y + e, z, periodic) - value_at(values, x, y - e, z, periodic)) / spacing[1]
    gz = (value_at(values, x, y, z + e, periodic) - value_at(values, x, y, z - e, periodic)) / spacing[2]
    along = gx * way[0] * spacing[0] + gy * way[1] * spacing[1] + gz * way[2] * spacing[2]
    return min(abs(along) / np.sqrt(gx * gx + gy * gy + gz * gz), 1.0)


@numba.njit(cache=True)
def _along_axes(values: np.ndarray, k: int, j: int, i: int, hx: float, hy: float, hz: float, periodic: bool) -> float:
    """Distance from the surface's places on the axes; -1 where no neighbour lies across it."""
    nz, ny, nx = values.shape
    here, inverse = values[k, j, i], 0.0
    for axis in range(3):
        h = hx if axis == 0 else hy if axis == 1 else hz
        nearest = np.inf
        for step in (-1, 1):
            ii = _neighbour(i, step, nx, periodic) if axis == 0 else i
            jj = _neighbour(j, step, ny, periodic) if axis == 1 else j
            kk = _neighbour(k, step, nz, False) if axis == 2 else k
            there = values[kk, jj, ii]
            if (here > 0.0) != (there > 0.0):
                nearest = min(nearest, h * here / (here - there))
        if nearest < np.inf:
            inverse += 1.0 / max(nearest, 1e-12 * h) ** 2
    return 1.0 / np.sqrt(inverse) if inverse > 0.0 else -1.0


@numba.njit(cache=True)
def _sweep(distance: np.ndarray, fixed: np.ndarray, hx: float, hy: float, hz: float, periodic: bool) -> float:
    """Gauss-Seidel in the eight orders of the axes; returns the largest change of the last of them."""
    nz, ny, nx = distance.shape
    largest = 0.0
    for order in range(8):
        largest = 0.0
        for kk in range(nz):
            k = kk if order & 1 else nz - 1 - kk
            for jj in range(ny):
                j = jj if order & 2 else ny - 1 - jj
                for ii in range(nx):
                    i = ii if order & 4 else nx - 1 - ii
                    if fixed[k, j, i]:
                        continue
                    a = min(
                        distance[k, j, _neighbour(i, -1, nx, periodic)], distance[k, j, _neighbour(i, 1, nx, periodic)]
                    )
                    b = min(
                        distance[k, _neighbour(j, -1, ny, periodic), i], distance[k, _neighbour(j, 1, ny, periodic), i]
                    )
                    c = min(distance[_neighbour(k, -1, nz, False), j, i], distance[_neighbour(k, 1, nz, False), j, i])
                    new = _upwind(a, b, c, hx, hy, hz)
                    if new < distance[k, j, i]:
                        if distance[k, j, i] < np.inf:
                            largest = max(largest, distance[k, j, i] - new)
                        else:
                            largest = np.inf
                        distance[k, j, i] = new
    return largest


@numba.njit(cache=True)
def _upwind(a: float, b: float, c: float, hx: float, hy: float, hz: float) -> float:
    """Root d of sum max((d - a_i)/h_i, 0)^2 = 1 over the axes; infinite where no neighbour is known yet."""
    # The smallest of the three first.
    if b < a:
        a, b, hx, hy = b, a, hy, hx
    if c < b:
        b, c, hy, hz = c, b, hz, hy
    if b < a:
        a, b, hx, hy = b, a, hy, hx
    d = a + hx
    if d <= b:
        return d
    p, q = 1.0 / (hx * hx), 1.0 / (hy * hy)
    centre = (p * a + q * b) / (p + q)
    d = centre + np.sqrt(max((1.0 - p * q * (a - b) ** 2 / (p + q)) / (p + q), 0.0))
    if d <= c:
        return d
    r = 1.0 / (hz * hz)
    total = p + q + r
    centre = (p * a + q * b + r * c) / total
    spread = p * a * a + q * b * b + r * c * c - total * centre * centre
    return centre + np.sqrt(max((1.0 - spread) / total, 0.0))
