"""Area of host surfaces, points uniform by area on them, and what describes a host as a number.

Areas and volumes are those of hosts.isosurface. Points uniform in a thin shell |d| < delta, moved onto d = 0 along
grad d, are uniform by area to second order in delta times the curvature.

In a 2-D domain (`planar`) y is ignored, areas are lengths per metre of depth [m], and a density [1/m^2] gives
sqrt(density) caps per metre: the mean spacing is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ramify.hosts.base import Host, SpatialFunction, require_positive
from ramify.hosts.deposits import Caps
from ramify.hosts.isosurface import NodeGrid, measure
from ramify.hosts.shapes import Flat

CELLS_PER_FEATURE = 10.0
"""Of the auxiliary grid for points, as long as it has no more cells than LARGEST_GRID."""
NODES_PER_FEATURE = 24.0
"""Of the auxiliary grid for areas and volumes: curved surfaces come out within half a per cent."""
LARGEST_GRID = 4.0e6
MOST_CAPS = 200_000
"""Caps that can be placed; so many hide any surface that a grid resolves."""
Vector = tuple[float, float, float]
Site = Literal["collector", "host"]


@dataclass(frozen=True)
class _Grid:
    """Auxiliary cells over the domain, near-cubic, fine enough for the host's features."""

    size: Vector
    counts: tuple[int, int, int]
    planar: bool

    @property
    def edges(self) -> np.ndarray:
        return np.array(self.size) / np.array(self.counts)

    @property
    def width(self) -> float:
        return float(max(self.edges[[0, 2]]) if self.planar else self.edges.max())

    def sheets(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Cell-centre coordinates, a stack of z layers at a time."""
        x, y, z = ((np.arange(n) + 0.5) * h for n, h in zip(self.counts, self.edges, strict=True))
        layers = max(1, 200_000 // (self.counts[0] * self.counts[1]))
        for start in range(0, self.counts[2], layers):
            yield x[None, None, :], y[None, :, None], z[start : start + layers, None, None]


def _grid(host: Host, size: Vector, planar: bool) -> _Grid:
    lengths = (size[0], size[2]) if planar else size
    fine = min(host.feature_size, *lengths) / CELLS_PER_FEATURE
    affordable = (math.prod(lengths) / LARGEST_GRID) ** (1.0 / len(lengths))
    h = max(fine, affordable)
    counts = [max(1, math.ceil(length / h - 1e-9)) for length in size]
    if planar:
        counts[1] = 1
    return _Grid(size, (counts[0], counts[1], counts[2]), planar)


def _host_area(host: Host, size: Vector, planar: bool, region: SpatialFunction | None = None) -> float:
    """Area of the surface, of its part in a region (negative inside) where one is given."""
    return float(measure(host.distance, fine_grid(host, size, planar), region=region)[0].sum())


def fine_grid(host: Host, size: Vector, planar: bool) -> NodeGrid:
    """Nodes for areas and volumes over a box [m]."""
    lengths = (size[0], size[2]) if planar else size
    return NodeGrid.of(size, min(host.feature_size, *lengths) / NODES_PER_FEATURE, LARGEST_GRID, planar)


def free_collector(host: Host, size: Vector, planar: bool = False) -> float:
    """Collector left free by the host [m^2]."""
    grid = fine_grid(host, size, planar)
    counts = (4 * grid.counts[0], 1 if planar else 4 * grid.counts[1])
    x, y = ((np.arange(n) + 0.5) * length / n for n, length in zip(counts, size[:2], strict=True))
    free = np.mean(host.distance(x[None, :], y[:, None], np.zeros((1, 1))) > 0.0)
    return float(free) * size[0] * (1.0 if planar else size[1])


@dataclass(frozen=True)
class Description:
    """A host in numbers."""

    porosity: float
    """Pore fraction of the whole domain."""
    host_area: float
    """[m^2]; a length [m] where planar, and so on."""
    collector_area: float
    """Collector left free by the host [m^2]."""
    area_per_pore_volume: float
    """Host and free collector over pore volume [1/m]: large means that ion transport limits late plating."""
    feature_size: float
    """[m]."""


def describe(host: Host, size: Vector, planar: bool = False) -> Description:
    """Porosity and areas of a host in a domain of lengths `size` [m], within 1 % where its features are resolved."""
    areas, pores = measure(host.distance, fine_grid(host, size, planar))
    volume = size[0] * size[2] * (1.0 if planar else size[1])
    host_area, pore = float(areas.sum()), float(pores.sum())
    collector_area = free_collector(host, size, planar)
    return Description(
        porosity=pore / volume,
        host_area=host_area,
        collector_area=collector_area,
        area_per_pore_volume=(host_area + collector_area) / pore,
        feature_size=host.feature_size,
    )


def gradient(distance: SpatialFunction, points: np.ndarray, step: float, planar: bool) -> np.ndarray:
    """Unit gradients (n, 3) of a signed distance at points (n, 3), by central differences; no y part where planar."""
    slopes = np.zeros_like(points)
    for axis in (0, 2) if planar else (0, 1, 2):
        shift = np.zeros(3)
        shift[axis] = step
        slopes[:, axis] = distance(*(points + shift).T) - distance(*(points - shift).T)
    return slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-300)


def _points_on_host(
    host: Host, grid: _Grid, count: int, generator: np.random.Generator, region: SpatialFunction | None = None
) -> tuple[np.ndarray, np.ndarray]:
    shell = 0.1 * grid.width
    reach = 0.5 * float(np.linalg.norm(grid.edges[[0, 2]] if grid.planar else grid.edges)) + shell
    corners = []
    for x, y, z in grid.sheets():
        near = np.argwhere(np.abs(host.distance(x, y, z)) < reach)
        corners.append(np.stack([x.ravel()[near[:, 2]], y.ravel()[near[:, 1]], z.ravel()[near[:, 0]]], axis=1))
    cells = np.concatenate(corners)
    if len(cells) == 0:
        raise ValueError("the host has no surface inside the domain")
    size, found = np.array(grid.size), np.empty((0, 3))
    while len(found) < count:
        chosen = cells[generator.integers(len(cells), size=15 * count + 100)]
        trial = chosen + (generator.random(chosen.shape) - 0.5) * grid.edges
        d = host.distance(*trial.T)
        trial, d = trial[np.abs(d) < shell], d[np.abs(d) < shell]
        trial = trial - d[:, None] * gradient(host.distance, trial, 0.1 * shell, grid.planar)
        if region is not None:
            trial = trial[region(*trial.T) < 0.0]
        found = np.concatenate([found, trial[((trial >= 0.0) & (trial <= size)).all(axis=1)]])
    found = found[:count]
    return found, gradient(host.distance, found, 0.1 * shell, grid.planar)


def _points_on_collector(
    host: Host, size: Vector, count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    found = np.empty((0, 3))
    while len(found) < count:
        trial = generator.random((4 * count + 100, 3)) * np.array([size[0], size[1], 0.0])
        found = np.concatenate([found, trial[host.distance(*trial.T) > 0.0]])
    return found[:count], np.tile([0.0, 0.0, 1.0], (count, 1))


def count_caps(
    size: Vector,
    density: float,
    *,
    host: Host | None = None,
    on: tuple[Site, ...] = ("collector", "host"),
    region: SpatialFunction | None = None,
    planar: bool = False,
) -> int:
    """How many caps `random_caps` places at a density [1/m^2]; ValueError where it would place none, or too many."""
    return _counted(density, _bearing_areas(host, size, on, region, planar)[1], planar)


def _bearing_areas(
    host: Host | None, size: Vector, on: tuple[Site, ...], region: SpatialFunction | None, planar: bool
) -> tuple[float, float]:
    """Area of the host, and of all surfaces, that bear caps [m^2]; a length [m] where planar."""
    host_area = _host_area(host, size, planar, region) if "host" in on and host is not None else 0.0
    collector_area = free_collector(Flat() if host is None else host, size, planar) if "collector" in on else 0.0
    if host_area + collector_area <= 0.0:
        raise ValueError(f"caps: the chosen surfaces ({', '.join(on) or 'none'}) have no area in the domain")
    return host_area, host_area + collector_area


def _counted(density: float, area: float, planar: bool) -> int:
    count = (math.sqrt(density) if planar else density) * area
    told = f"caps: {density:g} 1/m2 on {area:g} {'m' if planar else 'm2'} gives"
    if round(min(count, 1e9)) < 1:
        raise ValueError(f"{told} no cap at all")
    if count > MOST_CAPS:
        raise ValueError(f"{told} {count:.3g} caps; allowed: up to {MOST_CAPS}, a film covers the surface")
    return round(count)


def random_caps(
    size: Vector,
    radius: float,
    *,
    density: float | None = None,
    count: int | None = None,
    seed: int = 0,
    host: Host | None = None,
    on: tuple[Site, ...] = ("collector", "host"),
    region: SpatialFunction | None = None,
    contact_angle: float = 0.5 * math.pi,
    periodic: bool = False,
    planar: bool = False,
) -> Caps:
    """Caps of one radius, placed at random and uniformly by area.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    radius : float
        Of curvature [m].
    density, count
        Caps per area [1/m^2], times the area rounded to a whole number; or their number.
    seed : int
        The same seed gives the same caps.
    host : Host, optional
        Its surface, and the collector it leaves free, bear the caps.
    on : tuple
        Surfaces that bear caps: leave out 'host' for an insulating one.
    region : callable, optional
        Part of the host's surface that bears caps: negative there.
    contact_angle : float
        Through the metal [rad].
    periodic, planar : bool
        Lateral faces; 2-D domain.

    Raises
    ------
    ValueError
        If no cap comes out, or the chosen surfaces have no area.
    """
    require_positive("caps", radius=radius)
    if (density is None) == (count is None):
        raise ValueError("caps: give either a density or a count")
    body = Flat() if host is None else host
    grid = _grid(body, size, planar)
    host_area, area = _bearing_areas(host, size, on, region, planar)
    count = _counted(density, area, planar) if density is not None else count
    assert count is not None
    if not 1 <= count <= MOST_CAPS:
        raise ValueError(f"caps: the count must be from 1 to {MOST_CAPS}, not {count}")
    generator = np.random.default_rng(seed)
    on_host = int(generator.binomial(count, host_area / area))
    positions, normals = _points_on_collector(body, size, count - on_host, generator)
    if on_host:
        more = _points_on_host(body, grid, on_host, generator, region)
        positions, normals = np.concatenate([positions, more[0]]), np.concatenate([normals, more[1]])
    period = (size[0], 0.0 if planar else size[1]) if periodic else None
    return Caps(positions, normals, radius, contact_angle, period, planar)
