"""Numbers with a dimension, for the levels of a factor and for what expressions make of them.

Values are SI; units are those of scenario files (`ramify.scenario.units`). A product without a dimension is a plain
number again, so that counts of cells stay whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from ramify.scenario import units
from ramify.scenario.errors import ScenarioError, nearest, shown

Exponents = tuple[tuple[str, Fraction], ...]
"""Powers of base units, in the order of `BASE`; empty for a plain number."""
BASE = {
    "[length]": "m",
    "[time]": "s",
    "[current]": "A",
    "[mass]": "kg",
    "[substance]": "mol",
    "[temperature]": "K",
}
COMMON_UNITS = ("um", "s", "mA/cm^2", "mAh/cm^2", "mol/L", "m^2/s", "V", "mV", "S/m", "degC", "J/m^2", "ohm*m^2")
"""What a mistyped unit is compared with."""


@dataclass(frozen=True)
class Amount:
    """A value with a dimension."""

    value: float
    """SI."""
    exponents: Exponents
    written: str | None = field(default=None, compare=False)
    """The quantity as the user wrote it, where it comes from a file."""

    @property
    def text(self) -> str:
        """The quantity as a scenario file holds it."""
        return self.written or f"{self.value!r} {unit_text(self.exponents)}"

    def __add__(self, other: object) -> Amount:
        return Amount(self.value + self._alike(other, "+"), self.exponents)

    def __radd__(self, other: object) -> Amount:
        return self + other

    def __sub__(self, other: object) -> Amount:
        return Amount(self.value - self._alike(other, "-"), self.exponents)

    def __rsub__(self, other: object) -> Amount:
        return Amount(self._alike(other, "-") - self.value, self.exponents)

    def __neg__(self) -> Amount:
        return Amount(-self.value, self.exponents)

    def __mul__(self, other: object) -> Amount | float:
        value, exponents = parts(other)
        return measured(self.value * value, joined(self.exponents, exponents, 1))

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Amount | float:
        value, exponents = parts(other)
        return measured(self.value / value, joined(self.exponents, exponents, -1))

    def __rtruediv__(self, other: object) -> Amount | float:
        value, exponents = parts(other)
        return measured(value / self.value, joined(exponents, self.exponents, -1))

    def __pow__(self, power: object) -> Amount | float:
        if not isinstance(power, int | float):
            raise TypeError("a power is a plain number")
        by = Fraction(power).limit_denominator(12)
        return measured(self.value**power, tuple((name, exponent * by) for name, exponent in self.exponents))

    def __abs__(self) -> Amount:
        return Amount(abs(self.value), self.exponents)

    def __lt__(self, other: object) -> bool:
        return self.value < self._alike(other, "compared with")

    def _alike(self, other: object, sign: str) -> float:
        value, exponents = parts(other)
        if exponents != self.exponents:
            raise TypeError(f"{kind(self.exponents)} {sign} {kind(exponents)}")
        return value


Value = int | float | Amount | str
"""What a factor's level or an expression may be."""


def parts(value: object) -> tuple[float, Exponents]:
    """SI value and exponents of an operand; TypeError for text and others."""
    if isinstance(value, Amount):
        return value.value, value.exponents
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value, ()
    raise TypeError(f"{value!r} is not a number")


def measured(value: float, exponents: Exponents) -> Amount | float:
    """A value with its dimension; a plain number where that has cancelled."""
    kept = tuple((name, exponent) for name, exponent in exponents if exponent)
    return Amount(value, kept) if kept else value


def joined(first: Exponents, second: Exponents, sign: int) -> Exponents:
    """Exponents of a product (sign 1) or a quotient (sign -1)."""
    sums = dict(first)
    for name, exponent in second:
        sums[name] = sums.get(name, Fraction(0)) + sign * exponent
    return tuple((name, sums[name]) for name in BASE.values() if name in sums)


def unit_text(exponents: Exponents) -> str:
    """The SI unit as scenario files write it: `kg*m^2*s^-3*A^-1`; TypeError for broken powers."""
    if any(exponent.denominator != 1 for _, exponent in exponents):
        raise TypeError("a quantity has a broken power of a unit")
    return "*".join(name if exponent == 1 else f"{name}^{exponent}" for name, exponent in exponents)


def kind(exponents: Exponents) -> str:
    """A dimension in words, with its article: 'a length'."""
    if not exponents:
        return "a plain number"
    known = next((d.name for d in units.DIMENSIONS if exponents_of(d.unit) == exponents), None)
    return known or f"a quantity in {'*'.join(f'{n}^{e}' for n, e in exponents)}"


@cache
def exponents_of(unit: str) -> Exponents | None:
    """Exponents of a unit text; None where it is no unit."""
    if unit in ("degC", "°C"):
        return (("K", Fraction(1)),)
    if units.unit_factor(unit) is None:
        return None
    text = unit.replace("**", "^").strip().replace("^", "**")
    powers: dict[str, Any] = dict(units.registry().parse_units(text).dimensionality)
    return tuple((name, Fraction(powers[key])) for key, name in BASE.items() if key in powers)


def read_amount(text: str) -> Amount | None:
    """The quantity in a text such as '2 mA/cm^2'; None for a text that does not start with a number.

    Raises
    ------
    ScenarioError
        For a number followed by something that is no unit.
    """
    split = units.split_quantity(text.translate(units.SYMBOLS).strip()) if len(text) <= units.LONGEST_TEXT else None
    if split is None:
        return None
    number, unit = split
    exponents = exponents_of(unit) if unit else None
    if exponents is None:
        problem = f"'{shown(unit, 24)}' is not a unit" if unit else "a number in quotes"
        allowed = "a quantity such as '20 um', or a plain number"
        raise ScenarioError(problem, (), shown(text), allowed, nearest(unit, COMMON_UNITS) if unit else None)
    if unit in ("degC", "°C"):
        return Amount(float(number) + 273.15, exponents, text.strip())
    found = units.unit_factor(unit)
    assert found is not None
    value = float(number * found[0])
    if not math.isfinite(value):
        raise ScenarioError("not a finite number", (), shown(text))
    return Amount(value, exponents, text.strip())


def unit_of(text: str | None) -> str:
    """The unit in which a quantity was written; empty for none."""
    split = units.split_quantity((text or "").translate(units.SYMBOLS).strip())
    return split[1] if split else ""


def in_unit(value: float, unit: str) -> float:
    """An SI value in a unit, to twelve digits: 2e-06 m is 2 um."""
    if unit in ("", "1"):
        return value
    if unit in ("degC", "°C"):
        return round(value - 273.15, 9)
    found = units.unit_factor(unit)
    assert found is not None, unit
    return float(f"{value / float(found[0]):.12g}")
