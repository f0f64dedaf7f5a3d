"""The models that a scenario may name: for each its keys, its defaults and rules, its check, how it runs and is drawn.

A model is one module here (or a package, where it has many keys) that ends in `MODEL = Model(...)`. Modules are
imported when a scenario names them, and what they need to run only when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ramify.check import Check
    from ramify.results.fields import Quantity
    from ramify.run.driver import Driver
    from ramify.scenario.base import Scenario

MODELS = ("plating", "grand_potential", "alloy_stripping", "current_distribution", "double_layer", "mechanics", "voids")
"""Names of the models, the default first; the module of the same name holds each."""
DEFAULT = MODELS[0]


@dataclass(frozen=True)
class Model:
    """One model, as the command line and the studies see it."""

    scenario: type[Scenario]
    """Keys of its scenarios."""
    complete: Callable[[Any, Path], Scenario]
    """From a validated scenario and the folder of its file to the resolved one: defaults filled in, what cannot apply
    refused with a ScenarioError that names the key."""
    check: Callable[[Any], Check]
    """Size, scales and warnings of a resolved scenario."""
    run: Callable[..., int]
    """run(scenario, folder, *, force, petsc_options, figures, requests): run a resolved scenario into a folder; returns
    the exit code of the contract."""
    resume: Callable[..., int]
    """resume(scenario, folder, *, petsc_options, figures, requests): go on from the newest checkpoint."""
    plot: Callable[[Path], list[Path]]
    """Draw the figures of a result folder; returns the files."""
    columns: tuple[Quantity, ...] = field(default=(), kw_only=True)
    """Columns of its history beyond the field table."""


@dataclass(frozen=True)
class TimedModel(Model):
    """A model that steps through a protocol on a structured grid, driven by `ramify.run`."""

    driver: Callable[[], Driver]
    """What the runner needs of it, imported when a run begins."""


def find_model(name: str) -> Model:
    """The model of that name, one of `MODELS`."""
    model: Model = import_module(f"ramify.models.{name}").MODEL
    return model


def model_of(scenario: Scenario) -> Model:
    """The model of a scenario."""
    return find_model(scenario.model)
