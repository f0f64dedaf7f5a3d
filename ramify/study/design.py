"""From factors to combinations of levels: full grids, zipped lists, Latin hypercubes, Sobol sequences.

A grid has one axis for every factor or zipped group, in the order of the file, then the variants, then the repeats;
the last axis runs fastest. A sampled design maps numbers in [0, 1) onto each factor: linearly or logarithmically
between bounds, evenly over a list of values.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from ramify.study.amounts import Amount, Value, in_unit, unit_of
from ramify.study.load import level_count, number
from ramify.study.schema import FactorSection, Study

Scheme = tuple[str, int]
"""Place in Saltelli's scheme: `A`, `B` or a factor's name (A with that factor from B), and the row."""


@dataclass(frozen=True)
class Axis:
    """One dimension of the table."""

    name: str
    factors: tuple[str, ...]
    """The factors that vary along it; empty for variants and repeats."""
    size: int


@dataclass(frozen=True)
class Combination:
    """One point of a design."""

    levels: dict[str, Value]
    index: tuple[int, ...]
    """Place along every axis."""
    variant: int | None = None
    repeat: int | None = None
    scheme: Scheme | None = None


def axes(study: Study) -> list[Axis]:
    """The dimensions of the table."""
    sampled = study.design.type != "grid"
    found = [Axis("sample", tuple(study.factors), sample_count(study))] if sampled else grid_axes(study)
    if study.variants:
        found.append(Axis("variant", (), len(study.variants)))
    if study.repeats:
        found.append(Axis("repeat", (), study.repeats.count))
    return found


def grid_axes(study: Study) -> list[Axis]:
    """One axis for every factor that stands alone and for every zipped group."""
    groups = {name: group for group in study.zip for name in group}
    found: list[Axis] = []
    for name, factor in study.factors.items():
        group = groups.get(name, (name,))
        if not any(name in axis.factors for axis in found):
            found.append(Axis("_".join(group), group, level_count(factor)))
    return found


def sample_count(study: Study) -> int:
    """Points of a sampled design, variants and repeats apart."""
    points = study.design.points or 0
    return points * (len(units_of(study)) + 2) if study.design.indices else points


def units_of(study: Study) -> list[tuple[str, ...]]:
    """What a sampled design moves independently: factors, and zipped groups as one."""
    return [axis.factors for axis in grid_axes(study)]


def combinations(study: Study) -> list[Combination]:
    """Every point, in the order of the table."""
    table = axes(study)
    if study.design.type == "grid":
        return [_from_grid(study, table, index) for index in itertools.product(*(range(axis.size) for axis in table))]
    samples = sampled_levels(study)
    rest = [range(axis.size) for axis in table[1:]]
    return [
        _with_extras(study, levels, (number_, *more), table, scheme)
        for number_, (levels, scheme) in enumerate(samples)
        for more in itertools.product(*rest)
    ]


def _from_grid(study: Study, table: list[Axis], index: tuple[int, ...]) -> Combination:
    levels: dict[str, Value] = {}
    for axis, place in zip(table, index, strict=True):
        levels |= {name: level_at(study.factors[name], place) for name in axis.factors}
    return _with_extras(study, {name: levels[name] for name in study.factors}, index, table, None)


def _with_extras(
    study: Study, levels: dict[str, Value], index: tuple[int, ...], table: list[Axis], scheme: Scheme | None
) -> Combination:
    places = {axis.name: place for axis, place in zip(table, index, strict=True) if not axis.factors}
    return Combination(levels, index, places.get("variant"), places.get("repeat"), scheme)


def level_at(factor: FactorSection, place: int) -> Value:
    """A level of a grid."""
    if factor.values is not None:
        return factor.values[place]
    assert factor.points is not None
    return between(factor, place / (factor.points - 1))


def between(factor: FactorSection, share: float) -> Value:
    """The level at a share of the way between the bounds; written with the unit of the lower one."""
    assert factor.between is not None
    low, high = factor.between
    a, b = number(low, ()), number(high, ())
    value = a * (b / a) ** share if factor.scale == "log" else a + (b - a) * share
    value = {0.0: a, 1.0: b}.get(share, value)
    if not isinstance(low, Amount):
        return value
    unit = unit_of(low.written)
    return Amount(value, low.exponents, f"{in_unit(value, unit):.12g} {unit}")


def level_of(factor: FactorSection, share: float) -> Value:
    """The level that a number in [0, 1) stands for."""
    if factor.values is not None:
        return factor.values[min(math.floor(share * len(factor.values)), len(factor.values) - 1)]
    return between(factor, share)


def sampled_levels(study: Study) -> list[tuple[dict[str, Value], Scheme | None]]:
    """Levels of every sample, with its place in Saltelli's scheme where there is one."""
    moved = units_of(study)
    return [
        (
            {
                name: level_of(study.factors[name], share)
                for group, share in zip(moved, row, strict=True)
                for name in group
            },
            scheme,
        )
        for row, scheme in unit_samples(study, len(moved))
    ]


def unit_samples(study: Study, dimensions: int) -> list[tuple[list[float], Scheme | None]]:
    """Points of the unit cube, each with its place in Saltelli's scheme."""
    from scipy.stats import qmc

    design, points = study.design, study.design.points or 0
    if design.type == "latin_hypercube":
        rows = qmc.LatinHypercube(dimensions, seed=design.seed).random(points)
        return [(row, None) for row in rows.tolist()]
    sequence = qmc.Sobol(2 * dimensions if design.indices else dimensions, seed=design.seed).random(points)
    if not design.indices:
        return [(row, None) for row in sequence.tolist()]
    first, second = sequence[:, :dimensions], sequence[:, dimensions:]
    found: list[tuple[list[float], Scheme | None]] = [(row, ("A", i)) for i, row in enumerate(first.tolist())]
    found += [(row, ("B", i)) for i, row in enumerate(second.tolist())]
    for column, group in enumerate(units_of(study)):
        mixed = first.copy()
        mixed[:, column] = second[:, column]
        found += [(row, ("_".join(group), i)) for i, row in enumerate(mixed.tolist())]
    return found
