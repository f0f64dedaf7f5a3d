"""Section `mechanics` of `model: voids`: keys, balances, restart, ranks; pressure keeps the contact."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ramify.check import check_scenario
from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control, SolverFailure
from ramify.phasefield.voids.creep import Carriage
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics import lithium_creep
from ramify.physics.constants import FARADAY
from ramify.physics.viscoplasticity import anand_lithium, creeping_lithium
from ramify.physics.void_closure import closing_rate
from ramify.run.cycler import Cycler
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.scenario.protocol import Protocol

PRESSED = """\
model: voids
domain: {size: [12 um, 9 um], cells: [16, 12]}
vacancies: {sink_length: 4 um}
voids:
  - {position: [3 um, 9 um], radius: 2.5 um}
electrolyte: {thickness: 40 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
mechanics: {stack_pressure: 2 MPa}
protocol:
  - strip at 0.3 mA/cm^2 for 20 min limit 1 V
"""


def set_by(*overrides):
    return scenario_from_text(PRESSED, list(overrides), "case.yaml")


def engine_of(*overrides):
    return VoidEngine(build_problem(set_by(*overrides)))


def strip(engine, until, current=-3.0):
    engine.set_control(Control("current", current, 1.0))
    while engine.time < until:
        report = engine.step(until)
    return report.measures


@pytest.mark.parametrize(
    ("override", "key", "told"),
    [
        ("mechanics={}", "mechanics.stack_pressure", "required"),
        ("mechanics.stack_pressure=1", "mechanics.stack_pressure", "unit"),
        ("mechanics.stack_presure=1 MPa", "mechanics.stack_presure", "did you mean 'stack_pressure'"),
        ("mechanics.law=elastic", "mechanics.law", "anand"),
        ("mechanics={stack_pressure: 1 MPa, law: anand, creep: {rate: 1 1/s, stress: 1 MPa, exponent: 5}}",
         "mechanics.creep", "law: creep"),
        ("mechanics.creep={rate: 1 1/s, stress: 1 MPa, exponent: 12}", "mechanics.creep.exponent", "8"),
        ("voids=[]", "mechanics", "nothing to creep into"),
        ("mechanics.stack_pressure=0 MPa", "mechanics.stack_pressure", "'under PRESSURE' in a step"),
    ],
)  # fmt: skip
def test_what_cannot_apply_is_refused(override, key, told):
    with pytest.raises(ScenarioError) as refusal:
        set_by(override)
    assert key in str(refusal.value) and told in str(refusal.value)


def test_a_pressure_of_a_step_needs_metal_that_creeps():
    with pytest.raises(ScenarioError) as refusal:
        set_by("protocol=[rest for 1 h under 3 MPa]", "mechanics=off")
    assert "protocol[0]" in str(refusal.value) and "nothing presses" in str(refusal.value)
    for model in ("sand_time", "strip_li", "zinc_2020"):
        with pytest.raises(ScenarioError) as refusal:
            load_scenario(model, ["protocol=[hold at -0.1 V for 1 s until 1 mAh/cm^2 under 3 MPa]"])
        assert "no stack pressure that changes" in str(refusal.value)


def test_numbers_of_lithium_are_those_of_its_flow_law():
    for temperature in (280.0, 298.15, 330.0):
        law = creeping_lithium(temperature)
        for rate in (1e-9, 1e-3):
            found = lithium_creep.lithium(temperature).saturated_stress(rate)
            assert found == pytest.approx(law.saturated_stress(rate), rel=1e-12)


def test_every_key_changes_the_motion():
    changes = [
        "title=a", "mechanics.stack_pressure=3 MPa", "mechanics={stack_pressure: 2 MPa, law: anand}",
        "mechanics={stack_pressure: 2 MPa, law: anand, resistance: saturated}",
        "mechanics.creep={rate: 1e-4 1/s, stress: 1 MPa, exponent: 6.6}", "mechanics.collector=even",
        "mechanics.bottom=sliding", "mechanics.contact=bonded", "electrolyte.temperature=40 degC", "mechanics=off",
    ]  # fmt: skip
    speeds = set()
    for change in changes:
        engine = engine_of(change)
        engine._set_creep()
        speeds.add(0.0 if engine.creep is None else float(f"{engine.creep.speed:.3g}"))
    assert len(speeds) == len(changes)


def test_pressure_changes_with_the_step_of_the_protocol():
    """Under none, then pressed: the velocity is that of a run that was pressed all along; 1 MPa again, 2^-5 of it."""
    engine = engine_of(
        "mechanics.stack_pressure=0 MPa", "protocol=[strip at 0.3 mA/cm^2 for 1 h under 2 MPa limit 1 V]"
    )
    step = set_by("protocol=[rest for 1 h under 2 MPa]").protocol[0]
    engine.set_control(Control("current", -3.0, 1.0))
    report = engine.step(100.0)
    assert report.measures["stack_pressure"] == 0.0 == report.measures["crept"]
    engine.set_control(Cycler(Protocol((step,)), 1.0).control())
    engine._set_creep()
    pressed = engine_of()
    pressed.state = engine.state
    pressed._set_creep()
    assert engine.creep.speed == pytest.approx(pressed.creep.speed, rel=1e-12)
    report = engine.step(200.0)
    assert report.measures["stack_pressure"] == 2e6 and report.measures["crept"] > 0.0
    engine._set_creep()
    before = engine.creep.speed
    engine.set_control(Control("current", 0.0, pressure=1e6))
    engine._set_creep()
    assert engine.creep.speed == pytest.approx(before / 32.0, rel=1e-4)
    other = engine_of()
    other.load(engine.save())
    a, b = engine.step(900.0), other.step(900.0)
    names = ("stack_pressure", "crept", "void_volume", "contact_fraction")
    assert [a.measures[name] for name in names] == [b.measures[name] for name in names]
    assert a.time == b.time and b.measures["stack_pressure"] == 1e6


def test_published_metal_is_under_the_pressure_of_the_step_too():
    published = ("formulation=allen_cahn", "vacancies={}", "domain.cells=[24, 18]", "mechanics.stack_pressure=1 MPa")
    engine, speeds = engine_of(*published), []
    for pressure in (None, 2e6):
        engine.set_control(Control("current", 0.0, pressure=pressure))
        engine._set_creep()
        speeds.append(engine.creep.speed)
    # the fifth power, but for what stress adds to the vacancies that thin the published metal
    assert speeds[1] == pytest.approx(32.0 * speeds[0], rel=0.05)
    source = engine.metal.stage._behind
    report = engine.step(1e-3)
    assert report.measures["stack_pressure"] == 2e6
    assert engine.metal.stage._behind == pytest.approx(2.0 * source, rel=1e-12)
    with pytest.raises(ScenarioError) as refusal:
        set_by(*published, "mechanics={stack_pressure: 1 MPa, law: anand, resistance: evolving}")
    assert "mechanics.resistance" in str(refusal.value)
    assert set_by(*published, "mechanics={stack_pressure: 1 MPa, law: anand}").mechanics.resistance == "saturated"


def test_steps_are_not_forced_on_metal_that_creeps_faster():
    engine = engine_of("numerics.smallest_step=100 s")
    engine.set_control(Control("current", -3.0, 1.0))
    with pytest.raises(SolverFailure, match="creeps so fast") as failure:
        engine.step(1200.0)
    assert "lower stack pressure" in failure.value.remedy and engine.time == 0.0


def test_check_tells_how_fast_voids_close(tmp_path):
    checked = check_scenario(set_by())
    rate = closing_rate(creeping_lithium().saturated_stress, 2e6)
    assert checked.scale("time of creep") == pytest.approx(1.0 / rate, rel=1e-9)
    assert checked.scale("creep over stripping") == pytest.approx(rate * 2.5e-6 * FARADAY * 76900.0 / 3.0, rel=1e-9)
    assert 0.1 < checked.scale("creep over vacancies") < 1.0 < checked.scale("creep over vacancies") * 2.5**4
    pressed = check_scenario(set_by("protocol=[rest for 1 h under 4 MPa, rest for 1 h]"))
    assert pressed.scale("time of creep") == pytest.approx(32.0 * pressed.scale("time of creep, pressed"), rel=1e-6)
    virgin = check_scenario(set_by("mechanics={stack_pressure: 2 MPa, law: anand}"))
    by_law = closing_rate(replace(anand_lithium(), hardening=0.0).saturated_stress, 2e6)
    assert virgin.scale("time of creep, virgin") == pytest.approx(1.0 / by_law, rel=1e-9)
    assert virgin.scale("time of creep, virgin") < 0.5 * virgin.scale("time of creep")
    case = tmp_path / "case.yaml"
    case.write_text(PRESSED)
    code = f"import sys; from ramify.cli import main; sys.argv = ['ramify', 'check', {str(case)!r}]\n" \
        "try: main()\nexcept SystemExit as end: assert not end.code\n" \
        "assert not {'numba', 'petsc4py', 'mpi4py', 'matplotlib', 'xarray'} & set(sys.modules), 'heavy'"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_pressure_keeps_the_contact_and_the_books():
    alone, pressed = engine_of("mechanics=off"), engine_of()
    without, under = strip(alone, 1200.0), strip(pressed, 1200.0)
    assert without["contact_fraction"] < 0.5 < 0.8 < under["contact_fraction"]
    assert under["void_volume"] < without["void_volume"]
    assert under["crept"] > 0.0 == without["crept"]
    assert max(pressed.ledger.balance(FARADAY).values()) < 1e-10
    stripped = pressed.ledger.metal_start - pressed.ledger.metal
    assert stripped == pytest.approx(1200.0 * 3.0 * 12e-6 / FARADAY, rel=1e-10)
    # at rest the void goes on closing, without a charge
    before = pressed.ledger.metal
    rested = strip(pressed, 1800.0, 0.0)
    assert rested["contact_fraction"] > under["contact_fraction"]
    assert pressed.ledger.metal == pytest.approx(before, rel=1e-13)


def test_creep_that_brings_in_what_no_cell_gains_stops_the_run(monkeypatch):
    engine, carried = engine_of(), Carriage.__call__

    def spoiled(carriage, xi, duration):
        before, out = carriage.entered, carried(carriage, xi, duration)
        carriage.entered += 1e-6 * (carriage.entered - before)
        return out

    monkeypatch.setattr(Carriage, "__call__", spoiled)
    with pytest.raises(SolverFailure, match="out of balance"):
        strip(engine, 60.0)


def test_a_void_that_has_closed_leaves_dense_metal_and_long_steps():
    engine = engine_of("mechanics.stack_pressure=5 MPa", "voids=[{position: [3 um, 9 um], radius: 1.6 um}]")
    start = engine.measure()["void_volume"]
    engine.set_control(Control("current", 0.0))
    for _ in range(40):
        report = engine.step(3600.0)
        assert engine.state.xi.max() < 1.0 + 1e-3  # no metal is pressed into metal
        if engine.time == 3600.0:
            break
    assert engine.time == 3600.0 and report.measures["contact_fraction"] == 1.0
    assert abs(report.measures["void_volume"]) < 1e-3 * start
    crept, placed = report.measures["crept"], engine.state.ledger.placed
    assert max(engine.ledger.balance(FARADAY).values()) < 1e-10
    assert 0.1 * start < crept < start and placed < 0.0


def test_restart_is_bitwise():
    whole = engine_of()
    whole.set_control(Control("current", -3.0, 1.0))
    for _ in range(4):
        whole.step(1200.0)
    other = engine_of()
    other.load(whole.save())
    for _ in range(4):
        a, b = whole.step(1200.0), other.step(1200.0)
        assert (a.time, a.voltage, a.measures) == (b.time, b.voltage, b.measures)
    np.testing.assert_array_equal(whole.state.xi, other.state.xi)
    assert whole.ledger == other.ledger


def test_two_ranks_agree(mpiexec):
    script = Path(__file__).with_name("parallel_creep.py")
    one, two = (json.loads(mpiexec(ranks, script, "engine").stdout)["numbers"] for ranks in (1, 2))
    assert two == pytest.approx(one, rel=1e-4)
