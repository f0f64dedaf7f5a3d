"""Cell scales against the finite-cell table, against each other and against numerical solutions."""

import math

import numpy as np
import pytest

from ramify.physics import cell, electrolyte
from ramify.physics.butler_volmer import butler_volmer
from ramify.physics.constants import FARADAY

D, C0, T_PLUS, LENGTH = 3e-10, 1000.0, 0.38, 50e-6


@pytest.mark.parametrize(
    ("overdrive", "ratio", "tolerance"),
    [(1.05, 1.6126, 1e-4), (1.2, 1.1754, 1e-4), (1.5, 1.0318, 1e-4), (2.0, 1.0019, 1e-4), (3.0, 1.0000016, 1e-7)],
)
def test_depletion_time_of_the_finite_cell(overdrive, ratio, tolerance):
    sand = math.pi / (16.0 * overdrive**2)
    assert cell.depletion_time(overdrive) / sand == pytest.approx(ratio, rel=tolerance)


def test_cathode_concentration_table():
    sand = math.pi / 36.0
    c = cell.cathode_concentration(np.array([0.2, 0.4, 0.6, 0.8, 0.95]) * sand, 1.5)
    assert c == pytest.approx([0.55279, 0.36760, 0.22648, 0.11071, 0.03654], abs=6e-6)


def test_short_and_long_time_forms_join():
    before, after = cell.cathode_concentration(np.array([5e-3 * (1 - 1e-12), 5e-3]), 2.0)
    assert before == pytest.approx(after, abs=1e-11)


def test_no_depletion_up_to_the_limiting_current():
    assert cell.depletion_time(1.0) == math.inf
    assert cell.cathode_concentration(50.0, 0.7) == pytest.approx(0.3, rel=1e-12)


def test_sand_time_is_the_large_current_limit():
    current = 10.0 * cell.limiting_current(D, C0, T_PLUS, LENGTH)
    for counter in ("lithium", "reservoir"):
        finite = cell.cell_depletion_time(D, C0, T_PLUS, LENGTH, current, counter)
        assert finite == pytest.approx(cell.sand_time(D, C0, T_PLUS, current), rel=1e-12)


def test_reservoir_halves_the_limiting_current():
    closed = cell.limiting_current(D, C0, T_PLUS, LENGTH)
    assert cell.limiting_current(D, C0, T_PLUS, LENGTH, "reservoir") == pytest.approx(0.5 * closed, rel=1e-14)
    assert closed == pytest.approx(2 * FARADAY * D * C0 / (0.62 * LENGTH), rel=1e-14)
    with pytest.raises(ValueError, match="counter"):
        cell.limiting_current(D, C0, T_PLUS, LENGTH, "copper")  # type: ignore[arg-type]


@pytest.mark.parametrize("counter", ["lithium", "reservoir"])
def test_steady_profile_vanishes_at_the_limiting_current(counter):
    limit = cell.limiting_current(D, C0, T_PLUS, LENGTH, counter)
    assert cell.steady_concentration(0.0, C0, limit, D, T_PLUS, LENGTH, counter) == pytest.approx(0.0, abs=1e-9)
    x = np.linspace(0.0, LENGTH, 101)
    mean = np.trapezoid(cell.steady_concentration(x, C0, 0.5 * limit, D, T_PLUS, LENGTH, counter), x) / LENGTH
    assert mean == pytest.approx(C0 if counter == "lithium" else 0.75 * C0, rel=1e-12)


def voltage(current, **changes):
    arguments = {
        "length": LENGTH,
        "c0": C0,
        "D": D,
        "t_plus": T_PLUS,
        "molar_conductivity": 1e-3,
        "thermodynamic_factor": 1.7,
        "temperature": 298.15,
        "i0_ref": 30.0,
        "c_ref": 800.0,
        "alpha_a": 0.4,
        "alpha_c": 0.6,
        "film_resistance": 1e-4,
    }
    return cell.steady_voltage(current, **{**arguments, **changes})


def test_steady_voltage_against_quadrature():
    current, f = 0.8 * cell.limiting_current(D, C0, T_PLUS, LENGTH), FARADAY / (8.31446261815324 * 298.15)
    x = LENGTH * np.linspace(0.0, 1.0, 200_001) ** 3
    c = cell.steady_concentration(x, C0, current, D, T_PLUS, LENGTH)
    dlnc = np.gradient(c, x) / c
    drop = np.trapezoid(current / (1e-3 * c) + 2.0 / f * 0.62 * 1.7 * dlnc, x)
    eta = voltage(current) + drop + current * 1e-4
    assert butler_volmer(eta, 30.0 * (c[0] / 800.0) ** 0.4, 0.4, 0.6, f) == pytest.approx(current, rel=1e-6)


def test_steady_voltage_of_a_dilute_cell_is_two_rt_over_f_ln_ratio():
    e = electrolyte.dilute(2e-10, 4e-10)
    d, t_plus = e.diffusivity(C0), e.transference(C0)
    current = 0.5 * cell.limiting_current(d, C0, t_plus, LENGTH)
    v = cell.steady_voltage(current, LENGTH, C0, d, t_plus, e.molar_conductivity(C0), 1.0, 298.15, 1e30, C0)
    assert v == pytest.approx(-2.0 * e.thermal_voltage * math.log(3.0), rel=1e-9)


def test_steady_voltage_signs_and_limits():
    assert voltage(20.0) < 0.0 < voltage(-20.0)
    assert voltage(0.0) == 0.0
    assert voltage(1e-7) == pytest.approx(-voltage(-1e-7), rel=1e-4)
    with pytest.raises(ValueError, match="limiting current"):
        voltage(1.1 * cell.limiting_current(D, C0, T_PLUS, LENGTH))


def test_charge_transfer_conductance_is_the_slope():
    f, i0 = 38.92, 30.0
    for current in (-80.0, 0.0, 10.0, 500.0):
        h = 1e-3
        etas = [cell.overpotential(current + s * h, i0, 0.4, 0.6, f) for s in (-1, 1)]
        bare = cell.charge_transfer_conductance(current, i0, 0.4, 0.6, f)
        assert bare == pytest.approx(-2 * h / (etas[1] - etas[0]), rel=1e-5)
        with_film = cell.charge_transfer_conductance(current, i0, 0.4, 0.6, f, 0.01)
        assert 1.0 / with_film == pytest.approx(1.0 / bare + 0.01, rel=1e-12)


@pytest.mark.parametrize("conductance", [1e2, 1e4, 1e9])
def test_growth_rate_cut_off_and_fastest_wavelength(conductance):
    arguments = (20.0, 1.0, conductance, 1.3e-5, 0.5)
    shortest = cell.cut_off_wavelength(20.0, 1.0, 1.3e-5, 0.5)
    assert cell.bump_growth_rate(2 * math.pi / shortest, *arguments) == pytest.approx(0.0, abs=1e-12)
    fastest = cell.fastest_wavelength(*arguments)
    k = 2 * math.pi / fastest * np.array([0.99, 1.0, 1.01])
    rates = cell.bump_growth_rate(k, *arguments)
    assert rates[1] > rates[0]
    assert rates[1] > rates[2]
    assert fastest >= math.sqrt(3.0) * shortest * (1 - 1e-12)


def test_growth_rate_without_surface_energy():
    k = 2 * math.pi / 50e-6
    rate = cell.bump_growth_rate(k, 20.0, 1.0, 1e12, 1.3e-5, 0.0)
    assert rate == pytest.approx(1.3e-5 * 20.0 * k / FARADAY, rel=1e-6)
    assert cell.fastest_wavelength(20.0, 1.0, 1e3, 1.3e-5, 0.0) == 0.0
    with pytest.raises(ValueError, match="plating"):
        cell.cut_off_wavelength(-1.0, 1.0, 1.3e-5, 0.5)


def test_scales():
    assert cell.diffusion_time(D, LENGTH) == pytest.approx(LENGTH**2 / D)
    assert cell.wagner_length(1.2, 600.0) == pytest.approx(2e-3)
