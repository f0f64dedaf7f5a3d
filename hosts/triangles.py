"""Hosts from closed triangle surfaces.

The distance is that to the nearest triangle; its sign is that of the angle-weighted normal at the nearest point, which
is right for every point of a closed, consistently oriented surface (Baerentzen and Aanaes, IEEE Trans. Vis. Comput.
Graph. 11 (2005) 243). What is inside the surface is solid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numba
import numpy as np

from ramify.hosts.base import micrometres, require_below_counter, require_positive
from ramify.hosts.surface_files import read_surface
from ramify.hosts.tree import TRIANGLES, BoxTree, nearest_on_triangle

Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class TriangleHost:
    """A solid inside a closed surface, cut at a height."""

    vertices: np.ndarray
    """(n, 3) [m]."""
    faces: np.ndarray
    """(m, 3), anticlockwise seen from outside."""
    height: float
    """Above which all is pore [m]."""
    size: Triple
    """Domain lengths [m]."""
    periodic: bool = False
    width: float = 0.0
    """Mean width of the solid, 4 V/A [m]."""
    _tree: BoxTree = field(init=False, repr=False)
    _corners: np.ndarray = field(init=False, repr=False)
    """(m, 9), of every triangle and of its copies across periodic faces."""
    _normals: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        corners = self.vertices[self.faces].reshape(-1, 9)
        shifts = [(0.0, 0.0)]
        if self.periodic:
            shifts = [(i * self.size[0], j * self.size[1]) for i in (0, -1, 1) for j in (0, -1, 1)]
        moved = np.concatenate([corners + np.tile([dx, dy, 0.0], 3) for dx, dy in shifts])
        object.__setattr__(self, "_corners", moved)
        object.__setattr__(self, "_tree", BoxTree(moved, TRIANGLES))
        normals = pseudo_normals(self.vertices, self.faces)
        object.__setattr__(self, "_normals", np.ascontiguousarray(np.tile(normals, (len(shifts), 1, 1))))
        object.__setattr__(self, "width", self.width or self._mean_width())

    def _mean_width(self) -> float:
        a, b, c = (self.vertices[self.faces[:, n]] for n in range(3))
        area = 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
        return 4.0 * float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6.0 / area

    @property
    def feature_size(self) -> float:
        """Mean width of the solid, four volumes per surface [m]."""
        return self.width

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space; one sheet of the first axis at a time."""
        x, y, z = np.broadcast_arrays(x, y, z)
        out = np.empty(x.shape or (1,))
        for sheet in [...] if x.ndim < 2 else range(x.shape[0]):
            points = np.stack([np.ravel(a[sheet]).astype(float) for a in (x, y, z)], axis=-1)
            away, index = self._tree.nearest(points)
            _set_signs(points, index, self._corners, self._normals, away)
            out[sheet] = np.maximum(away, points[:, 2] - self.height).reshape(out[sheet].shape)
        return out[0] if x.ndim == 0 else out

    def check(self, size: Triple, periodic: bool = False) -> list[str]:
        """Warnings; ValueError where the host reaches the counter electrode or misses the domain."""
        require_below_counter("surface", "height", self.height, size)
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        for axis, name in enumerate("xy"):
            if low[axis] >= size[axis] or high[axis] <= 0.0:
                raise ValueError(
                    f"surface: along {name} it lies at {micrometres(low[axis])} to {micrometres(high[axis])}, outside "
                    f"the domain, 0 to {micrometres(size[axis])}; give an offset"
                )
        if low[2] > 0.0:
            return [f"surface: its lowest point is {micrometres(low[2])} above the collector: it touches nothing"]
        return []


def pseudo_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals (m, 7, 3) of every face, of its edges (opposite to each corner), and of its corners, angle-weighted."""
    corners = vertices[faces]
    edges = np.roll(corners, -1, axis=1) - corners
    normal = np.cross(edges[:, 0], edges[:, 1])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    unit = edges / np.maximum(np.linalg.norm(edges, axis=2, keepdims=True), 1e-300)
    angles = np.arccos(np.clip(-np.einsum("ijk,ijk->ij", unit, np.roll(unit, 1, axis=1)), -1.0, 1.0))
    at_corners = np.zeros_like(vertices)
    np.add.at(at_corners, faces.ravel(), (angles[:, :, None] * normal[:, None, :]).reshape(-1, 3))
    ends = np.sort(np.stack([np.roll(faces, -1, axis=1), np.roll(faces, -2, axis=1)], axis=2).reshape(-1, 2), axis=1)
    _, inverse = np.unique(ends, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    at_edges = np.zeros((int(inverse.max()) + 1, 3))
    np.add.at(at_edges, inverse, np.repeat(normal, 3, axis=0))
    return np.concatenate([normal[:, None], at_edges[inverse].reshape(-1, 3, 3), at_corners[faces]], axis=1)


@numba.njit(cache=True)
def _set_signs(
    points: np.ndarray, index: np.ndarray, corners: np.ndarray, normals: np.ndarray, distance: np.ndarray
) -> None:
    """Make the distances of points inside the surface negative."""
    for n in range(points.shape[0]):
        face = index[n]
        u, v, where = nearest_on_triangle(corners[face], points[n, 0], points[n, 1], points[n, 2])
        along = 0.0
        for axis in range(3):
            a = corners[face, axis]
            on = a + u * (corners[face, 3 + axis] - a) + v * (corners[face, 6 + axis] - a)
            along += (points[n, axis] - on) * normals[face, where, axis]
        if along < 0.0:
            distance[n] = -distance[n]


def surface_host(
    path: Path,
    unit: float,
    size: Triple,
    *,
    offset: Triple = (0.0, 0.0, 0.0),
    height: float | None = None,
    periodic: bool = False,
) -> TriangleHost:
    """Host from a surface file.

    Parameters
    ----------
    path : Path
        STL, PLY or VTK.
    unit : float
        Length of the file's unit [m].
    size : tuple of float
        Domain lengths [m].
    offset : tuple of float
        Added to the surface's coordinates [m].
    height : float, optional
        Above which the surface is cut off [m]; its top if not given.
    periodic : bool
        Lateral faces: the surface is repeated across them.

    Raises
    ------
    ValueError
        If the file cannot be read or holds no closed surface.
    """
    require_positive("surface", unit=unit)
    mesh = read_surface(path)
    vertices = np.asarray(mesh.vertices, dtype=np.float64) * unit + np.array(offset)
    if not np.all(np.isfinite(vertices)):
        raise ValueError("holds coordinates that are not finite")
    top = float(vertices[:, 2].max()) if height is None else height
    require_positive("surface", height=top)
    return TriangleHost(vertices, np.asarray(mesh.faces, dtype=np.int64), top, size, periodic)
