"""Scenario files: reading, checking, filling in and writing back."""

from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError
from ramify.scenario.loading import load_scenario, scenario_from_text
from ramify.scenario.writing import to_yaml

__all__ = ["Scenario", "ScenarioError", "load_scenario", "scenario_from_text", "to_yaml"]
