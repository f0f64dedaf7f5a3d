"""`ramify atomistic ...`: from simulation files to material records.

The analysis and all that it needs are imported by the command that runs. Under MPI rank 0 does it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ramify.commands.common import refuse, refuse_petsc_options
from ramify.launcher import RANK, environment_number
from ramify.material.refusals import refused_files

app = typer.Typer(
    help="Turn molecular-dynamics files into material records.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip

Files = Annotated[
    list[Path], typer.Argument(metavar="FILES...", help="Files of one simulation, told by their content.")
]
Records = Annotated[list[Path], typer.Argument(metavar="RECORDS...", help="Material records.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Record to write.")]
Force = Annotated[bool, typer.Option("--force", help="Write over an earlier record.")]
Element = Annotated[str | None, typer.Option("--element", metavar="SYMBOL", help="Whose; of all atoms by default.")]
Units = Annotated[str | None, typer.Option("--units", metavar="STYLE", help="Unit style of LAMMPS: metal, real, ...")]
Timestep = Annotated[str | None, typer.Option("--timestep", metavar="TIME", help="Of the simulation.")]
Interval = Annotated[str | None, typer.Option("--interval", metavar="TIME", help="Between frames that count no steps.")]
Temperature = Annotated[str | None, typer.Option("--temperature", metavar="TEMPERATURE", help="Of the simulation.")]
Elements = Annotated[str | None, typer.Option("--elements", metavar="Li,Mg", help="Of types 1, 2, ...")]
Potential = Annotated[str | None, typer.Option("--potential", metavar="TEXT", help="What the forces come from.")]


@app.command()
def diffusivity(
    files: Files,
    output: Output = None,
    force: Force = False,
    element: Element = None,
    units: Units = None,
    timestep: Timestep = None,
    interval: Interval = None,
    temperature: Temperature = None,
    elements: Elements = None,
    potential: Potential = None,
    phase: Annotated[str | None, typer.Option("--phase", help="liquid, crystal, cluster, film or amorphous.")] = None,
    column: Annotated[str | None, typer.Option("--column", metavar="NAME", help="Of a fix ave/time file.")] = None,
    table: Annotated[str, typer.Option("--table", help="What the column holds: msd or vacf.")] = "msd",
    first: Annotated[str | None, typer.Option("--from", metavar="TIME", help="First lag of the fit.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Last lag of the fit.")] = None,
    drift: Annotated[str, typer.Option("--drift", help="Motion of the centre of mass: remove or keep.")] = "remove",
    unwrapped: Annotated[
        bool, typer.Option("--unwrapped", help="Coordinates of a format that does not tell are unwrapped.")
    ] = False,
    topology: Annotated[
        Path | None, typer.Option("--topology", metavar="FILE", help="Elements for a trajectory of MDAnalysis.")
    ] = None,
    collective: Annotated[bool, typer.Option("--collective", help="Onsager coefficient of an element.")] = False,
    layers: Annotated[
        int | None, typer.Option("--layers", min=1, max=100, help="Layers of a film, told apart.")
    ] = None,
    axis: Annotated[str, typer.Option("--axis", help="Across the layers: x, y or z.")] = "z",
    surface: Annotated[bool, typer.Option("--surface", help="Tell surface atoms from the core.")] = False,
    diameter: Annotated[str | None, typer.Option("--diameter", metavar="LENGTH", help="Of a particle.")] = None,
    viscosity: Annotated[
        str | None,
        typer.Option("--viscosity", metavar="VISCOSITY", help="Apply the finite-size correction of a liquid."),
    ] = None,
    vacancies: Annotated[
        int | None, typer.Option("--vacancies", min=1, help="In the run, for equilibrium ones.")
    ] = None,
    formation_energy: Annotated[
        str | None, typer.Option("--formation-energy", metavar="'0.48 +- 0.05 eV'", help="Of a vacancy.")
    ] = None,
    formation_entropy: Annotated[
        str | None, typer.Option("--formation-entropy", metavar="'1.5 +- 0.5'", help="Of a vacancy, in k.")
    ] = None,
    thermodynamic_factor: Annotated[
        float | None, typer.Option("--thermodynamic-factor", help="For an intrinsic diffusivity (Darken).")
    ] = None,
    vacancy_wind: Annotated[float, typer.Option("--vacancy-wind", help="Manning's factor beside it.")] = 1.0,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="DIFFUSIVITY", help="From experiment: what the model is worth.")
    ] = None,
    model_uncertainty: Annotated[
        float | None, typer.Option("--model-uncertainty", metavar="FRACTION", help="Of the potential, relative.")
    ] = None,
    kinisi: Annotated[bool, typer.Option("--kinisi", help="Ask kinisi for a second opinion.")] = False,
) -> None:
    """Diffusivity from trajectories or averages, with its 95 % interval, or why there is none."""
    given = locals()
    refuse_petsc_options("atomistic")
    if environment_number(RANK, 0) > 0:
        return
    with refused_files():
        from ramify.atomistic.diffusivity_record import make_record
        from ramify.material.options import diffusivity_request
        from ramify.material.report import diffusivity_lines

        refuse_output(output, force)
        outcome = make_record(diffusivity_request(given))
        tell(diffusivity_lines(outcome))
        write(outcome.record, output)


def refuse_output(output: Path | None, force: bool) -> None:
    """A record is not written over, nor into a folder."""
    if output is None:
        return
    if output.is_dir():
        refuse(f"{output}: is a folder; allowed: a file for the record, with -o FILE")
    if output.exists() and not force:
        refuse(f"{output}: exists already; allowed: another file with -o FILE, or --force")


def tell(lines: list[str]) -> None:
    """Print lines."""
    for line in lines:
        typer.echo(line)


def write(record: object, output: Path | None) -> None:
    """Write a record and tell where."""
    from ramify.atomistic.record import Record
    from ramify.atomistic.record_file import write_record

    assert isinstance(record, Record)
    if output is not None:
        write_record(record, output)
        typer.echo(output)


@app.command()
def nucleus(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Outcomes of seeds, profiles, or time series.")
    ],
    method: Annotated[str, typer.Option("--method", help="seeds, profile, first-passage or depth.")],
    output: Output = None,
    force: Force = False,
    temperature: Temperature = None,
    energy_unit: Annotated[
        str | None, typer.Option("--energy-unit", metavar="UNIT", help="Of a profile: kJ/mol, eV, kcal/mol, J or kT.")
    ] = None,
    field: Annotated[str | None, typer.Option("--field", metavar="NAME", help="Field of a PLUMED file.")] = None,
    time_unit: Annotated[str | None, typer.Option("--time-unit", metavar="UNIT", help="Of a COLVAR file.")] = None,
    length_unit: Annotated[
        str | None, typer.Option("--length-unit", metavar="UNIT", help="Of a profile over depth.")
    ] = None,
    volume: Annotated[str | None, typer.Option("--volume", metavar="VOLUME", help="Of the cell, for a rate.")] = None,
    melting_temperature: Annotated[
        str | None, typer.Option("--melting-temperature", metavar="TEMPERATURE", help="For surface energy and barrier.")
    ] = None,
    heat_of_fusion: Annotated[
        str | None, typer.Option("--heat-of-fusion", metavar="ENERGY", help="The same; '3.0 kJ/mol'.")
    ] = None,
    molar_volume: Annotated[
        str | None, typer.Option("--molar-volume", metavar="VOLUME", help="The same; '13 cm^3/mol'.")
    ] = None,
    potential: Potential = None,
    model_uncertainty: Annotated[
        float | None, typer.Option("--model-uncertainty", metavar="FRACTION", help="Of the potential, relative.")
    ] = None,
) -> None:
    """Critical nucleus: size with its interval, and what classical theory makes of it."""
    given = locals()
    refuse_petsc_options("atomistic")
    if environment_number(RANK, 0) > 0:
        return
    with refused_files():
        from ramify.atomistic.nucleus_record import make_record
        from ramify.material.options import nucleus_request
        from ramify.material.report import nucleus_lines

        refuse_output(output, force)
        outcome = make_record(nucleus_request(given))
        tell(nucleus_lines(outcome))
        write_all(outcome.records, output, force)


@app.command()
def order(
    files: Files,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="CSV", help="Table to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over an earlier table.")] = False,
    timestep: Timestep = None,
    units: Units = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Averaged q6 above which an atom is crystalline.")
    ] = None,
) -> None:
    """Crystalline atoms and the largest crystalline cluster over time, by averaged bond order (freud)."""
    refuse_petsc_options("atomistic")
    if environment_number(RANK, 0) > 0:
        return
    with refused_files():
        from ramify.material.order_table import order_table

        refuse_output(output, force)
        tell(order_table(files, output, timestep, units, threshold))


@app.command()
def arrhenius(
    records: Records,
    output: Output = None,
    force: Force = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TEMPERATURE", help="Of the value; the middle by default.")
    ] = None,
) -> None:
    """Arrhenius law through diffusivities at several temperatures."""
    refuse_petsc_options("atomistic")
    if environment_number(RANK, 0) > 0:
        return
    with refused_files():
        from ramify.material.options import arrhenius_law
        from ramify.material.report import law_lines

        refuse_output(output, force)
        law = arrhenius_law(records, at)
        tell(law_lines(law))
        write(law, output)


@app.command()
def sizes(
    records: Records,
    at: Annotated[str, typer.Option("--at", metavar="LENGTH", help="Diameter of the value.")],
    output: Output = None,
    force: Force = False,
) -> None:
    """Law of diffusivity over diameter through particles of several sizes, in one phase."""
    refuse_petsc_options("atomistic")
    if environment_number(RANK, 0) > 0:
        return
    with refused_files():
        from ramify.material.options import size_law
        from ramify.material.report import law_lines

        refuse_output(output, force)
        law = size_law(records, at)
        tell(law_lines(law))
        write(law, output)


def write_all(records: Sequence[object], output: Path | None, force: bool) -> None:
    """Write the first record under the name given and the others beside it, named by what they hold."""
    from ramify.material.options import record_names

    if output is None:
        return
    names = record_names(records, output)
    for name in names:
        refuse_output(name, force)
    for record, name in zip(records, names, strict=True):
        write(record, name)
