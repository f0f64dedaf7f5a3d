"""States of double layers and current distributions in time: going on bit by bit, on other ranks, after signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import pytest
from stopped_runs import stop_asked_after
from test_charging import TRANSIENT
from test_meshed_models import CELL, DRAINED, IONS, TIMED, run

from ramify.fem import linear
from ramify.models import model_of
from ramify.scenario import ScenarioError, scenario_from_text

FLOWING = [*TIMED, "output.every=0.4 s"]
CASES = {"ions": (TRANSIENT, []), "current": (CELL, FLOWING), "drained": (CELL, DRAINED)}
CHANGING = {"wall_s", "peak_memory_bytes", "ranks"}
"""Of a summary, from run to run."""


def resume(scenario: Any, folder: Path, code: int = 0) -> dict[str, Any]:
    assert model_of(scenario).resume(scenario, folder, petsc_options=[], figures=False, requests=None) == code
    return json.loads((folder / "summary.json").read_text())


def columns(folder: Path, file: str) -> dict[str, np.ndarray]:
    with h5netcdf.File(folder / file, "r") as data:
        return {name: variable[...] for name, variable in data.variables.items()}


def steps_of(folder: Path) -> int:
    return len(columns(folder, "history.nc")["time"])


def interrupt(scenario: Any, folder: Path, after: int) -> None:
    """Run until so many steps are done, then stop as a signal would."""
    run(scenario, folder, code=75, requests=stop_asked_after(after))


def assert_same(folder: Path, other: Path) -> None:
    """Bit by bit, but for what changes from run to run."""
    one, two = (json.loads((each / "summary.json").read_text()) for each in (folder, other))
    for key in set(one) - CHANGING:
        assert two[key] == one[key], key
    for file in ("history.nc", "fields.nc"):
        found = columns(other, file)
        for name, values in columns(folder, file).items():
            assert np.array_equal(found[name], values, equal_nan=True), (file, name)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("part", [0.0, 0.4, 0.8])
def test_resumed_run_is_the_uninterrupted_one_bit_by_bit(tmp_path: Path, case: str, part: float) -> None:
    """Cut before the first step, in the middle of a step of the scenario, and late."""
    scenario = scenario_from_text(CASES[case][0], CASES[case][1])
    run(scenario, tmp_path / "whole")
    whole = json.loads((tmp_path / "whole" / "summary.json").read_text())
    interrupt(scenario, tmp_path / "cut", int(part * whole["steps"]))
    assert "ramify resume goes on" in json.loads((tmp_path / "cut" / "summary.json").read_text())["stop_reason"]
    resume(scenario, tmp_path / "cut")
    assert_same(tmp_path / "whole", tmp_path / "cut")


SOLID = {
    "ions": (
        TRANSIENT,
        [
            "mesh={type: box, size: [10 nm, 10 nm, 60 nm], cells: [2, 2, 12], element: tetrahedron, "
            "grading: {towards: bottom, finest: 0.5 nm}}",
            "steps=[{voltage: -20 mV, duration: 20 ns}, {current_density: 500 A/m^2, duration: 20 ns}]",
            "output.every=10 ns",
            "numerics={time_tolerance: 1e-3}",
        ],
    ),
    "current": (
        CELL,
        [*TIMED, "mesh={type: box, size: [20 um, 20 um, 40 um], cells: [3, 3, 8], element: tetrahedron}"],
    ),
}
"""In three dimensions, small."""


@pytest.mark.parametrize("case", SOLID)
def test_iterations_leave_nothing_behind_that_a_state_does_not_hold(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Multigrid in place of factors, as meshes beyond some thousand unknowns have it."""
    monkeypatch.setattr(linear, "DIRECT_UNKNOWNS", 0)
    scenario = scenario_from_text(*SOLID[case])
    run(scenario, tmp_path / "whole")
    whole = json.loads((tmp_path / "whole" / "summary.json").read_text())
    for part in (0.3, 0.7):
        folder = tmp_path / f"cut {part}"
        interrupt(scenario, folder, int(part * whole["steps"]))
        resume(scenario, folder)
        assert_same(tmp_path / "whole", folder)


def test_iterations_leave_nothing_behind_on_two_ranks(tmp_path: Path, checkout: Path, mpiexec) -> None:
    printed = mpiexec(2, "parallel_states.py", tmp_path, cwd=checkout / "tests").stdout
    found = json.loads(printed.splitlines()[-1])
    assert found["ranks"] == 2 and found["steps"] > 5


@pytest.mark.parametrize("case", ["ions", "current"])
def test_other_ranks_take_up_a_state(tmp_path: Path, case: str, mpiexec) -> None:
    scenario = scenario_from_text(CASES[case][0], CASES[case][1])
    run(scenario, tmp_path / "whole")
    whole = json.loads((tmp_path / "whole" / "summary.json").read_text())
    interrupt(scenario, tmp_path / "cut", whole["steps"] // 2)
    mpiexec(2, "-m", "ramify.cli", "resume", tmp_path / "cut", "--no-figures", timeout=120.0)
    found = json.loads((tmp_path / "cut" / "summary.json").read_text())
    assert found["ranks"] == 2 and found["steps"] == whole["steps"]
    assert found["balance"]["salt_relative"] < 1e-12 and found["balance"]["charge_relative"] < 1e-8
    for file in ("history.nc", "fields.nc"):
        cut = columns(tmp_path / "cut", file)
        for name, values in columns(tmp_path / "whole", file).items():
            size = np.nanmax(np.abs(values), initial=0.0) if values.dtype.kind == "f" else 0.0
            np.testing.assert_allclose(cut[name], values, rtol=0.0, atol=1e-7 * size, err_msg=f"{file} {name}")


def test_a_signal_saves_and_ends_the_run(tmp_path: Path) -> None:
    """Through the command line, on states by wall time before it."""
    (tmp_path / "cell.yaml").write_text(TRANSIENT + "numerics: {time_tolerance: 1e-5}\n")
    command = [sys.executable, "-m", "ramify.cli", "run", "cell.yaml", "-o", "run", "--no-figures"]
    running = subprocess.Popen(
        [*command, "--set", "output.checkpoint_every=0.2 s"], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60.0
    while not (tmp_path / "run" / "checkpoint").is_dir() and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGTERM)
    assert running.wait(timeout=60.0) == 75
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "interrupted"
    before = steps_of(tmp_path / "run")
    going = subprocess.run(
        [sys.executable, "-m", "ramify.cli", "resume", "run", "--no-figures"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120.0,
    )  # fmt: skip
    assert going.returncode == 0, going.stderr
    found = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert found["status"] == "finished" and found["steps"] == steps_of(tmp_path / "run") - 1 > before
    assert found["time_s"] == pytest.approx(0.6e-6, rel=1e-12) and found["balance"]["salt_relative"] < 1e-12


def test_what_cannot_go_on_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drained = scenario_from_text(CELL, DRAINED)
    interrupt(drained, tmp_path / "run", 5)
    other = scenario_from_text(CELL, [*DRAINED, "kinetics.exchange_current_density=10 A/m^2"])
    resume(other, tmp_path / "run", code=2)
    assert "kinetics.exchange_current_density" in capsys.readouterr().err
    assert resume(drained, tmp_path / "run")["status"] == "stopped"
    resume(drained, tmp_path / "run", code=2)
    assert "nothing is left to resume" in capsys.readouterr().err
    steady = scenario_from_text(IONS)
    run(steady, tmp_path / "steady")
    resume(steady, tmp_path / "steady", code=2)
    assert "holds no checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "remedy"), [(CELL, "a duration"), (IONS, "with steps")])
def test_steady_states_keep_none(text: str, remedy: str) -> None:
    with pytest.raises(ScenarioError, match=rf"output.checkpoint_every.*{remedy}"):
        scenario_from_text(text, ["output.checkpoint_every=1 s"])
