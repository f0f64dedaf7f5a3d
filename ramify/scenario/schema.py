"""The scenario of `model: plating`: what a YAML file may say, section by section.

Every dimensional quantity carries a unit in the file and is an SI float here. Unknown keys are refused. A key left
out takes its default in `ramify.scenario.resolve`, where defaults that depend on other keys are worked out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ramify.scenario.base import StoredFields, TimedScenario
from ramify.scenario.fields import (
    Angle,
    ArealResistance,
    Concentration,
    Conductivity,
    Coordinate,
    CurrentDensity,
    Diffusivity,
    Fraction,
    Length,
    Mobility,
    MolarVolume,
    NonNegative,
    NumberDensity,
    Positive,
    Rate,
    Section,
    Seed,
    SurfaceEnergy,
    Temperature,
    Time,
    refuse,
)
from ramify.scenario.hosts import HostSection, NoHost
from ramify.scenario.mechanics import MechanicsField, MechanicsSection

FieldName = Literal["xi", "psi", "c", "phi_l", "phi_s", "s", "p", "von_mises", "traction", "crystallinity"]

Cells = Annotated[int, Field(ge=1, le=100_000)]
LengthList = Annotated[tuple[Length, ...], Field(min_length=1, max_length=3, strict=False)]
DepthWeight = Annotated[tuple[Coordinate, NonNegative], Field(strict=False)]
CellList = Annotated[tuple[Cells, ...], Field(min_length=1, max_length=3, strict=False)]


class DomainSection(Section):
    """Box from the current collector (z = 0) to the counter electrode; one length is z, two x and z, three x, y, z."""

    size: LengthList
    cells: CellList
    lateral: Literal["symmetric", "periodic"] = "symmetric"


class ElectrolyteSection(Section):
    """Binary electrolyte: a preset, or constant properties, or the ionic diffusivities of a dilute one."""

    preset: str | None = None
    diffusivity: Diffusivity | None = None
    """Of the salt; with `transference` alone the electrolyte is dilute."""
    transference: Annotated[float, Field(gt=-2, lt=1, allow_inf_nan=False)] | None = None
    conductivity: Conductivity | None = None
    """At the initial concentration, proportional to the concentration elsewhere."""
    thermodynamic_factor: Positive | None = None
    cation_diffusivity: Diffusivity | None = None
    anion_diffusivity: Diffusivity | None = None
    concentration: Concentration
    temperature: Temperature = 298.15


class SizeLawSection(Section):
    """Diffusivity of small particles, D(d) = D (1 + length/d)."""

    length: Length
    """Slope of the fitted law over the diffusivity of a large particle."""
    smallest: Length
    """Least diameter that the law is known for; below, the diffusivity stays what it is there."""


class SurfaceDiffusionSection(Section):
    """Diffusion of the metal along its own surface."""

    diffusivity: Diffusivity
    """Of the atoms of the surface layer, on a large particle."""
    thickness: Length | None = None
    """Of the surface layer; the edge of an atom's cube by default."""
    size_law: SizeLawSection | None = None


class MetalSection(Section):
    """The plated metal, a preset with overrides."""

    preset: str = "lithium"
    surface_energy: SurfaceEnergy | None = None
    molar_volume: MolarVolume | None = None
    conductivity: Conductivity | None = None
    surface_diffusion: SurfaceDiffusionSection | None = None


class AnisotropySection(Section):
    """Exchange current density of a cubic crystal, i0 [1 + strength f(n)], all metal being one crystal."""

    strength: Annotated[float, Field(gt=-1, lt=1, allow_inf_nan=False)]
    """Above zero where the faces normal to the axes are the fast ones."""
    angle: Angle | None = None
    """Of the crystal's axes to those of the domain, about y; 0 by default."""


class KineticsSection(Section):
    """Butler-Volmer kinetics of the metal surface."""

    exchange_current_density: CurrentDensity
    """At the reference concentration."""
    transfer_coefficient: Fraction = 0.5
    """Cathodic, alpha_c."""
    anodic_transfer_coefficient: Fraction | None = None
    """alpha_a; one minus alpha_c by default."""
    film_resistance: ArealResistance = 0.0
    reference_concentration: Concentration | None = None
    """The initial concentration by default."""
    anisotropy: AnisotropySection | None = None


class InterfaceSection(Section):
    """The diffuse metal surface."""

    width: Length | None = None
    """The length l of the profile (1 + tanh(x/2l))/2; the largest cell edge by default."""
    curvature: Literal["conservative", "allen_cahn"] = "conservative"
    mobility: Mobility | None = None
    motion: Literal["moving", "frozen"] = "moving"


class ElectronsSection(Section):
    """Electronic transport in the metal and a conducting host."""

    transport: Literal["equipotential", "ohmic"] = "equipotential"
    islands: Literal["floating", "inactive"] = "floating"


class CounterElectrodeSection(Section):
    """The far z face."""

    kind: Literal["lithium", "reservoir"] = "lithium"
    kinetics: Literal["uniform", "butler_volmer"] | None = None
    """Of lithium; uniform by default."""


class CollectorSection(Section):
    """The bare current collector at z = 0."""

    contact_angle: Angle | None = None
    """At which a growing deposit meets it, through the metal; 90 degrees by default."""


class RoughnessSection(Section):
    """A rough initial front in a plain cell: one cosine of a wavelength, or a sum of random modes."""

    amplitude: Length
    """Of the cosine; root mean square of the sum of modes."""
    modes: Annotated[int, Field(ge=1, le=64)] | None = None
    wavelength: Length | None = None
    seed: Seed | None = None


class FilmSection(Section):
    """Metal that covers the conducting surfaces at the start."""

    thickness: Coordinate | None = None
    """Three interface widths by default, none where nuclei are given."""
    surfaces: Literal["all", "collector", "host"] = "all"
    """Conducting surfaces that bear it."""
    roughness: RoughnessSection | None = None


class NucleusSection(Section):
    """A ball (a cylinder in two dimensions) of metal; what overlaps the host is cut off."""

    position: Annotated[tuple[Coordinate, ...], Field(min_length=1, max_length=3, strict=False)]
    radius: Length
    """Of curvature."""
    contact_angle: Angle | None = None
    """Through the metal, on the surface where the position lies; a ball about the position by default."""


class InterphaseSection(Section):
    """An interphase (SEI) on the bearing surfaces, into which electrons leak and where nuclei may appear, too."""

    thickness: Length
    leakage_length: Length
    """Over which the electrons' driving force falls, and the share of sites that they reach."""
    density: NumberDensity
    """Of candidate sites inside, over the whole thickness, per area of surface."""
    weights: Annotated[tuple[DepthWeight, ...], Field(min_length=2, max_length=1000, strict=False)] | None = None
    """Share of the sites that electrons reach by depth, relative to the largest; linear between, zero outside."""


class NucleationSection(Section):
    """Nuclei at random places of the bare conducting surfaces: caps at the start, or sites that turn into nuclei."""

    law: Literal["instantaneous", "constant_rate", "classical"] = "instantaneous"
    """Caps at the start; sites with a constant rate while driven to plate; the rate of classical nucleation."""
    density: NumberDensity
    """Of caps or sites, per area of conducting surface; in two dimensions its square root counts per length."""
    rate: Rate | None = None
    """Of a site: constant, or the attempt rate of the classical law."""
    radius: Length | None = None
    """Of curvature of the caps at the start; three interface widths by default."""
    contact_angle: Angle | None = None
    """Through the metal; 90 degrees by default."""
    interphase: InterphaseSection | None = None
    """Sites inside an interphase beside those on the surface."""
    seed: Seed = 0


class CrystallinitySection(Section):
    """How disordered deposited metal orders once its connected domains are large enough."""

    critical_size: Length
    """Diameter of the smallest domain of metal that can hold a crystal."""
    ordering_rate: Rate
    """At which a large deposit orders."""
    crystal_size: Length
    """Diameter of the crystals in a large deposit: smaller domains wait longer for their first one."""
    initial: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    """Ordered share of the metal at the start."""


class OutputSection(StoredFields):
    """What is kept of a run."""

    fields: Annotated[tuple[FieldName, ...], Field(min_length=1, strict=False)] | None = None


class NumericsSection(Section):
    """Tolerances and limits of the time integration."""

    newton_tolerance: Annotated[float, Field(gt=0, le=1e-3)] | None = None
    time_tolerance: Annotated[float, Field(gt=0, le=0.5)] | None = None
    front_motion: Annotated[float, Field(gt=0, le=1)] | None = None
    first_step: Time | None = None
    largest_step: Time | None = None
    smallest_step: Time | None = None
    order: Literal[1, 2] | None = None


class PlatingScenario(TimedScenario):
    """A whole scenario, as `load_scenario` returns it with every default filled in."""

    model: Literal["plating"] = "plating"
    engine: Literal["petsc", "fipy"] = "petsc"
    domain: DomainSection
    electrolyte: ElectrolyteSection
    metal: MetalSection = MetalSection()
    kinetics: KineticsSection
    interface: InterfaceSection = InterfaceSection()
    electrons: ElectronsSection = ElectronsSection()
    counter_electrode: CounterElectrodeSection = CounterElectrodeSection()
    collector: CollectorSection = CollectorSection()
    host: HostSection = NoHost(type="none")
    film: FilmSection = FilmSection()
    nuclei: Annotated[tuple[NucleusSection, ...], Field(max_length=1000, strict=False)] = ()
    nucleation: NucleationSection | None = None
    crystallinity: CrystallinitySection | None = None
    mechanics: MechanicsField = "off"
    output: OutputSection = OutputSection()
    numerics: NumericsSection = NumericsSection()

    @field_validator("mechanics", mode="before")
    @classmethod
    def read_off(cls, value: Any) -> Any:
        """Accept `off`, which some YAML dialects read as a truth value, besides a mapping."""
        if value is False or value == "off":
            return "off"
        if not isinstance(value, dict | MechanicsSection):
            raise refuse("neither off nor a mapping of keys to values", (), value, "off, or a mapping")
        return value
