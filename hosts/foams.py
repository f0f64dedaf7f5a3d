"""Open-cell foams: struts along the edges of a tessellation of space.

Kelvin's truncated octahedra (a body-centred lattice, stretched so as to tile the domain), or the Voronoi cells of
random points that keep a distance from each other. `cell_size` is the edge a of the cube that holds two Kelvin cells;
the random points are as many, 2/a^3. All struts are rods of one radius, or of a radius that follows a porosity
gradient, and the radius is the one that meets the porosity: that of a foam of thin struts is about
1 - 26.7 (r/a)^2.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations, product
from typing import Literal

import numpy as np

from ramify.hosts.base import micrometres, require_positive
from ramify.hosts.porosity import BedSamples, Box, require_porosity
from ramify.hosts.rods import RodNetwork, rod_network
from ramify.hosts.spheres import random_centres

Tessellation = Literal["kelvin", "voronoi"]
EDGES_PER_CELL = 26.7
"""pi times the length of all edges in a Kelvin cube, over its edge."""
SEPARATION = 0.3
"""Volume fraction of the balls, around the random points, that do not overlap."""
MOST_CELLS = 20_000
STRETCH = 0.05
"""Relative misfit of Kelvin's cells and the foam that is taken without a warning."""


def strut_diameter(cell_size: float, porosity: float) -> float:
    """Estimate of the diameter [m] for a cell size [m], good to a tenth for porosities above 0.8."""
    return 2.0 * cell_size * math.sqrt((1.0 - porosity) / EDGES_PER_CELL)


def foam(
    size: Box,
    cell_size: float,
    porosity: float | tuple[float, float],
    *,
    tessellation: Tessellation = "kelvin",
    seed: int = 0,
    height: float | None = None,
    periodic: bool = False,
) -> RodNetwork:
    """Foam on the current collector.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    cell_size : float
        Edge of the cube that holds two cells [m].
    porosity : float or pair of float
        Of the foam; at its bottom and at its top.
    tessellation : {'kelvin', 'voronoi'}
        Regular or random cells.
    seed : int
        Of random cells; the same seed gives the same foam.
    height : float, optional
        That no strut exceeds [m]; the domain less a tenth of a cell if not given.
    periodic : bool
        Lateral faces; symmetry planes cut and mirror the struts.

    Raises
    ------
    ValueError
        If no such foam can be made.
    """
    top = size[2] - 0.1 * cell_size if height is None else height
    require_positive("foam", cell_size=cell_size, height=top)
    ends = porosity if isinstance(porosity, tuple) else (porosity, porosity)
    for value in ends:
        require_porosity("foam", value)
    if cell_size > 2.0 * min(size[0], size[1], top):
        raise ValueError(f"foam: cells of {micrometres(cell_size)} do not fit into the foam")
    box = (size[0], size[1], top)
    edges = _kelvin(box, cell_size) if tessellation == "kelvin" else _voronoi(box, cell_size, seed)
    guess = 0.5 * strut_diameter(cell_size, min(ends))
    edges = _divided(edges, 0.25 * cell_size if ends[0] != ends[1] else math.inf)
    radii = np.full(len(edges), guess), np.full(len(edges), guess)
    for _ in range(2):  # the height that cuts the axes depends on the radius, weakly
        axes = rod_network(_rods(edges, *radii), box, periodic, "foam")
        samples = BedSamples.over(box)
        # With one radius everywhere the distance to the axes is the distance to the struts plus that radius.
        bare = np.concatenate([axes.rods[:, :3], 0.0 * axes.rods[:, 3:4], axes.rods[:, 4:7], 0.0 * axes.rods[:, 7:]], 1)
        away = samples.distances(RodNetwork(bare, box, periodic, "foam").distance)
        steps = np.linspace(0.0, 1.0, 9 if ends[0] != ends[1] else 1)
        levels = [samples.level(away, ends[0] + step * (ends[1] - ends[0])) for step in steps]
        radii = tuple(np.interp(edges[:, end, 2], steps * top, levels) for end in (0, 1))
    made = rod_network(_rods(edges, *radii), box, periodic, "foam")
    return replace(made, notes=tuple(_stretch(box, cell_size))) if tessellation == "kelvin" else made


def _stretch(box: Box, cell_size: float) -> list[str]:
    """Warning where tiling the foam has stretched Kelvin's cells much."""
    edges = [length / max(1, round(length / cell_size)) for length in box]
    misfit = max(abs(edge / cell_size - 1.0) for edge in edges)
    if misfit <= STRETCH:
        return []
    told = " x ".join(f"{edge * 1e6:.3g}" for edge in edges)
    return [
        f"foam: cells of {micrometres(cell_size)} are stretched to {told} um, so that whole ones fill it; "
        f"take lengths of whole cells"
    ]


def _rods(edges: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return np.concatenate([edges[:, 0], start[:, None], edges[:, 1], end[:, None]], axis=1)


def _divided(edges: np.ndarray, longest: float) -> np.ndarray:
    """Edges (n, 2, 3) cut into equal parts no longer than a length [m]."""
    parts = np.maximum(1, np.ceil(np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1) / longest)).astype(int)
    owner = np.repeat(np.arange(len(edges)), parts)
    part = np.arange(len(owner)) - np.repeat(np.cumsum(parts) - parts, parts)
    start, along = edges[owner, 0], (edges[owner, 1] - edges[owner, 0]) / parts[owner, None]
    return np.stack([start + part[:, None] * along, start + (part[:, None] + 1) * along], axis=1)


def _kelvin(box: Box, cell_size: float) -> np.ndarray:
    """Edges (n, 2, 3) of truncated octahedra that fill the box: cubes stretched to tile it."""
    counts = [max(1, round(length / cell_size)) for length in box]
    if math.prod(counts) > MOST_CELLS:
        raise ValueError(f"foam: more than {MOST_CELLS} cells; take larger cells or a smaller domain")
    corners = np.array(sorted({p for s in product((-1, 1), repeat=2) for p in permutations((0, s[0], 2 * s[1]))}))
    pairs = [
        (corners[a], corners[b])
        for a in range(len(corners))
        for b in range(a)
        if np.sum((corners[a] - corners[b]) ** 2) == 2
    ]
    # In units of a quarter cube: both cells' edges, each once whatever cubes share it.
    cell = np.array(pairs)
    unit = np.concatenate([cell, cell + 2])
    middles = np.mod(unit.sum(axis=1), 8)
    unit = unit[np.unique(middles, axis=0, return_index=True)[1]]
    cubes = np.stack(np.meshgrid(*[np.arange(-1, n + 1) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    edges = (unit[None] + 4 * cubes[:, None, None]).reshape(-1, 2, 3) / 4.0 * (np.array(box) / np.array(counts))
    middle = edges.mean(axis=1)
    return edges[((middle >= -1e-12 * box[0]) & (middle <= (1.0 + 1e-12) * np.array(box))).all(axis=1)]


def _voronoi(box: Box, cell_size: float, seed: int) -> np.ndarray:
    """Edges (n, 2, 3) of the Voronoi cells of random points, periodic in x and y, that reach into the box."""
    from scipy.spatial import Voronoi

    margin = 1.5 * cell_size
    tall = (box[0], box[1], box[2] + 2.0 * margin)
    count = max(4, round(2.0 * math.prod(tall) / cell_size**3))
    if count > 2 * MOST_CELLS:
        raise ValueError(f"foam: more than {MOST_CELLS} cells; take larger cells or a smaller domain")
    radius = (SEPARATION * math.prod(tall) / count / (4.0 / 3.0 * math.pi)) ** (1.0 / 3.0)
    points = random_centres(tall, min(radius, 0.24 * min(box)), count, seed, periodic=True, planar=False)
    points[:, 2] -= margin
    shifts = [np.array([i * box[0], j * box[1], 0.0]) for i in (0, -1, 1) for j in (0, -1, 1)]
    cells = Voronoi(np.concatenate([points + shift for shift in shifts]))
    found = set()
    for ridge in cells.ridge_vertices:
        found |= {(min(a, b), max(a, b)) for a, b in zip(ridge, [*ridge[1:], ridge[0]], strict=True)}
    pairs = np.array(sorted(pair for pair in found if pair[0] >= 0))
    edges = cells.vertices[pairs]
    middle, reach = edges.mean(axis=1), np.array([0.5 * cell_size, 0.5 * cell_size, 1.0 * cell_size])
    inside = ((middle > -reach) & (middle < np.array(box) + reach)).all(axis=1)
    return edges[inside]
