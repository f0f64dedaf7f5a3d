"""Alloy scenarios as a whole: keys refused, runs, restarts, stop conditions, figures, one process only."""

import json
import subprocess
import sys

import numpy as np
import pytest
from stopped_runs import assert_same_columns, columns, go_on, stop_every

from ramify.check import check_scenario
from ramify.models import TimedModel, model_of
from ramify.run import run_scenario
from ramify.scenario import ScenarioError, scenario_from_text
from ramify.study.quantities import known_names
from ramify.validation import e2_stripping

ALLOY = """\
model: alloy_stripping
electrode: {thickness: 40 um, magnesium: 0.1, cells: 60}
electrolyte: {thickness: 1 mm, conductivity: 1 mS/cm, temperature: 30 degC}
kinetics: {exchange_current_density: 130 A/m^2}
protocol:
  - strip at 1 mA/cm^2 until 4 V
  - rest for 1 h
  - plate at 0.2 mA/cm^2 for 1 h
output: {every: 10 min, fields: [xi, magnesium, lithium]}
"""
LITHIUM = """\
model: alloy_stripping
electrode: {thickness: 40 um, magnesium: 0}
vacancies: {critical_current_density: 0.2 mA/cm^2, void_depth: 5 um}
electrolyte: {thickness: 1 mm, conductivity: 1 mS/cm, temperature: 30 degC}
kinetics: {exchange_current_density: 130 A/m^2}
protocol:
  - strip at 1 mA/cm^2 until 4 V
"""


def set_by(text, *overrides):
    return scenario_from_text(text, list(overrides), "case.yaml")


def problem_of(*given):
    scenario = set_by(*given)
    model = model_of(scenario)
    assert isinstance(model, TimedModel)
    return model.driver().build(scenario)


def run(folder, scenario):
    return run_scenario(scenario, folder, petsc_options=[], figures=False)


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def reasons(folder):
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [event["reason"] for event in map(json.loads, lines) if event["event"] == "step ended"]


# ---------------------------------------------------------------- keys

REFUSALS = [
    (ALLOY, "electrode.magnesium=0.001", "electrode.magnesium: 0.001", "from 0.01"),
    (ALLOY, "electrode.magnesium=1.0", "electrode.magnesium", "< 1"),
    (ALLOY, "electrode.magnesium=0", "vacancies", "required for pure lithium"),
    (ALLOY, "electrode.smallest_cell=10 um", "electrode.smallest_cell: 10 um", "larger than cells of equal width"),
    (ALLOY, "electrode.thicknes=1 um", "electrode.thicknes", "did you mean 'thickness'"),
    (ALLOY, "diffusion={preset: Li-Mg tracr}", "diffusion.preset: Li-Mg tracr", "did you mean 'Li-Mg tracer'"),
    (ALLOY, "diffusion={preset: Li-Mg tracer, diffusivity: 1e-15 m^2/s}", "diffusion.diffusivity",
     "cannot be combined"),
    (ALLOY, "diffusion={diffusivity: 1e-15 m^2/s, activation_energy: 50 kJ/mol}", "diffusion.reference_temperature",
     "required beside 'activation_energy'"),
    (ALLOY, "diffusion={table: [{magnesium: 0.2, diffusivity: 1e-15 m^2/s}, {magnesium: 0.1, diffusivity: 2e-15 m^2/s}"
     "]}", "diffusion.table[1].magnesium", "not above the point before"),
    (ALLOY, "diffusion={meaning: tracer, frame: volume}", "diffusion.frame: volume", "holds in the lattice frame"),
    (ALLOY, "diffusion.frame=latice", "diffusion.frame", "did you mean 'lattice'"),
    (ALLOY, "thermodynamics={preset: ideal, interaction: [-15 kJ/mol]}", "thermodynamics.interaction",
     "cannot be combined"),
    (ALLOY, "thermodynamics={interaction: [-15 kJ]}", "thermodynamics.interaction[0]", "a molar energy with its unit"),
    (ALLOY, "vacancies={threshold: 2, void_depth: 5 um}", "vacancies", "that of pure lithium"),
    (ALLOY, "kinetics.exchange_current_density=1e9 A/m^2", "kinetics.exchange_current_density", "no electrode"),
    (ALLOY, "protocol.0=strip at 1 mA/cm^2 until short circuit", "protocol[0]", "no short circuit"),
    (ALLOY, "protocol.0=plate at 1 mA/cm^2 until depletion", "protocol[0]", "plating does not deplete"),
    (ALLOY, "output.fields=[xi, vacancies]", "output.fields[1]: vacancies", "no field of this electrode"),
    (ALLOY, "engine=petsc", "engine", "allowed: numba"),
    (ALLOY, "domain={size: [1 um], cells: [3]}", "domain", "unknown key"),
    (LITHIUM, "vacancies.threshold=2", "vacancies", "in one way"),
    (LITHIUM, "vacancies.void_depth=50 um", "vacancies.void_depth", "deeper than the electrode"),
    (LITHIUM, "vacancies.back=closed", "vacancies.back", "any current is critical"),
    (LITHIUM, "diffusion.frame=lattice", "diffusion.frame", "belongs to an alloy"),
    (LITHIUM, "thermodynamics.preset=ideal", "thermodynamics.preset", "belongs to an alloy"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "override", "key", "told"), REFUSALS)
def test_what_cannot_apply_is_refused(text, override, key, told):
    assert set_by(text).model == "alloy_stripping"
    with pytest.raises(ScenarioError) as refusal:
        set_by(text, override)
    assert f"{key}" in str(refusal.value) and told in str(refusal.value)


def test_every_key_reaches_the_problem():
    """Each override changes the problem that is built, and nothing that was not asked for."""
    changes = [
        "electrode.thickness=50 um", "electrode.magnesium=0.2", "electrode.cells=70", "electrode.smallest_cell=10 nm",
        "electrode.lithium_volume=12 cm^3/mol", "electrode.magnesium_volume=12 cm^3/mol",
        "diffusion={diffusivity: 1e-15 m^2/s}", "diffusion.meaning=tracer", "diffusion.frame=fixed",
        "diffusion.activation_energy=10 kJ/mol", "diffusion.reference_temperature=20 degC",
        "thermodynamics={preset: ideal}", "thermodynamics={interaction: [-9 kJ/mol]}", "electrolyte.thickness=2 mm",
        "electrolyte.conductivity=2 mS/cm", "electrolyte.temperature=40 degC", "kinetics.film_resistance=5 ohm*cm^2",
        "kinetics.exchange_current_density=20 A/m^2", "kinetics.transfer_coefficient=0.4",
        "kinetics.anodic_transfer_coefficient=0.4", "numerics.time_tolerance=1e-3", "numerics.first_step=1 s",
        "numerics.largest_step=9 s", "numerics.smallest_step=1e-3 s",
    ]  # fmt: skip
    seen = {repr(problem_of(ALLOY)), *(repr(problem_of(ALLOY, change)) for change in changes)}
    assert len(seen) == len(changes) + 1
    more = ["critical_current_density=0.3 mA/cm^2", "void_depth=6 um", "sink_length=9 um", "exponent=0.5",
            "initial_contact=0.5", "contact_spacing=9 um", "surface_energy=0.4 J/m^2"]  # fmt: skip
    seen = {repr(problem_of(LITHIUM)), *(repr(problem_of(LITHIUM, f"vacancies.{change}")) for change in more)}
    assert len(seen) == len(more) + 1


def test_critical_current_is_turned_into_a_threshold():
    scenario = set_by(LITHIUM)
    problem = problem_of(LITHIUM)
    s = 1.0 + 2.0 * problem.metal.molar_volume * 40e-6 / (96485.33212 * problem.metal.diffusivity)
    assert problem.metal.threshold == pytest.approx(s, rel=1e-9)
    assert check_scenario(scenario).scale("critical current density") == pytest.approx(0.2)


def test_check_tells_the_closed_forms_and_warns_of_a_coarse_grid():
    fixed = check_scenario(set_by(ALLOY, "diffusion={diffusivity: 2.4e-11 cm^2/s, frame: fixed}"))
    assert fixed.scale("depletion time") == pytest.approx(828.0, rel=1e-3)
    assert fixed.warnings == ()
    assert any("coarse" in text for text in check_scenario(set_by(ALLOY, "electrode.smallest_cell=0.5 um")).warnings)
    assert any("grow by" in text for text in check_scenario(set_by(ALLOY, "electrode.cells=12")).warnings)


def test_check_loads_no_compiler(tmp_path):
    case = tmp_path / "case.yaml"
    case.write_text(ALLOY)
    code = f"import sys; from ramify.cli import main; sys.argv = ['ramify', 'check', {str(case)!r}]\n" \
        "try: main()\nexcept SystemExit as end: assert not end.code\n" \
        "assert not {'numba', 'petsc4py', 'mpi4py', 'matplotlib', 'xarray'} & set(sys.modules), 'heavy'"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_studies_know_the_columns():
    assert {"stripped_capacity", "utilisation", "contact_fraction"} <= set(known_names())


def test_orderings_of_the_experiment_that_are_met_and_what_the_others_hang_on():
    alloy, lithium = e2_stripping.capacities(e2_stripping.ALLOY), e2_stripping.capacities(e2_stripping.LITHIUM)
    met = [each.passed for each in e2_stripping.comparison(alloy, lithium)]
    assert met == [True, False, True, False, True, True]
    voided = e2_stripping.capacities(e2_stripping.LITHIUM, ("vacancies.critical_current_density=0.05 mA/cm^2",))
    assert all(each.passed for each in e2_stripping.comparison(alloy, voided))


# ---------------------------------------------------------------- runs


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alloy") / "whole"
    assert run(folder, set_by(ALLOY)) == 0
    return folder


def test_a_run_leaves_the_whole_folder(uninterrupted):
    summary, history, fields = summary_of(uninterrupted), columns(uninterrupted), columns(uninterrupted, "fields.nc")
    assert summary["status"] == "finished" and reasons(uninterrupted) == ["voltage", "time", "time"]
    assert max(summary["balance"].values()) < 1e-10
    assert summary["utilisation"] == pytest.approx(history["utilisation"][-1])
    assert "salt" not in history and "krylov_iterations" not in history
    assert history["voltage"].max() == 4.0 and history["voltage"][-1] < 0.0
    assert np.all(history["current_density"] * history["voltage"] <= 0.0)
    assert fields["magnesium"].shape[1:] == (60, 1, 1)
    amount = np.sum(fields["lithium"][-1]) * (fields["z"][1] - fields["z"][0])
    assert amount == pytest.approx(history["metal"][-1], rel=1e-9)
    assert np.any(fields["time"] == 600.0)


def test_stopped_and_resumed_is_the_same(uninterrupted, tmp_path, monkeypatch):
    folder = tmp_path / "often"
    stop_every(monkeypatch, 40)
    assert go_on(run(folder, set_by(ALLOY)), folder) >= 3
    assert_same_columns(folder, uninterrupted)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("strip at 1 mA/cm^2 until depletion", "depletion"),
        ("strip at 1 mA/cm^2 until 0.1 mAh/cm^2", "capacity"),
        ("strip at 1 mA/cm^2 until 0.3 V", "voltage"),
        ("strip at 1 mA/cm^2 until 0.6 mA/cm^2 limit 0.3 V", "current density"),
        ("hold at 0.2 V until 0.5 mA/cm^2", "current density"),
        ("pulse at -1 mA/cm^2 for 60 s on 60 s off until 0.1 mAh/cm^2", "capacity"),
    ],
)
def test_stop_conditions(tmp_path, step, reason):
    folder = tmp_path / "results"
    assert run(folder, set_by(ALLOY, f"protocol=['{step}']", "output.every=")) == 0
    assert reasons(folder) == [reason]
    if reason == "capacity":
        assert summary_of(folder)["charge_passed_C"] == pytest.approx(-3600.0, rel=1e-9)


def test_without_a_limit_an_empty_contact_ends_the_run(tmp_path):
    for name, text in (("alloy", ALLOY), ("lithium", LITHIUM)):
        folder = tmp_path / name
        assert run(folder, set_by(text, "protocol=['strip at 1 mA/cm^2 until 50 mAh/cm^2']", "output.every=")) == 0
        assert summary_of(folder)["status"] == "stopped"
        assert "no metal in contact" in summary_of(folder)["stop_reason"]


def test_figures_are_drawn(tmp_path):
    for name, text in (("alloy", ALLOY), ("lithium", LITHIUM)):
        folder = tmp_path / name
        assert run(folder, set_by(text)) == 0
        drawn = [path.name for path in model_of(set_by(text)).plot(folder)]
        assert drawn == ["history.png", "voltage.png", "profiles.png"]
        assert all((folder / "figures" / each).stat().st_size > 10_000 for each in drawn)


def test_more_ranks_and_petsc_options_are_refused(mpiexec, tmp_path):
    case = tmp_path / "case.yaml"
    case.write_text(ALLOY)
    arguments = ("-m", "ramify.cli", "run", case, "-o", tmp_path / "results")
    done = mpiexec(2, *arguments, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("engine: numba: runs on one process, not on 2") == 1
    alone = [sys.executable, *map(str, arguments), "--", "-ksp_rtol", "1e-9"]
    done = subprocess.run(alone, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "takes no PETSc options" in done.stderr
    assert not (tmp_path / "results").exists()
    assert run(tmp_path / "finished", set_by(ALLOY, "protocol=['rest for 1 s']")) == 0
    done = mpiexec(2, "-m", "ramify.cli", "resume", tmp_path / "finished", check=False, timeout=60)
    assert done.returncode == 2 and done.stderr.count("runs on one process") == 1
