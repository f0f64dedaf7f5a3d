"""Nodes of a distributed box of cells: which this rank owns, and how they map to the next coarser box.

Node [k, j, i] is the lower corner of cell [k, j, i]; the last rank along an axis that is not periodic also owns the
nodes of the outer face, in the place of its upper ghosts. The cells' own halo then serves the nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ramify.phasefield.grid import Grid, Halo

Tables = tuple[tuple[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass
class NodeBox:
    """Cells and nodes of this rank on one level; tuples are (x, y, z)."""

    halo: Halo
    place: tuple[int, int, int]
    """Of the rank in the process grid."""
    ownership: list[list[int]]
    """Cells per rank along x, y, z."""
    periodic: tuple[bool, bool, bool]
    spacing: tuple[float, float, float]
    local: tuple[int, int, int] = field(init=False)
    start: tuple[int, int, int] = field(init=False)
    first: tuple[int, int, int] = field(init=False)
    """First cell (z, y, x) of loops over cells: 0 where cells below share nodes with ours."""
    owned: tuple[slice, slice, slice] = field(init=False)
    """Nodes of this rank in a node array."""

    def __post_init__(self) -> None:
        counts = [(own[p], sum(own[:p])) for own, p in zip(self.ownership, self.place, strict=True)]
        self.local = (counts[0][0], counts[1][0], counts[2][0])
        self.start = (counts[0][1], counts[1][1], counts[2][1])
        lower = [int(p == 0 and not wraps) for p, wraps in zip(self.place, self.periodic, strict=True)]
        self.first = (lower[2], lower[1], lower[0])
        ends = [slice(1, n + 1 + self.holds_end(axis)) for axis, n in enumerate(self.local)]
        self.owned = (ends[2], ends[1], ends[0])

    @classmethod
    def of(cls, grid: Grid) -> NodeBox:
        """That of a mesh, in lengths of its finest edge; a missing axis is one cell as thick as that."""
        edges = [h for h, n in zip(grid.domain.spacing, grid.domain.cells, strict=True) if n > 1]
        finest = min(edges, default=grid.domain.spacing[2])
        cells, spacing = grid.domain.cells, grid.domain.spacing
        hx, hy = (h / finest if n > 1 else 1.0 for h, n in zip(spacing[:2], cells[:2], strict=True))
        hz = spacing[2] / finest
        periodic = tuple(wraps or n == 1 for wraps, n in zip(grid.periodic, cells, strict=True))
        # A single cell along x or y is one period thick: its two faces share their nodes, plane strain.
        wrapped = Halo(grid.comm, grid.ranks, grid.place, (periodic[0], periodic[1], False))
        return cls(wrapped, grid.place, grid.ownership, (periodic[0], periodic[1], False), (hx, hy, hz))

    def holds_end(self, axis: int) -> bool:
        """Whether this rank owns the nodes of the outer face at the upper end of an axis (0 for x)."""
        return self.place[axis] == len(self.ownership[axis]) - 1 and not self.periodic[axis]

    @property
    def cells(self) -> tuple[int, int, int]:
        """Cells of the whole box."""
        return (sum(self.ownership[0]), sum(self.ownership[1]), sum(self.ownership[2]))

    @property
    def counts(self) -> tuple[int, int, int]:
        """Nodes of the whole box along (z, y, x)."""
        x, y, z = (n + int(not wraps) for n, wraps in zip(self.cells, self.periodic, strict=True))
        return z, y, x

    def gather(self, array: np.ndarray) -> np.ndarray | None:
        """A node array (z, y, x, 3) of all ranks' nodes on rank 0; None on the others."""
        mine = np.ascontiguousarray(array[self.owned])
        pieces = self.halo.comm.gather((self.start, mine), root=0)
        if pieces is None:
            return None
        whole = np.zeros((*self.counts, 3))
        for (x, y, z), piece in pieces:
            kz, ky, kx = piece.shape[:3]
            whole[z : z + kz, y : y + ky, x : x + kx] = piece
        return whole

    def scatter(self, whole: np.ndarray | None, array: np.ndarray) -> None:
        """What `gather` returned, from rank 0 to every rank's nodes, ghosts too."""
        everywhere = np.asarray(self.halo.comm.bcast(whole, root=0))
        x, y, z = self.node_indices()
        inside = (np.clip(index, 0, n - 1) for index, n in zip((z, y, x), everywhere.shape[:3], strict=True))
        array[:] = everywhere[np.ix_(*inside)]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of ghosted arrays [z, y, x]."""
        return (self.local[2] + 2, self.local[1] + 2, self.local[0] + 2)

    def node_indices(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Global indices (x, y, z) of the nodes of a node array along each axis, wrapped where periodic."""
        axes = []
        for start, count, wraps, cells in zip(self.start, self.local, self.periodic, self.cells, strict=True):
            index = start + np.arange(-1, count + 1)
            axes.append(index % cells if wraps else index)
        return axes[0], axes[1], axes[2]

    def coarser(self, factors: tuple[int, int, int]) -> NodeBox:
        """The box of aggregates of `factors` (z, y, x) cells, on every rank by itself; the last may be shorter."""
        fx, fy, fz = factors[2], factors[1], factors[0]
        ownership = [[-(-n // f) for n in own] for own, f in zip(self.ownership, (fx, fy, fz), strict=True)]
        hx, hy, hz = self.spacing
        return NodeBox(self.halo, self.place, ownership, self.periodic, (hx * fx, hy * fy, hz * fz))

    def _splits(self, axis: int, factor: int, place: int) -> np.ndarray:
        """Lengths in cells of the aggregates of a rank along an axis."""
        count = self.ownership[axis][place]
        return np.minimum(factor, count - factor * np.arange(-(-count // factor)))

    def restriction(self, factors: tuple[int, int, int]) -> Tables:
        """Three fine nodes and their weights for every coarse node, along (z, y, x)."""
        tables, weights = [], []
        for axis, factor in zip((2, 1, 0), factors, strict=True):
            lengths = self._splits(axis, factor, self.place[axis])
            count = len(lengths)
            centre = 1 + np.concatenate([[0, 0], np.cumsum(lengths)])
            table = np.zeros((count + 2, 3), np.int64)
            weight = np.zeros((count + 2, 3), np.float32)
            for J in range(1, count + 2):
                table[J] = centre[J] - 1, centre[J], min(centre[J] + 1, self.local[axis] + 1)
                weight[J, 1] = 1.0
                before = lengths[J - 2] if J > 1 else self._length_below(axis, factor)
                weight[J, 0] = 0.5 if before == 2 else 0.0
                weight[J, 2] = 0.5 if count >= J and lengths[J - 1] == 2 else 0.0
            tables.append(table)
            weights.append(weight)
        return (tables[0], tables[1], tables[2]), (weights[0], weights[1], weights[2])

    def _length_below(self, axis: int, factor: int) -> int:
        """Length of the last aggregate of the rank below; zero where there is none."""
        place, ranks = self.place[axis], len(self.ownership[axis])
        if place == 0 and not self.periodic[axis]:
            return 0
        return int(self._splits(axis, factor, (place - 1) % ranks)[-1])

    def prolongation(self, factors: tuple[int, int, int]) -> Tables:
        """Two coarse nodes and their weights for every fine node, along (z, y, x)."""
        tables, weights = [], []
        for axis, factor in zip((2, 1, 0), factors, strict=True):
            lengths = self._splits(axis, factor, self.place[axis])
            table = np.zeros((self.local[axis] + 2, 2), np.int64)
            weight = np.zeros((self.local[axis] + 2, 2), np.float32)
            node = 1
            for J, length in enumerate(lengths, start=1):
                for step in range(length):
                    table[node] = J, J + 1
                    weight[node] = 1.0 - step / length, step / length
                    node += 1
            table[node], weight[node] = len(lengths) + 1, (1.0, 0.0)
            tables.append(table)
            weights.append(weight)
        return (tables[0], tables[1], tables[2]), (weights[0], weights[1], weights[2])
