"""What the interphase of a nucleation section needs: sites that are born, a thickness below the grid's resolution."""

from __future__ import annotations

from itertools import pairwise

from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.resolve import largest_edge
from ramify.scenario.schema import PlatingScenario


def interphase_rule(scenario: PlatingScenario) -> None:
    """Sites inside an interphase nucleate by a law, and metal there is not told from metal on the surface."""
    section = scenario.nucleation
    if section is None or section.interphase is None:
        return
    interphase, key = section.interphase, ("nucleation", "interphase")
    if section.law == "instantaneous":
        raise ScenarioError("caps at the start have no depth", key, allowed="law: classical or constant_rate beside it")
    width = scenario.interface.width or largest_edge(scenario.domain)
    if interphase.thickness > width:
        problem = "is thicker than the interface's width: metal inside it would be an island of its own"
        raise ScenarioError(problem, (*key, "thickness"), f"{interphase.thickness:g} m", f"at most {width:g} m")
    if interphase.weights is None:
        return
    place: Key = (*key, "weights")
    for (above, _), (below, _) in pairwise(interphase.weights):
        if below <= above:
            raise ScenarioError("depths do not rise", place, f"{below:g} m after {above:g} m", "rising depths")
    if interphase.weights[-1][0] > interphase.thickness:
        problem = "lies outside the interphase"
        raise ScenarioError(problem, place, f"{interphase.weights[-1][0]:g} m", f"at most {interphase.thickness:g} m")
    if not any(weight > 0.0 for _, weight in interphase.weights):
        raise ScenarioError("electrons reach no site", place, allowed="a weight above zero")
