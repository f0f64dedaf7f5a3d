"""Scenarios of `model: grand_potential`: keys, refusals, checks, runs of both engines."""

import json

import h5netcdf
import numpy as np
import pytest
from typer.testing import CliRunner

from ramify.check import check_scenario
from ramify.cli import app
from ramify.models.grand_potential import make_engine
from ramify.models.grand_potential.build import build_problem
from ramify.phasefield.engine import Control
from ramify.scenario import ScenarioError, scenario_from_text, to_yaml
from ramify.scenario.loading import load_scenario

SMALL = """\
model: grand_potential
domain: {size: [2 um, 4 um], cells: [8, 16]}
phase:
  gradient_coefficient: 0.3 um^2
  barrier: 2.4
  mobility: 6.25 1/s
  anisotropy: {strength: 0.05, mode: 4, angle: 10 deg, of: kappa}
reaction: {rate: 0.001 1/s, transfer_coefficient: 0.5, charge_over_thermal_energy: 38.69 1/V, reference: zero}
electrolyte: {diffusivity: 317.9 um^2/s, conductivity: 1.19 S/m, site_energy: 2.631, sites_per_ion: 14.89,
              concentration: 1 mol/L}
electrode: {conductivity: 1e6 S/m, site_energy: -13.8, site_ratio: 5.5, charge_density: 7.4e9 C/m^3}
start: {front: 1.5 um, nuclei: [{position: [0.5 um, 1.5 um], radius: 0.5 um}]}
boundaries: {counter: {phi: 0.01 V}}
noise: {amplitude: 0.04 1/s, seed: 1, interval: 0.01 s}
diagnostics: {positions: [2.02 um]}
protocol: [hold at -0.3 V for 0.02 s]
numerics: {fixed_step: 0.01 s}
"""

CHANGES = [
    "phase.gradient_coefficient=0.4 um^2",
    "phase.barrier=3",
    "phase.mobility=5 1/s",
    "phase.anisotropy.strength=0.02",
    "phase.anisotropy.mode=6",
    "phase.anisotropy.angle=30 deg",
    "phase.anisotropy.of=root_kappa",
    "phase.anisotropy=",
    "reaction.rate=0.002 1/s",
    "reaction.transfer_coefficient=0.4",
    "reaction.charge_over_thermal_energy=36 1/V",
    "reaction.reference=counter",
    "reaction.reference=-20 mV",
    "electrolyte.diffusivity=200 um^2/s",
    "electrolyte.conductivity=2 S/m",
    "electrolyte.site_energy=2.5",
    "electrolyte.sites_per_ion=16",
    "electrolyte.concentration=2 mol/L",
    "electrode.conductivity=10 S/m",
    "electrode.site_energy=-5",
    "electrode.site_ratio=4",
    "electrode.charge_density=9e9 C/m^3",
    "start.front=1.4 um",
    "start.nuclei.0.radius=0.6 um",
    "start.nuclei=[]",
    "start.width=0.3 um",
    "start.mu=-0.2",
    "boundaries.collector.xi=no flux",
    "boundaries.counter.xi=0.2",
    "boundaries.counter.mu=0.5",
    "boundaries.counter.phi=0.02 V",
    "noise.amplitude=0.1 1/s",
    "noise.seed=2",
    "noise.interval=0.005 s",
    "noise.spacing=0.5 um",
    "noise=",
    "protocol.0=hold at -0.32 V for 0.02 s",
    "domain.lateral=periodic",
    "numerics.order=1",
    "numerics.fixed_step=0.005 s",
]
"""Every key of the model that enters its equations or the units of its results."""


def fields_of(*overrides):
    scenario = scenario_from_text(SMALL, overrides)
    engine = make_engine("petsc", build_problem(scenario))
    step = scenario.protocol[0]
    engine.set_control(Control("voltage", step.voltage))
    while engine.time < step.duration:
        report = engine.step(step.duration)
    return {name: engine.gather(name) for name in ("xi", "mu", "c", "phi")}, report


@pytest.fixture(scope="module")
def unchanged():
    return fields_of()[0]


@pytest.mark.parametrize("change", CHANGES)
def test_every_key_changes_the_result(unchanged, change):
    found, _ = fields_of(change)
    moved = {name: float(np.abs(found[name] - unchanged[name]).max()) for name in found}
    scale = {"xi": 1.0, "mu": 1.0, "c": 1e3, "phi": 0.3}
    assert max(moved[name] / scale[name] for name in moved) > 1e-6, moved


def test_a_potential_at_the_collector_needs_electrolyte_there(unchanged):
    """Through metal no lithium passes; through a phase of one half it does."""
    through_metal, _ = fields_of("boundaries.collector.mu=-1")
    assert np.abs(through_metal["xi"] - unchanged["xi"]).max() < 1e-6
    closed, opened = (fields_of(f"boundaries.collector={{xi: 0.5, mu: {mu}}}")[0] for mu in ("no flux", "-1"))
    assert np.abs(opened["mu"] - closed["mu"]).max() > 1e-3


def test_electrons_turn_charge_into_moles():
    _, one = fields_of()
    _, two = fields_of("reaction.electrons=2")
    assert two.measures["counter_lithium_current"] == pytest.approx(2.0 * one.measures["counter_lithium_current"])


def test_resolved_scenario_reads_back():
    scenario = scenario_from_text(SMALL)
    assert scenario.start.width == pytest.approx(0.25e-6) and scenario.noise.interval == 0.01
    assert scenario_from_text(to_yaml(scenario)) == scenario


REFUSALS = [
    (["phase.barier=2"], "phase.barier", "barrier"),
    (["phase.gradient_coefficient=0.3 um"], "phase.gradient_coefficient", "an area"),
    (["protocol.0=plate at 1 mA/cm^2 for 1 s"], "protocol", "hold at VOLTAGE"),
    (["protocol.0=rest for 1 s"], "protocol", "holds a potential"),
    (["start={mu: 0}"], "start", "without metal nothing grows"),
    (["start.front=5 um"], "start.front", "beyond the domain"),
    (["start.nuclei.0.position=[1 um]"], "start.nuclei[0].position", "1 coordinates"),
    (["boundaries.counter.xi=1.5"], "boundaries.counter.xi", "0 to 1"),
    (["boundaries.counter.mu=open"], "boundaries.counter.mu", "no flux"),
    (["reaction.reference=somewhere"], "reaction.reference", "a voltage"),
    (["numerics.time_tolerance=1e-3"], "numerics.time_tolerance", "fixed_step"),
    (["diagnostics.positions=[9 um]"], "diagnostics.positions[0]", "outside the domain"),
    (["model=grand_potental"], "model", "grand_potential"),
]


@pytest.mark.parametrize(("overrides", "key", "told"), REFUSALS)
def test_refusals_name_the_key(overrides, key, told):
    with pytest.raises(ScenarioError) as refusal:
        scenario_from_text(SMALL, overrides)
    message = str(refusal.value)
    assert f": {key}: " in message and told in message


@pytest.mark.parametrize("name", ["lithium_2018", "zinc_2020"])
def test_shipped_sets_are_labelled_unresolved(name):
    scenario = load_scenario(name)
    found = check_scenario(scenario)
    assert "unresolved" in scenario.title and any(w.startswith("unresolved: ") for w in found.warnings)
    assert any("cannot agree" in w for w in found.warnings), "lithium by sites is not lithium by charge"
    assert any(w.startswith("anisotropy") for w in found.warnings) == (name == "zinc_2020")
    assert found.unknowns == 3 * 200 * 200


def test_published_numbers_reach_the_equations():
    """The published inputs, in micrometres: kappa, D, 1/c0, the coefficient 0.0074 of the charge."""
    problem = build_problem(load_scenario("lithium_2018"))
    assert problem.interface.gradient_coefficient == pytest.approx(0.3e-12)
    assert problem.electrolyte.diffusivity == pytest.approx(317.9e-12)
    assert 1.0 / problem.electrolyte.reference_occupancy == pytest.approx(14.89)
    assert problem.electrode.charge_density * 1e-12 == pytest.approx(0.0074)
    zinc = build_problem(load_scenario("zinc_2020"))
    assert zinc.electrode.charge_density * 1e-12 == pytest.approx(0.021)
    assert zinc.interface.gradient_coefficient == pytest.approx(0.4e-6**2)


def test_a_run_keeps_the_diagnostics(tmp_path):
    """Columns of the history, times in the summary."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL + "output: {every: 0.01 s, fields: [xi, mu, c, phi]}\n")
    sets = ["--set", "start.nuclei=[]", "--set", "diagnostics.positions=[1.52 um]"]
    done = CliRunner().invoke(app, ["run", str(path), "-o", str(tmp_path / "out"), "--no-figures", *sets])
    assert done.exit_code == 0, done.output
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["model"] == "grand_potential" and max(summary["balance"].values()) < 1e-10
    assert summary["time_to_positions"][0]["position_m"] == pytest.approx(1.52e-6)
    assert 0.0 < summary["time_to_positions"][0]["time_s"] < 0.02 and summary["time_to_short_circuit_s"] is None
    with h5netcdf.File(tmp_path / "out/history.nc", "r") as history:
        for name in ("tip_height", "arc_length_ratio", "area_ratio", "peak_to_valley", "counter_lithium_current"):
            assert np.isfinite(history.variables[name][...]).all()


def test_engine_fipy_agrees():
    """1-D, the same scenario through both engines."""
    overrides = [
        "domain={size: [4 um], cells: [32]}",
        "start={front: 1.5 um, width: 0.35 um}",
        "phase.gradient_coefficient=0.6 um^2",
        "phase.anisotropy=",
        "noise.interval=0.002 s",
        "protocol.0=hold at -0.2 V for 4 ms",
        "numerics={fixed_step: 2 ms, newton_tolerance: 1e-7}",
    ]
    problem = build_problem(scenario_from_text(SMALL, overrides))
    found = []
    for name in ("petsc", "fipy"):
        engine = make_engine(name, problem)
        engine.set_control(Control("voltage", -0.2))
        while engine.time < 4e-3:
            engine.step(4e-3)
        assert engine.ledger.worst_step < 1e-10
        found.append({field: np.asarray(engine.gather(field)) for field in ("xi", "c", "phi")})
    for field, least in (("xi", 1e-3), ("c", 2e-2), ("phi", 1e-3)):
        difference = np.linalg.norm(found[0][field] - found[1][field]) / np.linalg.norm(found[1][field])
        assert difference < least
