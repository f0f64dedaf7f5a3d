"""Meshes for tests, and their measures.

mpiexec -n N python fem_mesh_cases.py FILE.msh       prints JSON on rank 0
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import meshio
import numpy as np
from mpi4py import MPI

from ramify.fem import kernels
from ramify.fem.boxes import raw_box, uniform_box
from ramify.fem.mesh import Mesh, RawMesh, read_mesh
from ramify.fem.norms import total
from ramify.fem.quality import assess
from ramify.fem.reference import KindName
from ramify.fem.spaces import Space

MSH22 = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
2
1 1 "current collector"
2 1 "the electrolyte"
$EndPhysicalNames
$Nodes
6
1 0 0 0
2 1 0 0
3 2 0 0
4 0 1 0
5 1 1 0
6 2 1 0
$EndNodes
$Elements
7
1 1 2 1 1 1 4
2 1 2 7 2 4 5
3 1 2 7 2 5 6
4 2 2 1 1 1 2 5
5 2 2 1 1 1 5 4
6 2 2 1 1 2 3 6
7 2 2 1 1 2 6 5
$EndElements
"""
"""Two squares of two triangles; a named and a numbered boundary."""


def measures_of(mesh: Mesh) -> dict[str, float]:
    """Volume of every region and area of every boundary."""
    space = Space(mesh)
    inside, on = space.element.tables(2), space.facet_element.tables(2)
    volumes = {
        name: total(mesh, float(kernels.measures(mesh.points, mesh.cells[mesh.region(name)], inside).sum()))
        for name in mesh.region_names
    }
    areas = {
        name: total(mesh, float(kernels.measures(mesh.points, mesh.boundary(name).corners, on).sum()))
        for name in mesh.boundary_names
    }
    return volumes | areas


def moved_box(kind: KindName, place: float) -> RawMesh:
    """A unit square of 3 x 3 cells whose vertex at (1/3, 1/3) lies at (place, place)."""
    axis = np.linspace(0.0, 1.0, 4)
    raw = raw_box(kind, (axis, axis))
    raw.points[np.abs(raw.points - 1.0 / 3.0).max(axis=1) < 1e-9] = place
    return raw


def write_plane_mesh(path: Path) -> None:
    """A unit square, the lower half `metal`, the upper half `electrolyte`, as cell sets."""
    axis = np.linspace(0.0, 1.0, 3)
    raw = raw_box("quadrilateral", (axis, axis))
    low = raw.points[raw.cells].mean(axis=1)[:, 1] < 0.5
    sets = {"metal": [np.flatnonzero(low)], "electrolyte": [np.flatnonzero(~low)]}
    points = np.column_stack([raw.points, np.zeros(len(raw.points))])
    meshio.write(path, meshio.Mesh(points, [("quad", raw.cells)], cell_sets=sets))


def main() -> None:
    """Measures and qualities of meshes that ranks share."""
    found: dict[str, float] = {}
    root = MPI.COMM_WORLD.rank == 0
    for name, mesh in (
        ("file", read_mesh(Path(sys.argv[1])).refined(2)),
        ("solid", uniform_box("hexahedron", (1.0, 2.0, 3.0), (3, 2, 2))),
        ("moved", Mesh.build(moved_box("triangle", 0.9) if root else None)),
    ):
        found |= {f"{name} {what}": value for what, value in measures_of(mesh).items()}
        found |= {f"{name} {what}": value for what, value in vars(assess(mesh)).items()}
        for boundary in mesh.boundary_names:
            space = Space(mesh, 2)
            mine = space.boundary_nodes(boundary)
            found[f"{name} nodes on {boundary}"] = total(mesh, float(space.owned[mine].sum()))
    if root:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
