"""`ramify host`: a host alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ramify.commands.common import FolderOption, Overrides, refusals, refuse, refuse_petsc_options, speak
from ramify.launcher import RANK, environment_number


def host(
    source: Annotated[
        str, typer.Argument(metavar="SCENARIO|SPEC", help="Scenario, or a file with `domain` and `host` alone.")
    ],
    output: FolderOption = None,
    overrides: Overrides = None,
    mesh: Annotated[
        bool, typer.Option("--mesh", help="Also write host.msh, a mesh of host and pores on the domain's cells.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Build and describe a host alone: porosity, areas, pore sizes, transport, capacity limit."""
    refuse_petsc_options("host")
    with refusals():
        from ramify.scenario.host_spec import load_host

        resolved = load_host(source, overrides or [])
        if mesh and output is None:
            refuse("--mesh: there is no folder to write host.msh into; allowed: -o DIR beside it")
        if output is not None:
            refuse_description_folder(output)
        from ramify.describe import describe_host

        speak()
        description = describe_host(resolved)
        if mesh:
            from ramify.build_hosts import fit_host

            fitted = fit_host(resolved)
    if environment_number(RANK, 0) > 0:
        return  # every rank has described the host, one tells of it
    if as_json:
        import json

        from ramify.results.summary import plain

        typer.echo(json.dumps(plain(description.summary()), indent=2))
    else:
        from ramify.describe_report import print_description

        print_description(description)
    if output is not None:
        from ramify.results.host_folder import write_description

        for path in write_description(output, resolved, description):
            typer.echo(path, err=as_json)
        if mesh:
            from ramify.results.host_mesh import MESH, write_host_mesh

            write_host_mesh(output / MESH, fitted)
            typer.echo(output / MESH, err=as_json)


def refuse_description_folder(folder: Path) -> None:
    """A folder that holds a run or a description is not written into."""
    from ramify.results.host_folder import HELD

    if folder.exists() and not folder.is_dir():
        refuse(f"{folder}: is a file; allowed: a folder for the results, with -o DIR")
    held = [name for name in HELD if (folder / name).exists()]
    if held:
        refuse(f"{folder}: holds results already ({held[0]}); allowed: another folder with -o DIR")
