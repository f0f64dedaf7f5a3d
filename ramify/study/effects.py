"""What the factors do: main effects, Sobol indices, power laws.

The main effect of a factor on an objective is the range of the objective's mean over the factor's levels, all other
factors averaged out; levels of sampled factors are gathered into at most `BINS` bins of equal count.

Sobol indices are those of `scipy.stats.sobol_indices` (estimator of Saltelli and others, Computer Physics
Communications 181 (2010) 259) on Saltelli's scheme; 95 % intervals by bootstrap over the rows of the scheme.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.study.design import units_of
from ramify.study.outcomes import Outcome
from ramify.study.ranking import Design
from ramify.study.schema import FitSection, Study
from ramify.study.table import input_columns, si

BINS = 4
CONFIDENCE = 0.95
FEWEST_ROWS = 4


@dataclass(frozen=True)
class Effect:
    """Means of one objective over the levels of one factor."""

    factor: str
    objective: str
    levels: list[str]
    means: list[float]

    @property
    def range(self) -> float:
        """Largest mean less smallest [SI]; zero where there are fewer than two."""
        known = [mean for mean in self.means if math.isfinite(mean)]
        return max(known) - min(known) if known else 0.0


def main_effects(designs: list[Design], study: Study) -> list[Effect]:
    """The effect of every factor, and of the variant, on every objective; complete designs alone."""
    complete = [design for design in designs if any(outcome.complete for outcome in design.outcomes)]
    if len(complete) < 2:
        return []
    points = [design.outcomes[0].point for design in complete]
    columns = {name: [si(point.combination.levels[name]) for point in points] for name in study.factors}
    if study.variants:
        columns["variant"] = [point.variant or "" for point in points]
    columns = {name: levels for name, levels in columns.items() if len(set(levels)) > 1}
    if len(columns) < 2:
        return []  # with one factor the response says it all
    return [
        _effect(name, levels, objective, np.array([design.values[objective] for design in complete]))
        for objective in study.objectives
        for name, levels in columns.items()
    ]


def _effect(name: str, levels: list[float | str], objective: str, values: np.ndarray) -> Effect:
    distinct = sorted(set(levels)) if not isinstance(levels[0], str) else list(dict.fromkeys(levels))
    if len(distinct) == len(levels) and len(levels) > 2 * BINS and not isinstance(levels[0], str):
        order = np.array_split(np.argsort(np.array(levels, dtype=float)), BINS)
        names = [f"{levels[part[0]]:.4g} to {levels[part[-1]]:.4g}" for part in order]
        return Effect(name, objective, names, [_mean(values[part]) for part in order])
    where = [np.array([level == one for level in levels]) for one in distinct]
    return Effect(name, objective, [str(one) for one in distinct], [_mean(values[part]) for part in where])


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan


@dataclass(frozen=True)
class SobolIndices:
    """Shares of one objective's variance that the factors account for."""

    objective: str
    factors: list[str]
    first: np.ndarray
    """Alone."""
    first_interval: np.ndarray
    """(factor, 2): 95 % interval."""
    total: np.ndarray
    """With all interactions."""
    total_interval: np.ndarray
    rows: int
    """Base samples used."""
    lost: int
    """Base samples left out: a point failed, or the number had to be a power of two."""


def sobol(outcomes: list[Outcome], study: Study) -> list[SobolIndices]:
    """Indices for every objective; empty unless the design is Saltelli's and enough of it is complete."""
    if not study.design.indices:
        return []
    factors = ["_".join(group) for group in units_of(study)]
    found = []
    for objective in study.objectives:
        table: dict[str, dict[int, float]] = {}
        for outcome in outcomes:
            assert outcome.point.combination.scheme is not None
            column, row = outcome.point.combination.scheme
            if math.isfinite(outcome.values[objective]):
                table.setdefault(column, {})[row] = outcome.values[objective]
        columns = ["A", "B", *factors]
        rows = sorted(set.intersection(*(set(table.get(column, {})) for column in columns)))
        used = 1 << (len(rows).bit_length() - 1) if rows else 0
        if used >= FEWEST_ROWS:
            values = {column: np.array([table[column][row] for row in rows[:used]]) for column in columns}
            found.append(_indices(objective, factors, values, (study.design.points or 0) - used))
    return found


def _indices(objective: str, factors: list[str], values: dict[str, np.ndarray], lost: int) -> SobolIndices:
    from scipy.stats import sobol_indices

    mixed = np.array([[values[factor]] for factor in factors])
    function = {"f_A": values["A"][None], "f_B": values["B"][None], "f_AB": mixed}
    rows = len(values["A"])
    result = sobol_indices(func=function, n=rows, rng=np.random.default_rng(0))
    boot = result.bootstrap(confidence_level=CONFIDENCE, n_resamples=499)
    intervals = [np.column_stack([s.confidence_interval.low, s.confidence_interval.high])
                 for s in (boot.first_order, boot.total_order)]  # fmt: skip
    first, total = np.atleast_1d(result.first_order), np.atleast_1d(result.total_order)
    return SobolIndices(objective, factors, first, intervals[0], total, intervals[1], rows, lost)


@dataclass(frozen=True)
class Fit:
    """A power law y = a x^n by least squares in the logarithms."""

    section: FitSection
    x: np.ndarray
    """SI."""
    y: np.ndarray
    exponent: float
    error: float
    """Standard error of the exponent; nan for two points."""
    factor: float
    """a, in SI units of y and x."""


def fits(designs: list[Design], study: Study) -> list[Fit]:
    """Every fit of the study that has at least two points."""
    from scipy.stats import linregress

    complete = [design for design in designs if design.first.complete]
    if not complete:
        return []
    inputs = input_columns([design.first.point for design in complete])
    found = []
    for section in study.fits:
        column = [si(value) for value in inputs[section.against]] if section.against in inputs else [
            design.values[section.against] for design in complete]  # fmt: skip
        y = np.array([design.values[section.quantity] for design in complete])
        x = np.array([value if not isinstance(value, str) else math.nan for value in column], dtype=float)
        good = np.isfinite(x) & np.isfinite(y) & (x > 0.0) & (y > 0.0)
        if np.unique(x[good]).size < 2:
            continue
        line = linregress(np.log(x[good]), np.log(y[good]))
        error = float(line.stderr) if good.sum() > 2 else math.nan
        found.append(Fit(section, x[good], y[good], float(line.slope), error, math.exp(float(line.intercept))))
    return found
