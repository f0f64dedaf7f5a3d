"""The scenario of `model: voids`, section by section; quantities carry units in the file and are SI here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ramify.models.alloy_stripping.schema import ContactKineticsSection
from ramify.models.alloys import DiffusionSection, ThermodynamicsSection
from ramify.scenario.base import StoredFields, TimedScenario
from ramify.scenario.fields import (
    AS_PHASES,
    AS_VALUE,
    Angle,
    Conductivity,
    Coordinate,
    CurrentDensity,
    Diffusivity,
    Fraction,
    GradientEnergy,
    KineticMobility,
    Length,
    Load,
    MolarVolume,
    NumberDensity,
    Pressure,
    Rate,
    Section,
    Seed,
    SurfaceEnergy,
    Temperature,
    Time,
)
from ramify.scenario.schema import DomainSection

VoidField = Literal["xi", "phi", "vacancies", "contact_current", "magnesium", "lithium"]


class StrippedMetalSection(Section):
    """The electrode's metal, a preset with overrides."""

    preset: str = "lithium"
    surface_energy: SurfaceEnergy | None = None
    """gamma of a void's surface; 0 leaves capillarity out."""
    molar_volume: MolarVolume | None = None
    surface_diffusivity: Diffusivity | None = None
    """D_s of atoms that run along a void's surface; they do not by default."""
    surface_thickness: Length | None = None
    """delta_s of the layer in which they do."""


class AlloySection(Section):
    """Lithium with magnesium, which stays behind when lithium is stripped."""

    magnesium: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
    """Atomic fraction at the start, and of the electrode behind z = 0."""
    magnesium_mobility: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = None
    """Tracer diffusivity of magnesium over that of lithium; required beside voids, 0 by default without them."""
    diffusion: DiffusionSection = DiffusionSection()
    """Of lithium."""
    thermodynamics: ThermodynamicsSection = ThermodynamicsSection()


class VacancyTransportSection(Section):
    """How vacancies move and vanish."""

    diffusivity: Diffusivity | None = None
    """Tracer diffusivity of the metal's atoms; that of lithium by isotopes, at the temperature, by default."""
    sink_length: Length | None = None
    """L_s of sinks in the bulk; none by default."""
    back: Literal["sink", "closed"] = "sink"
    """The face at the current collector."""


class ElectrolyteLayerSection(Section):
    """One layer of solid electrolyte."""

    thickness: Length
    conductivity: Conductivity


class LayeredElectrolyteSection(Section):
    """A static single-ion conductor between the contact and the counter electrode: one layer, or several."""

    thickness: Length | None = None
    conductivity: Conductivity | None = None
    layers: Annotated[tuple[ElectrolyteLayerSection, ...], Field(min_length=1, max_length=20, strict=False)] | None = (
        None
    )
    """The first at the contact; in place of thickness and conductivity."""
    temperature: Temperature = 298.15
    contact_angle: Angle | None = None
    """At which a void's surface meets the electrolyte, through the metal; 90 degrees by default."""


class VoidCounterSection(Section):
    """The far face of the electrolyte."""

    kind: Literal["reversible", "lithium"] = "reversible"
    """Without overpotential, or with Butler-Volmer kinetics."""
    exchange_current_density: CurrentDensity | None = None
    """Of lithium; that of the contact by default."""


class VoidSurfaceSection(Section):
    """The diffuse surface between metal and voids."""

    width: Length | None = None
    """The length l of the profile (1 + tanh(x/2l))/2; the largest cell edge by default."""


class AllenCahnSection(Section):
    """Parameters of `formulation: allen_cahn`; those of the publication by default."""

    double_well: Pressure | None = None
    """W."""
    gradient_energy: GradientEnergy | None = None
    """kappa; width and surface energy follow from W and kappa."""
    mobility: KineticMobility | None = None
    """L."""
    vacancy_fraction: Fraction | None = None
    """v0 of metal in equilibrium."""
    interpolation: Literal["published", "quintic"] | None = None
    """h(xi): with the published one metal itself yields to vacancies, with the quintic one void surfaces alone."""
    vacancy_volume: MolarVolume | None = None
    """Omega_v, under stack pressure: what a vacant site takes."""
    stress_drive: Literal["published", "complete"] | None = None
    """Under stack pressure: mean stress drives lithium alone, or the order parameter as well."""


class InitialVoidSection(Section):
    """A ball (a cylinder in two dimensions) without metal; what overlaps the electrolyte is cut off."""

    position: Annotated[tuple[Coordinate, ...], Field(min_length=2, max_length=3, strict=False)]
    radius: Length


class RandomVoidsSection(Section):
    """Voids at random places of the contact, each a half ball."""

    density: NumberDensity
    """Per area of contact; in two dimensions its square root counts per length."""
    radius: Length
    seed: Seed = 0


class VoidNucleationSection(Section):
    """Sites at random places of the contact, which turn into voids during the run."""

    law: Literal["threshold", "classical"]
    """At a supersaturation, or at random by the rate of classical nucleation."""
    density: NumberDensity
    """Of sites per area of contact; in two dimensions its square root counts per length."""
    threshold: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = None
    """Supersaturation at which a site turns into a void."""
    rate: Rate | None = None
    """Attempts of a site, of the classical law."""
    contact_angle: Angle | None = None
    """Of the voids on the electrolyte as they are born, through the void; what the metal's leaves by default."""
    seed: Seed = 0


class PowerLawSection(Section):
    """Steady creep of a metal: its rate under a stress, with the power `exponent` of the stress elsewhere."""

    rate: Rate
    stress: Pressure
    exponent: Annotated[float, Field(ge=1, le=8)]


class StackSection(Section):
    """Stack pressure on the collector, under which the metal creeps into voids."""

    stack_pressure: Load
    """Mean on the collector, where a step of the protocol is not `under` another."""
    law: Literal["creep", "anand"] = "creep"
    """A power law, or lithium by Anand's law in its sinh form."""
    resistance: Literal["evolving", "saturated"] | None = None
    """Of `law: anand`: a field that hardens as the metal flows (the default), or that of steady flow everywhere."""
    creep: PowerLawSection | None = None
    """Of `law: creep`; that of lithium at the temperature (exponent 5) by default."""
    collector: Literal["rigid", "even"] = "rigid"
    """A plate that stays flat, or a film that yields to an even pressure."""
    bottom: Literal["bonded", "sliding"] = "bonded"
    """Metal at the collector."""
    contact: Literal["bonded", "sliding"] = "sliding"
    """Metal at the electrolyte."""


def _form(value: object) -> str:
    return AS_PHASES if isinstance(value, dict | Section) else AS_VALUE


StackField = Annotated[
    Annotated[Literal["off"], Tag(AS_VALUE)] | Annotated[StackSection, Tag(AS_PHASES)], Discriminator(_form)
]


class VoidOutputSection(StoredFields):
    """What is kept of a run."""

    fields: Annotated[tuple[VoidField, ...], Field(min_length=1, strict=False)] | None = None
    electrolyte_depth: Length | None = None
    """Of electrolyte in the stored fields; as deep as the metal is thick by default, and no deeper than there is."""


class VoidNumericsSection(Section):
    """Limits of the time steps."""

    front_motion: Annotated[float, Field(gt=0, le=1)] | None = None
    """Largest displacement of a void's surface in a step, in cells."""
    time_tolerance: Annotated[float, Field(gt=0, le=0.5)] | None = None
    """Largest error of that displacement, in cells."""
    contact_change: Annotated[float, Field(gt=0, le=0.5)] | None = None
    """Largest change of the contact in a step, as a share of what is left of it."""
    composition_tolerance: Annotated[float, Field(gt=0, le=0.1)] | None = None
    """Largest error of a step of an alloy, of the atomic fraction."""
    first_step: Time | None = None
    largest_step: Time | None = None
    smallest_step: Time | None = None


class VoidScenario(TimedScenario):
    """A whole scenario, as `load_scenario` returns it with every default filled in."""

    model: Literal["voids"]
    engine: Literal["petsc"] = "petsc"
    formulation: Literal["vacancy", "allen_cahn"] = "vacancy"
    """Void surfaces moved by the vacancies that reach them, or the published order parameter."""
    allen_cahn: AllenCahnSection | None = None
    domain: DomainSection
    """Of the metal, from the current collector (z = 0) to its contact with the electrolyte."""
    metal: StrippedMetalSection = StrippedMetalSection()
    alloy: AlloySection | None = None
    """Pure lithium without it."""
    vacancies: VacancyTransportSection = VacancyTransportSection()
    voids: Annotated[tuple[InitialVoidSection, ...], Field(max_length=1000, strict=False)] = ()
    random_voids: RandomVoidsSection | None = None
    nucleation: VoidNucleationSection | None = None
    electrolyte: LayeredElectrolyteSection
    kinetics: ContactKineticsSection
    counter_electrode: VoidCounterSection = VoidCounterSection()
    interface: VoidSurfaceSection = VoidSurfaceSection()
    mechanics: StackField = "off"
    output: VoidOutputSection = VoidOutputSection()
    numerics: VoidNumericsSection = VoidNumericsSection()
