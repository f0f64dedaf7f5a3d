"""Quantities with units: exact SI values, and every refusal with what is expected."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramify.scenario import units
from ramify.scenario.errors import ScenarioError


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("20 um", units.LENGTH, 2e-5),
        ("20um", units.LENGTH, 2e-5),
        ("20 µm", units.LENGTH, 2e-5),
        ("1e-6 m", units.LENGTH, 1e-6),
        ("2 mA/cm^2", units.CURRENT_DENSITY, 20.0),
        ("2 mA/cm**2", units.CURRENT_DENSITY, 20.0),
        ("2 mA/cm²", units.CURRENT_DENSITY, 20.0),
        ("0.5 mAh/cm^2", units.CAPACITY, 18000.0),
        ("25 degC", units.TEMPERATURE, 298.15),
        ("25 °C", units.TEMPERATURE, 298.15),
        ("298.15 K", units.TEMPERATURE, 298.15),
        ("1 mol/L", units.CONCENTRATION, 1000.0),
        ("1 M", units.CONCENTRATION, 1000.0),
        ("1e12 1/m^2", units.NUMBER_DENSITY, 1e12),
        ("10 Ω cm²", units.RESISTANCE, 1e-3),
        ("13 cm^3/mol", units.MOLAR_VOLUME, 1.3e-5),
        ("10 min", units.TIME, 600.0),
        ("3e-10 m^2/s", units.DIFFUSIVITY, 3e-10),
    ],
)
def test_reads_to_the_last_bit(text, dimension, value):
    assert units.parse_quantity(text, dimension) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("20", "without a unit"),
        (20, "without a unit"),
        (True, "not a quantity"),
        (None, "not a quantity"),
        ("20 umm", "did you mean 'um'"),
        ("3 s", "a time, where a length is expected"),
        ("25 degC", "a temperature, where a length"),
        ("25 degC/min", "is not a unit"),
        ("nan um", "finite number"),
        ("inf m", "finite number"),
        ("1e999 m", "not a finite number"),
        ("-3 m", "greater than zero"),
        ("0 m", "greater than zero"),
        ("9**9**9 m", "is not a unit"),
        ("2 m^9^9", "is not a unit"),
        ("__import__('os')", "finite number"),
        ("1 " + "m" * 80, "longer than"),
    ],
)
def test_refuses_and_says_what_is_expected(text, told):
    with pytest.raises(ScenarioError) as refusal:
        units.parse_quantity(text, units.LENGTH)
    assert told in str(refusal.value)
    assert "a length with its unit, such as '20 um'" in str(refusal.value)


def test_signs():
    assert units.parse_quantity("-0.1 V", units.VOLTAGE, "any") == -0.1
    assert units.parse_quantity("0 um", units.LENGTH, "nonnegative") == 0.0
    with pytest.raises(ScenarioError, match="must not be negative"):
        units.parse_quantity("-1 um", units.LENGTH, "nonnegative")


@pytest.mark.parametrize("dimension", units.DIMENSIONS)
def test_examples_are_valid_and_written_values_read_back(dimension):
    for example in dimension.examples:
        value = units.parse_quantity(example, dimension)
        assert units.parse_quantity(units.format_quantity(value, dimension), dimension) == value


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_every_float_survives_writing_and_reading(value):
    assert units.parse_quantity(units.format_quantity(value, units.LENGTH), units.LENGTH) == value


def read(text):
    try:
        return units.parse_quantity(text, units.CURRENT_DENSITY, "any")
    except ScenarioError as refusal:
        return refusal


@given(st.text(max_size=80))
def test_any_text_is_a_finite_number_or_one_refusal(text):
    result = read(text)
    assert "\n" not in str(result) if isinstance(result, ScenarioError) else math.isfinite(result)
