"""Runs of `model: mechanics` that are stopped and gone on with, on one rank and on two."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mechanics_scenarios import BAR, STACK, resume, run
from stopped_runs import columns, stop_asked_after

from ramify.models import model_of
from ramify.scenario import scenario_from_text


def interrupted(scenario: Any, folder: Path, after: int) -> None:
    """Run until so many steps are done, then stop as a signal would."""
    run(scenario, folder, code=75, requests=stop_asked_after(after))


def test_resumed_run_is_the_uninterrupted_one_bit_by_bit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = scenario_from_text(STACK)
    whole = run(scenario, tmp_path / "whole")
    interrupted(scenario, tmp_path / "cut", 6)
    assert "resume" in json.loads((tmp_path / "cut" / "summary.json").read_text())["stop_reason"]
    assert columns(tmp_path / "cut")["time"][-1] < 20.0
    found = resume(scenario, tmp_path / "cut")
    for key in ("steps", "plate_depth_m", "contact", "energy", "films", "balance", "peak_von_mises_Pa"):
        assert found[key] == whole[key], key
    for file in ("history.nc", "fields.nc"):
        for name, values in columns(tmp_path / "whole", file).items():
            assert np.array_equal(columns(tmp_path / "cut", file)[name], values, equal_nan=True), (file, name)
    resume(scenario, tmp_path / "cut", code=2)
    assert "nothing is left to resume" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert model_of(scenario).resume(scenario, tmp_path / "empty", petsc_options=[], figures=False, requests=None) == 2
    assert "holds no checkpoint" in capsys.readouterr().err


def test_iterations_leave_nothing_behind_that_a_state_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Multigrid in place of factors: a resumed run is the uninterrupted one bit by bit all the same."""
    from ramify import build_solid

    monkeypatch.setattr(build_solid, "DIRECT_UNKNOWNS", 0)
    scenario = scenario_from_text(BAR, ["mesh.cells=[3, 3, 3]", "duration=4 s", "output={every: 2 s}"])
    whole = run(scenario, tmp_path / "whole")
    interrupted(scenario, tmp_path / "cut", whole["steps"] // 2)
    found = resume(scenario, tmp_path / "cut")
    for key in ("steps", "plate_depth_m", "reactions", "energy", "balance", "peak_von_mises_Pa"):
        assert found[key] == whole[key], key
    for file in ("history.nc", "fields.nc"):
        for name, values in columns(tmp_path / "whole", file).items():
            assert np.array_equal(columns(tmp_path / "cut", file)[name], values, equal_nan=True), (file, name)


def test_another_scenario_does_not_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted(scenario_from_text(STACK), tmp_path / "cut", 3)
    other = scenario_from_text(STACK, ["boundaries.top.plate.pressure=1 MPa"])
    resume(other, tmp_path / "cut", code=2)
    assert "boundaries.top.plate.pressure" in capsys.readouterr().err
    found = resume(scenario_from_text(STACK, ["numerics.flow_tolerance=1e-2", "title=Other"]), tmp_path / "cut")
    assert found["status"] == "finished"


def test_two_ranks_give_the_same_and_take_up_each_others_states(tmp_path: Path, mpiexec) -> None:
    scenario = scenario_from_text(STACK)
    (tmp_path / "stack.yaml").write_text(STACK)
    whole = run(scenario, tmp_path / "whole")
    mpiexec(
        2, "-m", "ramify.cli", "run", tmp_path / "stack.yaml", "-o", tmp_path / "two", "--no-figures", timeout=120.0
    )
    interrupted(scenario, tmp_path / "cut", 6)
    mpiexec(2, "-m", "ramify.cli", "resume", tmp_path / "cut", "--no-figures", timeout=120.0)
    serial = columns(tmp_path / "whole", "fields.nc")
    for folder in ("two", "cut"):
        found = json.loads((tmp_path / folder / "summary.json").read_text())
        assert found["ranks"] == 2 and found["steps"] == whole["steps"]
        assert found["energy"]["work"] == pytest.approx(whole["energy"]["work"], rel=1e-6)
        fields = columns(tmp_path / folder, "fields.nc")
        for name in ("x", "displacement", "stress", "contact_pressure_top"):
            size = np.nanmax(np.abs(serial[name]))
            np.testing.assert_allclose(fields[name], serial[name], rtol=0.0, atol=1e-6 * size, err_msg=name)
