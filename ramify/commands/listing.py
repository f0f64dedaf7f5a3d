"""`ramify scenarios` and `schema`: what there is and what may be written."""

from __future__ import annotations

from typing import Annotated

import typer

from ramify.commands.common import refuse_petsc_options


def scenarios() -> None:
    """List the shipped scenarios and studies."""
    from ramify.scenario.shipped import scenario_title, shipped_scenarios, shipped_studies

    refuse_petsc_options("scenarios")
    shipped, studies = shipped_scenarios(), shipped_studies()
    widest = max(map(len, [*shipped, *studies]), default=0)
    for name, path in shipped.items():
        typer.echo(f"{name:<{widest}}  {scenario_title(path)}")
    if studies:
        typer.echo("studies, for `ramify study`:")
    for name, path in studies.items():
        typer.echo(f"{name:<{widest}}  {scenario_title(path)}")


def schema(of_study: Annotated[bool, typer.Option("--study", help="Of study files.")] = False) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    refuse_petsc_options("schema")
    if of_study:
        from ramify.study.json_schema import study_schema

        typer.echo(json.dumps(study_schema(), indent=2))
        return
    from ramify.scenario.json_schema import all_schemas

    typer.echo(json.dumps(all_schemas(), indent=2))
