"""Quantities with units, such as '2 mA/cm^2', read into SI numbers.

The number and the unit are split here and only the unit goes to pint, with a vocabulary of our own: pint would
evaluate powers of numbers, accept nan, and rescale an offset temperature inside a compound unit.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from ramify.scenario.errors import ScenarioError, nearest, shown

if TYPE_CHECKING:
    import pint

LONGEST_TEXT = 64
"""Characters that a quantity may have."""

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
UNIT = re.compile(r"(?:1\s*/)?(?:[A-Za-z]+(?:\^-?[1-9])?|[\s*/()])*")

DEFINITIONS = """
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
deci- = 1e-1 = d-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
meter = [length] = m
second = [time] = s
ampere = [current] = A
kilogram = [mass] = kg
mole = [substance] = mol
kelvin = [temperature] = K
gram = 1e-3 * kilogram = g
angstrom = 1e-10 * meter
inch = 0.0254 * meter
minute = 60 * second = min
hour = 3600 * second = h
day = 86400 * second = d
liter = 1e-3 * meter ** 3 = L = l = litre
molar = 1e3 * mole / meter ** 3 = M
newton = kilogram * meter / second ** 2 = N
pascal = newton / meter ** 2 = Pa
bar = 1e5 * pascal
joule = newton * meter = J
electron_volt = 1.602176634e-19 * joule = eV
watt = joule / second = W
coulomb = ampere * second = C
ampere_hour = ampere * hour = Ah
volt = joule / coulomb = V
ohm = volt / ampere
siemens = ampere / volt = S
farad = coulomb / volt = F
hertz = 1 / second = Hz
radian = [angle] = rad
degree = 0.01745329251994329576923690768488612713 * radian = deg
"""

SYMBOLS = str.maketrans(
    {"µ": "u", "μ": "u", "°": "deg", "\u03a9": "ohm", "\u2126": "ohm", "·": "*", "²": "^2", "³": "^3", "−": "-"}
)


@dataclass(frozen=True)
class Dimension:
    """A kind of physical quantity."""

    name: str
    """With its article, for messages: 'a length'."""
    unit: str
    """The SI unit, as it is written back."""
    examples: tuple[str, ...]


LENGTH = Dimension("a length", "m", ("20 um", "1e-6 m"))
TIME = Dimension("a time", "s", ("30 s", "10 min"))
TEMPERATURE = Dimension("a temperature", "K", ("25 degC", "298.15 K"))
TEMPERATURE_CHANGE = Dimension("a change of temperature", "K", ("20 K", "-5 K"))
THERMAL_EXPANSION = Dimension("a thermal expansion", "1/K", ("46e-6 1/K",))
CONCENTRATION = Dimension("a concentration", "mol/m^3", ("1 mol/L", "1000 mol/m^3"))
DIFFUSIVITY = Dimension("a diffusivity", "m^2/s", ("3e-10 m^2/s", "3e-6 cm^2/s"))
MOBILITY = Dimension("an interface mobility", "m^2/s", ("1e-14 m^2/s",))
CONDUCTIVITY = Dimension("a conductivity", "S/m", ("1.2 S/m", "10 mS/cm"))
CURRENT_DENSITY = Dimension("a current density", "A/m^2", ("2 mA/cm^2", "20 A/m^2"))
CAPACITY = Dimension("an areal capacity", "A*s/m^2", ("0.5 mAh/cm^2", "4 C/cm^2"))
VOLTAGE = Dimension("a voltage", "V", ("0.3 V", "50 mV"))
RESISTANCE = Dimension("an areal resistance", "ohm*m^2", ("10 ohm*cm^2", "1e-3 ohm*m^2"))
AREAL_CAPACITANCE = Dimension("a capacitance per area", "F/m^2", ("0.2 F/m^2", "20 uF/cm^2"))
SURFACE_ENERGY = Dimension("a surface energy", "J/m^2", ("0.5 J/m^2", "500 mJ/m^2"))
MOLAR_VOLUME = Dimension("a molar volume", "m^3/mol", ("13 cm^3/mol", "1.3e-5 m^3/mol"))
NUMBER_DENSITY = Dimension("a number per area", "1/m^2", ("1e12 1/m^2", "1e8 1/cm^2"))
PRESSURE = Dimension("a pressure", "Pa", ("1 MPa", "5e9 Pa"))
MOLAR_ENERGY = Dimension("a molar energy", "J/mol", ("53 kJ/mol", "5e4 J/mol"))
ANGLE = Dimension("an angle", "rad", ("60 deg", "1.2 rad"))
AREA = Dimension("an area", "m^2", ("0.3 um^2", "1e-13 m^2"))
RATE = Dimension("a rate", "1/s", ("6.25 1/s", "1e-3 1/s"))
PER_VOLTAGE = Dimension("an inverse voltage", "1/V", ("38.69 1/V",))
GRADIENT_ENERGY = Dimension("a gradient energy", "N", ("4.5e-7 N",))
KINETIC_MOBILITY = Dimension("a mobility of the order parameter", "m^2/(N*s)", ("1e-9 m^2/(N*s)",))
CHARGE_DENSITY = Dimension("a charge per volume", "A*s/m^3", ("7.4e9 C/m^3", "7.4 C/mm^3"))

DIMENSIONS = (LENGTH, TIME, TEMPERATURE, CONCENTRATION, DIFFUSIVITY, CONDUCTIVITY, CURRENT_DENSITY, CAPACITY,
              VOLTAGE, RESISTANCE, AREAL_CAPACITANCE, SURFACE_ENERGY, MOLAR_VOLUME, NUMBER_DENSITY, MOLAR_ENERGY, ANGLE,
              AREA, RATE, PER_VOLTAGE, CHARGE_DENSITY, PRESSURE, GRADIENT_ENERGY)  # fmt: skip

Sign = Literal["positive", "nonnegative", "any"]


@cache
def registry() -> pint.UnitRegistry[Any]:
    """The unit vocabulary; pint is imported when the first unit is read."""
    import pint

    # decimal factors keep '20 um' equal to 2e-05 to the last bit
    units: pint.UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=Decimal)
    units.load_definitions(DEFINITIONS.strip().splitlines())
    return units


@cache
def unit_factor(unit: str) -> tuple[Decimal, str] | None:
    """Factor to SI and SI dimensionality of a unit text; None where it is no unit."""
    text = unit.replace("**", "^").strip()
    if not text or len(text) > LONGEST_TEXT or not UNIT.fullmatch(text):
        return None
    try:
        quantity = registry().Quantity(Decimal(1), registry().parse_units(text.replace("^", "**"))).to_root_units()
    except Exception:  # pint raises whatever its tokeniser meets; none of it is a unit
        return None
    factor = Decimal(quantity.magnitude)
    return (factor, str(quantity.dimensionality)) if factor.is_finite() and factor > 0 else None


def split_quantity(text: str) -> tuple[Decimal, str] | None:
    """Number and unit of a quantity text; None where it does not start with a number."""
    found = NUMBER.match(text)
    return (_decimal(found.group()), text[found.end() :].strip()) if found else None


def _decimal(text: str) -> Decimal:
    """The number; infinite or zero where its exponent is beyond what any float holds."""
    digits, _, exponent = text.lower().partition("e")
    if not exponent or len(exponent.lstrip("+-0")) <= 3:
        return Decimal(text)
    return Decimal(0) if exponent.startswith("-") else Decimal("inf").copy_sign(Decimal(digits))


def parse_quantity(value: object, dimension: Dimension, sign: Sign = "positive") -> float:
    """The SI value of a quantity text.

    Parameters
    ----------
    value : object
        A text such as '2 mA/cm^2'; anything else is refused, bare numbers too.
    dimension : Dimension
        What it must be.
    sign : {'positive', 'nonnegative', 'any'}
        The values allowed.

    Raises
    ------
    ScenarioError
        Naming the value, the dimension expected and examples.
    """
    expected = f"{dimension.name} with its unit, such as {' or '.join(repr(e) for e in dimension.examples)}"

    def refused(problem: str, suggestion: str | None = None) -> ScenarioError:
        return ScenarioError(problem, (), shown(value), expected, suggestion)

    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refused("a number without a unit")
    if not isinstance(value, str):
        raise refused("not a quantity")
    if len(value) > LONGEST_TEXT:
        raise refused(f"longer than {LONGEST_TEXT} characters")
    parts = split_quantity(value.translate(SYMBOLS).strip())
    if parts is None:
        raise refused("does not start with a finite number")
    number, unit = parts
    if not unit:
        raise refused("a number without a unit")
    result = to_si(number, unit, dimension, refused)
    if not math.isfinite(result):
        raise refused("not a finite number")
    if 0.0 < abs(result) < sys.float_info.min:
        raise refused("too small a number to compute with")
    if sign == "positive" and not result > 0:
        raise refused("must be greater than zero")
    if sign == "nonnegative" and result < 0:
        raise refused("must not be negative")
    return result


def to_si(number: Decimal, unit: str, dimension: Dimension, refused: Callable[..., ScenarioError]) -> float:
    """The SI value of a number and a unit text of the given dimension."""
    if unit in ("degC", "°C") and dimension is TEMPERATURE:
        return float(number + Decimal("273.15"))
    if unit in ("degC", "°C"):
        raise refused(f"a temperature, where {dimension.name} is expected")
    found = unit_factor(unit)
    if found is None:
        raise refused(f"'{shown(unit, 24)}' is not a unit", nearest(unit, unit_names(dimension)))
    if found[1] != dimensionality(dimension):
        other = next((d.name for d in DIMENSIONS if dimensionality(d) == found[1]), "another kind of quantity")
        raise refused(f"{other}, where {dimension.name} is expected")
    return float(number * found[0])


@cache
def dimensionality(dimension: Dimension) -> str:
    """The dimensionality that pint gives a dimension's SI unit."""
    found = unit_factor(dimension.unit)
    assert found is not None, dimension.unit
    return found[1]


def unit_names(dimension: Dimension) -> list[str]:
    """The units of a dimension's examples, for the nearest match."""
    return [parts[1] for parts in map(split_quantity, dimension.examples) if parts] + [dimension.unit]


def format_quantity(value: float, dimension: Dimension) -> str:
    """A quantity in SI units that reads back as the same float."""
    return f"{value!r} {dimension.unit}"
