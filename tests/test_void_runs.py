"""`model: voids` as a whole: balances, voltage limits, restarts, cycling, two ranks, folders, figures."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from stopped_runs import assert_same_columns, columns, go_on, stop_every
from void_cases import PLANE, set_by

from ramify.models import TimedModel, model_of
from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control, SolverFailure, StepReport
from ramify.phasefield.grid import OWNED
from ramify.phasefield.voids.contact import Contact
from ramify.phasefield.voids.engine import VoidEngine
from ramify.phasefield.voids.measures import contact_measures
from ramify.physics import constriction, contact_loss
from ramify.physics.constants import FARADAY
from ramify.run import run_scenario


def engine_of(*overrides):
    return VoidEngine(build_problem(set_by(PLANE, *overrides)))


def run(folder, scenario, figures=False):
    return run_scenario(scenario, folder, petsc_options=[], figures=figures)


def march(engine, until):
    reports = []
    while engine.time < until:
        reports.append(engine.step(until))
    return reports


# ---------------------------------------------------------------- engine


def test_voltage_is_the_sum_of_its_parts_and_fast_strips_are_constricted_as_solved_by_hand():
    problem = build_problem(set_by(PLANE, "counter_electrode.kind=lithium"))
    shares = np.clip(0.4 * 32 - np.arange(32), 0.0, 1.0)[None]
    contact = Contact(problem.metal.domain, problem.contact)
    found = contact.solve(shares, Control("current", -5.0))
    told = contact_measures(contact, found)
    parts = contact.counter_potential(-5.0) + 5.0 * contact.slab.resistance
    assert found.voltage == pytest.approx(parts + 5.0 * told["constriction_resistance"] + told["contact_overpotential"])
    assert told["hot_spot"] == pytest.approx(told["local_current_density"] / -5.0)
    assert told["hot_spot"] > 1.0 / 0.4
    whole = contact_measures(contact, contact.solve(np.ones((1, 32)), Control("current", -5.0)))
    assert abs(whole["constriction_resistance"]) < 1e-9 * contact.slab.resistance
    fast = dataclasses.replace(problem.contact.kinetics, exchange_current_density=1e9)
    contact = Contact(problem.metal.domain, dataclasses.replace(problem.contact, kinetics=fast))
    told = contact_measures(contact, contact.solve(shares, Control("current", -5.0)))
    exact = constriction.strip_spreading(0.4 * 24e-6, 24e-6, 0.05)
    assert told["constriction_resistance"] + told["contact_overpotential"] / 5.0 == pytest.approx(exact, rel=0.02)


def test_dense_planar_metal_has_the_slab_s_supersaturation():
    engine = engine_of("voids=[]", "domain={size: [9 um], cells: [48]}")
    engine.set_control(Control("current", -1.0))
    (report,) = march(engine, 60.0)
    transport = engine.problem.metal.transport
    reach = contact_loss.effective_length(9e-6, 4e-6, True)
    s = contact_loss.supersaturation(1.0, transport.diffusivity, reach, transport.molar_volume)
    assert report.measures["contact_supersaturation"] - 1.0 == pytest.approx(s - 1.0, rel=2e-3)
    assert report.measures["contact_fraction"] == 1.0
    assert report.measures["receded"] == pytest.approx(60.0 * transport.molar_volume / FARADAY, rel=1e-9)


def test_strip_rest_plate_keeps_its_books():
    engine = engine_of()
    metal, fraction, volume = [], [], []
    for control, until in ((-1.0, 1800.0), (0.0, 2400.0), (1.0, 3600.0)):
        engine.set_control(Control("current", control))
        last = march(engine, until)[-1]
        metal.append(engine.ledger.metal)
        fraction.append(last.measures["contact_fraction"])
        volume.append(last.measures["void_volume"])
        assert math.copysign(1.0, last.voltage) == -math.copysign(1.0, control) or control == 0.0
    balance = engine.ledger.balance(FARADAY)
    assert max(balance.values()) < 1e-10
    assert metal[0] - engine.ledger.metal_start == pytest.approx(-1800.0 * 12e-6 / FARADAY, rel=1e-9)
    assert metal[1] == pytest.approx(metal[0], rel=1e-14)
    assert fraction[0] < 0.72 and fraction[2] > fraction[0]
    assert volume[2] < volume[1] < volume[0]


def test_occluded_void_is_counted_and_outlives_the_one_at_the_contact():
    voids = "voids=[{position: [3 um, 9 um], radius: 1 um}, {position: [8 um, 3.5 um], radius: 1.5 um}]"
    engine = engine_of(voids, "vacancies.sink_length=1 um")
    before = engine.measure()
    assert (before["voids"], before["occluded_voids"]) == (2.0, 1.0)
    # a diffuse disc holds pi (r^2 + pi^2 l^2/3)
    disc = math.pi * (1.5e-6**2 + math.pi**2 / 3.0 * 0.375e-6**2)
    assert before["occluded_void_volume"] == pytest.approx(disc / 12e-6, rel=0.05)
    assert before["largest_void"] == pytest.approx(before["occluded_void_volume"] * 12e-6)
    engine.set_control(Control("current", 2.0))
    after = march(engine, 3600.0)[-1].measures
    assert (after["voids"], after["occluded_voids"]) == (1.0, 1.0)
    assert after["contact_fraction"] == 1.0
    assert after["occluded_void_volume"] > 0.7 * before["occluded_void_volume"]


def test_voids_are_born_at_the_threshold_and_booked():
    engine = engine_of("voids=[]", "nucleation={law: threshold, density: 2e10 1/m^2, threshold: 1.05, seed: 3}")
    engine.set_control(Control("current", -0.5))
    reports = march(engine, 600.0)
    assert {report.measures["voids"] for report in reports} == {0.0}
    assert reports[-1].measures["contact_fraction"] == 1.0
    engine.set_control(Control("current", -2.0))
    after = march(engine, 900.0)[-1].measures
    assert after["voids"] >= 1.0 and after["contact_fraction"] < 0.9
    assert engine.state.ledger.placed > 0.0
    assert max(engine.ledger.balance(FARADAY).values()) < 1e-10


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0.0, 1e-10), (2e-9, 3e-10, 4e-9), (1e-6, None, None)])
def test_a_short_step_is_measured_by_what_it_moved(monkeypatch, share, least, most):
    # 3 ms move 1e-7 of the metal, which a sum over all of it knows to nine digits
    engine = engine_of("numerics.first_step=3 ms", "numerics.largest_step=3 ms")
    move = engine.metal._move

    def spoiled(xi, motion, velocity, dt):
        moved = move(xi, motion, velocity, dt)
        wall = np.unravel_index(np.abs(moved[OWNED] - 0.5).argmin(), moved[OWNED].shape)
        moved[OWNED][wall] += share * 32.0 * dt * engine._omega / FARADAY / engine.grid.domain.spacing[2]
        return moved

    monkeypatch.setattr(engine.metal, "_move", spoiled)
    engine.set_control(Control("current", -1.0))
    if most is None:
        with pytest.raises(SolverFailure, match="lithium or charge is out of balance by"):
            march(engine, 0.01)
    else:
        march(engine, 0.01)
        assert least <= engine.ledger.worst_step < most


def test_voids_that_are_not_those_of_the_books_stop_the_run():
    engine = engine_of()
    engine.set_control(Control("current", -1.0))
    engine.step(60.0)
    xi = engine.state.xi.copy()
    xi[3, 1, 3] -= 1e-3
    engine.state = dataclasses.replace(engine.state, xi=xi)
    with pytest.raises(SolverFailure, match="the volume of the voids and the books of lithium differ by"):
        engine.step(120.0)


def test_voltage_limit_is_met_in_time_and_then_held():
    times = []
    for largest in (1e9, 30.0):
        engine = engine_of(f"numerics.largest_step={largest:g} s")
        engine.set_control(Control("current", -3.0, 6.5e-3))
        reports: list[StepReport] = []
        while not reports or not reports[-1].limited:
            reports.append(engine.step(7200.0))
        assert reports[-1].voltage == 6.5e-3
        assert all(report.voltage < 6.5e-3 for report in reports[:-1])
        times.append(engine.time)
    assert times[1] == pytest.approx(times[0], rel=0.02)
    held = engine.step(7200.0)
    assert held.limited and held.voltage == 6.5e-3
    assert -3.0 < held.current_density < 0.0
    assert max(engine.ledger.balance(FARADAY).values()) < 1e-10


def test_rejected_step_leaves_no_trace(monkeypatch):
    free, disturbed = engine_of(), engine_of()
    advance, calls = disturbed.metal.advance, []

    def bad(state, dt, current):
        tried = advance(state, dt, current)
        calls.append(dt)
        return dataclasses.replace(tried, error=1e9) if len(calls) == 4 else tried

    monkeypatch.setattr(disturbed.metal, "advance", bad)
    for engine in (free, disturbed):
        engine.set_control(Control("current", -1.0))
    reports = [disturbed.step(1800.0) for _ in range(6)]
    assert reports[3].rejected == 1
    for report in reports:
        free._next_step = report.step
        free.problem = dataclasses.replace(free.problem, numerics=dataclasses.replace(
            free.problem.numerics, largest_step=report.step))  # fmt: skip
        assert free.step(1800.0).step == report.step
    np.testing.assert_array_equal(free.state.xi, disturbed.state.xi)
    assert free.ledger == disturbed.ledger


def test_restart_is_bitwise():
    whole = engine_of()
    whole.set_control(Control("current", -1.0, 1.0))
    for _ in range(4):
        whole.step(1800.0)
    other = engine_of()
    other.load(whole.save())
    for _ in range(4):
        a, b = whole.step(1800.0), other.step(1800.0)
        assert (a.time, a.voltage, a.measures) == (b.time, b.voltage, b.measures)
    np.testing.assert_array_equal(whole.state.xi, other.state.xi)
    assert whole.ledger == other.ledger


def test_two_ranks_agree(mpiexec):
    script = Path(__file__).with_name("parallel_voids_cell.py")
    one, two = (json.loads(mpiexec(ranks, script).stdout) for ranks in (1, 2))
    assert max(one["balance"], two["balance"]) < 1e-10
    assert two["numbers"] == pytest.approx(one["numbers"], rel=1e-7)


# ---------------------------------------------------------------- runs


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voids") / "whole"
    assert run(folder, set_by(PLANE), figures=True) == 0
    return folder


def test_a_run_leaves_the_whole_folder(uninterrupted):
    summary = json.loads((uninterrupted / "summary.json").read_text())
    history, fields = columns(uninterrupted), columns(uninterrupted, "fields.nc")
    assert summary["status"] == "finished" and max(summary["balance"].values()) < 1e-10
    assert summary["contact_fraction"] == history["contact_fraction"][-1]
    assert "salt" not in history
    assert fields["xi"].shape[1:] == (48, 1, 32)
    assert np.all(fields["xi"][:, 24:] == 0.0)
    stripping = fields["phi"][1]
    assert np.all(stripping[:24] == stripping[0, 0, 0]) and np.all(np.diff(stripping[24:].mean(axis=(1, 2))) < 0.0)
    assert fields["contact_current"][1, 24].mean() == pytest.approx(-1.0)
    assert np.isnan(fields["vacancies"][:, 24:]).all()
    drawn = {path.name for path in (uninterrupted / "figures").iterdir()}
    assert drawn == {"history.png", "sections.png", "contact.png", "animation.gif"}
    assert all((uninterrupted / "figures" / name).stat().st_size > 10_000 for name in drawn)


def test_stopped_and_resumed_is_the_same(uninterrupted, tmp_path, monkeypatch):
    folder = tmp_path / "often"
    stop_every(monkeypatch, 5)
    assert go_on(run(folder, set_by(PLANE)), folder) >= 2
    assert_same_columns(folder, uninterrupted)


def test_contact_that_is_gone_stops_the_run(tmp_path):
    case = set_by(
        PLANE,
        "protocol=['strip at 1 mA/cm^2 until 1 mAh/cm^2']",
        "output.every=",
        "vacancies.sink_length=1 um",
        "domain={size: [6 um, 6 um], cells: [12, 12]}",
        "voids=[{position: [0 um, 6 um], radius: 2 um}]",
    )
    assert run(tmp_path / "gone", case) == 0
    summary = json.loads((tmp_path / "gone" / "summary.json").read_text())
    assert summary["status"] == "stopped" and "no metal in contact" in summary["stop_reason"]


def test_model_is_timed_and_studies_know_its_columns():
    from ramify.study.quantities import known_names

    assert isinstance(model_of(set_by(PLANE)), TimedModel)
    assert {"hot_spot", "constriction_resistance", "occluded_voids"} <= set(known_names())
