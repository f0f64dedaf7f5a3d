"""Contact pressure on named boundaries, from the forces at their nodes.

    integral of f_a p_h over the boundary = - sum over nodes b of f_a(x_b) n_b.F_b,      p_h = sum of f_a p_a

f_a: linear functions of the corners, also of elements of second order, whose own would swing from corner to middle
where a stress is steep. F_b: force that the boundary puts on the solid at node b, exact for the discrete equations;
n_b: mean normal there, out of the solid. p is the normal traction -n.sigma.n, positive in compression. The f_a add up
to one, so that the integral of p_h is the sum of the normal forces, to round-off, and on a plane boundary the reaction.
Where a plane of symmetry meets the boundary, what the plane itself bears is left out, as is the part of the normal
across it: the boundary goes on behind it.

A boundary inside the solid must lie between regions; forces are then those of the region that the solid names first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from ramify.fem import kernels, plex, solid_kernels
from ramify.fem.elasticity import Solid
from ramify.fem.mesh import MeshError
from ramify.fem.reference import Element, Tables
from ramify.fem.solid_boundaries import SolidCondition, Symmetry, across, loads


class Contact:
    """A named boundary of a solid whose contact pressure is asked for.

    Parameters
    ----------
    solid
        The solid.
    boundary
        Outside it, or between its regions.
    conditions
        On the solid, for the planes of symmetry.

    Raises
    ------
    MeshError
        For a boundary inside the solid that does not separate one of its regions from others, or is partly outside.
    """

    def __init__(self, solid: Solid, boundary: str, conditions: Sequence[SolidCondition]) -> None:
        self.solid, self.boundary = solid, boundary
        space, mesh = solid.space, solid.space.mesh
        self.phase = self._side()
        """Number of the phase whose forces count; -1 where all do."""
        self.inside = self.phase >= 0
        facets = mesh.boundary(boundary)
        corner = Element(facets.kind, 1)
        tables = corner.tables(2 * space.order + 1)
        self.nodes = space.boundary_nodes(boundary)
        around = space.facet_nodes(facets.points)
        shares = corner.evaluate(facets.kind.nodes(space.order))[0]
        """(nodes, corners) of a facet: linear functions at its nodes."""
        self.normals = self._node_normals(tables, around, shares, conditions)
        """(local nodes, dimension), zero away from the boundary."""
        weights = kernels.measures(mesh.points, facets.corners, tables)
        values = np.asarray(tables.values)
        masses = np.einsum("nq,qa,qb->nab", weights, values, values)
        self.area = float(sum(mesh.comm.allgather(float(weights.sum()))))
        self._factor(masses, space.node_numbers[around], shares)

    def pressure(self, stress: np.ndarray, conditions: Sequence[SolidCondition]) -> tuple[np.ndarray, np.ndarray]:
        """Contact pressure, and the force (dimension,) [N] that the boundary puts on the solid. Collective.

        Parameters
        ----------
        stress
            (cells, points, 6) [Pa].
        conditions
            On the solid, now: loads of other boundaries at shared nodes are not this one's.

        Returns
        -------
        pressure
            At the local nodes [Pa], not a number away from the boundary.
        """
        solid, space = self.solid, self.solid.space
        if self.inside:
            stress = np.where((solid.phase_of_cell == self.phase)[:, None, None], stress, 0.0)
        others = [c for c in conditions if c.boundary != self.boundary]
        vector = space.vector()
        space.add_up(solid.forces(stress)[0] - (0.0 if self.inside else loads(space, others)), vector)
        forces = space.to_local(vector)
        vector.destroy()
        on = self.nodes[space.owned[self.nodes]]
        mine = -(forces[on] * self.normals[on]).sum(axis=1)
        force = np.sum(space.mesh.comm.allgather(forces[on].sum(axis=0)), axis=0)
        values = np.full(space.local_count, np.nan)
        numbers = space.node_numbers[self.nodes]
        solved = self._solved(space.node_numbers[on], mine)
        values[self.nodes] = solved[np.searchsorted(self._numbers, numbers)]
        return values, np.asarray(force)

    def integral(self, pressure: np.ndarray) -> float:
        """Integral [N] of values at the local nodes over the boundary. Collective."""
        space = self.solid.space
        everywhere = np.zeros(space.global_count)
        for numbers, values in space.mesh.comm.allgather((space.node_numbers[self.nodes], pressure[self.nodes])):
            everywhere[numbers] = values
        return float(self._shares @ everywhere[self._numbers[self._corners]])

    def _side(self) -> int:
        """Phase on whose side of the boundary forces are taken; -1 outside. Collective."""
        solid, mesh = self.solid, self.solid.space.mesh
        beside, mine = mesh.facet_cells, mesh.boundary(self.boundary).points
        depth, comm = mesh.dimension - 1, mesh.comm
        cells, _ = plex.sum_over_ranks(mesh.dm, depth, (beside >= 0).sum(axis=1).astype(float))
        counts = set().union(*comm.allgather({int(n) for n in cells[mine]}))
        if counts <= {1}:
            return -1
        for phase in range(len(solid.phases)) if counts == {2} else ():
            there = ((beside >= 0) & (solid.phase_of_cell[beside] == phase)).sum(axis=1).astype(float)
            found, _ = plex.sum_over_ranks(mesh.dm, depth, there)
            if all(comm.allgather(bool((found[mine] == 1.0).all()))):
                return phase
        raise MeshError(
            f"boundary '{self.boundary}' has cells on both sides and is not between regions of the solid; allowed for "
            "a contact pressure: outer boundaries, and those between regions"
        )

    def _facet_normals(self, tables: Tables) -> np.ndarray:
        """(facets, points, dimension) out of the solid, or of the phase that counts."""
        mesh = self.solid.space.mesh
        facets = mesh.boundary(self.boundary)
        beside = mesh.facet_cells[facets.points]
        behind, sign = beside[:, 0], np.ones(len(beside))
        if self.inside:
            ours = (beside >= 0) & (self.solid.phase_of_cell[beside] == self.phase)
            behind = np.where(ours[:, 1], beside[:, 1], beside[:, 0])
            sign = np.where(ours.any(axis=1), 1.0, -1.0)
        inside = mesh.points[mesh.cells[behind]].mean(axis=1)
        normals = np.empty((len(facets.corners), len(tables.weights), mesh.dimension))
        solid_kernels.outward_normals(mesh.points, facets.corners, tables, inside, normals)
        return np.asarray(sign[:, None, None] * normals)

    def _node_normals(
        self, tables: Tables, around: np.ndarray, shares: np.ndarray, conditions: Sequence[SolidCondition]
    ) -> np.ndarray:
        """Unit normals: means at the corners of the facets, between them at other nodes. Collective."""
        space, mesh = self.solid.space, self.solid.space.mesh
        corners = around[:, : shares.shape[1]]
        facing, weighted = self._facet_normals(tables), space.zeros()
        for i in range(space.components):
            along = np.ascontiguousarray(facing[..., i])
            kernels.add_load(mesh.points, mesh.boundary(self.boundary).corners, tables, along, corners, i, weighted)
        across_planes = [
            (np.intersect1d(self.nodes, space.boundary_nodes(c.boundary)), across(space, c.boundary))
            for c in conditions
            if isinstance(c, Symmetry) and c.boundary != self.boundary
        ]
        normals = self._unit(weighted, across_planes)
        between = space.zeros()
        np.add.at(between, around, np.einsum("ac,nci->nai", shares, normals[corners]))
        return self._unit(between, across_planes)

    def _unit(self, mine: np.ndarray, across_planes: list[tuple[np.ndarray, int]]) -> np.ndarray:
        """Vectors at the nodes, added up over ranks, without their parts across planes, of length one. Collective."""
        vector = self.solid.space.vector()
        self.solid.space.add_up(mine, vector)
        normals = self.solid.space.to_local(vector)
        vector.destroy()
        for nodes, component in across_planes:
            normals[nodes, component] = 0.0
        sizes = np.linalg.norm(normals, axis=1, keepdims=True)
        return np.asarray(np.divide(normals, sizes, out=np.zeros_like(normals), where=sizes > 0.0))

    def _factor(self, masses: np.ndarray, nodes: np.ndarray, shares: np.ndarray) -> None:
        """Factors of the boundary's mass matrix, on rank 0; the boundary is small beside the solid. Collective."""
        comm = self.solid.space.mesh.comm
        masses, nodes = (np.concatenate(parts) for parts in zip(*comm.allgather((masses, nodes)), strict=True))
        self._numbers, places = np.unique(nodes, return_inverse=True)
        places = places.reshape(nodes.shape)
        corners, inverse = np.unique(places[:, : shares.shape[1]], return_inverse=True)
        inverse = inverse.reshape(len(nodes), -1)
        # Facets that share a node agree on what their linear functions are there: each pair counts once.
        rows, columns = np.broadcast_arrays(inverse[:, None, :], places[:, :, None])
        pairs, first = np.unique(np.stack([rows.ravel(), columns.ravel()]), axis=1, return_index=True)
        values = np.broadcast_to(shares, (len(nodes), *shares.shape)).ravel()[first]
        self._spread = coo_array((values, tuple(pairs)), (len(corners), len(self._numbers))).tocsr()
        """Linear functions (corners, nodes) at the nodes of the boundary."""
        rows, columns = np.broadcast_arrays(inverse[:, :, None], inverse[:, None, :])
        size = (len(corners), len(corners))
        matrix = coo_array((masses.ravel(), (rows.ravel(), columns.ravel())), size).tocsc()
        self._corners, self._shares = corners, np.asarray(matrix.sum(axis=0)).ravel()
        """Corners among the boundary's nodes, and the integral of the function of each."""
        self._factors = splu(matrix) if comm.rank == 0 else None

    def _solved(self, numbers: np.ndarray, forces: np.ndarray) -> np.ndarray:
        """Pressures at all nodes of the boundary, by global number, from this rank's normal forces. Collective."""
        comm = self.solid.space.mesh.comm
        pieces = comm.gather((numbers, forces), root=0)
        found = None
        if pieces is not None and self._factors is not None:
            right = np.zeros(len(self._numbers))
            for some, values in pieces:
                right[np.searchsorted(self._numbers, some)] = values
            found = self._spread.T @ self._factors.solve(self._spread @ right)
        return np.asarray(comm.bcast(found, root=0))
