"""Pore sizes: the diameter of the largest sphere that fits into the pores around each point.

The local thickness of a point is the largest 2 r(c) with |x - c| < r(c), r(c) being the distance of c from the solid
(Hildebrand and Ruegsegger, J. Microsc. 185 (1997) 67). r is measured to points of the surface itself
(hosts.isosurface), so that it is right for any function that changes sign there, and the centres of the largest
spheres are moved from the voxels to where r has its maxima.

The lateral faces are planes of symmetry or periodic. Spheres have their centres between the collector and the top of
the host, which bound no pore: sizes describe the host alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ramify.hosts.base import SpatialFunction
from ramify.hosts.isosurface import NodeGrid, Vector, crossings

MOST_VOXELS = 200_000.0
BINS = 50
"""Radii are told apart to a fiftieth of the largest."""
NOISE = 2e-3
"""Relative, of distances to points of a surface some ten cells away: along a straight pore every voxel is a peak."""
HALVINGS = 5
"""Of the search for a sphere's centre, which starts with half a voxel."""


@dataclass(frozen=True)
class PoreSizes:
    """Distribution of pore diameters by volume."""

    mean: float
    """[m]."""
    d10: float
    d50: float
    d90: float
    """A tenth, half, nine tenths of the pore volume lie in pores no wider than this [m]."""
    diameters: np.ndarray
    """Rising [m]."""
    shares: np.ndarray
    """Of the pore volume, one for each diameter; their sum is one."""


def pore_sizes(
    distance: SpatialFunction, size: Vector, edge: float, *, periodic: bool = False, planar: bool = False
) -> PoreSizes | None:
    """Pore sizes of a host in a box [m] from the collector to the host's top; None without pores or surface.

    `edge` [m] is that of the cells that find the surface, wanted well below the features; voxels may be coarser.
    """
    surface = crossings(distance, NodeGrid.of(size, edge, 5.0 * MOST_VOXELS, planar))
    voxels = NodeGrid.of(size, 2.0 * edge, MOST_VOXELS, planar)
    hx, hy, hz = voxels.edges
    nx, ny, nz = voxels.counts
    x, y, z = (np.arange(nx) + 0.5) * hx, (np.arange(ny) + 0.5) * hy, (np.arange(nz) + 0.5) * hz
    open_voxels = np.broadcast_to(
        np.asarray(distance(x[None, None, :], y[None, :, None], z[:, None, None])) > 0.0, (nz, ny, nx)
    )
    if not len(surface) or not open_voxels.any():
        return None
    space = _Space(size, periodic, planar)
    points = np.stack(np.meshgrid(z, y, x, indexing="ij"), axis=-1)[..., ::-1][open_voxels]
    solid = space.tree(surface)
    radii = space.query(solid, points)[0]
    whole = np.zeros(open_voxels.shape)
    whole[open_voxels] = radii
    peaks = points[_peaks(whole, periodic, planar)[open_voxels]]
    centres = _climb(peaks, solid, space, max(hx, hz))
    thickness = _cover(points, radii, centres, space.query(solid, centres)[0], space)
    diameters, counts = np.unique(2.0 * thickness, return_counts=True)
    below = np.cumsum(counts) / counts.sum()
    d10, d50, d90 = (float(diameters[np.searchsorted(below, share - 1e-12)]) for share in (0.1, 0.5, 0.9))
    return PoreSizes(float(2.0 * thickness.mean()), d10, d50, d90, diameters, counts / counts.sum())


@dataclass(frozen=True)
class _Space:
    """The box, with its images where periodic; y does not count where planar."""

    size: Vector
    periodic: bool
    planar: bool

    @property
    def axes(self) -> list[int]:
        return [0, 2] if self.planar else [0, 1, 2]

    def _place(self, points: np.ndarray) -> np.ndarray:
        placed = points[:, self.axes]
        if self.periodic:
            placed[:, :-1] %= self._lateral
            # A tiny negative number wraps to the period itself in floating point; the tree wants less.
            placed[:, :-1][placed[:, :-1] >= self._lateral] = 0.0
        return placed

    def tree(self, points: np.ndarray) -> Any:
        from scipy.spatial import cKDTree

        period = np.append(self._lateral if self.periodic else 0.0 * self._lateral, 0.0)
        return cKDTree(self._place(points), boxsize=period)

    @property
    def _lateral(self) -> np.ndarray:
        return np.array(self.size)[self.axes[:-1]]

    def query(self, tree: Any, points: np.ndarray, within: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
        """Distance to the nearest point of the tree [m] and its number."""
        found = tree.query(self._place(points), distance_upper_bound=within)
        return np.asarray(found[0]), np.asarray(found[1])


def _peaks(radii: np.ndarray, periodic: bool, planar: bool) -> np.ndarray:
    """Voxels whose radius no neighbour exceeds by more than `NOISE`."""
    from scipy.ndimage import maximum_filter

    lateral = "wrap" if periodic else "nearest"
    highest = maximum_filter(radii, size=(3, 1 if planar else 3, 3), mode=("nearest", lateral, lateral))
    return np.asarray((radii > 0.0) & (radii >= highest * (1.0 - NOISE)))


def _climb(centres: np.ndarray, solid: Any, space: _Space, step: float) -> np.ndarray:
    """Centres moved uphill in r, inside the box, by a search with steps halved each time."""
    ways = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], dtype=float)
    if space.planar:
        ways = ways[ways[:, 1] == 0.0]
    for _ in range(HALVINGS):
        step *= 0.5
        trials = np.clip(centres[:, None, :] + step * ways, 0.0, np.array(space.size))
        radii = space.query(solid, trials.reshape(-1, 3))[0].reshape(len(centres), len(ways))
        centres = trials[np.arange(len(centres)), np.argmax(radii, axis=1)]
    return centres


def _cover(points: np.ndarray, radii: np.ndarray, centres: np.ndarray, tops: np.ndarray, space: _Space) -> np.ndarray:
    """Radius of the largest sphere that holds each point, from the spheres around points and centres."""
    places, sizes = np.concatenate([centres, points]), np.concatenate([tops, radii])
    thickness = np.zeros(len(points))
    bounds = sizes.max() * np.arange(BINS, -1, -1) / BINS
    for high, low in pairwise(bounds):
        chosen = (sizes > low) & (sizes <= high)
        left = np.flatnonzero(thickness == 0.0)
        if not chosen.any() or not len(left):
            continue
        spheres = sizes[chosen]
        gap, nearest = space.query(space.tree(places[chosen]), points[left], high * (1.0 + 1e-9))
        inside = np.isfinite(gap)
        inside[inside] = gap[inside] <= spheres[nearest[inside]] * (1.0 + 1e-9)
        thickness[left[inside]] = spheres.max()
    return thickness
