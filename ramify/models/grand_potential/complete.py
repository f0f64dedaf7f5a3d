"""Defaults that depend on other keys, and what a grand-potential scenario may not combine."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from ramify.models.grand_potential.schema import GrandPotentialScenario
from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.rules import domain_rule, numerics_rule, output_rule, unpressed_rule

NOISE_INTERVAL = 0.02
"""Of published time steps [s]."""

Rule = Callable[[GrandPotentialScenario], None]


def complete(scenario: GrandPotentialScenario, folder: Path) -> GrandPotentialScenario:
    """The resolved scenario; nothing in it lies in a file."""
    del folder
    for rule in RULES:
        rule(scenario)
    from ramify.phasefield.grand_potential.problem import Numerics
    from ramify.physics.grand_potential_scales import front_width

    start, noise, numerics = scenario.start, scenario.noise, scenario.numerics
    if start.width is None:
        width = front_width(scenario.phase.gradient_coefficient, scenario.phase.barrier)
        start = start.model_copy(update={"width": width})
    if noise is not None and noise.interval is None:
        noise = noise.model_copy(update={"interval": numerics.fixed_step or NOISE_INTERVAL})
    defaults = Numerics()
    values = {name: getattr(defaults, name) for name in type(numerics).model_fields}
    left = ("time_tolerance", "front_motion", "first_step", "largest_step") if numerics.fixed_step else ()
    filled = {
        name: value
        for name, value in values.items()
        if getattr(numerics, name) is None and name not in left and value is not None and math.isfinite(value)
    }
    return scenario.model_copy(update={"start": start, "noise": noise, "numerics": numerics.model_copy(update=filled)})


def axes_rule(scenario: GrandPotentialScenario) -> None:
    """The domain as in other models."""
    domain_rule(scenario)
    output_rule(scenario)
    numerics_rule(scenario)


def protocol_rule(scenario: GrandPotentialScenario) -> None:
    """The model holds a potential between the two faces; it has no electrode whose current could be set."""
    for indices, step in scenario.protocol.distinct():
        if step.kind != "hold":
            place = ".".join(str(index + 1) for index in indices)
            problem = f"model grand_potential holds a potential, and step {place} does not"
            raise ScenarioError(problem, ("protocol",), step.text, "'hold at VOLTAGE for TIME until ...'")


def start_rule(scenario: GrandPotentialScenario) -> None:
    """Metal to start from, inside the domain."""
    start, size = scenario.start, scenario.domain.size
    if start.front is None and not start.nuclei:
        raise ScenarioError("without metal nothing grows", ("start",), allowed="'front', 'nuclei', or both")
    if start.front is not None and start.front >= size[-1]:
        allowed = f"less than {size[-1]:g} m"
        raise ScenarioError("the front lies beyond the domain", ("start", "front"), f"{start.front:g} m", allowed)
    if start.nuclei and len(size) == 1:
        raise ScenarioError("a nucleus needs a lateral axis: the domain has z alone", ("start", "nuclei"))
    for index, nucleus in enumerate(start.nuclei):
        key: Key = ("start", "nuclei", index, "position")
        if len(nucleus.position) != len(size):
            problem = f"has {len(nucleus.position)} coordinates in a domain of {len(size)} axes"
            raise ScenarioError(problem, key, allowed="one coordinate for each length in domain.size")
        for axis, (place, length) in enumerate(zip(nucleus.position, size, strict=True)):
            if place > length:
                raise ScenarioError("outside the domain", (*key, axis), f"{place:g} m", f"0 to {length:g} m")


def boundary_rule(scenario: GrandPotentialScenario) -> None:
    """Phases between 0 and 1."""
    for side in ("collector", "counter"):
        xi = getattr(scenario.boundaries, side).xi
        if xi != "no flux" and not 0.0 <= xi <= 1.0:
            raise ScenarioError("no phase", ("boundaries", side, "xi"), str(xi), "0 to 1, or 'no flux'")


def steps_rule(scenario: GrandPotentialScenario) -> None:
    """A fixed step is not chosen by tolerances."""
    numerics = scenario.numerics
    for name in ("time_tolerance", "front_motion", "first_step", "largest_step"):
        if numerics.fixed_step is not None and getattr(numerics, name) is not None:
            problem = "does not apply beside fixed_step"
            raise ScenarioError(problem, ("numerics", name), allowed="no such key, or no fixed_step")


def diagnostics_rule(scenario: GrandPotentialScenario) -> None:
    """Positions inside the domain."""
    height = scenario.domain.size[-1]
    for index, position in enumerate(scenario.diagnostics.positions):
        if position > height:
            key: Key = ("diagnostics", "positions", index)
            raise ScenarioError("outside the domain", key, f"{position:g} m", f"up to {height:g} m")


RULES: tuple[Rule, ...] = (
    axes_rule,
    protocol_rule,
    unpressed_rule,
    start_rule,
    boundary_rule,
    steps_rule,
    diagnostics_rule,
)
