"""The `ramify` command: its sub-commands are in `ramify.commands`.

Exit codes: 0 done; 1 a validation case missed its tolerance; 2 input refused; 3 the solver gave up; 75 interrupted
with the state saved. What follows `--` are PETSc options. Solvers, arrays and pictures are imported by the commands
that need them, so that `--help`, `check` and `schema` answer at once. Under MPI every rank comes to the same refusal
and only rank 0 tells it.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ramify.commands import atomistic, hosts, listing, runs, studies, tracer, validation
from ramify.commands.common import AFTER_DASHES, REQUESTS, STREAMS
from ramify.launcher import RANK, environment_number
from ramify.signals import Requests

app = typer.Typer(
    name="ramify",
    help="Continuum electrodeposition: plating, stripping and ramified growth of metals. "
    "PETSc options follow `--`; `mpiexec -n N ramify run ...` runs in parallel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    runs.run,
    runs.check,
    hosts.host,
    runs.resume,
    runs.plot,
    studies.study,
    validation.validate,
    tracer.tracer,
    listing.scenarios,
    listing.schema,
):
    app.command()(command)
app.add_typer(atomistic.app, name="atomistic")


def _print_version(wanted: bool) -> None:
    if wanted:
        from ramify import __version__

        typer.echo(f"ramify {__version__}")
        raise typer.Exit


def _print_citations(wanted: bool) -> None:
    if wanted:
        from ramify.citations import CITATIONS

        typer.echo(CITATIONS)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    citations: Annotated[
        bool, typer.Option("--citations", callback=_print_citations, is_eager=True, help="Print what to cite.")
    ] = False,
) -> None:
    """Common options; each prints and ends."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `ramify` command.

    Parameters
    ----------
    arguments : list of str, optional
        The command line without the program's name; that of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    cut = given.index("--") if "--" in given else len(given)
    AFTER_DASHES[:] = given[cut + 1 :]
    if environment_number(RANK, 0) > 0:
        # a mistyped command is told once, not once by every rank
        nowhere = open(os.devnull, "w")  # noqa: SIM115
        STREAMS[:] = [nowhere, sys.stdout, sys.stderr]
        sys.stdout = sys.stderr = nowhere
    if given[:1] in (["run"], ["resume"]):
        REQUESTS[:] = [Requests(under_way=False)]
    try:
        app(args=given[:cut], prog_name="ramify")
    finally:
        AFTER_DASHES.clear()
        while REQUESTS:
            REQUESTS.pop().restore()


if __name__ == "__main__":
    main()
