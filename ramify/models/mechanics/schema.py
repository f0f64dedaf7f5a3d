"""Keys of `model: mechanics`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ramify.scenario import units
from ramify.scenario.base import Scenario
from ramify.scenario.fields import (
    AS_PHASES,
    AS_WORD,
    MolarVolume,
    Pressure,
    Quantity,
    Rate,
    Section,
    Temperature,
    Time,
)
from ramify.scenario.histories import (
    ConcentrationInTime,
    LengthInTime,
    PressureInTime,
    StrainInTime,
    TemperatureInTime,
)
from ramify.scenario.mechanics import ElasticSection
from ramify.scenario.solid_meshes import SolidMesh

ThermalExpansion = Annotated[float, Quantity(units.THERMAL_EXPANSION, "any")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
FieldName = Literal["displacement", "stress", "p", "von_mises", "plastic_strain", "film_stress", "contact_pressure"]
FIELD_NAMES: tuple[FieldName, ...] = (
    "displacement",
    "stress",
    "p",
    "von_mises",
    "plastic_strain",
    "film_stress",
    "contact_pressure",
)


class CreepSection(Section):
    """Power-law creep: `rate` under `stress`, with the power `exponent` of the stress elsewhere."""

    rate: Rate
    stress: Pressure
    exponent: Annotated[float, Field(ge=1, le=50, allow_inf_nan=False)]


class CompositionSection(Section):
    """What a change of composition makes a region swell by: a third of the volume per axis."""

    change: ConcentrationInTime
    partial_molar_volume: MolarVolume


class SolidRegion(ElasticSection):
    """What a region is made of."""

    law: Literal["elastic", "anand", "creep"] = "elastic"
    anand_form: Literal["sinh", "power"] | None = None
    """Of `law: anand`; sinh by default."""
    creep: CreepSection | None = None
    """Of `law: creep`; steady creep of lithium by default."""
    eigenstrain: StrainInTime | None = None
    """Linear strain that the region would take by itself, the same along all axes."""
    composition: CompositionSection | None = None
    thermal_expansion: ThermalExpansion | None = None
    """Linear."""
    strength: Pressure | None = None
    """Largest tension it bears."""


class AxesOfLengths(Section):
    """Displacement by component; components left out are free."""

    x: LengthInTime | None = None
    y: LengthInTime | None = None
    z: LengthInTime | None = None


class AxesOfPressures(Section):
    """Force per area by component."""

    x: PressureInTime | None = None
    y: PressureInTime | None = None
    z: PressureInTime | None = None


class PlateSection(Section):
    """A rigid plate across an axis that stays parallel to itself."""

    pressure: PressureInTime | None = None
    """Its force over its area."""
    displacement: LengthInTime | None = None
    """How far it moves into the solid."""
    contact: Literal["sliding", "bonded"] = "sliding"


class SolidBoundary(Section):
    """What is said on a boundary: one of these."""

    displacement: AxesOfLengths | None = None
    pressure: PressureInTime | None = None
    """Positive in compression."""
    traction: AxesOfPressures | None = None
    plate: PlateSection | None = None


def _form(value: object) -> str:
    return AS_PHASES if isinstance(value, dict | Section) else AS_WORD


Word = Literal["free", "fixed", "symmetry"]
BoundaryField = Annotated[
    Annotated[Word, Tag(AS_WORD)] | Annotated[SolidBoundary, Tag(AS_PHASES)], Discriminator(_form)
]


class SolidOutput(Section):
    """What is kept of a run."""

    every: Time | None = None
    """Time between snapshots; the start and the end by default."""
    times: Annotated[tuple[Time, ...], Field(min_length=1, max_length=1000, strict=False)] | None = None
    """Further times of snapshots."""
    fields: Annotated[tuple[FieldName, ...], Field(min_length=1, strict=False)] | None = None
    """All that apply by default."""
    contact: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20, strict=False)] | None = None
    """Boundaries whose contact pressure is wanted; plates and interfaces of the mesh by default."""
    checkpoint_every: Time | None = None
    """Wall time between checkpoints; 10 min by default."""


class SolidSteps(Section):
    """Elements, steps and tolerances."""

    order: Literal[1, 2] | None = None
    """2 where metal flows in plane meshes or in tetrahedra, else 1."""
    first_step: Time | None = None
    """1e-5 of the duration by default."""
    flow_tolerance: Annotated[float, Field(gt=0, le=0.1, allow_inf_nan=False)] | None = None
    """Error of the flow in one step; 2e-4 by default."""
    equilibrium_tolerance: Annotated[float, Field(ge=1e-12, le=1e-3, allow_inf_nan=False)] = 1e-8
    """Out-of-balance force over the forces in the body."""


class MechanicsScenario(Scenario):
    """A whole scenario, as `load_scenario` returns it with every default filled in."""

    model: Literal["mechanics"]
    mesh: SolidMesh
    regions: Annotated[dict[Name, SolidRegion], Field(min_length=1, max_length=50)]
    boundaries: Annotated[dict[Name, BoundaryField], Field(max_length=50)] = Field(default_factory=dict)
    """By name; a boundary of which nothing is said is free."""
    temperature: Temperature | None = None
    """Of metal that flows; 25 degC by default."""
    temperature_change: TemperatureInTime | None = None
    """From the stress-free state, everywhere."""
    duration: Time | None = None
    """The response to what acts, without time, by default."""
    output: SolidOutput = SolidOutput()
    numerics: SolidSteps = SolidSteps()
