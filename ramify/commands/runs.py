"""`ramify run`, `check`, `resume`, `plot`: one scenario."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ramify.launcher import RANK, RANKS, SERIAL, environment_number

if TYPE_CHECKING:
    from ramify.scenario import Scenario

from ramify.commands.common import (
    AFTER_DASHES,
    Figures,
    FolderArgument,
    FolderOption,
    Overrides,
    ScenarioArgument,
    load,
    petsc_options,
    refusals,
    refuse,
    refuse_petsc_options,
    requests,
    speak,
)


def run(
    scenario: ScenarioArgument,
    output: FolderOption = None,
    overrides: Overrides = None,
    force: Annotated[bool, typer.Option("--force", help="Set aside what an earlier run left in the folder.")] = False,
    figures: Figures = True,
) -> None:
    """Run a scenario; PETSc options follow `--`."""
    with refusals():
        resolved = load(scenario, overrides)
        folder = output if output is not None else Path("runs") / Path(scenario).stem
        warn_of(resolved)
        refuse_engine(resolved)
        refuse_folder(folder, force)
        from ramify.models import model_of

        speak()
        code = model_of(resolved).run(
            resolved, folder, force=force, petsc_options=petsc_options(), figures=figures, requests=requests()
        )
    raise typer.Exit(code)


def warn_of(scenario: Scenario) -> None:
    """Print what `check` warns of."""
    from ramify.check import check_scenario

    for warning in check_scenario(scenario).warnings:
        if environment_number(RANK, 0) == 0:
            typer.echo(f"warning: {warning}", err=True)


def refuse_engine(scenario: Scenario) -> None:
    """Serial engines run on one process and take no PETSc options."""
    ranks = environment_number(RANKS, 1)
    engine = getattr(scenario, "engine", "petsc")
    if engine not in SERIAL:
        return
    other = "engine: petsc, or " if engine == "fipy" else ""
    if ranks > 1:
        refuse(f"engine: {engine}: runs on one process, not on {ranks}; allowed: {other}one process")
    if AFTER_DASHES:
        refuse(f"{AFTER_DASHES[0]}: engine {engine} takes no PETSc options; allowed: {other}no options")


def refuse_folder(folder: Path, force: bool) -> None:
    """A folder that holds a run is not written over; with several ranks the runner's rank 0 looks after that."""
    try:
        if folder.exists() and not folder.is_dir():
            refuse(f"{folder}: is a file; allowed: a folder for the results, with -o DIR")
    except OSError as error:
        refuse(f"{folder}: {error.strerror}; allowed: a folder for the results, with -o DIR")
    if force or environment_number(RANKS, 1) > 1 or not folder.is_dir():
        return
    from ramify.results.folder import ENTRIES

    held = [name for name in ENTRIES if (folder / name).exists()]
    if held:
        refuse(
            f"{folder}: holds a run already ({held[0]}); allowed: another folder with -o DIR, "
            f"--force to set the old run aside, or 'ramify resume {folder}'"
        )


def check(scenario: ScenarioArgument, overrides: Overrides = None) -> None:
    """Resolve a scenario without running it: grid, cost, time and length scales, warnings."""
    from ramify.check import check_scenario
    from ramify.check_report import print_check

    refuse_petsc_options("check")
    with refusals():
        resolved = load(scenario, overrides)
        result = check_scenario(resolved)
    print_check(result)


def resume(folder: FolderArgument, figures: Figures = True) -> None:
    """Go on with an interrupted run; PETSc options follow `--`."""
    require_run(folder)
    with refusals():
        from ramify.models import model_of

        resolved = load(str(folder / "scenario.yaml"), None)
        refuse_engine(resolved)
        speak()
        code = model_of(resolved).resume(
            resolved, folder, petsc_options=petsc_options(), figures=figures, requests=requests()
        )
    raise typer.Exit(code)


def plot(folder: FolderArgument) -> None:
    """Draw figures and an animation of a finished or running case."""
    refuse_petsc_options("plot")
    require_run(folder)
    with refusals():
        from ramify.models import find_model
        from ramify.scenario.loading import model_named_in

        for path in find_model(model_named_in(folder / "scenario.yaml")).plot(folder):
            typer.echo(path)


def require_run(folder: Path) -> None:
    """Refuse a folder that holds no run."""
    if not os.path.isdir(folder):  # a name that cannot be is no folder either
        refuse(f"{folder}: no such folder; allowed: the result folder of a run")
    if not (folder / "scenario.yaml").is_file():
        refuse(f"{folder}: holds no run (no scenario.yaml); allowed: the result folder of a run")
