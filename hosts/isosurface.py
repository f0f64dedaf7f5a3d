"""Area of the surface d = 0 and volume of the pores d > 0, by marching tetrahedra.

The box is cut into cells, each cell into six tetrahedra around its diagonal (Kuhn), and d is interpolated linearly in
each. Area and volume of the interpolant are exact, so that the error is that of the interpolation: of second order in
the cell for smooth surfaces, of first order at edges, and there it counts with the length of the edges alone. d need
not be a distance: any function that changes sign at the surface does.

Faces of the box are no surface. Where `planar`, y is ignored, areas are lengths [m] and volumes areas [m^2].
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numba
import numpy as np

from ramify.hosts.base import SpatialFunction

Vector = tuple[float, float, float]
NODES_AT_ONCE = 400_000
PATHS = np.array([[1, 3, 7], [1, 5, 7], [2, 3, 7], [2, 6, 7], [4, 5, 7], [4, 6, 7]])
"""Corners of the six tetrahedra beside corner 0; corner 4 k + 2 j + i stands at (i, j, k)."""


@dataclass(frozen=True)
class NodeGrid:
    """Nodes of near-cubic cells over a box that starts at the collector."""

    size: Vector
    """Edge lengths of the box [m]."""
    counts: tuple[int, int, int]
    """Cells along x, y, z; one along y where planar."""
    planar: bool

    @classmethod
    def of(cls, size: Vector, edge: float, most_cells: float, planar: bool) -> NodeGrid:
        """Cells of about `edge` [m], larger ones if there would be more than `most_cells`."""
        h = edge
        while True:
            nx, ny, nz = (max(1, math.ceil(length / h - 1e-9)) for length in size)
            counts = (nx, 1 if planar else ny, nz)
            if math.prod(counts) <= most_cells or max(counts) == 1:
                return cls(size, counts, planar)
            h *= 1.05

    @property
    def edges(self) -> Vector:
        """Cell edges [m]; along y that of x where planar, whatever the depth."""
        hx, hy, hz = (length / n for length, n in zip(self.size, self.counts, strict=True))
        return (hx, hx if self.planar else hy, hz)

    @property
    def depth(self) -> float:
        """What volumes and areas of the cells are divided by: the cell's edge along y where planar, else one."""
        return self.edges[1] if self.planar else 1.0

    def slabs(self, distance: SpatialFunction, base: float = 0.0) -> Iterator[tuple[int, np.ndarray]]:
        """First layer of cells and d on the nodes [z, y, x] of a few layers, whose end planes the next slab repeats.

        The box stands at z = base [m].
        """
        nx, ny, nz = self.counts
        hx, hy, _ = self.edges
        layers = max(1, NODES_AT_ONCE // ((nx + 1) * (ny + 1)))
        x, y = (np.arange(nx + 1) * hx)[None, None, :], (np.arange(ny + 1) * hy)[None, :, None]
        for start in range(0, nz, layers):
            # The last node lies at base + size exactly, where a box above may begin.
            z = base + (np.arange(start, min(start + layers, nz) + 1) / nz * self.size[2])[:, None, None]
            values = np.asarray(distance(x, y, z), dtype=np.float64)
            yield start, np.ascontiguousarray(np.broadcast_to(values, (len(z), ny + 1, nx + 1)))


EVERYWHERE = np.ones((1, 1, 1), dtype=bool)


def measure(
    distance: SpatialFunction, grid: NodeGrid, base: float = 0.0, region: SpatialFunction | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Area of d = 0 [m^2] and pore volume [m^3] of every layer of cells, shape (counts[2],) each.

    `region` is negative where the area counts; a cell counts or not by the values at its corners.
    """
    area, volume = np.zeros(grid.counts[2]), np.zeros(grid.counts[2])
    regions = grid.slabs(region, base) if region is not None else None
    for start, nodes in grid.slabs(distance, base):
        stop = start + len(nodes) - 1
        counted = EVERYWHERE if regions is None else _mean_of_corners(next(regions)[1]) < 0.0
        _measure_slab(nodes, np.array(grid.edges), PATHS, counted, area[start:stop], volume[start:stop])
    return area / grid.depth, volume / grid.depth


def crossings(distance: SpatialFunction, grid: NodeGrid, base: float = 0.0) -> np.ndarray:
    """Points (n, 3) where the edges of the cells cross d = 0 [m]: about three per cell that the surface cuts."""
    found = []
    for start, nodes in grid.slabs(distance, base):
        for axis in (0, 2) if grid.planar else (0, 1, 2):
            lower, upper = (np.delete(nodes, -side, axis=2 - axis) for side in (1, 0))
            cut = np.argwhere((lower > 0.0) != (upper > 0.0))
            a, b = lower[tuple(cut.T)], upper[tuple(cut.T)]
            places = cut[:, ::-1].astype(np.float64)
            places[:, axis] += a / (a - b)
            places[:, 2] += start
            found.append(places * np.array(grid.edges) + np.array([0.0, 0.0, base]))
    return np.concatenate(found)


def _mean_of_corners(nodes: np.ndarray) -> np.ndarray:
    pairs = nodes[:, :, 1:] + nodes[:, :, :-1]
    pairs = pairs[:, 1:] + pairs[:, :-1]
    return np.asarray(0.125 * (pairs[1:] + pairs[:-1]))


@numba.njit(cache=True)
def _measure_slab(
    nodes: np.ndarray,
    edges: np.ndarray,
    paths: np.ndarray,
    counted: np.ndarray,
    area: np.ndarray,
    volume: np.ndarray,
) -> None:
    nz, ny, nx = nodes.shape
    cell = edges[0] * edges[1] * edges[2]
    corner = np.empty(8)
    value, place = np.empty(4), np.empty((4, 3))
    for k in range(nz - 1):
        for j in range(ny - 1):
            for i in range(nx - 1):
                open_corners = 0
                for n in range(8):
                    corner[n] = nodes[k + (n >> 2), j + ((n >> 1) & 1), i + (n & 1)]
                    open_corners += corner[n] > 0.0
                if open_corners == 8:
                    volume[k] += cell
                if open_corners == 0 or open_corners == 8:
                    continue
                for path in range(6):
                    for v in range(4):
                        n = 0 if v == 0 else paths[path, v - 1]
                        value[v] = corner[n]
                        place[v, 0] = (n & 1) * edges[0]
                        place[v, 1] = ((n >> 1) & 1) * edges[1]
                        place[v, 2] = (n >> 2) * edges[2]
                    cut, share = _cut_tetrahedron(value, place)
                    if counted.size == 1 or counted[k, j, i]:
                        area[k] += cut
                    volume[k] += share * cell / 6.0


@numba.njit(cache=True)
def _cut_tetrahedron(value: np.ndarray, place: np.ndarray) -> tuple[float, float]:
    """Area of value = 0 in a tetrahedron, and the share of its volume where value > 0; reorders its corners."""
    count = 0
    for v in range(4):  # those above zero to the front
        if value[v] > 0.0:
            for axis in range(3):
                place[v, axis], place[count, axis] = place[count, axis], place[v, axis]
            value[v], value[count] = value[count], value[v]
            count += 1
    if count == 0 or count == 4:
        return 0.0, count / 4.0
    if count == 2:
        s, u = _share(value, 0, 2), _share(value, 0, 3)
        p, q = _share(value, 1, 2), _share(value, 1, 3)
        ac, ad, bc, bd = _at(place, 0, 2, s), _at(place, 0, 3, u), _at(place, 1, 2, p), _at(place, 1, 3, q)
        return _triangle(ac, ad, bd) + _triangle(ac, bd, bc), p * q + s * q * (1.0 - p) + s * u * (1.0 - q)
    lone = 0 if count == 1 else 3
    first = 1 if count == 1 else 0
    t = _share(value, lone, first), _share(value, lone, first + 1), _share(value, lone, first + 2)
    cut = _triangle(_at(place, lone, first, t[0]), _at(place, lone, first + 1, t[1]), _at(place, lone, first + 2, t[2]))
    tip = t[0] * t[1] * t[2]
    return cut, tip if count == 1 else 1.0 - tip


@numba.njit(cache=True)
def _share(value: np.ndarray, a: int, b: int) -> float:
    """Way from corner a to the zero on the edge to b."""
    return value[a] / (value[a] - value[b])


@numba.njit(cache=True)
def _at(place: np.ndarray, a: int, b: int, t: float) -> tuple[float, float, float]:
    return (
        place[a, 0] + t * (place[b, 0] - place[a, 0]),
        place[a, 1] + t * (place[b, 1] - place[a, 1]),
        place[a, 2] + t * (place[b, 2] - place[a, 2]),
    )


@numba.njit(cache=True)
def _triangle(a: tuple[float, float, float], b: tuple[float, float, float], c: tuple[float, float, float]) -> float:
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return 0.5 * math.sqrt(x * x + y * y + z * z)
