"""Meshes of boxes: intervals, triangles, quadrilaterals, tetrahedra, hexahedra, on axes of any spacing.

The axes are z in one dimension, x and z in two, x, y, z in three. The region is `box`, the boundaries are `left` and
`right` (ends of x), `front` and `back` (of y), `bottom` and `top` (of z).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import skfem
from mpi4py import MPI

from ramify.fem.mesh import Mesh, MeshError, RawMesh
from ramify.fem.reference import KINDS, KindName

_GENERATORS = {
    "interval": skfem.MeshLine,
    "triangle": skfem.MeshTri,
    "quadrilateral": skfem.MeshQuad,
    "tetrahedron": skfem.MeshTet,
    "hexahedron": skfem.MeshHex,
}
ENDS = {
    1: ("bottom", "top"),
    2: ("left", "right", "bottom", "top"),
    3: ("left", "right", "front", "back", "bottom", "top"),
}


def box(kind: KindName, axes: Sequence[np.ndarray], comm: MPI.Comm | None = None) -> Mesh:
    """Mesh of a box with vertices at all combinations of the coordinates along its axes.

    Parameters
    ----------
    kind
        Of the cells.
    axes
        Ascending coordinates [m] along each axis.
    comm
        Communicator; all of MPI by default. Collective.
    """
    comm = comm or MPI.COMM_WORLD
    return Mesh.build(raw_box(kind, axes) if comm.rank == 0 else None, comm)


def uniform_box(kind: KindName, size: Sequence[float], cells: Sequence[int], comm: MPI.Comm | None = None) -> Mesh:
    """Mesh of a box with its corner at the origin, of `size` [m] and so many cells along each axis."""
    return box(kind, [np.linspace(0.0, length, n + 1) for length, n in zip(size, cells, strict=True)], comm)


def raw_box(kind: KindName, axes: Sequence[np.ndarray]) -> RawMesh:
    """The same before it is distributed."""
    shape = KINDS[kind]
    if kind not in _GENERATORS or len(axes) != shape.dimension:
        raise MeshError(f"a box of {kind} cells needs {shape.dimension} axes, not {len(axes)}")
    for axis, values in enumerate(axes):
        if len(values) < 2 or not np.all(np.diff(values) > 0.0):
            raise MeshError(f"coordinates along axis {axis} of a box must be two or more and ascend")
    if kind == "interval":
        generated = skfem.MeshLine(np.asarray(axes[0]))
    else:
        generated = _GENERATORS[kind].init_tensor(*axes)
    points = np.ascontiguousarray(generated.p.T)
    reference = np.asarray(generated.elem().refdom.p).T
    order = [int(np.argmin(np.abs(reference - corner).sum(axis=1))) for corner in np.array(shape.corners)]
    cells = np.ascontiguousarray(generated.t.T[:, order])
    sides = shape.faces if shape.dimension == 3 else shape.edges if shape.dimension == 2 else ((0,), (1,))
    boundaries = {}
    for number, name in enumerate(ENDS[shape.dimension]):
        axis, end = divmod(number, 2)
        there = (points[:, axis] == axes[axis][-end])[cells]
        boundaries[name] = np.concatenate([cells[there[:, side].all(axis=1)][:, side] for side in map(list, sides)])
    return RawMesh(kind, points, cells, {"box": np.arange(len(cells))}, boundaries)
