"""Compiled kernels that number the connected regions of a mask, in two passes, and count and sum in them."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def _root(parents: np.ndarray, n: int) -> int:
    """The smallest number known to belong to the same region; halves the way there."""
    while parents[n] != n:
        parents[n] = parents[parents[n]]
        n = parents[n]
    return n


@numba.njit(cache=True)
def number_regions(mask: np.ndarray, numbers: np.ndarray) -> int:
    """Regions of owned cells joined through their faces, numbered from 1 in the order of their first cells.

    Parameters
    ----------
    mask
        Ghosted array, not zero inside the regions.
    numbers
        Ghosted array to fill: 0 outside the mask and in the ghosts.

    Returns
    -------
    count
        The number of regions.
    """
    nz, ny, nx = mask.shape
    # No two neighbours along x begin a region each.
    parents = np.empty((nz - 2) * (ny - 2) * ((nx - 1) // 2) + 1, np.int32)
    count = 0
    parents[0] = 0
    numbers[:, :, :] = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if not mask[k, j, i]:
                    continue
                west, south, below = numbers[k, j, i - 1], numbers[k, j - 1, i], numbers[k - 1, j, i]
                if west == 0 and south == 0 and below == 0:
                    count += 1
                    parents[count] = count
                    numbers[k, j, i] = count
                    continue
                smallest = count
                for n in (west, south, below):
                    if n > 0:
                        smallest = min(smallest, _root(parents, n))
                for n in (west, south, below):
                    if n > 0:
                        parents[_root(parents, n)] = smallest
                numbers[k, j, i] = smallest
    regions = 0
    for n in range(1, count + 1):
        if parents[n] == n:
            regions += 1
            parents[n] = regions
        else:
            # Its parent is smaller and has its final number already.
            parents[n] = parents[parents[n]]
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                numbers[k, j, i] = parents[numbers[k, j, i]]
    return regions


@numba.njit(cache=True)
def count_cells(numbers: np.ndarray, inside: np.ndarray, chosen: np.ndarray, counts: np.ndarray) -> None:
    """Cells of each chosen region among the owned cells `inside` (without ghosts)."""
    nz, ny, nx = inside.shape
    counts[:] = 0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                n = numbers[k + 1, j + 1, i + 1]
                if inside[k, j, i] and chosen[n]:
                    counts[n] += 1


@numba.njit(cache=True)
def sum_cells(
    numbers: np.ndarray, inside: np.ndarray, chosen: np.ndarray, values: np.ndarray
) -> tuple[float, float, int]:
    """Sums over the owned cells `inside`, of those in chosen regions and of all; layers up to the last chosen one."""
    nz, ny, nx = inside.shape
    some, every, layers = 0.0, 0.0, 0
    for k in range(nz):
        for j in range(ny):
            row, whole = 0.0, 0.0
            for i in range(nx):
                if inside[k, j, i]:
                    whole += values[k + 1, j + 1, i + 1]
                    if chosen[numbers[k + 1, j + 1, i + 1]]:
                        row += values[k + 1, j + 1, i + 1]
                        layers = k + 1
            some, every = some + row, every + whole
    return some, every, layers
