"""Runs that are stopped, killed and gone on with: nothing is lost and nothing is changed."""

import json
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
import stopped_runs

from ramify.phasefield.engine import Control
from ramify.run import resume_run, run_scenario, runner
from ramify.scenario import load_scenario

CASE = """\
title: a plane that is interrupted
domain: {size: [4 um, 10 um], cells: [8, 20]}
electrolyte: {preset: LiPF6 in EC:DMC, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 2.5 um, roughness: {amplitude: 0.3 um, wavelength: 8 um}}
protocol:
  - plate at 4 mA/cm^2 for 8 s limit 0.2 V
  - rest for 2 s
  - pulse at 4 mA/cm^2 for 1 s on 1 s off for 4 s
  - strip at 2 mA/cm^2 until 0.005 mAh/cm^2
output: {every: 3 s, fields: [xi, c, phi_l], checkpoint_every: 0.1 s}
numerics: {largest_step: 0.06 s, newton_tolerance: 1e-11}
"""
SAME_EVERYWHERE = ("wall_s", "peak_memory_bytes", "ranks")


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    monkeypatch.setattr(runner.Runner, "_plot", lambda self: None)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    path = tmp_path_factory.mktemp("signals") / "case.yaml"
    path.write_text(CASE)
    return path


@pytest.fixture(scope="module")
def uninterrupted(case):
    """Result folder of the run that nobody disturbs."""
    folder = case.parent / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner.Runner, "_plot", lambda self: None)
        assert run_scenario(load_scenario(str(case), []), folder, petsc_options=[]) == 0
    return folder


def summary_of(folder):
    summary = json.loads((folder / "summary.json").read_text())
    return {key: value for key, value in summary.items() if key not in SAME_EVERYWHERE}


def assert_same_results(folder, other, exactly=True):
    """Summary, history and fields of two runs: bitwise, or amounts to 1e-10 and series to 1e-9 of their largest."""
    ours, theirs = summary_of(folder), summary_of(other)
    if exactly:
        assert ours == theirs
    else:
        for name, value in theirs.items():
            if isinstance(value, float) and name != "largest_correction_relative":
                assert ours[name] == pytest.approx(value, rel=1e-10, abs=1e-25), name
    for name in ("history.nc", "fields.nc"):
        with h5py.File(folder / name) as a, h5py.File(other / name) as b:
            assert a["time"].shape == b["time"].shape, name
            for variable in ("voltage", "metal") if name == "history.nc" else ("xi", "c", "phi_l"):
                x, y = a[variable][...], b[variable][...]
                if exactly:
                    np.testing.assert_array_equal(x, y, err_msg=variable)
                else:
                    np.testing.assert_allclose(x, y, rtol=0.0, atol=1e-9 * np.abs(y).max(), err_msg=variable)


def start(case, folder):
    """A run in its own process."""
    command = [sys.executable, "-m", "ramify.cli", "run", str(case), "-o", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=case.parent)


def wait_for_checkpoints(folder, process, number):
    """Return once that many checkpoints have been written."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        names = sorted(path.name for path in folder.glob("checkpoint/checkpoint-*.h5"))
        if names and int(names[-1][11:19]) >= number:
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    raise AssertionError("no checkpoint within a minute")


def test_sigkill_in_the_middle_and_resume(case, uninterrupted):
    folder = case.parent / "killed"
    process = start(case, folder)
    wait_for_checkpoints(folder, process, 3)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "summary.json").exists()
    assert resume_run(folder, []) == 0
    assert_same_results(folder, uninterrupted)


def stop_after(case, folder, steps):
    """Run the case in this process and stop it by a signal after so many steps."""
    with pytest.MonkeyPatch.context() as patch:
        stopped_runs.stop_after(patch, steps)
        assert run_scenario(load_scenario(str(case), []), folder, petsc_options=[]) == 75


def test_resume_on_another_number_of_ranks(case, uninterrupted, mpiexec):
    folder = case.parent / "elsewhere"
    stop_after(case, folder, summary_of(uninterrupted)["steps"] - 60)
    mpiexec(2, "-m", "ramify.cli", "resume", folder, cwd=case.parent)
    assert json.loads((folder / "summary.json").read_text())["ranks"] == 2
    assert_same_results(folder, uninterrupted, exactly=False)


def test_sigusr1_saves_and_goes_on_and_sigterm_stops_with_75(case, uninterrupted):
    folder = case.parent / "asked"
    process = start(case, folder)
    wait_for_checkpoints(folder, process, 2)
    before = sum('"checkpoint"' in line for line in (folder / "log.jsonl").read_text().splitlines())
    process.send_signal(signal.SIGUSR1)
    wait_for_checkpoints(folder, process, before + 1)
    assert process.poll() is None, "SIGUSR1 must not stop the run"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20.0) == 75
    assert "ramify resume" in process.stderr.read()
    assert summary_of(folder)["status"] == "interrupted"
    assert resume_run(folder, []) == 0
    assert_same_results(folder, uninterrupted)


def test_stopping_again_and_again_changes_nothing(case, uninterrupted, monkeypatch):
    """Stopped and resumed every sixty steps, in every step of the protocol."""
    folder = case.parent / "often"
    stopped_runs.stop_every(monkeypatch, 60)
    assert stopped_runs.go_on(run_scenario(load_scenario(str(case), []), folder, petsc_options=[]), folder) >= 5
    assert_same_results(folder, uninterrupted)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(case, uninterrupted):
    folder = case.parent / "damaged"
    stop_after(case, folder, 200)
    newest = max(folder.glob("checkpoint/checkpoint-*.h5"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    newest.write_bytes(content)
    assert resume_run(folder, []) == 0
    assert_same_results(folder, uninterrupted)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("-coupled_ksp_tipe gmres", "coupled_ksp_tipe"),
        ("stray", "stray"),
        ("-coupled_ksp_monitor :x.log stray", "stray"),
        ("-coupled_ksp_type foo", "foo"),
        ("-coupled_pc_type lu", "lu"),
    ],
)
def test_a_petsc_option_that_cannot_be_is_refused_before_the_folder_exists(case, tmp_path, options, named):
    command = [sys.executable, "-m", "ramify.cli", "run", str(case), "-o", "out", "--", *options.split()]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 2
    assert named in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_resume_refuses_an_unused_petsc_option_too(case, uninterrupted):
    command = [sys.executable, "-m", "ramify.cli", "resume", str(uninterrupted), "--", "-nonsense"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=case.parent)
    assert result.returncode == 2
    assert "-nonsense" in result.stderr


# ---------------------------------------------------------------- rejected steps


def saved_state(solver):
    saved = solver.save()
    arrays = saved.pop("arrays")
    return arrays, saved


@pytest.mark.parametrize("control", [Control("current", 60.0), Control("current", 4000.0, 0.25)])
def test_a_rejected_step_leaves_no_trace(control):
    """A step that was too long and is repeated shorter ends in the state of one that was short to begin with."""
    from plating_cells import H, ball, flat, plating_problem, union

    from ramify.phasefield.plating import PlatingSolver
    from ramify.phasefield.problem import CounterElectrode, Geometry, Kinetics

    geometry = Geometry(union(flat(5.0 * H), ball((5.0 * H, 0.0, 14.0 * H), 2.4 * H, planar=True)))
    problem = plating_problem(
        (10, 1, 30), geometry=geometry, counter=CounterElectrode("reservoir"), kinetics=Kinetics(100.0, 1000.0)
    )
    solver = PlatingSolver(problem)
    solver.set_control(control)
    for _ in range(6):
        solver.step(1e9)
    arrays, plain = saved_state(solver)
    plain["arrays"] = arrays
    plain["numbers"] = {**plain["numbers"], "next_step": 3000.0 * plain["numbers"]["next_step"]}
    greedy = PlatingSolver(problem)
    greedy.load(plain)
    report = greedy.step(1e9)
    assert report.rejected >= 1
    modest = PlatingSolver(problem)
    modest.load({**plain, "numbers": {**plain["numbers"], "next_step": report.step}})
    assert modest.step(1e9).rejected == 0
    for _ in range(3):
        greedy.step(1e9)
        modest.step(1e9)
    (ours, our_rest), (theirs, their_rest) = saved_state(greedy), saved_state(modest)
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
    assert our_rest["ledger"] == their_rest["ledger"]
    for name, value in their_rest["numbers"].items():
        np.testing.assert_array_equal(our_rest["numbers"][name], value, err_msg=name)
