"""Depth profiles and temperature histories from CSV files whose header carries the units.

    depth [um], fraction [1], uncertainty [1]          time [min], temperature [degC]

Comma, semicolon or tab; lines that start with # and empty ones are passed over. Everything else that is not two or
three finite numbers per line is refused, with its line and column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from ramify.scenario.errors import ScenarioError, nearest, refuse_choice, shown
from ramify.scenario.units import CONCENTRATION, LENGTH, NUMBER, SYMBOLS, TEMPERATURE, TIME, Dimension, to_si
from ramify.tracer.solver import FloatArray

LARGEST_FILE, MOST_ROWS = 16_000_000, 20_000
"""Bytes and rows that a profile may have."""
LONGEST_HEADING = 80
"""Characters of a column's name and unit."""
HEADING = re.compile(r"\s*([A-Za-z][A-Za-z _-]*?)\s*(?:[\[(]\s*(.*?)\s*[\])])?\s*")
VALUES = ("fraction", "concentration", "counts", "intensity")
"""Names that the measured column may have."""
PLAIN_UNITS = {"1": 1.0, "-": 1.0, "%": 1e-2, "at.%": 1e-2, "ppm": 1e-6, "counts": 1.0, "cps": 1.0, "a.u.": 1.0}
"""Units of measured values besides those of concentrations, and their size."""
VALUE_UNITS = f"{', '.join(PLAIN_UNITS)} or a concentration such as mol/L"


@dataclass(frozen=True)
class DepthProfile:
    """A measured profile."""

    depth: FloatArray
    """[m], growing."""
    value: FloatArray
    """Fraction, concentration [mol/m^3] or counts."""
    uncertainty: FloatArray | None
    """Standard deviation of each value, in its unit; None where the file has no such column."""
    name: str
    """What was measured, as the header has it."""
    unit: str
    """Of `value`: '1', 'mol/m^3', 'counts', 'cps' or 'a.u.'."""

    def between(self, first: float, last: float) -> DepthProfile:
        """The points at depths from `first` to `last` [m]."""
        inside = (self.depth >= first) & (self.depth <= last)
        uncertainty = None if self.uncertainty is None else self.uncertainty[inside]
        return DepthProfile(self.depth[inside], self.value[inside], uncertainty, self.name, self.unit)


@dataclass(frozen=True)
class Table:
    """Numbers of a CSV file by column, as they stand there."""

    file: str
    units: dict[str, str]
    columns: dict[str, FloatArray]
    lines: list[int]
    """Line of each row, counted from one."""
    heading: int
    """Line of the header."""

    def refused(self, row: int | None, column: str, value: object, problem: str, allowed: str) -> ScenarioError:
        """The error for a cell, or for a column where there is no row."""
        line = self.heading if row is None else self.lines[row]
        text = f"{value:g}" if isinstance(value, float) else shown(value)
        return ScenarioError(problem, (column,), text, allowed, None, self.file, line)


def read_profile(path: Path) -> DepthProfile:
    """A depth profile. Raises ScenarioError with file, line, column and value."""
    table = read_table(path, {"depth": "m", **dict.fromkeys(VALUES, "1"), "uncertainty": "1"})
    names = [name for name in VALUES if name in table.columns]
    if "depth" not in table.columns or len(names) != 1:
        found = ", ".join(table.columns)
        problem = "needs one column of depths and one of values"
        allowed = f"'depth [um]' and one of {', '.join(VALUES)} with its unit"
        raise ScenarioError(problem, (), found, allowed, None, table.file, table.heading)
    name = names[0]
    depth = in_si(table, "depth", LENGTH)
    factor, unit = value_unit(table, name)
    value = factor * table.columns[name]
    uncertainty = None
    if "uncertainty" in table.columns:
        if table.units["uncertainty"] != table.units[name]:
            given = table.units["uncertainty"]
            raise table.refused(None, "uncertainty", given, "not the unit of the values", table.units[name])
        uncertainty = factor * table.columns["uncertainty"]
        refuse_rows(table, "uncertainty", uncertainty <= 0.0, "no standard deviation", "numbers greater than zero")
    refuse_rows(table, "depth", depth < 0.0, "above the surface", "depths of zero and more")
    _refuse_disorder(table, "depth", depth)
    if unit == "counts":
        refuse_rows(table, name, value < 0.0, "counts below zero", "zero and more")
    return DepthProfile(depth, value, uncertainty, name, unit)


def read_history(path: Path) -> tuple[FloatArray, FloatArray]:
    """Times [s] from zero on and temperatures [K]. Raises ScenarioError with file, line, column and value."""
    table = read_table(path, {"time": "s", "temperature": "K"})
    for column, unit in (("time", "min"), ("temperature", "degC")):
        if column not in table.columns:
            found = ", ".join(table.columns)
            allowed = "the columns 'time [min], temperature [degC]'"
            raise ScenarioError(f"has no column '{column} [{unit}]'", (), found, allowed, None, table.file, 1)
    times, temperatures = in_si(table, "time", TIME), in_si(table, "temperature", TEMPERATURE)
    refuse_rows(table, "temperature", temperatures <= 0.0, "below absolute zero", "temperatures above 0 K")
    _refuse_disorder(table, "time", times)
    if times[0] != 0.0 or times.size < 2:
        problem = "does not begin at the start of deposition" if times[0] != 0.0 else "only one time"
        raise table.refused(0, "time", float(table.columns["time"][0]), problem, "two times or more, the first 0")
    return times, temperatures


def read_table(path: Path, known: Mapping[str, str]) -> Table:
    """The columns of a CSV file, whose names must be among those known (name -> example of a unit)."""
    file = str(path)
    lines = _lines(path)
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise ScenarioError("holds nothing", (), None, "a header with units, then numbers", None, file)
    heading, header = numbered[0]
    separator = next((mark for mark in ("\t", ";") if mark in header), ",")
    units = _headings(header.split(separator), known, file, heading)
    rows = numbered[1:]
    if len(rows) > MOST_ROWS:
        raise ScenarioError(f"{len(rows)} rows", (), None, f"at most {MOST_ROWS}", None, file)
    numbers = np.empty((len(rows), len(units)))
    for r, (line_number, line) in enumerate(rows):
        cells = line.split(separator)
        if len(cells) != len(units):
            problem = f"{len(cells)} column{'s' if len(cells) > 1 else ''}, where the header has {len(units)}"
            hint = f"{len(units)} numbers separated by {separator!r}, with decimal points"
            raise ScenarioError(problem, (), shown(line), hint, None, file, line_number)
        for k, (name, cell) in enumerate(zip(units, cells, strict=True)):
            numbers[r, k] = _number(cell, name, file, line_number)
    if not rows:
        raise ScenarioError("has a header and no numbers", (), None, "one row for each depth", None, file, heading)
    columns = dict(zip(units, numbers.T, strict=True))
    return Table(file, units, columns, [n for n, _ in rows], heading)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "no such file"
        raise ScenarioError(problem, (), None, "a CSV file", None, str(path))
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ScenarioError("too large", (), None, f"at most {LARGEST_FILE // 1_000_000} MB", None, str(path))
        return path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ScenarioError("is not text", (), None, "a CSV file in UTF-8", None, str(path)) from None
    except OSError as error:
        raise ScenarioError(f"cannot be read ({error.strerror})", (), None, "a CSV file", None, str(path)) from None


def _headings(cells: list[str], known: Mapping[str, str], file: str, line: int) -> dict[str, str]:
    """Unit of each column by its name, in the file's order."""
    units: dict[str, str] = {}
    for cell in cells:
        found = HEADING.fullmatch(cell.translate(SYMBOLS)) if len(cell) <= LONGEST_HEADING else None
        if found is None:
            allowed = f"a header such as '{', '.join(f'{name} [{unit}]' for name, unit in list(known.items())[:2])}'"
            raise ScenarioError("no header with units", (), shown(cell.strip()), allowed, None, file, line)
        name, unit = found[1].lower(), found[2]
        if name not in known:
            raise refuse_choice(name, list(known), "no such column").at(file, line)
        if name in units:
            raise ScenarioError("given twice", (name,), None, "each column once", None, file, line)
        if not unit:
            allowed = f"a unit in brackets, such as '{name} [{known[name]}]'"
            raise ScenarioError("a column without a unit", (name,), None, allowed, None, file, line)
        units[name] = unit
    return units


def _number(cell: str, column: str, file: str, line: int) -> float:
    text = cell.strip()
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise ScenarioError(
            "not a finite number", (column,), shown(text) or "''", "such as 0.25 or 1e-3", None, file, line
        )
    return value


def in_si(table: Table, column: str, dimension: Dimension) -> FloatArray:
    """A column in SI units. Raises ScenarioError where its unit is of another kind."""
    unit = table.units[column]

    def refused(problem: str, suggestion: str | None = None) -> ScenarioError:
        allowed = f"{dimension.name} with its unit, such as '{column} [{dimension.examples[0].split()[1]}]'"
        return ScenarioError(problem, (column,), shown(unit), allowed, suggestion, table.file, table.heading)

    zero, one = (to_si(Decimal(n), unit, dimension, refused) for n in (0, 1))
    return np.asarray(zero + (one - zero) * table.columns[column])


def value_unit(table: Table, column: str) -> tuple[float, str]:
    """Size of the unit of measured values, and the unit they have then."""
    unit = table.units[column]
    if unit in PLAIN_UNITS:
        return PLAIN_UNITS[unit], unit if unit in ("counts", "cps", "a.u.") else "1"

    def refused(problem: str, suggestion: str | None = None) -> ScenarioError:
        choice = suggestion or nearest(unit, PLAIN_UNITS)
        return ScenarioError(problem, (column,), shown(unit), VALUE_UNITS, choice, table.file, table.heading)

    return to_si(Decimal(1), unit, CONCENTRATION, refused), CONCENTRATION.unit


def refuse_rows(table: Table, column: str, wrong: np.ndarray, problem: str, allowed: str) -> None:
    """Refuse the first row that is wrong, with its line."""
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise table.refused(row, column, float(table.columns[column][row]), problem, allowed)


def _refuse_disorder(table: Table, column: str, values: FloatArray) -> None:
    back = np.append(False, np.diff(values) <= 0.0)
    refuse_rows(table, column, back, f"not more than the {column} before", f"a {column} that grows from row to row")
