"""Diffusivities from LAMMPS' own averages: mean squared displacements and velocity autocorrelations with one origin."""

from __future__ import annotations

from pathlib import Path

from ramify.atomistic.diffusivity import Diffusivity
from ramify.atomistic.diffusivity_request import Cell, Details, Request
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Facts, missing
from ramify.atomistic.sources import Sources


def from_table(request: Request, sources: Sources, facts: Facts) -> tuple[Diffusivity, str, Details, Cell]:
    """A diffusivity from LAMMPS' own averages."""
    from ramify.atomistic.green_kubo import vacf_diffusivity
    from ramify.atomistic.msd_curve import curve_diffusivity

    table, style = sources.tables[0], facts.need_style()
    for name in ("layers", "surface", "kinisi", "collective", "unwrapped", "topology", "drift"):
        if getattr(request, name) not in (None, False, "remove"):
            raise AtomisticError("needs a trajectory", table.path, subject=f"--{name}", allowed="a dump")
    if facts.timestep is None:
        raise missing("timestep", "'2 fs', or a log file beside the others")
    if request.column is None and len(table.columns) > 1:
        raise AtomisticError(
            f"the file has {len(table.columns)} columns", table.path, 2, "--column",
            allowed=f"one of {', '.join(table.columns)}: the one that holds all directions together",
        )  # fmt: skip
    column = request.column or table.columns[0]
    times = (table.steps - table.steps[0]) * facts.timestep
    values = table.column(column)
    output = sources.log.output(table.path) if sources.log else None
    if output is not None and output.every != table.steps[1] - table.steps[0]:
        raise AtomisticError(
            f"rows are {table.steps[1] - table.steps[0]} steps apart, in the log {output.every}",
            table.path, 4, "timestep",
            allowed="the log that belongs to the file",
        )  # fmt: skip
    cell = _cell(sources, style.length)
    if request.table == "vacf":
        element = request.element or _only(facts)
        found = vacf_diffusivity(
            times, values * style.velocity**2, facts.need_temperature(), facts.mass(element), atoms=cell.atoms or 0
        )
        return found, "Green-Kubo integral of a velocity autocorrelation with one origin", {"column": column}, cell
    if values[0] > 1e-3 * values[-1]:
        raise AtomisticError(
            f"the displacement at the first row is {values[0]:g}, not zero: the origin is elsewhere", table.path, 3,
            allowed="a file that begins where 'compute msd' was defined",
        )  # fmt: skip
    if request.window is not None:
        inside = (times >= request.window[0]) & (times <= request.window[1])
        times, values = times[inside], values[inside]
    _refuse_flight(request, table.path, facts, times[1], float(values[1]) * style.length**2)
    dense = request.phase in (None, "liquid", "crystal", "amorphous")
    found = curve_diffusivity(
        times[times > 0.0],
        values[times > 0.0] * style.length**2,
        atoms=cell.atoms,
        spacing=cell.spacing if dense else None,
    )
    told = "slope of a mean squared displacement with one origin, generalised least squares"
    return found, told, {"column": column}, cell


def _refuse_flight(request: Request, path: Path, facts: Facts, time: float, square: float) -> None:
    """The first displacement is at most that of free flight, where temperature and mass are known."""
    from ramify.atomistic.trajectory import FREE_FLIGHT_MARGIN
    from ramify.atomistic.unwrap import free_flight

    elements = {request.element} if request.element else set(facts.elements.values())
    if facts.temperature is None or len(elements) != 1:
        return
    bound = free_flight(facts.temperature, facts.mass(str(elements.pop())), time)
    if square > FREE_FLIGHT_MARGIN * bound:
        raise AtomisticError(
            f"atoms move faster than in free flight: {square:.3g} m^2 after {time:.4g} s, where 3kT/m t^2 is "
            f"{bound:.3g} m^2 "
            f"at {facts.temperature:.4g} K",
            path, 4, "timestep", allowed="the timestep, units, temperature and elements of the run",
        )  # fmt: skip


def _cell(sources: Sources, length: float) -> Cell:
    """Atoms and volume of a simulation, as far as its log or data file tell."""
    if sources.log is None:
        return Cell(sources.data[0].atoms if sources.data else None, None)
    run = sources.log.runs[-1]
    volume = float(run.column("Volume").mean()) * length**3 if "Volume" in run.columns else None
    return Cell(run.atoms or None, volume)


def _only(facts: Facts) -> str:
    """The one element there is."""
    elements = sorted(set(facts.elements.values()))
    if len(elements) != 1:
        raise missing("element", "Li")
    return elements[0]
