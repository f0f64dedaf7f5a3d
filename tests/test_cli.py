"""The command line: exit codes, one message for refused input, and what each command prints."""

import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from ramify import __version__, cli
from ramify.commands.common import speak

CASE = """\
title: a plain cell
domain: {size: [40 um], cells: [80]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
protocol: [plate at 1 mA/cm^2 for 1 h]
"""
HOST = """\
domain: {size: [20 um, 20 um, 30 um], cells: [8, 8, 12]}
host: {type: pillars, diameter: 4 um, pitch: 10 um, height: 15 um}
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE)
    return path


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return end.value.code, printed.out, printed.err


def refused(capsys, *arguments):
    """The one message of a refusal."""
    code, out, err = call(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    return err


def test_version(capsys):
    assert call(capsys, "--version") == (0, f"ramify {__version__}\n", "")


def test_citations_name_the_solver(capsys):
    code, out, _ = call(capsys, "--citations")
    assert code == 0
    assert "PETSc" in out


def test_scenarios_lists_what_is_shipped(capsys):
    code, out, _ = call(capsys, "scenarios")
    names = [line.split()[0] for line in out.splitlines()]
    assert code == 0
    assert {"copper_pillars", "sand_time", "dendrites_2d", "pulse_plating", "strip_and_plate"} <= set(names)
    assert {"remedies_e6", "two_stage_law", "channel_geometry", "porous_copper"} <= set(
        names[names.index("studies,") :]
    )


def test_schema_is_json(capsys):
    code, out, _ = call(capsys, "schema")
    assert code == 0
    assert json.loads(out)["title"] == "ramify scenario"


def test_check_of_a_file_and_of_a_shipped_scenario(capsys, case):
    code, out, _ = call(capsys, "check", case, "--set", "film.thickness=0.6 um")
    assert code == 0
    assert "a plain cell" in out
    assert "limiting current density" in out
    assert "warning: film: 0.6 um is less than two interface widths" in out
    code, out, _ = call(capsys, "check", "sand_time")
    assert code == 0
    assert "9.004 s" in out


def test_a_folder_of_results_does_not_hide_a_shipped_scenario(capsys, tmp_path, monkeypatch):
    (tmp_path / "sand_time").mkdir()
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(capsys, "check", "sand_time")
    assert code == 0
    assert "9.004 s" in out


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("kinetics.exchange_curent_density=3 A/m^2", "did you mean 'exchange_current_density'"),
        ("kinetics.exchange_current_density=3 V", "a voltage, where a current density is expected"),
        ("electrolyte.concentration=-1 mol/L", "must be greater than zero"),
        ("electrolyte.transference=.nan", "a finite number"),
        ("host={type: pilars}", "did you mean 'pillars'"),
        ("protocol.0=plate with 1 mA/cm^2", "word 2, 'with'; allowed: 'at'"),
        ("protocol.0=plate at 1 mA/cm^2", "the step never ends"),
        ("interface.width=0.1 um", "does not resolve the interface"),
        ("film.thickness=50 um", "thicker than the domain"),
        ("mechanics=elastic", "neither off nor a mapping"),
        ("version=9", "newer version"),
    ],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_refused_values(capsys, tmp_path, case, command, override, told):
    options = ["-o", tmp_path / "out"] if command == "run" else []
    message = refused(capsys, command, case, "--set", override, *options)
    assert told in message
    assert override.split("=", maxsplit=1)[0].split(".")[0] in message
    assert not (tmp_path / "out").exists()


def test_refusals_name_file_and_line(capsys, tmp_path, case):
    path = tmp_path / "bad.yaml"
    path.write_text(CASE.replace("cells", "cels"))
    assert refused(capsys, "check", path).startswith(f"ramify: {path}:2: domain.cels: ")
    assert "no such scenario file" in refused(capsys, "check", tmp_path / "none.yaml")
    assert "did you mean 'sand_time'" in refused(capsys, "check", "sand_tme")


def test_grid_that_does_not_resolve_the_host(capsys, tmp_path):
    path = tmp_path / "host.yaml"
    path.write_text(HOST + "\n".join(CASE.splitlines()[2:]))
    assert "does not resolve the host" in refused(capsys, "check", path)


def test_folder_that_holds_a_run(capsys, tmp_path, case):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "summary.json").write_text("{}")
    message = refused(capsys, "run", case, "-o", folder)
    assert "holds a run already (summary.json)" in message
    assert "--force" in message
    assert "is a file" in refused(capsys, "run", case, "-o", case)


def test_commands_on_folders_without_a_run(capsys, tmp_path):
    for command in ("resume", "plot"):
        assert "holds no run" in refused(capsys, command, tmp_path)
        assert "no such folder" in refused(capsys, command, tmp_path / "none")


def test_petsc_options_where_no_solver_reads_them(capsys, case):
    assert "takes no PETSc options" in refused(capsys, "check", case, "--", "-ksp_view")
    assert "engine fipy takes no PETSc" in refused(capsys, "run", case, "--set", "engine=fipy", "--", "-ksp_view")


@pytest.mark.parametrize("arguments", [["chek"], ["check"], ["check", "a", "b"], ["run", "--fast"], ["schema", "x"]])
def test_usage_errors_are_refusals(capsys, arguments):
    code, _, err = call(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in err


@pytest.fixture
def as_rank(monkeypatch, capsys):
    """Pretend to be a rank of two; gives the streams back afterwards."""

    def pretend(rank):
        monkeypatch.setenv("PMI_SIZE", "2")
        monkeypatch.setenv("PMI_RANK", str(rank))

    yield pretend
    speak()


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("arguments", [["check", "--set", "version=9"], ["chek"], ["run", "--set", "engine=fipy"]])
def test_only_rank_zero_tells(capsys, as_rank, case, rank, arguments):
    as_rank(rank)
    code, out, err = call(capsys, arguments[0], case, *arguments[1:])
    assert code == 2
    assert bool(out + err) is (rank == 0)


def test_every_rank_ends_with_two(mpiexec, case):
    done = mpiexec(2, "-m", "ramify.cli", "run", str(case), "--set", "version=9", check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("newer version") == 1


def test_run_hands_over_what_was_asked(capsys, monkeypatch, tmp_path, case):
    calls = []

    def run_scenario(scenario, folder, *, force, petsc_options, figures, requests):
        assert requests.save is requests.stop is False
        calls.append((scenario.interface.width, folder, force, petsc_options, figures))
        return 75

    monkeypatch.setitem(sys.modules, "ramify.run", types.SimpleNamespace(run_scenario=run_scenario))
    monkeypatch.chdir(tmp_path)
    code, _, _ = call(capsys, "run", case, "--force", "--set", "interface.width=1 um", "--", "-ksp_rtol", "1e-9")
    assert code == 75
    code, _, _ = call(capsys, "run", "sand_time", "-o", "there", "--no-figures")
    assert code == 75
    assert calls == [
        (1e-6, Path("runs/case"), True, ["-ksp_rtol", "1e-9"], True),
        (2.5e-7, Path("there"), False, [], False),
    ]


@pytest.mark.parametrize("arguments", [["--help"], ["check", "copper_pillars"]])
def test_answers_within_a_second_of_processor_time(arguments):
    command = [sys.executable, "-m", "ramify.cli", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    used = os.times()
    # processor time, so that a busy machine does not fail a test of our own cost
    assert used.children_user + used.children_system - before.children_user - before.children_system < 1.0
    assert time.perf_counter() - start < 20.0
