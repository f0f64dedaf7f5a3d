"""Running, resuming and drawing for models that step through a protocol on a structured grid (`ramify.run`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def run(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.run`."""
    from ramify.run import run_scenario

    return run_scenario(scenario, folder, **options)


def resume(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.resume`."""
    from ramify.run import resume_run

    return resume_run(folder, scenario=scenario, **options)


def plot(folder: Path) -> list[Path]:
    """`Model.plot`."""
    from ramify.results.figures import plot_folder

    return plot_folder(folder)
