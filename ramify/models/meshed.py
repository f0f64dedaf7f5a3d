"""Resuming and drawing for models on unstructured meshes (`ramify.run.meshed`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def resume(scenario: Any, folder: Path, **options: Any) -> int:
    """`Model.resume`: there is no checkpoint."""
    from ramify.run.meshed import refuse_resume

    return refuse_resume(scenario, folder)


def plot(folder: Path) -> list[Path]:
    """`Model.plot`."""
    from ramify.results.figures.meshed import plot_meshed

    return plot_meshed(folder)
