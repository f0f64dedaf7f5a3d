"""Compiled kernels of a crystal's kinetic anisotropy on the diffuse surface.

Normals are those of the signed distance s = ln(xi/(1 - xi)), by central differences, along the crystal's axes: turned
by an angle about y from the grid's.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.crystal import cubic_harmonic

SATURATION = 1e-12


@numba.njit(cache=True, inline="always")
def _distance(x: float) -> float:
    x = min(max(x, SATURATION), 1.0 - SATURATION)
    return math.log(x / (1.0 - x))


@numba.njit(cache=True)
def harmonic_at(
    xi: np.ndarray,
    cell: tuple[int, int, int],
    inverse: tuple[float, float, float],
    turn: tuple[float, float],
    planar: bool,
) -> float:
    """f(n) at a cell (k, j, i); zero where there is no normal. `turn`: cosine and sine of the crystal's angle."""
    k, j, i = cell
    gx = inverse[0] * (_distance(xi[k, j, i + 1]) - _distance(xi[k, j, i - 1]))
    gy = inverse[1] * (_distance(xi[k, j + 1, i]) - _distance(xi[k, j - 1, i]))
    gz = inverse[2] * (_distance(xi[k + 1, j, i]) - _distance(xi[k - 1, j, i]))
    size = math.sqrt(gx * gx + gy * gy + gz * gz)
    if size == 0.0:
        return 0.0
    n1, n3 = (turn[0] * gx + turn[1] * gz) / size, (turn[0] * gz - turn[1] * gx) / size
    return float(cubic_harmonic(n1, gy / size, n3, planar))


@numba.njit(cache=True)
def set_activity(
    xi: np.ndarray,
    base: np.ndarray,
    strength: float,
    inverse: tuple[float, float, float],
    turn: tuple[float, float],
    planar: bool,
    smallest: float,
    activity: np.ndarray,
) -> None:
    """activity = base [1 + strength f(n)] in the owned cells with q > `smallest`; `base` may have one cell."""
    varies = base.size > 1
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                own = base[k, j, i] if varies else base[0, 0, 0]
                x = xi[k, j, i]
                if x * (1.0 - x) > smallest:
                    own *= 1.0 + strength * harmonic_at(xi, (k, j, i), inverse, turn, planar)
                activity[k, j, i] = own


@numba.njit(cache=True)
def sum_harmonic(
    xi: np.ndarray,
    pore: np.ndarray,
    inverse: tuple[float, float, float],
    turn: tuple[float, float],
    planar: bool,
    smallest: float,
) -> tuple[float, float]:
    """Sums of pore q f(n) and of pore q over the owned cells with q = xi (1 - xi) > `smallest`."""
    total, area = 0.0, 0.0
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                q = x * (1.0 - x)
                if q > smallest and pore[k, j, i] > 0.0:
                    total += pore[k, j, i] * q * harmonic_at(xi, (k, j, i), inverse, turn, planar)
                    area += pore[k, j, i] * q
    return total, area
