"""What a run does where something around it fails: folders, disks, files changed or damaged, launchers, ranks."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import h5netcdf
import h5py
import numpy as np
import pytest
from stopped_runs import stop_after

from ramify import cli
from ramify.phasefield.engine import Ledger, SolverFailure
from ramify.results.claim import Claim, FolderClaimed
from ramify.results.folder import RunFolder
from ramify.run import ranks, resume_run, run_scenario, runner
from ramify.run.ending import Ending
from ramify.scenario import ScenarioError, load_scenario

CASE = """\
title: a plane
domain: {size: [20 um], cells: [20]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 4 um}
protocol: [plate at 1 mA/cm^2 for 4 s]
output: {every: 1 s, checkpoint_every: 1 ms}
numerics: {largest_step: 0.5 s}
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE)
    return path


@pytest.fixture
def start(case, tmp_path):
    """`start(*overrides)`: exit code and folder of a run without figures."""

    def run(*overrides, folder=tmp_path / "out"):
        return run_scenario(load_scenario(case, overrides), folder, petsc_options=[], figures=False), folder

    return run


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def stopped(start, monkeypatch, steps=4):
    """Folder of a run that a signal has stopped after so many steps."""
    with monkeypatch.context() as patch:
        stop_after(patch, steps)
        code, folder = start()
    assert code == 75
    return folder


# ---------------------------------------------------------------- folders and disks


@pytest.mark.parametrize("name", ["case.yaml/x", "/proc/ramify", "/sys/ramify", "n" * 300])
def test_a_folder_that_cannot_be_made_is_refused(capsys, monkeypatch, tmp_path, case, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        cli.main(["run", str(case), "-o", name])
    assert end.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("writer", ["snapshot", "history", "checkpoint", "finish"])
def test_a_full_disk_fails_the_run_and_says_so(start, monkeypatch, capsys, writer):
    def full(self, *arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, writer, full)
        code, folder = start()
    assert code == 3
    message = capsys.readouterr().err
    assert "No space left" in message
    assert str(folder) in message
    if writer != "finish":
        assert summary_of(folder)["status"] == "failed"
    if writer != "checkpoint":  # the state was saved all the same
        assert resume_run(folder, [], figures=False) == 0
        assert summary_of(folder)["time_s"] == 4.0


def test_a_disk_without_room_fails_the_run_before_hdf5_meets_it(start, monkeypatch, capsys):
    usage = shutil.disk_usage
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage(path)._replace(free=40_000))
        code, folder = start()
    assert code == 3
    assert "No space left" in capsys.readouterr().err
    assert summary_of(folder)["status"] == "failed"


def test_a_claimed_folder_is_refused_and_a_claim_ends_with_its_owner(tmp_path, start, capsys):
    folder = tmp_path / "out"
    folder.mkdir()
    claim = Claim(folder)
    with pytest.raises(FolderClaimed):
        Claim(folder)
    assert start()[0] == 2
    assert "another run" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == [".claim"]
    claim.release()
    assert start()[0] == 0
    assert not (folder / ".claim").exists()
    (folder / ".claim").touch()  # as a killed run leaves it
    Claim(folder).release()


# ---------------------------------------------------------------- resuming


def test_an_edited_scenario_is_not_run_on_with_the_old_state(start, monkeypatch, capsys):
    folder = stopped(start, monkeypatch)
    written = (folder / "scenario.yaml").read_text()
    (folder / "scenario.yaml").write_text(written.replace("for 4 s", "for 40 s"))
    assert resume_run(folder, [], figures=False) == 2
    assert "protocol" in capsys.readouterr().err
    (folder / "scenario.yaml").write_text(written.replace("title: a plane", "title: plane").replace("0.5 s", "0.4 s"))
    assert resume_run(folder, [], figures=False) == 0


@pytest.mark.parametrize("name", ["history.nc", "fields.nc", "fields.vtkhdf"])
def test_a_damaged_file_is_set_aside_whatever_is_wrong_inside(start, monkeypatch, name):
    folder = stopped(start, monkeypatch)
    content = bytearray((folder / name).read_bytes())
    noise = np.random.default_rng(1).bytes(len(content) - 200)
    (folder / name).write_bytes(content[:200] + noise)
    assert resume_run(folder, [], figures=False) == 0
    assert (folder / f"{name}.damaged-1").exists()
    with h5py.File(folder / name) as file:
        assert len(file) > 0
    assert summary_of(folder)["status"] == "finished"


def test_a_folder_in_place_of_a_file_is_set_aside(start, monkeypatch):
    folder = stopped(start, monkeypatch)
    for name in ("log.jsonl", "summary.json"):
        (folder / name).unlink()
        (folder / name).mkdir()
    assert resume_run(folder, [], figures=False) == 0
    assert summary_of(folder)["status"] == "finished"


# ---------------------------------------------------------------- summary


def test_a_signal_in_the_last_step_leaves_a_finished_run(start, monkeypatch):
    advance = runner.Runner._advance

    def last(self):
        ended = advance(self)
        if ended:
            os.kill(os.getpid(), signal.SIGTERM)
        return ended

    monkeypatch.setattr(runner.Runner, "_advance", last)
    code, folder = start()
    assert code == 0
    assert summary_of(folder)["status"] == "finished"


def test_a_resumed_run_without_a_step_keeps_its_measures(start, monkeypatch):
    folder = stopped(start, monkeypatch)
    before = summary_of(folder)
    monkeypatch.setattr(runner.Runner, "_loop", lambda self: self._finish(Ending.asked()))
    assert resume_run(folder, [], figures=False) == 75
    after = summary_of(folder)
    for key in ("tip_height_m", "filling_fraction", "voltage_V"):
        assert after[key] == before[key]


def test_a_failure_in_the_first_step_measures_the_start(start, monkeypatch):
    def fail(self, until):
        raise SolverFailure("no", field="c", place=None, time=0.0, remedy="none")

    monkeypatch.setattr("ramify.phasefield.plating.PlatingSolver.step", fail)
    code, folder = start()
    assert code == 3
    assert summary_of(folder)["tip_height_m"] == pytest.approx(4e-6, rel=0.05)
    with h5netcdf.File(folder / "history.nc") as history:
        assert len(history.dimensions["time"]) == 0
    monkeypatch.undo()
    assert resume_run(folder, [], figures=False) == 0


def test_round_off_is_no_plated_metal(start):
    _, folder = start("protocol=[rest for 2 s, strip at 1 mA/cm^2 for 2 s]")
    summary = summary_of(folder)
    assert summary["metal_plated_mol"] == 0.0
    assert summary["metal_stripped_mol"] > 0.0
    assert summary["coulombic_efficiency"] is None
    assert Ledger(metal_start=1.0, metal=1.0, plated=1e-14, stripped=0.1).coulombic_efficiency is None
    assert Ledger(metal_start=1.0, metal=1.0, plated=0.2, stripped=0.1).coulombic_efficiency == 0.5


# ---------------------------------------------------------------- launchers, ranks, signals


def test_a_launcher_of_another_mpi_is_refused(start, monkeypatch, tmp_path):
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    with pytest.raises(ScenarioError, match="another MPI"):
        start()
    assert not (tmp_path / "out").exists()


ALONE = """\
import sys
from pathlib import Path
from mpi4py import MPI
from ramify.run import run_scenario, runner
from ramify.scenario import ScenarioError, load_scenario
def alone(error):
    def raises(*arguments):
        if MPI.COMM_WORLD.rank == 1:
            raise error
        return original(*arguments)
    return raises
if sys.argv[2] == "refusal":
    original = runner.refuse_ranks
    runner.refuse_ranks = alone(ScenarioError("this rank alone"))
else:
    original = runner.Runner._advance
    runner.Runner._advance = alone(KeyboardInterrupt())
run_scenario(load_scenario(sys.argv[1]), Path("out"), petsc_options=[], figures=False)
"""


@pytest.mark.parametrize("what", ["refusal", "interrupt"])
def test_a_rank_that_fails_alone_ends_the_others(mpiexec, tmp_path, case, what):
    script = tmp_path / "alone.py"
    script.write_text(ALONE)
    done = mpiexec(2, script, case, what, cwd=tmp_path, check=False, timeout=60)
    assert done.returncode != 0


def test_a_refusal_of_one_process_passes():
    def refuse():
        raise ScenarioError("no")

    with pytest.raises(ScenarioError, match="no"):
        ranks.guarded(lambda: ranks.together(refuse))


@pytest.mark.parametrize(("number", "after"), [(signal.SIGTERM, 0.5), (signal.SIGUSR1, 0.5)])
def test_a_signal_before_the_run_leaves_nothing_half_made(tmp_path, case, number, after):
    command = [sys.executable, "-m", "ramify.cli", "run", str(case), "-o", "out", "--no-figures"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    handled = f"/proc/{process.pid}/status"
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        with open(handled) as status:
            caught = next((int(line.split()[1], 16) for line in status if line.startswith("SigCgt")), 0)
        if caught >> (number - 1) & 1:
            break
        time.sleep(0.01)
    process.send_signal(number)
    told = process.communicate(timeout=60.0)[1]
    code = process.returncode
    if number == signal.SIGUSR1:
        assert code == 0
        assert summary_of(tmp_path / "out")["status"] == "finished"
    else:
        assert code in (75, 143)
        assert (tmp_path / "out" / "summary.json").exists() is (code == 75)
    assert "Traceback" not in told
