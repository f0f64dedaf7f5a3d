"""Keys of `model: grand_potential`: every parameter of the published sets, under names and symbols of the papers.

Symbols and equations: `physics/grand_potential.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ramify.scenario.base import StoredFields, TimedScenario
from ramify.scenario.fields import (
    AS_VALUE,
    AS_WORD,
    Area,
    ChargeDensity,
    Concentration,
    Conductivity,
    Coordinate,
    Diffusivity,
    Direction,
    Fraction,
    Length,
    NoiseRate,
    PerVoltage,
    Positive,
    Potential,
    Rate,
    Section,
    Seed,
    Time,
)
from ramify.scenario.schema import DomainSection

Finite = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
"""A potential in RT, or a phase."""
NO_FLUX = Literal["no flux"]


class PhaseAnisotropySection(Section):
    """Front energy that depends on direction, in the plane of z and x."""

    strength: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
    """delta."""
    mode: Annotated[int, Field(ge=1, le=24)]
    """Directions in which the front's energy is largest."""
    angle: Direction = 0.0
    """Of one of them, from z."""
    of: Literal["kappa", "root_kappa"] = "kappa"
    """What 1 + delta cos(mode theta) multiplies: kappa, or its root (Kobayashi)."""


class PhaseSection(Section):
    """The front's own relaxation: -L_sigma (g' - kappa lap xi)."""

    gradient_coefficient: Area
    """kappa."""
    barrier: Positive
    """W."""
    mobility: Rate
    """L_sigma."""
    anisotropy: PhaseAnisotropySection | None = None


ReferencePotential = Annotated[
    Annotated[Literal["zero", "counter"], Tag(AS_WORD)] | Annotated[Potential, Tag(AS_VALUE)],
    Discriminator(lambda value: AS_WORD if value in ("zero", "counter") else AS_VALUE),
]


class PhaseReactionSection(Section):
    """The electrode reaction."""

    rate: Rate
    """L_eta."""
    transfer_coefficient: Fraction = 0.5
    """alpha, cathodic."""
    charge_over_thermal_energy: PerVoltage
    """nF/RT."""
    electrons: Annotated[int, Field(ge=1, le=8)] = 1
    """n; turns charge into moles."""
    reference: ReferencePotential = "zero"
    """What the overpotential counts from: phi = 0, the counter electrode's potential, or a potential."""


class PhaseSaltSection(Section):
    """The electrolyte, xi = 0."""

    diffusivity: Diffusivity
    """D^l."""
    conductivity: Conductivity
    """sigma^l."""
    site_energy: Finite
    """eps^l in RT."""
    sites_per_ion: Annotated[float, Field(gt=1, allow_inf_nan=False)]
    """1/c0."""
    concentration: Concentration
    """In the bulk; turns occupancies into concentrations, and enters no equation."""


class PhaseMetalSection(Section):
    """The electrode, xi = 1."""

    conductivity: Conductivity
    """sigma^s."""
    site_energy: Finite
    """eps^s in RT."""
    site_ratio: Positive
    """dv: sites of the electrode over those of the electrolyte, by volume."""
    charge_density: ChargeDensity
    """n F C_m^s."""


class PhaseSeedSection(Section):
    """A ball (in 2-D a disc) of metal at the start."""

    position: Annotated[tuple[Coordinate, ...], Field(min_length=1, max_length=3, strict=False)]
    radius: Length


class PhaseStartSection(Section):
    """State at time zero."""

    front: Coordinate | None = None
    """Position of a flat front; none where only `nuclei` are given."""
    nuclei: Annotated[tuple[PhaseSeedSection, ...], Field(max_length=1000, strict=False)] = ()
    width: Length | None = None
    """l of the first profile [1 - tanh(distance/2l)]/2; that of the front at rest by default."""
    mu: Finite = 0.0


Held = Annotated[
    Annotated[NO_FLUX, Tag(AS_WORD)] | Annotated[Finite, Tag(AS_VALUE)],
    Discriminator(lambda value: AS_WORD if isinstance(value, str) else AS_VALUE),
]


class PhaseCollectorSection(Section):
    """Boundary values at z = 0; the potential there is the protocol's."""

    xi: Held = 1.0
    mu: Held = "no flux"


class PhaseCounterSection(Section):
    """Boundary values at the far z face."""

    xi: Held = 0.0
    mu: Held = 0.0
    phi: Potential = 0.0


class PhaseBoundariesSection(Section):
    """Values held at the two z faces."""

    collector: PhaseCollectorSection = PhaseCollectorSection()
    counter: PhaseCounterSection = PhaseCounterSection()


class PhaseNoiseSection(Section):
    """Langevin noise of the phase: numbers spread evenly between plus and minus the amplitude."""

    amplitude: NoiseRate
    seed: Seed = 0
    interval: Time | None = None
    """Time a number stays; the fixed time step, or 0.02 s."""
    spacing: Length | None = None
    """Edge of the cubes that share a number; one cell by default."""


class PhaseDiagnosticsSection(Section):
    """What is read off the front."""

    positions: Annotated[tuple[Length, ...], Field(max_length=100, strict=False)] = ()
    """Heights whose time of arrival the summary gives."""


class PhaseOutputSection(StoredFields):
    """What is kept of a run."""

    fields: Annotated[tuple[Literal["xi", "mu", "c", "phi"], ...], Field(min_length=1, strict=False)] = (
        "xi",
        "c",
        "phi",
    )


class PhaseNumericsSection(Section):
    """Tolerances and steps."""

    fixed_step: Time | None = None
    """Time step; by default it follows the error and the motion of the front."""
    order: Literal[1, 2] = 2
    newton_tolerance: Annotated[float, Field(gt=0, le=1e-3)] | None = None
    time_tolerance: Annotated[float, Field(gt=0, le=0.5)] | None = None
    front_motion: Annotated[float, Field(gt=0, le=1)] | None = None
    """Largest change of xi in a step."""
    first_step: Time | None = None
    largest_step: Time | None = None
    smallest_step: Time | None = None


class GrandPotentialScenario(TimedScenario):
    """A scenario of the published grand-potential model."""

    model: Literal["grand_potential"] = "grand_potential"
    engine: Literal["petsc", "fipy"] = "petsc"
    domain: DomainSection
    phase: PhaseSection
    reaction: PhaseReactionSection
    electrolyte: PhaseSaltSection
    electrode: PhaseMetalSection
    start: PhaseStartSection
    boundaries: PhaseBoundariesSection = PhaseBoundariesSection()
    noise: PhaseNoiseSection | None = None
    diagnostics: PhaseDiagnosticsSection = PhaseDiagnosticsSection()
    output: PhaseOutputSection = PhaseOutputSection()
    numerics: PhaseNumericsSection = PhaseNumericsSection()
