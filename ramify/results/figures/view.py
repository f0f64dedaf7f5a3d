"""Parallel projection of the box: shared by the renderer and by the axes drawn around its pictures.

The camera looks along -d, d = (cos e cos a, cos e sin a, sin e), with `right` and `up` spanning the picture. Lengths
in the picture are those in space times the cosine to its plane, the same everywhere, so ticks along the edges of the
box measure exactly. Lengths in micrometres.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ramify.results.figures.case import Case

AZIMUTH, ELEVATION = np.radians(-58.0), np.radians(22.0)
MARGIN = 0.02
"""Empty rim around the box, as a fraction of the larger side."""


@dataclass(frozen=True)
class View:
    """A fixed camera on a box."""

    low: tuple[float, float, float]
    """Corner of least x, y, z [um]."""
    high: tuple[float, float, float]
    pixels: int = 900
    """Longer side of the picture."""

    @property
    def outward(self) -> np.ndarray:
        """Unit vector from the box to the camera."""
        return np.array([np.cos(ELEVATION) * np.cos(AZIMUTH), np.cos(ELEVATION) * np.sin(AZIMUTH), np.sin(ELEVATION)])

    @property
    def right(self) -> np.ndarray:
        """Unit vector to the right of the picture."""
        return np.array([-np.sin(AZIMUTH), np.cos(AZIMUTH), 0.0])

    @property
    def up(self) -> np.ndarray:
        """Unit vector to the top of the picture."""
        return np.cross(self.outward, self.right)

    @property
    def centre(self) -> np.ndarray:
        """Middle of the box [um]."""
        return np.asarray(0.5 * (np.array(self.low) + np.array(self.high)))

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of what the picture shows [um]."""
        corners = np.array(list(product(*zip(self.low, self.high, strict=True)))) - self.centre
        sides = [float(np.ptp(corners @ axis)) for axis in (self.right, self.up)]
        rim = 2 * MARGIN * max(sides)
        return sides[0] + rim, sides[1] + rim

    @property
    def window(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        width, height = self.extent
        scale = self.pixels / max(width, height)
        return max(round(width * scale), 16), max(round(height * scale), 16)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) from the picture's upper left corner, of points (n, 3) [um]."""
        relative = np.atleast_2d(points) - self.centre
        width, height = self.extent
        across, upward = relative @ self.right, relative @ self.up
        columns, rows = self.window
        return np.column_stack([(across / width + 0.5) * columns, (0.5 - upward / height) * rows])


def picture_name(snapshot: int, first_row: int = 0) -> str:
    """File name of a snapshot's picture, whole or cut at a row along y."""
    return f"scene-{snapshot:06d}-{first_row:05d}.png"


def box_of(case: Case) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Corners of the drawn box [um]."""
    edges = [tuple(1e6 * edge for edge in case.edges(axis)) for axis in "xyz"]
    return (edges[0][0], edges[1][0], edges[2][0]), (edges[0][1], edges[1][1], edges[2][1])
