"""The `ramify` command.

Exit codes: 0 done; 1 a validation case missed its tolerance; 2 input refused; 3 the solver gave up; 75 interrupted
with the state saved. What follows `--` are PETSc options. Solvers, arrays and pictures are imported by the commands
that need them, so that `--help`, `check` and `schema` answer at once. Under MPI every rank comes to the same refusal
and only rank 0 tells it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import typer

from ramify.launcher import RANK, RANKS, environment_number
from ramify.signals import Requests

if TYPE_CHECKING:
    from ramify.scenario import Scenario

REFUSED = 2

app = typer.Typer(
    name="ramify",
    help="Continuum electrodeposition: plating, stripping and ramified growth of metals. "
    "PETSc options follow `--`; `mpiexec -n N ramify run ...` runs in parallel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

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
    return list(_after_dashes)


def speak() -> None:
    """Let every rank print again, once the command line is accepted and the solver starts."""
    if _streams:
        nowhere, sys.stdout, sys.stderr = _streams
        nowhere.close()
        _streams.clear()


def requests() -> Requests | None:
    """What signals have asked for since the command began; `main` listens before anything slow is imported."""
    return _requests[-1] if _requests else None


_after_dashes: list[str] = []
_requests: list[Requests] = []
_streams: list[TextIO] = []


def load(source: str, overrides: list[str] | None) -> Scenario:
    """The resolved scenario of a SCENARIO argument."""
    from ramify.scenario import load_scenario

    return load_scenario(source, overrides or [])


@app.command()
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
    """Engine fipy runs on one process and takes no PETSc options."""
    ranks = environment_number(RANKS, 1)
    if getattr(scenario, "engine", "petsc") != "fipy":
        return
    if ranks > 1:
        refuse(f"engine: fipy: runs on one process, not on {ranks}; allowed: engine: petsc, or one process")
    if _after_dashes:
        refuse(f"{_after_dashes[0]}: engine fipy takes no PETSc options; allowed: engine: petsc")


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


@app.command()
def check(scenario: ScenarioArgument, overrides: Overrides = None) -> None:
    """Resolve a scenario without running it: grid, cost, time and length scales, warnings."""
    from ramify.check import check_scenario
    from ramify.check_report import print_check

    refuse_petsc_options("check")
    with refusals():
        resolved = load(scenario, overrides)
        result = check_scenario(resolved)
    print_check(result)


@app.command()
def host(
    source: Annotated[
        str, typer.Argument(metavar="SCENARIO|SPEC", help="Scenario, or a file with `domain` and `host` alone.")
    ],
    output: FolderOption = None,
    overrides: Overrides = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Build and describe a host alone: porosity, areas, pore sizes, transport, capacity limit."""
    refuse_petsc_options("host")
    with refusals():
        from ramify.scenario.host_spec import load_host

        resolved = load_host(source, overrides or [])
        if output is not None:
            refuse_description_folder(output)
        from ramify.describe import describe_host

        speak()
        description = describe_host(resolved)
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


def refuse_description_folder(folder: Path) -> None:
    """A folder that holds a run or a description is not written into."""
    from ramify.results.host_folder import HELD

    if folder.exists() and not folder.is_dir():
        refuse(f"{folder}: is a file; allowed: a folder for the results, with -o DIR")
    held = [name for name in HELD if (folder / name).exists()]
    if held:
        refuse(f"{folder}: holds results already ({held[0]}); allowed: another folder with -o DIR")


@app.command()
def resume(folder: FolderArgument, figures: Figures = True) -> None:
    """Go on with an interrupted run; PETSc options follow `--`."""
    require_run(folder)
    with refusals():
        from ramify.models import model_of

        resolved = load(str(folder / "scenario.yaml"), None)
        speak()
        code = model_of(resolved).resume(
            resolved, folder, petsc_options=petsc_options(), figures=figures, requests=requests()
        )
    raise typer.Exit(code)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


def refuse_petsc_options(command: str) -> None:
    """Refuse options after `--` where no solver would read them."""
    if _after_dashes:
        refuse(f"{_after_dashes[0]}: '{command}' takes no PETSc options; allowed: after 'run' and 'resume'")


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
    _after_dashes[:] = given[cut + 1 :]
    if environment_number(RANK, 0) > 0:
        # a mistyped command is told once, not once by every rank
        nowhere = open(os.devnull, "w")  # noqa: SIM115
        _streams[:] = [nowhere, sys.stdout, sys.stderr]
        sys.stdout = sys.stderr = nowhere
    if given[:1] in (["run"], ["resume"]):
        _requests[:] = [Requests(under_way=False)]
    try:
        app(args=given[:cut], prog_name="ramify")
    finally:
        while _requests:
            _requests.pop().restore()


if __name__ == "__main__":
    main()
