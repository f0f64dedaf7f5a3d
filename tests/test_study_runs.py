"""Studies that run: points as processes, starting again, failures, clusters, reports."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from study_cases import STUDY, write

from ramify import cli
from ramify.study import build_points, load_study
from ramify.study.command import Asked, report_again, run_study
from ramify.study.effects import fits
from ramify.study.folder import StudyFolder
from ramify.study.outcomes import collect
from ramify.study.plan import make_plan
from ramify.study.ranking import rank
from ramify.study.slurm import script


def table_of(folder):
    with open(folder / "study.csv", newline="") as file:
        return list(csv.DictReader(file))


def events(results):
    return [json.loads(line)["event"] for line in (results / "log.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Folder of a study of three points, one of which the solver cannot do, with what the command printed."""
    folder = tmp_path_factory.mktemp("study")
    printed, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told), pytest.raises(SystemExit) as end:
        cli.main(["study", str(write(folder)), "-o", str(folder / "out")])
    assert isinstance(end.value.code, int)
    done = subprocess.CompletedProcess("study", end.value.code, printed.getvalue(), told.getvalue())
    return folder / "out", done


# ---------------------------------------------------------------- running


def test_a_point_that_fails_is_reported_and_stops_no_other(ran):
    folder, done = ran
    rows = table_of(folder)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert [row["state"] for row in rows] == ["finished", "finished", "failed"]
    assert "try:" in rows[2]["reason"] and rows[2]["reason"] in done.stdout
    assert rows[2]["tip_height_m [um]"] == ""
    assert [row["feasible"] for row in rows] == ["1", "0", "0"]
    assert "Lowest voltage" not in rows[1]["reason"] and "not above -0.02 V" in rows[1]["reason"]


def test_table_has_units_and_the_numbers_of_the_runs(ran):
    folder, _ = ran
    rows = table_of(folder)
    assert [row["rate [mA/cm^2]"] for row in rows] == ["1.0", "4.0", "900.0"]
    for row in rows[:2]:
        results = folder / row["folder"]
        summary = json.loads((results / "summary.json").read_text())
        assert float(row["tip_height_m [um]"]) == pytest.approx(1e6 * summary["tip_height_m"], rel=1e-9)
        assert float(row["gain [mAh/cm^2]"]) == pytest.approx(20.0 / 3600.0 * float(row["rate [mA/cm^2]"]), rel=1e-9)
        assert not (results / "figures").exists()


def test_dataset_is_gridded_with_units(ran):
    import xarray

    folder, _ = ran
    with xarray.open_dataset(folder / "study.nc", engine="h5netcdf") as data:
        assert data.tip_height_m.dims == ("rate",)
        np.testing.assert_allclose(data.rate, [10.0, 40.0, 9000.0])
        assert data.rate.attrs["units"] == "m^-2*A"
        assert data.tip_height_m.attrs["units"] == "m"
        assert np.isnan(data.tip_height_m.sel(rate=9000.0))
        assert list(data.feasible) == [1, 0, 0]
        assert list(data.state) == ["finished", "finished", "failed"]
        assert data.attrs["study_hash"] == json.loads((folder / "study.json").read_text())["hash"]


def test_report_stands_alone(ran):
    folder, _ = ran
    page = (folder / "report.html").read_text()
    assert "Lines &lt;of&gt; a study" in page
    assert "Best of 3 designs: <b>rate 1 mA/cm^2</b> (1 feasible, 1 infeasible, 1 failed)." in page
    assert "Points without a result" in page and "Power laws" in page and "Pareto front" in page
    assert page.count("data:image/png;base64,") == 3 + 2  # figures, and thumbnails of the two complete points
    assert not re.search(r"(src|href)=['\"](?!data:)", page)
    assert not re.search(r"https?://", page)
    assert {path.name for path in (folder / "figures").glob("*.png")} == {
        "responses.png", "pareto.png", "fits.png"}  # fmt: skip


def test_the_exponent_of_charge_against_current_is_one(ran):
    folder, _ = ran
    file = load_study(folder / "study.yaml")
    points = build_points(file)
    (fit,) = fits(rank(collect(file, points, StudyFolder(folder)), file.study), file.study)
    assert fit.exponent == pytest.approx(1.0, abs=1e-9)


def test_a_second_start_repeats_nothing_and_a_changed_study_runs_what_changed(ran, tmp_path, capfd):
    folder, _ = ran
    shutil.copytree(folder, tmp_path / "out")
    out, source = tmp_path / "out", write(tmp_path, STUDY.replace("4 mA/cm^2, 900 mA/cm^2", "2 mA/cm^2"))
    before = {path: path.stat().st_mtime_ns for path in out.glob("points/*/summary.json")}
    assert run_study(Asked(str(source), out)) == 0
    assert "1 of 2 points are there already" in capfd.readouterr().err
    assert [row["rate [mA/cm^2]"] for row in table_of(out)] == ["1.0", "2.0"]
    assert all(path.stat().st_mtime_ns == before[path] for path in before)
    assert len(json.loads((out / "study.json").read_text())["former_points"]) == 2
    points = build_points(load_study(write(tmp_path)))  # the study as it was finds its points again
    assert [StudyFolder(out).paths(point).state for point in points] == ["finished", "finished", "failed"]


def test_force_sets_points_aside(ran, tmp_path):
    folder, _ = ran
    shutil.copytree(folder, tmp_path / "out")
    file = load_study(write(tmp_path))
    home, points = StudyFolder(tmp_path / "out"), build_points(file)
    home.prepare(file, points, force=True)
    assert [home.paths(point).state for point in points] == ["waiting"] * 3
    assert len(list((tmp_path / "out/points.previous-1").glob("*/summary.json"))) == 3


def test_report_is_made_again(ran):
    folder, _ = ran
    page = (folder / "report.html").read_text()
    (folder / "report.html").unlink()
    assert report_again(folder) == 3
    made = re.compile(r"<td class='t'>made<td class='t'>[^<]*")
    assert made.sub("", (folder / "report.html").read_text()) == made.sub("", page)


# ---------------------------------------------------------------- interruptions


LONG = STUDY.replace("[1 mA/cm^2, 4 mA/cm^2, 900 mA/cm^2]", "[1 mA/cm^2, 2 mA/cm^2]") + (
    "set: {numerics.largest_step: 0.05 s, output.checkpoint_every: 0.3 s}\n"
)


def wait_for(condition, process, seconds=120.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("nothing within the time")


def test_stopped_killed_and_gone_on_with(tmp_path):
    """SIGTERM to the study, SIGKILL to a point and to the study: the third start ends it, nothing is done twice."""
    source, out = write(tmp_path, LONG), tmp_path / "out"
    command = [sys.executable, "-m", "ramify.cli", "study", str(source), "-o", str(out), "--workers", "1"]

    def start():
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)

    first = start()
    wait_for(lambda: list(out.glob("points/*/checkpoint/checkpoint-*.h5")), first)
    first.send_signal(signal.SIGTERM)
    printed, _ = first.communicate(timeout=120)
    assert first.returncode == 75
    assert "the same command goes on" in printed
    (begun,) = out.glob("points/*/summary.json")
    assert json.loads(begun.read_text())["status"] == "interrupted"

    second = start()
    wait_for(lambda: "resume" in events(begun.parent), second)
    (child,) = children(second)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: len({path.parent for path in out.glob("points/*/checkpoint/*.h5")}) == 2, second)
    second.send_signal(signal.SIGKILL)
    _, told = second.communicate(timeout=120)
    assert "crashed" in told and "ended by SIGKILL (out of memory?)" in told
    assert "ended by SIGKILL" in begun.parent.with_suffix(".crash").read_text()

    assert run_study(Asked(str(source), out)) == 0
    assert [row["state"] for row in table_of(out)] == ["finished"] * 2
    for row in table_of(out):
        told = events(out / row["folder"])
        assert told.count("start") == 1 and "resume" in told
        assert not list((out / row["folder"]).glob("previous-*"))


def children(process):
    """Processes that a process has started, on Linux."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(number) for number in listed.split()]


# ---------------------------------------------------------------- elsewhere


def test_a_cluster_gives_the_same_table(ran, tmp_path):
    """One point is there already; the cluster does one that succeeds and one that fails."""
    distributed = pytest.importorskip("distributed")
    folder, _ = ran
    done = table_of(folder)[0]["folder"]
    shutil.copytree(folder / done, tmp_path / "out" / done)
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "protocol": "tcp://"}
    with distributed.LocalCluster(**options, dashboard_address=None) as cluster:
        code = run_study(Asked(str(write(tmp_path)), tmp_path / "out", scheduler=cluster.scheduler_address))
    assert code == 3
    ours, theirs = table_of(tmp_path / "out"), table_of(folder)
    for row in [*ours, *theirs]:
        del row["wall_s [s]"]
    assert ours == theirs


def test_no_scheduler_is_a_refusal(capsys, tmp_path):
    pytest.importorskip("distributed")
    arguments = ["study", str(write(tmp_path)), "-o", str(tmp_path / "out"), "--scheduler", "http:/nowhere"]
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    assert "no Dask scheduler answers" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_slurm_script_runs_what_is_not_done(capsys, tmp_path):
    text = LONG + "execution: {ranks: 4, wall_time: 90 min, directives: [--partition=long], setup: [module load mpi]}\n"
    source, out = write(tmp_path, text), tmp_path / "out"
    with pytest.raises(SystemExit) as end:
        cli.main(["study", str(source), "-o", str(out), "--emit", "slurm"])
    assert end.value.code == 0
    printed, batch = capsys.readouterr().out, (out / "submit.sh").read_text()
    assert "afterany:$job" in printed and "ramify study --report" in printed
    for line in ("#SBATCH --array=0-1", "#SBATCH --ntasks=4", "#SBATCH --time=01:30:00", "#SBATCH --partition=long"):
        assert line in batch.splitlines()
    assert "srun --ntasks=4" in batch and "module load mpi" in batch
    assert subprocess.run(["bash", "-n", out / "submit.sh"]).returncode == 0
    plan, folder = make_plan(load_study(source)), StudyFolder(out)
    names = [folder.paths(point).name for point in plan.points]
    assert f"names=({' '.join(names)})" in batch
    assert f"names=({names[1]})" in script(plan, out, names[1:2])
