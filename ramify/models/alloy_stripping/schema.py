"""The scenario of `model: alloy_stripping`, section by section; quantities carry units in the file and are SI here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ramify.scenario.base import StoredFields, TimedScenario
from ramify.scenario.fields import (
    ActivationEnergy,
    ArealResistance,
    Conductivity,
    CurrentDensity,
    Diffusivity,
    Fraction,
    Length,
    MolarEnergy,
    MolarVolume,
    Section,
    SurfaceEnergy,
    Temperature,
    Time,
)

AlloyField = Literal["xi", "lithium", "magnesium", "vacancies"]
AtomicFraction = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class ElectrodeSection(Section):
    """A planar electrode from the current collector (z = 0) to its contact with the electrolyte."""

    thickness: Length
    magnesium: AtomicFraction
    """Atomic fraction at the start; 0 is pure lithium."""
    cells: Annotated[int, Field(ge=10, le=20_000)] = 200
    smallest_cell: Length | None = None
    """Of an alloy, at the contact; the others grow away from it. From the depleted layer by default."""
    lithium_volume: MolarVolume | None = None
    magnesium_volume: MolarVolume | None = None
    """Partial molar volumes; those of the pure metals by default."""


class DiffusionPoint(Section):
    """Diffusivity at one composition."""

    magnesium: AtomicFraction
    diffusivity: Diffusivity


class DiffusionSection(Section):
    """Diffusivity of lithium: a preset, one value, or a table over composition."""

    preset: str | None = None
    diffusivity: Diffusivity | None = None
    table: Annotated[tuple[DiffusionPoint, ...], Field(min_length=2, max_length=100, strict=False)] | None = None
    """Exponential between its points, constant beyond them."""
    meaning: Literal["intrinsic", "tracer"] | None = None
    """A tracer's is multiplied by the thermodynamic factor."""
    frame: Literal["lattice", "volume", "fixed"] | None = None
    """`lattice`: magnesium at rest, D intrinsic. `volume`: D the interdiffusivity. `fixed`: no recession."""
    activation_energy: ActivationEnergy | None = None
    reference_temperature: Temperature | None = None
    """At which the values hold."""


class ThermodynamicsSection(Section):
    """Activity of lithium in the alloy: a preset, or Redlich-Kister parameters at the temperature of the run."""

    preset: str | None = None
    interaction: Annotated[tuple[MolarEnergy, ...], Field(min_length=1, max_length=6, strict=False)] | None = None


class VacanciesSection(Section):
    """Pure lithium: vacancies at the contact, and the voids that take it away."""

    threshold: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = None
    """Supersaturation at which voids nucleate."""
    critical_current_density: CurrentDensity | None = None
    """The same, as the current that reaches it at the start."""
    sink_length: Length | None = None
    """Of bulk sinks; none by default."""
    back: Literal["sink", "closed"] = "sink"
    void_depth: Length
    exponent: Annotated[float, Field(gt=0, le=2)] = 1.0
    """Of the covered area over the void volume."""
    initial_contact: Annotated[float, Field(gt=0, le=1)] = 1.0
    contact_spacing: Length | None = None
    """Of the contacts that are left; the void depth by default."""
    surface_energy: SurfaceEnergy | None = None
    """Of lithium; the metal's preset by default."""


class SolidElectrolyteSection(Section):
    """A single-ion conductor."""

    thickness: Length
    conductivity: Conductivity
    temperature: Temperature = 298.15


class ContactKineticsSection(Section):
    """Butler-Volmer kinetics of the contact."""

    exchange_current_density: CurrentDensity
    """Of pure lithium."""
    transfer_coefficient: Fraction = 0.5
    """Cathodic, alpha_c."""
    anodic_transfer_coefficient: Fraction | None = None
    """alpha_a; one minus alpha_c by default."""
    film_resistance: ArealResistance = 0.0


class ElectrodeOutputSection(StoredFields):
    """What is kept of a run."""

    fields: Annotated[tuple[AlloyField, ...], Field(min_length=1, strict=False)] | None = None


class ElectrodeNumericsSection(Section):
    """Tolerances and limits of the time integration."""

    time_tolerance: Annotated[float, Field(gt=0, le=0.1)] | None = None
    """Local error per step, of the atomic fraction or of the contact fraction."""
    first_step: Time | None = None
    largest_step: Time | None = None
    smallest_step: Time | None = None


class AlloyScenario(TimedScenario):
    """A whole scenario, as `load_scenario` returns it with every default filled in."""

    model: Literal["alloy_stripping"]
    engine: Literal["numba"] = "numba"
    electrode: ElectrodeSection
    diffusion: DiffusionSection = DiffusionSection()
    thermodynamics: ThermodynamicsSection = ThermodynamicsSection()
    vacancies: VacanciesSection | None = None
    electrolyte: SolidElectrolyteSection
    kinetics: ContactKineticsSection
    output: ElectrodeOutputSection = ElectrodeOutputSection()
    numerics: ElectrodeNumericsSection = ElectrodeNumericsSection()
