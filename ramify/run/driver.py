"""What the runner needs of a model: its problem, its engines, and what they have to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ramify.phasefield.engine import Engine
from ramify.phasefield.problem import Domain
from ramify.results.fields import Quantity


class Problem(Protocol):
    """A problem in SI numbers, as far as the runner reads it."""

    @property
    def domain(self) -> Domain:
        """Box and cells."""

    @property
    def initial_concentration(self) -> float:
        """Measure of depletion [mol/m^3]."""


@dataclass(frozen=True)
class Driver:
    """How the runner drives one model."""

    build: Callable[[Any], Problem]
    """The problem of a resolved scenario; raises ScenarioError."""
    make_engine: Callable[[str, Any], Engine]
    """The engine of that name for a problem, once the solvers are started."""
    extra_history: tuple[Quantity, ...] = ()
    """Columns of the history beyond the field table."""
    extra_fields: tuple[Quantity, ...] = ()
    """Fields beyond the field table."""
    left_out: frozenset[str] = frozenset()
    """Columns of the history that mean nothing in this model."""
    extra_summary: Callable[[Any, Mapping[str, float]], dict[str, Any]] = lambda engine, measures: {}
    """Keys of `summary.json` beyond those of every engine, from the engine and its last measures."""
    static_fields: frozenset[str] = frozenset({"psi"})
    """Fields that never change, stored once."""
