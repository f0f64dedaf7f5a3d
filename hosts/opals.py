"""Lattices of spherical pores: inverse opals, and fused hollow spheres with windows.

Lattices are stretched so as to tile the domain; the spheres stay round. A point belongs to the nearest centre, so
that only spheres whose neighbours' are not beyond them overlap: along the nearest neighbours, where they open into
each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ramify.hosts.base import micrometres, require_below_counter, require_positive
from ramify.hosts.porosity import Box
from ramify.hosts.shapes import below_height

Lattice = Literal["cubic", "bcc", "fcc"]
SITES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "cubic": ((0.0, 0.0, 0.0),),
    "bcc": ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5)),
    "fcc": ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0)),
}
"""Centres in units of the cubic cell."""
NEIGHBOURS = {"cubic": (1.0, math.sqrt(2.0)), "bcc": (math.sqrt(0.75), 1.0), "fcc": (math.sqrt(0.5), 1.0)}
"""Distances of nearest and next-nearest centres in units of the cell."""
STRETCH = 0.05
"""Relative misfit of the lattice and the domain that is taken without a warning."""


def fitted_cell(size: Box, cell: float) -> Box:
    """Cell edges [m] with whole cells across the domain, nearest to a cubic cell; free along z."""
    fitted = [length / max(1, round(length / cell)) for length in size[:2]]
    return (fitted[0], fitted[1], cell)


def stretch_notes(owner: str, cell: Box) -> list[str]:
    """Warning where tiling the domain has stretched the lattice much."""
    misfit = max(abs(edge / cell[2] - 1.0) for edge in cell[:2])
    if misfit <= STRETCH:
        return []
    return [
        f"{owner}: the lattice of {micrometres(cell[2])} is stretched by {100.0 * misfit:.0f} % to tile the domain; "
        f"take a domain of whole cells"
    ]


def from_nearest(x: np.ndarray, y: np.ndarray, z: np.ndarray, cell: Box, lattice: Lattice) -> list[np.ndarray]:
    """Distances along x, y, z [m] to the nearest lattice centre, broadcast."""
    best: list[np.ndarray] = []
    least = np.array(np.inf)
    for site in SITES[lattice]:
        parts = [
            np.abs((coordinate / edge - offset + 0.5) % 1.0 - 0.5) * edge
            for coordinate, edge, offset in zip((x, y, z), cell, site, strict=True)
        ]
        squared = parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2
        if not best:
            best, least = list(np.broadcast_arrays(*parts)), squared
            continue
        nearer = squared < least
        best = [np.where(nearer, part, kept) for part, kept in zip(parts, best, strict=True)]
        least = np.where(nearer, squared, least)
    return best


@dataclass(frozen=True)
class InverseOpal:
    """Spherical pores that open into their neighbours; solid between them."""

    diameter: float
    """Of the pores [m]."""
    window: float
    """Diameter of the openings between neighbouring pores [m]."""
    height: float
    """Of the flat top [m]."""
    size: Box
    """Domain lengths that the lattice tiles [m]."""
    lattice: Lattice = "fcc"

    def __post_init__(self) -> None:
        require_positive("inverse opal", diameter=self.diameter, window=self.window, height=self.height)
        if self.window >= self.diameter:
            raise ValueError(
                f"inverse opal: window {micrometres(self.window)} must be less than the diameter of the pores, "
                f"{micrometres(self.diameter)}"
            )
        if self.wall <= 0.0:
            raise ValueError(
                f"inverse opal: windows of {micrometres(self.window)} leave no solid between next neighbours; "
                f"allowed: less than {micrometres(self._widest_window())}"
            )

    @property
    def cell(self) -> Box:
        """Edges of the lattice cell [m]."""
        spacing = math.sqrt(self.diameter**2 - self.window**2)
        return fitted_cell(self.size, spacing / NEIGHBOURS[self.lattice][0])

    @property
    def wall(self) -> float:
        """Solid between next-nearest pores of the lattice as it is before stretching [m]."""
        return self.cell[2] * NEIGHBOURS[self.lattice][1] - self.diameter

    def _widest_window(self) -> float:
        nearest, next_nearest = NEIGHBOURS[self.lattice]
        return self.diameter * math.sqrt(1.0 - (nearest / next_nearest) ** 2)

    @property
    def feature_size(self) -> float:
        """The window or the wall, whichever is less [m]."""
        return min(self.window, self.wall)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        dx, dy, dz = from_nearest(x, y, z, self.cell, self.lattice)
        return below_height(0.5 * self.diameter - np.sqrt(dx**2 + dy**2 + dz**2), z, self.height)

    def check(self, size: Box, periodic: bool = False) -> list[str]:
        """Warnings; ValueError where the host reaches the counter electrode."""
        require_below_counter("inverse opal", "height", self.height, size)
        return stretch_notes("inverse opal", self.cell)


@dataclass(frozen=True)
class HollowSpheres:
    """Shells on a simple cubic lattice, fused with their neighbours around a window in each contact."""

    diameter: float
    """Outer [m]."""
    wall: float
    """Thickness of the shells [m]."""
    window: float
    """Diameter of the openings, along the lattice's axes [m]."""
    pitch: float
    """Between centres, less than the diameter [m]."""
    height: float
    """Of the flat top [m]."""
    size: Box
    """Domain lengths that the lattice tiles [m]."""

    def __post_init__(self) -> None:
        lengths = {"diameter": self.diameter, "wall": self.wall, "window": self.window, "pitch": self.pitch}
        require_positive("hollow spheres", height=self.height, **lengths)
        if self.wall >= 0.5 * self.diameter:
            raise ValueError(f"hollow spheres: wall {micrometres(self.wall)} leaves no hollow")
        widest = max(self.cell)
        if not widest < self.diameter < math.sqrt(2.0) * min(self.cell):
            raise ValueError(
                f"hollow spheres: diameter {micrometres(self.diameter)} must lie between the pitch, "
                f"{micrometres(widest)}, and {micrometres(math.sqrt(2.0) * min(self.cell))}: neighbours are fused, "
                f"next neighbours not"
            )
        if self.window >= self.contact:
            raise ValueError(
                f"hollow spheres: window {micrometres(self.window)} must be less than the contact of the spheres, "
                f"{micrometres(self.contact)}: nothing would hold them"
            )

    @property
    def cell(self) -> Box:
        """Edges of the lattice cell [m]."""
        return fitted_cell(self.size, self.pitch)

    @property
    def contact(self) -> float:
        """Diameter of the circle in which neighbours meet [m]."""
        return math.sqrt(max(self.diameter**2 - max(self.cell) ** 2, 0.0))

    @property
    def feature_size(self) -> float:
        """The wall or the window, whichever is less [m]."""
        return min(self.wall, self.window)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        # Shifted by half a cell: the collector and symmetry planes cut through contacts.
        shifted = [np.asarray(a + 0.5 * edge) for a, edge in zip((x, y, z), self.cell, strict=True)]
        dx, dy, dz = from_nearest(shifted[0], shifted[1], shifted[2], self.cell, "cubic")
        middle, half = 0.5 * (self.diameter - self.wall), 0.5 * self.wall
        shell = np.abs(np.sqrt(dx**2 + dy**2 + dz**2) - middle) - half
        # Each window is a round hole about the axis nearest to the point.
        from_axis = np.minimum(np.minimum(np.hypot(dy, dz), np.hypot(dx, dz)), np.hypot(dx, dy))
        return below_height(np.maximum(shell, 0.5 * self.window - from_axis), z, self.height)

    def check(self, size: Box, periodic: bool = False) -> list[str]:
        """Warnings; ValueError where the host reaches the counter electrode."""
        require_below_counter("hollow spheres", "height", self.height, size)
        return stretch_notes("hollow spheres", self.cell)
