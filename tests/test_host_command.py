"""`ramify host`: numbers, files, figures, refusals."""

import json
import math
from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import pytest

from ramify.cli import main

SPEC = """\
title: copper pillars
domain: {size: [10 um, 10 um, 20 um], cells: [32, 32, 64]}
host: {type: pillars, diameter: 4 um, pitch: 10 um, height: 10 um}
"""
MILLIAMPERE_HOURS = 1e3 / 3600.0 / 1e4


def run(*arguments: object) -> int:
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "pillars.yaml"
    path.write_text(SPEC)
    return path


def test_numbers_of_pillars(spec, capsys):
    assert run("host", spec, "--json") == 0
    numbers = json.loads(capsys.readouterr().out)
    section = 4 * math.pi / 100
    assert numbers["porosity"] == pytest.approx(1 - section, rel=2e-3)
    assert numbers["host_area_m2"] == pytest.approx((40 + 4) * math.pi * 1e-12, rel=0.005)
    assert numbers["pore_tortuosity_z"] == pytest.approx(1.0, rel=1e-3)
    assert numbers["pore_conductivity_x_relative"] == pytest.approx((1 - section) / (1 + section), rel=0.01)  # dilute
    assert numbers["solid_conductivity_z_S_per_m"] == pytest.approx(section * 5.8e7, rel=0.01)
    assert numbers["solid_conductivity_x_relative"] == 0.0
    assert numbers["solid_tortuosity_x"] is None
    assert numbers["pore_percolates"] and numbers["solid_percolates"]
    assert numbers["pore_isolated_fraction"] == numbers["solid_isolated_fraction"] == 0.0
    capacity = numbers["capacity_limit_C_per_m2"] * MILLIAMPERE_HOURS
    # 10 um of lithium are 2.061 mAh/cm^2 in the pores' share of the cross-section
    assert capacity == pytest.approx((1 - section) * 10e-6 * 96485.33 / 1.3004e-5 * MILLIAMPERE_HOURS, rel=5e-3)


def test_files_and_figures(spec, tmp_path, capsys):
    folder = tmp_path / "described"
    assert run("host", spec, "-o", folder, "--set", "domain.cells=[16, 16, 32]") == 0
    said = capsys.readouterr().out
    assert "capacity limit" in said and "mAh/cm2" in said
    numbers = json.loads((folder / "descriptors.json").read_text())
    assert numbers["domain_cells"] == [16, 16, 32]
    with h5netcdf.File(folder / "fields.nc") as file:
        psi = np.asarray(file.variables["psi"][...])
    with h5py.File(folder / "fields.vtkhdf") as file:
        np.testing.assert_allclose(file["VTKHDF/CellData/psi"][0], psi, atol=1e-6)
    assert psi.mean() == pytest.approx(1 - numbers["porosity_domain"], rel=0.02)
    for name in ("sections.png", "pores.png"):
        assert (folder / "figures" / name).stat().st_size > 5000
    assert run("host", folder / "host.yaml", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again == numbers
    assert run("host", spec, "-o", folder) == 2
    assert "holds results already" in capsys.readouterr().err


def test_whole_scenarios_and_two_dimensions(tmp_path, capsys):
    path = tmp_path / "slits.yaml"
    path.write_text(SPEC.replace("[10 um, 10 um, 20 um]", "[10 um, 20 um]").replace("[32, 32, 64]", "[32, 64]"))
    assert run("host", path, "--json") == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["porosity"] == pytest.approx(0.6, rel=1e-3)
    assert "pore_conductivity_y_relative" not in numbers
    small = ["--set", "domain.cells=[24, 24, 36]"]
    assert run("host", "copper_pillars", *small) == 0
    said = capsys.readouterr().out
    assert "pores along z" in said and "pores along y" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPEC.replace("host:", "hosts:"), "did you mean 'host'"),
        (SPEC.replace("diameter: 4 um", "diameter: 14 um"), "less than the pitch"),
        (SPEC.replace("diameter: 4 um", "diameter: 4"), "host.diameter"),
        (SPEC.replace("cells: [32, 32, 64]", "cells: [4, 4, 8]"), "does not resolve the host"),
        (SPEC.split("host:")[0], "host: is required and missing"),
        (SPEC.split("host:")[0] + "host: {type: none}\n", "no host to describe"),
        (SPEC.split("host:")[0] + "host: {type: flat, height: 4 um}\n", "has no pores"),
        (SPEC + "film: {thickness: 1 um}\n", "electrolyte: is required and missing"),
    ],
)
def test_refusals(tmp_path, capsys, text, message):
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    assert run("host", path) == 2
    told = capsys.readouterr()
    assert message in told.err and told.out == ""
    assert len(told.err.strip().splitlines()) == 1


def test_petsc_options_are_refused(spec, capsys):
    assert run("host", spec, "--", "-ksp_view") == 2
    assert "takes no PETSc options" in capsys.readouterr().err


def test_two_ranks_tell_once_and_the_same(spec, mpiexec, tmp_path):
    answers = [
        mpiexec(ranks, "-m", "ramify.cli", "host", spec, "--json", "--set", "domain.cells=[12, 12, 24]", cwd=tmp_path)
        for ranks in (1, 2)
    ]
    one, two = (json.loads(answer.stdout) for answer in answers)
    assert one == two
