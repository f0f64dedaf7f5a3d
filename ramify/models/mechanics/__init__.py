"""`model: mechanics`: solids on unstructured meshes, elastic or flowing through time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramify.models import Model
from ramify.models.mechanics.complete import complete
from ramify.models.mechanics.schema import MechanicsScenario

if TYPE_CHECKING:
    from ramify.check import Check


def check(scenario: MechanicsScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.models.mechanics.check import check_mechanics

    return check_mechanics(scenario)


def run(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.run`."""
    from ramify.run.mechanics import run as start

    return start(scenario, folder, **options)


def resume(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.resume`."""
    from ramify.run.mechanics import run as start

    return start(scenario, folder, resume=True, **options)


def plot(folder: Path) -> list[Path]:
    """`Model.plot`."""
    from ramify.results.figures.solid import plot_solid

    return plot_solid(folder)


MODEL = Model(MechanicsScenario, complete, check, run, resume, plot)
