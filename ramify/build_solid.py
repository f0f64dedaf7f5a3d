"""From a resolved scenario of `model: mechanics` to the solid that the finite elements solve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ramify.build_mechanics import build_elasticity
from ramify.models.mechanics.complete import AXES, TEMPERATURE, histories
from ramify.models.mechanics.schema import MechanicsScenario, PlateSection, SolidBoundary, SolidRegion
from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.histories import kinks, value_at
from ramify.scenario.solid_meshes import build_mesh

if TYPE_CHECKING:
    from ramify.fem.mesh import Mesh
    from ramify.fem.solid_boundaries import SolidCondition
    from ramify.fem.spaces import Space
    from ramify.fem.tractions import Contact
    from ramify.fem.viscoplastic import FlowingSolid
    from ramify.physics.viscoplasticity import ViscoplasticLaw

PREFIX = "fem_solid_"
DIRECT_UNKNOWNS = 12_000
"""In three dimensions, below which factors are cheaper than iterations; in two they always are."""
SAME_TIME = 1e-9
"""Times closer than this, relatively, are one time."""
Conditions = Callable[[float], "list[SolidCondition]"]


@dataclass(frozen=True)
class BuiltSolid:
    """The solid and what is asked of it."""

    solid: FlowingSolid
    contacts: dict[str, Contact]
    holds: dict[str, tuple[int, ...]]
    """Components in which each boundary holds the solid."""


def build_law(region: SolidRegion, temperature: float) -> ViscoplasticLaw:
    """What a region is made of; `temperature` [K] sets the flow of lithium."""
    from ramify.physics import viscoplasticity

    constants = build_elasticity(region)
    if region.law == "elastic":
        return viscoplasticity.elastic(constants)
    if region.law == "anand":
        law = viscoplasticity.anand_lithium(resolved(region.anand_form), temperature)
        return replace(law, elasticity=constants)
    if region.creep is None:
        return replace(viscoplasticity.creeping_lithium(temperature), elasticity=constants)
    return viscoplasticity.power_law_creep(constants, region.creep.rate, region.creep.stress, region.creep.exponent)


def growth_of(scenario: MechanicsScenario) -> Callable[[float], np.ndarray]:
    """From the time [s] to the linear eigenstrain of every region."""
    regions = tuple(scenario.regions.values())

    def growth(time: float) -> np.ndarray:
        hotter = value_at(scenario.temperature_change, time)
        strains = []
        for region in regions:
            strain = value_at(region.eigenstrain, time) + (region.thermal_expansion or 0.0) * hotter
            if region.composition is not None:
                part = region.composition
                strain += part.partial_molar_volume * value_at(part.change, time) / 3.0
            strains.append(strain)
        return np.array(strains)

    return growth


def build_solid(scenario: MechanicsScenario) -> BuiltSolid:
    """The solid at rest; ScenarioError for names that the mesh has not and for what nothing holds. Collective."""
    from mpi4py import MPI

    from ramify.fem.elasticity import Phase
    from ramify.fem.mesh import MeshError
    from ramify.fem.spaces import Space
    from ramify.fem.tractions import Contact
    from ramify.fem.viscoplastic import FlowingSolid, SolidNumerics

    mesh = build_mesh(scenario.mesh, MPI.COMM_WORLD)
    if mesh.dimension not in AXES:
        raise ScenarioError("a solid has two or three dimensions", ("mesh",), f"{mesh.dimension}")
    _require_names(scenario, mesh)
    space = Space(mesh, resolved(scenario.numerics.order), mesh.dimension)
    temperature = scenario.temperature or TEMPERATURE
    phases = {name: Phase(build_law(region, temperature)) for name, region in scenario.regions.items()}
    numerics = SolidNumerics(scenario.numerics.equilibrium_tolerance, scenario.numerics.flow_tolerance or 1.0)
    try:
        conditions, holds = _conditions(scenario, space)
        free = _refuse_unheld(scenario, space, conditions)
        small = mesh.dimension == 2 or space.global_count * space.components <= DIRECT_UNKNOWNS
        method: Literal["direct", "multigrid"] = "direct" if small and not free else "multigrid"
        solid = FlowingSolid(space, phases, conditions, None, numerics, method, PREFIX, growth_of(scenario))
        contacts = {name: Contact(solid, name, conditions(0.0)) for name in scenario.output.contact or ()}
    except MeshError as refusal:
        raise ScenarioError(str(refusal), ("mesh",)) from None
    return BuiltSolid(solid, contacts, holds)


def marks_of(scenario: MechanicsScenario) -> tuple[list[float], list[float]]:
    """(times of snapshots, times that steps must hit), ascending, the end among both."""
    end = resolved(scenario.duration)
    every, given = scenario.output.every, scenario.output.times or ()
    shots = {end, *given}
    if every is not None:
        shots |= {number * every for number in range(1, int(end / every * (1.0 + 1e-12)) + 1)}
    corners = {time for value in histories(scenario) for time in kinks(value) if 0.0 < time < end}
    snapshots = _apart([], shots)
    return snapshots, _apart(snapshots, corners)


def _apart(times: list[float], more: set[float]) -> list[float]:
    """Ascending times, with those of `more` that are not among them but for round-off."""
    found = list(times)
    for time in sorted(more):
        if not any(abs(time - other) <= SAME_TIME * time for other in found):
            found.append(time)
    return sorted(found)


def _require_names(scenario: MechanicsScenario, mesh: Mesh) -> None:
    """Names that only a mesh file tells."""
    from ramify.fem.mesh import MeshError

    named: list[tuple[Callable[[str], None], str, Key]] = [
        *((mesh.require_region, name, ("regions", name)) for name in scenario.regions),
        *((mesh.require_boundary, name, ("boundaries", name)) for name in scenario.boundaries),
        *((mesh.require_boundary, name, ("output", "contact")) for name in scenario.output.contact or ()),
    ]
    for require, name, key in named:
        try:
            require(name)
        except MeshError as refusal:
            raise ScenarioError(str(refusal), key) from None
    for name, said in scenario.boundaries.items():
        for word in ("displacement", "traction") if isinstance(said, SolidBoundary) else ():
            axes = getattr(said, word)
            if axes is not None and axes.y is not None and mesh.dimension == 2:
                raise ScenarioError("a plane mesh lies in x and z", ("boundaries", name, word, "y"), allowed="x, z")


def _conditions(scenario: MechanicsScenario, space: Space) -> tuple[Conditions, dict[str, tuple[int, ...]]]:
    """What is said on the boundaries at a time, and which components each holds. Collective."""
    from ramify.fem.plates import outward
    from ramify.fem.solid_boundaries import across

    ways: dict[str, tuple[int, float]] = {}
    holds: dict[str, tuple[int, ...]] = {}
    every = tuple(range(space.components))
    for name, said in scenario.boundaries.items():
        if said == "fixed":
            holds[name] = every
        elif said == "symmetry":
            holds[name] = (across(space, name),)
        elif not isinstance(said, str) and said.plate is not None:
            ways[name] = across(space, name, "under a plate"), outward(space, name)
            holds[name] = every if said.plate.contact == "bonded" else ways[name][:1]
        elif not isinstance(said, str) and said.displacement is not None:
            given = [getattr(said.displacement, axis) for axis in AXES[space.components]]
            holds[name] = tuple(i for i in every if given[i] is not None)

    def conditions(time: float) -> list[SolidCondition]:
        return [c for name, said in scenario.boundaries.items() for c in _said(name, said, ways.get(name), space, time)]

    return conditions, holds


def _said(
    name: str, said: str | SolidBoundary, way: tuple[int, float] | None, space: Space, time: float
) -> list[SolidCondition]:
    """Conditions of one boundary at a time [s]; `way`: component and sign of the normal of a plate."""
    from ramify.fem.solid_boundaries import Displacement, Fixed, Pressure, Symmetry, Traction

    if isinstance(said, str):
        return [Fixed(name)] if said == "fixed" else [Symmetry(name)] if said == "symmetry" else []
    if said.plate is not None:
        return _plate(name, said.plate, resolved(way), space, time)
    if said.pressure is not None:
        return [Pressure(name, value_at(said.pressure, time))]
    axes = AXES[space.components]
    if said.traction is not None:
        return [Traction(name, tuple(value_at(getattr(said.traction, axis), time) for axis in axes))]
    given = [(i, getattr(resolved(said.displacement), axis)) for i, axis in enumerate(axes)]
    return [Displacement(name, value_at(value, time), i) for i, value in given if value is not None]


def _plate(name: str, plate: PlateSection, way: tuple[int, float], space: Space, time: float) -> list[SolidCondition]:
    from ramify.fem.solid_boundaries import Displacement, Plate

    component, sign = way
    bonded = plate.contact == "bonded"
    if plate.pressure is not None:
        return [Plate(name, value_at(plate.pressure, time), bonded)]
    rest = [Displacement(name, 0.0, i) for i in range(space.components) if bonded and i != component]
    return [Displacement(name, -sign * value_at(plate.displacement, time), component), *rest]


def _refuse_unheld(scenario: MechanicsScenario, space: Space, conditions: Conditions) -> bool:
    """ScenarioError where loads drive what nothing holds; returns whether anything is free. Collective."""
    from ramify.fem.plates import Plates
    from ramify.fem.rigid_motions import FreeMotions, UnheldMotion
    from ramify.fem.solid_boundaries import held, loads

    plates, (fixed, _) = Plates(space, conditions(0.0)), held(space, conditions(0.0))
    motions = FreeMotions(space, fixed, tuple(plates.modes))
    times = {0.0, *(time for value in histories(scenario) for time in kinks(value))}
    for time in sorted(times):
        said = conditions(time)
        load = np.where(fixed, 0.0, loads(space, said)) + plates.spread(plates.forces(said))
        try:
            motions.require_at_rest(load)
        except UnheldMotion as refusal:
            raise ScenarioError(str(refusal), ("boundaries",)) from None
    return len(FreeMotions(space, fixed).motions) > 0
