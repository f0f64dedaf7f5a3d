"""What has to be known of a simulation, stated or found, and whether all that is known agrees.

Nothing here is guessed: what neither the user nor a file says is asked for, and two that disagree are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ramify.atomistic.elements import element_of, mass
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.lammps_data import Data
from ramify.atomistic.lammps_log import Log, Run
from ramify.atomistic.unit_styles import UnitStyle, unit_style

SAME_TIMESTEP = 1e-6
"""Relative difference up to which two timesteps are one."""
SAME_TEMPERATURE = 0.05
"""Relative difference between a stated temperature and the mean of the log beyond which they contradict."""


@dataclass(frozen=True)
class Stated:
    """What the user says; SI units."""

    units: str | None = None
    timestep: float | None = None
    """[s]."""
    interval: float | None = None
    """Between frames, for files that count no steps [s]."""
    temperature: float | None = None
    """[K]."""
    elements: tuple[str, ...] = ()
    """Of types 1, 2, ..."""
    potential: str | None = None


@dataclass
class Facts:
    """What is known of a simulation, and where from."""

    style: UnitStyle | None = None
    timestep: float | None = None
    """[s]."""
    interval: float | None = None
    """[s]."""
    temperature: float | None = None
    """[K]."""
    temperature_error: float | None = None
    """Standard error of the mean of the log [K]."""
    elements: dict[int, str] = field(default_factory=dict)
    masses: dict[str, float] = field(default_factory=dict)
    """Of the simulation, by element, where a file gives them [kg]."""
    potential: str | None = None
    origin: dict[str, str] = field(default_factory=dict)
    """By fact: 'stated', or the file."""
    warnings: list[str] = field(default_factory=list)

    def need_style(self) -> UnitStyle:
        """The unit style, which has to be known."""
        if self.style is None:
            raise missing("units", "metal, or a log file beside the others")
        return self.style

    def need_temperature(self) -> float:
        """The temperature, which has to be known [K]."""
        if self.temperature is None:
            raise missing("temperature", "'550 K', or a log file beside the others")
        return self.temperature

    def mass(self, element: str) -> float:
        """Mass of an atom: the simulation's, or the standard one [kg]."""
        return self.masses.get(element) or mass(element)


def missing(option: str, example: str) -> AtomisticError:
    """The error for a fact that nothing tells."""
    return AtomisticError(
        "not stated, and no file tells it; it is never guessed", subject=f"--{option}", allowed=f"--{option} {example}"
    )


def gather(stated: Stated, log: Log | None, data: list[Data], outputs: list[Path]) -> Facts:
    """The facts that the user, a log and data files give together.

    Parameters
    ----------
    stated : Stated
        What the user says.
    log : Log, optional
        The simulation's log.
    data : list of Data
        Its data files.
    outputs : list of Path
        The files to be analysed: a log may tell which runs wrote them.

    Raises
    ------
    AtomisticError
        Where two disagree.
    """
    facts = Facts(interval=stated.interval)
    if stated.interval is not None:
        facts.origin["interval"] = "stated"
    _units(facts, stated, log, data)
    runs = _runs(log, outputs) if log is not None else []
    _timestep(facts, stated, log, runs)
    _temperature(facts, stated, log, runs)
    _elements(facts, stated, log, data)
    facts.potential = stated.potential or ("; ".join(log.potential) or None if log else None)
    if facts.potential:
        facts.origin["potential"] = "stated" if stated.potential else str(log.path.name if log else "")
    if log is not None and log.dangerous_builds:
        facts.warnings.append(
            f"{log.path}: {log.dangerous_builds} dangerous neighbour-list builds: forces were missed; rebuild the "
            "lists more often (neigh_modify delay 0) and run again"
        )
    return facts


def _runs(log: Log, outputs: list[Path]) -> list[Run]:
    """The runs of a log that wrote the files: from the first command that names one, else all with most steps."""
    named = [output.run for path in outputs if (output := log.output(path)) is not None]
    if named:
        return log.runs[min(named) :]
    return [run for run in log.runs if len(run.rows)]


def _units(facts: Facts, stated: Stated, log: Log | None, data: list[Data]) -> None:
    told: list[tuple[str | None, str, int | None]] = [(stated.units, "stated", None)] if stated.units else []
    if log is not None and log.units:
        told.append((log.units, log.path.name, log.units_line))
    told += [(each.units, each.path.name, 1) for each in data if each.units]
    for name, origin, line in told:
        place = None if origin == "stated" else origin
        try:
            style = unit_style(name or "")
        except AtomisticError as error:
            raise AtomisticError(
                error.problem, place, line, "--units" if place is None else "units", error.value, error.allowed,
                error.suggestion,
            ) from None  # fmt: skip
        if facts.style is None:
            facts.style, facts.origin["units"] = style, origin
        elif facts.style.name != style.name:
            problem = (
                f"the file was written in units {style.name}, where {facts.origin['units']} has {facts.style.name}"
            )
            raise AtomisticError(problem, place, line, "units", allowed="one unit style")


def _timestep(facts: Facts, stated: Stated, log: Log | None, runs: list[Run]) -> None:
    if stated.timestep is not None:
        facts.timestep, facts.origin["timestep"] = stated.timestep, "stated"
    if log is None:
        return
    found = sorted({run.timestep for run in runs})
    if len(found) > 1 and facts.timestep is None:
        several = ", ".join(f"{value:g}" for value in found)
        raise AtomisticError(
            f"the runs have several timesteps ({several}), and none of the files' names is among its dumps and fixes",
            log.path, log.timestep_line, "timestep", allowed="--timestep, as of the run that wrote the files",
        )  # fmt: skip
    if facts.style is None or not found:
        return
    for value in found:
        in_log = value * facts.style.time
        if facts.timestep is None:
            facts.timestep, facts.origin["timestep"] = in_log, log.path.name
        if abs(in_log / facts.timestep - 1.0) < SAME_TIMESTEP:
            return
    raise AtomisticError(
        f"the log has a timestep of {found[0]:g} in units {facts.style.name}, {found[0] * facts.style.time:.6g} s; "
        f"{facts.timestep:.6g} s is stated",
        log.path, log.timestep_line or None, "timestep",
        allowed="the timestep of the run, or the log that belongs to it",
    )  # fmt: skip


def _temperature(facts: Facts, stated: Stated, log: Log | None, runs: list[Run]) -> None:
    if stated.temperature is not None:
        facts.temperature, facts.origin["temperature"] = stated.temperature, "stated"
    if log is None or not runs:
        return
    found = log.temperature(max(runs, key=lambda run: len(run.rows)))
    if found is None:
        return
    mean, facts.temperature_error = found
    if facts.temperature is None:
        facts.temperature, facts.origin["temperature"] = mean, log.path.name
    elif abs(mean / facts.temperature - 1.0) > SAME_TEMPERATURE:
        raise AtomisticError(
            f"the log's mean temperature is {mean:.1f} K; {facts.temperature:.1f} K is stated", log.path, None,
            "temperature", allowed="the temperature of the run, or the log that belongs to it",
        )  # fmt: skip


def _elements(facts: Facts, stated: Stated, log: Log | None, data: list[Data]) -> None:
    for symbol in stated.elements:
        try:
            mass(symbol)
        except AtomisticError as error:
            raise error.about("--elements") from None
    facts.elements = {k + 1: symbol for k, symbol in enumerate(stated.elements)}
    if stated.elements:
        facts.origin["elements"] = "stated"
    sources = [(each.masses, each.path) for each in data] + ([(log.masses, log.path)] if log and log.masses else [])
    for masses, path in sources:
        if facts.style is None:
            continue
        for kind, value in masses.items():
            found = element_of(value * facts.style.mass)
            known = facts.elements.get(kind)
            if known and found and known != found:
                raise AtomisticError(
                    f"type {kind} has the mass of {found} ({value:g}); {known} is stated", path, None, "elements",
                    allowed="the elements in the order of the types",
                )  # fmt: skip
            agreed = known or found
            if agreed:
                facts.elements[kind] = agreed
                facts.origin.setdefault("elements", path.name)
                facts.masses.setdefault(agreed, value * facts.style.mass)
