"""`ramify tracer`: diffusivity from a depth profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ramify.commands.common import refusals, refuse, refuse_petsc_options
from ramify.launcher import RANK, environment_number


def tracer(
    data: Annotated[Path, typer.Option("--data", metavar="CSV", help="Profile: 'depth [um], fraction [1]'.")],
    time: Annotated[
        str | None, typer.Option("--time", metavar="TIME", help="From the start of deposition to the profile.")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="film, gaussian or barrier.")] = "film",
    film: Annotated[str | None, typer.Option("--film", metavar="LENGTH", help="Thickness of the tracer film.")] = None,
    deposition_time: Annotated[
        str | None, typer.Option("--deposition-time", metavar="TIME", help="How long the film took to deposit.")
    ] = None,
    film_diffusivity: Annotated[
        str | None,
        typer.Option("--film-diffusivity", metavar="DIFFUSIVITY", help="In the film, if not that of the substrate."),
    ] = None,
    substrate: Annotated[
        str | None, typer.Option("--substrate", metavar="LENGTH", help="Thickness of a substrate that has an end.")
    ] = None,
    barrier: Annotated[
        str | None,
        typer.Option("--barrier", metavar="VELOCITY", help="Transfer coefficient of the interface (model barrier)."),
    ] = None,
    roughness: Annotated[
        str | None, typer.Option("--roughness", metavar="LENGTH", help="Standard deviation of the depths.")
    ] = None,
    amplitude: Annotated[
        str | None, typer.Option("--amplitude", metavar="NUMBER", help="Value of the pure film; fitted by default.")
    ] = None,
    background: Annotated[
        str | None, typer.Option("--background", metavar="NUMBER", help="Value without tracer; 0 by default.")
    ] = None,
    fit: Annotated[list[str] | None, typer.Option("--fit", metavar="NAME", help="Fit it too; repeatable.")] = None,
    noise: Annotated[str, typer.Option("--noise", help="constant, or counts: as the root of the value.")] = "constant",
    origin: Annotated[str, typer.Option("--origin", help="Where depths begin: surface or interface.")] = "surface",
    first: Annotated[str | None, typer.Option("--from", metavar="LENGTH", help="Leave out what is above.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="LENGTH", help="Leave out what is below.")] = None,
    temperature: Annotated[
        str | None, typer.Option("--temperature", metavar="TEMPERATURE", help="That D belongs to.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option("--history", metavar="CSV", help="'time [min], temperature [degC]'.")
    ] = None,
    activation_energy: Annotated[
        str | None, typer.Option("--activation-energy", metavar="ENERGY", help="Of D, for --history.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="For result file and figure.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an earlier result.")] = False,
) -> None:
    """Fit the diffusivity of a tracer to a depth profile, with its 95 % interval."""
    refuse_petsc_options("tracer")
    with refusals():
        from ramify.tracer.command import Request, fit_request
        from ramify.tracer.report import RESULT, lines, write

        if output is not None and output.exists() and not output.is_dir():
            refuse(f"{output}: is a file; allowed: a folder for the result, with -o DIR")
        if output is not None and not force and (output / RESULT).exists():
            refuse(f"{output}: holds a result already ({RESULT}); allowed: another folder with -o DIR, or --force")
        found = fit_request(
            Request(
                data=data,
                time=time,
                model=model,
                film=film,
                deposition_time=deposition_time,
                film_diffusivity=film_diffusivity,
                substrate=substrate,
                barrier=barrier,
                roughness=roughness,
                amplitude=amplitude,
                background=background,
                fit=fit or (),
                noise=noise,
                origin=origin,
                first=first,
                last=last,
                temperature=temperature,
                history=history,
                activation_energy=activation_energy,
            )
        )
        for line in lines(found):
            typer.echo(line)
        if output is not None and environment_number(RANK, 0) == 0:
            for path in write(found, output):
                typer.echo(path)
