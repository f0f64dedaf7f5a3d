"""Hosts drawn at random, each by its seed."""

from __future__ import annotations

from typing import ClassVar, Literal

from ramify.scenario.fields import Fraction, Length, Section, Seed
from ramify.scenario.hosts.base import GradedFraction, GradedLength, SolidHost, ends


class SecondSpheres(Section):
    """Spheres of a second size in a random bed."""

    diameter: Length
    share: Fraction
    """Of the solid volume."""


class SpherePackHost(SolidHost):
    """A bed of spheres on the current collector; discs in two dimensions."""

    axes: ClassVar[int] = 2

    type: Literal["sphere_pack"]
    diameter: GradedLength
    porosity: GradedFraction
    arrangement: Literal["random", "cubic", "bcc"] = "random"
    second: SecondSpheres | None = None
    seed: Seed | None = None
    """Of a random arrangement."""

    @property
    def mixed(self) -> bool:
        """Whether the spheres are not all alike everywhere."""
        graded = not (isinstance(self.diameter, float) and isinstance(self.porosity, float))
        return graded or self.second is not None

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        second = {} if self.second is None else {"second diameter": self.second.diameter}
        return {"diameter": min(ends(self.diameter)), **second}


class FibreHost(SolidHost):
    """A random mat of fibres."""

    type: Literal["fibres"]
    diameter: Length
    porosity: Fraction
    orientation: Literal["in_plane", "isotropic"] = "in_plane"
    persistence_length: Length | None = None
    """Length over which a curled fibre forgets its direction; straight fibres by default."""
    seed: Seed = 0

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name."""
        return {"diameter": self.diameter}


class FoamHost(SolidHost):
    """An open-cell foam: struts along the edges of Kelvin's or of random Voronoi cells."""

    type: Literal["foam"]
    cell_size: Length
    """Edge of the cube that holds two cells."""
    porosity: GradedFraction
    tessellation: Literal["kelvin", "voronoi"] = "kelvin"
    seed: Seed | None = None
    """Of random cells."""


class RandomMediumHost(SolidHost):
    """The bicontinuous pattern of spinodal decomposition; uniform along y in two dimensions."""

    axes: ClassVar[int] = 2

    type: Literal["random_medium"]
    correlation_length: Length
    """From one wall to the next."""
    porosity: GradedFraction
    seed: Seed = 0
