"""What every host has: its height, how it conducts, how its surface takes part, a layer on it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from ramify.scenario.fields import (
    AS_DIRECTIONS,
    AS_GRADIENT,
    AS_PHASES,
    AS_VALUE,
    Angle,
    Conductivity,
    Coordinate,
    Fraction,
    InsulatorConductivity,
    Length,
    NonNegative,
    Section,
    form_of_direction,
    form_of_mapping,
    form_of_value,
)


class LengthGradient(Section):
    """A length that changes linearly from the collector to the host's top."""

    bottom: Length
    top: Length


class FractionGradient(Section):
    """A fraction that changes linearly from the collector to the host's top."""

    bottom: Fraction
    top: Fraction


class ConductivityGradient(Section):
    """A conductivity that changes linearly from the collector to the host's top."""

    bottom: Conductivity
    top: Conductivity


class AnisotropicConductivity(Section):
    """A conductivity along x and y, and one along z."""

    lateral: Conductivity
    through: Conductivity


PhaseConductivity = Annotated[
    Annotated[InsulatorConductivity, Tag(AS_VALUE)] | Annotated[AnisotropicConductivity, Tag(AS_DIRECTIONS)],
    Discriminator(form_of_direction),
]
PhaseConductivities = Annotated[dict[str, PhaseConductivity], Field(min_length=1, max_length=16)]
GradedLength = Annotated[
    Annotated[Length, Tag(AS_VALUE)] | Annotated[LengthGradient, Tag(AS_GRADIENT)], Discriminator(form_of_value)
]
GradedFraction = Annotated[
    Annotated[Fraction, Tag(AS_VALUE)] | Annotated[FractionGradient, Tag(AS_GRADIENT)], Discriminator(form_of_value)
]
GradedConductivity = Annotated[
    Annotated[Conductivity, Tag(AS_VALUE)]
    | Annotated[ConductivityGradient, Tag(AS_GRADIENT)]
    | Annotated[AnisotropicConductivity, Tag(AS_DIRECTIONS)]
    | Annotated[PhaseConductivities, Tag(AS_PHASES)],
    Discriminator(form_of_mapping),
]
Interval = Annotated[tuple[Coordinate, Coordinate], Field(strict=False)]
Axis = Literal["x", "y", "z"]


class ActivityRegion(Section):
    """A box in which the activity is multiplied by a factor; an axis without bounds is not bounded."""

    x: Interval | None = None
    y: Interval | None = None
    z: Interval | None = None
    factor: NonNegative


class ActivitySection(Section):
    """Factor on the exchange current density (lithiophilicity): linear in z over the host's height, and by region."""

    bottom: NonNegative = 1.0
    """At the current collector."""
    top: NonNegative = 1.0
    """At the top of the host and above."""
    regions: Annotated[tuple[ActivityRegion, ...], Field(max_length=100, strict=False)] = ()


class StripesSection(Section):
    """Coated bands across an axis, one in the middle of every pitch."""

    axis: Axis
    pitch: Length
    width: Length


class CoatingSection(Section):
    """A layer on the host's surface: on all of it, or where one of the patterns says."""

    kind: Literal["conducting", "dielectric"]
    """A dielectric layer bears no metal at the start and joins none to the collector."""
    thickness: Length
    conductivity: Conductivity | None = None
    """Of a conducting layer; 5.8e7 S/m (copper) by default."""
    activity: NonNegative | None = None
    """Factor on the exchange current density where the layer is, beside the host's own."""
    top_fraction: Fraction | None = None
    """Part of the height, from the top, that is coated."""
    above: Length | None = None
    """Coated above this height."""
    below: Length | None = None
    """Coated below this height."""
    stripes: StripesSection | None = None


class NoHost(Section):
    """A plain cell."""

    type: Literal["none"]


class SolidHost(Section):
    """What every host has."""

    upright: ClassVar[bool] = False
    """Whether its widths lie across z, so that only the lateral spacing has to resolve them."""
    axes: ClassVar[int] = 3
    """Axes that the domain must have at least."""

    height: Length
    """Above the current collector."""
    surface: Literal["conducting", "insulating"] = "conducting"
    conductivity: GradedConductivity | None = None
    """Electronic; 5.8e7 S/m (copper) by default for conducting hosts."""
    activity: ActivitySection | None = None
    contact_angle: Angle | None = None
    """At which a growing deposit meets the host, through the metal; 90 degrees by default."""
    coating: CoatingSection | None = None

    def widths(self) -> dict[str, float]:
        """Lengths [m] that the grid has to resolve, by name; empty where only the shape itself tells them."""
        return {}

    def narrowest_pore(self) -> float:
        """Least width of the pore space [m]; infinite where no bound is known."""
        return float("inf")


def ends(value: float | LengthGradient | FractionGradient) -> tuple[float, float]:
    """Value at the collector and at the host's top."""
    return (value, value) if isinstance(value, float) else (value.bottom, value.top)
