"""Whole runs in this process: stop conditions, output times, what a failure leaves, and that the files open."""

import json

import h5netcdf
import numpy as np
import pytest

from ramify.phasefield.engine import SolverFailure
from ramify.results.checkpoint import read_checkpoint
from ramify.results.summary import SUMMARY_KEYS
from ramify.run import resume_run, run_scenario, runner
from ramify.scenario import load_scenario

LINE = """\
title: a line
domain: {size: [20 um], cells: [40]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.38, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 3 um}
protocol: [PROTOCOL]
"""
PLANE = """\
title: a plane
domain: {size: [5 um, 12 um], cells: [10, 24]}
electrolyte: {preset: LiPF6 in EC:DMC, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 3 um, roughness: {amplitude: 0.3 um, wavelength: 10 um}}
protocol: [PROTOCOL]
"""


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Pictures have tests of their own and take longer than these runs."""
    monkeypatch.setattr(runner.Runner, "_plot", lambda self: None)


@pytest.fixture
def run(tmp_path):
    """`run(text, *protocol, overrides)` -> (exit code, folder)."""

    def start(text, *protocol, overrides=(), name="results", force=False):
        path = tmp_path / "case.yaml"
        lines = "".join(f"\n  - {line}" for line in protocol)
        path.write_text(text.replace(" [PROTOCOL]", lines))
        scenario = load_scenario(str(path), list(overrides))
        return run_scenario(scenario, tmp_path / name, force=force, petsc_options=[]), tmp_path / name

    return start


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def history_of(folder):
    with h5netcdf.File(folder / "history.nc", "r") as file:
        return {name: np.asarray(variable[...]) for name, variable in file.variables.items()}


def events(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


# ---------------------------------------------------------------- ends and stop conditions


def test_a_protocol_runs_to_its_end_with_a_full_summary(run):
    code, folder = run(
        LINE, "plate at 2 mA/cm^2 for 20 s", "rest for 5 s", "strip at 2 mA/cm^2 for 10 s", "hold at -0.01 V for 5 s"
    )
    summary = summary_of(folder)
    assert code == 0
    assert set(SUMMARY_KEYS) <= set(summary)
    assert summary["status"] == "finished"
    assert summary["time_s"] == 40.0
    assert max(summary["balance"].values()) <= 1e-10
    ended = [event["reason"] for event in events(folder) if event["event"] == "step ended"]
    assert ended == ["time"] * 4


def test_charge_of_a_capacity_is_exact(run):
    code, folder = run(LINE, "plate at 2 mA/cm^2 until 0.01 mAh/cm^2", "strip at 3 mA/cm^2 until 0.004 mAh/cm^2")
    summary = summary_of(folder)
    assert code == 0
    assert summary["charge_passed_C"] == pytest.approx(360.0 - 144.0, rel=1e-9)
    assert summary["coulombic_efficiency"] == pytest.approx(0.4, rel=1e-8)
    assert summary["time_s"] == pytest.approx(18.0 + 4.8, rel=1e-12)


def test_charge_of_a_capacity_is_exact_for_pulses_and_holds(run):
    for protocol in (
        "pulse at 4 mA/cm^2 for 2 s on 1 s off until 0.01 mAh/cm^2",
        "hold at -0.02 V until 0.01 mAh/cm^2",
    ):
        code, folder = run(LINE, protocol, overrides=["numerics.first_step=2 s"], name=protocol[:4])
        assert code == 0
        assert summary_of(folder)["charge_passed_C"] == pytest.approx(360.0, rel=1e-6), protocol


def test_a_voltage_ends_a_step_and_is_not_passed(run):
    _, folder = run(LINE, "plate at 30 mA/cm^2 until 0.1 V or 5 mAh/cm^2", "strip at 1 mA/cm^2 for 2 s")
    history = history_of(folder)
    assert np.abs(history["voltage"]).max() <= 0.1 * (1.0 + 1e-6)
    ended = [event for event in events(folder) if event["event"] == "step ended"]
    assert ended[0]["reason"] == "voltage"


def test_a_limit_holds_the_voltage_and_the_current_falls(run):
    _, folder = run(LINE, "plate at 60 mA/cm^2 for 2 s limit 0.1 V")
    history = history_of(folder)
    limited = history["limited"] > 0.5
    assert limited.any()
    assert np.abs(history["voltage"][limited] + 0.1).max() < 1e-6
    assert history["current_density"][limited].max() < 600.0


def test_a_current_density_ends_a_hold(run):
    _, folder = run(LINE, "hold at -0.03 V for 500 s until 3.45 mA/cm^2", "rest for 1 s")
    ended = [event["reason"] for event in events(folder) if event["event"] == "step ended"]
    assert ended == ["current density", "time"]
    current = history_of(folder)["current_density"]
    first = int(np.flatnonzero(current <= 34.5)[0])
    assert (current[:first] > 34.5).all()


def test_depletion_ends_a_step_near_sands_time(run):
    """Sand's time of the unbounded electrolyte bounds the depletion of the finite cell from below."""
    current = 3000.0
    _, folder = run(LINE, "plate at 300 mA/cm^2 until depletion limit 1 V", overrides=["interface.motion=frozen"])
    sand = np.pi * 1e-10 * (96485.33 * 1000.0 / (2.0 * current * 0.62)) ** 2
    ended = [event for event in events(folder) if event["event"] == "step ended"]
    assert ended[0]["reason"] == "depletion"
    assert 0.97 * sand < summary_of(folder)["time_s"] < 1.5 * sand


def test_a_short_circuit_ends_a_run_that_asked_for_it(run):
    _, folder = run(
        LINE,
        "plate at 8 mA/cm^2 until short circuit",
        "rest for 1 h",
        overrides=[
            "domain.size=[8 um]",
            "domain.cells=[16]",
            "film.thickness=6 um",
            "kinetics.film_resistance=0 ohm m^2",
        ],
    )
    summary = summary_of(folder)
    assert summary["status"] == "stopped"
    assert "short circuit" in summary["stop_reason"]


# ---------------------------------------------------------------- output


def test_output_times_are_hit_exactly(run):
    _, folder = run(
        PLANE,
        "plate at 2 mA/cm^2 for 7 s",
        "rest for 2.5 s",
        overrides=["output.every=2 s", "output.fields=[xi, c]"],
    )
    with h5netcdf.File(folder / "fields.nc", "r") as file:
        times = np.asarray(file["time"][...]).tolist()
    for asked in (0.0, 2.0, 4.0, 6.0, 7.0, 8.0, 9.5):
        assert asked in times
    assert times == sorted(set(times)), "no time twice"


def test_every_file_opens_and_holds_the_same_last_state(run):
    xarray = pytest.importorskip("xarray")
    vtk_io = pytest.importorskip("vtkmodules.vtkIOHDF")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    _, folder = run(PLANE, "plate at 2 mA/cm^2 for 6 s", overrides=["output.every=2 s", "output.fields=[xi, c, phi_l]"])
    with xarray.open_dataset(folder / "fields.nc", engine="h5netcdf") as fields:
        last = fields["xi"].isel(time=-1).values.copy()
        assert fields["xi"].sizes["time"] == 4
        assert {"xi", "c", "phi_l"} <= set(fields.data_vars)
        assert float(fields["time"][-1]) == 6.0
    with xarray.open_dataset(folder / "history.nc", engine="h5netcdf") as history:
        assert history.sizes["time"] == summary_of(folder)["steps"]
        assert (np.diff(history["time"]) > 0.0).all()
    reader = vtk_io.vtkHDFReader()
    reader.SetFileName(str(folder / "fields.vtkhdf"))
    reader.UpdateInformation()
    assert reader.GetNumberOfSteps() == 4
    reader.SetStep(3)
    reader.Update()
    data = (
        reader.GetOutput().GetCellData()
        if reader.GetOutput().GetCellData().GetNumberOfArrays()
        else (reader.GetOutput().GetPointData())
    )
    values = vtk_to_numpy(data.GetArray("xi")).reshape(np.squeeze(last).shape)
    np.testing.assert_allclose(values, np.squeeze(last), rtol=1e-6)
    assert read_checkpoint(folder / "checkpoint").meta["finished"]


def test_a_folder_with_a_run_is_refused_and_left_alone(run, capsys):
    code, folder = run(LINE, "plate at 2 mA/cm^2 for 1 s")
    assert code == 0
    before = (folder / "summary.json").read_text()
    code, _ = run(LINE, "plate at 2 mA/cm^2 for 2 s")
    assert code == 2
    assert "ramify resume" in capsys.readouterr().err
    assert (folder / "summary.json").read_text() == before
    code, _ = run(LINE, "plate at 2 mA/cm^2 for 2 s", force=True)
    assert code == 0
    assert (folder / "previous-1" / "summary.json").read_text() == before
    assert summary_of(folder)["time_s"] == 2.0


def test_a_finished_run_is_not_resumed(run, capsys):
    _, folder = run(LINE, "plate at 2 mA/cm^2 for 1 s")
    assert resume_run(folder, []) == 2
    assert "finished" in capsys.readouterr().err


# ---------------------------------------------------------------- failures


def break_solver(monkeypatch, calls, value=np.nan, part="evaluate"):
    """The residual (or the reaction) has `value` in one cell during these calls, counted from the run's begin."""
    from ramify.phasefield.plating.system import CoupledSystem

    counter = {"n": 0}
    whole = getattr(CoupledSystem, part)

    def broken(self, *arguments):
        result = whole(self, *arguments)
        counter["n"] += 1
        if counter["n"] in calls:
            (self.residual_c if part == "evaluate" else self.source)[-3, 1, 1] = value
        return result

    monkeypatch.setattr(CoupledSystem, part, broken)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_nan_costs_a_rejected_step_and_nothing_else(run, monkeypatch, value):
    break_solver(monkeypatch, range(12, 13), value)
    code, folder = run(LINE, "plate at 2 mA/cm^2 for 5 s")
    summary = summary_of(folder)
    assert code == 0
    assert summary["rejected_steps"] >= 1
    assert max(summary["balance"].values()) <= 1e-10
    assert all(np.isfinite(values).all() for values in history_of(folder).values())


def test_one_nan_in_a_solved_step_costs_a_rejected_step_too(run, monkeypatch):
    """The reaction is evaluated once more when a step is judged; 18 to 26 are calls of several steps."""
    break_solver(monkeypatch, range(18, 27, 4), part="react")
    code, _ = run(LINE, "plate at 2 mA/cm^2 for 5 s")
    assert code == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_lasting_nan_ends_the_run_with_the_last_good_state(run, monkeypatch, capsys, value):
    break_solver(monkeypatch, range(15, 10**9), value)
    code, folder = run(LINE, "plate at 2 mA/cm^2 for 50 s")
    summary = summary_of(folder)
    assert code == 3
    assert summary["status"] == "failed"
    message = capsys.readouterr().err
    for part in ("not finite", "t =", "field", "try:"):
        assert part in message
    saved = read_checkpoint(folder / "checkpoint")
    assert not saved.meta["finished"]
    assert 0.0 < saved.saved["numbers"]["time"] < 50.0
    assert all(np.isfinite(array).all() for array in saved.saved["arrays"].values())
    assert max(summary["balance"].values()) <= 1e-10
    assert history_of(folder)["time"][-1] == saved.saved["numbers"]["time"]
    with h5netcdf.File(folder / "fields.nc", "r") as file:
        for name in ("xi", "c", "phi_l"):
            assert np.isfinite(np.asarray(file[name][-1])).all(), name


def test_a_failed_run_can_be_resumed_once_the_cause_is_gone(run, monkeypatch):
    with monkeypatch.context() as broken:
        break_solver(broken, range(15, 10**9))
        code, folder = run(LINE, "plate at 2 mA/cm^2 for 20 s")
        assert code == 3
    assert resume_run(folder, []) == 0
    summary = summary_of(folder)
    assert summary["status"] == "finished"
    assert summary["charge_passed_C"] == pytest.approx(400.0, rel=1e-12)


def test_a_failure_after_the_books_leaves_them_as_they_were(run, monkeypatch):
    """The balance of a step is checked before the step counts: a refused one leaves no entry."""
    from ramify.phasefield.plating import books

    imbalance = books._imbalance
    steps = {"n": 0}

    def refuse(*arguments):
        steps["n"] += 1
        if steps["n"] > 10:
            return 1.0
        return imbalance(*arguments)

    monkeypatch.setattr(books, "_imbalance", refuse)
    code, folder = run(LINE, "plate at 2 mA/cm^2 for 50 s")
    assert code == 3
    history, saved = history_of(folder), read_checkpoint(folder / "checkpoint").saved
    assert saved["ledger"]["charge"] == history["charge"][-1]
    assert saved["numbers"]["time"] == history["time"][-1]
    assert saved["numbers"]["increment_charge"] == pytest.approx(20.0 * history["step"][-1], rel=1e-9)


def test_the_failure_names_field_place_time_and_remedy():
    """Too much current and no limit: the solver says what, where, when and what to try."""
    from plating_cells import SALT, advance, plating_problem

    from ramify.phasefield.engine import Control
    from ramify.phasefield.plating import PlatingSolver
    from ramify.phasefield.problem import CounterElectrode, Numerics

    solver = PlatingSolver(
        plating_problem((1, 1, 40), counter=CounterElectrode("reservoir"), numerics=Numerics(smallest_step=1e-4))
    )
    solver.set_control(Control("current", 30.0 * 96485.0 * 3e-10 * SALT / 17e-6))
    with pytest.raises(SolverFailure) as failure:
        advance(solver, 10.0)
    error = failure.value
    assert error.field in ("c", "phi_l")
    assert error.time == solver.time
    assert error.place is not None
    assert 0.0 < error.place[2] < 20e-6
    assert "voltage limit" in error.remedy
