"""The independent references of the validation suite against closed forms and against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ramify.physics import cell, electrolyte, metals
from ramify.physics.constants import FARADAY
from ramify.validation.references import closed_cell
from ramify.validation.references.front_fixing import FrontFixingCell, galvanostatic, potentiostatic

D, T_PLUS, C0, LENGTH = 3e-10, 0.38, 1000.0, 90e-6
FIXED = FrontFixingCell(
    electrolyte=electrolyte.dilute_from_salt(D, T_PLUS),
    concentration=C0,
    length=LENGTH,
    molar_volume=0.0,
    exchange_current_density=30.0,
    reference_concentration=C0,
)
MOVING = replace(FIXED, molar_volume=metals.preset("lithium").molar_volume)
LIMITING = cell.limiting_current(D, C0, T_PLUS, LENGTH)
UNIT = LENGTH**2 / D


def test_series_of_the_closed_cell_solves_the_diffusion_equation() -> None:
    x = np.linspace(0.0, 1.0, 401)
    now, soon = (closed_cell.concentration(x, t, 1.5) for t in (0.05, 0.05 + 1e-6))
    rate = (soon - now)[1:-1] / 1e-6
    curvature = np.diff(now, 2) / (x[1] - x[0]) ** 2
    assert np.allclose(rate, curvature, atol=2e-3 * np.abs(rate).max())
    assert (now[1] - now[0]) / (x[1] - x[0]) == pytest.approx(3.0, rel=1e-2)
    assert np.trapezoid(now, x) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("overdrive", "ratio"), [(1.05, 1.6126), (1.2, 1.1754), (1.5, 1.0318), (2.0, 1.0019), (3.0, 1.0000016)]
)
def test_front_at_rest_depletes_at_the_time_of_the_series(overdrive: float, ratio: float) -> None:
    sand = np.pi / (16.0 * overdrive**2) * UNIT
    found = galvanostatic(FIXED, overdrive * LIMITING, np.array([2.0 * sand]), cells=200)
    assert found.depletion_time / sand == pytest.approx(ratio, rel=3e-4)


def test_front_at_rest_follows_the_series_and_ends_at_the_steady_voltage() -> None:
    times = np.array([0.02, 0.1, 4.0]) * UNIT
    found = galvanostatic(FIXED, 0.7 * LIMITING, times)
    for time, position, c in zip(times, found.position, found.concentration, strict=True):
        exact = closed_cell.concentration(position / LENGTH, time / UNIT, 0.7)
        assert np.allclose(c / C0, exact, atol=2e-5)
    molar = float(FIXED.electrolyte.molar_conductivity(C0))
    exact_voltage = cell.steady_voltage(0.7 * LIMITING, LENGTH, C0, D, T_PLUS, molar, 1.0, 298.15, 30.0, C0)
    assert found.voltage[-1] == pytest.approx(exact_voltage, rel=1e-5)


@pytest.mark.parametrize("salt", ["dilute", "constant"])
def test_closed_form_and_front_fixing_agree_on_the_voltage(salt: str) -> None:
    """Two ways to it: quadrature over the series, and finite volumes."""
    constant = electrolyte.constant(0.5, C0, D, T_PLUS, thermodynamic_factor=2.0, temperature=350.0)
    medium = FIXED.electrolyte if salt == "dilute" else constant
    closed = closed_cell.ClosedCell(medium, C0, LENGTH, 1.5 * LIMITING, FIXED.exchange_current_density)
    assert closed.overdrive == pytest.approx(1.5)
    times = np.array([0.02, 0.3, 0.95]) * closed.depletion_time
    found = galvanostatic(replace(FIXED, electrolyte=medium), closed.current, times)
    assert found.voltage == pytest.approx([closed.voltage(time) for time in times], rel=2e-4)
    steady = replace(closed, current=0.7 * LIMITING)
    molar, factor = float(medium.molar_conductivity(C0)), float(medium.thermodynamic_factor(C0))
    exact = cell.steady_voltage(steady.current, LENGTH, C0, D, T_PLUS, molar, factor, medium.temperature, 30.0, C0)
    assert steady.voltage(10.0 * UNIT) == pytest.approx(exact, rel=1e-9)


def test_moving_front_loses_the_displaced_salt_and_no_other() -> None:
    """d/dt of the salt in the cell = -c(s) ds/dt, the front condition of the module's derivation."""
    current = 0.7 * LIMITING
    times = np.linspace(0.0, 0.5 * UNIT, 401)[1:]
    found = galvanostatic(MOVING, current, times)
    gap = LENGTH - found.front
    widths = np.diff(0.2 * np.linspace(0, 1, 301) + 0.8 * np.linspace(0, 1, 301) ** 2)
    salt = (found.concentration * widths).sum(axis=1) * gap
    speed = MOVING.molar_volume * current / FARADAY
    lost = speed * np.trapezoid(found.surface_concentration, times)
    assert salt[0] - salt[-1] == pytest.approx(lost, rel=2e-3)


def test_moving_front_depletes_two_to_four_per_cent_later() -> None:
    current = 1.5 * LIMITING
    delay = (
        galvanostatic(MOVING, current, np.array([UNIT])).depletion_time
        / galvanostatic(FIXED, current, np.array([UNIT])).depletion_time
    )
    assert 1.015 < delay < 1.04


def test_held_voltage_repeats_the_current_that_gave_it() -> None:
    times = np.array([3.0 * UNIT])
    current = 0.5 * LIMITING
    voltage = float(galvanostatic(FIXED, current, times, cells=60).voltage[-1])
    found = potentiostatic(FIXED, voltage, times, cells=60)
    assert found.current_density[-1] == pytest.approx(current, rel=1e-3)


def test_reservoir_ends_at_its_own_steady_voltage() -> None:
    current = 0.3 * LIMITING
    found = galvanostatic(replace(FIXED, reservoir=True), current, np.array([8.0 * UNIT]))
    molar = float(FIXED.electrolyte.molar_conductivity(C0))
    exact = cell.steady_voltage(current, LENGTH, C0, D, T_PLUS, molar, 1.0, 298.15, 30.0, C0, counter="reservoir")
    assert found.voltage[-1] == pytest.approx(exact, rel=1e-5)
