"""Smallest salt concentration along the sharp surface, for both engines.

The law's own surface concentration (physics.butler_volmer.surface_concentration) of the cells on both sides of
xi = 1/2 is interpolated to it, linearly in the signed distance ln(xi/(1 - xi)), along every axis that crosses it.
"""

from __future__ import annotations

import math

import numba
import numpy as np

NEAR_SURFACE = 0.05
"""xi (1 - xi) of the cells that may have a neighbour across xi = 1/2: three widths to either side."""


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
