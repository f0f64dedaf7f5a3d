"""Diffusivities against known answers, their intervals, and the runs that are refused."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from md_files import SAMPLES, brownian, close, dump_text, persistent, trajectory

from ramify.atomistic.diffusivity import block_factor, slope_weights
from ramify.atomistic.diffusivity_record import make_record
from ramify.atomistic.diffusivity_request import Request
from ramify.atomistic.displacements import squared_displacements
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.estimate import collective_diffusivity, diffusivity, layer_diffusivities
from ramify.atomistic.facts import Facts, Stated, gather
from ramify.atomistic.green_kubo import vacf_diffusivity
from ramify.atomistic.lammps_dump import read_dump
from ramify.atomistic.lammps_table import read_table
from ramify.atomistic.layers import slabs, surface_and_core
from ramify.atomistic.msd_curve import curve_diffusivity
from ramify.atomistic.sources import open_sources
from ramify.atomistic.trajectory import Trajectory, gather_trajectory
from ramify.physics import atomic_diffusion as laws
from ramify.physics.constants import BOLTZMANN

D = 1e-9
LIQUID = ("log.liquid550.lammps.gz", "start.data.gz")


def load(*names: Path, stated: Stated | None = None, **options) -> Trajectory:
    sources = open_sources(list(names))
    facts = gather(stated or Stated(), sources.log, sources.data, sources.outputs)
    return gather_trajectory(sources.frames(), facts, **options)


def sample(name: str) -> Trajectory:
    return load(SAMPLES / name, *(SAMPLES / other for other in LIQUID))


def test_squared_displacements_by_hand() -> None:
    paths = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 2.0]])
    found = squared_displacements(paths, np.array([1, 2]))
    assert np.array_equal(found[:, :2], [[5.0, 4.0], [13.0, np.nan]], equal_nan=True)


def test_blocks_of_brownian_motion_are_corrected_exactly() -> None:
    """Variance of the mean against the scatter of blocks, over many paths."""
    lags, origins, blocks = np.arange(5, 21), 220, 11
    weights = slope_weights(lags)
    means, scatters = [], []
    for seed in range(400):
        squares = squared_displacements(brownian(seed, frames=240, atoms=10).reshape(240, -1), lags)[:, :origins]
        series = weights @ squares
        means.append(series.mean())
        scatters.append(series.reshape(blocks, -1).mean(axis=1).var(ddof=1) / blocks)
    found = np.var(means, ddof=1) / np.mean(scatters)
    predicted = block_factor(lags, weights, origins, blocks)
    assert predicted == close(found, rel=0.15)
    assert predicted > 1.15  # without the correction the test could not tell


def test_the_interval_covers_the_truth_in_90_to_99_of_100_seeds() -> None:
    found = [diffusivity(trajectory(brownian(seed))) for seed in range(100)]
    covered = sum(each.low < D < each.high for each in found)
    assert 90 <= covered <= 99
    width = float(np.median([(each.high - each.low) / D for each in found]))
    assert 0.12 < width < 0.25  # 40 particles, 200 frames


def test_the_interval_of_persistent_walks_covers_too() -> None:
    """Velocities that forget themselves over two frames: an early fit would be too low."""
    found = [diffusivity(trajectory(persistent(seed, 400, 40, D, 1e-12, 2e-12))) for seed in range(100)]
    covered = sum(each.low < D < each.high for each in found)
    assert 90 <= covered <= 99
    assert min(each.window[0] for each in found) >= 8e-12


def test_the_interval_of_a_curve_with_one_origin_covers_too() -> None:
    times = np.arange(1, 201) * 1e-12
    covered, ordinary = 0, 0
    for seed in range(100):
        curve = (brownian(seed, atoms=100) ** 2).sum(axis=2).mean(axis=1)
        found = curve_diffusivity(times, curve, atoms=100)
        covered += found.low < D < found.high
        slope, cov = np.polyfit(times, curve, 1, cov=True)
        ordinary += abs(slope[0] / 6.0 - D) < 1.97 * np.sqrt(cov[0, 0]) / 6.0
    assert 90 <= covered <= 99
    assert ordinary < 40  # least squares believes in itself far too much


def test_ballistic_runs_are_refused() -> None:
    velocities = np.random.default_rng(0).normal(0.0, 100.0, (50, 3))
    paths = np.arange(200)[:, None, None] * 1e-12 * velocities
    with pytest.raises(AtomisticError, match=r"not diffusive: squared displacements grow faster.*ballistic"):
        diffusivity(trajectory(paths))
    times = np.arange(1, 201) * 1e-12
    with pytest.raises(AtomisticError, match="ballistic"):
        curve_diffusivity(times, 3e4 * times**2, atoms=50)


def test_crystals_are_refused_with_a_bound() -> None:
    rng = np.random.default_rng(1)
    rattling = rng.normal(0.0, 2e-11, (200, 64, 3))
    with pytest.raises(AtomisticError, match=r"not diffusive.*D is below"):
        diffusivity(trajectory(rattling))
    # a slow true drift of the vibration's size is no diffusion either: fewer than ten jumps
    creeping = rattling + brownian(2, atoms=64, D=3e-14)
    with pytest.raises(AtomisticError, match="not diffusive"):
        diffusivity(trajectory(creeping))
    with pytest.raises(AtomisticError, match=r"all atoms together have made \d.* jumps"):
        diffusivity(trajectory(brownian(2, atoms=64, D=1e-12)))


def test_caged_runs_are_refused() -> None:
    """Particles in harmonic cages (Ornstein-Uhlenbeck, 100 ps): the windows end before they are full."""
    rng = np.random.default_rng(3)
    paths = np.zeros((300, 400, 3))
    for k in range(1, 300):
        paths[k] = 0.99 * paths[k - 1] + rng.normal(0.0, np.sqrt(2 * D * 1e-12), (400, 3))
    with pytest.raises(AtomisticError, match="after half the run"):
        diffusivity(trajectory(paths))


def test_short_runs_are_refused() -> None:
    with pytest.raises(AtomisticError, match="too few"):
        diffusivity(trajectory(brownian(0, frames=12)))


def test_species_are_told_apart() -> None:
    paths = np.concatenate([brownian(0, atoms=60), brownian(1, atoms=60, D=3.0 * D)], axis=1)
    both = trajectory(paths, species=["Li"] * 60 + ["Mg"] * 60)
    lithium, magnesium = diffusivity(both, "Li"), diffusivity(both, "Mg")
    assert lithium.value == close(D, rel=0.15) and magnesium.value == close(3 * D, rel=0.15)
    with pytest.raises(AtomisticError, match="Li, Mg"):
        diffusivity(both, "Na")


def test_independent_particles_have_the_collective_diffusivity_of_one() -> None:
    found = collective_diffusivity(
        trajectory(brownian(5, frames=2000, atoms=10), species=["Li"] * 8 + ["Mg"] * 2), "Li"
    )
    assert found.low < D < found.high and found.value == close(D, rel=0.5)


@pytest.mark.parametrize("columns", ["id type x y z ix iy iz", "id type xs ys zs ix iy iz", "id type xsu ysu zsu"])
def test_paths_do_not_depend_on_how_coordinates_are_written(tmp_path: Path, columns: str) -> None:
    paths = 1e10 * brownian(4, frames=60, atoms=20) + 5.0
    for name, text in (("a", "id type xu yu zu"), ("b", columns)):
        (tmp_path / name).write_text(dump_text(paths, 8.0, text))
    stated = Stated(units="metal", timestep=1e-14, elements=("Li",))
    a, b = (load(tmp_path / name, stated=stated) for name in "ab")
    assert np.allclose(a.positions - a.positions[0], b.positions - b.positions[0], rtol=0.0, atol=1e-19)
    assert a.interval == 1e-12 and a.neighbours == close(b.neighbours)


def test_wrapped_unwrapped_and_packed_samples_agree(tmp_path: Path) -> None:
    packed = SAMPLES / "dump_unwrapped.lammpstrj.gz"
    plain = tmp_path / "dump.lammpstrj"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    found = [
        diffusivity(sample(str(name))).value
        for name in ("dump_unwrapped.lammpstrj.gz", "dump_wrapped_images.lammpstrj.gz", plain)
    ]
    assert found[1] == close(found[0], rel=1e-6)
    assert found[2] == found[0]


def test_the_real_liquid_agrees_with_the_slope_that_lammps_gives() -> None:
    short = diffusivity(sample("dump_unwrapped.lammpstrj.gz"))
    table = read_table(SAMPLES / "msd_avetime.dat.gz")
    curve = table.column("c_m[4]") * 1e-20
    times = table.steps * 2e-15
    slope = np.polyfit(times, curve, 1)[0] / 6.0
    assert slope == close(8.5e-9, rel=0.03)
    long = curve_diffusivity(times[1:], curve[1:], atoms=1024)
    assert abs(long.value - slope) < 2.0 * long.standard_error
    # 4 ps of a quarter of the atoms, against 30 ps with one origin
    assert abs(short.value - slope) < 2.0 * np.hypot(short.standard_error, long.standard_error)


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


def test_velocity_correlations_give_the_same_diffusivity() -> None:
    """<v v> of Ornstein-Uhlenbeck velocities is (kT/m) exp(-t/tau) each way: D = kT tau/m."""
    mass, T, tau = 1.15e-26, 500.0, 5e-14
    times = np.arange(3000) * 5e-15
    speed2 = BOLTZMANN * T / mass
    noise = np.random.default_rng(0).normal(0.0, 0.01 * 3 * speed2, times.size)
    curve = 3 * speed2 * np.exp(-times / tau) + np.where(times > 0, noise, 0.0)
    found = vacf_diffusivity(times, curve, T, mass)
    assert found.low < speed2 * tau < found.high and found.value == close(speed2 * tau, rel=0.1)
    with pytest.raises(AtomisticError, match="kT/m"):
        vacf_diffusivity(times, 2.0 * curve, T, mass)
    table = read_table(SAMPLES / "vacf_avetime.dat.gz")
    real = vacf_diffusivity(table.steps * 2e-15, table.column("c_v[4]") * 1e4, 550.0, 6.939 * 1.66054e-27)
    assert real.low < 8.5e-9 < real.high


def test_layers_of_a_film_are_told_apart() -> None:
    """The upper half moves ten times as fast within the plane, and nothing moves across it."""
    rng = np.random.default_rng(0)
    still = rng.random((400, 3)) * [3e-9, 3e-9, 2e-9]
    upper = still[:, 2] > 1e-9
    steps = brownian(1, frames=200, atoms=400) * np.where(upper, np.sqrt(10.0), 1.0)[:, None] * [1.0, 1.0, 0.0]
    film = trajectory(still + steps)
    labels = slabs(film, 2, 2)
    (low, members, stays), (high, _, _) = layer_diffusivities(film, labels, 2, (0, 1))
    assert not isinstance(low, AtomisticError) and not isinstance(high, AtomisticError)
    assert low.low < D < low.high and high.low < 10 * D < high.high
    assert stays == 1.0 and members == pytest.approx(np.count_nonzero(~upper), abs=5)


def test_surface_atoms_of_a_cluster_are_told_apart() -> None:
    grid = np.stack(np.meshgrid(*3 * [np.arange(-6, 7)], indexing="ij"), axis=-1).reshape(-1, 3)
    sites = np.concatenate([grid, grid + 0.5])
    sites = 3.5e-10 * sites[np.linalg.norm(sites, axis=1) < 4.5]
    cluster = trajectory(np.stack([sites, sites]), neighbours=0.5 * np.sqrt(3) * 3.5e-10)
    labels = surface_and_core(cluster)[0]
    radius = np.linalg.norm(sites, axis=1)
    assert radius[labels == 0].min() > 0.72 * radius.max() and radius[labels == 1].max() < 0.95 * radius.max()
    assert 0.25 < np.mean(labels == 0) < 0.35  # a layer of half a cell: 1 - (1 - 1/9)^3


def test_the_box_takes_what_yeh_and_hummer_say() -> None:
    # water-like numbers of J. Phys. Chem. B 108 (2004) 15873: eta 0.9 mPa s, L 1.86 nm, 298 K
    assert laws.finite_box_correction(298.0, 0.9e-3, 1.86e-9) == close(3.7e-10, rel=0.02)
    # liquid lithium of 1024 atoms: 9 %
    volume, atoms = 2.6028e-26, 1024
    spacing = (volume / atoms) ** (1 / 3)
    eta = laws.monatomic_viscosity(550.0, 8.5e-9, spacing)
    assert laws.finite_box_correction(550.0, eta, volume ** (1 / 3)) / 8.5e-9 == pytest.approx(0.093, abs=0.002)


def test_vacancies_in_equilibrium() -> None:
    from ramify.atomistic.diffusivity_request import Vacancies

    eV = 1.602176634e-19
    files = (SAMPLES / "vac_v420.dat.gz", SAMPLES / "log.multirun_columns_change.lammps.gz")
    # the log is another run's: it lends its number of atoms; the facts of this run are stated
    with pytest.raises(AtomisticError, match="timestep"):
        make_record(Request(files=files, stated=Stated(timestep=3e-15, temperature=420.0), column="c_m[4]"))
    stated = Stated(units="metal", timestep=3e-15, temperature=420.0)
    request = Request(files=files[:1], stated=stated, column="c_m[4]", phase="crystal")
    plain = make_record(request).record
    assert any("does not tell whether the motion is diffusive" in warning for warning in plain.warnings)
    assert plain.value == close(2.1e-10, rel=0.3) and plain.uncertainty.statistical is not None
    assert 0.1 < plain.uncertainty.statistical / plain.value < 0.5
    with pytest.raises(AtomisticError, match="number of atoms"):
        make_record(Request(**vars(request) | {"vacancies": Vacancies(4, (0.48 * eV, 0.05 * eV), (1.5, 0.5))}))


def test_kinisi_is_of_the_same_opinion() -> None:
    pytest.importorskip("kinisi")
    from ramify.atomistic.second_opinion import kinisi_diffusivity

    paths = trajectory(brownian(11, frames=220, atoms=30))
    ours, theirs = diffusivity(paths), kinisi_diffusivity(paths, None, 1e-12)
    assert theirs.low < D < theirs.high
    assert abs(ours.value - theirs.value) < 3.0 * np.hypot(ours.standard_error, 0.25 * (theirs.high - theirs.low))


def test_facts_name_where_they_come_from() -> None:
    sources = open_sources([SAMPLES / name for name in ("dump_unwrapped.lammpstrj.gz", *LIQUID)])
    facts: Facts = gather(Stated(), sources.log, sources.data, sources.outputs)
    assert facts.timestep == 2e-15 and facts.origin["timestep"] == "log.liquid550.lammps.gz"
    assert facts.elements == {1: "Li", 2: "Mg"} and facts.origin["elements"] == "start.data.gz"
    assert facts.need_temperature() == pytest.approx(549.9, abs=0.1)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"drift": "keep"}, "--drift: needs a trajectory"),
        ({"layers": 3}, "--layers: needs a trajectory"),
        ({"column": None}, "--column: the file has 4 columns"),
        ({"viscosity": 5e-4}, "--viscosity: serves the finite-size correction of a liquid"),
        ({"column": "c_m[1]", "table": "vacf", "element": "Li"}, "the squared velocity at time zero"),
    ],
)
def test_options_that_would_do_nothing_are_refused(more: dict[str, Any], message: str) -> None:
    files = tuple(SAMPLES / name for name in ("msd_avetime.dat.gz", *LIQUID))
    with pytest.raises(AtomisticError, match=message):
        make_record(Request(**{"files": files, "column": "c_m[4]", **more}))


def test_the_box_is_booked_or_applied() -> None:
    request = Request(
        files=tuple(SAMPLES / n for n in ("msd_avetime.dat.gz", *LIQUID)), column="c_m[4]", phase="liquid"
    )
    booked = make_record(request).record
    applied = make_record(replace(request, viscosity=5e-4)).record
    correction = laws.finite_box_correction(549.9, 5e-4, 29.6358e-10)
    assert applied.value - booked.value == close(correction, rel=1e-3)
    assert booked.uncertainty.finite_size is not None
    assert booked.uncertainty.finite_size == close(correction, rel=0.1) and applied.uncertainty.finite_size is not None
    assert applied.uncertainty.finite_size < 0.2 * booked.uncertainty.finite_size
    assert booked.uncertainty.model is None and any("not known" in warning for warning in booked.warnings)
