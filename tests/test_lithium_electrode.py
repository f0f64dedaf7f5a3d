"""The electrode of pure lithium: vacancies, when voids open, how fast contact goes, and what does not bring it back."""

import math

import numpy as np
import pytest
from electrodes import CONTACT, drive, lithium

from ramify.alloy.engine import ElectrodeEngine
from ramify.phasefield.engine import Control
from ramify.physics import contact_loss
from ramify.physics.constants import FARADAY

D, OMEGA, H, DEPTH = 1.6e-14, 1.3e-5, 100e-6, 15e-6
CRITICAL = contact_loss.critical_current(2.0, D, H, OMEGA)
"""[A/m^2], without sinks."""
VOIDS = FARADAY * DEPTH / OMEGA
"""Charge whose lithium fills the voids [C/m^2]."""
ALL = FARADAY * H / OMEGA


@pytest.mark.parametrize("sinks", [math.inf, 30e-6])
def test_supersaturation_across_the_slab(sinks):
    engine = ElectrodeEngine(lithium(sink_length=sinks, threshold=1e3))
    report = drive(engine, Control("current", -2.0), 10.0)
    thickness = report.measures["mean_height"]
    length = thickness if math.isinf(sinks) else sinks * math.tanh(thickness / sinks)
    s = 1.0 + 2.0 * OMEGA * length / (FARADAY * D)
    assert report.measures["contact_supersaturation"] == pytest.approx(s, rel=1e-12)
    profile = engine.gather("vacancies")[:, 0, 0]
    z = (np.arange(100) + 0.5) * 1e-6
    shape = z / thickness if math.isinf(sinks) else np.sinh(z / sinks) / math.sinh(thickness / sinks)
    inside = z < thickness
    assert profile[inside] == pytest.approx(1.0 + (s - 1.0) * shape[inside], rel=1e-9)


def test_below_the_critical_current_all_lithium_comes_out():
    engine = ElectrodeEngine(lithium())
    report = drive(engine, Control("current", -0.99 * CRITICAL, 4.0))
    assert -engine.ledger.charge == pytest.approx(ALL, rel=1e-3)
    assert report.measures["void_volume"] == 0.0


def test_above_the_critical_current_contact_goes_with_the_voids():
    for factor in (1.01, 20.0):
        engine = ElectrodeEngine(lithium(surface_energy=0.0))
        report = drive(engine, Control("current", -factor * CRITICAL, 4.0))
        assert -engine.ledger.charge == pytest.approx(VOIDS, rel=1e-3)
        assert report.voltage == 4.0 and report.limited
        assert report.measures["contact_supersaturation"] == 1.0  # what flat voids without surface energy hold
        assert report.measures["contact_fraction"] < 1e-4


@pytest.mark.parametrize("exponent", [1.0, 2.0 / 3.0])
def test_contact_falls_by_its_law_on_the_way(exponent):
    engine = ElectrodeEngine(lithium(surface_energy=0.0, exponent=exponent, initial_contact=0.9))
    report = drive(engine, Control("current", -10.0), 0.5 * VOIDS / 10.0)
    assert report.measures["contact_fraction"] == pytest.approx(0.9 * (1.0 - 0.5**exponent), rel=1e-3)
    assert report.measures["local_current_density"] == pytest.approx(-10.0 / report.measures["contact_fraction"])


def test_what_the_metal_carries_away_from_voids_opens_them_later():
    """dW/dt = (Omega/F) [j - (1 - W/h) j_v] with constant L (sinks): an exponential approach."""
    sinks, energy = 2e-6, 30.0  # a surface energy far beyond lithium's makes the effect large
    problem = lithium(threshold=1.025, sink_length=sinks, surface_energy=energy)
    engine = ElectrodeEngine(problem)
    s_v = contact_loss.void_supersaturation(energy, OMEGA, DEPTH, CONTACT.temperature)
    j_v = contact_loss.critical_current(s_v, D, sinks, OMEGA)
    j = 1.5 * j_v
    duration = 0.3 * FARADAY * DEPTH / (OMEGA * j)
    report = drive(engine, Control("current", -j), duration)
    rate = OMEGA * j_v / (FARADAY * DEPTH)
    exact = DEPTH * (j - j_v) / j_v * math.expm1(rate * duration)
    assert 0.1 * DEPTH < exact < 0.3 * DEPTH
    assert report.measures["void_volume"] == pytest.approx(exact, rel=1e-3)


def test_two_hours_of_rest_bring_nothing_back():
    engine = ElectrodeEngine(lithium())
    stop = Control("current", -10.0, 4.0)
    drive(engine, stop)
    before = -engine.ledger.charge
    drive(engine, Control("current", 0.0), 7200.0)
    drive(engine, stop)
    assert -engine.ledger.charge - before < 1e-3 * before


def test_plated_lithium_fills_the_voids_first():
    engine = ElectrodeEngine(lithium())
    drive(engine, Control("current", -10.0), 0.5 * VOIDS / 10.0)
    report = drive(engine, Control("current", 10.0), 0.6 * VOIDS / 10.0)
    assert report.measures["contact_fraction"] == 1.0 and report.measures["void_volume"] == 0.0
    assert engine.state[2] == 0.0
    assert report.measures["mean_height"] > H


def test_partial_contact_reaches_the_threshold_sooner():
    for contact, opens in ((1.0, False), (0.5, True)):
        engine = ElectrodeEngine(lithium(initial_contact=contact))
        drive(engine, Control("current", -0.7 * CRITICAL), 100.0)
        assert bool(engine.state[2]) is opens


def test_a_closed_back_without_sinks_opens_voids_at_any_current():
    engine = ElectrodeEngine(lithium(back_is_sink=False))
    drive(engine, Control("current", -1e-6), 1.0)
    assert engine.state[2] == 1.0


def test_voltage_is_made_of_ohm_kinetics_and_constriction():
    engine = ElectrodeEngine(lithium(surface_energy=0.0))
    report = drive(engine, Control("current", -10.0), 0.9 * VOIDS / 10.0)
    fraction = report.measures["contact_fraction"]
    assert fraction == pytest.approx(0.1, rel=1e-3)
    f = FARADAY / (8.314462618 * CONTACT.temperature)
    root = math.sqrt(fraction)
    narrow = 0.25 * math.sqrt(math.pi) * 15e-6 / 0.1 * (1.0 - root) ** 1.5 / root
    expected = 10.0 * (1e-2 + narrow) + 2.0 / f * math.asinh(10.0 / fraction / 260.0)
    assert report.voltage == pytest.approx(expected, rel=1e-8)


def test_a_held_limit_does_not_take_lithium_that_is_out_of_contact():
    engine = ElectrodeEngine(lithium())
    report = drive(engine, Control("current", -10.0, 4.0), 3e4)
    assert report.limited and report.current_density == pytest.approx(0.0, abs=1e-6)
    assert -engine.ledger.charge == pytest.approx(VOIDS, rel=2e-3)
    balance = engine.ledger.balance(FARADAY)
    assert balance["lithium_relative"] < 1e-12 and balance["worst_step_relative"] < 1e-10


def test_held_voltage_ends_with_the_metal():
    engine = ElectrodeEngine(lithium(10e-6, threshold=1e6, void_depth=5e-6))
    drive(engine, Control("voltage", 0.2), 1e5)
    assert 0.0 <= engine.ledger.metal < 1e-3 * engine.ledger.metal_start


def test_stored_profiles_hold_the_lithium_that_is_there():
    engine = ElectrodeEngine(lithium())
    drive(engine, Control("current", -10.0), 0.5 * VOIDS / 10.0)
    assert np.sum(engine.gather("lithium")) * 1e-6 == pytest.approx(engine.ledger.metal, rel=1e-9)
    xi = engine.gather("xi")[:, 0, 0]
    assert xi[0] == 1.0 and 0.4 < xi[-2] < 0.6


def test_restart_is_bitwise():
    whole, first = ElectrodeEngine(lithium()), ElectrodeEngine(lithium())
    for engine in (whole, first):
        engine.set_control(Control("current", -10.0, 4.0))
        engine.step(2000.0)
    second = ElectrodeEngine(lithium())
    second.load(first.save())
    assert second.measure() == first.measure()
    for _ in range(3):
        assert whole.step(2e4) == second.step(2e4)
    assert np.array_equal(whole.state, second.state) and whole.ledger == second.ledger
