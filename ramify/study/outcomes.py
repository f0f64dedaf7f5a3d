"""What every point came to: its state, its objectives, and whether it keeps the constraints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ramify.results.folder import HISTORY
from ramify.study.folder import PointPaths, State, StudyFolder
from ramify.study.load import StudyFile
from ramify.study.points import Point, divisor
from ramify.study.quantities import Quantity, bound, find_quantity
from ramify.study.schema import ConstraintSection, ObjectiveSection


@dataclass(frozen=True)
class Outcome:
    """One point and what it came to."""

    point: Point
    paths: PointPaths
    state: State
    reason: str
    """Why it failed; empty for all others."""
    values: dict[str, float]
    """Objectives and constraints by name [SI]; nan where there is none."""
    summary: dict[str, float]
    """Every number of the summary."""
    broken: tuple[str, ...]
    """Constraints that it does not keep, and a short circuit, in words."""

    @property
    def complete(self) -> bool:
        """Whether there is a result to compare."""
        return self.state in ("finished", "stopped")

    @property
    def feasible(self) -> bool:
        """Whether it is complete and keeps every constraint."""
        return self.complete and not self.broken


def collect(file: StudyFile, points: list[Point], folder: StudyFolder) -> list[Outcome]:
    """The outcome of every point, from its folder."""
    return [outcome(file, point, folder.paths(point)) for point in points]


def outcome(file: StudyFile, point: Point, paths: PointPaths) -> Outcome:
    """The outcome of one point."""
    study, state, summary = file.study, paths.state, paths.summary()
    reader = Reader(paths.results, summary if state in ("finished", "stopped") else {})
    read: dict[str, ObjectiveSection | ConstraintSection] = {**study.objectives, **study.constraints}
    values = {name: reader.read(name, section) for name, section in read.items()}
    for name, objective in study.objectives.items():
        if objective.per is not None:
            values[name] /= divisor(point.combination.levels | point.expressions, objective.per)
    # a run stops before its protocol ends when the metal touches the counter electrode
    broken = [paths.reason] if state == "stopped" else []
    broken += [
        text
        for name, section in study.constraints.items()
        if (text := break_of(name, section, values[name])) is not None
    ]
    reason = paths.reason if state in ("failed", "crashed") else ""
    return Outcome(point, paths, state, reason, values, numbers(summary), tuple(broken))


def quantity_of(name: str, section: ObjectiveSection | ConstraintSection) -> Quantity:
    """What an objective or a constraint reads."""
    return find_quantity(name, section, ())


def label_of(name: str, section: ObjectiveSection | ConstraintSection) -> str:
    """An objective or a constraint in words."""
    return section.label or quantity_of(name, section).label


def numbers(summary: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers of a summary, nested ones as `balance.salt_relative`."""
    found: dict[str, float] = {}
    for key, value in summary.items():
        if isinstance(value, dict):
            found |= numbers(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[prefix + key] = float(value)
    return found


def break_of(name: str, section: ConstraintSection, value: float) -> str | None:
    """How a value breaks a constraint, in words; None where it keeps it or is not known."""
    quantity, label = quantity_of(name, section), label_of(name, section)
    if math.isnan(value):
        return None
    for side, sign in (("below", 1.0), ("above", -1.0)):
        limit = getattr(section, side)
        if limit is None:
            continue
        edge = bound(limit, quantity, ())
        if not sign * value < sign * edge:
            unit = f" {quantity.column}" if quantity.column != "1" else ""
            return f"{label} {value * quantity.factor:.4g}{unit}, not {side} {edge * quantity.factor:.4g}{unit}"
    return None


class Reader:
    """Numbers of one result folder; files are read when first asked for.

    Parameters
    ----------
    folder
        Results of a run.
    summary
        Its summary; empty where the run has come to nothing, and then every number is nan.
    """

    def __init__(self, folder: Path, summary: dict[str, Any]) -> None:
        self.folder, self.summary = folder, numbers(summary)
        self._measures: dict[str, float] | None = None

    def read(self, name: str, section: ObjectiveSection | ConstraintSection) -> float:
        """The number that an objective or a constraint asks for [SI]; nan where there is none."""
        quantity = quantity_of(name, section)
        if not self.summary:
            return math.nan
        if quantity.source == "summary":
            return self.summary.get(quantity.name, math.nan)
        if quantity.source == "measure":
            return self._measure(quantity.name)
        return self._history(quantity.name, section)

    def _measure(self, name: str) -> float:
        if self._measures is None:
            from ramify.study.measures import measure

            try:
                self._measures = measure(self.folder)
            except (OSError, ValueError):
                self._measures = {}
        return self._measures.get(name, math.nan)

    def _history(self, name: str, section: ObjectiveSection | ConstraintSection) -> float:
        """A column reduced to one number; the mean is over time. Extremes and mean pass over times without a value."""
        import h5netcdf
        import numpy as np

        try:
            with h5netcdf.File(self.folder / HISTORY, "r", locking=False) as file:
                time = np.asarray(file.variables["time"][...], dtype=float)
                column = np.asarray(file.variables[name][...], dtype=float)
        except (OSError, KeyError):
            return math.nan
        if section.at is not None:
            inside = time[0] <= section.at <= time[-1] * (1.0 + 1e-9)
            return float(np.interp(section.at, time, column)) if inside else math.nan
        if section.reduce in (None, "first", "last"):
            return float(column[0 if section.reduce == "first" else -1])
        known = np.isfinite(column)
        if not known.any():
            return math.nan
        if section.reduce == "mean":
            steps = np.diff(time, prepend=0.0)[known]
            return float((column[known] * steps).sum() / steps.sum())
        return float(column[known].max() if section.reduce == "maximum" else column[known].min())
