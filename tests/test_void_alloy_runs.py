"""The section `alloy` of `model: voids`: keys, defaults, checks, depletion of the contact, folders and figures."""

import json
from pathlib import Path

import h5netcdf
import numpy as np
import pytest

from ramify.check import check_scenario
from ramify.models.voids.build import build_problem
from ramify.models.voids.rules import complete
from ramify.phasefield.engine import Control, SolverFailure, StepReport
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics import alloy_data
from ramify.physics.constants import FARADAY
from ramify.run import run_scenario
from ramify.scenario import ScenarioError, scenario_from_text

PLANE = """\
model: voids
domain: {size: [9 um, 6 um], cells: [24, 16]}
alloy: {magnesium: 0.1, magnesium_mobility: 0.1}
vacancies: {sink_length: 2 um}
voids:
  - {position: [3 um, 6 um], radius: 1.2 um}
electrolyte: {thickness: 40 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
protocol:
  - strip at 0.2 mA/cm^2 for 10 min
  - plate at 0.2 mA/cm^2 for 5 min
output: {every: 10 min}
"""
DENSE = """\
model: voids
domain: {size: [12 um], cells: [40]}
alloy: {magnesium: 0.3, diffusion: {diffusivity: 2.4e-15 m^2/s}, thermodynamics: {preset: ideal}}
vacancies: {sink_length: 0.3 um}
electrolyte: {thickness: 40 um, conductivity: 1 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
protocol: [strip at 1 mA/cm^2 until 4 V]
"""


def set_by(text, *overrides):
    return scenario_from_text(text, list(overrides), "case.yaml")


def engine_of(text, *overrides):
    return VoidEngine(build_problem(set_by(text, *overrides)))


def columns(folder, name="history.nc"):
    with h5netcdf.File(folder / name, "r") as file:
        return {key: np.asarray(variable[...]) for key, variable in file.variables.items()}


# ---------------------------------------------------------------------- keys

REFUSALS = [
    ("alloy={magnesium: 0.1}", "alloy.magnesium_mobility", "required beside voids"),
    ("alloy={magnesium_mobility: 0.1}", "alloy.magnesium", "required"),
    ("alloy.magnesium=0", "alloy.magnesium: 0", "> 0"),
    ("alloy.magnesium=1", "alloy.magnesium: 1", "< 1"),
    ("alloy.magnesium_mobility=-1", "alloy.magnesium_mobility", "0"),
    ("alloy.magnesium_mobility=1e6", "alloy.magnesium_mobility", "10"),
    ("alloy.magnesum=0.1", "alloy.magnesum", "did you mean 'magnesium'"),
    ("alloy.diffusion={preset: Li-Mg}", "alloy.diffusion.preset", "did you mean 'Li-Mg tracer'"),
    ("alloy.diffusion={preset: Li-Mg tracer, diffusivity: 1e-15 m^2/s}", "alloy.diffusion.diffusivity", "combined"),
    ("alloy.diffusion={frame: lattice}", "alloy.diffusion.frame", "unknown key"),
    ("alloy.diffusion={diffusivity: 1e-15 m^2/s, activation_energy: 50 kJ/mol}", "reference_temperature", "beside"),
    ("alloy.thermodynamics={preset: idea}", "alloy.thermodynamics.preset", "did you mean 'ideal'"),
    ("alloy.thermodynamics={preset: ideal, interaction: [0 J/mol]}", "alloy.thermodynamics.interaction", "combined"),
    ("vacancies.diffusivity=1e-14 m^2/s", "vacancies.diffusivity", "alloy.diffusion"),
    ("formulation=allen_cahn", "formulation", "cannot be combined with 'alloy'"),
    ("mechanics={stack_pressure: 1 MPa}", "mechanics", "cannot be combined with 'alloy'"),
    (
        "metal={surface_diffusivity: 1e-10 m^2/s, surface_thickness: 0.3 nm}",
        "metal.surface_diffusivity",
        "cannot be combined with 'alloy'",
    ),
    ("numerics.composition_tolerance=0.5", "numerics.composition_tolerance", "0.1"),
]
OF_LITHIUM = [
    ("output.fields=[xi, magnesium]", "output.fields[1]", "belongs to an alloy"),
    ("output.fields=[lithium]", "output.fields[0]", "belongs to an alloy"),
    ("numerics.composition_tolerance=1e-3", "numerics.composition_tolerance", "belongs to an alloy"),
]


@pytest.mark.parametrize(("override", "key", "told"), REFUSALS)
def test_what_cannot_apply_is_refused(override, key, told):
    with pytest.raises(ScenarioError) as refused:
        set_by(PLANE, override)
    assert key in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize(("override", "key", "told"), OF_LITHIUM)
def test_pure_lithium_has_no_keys_of_an_alloy(override, key, told):
    pure = PLANE.replace("alloy: {magnesium: 0.1, magnesium_mobility: 0.1}\n", "")
    with pytest.raises(ScenarioError) as refused:
        set_by(pure, override)
    assert key in str(refused.value)
    assert told in str(refused.value)


def test_defaults_are_filled_in_once_and_nucleation_needs_the_mobility_too(tmp_path):
    scenario = set_by(DENSE.replace(", diffusion: {diffusivity: 2.4e-15 m^2/s}, thermodynamics: {preset: ideal}", ""))
    alloy = scenario.alloy
    assert alloy.magnesium_mobility == 0.0
    assert (alloy.diffusion.preset, alloy.diffusion.meaning) == ("Li-Mg tracer", "intrinsic")
    assert alloy.thermodynamics.preset == "Li-Mg beta"
    assert scenario.metal.molar_volume == pytest.approx(
        0.7 * alloy_data.LITHIUM_VOLUME + 0.3 * alloy_data.MAGNESIUM_VOLUME
    )
    assert "magnesium" in scenario.output.fields
    assert scenario.numerics.composition_tolerance == 1e-3
    assert complete(scenario, tmp_path) == scenario
    problem = build_problem(scenario)
    assert isinstance(problem.metal, AlloyProblem)
    assert problem.metal.transport.diffusivity == pytest.approx(1.4e-15, rel=1e-9)
    assert problem.contact.interaction == problem.metal.alloy.interaction
    plane = "domain={size: [9 um, 6 um], cells: [24, 16]}", "alloy={magnesium: 0.1}", "voids=[]"
    with pytest.raises(ScenarioError, match="required beside voids"):
        set_by(PLANE, *plane, "nucleation={law: threshold, density: 1e11 1/m^2, threshold: 2}")


def after(*overrides):
    """What a few steps of stripping at 0.5 mA/cm2 make of the contact and the voids."""
    engine = engine_of(PLANE, *overrides)
    engine.set_control(Control("current", -5.0))
    steps = 0
    while engine.time < 600.0:
        report, steps = engine.step(600.0), steps + 1
    found = report.measures
    return np.array([report.voltage, found["contact_magnesium"], found["void_volume"] * 1e6, steps])


TABLE = "{magnesium: 0, diffusivity: 1.6e-14 m^2/s}, {magnesium: 0.3, diffusivity: 1e-14 m^2/s}"
KEYS = [
    "alloy.magnesium=0.2",
    "alloy.magnesium_mobility=1",
    "alloy.diffusion={diffusivity: 1e-14 m^2/s}",
    f"alloy.diffusion={{table: [{TABLE}]}}",
    "alloy.diffusion={meaning: tracer}",
    "alloy.diffusion={diffusivity: 2.4e-15 m^2/s, activation_energy: 50 kJ/mol, reference_temperature: 0 degC}",
    "alloy.diffusion={diffusivity: 2.4e-15 m^2/s, activation_energy: 50 kJ/mol, reference_temperature: 10 degC}",
    "alloy.diffusion={diffusivity: 2.4e-15 m^2/s, activation_energy: 20 kJ/mol, reference_temperature: 10 degC}",
    "alloy.thermodynamics={preset: ideal}",
    "alloy.thermodynamics={interaction: [-8 kJ/mol]}",
    "numerics.composition_tolerance=1e-5",
]


def test_every_key_changes_the_result():
    found = [after(), *(after(key) for key in KEYS)]
    for one in range(len(found)):
        for other in range(one):
            assert np.abs(found[one] / found[other] - 1.0).max() > 1e-5, (["none", *KEYS][one], ["none", *KEYS][other])


# ---------------------------------------------------------------------- check


def test_check_tells_scales_and_warns_of_layers_that_the_grid_does_not_show():
    check = check_scenario(set_by(PLANE))
    v = 2.0 * 13.1e-6 / FARADAY
    assert check.scale("depleted layer") == pytest.approx(2.4e-15 / v, rel=0.01)
    assert check.scale("layer of magnesium") == pytest.approx(0.1 * 2.4e-15 / v, rel=0.01)
    assert check.scale("depletion time") == pytest.approx(2.4e-15 / (2.0 * 0.1 * v**2), rel=0.01)
    assert check.scale("metal") == pytest.approx(0.9 * FARADAY * 6e-6 / 13.1e-6 / 36e3, rel=0.01)
    told = "beside a layer of magnesium"
    assert not any(told in note for note in check_scenario(set_by(PLANE, "alloy.magnesium_mobility=1")).warnings)
    assert any(told in note for note in check_scenario(set_by(PLANE, "alloy.magnesium_mobility=1e-4")).warnings)
    mobile = check_scenario(set_by(DENSE, "alloy.magnesium=0.1", "alloy.magnesium_mobility=1"))
    resting = check_scenario(set_by(DENSE, "alloy.magnesium=0.1"))
    assert mobile.scale("depletion time") == pytest.approx(1.6 * resting.scale("depletion time"), rel=0.05)
    assert any("running empty" in note for note in mobile.warnings)


# ---------------------------------------------------------------------- depletion


def test_a_contact_that_runs_empty_takes_the_voltage_to_its_limit_and_then_what_the_limit_draws():
    engine = engine_of(DENSE)
    engine.set_control(Control("current", -10.0, 4.0))
    reports: list[StepReport] = []
    while not reports or not reports[-1].limited:
        reports.append(engine.step(1e5))
    assert reports[-1].voltage == 4.0
    assert reports[-1].measures["contact_magnesium"] == pytest.approx(1.0, abs=1e-3)
    assert reports[-2].voltage < 1.0
    emptied = engine.time
    # 1.2e3 s: the planar estimate for a little magnesium, D/(2 y0 v^2), is an upper one
    assert 0.3 * 2160.0 < emptied < 2160.0
    held = [engine.step(emptied + 200.0) for _ in range(3)]
    assert all(report.limited and report.voltage == 4.0 for report in held)
    assert -10.0 < held[-1].current_density < 0.0
    assert engine.ledger.balance(FARADAY)["magnesium_relative"] < 1e-12
    assert engine.ledger.balance(FARADAY)["lithium_relative"] < 1e-12


def test_without_a_limit_the_step_ends_and_no_second_one_can_begin():
    engine = engine_of(DENSE)
    engine.set_control(Control("current", -10.0))
    reports: list[StepReport] = []
    while not reports or not reports[-1].exhausted:
        reports.append(engine.step(1e5))
    limited = engine_of(DENSE)
    limited.set_control(Control("current", -10.0, 4.0))
    while not limited.step(1e5).limited:
        pass
    assert engine.time == pytest.approx(limited.time, rel=1e-9)
    engine.set_control(Control("current", -20.0))
    with pytest.raises(SolverFailure, match="contact is empty"):
        engine.step(1e5)
    engine.set_control(Control("current", 0.0))
    rested = engine.step(engine.time + 600.0)
    assert rested.measures["contact_magnesium"] < 0.99


# ---------------------------------------------------------------------- folders


def test_a_run_stores_magnesium_and_lithium_and_is_drawn(tmp_path):
    fields = "output.fields=[xi, phi, vacancies, contact_current, magnesium, lithium]"
    scenario = set_by(PLANE, fields, "protocol=[strip at 0.2 mA/cm^2 for 10 min]")
    run_scenario(scenario, tmp_path / "run", petsc_options=[], figures=True)
    folder = tmp_path / "run"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "finished"
    assert summary["balance"]["magnesium_relative"] < 1e-12
    assert summary["balance"]["lithium_relative"] < 1e-10
    assert 0.105 < summary["contact_magnesium"] < 0.2
    # of Saunders' lithium at 10, 12 and 20 at.%: 0.909, 0.888 and 0.78
    assert 0.0 < 0.909 - summary["contact_activity"] < 1.3 * (summary["contact_magnesium"] - 0.1)
    stored = columns(folder, "fields.nc")
    y, xi, lithium = (stored[name][:, :16] for name in ("magnesium", "xi", "lithium"))
    assert np.isnan(stored["magnesium"][:, 16:]).all()
    np.testing.assert_allclose(lithium, xi * (1.0 - y) / scenario.metal.molar_volume, rtol=1e-5)
    assert np.nanmax(y[1:]) > 0.11
    assert columns(folder)["contact_magnesium"][-1] == summary["contact_magnesium"]
    names = {path.name for path in (folder / "figures").iterdir()}
    assert {"history.png", "sections.png", "magnesium.png", "contact.png", "animation.gif"} <= names


def test_two_ranks_agree(mpiexec):
    script = Path(__file__).with_name("parallel_alloy_contact.py")
    one, two = (json.loads(mpiexec(ranks, script).stdout) for ranks in (1, 2))
    assert (one["ranks"], two["ranks"]) == (1, 2)
    assert two["numbers"] == pytest.approx(one["numbers"], rel=1e-8)
