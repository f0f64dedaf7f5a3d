"""Whether a mesh can carry a calculation: inverted, folded and degenerate cells, shapes, sizes.

The shape of a cell is Knupp's condition number of the map from the regular cell at each of its corners,
|J W^-1| |W J^-1| / d in the Frobenius norm (J: edges of the cell, W: those of the regular one): one for a regular cell,
infinite for a flat one. A simplex has one such number; of a quadrilateral or hexahedron the worst corner counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.fem import plex
from ramify.fem.mesh import Mesh, MeshError
from ramify.fem.reference import CellKind, Element

DEGENERATE = 1e-10
"""Smallest volume of the map at a corner, over that of the regular cell with the same longest edge."""


@dataclass(frozen=True)
class Quality:
    """What `assess` found over all ranks."""

    cells: int
    inverted: int
    """Cells whose map turns inside out at a corner."""
    folded: int
    """Facets with both cells on the same side: the mesh overlaps itself there."""
    degenerate: int
    """Cells of next to no volume at a corner."""
    worst_shape: float
    """Largest condition number, one at best; infinite where a cell is degenerate."""
    mean_shape: float
    """Mean over cells that are neither inverted nor degenerate."""
    shortest_edge: float
    """[m]."""
    longest_edge: float
    """[m]."""
    volume: float
    """Sum over cells [m^d]."""

    @property
    def usable(self) -> bool:
        """Whether finite elements on the mesh mean anything."""
        return self.inverted == self.folded == self.degenerate == 0


def assess(mesh: Mesh) -> Quality:
    """Quality of a mesh. Collective."""
    kind = mesh.kind
    determinants, conditions, longest, shortest = _corner_maps(mesh.points[mesh.cells], kind)
    relative = determinants / longest[:, None] ** kind.dimension
    degenerate = np.abs(relative).min(axis=1) < DEGENERATE
    inverted = (relative.min(axis=1) < 0.0) & ~degenerate
    good = ~(degenerate | inverted)
    worst = np.where(good, conditions.max(axis=1), np.inf)
    tables = Element(kind, 1).tables(2)
    from ramify.fem import kernels

    volume = float(kernels.measures(mesh.points, mesh.cells, tables).sum())
    counts = (len(mesh.cells), inverted.sum(), _folded(mesh), degenerate.sum(), good.sum())
    sums = np.sum(mesh.comm.allgather(np.array([*counts, worst[good].sum(), volume], dtype=float)), axis=0)
    return Quality(
        cells=int(sums[0]),
        inverted=int(sums[1]),
        folded=int(sums[2]),
        degenerate=int(sums[3]),
        worst_shape=max(mesh.comm.allgather(float(worst.max()))),
        mean_shape=float(sums[5] / max(sums[4], 1.0)),
        shortest_edge=min(mesh.comm.allgather(float(shortest.min()))),
        longest_edge=max(mesh.comm.allgather(float(longest.max()))),
        volume=float(sums[6]),
    )


def require_usable(mesh: Mesh, name: str) -> Quality:
    """The quality of a mesh that can be used.

    Raises
    ------
    MeshError
        For inverted, folded or degenerate cells. Collective, on every rank alike.
    """
    quality = assess(mesh)
    if not quality.usable:
        raise MeshError(
            f"{name}: of {quality.cells} cells {quality.inverted} are inverted and {quality.degenerate} degenerate, "
            f"{quality.folded} facets have both cells on one side; allowed: none of these"
        )
    return quality


def _corner_maps(places: np.ndarray, kind: CellKind) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(determinants, condition numbers) per cell and corner against the regular cell; longest and shortest edges."""
    corners = np.array(kind.corners)
    regular = _regular(kind)
    if kind.affine:
        at = corners.mean(axis=0)[None, :]
    else:
        at = corners
    slopes = Element(kind, 1).evaluate(at)[1]
    ideal = np.linalg.inv(np.einsum("ci,qcj->qij", regular, slopes))
    maps = np.einsum("nci,qcj,qjk->nqik", places, slopes, ideal)
    determinants = np.linalg.det(maps)
    flat = np.abs(determinants) < 1e-300
    maps[flat] = np.eye(kind.dimension)
    norms = np.linalg.norm(maps, axis=(2, 3)) * np.linalg.norm(np.linalg.inv(maps), axis=(2, 3)) / kind.dimension
    norms[flat] = np.inf
    pairs = np.array(kind.edges if kind.dimension > 1 else ((0, 1),))
    lengths = np.linalg.norm(places[:, pairs[:, 0]] - places[:, pairs[:, 1]], axis=2)
    return determinants, norms, lengths.max(axis=1), lengths.min(axis=1)


def _regular(kind: CellKind) -> np.ndarray:
    """(corners, dimension) of the regular cell with edges of length one."""
    if not kind.affine or kind.dimension == 1:
        return np.array(kind.corners)
    triangle = [[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]]
    if kind.dimension == 2:
        return np.array(triangle)
    return np.array([[*corner, 0.0] for corner in triangle] + [[0.5, np.sqrt(1.0 / 12.0), np.sqrt(2.0 / 3.0)]])


def _folded(mesh: Mesh) -> int:
    """Facets of this rank whose two cells, of whatever ranks, lie on the same side."""
    corners = mesh.points[mesh.facet_corners()]
    origin = corners[:, 0]
    if mesh.dimension == 1:
        normals = np.ones_like(origin)
    elif mesh.dimension == 2:
        along = corners[:, 1] - origin
        normals = np.stack([-along[:, 1], along[:, 0]], axis=1)
    else:
        normals = np.cross(corners[:, 1] - origin, corners[:, 2] - origin)
    centres = mesh.points[mesh.cells].mean(axis=1)
    sides = np.zeros(len(origin))
    for column in mesh.facet_cells.T:
        there = column >= 0
        ahead = np.einsum("ni,ni->n", centres[column[there]] - origin[there], normals[there])
        sides[there] += np.sign(ahead)
    sides, owned = plex.sum_over_ranks(mesh.dm, mesh.dimension - 1, sides)
    return int((np.abs(sides[owned]) == 2.0).sum())
