"""What is made of the outcomes of a study: quantities, tables, designs, sensitivities."""

import json

import h5netcdf
import numpy as np
import pytest
from study_cases import write

from ramify import cli
from ramify.results.summary import HOST_KEYS
from ramify.study import build_points, load_study
from ramify.study.effects import sobol
from ramify.study.folder import StudyFolder
from ramify.study.outcomes import Outcome, collect
from ramify.study.ranking import pareto, rank
from ramify.study.table import csv_text, dataset, si

SLIT = """\
domain: {size: [3 um, 18 um], cells: [6, 36]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.38, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
host: {type: channels, diameter: 4 um, pitch: 6 um, height: 12 um, surface: conducting}
protocol: [plate at 4 mA/cm^2 for 60 s]
"""
PLATED = """\
base: slit.yaml
factors: {rate: {values: [4 mA/cm^2]}}
derived: {protocol.0: "plate at {rate} for 60 s"}
objectives:
  bottom_up_index: {goal: maximise}
  top_plating_index: {}
  over_plating_index: {}
  blocked_fraction: {}
  current_amplification: {}
  strongest: {quantity: current_amplification, reduce: maximum}
  lowest: {quantity: bottom_up_index, reduce: minimum}
  blocked: {quantity: blocked_height, reduce: maximum}
  first_blocked_time_s: {}
  first_blocked_height_m: {}
  capacity_at_short_circuit_C_per_m2: {}
constraints:
  late: {quantity: capacity_at_short_circuit_C_per_m2, above: 1 mAh/cm^2}
"""


def test_measures_of_a_plated_host_are_quantities(tmp_path):
    (tmp_path / "slit.yaml").write_text(SLIT)
    (tmp_path / "study.yaml").write_text(PLATED)
    file = load_study(tmp_path / "study.yaml")
    (point,), home = build_points(file), StudyFolder(tmp_path / "out")
    paths = home.paths(point)
    with pytest.raises(SystemExit):
        cli.main(["run", str(tmp_path / "slit.yaml"), "-o", str(paths.results), "--no-figures"])
    summary = json.loads((paths.results / "summary.json").read_text())
    with h5netcdf.File(paths.results / "history.nc", "r") as history:
        amplification, index = (history[name][...] for name in ("current_amplification", "bottom_up_index"))
    (found,) = collect(file, [point], home)
    for name in ("bottom_up_index", "top_plating_index", "over_plating_index", "blocked_fraction"):
        assert found.values[name] == summary[name]
    assert found.values["current_amplification"] == summary["current_amplification"] > 1.0
    assert found.values["strongest"] == np.nanmax(amplification) != summary["current_amplification"]
    assert found.values["lowest"] == np.nanmin(index)
    for name in ("first_blocked_time_s", "first_blocked_height_m", "capacity_at_short_circuit_C_per_m2", "blocked"):
        assert np.isnan(found.values[name])  # has not happened
    assert found.feasible
    # as after a short circuit
    done = {**summary, "first_blocked_time_s": 30.0, "capacity_at_short_circuit_C_per_m2": 18000.0}
    (paths.results / "summary.json").write_text(json.dumps(done))
    (found,) = collect(file, [point], home)
    assert found.values["first_blocked_time_s"] == 30.0
    assert found.broken == ("Capacity at short circuit 0.5 mAh/cm^2, not above 1 mAh/cm^2",)
    assert set(HOST_KEYS) <= set(summary)
    head = csv_text(file, [found]).splitlines()[0]
    assert "bottom_up_index [1]" in head and "capacity_at_short_circuit_C_per_m2 [mAh/cm^2]" in head


def test_dataset_of_zipped_factors_variants_and_repeats(tmp_path):
    import xarray

    text = """\
base: line.yaml
factors:
  rate: {values: [1 mA/cm^2, 4 mA/cm^2]}
  time: {values: [20 s, 5 s]}
zip: [rate, time]
variants: [{label: plain}, {label: warm, set: {electrolyte.temperature: 50 degC}}]
repeats: {key: numerics.order, count: 2, seed: 1}
derived: {protocol.0: "plate at {rate} for {time}"}
objectives: {tip_height_m: {}}
"""
    file = load_study(write(tmp_path, text))
    outcomes = outcomes_of(file, [{"tip_height_m": 1e-6 * number} for number in range(8)])
    dataset(file, outcomes, {}).to_netcdf(tmp_path / "study.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "study.nc", engine="h5netcdf") as data:
        assert dict(data.tip_height_m.sizes) == {"rate_time": 2, "variant": 2, "repeat": 2}
        assert data.time.dims == data.rate.dims == ("rate_time",)
        picked = data.tip_height_m.swap_dims(rate_time="time").sel(time=5.0, variant="warm")
        np.testing.assert_allclose(picked, [6e-6, 7e-6])
    assert csv_text(file, outcomes).splitlines()[7].startswith("7,warm,1,4.0,5.0,6,")
    designs = rank(outcomes, file.study)
    assert [design.values["tip_height_m"] for design in designs] == pytest.approx([6.5e-6, 4.5e-6, 2.5e-6, 0.5e-6])
    assert designs[0].spreads["tip_height_m"] == pytest.approx(1e-6 / np.sqrt(2.0))


def outcomes_of(file, values):
    """Outcomes made by hand: one dictionary of objectives for every point."""
    points = build_points(file)
    folder = StudyFolder(file.path.parent / "none")
    return [
        Outcome(point, folder.paths(point), "finished", "", value, {}, ())
        for point, value in zip(points, values, strict=True)
    ]


def test_score_and_front_of_two_objectives(tmp_path):
    file = load_study(write(tmp_path))
    names = ["tip_height_m", "gain", "loss", "safe"]
    rows = [(1.0, 1.0, -3.0, 0.0), (2.0, 1.0, -1.0, 0.0), (3.0, 1.0, -4.0, 0.0)]
    designs = rank(outcomes_of(file, [dict(zip(names, row, strict=True)) for row in rows]), file.study)
    assert [design.first.point.number for design in designs] == [2, 3, 1]
    assert [design.on_front for design in designs] == [True, True, False]
    assert designs[0].score == pytest.approx((0.5 + 1.0 + 1.0) / 3.0)
    assert list(pareto(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))) == [True, True, False, True]


def test_sobol_indices_of_a_linear_function(tmp_path):
    """f = 3 x + y on the unit square: first order 0.9 and 0.1, no interaction."""
    text = """\
base: line.yaml
factors:
  x: {key: film.thickness, between: [2 um, 3 um]}
  y: {key: kinetics.transfer_coefficient, between: [0.3, 0.4]}
design: {type: sobol, points: 256, indices: true}
objectives: {tip_height_m: {}}
"""
    file = load_study(write(tmp_path, text))
    values = []
    for point in build_points(file):
        x, y = (si(point.combination.levels[name]) for name in ("x", "y"))
        values.append({"tip_height_m": 3.0 * (float(x) - 2e-6) / 1e-6 + (float(y) - 0.3) / 0.1})
    values[7]["tip_height_m"] = float("nan")  # a point that failed takes its row with it
    (found,) = sobol(outcomes_of(file, values), file.study)
    assert (found.rows, found.lost) == (128, 128)
    assert found.first == pytest.approx([0.9, 0.1], abs=0.02)
    assert found.total == pytest.approx([0.9, 0.1], abs=0.02)
    assert (found.first_interval[:, 0] <= found.first).all() and (found.first <= found.first_interval[:, 1]).all()
