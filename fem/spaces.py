"""Continuous Lagrange spaces on a mesh: nodes of this rank, their owners, and vectors on them.

Nodes sit at the vertices, and at second order in the middle of edges, faces and cells as `reference` says. Each node
carries `components` unknowns, side by side. A PetscSection on the DMPlex numbers them; its local vector holds all
nodes of this rank's cells, those owned elsewhere too, its global vector each node once.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from petsc4py import PETSc

from ramify.fem.mesh import Mesh
from ramify.fem.reference import KINDS, Element, Order


class Space:
    """Continuous Lagrange elements of order 1 or 2.

    Parameters
    ----------
    mesh
        The mesh.
    order
        1 or 2.
    components
        Unknowns per node.
    """

    def __init__(self, mesh: Mesh, order: Order = 1, components: int = 1) -> None:
        self.mesh, self.order, self.components = mesh, order, components
        self.element = Element(mesh.kind, order)
        self.facet_element = Element(KINDS[mesh.kind.facet], order)
        self._per_depth = _nodes_per_depth(self.element)
        self.dm = mesh.dm.clone()
        self.section = _section(self.dm, [count * components for count in self._per_depth])
        self.dm.setLocalSection(self.section)
        self._first = self._first_nodes()
        self.map = self.dm.getLGMap()
        """From local to global unknowns."""

    @cached_property
    def cell_nodes(self) -> np.ndarray:
        """(cells, nodes) local nodes of each cell, in the order of the element."""
        mesh = self.mesh
        parts = [self._first[0] + mesh.cells]
        if self.order == 2:
            if mesh.dimension > 1:
                parts.append(self._first[1] + mesh.cell_edges)
            if mesh.dimension == 3 and self._per_depth[2]:
                parts.append(self._first[2] + mesh.cell_faces)
            if self._per_depth[-1]:
                parts.append(self._first[-1] + np.arange(len(mesh.cells))[:, None])
        return np.ascontiguousarray(np.concatenate(parts, axis=1), dtype=np.int32)

    def facet_nodes(self, facets: np.ndarray) -> np.ndarray:
        """(facets, nodes) local nodes of facets of this rank, in the order of the facet's element."""
        mesh = self.mesh
        parts = [self._first[0] + mesh.facet_corners(facets)]
        if self.order == 2 and mesh.dimension == 2:
            parts.append(self._first[1] + facets[:, None])
        elif self.order == 2 and mesh.dimension == 3:
            parts.append(self._first[1] + mesh.facet_edges(facets))
            if self._per_depth[2]:
                parts.append(self._first[2] + facets[:, None])
        return np.ascontiguousarray(np.concatenate(parts, axis=1), dtype=np.int32)

    def boundary_nodes(self, name: str) -> np.ndarray:
        """Local nodes on a named boundary, ascending, whichever rank counts its facets.

        A node can touch a boundary only through a facet that another rank has; ranks are asked, so this is collective.
        """
        touched = np.zeros(self.local_count, dtype=bool)
        touched[self.facet_nodes(self.mesh.closure(name)).ravel()] = True
        return np.flatnonzero(self.anywhere(touched))

    def region_nodes(self, name: str) -> np.ndarray:
        """Local nodes of the cells of a region, ascending. Collective."""
        touched = np.zeros(self.local_count, dtype=bool)
        touched[self.cell_nodes[self.mesh.region(name)].ravel()] = True
        return np.flatnonzero(self.anywhere(touched))

    @cached_property
    def local_count(self) -> int:
        """Nodes of this rank's cells."""
        return int(self.section.getStorageSize() // self.components)

    @cached_property
    def global_count(self) -> int:
        """Nodes on all ranks."""
        return int(self.mesh.comm.allreduce(int(self.owned.sum())))

    @cached_property
    def node_numbers(self) -> np.ndarray:
        """Global number of each local node."""
        indices = self.map.getIndices()[:: self.components]
        return np.ascontiguousarray(indices // self.components)

    @cached_property
    def owned(self) -> np.ndarray:
        """Whether each local node is this rank's."""
        vector = self.dm.createGlobalVec()
        first, end = (bound // self.components for bound in vector.getOwnershipRange())
        vector.destroy()
        return (self.node_numbers >= first) & (self.node_numbers < end)

    @cached_property
    def coordinates(self) -> np.ndarray:
        """(local nodes, dimension) places of the nodes [m]."""
        mesh = self.mesh
        places = np.empty((self.local_count, mesh.dimension))
        places[self._first[0] : self._first[0] + len(mesh.points)] = mesh.points
        for column, group in enumerate(mesh.kind.node_groups(self.order)):
            if len(group) > 1:
                places[self.cell_nodes[:, column]] = mesh.points[mesh.cells[:, list(group)]].mean(axis=1)
        return places

    def zeros(self) -> np.ndarray:
        """A local array of zeros, (local nodes, components)."""
        return np.zeros((self.local_count, self.components))

    def vector(self) -> PETSc.Vec:
        """A global vector of zeros; the caller destroys it."""
        return self.dm.createGlobalVec()

    def to_local(self, vector: PETSc.Vec) -> np.ndarray:
        """Values of a global vector at this rank's nodes, (local nodes, components)."""
        local = self.dm.getLocalVec()
        self.dm.globalToLocal(vector, local)
        values = np.array(local.getArray(readonly=True)).reshape(-1, self.components)
        self.dm.restoreLocalVec(local)
        return values

    def add_up(self, local: np.ndarray, vector: PETSc.Vec) -> None:
        """Set a global vector to the sum of what all ranks hold at each node."""
        self._to_global(local, vector, PETSc.InsertMode.ADD_VALUES)

    def owned_to_global(self, local: np.ndarray, vector: PETSc.Vec) -> None:
        """Set a global vector to what the owner of each node holds there."""
        self._to_global(local, vector, PETSc.InsertMode.INSERT_VALUES)

    def anywhere(self, mine: np.ndarray) -> np.ndarray:
        """Whether any rank holds True at each node, at local nodes (local nodes). Collective."""
        if self.mesh.comm.size == 1:
            return mine
        vector = self.vector()
        self.add_up(np.repeat(mine.astype(float), self.components), vector)
        found = self.to_local(vector)[:, 0] > 0.0
        vector.destroy()
        return found

    def gather(self, local: np.ndarray) -> np.ndarray | None:
        """Values (nodes, ...) of all nodes by global number, on rank 0; None elsewhere."""
        pieces = self.mesh.comm.gather((self.node_numbers[self.owned], local[self.owned]), root=0)
        if pieces is None:
            return None
        numbers = np.concatenate([numbers for numbers, _ in pieces])
        whole = np.empty((len(numbers), *local.shape[1:]), local.dtype)
        whole[numbers] = np.concatenate([values for _, values in pieces])
        return whole

    def destroy(self) -> None:
        """Free the section's DM."""
        self.dm.destroy()

    def _to_global(self, local: np.ndarray, vector: PETSc.Vec, mode: PETSc.InsertMode) -> None:
        buffer = self.dm.getLocalVec()
        buffer.getArray()[:] = local.ravel()
        vector.set(0.0)
        self.dm.localToGlobal(buffer, vector, addv=mode)
        self.dm.restoreLocalVec(buffer)

    def _first_nodes(self) -> list[int]:
        """First local node of each depth; a section numbers points in the order of the chart."""
        intervals = [self.mesh.dm.getDepthStratum(depth) for depth in range(self.mesh.dimension + 1)]
        first, at = [0] * len(intervals), 0
        for depth in sorted(range(len(intervals)), key=lambda depth: intervals[depth]):
            first[depth] = at
            at += (intervals[depth][1] - intervals[depth][0]) * self._per_depth[depth]
        return first


def _section(dm: PETSc.DMPlex, unknowns_per_depth: list[int]) -> PETSc.Section:
    """Unknowns of each point, of those points alone that may have some.

    PETSc walks through a section at every exchange of ghosts; cells, faces and edges outnumber vertices by twenty.
    """
    carrying = [(*dm.getDepthStratum(depth), count) for depth, count in enumerate(unknowns_per_depth) if count]
    section = PETSc.Section().create(comm=dm.comm)
    section.setChart(min(first for first, _, _ in carrying), max(end for _, end, _ in carrying))
    for first, end, count in carrying:
        for point in range(first, end):
            section.setDof(point, count)
    section.setUp()
    return section


def _nodes_per_depth(element: Element) -> list[int]:
    """Nodes on each vertex, edge, face, cell."""
    kind, order = element.kind, element.order
    counts = [1] + [0] * kind.dimension
    if order == 2:
        inside = not (kind.affine and kind.dimension > 1)
        counts[1] = 1
        for depth in range(2, kind.dimension + 1):
            counts[depth] = int(inside)
    return counts
