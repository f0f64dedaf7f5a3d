"""The same numbers on any number of ranks, and the command line under `mpiexec`."""

import json
from pathlib import Path

import h5netcdf
import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("parallel_plating.py")
SAME = 1e-8

SCENARIO = """\
title: a small plane cell
domain: {size: [4 um, 10 um], cells: [8, 20]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.38, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 2.5 um, roughness: {amplitude: 0.2 um, modes: 1, seed: 1}}
protocol:
  - plate at 2 mA/cm^2 for 20 s
  - strip at 1 mA/cm^2 until 0.002 mAh/cm^2
output: {every: 10 s, fields: [xi, c]}
"""
BROKEN = SCENARIO.replace("exchange_current_density", "exchange_curent_density")


def numbers_on(mpiexec, ranks, case):
    answer = json.loads(mpiexec(ranks, SCRIPT, case).stdout)
    assert answer["worst_balance"] <= 1e-10
    return answer["numbers"]


@pytest.mark.parametrize(
    ("case", "ranks"),
    [
        ("host", 2),
        ("island", 2),
        ("island", 3),
        ("ohmic", 2),
        ("anisotropic", 2),
        ("pressed", 2),
        ("flowing", 2),
        ("nuclei", 2),
        ("wetting", 2),
        ("wetting, conservative", 2),
    ],
)
def test_ranks_agree(mpiexec, case, ranks):
    """Steps, voltage, amounts, island potentials and weighted sums of all fields."""
    one, many = numbers_on(mpiexec, 1, case), numbers_on(mpiexec, ranks, case)
    grid, alone = many.pop("process_grid"), one.pop("process_grid")
    assert (max(grid), max(alone)) == (ranks, 1)
    if case == "island":
        assert grid[2] == ranks, "the cut must pass through the island"
        assert len(one["islands"]) == 1
    for name, value in one.items():
        # Dead metal and the like are zero on both, measures of what did not happen no numbers.
        assert many[name] == pytest.approx(value, rel=SAME, abs=1e-30, nan_ok=True), name


def test_a_nan_on_one_rank_stops_all_in_the_same_step(mpiexec):
    """Each rank gives up with the same words, at the time of the last good state, which is finite."""
    answers = json.loads(mpiexec(2, SCRIPT, "nan", timeout=60.0).stdout)
    assert len(answers) == 2
    assert answers[0] == answers[1]
    said, stayed, finite = answers[0]
    assert "not finite" in said
    assert stayed and finite


def test_the_command_runs_under_mpiexec_and_agrees(mpiexec, tmp_path):
    (tmp_path / "case.yaml").write_text(SCENARIO)
    summaries = []
    for ranks in (1, 2):
        folder = tmp_path / f"on{ranks}"
        mpiexec(ranks, "-m", "ramify.cli", "run", tmp_path / "case.yaml", "-o", folder, cwd=tmp_path)
        summaries.append(json.loads((folder / "summary.json").read_text()))
    one, two = summaries
    assert (one["ranks"], two["ranks"]) == (1, 2)
    assert one["status"] == two["status"] == "finished"
    for name in (
        "steps", "time_s", "charge_passed_C", "metal_plated_mol", "metal_stripped_mol", "filling_fraction",
        "tip_height_m", "roughness_m", "voltage_V",
    ):  # fmt: skip
        assert two[name] == pytest.approx(one[name], rel=SAME), name
    waves = []
    for ranks in (1, 2):
        with h5netcdf.File(tmp_path / f"on{ranks}" / "history.nc", "r") as file:
            waves.append(np.asarray(file.variables["roughness_wavelength"][...]))
    assert np.isfinite(waves[0]).all()
    assert waves[1] == pytest.approx(waves[0], rel=SAME)
    for summary in summaries:
        assert max(summary["balance"].values()) <= 1e-10


def test_refused_input_is_told_once(mpiexec, tmp_path):
    (tmp_path / "case.yaml").write_text(BROKEN)
    result = mpiexec(2, "-m", "ramify.cli", "run", tmp_path / "case.yaml", cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert (result.stdout + result.stderr).count("exchange_curent_density") == 1
    assert "Traceback" not in result.stderr


def test_a_folder_in_use_is_refused_once(mpiexec, tmp_path):
    (tmp_path / "case.yaml").write_text(SCENARIO)
    folder = tmp_path / "used"
    folder.mkdir()
    (folder / "summary.json").write_text("{}")
    arguments = ("-m", "ramify.cli", "run", tmp_path / "case.yaml", "-o", folder)
    result = mpiexec(2, *arguments, cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert (result.stdout + result.stderr).count("already holds") == 1
    assert (folder / "summary.json").read_text() == "{}"


def test_more_ranks_than_the_grid_can_share_are_refused(mpiexec, tmp_path):
    line = SCENARIO.replace("size: [4 um, 10 um], cells: [8, 20]", "size: [10 um], cells: [4]")
    line = line.replace("{thickness: 2.5 um, roughness: {amplitude: 0.2 um, modes: 1, seed: 1}}", "{thickness: 5 um}")
    (tmp_path / "case.yaml").write_text(line)
    result = mpiexec(5, "-m", "ramify.cli", "run", tmp_path / "case.yaml", cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert result.stderr.count("5 ranks cannot share") == 1
    assert "Traceback" not in result.stderr
