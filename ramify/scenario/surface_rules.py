"""Surface diffusion and kinetic anisotropy of the metal: where they may be asked for."""

from __future__ import annotations

from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.schema import PlatingScenario


def surface_diffusion_rule(scenario: PlatingScenario) -> None:
    """A surface that moves and is curved, with an energy, in the engine that has the law."""
    section = scenario.metal.surface_diffusion
    if section is None:
        return
    key: Key = ("metal", "surface_diffusion")
    if scenario.engine == "fipy":
        raise ScenarioError("engine fipy has no surface diffusion", key, None, "no such key, or engine: petsc")
    if len(scenario.domain.size) == 1:
        raise ScenarioError("needs a lateral axis: with z alone the surface is flat", key, None, "no such key")
    if scenario.interface.motion == "frozen":
        raise ScenarioError("a frozen front keeps its shape", key, None, "no such key, or motion: moving")
    if scenario.interface.curvature == "allen_cahn":
        problem = (
            "the classical front moves by its own curvature and does not keep the metal that surface diffusion moves"
        )
        raise ScenarioError(
            problem, ("interface", "curvature"), "allen_cahn", "conservative, or no metal.surface_diffusion"
        )
    if scenario.metal.surface_energy == 0.0:
        problem = "without a surface energy nothing drives surface diffusion"
        raise ScenarioError(problem, ("metal", "surface_energy"), "0 J/m^2", "more than zero")


def anisotropy_rule(scenario: PlatingScenario) -> None:
    """A crystal with faces to tell apart, in the engine that knows them, all of which can be plated."""
    section = scenario.kinetics.anisotropy
    if section is None:
        return
    key: Key = ("kinetics", "anisotropy")
    if scenario.engine == "fipy":
        raise ScenarioError("engine fipy has no anisotropy", key, None, "no such key, or engine: petsc")
    if len(scenario.domain.size) == 1:
        raise ScenarioError("needs a lateral axis: with z alone there is one face", key, None, "no such key")
    if section.strength == 0.0:
        raise ScenarioError("is no anisotropy", (*key, "strength"), "0", "another number, or no 'anisotropy'")
