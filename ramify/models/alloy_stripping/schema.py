"""The scenario of `model: alloy_stripping`, section by section; quantities carry units in the file and are SI here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ramify.models.alloys import AtomicFraction, DiffusionSection, ThermodynamicsSection
from ramify.scenario.base import StoredFields, TimedScenario
from ramify.scenario.fields import (
    ArealResistance,
    Conductivity,
    CurrentDensity,
    Fraction,
    Length,
    MolarVolume,
    Section,
    SurfaceEnergy,
    Temperature,
    Time,
)

AlloyField = Literal["xi", "lithium", "magnesium", "vacancies"]


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


class PlanarDiffusionSection(DiffusionSection):
    """Diffusivity of lithium, and the frame in which it holds."""

    frame: Literal["lattice", "volume", "fixed"] | None = None
    """`lattice`: magnesium at rest, D intrinsic. `volume`: D the interdiffusivity. `fixed`: no recession."""


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
    diffusion: PlanarDiffusionSection = PlanarDiffusionSection()
    thermodynamics: ThermodynamicsSection = ThermodynamicsSection()
    vacancies: VacanciesSection | None = None
    electrolyte: SolidElectrolyteSection
    kinetics: ContactKineticsSection
    output: ElectrodeOutputSection = ElectrodeOutputSection()
    numerics: ElectrodeNumericsSection = ElectrodeNumericsSection()
