"""Hosts of a regular shape."""

from __future__ import annotations

from typing import ClassVar, Literal

from ramify.scenario.fields import Length
from ramify.scenario.hosts.base import GradedFraction, SolidHost


class FlatHost(SolidHost):
    """A slab on the current collector."""

    upright: ClassVar[bool] = True
    axes: ClassVar[int] = 1

    type: Literal["flat"]


class PillarHost(SolidHost):
    """Upright pillars on a square lattice; ridges in two dimensions."""

    upright: ClassVar[bool] = True
    axes: ClassVar[int] = 2

    type: Literal["pillars"]
    diameter: Length
    pitch: Length
    rounded: bool = False
    """Hemispherical tops."""

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        return {"diameter": self.diameter, "pitch (less diameter)": self.pitch - self.diameter}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return self.pitch - self.diameter


class ChannelHost(SolidHost):
    """A block with upright channels on a square lattice, open at the top; slits in two dimensions."""

    upright: ClassVar[bool] = True
    axes: ClassVar[int] = 2

    type: Literal["channels"]
    diameter: Length
    """At the collector."""
    top_diameter: Length | None = None
    """At the top, changing linearly; that at the collector by default."""
    pitch: Length

    @property
    def mouth(self) -> float:
        """Diameter at the top [m]."""
        return self.diameter if self.top_diameter is None else self.top_diameter

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        wall = {"pitch (less diameter)": self.pitch - max(self.diameter, self.mouth)}
        return {"diameter": self.diameter, "top_diameter": self.mouth, **wall}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return min(self.diameter, self.mouth)


class MeshHost(SolidHost):
    """Layers of wire, as many as the height holds: straight and crossed in turn, or woven."""

    type: Literal["mesh"]
    wire_diameter: Length
    pitch: Length
    """Between parallel wires."""
    weave: Literal["crossed", "woven"] = "crossed"

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        return {"wire_diameter": self.wire_diameter, "pitch (less wire_diameter)": self.pitch - self.wire_diameter}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return self.pitch - self.wire_diameter


class CoilHost(SolidHost):
    """Upright helical springs on a square lattice."""

    type: Literal["coils"]
    wire_diameter: Length
    diameter: Length
    """Of the coil, over all."""
    pitch: Length
    """Between neighbouring coils."""
    rise: Length
    """Per turn."""

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        return {
            "wire_diameter": self.wire_diameter,
            "rise (less wire_diameter)": self.rise - self.wire_diameter,
            "pitch (less diameter)": self.pitch - self.diameter,
        }

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return min(self.rise - self.wire_diameter, self.pitch - self.diameter)


class HollowSphereHost(SolidHost):
    """Shells on a simple cubic lattice, fused with their neighbours around windows."""

    type: Literal["hollow_spheres"]
    diameter: Length
    """Outer."""
    wall: Length
    window: Length
    """Diameter of the openings."""
    pitch: Length
    """Between centres, less than the diameter."""

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        return {"wall": self.wall, "window": self.window}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return self.window


class InverseOpalHost(SolidHost):
    """Spherical pores on a lattice that open into their neighbours, with solid between them."""

    type: Literal["inverse_opal"]
    diameter: Length
    """Of the pores."""
    window: Length
    """Diameter of the openings between neighbouring pores."""
    lattice: Literal["fcc", "bcc", "cubic"] = "fcc"

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        return {"window": self.window}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]."""
        return self.window


class MinimalSurfaceHost(SolidHost):
    """A triply periodic minimal surface, as a network or as a sheet."""

    type: Literal["minimal_surface"]
    kind: Literal["gyroid", "schwarz_p", "schwarz_d"]
    form: Literal["network", "sheet"] = "network"
    cell: Length
    """Edge of the cubic cell."""
    porosity: GradedFraction
