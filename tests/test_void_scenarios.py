"""`model: voids`: keys, refusals, and what `check` tells."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from void_cases import PLANE, set_by

from ramify.check import check_scenario
from ramify.models.voids.build import build_problem
from ramify.physics import contact_loss
from ramify.physics.constants import FARADAY
from ramify.scenario import ScenarioError

REFUSALS = [
    ("domain.sise=1", "domain.sise", "did you mean 'size'"),
    ("domain={size: [9 um], cells: [24]}", "voids", "needs a lateral axis"),
    ("metal.preset=lithum", "metal.preset: lithum", "did you mean 'lithium'"),
    ("metal.preset=zinc", "metal.preset: zinc", "more than one electron"),
    ("vacancies.sink_length=4", "vacancies.sink_length: 4", "unit"),
    ("vacancies.back=open", "vacancies.back", "sink"),
    ("voids.0.position=[3 um, 9 um, 9 um]", "voids[0].position", "3 coordinates in a domain of 2"),
    ("voids.0.position=[3 um, 10 um]", "voids[0].position[1]", "outside the metal"),
    ("voids.0.position=[3 um, 1 um]", "voids[0].radius", "reaches the current collector"),
    ("voids.0.radius=0.5 um", "voids[0].radius", "the diffuse surface fills the void"),
    ("random_voids={density: 1e6 1/m^2, radius: 1 um}", "random_voids.density", "makes 0 places"),
    ("random_voids={density: 1e11 1/m^2, radius: 9 um}", "random_voids.radius", "reaches the current collector"),
    ("nucleation={law: threshold, density: 1e11 1/m^2}", "nucleation.threshold", "required beside 'law: threshold'"),
    (
        "nucleation={law: classical, density: 1e11 1/m^2, rate: 1e9 1/s, threshold: 2}",
        "nucleation.threshold",
        "other law",
    ),
    ("nucleation={law: threshold, density: 1e11 1/m^2, threshold: 0.9}", "nucleation.threshold", "1"),
    (
        "nucleation={law: threshold, density: 1e11 1/m^2, threshold: 2, contact_angle: 190 deg}",
        "nucleation.contact_angle",
        "between 0 and 180",
    ),
    ("metal.surface_diffusivity=1e-9 m^2/s", "metal.surface_thickness", "required beside 'surface_diffusivity'"),
    (
        "metal={surface_diffusivity: 1e-9 m^2/s, surface_thickness: 0.3 nm, surface_energy: 0 J/m^2}",
        "metal.surface_diffusivity",
        "nothing drives it",
    ),
    ("electrolyte.contact_angle=190 deg", "electrolyte.contact_angle", "between 0 and 180"),
    ("electrolyte.layers=[{thickness: 1 um, conductivity: 1 S/m}]", "electrolyte.thickness", "combined with 'layers'"),
    ("electrolyte={conductivity: 1 S/m}", "electrolyte.thickness", "required beside 'conductivity'"),
    ("kinetics.exchange_current_density=1e9 A/m^2", "kinetics.exchange_current_density", "no electrode"),
    ("counter_electrode.exchange_current_density=1 A/m^2", "counter_electrode.exchange_current_density", "no kinetics"),
    ("interface.width=0.2 um", "interface.width", "does not resolve the surface"),
    ("output.electrolyte_depth=50 um", "output.electrolyte_depth", "deeper than the electrolyte"),
    ("output.fields=[xi, c]", "output.fields[1]", "contact_current"),
    ("protocol.0=strip at 1 mA/cm^2 until depletion", "protocol[0]", "no salt"),
    ("protocol.0=plate at 1 mA/cm^2 until short circuit", "protocol[0]", "no short circuit"),
    ("numerics={first_step: 9 s, largest_step: 1 s}", "numerics.largest_step", "less than first_step"),
    ("engine=fipy", "engine", "petsc"),
]


@pytest.mark.parametrize(("override", "key", "told"), REFUSALS)
def test_what_cannot_apply_is_refused(override, key, told):
    with pytest.raises(ScenarioError) as refusal:
        set_by(PLANE, override)
    assert key in str(refusal.value) and told in str(refusal.value)


def test_vacancies_need_somewhere_to_go():
    with pytest.raises(ScenarioError, match="nowhere to go"):
        set_by(PLANE, "vacancies={back: closed}", "voids=[]")


def test_every_key_reaches_the_problem():
    changes = [
        "domain.cells=[32, 30]", "domain.lateral=periodic", "metal.surface_energy=0.3 J/m^2",
        "metal.molar_volume=12 cm^3/mol", "electrolyte.contact_angle=80 deg",
        "metal={surface_diffusivity: 1e-9 m^2/s, surface_thickness: 0.3 nm}",
        "vacancies.diffusivity=1e-15 m^2/s", "vacancies.sink_length=5 um",
        "vacancies.back=closed", "voids.0.radius=2 um", "random_voids={density: 1e11 1/m^2, radius: 1 um}",
        "random_voids={density: 1e11 1/m^2, radius: 1 um, seed: 1}",
        "nucleation={law: threshold, density: 1e11 1/m^2, threshold: 2}",
        "nucleation={law: threshold, density: 1e11 1/m^2, threshold: 3}",
        "nucleation={law: threshold, density: 1e11 1/m^2, threshold: 2, seed: 1}",
        "nucleation={law: threshold, density: 1e11 1/m^2, threshold: 2, contact_angle: 80 deg}",
        "nucleation={law: classical, density: 1e11 1/m^2, rate: 1e9 1/s}", "electrolyte.thickness=30 um",
        "electrolyte.conductivity=1 mS/cm", "electrolyte.temperature=40 degC",
        "electrolyte={layers: [{thickness: 1 um, conductivity: 1 S/m}]}", "kinetics.exchange_current_density=1 A/m^2",
        "kinetics.transfer_coefficient=0.4", "kinetics.anodic_transfer_coefficient=0.4",
        "kinetics.film_resistance=1 ohm*cm^2", "counter_electrode.kind=lithium",
        "counter_electrode={kind: lithium, exchange_current_density: 1 A/m^2}", "interface.width=0.5 um",
        "output.electrolyte_depth=3 um", "numerics.front_motion=0.2", "numerics.time_tolerance=0.1",
        "numerics.contact_change=0.2", "numerics.first_step=1 s", "numerics.largest_step=9 s",
        "numerics.smallest_step=1e-3 s",
    ]  # fmt: skip
    seen = {repr(build_problem(set_by(PLANE, change))) for change in ["title=a", *changes]}
    assert len(seen) == len(changes) + 1


def test_resolving_twice_changes_nothing():
    from ramify.models.voids.rules import complete

    scenario = set_by(PLANE)
    assert complete(scenario, Path()) == scenario


def test_check_tells_the_closed_forms_and_warns():
    checked = check_scenario(set_by(PLANE))
    problem = build_problem(set_by(PLANE)).metal
    reach = contact_loss.effective_length(9e-6, 4e-6, True)
    transport = problem.transport
    s = contact_loss.supersaturation(1.0, transport.diffusivity, reach, transport.molar_volume)
    assert checked.scale("supersaturation") == pytest.approx(s)
    assert checked.scale("ohmic resistance") == pytest.approx(8.0)
    assert any("no voltage limit" in note for note in checked.warnings)
    assert any("cells to the radius" in note for note in checked.warnings)
    assert any("stays whole" in note for note in check_scenario(set_by(PLANE, "voids=[]")).warnings)
    assert not any("rim length" in note for note in checked.warnings)
    fast = check_scenario(set_by(PLANE, "protocol.0=strip at 10 mA/cm^2 for 1 s"))
    assert any("rim length" in note for note in fast.warnings)
    capillary = transport.surface_energy * transport.molar_volume / (8.314462618 * transport.temperature)
    rim = math.sqrt(transport.diffusivity * capillary * FARADAY / transport.molar_volume)
    assert checked.scale("rim length") == pytest.approx(rim)
    long = check_scenario(set_by(PLANE, "protocol=['strip at 0.1 mA/cm^2 until 1.5 mAh/cm^2 limit 1 V']"))
    assert any("a thicker domain" in note for note in long.warnings)


def test_check_loads_no_compiler(tmp_path):
    case = tmp_path / "case.yaml"
    case.write_text(PLANE)
    code = f"import sys; from ramify.cli import main; sys.argv = ['ramify', 'check', {str(case)!r}]\n" \
        "try: main()\nexcept SystemExit as end: assert not end.code\n" \
        "assert not {'numba', 'petsc4py', 'mpi4py', 'matplotlib', 'xarray'} & set(sys.modules), 'heavy'"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
