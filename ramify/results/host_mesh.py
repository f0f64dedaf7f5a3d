"""`host.msh`: a host and its pores as a mesh for Gmsh and for `mesh: {type: file}`, with physical names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ramify.results.room import require_room

if TYPE_CHECKING:
    from ramify.hosts.tetrahedra import FittedMesh

MESH = "host.msh"
REGIONS = ("electrolyte", "host")


def write_host_mesh(path: Path, mesh: FittedMesh) -> None:
    """Write a mesh as Gmsh 2.2; coordinates in metres, a plane mesh in Gmsh's x and y."""
    import meshio

    dimension = mesh.points.shape[1]
    points = np.zeros((len(mesh.points), 3))
    points[:, :dimension] = mesh.points
    names = {name: np.array([number + 1, dimension]) for number, name in enumerate(REGIONS)}
    facets = list(mesh.boundaries.items())
    names |= {name: np.array([number + 1, dimension - 1]) for number, (name, _) in enumerate(facets)}
    full, flat = {3: ("tetra", "triangle"), 2: ("triangle", "line")}[dimension]
    blocks = [(full, mesh.cells), *((flat, rows) for _, rows in facets)]
    tags = [np.where(mesh.solid, 2, 1), *(np.full(len(rows), number + 1) for number, (_, rows) in enumerate(facets))]
    require_room(path, points.nbytes + sum(rows.nbytes for _, rows in blocks))
    partial = path.with_name(f".{path.name}.partial")
    meshio.write(
        partial,
        meshio.Mesh(points, blocks, cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags}, field_data=names),
        file_format="gmsh22",
        binary=True,
    )
    os.replace(partial, path)
