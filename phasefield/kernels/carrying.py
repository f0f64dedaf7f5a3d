"""Compiled kernels that carry a share of the cells along with a velocity of their faces, as fluxes between cells.

    da/dt = -div(a v),      flux through a face = v (a + s/2) of the cell it comes from

s is the cell's slope across one axis, limited after van Leer: twice the product of the differences to its neighbours
over their sum, none where they differ in sign. Of second order in space where a is smooth; where a is not negative it
stays so, as long as no cell loses more than half of itself in a step. Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def set_slopes(a: np.ndarray, axis: tuple[int, int, int], slopes: np.ndarray) -> None:
    """Limited slopes [per cell] of the owned cells across one axis; ghosts of `a` are filled."""
    az, ay, ax = axis
    nz, ny, nx = a.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                below = a[k, j, i] - a[k - az, j - ay, i - ax]
                above = a[k + az, j + ay, i + ax] - a[k, j, i]
                product = below * above
                slopes[k, j, i] = 2.0 * product / (below + above) if product > 0.0 else 0.0


@numba.njit(cache=True)
def carry(
    a: np.ndarray,
    slopes: np.ndarray,
    velocity: np.ndarray,
    axis: tuple[int, int, int],
    ratio: float,
    bottom: bool,
    out: np.ndarray,
) -> float:
    """Add to the owned cells of `out` what the faces across one axis bring.

    Parameters
    ----------
    slopes
        Ghosts filled.
    velocity
        Of the faces below the cells [m/s].
    ratio
        Step over the cell's edge [s/m].
    bottom
        Whether the first faces lie on z = 0.

    Returns
    -------
    entered
        What came in through z = 0, in cells.
    """
    az, ay, ax = axis
    nz, ny, nx = a.shape
    entered = 0.0
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                way = ratio * velocity[k, j, i]
                lk, lj, li = k - az, j - ay, i - ax
                if way > 0.0:
                    flux = way * (a[lk, lj, li] + 0.5 * slopes[lk, lj, li])
                else:
                    flux = way * (a[k, j, i] - 0.5 * slopes[k, j, i])
                out[k, j, i] += flux
                out[lk, lj, li] -= flux
                if bottom and k == 1:
                    entered += flux
    return entered


@numba.njit(cache=True)
def largest_outflow(x: np.ndarray, y: np.ndarray, z: np.ndarray, inverse: tuple[float, float, float]) -> float:
    """Largest share of a cell that flows out of it in a second, velocities of faces as in `kernels.creep`."""
    nz, ny, nx = x.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                along = max(x[k, j, i + 1], 0.0) - min(x[k, j, i], 0.0)
                across = max(y[k, j + 1, i], 0.0) - min(y[k, j, i], 0.0)
                up = max(z[k + 1, j, i], 0.0) - min(z[k, j, i], 0.0)
                largest = max(largest, inverse[0] * along + inverse[1] * across + inverse[2] * up)
    return largest
