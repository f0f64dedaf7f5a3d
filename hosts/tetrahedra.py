"""Simplices that fit a host: tetrahedra (triangles in a plane) with no cell on both sides of its surface.

A box of cells is cut into simplices around the cells' diagonals (Kuhn). A node within `SNAPPED` of an edge from the
surface is moved onto it, along the edge and within the faces of the box that it lies on; edges that still cross the
surface are cut where it is, one after the other: every simplex takes its cut edges in the order of one global number,
so that neighbours cut the face between them alike. Any function that changes sign at the surface will do for d.
Surfaces are straight between their nodes, which lie on them: errors are of second order in the cell, of first order at
edges of the host, which are bevelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from ramify.hosts.base import SpatialFunction

SNAPPED = 0.15
"""Of an edge: simplices stay the right way round whatever their nodes do, and none is much thinner than that."""
ON_SURFACE = 1e-6
"""Of a cell, from the surface, that counts as on it."""
SECANTS = 3
"""Improvements of a cut's place."""


@dataclass(frozen=True)
class FittedMesh:
    """A mesh of pores and solid."""

    points: np.ndarray
    """(nodes, 3), or (nodes, 2) for x and z [m]."""
    cells: np.ndarray
    """(cells, corners)."""
    solid: np.ndarray
    """(cells) whether a cell is solid."""
    boundaries: dict[str, np.ndarray]
    """(facets, corners) of `host surface`, `collector`, `foot`, `counter`, `left`, `right`, `front`, `back`."""


def fit_mesh(distance: SpatialFunction, size: tuple[float, ...], counts: tuple[int, ...]) -> FittedMesh:
    """Mesh of a box of pores and host.

    Parameters
    ----------
    distance
        Of the host's surface [m], positive in the pores.
    size, counts
        Edges of the box [m] and cells along them: x, y, z, or x and z.

    Raises
    ------
    ValueError
        Where the surface passes the box by: nothing but pores or nothing but solid.
    """
    points = _grid(size, counts)
    cells = _kuhn(counts)
    edge = min(length / n for length, n in zip(size, counts, strict=True))
    d = _evaluate(distance, points)
    d[np.abs(d) < ON_SURFACE * edge] = 0.0
    _snap(points, d, _edges(cells), size)
    points, cells, d = _cut(distance, points, cells, d)
    sums = d[cells].sum(axis=1)
    flat = np.flatnonzero(np.abs(d[cells]).max(axis=1) == 0.0)
    sums[flat] = _evaluate(distance, points[cells[flat]].mean(axis=1))
    solid = sums < 0.0
    if solid.all() or not solid.any():
        raise ValueError(f"the mesh holds nothing but {'solid' if solid.any() else 'pores'}; allowed: both")
    return FittedMesh(points, cells, solid, _boundaries(points, cells, solid, size))


def _evaluate(distance: SpatialFunction, points: np.ndarray) -> np.ndarray:
    x, z = points[:, 0], points[:, -1]
    y = points[:, 1] if points.shape[1] == 3 else np.zeros_like(x)
    return np.array(np.broadcast_to(distance(x, y, z), x.shape), dtype=np.float64)


def _grid(size: tuple[float, ...], counts: tuple[int, ...]) -> np.ndarray:
    """Nodes, the last axis running fastest."""
    axes = [np.arange(n + 1) / n * length for length, n in zip(size, counts, strict=True)]
    return np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)


def _kuhn(counts: tuple[int, ...]) -> np.ndarray:
    """(simplices, corners): in each cell one for every order in which a path along its edges takes the axes."""
    strides = np.cumprod([1, *(n + 1 for n in counts[:0:-1])])[::-1]
    first = sum(
        part.ravel() * stride
        for part, stride in zip(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), strides, strict=True)
    )
    paths = np.array([np.cumsum([0, *(strides[axis] for axis in order)]) for order in permutations(range(len(counts)))])
    return np.asarray((first[:, None, None] + paths[None]).reshape(-1, len(counts) + 1))


def _edges(cells: np.ndarray) -> np.ndarray:
    pairs = np.concatenate([cells[:, list(pair)] for pair in combinations(range(cells.shape[1]), 2)])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _faces_of_box(points: np.ndarray, size: tuple[float, ...]) -> np.ndarray:
    """(nodes) faces of the box that each lies on, one bit for each."""
    found = np.zeros(len(points), dtype=np.int64)
    for axis, length in enumerate(size):
        for end, place in enumerate((0.0, length)):
            found |= (np.abs(points[:, axis] - place) < 1e-9 * length).astype(np.int64) << (2 * axis + end)
    return found


def _snap(points: np.ndarray, d: np.ndarray, edges: np.ndarray, size: tuple[float, ...]) -> None:
    """Move nodes close to the surface onto it, in place."""
    edges = edges[d[edges[:, 0]] * d[edges[:, 1]] < 0.0]
    both = np.concatenate([edges, edges[:, ::-1]])
    mine, other = both.T
    share = d[mine] / (d[mine] - d[other])
    faces = _faces_of_box(points, size)
    chosen = np.flatnonzero((share < SNAPPED) & ((faces[mine] & ~faces[other]) == 0))
    chosen = chosen[np.lexsort((share[chosen], mine[chosen]))]
    mine, first = np.unique(mine[chosen], return_index=True)
    chosen = chosen[first]
    moved = points[mine] + share[chosen][:, None] * (points[other[chosen]] - points[mine])
    points[mine] = moved
    d[mine] = 0.0


def _cut(
    distance: SpatialFunction, points: np.ndarray, cells: np.ndarray, d: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut every edge that crosses the surface, and the simplices around it."""
    edges = _edges(cells)
    edges = edges[d[edges[:, 0]] * d[edges[:, 1]] < 0.0]
    count = len(points)
    keys = edges[:, 0] * count + edges[:, 1]  # ascending, as the edges are
    points = np.concatenate([points, _crossings(distance, points, d, edges)])
    d = np.concatenate([d, np.zeros(len(edges))])
    pairs = list(combinations(range(cells.shape[1]), 2))
    none = np.iinfo(np.int64).max
    done = []
    while len(cells):
        low, high = (np.stack([pick(cells[:, a], cells[:, b]) for a, b in pairs]) for pick in (np.minimum, np.maximum))
        crossing = d[low] * d[high] < 0.0
        key = np.where(crossing, low * count + high, none)
        pair = key.argmin(axis=0)
        smallest = key.min(axis=0)
        done.append(cells[smallest == none])
        left = smallest < none
        cells, pair, middle = cells[left], pair[left], count + np.searchsorted(keys, smallest[left])
        ends = np.array(pairs)[pair]
        rows = np.arange(len(cells))
        halves = [cells.copy(), cells.copy()]
        for half, end in zip(halves, ends.T, strict=True):
            half[rows, end] = middle
        cells = np.concatenate(halves)
    return points, np.concatenate(done), d


def _crossings(distance: SpatialFunction, points: np.ndarray, d: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Places where edges cross the surface, by false position."""
    a, b = edges.T
    start, way = points[a], points[b] - points[a]
    low, high = np.zeros(len(edges)), np.ones(len(edges))
    at_low, at_high = d[a].copy(), d[b].copy()
    share = at_low / (at_low - at_high)
    for _ in range(SECANTS):
        value = _evaluate(distance, start + share[:, None] * way)
        same = value * at_low > 0.0
        low, at_low = np.where(same, share, low), np.where(same, value, at_low)
        high, at_high = np.where(same, high, share), np.where(same, at_high, value)
        spread = np.where(at_low == at_high, 1.0, at_low - at_high)
        share = np.clip(low + (high - low) * at_low / spread, SNAPPED * 0.5, 1.0 - SNAPPED * 0.5)
    return np.asarray(start + share[:, None] * way)


def _boundaries(
    points: np.ndarray, cells: np.ndarray, solid: np.ndarray, size: tuple[float, ...]
) -> dict[str, np.ndarray]:
    width = cells.shape[1]
    every = np.concatenate([np.delete(cells, corner, axis=1) for corner in range(width)])
    owner = np.tile(np.arange(len(cells)), width)
    order = np.lexsort(np.sort(every, axis=1).T)
    ordered = np.sort(every, axis=1)[order]
    twin = np.all(ordered[1:] == ordered[:-1], axis=1)
    first, second = order[:-1][twin], order[1:][twin]
    alone = np.ones(len(every), dtype=bool)
    alone[first] = alone[second] = False
    outer = np.flatnonzero(alone)
    faces = np.bitwise_and.reduce(_faces_of_box(points, size)[every[outer]], axis=1)
    last = 2 * (len(size) - 1)
    found = {"host surface": every[first[solid[owner[first]] != solid[owner[second]]]]}
    bottom = (faces & (1 << last)) > 0
    found["collector"] = every[outer[bottom & ~solid[owner[outer]]]]
    found["foot"] = every[outer[bottom & solid[owner[outer]]]]
    found["counter"] = every[outer[(faces & (2 << last)) > 0]]
    for number, name in enumerate(("left", "right", "front", "back")[:last]):
        found[name] = every[outer[(faces & (1 << number)) > 0]]
    return {name: facets for name, facets in found.items() if len(facets)}
