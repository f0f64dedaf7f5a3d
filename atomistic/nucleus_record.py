"""`ramify atomistic nucleus`: critical size, barrier and rate from seeded runs, profiles and first passages."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ramify.atomistic import first_passage as passages
from ramify.atomistic import free_energy, seeds
from ramify.atomistic.csv_table import UNITS, read_csv
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import missing
from ramify.atomistic.plumed import free_energy_profile, read_plumed
from ramify.atomistic.record import Range, Record, Uncertainty, hashed
from ramify.physics import crystal_nucleation as cnt
from ramify.physics.constants import AVOGADRO, BOLTZMANN

Method = Literal["seeds", "profile", "first-passage", "depth"]
METHODS: tuple[Method, ...] = ("seeds", "profile", "first-passage", "depth")
SERIES = {"time": "time", "size": "number", "crystalline": "number", "atoms": "number", "fraction": "number"}
"""Columns of a time series of one run; the first two are read."""
Details = dict[str, float | int | str | bool | None]


@dataclass(frozen=True)
class Thermodynamics:
    """What classical nucleation theory needs beside a critical size; SI units."""

    melting_temperature: float
    heat_of_fusion: float
    """[J/mol]."""
    molar_volume: float
    """[m^3/mol]."""

    def driving(self, temperature: float) -> float:
        """Driving force per atom [J]."""
        return cnt.driving_force(temperature, self.melting_temperature, self.heat_of_fusion / AVOGADRO)


@dataclass(frozen=True)
class Request:
    """What is asked; SI units."""

    files: tuple[Path, ...]
    method: Method
    temperature: float | None = None
    """[K]; of seeds it stands in the file."""
    energy_unit: str | None = None
    """Of a free-energy profile."""
    field: str | None = None
    """Of a PLUMED file: the free energy of a profile, the cluster size of a first passage."""
    time_unit: str | None = None
    """Of a COLVAR file."""
    length_unit: str | None = None
    """Of a profile over depth."""
    volume: float | None = None
    """Of the simulated cell, for a rate per volume [m^3]."""
    thermodynamics: Thermodynamics | None = None
    potential: str | None = None
    model_uncertainty: float | None = None
    """Relative."""


@dataclass
class Outcome:
    """Records, the first the one that was asked for, and what has to be said beside them."""

    records: list[Record]
    lines: list[str] = field(default_factory=list)


def make_record(request: Request) -> Outcome:
    """The records of a nucleus.

    Raises
    ------
    AtomisticError
        For files that are refused and outcomes that do not tell a critical size.
    """
    makers = {"seeds": _from_seeds, "profile": _from_profiles, "first-passage": _from_passages, "depth": _from_depth}
    return makers[request.method](request)


def _record(
    request: Request, quantity: str, unit: str, value: float, error: float | None, interval: tuple[float, float] | None,
    temperature: float, method: str, details: Details, distribution: Literal["normal", "lognormal"] = "normal",
) -> Record:  # fmt: skip
    warnings = () if request.model_uncertainty else ("what the potential is worth against reality is not known",)
    return Record(
        quantity=quantity,
        value=value,
        unit=unit,
        uncertainty=Uncertainty(
            statistical=error,
            model=None if request.model_uncertainty is None else request.model_uncertainty * abs(value),
            interval_95=interval,
        ),
        distribution=distribution,
        temperature=temperature,
        valid=Range(temperature=(temperature, temperature)),
        method=method,
        potential=request.potential,
        sources=tuple(hashed(path) for path in request.files),
        details=details,
        warnings=warnings,
    )


def _from_seeds(request: Request) -> Outcome:
    found = [seeds.critical_size(each) for each in read_seeds(request.files)]
    records, lines = [], []
    for each in found:
        details: Details = {
            "width_of_logarithm": each.width,
            "largest_that_melted": each.melted,
            "smallest_that_grew": each.grew,
        }
        records.append(
            _record(request, "critical_size", "1", each.value, each.value * each.log_error, (each.low, each.high),
                    each.temperature, "seeded runs, logistic in the logarithm of the size", details, "lognormal")
        )  # fmt: skip
        records += _classical(request, each.value, each.log_error, each.temperature, (each.low, each.high))
        lines.append(
            f"{each.temperature:g} K: {each.value:.4g} atoms, 95 % {each.low:.4g} to {each.high:.4g} (a factor of "
            f"{math.sqrt(each.high / each.low):.2f} each way); largest that melted {each.melted:g}, smallest that grew "
            f"{each.grew:g}"
        )
    return Outcome(records, lines)


def read_seeds(files: tuple[Path, ...]) -> list[seeds.Seeds]:
    """Outcomes of seeded runs, by temperature: CSV files with size or diameter, temperature, grown, and runs."""
    kinds = {"size": "number", "temperature": "temperature", "grown": "number", "runs": "number"}
    tables = [read_csv(path, kinds, ("size", "temperature", "grown")).columns for path in files]
    size, temperature, grown = (np.concatenate([t[name] for t in tables]) for name in ("size", "temperature", "grown"))
    runs = np.concatenate([t.get("runs", np.ones_like(t["size"])) for t in tables])
    wrong = (size <= 0.0) | (grown < 0.0) | (grown > runs) | (runs < 1.0) | (grown % 1.0 != 0.0) | (runs % 1.0 != 0.0)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise AtomisticError(
            f"of seeds of {size[k]:g} atoms {grown[k]:g} of {runs[k]:g} grew", files[0],
            allowed="sizes above zero, whole numbers of runs, not more grown than run",
        )  # fmt: skip
    return [
        seeds.Seeds(float(T), size[temperature == T], runs[temperature == T], grown[temperature == T])
        for T in np.unique(temperature)
    ]


def _classical(
    request: Request, size: float, log_error: float, temperature: float, interval: tuple[float, float]
) -> list[Record]:
    """Surface energy and barrier that a critical size means in classical theory."""
    if request.thermodynamics is None:
        return []
    driving = request.thermodynamics.driving(temperature)
    if driving <= 0.0:
        raise AtomisticError(
            f"{temperature:g} K is not below the melting point, {request.thermodynamics.melting_temperature:g} K: "
            f"there is no "
            "driving force", subject="--melting-temperature",
        )  # fmt: skip
    volume = request.thermodynamics.molar_volume / AVOGADRO
    gamma = cnt.surface_energy(size, driving, volume)
    gamma_ends = tuple(cnt.surface_energy(end, driving, volume) for end in interval)
    top = cnt.barrier(size, driving)
    method = "classical nucleation theory from the critical size"
    details: Details = {"driving_force_J": driving, "critical_diameter_m": cnt.diameter(size, volume)}
    return [
        _record(request, "surface_energy", "J/m^2", gamma, gamma * log_error / 3.0, (gamma_ends[0], gamma_ends[1]),
                temperature, method, details, "lognormal"),
        _record(request, "nucleation_barrier", "J", top, top * log_error,
                (cnt.barrier(interval[0], driving), cnt.barrier(interval[1], driving)), temperature, method,
                details | {"barrier_kT": top / (BOLTZMANN * temperature)}, "lognormal"),
    ]  # fmt: skip


def _energy_factor(request: Request, temperature: float) -> float:
    allowed = ", ".join((*UNITS["energy"], "kT"))
    if request.energy_unit is None:
        raise missing("energy-unit", "kJ/mol (the unit of the free energy; a PLUMED file does not tell it)")
    if request.energy_unit == "kT":
        return BOLTZMANN * temperature
    if request.energy_unit not in UNITS["energy"]:
        raise AtomisticError(
            "not a unit of energy", subject="--energy-unit", value=request.energy_unit, allowed=allowed
        )
    return UNITS["energy"][request.energy_unit]


def _temperature(request: Request) -> float:
    if request.temperature is None:
        raise missing("temperature", "'340 K'")
    return request.temperature


def _from_profiles(request: Request) -> Outcome:
    temperature = _temperature(request)
    factor = _energy_factor(request, temperature)
    tops = []
    for path in request.files:
        size, energy = free_energy_profile(read_plumed(path), request.field)
        try:
            tops.append(free_energy.profile_top(size, factor * energy, temperature))
        except AtomisticError as error:
            raise AtomisticError(error.problem, path, allowed=error.allowed) from None
    size_of = free_energy.mean_of([top.size for top in tops])
    barrier_of = free_energy.mean_of([top.barrier for top in tops])
    alone = math.isnan(size_of.error)
    method = f"free-energy profile over the cluster size, {len(tops)} profile{'s' if len(tops) > 1 else ''}"
    records = []
    for quantity, unit, mean in (("critical_size", "1", size_of), ("nucleation_barrier", "J", barrier_of)):
        details: Details = {"profiles": len(tops), "barrier_kT": barrier_of.value / (BOLTZMANN * temperature)}
        interval = None if alone else (mean.low, mean.high)
        records.append(
            _record(
                request,
                quantity,
                unit,
                mean.value,
                None if alone else mean.error,
                interval,
                temperature,
                method,
                details,
            )
        )
    kT = barrier_of.value / (BOLTZMANN * temperature)
    lines = [f"{size_of.value:.4g} atoms, barrier {kT:.3g} kT, from {len(tops)} profiles"]
    if alone:
        lines.append("note: one profile tells no error; give profiles of several blocks or runs")
    return Outcome(records, lines)


def _from_passages(request: Request) -> Outcome:
    temperature = _temperature(request)
    found = passages.first_passage([_run(request, path) for path in request.files])
    method = f"first-passage times of {found.runs} runs"
    records = []
    lines = [
        f"{found.events} of {found.runs} runs nucleated, mean time {found.time:.3g} s, 95 % {found.time_low:.3g} to "
        f"{found.time_high:.3g} s"
    ]
    details: Details = {"runs": found.runs, "events": found.events, "nucleation_time_s": found.time}
    if not math.isnan(found.size):
        details["zeldovich"] = found.zeldovich
        records.append(
            _record(request, "critical_size", "1", found.size, found.size_error, (found.size_low, found.size_high),
                    temperature, method, details)
        )  # fmt: skip
        records += _classical(
            request, found.size, found.size_error / found.size, temperature, (found.size_low, found.size_high)
        )
    else:
        lines.append("note: not all runs nucleated: the rate is known, the critical size is not")
    log_error = 1.0 / math.sqrt(found.events)
    records.append(
        _record(request, "time", "s", found.time, found.time * log_error, (found.time_low, found.time_high),
        temperature,
                f"mean nucleation time, {method}", details, "lognormal")
    )  # fmt: skip
    if request.volume is not None:
        rate = 1.0 / (found.time * request.volume)
        ends = (1.0 / (found.time_high * request.volume), 1.0 / (found.time_low * request.volume))
        records.append(
            _record(
                request,
                "nucleation_rate",
                "1/(m^3*s)",
                rate,
                rate * log_error,
                ends,
                temperature,
                method,
                details,
                "lognormal",
            )
        )
    return Outcome(records, lines)


def _run(request: Request, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times and largest cluster of one run: a CSV table, or a COLVAR file."""
    with path.open("rb") as stream:
        plumed = stream.read(9) == b"#! FIELDS"
    if not plumed:
        table = read_csv(path, SERIES, ("time", "size")).columns
        times, size = table["time"], table["size"]
    else:
        if request.time_unit not in UNITS["time"]:
            raise missing("time-unit", "ps (the unit of time; a PLUMED file does not tell it)")
        if request.field is None:
            raise missing("field", "NAME (the field that holds the size of the largest cluster)")
        fields = read_plumed(path)
        times, size = fields.field("time") * UNITS["time"][request.time_unit], fields.field(request.field)
    if times.size < 2 or (np.diff(times) <= 0.0).any():
        raise AtomisticError("times do not rise", path, allowed="the time series of one run")
    return times - times[0], size


def _from_depth(request: Request) -> Outcome:
    temperature = _temperature(request)
    factor = _energy_factor(request, temperature)
    if request.length_unit not in UNITS["length"]:
        raise missing("length-unit", "nm (the unit of the depth; a PLUMED file does not tell it)")
    weights = []
    for path in request.files:
        depth, energy = free_energy_profile(read_plumed(path), request.field)
        weights.append(
            free_energy.depth_weight(depth * UNITS["length"][request.length_unit], factor * energy, temperature)
        )
    most = free_energy.mean_of([weight.most for weight in weights])
    alone = math.isnan(most.error)
    spread = float(np.mean([weight.spread for weight in weights]))
    details: Details = {"spread_m": spread, "mean_depth_m": float(np.mean([weight.mean for weight in weights]))}
    record = _record(request, "nucleation_depth", "m", most.value, None if alone else most.error,
                     None if alone else (most.low, most.high), temperature,
                     "depth of largest weight exp(-F/kT) of nucleation", details)  # fmt: skip
    return Outcome([record], [f"most nuclei at {most.value * 1e9:.3g} nm, spread {spread * 1e9:.2g} nm"])
