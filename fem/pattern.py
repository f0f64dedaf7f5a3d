"""Sparse matrices of a space: entries by pairs of neighbouring nodes, added up on each rank, handed to PETSc as COO.

A rank adds the contributions of its cells into one array, one block of (components, components) per pair of nodes that
share a cell. PETSc learns the global rows and columns of that array once (`setPreallocationCOO`) and takes its values
after every assembly (`setValuesCOO`), sending what belongs to rows of other ranks.
"""

from __future__ import annotations

import numba
import numpy as np
from petsc4py import PETSc

from ramify.fem.spaces import Space


@numba.njit(cache=True)
def _cells_of_nodes(cell_nodes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(starts, cells): the cells around each node."""
    starts = np.zeros(count + 1, np.int64)
    for node in cell_nodes.flat:
        starts[node + 1] += 1
    starts = np.cumsum(starts)
    cells, at = np.empty(starts[-1], np.int32), starts[:-1].copy()
    for n in range(len(cell_nodes)):
        for node in cell_nodes[n]:
            cells[at[node]] = n
            at[node] += 1
    return starts, cells


@numba.njit(cache=True)
def _neighbours(cell_nodes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(starts, columns): the nodes that share a cell with each node, ascending."""
    around, cells = _cells_of_nodes(cell_nodes, count)
    starts = np.zeros(count + 1, np.int64)
    seen = np.full(count, -1, np.int32)
    for row in range(count):
        found = 0
        for k in range(around[row], around[row + 1]):
            for node in cell_nodes[cells[k]]:
                if seen[node] != row:
                    seen[node] = row
                    found += 1
        starts[row + 1] = starts[row] + found
    columns = np.empty(starts[-1], np.int32)
    seen[:] = -1
    for row in range(count):
        at = starts[row]
        for k in range(around[row], around[row + 1]):
            for node in cell_nodes[cells[k]]:
                if seen[node] != row:
                    seen[node] = row
                    columns[at] = node
                    at += 1
        columns[starts[row] : at].sort()
    return starts, columns


@numba.njit(cache=True)
def find_slots(cell_nodes: np.ndarray, starts: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(cells, nodes, nodes) place of each pair of a cell's nodes (row, column) in the array of entries, -1 for none."""
    count, width = cell_nodes.shape
    slots = np.full((count, width, width), -1, np.int32)
    for n in range(count):
        for a in range(width):
            row = cell_nodes[n, a]
            for b in range(width):
                low, high = starts[row], starts[row + 1]
                column = cell_nodes[n, b]
                while low < high:
                    middle = (low + high) // 2
                    if columns[middle] < column:
                        low = middle + 1
                    else:
                        high = middle
                if low < starts[row + 1] and columns[low] == column:
                    slots[n, a, b] = low
    return slots


class Pattern:
    """Which pairs of this rank's nodes share a cell, and the PETSc matrix on them.

    Parameters
    ----------
    space
        The space; its components make the blocks.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.starts, self.columns = _neighbours(space.cell_nodes, space.local_count)
        self.rows = np.repeat(np.arange(space.local_count, dtype=np.int32), np.diff(self.starts))
        self.slots = find_slots(space.cell_nodes, self.starts, self.columns)
        """(cells, nodes, nodes) entry of each pair."""

    def slots_of(self, nodes: np.ndarray) -> np.ndarray:
        """Entries of the pairs within each row of `nodes` (facets, nodes)."""
        return find_slots(nodes, self.starts, self.columns)

    def zeros(self) -> np.ndarray:
        """Entries to add into, (pairs, components, components)."""
        width = self.space.components
        return np.zeros((len(self.columns), width, width))

    def matrix(self, fixed: np.ndarray | None = None) -> PETSc.Mat:
        """A matrix that takes such entries by `fill`; the caller destroys it.

        Nodes all of whose unknowns are `fixed` (local nodes, components) for good keep no neighbours: no zeros are
        multiplied there, and multigrid leaves them out. Blocks stay whole, for PETSc is slow on others.
        """
        space = self.space
        width = space.components
        vector = space.vector()
        sizes = vector.getSizes()
        vector.destroy()
        matrix = PETSc.Mat().create(comm=space.mesh.comm)
        matrix.setSizes((sizes, sizes), bsize=width)
        matrix.setType(PETSc.Mat.Type.AIJ)
        unknown = np.arange(width, dtype=PETSc.IntType)
        first_row = space.node_numbers[self.rows] * width
        first_column = space.node_numbers[self.columns] * width
        shape = (len(self.rows), width, width)
        i = np.empty(shape, PETSc.IntType)
        j = np.empty(shape, PETSc.IntType)
        i[:] = first_row[:, None, None] + unknown[None, :, None]
        j[:] = first_column[:, None, None] + unknown[None, None, :]
        if fixed is not None:
            held = np.asarray(fixed.all(axis=1))
            # PETSc passes over entries of negative rows.
            i[(held[self.rows] | held[self.columns]) & (self.rows != self.columns)] = -1
        matrix.setPreallocationCOO(i.ravel(), j.ravel())
        return matrix

    @staticmethod
    def fill(matrix: PETSc.Mat, entries: np.ndarray) -> None:
        """Set the matrix to the entries that all ranks added up."""
        matrix.setValuesCOO(entries.ravel(), addv=PETSc.InsertMode.INSERT_VALUES)

    def constrain(self, entries: np.ndarray, fixed: np.ndarray, diagonal: float = 1.0) -> None:
        """Clear rows and columns of unknowns that are given, and put `diagonal` there.

        Parameters
        ----------
        entries
            Changed in place.
        fixed
            (local nodes, components), True where the unknown is given; ranks agree on shared nodes.
        diagonal
            Of the cleared rows.
        """
        clear_fixed(entries, self.rows, self.columns, fixed)
        at = self.slots_of(np.flatnonzero(self.space.owned).astype(np.int32)[:, None]).ravel()
        set_fixed_diagonal(entries, at, fixed[self.space.owned], diagonal)


@numba.njit(cache=True)
def clear_fixed(entries: np.ndarray, rows: np.ndarray, columns: np.ndarray, fixed: np.ndarray) -> None:
    """Zero every entry whose row or column is fixed."""
    width = entries.shape[1]
    for k in range(len(entries)):
        for p in range(width):
            for q in range(width):
                if fixed[rows[k], p] or fixed[columns[k], q]:
                    entries[k, p, q] = 0.0


@numba.njit(cache=True)
def set_fixed_diagonal(entries: np.ndarray, at: np.ndarray, fixed: np.ndarray, diagonal: float) -> None:
    """Put `diagonal` at the diagonal entries `at` of fixed unknowns."""
    for n in range(len(at)):
        for p in range(entries.shape[1]):
            if fixed[n, p]:
                entries[at[n], p, p] = diagonal


@numba.njit(cache=True)
def apply_entries(entries: np.ndarray, starts: np.ndarray, columns: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A rank's part of the product with a local field (local nodes, components); to be added up over ranks."""
    out = np.zeros_like(field)
    width = field.shape[1]
    for row in range(len(field)):
        for k in range(starts[row], starts[row + 1]):
            for p in range(width):
                for q in range(width):
                    out[row, p] += entries[k, p, q] * field[columns[k], q]
    return out
