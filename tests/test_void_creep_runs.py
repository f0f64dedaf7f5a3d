"""Section `mechanics` of `model: voids`: keys, balances, restart, ranks; pressure keeps the contact."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ramify.check import check_scenario
from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control, SolverFailure
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics import lithium_creep
from ramify.physics.constants import FARADAY
from ramify.physics.viscoplasticity import creeping_lithium
from ramify.physics.void_closure import closing_rate
from ramify.scenario import ScenarioError, scenario_from_text

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
    ],
)  # fmt: skip
def test_what_cannot_apply_is_refused(override, key, told):
    with pytest.raises(ScenarioError) as refusal:
        set_by(override)
    assert key in str(refusal.value) and told in str(refusal.value)


def test_numbers_of_lithium_are_those_of_its_flow_law():
    for temperature in (280.0, 298.15, 330.0):
        law = creeping_lithium(temperature)
        for rate in (1e-9, 1e-3):
            found = lithium_creep.lithium(temperature).saturated_stress(rate)
            assert found == pytest.approx(law.saturated_stress(rate), rel=1e-12)


def test_every_key_changes_the_motion():
    changes = [
        "title=a", "mechanics.stack_pressure=3 MPa", "mechanics={stack_pressure: 2 MPa, law: anand}",
        "mechanics.creep={rate: 1e-4 1/s, stress: 1 MPa, exponent: 6.6}", "mechanics.collector=even",
        "mechanics.bottom=sliding", "mechanics.contact=bonded", "electrolyte.temperature=40 degC", "mechanics=off",
    ]  # fmt: skip
    speeds = set()
    for change in changes:
        engine = engine_of(change)
        engine._set_creep()
        speeds.add(0.0 if engine.creep is None else float(f"{engine.creep.speed:.3g}"))
    assert len(speeds) == len(changes)


def test_check_tells_how_fast_voids_close(tmp_path):
    checked = check_scenario(set_by())
    rate = closing_rate(creeping_lithium().saturated_stress, 2e6)
    assert checked.scale("time of creep") == pytest.approx(1.0 / rate, rel=1e-9)
    assert checked.scale("creep over stripping") == pytest.approx(rate * 2.5e-6 * FARADAY * 76900.0 / 3.0, rel=1e-9)
    assert 0.1 < checked.scale("creep over vacancies") < 1.0 < checked.scale("creep over vacancies") * 2.5**4
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
    engine = engine_of()
    assert engine.creep is not None
    advance = engine.creep.advance

    def spoiled(xi, step):
        crept = advance(xi, step)
        return dataclasses.replace(crept, entered=crept.entered * (1.0 + 1e-6))

    monkeypatch.setattr(engine.creep, "advance", spoiled)
    with pytest.raises(SolverFailure, match="out of balance"):
        strip(engine, 60.0)


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
