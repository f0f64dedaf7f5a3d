"""How many elements a mesh of pillars has; plain Python, so that a check of a scenario needs no solver."""

from __future__ import annotations

import math
from dataclasses import dataclass

INNER = 0.55
"""Corners of the disc's inner block on the axes, in radii."""


@dataclass(frozen=True)
class PillarDivisions:
    """Cells along the edges of the blocks of `pillars.raw_pillars`."""

    along: int
    """Of each eighth of the circle."""
    across: int
    """Of the disc, between its inner block and the circle."""
    outside: int
    """Between circle and outer square."""
    below: int
    """In the height of the pillar."""
    above: int

    def cells(self, with_metal: bool) -> int:
        """Hexahedra of the mesh."""
        disc, rest = self.along**2 + 2 * self.along * self.across, 2 * self.along * self.outside
        return rest * (self.below + self.above) + disc * (self.above + (self.below if with_metal else 0))


def pillar_divisions(diameter: float, pitch: float, height: float, top: float, size: float) -> PillarDivisions:
    """Divisions for elements of about `size`; lengths in [m]."""
    radius, half = 0.5 * diameter, 0.5 * pitch
    return PillarDivisions(
        along=max(2, math.ceil(0.25 * math.pi * radius / size), math.ceil(half / size)),
        across=max(2, math.ceil((1.0 - INNER) * radius / size)),
        outside=max(2, math.ceil((half - radius) / size)),
        below=max(2, math.ceil(height / size)),
        above=max(2, math.ceil((top - height) / size)),
    )
