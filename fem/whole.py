"""Whole meshes and whole fields on rank 0, for files, figures and checkpoints, in an order that ranks do not change.

Cells are ordered by the places of their centres, nodes by their own; nodes at one place (the two sides of a closed
crack) by their cells. Quadrature points are ordered within their cell. Places are compared on a grid of 2^-31 of the
mesh's size, whose lines lie off those of structured meshes, so that round-off changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.fem.reference import CellKind
from ramify.fem.spaces import Space

FINENESS, OFFSET = 2.0**31, 0.2371


@dataclass(frozen=True)
class WholeMesh:
    """All nodes and cells of a space."""

    kind: CellKind
    order: int
    points: np.ndarray
    """(nodes, dimension) [m]."""
    cells: np.ndarray
    """(cells, nodes), in the order of `reference.CellKind`, which is VTK's."""
    regions: dict[str, np.ndarray]
    """(cells) whether a cell is in a region."""


class Whole:
    """Gathers what the ranks hold of a space on rank 0, and spreads it again. Everything here is collective."""

    def __init__(self, space: Space) -> None:
        self.space, self.comm = space, space.mesh.comm
        mesh = space.mesh
        ends = self.comm.allgather((mesh.points.min(axis=0), mesh.points.max(axis=0)))
        self._low = np.min([low for low, _ in ends], axis=0)
        self._size = float((np.max([high for _, high in ends], axis=0) - self._low).max())
        centres = self.comm.gather(mesh.points[mesh.cells].mean(axis=1), root=0)
        nodes = self.comm.gather(space.node_numbers[space.cell_nodes], root=0)
        places = space.gather(space.coordinates)
        self._cells: np.ndarray | None = None
        """Cells as the ranks hold them one after the other, in the order of the files; on rank 0."""
        self._nodes: np.ndarray | None = None
        """Global numbers of the nodes in the order of the files; on rank 0."""
        self._numbered = np.empty((0, 0), int)
        if centres is None or nodes is None or places is None:
            return
        self._cells = np.lexsort(self._ticks(np.concatenate(centres)).T[::-1])
        self._numbered = np.concatenate(nodes)[self._cells]
        first = np.full(len(places), len(self._cells))
        np.minimum.at(first, self._numbered, np.arange(len(self._cells))[:, None])
        self._nodes = np.lexsort((first, *self._ticks(places).T[::-1]))

    def mesh(self) -> WholeMesh | None:
        """The mesh, on rank 0."""
        mesh = self.space.mesh
        flags = np.zeros((len(mesh.cells), len(mesh.region_names)), dtype=bool)
        for column, name in enumerate(mesh.region_names):
            flags[mesh.region(name), column] = True
        inside, points = self.cells(flags), self.nodes(self.space.coordinates)
        if inside is None or points is None or self._nodes is None:
            return None
        number = np.empty(len(points), int)
        number[self._nodes] = np.arange(len(points))
        regions = {name: inside[:, column] for column, name in enumerate(mesh.region_names)}
        return WholeMesh(mesh.kind, self.space.order, points, number[self._numbered], regions)

    def nodes(self, local: np.ndarray) -> np.ndarray | None:
        """Values (nodes, ...) of values at the local nodes (local nodes, ...), on rank 0."""
        found = self.space.gather(local)
        return None if found is None or self._nodes is None else found[self._nodes]

    def cells(self, local: np.ndarray) -> np.ndarray | None:
        """Values (cells, ...) of values of each rank's cells, on rank 0."""
        pieces = self.comm.gather(local, root=0)
        return None if pieces is None else np.concatenate(pieces)[self._cells]

    def quadrature(self, local: np.ndarray, places: np.ndarray) -> np.ndarray | None:
        """Values (cells, points, ...) of each rank's quadrature points, which lie at `places`, on rank 0."""
        order = self._within(places)
        return self.cells(np.take_along_axis(local, order.reshape(*order.shape, *[1] * (local.ndim - 2)), axis=1))

    def to_nodes(self, values: np.ndarray | None) -> np.ndarray:
        """What `nodes` gathered, at the local nodes again; other ranks than 0 pass None."""
        if values is not None and self._nodes is not None:
            ordered = np.empty_like(values)
            ordered[self._nodes] = values
            values = ordered
        return np.ascontiguousarray(self.comm.bcast(values, root=0)[self.space.node_numbers])

    def to_cells(self, values: np.ndarray | None) -> np.ndarray:
        """What `cells` gathered, on each rank's cells again."""
        if values is not None and self._cells is not None:
            ordered = np.empty_like(values)
            ordered[self._cells] = values
            values = ordered
        counts = self.comm.allgather(len(self.space.mesh.cells))
        first = sum(counts[: self.comm.rank])
        return np.ascontiguousarray(self.comm.bcast(values, root=0)[first : first + counts[self.comm.rank]])

    def to_quadrature(self, values: np.ndarray | None, places: np.ndarray) -> np.ndarray:
        """What `quadrature` gathered, at each rank's quadrature points again."""
        ordered, order = self.to_cells(values), self._within(places)
        out = np.empty_like(ordered)
        np.put_along_axis(out, order.reshape(*order.shape, *[1] * (ordered.ndim - 2)), ordered, axis=1)
        return out

    def _ticks(self, places: np.ndarray) -> np.ndarray:
        return np.asarray(np.floor((places - self._low) / self._size * FINENESS + OFFSET).astype(np.int64))

    def _within(self, places: np.ndarray) -> np.ndarray:
        """(cells, points) order of the points of each cell by place."""
        ticks = self._ticks(places)
        order = np.broadcast_to(np.arange(places.shape[1]), places.shape[:2])
        for axis in range(places.shape[2] - 1, -1, -1):  # the last key first, each sort keeps what is equal
            column = np.take_along_axis(ticks[..., axis], order, axis=1)
            order = np.take_along_axis(order, np.argsort(column, axis=1, kind="stable"), axis=1)
        return order
