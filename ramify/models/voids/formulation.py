"""The keys of `formulation: allen_cahn`: their defaults, and what the published model cannot be combined with."""

from __future__ import annotations

import math

from ramify.models.voids.schema import AllenCahnSection, VoidScenario
from ramify.physics import double_well
from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.grid_rules import resolved

DIFFUSIVITY = 7.5e-13
"""[m^2/s], published."""
STRESSED = ("vacancy_volume", "stress_drive")
"""Keys of metal under stress."""
NARROWEST = 0.5
"""Width over cell of the published surface: its own grid has 0.63, on which fronts feel the cells."""


def phase_field(scenario: VoidScenario) -> AllenCahnSection | None:
    """The section with its defaults; None of another formulation."""
    if scenario.formulation != "allen_cahn":
        return None
    section = scenario.allen_cahn or AllenCahnSection()
    defaults = {
        "double_well": 3.5e6,
        "gradient_energy": 4.5e-7,
        "mobility": 1e-9,
        "vacancy_fraction": 2e-9,
        "interpolation": "published",
    }
    if scenario.mechanics != "off":
        defaults |= {"vacancy_volume": 6e-6, "stress_drive": "published"}
    return section.model_copy(update={n: v for n, v in defaults.items() if getattr(section, n) is None})


def surface_of(section: AllenCahnSection) -> tuple[float, float]:
    """Width [m] and energy [J/m^2] of the surface."""
    gradient, well = resolved(section.gradient_energy), resolved(section.double_well)
    return double_well.width(gradient, well), double_well.surface_energy(gradient, well)


def formulation_rule(scenario: VoidScenario) -> None:
    """Keys of one formulation beside another, and energies told twice."""
    section = phase_field(scenario)
    if section is None:
        if scenario.allen_cahn is not None:
            raise ScenarioError("has no effect", ("allen_cahn",), allowed="formulation: allen_cahn, or no such section")
        return
    if scenario.mechanics == "off" and scenario.allen_cahn is not None:
        for name in STRESSED:
            if getattr(scenario.allen_cahn, name) is not None:
                allowed = "mechanics: {stack_pressure: ...}, or no such key"
                raise ScenarioError("has no effect without stress", ("allen_cahn", name), allowed=allowed)
    width, energy = surface_of(section)
    _refuse_other("interface", "width", scenario.interface.width, width, f"{width:.4g} m")
    _refuse_other("metal", "surface_energy", scenario.metal.surface_energy, energy, f"{energy:.4g} J/m^2")
    angle = scenario.electrolyte.contact_angle
    if angle is not None and not math.isclose(angle, 0.5 * math.pi):
        _refuse(("electrolyte", "contact_angle"), "its surfaces meet the electrolyte upright")
    if scenario.metal.surface_diffusivity is not None:
        _refuse(("metal", "surface_diffusivity"), "atoms run along its surfaces no faster than in them")
    if scenario.vacancies.sink_length is not None:
        _refuse(("vacancies", "sink_length"), "it has no sinks in the bulk")
    if scenario.nucleation is not None:
        _refuse(("nucleation",), "it has no births: its metal yields by itself")


def _refuse_other(section: str, name: str, given: float | None, follows: float, told: str) -> None:
    if given is not None and not math.isclose(given, follows):
        problem = "follows from allen_cahn.gradient_energy and double_well"
        raise ScenarioError(problem, (section, name), f"{given:g}", f"no such key; they give {told}")


def _refuse(key: Key, why: str) -> None:
    raise ScenarioError(f"cannot be combined with formulation: allen_cahn: {why}", key, allowed="formulation: vacancy")
