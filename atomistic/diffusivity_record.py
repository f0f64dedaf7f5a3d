"""`ramify atomistic diffusivity`: from files and statements to a material record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from ramify.atomistic.corrections import box_effect, vacancy_route
from ramify.atomistic.diffusivity import Diffusivity
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Facts, Stated, gather, missing
from ramify.atomistic.record import Range, Record, Uncertainty, hashed
from ramify.atomistic.sources import Sources, open_sources
from ramify.atomistic.trajectory import Drift, Trajectory

Phase = Literal["liquid", "crystal", "cluster", "film", "amorphous"]
PHASES: tuple[Phase, ...] = ("liquid", "crystal", "cluster", "film", "amorphous")
Details = dict[str, float | int | str | bool | None]


@dataclass(frozen=True)
class Vacancies:
    """What the vacancy route needs."""

    count: int
    """In the run."""
    energy: tuple[float, float]
    """Formation energy and its standard uncertainty [J]."""
    entropy: tuple[float, float]
    """Formation entropy and its standard uncertainty, in units of k."""


@dataclass(frozen=True)
class Request:
    """What is asked of a set of files; SI units."""

    files: tuple[Path, ...]
    stated: Stated = field(default_factory=Stated)
    element: str | None = None
    """Whose diffusivity; of all atoms by default."""
    column: str | None = None
    """Of a fix ave/time file."""
    table: Literal["msd", "vacf"] = "msd"
    """What the column holds."""
    phase: Phase | None = None
    window: tuple[float, float] | None = None
    drift: Drift = "remove"
    unwrapped: bool = False
    topology: Path | None = None
    viscosity: float | None = None
    vacancies: Vacancies | None = None
    thermodynamic_factor: float | None = None
    vacancy_wind: float = 1.0
    reference: float | None = None
    """A diffusivity known from elsewhere that the model is held against [m^2/s]."""
    model_uncertainty: float | None = None
    """Relative."""
    diameter: float | None = None
    """Of a particle [m]."""
    collective: bool = False
    layers: int | None = None
    axis: int = 2
    surface: bool = False
    kinisi: bool = False


@dataclass(frozen=True)
class Cell:
    """The simulated cell."""

    atoms: int | None
    volume: float | None
    """[m^3]."""

    @property
    def spacing(self) -> float | None:
        """Distance of neighbouring atoms where they fill the cell [m]."""
        return (self.volume / self.atoms) ** (1.0 / 3.0) if self.atoms and self.volume else None


@dataclass
class Outcome:
    """A record, and what was found on the way to it."""

    record: Record
    found: Diffusivity
    facts: Facts
    layers: list[str] = field(default_factory=list)
    """A line for each layer."""
    curve: tuple[np.ndarray, np.ndarray] | None = None


def make_record(request: Request) -> Outcome:
    """The record of a diffusivity.

    Raises
    ------
    AtomisticError
        For files that are refused, facts that are missing or contradict each other, and runs that are not diffusive.
    """
    sources = open_sources(list(request.files), request.topology)
    facts = gather(request.stated, sources.log, sources.data, sources.outputs)
    if sources.trajectories and sources.tables:
        raise AtomisticError(
            "a trajectory and an average of it: two answers", sources.tables[0].path, allowed="one of the two"
        )
    if len(sources.tables) > 1:
        raise AtomisticError("a second table", sources.tables[1].path, allowed="one")
    if sources.tables:
        found, method, details, cell = _from_table(request, sources, facts)
        return _finished(request, facts, found, method, details, cell, [])
    if not sources.trajectories:
        raise AtomisticError(
            "none of the files holds motion", request.files[0], allowed="a trajectory, or a fix ave/time file"
        )
    return _from_trajectory(request, sources, facts)


def _from_table(request: Request, sources: Sources, facts: Facts) -> tuple[Diffusivity, str, Details, Cell]:
    """A diffusivity from LAMMPS' own averages."""
    from ramify.atomistic.green_kubo import vacf_diffusivity
    from ramify.atomistic.msd_curve import curve_diffusivity

    table, style = sources.tables[0], facts.need_style()
    for name in ("layers", "surface", "kinisi", "collective", "unwrapped"):
        if getattr(request, name):
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


def _from_trajectory(request: Request, sources: Sources, facts: Facts) -> Outcome:
    from ramify.atomistic.estimate import collective_diffusivity, diffusivity, msd_curve
    from ramify.atomistic.trajectory import gather_trajectory

    if request.column is not None:
        raise AtomisticError("a trajectory has no such thing", subject="--column", allowed="with a fix ave/time file")
    trajectory = gather_trajectory(sources.frames(), facts, drift=request.drift, unwrapped=request.unwrapped)
    estimate = collective_diffusivity if request.collective else diffusivity
    element = request.element
    if request.collective and element is None:
        raise missing("element", "Li, of which the collective motion is asked")
    found = estimate(trajectory, element or "", request.window) if request.collective else diffusivity(
        trajectory, element, request.window
    )  # fmt: skip
    elements, counts = np.unique(trajectory.species, return_counts=True)
    details: Details = {
        "frames": trajectory.frames_read,
        "duration_s": trajectory.duration,
        "coordinates": trajectory.proof,
        "drift": request.drift,
    }
    if request.kinisi:
        from ramify.atomistic.second_opinion import kinisi_diffusivity

        opinion = kinisi_diffusivity(trajectory, element, found.window[0])
        details |= {
            "kinisi": opinion.version,
            "kinisi_value": opinion.value,
            "kinisi_low": opinion.low,
            "kinisi_high": opinion.high,
        }
    method = "slope of the mean squared displacement over all origins, block errors"
    if request.collective:
        method = "slope of the squared sum of displacements over all origins (Onsager coefficient), block errors"
    composition = {str(name): float(n) / float(counts.sum()) for name, n in zip(elements, counts, strict=True)}
    cell = Cell(trajectory.atoms, trajectory.volume)
    outcome = _finished(request, facts, found, method, details, cell, _layer_lines(request, trajectory), composition)
    return replace(outcome, curve=msd_curve(trajectory, element))


def _layer_lines(request: Request, trajectory: Trajectory) -> list[str]:
    """A line for each layer; the surface's layers diffuse in all directions, slabs along themselves."""
    from ramify.atomistic.estimate import layer_diffusivities
    from ramify.atomistic.layers import slabs, surface_and_core

    if request.layers is None and not request.surface:
        return []
    directions: tuple[int, ...] = (0, 1, 2)
    if request.surface:
        labels, names = surface_and_core(trajectory), ["surface", "core"]
    else:
        count = request.layers or 1
        labels, names = slabs(trajectory, request.axis, count), [f"layer {k + 1} of {count}" for k in range(count)]
        directions = tuple(axis for axis in range(3) if axis != request.axis)
    lines = []
    found = layer_diffusivities(trajectory, labels, len(names), directions, request.window)
    for name, (result, members, stays) in zip(names, found, strict=True):
        if isinstance(result, AtomisticError):
            lines.append(f"{name}: {members:.0f} atoms: {result.problem}")
            continue
        lines.append(
            f"{name}: {members:.0f} atoms: D = {result.value:.3g} m^2/s, 95 % {result.low:.3g} to {result.high:.3g}, "
            f"lags "
            f"{result.window[0] * 1e12:.3g} to {result.window[1] * 1e12:.3g} ps, after which {100 * stays:.0f} % are "
            f"still there"
        )
    return lines


def _quantity(request: Request, elements: int) -> str:
    if request.collective:
        return "collective_diffusivity"
    if request.thermodynamic_factor is not None:
        return "intrinsic_diffusivity"
    if request.phase == "cluster" or request.diameter is not None:
        return "particle_diffusivity"
    return "tracer_diffusivity" if elements > 1 else "self_diffusivity"


def _finished(
    request: Request, facts: Facts, found: Diffusivity, method: str, details: Details, cell: Cell, layers: list[str],
    composition: dict[str, float] | None = None,
) -> Outcome:  # fmt: skip
    """The record: corrections, the three uncertainties, what has to be said."""
    warnings = [*facts.warnings, *found.warnings]
    value, statistical, finite = found.value, found.standard_error, None
    distribution: Literal["normal", "lognormal"] = "normal"
    details |= {"run_value": found.value, "window_begin_s": found.window[0], "window_end_s": found.window[1],
                "blocks": found.blocks, "slope_change_in_window": found.bend, "timestep_s": facts.timestep,
                "units": facts.style.name if facts.style else None}  # fmt: skip
    details |= {f"{name}_from": origin for name, origin in facts.origin.items() if name != "potential"}
    if request.vacancies is not None and cell.atoms is None:
        raise AtomisticError(
            "the number of atoms is not known", subject="--vacancies", allowed="a log or data file beside"
        )
    if request.vacancies is not None:
        sites = (cell.atoms or 0) + request.vacancies.count
        route = vacancy_route(
            found,
            facts.need_temperature(),
            request.vacancies.count / sites,
            request.vacancies.energy,
            request.vacancies.entropy,
        )
        value, statistical, distribution = route.value, route.value * route.log_error, "lognormal"
        method += "; in equilibrium by the number of vacancies"
        details |= {
            "vacancy_fraction_run": request.vacancies.count / sites,
            "vacancy_fraction_equilibrium": route.fraction,
            "log_error_run": route.statistical,
            "log_error_formation": route.formation,
        }
    if request.thermodynamic_factor is not None:
        factor = request.thermodynamic_factor * request.vacancy_wind
        value, statistical = value * factor, statistical * factor
        details |= {"thermodynamic_factor": request.thermodynamic_factor, "vacancy_wind": request.vacancy_wind}
    if request.phase is None:
        warnings.append("the phase is not stated: the effect of the periodic box is not assessed (--phase)")
    elif request.phase == "liquid" and cell.atoms and cell.volume and facts.temperature:
        effect = box_effect(found.value, facts.temperature, cell.volume, cell.atoms, request.viscosity)
        value, finite = value + (effect.correction if effect.applied else 0.0), effect.uncertainty
        details |= {"box_correction": effect.correction, "box_correction_applied": effect.applied}
        warnings.append(effect.told)
    elif request.viscosity is not None:
        raise AtomisticError(
            "serves the finite-size correction of a liquid", subject="--viscosity", allowed="--phase liquid"
        )
    model = None if request.model_uncertainty is None else request.model_uncertainty * value
    if request.reference is not None:
        model = math.hypot(model or 0.0, value - request.reference)
        details |= {"reference": request.reference, "deviation_from_reference": value / request.reference - 1.0}
    if model is None:
        warnings.append("what the potential is worth against reality is not known (--reference, --model-uncertainty)")
    spread = (found.high - found.low) / (2.0 * found.standard_error) if found.standard_error else 0.0
    interval = (value - spread * statistical, value + spread * statistical)
    if distribution == "lognormal":
        interval = (value * math.exp(-1.96 * statistical / value), value * math.exp(1.96 * statistical / value))
    temperature = facts.temperature
    record = Record(
        quantity=_quantity(request, len(composition or {}) if composition else 1 + (request.element is not None)),
        species=request.element or (next(iter(composition)) if composition and len(composition) == 1 else None),
        value=value,
        unit="m^2/s",
        uncertainty=Uncertainty(statistical=statistical, finite_size=finite, model=model, interval_95=interval),
        distribution=distribution,
        temperature=temperature,
        composition=composition,
        phase=request.phase,
        diameter=request.diameter,
        valid=Range(temperature=None if temperature is None else (temperature, temperature)),
        method=method,
        potential=facts.potential,
        sources=tuple(hashed(path) for path in request.files),
        details={key: item for key, item in details.items() if item is not None},
        warnings=tuple(warnings),
    )
    return Outcome(record, found, facts, layers)
