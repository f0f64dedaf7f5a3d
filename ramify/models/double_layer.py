"""`model: double_layer`: ions between two electrodes by Poisson-Nernst-Planck: double layers and space charge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ramify.models import Model, meshed
from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError, nearest
from ramify.scenario.fields import Concentration, Coordinate, Diffusivity, Positive, Quantity, Section, Temperature
from ramify.scenario.meshes import FileMesh, MeshSection, Names, PillarMesh, complete_mesh, require_boundaries
from ramify.scenario.units import AREAL_CAPACITANCE, VOLTAGE

if TYPE_CHECKING:
    from ramify.check import Check

SignedVoltage = Annotated[float, Quantity(VOLTAGE, "any")]
ArealCapacitance = Annotated[float, Quantity(AREAL_CAPACITANCE)]
Charge = Annotated[int, Field(ge=-6, le=6)]
NEUTRAL = 1e-9
"""Largest net charge of the solution at the start, relative to all charges."""


class IonSection(Section):
    """One kind of ion."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,29}$")]
    charge: Charge
    diffusivity: Diffusivity
    concentration: Concentration
    """At the start, and where a reservoir or a reaction holds it."""


class SurfaceSection(Section):
    """An electrode, or the end of the cell."""

    boundary: str | None = None
    """Bottom of a box for the working, top for the counter electrode."""
    holds: Literal["nothing", "all"] | Names = "nothing"
    """Ions whose concentration the surface holds: by a fast reaction (names), or as a reservoir (all)."""
    stern_capacitance: ArealCapacitance | None = None
    """Of a compact layer; none by default."""


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
    voltages: Annotated[tuple[SignedVoltage, ...], Field(min_length=1, max_length=200, strict=False)]
    """Of the working electrode, one steady state after the other."""


def complete(scenario: DoubleLayerScenario, folder: Path) -> DoubleLayerScenario:
    """The resolved scenario."""
    _refuse_ions(scenario)
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
        update[key] = section
    if update["working_electrode"].boundary == update["counter_electrode"].boundary:
        problem = "is the working and the counter electrode"
        raise ScenarioError(problem, ("counter_electrode", "boundary"), update["counter_electrode"].boundary)
    return scenario.model_copy(update=update)


def _refuse_ions(scenario: DoubleLayerScenario) -> None:
    names = [ion.name for ion in scenario.ions]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ScenarioError("is given twice", ("ions", number, "name"), name)
        if scenario.ions[number].charge == 0:
            raise ScenarioError("is no ion", ("ions", number, "charge"), "0", "any other charge")
    charges = [ion.charge * ion.concentration for ion in scenario.ions]
    if abs(sum(charges)) > NEUTRAL * sum(map(abs, charges)):
        problem = f"the solution is not neutral: the charges add up to {sum(charges):.6g} mol/m^3"
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


MODEL = Model(DoubleLayerScenario, complete, check, run, meshed.resume, meshed.plot)
