"""Compiled kernels that find the cells near the metal's surface, where alone the front's equation does anything.

A cell is near the surface when xi (1 - xi) of a cell within `REACH` of it is not yet saturated. Every row (k, j) of
cells along x is worked on from its first such cell to its last, so that loops stay long and compilers make vectors of
them; a face counts where both of its cells are near, so that nothing is lost at the band's own edge.
"""

from __future__ import annotations

import numba
import numpy as np

REACH = 2
"""Cells kept on each side of the unsaturated ones: a step moves the surface by less."""


@numba.njit(cache=True, fastmath=True)
def mark_unsaturated(xi: np.ndarray, smallest: float, near: np.ndarray) -> None:
    """near = 1 in owned cells where xi (1 - xi) is larger than `smallest` in size, 0 in the others."""
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                near[k, j, i] = 1 if abs(x * (1.0 - x)) > smallest else 0


@numba.njit(cache=True)
def spread_near(near: np.ndarray, spread: np.ndarray) -> None:
    """spread = 1 in the owned cells whose 3 x 3 x 3 neighbours hold a near one; ghosts of `near` filled."""
    nz, ny, nx = near.shape
    row = np.empty(nx, np.uint8)
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(nx):
                row[i] = (
                    near[k - 1, j - 1, i]
                    | near[k - 1, j, i]
                    | near[k - 1, j + 1, i]
                    | near[k, j - 1, i]
                    | near[k, j, i]
                    | near[k, j + 1, i]
                    | near[k + 1, j - 1, i]
                    | near[k + 1, j, i]
                    | near[k + 1, j + 1, i]
                )
            for i in range(1, nx - 1):
                spread[k, j, i] = row[i - 1] | row[i] | row[i + 1]


@numba.njit(cache=True)
def close_gaps(near: np.ndarray) -> None:
    """Mark every owned cell between a row's first near cell and its last."""
    nz, ny, nx = near.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            first, last = nx, 0
            for i in range(1, nx - 1):
                if near[k, j, i]:
                    first = min(first, i)
                    last = i
            for i in range(first, last):
                near[k, j, i] = 1


@numba.njit(cache=True)
def set_spans(near: np.ndarray, spans: np.ndarray) -> None:
    """(first, last + 1) of each row's near owned cells, rows of ghosts too; an empty span where there are none."""
    nz, ny, nx = near.shape
    for k in range(nz):
        for j in range(ny):
            first, end = nx, 0
            for i in range(1, nx - 1):
                if near[k, j, i]:
                    first = min(first, i)
                    end = i + 1
            spans[k, j, 0], spans[k, j, 1] = first, end
