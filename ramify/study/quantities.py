"""Numbers of a run that a study can rank, bound and tabulate, by name.

They come from `summary.json` (its last values), from a column of the history (reduced to one number), or are measured
on the fields. Names, units and labels of the first two are those of the results.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ramify.models import MODELS, find_model
from ramify.results.fields import HISTORY as SHARED
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE
from ramify.results.summary import BALANCE_KEYS, FRONT_KEYS, HOST_KEYS, SUMMARY_KEYS
from ramify.scenario.errors import Key, ScenarioError, refuse_choice, shown
from ramify.scenario.units import unit_factor
from ramify.study.amounts import Amount, Value, exponents_of, kind
from ramify.study.schema import ConstraintSection, ObjectiveSection

HISTORY = SHARED | {column.name: column for name in MODELS for column in find_model(name).columns}
"""Columns of the history, those of single models too."""
Source = Literal["summary", "history", "measure"]
SUFFIXES = {
    "_C_per_m2": ("C m-2", "mAh/cm^2", MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE),
    "_bytes": ("B", "MB", 1e-6),
    "_mol": ("mol", "nmol", 1e9),
    "_m": ("m", "um", 1e6),
    "_s": ("s", "s", 1.0),
    "_V": ("V", "mV", 1e3),
    "_C": ("C", "C", 1.0),
}
"""Units that keys of the summary end in: the unit, the unit shown and its factor."""
WORDS = ("status", "stop_reason", "balance")
"""Keys of the summary that are no numbers."""


@dataclass(frozen=True)
class Quantity:
    """A number of a run."""

    name: str
    source: Source
    label: str
    unit: str
    """SI; '1' for a plain number."""
    shown_unit: str = ""
    """Unit of tables and figures; empty for the SI unit."""
    factor: float = 1.0
    """Shown value = SI value * factor."""

    @property
    def column(self) -> str:
        """Unit of a table column."""
        return self.shown_unit or self.unit


MEASURES = {
    quantity.name: quantity
    for quantity in (
        Quantity("deposit_in_pores", "measure", "Share of the deposit inside the host", "1"),
        Quantity("filling_uniformity", "measure", "Uniformity of the filling over depth", "1"),
        Quantity("deposition_depth_m", "measure", "Depth that holds 90 % of the deposit", "m", "um", 1e6),
        Quantity(
            "mean_deposition_depth_m", "measure", "Mean depth of the deposit below the host's top", "m", "um", 1e6
        ),
    )
}
"""What `ramify.study.measures` reads off the fields."""


def summary_quantity(name: str) -> Quantity:
    """A key of the summary, `balance.salt_relative` included; named as in the history where it is a column of it."""
    if name in HISTORY:
        return replace(history_quantity(name), source="summary")
    unit = next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), ("1", "", 1.0))
    stem = next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)
    words = stem.replace("balance.", "imbalance of ").replace("_relative", "").replace("_", " ")
    return Quantity(name, "summary", words[0].upper() + words[1:], *unit)


def history_quantity(name: str) -> Quantity:
    """A column of the history."""
    column = HISTORY[name]
    unit, name_shown = column.unit, column.shown_unit.replace("µ", "u").replace("²", "^2").replace("³", "^3")
    long_name = column.long_name[0].upper() + column.long_name[1:]
    return Quantity(name, "history", long_name, unit, name_shown, column.shown_factor)


def history_names() -> list[str]:
    """Columns of the history that are one number a step."""
    return [name for name, quantity in HISTORY.items() if quantity.role in ("record", "count", "flag")]


def known_names() -> list[str]:
    """Everything that can be asked for."""
    summary = [key for key in (*SUMMARY_KEYS, *HOST_KEYS, *FRONT_KEYS) if key not in WORDS]
    summary += [f"balance.{key}" for key in BALANCE_KEYS]
    return [*summary, *MEASURES, *(name for name in history_names() if name not in summary)]


def find_quantity(name: str, section: ObjectiveSection | ConstraintSection, key: Key) -> Quantity:
    """The quantity that an objective or a constraint of that name means.

    Raises
    ------
    ScenarioError
        For an unknown name, or a way of reading a column that is none.
    """
    wanted = section.quantity or name
    timed = section.reduce is not None or section.at is not None
    if section.reduce is not None and section.at is not None:
        raise ScenarioError("gives two ways to read one column", key, allowed="'reduce' or 'at'")
    if timed and wanted in history_names():
        return history_quantity(wanted)
    known = known_names()
    if wanted not in known:
        place = key if section.quantity is None else (*key, "quantity")
        raise refuse_choice(wanted, known, "no such quantity of a run", place)
    if timed:
        columns = ", ".join(history_names())
        raise ScenarioError("is one number, not a column of the history", key, wanted, f"one of {columns}")
    if wanted in MEASURES:
        return MEASURES[wanted]
    in_summary = wanted in (*SUMMARY_KEYS, *HOST_KEYS, *FRONT_KEYS) or wanted not in HISTORY
    return summary_quantity(wanted) if in_summary else history_quantity(wanted)


def bound(value: Value, quantity: Quantity, key: Key) -> float:
    """The SI value of a bound or a target of a quantity; ScenarioError for another kind of number."""
    exponents = exponents_of(netcdf_unit(quantity.unit)) or ()
    if isinstance(value, Amount):
        given, found = value.value, value.exponents
    elif isinstance(value, str):
        raise ScenarioError("not a number", key, shown(value), kind(exponents))
    else:
        given, found = float(value), ()
    if found != exponents:
        unit = f" in {quantity.column}" if exponents else ""
        raise ScenarioError(f"{kind(found)}, where {kind(exponents)} is expected", key, allowed=f"a number{unit}")
    return given


def netcdf_unit(unit: str) -> str:
    """A unit as scenario files write it: `mol m-3` is `mol*m^-3`."""
    if unit in ("1", "B") or unit_factor(unit) is not None:
        return unit
    words = []
    for word in unit.split():
        stem = word.rstrip("-0123456789")
        words.append(f"{stem}^{word[len(stem) :]}" if word != stem else stem)
    return "*".join(words)
