"""Cells around the nuclei below the grid's resolution, found in groups of nuclei: memory is bounded for many, too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import Grid

REACH = 10.0
"""Widths around a site within which reacting surface counts as that of its nucleus."""
PAIRS_AT_ONCE = 2_000_000
"""Pairs of a nucleus and a cell that are looked at together."""


@dataclass(frozen=True)
class Surroundings:
    """Cells of this rank around the nuclei below the grid's resolution, one entry for each pair of both."""

    nucleus: np.ndarray
    """Index of the nucleus among those growing."""
    cell: tuple[np.ndarray, np.ndarray, np.ndarray]
    """Places (k, j, i) in ghosted arrays."""
    near: np.ndarray
    """exp(-r/l)."""


def find_surroundings(grid: Grid, pore: np.ndarray, places: np.ndarray, width: float) -> Surroundings:
    """Open cells around nuclei at `places` (n, 3) [m]; `pore` ghosted, `width` l [m]."""
    offsets = _offsets(grid, width)
    group = max(1, PAIRS_AT_ONCE // math.prod(len(offset) for offset in offsets))
    found: list[tuple[np.ndarray, ...]] = [(np.zeros(0, np.int32),) * 4 + (np.zeros(0),)]
    for first in range(0, len(places), group):
        nucleus, *rest = _cells_around(grid, pore, places[first : first + group], width, offsets)
        found.append((first + nucleus, *rest))
    nucleus, k, j, i, near = (np.concatenate(column) for column in zip(*found, strict=True))
    return Surroundings(nucleus, (k, j, i), near)


def _offsets(grid: Grid, width: float) -> list[np.ndarray]:
    """Cells (x, y, z) within reach of a middle one; none of them twice where faces are periodic."""
    offsets = []
    for h, n, periodic in zip(grid.domain.spacing, grid.domain.cells, grid.periodic, strict=True):
        reach = math.ceil(REACH * width / h) if n > 1 else 0
        reach, most = (min(reach, n // 2), n) if periodic else (reach, 2 * reach + 1)
        offsets.append(np.arange(-reach, reach + 1)[:most])
    return offsets


def _cells_around(
    grid: Grid, pore: np.ndarray, places: np.ndarray, width: float, offsets: list[np.ndarray]
) -> tuple[np.ndarray, ...]:
    """Nucleus, place (k, j, i) and exp(-r/l) of this rank's open cells around one group of nuclei."""
    spacing, cells = grid.domain.spacing, grid.domain.cells
    x, y, z = (
        np.floor(places[:, axis] / h).astype(int)[:, None] + offset[None, :]
        for axis, (h, offset) in enumerate(zip(spacing, offsets, strict=True))
    )
    axes = (x[:, None, None, :], y[:, None, :, None], z[:, :, None, None])
    squares: np.ndarray = np.zeros(1)
    inside, local = np.ones(1, bool), []
    for axis, (index, h, n) in enumerate(zip(axes, spacing, cells, strict=True)):
        squares = squares + np.square((index + 0.5) * h - places[:, axis][:, None, None, None]) * (n > 1)
        wrapped = index % n if grid.periodic[axis] else index
        place = wrapped - grid.start[axis]
        inside = inside & (place >= 0) & (place < grid.local[axis]) & (wrapped >= 0) & (wrapped < n)
        local.append((place + 1).astype(np.int32))
    distance = np.sqrt(squares)
    inside = inside & (distance <= REACH * width)
    nucleus = np.broadcast_to(np.arange(len(places), dtype=np.int32)[:, None, None, None], distance.shape)[inside]
    i, j, k = (np.broadcast_to(place, distance.shape)[inside] for place in local)
    opened = pore[k, j, i] > 0.0
    near = np.exp(-distance[inside] / width)
    return nucleus[opened], k[opened], j[opened], i[opened], near[opened]
