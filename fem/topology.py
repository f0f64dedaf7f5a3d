"""Edges and faces of a mesh from the corners of its cells, compiled, as the points of a DMPlex.

PETSc's own `DMPlexInterpolate` finds the same ones, with the same numbers, eight times slower. Sides are numbered as
they are first met, cell by cell, and keep the order of corners that they are first met with. Where a cell meets a side
again, its *orientation* says how the cell's corners run: turned by o corners for o >= 0, mirrored for o < 0 (PETSc's
`DMPolytopeTypeGetVertexArrangement`).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

SIDES = {
    "interval": ((0,), (1,)),
    "triangle": ((0, 1), (1, 2), (2, 0)),
    "quadrilateral": ((0, 1), (1, 2), (2, 3), (3, 0)),
    "tetrahedron": ((0, 1, 2), (0, 3, 1), (0, 2, 3), (2, 1, 3)),
    "hexahedron": ((0, 1, 2, 3), (4, 5, 6, 7), (0, 3, 5, 4), (2, 1, 7, 6), (3, 2, 6, 5), (0, 4, 7, 1)),
}
"""Corners of the sides of cells, by name, both in PETSc's order."""


class Cone(NamedTuple):
    """What the cells of one dimension have on their boundary."""

    members: np.ndarray
    """(n, sides) numbers of the sides."""
    orientations: np.ndarray
    """(n, sides)."""


def cones_of(kind: str, cells: np.ndarray, vertices: int) -> tuple[list[Cone], np.ndarray]:
    """Cones from cells down to edges, and the corners of the facets.

    Parameters
    ----------
    kind
        Name of the cells, one of `SIDES`.
    cells
        (n, corners) numbers of vertices in PETSc's order.
    vertices
        How many there are.

    Returns
    -------
    cones
        Of the cells, of their faces (solid cells), of the edges (beyond intervals): each holds numbers of the next.
    facets
        (facets, corners).
    """
    if kind == "interval":
        return [Cone(cells, np.zeros_like(cells))], np.arange(vertices, dtype=cells.dtype)[:, None]
    below, facets = _met(cells, SIDES[kind], vertices)
    found, rows = [below], facets
    if rows.shape[1] > 2:
        round_it = tuple((k, (k + 1) % rows.shape[1]) for k in range(rows.shape[1]))
        below, rows = _met(rows, round_it, vertices)
        found.append(below)
    return [*found, Cone(rows, np.zeros_like(rows))], facets


def _met(cells: np.ndarray, sides: tuple[tuple[int, ...], ...], vertices: int) -> tuple[Cone, np.ndarray]:
    members, orientations, corners = _number_sides(cells, np.array(sides), vertices)
    return Cone(members, orientations), corners


@numba.njit(cache=True)
def _number_sides(cells: np.ndarray, sides: np.ndarray, vertices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(members (n, s), orientations (n, s), corners (m, k)) of the sides (s, k) of all cells (n, corners)."""
    count, (width, size) = len(cells), sides.shape
    members, orientations = np.empty((count, width), cells.dtype), np.zeros((count, width), cells.dtype)
    corners = np.empty((count * width, size), cells.dtype)
    # Sides with the same lowest vertex hang together in a list.
    newest, previous = np.full(vertices, -1, cells.dtype), np.empty(count * width, cells.dtype)
    found, side = 0, np.empty(size, cells.dtype)
    for n in range(count):
        for s in range(width):
            lowest = vertices
            for k in range(size):
                side[k] = cells[n, sides[s, k]]
                lowest = min(lowest, side[k])
            at = newest[lowest]
            while at >= 0 and not _same_corners(corners, at, side):
                at = previous[at]
            if at < 0:
                at = found
                for k in range(size):
                    corners[at, k] = side[k]
                previous[at], newest[lowest] = newest[lowest], at
                found += 1
            else:
                orientations[n, s] = _orientation(corners, at, side)
            members[n, s] = at
    return members, orientations, corners[:found].copy()


@numba.njit(cache=True)
def _same_corners(rows: np.ndarray, row: int, side: np.ndarray) -> bool:
    """Whether a row of different numbers holds those of `side`."""
    for a in side:
        missing = True
        for k in range(len(side)):
            if rows[row, k] == a:
                missing = False
        if missing:
            return False
    return True


@numba.njit(cache=True)
def _orientation(rows: np.ndarray, row: int, seen: np.ndarray) -> int:
    """How the corners of a side run as seen from a cell, against the order in which it is stored."""
    size, first = len(seen), 0
    while rows[row, first] != seen[0]:
        first += 1
    if size == 2:
        return -first
    return first if rows[row, (first + 1) % size] == seen[1] else -1 - (first + 1) % size


@numba.njit(cache=True)
def find_rows(table: np.ndarray, wanted: np.ndarray, vertices: int) -> np.ndarray:
    """Row of `table` (m, k) with the same vertices as each of `wanted` (n, k), in any order; -1 for none."""
    newest, previous = np.full(vertices, -1, np.int64), np.empty(len(wanted), np.int64)
    for n in range(len(wanted)):
        lowest = wanted[n].min()
        previous[n], newest[lowest] = newest[lowest], n
    found = np.full(len(wanted), -1, np.int64)
    for row in range(len(table)):
        lowest = table[row, 0]
        for k in range(1, table.shape[1]):
            lowest = min(lowest, table[row, k])
        at = newest[lowest]
        while at >= 0:
            if _same_corners(table, row, wanted[at]):
                found[at] = row
            at = previous[at]
    return found
