"""Trajectories from files: coordinates, boxes, memory, drift, and facts that contradict each other."""

from pathlib import Path

import numpy as np
import pytest
from md_files import LIQUID, SAMPLES, brownian, close, dump_text, load

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Stated
from ramify.atomistic.lammps_dump import read_dump


@pytest.mark.parametrize("columns", ["id type x y z ix iy iz", "id type xs ys zs ix iy iz", "id type xsu ysu zsu"])
def test_paths_do_not_depend_on_how_coordinates_are_written(tmp_path: Path, columns: str) -> None:
    paths = 1e10 * brownian(4, frames=60, atoms=20) + 5.0
    for name, text in (("a", "id type xu yu zu"), ("b", columns)):
        (tmp_path / name).write_text(dump_text(paths, 8.0, text))
    stated = Stated(units="metal", timestep=1e-14, elements=("Li",))
    a, b = (load(tmp_path / name, stated=stated) for name in "ab")
    assert np.allclose(a.positions - a.positions[0], b.positions - b.positions[0], rtol=0.0, atol=1e-19)
    assert a.interval == 1e-12 and a.neighbours == close(b.neighbours)


def folded(tmp_path: Path, step: float, every: int = 100) -> Path:
    """A wrapped dump without image counts, whose particles go `step` a frame along each axis [A]."""
    paths = 1e10 * brownian(7, frames=60, atoms=20, D=(step * 1e-10) ** 2 / 2e-12) + 0.2
    (tmp_path / "dump").write_text(dump_text(paths, 8.0, "id type x y z", every))
    return tmp_path / "dump"


def test_wrapped_coordinates_are_restored_only_where_that_is_proven(tmp_path: Path) -> None:
    file = folded(tmp_path, 0.1)
    known = Stated(units="metal", timestep=1e-15, elements=("Li",), temperature=300.0)
    # 0.03 ps apart: 8 thermal speeds of lithium at 300 K reach 1.4 A along an axis, half the box is 4 A
    near = Stated(units="metal", timestep=3e-16, elements=("Li",), temperature=300.0)
    restored = load(file, stated=near, drift="keep")
    assert "no atom goes half a box" in restored.proof
    true = 1e10 * brownian(7, frames=60, atoms=20, D=1e-22 / 2e-12)
    assert np.allclose(1e10 * (restored.positions - restored.positions[0]), true - true[0], atol=1e-8)
    with pytest.raises(AtomisticError, match=r"dump:30: .*too far apart"):
        load(file, stated=known)
    with pytest.raises(AtomisticError, match="cannot be proven"):
        load(file, stated=Stated(units="metal", timestep=1e-15, elements=("Li",)))


def test_boxes_that_breathe_do_not_carry_atoms_along(tmp_path: Path) -> None:
    """Atoms at rest in a box that swings by 2 %, far from where they began: xu alone would swing with the box."""
    fractions = np.random.default_rng(0).random((20, 3))
    crossings = np.random.default_rng(1).integers(-9, 9, (20, 3))
    parts = []
    for k in range(40):
        edge = 20.0 * (1.0 + 0.02 * np.sin(k))
        parts.append(f"ITEM: TIMESTEP\n{k}\nITEM: NUMBER OF ATOMS\n20\nITEM: BOX BOUNDS pp pp pp\n" + 3 * f"0 {edge}\n")
        parts.append("ITEM: ATOMS id type xu yu zu\n")
        for i in range(20):
            x, y, z = (fractions[i] + crossings[i]) * edge
            parts.append(f"{i + 1} 1 {x} {y} {z}\n")
    (tmp_path / "dump").write_text("".join(parts))
    found = load(tmp_path / "dump", stated=Stated(units="metal", timestep=1e-14, elements=("Li",)), drift="keep")
    assert np.abs(found.positions - found.positions[0]).max() < 0.9e-10  # the swing of the folded fraction alone
    first, *_ = read_dump(tmp_path / "dump")
    assert np.abs(first.positions).max() * 0.02 > 3.0  # what unwrapped coordinates swing by [A]


def test_memory_is_bounded(tmp_path: Path) -> None:
    paths = 1e10 * brownian(8, frames=100, atoms=20)
    (tmp_path / "dump").write_text(dump_text(paths, 8.0, "id type xu yu zu"))
    stated = Stated(units="metal", timestep=1e-14, elements=("Li",))
    whole = load(tmp_path / "dump", stated=stated, drift="keep")
    thin = load(tmp_path / "dump", stated=stated, drift="keep", memory=24 * 20 * 30)
    # room for 30 frames of one atom in 512: atoms are thinned first
    assert thin.frames_read == 100 and thin.positions.nbytes <= 24 * 20 * 30
    assert thin.interval * (len(thin.positions) - 1) <= whole.duration
    stride = round(thin.interval / whole.interval)
    assert np.array_equal(thin.positions[:, 0], whole.positions[::stride][: len(thin.positions), 0])


def test_a_wrong_timestep_is_refused() -> None:
    files = [SAMPLES / "dump_unwrapped.lammpstrj.gz", SAMPLES / "log.liquid550.lammps.gz"]
    with pytest.raises(AtomisticError, match=r"lammps\.gz:22: timestep: the log has a timestep of 0\.002"):
        load(*files, stated=Stated(timestep=1e-15, elements=("Li",)))
    alone = Stated(units="metal", timestep=1e-15, elements=("Li",), temperature=550.0)
    with pytest.raises(AtomisticError, match="faster than in free flight"):
        load(files[0], stated=alone)
    with pytest.raises(AtomisticError, match="--timestep: not stated"):
        load(files[0], stated=Stated(units="metal", elements=("Li",)))


def test_times_in_the_dump_are_held_against_the_timestep(tmp_path: Path) -> None:
    text = dump_text(1e10 * brownian(1, frames=4, atoms=3), 8.0, "id type xu yu zu")
    timed = "ITEM: UNITS\nmetal\n" + "".join(
        f"ITEM: TIME\n{0.2 * k}\nITEM: TIMESTEP{part}" for k, part in enumerate(text.split("ITEM: TIMESTEP")[1:])
    )
    (tmp_path / "dump").write_text(timed)
    found = load(tmp_path / "dump", stated=Stated(elements=("Li",)))
    assert found.interval == close(2e-13, rel=1e-12)
    with pytest.raises(AtomisticError, match="make a timestep of 2e-15 s"):
        load(tmp_path / "dump", stated=Stated(elements=("Li",), timestep=1e-15))
    with pytest.raises(AtomisticError, match="in units metal, where stated has real"):
        load(tmp_path / "dump", stated=Stated(elements=("Li",), units="real"))


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (Stated(units="real"), "units metal, where stated has real"),
        (Stated(elements=("Mg", "Li")), "type 1 has the mass of Li"),
        (Stated(elements=("Li", "Xx")), "no element"),
        (Stated(temperature=700.0), "mean temperature is 549.9 K; 700.0 K is stated"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(stated: Stated, message: str) -> None:
    with pytest.raises(AtomisticError, match=message):
        load(SAMPLES / "dump_unwrapped.lammpstrj.gz", *(SAMPLES / name for name in LIQUID), stated=stated)


def test_frames_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    text = dump_text(1e10 * brownian(1, frames=4, atoms=3), 8.0, "id type xu yu zu")
    stated = Stated(units="metal", timestep=1e-15, elements=("Li",))
    for old, new, problem in (
        ("TIMESTEP\n200\n", "TIMESTEP\n250\n", "the step 250 follows 100"),
        ("TIMESTEP\n200\n", "TIMESTEP\n100\n", "the step 100 follows 100"),
    ):
        (tmp_path / "dump").write_text(text.replace(old, new))
        with pytest.raises(AtomisticError, match=problem):
            load(tmp_path / "dump", stated=stated)
    more = dump_text(1e10 * brownian(1, frames=2, atoms=4), 8.0, "id type xu yu zu")
    (tmp_path / "dump").write_text(text + more.replace("TIMESTEP\n0\n", "TIMESTEP\n400\n"))
    with pytest.raises(AtomisticError, match="4 atoms, where the first frame has 3"):
        load(tmp_path / "dump", stated=stated)


def test_continued_files_are_one_trajectory(tmp_path: Path) -> None:
    text = dump_text(1e10 * brownian(1, frames=30, atoms=3), 8.0, "id type xu yu zu")
    at = text.index("ITEM: TIMESTEP\n1500\n")
    again = text.index("ITEM: TIMESTEP\n1400\n")  # a continued run writes its first step again
    (tmp_path / "whole").write_text(text)
    (tmp_path / "a").write_text(text[:at])
    (tmp_path / "b").write_text(text[again:])
    stated = Stated(units="metal", timestep=1e-15, elements=("Li",))
    whole, parts = load(tmp_path / "whole", stated=stated), load(tmp_path / "a", tmp_path / "b", stated=stated)
    assert np.array_equal(whole.positions, parts.positions)


def test_drift_is_that_of_all_atoms(tmp_path: Path) -> None:
    paths = 1e10 * brownian(9, frames=50, atoms=30) + 0.05 * np.arange(50)[:, None, None]
    types = np.array([1] * 20 + [2] * 10)
    (tmp_path / "dump").write_text(dump_text(paths, 8.0, "id type xu yu zu", types=types))
    stated = Stated(units="metal", timestep=1e-14, elements=("Li", "Mg"))
    found = load(tmp_path / "dump", stated=stated)
    masses = np.where(types == 1, 6.94, 24.305)
    centre = np.einsum("i,kid->kd", masses / masses.sum(), paths)
    expected = paths - (centre - centre[0])[:, None]
    assert np.allclose(1e10 * found.positions, expected, atol=1e-9)
