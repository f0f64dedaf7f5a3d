"""Meshes of an eighth of a ball, with or without a hole, from bricks on spherical shells.

The eighth lies at x, y, z >= 0 with the centre at the origin. Its boundaries are `x`, `y` and `z` (the planes across
these axes), `outer`, and `inner` if it is hollow. A solid ball is a cube of bricks inside three blocks that turn from
the cube's faces into spheres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mpi4py import MPI

from ramify.fem.mesh import Mesh, MeshError, RawMesh
from ramify.fem.reference import KINDS

_BRICK = KINDS["hexahedron"]
CORE = 0.5
"""Edge of the inner cube over the radius of the first sphere."""


def ball(radii: Sequence[float], layers: Sequence[int], cells: int, comm: MPI.Comm | None = None) -> Mesh:
    """An eighth of a ball of regions `shell 0` (the innermost, with the cube), `shell 1`, ...

    Parameters
    ----------
    radii
        Of the spheres that bound the regions, ascending [m].
    layers
        Of cells within each.
    cells
        Along each edge of the cube.
    comm
        All of MPI by default. Collective.
    """
    return _build(None, radii, layers, cells, comm)


def hollow_ball(
    hole: float, radii: Sequence[float], layers: Sequence[int], cells: int, comm: MPI.Comm | None = None
) -> Mesh:
    """The same with a hole of radius `hole` [m] in place of the cube; layers grow outwards in proportion."""
    return _build(hole, radii, layers, cells, comm)


def _build(
    hole: float | None, radii: Sequence[float], layers: Sequence[int], cells: int, comm: MPI.Comm | None
) -> Mesh:
    bounds = [*([hole] if hole is not None else []), *radii]
    if (
        min(bounds) <= 0.0
        or np.any(np.diff(bounds) <= 0.0)
        or len(layers) != len(radii)
        or min(layers) < 1
        or cells < 1
    ):
        raise MeshError("radii of a ball must be positive and ascend, each with a number of layers, at least 1")
    comm = comm or MPI.COMM_WORLD
    return Mesh.build(_raw(hole, radii, layers, cells) if comm.rank == 0 else None, comm)


def _raw(hole: float | None, radii: Sequence[float], layers: Sequence[int], cells: int) -> RawMesh:
    lattice = np.linspace(0.0, 1.0, cells + 1)
    blocks, owners = [], []
    if hole is None:
        cube = np.stack(np.meshgrid(lattice, lattice, lattice, indexing="ij"), axis=-1) * CORE * radii[0]
        blocks.append(_bricks(cube))
        owners.append(np.zeros(cells**3, int))
    # A face of the unit cube (first coordinate one), points at equal angles, and the same on the sphere.
    tangents = np.tan(0.25 * np.pi * lattice)
    flat = np.stack([np.ones((cells + 1, cells + 1)), *np.meshgrid(lattice, lattice, indexing="ij")], axis=-1)
    bent = np.stack([np.ones((cells + 1, cells + 1)), *np.meshgrid(tangents, tangents, indexing="ij")], axis=-1)
    sphere = bent / np.linalg.norm(bent, axis=-1, keepdims=True)
    inner = CORE * radii[0] * flat if hole is None else hole * sphere
    for region, (radius, count) in enumerate(zip(radii, layers, strict=True)):
        outer = radius * sphere
        if hole is None and region == 0:
            shares = np.linspace(0.0, 1.0, count + 1)
        else:
            before = np.linalg.norm(inner[0, 0])
            shares = (before * (radius / before) ** np.linspace(0.0, 1.0, count + 1) - before) / (radius - before)
        block = np.stack([inner + share * (outer - inner) for share in shares])
        for turn in range(3):
            blocks.append(_bricks(np.roll(block, turn, axis=-1)))
            owners.append(np.full(len(blocks[-1]), region))
        inner = outer
    corners, owner = np.concatenate(blocks), np.concatenate(owners)
    size = radii[-1]
    _, first, inverse = np.unique(
        np.round(corners.reshape(-1, 3) / size, 9) + 0.0, axis=0, return_index=True, return_inverse=True
    )
    points, bricks = corners.reshape(-1, 3)[first], inverse.reshape(-1, 8)
    regions = {f"shell {number}": np.flatnonzero(owner == number) for number in range(len(radii))}
    return RawMesh("hexahedron", points, bricks, regions, _boundaries(points, bricks, hole, size))


def _bricks(lattice: np.ndarray) -> np.ndarray:
    """(cells, 8, 3) corners of the cells of a lattice of points (l, m, n, 3)."""
    n = tuple(count - 1 for count in lattice.shape[:3])
    corners = [
        lattice[i : i + n[0], j : j + n[1], k : k + n[2]].reshape(-1, 3)
        for i, j, k in np.array(_BRICK.corners, dtype=int)
    ]
    return np.stack(corners, axis=1)


def _boundaries(points: np.ndarray, bricks: np.ndarray, hole: float | None, size: float) -> dict[str, np.ndarray]:
    facets = bricks[:, np.array(_BRICK.faces)].reshape(-1, 4)
    _, first, times = np.unique(np.sort(facets, axis=1), axis=0, return_index=True, return_counts=True)
    facets = facets[first[times == 1]]
    corners, near = points[facets], 1e-9 * size
    found = {
        name: facets[np.all(np.abs(corners[..., axis]) < near, axis=1)] for axis, name in enumerate(("x", "y", "z"))
    }
    spheres = {"outer": size} | ({} if hole is None else {"inner": hole})
    for name, radius in spheres.items():
        found[name] = facets[np.all(np.abs(np.linalg.norm(corners, axis=-1) - radius) < near, axis=1)]
    return found
