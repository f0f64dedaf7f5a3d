"""When a front begins to ramify: the wavelength of its roughness, the mark, and a run through depletion."""

import json
import math

import h5netcdf
import numpy as np
import pytest

from ramify.build import build_problem
from ramify.phasefield.engine import StepReport
from ramify.phasefield.plating.measures import roughness_wavelength
from ramify.phasefield.problem import Domain
from ramify.physics import cell
from ramify.run import run_scenario
from ramify.run.marks import Marks
from ramify.scenario import load_scenario
from ramify.scenario.loading import scenario_from_text
from ramify.validation import sand_ramification

ROUGH = """\
title: a rough front through depletion
domain: {size: [64 nm, 300 nm], cells: [16, 75], lateral: periodic}
electrolyte: {diffusivity: 1e-13 m^2/s, transference: 0.7, concentration: 2 mol/L}
kinetics: {exchange_current_density: 10 A/m^2}
counter_electrode: {kind: reservoir}
film: {thickness: 60 nm, roughness: {amplitude: 2 nm, wavelength: 64 nm}}
protocol: [plate at 40 mA/cm^2 for 0.4 s limit 0.5 V]
numerics: {newton_tolerance: 1e-6}
"""


@pytest.mark.parametrize("periodic", [True, False])
def test_wavelength_of_a_cosine(periodic):
    domain = Domain((8e-6, 1.0, 1e-5), (256, 1, 100), periodic)
    x = (np.arange(256) + 0.5) * domain.spacing[0]
    heights = 3e-6 + 1e-7 * np.cos(2.0 * np.pi * x / 4e-6)[None, :]
    assert roughness_wavelength(heights, domain) == pytest.approx(4e-6, rel=3e-3)


def test_wavelength_in_the_plane_adds_the_slopes():
    domain = Domain((8e-6, 4e-6, 1e-5), (256, 128, 100), True)
    x, y = ((np.arange(n) + 0.5) * 8e-6 / 256 for n in (256, 128))
    heights = 3e-6 + 1e-7 * np.cos(2.0 * np.pi * x / 4e-6)[None, :] * np.cos(2.0 * np.pi * y / 2e-6)[:, None]
    assert roughness_wavelength(heights, domain) == pytest.approx(1.0 / math.hypot(1 / 4e-6, 1 / 2e-6), rel=3e-3)


def test_no_wavelength_without_a_rough_front():
    domain = Domain((8e-6, 1.0, 1e-5), (256, 1, 100), True)
    assert math.isnan(roughness_wavelength(np.full((1, 256), 3e-6), domain))
    bare = np.full((1, 256), 3e-6)
    bare[0, 7] = 0.0
    assert math.isnan(roughness_wavelength(bare, domain))


def report(time: float, height: float, roughness: float, current: float = 10.0, wavelength: float = 2e-6) -> StepReport:
    measures = {"mean_height": height, "roughness": roughness, "roughness_wavelength": wavelength}
    return StepReport(time, 1.0, current, -0.1, False, 1, 1, 0, 1000.0, 900.0, measures=measures)


def followed(times, share, **changes):
    """Marks of a front at 1 um/s, 2 um between bumps, that grow at share(t) of the diffusion-limited rate."""
    marks, logarithm, before = Marks(), math.log(1e-8), 0.0
    for time in times:
        logarithm += share(0.5 * (time + before)) * (time - before) * 1e-6 * math.pi / 1e-6
        before = time
        marks.note(report(time, 1e-5 + 1e-6 * time, math.exp(logarithm), **changes), 0.0, 0.0)
        marks = Marks(**json.loads(json.dumps(marks.save())))  # through a checkpoint
    return marks


def test_onset_is_where_half_the_diffusion_limited_rate_is_passed():
    times = np.cumsum(np.tile([0.05, 0.11, 0.08], 30))
    assert followed(times, lambda t: 0.1 * t).summary()["ramification_onset_s"] == pytest.approx(5.0, rel=1e-9)
    assert followed(times, lambda t: 0.4).summary()["ramification_onset_s"] is None
    # the first time counts, however the front goes on
    assert followed(times, lambda t: math.sin(t)).ramified_time == pytest.approx(math.pi / 6, rel=2e-2)


def test_no_onset_of_what_dissolves_or_is_not_rough():
    times = np.linspace(0.1, 5.0, 50)
    assert followed(times, lambda t: 1.0, current=-10.0).ramified_time is None
    assert followed(times, lambda t: 1.0, wavelength=math.nan).ramified_time is None


def test_a_front_ramifies_when_its_salt_is_used_up(tmp_path):
    assert run_scenario(scenario_from_text(ROUGH), tmp_path / "run", petsc_options=[], figures=False) == 0
    onset = json.loads((tmp_path / "run" / "summary.json").read_text())["ramification_onset_s"]
    depletion = cell.cell_depletion_time(1e-13, 2000.0, 0.7, 240e-9, 400.0, "reservoir")
    assert 0.75 * depletion < onset < 1.15 * depletion
    with h5netcdf.File(tmp_path / "run" / "history.nc", "r") as file:
        waves = np.asarray(file.variables["roughness_wavelength"][...])
    assert waves[0] == pytest.approx(64e-9, rel=0.02)


@pytest.fixture(scope="module")
def exponential():
    """A front at 10 nm/s in the shipped 2-D cell; from 2 s on its tip's lead grows at 0.8 of the diffusion limit."""
    time = np.linspace(0.0, 5.0, 501)
    mean = 1e-7 + 1e-8 * time
    lead = 3e-9 * np.exp(0.8 * 2.0 * np.pi / 1e-7 * 1e-8 * np.maximum(time - 2.0, 0.0))
    columns = {"time": time, "mean_height": mean, "tip_height": mean + lead, "roughness_wavelength": np.full(501, 1e-7)}
    problem = build_problem(load_scenario("sand_ramification_2d"))
    x = (np.arange(80) + 0.5) * problem.domain.spacing[0]
    heights = 9e-8 + 2e-9 * np.cos(2.0 * np.pi * x / 0.256e-6 * 3)[None, :]
    return sand_ramification.Growth(
        problem, 100.0, 4.0, 2.0, 0.96e-6, sand_ramification.spectrum(heights, problem), columns
    ), heights


def test_reading_of_the_validation_case(exponential):
    front, heights = exponential
    assert front.tip_onset == pytest.approx(2.0, abs=0.35)
    assert front.tip_velocity(0.1, 0.4) == (pytest.approx(1e-8), pytest.approx(1.0))
    waves, power = front.modes
    assert waves == pytest.approx([2.0 * np.pi / 0.256e-6 * 3] * 2)
    assert power.sum() == pytest.approx(heights.var())


def test_linear_theory_of_the_validation_case(exponential):
    theory = sand_ramification.Theory(exponential[0])
    k = float(exponential[0].modes[0][0])
    assert 0.85 < theory.onset(k) < theory.onset(2.0 * k) < 1.0
    left = 2000.0 * cell.cathode_concentration(0.8 * theory.depletion / theory.unit, theory.cell.overdrive)
    assert theory.moment_of(left) == pytest.approx(0.8, rel=1e-4)
    cut_off = theory.cut_off(left)
    assert abs(theory.share(2.0 * np.pi / cut_off, 0.8)) < 2e-3
    # the amplitude of a mode grows by exp(int w dt)
    steady = theory.share(k, 0.01) * theory.velocity * k * 0.02 * 4.0
    assert theory.factors(0.02) == pytest.approx(math.exp(steady), rel=2e-3)
