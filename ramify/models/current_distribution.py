"""`model: current_distribution`: primary, secondary or tertiary current distribution on an unstructured mesh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ramify.models import Model, meshed
from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError
from ramify.scenario.fields import Concentration, Conductivity, CurrentDensity, Quantity, Section, Time
from ramify.scenario.meshes import (
    FileMesh,
    MeshSection,
    Names,
    PillarMesh,
    complete_mesh,
    require_boundaries,
)
from ramify.scenario.rules import refuse_electrolyte, refuse_electrolyte_preset
from ramify.scenario.schema import ElectrolyteSection, KineticsSection
from ramify.scenario.units import RESISTANCE, VOLTAGE

if TYPE_CHECKING:
    from ramify.check import Check

SignedVoltage = Annotated[float, Quantity(VOLTAGE, "any")]
ContactResistance = Annotated[float, Quantity(RESISTANCE)]


class WorkingElectrodeSection(Section):
    """Where metal is plated, and what drives it: a current density or a potential."""

    boundaries: Names | None = None
    """Bottom of a box; surface and floor of pillars."""
    current_density: CurrentDensity | None = None
    """Per area of the counter electrode."""
    voltage: SignedVoltage | None = None
    """Against lithium at the counter electrode, negative for plating."""


class CounterSection(Section):
    """The other electrode."""

    boundaries: Names | None = None
    """Top of a box, counter of pillars."""
    kind: Literal["lithium", "reservoir"] = "lithium"


class OhmicSection(Section):
    """Electrons in metal regions of the mesh, by Ohm's law."""

    regions: Names | None = None
    """`pillar` of meshed pillars."""
    conductivity: Conductivity
    collector: str | None = None
    """Boundary where the current enters the metal; `foot` of meshed pillars."""
    contact_resistance: ContactResistance = 1e-9
    """Of the collector."""


class StopSection(Section):
    """What ends a transient before its time."""

    concentration: Concentration
    """Smallest of the salt anywhere; the run ends with the step that falls below."""


class FieldOutput(Section):
    """What is kept of a run."""

    every: Time | None = None
    """Time between snapshots of a transient; the start and the end by default."""
    checkpoint_every: Time | None = None
    """Wall time between checkpoints of a transient; 10 min by default."""


class ElementNumerics(Section):
    """Elements and steps."""

    order: Literal[1, 2] = 1
    time_tolerance: Annotated[float, Field(gt=0, le=0.1)] = 1e-3
    """Error of a step of a transient, in the initial concentration."""


class CurrentDistributionScenario(Scenario):
    """A whole scenario, as `load_scenario` returns it with every default filled in."""

    model: Literal["current_distribution"]
    distribution: Literal["primary", "secondary", "tertiary"] = "secondary"
    mesh: MeshSection
    regions: Names | None = None
    """Electrolyte regions of the mesh."""
    electrolyte: ElectrolyteSection
    kinetics: KineticsSection
    working_electrode: WorkingElectrodeSection
    counter_electrode: CounterSection = CounterSection()
    electrons: OhmicSection | None = None
    """Equipotential by default."""
    duration: Time | None = None
    """Of a transient; the steady state by default."""
    stop: StopSection | None = None
    output: FieldOutput = FieldOutput()
    numerics: ElementNumerics = ElementNumerics()


def complete(scenario: CurrentDistributionScenario, folder: Path) -> CurrentDistributionScenario:
    """The resolved scenario."""
    refuse_electrolyte(scenario.electrolyte)
    refuse_electrolyte_preset(scenario.electrolyte)
    working, counter = scenario.working_electrode, scenario.counter_electrode
    if (working.current_density is None) == (working.voltage is None):
        problem = "needs one of current_density and voltage"
        raise ScenarioError(problem, ("working_electrode",), allowed="one of the two")
    if scenario.duration is not None and scenario.distribution != "tertiary":
        problem = "a primary or secondary distribution has no transient"
        raise ScenarioError(problem, ("duration",), f"{scenario.duration:g} s", "distribution: tertiary")
    if scenario.stop is not None and scenario.duration is None:
        raise ScenarioError("a steady state ends of itself", ("stop",), allowed="a duration beside it")
    if scenario.stop is not None and scenario.stop.concentration >= scenario.electrolyte.concentration:
        problem = "is where the run begins: there is nothing to wait for"
        value, most = scenario.stop.concentration, scenario.electrolyte.concentration
        raise ScenarioError(problem, ("stop", "concentration"), f"{value:g} mol/m^3", f"less than {most:g} mol/m^3")
    if scenario.output.every is not None and scenario.duration is None:
        raise ScenarioError("a steady state has one snapshot", ("output", "every"), allowed="a duration beside it")
    every = meshed.complete_checkpoints(
        scenario.output.checkpoint_every, scenario.duration is not None, "a duration beside it"
    )
    mesh = complete_mesh(scenario.mesh, folder)
    names = _default_names(scenario)
    working = working.model_copy(update={"boundaries": working.boundaries or names["working"]})
    counter = counter.model_copy(update={"boundaries": counter.boundaries or names["counter"]})
    kinetics = scenario.kinetics
    if kinetics.reference_concentration is None:
        kinetics = kinetics.model_copy(update={"reference_concentration": scenario.electrolyte.concentration})
    if kinetics.anodic_transfer_coefficient is None:
        rest = 1.0 - kinetics.transfer_coefficient
        kinetics = kinetics.model_copy(update={"anodic_transfer_coefficient": rest})
    resolved = scenario.model_copy(
        update={
            "mesh": mesh,
            "kinetics": kinetics,
            "working_electrode": working,
            "counter_electrode": counter,
            "regions": scenario.regions or names["regions"],
            "electrons": _complete_electrons(scenario),
            "output": scenario.output.model_copy(update={"checkpoint_every": every}),
        }
    )
    _require_names(resolved)
    return resolved


def _default_names(scenario: CurrentDistributionScenario) -> dict[str, tuple[str, ...]]:
    if isinstance(scenario.mesh, PillarMesh):
        ohmic = scenario.electrons is not None
        working = ("pillar surface",) if ohmic else ("pillar surface", "floor")
        return {"working": working, "counter": ("counter",), "regions": ("electrolyte",)}
    if isinstance(scenario.mesh, FileMesh):
        for key, given in (
            (("working_electrode", "boundaries"), scenario.working_electrode.boundaries),
            (("counter_electrode", "boundaries"), scenario.counter_electrode.boundaries),
            (("regions",), scenario.regions),
        ):
            if given is None:
                raise ScenarioError("is required with a mesh file and missing", key, allowed="names of the file")
        return {"working": (), "counter": (), "regions": ()}
    return {"working": ("bottom",), "counter": ("top",), "regions": ("box",)}


def _complete_electrons(scenario: CurrentDistributionScenario) -> OhmicSection | None:
    section, mesh = scenario.electrons, scenario.mesh
    if section is None:
        return None
    if scenario.distribution == "primary":
        problem = "a primary distribution has equipotential electrodes"
        raise ScenarioError(problem, ("electrons",), allowed="distribution: secondary or tertiary")
    if isinstance(mesh, PillarMesh):
        if mesh.pillar != "meshed":
            problem = "ohmic electrons need a mesh of the pillars"
            raise ScenarioError(problem, ("mesh", "pillar"), mesh.pillar, "meshed")
        return section.model_copy(
            update={"regions": section.regions or ("pillar",), "collector": section.collector or "foot"}
        )
    for name in ("regions", "collector"):
        if getattr(section, name) is None:
            raise ScenarioError("is required and missing", ("electrons", name), allowed="names of the mesh")
    return section


def _require_names(scenario: CurrentDistributionScenario) -> None:
    working, counter = scenario.working_electrode.boundaries or (), scenario.counter_electrode.boundaries or ()
    require_boundaries(scenario.mesh, working, ("working_electrode", "boundaries"))
    require_boundaries(scenario.mesh, counter, ("counter_electrode", "boundaries"))
    if both := set(working) & set(counter):
        problem = "is the working and the counter electrode"
        raise ScenarioError(problem, ("counter_electrode", "boundaries"), ", ".join(sorted(both)))
    if scenario.electrons is not None and scenario.electrons.collector is not None:
        require_boundaries(scenario.mesh, (scenario.electrons.collector,), ("electrons", "collector"))


def check(scenario: CurrentDistributionScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.check_meshed import check_current_distribution

    return check_current_distribution(scenario)


def run(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.run`."""
    from ramify.run.current_distribution import run as start

    return start(scenario, folder, **options)


def resume(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.resume`."""
    from ramify.run.current_distribution import run as start

    return start(scenario, folder, resume=True, **options)


MODEL = Model(CurrentDistributionScenario, complete, check, run, resume, meshed.plot)
