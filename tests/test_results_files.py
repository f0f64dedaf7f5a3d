"""Result files: what is appended is what xarray and VTK read back, and a resumed run duplicates nothing."""

import json
import subprocess
import sys
from pathlib import Path

import h5netcdf
import numpy as np
import pytest

from ramify.phasefield.problem import Domain
from ramify.results.fields import FIELDS, HISTORY, Quantity
from ramify.results.folder import FolderInUse, RunFolder
from ramify.results.log import RunLog, read_log
from ramify.results.netcdf import FieldsFile, HistoryFile
from ramify.results.summary import BALANCE_KEYS, SUMMARY_KEYS, read_summary, write_summary
from ramify.results.vtkhdf import VtkHdfFile

DOMAINS = {
    1: Domain((1.0, 1.0, 7e-6), (1, 1, 7)),
    2: Domain((4e-6, 1.0, 10e-6), (4, 1, 5)),
    3: Domain((4e-6, 6e-6, 10e-6), (4, 3, 5), periodic=True),
}


def fields_at(domain: Domain, time: float) -> dict[str, np.ndarray]:
    shape = domain.cells[::-1]
    ramp = np.arange(np.prod(shape), dtype=float).reshape(shape)
    return {"xi": ramp / ramp.size + time, "psi": ramp / 7.0, "c": 1000.0 + ramp * time}


def row_at(time: float) -> dict[str, float]:
    return {"time": time, "voltage": -0.1 * time, "newton_iterations": 3, "limited": False}


def summary() -> dict[str, object]:
    values: dict[str, object] = dict.fromkeys(SUMMARY_KEYS, 0.0)
    return {**values, "status": "finished", "balance": dict.fromkeys(BALANCE_KEYS, 1e-16)}


def test_every_quantity_has_unit_names_and_a_conversion():
    for table in (FIELDS, HISTORY):
        for name, quantity in table.items():
            assert quantity.name == name
            assert quantity.unit
            assert quantity.long_name
            assert " " not in quantity.standard_name
    assert HISTORY["capacity"].shown(np.array(3.6e4)) == pytest.approx(1.0)  # 1 mAh/cm^2 is 36 kC/m^2
    assert HISTORY["current_density"].shown(np.array(10.0)) == pytest.approx(1.0)
    assert FIELDS["c"].shown(np.array(1000.0)) == pytest.approx(1.0)


def test_history_opens_in_xarray_with_units(tmp_path: Path):
    xarray = pytest.importorskip("xarray")
    history = HistoryFile(tmp_path / "history.nc", flush_rows=3)
    for time in range(1, 8):
        history.append(row_at(time))
    with xarray.open_dataset(history.path, engine="h5netcdf") as stored:
        assert len(stored.time) == 6  # two full buffers; the seventh row waits
    history.flush()
    with xarray.open_dataset(history.path, engine="h5netcdf") as stored:
        np.testing.assert_array_equal(stored.time, np.arange(1.0, 8.0))
        np.testing.assert_array_equal(stored.voltage, -0.1 * np.arange(1.0, 8.0))
        assert stored.voltage.units == "V"
        assert stored.newton_iterations.dtype.kind == "i"


def test_history_refuses_unknown_and_changing_columns(tmp_path: Path):
    history = HistoryFile(tmp_path / "history.nc")
    with pytest.raises(KeyError, match="did you mean 'voltage'"):
        history.append({"time": 1.0, "volage": 2.0})
    history.append(row_at(1.0))
    with pytest.raises(KeyError, match="tip_height"):
        history.append({**row_at(2.0), "tip_height": 1e-6})


def test_models_may_add_their_own_columns(tmp_path: Path):
    contact = Quantity("contact_fraction", "$A$", "contact fraction", "1", "contact_area_fraction")
    history = HistoryFile(tmp_path / "history.nc", [contact])
    history.append({"time": 1.0, "contact_fraction": 0.25})
    history.flush()
    with h5netcdf.File(history.path, "r") as stored:
        assert stored.variables["contact_fraction"][0] == 0.25


@pytest.mark.parametrize("dimension", DOMAINS)
def test_fields_open_in_xarray_with_coordinates(tmp_path: Path, dimension: int):
    xarray = pytest.importorskip("xarray")
    domain = DOMAINS[dimension]
    file = FieldsFile(tmp_path / "fields.nc", domain)
    for time in (0.0, 2.5):
        file.append(time, fields_at(domain, time))
    with xarray.open_dataset(file.path, engine="h5netcdf") as stored:
        assert stored.xi.dims == ("time", "z", "y", "x")
        assert stored.psi.dims == ("z", "y", "x")
        assert stored.c.units == "mol m-3"
        assert stored.z.units == "m"
        np.testing.assert_allclose(stored.z, (np.arange(domain.cells[2]) + 0.5) * domain.spacing[2])
        np.testing.assert_array_equal(stored.time, [0.0, 2.5])
        for name in ("xi", "c"):
            np.testing.assert_array_equal(stored[name][1], fields_at(domain, 2.5)[name])
        assert stored.attrs["lateral_faces"] == ("periodic" if domain.periodic else "symmetry")


def test_fields_refuse_wrong_shape_time_and_names(tmp_path: Path):
    domain = DOMAINS[2]
    file = FieldsFile(tmp_path / "fields.nc", domain)
    file.append(1.0, fields_at(domain, 1.0))
    with pytest.raises(ValueError, match="shape"):
        file.append(2.0, {"xi": np.zeros((2, 2, 2))})
    with pytest.raises(ValueError, match="time must not go back"):
        file.append(0.5, fields_at(domain, 0.5))
    with pytest.raises(ValueError, match="c"):
        file.append(2.0, {"xi": np.zeros(domain.cells[::-1])})


def test_snapshot_at_the_same_time_replaces_the_last(tmp_path: Path):
    domain = DOMAINS[2]
    files = (FieldsFile(tmp_path / "fields.nc", domain), VtkHdfFile(tmp_path / "fields.vtkhdf", domain))
    for file in files:
        file.append(0.3, fields_at(domain, 1.0))
        file.append(0.1 + 0.2, fields_at(domain, 2.0))
    with h5netcdf.File(files[0].path, "r") as stored:
        assert stored.variables["xi"].shape[0] == 1
        np.testing.assert_array_equal(stored.variables["xi"][0], fields_at(domain, 2.0)["xi"])


@pytest.mark.parametrize("dimension", DOMAINS)
def test_vtk_reads_all_steps_spacing_and_values(tmp_path: Path, dimension: int):
    pyvista = pytest.importorskip("pyvista")
    domain = DOMAINS[dimension]
    file = VtkHdfFile(tmp_path / "fields.vtkhdf", domain)
    times = (0.0, 1.0, 5.0)
    for time in times:
        file.append(time, fields_at(domain, time))
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline

    reader = pyvista.get_reader(file.path).reader
    reader.UpdateInformation()
    assert reader.GetOutputInformation(0).Get(vtkStreamingDemandDrivenPipeline.TIME_STEPS()) == times
    for time in times:
        reader.UpdateTimeStep(time)
        image = pyvista.wrap(reader.GetOutputDataObject(0))
        assert image.n_cells == np.prod(domain.cells)
        assert image.origin == (0.0, 0.0, 0.0)
        np.testing.assert_allclose(image.spacing, domain.spacing)
        assert image.bounds[5] == pytest.approx(domain.size[2])
        for name, values in fields_at(domain, time).items():
            expected = fields_at(domain, 0.0)[name] if name == "psi" else values
            np.testing.assert_allclose(image.cell_data[name], expected.ravel(), rtol=1e-6)


@pytest.mark.parametrize("kept", [0, 2, 4])
def test_resumed_run_equals_the_uninterrupted_one(tmp_path: Path, kept: int):
    domain = DOMAINS[3]
    whole, cut = (RunFolder.create(tmp_path / name, domain) for name in ("whole", "cut"))
    for time in range(5):
        for folder in (whole, cut):
            folder.history(row_at(time))
            folder.snapshot(time, fields_at(domain, time))
    cut.checkpoint({"time": 0.0}, {})
    again = RunFolder.resume(tmp_path / "cut", domain)
    again.truncate_after(kept)
    for time in range(kept + 1, 5):
        again.history(row_at(time))
        again.snapshot(time, fields_at(domain, time))
    again.flush()
    whole.flush()
    for name in ("history.nc", "fields.nc"):
        with h5netcdf.File(whole.path / name, "r") as first, h5netcdf.File(cut.path / name, "r") as second:
            for variable in first.variables:
                np.testing.assert_array_equal(first.variables[variable][...], second.variables[variable][...])
    pyvista = pytest.importorskip("pyvista")
    reader = pyvista.get_reader(cut.path / "fields.vtkhdf").reader
    reader.UpdateTimeStep(4.0)
    image = pyvista.wrap(reader.GetOutputDataObject(0))
    np.testing.assert_allclose(image.cell_data["c"], fields_at(domain, 4.0)["c"].ravel(), rtol=1e-6)


def test_folder_refuses_an_earlier_run_and_force_keeps_it(tmp_path: Path):
    domain = DOMAINS[1]
    RunFolder.create(tmp_path, domain).write_scenario("title: first\n")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FolderInUse, match=r"scenario\.yaml.*ramify resume.*--force"):
        RunFolder.create(tmp_path, domain)
    RunFolder.create(tmp_path, domain, force=True).write_scenario("title: second\n")
    RunFolder.create(tmp_path, domain, force=True)
    assert (tmp_path / "previous-1/scenario.yaml").read_text() == "title: first\n"
    assert (tmp_path / "previous-2/scenario.yaml").read_text() == "title: second\n"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_folder_without_checkpoint_cannot_be_resumed(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        RunFolder.resume(tmp_path, DOMAINS[1])


def test_file_damaged_by_a_kill_is_set_aside_and_the_run_goes_on(tmp_path: Path):
    domain = DOMAINS[1]
    folder = RunFolder.create(tmp_path, domain)
    folder.snapshot(0.0, fields_at(domain, 0.0))
    folder.checkpoint({}, {})
    (tmp_path / "fields.nc").write_bytes(b"half a file")
    again = RunFolder.resume(tmp_path, domain)
    again.snapshot(1.0, fields_at(domain, 1.0))
    assert (tmp_path / "fields.nc.damaged-1").read_bytes() == b"half a file"
    assert any("fields.nc" in line.get("message", "") for line in read_log(tmp_path / "log.jsonl"))
    with h5netcdf.File(tmp_path / "fields.nc", "r") as stored:
        assert list(stored.variables["time"][...]) == [1.0]


def test_a_reader_does_not_stop_the_run(tmp_path: Path):
    domain = DOMAINS[2]
    folder = RunFolder.create(tmp_path, domain)
    folder.snapshot(0.0, fields_at(domain, 0.0))
    read = "import h5py, sys; file = h5py.File(sys.argv[1], 'r', locking=True); print('open', flush=True); input()"
    command = [sys.executable, "-c", read, str(tmp_path / "fields.nc")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        folder.snapshot(1.0, fields_at(domain, 1.0))
        reader.communicate("\n")
    with h5netcdf.File(tmp_path / "fields.nc", "r") as stored:
        assert list(stored.variables["time"][...]) == [0.0, 1.0]


def test_summary_is_checked_and_plain_json(tmp_path: Path):
    path = tmp_path / "summary.json"
    write_summary(path, {**summary(), "voltage_V": float("nan"), "steps": np.int64(7), "extra": np.arange(2)})
    text = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert text["voltage_V"] is None
    assert text["steps"] == 7
    assert text["extra"] == [0, 1]
    assert read_summary(path) == text
    assert [entry.name for entry in tmp_path.iterdir()] == ["summary.json"]


@pytest.mark.parametrize("key", ["status", "metal_dead_mol", "balance"])
def test_summary_without_an_agreed_key_is_refused(tmp_path: Path, key: str):
    values = summary()
    del values[key]
    with pytest.raises(ValueError, match=key):
        write_summary(tmp_path / "summary.json", values)
    assert not list(tmp_path.iterdir())


def test_summary_with_unknown_status_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="'done' is not one of finished, stopped"):
        write_summary(tmp_path / "summary.json", {**summary(), "status": "done"})


def test_log_survives_a_line_cut_short(tmp_path: Path):
    path = tmp_path / "log.jsonl"
    RunLog(path).write("started", ranks=np.int64(2), voltage=float("inf"))
    with open(path, "a") as file:
        file.write('{"event": "ste')
    RunLog(path).write("resumed")
    lines = read_log(path)
    assert [line["event"] for line in lines] == ["started", "resumed"]
    assert lines[0]["ranks"] == 2
    assert lines[0]["voltage"] is None
