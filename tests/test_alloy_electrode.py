"""The alloy electrode against exact solutions, an independent discretisation, and its own balances."""

import math
from itertools import pairwise

import numpy as np
import pytest
from electrodes import FAST, VOLUME, D, alloy, depleted, drive

from ramify.alloy.alloy_electrode import AlloyElectrode, graded
from ramify.alloy.attempt import Drive
from ramify.alloy.engine import ElectrodeEngine
from ramify.alloy.problem import Numerics
from ramify.phasefield.engine import Control
from ramify.physics import alloy_limits
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validation.references import alloy_stripping

TIGHT = Numerics(time_tolerance=1e-5)


def lattice_reference(current=10.0, magnesium=0.1):
    velocity = current * VOLUME / FARADAY
    return alloy_stripping.depletion(magnesium, 400) * D / velocity**2


# ---------------------------------------------------------------- depletion in the three frames


def test_depletion_at_a_fixed_boundary_is_sands_time():
    _, report = depleted(alloy(frame="fixed"))
    exact = alloy_limits.depletion_time_fixed(D, 68_700.0, 10.0)
    assert exact == pytest.approx(828.2, abs=0.1)
    assert report.time == pytest.approx(exact, rel=2e-3)


def test_depletion_in_the_volume_frame_is_the_closed_form():
    _, report = depleted(alloy(frame="volume"))
    assert report.time == pytest.approx(alloy_limits.depletion_time_volume(D, 0.1, 10.0, VOLUME), rel=1e-3)


def test_depletion_in_the_lattice_frame_is_that_of_another_discretisation():
    reference = lattice_reference()
    assert reference == pytest.approx(5.79e3, rel=1e-3)
    _, report = depleted(alloy())
    assert report.time == pytest.approx(reference, rel=2e-3)


def test_surface_composition_follows_the_closed_form_of_the_volume_frame():
    engine = ElectrodeEngine(alloy(frame="volume"))
    velocity = 10.0 * VOLUME / FARADAY
    worst = []

    def compare(report):
        if report.time > 100.0:
            exact = 0.1 * alloy_limits.enrichment(velocity**2 * report.time / D)
            worst.append(abs(report.measures["contact_magnesium"] / exact - 1.0))

    drive(engine, Control("current", -10.0), on_step=compare)
    assert len(worst) > 10 and max(worst) < 2e-3


def test_surface_composition_begins_as_the_linearised_law():
    engine = ElectrodeEngine(alloy(smallest=1e-8, numerics=TIGHT))
    report = drive(engine, Control("current", -10.0), 4.0)
    velocity = 10.0 * VOLUME / FARADAY
    rise = 2.0 * velocity / D * math.sqrt(0.1 * D * 4.0 / math.pi)
    assert report.measures["contact_magnesium"] - 0.1 == pytest.approx(rise, rel=0.1)
    assert rise < 0.03


def test_little_magnesium_is_swept_up_into_a_wedge():
    """D/(2 y0 v^2), to first order in y0, of the reference; the solver follows it."""
    short = [1.0 - 2.0 * y0 * alloy_stripping.depletion(y0, 400) for y0 in (0.02, 0.01)]
    assert short == pytest.approx([0.02, 0.01], rel=0.05)


@pytest.mark.parametrize(("magnesium", "cells", "tolerance"), [(0.02, 400, 1e-2), (0.3, 200, 3e-3)])
def test_depletion_of_poor_and_rich_alloys(magnesium, cells, tolerance):
    problem = alloy(400e-6, cells, 6e-8, magnesium=magnesium, numerics=Numerics(time_tolerance=3e-4))
    assert depleted(problem)[1].time == pytest.approx(lattice_reference(magnesium=magnesium), rel=tolerance)


@pytest.mark.parametrize("frame", ["fixed", "volume", "lattice"])
def test_a_tenth_of_the_current_takes_ten_times_as_much_out_of_a_thick_electrode(frame):
    many = depleted(alloy(frame=frame))[0].ledger.charge
    few = depleted(alloy(2e-3, smallest=1e-6, frame=frame), 1.0)[0].ledger.charge
    assert few / many == pytest.approx(10.0, rel=1e-6)


def test_thin_electrode_at_a_fixed_boundary_follows_its_fourier_series():
    H, j = 5e-6, 10.0
    engine = ElectrodeEngine(alloy(H, 200, H / 200, frame="fixed", numerics=TIGHT))
    for time in (50.0, 400.0, 800.0):
        report = drive(engine, Control("current", -j), time - engine.time)
        fo, n = D * time / H**2, np.arange(1, 400)
        series = fo + 1.0 / 3.0 - np.sum(2.0 / (n * math.pi) ** 2 * np.exp(-((n * math.pi) ** 2) * fo))
        exact = 68_700.0 - j * H / (FARADAY * D) * series
        y = report.measures["contact_magnesium"]
        assert (1.0 - y) / y * 0.1 / VOLUME == pytest.approx(exact, abs=3e-4 * 68_700.0)


def test_a_thin_electrode_gives_all_but_what_diffusion_leaves_behind():
    left = []
    for j in (0.2, 0.1):
        engine, _ = depleted(alloy(20e-6, 100, 2e-7), j)
        exact = alloy_limits.left_behind(D, 0.1, 20e-6, j, VOLUME)
        left.append(engine.ledger.metal / exact)
    assert left[1] == pytest.approx(1.0, abs=0.02)
    assert abs(left[1] - 1.0) < 0.6 * abs(left[0] - 1.0)


def test_order_in_space_is_two():
    reference = lattice_reference()
    errors = []
    for n in (1, 2, 4):
        problem = alloy(40e-6, 50 * n, 1.0, numerics=Numerics(time_tolerance=2e-6))
        errors.append(abs(depleted(problem)[1].time - reference))
    assert math.log2(errors[1] / errors[2]) > 1.9


def test_order_in_time_is_two():
    electrode = AlloyElectrode(alloy(40e-6, 60, 3e-7))
    states = []
    for n in (4, 8, 16, 32):
        state = electrode.start()
        for width in np.diff(400.0 * (np.arange(n + 1) / n) ** 2):
            state = electrode.attempt(state, float(width), Drive(-10.0)).state
        states.append(state)
    gaps = [float(np.max(np.abs(a - b))) for a, b in pairwise(states)]
    assert math.log2(gaps[1] / gaps[2]) > 1.9


# ---------------------------------------------------------------- balances, rest, held voltage, plating


def test_lithium_and_charge_agree_to_round_off():
    engine = ElectrodeEngine(alloy(30e-6, lithium_volume=1.3e-5, magnesium_volume=1.4e-5))
    drive(engine, Control("current", -10.0, 0.5), 3600.0)
    drive(engine, Control("current", 0.0), 1800.0)
    drive(engine, Control("current", 5.0), 1800.0)
    drive(engine, Control("voltage", 0.02), 600.0)
    balance = engine.ledger.balance(FARADAY)
    assert balance["lithium_relative"] < 1e-12
    assert balance["charge_relative"] < 1e-12
    assert balance["worst_step_relative"] < 1e-10
    assert engine.ledger.stripped > 0.0 and engine.ledger.plated > 0.0


def test_thickness_is_that_of_the_volumes_that_are_left():
    engine = ElectrodeEngine(alloy(30e-6, lithium_volume=1.3e-5, magnesium_volume=1.4e-5))
    report = drive(engine, Control("current", -5.0), 2000.0)
    assert report.measures["mean_height"] == pytest.approx(30e-6 - 1.3e-5 * 5.0 * 2000.0 / FARADAY, rel=1e-12)


def test_stored_profiles_hold_the_lithium_that_is_there():
    engine = ElectrodeEngine(alloy(30e-6))
    drive(engine, Control("current", -5.0), 2000.0)
    cell = engine.problem.domain.spacing[2]
    assert np.sum(engine.gather("lithium")) * cell == pytest.approx(engine.ledger.metal, rel=1e-12)
    assert np.sum(engine.gather("xi")) * cell == pytest.approx(engine.measure()["mean_height"], rel=1e-12)
    magnesium = engine.gather("magnesium")[:, 0, 0]
    inside = np.isfinite(magnesium)
    assert np.all(np.diff(magnesium[inside]) > -1e-12) and not inside[-1]


def test_after_a_rest_the_electrode_is_even_and_gives_more():
    engine = ElectrodeEngine(alloy(10e-6))
    drive(engine, Control("current", -10.0))
    first = -engine.ledger.charge
    report = drive(engine, Control("current", 0.0), 1e6)
    y = report.measures["contact_magnesium"]
    sites = 0.1 * 10e-6 / VOLUME
    assert y == pytest.approx(sites / (sites + engine.ledger.metal), rel=1e-6)
    assert report.measures["collector_magnesium"] == pytest.approx(y, rel=1e-6)
    drive(engine, Control("current", -10.0))
    assert -engine.ledger.charge - first > 0.02 * first


def test_two_hours_of_rest_recover_capacity_that_was_not_there_before():
    engine = ElectrodeEngine(alloy())
    stop = Control("current", -10.0, 4.0)
    drive(engine, stop)
    before = -engine.ledger.charge
    drive(engine, Control("current", 0.0), 7200.0)
    drive(engine, stop)
    assert -engine.ledger.charge - before == pytest.approx(0.28 * before, rel=0.05)


def test_cut_off_ends_a_step_where_the_voltage_is_the_limit():
    engine = ElectrodeEngine(alloy())
    report = drive(engine, Control("current", -10.0, 0.4))
    assert report.limited and report.voltage == 0.4 and report.current_density == -10.0
    electrode = engine.electrode
    assert electrode.voltage(engine.state, -10.0) == pytest.approx(0.4, abs=1e-7)
    y = report.measures["contact_magnesium"]
    f = FARADAY / (GAS_CONSTANT * 303.15)
    # by hand: ohmic drop, Nernst, and asinh of Butler-Volmer with i0 sqrt(a)
    overpotential = 2.0 / f * math.asinh(10.0 / (2.0 * 130.0 * math.sqrt(1.0 - y)))
    assert 0.1 - math.log(1.0 - y) / f + overpotential == pytest.approx(0.4, abs=1e-6)


def test_held_voltage_lets_the_current_fall_as_cottrell():
    engine = ElectrodeEngine(alloy(frame="fixed", contact=FAST, smallest=2e-8, numerics=TIGHT))
    report = drive(engine, Control("voltage", 1.0), 300.0)
    exact = FARADAY * 68_700.0 * math.sqrt(D / (math.pi * 300.0))
    assert -report.current_density == pytest.approx(exact, rel=5e-3)


def test_a_limit_holds_the_voltage_and_lets_the_current_fall():
    engine = ElectrodeEngine(alloy())
    currents = []
    report = drive(
        engine, Control("current", -10.0, 4.0), 3e4, lambda r: currents.append(r.current_density) if r.limited else None
    )
    assert report.limited and report.voltage == 4.0
    assert np.all(np.diff(currents) > 0.0) and -5.0 < currents[-1] < -1.0


def test_plating_beyond_what_diffuses_in_covers_the_alloy_with_lithium():
    shares = []
    for n in (1, 2, 4):
        engine = ElectrodeEngine(alloy(10e-6, 60 * n, 1e-7 / n))
        electrode, start = engine.electrode, engine.state
        assert isinstance(electrode, AlloyElectrode)
        report = drive(engine, Control("current", 5.0), 2000.0)
        assert report.measures["contact_magnesium"] == pytest.approx(0.0, abs=0.01)
        assert report.voltage == pytest.approx(-0.05, abs=0.003)
        gain = electrode.sites * (engine.state - start)
        depth = np.cumsum(electrode.sites[::-1])[::-1] * electrode.site_volume
        shares.append(float(np.sum(gain[depth > 0.5e-6]) / np.sum(gain)))
    assert 0.1 < shares[2] < shares[1] < shares[0] < 0.2
    assert shares[1] - shares[2] < 0.6 * (shares[0] - shares[1])


def test_a_plated_layer_diffuses_in_when_left_alone():
    engine = ElectrodeEngine(alloy(10e-6, 60, 1e-7))
    drive(engine, Control("current", 5.0), 2000.0)
    drive(engine, Control("current", 0.0), 3e6)
    sites = 0.1 * 10e-6 / VOLUME
    mean = sites / (sites + engine.ledger.metal)
    assert engine.measure()["collector_magnesium"] == pytest.approx(mean, rel=1e-3)
    assert engine.measure()["contact_magnesium"] == pytest.approx(mean, rel=1e-3)


# ---------------------------------------------------------------- what D and the activity mean


def test_tracer_diffusivity_is_quickened_by_the_thermodynamic_factor():
    attraction = -6.0 * GAS_CONSTANT * 303.15
    plain = depleted(alloy(interaction=(attraction,)))[1].time
    quick = depleted(alloy(interaction=(attraction,), meaning="tracer"))[1].time
    ideal = depleted(alloy(meaning="tracer"))[1].time
    assert ideal == pytest.approx(depleted(alloy())[1].time, rel=1e-12)
    assert plain == pytest.approx(ideal, rel=1e-4)
    assert quick > 2.0 * plain


def test_a_table_of_one_value_is_that_value_and_a_falling_one_depletes_sooner():
    constant = depleted(alloy())[1].time
    same = depleted(alloy(fractions=(0.0, 0.5), diffusivities=(D, D)))[1].time
    assert same == pytest.approx(constant, rel=1e-12)
    assert depleted(alloy(fractions=(0.1, 0.9), diffusivities=(D, 0.1 * D)))[1].time < 0.7 * constant


def test_volume_frame_is_a_lattice_frame_whose_diffusivity_falls_as_one_over_magnesium():
    y = np.geomspace(0.1, 1.0, 80)
    law = {"fractions": tuple(y), "diffusivities": tuple(D / y)}
    assert depleted(alloy(**law))[1].time == pytest.approx(depleted(alloy(frame="volume"))[1].time, rel=1e-3)


# ---------------------------------------------------------------- grid, restart


@pytest.mark.parametrize(("cells", "smallest"), [(100, 1e-7), (100, 1e-6), (100, 1e-9)])
def test_graded_cells_fill_the_length(cells, smallest):
    widths = graded(50e-6, cells, smallest)
    assert len(widths) == cells and np.sum(widths) == pytest.approx(50e-6, rel=1e-12)
    assert np.all(np.diff(widths) <= 0.0)
    assert widths[-1] == pytest.approx(min(smallest, 50e-6 / cells), rel=1e-6)


def test_restart_is_bitwise():
    whole, first = ElectrodeEngine(alloy(cells=80)), ElectrodeEngine(alloy(cells=80))
    for engine in (whole, first):
        engine.set_control(Control("current", -10.0, 4.0))
        for _ in range(20):
            engine.step(1e5)
    second = ElectrodeEngine(alloy(cells=80))
    second.load(first.save())
    assert second.measure() == first.measure()
    for _ in range(10):
        one, other = whole.step(1e5), second.step(1e5)
        assert one == other
    assert np.array_equal(whole.state, second.state)
    assert whole.ledger == second.ledger


def test_a_rejected_attempt_leaves_no_trace():
    engine = ElectrodeEngine(alloy(cells=80))
    engine.set_control(Control("current", -10.0))
    before = engine.save()
    engine.electrode.attempt(engine.state, 1e5, Drive(-10.0))
    after = engine.save()
    assert np.array_equal(before.pop("state"), after.pop("state")) and before == after
