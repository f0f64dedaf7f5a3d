"""Values that may change in time: a constant, or a table of times and values with straight lines between them.

Before its first time a table has its first value, after its last the last: a ramp is a table of two.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from ramify.scenario import units
from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.fields import AS_TABLE, AS_VALUE, Quantity, Section

MOST_ROWS = 200
Moment = Annotated[float, Quantity(units.TIME, "nonnegative")]
Moments = Annotated[tuple[Moment, ...], Field(min_length=2, max_length=MOST_ROWS, strict=False)]
LARGEST_STRAIN = 0.05
"""Linear strain that small-strain mechanics bears (physics.mechanics.LARGEST_STRAIN)."""

SignedPressure = Annotated[float, Quantity(units.PRESSURE, "any")]
SignedLength = Annotated[float, Quantity(units.LENGTH, "any")]
SignedConcentration = Annotated[float, Quantity(units.CONCENTRATION, "any")]
TemperatureChange = Annotated[float, Quantity(units.TEMPERATURE_CHANGE, "any")]
LinearStrain = Annotated[float, Field(ge=-LARGEST_STRAIN, le=LARGEST_STRAIN, allow_inf_nan=False)]


class Table(Section):
    """A value against time; each kind of value has its own."""

    times: Moments
    values: tuple[Any, ...]


class PressureTable(Table):
    """Pressures against time."""

    values: Annotated[tuple[SignedPressure, ...], Field(max_length=MOST_ROWS, strict=False)]


class LengthTable(Table):
    """Displacements against time."""

    values: Annotated[tuple[SignedLength, ...], Field(max_length=MOST_ROWS, strict=False)]


class StrainTable(Table):
    """Linear strains against time."""

    values: Annotated[tuple[LinearStrain, ...], Field(max_length=MOST_ROWS, strict=False)]


class TemperatureTable(Table):
    """Changes of temperature against time."""

    values: Annotated[tuple[TemperatureChange, ...], Field(max_length=MOST_ROWS, strict=False)]


class ConcentrationTable(Table):
    """Changes of concentration against time."""

    values: Annotated[tuple[SignedConcentration, ...], Field(max_length=MOST_ROWS, strict=False)]


def _form(value: object) -> str:
    return AS_TABLE if isinstance(value, dict | Section) else AS_VALUE


_BY_FORM = Discriminator(_form)
PressureInTime = Annotated[Annotated[SignedPressure, Tag(AS_VALUE)] | Annotated[PressureTable, Tag(AS_TABLE)], _BY_FORM]
LengthInTime = Annotated[Annotated[SignedLength, Tag(AS_VALUE)] | Annotated[LengthTable, Tag(AS_TABLE)], _BY_FORM]
StrainInTime = Annotated[Annotated[LinearStrain, Tag(AS_VALUE)] | Annotated[StrainTable, Tag(AS_TABLE)], _BY_FORM]
TemperatureInTime = Annotated[
    Annotated[TemperatureChange, Tag(AS_VALUE)] | Annotated[TemperatureTable, Tag(AS_TABLE)], _BY_FORM
]
ConcentrationInTime = Annotated[
    Annotated[SignedConcentration, Tag(AS_VALUE)] | Annotated[ConcentrationTable, Tag(AS_TABLE)], _BY_FORM
]

InTime = float | Table
"""Of any kind."""


def value_at(value: InTime | None, time: float) -> float:
    """The value [SI] at a time [s]; zero for none."""
    if value is None or isinstance(value, float | int):
        return value or 0.0
    times, values = value.times, value.values
    after = bisect_right(times, time)
    if after in (0, len(times)):
        return float(values[min(after, len(times) - 1)])
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return float(values[after - 1] + share * (values[after] - values[after - 1]))


def kinks(value: InTime | None) -> tuple[float, ...]:
    """Times [s] at which a value changes its slope."""
    return value.times if isinstance(value, Table) else ()


def largest(value: InTime | None) -> float:
    """Largest magnitude over time."""
    if isinstance(value, Table):
        return max(map(abs, value.values))
    return abs(value or 0.0)


def require_history(value: InTime | None, key: Key, duration: float | None) -> None:
    """ScenarioError for a table that does not ascend, is ragged, or stands in a steady problem."""
    if not isinstance(value, Table):
        return
    if duration is None:
        raise ScenarioError("a steady state has no time", key, allowed="one value, or a duration")
    if len(value.values) != len(value.times):
        problem = f"gives {len(value.values)} values for {len(value.times)} times"
        raise ScenarioError(problem, (*key, "values"), allowed="one value for each time")
    if any(b <= a for a, b in zip(value.times, value.times[1:], strict=False)):
        raise ScenarioError("the times do not ascend", (*key, "times"))
    if value.times[0] >= duration:
        problem = f"begins after the end, {duration:g} s"
        raise ScenarioError(problem, (*key, "times"), allowed="times before the duration")
