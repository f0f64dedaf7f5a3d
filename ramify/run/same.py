"""Whether a scenario is the one that a checkpoint was computed with."""

from __future__ import annotations

from typing import Any

from ramify.scenario.base import Scenario
from ramify.scenario.errors import Key, ScenarioError, key_text
from ramify.scenario.loading import scenario_from_text
from ramify.scenario.writing import to_data, to_yaml

FREE: tuple[Key, ...] = (("title",), ("numerics",), ("output", "checkpoint_every"))
"""Keys that change nothing of what a state means: a run that failed may go on with other tolerances."""
MISSING = object()


def differences(text: str, scenario: Scenario) -> str:
    """Keys in which a scenario differs from the YAML text of an earlier one; empty where it is the same run."""
    if text == to_yaml(scenario):
        return ""
    try:
        before = to_data(scenario_from_text(text))
    except ScenarioError as refusal:
        return f"a scenario that this version reads no more ({refusal.problem})"
    changed = [key for key in _changed(before, to_data(scenario), ()) if not any(key[: len(f)] == f for f in FREE)]
    return ", ".join(key_text(key) for key in changed)


def _changed(before: Any, now: Any, key: Key) -> list[Key]:
    if isinstance(before, dict) and isinstance(now, dict):
        names = [*before, *(name for name in now if name not in before)]
        return [k for n in names for k in _changed(before.get(n, MISSING), now.get(n, MISSING), (*key, n))]
    return [] if before == now else [key]
