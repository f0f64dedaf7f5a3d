"""Diffusivities against known answers, their intervals, and the runs that are refused."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from md_files import LIQUID, SAMPLES, brownian, close, load, persistent, trajectory

from ramify.atomistic.diffusivity import block_factor, slope_weights
from ramify.atomistic.diffusivity_record import make_record
from ramify.atomistic.diffusivity_request import Request
from ramify.atomistic.displacements import squared_displacements
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.estimate import collective_diffusivity, diffusivity, layer_diffusivities
from ramify.atomistic.facts import Facts, Stated, gather
from ramify.atomistic.green_kubo import vacf_diffusivity
from ramify.atomistic.lammps_table import read_table
from ramify.atomistic.layers import slabs, surface_and_core
from ramify.atomistic.msd_curve import curve_diffusivity
from ramify.atomistic.sources import open_sources
from ramify.atomistic.trajectory import Trajectory
from ramify.physics import atomic_diffusion as laws
from ramify.physics.constants import BOLTZMANN

D = 1e-9


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
