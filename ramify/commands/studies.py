"""`ramify study`: a scenario over parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ramify.commands.common import FolderOption, Overrides, refusals, refuse, refuse_petsc_options
from ramify.launcher import RANKS, environment_number


def study(
    source: Annotated[str | None, typer.Argument(metavar="[STUDY]", help="File, or name of a shipped study.")] = None,
    output: FolderOption = None,
    overrides: Overrides = None,
    check_only: Annotated[
        bool, typer.Option("--check", help="Validate every point and tell its cost; run none.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, metavar="N", help="Points at a time on this machine.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Run the points on a Dask cluster.")] = None,
    emit: Annotated[str | None, typer.Option(metavar="slurm", help="Write a batch script instead of running.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="DIR", help="Make the report of a study again.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Set aside the points of earlier starts.")] = False,
) -> None:
    """Run a parameter study and rank its designs; the same command goes on after an interruption."""
    refuse_petsc_options("study")
    if (ranks := environment_number(RANKS, 1)) > 1:
        refuse(f"study: runs on one process, not on {ranks}; allowed: execution: {{ranks: {ranks}}} for every point")
    if (source is None) == (report is None):
        refuse("study: needs one of two things; allowed: STUDY to run, or --report DIR")
    if emit not in (None, "slurm"):
        refuse(f"--emit: {emit}: no such batch system; allowed: slurm")
    if len([given for given in (workers, scheduler, emit) if given is not None]) > 1:
        refuse("study: --workers, --scheduler and --emit exclude each other; allowed: one of them")
    with refusals():
        from ramify.study import command

        if report is not None:
            raise typer.Exit(command.report_again(report))
        asked = command.Asked(str(source), output, tuple(overrides or ()), workers, scheduler, emit, force)
        if check_only:
            command.check_study(asked)
            raise typer.Exit
        code = command.run_study(asked)
    raise typer.Exit(code)
