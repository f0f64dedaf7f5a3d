"""Connected regions of a mask on the distributed grid, numbered alike on every rank."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels.components import number_regions


def number_components(grid: Grid, mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Regions of cells joined through their faces, across ranks and periodic faces too.

    Parameters
    ----------
    mask
        Ghosted array of truth values, or of whole numbers that are zero outside.

    Returns
    -------
    numbers, count
        Ghosted array, 1 to `count` inside the mask and 0 elsewhere (ghosts exchanged); the number of regions.
    """
    numbers = np.empty(grid.ghosted_shape, np.int32)
    found = int(number_regions(mask, numbers))
    if grid.comm.size == 1 and not any(grid.periodic):
        return numbers, found
    counts = grid.comm.allgather(found)
    offset = sum(counts[: grid.comm.rank])
    numbers[OWNED] += np.where(numbers[OWNED] > 0, offset, 0).astype(np.int32)
    grid.halo.exchange(numbers)
    edges = sorted(set().union(*grid.comm.allgather(_touching(numbers))))
    total = sum(counts)
    if total == 0:
        return numbers, 0
    rows, columns = [a - 1 for a, _ in edges], [b - 1 for _, b in edges]
    graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(total, total))
    merged, parts = connected_components(graph, directed=False)
    renumber = np.concatenate([[0], parts + 1]).astype(np.int32)
    return renumber[numbers], int(merged)


def _touching(numbers: np.ndarray) -> set[tuple[int, int]]:
    """Pairs of regions that meet at a face between owned cells and ghosts."""
    pairs: set[tuple[int, int]] = set()
    for axis in range(3):
        planes = np.moveaxis(numbers, axis, 0)
        for inner, outer in ((1, 0), (-2, -1)):
            a, b = planes[inner][1:-1, 1:-1], planes[outer][1:-1, 1:-1]
            both = (a > 0) & (b > 0)
            pairs.update(zip(a[both].tolist(), b[both].tolist(), strict=True))
    return pairs
