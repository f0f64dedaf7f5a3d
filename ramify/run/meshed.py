"""Runs on unstructured meshes: how they begin, go on and end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ramify.run.ending import DONE, GAVE_UP, INTERRUPTED, REFUSED
from ramify.run.meshed_folder import MeshedFolder, Stopped
from ramify.run.ranks import guarded, together
from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError
from ramify.signals import Requests

Work = Callable[[MeshedFolder], dict[str, Any]]


def run_meshed(
    scenario: Scenario,
    path: Path,
    prepare: Callable[[], Work],
    draw: Callable[[Path], list[Path]],
    prefix: str,
    *,
    force: bool = False,
    resume: bool = False,
    petsc_options: list[str],
    figures: bool,
    requests: Requests | None,
) -> int:
    """Run a model on a mesh, or go on with it; returns the exit code of the contract.

    Parameters
    ----------
    prepare
        Builds mesh and equations, which may refuse the scenario, and returns the work; every rank calls it.
    draw
        Draws the figures of the folder, on rank 0.
    prefix
        Of the PETSc options that the solver reads.
    resume
        From the newest checkpoint, which the work finds in `MeshedFolder.resumed`.
    """

    def work() -> int:
        _start_petsc(petsc_options)
        solve = together(prepare)
        _refuse_unread(petsc_options, prefix)
        folder = MeshedFolder(path, scenario, requests)
        if refused := folder.reopen() if resume else folder.open(force):
            if folder.root:
                print(f"ramify: {refused}", file=sys.stderr)
            folder.release()
            return REFUSED
        try:
            return _carry_out(folder, solve, draw if figures else None)
        finally:
            folder.release()
            if requests is not None:
                requests.under_way = False

    if requests is not None:
        requests.under_way = True
    return guarded(work)


def _carry_out(folder: MeshedFolder, solve: Work, draw: Callable[[Path], list[Path]] | None) -> int:
    from ramify.fem.linear import LinearFailure
    from ramify.fem.newton import NewtonFailure
    from ramify.fem.viscoplastic import SolidFailure

    try:
        numbers = solve(folder)
    except Stopped as stopped:
        remedy = (
            "ramify resume goes on" if str(stopped) else "steady states keep no checkpoint, run it again with --force"
        )
        folder.finish("interrupted", f"asked to stop; {remedy}", {})
        return INTERRUPTED
    except (NewtonFailure, LinearFailure, SolidFailure, OSError) as failure:
        if folder.root:
            print(f"ramify: {failure}", file=sys.stderr)
        folder.finish("failed", str(failure), {})
        return GAVE_UP
    folder.finish(numbers.pop("status", "finished"), numbers.pop("stop_reason", "solved"), numbers)
    if folder.root:
        print(f"finished: results in {folder.path}")
        for picture in draw(folder.path) if draw is not None else ():
            print(picture)
    return DONE


def _start_petsc(options: list[str]) -> None:
    from ramify.phasefield.petsc import BadOption, start_petsc

    def start() -> None:
        try:
            start_petsc(options)
        except BadOption as refusal:
            raise ScenarioError(str(refusal)) from None

    together(start)


def _refuse_unread(options: list[str], prefix: str) -> None:
    from ramify.phasefield.petsc import BadOption, refuse_unread

    def check() -> None:
        try:
            refuse_unread(options, prefix)
        except BadOption as refusal:
            raise ScenarioError(str(refusal)) from None

    together(check)
