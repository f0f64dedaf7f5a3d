"""Smallest salt concentration along the sharp surface, for both engines.

The law's own surface concentration (physics.butler_volmer.surface_concentration) of the cells on both sides of
xi = 1/2 is interpolated to it, linearly in the signed distance ln(xi/(1 - xi)), along every axis that crosses it.
"""

from __future__ import annotations

import math

import numba
import numpy as np

NEAR_SURFACE = 0.05
"""Least xi (1 - xi) of the cells that are read: three widths to either side of xi = 1/2."""


@numba.njit(cache=True)
def smallest_across_surface(xi: np.ndarray, value: np.ndarray) -> float:
    """Smallest value at xi = 1/2, infinite without a surface.

    Parameters
    ----------
    xi, value
        Arrays [z, y, x] of one shape; `value` is not a number where there is none.
    """
    smallest = np.inf
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                if value[k, j, i] != value[k, j, i]:
                    continue
                for dk, dj, di in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
                    kk, jj, ii = k + dk, j + dj, i + di
                    if kk == nz or jj == ny or ii == nx or value[kk, jj, ii] != value[kk, jj, ii]:
                        continue
                    a, b = xi[k, j, i], xi[kk, jj, ii]
                    if (a > 0.5) == (b > 0.5):
                        continue
                    s, t = math.log(a / (1.0 - a)), math.log(b / (1.0 - b))
                    lower, upper = value[k, j, i], value[kk, jj, ii]
                    smallest = min(smallest, lower + (upper - lower) * s / (s - t))
    return smallest


@numba.njit(cache=True)
def cells_near_surface(xi: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Flat indices of the owned cells with a neighbour across xi = 1/2 that react; ghosted arrays, ghosts of xi filled.

    `slope` is the derivative of the reaction by the potential.
    """
    nz, ny, nx = xi.shape
    found = []
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                if not (x * (1.0 - x) > NEAR_SURFACE and slope[k, j, i] > 0.0):
                    continue
                across = (xi[k - 1, j, i] > 0.5) != (x > 0.5) or (xi[k + 1, j, i] > 0.5) != (x > 0.5)
                across |= (xi[k, j - 1, i] > 0.5) != (x > 0.5) or (xi[k, j + 1, i] > 0.5) != (x > 0.5)
                across |= (xi[k, j, i - 1] > 0.5) != (x > 0.5) or (xi[k, j, i + 1] > 0.5) != (x > 0.5)
                if across:
                    found.append((k * ny + j) * nx + i)
    return np.array(found, dtype=np.int64)
