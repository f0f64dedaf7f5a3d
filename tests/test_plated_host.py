"""Where in a host the metal went: indices of known deposits, on any number of ranks, in files and figures."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ramify.phasefield.depth import bottom_up_index, depth_indices, share_above
from ramify.phasefield.engine import StepReport
from ramify.run.marks import Marks

SCRIPT = Path(__file__).with_name("parallel_measures.py")

SCENARIO = """\
title: a slit that closes at its mouth
domain: {size: [8 um, 12 um], cells: [32, 48]}
electrolyte: {diffusivity: 3e-10 m^2/s, transference: 0.38, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
host: {type: channels, diameter: 4 um, pitch: 8 um, height: 6 um, activity: {bottom: 0.1, top: 2.0}}
interface: {width: 0.25 um}
film: {thickness: 0.8 um}
protocol:
  - plate at 3 mA/cm^2 until 0.4 mAh/cm^2
output: {fields: [xi, psi, c]}
"""


def test_shares_above_a_height():
    gain = np.array([2.0, 1.0, -3.0, 1.0])
    assert share_above(gain, 0.0) == 1.0
    assert share_above(gain, 1.5) == pytest.approx(1.5 / 4.0)
    assert share_above(gain, 3.0) == 0.25
    assert math.isnan(share_above(np.zeros(4), 1.0))


def test_bottom_up_index_of_known_fillings():
    room = np.full(10, 4.0)
    bottom, top, even = np.zeros(10), np.zeros(10), np.full(10, 1.0)
    bottom[:3], top[-3:] = 4.0, 4.0
    assert bottom_up_index(bottom, room) == pytest.approx(1.0)
    assert bottom_up_index(top, room) == pytest.approx(0.0, abs=1e-14)
    assert bottom_up_index(even, room) == pytest.approx(0.5)
    assert math.isnan(bottom_up_index(room, room))
    assert math.isnan(bottom_up_index(np.zeros(10), room))
    wide = np.array([9.0, 1.0, 1.0])  # a cavern below a narrow neck
    assert bottom_up_index(np.array([1.0, 0.0, 0.0]), wide) == pytest.approx(1.0)
    assert bottom_up_index(np.array([0.0, 1.0, 0.0]), wide) == pytest.approx(0.5)


def test_indices_count_from_the_top_of_the_host():
    gain, room = np.zeros(30), np.ones(30)
    gain[[3, 7, 8, 20]] = 1.0
    found = depth_indices(gain, room, 12)
    assert found["top_plating_index"] == pytest.approx(0.5)  # layer 8 begins at two thirds of 12 layers
    assert found["over_plating_index"] == pytest.approx(0.25)
    assert found["bottom_up_index"] == pytest.approx((10.5 - 6.5) / (10.5 - 1.5))


@pytest.fixture(scope="module")
def handmade(mpiexec):
    """Measures of the script's deposits on one rank; two and three must agree."""
    answers = [json.loads(mpiexec(ranks, SCRIPT).stdout) for ranks in (1, 2, 3)]
    for other in answers[1:]:
        assert math.prod(other["process_grid"]) > 1
        for name, measures in answers[0]["answers"].items():
            for key, value in measures.items():
                assert other["answers"][name][key] == pytest.approx(value, rel=1e-12, nan_ok=True), (name, key)
    return answers[0]["answers"]


def test_handmade_deposits(handmade):
    assert handmade["from the bottom"]["bottom_up_index"] == pytest.approx(1.0)
    assert handmade["from the bottom"]["top_plating_index"] == 0.0
    assert handmade["from the bottom"]["filling_fraction"] == pytest.approx(3 / 12, rel=5e-3)
    assert handmade["from the top"]["bottom_up_index"] == pytest.approx(0.0, abs=1e-14)
    assert handmade["from the top"]["top_plating_index"] == pytest.approx(3 / 3)
    assert handmade["from the top"]["over_plating_index"] == 0.0
    assert handmade["evenly"]["bottom_up_index"] == pytest.approx(0.5)
    assert handmade["evenly"]["top_plating_index"] == pytest.approx(1 / 3)
    assert handmade["half of it above"]["over_plating_index"] == pytest.approx(0.5)
    profile = handmade["from the bottom"]["profile"]
    assert profile == pytest.approx([8 / 12] * 3 + [0.0] * 21)


def test_pores_are_blocked_under_a_closed_lid_alone(handmade):
    assert handmade["with a lid"]["blocked_fraction"] == pytest.approx(7 / 12)
    assert handmade["with a lid"]["blocked_height"] == pytest.approx(7 * 0.5e-6)
    for name in ("with a lid and a hole", "from the bottom", "evenly"):
        assert handmade[name]["blocked_fraction"] == 0.0
        assert math.isnan(handmade[name]["blocked_height"])


def test_amplification_of_a_hot_tenth(handmade):
    """Nine tenths of the surface at 2, one at 10: mean 2.8, the 95th percentile in the middle of the hot tenth."""
    assert handmade["hot"]["current_amplification"] == pytest.approx(10.0 / 2.8)
    assert math.isnan(handmade["evenly"]["current_amplification"])


def report(time: float, short: bool = False, **measures: float) -> StepReport:
    return StepReport(time, 1.0, 10.0, -0.1, False, 1, 1, 0, 1000.0, 900.0, short_circuit=short, measures=measures)


def test_marks_keep_the_first_and_average_over_charge():
    marks = Marks()
    assert marks.summary()["current_amplification"] is None
    marks.note(report(1.0, blocked_fraction=0.0, blocked_height=math.nan, current_amplification=2.0), 10.0, 10.0)
    marks.note(report(2.0, blocked_fraction=0.2, blocked_height=5e-6, current_amplification=3.0), -30.0, -20.0)
    marks = Marks(**json.loads(json.dumps(marks.save())))  # through a checkpoint
    marks.note(report(3.0, blocked_fraction=0.4, blocked_height=7e-6, current_amplification=math.nan), 0.0, -20.0)
    marks.note(report(4.0, short=True, blocked_fraction=0.4, blocked_height=7e-6), 50.0, 30.0)
    marks.note(report(5.0, short=True), 50.0, 80.0)
    assert marks.summary() == {
        "first_blocked_time_s": 2.0,
        "first_blocked_height_m": 5e-6,
        "capacity_at_short_circuit_C_per_m2": 30.0,
        "current_amplification": pytest.approx((2.0 * 10 + 3.0 * 30) / 40),
        "ramification_onset_s": None,
    }


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    """A slit whose active mouth closes over its inactive bottom."""
    from ramify.run import run_scenario
    from ramify.scenario.loading import scenario_from_text

    folder = tmp_path_factory.mktemp("plated") / "run"
    assert run_scenario(scenario_from_text(SCENARIO), folder, petsc_options=[]) == 0
    return folder


def test_files_hold_what_the_metal_says(run_folder):
    xarray = pytest.importorskip("xarray")
    summary = json.loads((run_folder / "summary.json").read_text())
    with xarray.open_dataset(run_folder / "history.nc", engine="h5netcdf") as history:
        history.load()
    assert history.metal_profile.dims == ("time", "z")
    assert history.metal_profile.shape == (summary["steps"], 48)
    # The profile, summed, is the metal: 8 um by 1 m by layers of a quarter micrometre.
    volume = history.metal_profile.sum("z").to_numpy() * 8e-6 * 0.25e-6
    np.testing.assert_allclose(volume, history.metal.to_numpy() * 1.3004e-5, rtol=1e-3)
    np.testing.assert_allclose(volume / history.metal.to_numpy(), volume[0] / float(history.metal[0]), rtol=1e-5)
    np.testing.assert_allclose(history.z.to_numpy(), (np.arange(48) + 0.5) * 0.25e-6)
    for name in ("top_plating_index", "over_plating_index", "bottom_up_index", "blocked_fraction"):
        assert summary[name] == pytest.approx(float(history[name][-1]), rel=1e-12)
        assert 0.0 <= summary[name] <= 1.0
    assert 0.5 < summary["top_plating_index"] > summary["over_plating_index"]
    assert summary["bottom_up_index"] < 0.4
    assert summary["current_amplification"] > 1.0
    assert summary["capacity_at_short_circuit_C_per_m2"] is None
    blocked = history.blocked_fraction.to_numpy() > 0.0
    assert blocked.any()
    first = int(np.argmax(blocked))
    assert summary["first_blocked_time_s"] == pytest.approx(float(history.time[first]))
    assert summary["first_blocked_height_m"] == pytest.approx(float(history.blocked_height[first]))
    assert 3e-6 < summary["first_blocked_height_m"] <= 6.0001e-6


def test_depth_figure_is_drawn(run_folder):
    pytest.importorskip("matplotlib")
    from ramify.results.figures.case import Case
    from ramify.results.figures.depth import plot_depth

    path = run_folder / "again.png"
    assert plot_depth(Case.load(run_folder), path) == path
    assert path.stat().st_size > 10_000
    assert (run_folder / "figures/depth.png").exists()
