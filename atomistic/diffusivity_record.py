"""`ramify atomistic diffusivity`: from files and statements to a material record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ramify.atomistic.corrections import box_effect, vacancy_route
from ramify.atomistic.diffusivity import Diffusivity
from ramify.atomistic.diffusivity_request import Cell, Details, Request
from ramify.atomistic.diffusivity_tables import from_table
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Facts, gather, missing
from ramify.atomistic.record import Range, Record, Uncertainty, hashed
from ramify.atomistic.sources import Sources, open_sources
from ramify.atomistic.trajectory import Trajectory

PHASE = 0.1
"""Change of the crystalline fraction within a run that is one of its phase."""


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
        found, method, details, cell = from_table(request, sources, facts)
        return _finished(request, facts, found, method, details, cell, [])
    if not sources.trajectories:
        raise AtomisticError(
            "none of the files holds motion", request.files[0], allowed="a trajectory, or a fix ave/time file"
        )
    return _from_trajectory(request, sources, facts)


def _from_trajectory(request: Request, sources: Sources, facts: Facts) -> Outcome:
    from ramify.atomistic.estimate import collective_diffusivity, diffusivity, msd_curve
    from ramify.atomistic.trajectory import gather_trajectory

    if request.column is not None or request.table != "msd":
        option = "--table" if request.column is None else "--column"
        raise AtomisticError("a trajectory has no such thing", subject=option, allowed="with a fix ave/time file")
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
    if request.surface:
        details |= _order(trajectory, facts)
    composition = {str(name): float(n) / float(counts.sum()) for name, n in zip(elements, counts, strict=True)}
    cell = Cell(trajectory.atoms, trajectory.volume)
    outcome = _finished(request, facts, found, method, details, cell, _layer_lines(request, trajectory), composition)
    return replace(outcome, curve=msd_curve(trajectory, element))


def _order(trajectory: Trajectory, facts: Facts) -> Details:
    """Crystalline fractions at both ends of a run, where freud is there to tell them: clusters melt on the way."""
    from ramify.atomistic.order import crystalline_ends

    try:
        first, last = crystalline_ends(trajectory)
    except AtomisticError as error:
        facts.warnings.append(f"the phase is not told: {error}")
        return {}
    if abs(last - first) > PHASE:
        facts.warnings.append(
            f"the phase changes within the run, from {100 * first:.0f} to {100 * last:.0f} % crystalline: the "
            "diffusivity is that of neither"
        )
    return {"crystalline_at_start": first, "crystalline_at_end": last}


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


def _boxed(
    request: Request, facts: Facts, found: Diffusivity, cell: Cell, value: float, details: Details, warnings: list[str]
) -> tuple[float, float | None]:
    """Value and finite-size uncertainty, after what the periodic box takes from a liquid."""
    if request.viscosity is not None and request.phase != "liquid":
        raise AtomisticError(
            "serves the finite-size correction of a liquid", subject="--viscosity", allowed="--phase liquid"
        )
    if request.phase is None:
        warnings.append("the phase is not stated: the effect of the periodic box is not assessed (--phase)")
    if request.phase != "liquid":
        return value, None
    if not (cell.atoms and cell.volume and facts.temperature):
        if request.viscosity is not None:
            raise AtomisticError(
                "volume, atoms or temperature are not known", subject="--viscosity", allowed="a log beside the others"
            )
        warnings.append("volume, atoms or temperature are not known: the effect of the periodic box is not assessed")
        return value, None
    effect = box_effect(found.value, facts.temperature, cell.volume, cell.atoms, request.viscosity)
    details |= {"box_correction": effect.correction, "box_correction_applied": effect.applied}
    warnings.append(effect.told)
    return value + (effect.correction if effect.applied else 0.0), effect.uncertainty


def _finished(
    request: Request, facts: Facts, found: Diffusivity, method: str, details: Details, cell: Cell, layers: list[str],
    composition: dict[str, float] | None = None,
) -> Outcome:  # fmt: skip
    """The record: corrections, the three uncertainties, what has to be said."""
    warnings = [*facts.warnings, *found.warnings]
    value, statistical = found.value, found.standard_error
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
    value, finite = _boxed(request, facts, found, cell, value, details, warnings)
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
