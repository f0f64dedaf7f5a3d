"""Critical nuclei against known answers: seeds, free-energy profiles, first passages, bond order, classical theory."""

import gzip
from pathlib import Path

import numba
import numpy as np
import pytest
from md_files import SAMPLES, close

from ramify import cli
from ramify.atomistic import seeds
from ramify.atomistic.csv_table import read_csv
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.first_passage import exponential_time, first_passage, fitted, passage_times
from ramify.atomistic.frames import Box, Frame
from ramify.atomistic.free_energy import depth_weight, mean_of, profile_top
from ramify.atomistic.nucleus_record import SERIES, Request, Thermodynamics, make_record
from ramify.atomistic.order import largest_cluster, order_of
from ramify.physics import crystal_nucleation as cnt
from ramify.physics.constants import AVOGADRO, BOLTZMANN

T = 340.0
LITHIUM = Thermodynamics(melting_temperature=453.65, heat_of_fusion=3000.0, molar_volume=1.3e-5)
VOLUME = LITHIUM.molar_volume / AVOGADRO


def outcomes(seed: int, critical: float = 200.0, width: float = 0.25, runs: int = 4) -> seeds.Seeds:
    """Eight sizes from a third to three times the critical one, each run a few times."""
    size = np.geomspace(critical / 3, 3 * critical, 8)
    chance = 1.0 / (1.0 + np.exp(-np.log(size / critical) / width))
    grown = np.random.default_rng(seed).binomial(runs, chance)
    return seeds.Seeds(T, size, np.full(8, runs), grown)


@pytest.mark.parametrize(("runs", "widest"), [(1, 2.2), (4, 1.5)])
def test_the_interval_of_seeded_runs_covers_the_truth_in_90_to_99_of_100(runs: int, widest: float) -> None:
    found = [seeds.critical_size(outcomes(seed, runs=runs)) for seed in range(100)]
    covered = sum(each.low < 200.0 < each.high for each in found)
    assert 90 <= covered <= 99
    factor = float(np.median([np.sqrt(each.high / each.low) for each in found]))
    assert 1.1 < factor < widest  # a factor each way


def test_seeds_that_separate_leave_the_gap_between_them() -> None:
    size = np.array([100.0, 150.0, 250.0, 400.0])
    found = seeds.critical_size(seeds.Seeds(T, size, np.ones(4), np.array([0, 0, 1, 1])))
    assert 150 < found.value < 250 and found.low < 150 and found.high > 250
    assert (found.melted, found.grew) == (150, 250)
    more = seeds.critical_size(seeds.Seeds(T, size, np.full(4, 20), np.array([0, 0, 20, 20])))
    assert more.low > found.low and more.high < found.high


@pytest.mark.parametrize(
    ("grown", "problem"),
    [
        ([0, 0, 0], "every seed melted.*above 300"),
        ([1, 1, 1], "every seed grew.*below 100"),
        ([1, 0, 0], "larger seeds melt"),
    ],
)
def test_seeds_that_tell_no_size_are_refused(grown: list[int], problem: str) -> None:
    with pytest.raises(AtomisticError, match=problem):
        seeds.critical_size(seeds.Seeds(T, np.array([100.0, 200.0, 300.0]), np.ones(3), np.array(grown)))


def test_classical_theory_is_consistent() -> None:
    driving = LITHIUM.driving(T)
    assert driving > 0 > LITHIUM.driving(460.0)
    gamma = 0.03
    size = cnt.critical_size(driving, gamma, VOLUME)
    around = size * np.array([0.99, 1.0, 1.01])
    energies = [cnt.nucleus_energy(each, driving, gamma, VOLUME) for each in around]
    assert energies[1] > max(energies[0], energies[2])
    assert cnt.barrier(size, driving) == close(energies[1], rel=1e-12)
    assert cnt.barrier(size, driving) == close(16 * np.pi * gamma**3 * VOLUME**2 / (3 * driving**2))
    assert cnt.surface_energy(size, driving, VOLUME) == close(gamma)
    assert cnt.atoms_in(cnt.diameter(size, VOLUME), VOLUME) == close(size)
    # second derivative of the energy at the top: Z^2 2 pi kT
    step = 1e-2 * size
    bend = (energies[0] - 2 * energies[1] + energies[2]) / step**2
    assert cnt.zeldovich(size, driving, T) == close(np.sqrt(-bend / (2 * np.pi * BOLTZMANN * T)), rel=1e-3)


def profile(seed: int | None, size: np.ndarray, gamma: float = 0.03) -> np.ndarray:
    """Free energy of classical theory with a basin at small sizes, and smooth noise of 0.3 kT [J]."""
    driving = LITHIUM.driving(T)
    energy = np.array([cnt.nucleus_energy(each, driving, gamma, VOLUME) for each in size])
    if seed is None:
        return energy
    rng = np.random.default_rng(seed)
    noise = sum(rng.normal() * np.sin(k * np.pi * size / size[-1] + rng.uniform(0, 6)) for k in range(1, 6))
    return energy + 0.15 * BOLTZMANN * T * noise


def test_the_top_of_a_profile_is_that_of_classical_theory() -> None:
    driving = LITHIUM.driving(T)
    exact = cnt.critical_size(driving, 0.03, VOLUME)
    size = np.arange(1.0, 3.0 * exact)
    top = profile_top(size, profile(None, size), T)
    assert top.size == close(exact, rel=0.03)
    base = cnt.nucleus_energy(1.0, driving, 0.03, VOLUME)
    assert top.barrier == close(cnt.barrier(exact, driving) - base, rel=0.005)


def test_the_interval_of_profiles_covers_the_truth_in_90_to_99_of_100() -> None:
    exact = cnt.critical_size(LITHIUM.driving(T), 0.03, VOLUME)
    size = np.arange(1.0, 3.0 * exact)
    clean = profile_top(size, profile(None, size), T)
    covered, widths = 0, []
    for seed in range(100):
        tops = [profile_top(size, profile(1000 * seed + k, size), T) for k in range(6)]
        found = mean_of([top.barrier for top in tops])
        covered += found.low < clean.barrier < found.high
        widths.append((found.high - found.low) / clean.barrier)
    assert 90 <= covered <= 99
    assert 0.01 < np.median(widths) < 0.3
    alone = mean_of([clean.barrier])
    assert alone.value == clean.barrier and np.isnan(alone.error)


def test_profiles_without_a_top_are_refused() -> None:
    size = np.linspace(1.0, 100.0, 60)
    with pytest.raises(AtomisticError, match="still rises"):
        profile_top(size, 1e-21 * size, T)
    with pytest.raises(AtomisticError, match="no barrier"):
        profile_top(size, -1e-21 * size, T)


def test_nuclei_form_where_the_free_energy_is_least() -> None:
    """A harmonic well at 1 nm: a Gaussian of variance kT/k."""
    depth, spread = np.linspace(-1e-9, 3e-9, 401), 0.3e-9
    energy = 0.5 * BOLTZMANN * T / spread**2 * (depth - 1e-9) ** 2
    found = depth_weight(depth, energy, T)
    assert found.most == close(1e-9) and found.mean == close(1e-9) and found.spread == close(spread, rel=1e-3)
    assert found.at(1e-9) == close(1.0) and found.at(1.3e-9) == close(np.exp(-0.5), rel=1e-3)
    assert found.at(9e-9) == 0.0


@numba.njit
def climb(energy: np.ndarray, seed: int, top: int, every: int) -> np.ndarray:
    """A nucleus that gains or loses one atom at a time with detailed balance in `energy` [kT]; its sizes."""
    np.random.seed(seed)  # noqa: NPY002
    sizes = [1]
    n, count = 1, 0
    while n < top:
        up = np.exp(-max(0.0, energy[n + 1] - energy[n]))
        down = np.exp(-max(0.0, energy[n - 1] - energy[n])) if n > 1 else 0.0
        draw = np.random.random() * 2.0  # noqa: NPY002
        if draw < up:
            n += 1
        elif draw > 2.0 - down:
            n -= 1
        count += 1
        if count % every == 0:
            sizes.append(n)
    sizes.append(n)
    return np.array(sizes)


def ladder() -> tuple[np.ndarray, int]:
    """Energy of a ladder of sizes with its top at 40 atoms, 7 kT high, and where runs end."""
    n = np.arange(0.0, 112.0)
    driving = 0.36
    rise = 1.5 * driving * 40.0 ** (1.0 / 3.0)
    return -n * driving + rise * n ** (2.0 / 3.0), 110


def exact_passages(energy: np.ndarray, top: int) -> np.ndarray:
    """Mean first-passage time of each size from 1 to `top`, in moves: the sums of a chain of single steps."""
    n = np.arange(1, top)
    up = 0.5 * np.exp(-np.maximum(0.0, energy[n + 1] - energy[n]))
    population = np.cumsum(np.exp(-energy[n]))
    return np.append(0.0, np.cumsum(population / (np.exp(-energy[n]) * up)))


def test_first_passages_find_the_top_and_the_time() -> None:
    energy, end = ladder()
    exact = exact_passages(energy, end)
    found, total, _ = fitted(np.arange(1.0, end + 1.0), exact)
    assert found == pytest.approx(40.0, abs=3.0)  # the law itself is an asymptote of high barriers: 42.5 here
    # the steady current over the barrier from a basin that holds the small sizes, growth not in it
    n = np.arange(1, end)
    current = 1.0 / np.sum(np.exp(energy[n]) / (0.5 * np.exp(-np.maximum(0.0, energy[n + 1] - energy[n]))))
    assert total == close(np.exp(-energy[n[:20]]).sum() / current, rel=0.08)  # 6 % at this barrier
    assert total < 0.95 * exact[-1]
    covered_time = covered_size = 0
    for trial in range(20):
        paths = [climb(energy, 100 * trial + k, end, 10).astype(float) for k in range(20)]
        one = first_passage([(1e-11 * np.arange(path.size), path) for path in paths])
        covered_time += one.time_low < total * 1e-12 < one.time_high
        covered_size += one.size_low < found < one.size_high
    assert 17 <= covered_time <= 20
    assert 17 <= covered_size <= 20


def test_runs_that_do_not_nucleate_count_their_time() -> None:
    rng = np.random.default_rng(0)
    runs = []
    for _ in range(30):
        waiting, length = rng.exponential(1.0), 1.5
        times = np.linspace(0.0, length, 301)
        runs.append((times, np.where(times < waiting, 3.0, 100.0)))
    found = first_passage(runs)
    assert found.runs == 30 and found.events < 30 and np.isnan(found.size)
    assert found.time_low < 1.0 < found.time_high
    assert exponential_time(10.0, 5)[0] == 2.0
    assert np.array_equal(
        passage_times(np.array([0, 1, 2.0]), np.array([1, 5, 4]), np.array([1, 3, 9.0])), [0, 1, np.nan], equal_nan=True
    )


def bcc(cells: int, edge: float, rattle: float, seed: int = 0) -> np.ndarray:
    """bcc sites with Gaussian displacements of that root mean square over the edge [A]."""
    grid = np.stack(np.meshgrid(*3 * [np.arange(cells)], indexing="ij"), axis=-1).reshape(-1, 3)
    sites = edge * np.concatenate([grid, grid + 0.5])
    return sites + np.random.default_rng(seed).normal(0.0, rattle * edge / np.sqrt(3.0), sites.shape)


def frame(positions: np.ndarray, edge: float, periodic: bool = True) -> Frame:
    box = Box(np.zeros(3), edge * np.eye(3), (periodic, periodic, periodic))
    return Frame(0, None, box, None, (np.array(["Li"] * len(positions)), "element"), positions, None, "wrapped", 1)


def liquid() -> np.ndarray:
    """Liquid lithium, 1024 atoms in a cube of 29.636 A."""
    return np.loadtxt(
        gzip.decompress((SAMPLES / "liquid550.xyz.gz").read_bytes()).decode().splitlines()[2:], usecols=(1, 2, 3)
    )


def test_hot_bcc_and_liquid_are_told_apart() -> None:
    pytest.importorskip("freud")
    hot, _ = order_of(frame(bcc(8, 3.51, 0.13), 8 * 3.51))
    assert hot.fraction > 0.95 and hot.largest == hot.crystalline
    melt, _ = order_of(frame(liquid(), 29.636))
    assert melt.fraction < 0.01


def test_a_seed_in_the_melt_is_found() -> None:
    pytest.importorskip("freud")
    melt, edge, centre = liquid(), 29.636, np.zeros(3)  # across the corner of the box
    crystal = bcc(8, 3.51, 0.1) - 4 * 3.51
    radius = 10.0
    seed = crystal[np.linalg.norm(crystal, axis=1) < radius]
    distance = np.linalg.norm((melt - centre + 0.5 * edge) % edge - 0.5 * edge, axis=1)
    found, solid = order_of(frame(np.concatenate([seed % edge, melt[distance > radius + 1.2]]), edge))
    assert found.largest > 0.5 * len(seed) and found.largest <= 1.1 * len(seed)
    assert solid[: len(seed)].mean() > 0.6 and solid[len(seed) :].mean() < 0.05


def test_clusters_are_linked_across_the_faces() -> None:
    points = np.array([[0.1, 5, 5], [9.9, 5, 5], [9.2, 5, 5], [5, 5, 0.2], [5, 5, 9.9], [5, 0.1, 9.9], [5, 9.9, 9.9]])
    everyone = np.ones(7, bool)
    assert largest_cluster(frame(points, 10.0), everyone, 1.0) == 3
    assert largest_cluster(frame(points[3:], 10.0), everyone[3:], 1.0) == 2
    assert largest_cluster(frame(points, 10.0, periodic=False), everyone, 1.0) == 2
    assert largest_cluster(frame(points, 10.0), ~everyone, 1.0) == 0


def test_records_of_seeds_with_what_classical_theory_makes_of_them(tmp_path: Path) -> None:
    rows = [
        f"{n:.4f}, {T}, {g}, {r}" for n, g, r in zip(*(lambda o: (o.size, o.grown, o.runs))(outcomes(0)), strict=True)
    ]
    file = tmp_path / "seeds.csv"
    file.write_text("size [1], temperature [K], grown [1], runs [1]\n" + "\n".join(rows) + "\n")
    made = make_record(Request(files=(file,), method="seeds", thermodynamics=LITHIUM))
    size, gamma, barrier = made.records
    assert [r.quantity for r in made.records] == ["critical_size", "surface_energy", "nucleation_barrier"]
    assert gamma.value == close(cnt.surface_energy(size.value, LITHIUM.driving(T), VOLUME))
    interval = gamma.uncertainty.interval_95
    assert interval is not None and interval[0] < gamma.value < interval[1]
    assert gamma.relative == close(size.relative / 3.0) and barrier.relative == close(size.relative)
    assert size.sources[0].sha256 is not None and size.distribution == "lognormal"
    hot = Thermodynamics(330.0, 3000.0, 1.3e-5)
    with pytest.raises(AtomisticError, match="no driving force"):
        make_record(Request(files=(file,), method="seeds", thermodynamics=hot))


def test_records_of_profiles(tmp_path: Path) -> None:
    exact = cnt.critical_size(LITHIUM.driving(T), 0.03, VOLUME)
    size = np.arange(1.0, 3.0 * exact)
    files = []
    for k in range(4):
        energy = profile(k, size) * AVOGADRO / 1e3
        files.append(tmp_path / f"fes_{k}.dat")
        rows = "\n".join(f"{n} {F}" for n, F in zip(size, energy, strict=True))
        files[-1].write_text(f"#! FIELDS n file.free\n{rows}\n")
    made = make_record(Request(files=tuple(files), method="profile", temperature=T, energy_unit="kJ/mol"))
    assert made.records[0].value == close(exact, rel=0.1)
    assert made.records[0].uncertainty.statistical is not None
    alone = make_record(Request(files=(files[0],), method="profile", temperature=T, energy_unit="kJ/mol"))
    assert alone.records[0].uncertainty.statistical is None and "tells no error" in alone.lines[-1]
    with pytest.raises(AtomisticError, match="--energy-unit: not stated"):
        make_record(Request(files=tuple(files), method="profile", temperature=T))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("size [1], temperature [K]\n1, 2\n", "grown is missing"),
        ("size, temperature [K], grown [1]\n", "no column with its unit"),
        ("size [1], temperature [F], grown [1]\n", "not a unit of temperature"),
        ("sise [1], temperature [K], grown [1]\n", "did you mean 'size'"),
        ("size [1], temperature [K], grown [1]\n10, 340\n", "2 values under 3 columns"),
        ("size [1], temperature [K], grown [1]\n10, 340, 2\n", "2 of 1 grew"),
        ("size [1], temperature [K], grown [1]\n", "holds no rows"),
    ],
)
def test_tables_of_seeds_that_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "seeds.csv").write_text(text)
    with pytest.raises(AtomisticError, match=problem):
        make_record(Request(files=(tmp_path / "seeds.csv",), method="seeds"))


def ramify(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["atomistic", *map(str, arguments)])
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


def test_the_command_writes_a_record_for_each_quantity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = outcomes(0)
    rows = [f"{n:.4f}, {T}, {g}, {r}" for n, g, r in zip(one.size, one.grown, one.runs, strict=True)]
    (tmp_path / "seeds.csv").write_text("size [1], temperature [K], grown [1], runs [1]\n" + "\n".join(rows) + "\n")
    classical = ("--melting-temperature", "453.65 K", "--heat-of-fusion", "3.0 kJ/mol", "--molar-volume", "13 cm^3/mol")
    command = ("nucleus", tmp_path / "seeds.csv", "--method", "seeds", "-o", tmp_path / "n.yaml")
    code, told, _ = ramify(capsys, *command, *classical)
    assert code == 0 and "340 K: " in told and "largest that melted" in told
    names = {path.name for path in tmp_path.glob("*.yaml")}
    assert names == {"n.yaml", "n-surface_energy.yaml", "n-nucleation_barrier.yaml"}
    (tmp_path / "n.yaml").unlink()
    code, _, refused = ramify(capsys, *command, *classical)  # one of the others would be written over
    assert code == 2 and "n-surface_energy.yaml: exists already" in refused and not (tmp_path / "n.yaml").exists()
    code, _, refused = ramify(capsys, *command, *classical[:4])
    assert code == 2 and "--molar-volume: missing" in refused
    code, _, refused = ramify(capsys, *command, "--energy-unit", "eV")
    assert code == 2 and "has no use with --method seeds" in refused


def test_order_over_time_serves_first_passages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Atoms deposited from frame to frame: a crystal grows by layers of cells."""
    pytest.importorskip("freud")
    parts = []
    for k, cells in enumerate((3, 4, 5)):
        sites = bcc(cells, 3.51, 0.05)
        lattice = f'Lattice="{cells * 3.51} 0 0 0 {cells * 3.51} 0 0 0 {cells * 3.51}"'
        rows = "".join(f"Li {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in sites)
        parts.append(f"{len(sites)}\n{lattice} Properties=species:S:1:pos:R:3 step={100 * k}\n{rows}")
    (tmp_path / "growth.xyz").write_text("".join(parts))
    table = tmp_path / "order.csv"
    code, told, _ = ramify(capsys, "order", tmp_path / "growth.xyz", "--timestep", "10 fs", "-o", table)
    assert code == 0 and "3 frames" in told and "largest cluster 54 to 250 of 250 atoms" in told
    read = read_csv(table, SERIES, ("time", "size")).columns
    assert np.allclose(read["time"] * 1e12, [0.0, 1.0, 2.0]) and np.array_equal(read["size"], [54, 128, 250])
    assert np.array_equal(read["atoms"], [54, 128, 250])
    code, _, refused = ramify(capsys, "order", tmp_path / "growth.xyz", "-o", table)
    assert code == 2 and "exists already" in refused
