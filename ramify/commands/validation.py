"""`ramify validate`: the validation suite."""

from __future__ import annotations

from typing import Annotated

import typer

from ramify.commands.common import FolderOption, refusals, refuse_petsc_options


def validate(
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE]...", help="All cases by default.")] = None,
    output: FolderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Run the validation suite; exit code 1 if a case misses its tolerance."""
    refuse_petsc_options("validate")
    with refusals():
        from ramify.validate import run_validation

        code = run_validation(cases or [], output, as_json)
    raise typer.Exit(code)
