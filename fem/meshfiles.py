"""Meshes from files: Gmsh's `.msh` through DMPlex, everything else through meshio.

Names come from the file: Gmsh's physical groups (those without a name by their number), meshio's cell sets, or its
`gmsh:physical`, `medit:ref` and similar integer data by their numbers. A group of full-dimensional cells is a region,
one of their facets a boundary; other groups are left out. Facets that nobody named make the boundary `outer`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ramify.fem import plex
from ramify.fem.mesh import BOUNDARY, REGION, Mesh, MeshError, RawMesh
from ramify.fem.quality import require_usable
from ramify.fem.reference import KINDS, KindName

_MESHIO_KINDS: dict[str, KindName] = {
    "line": "interval",
    "triangle": "triangle",
    "quad": "quadrilateral",
    "tetra": "tetrahedron",
    "hexahedron": "hexahedron",
}
_DIMENSIONS = {"vertex": 0, "line": 1, "triangle": 2, "quad": 2, "tetra": 3, "hexahedron": 3}
OUTER = "outer"
"""Boundary of all outer facets that no other boundary names."""
NUMBERED = ("gmsh:physical", "medit:ref", "cell_tags", "avsucd:material")
"""Integer data of meshio's readers that group cells."""


def read(path: Path, comm: MPI.Comm, unit: float) -> Mesh:
    """Distributed mesh of a file; coordinates times `unit` are metres. Collective.

    Raises
    ------
    MeshError
        On every rank alike, when the file cannot be read or holds no mesh that can be used.
    """
    if not path.is_file():
        raise MeshError(f"{path}: no such mesh file")
    if path.suffix == ".msh":
        return _usable(_read_gmsh(path, comm, unit), path)
    raw, problem = None, None
    if comm.rank == 0:
        try:
            raw = raw_from_meshio(path, unit)
        except MeshError as error:
            problem = str(error)
    problem = comm.bcast(problem, root=0)
    if problem:
        raise MeshError(problem)
    return _usable(Mesh.build(raw, comm), path)


def _usable(mesh: Mesh, path: Path) -> Mesh:
    require_usable(mesh, str(path))
    return mesh


def raw_from_meshio(path: Path, unit: float) -> RawMesh:
    """A whole mesh as meshio reads it."""
    import meshio

    try:
        mesh = meshio.read(path)
    except (meshio.ReadError, OSError, ValueError, KeyError, IndexError, SystemExit) as error:
        raise MeshError(f"{path}: meshio cannot read it: {error or type(error).__name__}") from None
    return raw_from_blocks(mesh, str(path), unit)


def raw_from_blocks(mesh: Any, name: str, unit: float) -> RawMesh:
    """A whole mesh from meshio's: the cells of highest dimension, which must be of one kind, and the named groups."""
    curved = sorted({block.type for block in mesh.cells} - set(_DIMENSIONS))
    solid = [block for block in mesh.cells if block.type in _MESHIO_KINDS]
    if not solid or curved:
        found = ", ".join(curved) or "none"
        raise MeshError(
            f"{name}: cells that cannot be used: {found}; allowed: {', '.join(_MESHIO_KINDS)} of first order"
        )
    dimension = max(_DIMENSIONS[block.type] for block in solid)
    kinds = {block.type for block in solid if _DIMENSIONS[block.type] == dimension}
    if len(kinds) > 1:
        raise MeshError(f"{name}: a mesh of {' and '.join(sorted(kinds))} cells; allowed: one kind of cell")
    cells, points, kept = _used(mesh, dimension, name)
    groups = _groups(mesh)
    regions, boundaries = {}, {}
    for group, members in groups.items():
        if len(inside := _members(mesh, members, dimension, numbers=True)):
            regions[group] = inside
        if len(facets := _members(mesh, members, dimension - 1, numbers=False)):
            boundaries[group] = kept[facets]
    outer = _unnamed_outer(_MESHIO_KINDS[next(iter(kinds))], cells, boundaries)
    if len(outer):
        boundaries[OUTER if OUTER not in boundaries else "outer rest"] = outer
    return RawMesh(_MESHIO_KINDS[next(iter(kinds))], points * unit, cells, regions, boundaries)


def _used(mesh: Any, dimension: int, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(cells, points, new number of each old point): the full-dimensional cells and the points they use."""
    cells = np.concatenate([block.data for block in mesh.cells if _DIMENSIONS[block.type] == dimension])
    used, inverse = np.unique(cells, return_inverse=True)
    kept = np.full(len(mesh.points), -1)
    kept[used] = np.arange(len(used))
    points = np.asarray(mesh.points, dtype=np.float64)[used]
    if points.shape[1] > dimension:
        # a plane mesh has a coordinate that does not vary; keep those that do
        spread = np.ptp(points, axis=0)
        axes = np.sort(np.argsort(-spread, kind="stable")[:dimension])
        rest = [axis for axis in range(points.shape[1]) if axis not in axes]
        if np.any(spread[rest] > 1e-12 * spread.max()):
            raise MeshError(f"{name}: {dimension}-D cells in space that is not flat along an axis")
        points = points[:, axes]
    return inverse.reshape(cells.shape), np.ascontiguousarray(points), kept


def _groups(mesh: Any) -> dict[str, list[np.ndarray]]:
    """Members of each group in every block of cells."""
    groups: dict[str, list[np.ndarray]] = {
        name: [np.asarray([] if part is None else part, dtype=int) for part in parts]
        for name, parts in mesh.cell_sets.items()
        if not name.startswith("gmsh:")
    }
    named = {(int(number), int(dimension)): name for name, (number, dimension) in mesh.field_data.items()}
    for key in NUMBERED:
        for place, tags in enumerate(mesh.cell_data.get(key, [])):
            dimension = _DIMENSIONS[mesh.cells[place].type]
            for tag in np.unique(tags):
                name = named.get((int(tag), dimension), str(tag))
                empty = [np.empty(0, dtype=int) for _ in mesh.cells]
                groups.setdefault(name, empty)[place] = np.flatnonzero(np.asarray(tags) == tag)
    return groups


def _members(mesh: Any, members: list[np.ndarray], dimension: int, numbers: bool) -> np.ndarray:
    """Members of a group in the blocks of one dimension: their running numbers, or their vertices."""
    found, first = [], 0
    for block, inside in zip(mesh.cells, members, strict=True):
        if _DIMENSIONS[block.type] == dimension:
            if len(inside):
                found.append(first + inside if numbers else block.data[inside])
            first += len(block.data)
    return np.concatenate(found) if found else np.empty(0, dtype=int)


def _unnamed_outer(kind: KindName, cells: np.ndarray, boundaries: dict[str, np.ndarray]) -> np.ndarray:
    """(facets, corners) facets with one cell beside them that are in no boundary."""
    shape = KINDS[kind]
    sides: Any = shape.faces if shape.dimension == 3 else shape.edges if shape.dimension == 2 else ((0,), (1,))
    facets = np.concatenate([cells[:, list(side)] for side in sides])
    ordered = np.sort(facets, axis=1)
    named = [np.sort(rows, axis=1) for rows in boundaries.values()]
    both = np.concatenate([ordered, *named])
    _, inverse, counts = np.unique(both, axis=0, return_inverse=True, return_counts=True)
    return facets[counts[inverse.ravel()[: len(facets)]] == 1]


def _read_gmsh(path: Path, comm: MPI.Comm, unit: float) -> Mesh:
    version, problem = 0, None
    names: dict[tuple[int, int], str] = {}
    if comm.rank == 0:
        try:
            version, names = physical_names(path)
        except (OSError, ValueError) as error:
            problem = f"{path}: not a Gmsh mesh file: {error}"
    version, names, problem = comm.bcast((version, names, problem), root=0)
    if problem:
        raise MeshError(problem)
    PETSc.Sys.pushErrorHandler("python")
    try:
        dm = plex.from_gmsh(comm, path, version >= 4)
    except PETSc.Error as error:
        raise MeshError(f"{path}: PETSc cannot read it: {str(error).rpartition('] ')[2]}") from None
    finally:
        PETSc.Sys.popErrorHandler()
    shape = plex.cell_shape(dm)
    problem = comm.bcast(None if shape and plex.is_straight(dm) else "mixed, curved or out of the plane", root=0)
    if problem:
        raise MeshError(f"{path}: cells are {problem}; allowed: one kind of straight cell, plane ones along an axis")
    regions, boundaries = _relabel(dm, names, comm)
    if unit != 1.0:
        places = dm.getCoordinates()
        places.scale(unit)
        dm.setCoordinates(places)
    return Mesh(plex.distribute(dm), regions, boundaries)


def physical_names(path: Path) -> tuple[int, dict[tuple[int, int], str]]:
    """Version of a `.msh` file, and names of its physical groups by (dimension, number); text in binary files, too."""
    with path.open("rb") as file:
        if file.readline().strip() != b"$MeshFormat":
            raise ValueError("it does not begin with $MeshFormat")
        version = int(float(file.readline().split()[0]))
        names: dict[tuple[int, int], str] = {}
        for line in file:
            if line.strip() in (b"$Nodes", b"$Entities"):
                break
            if line.strip() == b"$PhysicalNames":
                for _ in range(int(file.readline())):
                    dimension, number, name = file.readline().decode("utf-8").strip().split(maxsplit=2)
                    names[int(dimension), int(number)] = name.strip('"')
                break
    return version, names


def _relabel(
    dm: PETSc.DMPlex, names: dict[tuple[int, int], str], comm: MPI.Comm
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the groups that PETSc read our labels; returns the names of regions and of boundaries. Collective."""
    dimension = dm.getDimension()
    found: dict[str, tuple[str, np.ndarray]] = {}
    if comm.rank == 0:
        found = _groups_of(dm, names, dimension)
    labels = comm.bcast([(label, name) for label, (name, _) in found.items()], root=0)
    for label, _ in labels:
        plex.mark(dm, label, found[label][1] if label in found else np.empty(0, dtype=int))
    regions = tuple(name for label, name in labels if label.startswith(REGION))
    return regions, tuple(name for label, name in labels if label.startswith(BOUNDARY))


def _groups_of(
    dm: PETSc.DMPlex, names: dict[tuple[int, int], str], dimension: int
) -> dict[str, tuple[str, np.ndarray]]:
    """Label -> (name, points) of what rank 0 read."""
    found: dict[str, tuple[str, np.ndarray]] = {}
    named = np.empty(0, dtype=int)
    facet_sets = "Face Sets" if dimension > 1 else "Vertex Sets"
    for depth, kind, sets in ((dimension, REGION, "Cell Sets"), (dimension - 1, BOUNDARY, facet_sets)):
        first, end = dm.getDepthStratum(depth)
        for number in dm.getLabelIdIS(sets).getIndices() if dm.hasLabel(sets) else ():
            inside = dm.getStratumIS(sets, int(number)).getIndices()
            inside = inside[(inside >= first) & (inside < end)]
            if number > 0 and len(inside):
                name = names.get((depth, int(number)), str(number))
                found[kind + name] = (name, inside)
                if kind == BOUNDARY:
                    named = np.append(named, inside)
    rest = np.setdiff1d(plex.outer_facets(dm), named)
    if len(rest):
        name = OUTER if BOUNDARY + OUTER not in found else "outer rest"
        found[BOUNDARY + name] = (name, rest)
    return found
