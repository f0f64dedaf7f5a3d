"""Readers of simulation files: what they read, and how they refuse."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from md_files import SAMPLES, brownian, close, dump_text

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.extxyz import read_extxyz
from ramify.atomistic.lammps_data import read_data
from ramify.atomistic.lammps_dump import read_dump
from ramify.atomistic.lammps_log import read_log
from ramify.atomistic.lammps_table import read_table
from ramify.atomistic.numbers import rows_of_numbers
from ramify.atomistic.plumed import free_energy_profile, read_plumed
from ramify.atomistic.sources import sniff
from ramify.atomistic.unit_styles import STYLES, unit_style

EDGE = 20.0
"""[A]."""


@pytest.fixture(scope="module")
def paths() -> np.ndarray:
    """Ten particles over six frames, some of which leave the box [A]."""
    return 1e10 * brownian(1, frames=6, atoms=10, D=2e-8) + 10.0


def exhaust(reader, path: Path) -> None:
    """Read a file to its end, whether its reader gives it whole or by frames."""
    result = reader(path)
    if reader in (read_dump, read_extxyz):
        list(result)


def refusal(path: Path, text: str | bytes, reader=read_dump) -> AtomisticError:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(AtomisticError) as caught:
        exhaust(reader, path)
    assert str(path) in str(caught.value)
    return caught.value


def test_the_log_tells_of_every_run_whatever_its_columns() -> None:
    log = read_log(SAMPLES / "log.multirun_columns_change.lammps.gz")
    assert log.units == "metal"
    assert [run.rows.shape for run in log.runs] == [(5, 6), (7, 7)]
    assert log.runs[1].columns[-1] == "c_m1[4]" and log.runs[1].column("c_m1[4]")[-1] == close(39.183401)
    assert {run.timestep for run in log.runs} == {0.002} and log.runs[0].atoms == 432
    assert log.masses == {1: 6.941, 2: 24.305} and log.thermostat == 600.0


def test_the_log_tells_which_run_wrote_a_file_and_how_often() -> None:
    log = read_log(SAMPLES / "log.liquid550.lammps.gz")
    output = log.output(Path("somewhere/wrap_550.lammpstrj.gz"))
    assert output is not None and (output.every, output.run) == (50, 1)
    mean = log.temperature(log.runs[1])
    assert mean is not None and mean[0] == pytest.approx(549.9, abs=0.1) and 1.0 < mean[1] < 5.0
    assert "pair_style meam" in log.potential


def test_a_log_cut_within_a_run_is_refused(tmp_path: Path) -> None:
    whole = gzip.decompress((SAMPLES / "log.liquid550.lammps.gz").read_bytes()).decode().splitlines(keepends=True)
    end = next(k for k, line in enumerate(whole) if line.startswith("Loop time"))
    error = refusal(tmp_path / "log", "".join(whole[:end]), read_log)
    assert "ends within a run" in error.problem and error.line == end
    error = refusal(tmp_path / "log", "".join([*whole[:end], "ERROR: Lost atoms: original 4 current 3\n"]), read_log)
    assert "Lost atoms" in error.problem and error.line == end + 1
    assert "no LAMMPS log" in refusal(tmp_path / "log", "hello\n", read_log).problem


def test_averages_are_read_with_their_columns() -> None:
    table = read_table(SAMPLES / "msd_avetime.dat.gz")
    assert table.columns == ("c_m[1]", "c_m[2]", "c_m[3]", "c_m[4]") and table.steps[1] == 50
    assert table.column("c_m[4]")[1] == close(0.622223)
    with pytest.raises(AtomisticError, match=r"did you mean 'c_m\[4\]'"):
        table.column("c_m4")


@pytest.mark.parametrize(
    ("rows", "problem", "line"),
    [
        ("0 0\n50 1\n100 2\n", "", 0),
        ("0 0\n50 1\n100\n", "1 values where step and 1 columns", 5),
        ("0 0\n50 1\n100 2", "last line has no end", 5),
        ("0 0\n50 1\n100 nan\n", "no finite number", 5),
        ("0 0\n50 1\n120 2\n", "do not rise evenly", 5),
        ("0 0\n50 1\n0 0\n", "do not rise evenly", 5),
        ("0 0\n50 1\n", "holds 2 rows", 4),
    ],
)
def test_broken_averages_are_refused_with_their_line(tmp_path: Path, rows: str, problem: str, line: int) -> None:
    text = "# Time-averaged data for fix m\n# TimeStep c_m[4]\n" + rows
    if not problem:
        (tmp_path / "msd").write_text(text)
        assert read_table(tmp_path / "msd").values.shape == (3, 1)
        return
    error = refusal(tmp_path / "msd", text, read_table)
    assert problem in error.problem and error.line == line


def test_every_kind_of_coordinates_gives_the_same_paths(tmp_path: Path, paths: np.ndarray) -> None:
    for columns, kind in (
        ("id type xu yu zu", "unwrapped"),
        ("id type xsu ysu zsu", "unwrapped"),
        ("id type x y z ix iy iz", "images"),
        ("type id iz iy ix zs ys xs", "images"),
        ("id element x y z", "wrapped"),
    ):
        file = tmp_path / "dump"
        file.write_text(dump_text(paths, EDGE, columns))
        frames = list(read_dump(file))
        assert len(frames) == 6 and {frame.kind for frame in frames} == {kind} and frames[2].step == 200
        for frame, expected in zip(frames, paths, strict=True):
            assert frame.ids is not None and frame.box is not None
            found = frame.positions[np.argsort(frame.ids)]
            if frame.images is not None:
                found = found + frame.images[np.argsort(frame.ids)] * EDGE
            wanted = expected - EDGE * np.floor(expected / EDGE) if kind == "wrapped" else expected
            assert np.allclose(found, wanted, rtol=0.0, atol=1e-9)


def test_a_tilted_box_is_read_from_the_box_around_it(tmp_path: Path) -> None:
    text = (
        "ITEM: UNITS\nmetal\nITEM: TIME\n0.5\nITEM: TIMESTEP\n250\nITEM: NUMBER OF ATOMS\n1\n"
        "ITEM: BOX BOUNDS xy xz yz pp pp ff\n-1 12 2\n0 9 -1\n0 8 0.5\nITEM: ATOMS id type xs ys zs\n1 1 0.5 0.5 0.5\n"
    )
    (tmp_path / "dump").write_text(text)
    (frame,) = read_dump(tmp_path / "dump")
    assert frame.box is not None and frame.box.periodic == (True, True, False)
    assert (frame.units, frame.time, frame.step) == ("metal", 0.5, 250)
    assert np.array_equal(frame.box.vectors, np.array([[10, 0, 0], [2, 8.5, 0], [-1, 0.5, 8]]))
    assert np.array_equal(frame.positions[0], frame.box.origin + 0.5 * frame.box.vectors.sum(axis=0))
    assert np.allclose(frame.box.fractions(frame.positions), 0.5)
    assert frame.box.volume == close(10 * 8.5 * 8)


@pytest.mark.parametrize(
    ("old", "new", "problem", "line"),
    [
        ("ITEM: TIMESTEP\n0\n", "TIMESTEP\n0\n", "no LAMMPS dump", 1),
        ("ITEM: NUMBER OF ATOMS\n10\n", "ITEM: NUMBER OF ATOMS\nten\n", "number of atoms", 4),
        ("ITEM: NUMBER OF ATOMS\n10\n", "ITEM: NUMBER OF ATOMS\n99999999999999\n", "too many atoms", 4),
        ("ITEM: NUMBER OF ATOMS\n10\n", "ITEM: NUMBER OF ATOMS\n11\n", "10 of its 11 atoms", 20),
        ("BOX BOUNDS pp pp pp", "BOX BOUNDS abc origin pp pp pp", "no box", 5),
        ("0 20.0\n0 20.0\n0 20.0", "0 20.0\n0 0\n0 20.0", "no volume", 8),
        ("id type xu yu zu", "id type vx vy vz", "no coordinates", 9),
        ("id type xu yu zu", "id mol xu yu zu", "no column says what an atom is", 9),
        ("\n3 1 ", "\n4 1 ", "same id", 19),
        ("\n3 1 ", "\n3 1 nan ", "6 values where 5", None),
        ("\n3 1 ", "\n3 x ", "column type is no finite number", None),
    ],
)
def test_broken_dumps_are_refused_with_their_line(
    tmp_path: Path, paths: np.ndarray, old: str, new: str, problem: str, line: int | None
) -> None:
    text = dump_text(paths, EDGE, "id type xu yu zu")
    assert old in text
    error = refusal(tmp_path / "dump", text.replace(old, new, 1))
    assert problem in error.problem
    assert error.line is not None and (line is None or error.line == line)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path, paths: np.ndarray) -> None:
    text = dump_text(paths, EDGE, "id type xu yu zu").encode()
    starts = [k for k in range(len(text)) if text.startswith(b"ITEM: TIMESTEP", k)]
    for cut in np.random.default_rng(0).integers(1, len(text), 60):
        if cut in starts:
            continue
        error = refusal(tmp_path / "dump", text[: int(cut)])
        assert error.line is not None
    packed = gzip.compress(text)
    error = refusal(tmp_path / "dump.gz", packed[: len(packed) // 2])
    assert "truncated" in error.problem
    assert "binary" in refusal(tmp_path / "dump", b"ITEM: TIMESTEP\0\n").problem
    assert "too long" in refusal(tmp_path / "dump", b"x" * 100_000).problem


def test_data_files_tell_units_and_masses(tmp_path: Path) -> None:
    data = read_data(SAMPLES / "start.data.gz")
    assert (data.units, data.atoms, data.types, data.masses) == ("metal", 256, 2, {1: 6.939, 2: 24.305})
    text = gzip.decompress((SAMPLES / "start.data.gz").read_bytes()).decode()
    cut = "".join(text.splitlines(keepends=True)[:-9])
    assert "247 of 256 atoms" in refusal(tmp_path / "cut.data", cut, read_data).problem


def test_extended_xyz(tmp_path: Path, paths: np.ndarray) -> None:
    rows = "".join(f"Li {x:.6f} {y:.6f} {z:.6f} 0.1\n" for x, y, z in paths[0])
    head = '10\nLattice="20 0 0 0 20 0 0 0 20" Properties=species:S:1:pos:R:3:charge:R:1 pbc="T T F" step=5\n'
    (tmp_path / "a.xyz").write_text(2 * (head + rows))
    first, second = read_extxyz(tmp_path / "a.xyz")
    assert first.step == 5 and second.line == 13 and first.kind == "unknown"
    assert first.box is not None and first.box.periodic == (True, True, False)
    assert np.allclose(first.positions, paths[0], atol=1e-6)
    assert set(first.species[0]) == {"Li"}
    assert "9 of its 10 atoms" in refusal(tmp_path / "b.xyz", head + rows[: rows.rfind("Li")], read_extxyz).problem
    assert "Properties" in refusal(tmp_path / "b.xyz", head.replace("pos:R:3", "force:R:3") + rows, read_extxyz).problem


def test_ase_reads_what_it_wrote(tmp_path: Path, paths: np.ndarray) -> None:
    ase = pytest.importorskip("ase")
    from ase.io import write

    from ramify.atomistic.foreign import read_foreign

    frames = [ase.Atoms("Li10", positions=each, cell=[20, 20, 20], pbc=True) for each in paths]
    for name in ("a.traj", "b.extxyz"):
        write(tmp_path / name, frames)
        kind = sniff(tmp_path / name)
        read = list(read_extxyz(tmp_path / name) if kind == "extxyz" else read_foreign(tmp_path / name, None))
        assert len(read) == 6 and np.allclose(read[-1].positions, paths[-1], atol=1e-7)
    whole = (tmp_path / "a.traj").read_bytes()
    (tmp_path / "cut.traj").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AtomisticError, match=r"cut\.traj"):
        list(read_foreign(tmp_path / "cut.traj", None))


def test_plumed_files(tmp_path: Path) -> None:
    (tmp_path / "fes").write_text("#! FIELDS n file.free der_n\n#! SET min_n 0\n0 0 1\n1 2.5 1\n2 inf inf\n3 4 0\n")
    fields = read_plumed(tmp_path / "fes")
    assert fields.settings == {"min_n": "0"}
    variable, energy = free_energy_profile(fields)
    assert np.array_equal(variable, [0, 1, 3]) and np.array_equal(energy, [0, 2.5, 4])
    assert "2 values under 3 fields" in refusal(tmp_path / "x", "#! FIELDS a b c\n1 2\n", read_plumed).problem
    assert "fields change" in refusal(tmp_path / "x", "#! FIELDS a b\n1 2\n#! FIELDS a c\n", read_plumed).problem


def test_kinds_are_told_by_content(tmp_path: Path) -> None:
    kinds = {path.name: sniff(path) for path in SAMPLES.iterdir() if path.suffix == ".gz"}
    assert kinds["start.data.gz"] == "data" and kinds["vacf_avetime.dat.gz"] == "table"
    assert kinds["log.liquid550.lammps.gz"] == "log" and kinds["dump_unwrapped.lammpstrj.gz"] == "dump"
    (tmp_path / "notes").write_text("nothing\n")
    with pytest.raises(AtomisticError, match="no kind of file"):
        sniff(tmp_path / "notes")


def test_unit_styles() -> None:
    metal, real = unit_style("metal"), unit_style("real")
    assert metal.velocity == close(100.0) and real.time == 1e-15
    assert real.energy * 6.02214076e23 == close(4184.0)
    for (
        style
    ) in STYLES.values():  # one unit of energy is that of mass, length and time, but for metal, real and electron
        consistent = style.mass * (style.length / style.time) ** 2
        assert style.name in ("metal", "real", "electron") or style.energy == close(consistent)
    with pytest.raises(AtomisticError, match="did you mean 'metal'"):
        unit_style("metall")
    with pytest.raises(AtomisticError, match="reduced units"):
        unit_style("lj")


def test_numbers_are_those_that_python_reads() -> None:
    rng = np.random.default_rng(0)
    words = [f"{x:.{rng.integers(1, 16)}g}" for x in rng.normal(size=3000) * 10.0 ** rng.integers(-5, 12, 3000)]
    words += ["0", "-0.0", "+1", "1.", ".5", "1e5", "1E-05", "-12345678.25", "000.1", "0e99"]
    words += ["1"] * (-len(words) % 5)
    text = "\n".join(" ".join(words[k : k + 5]) + " " for k in range(0, len(words), 5)) + "\n"
    found = rows_of_numbers(text.encode(), len(words) // 5, 5)
    assert found is not None and np.array_equal(found.ravel(), [float(word) for word in words])
    for wrong in (b"1 2\n3\n", b"1 2\n3 x\n", b"1 2\n3 4 5\n", b"1 2\n3 --4\n", b"1 2\n3 4e\n", b"1 2\n3 nan\n",
                  b"1 2\n3 4\n5 6\n",
                  b"1 2\n3 0.1234567890123456\n", b"1 2\n3 1e-40\n", b"1 2\n", b"1 2\n3 4"):  # fmt: skip
        assert rows_of_numbers(wrong, 2, 2) is None


def test_mdanalysis_reads_what_it_wrote(tmp_path: Path, paths: np.ndarray) -> None:
    mda = pytest.importorskip("MDAnalysis")
    from ramify.atomistic.foreign import read_foreign

    universe = mda.Universe.empty(10, trajectory=True)
    for name, value in (("elements", ["Li"] * 10), ("names", ["Li"] * 10), ("resnames", ["LI"])):
        universe.add_TopologyAttr(name, value)
    universe.dimensions = [20.0, 20.0, 20.0, 90.0, 90.0, 90.0]
    universe.atoms.positions = paths[0]
    universe.atoms.write(tmp_path / "li.pdb")
    with mda.Writer(str(tmp_path / "li.xtc"), 10) as writer:
        for each in paths:
            universe.atoms.positions = each
            writer.write(universe.atoms)
    read = list(read_foreign(tmp_path / "li.xtc", tmp_path / "li.pdb"))
    assert len(read) == 6 and read[0].kind == "unknown" and set(read[0].species[0]) == {"Li"}
    assert np.allclose(read[-1].positions, paths[-1], atol=0.01)  # xtc keeps 0.01 A
    assert read[0].box is not None and np.allclose(read[0].box.vectors, 20.0 * np.eye(3), atol=1e-3)
    with pytest.raises(AtomisticError, match="--topology"):
        list(read_foreign(tmp_path / "li.xtc", None))
