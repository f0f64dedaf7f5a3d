"""From scenario to problem: signed distances, properties, and what `check` tells of a case."""

import math
import subprocess
import sys

import numpy as np
import pytest

from ramify.build import RoughFront, build_problem
from ramify.check import check_scenario
from ramify.models import TimedModel, model_of
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.scenario.loading import model_named_in
from ramify.scenario.shipped import shipped_scenarios

PLANE = """\
domain: {size: [20 um, 40 um], cells: [40, 80]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2, transfer_coefficient: 0.3}
protocol: [plate at 1 mA/cm^2 for 1 h]
"""
LINE = ["domain={size: [40 um], cells: [80]}"]
BOX = ["domain={size: [20 um, 20 um, 40 um], cells: [40, 40, 80]}"]
PILLARS = "host={type: pillars, diameter: 4 um, pitch: 10 um, height: 20 um"


def problem_of(*overrides: str):
    return build_problem(scenario_from_text(PLANE, overrides))


def points(*coordinates):
    return tuple(np.array([c]) for c in coordinates)


PLATING = [name for name, path in shipped_scenarios().items() if model_named_in(path) == "plating"]


@pytest.mark.parametrize("name", PLATING)
def test_shipped_scenarios_build_without_warnings(name):
    scenario = load_scenario(name)
    assert check_scenario(scenario).warnings == ()
    problem = build_problem(scenario)
    nx, ny, nz = problem.domain.cells
    x, y, z = ((np.arange(n) + 0.5) * h for n, h in zip((nx, ny, nz), problem.domain.spacing, strict=True))
    metal = problem.geometry.metal_distance(x[None, None, :], y[None, :, None], z[:, None, None])
    assert metal.max() > 0.0
    assert metal.min() < 0.0 or problem.nucleation is not None


@pytest.mark.parametrize("name", [name for name in shipped_scenarios() if name not in PLATING])
def test_shipped_scenarios_of_other_models_are_checked_and_built(name):
    scenario = load_scenario(name)
    model = model_of(scenario)
    assert check_scenario(scenario).unknowns > 0
    if isinstance(model, TimedModel):
        problem = model.driver().build(scenario)
        assert problem.domain.cell_volume > 0.0 and problem.initial_concentration > 0.0


def test_missing_axes_are_one_metre():
    assert problem_of(*LINE).domain.size == (1.0, 1.0, 4e-5)
    assert problem_of(*LINE).domain.cells == (1, 1, 80)
    assert problem_of().domain.size == (2e-5, 1.0, 4e-5)
    assert problem_of().domain.cross_section == 2e-5


def test_numbers_reach_the_problem():
    problem = problem_of("interface.curvature=allen_cahn", "numerics={order: 1, largest_step: 3 s}")
    assert (problem.kinetics.alpha_c, problem.kinetics.alpha_a) == (0.3, 0.7)
    assert problem.interface.curvature == "allen_cahn"
    assert (problem.numerics.order, problem.numerics.largest_step) == (1, 3.0)
    assert problem.electrolyte.transference(1000.0) == pytest.approx(0.4)
    assert problem.electrolyte.diffusivity(1000.0) == pytest.approx(1e-10)


def test_three_kinds_of_electrolyte():
    ions = problem_of("electrolyte={cation_diffusivity: 1e-10 m^2/s, anion_diffusivity: 3e-10 m^2/s, "
                      "concentration: 1 mol/L}").electrolyte  # fmt: skip
    assert ions.transference(1.0) == pytest.approx(0.25)
    given = problem_of("electrolyte.conductivity=1 S/m", "electrolyte.thermodynamic_factor=2").electrolyte
    assert (given.conductivity(1000.0), given.thermodynamic_factor(1000.0)) == pytest.approx((1.0, 2.0))
    preset = problem_of("electrolyte={preset: LiPF6 in PC:EC:DMC, concentration: 1 mol/L}").electrolyte
    assert preset.transference(1000.0) == pytest.approx(0.38)


def test_film_covers_collector_and_conducting_host():
    for surface, on_host in (("conducting", True), ("insulating", False)):
        geometry = problem_of(*BOX, f"{PILLARS}, surface: {surface}}}").geometry
        beside_pillar = points(5e-6 + 2.2e-6, 5e-6, 15e-6)
        assert bool(geometry.metal_distance(*beside_pillar)[0] < 0.0) is on_host
        assert geometry.metal_distance(*points(0.0, 0.0, 0.2e-6))[0] < 0.0
        assert geometry.host_conducting is on_host
        assert geometry.host_distance is not None
        assert geometry.host_distance(*points(5e-6, 5e-6, 5e-6))[0] < 0.0


def test_flat_host_and_activity():
    geometry = problem_of("host={type: flat, height: 5 um, activity: {bottom: 1, top: 0.5}}").geometry
    assert geometry.host_distance is not None
    assert geometry.host_distance(*points(0.0, 0.0, 7e-6))[0] == pytest.approx(2e-6)
    assert geometry.activity is not None
    assert geometry.activity(*points(0.0, 0.0, 2.5e-6))[0] == pytest.approx(0.75)
    assert geometry.activity(*points(0.0, 0.0, 9e-6))[0] == pytest.approx(0.5)


def test_nuclei_by_hand_and_at_random():
    one = problem_of("nuclei=[{position: [5 um, 0 um], radius: 2 um}]").geometry.metal_distance
    assert one(*points(5e-6, 0.5, 1.9e-6))[0] == pytest.approx(-0.1e-6)
    assert one(*points(8e-6, 0.5, 0.0))[0] == pytest.approx(1e-6)
    field = np.linspace(0.0, 2e-5, 200)[None, :], np.zeros((1, 1)), np.full((1, 1), 1e-7)
    fields = [problem_of(f"nucleation={{density: 1e11 1/m^2, seed: {seed}}}").geometry.metal_distance(*field)
              for seed in (1, 1, 2)]  # fmt: skip
    assert np.array_equal(fields[0], fields[1])
    assert not np.array_equal(fields[0], fields[2])


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
@pytest.mark.parametrize("axes", [[], BOX])
def test_rough_front_has_its_root_mean_square_and_fits_the_faces(lateral, axes):
    front = problem_of(*axes, f"domain.lateral={lateral}", "film={thickness: 5 um, roughness: {amplitude: 0.2 um, "
                       "modes: 3, seed: 4}}").geometry.metal_distance  # fmt: skip
    assert isinstance(front, RoughFront)
    n = 96
    along = (np.arange(n) + 0.5) / n * 2e-5
    x, y = along[None, :], along[:, None] if axes else np.zeros((1, 1))
    zeta = sum(a * np.cos(k * x + p) * np.cos(q * y + r) for a, k, p, q, r in front.waves)
    assert np.sqrt(np.mean(zeta**2)) == pytest.approx(0.2e-6, rel=1e-9)
    left, right = (front(np.array([end]), np.zeros(1), np.array([5e-6])) for end in (1e-9, 2e-5 - 1e-9))
    assert bool(abs(left - right)[0] < 1e-9) is (lateral == "periodic")
    zero = front(np.zeros(1), np.zeros(1), 5e-6 + zeta_at_corner(front))
    assert zero[0] == pytest.approx(0.0, abs=1e-18)


def zeta_at_corner(front: RoughFront) -> np.ndarray:
    return np.array([sum(a * math.cos(p) * math.cos(r) for a, _, p, _, r in front.waves)])


def test_sphere_pack_that_cannot_be_is_refused():
    bed = "host={type: sphere_pack, diameter: 5 um, porosity: 0.2, height: 20 um}"
    with pytest.raises(ScenarioError, match=r"host: .*Take a lattice"):
        problem_of(*BOX, bed)
    assert problem_of(*BOX, bed.replace("0.2", "0.8")).geometry.host_distance is not None


def test_check_gives_the_closed_forms():
    result = check_scenario(load_scenario("sand_time"))
    assert result.scale("limiting current density") == pytest.approx(311.243, rel=1e-5)
    assert result.scale("Sand's time") == pytest.approx(8.7268, rel=1e-4)
    assert result.scale("depletion time") / result.scale("Sand's time") == pytest.approx(1.0318, abs=1e-4)
    assert result.unknowns == 3 * 416
    with pytest.raises(KeyError):
        result.scale("no such scale")


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["protocol.0=plate at 90 mA/cm^2 until 1 mAh/cm^2"], "times the limiting current"),
        (["protocol.0=plate at 1 mA/cm^2 until depletion"], "may never end"),
        (["protocol.0=plate at 1 mA/cm^2 until 9 mAh/cm^2"], "do not fit"),
        (["interface.width=0.4 um"], "profile spans 3.2 cells"),
        (["metal.surface_energy=0 J/m^2"], "the morphology is the grid's"),
        (["domain.cells=[80, 40]"], "fronts grow differently"),
        (["film.thickness=0.6 um"], "less than two interface widths"),
        (["domain={size: [40 um, 40 um], cells: [400, 400]}", "engine=fipy"], "engine fipy"),
        (["electrolyte={preset: LiPF6 in EC:DMC, concentration: 3.5 mol/L}"], "data end at 3 mol/L"),
        ([*BOX, "host={type: pillars, diameter: 1.6 um, pitch: 10 um, height: 20 um}"], "cells across its diameter"),
        ([*BOX, "host={type: pillars, diameter: 3 um, pitch: 7 um, height: 20 um}"], "not a multiple of half"),
    ],
)
def test_check_warns(overrides, told):
    assert check_scenario(scenario_from_text(PLANE)).warnings == ()
    warnings = check_scenario(scenario_from_text(PLANE, overrides)).warnings
    assert any(told in warning for warning in warnings), warnings


def test_no_warning_beyond_the_limiting_current_with_a_way_out():
    for line in ("for 1 s", "until depletion", "until 0.5 mAh/cm^2 limit 1 V"):
        scenario = scenario_from_text(PLANE, [f"protocol.0=plate at 90 mA/cm^2 {line}"])
        assert not any("limiting current" in warning for warning in check_scenario(scenario).warnings)


def test_pulses_count_by_their_mean():
    pulse = scenario_from_text(PLANE, ["protocol.0=pulse at 90 mA/cm^2 for 1 s on 9 s off for 100 s"])
    result = check_scenario(pulse)
    assert result.scale("largest deposit") == pytest.approx(9000.0 / 96485.33 / 76900.0, rel=1e-5)
    assert not any("limiting current" in warning for warning in result.warnings)


def test_check_and_schema_import_no_solver_and_no_plotting():
    code = (
        "import sys\nfrom ramify.cli import main\n"
        "for arguments in (['check', 'copper_pillars'], ['schema'], ['scenarios'], ['--help']):\n"
        "    try: main(arguments)\n    except SystemExit: pass\n"
        "heavy = {'petsc4py', 'numba', 'xarray', 'h5py', 'pyvista', 'matplotlib', 'fipy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
