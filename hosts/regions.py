"""Regions of space by which surfaces and properties of a host are told apart.

A region is a function of x, y, z [m], negative inside; its value is the distance to the region's boundary where that
is one plane, and a bound elsewhere. Fields are products of factors, each valid in a region.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import SpatialFunction, require_positive
from ramify.hosts.porosity import Profile
from ramify.hosts.shapes import lattice_distance


@dataclass(frozen=True)
class Block:
    """The box between two corners; a side that is infinite is no side."""

    lower: tuple[float, float, float] = (-math.inf, -math.inf, -math.inf)
    upper: tuple[float, float, float] = (math.inf, math.inf, math.inf)
    """[m]."""

    def __post_init__(self) -> None:
        if not all(low < high for low, high in zip(self.lower, self.upper, strict=True)):
            raise ValueError(f"region: it ends at {self.upper} before it begins at {self.lower}")

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Negative inside."""
        value = np.full(np.broadcast_shapes(np.shape(x), np.shape(y), np.shape(z)), -np.inf)
        for coordinate, low, high in zip((x, y, z), self.lower, self.upper, strict=True):
            value = np.maximum(value, np.maximum(low - coordinate, coordinate - high))
        return value


@dataclass(frozen=True)
class Stripes:
    """Bands across an axis, one in the middle of every pitch."""

    axis: int
    pitch: float
    width: float
    """[m]."""

    def __post_init__(self) -> None:
        require_positive("stripes", pitch=self.pitch, width=self.width)
        if self.width >= self.pitch:
            raise ValueError(f"stripes: width {self.width:g} m must be less than the pitch {self.pitch:g} m")

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Negative inside."""
        coordinates = (x, y, z)
        value = lattice_distance(coordinates[self.axis], self.pitch, 0.5) - 0.5 * self.width
        return np.asarray(value + 0.0 * (x + y + z))


@dataclass(frozen=True)
class Outside:
    """Everything that a region is not."""

    region: SpatialFunction

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Negative outside the region."""
        return -self.region(x, y, z)


@dataclass(frozen=True)
class Field:
    """A number of every place: a profile over the height, multiplied by a factor in each region."""

    profile: Profile
    factors: tuple[tuple[SpatialFunction, float], ...] = ()

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The number at coordinates [m]."""
        value = self.profile(z) + 0.0 * (x + y)
        for region, factor in self.factors:
            value = np.where(region(x, y, z) < 0.0, factor * value, value)
        return np.asarray(value)
