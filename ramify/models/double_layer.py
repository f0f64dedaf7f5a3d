"""`model: double_layer`: ions between two electrodes by Poisson-Nernst-Planck: double layers and space charge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ramify.models import Model, meshed
from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError, nearest
from ramify.scenario.fields import (
    Concentration,
    Coordinate,
    Diffusivity,
    Positive,
    Quantity,
    Section,
    Temperature,
    Time,
)
from ramify.scenario.meshes import FileMesh, MeshSection, Names, PillarMesh, complete_mesh, require_boundaries
from ramify.scenario.schema import KineticsSection
from ramify.scenario.units import AREAL_CAPACITANCE, CURRENT_DENSITY, VOLTAGE

if TYPE_CHECKING:
    from ramify.check import Check

SignedVoltage = Annotated[float, Quantity(VOLTAGE, "any")]
SignedCurrentDensity = Annotated[float, Quantity(CURRENT_DENSITY, "any")]
ArealCapacitance = Annotated[float, Quantity(AREAL_CAPACITANCE)]
Charge = Annotated[int, Field(ge=-6, le=6)]
NEUTRAL = 1e-9
"""Largest net charge of the solution at the start that counts as none, relative to all charges."""
TIME_TOLERANCE = 1e-4


class IonSection(Section):
    """One kind of ion."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,29}$")]
    charge: Charge
    diffusivity: Diffusivity
    concentration: Concentration
    """At the start, and where a reservoir or a reaction holds it."""


class ReactionSection(KineticsSection):
    """Butler-Volmer kinetics of one kind of cation, with concentration and potential at the reaction plane."""

    ion: str


class SurfaceSection(Section):
    """An electrode, or the end of the cell."""

    boundary: str | None = None
    """Bottom of a box for the working, top for the counter electrode."""
    holds: Literal["nothing", "all"] | Names = "nothing"
    """Ions whose concentration the surface holds: by a fast reaction (names), or as a reservoir (all)."""
    stern_capacitance: ArealCapacitance | None = None
    """Of a compact layer; none by default."""
    reaction: ReactionSection | None = None
    """Of an ion that the surface does not hold."""


class StepSection(Section):
    """One piece of a run in time: one of the first three, for a while."""

    voltage: SignedVoltage | None = None
    """Of the working electrode against the counter electrode, at once."""
    sweep_to: SignedVoltage | None = None
    """At an even rate from the voltage before."""
    current_density: SignedCurrentDensity | None = None
    """Per area of the working electrode, that which charges it included; positive for plating."""
    duration: Time


class TransientOutput(Section):
    """What is kept of a run in time."""

    every: Time | None = None
    """Time between snapshots; the start and the ends of the steps by default."""
    checkpoint_every: Time | None = None
    """Wall time between checkpoints; 10 min by default."""


class IonNumerics(Section):
    """Elements and steps."""

    order: int = 1
    """Of the elements."""
    time_tolerance: Annotated[float, Field(gt=0, le=0.1)] | None = None
    """Error of a step in time, in the initial concentrations; 1e-4 by default."""


class DoubleLayerScenario(Scenario):
    """A whole scenario, as `load_scenario` returns it with every default filled in."""

    model: Literal["double_layer"]
    mesh: MeshSection
    regions: Names | None = None
    """Electrolyte regions of the mesh."""
    relative_permittivity: Positive = 78.5
    temperature: Temperature = 298.15
    ion_diameter: Coordinate = 0.0
    """Of the steric model (Bikerman); zero for point ions."""
    ions: Annotated[tuple[IonSection, ...], Field(min_length=1, max_length=8, strict=False)]
    working_electrode: SurfaceSection = SurfaceSection()
    counter_electrode: SurfaceSection = SurfaceSection(holds="all")
    voltages: Annotated[tuple[SignedVoltage, ...], Field(min_length=1, max_length=200, strict=False)] | None = None
    """Of the working electrode, one steady state after the other."""
    current_densities: (
        Annotated[tuple[SignedCurrentDensity, ...], Field(min_length=1, max_length=200, strict=False)] | None
    ) = None
    """Per area of the working electrode, one steady state after the other; positive for plating."""
    steps: Annotated[tuple[StepSection, ...], Field(min_length=1, max_length=200, strict=False)] | None = None
    """A run in time, from the solution at the start and zero volts."""
    output: TransientOutput = TransientOutput()
    numerics: IonNumerics = IonNumerics()


def complete(scenario: DoubleLayerScenario, folder: Path) -> DoubleLayerScenario:
    """The resolved scenario."""
    _refuse_ions(scenario)
    _refuse_course(scenario)
    mesh = complete_mesh(scenario.mesh, folder)
    if isinstance(mesh, PillarMesh):
        ends, regions = ("pillar surface", "counter"), ("electrolyte",)
    else:
        ends, regions = ("bottom", "top"), ("box",)
    if isinstance(mesh, FileMesh) and scenario.regions is None:
        raise ScenarioError("is required with a mesh file and missing", ("regions",), allowed="names of the file")
    update: dict[str, Any] = {"mesh": mesh, "regions": scenario.regions or regions}
    for key, default in zip(("working_electrode", "counter_electrode"), ends, strict=True):
        section = getattr(scenario, key)
        if section.boundary is None and isinstance(mesh, FileMesh):
            problem = "is required with a mesh file and missing"
            raise ScenarioError(problem, (key, "boundary"), allowed="names of the file")
        section = section.model_copy(update={"boundary": section.boundary or default})
        require_boundaries(mesh, (section.boundary,), (key, "boundary"))
        _refuse_holds(section, scenario, key)
        if section.reaction is not None:
            section = section.model_copy(update={"reaction": _complete_reaction(section, scenario, key)})
        update[key] = section
    if update["working_electrode"].boundary == update["counter_electrode"].boundary:
        problem = "is the working and the counter electrode"
        raise ScenarioError(problem, ("counter_electrode", "boundary"), update["counter_electrode"].boundary)
    timed = scenario.steps is not None
    every = meshed.complete_checkpoints(scenario.output.checkpoint_every, timed, "with steps")
    update["output"] = scenario.output.model_copy(update={"checkpoint_every": every})
    if timed and scenario.numerics.time_tolerance is None:
        update["numerics"] = scenario.numerics.model_copy(update={"time_tolerance": TIME_TOLERANCE})
    return scenario.model_copy(update=update)


def exchanged(section: SurfaceSection, scenario: DoubleLayerScenario) -> set[str]:
    """Names of the ions that enter or leave through a surface."""
    names = {ion.name for ion in scenario.ions}
    held = names if section.holds == "all" else set() if section.holds == "nothing" else set(section.holds)
    return held | ({section.reaction.ion} if section.reaction is not None else set())


def _refuse_course(scenario: DoubleLayerScenario) -> None:
    """What is driven, and what belongs to a run in time alone."""
    given = [key for key in ("voltages", "current_densities", "steps") if getattr(scenario, key) is not None]
    if len(given) != 1:
        problem = (
            f"{' and '.join(given)} exclude each other" if given else "one of voltages, current_densities, steps is"
        )
        raise ScenarioError(problem + ("" if given else " required"), (given[-1],) if given else ("voltages",))
    order = scenario.numerics.order
    if order != 1:
        problem = (
            "ions move by edge averages, fluxes between the two ends of an edge, which elements of first order have"
        )
        raise ScenarioError(problem, ("numerics", "order"), str(order), "1, on a finer mesh")
    if scenario.steps is None:
        for key, value in (("output.every", scenario.output.every), ("numerics.time_tolerance",
                                                                     scenario.numerics.time_tolerance)):  # fmt: skip
            if value is not None:
                raise ScenarioError("steady states have no steps in time", tuple(key.split(".")), allowed="with steps")
    for number, step in enumerate(scenario.steps or ()):
        kinds = [key for key in ("voltage", "sweep_to", "current_density") if getattr(step, key) is not None]
        if len(kinds) != 1:
            problem = f"{' and '.join(kinds)} exclude each other" if kinds else "says nothing of voltage or current"
            raise ScenarioError(problem, ("steps", number), allowed="one of voltage, sweep_to, current_density")
    if scenario.current_densities is not None:
        ends = (scenario.working_electrode, scenario.counter_electrode)
        if not exchanged(ends[0], scenario) & exchanged(ends[1], scenario):
            problem = "no ion passes both electrodes: there is no steady current"
            raise ScenarioError(problem, ("current_densities",), allowed="steps, or surfaces that hold or react an ion")


def _complete_reaction(section: SurfaceSection, scenario: DoubleLayerScenario, key: str) -> ReactionSection:
    """With its defaults; refused where it cannot act."""
    reaction = section.reaction
    assert reaction is not None
    found = {ion.name: ion for ion in scenario.ions}
    place = (key, "reaction", "ion")
    if reaction.ion not in found:
        hint = nearest(reaction.ion, list(found))
        raise ScenarioError("is not one of the ions", place, reaction.ion, ", ".join(found), hint)
    ion = found[reaction.ion]
    if ion.charge < 0:
        problem = f"has charge {ion.charge}: metals are deposited from cations"
        raise ScenarioError(problem, place, ion.name, ", ".join(name for name in found if found[name].charge > 0))
    if reaction.ion in exchanged(section.model_copy(update={"reaction": None}), scenario):
        problem = "is held at its concentration by the same surface"
        raise ScenarioError(problem, place, ion.name, f"{key}.holds without it")
    if section.stern_capacitance is None:
        problem = "is required by a reaction, which feels the potential across the Stern layer"
        raise ScenarioError(problem, (key, "stern_capacitance"), allowed="a capacitance such as 20 uF/cm^2")
    update: dict[str, Any] = {}
    if reaction.reference_concentration is None:
        update["reference_concentration"] = ion.concentration
    if reaction.anodic_transfer_coefficient is None:
        update["anodic_transfer_coefficient"] = 1.0 - reaction.transfer_coefficient
    return reaction.model_copy(update=update)


def net_charge(scenario: DoubleLayerScenario) -> float:
    """Of the solution at the start [mol/m^3]; exactly zero within round-off."""
    charges = [ion.charge * ion.concentration for ion in scenario.ions]
    return sum(charges) if abs(sum(charges)) > NEUTRAL * sum(map(abs, charges)) else 0.0


def _refuse_ions(scenario: DoubleLayerScenario) -> None:
    names = [ion.name for ion in scenario.ions]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ScenarioError("is given twice", ("ions", number, "name"), name)
        if scenario.ions[number].charge == 0:
            raise ScenarioError("is no ion", ("ions", number, "charge"), "0", "any other charge")
    reservoir = "all" in (scenario.working_electrode.holds, scenario.counter_electrode.holds)
    if reservoir and net_charge(scenario):
        problem = f"a reservoir's solution is not neutral: the charges add up to {net_charge(scenario):.6g} mol/m^3"
        raise ScenarioError(problem, ("ions",), allowed="concentrations times charges that add up to zero")
    from ramify.physics.constants import AVOGADRO

    crowding = AVOGADRO * scenario.ion_diameter**3 * sum(ion.concentration for ion in scenario.ions)
    if crowding >= 0.9:
        problem = f"the ions fill {crowding:.3g} of the volume"
        raise ScenarioError(problem, ("ion_diameter",), allowed="less than 0.9 of it")


def _refuse_holds(section: SurfaceSection, scenario: DoubleLayerScenario, key: str) -> None:
    if isinstance(section.holds, str):
        return
    names = [ion.name for ion in scenario.ions]
    for number, name in enumerate(section.holds):
        if name not in names:
            hint = nearest(name, names)
            raise ScenarioError("is not one of the ions", (key, "holds", number), name, ", ".join(names), hint)


def check(scenario: DoubleLayerScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.check_meshed import check_double_layer

    return check_double_layer(scenario)


def run(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.run`."""
    from ramify.run.double_layer import run as start

    return start(scenario, folder, **options)


def resume(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.resume`."""
    from ramify.run.double_layer import run as start

    return start(scenario, folder, resume=True, **options)


MODEL = Model(DoubleLayerScenario, complete, check, run, resume, meshed.plot)
