"""The whole mesh and whole fields on rank 0, for files and figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.fem.reference import CellKind
from ramify.fem.spaces import Space


@dataclass(frozen=True)
class WholeMesh:
    """All nodes and cells of a space."""

    kind: CellKind
    order: int
    points: np.ndarray
    """(nodes, dimension) [m], by global number."""
    cells: np.ndarray
    """(cells, nodes), in the order of `reference.CellKind`, which is VTK's."""
    regions: dict[str, np.ndarray]
    """(cells) whether a cell is in a region."""


def gather_mesh(space: Space) -> WholeMesh | None:
    """The mesh of a space on rank 0, cells in the order of the ranks; None elsewhere. Collective."""
    mesh = space.mesh
    inside = {name: np.zeros(len(mesh.cells), dtype=bool) for name in mesh.region_names}
    for name, flags in inside.items():
        flags[mesh.region(name)] = True
    points = space.gather(space.coordinates)
    pieces = mesh.comm.gather((space.node_numbers[space.cell_nodes], inside), root=0)
    if pieces is None or points is None:
        return None
    cells = np.concatenate([cells for cells, _ in pieces])
    regions = {name: np.concatenate([flags[name] for _, flags in pieces]) for name in mesh.region_names}
    return WholeMesh(mesh.kind, space.order, points, cells, regions)
