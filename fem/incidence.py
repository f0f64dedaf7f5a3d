"""Vertices of edges, faces and cells from the cones of a DMPlex, compiled.

A polygon's edges go round it, whatever their directions: a corner is what two edges in a row share. The corners of a
hexahedron are those of its first face and, in the same order, the ones that an edge connects them to.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def polygon_corners(polygons: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(n, k) corners, in order round the polygon, from its k edges (n, k) and their ends (m, 2)."""
    count, sides = polygons.shape
    corners = np.empty((count, sides), polygons.dtype)
    for n in range(count):
        for k in range(sides):
            before, after = edges[polygons[n, k - 1]], edges[polygons[n, k]]
            corners[n, k] = before[0] if before[0] == after[0] or before[0] == after[1] else before[1]
    return corners


@numba.njit(cache=True)
def tetrahedron_corners(cells: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(n, 4) corners from the four faces (n, 4) and their corners (m, 3)."""
    corners = np.empty((len(cells), 4), cells.dtype)
    for n in range(len(cells)):
        base, other = faces[cells[n, 0]], faces[cells[n, 1]]
        corners[n, :3] = base
        for k in range(3):
            if other[k] != base[0] and other[k] != base[1] and other[k] != base[2]:
                corners[n, 3] = other[k]
    return corners


@numba.njit(cache=True)
def hexahedron_corners(cells: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(n, 8) corners, round the first face and then above each of them, from faces (n, 6) and their corners (m, 4)."""
    corners = np.empty((len(cells), 8), cells.dtype)
    for n in range(len(cells)):
        base = faces[cells[n, 0]]
        corners[n, :4] = base
        for f in range(1, 6):
            side = faces[cells[n, f]]
            for k in range(4):
                for end in (side[k - 1], side[(k + 1) % 4]):
                    for j in range(4):
                        below = end == base[0] or end == base[1] or end == base[2] or end == base[3]
                        if side[k] == base[j] and not below:
                            corners[n, 4 + j] = end
    return corners


@numba.njit(cache=True)
def numbered_edges(cells: np.ndarray, candidates: np.ndarray, edges: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(n, p) edge of each cell between the corners `pairs` (p, 2), among its `candidates` (n, k), with ends (m, 2)."""
    found = np.full((len(cells), len(pairs)), -1, candidates.dtype)
    for n in range(len(cells)):
        for p in range(len(pairs)):
            a, b = cells[n, pairs[p, 0]], cells[n, pairs[p, 1]]
            for k in range(candidates.shape[1]):
                ends = edges[candidates[n, k]]
                if (ends[0] == a and ends[1] == b) or (ends[0] == b and ends[1] == a):
                    found[n, p] = candidates[n, k]
    return found


@numba.njit(cache=True)
def numbered_faces(cells: np.ndarray, candidates: np.ndarray, faces: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """(n, s) face of each cell with the corners `sides` (s, k), among its `candidates`, with corners `faces`."""
    found = np.full((len(cells), len(sides)), -1, candidates.dtype)
    for n in range(len(cells)):
        for s in range(len(sides)):
            for k in range(candidates.shape[1]):
                same = 0
                for corner in faces[candidates[n, k]]:
                    for j in range(sides.shape[1]):
                        same += corner == cells[n, sides[s, j]]
                if same == sides.shape[1]:
                    found[n, s] = candidates[n, k]
    return found


@numba.njit(cache=True)
def cells_beside(cells: np.ndarray, count: int) -> np.ndarray:
    """(count, 2) cells on either side of each facet, -1 where there is none, from the facets (n, k) of all cells."""
    beside = np.full((count, 2), -1, np.int64)
    for n in range(len(cells)):
        for facet in cells[n]:
            beside[facet, int(beside[facet, 0] >= 0)] = n
    return beside
