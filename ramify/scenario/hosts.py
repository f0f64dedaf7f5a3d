"""Host sections of the schema: the solid scaffold that metal plates into.

A host stands on the current collector (z = 0). The shapes themselves are those of `ramify.hosts`; the lengths given
here tell whether a grid resolves them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ramify.scenario.fields import Conductivity, Fraction, Length, NonNegative, Section, Seed


class ActivitySection(Section):
    """Factor on the exchange current density, linear in z over the host's height (lithiophilicity)."""

    bottom: NonNegative = 1.0
    """At the current collector."""
    top: NonNegative = 1.0
    """At the top of the host and above."""


class NoHost(Section):
    """A plain cell."""

    type: Literal["none"]


class SolidHost(Section):
    """What every host has."""

    height: Length
    """Above the current collector."""
    surface: Literal["conducting", "insulating"] = "conducting"
    conductivity: Conductivity | None = None
    """Electronic; 5.8e7 S/m (copper) by default for conducting hosts."""
    activity: ActivitySection | None = None

    def widths(self) -> dict[str, float]:
        """Lengths across z [m] that the grid has to resolve, by name."""
        return {}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return float("inf")


class FlatHost(SolidHost):
    """A slab on the current collector."""

    type: Literal["flat"]


class PillarHost(SolidHost):
    """Upright pillars on a square lattice; ridges in two dimensions."""

    type: Literal["pillars"]
    diameter: Length
    pitch: Length
    height: Length
    rounded: bool = False
    """Hemispherical tops."""

    def widths(self) -> dict[str, float]:
        """Lengths across z [m] that the grid has to resolve, by name."""
        return {"diameter": self.diameter, "gap (pitch less diameter)": self.pitch - self.diameter}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return self.pitch - self.diameter


class ChannelHost(SolidHost):
    """A block with upright channels on a square lattice, open at the top; slits in two dimensions."""

    type: Literal["channels"]
    diameter: Length
    pitch: Length
    height: Length

    def widths(self) -> dict[str, float]:
        """Lengths across z [m] that the grid has to resolve, by name."""
        return {"diameter": self.diameter, "wall (pitch less diameter)": self.pitch - self.diameter}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return self.diameter


class SpherePackHost(SolidHost):
    """A bed of equal spheres on the current collector; discs in two dimensions."""

    type: Literal["sphere_pack"]
    diameter: Length
    porosity: Fraction
    height: Length
    arrangement: Literal["random", "cubic", "bcc"] = "random"
    seed: Seed | None = None
    """Of a random arrangement."""

    def widths(self) -> dict[str, float]:
        """Lengths across z [m] that the grid has to resolve, by name."""
        return {"diameter": self.diameter}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]: spheres may touch, so no bound is known."""
        return float("inf")


HostSection = Annotated[NoHost | FlatHost | PillarHost | ChannelHost | SpherePackHost, Field(discriminator="type")]
HOST_TYPES = ("none", "flat", "pillars", "channels", "sphere_pack")
