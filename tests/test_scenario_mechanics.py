"""The section `mechanics`: what it says, what is refused and why, and a run with stress from end to end."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from ramify.build import build_problem
from ramify.check import check_scenario
from ramify.cli import app
from ramify.physics.elasticity import PRESETS
from ramify.scenario import ScenarioError, scenario_from_text
from ramify.scenario.writing import to_yaml

CASE = """\
domain: {size: [6 um, 10 um], cells: [12, 20]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 1.5 um}
host: {type: pillars, diameter: 2 um, pitch: 6 um, height: 2 um}
mechanics:
  electrolyte: {youngs_modulus: 0.3 GPa, poissons_ratio: 0.3}
  host: {preset: copper}
  law: creep
  stack_pressure: 2 MPa
  every: 2
  film: {youngs_modulus: 5 GPa, poissons_ratio: 0.25, strength: 1 kPa}
protocol: [plate at 2 mA/cm^2 for 20 s]
output: {fields: [xi, psi, c, p, von_mises, traction]}
"""


def resolved(*overrides):
    return scenario_from_text(CASE, overrides)


def test_section_reaches_the_solver_in_si_numbers():
    mechanics = build_problem(resolved("mechanics.law=anand", "mechanics.anand_form=power")).mechanics
    assert mechanics is not None
    assert mechanics.stack_pressure == 2e6
    assert mechanics.every == 2
    assert mechanics.phases.metal.form == "power"
    assert mechanics.phases.metal.elasticity == PRESETS["lithium"]
    assert mechanics.phases.host == PRESETS["copper"]
    assert mechanics.phases.medium.youngs_modulus == 0.3e9
    held = build_problem(resolved("mechanics.confinement=rigid", "mechanics.stack_pressure=0 Pa")).mechanics
    assert held is not None and held.supports.top == "held"
    assert build_problem(resolved("mechanics=off", "output.fields=[xi]")).mechanics is None


def test_resolved_scenario_is_written_back_the_same():
    scenario = resolved()
    assert scenario_from_text(to_yaml(scenario)) == scenario


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("mechanics.electrolyte={youngs_modulus: -1 GPa, poissons_ratio: 0.3}", "greater than zero"),
        ("mechanics.electrolyte={youngs_modulus: 1 GPa, poissons_ratio: 0.5}", "0.495"),
        ("mechanics.electrolyte={youngs_modulus: 1 GPa}", "'youngs_modulus' alone"),
        ("mechanics.metal={preset: litium}", "did you mean 'lithium'"),
        ("mechanics.metal={preset: lithium, poissons_ratio: 0.3}", "cannot be combined"),
        ("mechanics.law=anant", "anand"),
        ("mechanics.anand_form=sinh", "law: anand"),
        ("mechanics.confinement=rigid", "takes the pressure it takes"),
        ("mechanics.stack_presure=1 MPa", "did you mean 'stack_pressure'"),
        ("mechanics.stack_pressure=1 mm", "a pressure"),
        ("mechanics.growth_strain=0.5", "0.05"),
        ("mechanics.every=0", "1"),
        ("mechanics=on", "off, or a mapping"),
        ("mechanics=off", "there is no stress"),
        ("host={type: none}", "there is no host"),
        ("engine=fipy", "engine fipy has no mechanics"),
    ],
)
def test_refusals_name_key_and_remedy(override, told):
    with pytest.raises(ScenarioError) as error:
        resolved(override)
    assert told in str(error.value)


def test_check_counts_memory_and_warns_of_loads_and_contrasts():
    plain, pressed = check_scenario(resolved("mechanics=off", "output.fields=[xi]")), check_scenario(resolved())
    assert pressed.memory_bytes > plain.memory_bytes
    assert not any("mechanics" in note for note in pressed.warnings)
    squeezed = check_scenario(resolved("mechanics.stack_pressure=50 MPa"))
    assert any("not small" in note for note in squeezed.warnings)
    loose = check_scenario(resolved("mechanics.electrolyte.youngs_modulus=1 MPa", "mechanics.stack_pressure=0 Pa"))
    assert any("times stiffer" in note for note in loose.warnings)


def test_run_stores_stress_and_says_what_it_came_to(tmp_path):
    import h5netcdf

    (tmp_path / "case.yaml").write_text(CASE)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["run", str(tmp_path / "case.yaml"), "-o", str(out), "--no-figures"])
    assert result.exit_code == 0, result.output
    summary = json.loads((out / "summary.json").read_text())
    assert summary["contact_pressure_Pa"] == pytest.approx(2e6, rel=0.2)
    assert summary["film_failed"] is True
    assert summary["peak_von_mises_Pa"] > 0.0
    with h5netcdf.File(out / "fields.nc", "r") as file:
        assert {"p", "von_mises", "traction"} <= set(file.variables)
        assert float(np.max(file.variables["p"][-1])) > 1e6
    with h5netcdf.File(out / "history.nc", "r") as file:
        assert np.all(np.isfinite(file.variables["peak_von_mises"][...]))
        assert float(file.variables["pressure_lag"][-1]) > 0.0
