"""What models on unstructured meshes share (`ramify.run.meshed`): states of runs in time, drawing."""

from __future__ import annotations

from pathlib import Path

from ramify.scenario.errors import ScenarioError

CHECKPOINT_EVERY = 600.0
"""Wall time between the states of a run in time [s]."""


def complete_checkpoints(every: float | None, timed: bool, remedy: str) -> float | None:
    """Wall time between states [s]: as given, or the default of a run in time; refused for steady states."""
    if every is not None and not timed:
        raise ScenarioError("a steady state has no time", ("output", "checkpoint_every"), allowed=remedy)
    return (every or CHECKPOINT_EVERY) if timed else None


def plot(folder: Path) -> list[Path]:
    """`Model.plot`."""
    from ramify.results.figures.meshed import plot_meshed

    return plot_meshed(folder)
