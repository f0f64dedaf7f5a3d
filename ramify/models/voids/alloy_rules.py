"""The keys of the section `alloy`: their defaults, what needs them and what they cannot be combined with."""

from __future__ import annotations

from ramify.models import alloys
from ramify.models.voids.schema import AlloySection, VoidScenario
from ramify.physics import alloy_data
from ramify.scenario.errors import Key, ScenarioError, shown
from ramify.scenario.grid_rules import resolved

FIELDS = ("magnesium", "lithium")
"""Stored fields of an alloy."""


def has_voids(scenario: VoidScenario) -> bool:
    """Whether there are voids, or may be."""
    return bool(scenario.voids) or scenario.random_voids is not None or scenario.nucleation is not None


def alloy_rule(scenario: VoidScenario) -> None:
    """An alloy that is complete, of lithium, beside what it can be combined with; or nothing that belongs to one."""
    section = scenario.alloy
    if section is None:
        _no_alloy(scenario)
        return
    alloys.diffusion_rule(section.diffusion, ("alloy", "diffusion"))
    alloys.activity_rule(section.thermodynamics, ("alloy", "thermodynamics"))
    if section.magnesium_mobility is None and has_voids(scenario):
        problem = "is required beside voids and missing: it decides how fast magnesium leaves the wall of a void"
        raise ScenarioError(problem, ("alloy", "magnesium_mobility"), allowed="a number, such as 0.1; 0 for at rest")
    if scenario.metal.preset != "lithium":
        raise ScenarioError("is no alloy of lithium", ("metal", "preset"), shown(scenario.metal.preset), "lithium")
    if scenario.vacancies.diffusivity is not None:
        problem = "is that of pure lithium; an alloy has alloy.diffusion"
        raise ScenarioError(problem, ("vacancies", "diffusivity"), allowed="no such key beside 'alloy'")
    if scenario.formulation == "allen_cahn":
        _refuse(("formulation",), "its order parameter knows lithium and vacancies alone", "formulation: vacancy")
    if scenario.mechanics != "off":
        _refuse(("mechanics",), "how an alloy creeps is not known, and creep would carry magnesium along", "off")
    if scenario.metal.surface_diffusivity is not None:
        problem = "which atoms run along the surfaces of an alloy is not known"
        _refuse(("metal", "surface_diffusivity"), problem, "no such key beside 'alloy'")


def _no_alloy(scenario: VoidScenario) -> None:
    for index, name in enumerate(scenario.output.fields or ()):
        if name in FIELDS:
            allowed = "xi, phi, vacancies, contact_current; or a section 'alloy'"
            raise ScenarioError("belongs to an alloy; this is pure lithium", ("output", "fields", index), name, allowed)
    if scenario.numerics.composition_tolerance is not None:
        key: Key = ("numerics", "composition_tolerance")
        raise ScenarioError("belongs to an alloy; this is pure lithium", key, allowed="no such key")


def _refuse(key: Key, why: str, allowed: str) -> None:
    raise ScenarioError(f"cannot be combined with 'alloy': {why}", key, allowed=allowed)


def filled_alloy(section: AlloySection | None) -> AlloySection | None:
    """The section with its defaults."""
    if section is None:
        return None
    diffusion = alloys.filled_diffusion(section.diffusion)
    if diffusion.meaning is None:
        diffusion = diffusion.model_copy(update={"meaning": "intrinsic"})
    update: dict[str, object] = {
        "diffusion": diffusion,
        "thermodynamics": alloys.filled_activity(section.thermodynamics),
    }
    if section.magnesium_mobility is None:
        update["magnesium_mobility"] = 0.0
    return section.model_copy(update=update)


def molar_volume(section: AlloySection, lithium: float) -> float:
    """Volume of a mole of atoms at the start [m^3/mol], without excess; `lithium` is that of the pure metal."""
    return (1.0 - section.magnesium) * lithium + section.magnesium * alloy_data.MAGNESIUM_VOLUME


def diffusivity(scenario: VoidScenario, section: AlloySection) -> float:
    """D of lithium at the composition of the start [m^2/s]."""
    return alloys.diffusivity_at(section.diffusion, scenario.electrolyte.temperature, section.magnesium)


def mobility(section: AlloySection) -> float:
    """Of magnesium against lithium's, once filled in."""
    return resolved(section.magnesium_mobility)
