"""Hexahedra that fit a square array of round pillars on a flat collector: a quarter of one cell of the array.

The axis of the pillar is the edge x = y = 0; the faces x = 0, y = 0 and x = y = pitch/2 are planes of symmetry. In plan
the disc is three blocks, the rest two blocks between the circle and the outer square; in height the blocks are drawn
out. Regions: `electrolyte` and, where wanted, `pillar`. Boundaries: `pillar surface` (side and top), `floor` (collector
between the pillars), `foot` (of the pillar, where it is meshed), `counter` (top), and the planes of symmetry `left`,
`right` (across x), `front`, `back` (across y).
"""

from __future__ import annotations

import math

import numpy as np

from ramify.fem.divisions import INNER, PillarDivisions, pillar_divisions
from ramify.fem.mesh import MeshError, RawMesh
from ramify.fem.reference import KINDS

INNER_DIAGONAL = 0.42
"""The one between them, along x and y."""


def raw_pillars(
    diameter: float, pitch: float, height: float, top: float, size: float, with_metal: bool = False
) -> RawMesh:
    """A quarter cell of the array.

    Parameters
    ----------
    diameter, pitch, height
        Of the pillars [m].
    top
        Height of the counter electrode [m].
    size
        Length of the elements' edges, about [m].
    with_metal
        Whether the pillar is meshed.
    """
    if not 0.0 < diameter < pitch or not 0.0 < height < top:
        raise MeshError("pillars need a diameter below their pitch and a height below that of the counter electrode")
    divisions = pillar_divisions(diameter, pitch, height, top, size)
    plan, quads, inside = _plan(0.5 * diameter, 0.5 * pitch, size, divisions)
    low, high = divisions.below, divisions.above
    levels = np.concatenate([np.linspace(0.0, height, low + 1), np.linspace(height, top, high + 1)[1:]])
    count = len(plan)
    points = np.concatenate([np.column_stack([plan, np.full(count, z)]) for z in levels])
    layers = np.arange(len(levels) - 1)
    cells = np.concatenate([np.hstack([quads + k * count, quads + (k + 1) * count]) for k in layers])
    pillar = np.concatenate([inside & (k < low) for k in layers])
    facets, beside = facets_of(cells, "hexahedron")
    metal = np.where(beside >= 0, pillar[beside], False)
    wet = np.where(beside >= 0, ~pillar[beside], False)
    outer = beside[:, 1] < 0
    ends = points[facets][:, :, 2]
    at_floor, at_top = np.all(ends == 0.0, axis=1) & outer, np.all(ends == levels[-1], axis=1) & outer
    boundaries = {
        "pillar surface": facets[metal.any(axis=1) & wet.any(axis=1)],
        "floor": facets[at_floor & wet[:, 0]],
        "counter": facets[at_top],
    }
    whole = np.ones(len(facets), dtype=bool) if with_metal else wet[:, 0]
    places = points[facets]
    for axis, names in enumerate((("left", "right"), ("front", "back"))):
        for name, end in zip(names, (0.0, 0.5 * pitch), strict=True):
            flat = np.all(np.abs(places[..., axis] - end) < 1e-9 * pitch, axis=1)
            boundaries[name] = facets[flat & outer & whole]
    if with_metal:
        boundaries["foot"] = facets[at_floor & metal[:, 0]]
        regions = {"electrolyte": np.flatnonzero(~pillar), "pillar": np.flatnonzero(pillar)}
        return RawMesh("hexahedron", points, cells, regions, boundaries)
    used, inverse = np.unique(cells[~pillar], return_inverse=True)
    number = np.full(len(points), -1)
    number[used] = np.arange(len(used))
    kept = inverse.reshape(-1, 8)
    named = {name: number[rows] for name, rows in boundaries.items()}
    return RawMesh("hexahedron", points[used], kept, {"electrolyte": np.arange(len(kept))}, named)


def facets_of(cells: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(facets, corners) of all cells, each once, and (facets, 2) the cells beside it, -1 for none."""
    shape = KINDS[kind]  # type: ignore[index]
    sides = shape.faces if shape.dimension == 3 else shape.edges
    every = np.concatenate([cells[:, list(side)] for side in sides])
    owners = np.tile(np.arange(len(cells)), len(sides))
    _, first, inverse = np.unique(np.sort(every, axis=1), axis=0, return_index=True, return_inverse=True)
    inverse = inverse.ravel()
    beside = np.full((len(first), 2), -1)
    beside[:, 0] = owners[first]
    rest = np.ones(len(every), dtype=bool)
    rest[first] = False
    beside[inverse[rest], 1] = owners[rest]
    return every[first], beside


def _plan(
    radius: float, half: float, size: float, divisions: PillarDivisions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(points, quadrilaterals, whether inside the circle) of the quarter cell in plan."""
    along, across, outside = divisions.along, divisions.across, divisions.outside
    t = np.linspace(0.0, 1.0, along + 1)[:, None]
    arcs = [np.hstack([np.cos(a), np.sin(a)]) * radius for a in (0.25 * math.pi * t, 0.25 * math.pi * (1.0 + t))]
    a, d = INNER * radius, INNER_DIAGONAL * radius * math.sqrt(2.0)
    corners = [np.array(place) for place in ((a, 0.0), (d, d), (0.0, a))]
    inner = [corners[k] + t * (corners[k + 1] - corners[k]) for k in (0, 1)]
    square = [np.hstack([np.full_like(t, half), half * t]), np.hstack([half * (1.0 - t), np.full_like(t, half)])]
    axis = np.hstack([t * a, 0.0 * t])
    left = np.hstack([0.0 * t, t * a])
    blocks = [(_coons(axis, inner[1][::-1], left, inner[0]), True)]
    blocks += [(_between(inner[k], arcs[k], across), True) for k in (0, 1)]
    blocks += [(_between(arcs[k], square[k], outside), False) for k in (0, 1)]
    points, quads, inside, first = [], [], [], 0
    for grid, within in blocks:
        rows, columns = grid.shape[:2]
        number = first + np.arange(rows * columns).reshape(rows, columns)
        four = [number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]]
        quads.append(np.stack([part.ravel() for part in four], axis=1))
        inside.append(np.full(len(quads[-1]), within))
        points.append(grid.reshape(-1, 2))
        first += rows * columns
    places = np.concatenate(points)
    _, kept, inverse = np.unique(np.round(places / (1e-6 * size)), axis=0, return_index=True, return_inverse=True)
    return places[kept], inverse.ravel()[np.concatenate(quads)], np.concatenate(inside)


def _between(start: np.ndarray, end: np.ndarray, cells: int) -> np.ndarray:
    """(points, cells + 1, 2) grid between two curves."""
    s = np.linspace(0.0, 1.0, cells + 1)[None, :, None]
    return np.asarray((1.0 - s) * start[:, None, :] + s * end[:, None, :])


def _coons(low: np.ndarray, high: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(n, n, 2) grid inside four curves of n points; `low` and `high` run along the first index."""
    s = np.linspace(0.0, 1.0, len(low))
    u, v = s[:, None, None], s[None, :, None]
    sides = (1 - v) * low[:, None, :] + v * high[:, None, :] + (1 - u) * left[None, :, :] + u * right[None, :, :]
    ends = (1 - u) * (1 - v) * low[0] + u * (1 - v) * low[-1] + (1 - u) * v * high[0] + u * v * high[-1]
    return np.asarray(sides - ends)
