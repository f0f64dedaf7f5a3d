"""Porosity of a shape from its signed distance, and the level at which a shape has the porosity wanted.

The volume fraction of a sampling cell of edge h is clip(1/2 + d/h), which for smooth surfaces makes the porosity of a
bed exact to second order in h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import SpatialFunction

Box = tuple[float, float, float]


@dataclass(frozen=True)
class Profile:
    """A number that changes linearly with height: bottom at the current collector, top at the host's height."""

    bottom: float
    top: float
    height: float
    """[m]."""

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Value at z [m], constant beyond both ends."""
        return np.asarray(self.bottom + (self.top - self.bottom) * np.clip(z / self.height, 0.0, 1.0))


def require_porosity(owner: str, porosity: float) -> None:
    """ValueError unless a porosity lies between 0 and 1."""
    if not 0.0 < porosity < 1.0:
        raise ValueError(f"{owner}: porosity must lie between 0 and 1, not {porosity:g}")


@dataclass(frozen=True)
class BedSamples:
    """Cell centres of a near-cubic grid over a bed 0 < z < height."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    """Broadcastable as [z, y, x] [m]."""
    edge: float
    """Geometric mean of the cell edges [m]."""

    @classmethod
    def over(cls, box: Box, count: int = 150_000, planar: bool = False) -> BedSamples:
        """About `count` cells over a box (x, y, height) [m]; y is one cell where planar."""
        lengths = (box[0], box[2]) if planar else box
        h = (math.prod(lengths) / count) ** (1.0 / len(lengths))
        counts = [max(1, round(length / h)) for length in box]
        if planar:
            counts[1] = 1
        edges = [length / n for length, n in zip(box, counts, strict=True)]
        x, y, z = ((np.arange(n) + 0.5) * e for n, e in zip(counts, edges, strict=True))
        kept = [edges[0], edges[2]] if planar else edges
        return cls(x[None, None, :], y[None, :, None], z[:, None, None], math.prod(kept) ** (1.0 / len(kept)))

    def distances(self, distance: SpatialFunction) -> np.ndarray:
        """Signed distances [m] of the cells [z, y, x]."""
        shape = np.broadcast_shapes(self.x.shape, self.y.shape, self.z.shape)
        return np.broadcast_to(distance(self.x, self.y, self.z), shape)

    def porosity(self, distances: np.ndarray) -> float:
        """Mean open fraction."""
        return float(np.mean(np.clip(0.5 + distances / self.edge, 0.0, 1.0)))

    def level(self, distances: np.ndarray, porosity: float) -> float:
        """The r at which {distances < r} leaves the porosity."""
        from scipy.optimize import brentq

        low, high = float(distances.min()) - self.edge, float(distances.max()) + self.edge
        return float(brentq(lambda r: self.porosity(distances - r) - porosity, low, high, xtol=1e-4 * self.edge))
