"""Designs in order: infeasible and failed ones last, the others by a score, with the Pareto front marked.

Objectives with a weight count. Each is scaled to 0 (worst) and 1 (best) over the feasible designs; the score is the
mean by weight. With one objective the order is that of the objective. A design is on the Pareto front where no other
feasible design is better in one objective and at least as good in all others. Repeats count through their mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ramify.study.outcomes import Outcome, quantity_of
from ramify.study.quantities import bound
from ramify.study.schema import ObjectiveSection, Study


@dataclass(frozen=True)
class Design:
    """One design with its repeats."""

    outcomes: tuple[Outcome, ...]
    values: dict[str, float]
    """Means over the repeats that are complete [SI]."""
    spreads: dict[str, float]
    """Standard deviations over the repeats; nan for fewer than two."""
    score: float = math.nan
    place: int | None = None
    """In the ranking, counted from one; None for designs that are not ranked."""
    on_front: bool = False

    @property
    def first(self) -> Outcome:
        """The outcome that stands for the design in pictures."""
        return next((outcome for outcome in self.outcomes if outcome.complete), self.outcomes[0])

    @property
    def verdict(self) -> str:
        """`feasible`, `infeasible`, `failed`, or how far it has come."""
        states = {outcome.state for outcome in self.outcomes}
        if states & {"failed", "crashed"}:
            return "failed"
        if not all(outcome.complete for outcome in self.outcomes):
            return "not run"
        return "feasible" if all(outcome.feasible for outcome in self.outcomes) else "infeasible"

    @property
    def remarks(self) -> list[str]:
        """Constraints it breaks and reasons of failure, each once."""
        found = [text for outcome in self.outcomes for text in outcome.broken]
        found += [outcome.reason for outcome in self.outcomes if outcome.state in ("failed", "crashed")]
        return list(dict.fromkeys(found))


def group(outcomes: list[Outcome]) -> list[Design]:
    """Outcomes with their repeats put together, in the order of the table."""
    groups: dict[tuple[int, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.point.group, []).append(outcome)
    return [_design(members) for members in groups.values()]


def _design(members: list[Outcome]) -> Design:
    names = members[0].values
    rows = {name: np.array([o.values[name] for o in members if o.complete]) for name in names}
    means = {name: float(np.nanmean(row)) if np.isfinite(row).any() else math.nan for name, row in rows.items()}
    spreads = {name: float(np.nanstd(row, ddof=1)) if len(row) > 1 else math.nan for name, row in rows.items()}
    return Design(tuple(members), means, spreads)


def losses(designs: list[Design], objectives: Mapping[str, ObjectiveSection]) -> np.ndarray:
    """(design, objective): what is to be small; nan where a design has no value."""
    columns = []
    for name, section in objectives.items():
        values = np.array([design.values[name] for design in designs], dtype=float)
        if section.goal == "target":
            assert section.target is not None
            values = np.abs(values - bound(section.target, quantity_of(name, section), ()))
        columns.append(-values if section.goal == "maximise" else values)
    return np.column_stack(columns) if designs else np.zeros((0, len(objectives)))


def pareto(loss: np.ndarray) -> np.ndarray:
    """Which rows of (design, objective) no other row is better than."""
    no_worse, better = loss[None] <= loss[:, None], loss[None] < loss[:, None]
    beaten = np.asarray(no_worse.all(axis=2) & better.any(axis=2)).any(axis=1)
    return np.asarray(~beaten & np.isfinite(loss).all(axis=1))


def rank(outcomes: list[Outcome], study: Study) -> list[Design]:
    """All designs, best first."""
    designs = group(outcomes)
    loss = losses(designs, study.ranked)
    able = np.array([design.verdict == "feasible" for design in designs]) & np.isfinite(loss).all(axis=1)
    weights = np.array([section.weight for section in study.ranked.values()])
    scores = np.full(len(designs), np.nan)
    front = np.zeros(len(designs), bool)
    if able.any():
        low, high = loss[able].min(axis=0), loss[able].max(axis=0)
        span = np.where(high > low, high - low, 1.0)
        scores[able] = (np.where(high > low, (high - loss[able]) / span, 1.0) * weights).sum(axis=1) / weights.sum()
        front[able] = pareto(loss[able]) if len(weights) > 1 else False
    order = sorted(
        range(len(designs)),
        key=lambda i: (not able[i], designs[i].verdict != "infeasible", -scores[i] if able[i] else 0.0, i),
    )
    return [
        Design(
            designs[i].outcomes,
            designs[i].values,
            designs[i].spreads,
            float(scores[i]),
            place if able[i] else None,
            bool(front[i]),
        )
        for place, i in enumerate(order, start=1)
    ]
