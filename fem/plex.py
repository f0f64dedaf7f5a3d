"""The one place where DMPlex is created, distributed and read in bulk.

petsc4py hands out the cone of one point at a time; a mesh has millions. The cones of a whole stratum lie in one array
behind `DMPlexGetCones`, which is called here through the library that petsc4py has loaded.

Points of a DMPlex are numbered through: cells, vertices, faces and edges each fill one interval, a *stratum*, whose
depth is the dimension of its points.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ramify.fem import options, topology
from ramify.fem.partition import bisect

_library = ctypes.CDLL(PETSc.__file__)
_INTEGER = np.ctypeslib.as_ctypes_type(PETSc.IntType)
_library.DMPlexGetCones.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_library.DMPlexCreateFromDAG.argtypes = [ctypes.c_void_p, _INTEGER, *[ctypes.c_void_p] * 5]

_POLYTOPES = {
    "interval": ("POINT", "SEGMENT"),
    "triangle": ("POINT", "SEGMENT", "TRIANGLE"),
    "quadrilateral": ("POINT", "SEGMENT", "QUADRILATERAL"),
    "tetrahedron": ("POINT", "SEGMENT", "TRIANGLE", "TETRAHEDRON"),
    "hexahedron": ("POINT", "SEGMENT", "QUADRILATERAL", "HEXAHEDRON"),
}
"""PETSc's names of a cell and of what it is made of, by dimension."""


def from_cells(comm: MPI.Comm, kind: str, cells: np.ndarray, points: np.ndarray) -> tuple[PETSc.DMPlex, np.ndarray]:
    """(DMPlex with all edges and faces, that lies on rank 0 alone; corners (facets, corners) of its facets).

    Parameters
    ----------
    comm
        Communicator of the mesh.
    kind
        Name of the cells.
    cells
        (n, corners) vertex numbers in PETSc's order; empty on other ranks.
    points
        (m, dimension) coordinates [m]; empty on other ranks.
    """
    dimension = len(_POLYTOPES[kind]) - 1
    found, facets = topology.cones_of(kind, np.ascontiguousarray(cells, PETSc.IntType), len(points))
    # PETSc numbers cells, vertices, faces, edges one after the other.
    counts = [len(cells), len(points), *(len(cone.members) for cone in found[1:])]
    first = [0, *(int(end) for end in np.cumsum(counts))]
    sizes = np.zeros(first[-1], PETSc.IntType)
    for cone, start in zip(found, [0, *first[2:-1]], strict=True):
        sizes[start : start + len(cone.members)] = cone.members.shape[1]
    members = np.concatenate(
        [(cone.members + start).ravel() for cone, start in zip(found, [*first[2:-1], first[1]], strict=True)]
    )
    orientations = np.concatenate([cone.orientations.ravel() for cone in found])
    by_depth = [1, *range(dimension, 1, -1), 0]
    arrays = [np.array([counts[k] for k in by_depth]), sizes, members, orientations]
    arrays = [array.astype(PETSc.IntType, copy=False) for array in arrays]
    arrays.append(np.ascontiguousarray(points, PETSc.ScalarType))
    plex = PETSc.DMPlex().create(comm)
    plex.setDimension(dimension)
    plex.setCoordinateDim(dimension)
    _checked(_library.DMPlexCreateFromDAG(plex.handle, dimension, *(array.ctypes.data for array in arrays)))
    plex.createLabel("celltype")
    for name, k in zip(_POLYTOPES[kind], by_depth, strict=True):
        stratum = PETSc.IS().createStride(counts[k], first[k], 1, comm=PETSc.COMM_SELF)
        plex.getLabel("celltype").setStratumIS(int(getattr(PETSc.DM.PolytopeType, name)), stratum)
        stratum.destroy()
    return plex, facets


def _checked(error: int) -> None:
    if error:
        raise PETSc.Error(error)


def from_gmsh(comm: MPI.Comm, path: Path, several_groups: bool) -> PETSc.DMPlex:
    """DMPlex of a `.msh` file (2.2, 4.0, 4.1; text or binary), on rank 0.

    The labels `Cell Sets` and `Face Sets` (`Vertex Sets` of intervals) hold the numbers of the physical groups. With
    `several_groups` an entity may be in more than one; files of version 2 have other numbers in their place.
    """
    plex = PETSc.DMPlex()
    with options.for_now(dm_plex_gmsh_multiple_tags=several_groups):
        plex.createFromFile(str(path), comm=comm, interpolate=True)
    return plex


def distribute(plex: PETSc.DMPlex) -> PETSc.DMPlex:
    """The mesh with its cells spread over the ranks by recursive bisection of their centres, no overlap.

    The partition depends on the mesh alone, not on libraries that PETSc may or may not have.
    """
    size = plex.comm.size
    if size == 1:
        return plex
    first, last = plex.getHeightStratum(0)
    parts = bisect(cell_centres(plex), size) if last > first else np.empty(0, int)
    order = np.argsort(parts, kind="stable").astype(PETSc.IntType)
    partitioner = plex.getPartitioner()
    partitioner.setType(partitioner.Type.SHELL)
    partitioner.setShellPartition(size, np.bincount(parts, minlength=size).astype(PETSc.IntType), order)
    plex.distribute(overlap=0)
    return plex


def strata(plex: PETSc.DMPlex) -> list[tuple[int, int]]:
    """First point and end of each stratum, by depth; empty ones too."""
    return [plex.getDepthStratum(depth) for depth in range(plex.getDimension() + 1)]


def cones(plex: PETSc.DMPlex, kind_sizes: list[int], depth: int, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Cones of the points of one stratum: rows of point numbers.

    Parameters
    ----------
    plex
        Mesh of one kind of cell.
    kind_sizes
        Points in the cone of a point of depth 0 (none), 1, 2, ...
    depth
        Of the stratum, at least 1.
    rows
        Points of the stratum, counted from its first; all by default.

    Returns
    -------
    ndarray
        (points, size), numbers relative to the first point of the stratum below; a copy.
    """
    intervals = strata(plex)
    (first, end), size = intervals[depth], kind_sizes[depth]
    if end == first:
        return np.empty((0, size), PETSc.IntType)
    pointer = ctypes.POINTER(_INTEGER)()
    _checked(_library.DMPlexGetCones(plex.handle, ctypes.byref(pointer)))
    # Cones follow each other in the order of the points.
    before = sum((b - a) * kind_sizes[other] for other, (a, b) in enumerate(intervals) if a < first)
    flat = np.ctypeslib.as_array(pointer, shape=(before + (end - first) * size,))
    return flat[before:].reshape(-1, size)[rows] - PETSc.IntType(intervals[depth - 1][0])


def coordinates(plex: PETSc.DMPlex) -> np.ndarray:
    """(vertices of this rank, dimension) [m]."""
    dimension = plex.getCoordinateDim()
    return np.array(plex.getCoordinatesLocal().getArray(readonly=True)).reshape(-1, dimension)


def outer_facets(plex: PETSc.DMPlex) -> np.ndarray:
    """Points of the facets with one cell beside them, of a mesh that lies on one rank."""
    dimension = plex.getDimension()
    first, end = plex.getDepthStratum(dimension - 1)
    cells = cones(plex, _uniform_sizes(plex), dimension)
    return first + np.flatnonzero(np.bincount(cells.ravel(), minlength=end - first) == 1)


def cell_centres(plex: PETSc.DMPlex) -> np.ndarray:
    """(cells of this rank, dimension) means of the vertices that the faces of a cell name."""
    values = coordinates(plex)
    for depth in range(1, plex.getDimension() + 1):
        values = values[cones(plex, _uniform_sizes(plex), depth)].mean(axis=1)
    return values


def _uniform_sizes(plex: PETSc.DMPlex) -> list[int]:
    """Cone sizes by depth, of a mesh of one kind of cell."""
    return [0] + [int(plex.getConeSize(first)) if end > first else 1 for first, end in strata(plex)[1:]]


def owned_points(plex: PETSc.DMPlex) -> np.ndarray:
    """Whether this rank owns each of its points; a point on several ranks has one owner."""
    first, end = plex.getChart()
    owned = np.ones(end - first, dtype=bool)
    if plex.comm.size > 1:
        _, leaves, remote = plex.getPointSF().getGraph()
        owned[np.arange(len(remote)) if leaves is None else leaves] = False
    return owned


def mark(plex: PETSc.DMPlex, label: str, points: np.ndarray) -> None:
    """Put points, in any order and number, into a label of that name with the value 1; collective in the name alone."""
    plex.createLabel(label)
    there = np.zeros(plex.getChart()[1], dtype=bool)
    there[points] = True
    inside = PETSc.IS().createGeneral(np.flatnonzero(there).astype(PETSc.IntType), comm=PETSc.COMM_SELF)
    plex.getLabel(label).setStratumIS(1, inside)
    inside.destroy()


def marked(plex: PETSc.DMPlex, label: str, depth: int) -> np.ndarray:
    """Points of a label in the stratum of that depth, relative to its first point, ascending; any value counts."""
    first, end = plex.getDepthStratum(depth)
    found: list[Any] = [np.empty(0, PETSc.IntType)]
    if plex.hasLabel(label):
        for value in plex.getLabelIdIS(label).getIndices():
            points = plex.getStratumIS(label, int(value))
            found.append(points.getIndices() if points else found[0])
    points = np.unique(np.concatenate(found))
    return points[(points >= first) & (points < end)] - first


def sum_over_ranks(plex: PETSc.DMPlex, depth: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(sums, owned): what all ranks hold at each point of a stratum, and whether it is this rank's. Collective."""
    first, end = plex.getDepthStratum(depth)
    owned = owned_points(plex)[first:end]
    if plex.comm.size == 1:
        return values, owned
    dm = plex.clone()
    dm.setNumFields(1)
    dm.setLocalSection(dm.createSection([1], [int(d == depth) for d in range(plex.getDimension() + 1)]))
    local, whole = dm.createLocalVec(), dm.createGlobalVec()
    local.getArray()[:] = values
    dm.localToGlobal(local, whole, addv=PETSc.InsertMode.ADD_VALUES)
    dm.globalToLocal(whole, local)
    sums = np.array(local.getArray(readonly=True))
    for piece in (local, whole, dm):
        piece.destroy()
    return sums, owned


def cell_shape(plex: PETSc.DMPlex) -> tuple[int, int] | None:
    """(dimension, cone size) of this rank's cells; None if they are of more than one kind, (0, 0) if there are none."""
    first, end = plex.getHeightStratum(0)
    if first == end:
        return 0, 0
    if plex.getStratumSize("celltype", int(plex.getCellType(first))) != end - first:
        return None
    return int(plex.getDimension()), int(plex.getConeSize(first))


def is_straight(plex: PETSc.DMPlex) -> bool:
    """Whether coordinates are those of this rank's vertices, as many as the cells have dimensions."""
    first, end = plex.getDepthStratum(0)
    dimension = plex.getDimension()
    return bool(
        plex.getCoordinateDim() == dimension and plex.getCoordinatesLocal().getSize() == (end - first) * dimension
    )
