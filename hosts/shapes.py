"""Hosts with exact distances: none, a slab, an array of pillars, a block with vertical channels.

Pillars and channels are solids of the form {z < height} and {g < 0} with a lateral distance g(x, y), so that
d = min(max(z - height, g), 0) + |(max(z - height, 0), max(g, 0))|. They continue below z = 0: no surface lies on the
collector. Lattices are square; the default offset puts one pillar or channel in the middle of each pitch, so that
whole pitches tile periodic domains and half pitches tile domains with symmetry planes.

The wall of a tapered channel makes an angle with the vertical. Where two half-spaces meet whose outward normals have
the product c, and a and b are the distances to their faces, the edge is at sqrt((a^2 + b^2 - 2 a b c)/(1 - c^2)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import require_below_counter, require_positive, tiling_notes


def lattice_distance(x: np.ndarray, pitch: float, offset: float) -> np.ndarray:
    """Distance along one axis [m] to the nearest lattice point (offset + n) pitch."""
    return np.abs((x / pitch - offset + 0.5) % 1.0 - 0.5) * pitch


def below_height(lateral: np.ndarray, z: np.ndarray, height: float) -> np.ndarray:
    """Signed distance to {z < height, lateral < 0}, exact for an exact lateral distance."""
    above = z - height
    outside = np.hypot(np.maximum(above, 0.0), np.maximum(lateral, 0.0))
    return np.minimum(np.maximum(above, lateral), 0.0) + outside


def below_wedge(first: np.ndarray, second: np.ndarray, cosine: float) -> np.ndarray:
    """Signed distance to the intersection of two half-spaces, from those to their faces; cosine of their normals."""
    edge = np.sqrt(np.maximum(first**2 + second**2 - 2.0 * cosine * first * second, 0.0) / (1.0 - cosine**2))
    beyond = (first > cosine * second) & (second > cosine * first)
    return np.where(beyond, edge, np.maximum(first, second))


@dataclass(frozen=True)
class Flat:
    """No host: the bare current collector."""

    @property
    def feature_size(self) -> float:
        """Infinite: nothing to resolve."""
        return math.inf

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Infinite everywhere."""
        return np.full(np.broadcast_shapes(np.shape(x), np.shape(y), np.shape(z)), np.inf)

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """No warnings."""
        return []


@dataclass(frozen=True)
class Slab:
    """A flat host: solid below its height."""

    height: float
    """[m]."""

    def __post_init__(self) -> None:
        require_positive("slab", height=self.height)

    @property
    def feature_size(self) -> float:
        """The height [m]."""
        return self.height

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        return np.asarray(z - self.height + 0.0 * (x + y))

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """No warnings; ValueError where the slab reaches the counter electrode."""
        require_below_counter("slab", "height", self.height, size)
        return []


@dataclass(frozen=True)
class Pillars:
    """Square array of upright pillars; ridges along y where `planar`."""

    diameter: float
    """[m]; the width of a ridge."""
    pitch: float
    """Distance between axes [m]."""
    height: float
    """[m], of the tip where rounded."""
    rounded: bool = False
    """Hemispherical instead of flat tops."""
    offset: tuple[float, float] = (0.5, 0.5)
    """Axis of the first pillar, in pitches."""
    planar: bool = False
    """For 2-D domains (x and z): y is ignored."""

    def __post_init__(self) -> None:
        require_positive("pillars", diameter=self.diameter, pitch=self.pitch, height=self.height)
        if self.diameter >= self.pitch:
            raise ValueError(f"pillars: diameter {self.diameter:g} m must be less than the pitch {self.pitch:g} m")
        if self.rounded and self.height < 0.5 * self.diameter:
            raise ValueError(
                f"pillars: rounded tops need a height of at least half the diameter, not {self.height:g} m"
            )

    @property
    def feature_size(self) -> float:
        """The diameter or the gap, whichever is less [m]."""
        return min(self.diameter, self.pitch - self.diameter)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        radius = 0.5 * self.diameter
        from_axis = lattice_distance(x, self.pitch, self.offset[0])
        if not self.planar:
            from_axis = np.hypot(from_axis, lattice_distance(y, self.pitch, self.offset[1]))
        if self.rounded:
            return np.hypot(from_axis, np.maximum(z - (self.height - radius), 0.0)) - radius + 0.0 * y
        return below_height(from_axis - radius + 0.0 * y, z, self.height)

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """Warnings about tiling; ValueError where the pillars reach the counter electrode or break periodicity."""
        require_below_counter("pillars", "height", self.height, size)
        return tiling_notes("pillars", self.pitch, size, periodic, self.planar)


@dataclass(frozen=True)
class Channels:
    """Solid block with vertical channels down to the collector, round or tapered; slits along y where `planar`."""

    diameter: float
    """At the collector [m]; the width of a slit."""
    pitch: float
    """Distance between axes [m]."""
    height: float
    """Of the block [m]."""
    top_diameter: float | None = None
    """At the top of the block [m], changing linearly; the same as at the collector by default."""
    offset: tuple[float, float] = (0.5, 0.5)
    """Axis of the first channel, in pitches."""
    planar: bool = False
    """For 2-D domains (x and z): y is ignored."""

    def __post_init__(self) -> None:
        lengths = {"diameter": self.diameter, "top diameter": self.mouth}
        require_positive("channels", pitch=self.pitch, height=self.height, **lengths)
        for name, width in lengths.items():
            if width >= self.pitch:
                raise ValueError(f"channels: {name} {width:g} m must be less than the pitch {self.pitch:g} m")

    @property
    def mouth(self) -> float:
        """Diameter at the top of the block [m]."""
        return self.diameter if self.top_diameter is None else self.top_diameter

    @property
    def feature_size(self) -> float:
        """The least diameter or the thinnest wall, whichever is less [m]."""
        return min(self.diameter, self.mouth, self.pitch - max(self.diameter, self.mouth))

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        from_axis = lattice_distance(x, self.pitch, self.offset[0])
        if not self.planar:
            from_axis = np.hypot(from_axis, lattice_distance(y, self.pitch, self.offset[1]))
        if self.mouth == self.diameter:
            return below_height(0.5 * self.diameter - from_axis + 0.0 * y, z, self.height)
        slope = 0.5 * (self.mouth - self.diameter) / self.height
        # Outward normal of the wall, into the channel: (-1, slope)/|..| in the plane of radius and z.
        steepness = math.hypot(1.0, slope)
        wall = (0.5 * self.diameter + slope * z - from_axis + 0.0 * y) / steepness
        return below_wedge(wall, z - self.height, slope / steepness)

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """Warnings about tiling; ValueError where the block reaches the counter electrode or breaks periodicity."""
        require_below_counter("channels", "height", self.height, size)
        return tiling_notes("channels", self.pitch, size, periodic, self.planar)
