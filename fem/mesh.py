"""An unstructured mesh on every rank: cells, vertices, and regions and boundaries by name, from a DMPlex.

Each cell lies on one rank; vertices, edges and faces between ranks lie on all that need them and belong to one. Arrays
hold what this rank has. Lengths are in metres.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ramify.fem import incidence, kernels, plex, topology
from ramify.fem.reference import KINDS, CellKind, Element, KindName

REGION, BOUNDARY = "region:", "boundary:"
"""Beginnings of the names of DMPlex labels."""

_BY_SHAPE: dict[tuple[int, int] | None, KindName] = {
    (1, 2): "interval",
    (2, 3): "triangle",
    (2, 4): "quadrilateral",
    (3, 4): "tetrahedron",
    (3, 6): "hexahedron",
}
"""Kind of a cell from its dimension and the size of its cone."""
_PETSC_CORNERS = {"hexahedron": [0, 3, 2, 1, 4, 5, 6, 7]}
"""Corners of a cell in PETSc's order, where it differs from ours."""


class MeshError(ValueError):
    """A mesh that cannot be used, or a name that it does not have; the message says which and what there is."""


@dataclass(frozen=True)
class RawMesh:
    """A whole mesh as a generator or a file gives it, before PETSc has it."""

    kind: KindName
    points: np.ndarray
    """(vertices, dimension) [m]."""
    cells: np.ndarray
    """(cells, corners), corners in the order of `reference.KINDS`."""
    regions: Mapping[str, np.ndarray]
    """Numbers of the cells of each."""
    boundaries: Mapping[str, np.ndarray]
    """(facets, corners) vertices of the facets of each."""


@dataclass(frozen=True)
class Facets:
    """Facets of a named boundary that this rank counts: each facet of the mesh is counted once over all ranks."""

    kind: CellKind
    points: np.ndarray
    """Numbers among the facets of this rank."""
    corners: np.ndarray
    """(facets, corners) vertices."""


class Mesh:
    """A mesh of one kind of cell.

    Parameters
    ----------
    dm
        Interpolated, distributed DMPlex with labels `region:NAME` and `boundary:NAME`; the mesh owns it.
    regions, boundaries
        The names, the same on every rank.

    Raises
    ------
    MeshError
        For a mesh of mixed cells, or one that has fewer cells than ranks.
    """

    def __init__(self, dm: PETSc.DMPlex, regions: Iterable[str], boundaries: Iterable[str]) -> None:
        self.dm = dm
        self.comm: MPI.Comm = dm.comm.tompi4py()
        self.region_names, self.boundary_names = tuple(regions), tuple(boundaries)
        self.kind = _kind_of(dm, self.comm)
        self.points = plex.coordinates(dm)
        """(vertices, dimension) [m]."""
        self.cells = self._corners()
        """(cells, corners) in the order of `reference.KINDS`, counted so that a good cell has a positive volume."""
        self._owned = plex.owned_points(dm)

    @classmethod
    def build(cls, raw: RawMesh | None, comm: MPI.Comm | None = None) -> Mesh:
        """Distributed mesh from a whole one that rank 0 holds; other ranks pass None. Collective."""
        comm = comm or MPI.COMM_WORLD
        head = None if raw is None else (raw.kind, tuple(raw.regions), tuple(raw.boundaries))
        kind, regions, boundaries = comm.bcast(head, root=0)
        shape = KINDS[kind]
        if raw is None:
            cells, points = np.empty((0, len(shape.corners)), int), np.empty((0, shape.dimension))
        else:
            cells, points = raw.cells, raw.points
        order = _PETSC_CORNERS.get(kind, slice(None))
        dm, facets = plex.from_cells(comm, kind, cells[:, order], points)
        _mark_all(dm, raw, facets, regions, boundaries)
        return cls(plex.distribute(dm), regions, boundaries)

    @property
    def dimension(self) -> int:
        """Of cells and coordinates."""
        return self.kind.dimension

    def refined(self, times: int = 1) -> Mesh:
        """The mesh with every cell cut into 2^dimension, names kept; cells stay on their ranks."""
        dm = self.dm
        for _ in range(times):
            dm.setRefinementUniform(True)
            dm = dm.refine()
        return Mesh(dm, self.region_names, self.boundary_names)

    def cell_count(self) -> int:
        """Cells on all ranks."""
        return int(self.comm.allreduce(len(self.cells)))

    def extent(self) -> np.ndarray:
        """(dimension) lengths of the box around all vertices [m]. Collective."""
        low = np.min(self.comm.allgather(self.points.min(axis=0)), axis=0)
        return np.asarray(np.max(self.comm.allgather(self.points.max(axis=0)), axis=0) - low)

    def area(self, name: str) -> float:
        """Of a named boundary [m^2, m, or 1]. Collective."""
        facets = self.boundary(name)
        tables = Element(facets.kind, 1).tables(2)
        return float(sum(self.comm.allgather(float(kernels.measures(self.points, facets.corners, tables).sum()))))

    def region(self, name: str) -> np.ndarray:
        """Numbers of this rank's cells in a region."""
        self.require_region(name)
        return plex.marked(self.dm, REGION + name, self.dimension)

    def boundary(self, name: str) -> Facets:
        """Facets of a named boundary; one between two ranks is with its owner."""
        self.require_boundary(name)
        facets = plex.marked(self.dm, BOUNDARY + name, self.dimension - 1)
        first, _ = self.dm.getDepthStratum(self.dimension - 1)
        facets = facets[self._owned[first + facets]]
        return Facets(KINDS[self.kind.facet], facets, self.facet_corners(facets))

    def closure(self, name: str) -> np.ndarray:
        """Facets of a named boundary that touch this rank, those counted elsewhere among them."""
        self.require_boundary(name)
        return plex.marked(self.dm, BOUNDARY + name, self.dimension - 1)

    def facet_corners(self, facets: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(facets, corners) vertices of facets of this rank, all by default."""
        if self.dimension == 1:
            return np.arange(len(self.points), dtype=PETSc.IntType)[facets, None]
        if self.dimension == 2:
            return self._cones(1, facets)
        round_it = self._cones(2, facets)
        ends = self._cones(1, round_it.ravel())
        return np.asarray(
            incidence.polygon_corners(np.arange(len(ends), dtype=PETSc.IntType).reshape(round_it.shape), ends)
        )

    @cached_property
    def facet_cells(self) -> np.ndarray:
        """(facets, 2) cells of this rank on either side, -1 where there is none."""
        first, end = self.dm.getDepthStratum(self.dimension - 1)
        return np.asarray(incidence.cells_beside(self._cones(self.dimension), end - first))

    @cached_property
    def cell_edges(self) -> np.ndarray:
        """(cells, edges) numbers of the edges, in the order of the kind."""
        if self.dimension == 1:
            return np.empty((len(self.cells), 0), PETSc.IntType)
        candidates = self._cones(2)
        if self.dimension == 3:
            candidates = candidates[self._cones(3)].reshape(len(self.cells), -1)
        return incidence.numbered_edges(self.cells, candidates, self._cones(1), np.array(self.kind.edges))

    @cached_property
    def cell_faces(self) -> np.ndarray:
        """(cells, faces) numbers of the faces of solid cells, in the order of the kind."""
        if self.dimension < 3:
            return np.empty((len(self.cells), 0), PETSc.IntType)
        return incidence.numbered_faces(self.cells, self._cones(3), self.facet_corners(), np.array(self.kind.faces))

    def facet_edges(self, facets: np.ndarray) -> np.ndarray:
        """(facets, edges) numbers of the edges of facets of solid cells, in the order of the facet's kind."""
        candidates, pairs = self._cones(2, facets), np.array(KINDS[self.kind.facet].edges)
        return incidence.numbered_edges(self.facet_corners(facets), candidates, self._cones(1), pairs)

    def require_region(self, name: str) -> None:
        """Raise MeshError, with the nearest match, unless there is a region of that name."""
        _require("region", name, self.region_names)

    def require_boundary(self, name: str) -> None:
        """Raise MeshError, with the nearest match, unless there is a boundary of that name."""
        _require("boundary", name, self.boundary_names)

    def destroy(self) -> None:
        """Free the DMPlex."""
        self.dm.destroy()

    def _cones(self, depth: int, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Numbers of what the points of a dimension, all or these, have on their boundary."""
        return plex.cones(self.dm, _cone_sizes(self.kind), depth, rows)

    def _corners(self) -> np.ndarray:
        cells = self._cones(self.dimension)
        if self.dimension == 2:
            cells = incidence.polygon_corners(cells, self._cones(1))
        elif self.dimension == 3:
            faces = incidence.polygon_corners(self._cones(2), self._cones(1))
            solid = incidence.tetrahedron_corners if self.kind.name == "tetrahedron" else incidence.hexahedron_corners
            cells = solid(cells, faces)
        return _turned(cells, self.points, self.kind)


def _turned(cells: np.ndarray, points: np.ndarray, kind: CellKind) -> np.ndarray:
    """The cells with the corners of those that are counted the wrong way round in their mirror's order."""
    wrong = kernels.determinants(points, cells, Element(kind, 1).tables(1)) < 0.0
    mirror = {
        "interval": [1, 0],
        "triangle": [0, 2, 1],
        "quadrilateral": [0, 3, 2, 1],
        "tetrahedron": [0, 2, 1, 3],
        "hexahedron": [0, 3, 2, 1, 4, 7, 6, 5],
    }[kind.name]
    cells[wrong] = cells[wrong][:, mirror]
    return cells


def _kind_of(dm: PETSc.DMPlex, comm: MPI.Comm) -> CellKind:
    shapes = comm.allgather(plex.cell_shape(dm))
    if (0, 0) in shapes:
        raise MeshError(f"mesh on {comm.size} ranks of which some get no cell: use fewer ranks")
    if len(set(shapes)) > 1 or shapes[0] not in _BY_SHAPE:
        raise MeshError(f"mesh of mixed or unknown cells; allowed: one kind of {', '.join(_BY_SHAPE.values())}")
    return KINDS[_BY_SHAPE[shapes[0]]]


def _cone_sizes(kind: CellKind) -> list[int]:
    if kind.dimension == 1:
        return [0, 2]
    if kind.dimension == 2:
        return [0, 2, len(kind.edges)]
    return [0, 2, len(kind.faces[0]), len(kind.faces)]


def _mark_all(
    dm: PETSc.DMPlex,
    raw: RawMesh | None,
    facets: np.ndarray,
    regions: tuple[str, ...],
    boundaries: tuple[str, ...],
) -> None:
    """Labels on rank 0, whose cells and facets have the numbers of the whole mesh; the names on all ranks."""
    nothing = np.empty(0, dtype=int)
    for name in regions:
        plex.mark(dm, REGION + name, nothing if raw is None else raw.regions[name])
    if raw is None:
        for name in boundaries:
            plex.mark(dm, BOUNDARY + name, nothing)
        return
    first, _ = dm.getDepthStratum(raw.points.shape[1] - 1)
    for name in boundaries:
        wanted = np.ascontiguousarray(raw.boundaries[name], facets.dtype).reshape(-1, facets.shape[1])
        found = topology.find_rows(facets, wanted, len(raw.points))
        if (found < 0).any():
            raise MeshError(f"boundary '{name}': {int((found < 0).sum())} of its facets belong to no cell")
        plex.mark(dm, BOUNDARY + name, first + found)


def _require(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        near: list[Any] = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        listed = ", ".join(f"'{other}'" for other in known) or "none"
        raise MeshError(f"the mesh has no {what} named '{name}' (it has: {listed}){hint}")


def read_mesh(path: Path, comm: MPI.Comm | None = None, unit: float = 1.0) -> Mesh:
    """Mesh of a file: `.msh` through DMPlex, anything else through meshio; coordinates times `unit` [m]. Collective."""
    from ramify.fem.meshfiles import read

    return read(Path(path), comm or MPI.COMM_WORLD, unit)
