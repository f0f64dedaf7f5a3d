"""Models on unstructured meshes from their scenarios: runs, files, ranks, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramify.check import check_scenario
from ramify.models import model_of
from ramify.physics import double_layer
from ramify.physics.constants import VACUUM_PERMITTIVITY
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text

SMALL = ["mesh.element_size=2 um"]
CELL = """\
model: current_distribution
distribution: secondary
mesh: {type: box, size: [20 um, 40 um], cells: [4, 8]}
electrolyte: {diffusivity: 3e-10 m^2/s, transference: 0.3, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
working_electrode: {current_density: 2 mA/cm^2}
"""
IONS = """\
model: double_layer
mesh: {type: box, size: [30 nm], cells: [100], grading: {towards: bottom, finest: 0.02 nm}}
ions:
  - {name: K, charge: 1, diffusivity: 2e-9 m^2/s, concentration: 10 mol/m^3}
  - {name: Cl, charge: -1, diffusivity: 2e-9 m^2/s, concentration: 10 mol/m^3}
voltages: [0 V, 50 mV]
"""


def run(scenario, folder: Path, code: int = 0, **options) -> dict[str, Any]:
    settings = {"force": False, "petsc_options": [], "figures": False, "requests": None} | options
    assert model_of(scenario).run(scenario, folder, **settings) == code
    return json.loads((folder / "summary.json").read_text()) if code == 0 else {}


def test_pillar_scenario_writes_what_programs_open(tmp_path: Path) -> None:
    import pyvista
    import xarray as xr

    scenario = load_scenario("current_distribution_pillars", SMALL)
    found = run(scenario, tmp_path / "run", figures=True)
    assert found["status"] == "finished" and found["balance"]["charge_relative"] < 1e-9
    assert found["balance"]["salt_relative"] < 1e-9
    assert found["current_shares"]["pillar surface"] == pytest.approx(0.70, abs=0.02)
    assert sum(found["current_shares"].values()) == pytest.approx(1.0)
    assert {path.name for path in (tmp_path / "run" / "figures").iterdir()} == {"fields.png", "surface.png"}
    with xr.open_dataset(tmp_path / "run" / "fields.nc", engine="h5netcdf") as fields:
        c = fields["c"].values[-1]
        cells = fields["cells"].values
        assert fields["c"].attrs["units"] == "mol m-3" and cells.max() == fields.sizes["node"] - 1
        assert fields["z"].values.max() == pytest.approx(30e-6)
    reader = pyvista.get_reader(str(tmp_path / "run" / "fields.vtkhdf"))
    grid = reader.read()
    assert grid.n_cells == len(cells) == found["cells"]
    assert grid.point_data["c"] == pytest.approx(c)
    volumes = grid.compute_cell_sizes()["Volume"]
    assert volumes.sum() == pytest.approx(25e-12 * 30e-6 - np.pi * 1e-12 * 15e-6, rel=0.02)


def test_two_ranks_give_the_same(tmp_path: Path, mpiexec) -> None:
    for name, extra in (("current_distribution_pillars", SMALL), ("chazalviel_space_charge", ["mesh.cells=[60]"])):
        serial = run(load_scenario(name, extra), tmp_path / f"{name}-1")
        sets = [word for setting in extra for word in ("--set", setting)]
        folder = tmp_path / f"{name}-2"
        mpiexec(2, "-m", "ramify.cli", "run", name, "-o", folder, "--no-figures", *sets)
        parallel = json.loads((folder / "summary.json").read_text())
        assert parallel["ranks"] == 2
        for key in ("voltage_V", "current", "cells", "unknowns"):
            assert parallel[key] == pytest.approx(serial[key], rel=1e-8), (name, key)


def test_double_layer_scenario_has_its_capacitance(tmp_path: Path) -> None:
    scenario = scenario_from_text(IONS)
    found = run(scenario, tmp_path / "run")
    permittivity = 78.5 * VACUUM_PERMITTIVITY
    debye = double_layer.debye_length(10.0, permittivity, 298.15)
    assert check_scenario(scenario).scale("Debye length") == pytest.approx(debye)
    for row in found["curve"]:
        exact = double_layer.gouy_chapman_capacitance(row["voltage"], debye, permittivity, 0.0256926)
        assert row["capacitance"] == pytest.approx(exact, rel=2e-3)
    assert found["smallest_concentration_mol_per_m3"] > 0.0


def test_stern_layer_stands_in_series(tmp_path: Path) -> None:
    """At zero volts 1/C = 1/C_stern + lambda/eps."""
    scenario = scenario_from_text(IONS, ["working_electrode.stern_capacitance=20 uF/cm^2", "voltages=[0 V]"])
    found = run(scenario, tmp_path / "run")
    diffuse = 78.5 * VACUUM_PERMITTIVITY / double_layer.debye_length(10.0, 78.5 * VACUUM_PERMITTIVITY, 298.15)
    assert found["capacitance"] == pytest.approx(1.0 / (1.0 / 0.2 + 1.0 / diffuse), rel=1e-3)


def test_transient_hits_its_times_and_books_its_charge(tmp_path: Path) -> None:
    import xarray as xr

    scenario = scenario_from_text(CELL, ["distribution=tertiary", "duration=1 s", "output.every=0.4 s"])
    found = run(scenario, tmp_path / "run")
    assert found["charge_passed_C"] == pytest.approx(20.0 * 20e-6 * 1.0, rel=1e-9)
    assert found["balance"]["salt_relative"] < 1e-9 and found["steps"] > 5
    with xr.open_dataset(tmp_path / "run" / "fields.nc", engine="h5netcdf", decode_times=False) as fields:
        assert fields["time"].values == pytest.approx([0.0, 0.4, 0.8, 1.0])
        spread = np.ptp(fields["c"].values, axis=1)
    assert np.all(np.diff(spread) > 0.0)


TIMED = ["distribution=tertiary", "duration=1 s"]
DRAINED = [
    *TIMED,
    "duration=10 min",
    "working_electrode.current_density=400 mA/cm^2",
    "stop={concentration: 10 mol/m^3}",
]


@pytest.fixture(scope="module")
def timed_voltage(tmp_path_factory) -> float:
    return run(scenario_from_text(CELL, TIMED), tmp_path_factory.mktemp("timed") / "run")["voltage_V"]


@pytest.mark.parametrize(
    "setting",
    [
        "distribution=secondary; duration=",
        "distribution=primary; duration=",
        "duration=0.5 s",
        "duration=",
        "numerics.order=2",
        "numerics.time_tolerance=1e-6",
        "counter_electrode.kind=reservoir",
        "electrolyte={preset: LiPF6 in EC:DMC, concentration: 1 mol/L}",
        "electrolyte.conductivity=1 S/m",
        "electrolyte.conductivity=1 S/m; electrolyte.thermodynamic_factor=2",
        "electrolyte.temperature=50 degC",
        "kinetics.transfer_coefficient=0.3",
        "kinetics.anodic_transfer_coefficient=0.3",
        "kinetics.film_resistance=1e-4 ohm*m^2",
        "kinetics.reference_concentration=2 mol/L",
        "working_electrode={voltage: -20 mV}",
        "electrons={regions: [box], conductivity: 1 S/m, collector: left, contact_resistance: 1e-4 ohm*m^2}",
    ],
)
def test_every_key_changes_the_voltage(tmp_path: Path, setting: str, timed_voltage: float) -> None:
    """Of a transient under current, dilute and concentrated, with equipotential and ohmic electrons."""
    found = run(scenario_from_text(CELL, [*TIMED, *setting.split("; ")]), tmp_path / "run")
    assert abs(found["voltage_V"] - timed_voltage) > 1e-7
    assert found["balance"]["charge_relative"] < 1e-8


@pytest.mark.parametrize("order", [1, 2])
def test_a_transient_ends_where_the_salt_is_used_up(tmp_path: Path, order: int) -> None:
    import xarray as xr
    from scipy.optimize import brentq

    from ramify.physics import cell
    from ramify.validation.references import closed_cell

    sets = [*DRAINED, f"numerics.order={order}", "numerics.time_tolerance=3e-4", "mesh.cells=[1, 40]"]
    sets.append("mesh.grading={towards: bottom, finest: 0.3 um}")
    found = run(scenario_from_text(CELL, sets), tmp_path / "run", figures=True)
    assert (found["status"], found["stop_reason"]) == ("stopped", "concentration")
    overdrive = 4000.0 / cell.limiting_current(3e-10, 1000.0, 0.3, 40e-6)
    exact = brentq(lambda t: closed_cell.concentration(np.zeros(1), t, overdrive)[0] - 0.01, 1e-3, 1.0)
    assert found["stop_time_s"] == pytest.approx(exact * 40e-6**2 / 3e-10, rel=5e-3)
    assert found["balance"]["salt_relative"] < 1e-12
    with xr.open_dataset(tmp_path / "run" / "history.nc", engine="h5netcdf", decode_times=False) as history:
        lowest = history["minimum_concentration"].values
        assert np.all(np.diff(lowest) < 0.0) and lowest[-1] < 10.0 <= lowest[-2]
        assert history["current"].values == pytest.approx(4000.0 * 20e-6, rel=1e-8)
    with xr.open_dataset(tmp_path / "run" / "fields.nc", engine="h5netcdf", decode_times=False) as fields:
        assert fields["time"].values == pytest.approx([0.0, found["time_s"]])
    assert (tmp_path / "run" / "figures" / "history.png").is_file()


def test_ohmic_pillars_lose_voltage(tmp_path: Path) -> None:
    voltages = []
    for conductivity in ("1e7 S/m", "1e-2 S/m"):
        electrons = f"electrons={{conductivity: {conductivity}}}"
        sets = [*SMALL, "distribution=secondary", "mesh.pillar=meshed", electrons]
        found = run(load_scenario("current_distribution_pillars", sets), tmp_path / conductivity[:4])
        voltages.append(found["voltage_V"])
    assert voltages[1] < voltages[0] - 1e-3


def test_primary_voltage_is_ohms_law(tmp_path: Path) -> None:
    found = run(scenario_from_text(CELL, ["distribution=primary"]), tmp_path / "run")
    conductivity = check_scenario(scenario_from_text(CELL)).scale("Wagner length") * 30.0 / 0.0256926
    # At 20 A/m^2 the conductance is cosh(asinh(i/2 i0)) of that at rest.
    conductivity *= np.sqrt(1.0 + (20.0 / 60.0) ** 2)
    assert found["voltage_V"] == pytest.approx(-20.0 * 40e-6 / conductivity, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "setting", "complaint"),
    [
        (CELL, "working_electrode.boundaries=[botom]", r"botom.*bottom"),
        (CELL, "working_electrode.voltage=-1 V", "needs one of current_density and voltage"),
        (CELL, "duration=1 s", "no transient"),
        (CELL, "stop={concentration: 1 mol/m^3}", "a steady state ends of itself"),
        (CELL, "electrolyte.diffusivity=-3e-10 m^2/s", "-3e-10"),
        (CELL, "numerics.order=3", "order"),
        (CELL, "mesh.element=hexahedron", "not a cell of 2 dimensions"),
        (CELL, "mesh.cells=[3]", "one count for each length|1 counts"),
        (CELL, "mesh={type: file, file: none.msh}", "no such file"),
        (CELL, "electrons={conductivity: 1 S/m}", "is required and missing"),
        (CELL, "counter_electrode.boundaries=[bottom]", "working and the counter electrode"),
        (IONS, "ions=[{name: K, charge: 1, diffusivity: 1e-9 m^2/s, concentration: 1 mol/m^3}]", "not neutral"),
        (IONS, "working_electrode.holds=[Na]", "not one of the ions"),
        (IONS, "ion_diameter=100 nm", "of the volume"),
        (IONS, "mesh.grading.finest=1 nm", "not finer than a uniform mesh"),
    ],
)
def test_what_cannot_be_is_refused(text: str, setting: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint) as refusal:
        scenario_from_text(text, [setting])
    assert refusal.value.key


def test_a_mesh_without_the_name_is_refused(tmp_path: Path) -> None:
    from fem_mesh_cases import MSH22

    (tmp_path / "cell.msh").write_text(MSH22)
    (tmp_path / "cell.yaml").write_text(
        CELL.replace(
            "mesh: {type: box, size: [20 um, 40 um], cells: [4, 8]}", "mesh: {type: file, file: cell.msh}"
        ).replace(
            "working_electrode: {", "regions: [electrolyte]\nworking_electrode: {boundaries: [current collector], "
        )
        + "counter_electrode: {boundaries: ['7']}\n"
    )
    scenario = load_scenario(tmp_path / "cell.yaml")
    with pytest.raises(ScenarioError, match=r"no region named 'electrolyte'.*the electrolyte"):
        run(scenario, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    scenario = load_scenario(tmp_path / "cell.yaml", ["regions=[the electrolyte]", "mesh.unit=1 um"])
    assert run(scenario, tmp_path / "run")["current"] == pytest.approx(20.0 * 2e-6)


def test_folders_are_not_written_over_nor_resumed(tmp_path: Path, capsys) -> None:
    scenario = scenario_from_text(CELL)
    run(scenario, tmp_path / "run")
    run(scenario, tmp_path / "run", code=2)
    assert "already holds" in capsys.readouterr().err
    assert model_of(scenario).resume(scenario, tmp_path / "run", petsc_options=[], figures=False, requests=None) == 2
    assert "holds no checkpoint" in capsys.readouterr().err
    run(scenario, tmp_path / "run", force=True)


def test_unread_petsc_options_are_refused(tmp_path: Path, mpiexec) -> None:
    (tmp_path / "cell.yaml").write_text(CELL)
    arguments = ("-m", "ramify.cli", "run", "cell.yaml", "-o", "run", "--no-figures", "--")
    result = mpiexec(1, *arguments, "-fem_curent_ksp_rtol", "1e-3", cwd=tmp_path, check=False)
    assert result.returncode == 2 and "no solver reads" in result.stderr


@pytest.mark.parametrize("distribution", ["secondary", "tertiary"])
def test_large_meshes_take_iterative_solvers_to_the_same_answer(tmp_path: Path, monkeypatch, distribution) -> None:
    from ramify.fem import linear

    scenario = load_scenario("current_distribution_pillars", [*SMALL, f"distribution={distribution}"])
    direct = run(scenario, tmp_path / "direct")
    monkeypatch.setattr(linear, "DIRECT_UNKNOWNS", 0)
    iterative = run(scenario, tmp_path / "iterative")
    for key in ("voltage_V", "current", "current_density_largest_A_per_m2"):
        assert iterative[key] == pytest.approx(direct[key], rel=1e-7), key
    assert iterative["balance"]["charge_relative"] < 1e-7


def test_beyond_the_limiting_current_the_solver_gives_up(tmp_path: Path, capsys) -> None:
    scenario = scenario_from_text(CELL, ["distribution=tertiary", "working_electrode.current_density=1 A/cm^2"])
    assert "exceeds the limiting one" in check_scenario(scenario).warnings[0]
    run(scenario, tmp_path / "run", code=3)
    assert "beyond the limiting current there is none" in capsys.readouterr().err
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "failed"


def test_a_request_to_stop_is_heard_between_states(tmp_path: Path) -> None:
    from ramify.signals import Requests

    asked = Requests()
    asked.restore()
    asked.stop = True
    run(scenario_from_text(IONS), tmp_path / "run", code=75, requests=asked)
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "interrupted"
