"""What the commands share: refusals, PETSc options, signals, and options that several of them take.

`ramify.cli.main` fills in what the process was started with before any command runs.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from ramify.launcher import RANK, environment_number

if TYPE_CHECKING:
    from ramify.signals import Requests

REFUSED = 2
AFTER_DASHES: list[str] = []
"""What the command line holds after `--`."""
REQUESTS: list[Requests] = []
"""The listener of this process, at most one."""
STREAMS: list[TextIO] = []
"""Nowhere, standard output and standard error, on ranks that are silent."""

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="File, or name of a shipped scenario.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="a.b=VALUE", help="Override a key; repeatable.")]
FolderOption = Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Result folder.")]
Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="Draw figures at the end.")]
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Result folder of a run.")]


def refuse(message: object) -> NoReturn:
    """Tell rank 0's user and end every rank with exit code 2."""
    if environment_number(RANK, 0) == 0:
        typer.echo(f"ramify: {message}", err=True)
    raise typer.Exit(REFUSED)


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Turn refused input into one message and exit code 2."""
    from ramify.scenario.errors import ScenarioError

    try:
        yield
    except ScenarioError as error:
        refuse(error)


def petsc_options() -> list[str]:
    """What the command line holds after `--`; `main` has put it aside."""
    return list(AFTER_DASHES)


def speak() -> None:
    """Let every rank print again, once the command line is accepted and the solver starts."""
    if STREAMS:
        nowhere, sys.stdout, sys.stderr = STREAMS
        nowhere.close()
        STREAMS.clear()


def requests() -> Requests | None:
    """What signals have asked for since the command began; `main` listens before anything slow is imported."""
    return REQUESTS[-1] if REQUESTS else None


def load(source: str, overrides: list[str] | None) -> Any:
    """The resolved scenario of a SCENARIO argument."""
    from ramify.scenario import load_scenario

    return load_scenario(source, overrides or [])


def refuse_petsc_options(command: str) -> None:
    """Refuse options after `--` where no solver would read them."""
    if AFTER_DASHES:
        refuse(f"{AFTER_DASHES[0]}: '{command}' takes no PETSc options; allowed: after 'run' and 'resume'")
