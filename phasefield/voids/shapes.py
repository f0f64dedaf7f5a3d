"""Voids as unions of balls: those that a metal starts with, and those that are born."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.problem import Domain

FAR = 30.0
"""Widths from a void's wall beyond which its distance need not be known: the profile is saturated."""


@dataclass(frozen=True)
class Balls:
    """Signed distance of a union of balls [m], negative inside; tunnels along y where the box has one cell there."""

    centres: np.ndarray
    """(n, 3) [m]; a cap's may lie beyond the contact plane."""
    radii: np.ndarray
    """(n,) [m]."""
    domain: Domain
    width: float
    """l of the surface [m], which says how far around a ball the distance counts."""

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Up to FAR widths, and FAR widths beyond."""
        reach = FAR * self.width
        distance = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), reach)
        for centre, radius in zip(self.centres, self.radii, strict=True):
            for image in self._images(centre):
                offsets = [self._offset(axis, points, image[axis]) for axis, points in enumerate((x, y, z))]
                spans = [np.flatnonzero(np.abs(offset.ravel()) < radius + reach) for offset in offsets]
                if any(len(span) == 0 for span in spans):
                    continue
                i, j, k = (slice(span[0], span[-1] + 1) for span in spans)
                dx, dy, dz = offsets[0][:, :, i], offsets[1][:, j, :], offsets[2][k, :, :]
                there = distance[k, j, i]
                np.minimum(there, np.sqrt(dx**2 + dy**2 + dz**2) - radius, out=there)
        return distance

    def _offset(self, axis: int, points: np.ndarray, centre: float) -> np.ndarray:
        return np.zeros_like(points) if self.domain.cells[axis] == 1 else points - centre

    def _images(self, centre: np.ndarray) -> list[np.ndarray]:
        """The ball and its nearest copies beyond periodic faces."""
        shifts = [np.zeros(3)]
        if self.domain.periodic:
            for axis in (0, 1):
                if self.domain.cells[axis] > 1:
                    step = np.eye(3)[axis] * self.domain.size[axis]
                    shifts = [shift + n * step for shift in shifts for n in (-1, 0, 1)]
        return [centre + shift for shift in shifts]
