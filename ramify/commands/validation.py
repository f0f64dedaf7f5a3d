"""`ramify validate`: the validation suite."""

from __future__ import annotations

from typing import Annotated

import typer

from ramify.commands.common import FolderOption, refusals, refuse_petsc_options


def validate(
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE]...", help="All cases by default.")] = None,
    output: FolderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="The cheap cases, under 5 minutes in all.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Name the cases and their cost; run nothing.")] = False,
) -> None:
    """Run the validation suite; exit code 1 if a case misses its tolerance."""
    refuse_petsc_options("validate")
    with refusals():
        from ramify.validate import QUICK, list_cases, run_validation

        chosen = [*(cases or []), *([QUICK] if quick else [])]
        if listing:
            list_cases(chosen)
            return
        code = run_validation(chosen, output, as_json)
    raise typer.Exit(code)
