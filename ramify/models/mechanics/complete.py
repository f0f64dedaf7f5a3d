"""From a validated scenario of `model: mechanics` to the resolved one, and what cannot apply."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ramify.models.mechanics.schema import (
    FIELD_NAMES,
    AxesOfLengths,
    AxesOfPressures,
    MechanicsScenario,
    PlateSection,
    SolidBoundary,
    SolidRegion,
)
from ramify.models.meshed import complete_checkpoints
from ramify.scenario.errors import Key, ScenarioError, nearest
from ramify.scenario.histories import InTime, require_history
from ramify.scenario.mechanics import check_phase
from ramify.scenario.solid_meshes import (
    AnySolidMesh,
    complete_mesh,
    dimension_of,
    element_of,
    known_interfaces,
    known_regions,
    require_boundary,
)

TEMPERATURE, FLOW_TOLERANCE, FIRST_STEP = 298.15, 2e-4, 1e-5
"""Defaults; the last is a share of the duration."""
AXES = {2: ("x", "z"), 3: ("x", "y", "z")}
"""Names of the components."""


def complete(scenario: MechanicsScenario, folder: Path) -> MechanicsScenario:
    """The resolved scenario."""
    mesh = complete_mesh(scenario.mesh, folder)
    _require_regions(mesh, scenario.regions)
    for name, region in scenario.regions.items():
        _check_region(region, ("regions", name), scenario)
    for name, said in scenario.boundaries.items():
        require_boundary(mesh, name, ("boundaries", name))
        if isinstance(said, SolidBoundary):
            _check_boundary(said, ("boundaries", name), dimension_of(mesh), scenario.duration)
    require_history(scenario.temperature_change, ("temperature_change",), scenario.duration)
    _check_temperatures(scenario)
    regions = {name: _complete_region(region) for name, region in scenario.regions.items()}
    update: dict[str, object] = {"mesh": mesh, "regions": regions}
    if _feels_temperature(scenario):
        update["temperature"] = scenario.temperature or TEMPERATURE
    return _complete_times(_complete_contact(scenario.model_copy(update=update)))


def flows(scenario: MechanicsScenario) -> bool:
    """Whether any region flows."""
    return any(region.law != "elastic" for region in scenario.regions.values())


def _require_regions(mesh: AnySolidMesh, regions: dict[str, SolidRegion]) -> None:
    known = known_regions(mesh)
    if known is None:
        return
    for name in regions:
        if name not in known:
            problem = "the mesh has no region of that name"
            raise ScenarioError(problem, ("regions", name), name, ", ".join(known), nearest(name, known))
    for name in known:
        if name not in regions:
            raise ScenarioError("says nothing of a region of the mesh", ("regions",), name, "a material for each")


def _check_region(region: SolidRegion, key: Key, scenario: MechanicsScenario) -> None:
    given = (region.preset, region.youngs_modulus, region.poissons_ratio)
    if not (region.law != "elastic" and all(value is None for value in given)):
        check_phase(region, key)
    if region.anand_form is not None and region.law != "anand":
        raise ScenarioError("is a form of law: anand", (*key, "anand_form"), region.anand_form, "law: anand")
    if region.creep is not None and region.law != "creep":
        raise ScenarioError("belongs to law: creep", (*key, "creep"), allowed="law: creep")
    if region.law != "elastic" and scenario.duration is None:
        raise ScenarioError("flows in time", (*key, "law"), region.law, "a duration, or law: elastic")
    require_history(region.eigenstrain, (*key, "eigenstrain"), scenario.duration)
    if region.composition is not None:
        require_history(region.composition.change, (*key, "composition", "change"), scenario.duration)
    if region.thermal_expansion is not None and scenario.temperature_change is None:
        problem = "nothing changes the temperature"
        raise ScenarioError(problem, (*key, "thermal_expansion"), allowed="a temperature_change beside the regions")


def _check_boundary(said: SolidBoundary, key: Key, dimension: int, duration: float | None) -> None:
    given = [name for name in ("displacement", "pressure", "traction", "plate") if getattr(said, name) is not None]
    if len(given) != 1:
        problem = f"gives {' and '.join(given)}" if given else "says nothing"
        raise ScenarioError(problem, key, allowed="one of displacement, pressure, traction and plate, or a word")
    require_history(said.pressure, (*key, "pressure"), duration)
    for name in ("displacement", "traction"):
        axes = getattr(said, name)
        if axes is not None:
            _check_axes(axes, (*key, name), dimension, duration)
    if said.plate is not None:
        _check_plate(said.plate, (*key, "plate"), duration)


def _check_axes(axes: AxesOfLengths | AxesOfPressures, key: Key, dimension: int, duration: float | None) -> None:
    given = [name for name in "xyz" if getattr(axes, name) is not None]
    if not given:
        raise ScenarioError("gives no component", key, allowed="one or more of x, y, z")
    if dimension == 2 and "y" in given:
        raise ScenarioError("a plane mesh lies in x and z", (*key, "y"), allowed="x, z")
    for name in given:
        require_history(getattr(axes, name), (*key, name), duration)


def _check_plate(plate: PlateSection, key: Key, duration: float | None) -> None:
    if (plate.pressure is None) == (plate.displacement is None):
        raise ScenarioError("needs one of pressure and displacement", key, allowed="one of the two")
    require_history(plate.pressure, (*key, "pressure"), duration)
    require_history(plate.displacement, (*key, "displacement"), duration)


def _feels_temperature(scenario: MechanicsScenario) -> bool:
    """Whether a region's flow depends on the temperature."""
    return any(r.law == "anand" or (r.law == "creep" and r.creep is None) for r in scenario.regions.values())


def _check_temperatures(scenario: MechanicsScenario) -> None:
    if scenario.temperature is not None and not _feels_temperature(scenario):
        problem = "no region's flow depends on it"
        raise ScenarioError(problem, ("temperature",), allowed="no such key, or law: anand or creep of lithium")
    expanding = any(region.thermal_expansion is not None for region in scenario.regions.values())
    if scenario.temperature_change is not None and not expanding:
        problem = "no region expands"
        raise ScenarioError(problem, ("temperature_change",), allowed="a thermal_expansion of a region")


def _complete_region(region: SolidRegion) -> SolidRegion:
    update: dict[str, object] = {}
    if region.preset is None and region.youngs_modulus is None:
        update["preset"] = "lithium"
    if region.law == "anand":
        update["anand_form"] = region.anand_form or "sinh"
    return region.model_copy(update=update)


def _complete_contact(scenario: MechanicsScenario) -> MechanicsScenario:
    """Boundaries whose contact pressure is wanted, and the fields that apply."""
    mesh, output = scenario.mesh, scenario.output
    plates = [
        name for name, said in scenario.boundaries.items() if isinstance(said, SolidBoundary) and said.plate is not None
    ]
    for number, name in enumerate(output.contact or ()):
        require_boundary(mesh, name, ("output", "contact", number))
    contact = output.contact or tuple(dict.fromkeys((*plates, *known_interfaces(mesh)))) or None
    absent = {
        "plastic_strain": (not flows(scenario), "no region flows", "law: anand or creep of a region"),
        "film_stress": (
            all(region.strength is None for region in scenario.regions.values()),
            "no region has a strength",
            "a strength of a region",
        ),
        "contact_pressure": (contact is None, "there is no boundary to take it on", "names in output.contact"),
    }
    for number, field in enumerate(output.fields or ()):
        missing, problem, allowed = absent.get(field, (False, "", ""))
        if missing:
            raise ScenarioError(problem, ("output", "fields", number), field, allowed)
    fields = output.fields or tuple(name for name in FIELD_NAMES if not absent.get(name, (False,))[0])
    return scenario.model_copy(update={"output": output.model_copy(update={"contact": contact, "fields": fields})})


def _complete_times(scenario: MechanicsScenario) -> MechanicsScenario:
    output, numerics, duration = scenario.output, scenario.numerics, scenario.duration
    states = complete_checkpoints(output.checkpoint_every, duration is not None, "a duration")
    if duration is None:
        for key, given in (
            (("output", "every"), output.every),
            (("output", "times"), output.times),
            (("numerics", "first_step"), numerics.first_step),
        ):
            if given is not None:
                raise ScenarioError("a steady state has no time", key, allowed="a duration")
    if not flows(scenario) and numerics.flow_tolerance is not None:
        raise ScenarioError("no region flows", ("numerics", "flow_tolerance"), allowed="law: anand or creep")
    numerics = numerics.model_copy(update={"order": numerics.order or _default_order(scenario)})
    if duration is None:
        return scenario.model_copy(update={"numerics": numerics})
    for number, time in enumerate(output.times or ()):
        if time > duration:
            raise ScenarioError("is after the end", ("output", "times", number), f"{time:g} s", f"up to {duration:g} s")
    output = output.model_copy(update={"checkpoint_every": states})
    steps: dict[str, object] = {"first_step": min(numerics.first_step or FIRST_STEP * duration, duration)}
    if flows(scenario):
        steps["flow_tolerance"] = numerics.flow_tolerance or FLOW_TOLERANCE
    return scenario.model_copy(update={"output": output, "numerics": numerics.model_copy(update=steps)})


def _default_order(scenario: MechanicsScenario) -> Literal[1, 2]:
    """Bricks of first order flow with pressures that alternate from cell to cell, simplices lock."""
    plane, element = dimension_of(scenario.mesh) == 2, element_of(scenario.mesh)
    return 2 if flows(scenario) and (plane or element == "tetrahedron") else 1


def histories(scenario: MechanicsScenario) -> list[InTime | None]:
    """Everything that may change in time."""
    found: list[InTime | None] = [scenario.temperature_change]
    for region in scenario.regions.values():
        found += [region.eigenstrain, region.composition.change if region.composition is not None else None]
    for said in scenario.boundaries.values():
        if isinstance(said, SolidBoundary):
            found.append(said.pressure)
            for axes in (said.displacement, said.traction):
                found += [] if axes is None else [axes.x, axes.y, axes.z]
            if said.plate is not None:
                found += [said.plate.pressure, said.plate.displacement]
    return found
