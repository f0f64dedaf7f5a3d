"""What the section `crystallinity` needs of the rest of a plating scenario."""

from __future__ import annotations

from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.schema import PlatingScenario

FIELD = "crystallinity"


def crystallinity_rule(scenario: PlatingScenario) -> None:
    """Moving metal of two or three dimensions in the petsc engine, and metal where some of it begins ordered."""
    section, key = scenario.crystallinity, (FIELD,)
    if section is None:
        for index, name in enumerate(scenario.output.fields or ()):
            if name == FIELD:
                place: Key = ("output", "fields", index)
                raise ScenarioError("the order of the metal is not followed", place, name, f"a '{FIELD}' section")
        return
    if scenario.engine == "fipy":
        raise ScenarioError("engine fipy does not follow the order of the metal", key, allowed="engine: petsc")
    if len(scenario.domain.size) == 1:
        problem = "a domain of metal has a size where there is a lateral axis: the domain has z alone"
        raise ScenarioError(problem, key, allowed="two or three lengths in domain.size")
    if scenario.interface.motion == "frozen":
        raise ScenarioError("a frozen front holds no new metal", key, allowed="motion: moving")
    births = scenario.nucleation is not None and scenario.nucleation.law != "instantaneous"
    if section.initial > 0.0 and births and not scenario.nuclei:
        problem = "there is no metal at the start"
        raise ScenarioError(problem, (*key, "initial"), f"{section.initial:g}", "0, a film or nuclei")
    if section.crystal_size < section.critical_size:
        problem = f"crystals of the critical size, {section.critical_size:g} m, are the smallest there are"
        raise ScenarioError(problem, (*key, "crystal_size"), f"{section.crystal_size:g} m", "at least that")
