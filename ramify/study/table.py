"""The table of a study: `study.csv` with a unit in every heading, and one xarray Dataset, `study.nc`.

The Dataset is gridded where the design is a full grid: one dimension for every factor or zipped group, `variant` and
`repeat`. Sampled designs have a dimension `sample` instead of the factors'. Values are SI; each variable and
coordinate carries its unit.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.study.amounts import Amount, Value, exponents_of, in_unit, unit_of, unit_text
from ramify.study.design import axes
from ramify.study.load import StudyFile
from ramify.study.outcomes import Outcome, label_of, quantity_of
from ramify.study.points import Point
from ramify.study.quantities import netcdf_unit, summary_quantity

if TYPE_CHECKING:
    import xarray


USUAL_UNITS = ("um", "s", "mA/cm^2", "mAh/cm^2", "mV", "mol/L")
"""Units in which expressions are shown."""


def input_columns(points: list[Point]) -> dict[str, list[Value]]:
    """Factors and expressions by name, one value for every point."""
    names = [*points[0].combination.levels, *points[0].expressions]
    return {name: [(point.combination.levels | point.expressions)[name] for point in points] for name in names}


def shown_unit(values: list[Value]) -> str:
    """The unit of a column of inputs: as the study gives it, else a usual one, '1' for numbers, empty for words."""
    first = values[0]
    if isinstance(first, Amount):
        usual = next((unit for unit in USUAL_UNITS if exponents_of(unit) == first.exponents), None)
        return unit_of(first.written) or usual or unit_text(first.exponents)
    return "" if isinstance(first, str) else "1"


def shown(value: Value, unit: str) -> float | str:
    """A value of an input in a unit."""
    return in_unit(value.value, unit) if isinstance(value, Amount) else value


def si(value: Value) -> float | str:
    """A value of an input in SI."""
    return value.value if isinstance(value, Amount) else value


def csv_text(file: StudyFile, outcomes: list[Outcome]) -> str:
    """The table as CSV, one line per point; numbers in the units of the headings."""
    points = [outcome.point for outcome in outcomes]
    inputs = input_columns(points)
    units = {name: shown_unit(column) for name, column in inputs.items()}
    study = file.study
    read = dict(study.objectives) | dict(study.constraints)
    quantities = {name: quantity_of(name, section) for name, section in read.items()}
    head = ["point", *(["variant"] if study.variants else []), *(["seed"] if study.repeats else [])]
    head += [f"{name} [{units[name]}]" if units[name] else name for name in inputs]
    head += [f"{name} [{quantity.column}]" for name, quantity in quantities.items()]
    head += ["feasible", "state", "reason", "wall_s [s]", "folder"]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    for row, outcome in enumerate(outcomes):
        line: list[Any] = [outcome.point.number]
        line += [outcome.point.variant] if study.variants else []
        line += [outcome.point.seed] if study.repeats else []
        line += [shown(column[row], units[name]) for name, column in inputs.items()]
        line += [_cell(outcome.values[name] * quantity.factor) for name, quantity in quantities.items()]
        line += [
            int(outcome.feasible),
            outcome.state,
            "; ".join(part for part in [*outcome.broken, outcome.reason] if part),
        ]
        line += [_cell(outcome.summary.get("wall_s", math.nan)), f"points/{outcome.paths.name}"]
        writer.writerow(line)
    return stream.getvalue()


def _cell(value: float) -> str:
    """A number with ten digits; nothing for one that is not known."""
    return "" if math.isnan(value) else f"{value:.10g}"


def dataset(file: StudyFile, outcomes: list[Outcome], attributes: dict[str, str]) -> xarray.Dataset:
    """The whole study as a Dataset."""
    import xarray

    study, table = file.study, axes(file.study)
    shape, names = tuple(axis.size for axis in table), tuple(axis.name for axis in table)
    found = xarray.Dataset(attrs=attributes)
    _add_inputs(found, file, outcomes)
    read = dict(study.objectives) | dict(study.constraints)
    for name, section in read.items():
        quantity = quantity_of(name, section)
        values = np.array([outcome.values[name] for outcome in outcomes]).reshape(shape)
        attrs = {"units": netcdf_unit(quantity.unit), "long_name": label_of(name, section), "quantity": quantity.name}
        found[name] = (names, values, attrs)
    for key in sorted({key for outcome in outcomes for key in outcome.summary}):
        name = f"summary_{key.replace('.', '_')}"
        values = np.array([outcome.summary.get(key, math.nan) for outcome in outcomes]).reshape(shape)
        found[name] = (names, values, {"units": summary_quantity(key).unit, "long_name": f"summary.json: {key}"})
    feasible = np.array([outcome.feasible for outcome in outcomes]).reshape(shape)
    found["feasible"] = (names, feasible.astype("i1"), {"long_name": "complete, with every constraint kept"})
    for name, words in (("state", [o.state for o in outcomes]), ("folder", [o.paths.name for o in outcomes])):
        found[name] = (names, np.array(words, dtype=object).reshape(shape))
    return found


def _add_inputs(found: xarray.Dataset, file: StudyFile, outcomes: list[Outcome]) -> None:
    """Coordinates: factors along their axes, expressions over all of them."""
    study, table = file.study, axes(file.study)
    shape, names = tuple(axis.size for axis in table), tuple(axis.name for axis in table)
    places = {name: axis for axis in table for name in axis.factors}
    for name, column in input_columns([outcome.point for outcome in outcomes]).items():
        values = np.array([si(value) for value in column])
        values = (values.astype(object) if values.dtype.kind == "U" else values).reshape(shape)
        attrs = {"units": _si_unit(column[0])} if _si_unit(column[0]) else {}
        if name in study.factors:
            attrs["long_name"] = study.factors[name].label or name
            axis = places[name]
            number = names.index(axis.name)
            along = np.moveaxis(values, number, 0).reshape(axis.size, -1)[:, 0]
            found.coords[name] = (axis.name, along, attrs)
        else:
            found.coords[name] = (names, values, attrs | {"long_name": name})
    if study.variants:
        found.coords["variant"] = ("variant", np.array([v.label for v in study.variants], dtype=object))
    if study.repeats:
        seeds = study.repeats.seed + np.arange(study.repeats.count)
        found.coords["seed"] = ("repeat", seeds, {"long_name": "seed of the repeat"})


def _si_unit(value: Value) -> str:
    if isinstance(value, Amount):
        return unit_text(value.exponents)
    return "" if isinstance(value, str) else "1"
