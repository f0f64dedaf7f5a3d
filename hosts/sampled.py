"""Hosts that are known on a grid of their own: random media, images.

The signed distance on the grid's nodes is interpolated (hosts.interpolation), whatever the grid of the solver. Nodes
are the middles of voxels: x = (i + 1/2) h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import require_below_counter
from ramify.hosts.interpolation import interpolate
from ramify.hosts.redistance import signed_distance

Triple = tuple[float, float, float]
LARGEST_GRID = 32_000_000
"""Nodes of a host's own grid (eight bytes each) beyond which it is refused or made coarser."""


@dataclass(frozen=True, eq=False)
class SampledHost:
    """A host by its signed distance on the voxels of a lateral box; it ends at a flat top."""

    values: np.ndarray
    """Signed distance [z, y, x] [m], positive in pores."""
    spacing: Triple
    """Voxel edges (x, y, z) [m]."""
    height: float
    """Of the host [m]: pore above."""
    periodic: bool = False
    """Lateral faces wrap; else they mirror."""
    planar: bool = False
    """For 2-D domains: y is ignored."""
    owner: str = "host"
    """Name in messages."""
    width: float | None = None
    """Smallest width of solid or pore [m]; measured by default."""

    @property
    def feature_size(self) -> float:
        """Mean width of the solid or of the pores, whichever is less [m]: four volumes per surface."""
        return mean_width(self.values, self.spacing, self.planar) if self.width is None else self.width

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        hx, hy, hz = self.spacing
        x, y, z = np.broadcast_arrays(x, 0.0 * y if self.planar else y, z)
        flat = np.empty(x.size)
        places = (np.ravel(x / hx - 0.5), np.ravel(y / hy - 0.5), np.ravel(z / hz - 0.5))
        interpolate(self.values, places[0], places[1], places[2], self.periodic, flat)
        body = flat.reshape(x.shape)
        above = z - self.height
        # Over a pore the nearest solid is the rim of the flat top, over solid the top itself.
        outside = np.hypot(np.maximum(above, 0.0), np.maximum(body, 0.0))
        return np.where(above > 0.0, outside, np.maximum(body, above))

    def check(self, size: Triple, periodic: bool = False) -> list[str]:
        """Warnings; ValueError where the host reaches the counter electrode or was made for another domain."""
        require_below_counter(self.owner, "height", self.height, size)
        counts = self.values.shape[::-1]
        width = [n * h for n, h in zip(counts, self.spacing, strict=True)]
        lateral = 1 if self.planar else 2
        if not np.allclose(size[:lateral], width[:lateral], rtol=1e-6) or periodic != self.periodic:
            raise ValueError(f"{self.owner}: made for a domain of another width or another lateral boundary")
        return []


def mean_width(distance: np.ndarray, spacing: Triple, planar: bool) -> float:
    """4 V/A of the solid or of the pores, whichever is less [m]; 2 A/L where planar."""
    h = max(spacing[0], spacing[2]) if planar else max(spacing)
    near = np.abs(distance) < 1.5 * h
    # The area per volume is the mean of a narrow hat function of the distance.
    area = float(np.sum(1.0 + np.cos(math.pi * distance[near] / (1.5 * h)))) / (2.0 * 1.5 * h) / distance.size
    solid = float(np.mean(np.clip(0.5 - distance / h, 0.0, 1.0)))
    return (2.0 if planar else 4.0) * min(solid, 1.0 - solid) / area


def sampled_host(
    values: np.ndarray,
    spacing: Triple,
    height: float,
    *,
    porosity: float | None = None,
    periodic: bool = False,
    planar: bool = False,
    owner: str = "host",
) -> SampledHost:
    """Host from any function with the right zero set [z, y, x], positive in pores.

    With a porosity the surface is then shifted along its normal until the volume below the height has it.
    """
    try:
        distance = signed_distance(values, spacing, periodic)
    except ValueError as refusal:
        raise ValueError(f"{owner}: {refusal}") from None
    if porosity is not None:
        distance = distance - level_of(distance[: max(1, round(height / spacing[2]))], spacing, porosity)
    return SampledHost(distance, spacing, height, periodic, planar, owner)


def level_of(distance: np.ndarray, spacing: Triple, porosity: float) -> float:
    """The distance [m] beyond which lies the wanted fraction of the volume."""
    h = float(np.mean(spacing))
    level = 0.0
    for _ in range(20):
        open_fraction = np.clip(0.5 + (distance - level) / h, 0.0, 1.0)
        cut = float(np.mean((open_fraction > 0.0) & (open_fraction < 1.0)))
        excess = float(np.mean(open_fraction)) - porosity
        if abs(excess) < 1e-5 or cut == 0.0:
            break
        level += float(np.clip(excess * h / cut, -0.5 * h, 0.5 * h))
    return level
