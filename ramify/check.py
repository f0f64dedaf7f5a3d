"""What can be told of a scenario before it runs: its size, its scales, and whether the grid can show its physics."""

from __future__ import annotations

from dataclasses import dataclass, field

from ramify.models import model_of
from ramify.scenario.base import Scenario


@dataclass(frozen=True)
class Scale:
    """One line of a check."""

    name: str
    value: float
    unit: str
    note: str = ""


@dataclass(frozen=True)
class Check:
    """Result of checking a scenario."""

    title: str
    cells: tuple[int, ...]
    """(x, y, z) of a structured grid; the one number of elements of an unstructured mesh."""
    spacing: tuple[float, ...]
    """(x, y, z) [m]; empty for an unstructured mesh."""
    dimension: int
    unknowns: int
    memory_bytes: float
    """Estimate of the peak, over all ranks."""
    steps: int
    """Steps of the protocol, repeats counted; zero where there is none."""
    scales: tuple[Scale, ...]
    unknown_fields: tuple[str, ...] = ()
    """What the unknowns are."""
    warnings: tuple[str, ...] = field(default=())

    def scale(self, name: str) -> float:
        """The value of a line; KeyError where the scenario has no such scale."""
        for line in self.scales:
            if line.name == name:
                return line.value
        raise KeyError(name)


def check_scenario(scenario: Scenario) -> Check:
    """Size, scales and warnings of a resolved scenario, as its model tells them.

    Raises
    ------
    ScenarioError
        Where what it describes cannot be made.
    """
    return model_of(scenario).check(scenario)
