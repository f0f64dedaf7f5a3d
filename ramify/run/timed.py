"""Runs that step through a protocol: how they begin and go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ramify.run.ranks import guarded, together
from ramify.run.runner import Runner
from ramify.scenario.base import Scenario, TimedScenario
from ramify.signals import Requests


def run_scenario(
    scenario: Scenario,
    folder: Path,
    *,
    force: bool = False,
    petsc_options: list[str],
    figures: bool = True,
    requests: Requests | None = None,
) -> int:
    """Run a resolved scenario of a timed model into a folder; returns the exit code of the contract."""
    with _listening(requests) as heard:
        return guarded(lambda: Runner(timed(scenario), folder, petsc_options, figures, heard).start(force))


def resume_run(
    folder: Path,
    petsc_options: list[str],
    *,
    scenario: Scenario | None = None,
    figures: bool = True,
    requests: Requests | None = None,
) -> int:
    """Go on with an interrupted run, whose scenario is that of the folder; returns the exit code of the contract."""
    from ramify.scenario import load_scenario

    def work() -> int:
        loaded = scenario if scenario is not None else together(lambda: load_scenario(folder / "scenario.yaml"))
        return Runner(timed(loaded), folder, petsc_options, figures, heard).resume()

    with _listening(requests) as heard:
        return guarded(work)


def timed(scenario: Scenario) -> TimedScenario:
    """The scenario, which must be one that steps through a protocol."""
    if not isinstance(scenario, TimedScenario):
        raise TypeError(f"model: {scenario.model} does not step through a protocol")
    return scenario


@contextlib.contextmanager
def _listening(requests: Requests | None) -> Iterator[Requests]:
    """Requests that the run looks at between two steps; a caller's own, or listened to for as long as the run takes."""
    heard = requests if requests is not None else Requests()
    heard.under_way = True
    try:
        yield heard
    finally:
        heard.under_way = False
        if requests is None:
            heard.restore()
