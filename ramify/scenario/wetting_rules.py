"""Contact angles of a growing deposit: where they may be asked for, and what cannot be shown."""

from __future__ import annotations

import math

from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.hosts import FlatHost, NoHost
from ramify.scenario.schema import PlatingScenario

ANGLES = (20.0, 160.0)
"""Least and largest contact angle [degrees]: beyond, the interface reaches three widths along the wall."""


def contact_angles(scenario: PlatingScenario) -> dict[Key, float]:
    """Contact angles of the deposit other than 90 degrees [rad], by their keys."""
    host = scenario.host
    given: dict[Key, float | None] = {
        ("collector", "contact_angle"): scenario.collector.contact_angle,
        ("host", "contact_angle"): None if isinstance(host, NoHost) else host.contact_angle,
    }
    return {key: angle for key, angle in given.items() if angle is not None and abs(angle - 0.5 * math.pi) > 1e-9}


def wetting_rule(scenario: PlatingScenario) -> None:
    """Angles that an interface can show, on walls that the metal can meet, at a surface that moves."""
    for key, angle in contact_angles(scenario).items():
        value = f"{math.degrees(angle):.4g} deg"
        if not ANGLES[0] - 1e-9 <= math.degrees(angle) <= ANGLES[1] + 1e-9:
            problem = (
                "the diffuse interface cannot show it: along the wall it is 1/sin of the angle as wide as elsewhere"
            )
            raise ScenarioError(problem, key, value, f"from {ANGLES[0]:g} to {ANGLES[1]:g} deg")
        if len(scenario.domain.size) == 1:
            problem = "needs a lateral axis: with z alone the surface is flat"
            raise ScenarioError(problem, key, value, "90 deg, or no such key")
        if scenario.interface.motion == "frozen":
            raise ScenarioError("a frozen front keeps its shape", key, value, "90 deg, or motion: moving")
        if scenario.engine == "fipy":
            raise ScenarioError("engine fipy has right angles only", key, value, "90 deg, or engine: petsc")
        if key[0] == "collector" and isinstance(scenario.host, FlatHost):
            problem = "the host covers the collector"
            raise ScenarioError(problem, key, value, "no such key; 'host.contact_angle' is the surface's")
