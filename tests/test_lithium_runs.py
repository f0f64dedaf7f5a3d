"""Material records from real runs of lithium and Li-Mg (data/md/lithium), and what scenarios make of them."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from md_files import SAMPLES, close, trajectory

from ramify import cli
from ramify.atomistic.diffusivity_record import Outcome, make_record
from ramify.atomistic.diffusivity_request import Request, Vacancies
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Stated, gather
from ramify.atomistic.lammps_log import read_log
from ramify.atomistic.lammps_table import read_table
from ramify.atomistic.laws import arrhenius, over_sizes
from ramify.atomistic.nucleus_record import Request as NucleusRequest
from ramify.atomistic.nucleus_record import make_record as make_nucleus
from ramify.atomistic.order import crystalline_ends
from ramify.atomistic.record_file import read_record
from ramify.atomistic.sources import open_sources
from ramify.atomistic.trajectory import gather_trajectory
from ramify.material.report import diffusivity_lines
from ramify.physics.constants import GAS_CONSTANT
from ramify.scenario import load_scenario
from ramify.study import build_points, load_study

RUNS = SAMPLES / "lithium"
EXAMPLES = Path(__file__).parents[1] / "examples"
RECORDS = EXAMPLES / "molecular_dynamics" / "records"
LIQUIDS = (470, 550, 650)
ELECTRON_VOLT = 1.602176634e-19
FORMATION = Vacancies(4, (0.46 * ELECTRON_VOLT, 0.05 * ELECTRON_VOLT), (1.5, 0.5))


def request(run: str, file: str = "dump.lammpstrj.gz", **options) -> Request:
    files = (RUNS / run / file, RUNS / run / "log.lammps.gz")
    return Request(files=files, stated=Stated(temperature=options.pop("temperature", None)), **options)


def liquid(T: int, **options) -> Outcome:
    return make_record(request(f"liquid-{T}K", temperature=float(T), phase="liquid", **options))


def own_slope(run: str, column: str) -> float:
    """What LAMMPS' `compute msd` (one origin) gives by an ordinary slope over the second half [m^2/s]."""
    table, log = read_table(RUNS / run / "msd.dat.gz"), read_log(RUNS / run / "log.lammps.gz")
    times = table.steps * log.runs[-1].timestep * 1e-12
    later = times >= 0.5 * times[-1]
    return float(np.polyfit(times[later], 1e-20 * table.column(column)[later], 1)[0]) / 6.0


@pytest.mark.parametrize("T", LIQUIDS)
def test_the_liquid_diffuses_as_lammps_says(T: int) -> None:
    """Trajectory of many origins, average of one: both intervals know of the correlations."""
    many = liquid(T).found
    one = liquid(T, file="msd.dat.gz", column="c_all[4]").found
    combined = float(np.hypot(many.standard_error, one.standard_error))
    assert combined < 0.1 * many.value
    assert abs(many.value - one.value) < 2.0 * combined
    assert abs(many.value - own_slope(f"liquid-{T}K", "c_all[4]")) < 2.0 * combined


def test_neighbour_lists_were_rebuilt_in_time_and_units_are_told() -> None:
    logs = [read_log(path) for path in sorted(RUNS.glob("*/log.lammps.gz"))]
    assert len(logs) >= 6
    assert all((log.units, log.dangerous_builds, log.runs[-1].timestep) == ("metal", 0, 0.003) for log in logs)
    assert not any(" /" in line for log in logs for line in log.potential)  # of no use elsewhere


def test_wrapped_unwrapped_and_packed_are_one(tmp_path: Path) -> None:
    plain = tmp_path / "dump.lammpstrj"
    plain.write_bytes(gzip.decompress((RUNS / "liquid-550K" / "dump.lammpstrj.gz").read_bytes()))
    first = liquid(550).record
    wrapped = liquid(550, file="dump_images.lammpstrj.gz").record
    unpacked = make_record(replace(request("liquid-550K"), files=(plain, RUNS / "liquid-550K" / "log.lammps.gz")))
    assert wrapped.value == close(first.value, rel=1e-6)
    assert unpacked.record.value == first.value


def test_the_law_of_the_liquid(tmp_path: Path) -> None:
    """Activated, as experiment has it: 12 kJ/mol; the value in the middle is that of the run there."""
    records = [liquid(T).record for T in LIQUIDS]
    paths = [RECORDS / f"li_liquid_{T}K.yaml" for T in LIQUIDS]
    law = arrhenius(records, paths, at=550.0)
    assert law.law is not None
    error = float(law.details["activation_energy_error_J_per_mol"] or 0.0)
    assert error < 3e3 and abs(law.law.activation_energy - 12.0e3) < 3.0 * error
    spread = np.hypot(law.uncertainty.statistical or 0.0, records[1].uncertainty.statistical or 0.0)
    assert abs(law.value - records[1].value) < 2.0 * spread
    by_hand = law.law.prefactor * np.exp(-law.law.activation_energy / (GAS_CONSTANT * 500.0))
    assert law.at(500.0)[0] == close(by_hand)


def crystal(run: str, **options) -> Outcome:
    T = float(run.split("-")[1].removesuffix("K"))
    return make_record(request(run, element="Li", phase="crystal", temperature=T, **options))


def test_vacancies_of_the_run_and_of_equilibrium() -> None:
    """The formation energy is what is not known: D* = D c_eq/c_run to a factor of four, the run to a quarter."""
    plain, route = crystal("vacancies-420K").record, crystal("vacancies-420K", vacancies=FORMATION).record
    statistical = plain.uncertainty.statistical
    assert statistical is not None and statistical < 0.4 * plain.value
    one = crystal("vacancies-420K", file="msd.dat.gz", column="c_Li[4]").found
    combined = np.hypot(statistical, one.standard_error)
    assert abs(plain.value - own_slope("vacancies-420K", "c_Li[4]")) < 2.0 * combined
    fraction = np.exp(1.5 - 0.46 * ELECTRON_VOLT / (1.380649e-23 * 420.0))
    assert route.details["vacancy_fraction_run"] == close(4 / 432)
    assert route.value == close(plain.value * fraction * 432 / 4)
    assert route.distribution == "lognormal"
    formation, run = route.details["log_error_formation"], route.details["log_error_run"]
    assert formation == close(float(np.hypot(0.05 * ELECTRON_VOLT / (1.380649e-23 * 420.0), 0.5)))
    assert run == close(statistical / plain.value) and float(formation or 0.0) > 3.0 * float(run or 0.0)
    low, high = route.uncertainty.interval_95 or (0.0, 0.0)
    assert low < 3.2e-12 < high  # experiment: 1.25e-5 m^2/s exp(-53 kJ/mol/RT)


def test_lithium_and_magnesium_are_told_apart_in_the_alloy() -> None:
    """Per species from the trajectory; its lithium is the column of lithium that LAMMPS kept."""
    lithium = crystal("limg10-420K")
    assert lithium.record.composition == close({"Li": 385 / 428, "Mg": 43 / 428})
    assert lithium.record.quantity == "tracer_diffusivity" and lithium.record.species == "Li"
    one = crystal("limg10-420K", file="msd.dat.gz", column="c_Li[4]").found
    combined = np.hypot(lithium.found.standard_error, one.standard_error)
    assert abs(lithium.found.value - one.value) < 2.0 * combined


def test_a_truncated_run_a_wrong_timestep_and_unknown_units_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one line that names the file, and no record."""
    dump, log = RUNS / "liquid-550K" / "dump.lammpstrj.gz", RUNS / "liquid-550K" / "log.lammps.gz"
    (tmp_path / "cut.gz").write_bytes(dump.read_bytes()[:-5000])
    text = gzip.decompress(dump.read_bytes())
    (tmp_path / "cut").write_bytes(text[: len(text) - 700])
    out = tmp_path / "out.yaml"
    for arguments, message in (
        ((tmp_path / "cut.gz", log), "cut.gz"),
        ((tmp_path / "cut", log), "the last line has no end: the file is truncated"),
        ((dump, log, "--timestep", "2 fs"), "timestep"),
        ((dump, "--elements", "Li,Mg", "--timestep", "1 fs"), "timestep of 3e-15 s"),
        ((dump, log, "--units", "metallic"), "did you mean 'metal'"),
        ((dump, log, "--units", "real"), "units"),
    ):
        with pytest.raises(SystemExit) as stop:
            cli.main(["atomistic", "diffusivity", *map(str, arguments), "-o", str(out)])
        told = capsys.readouterr().err
        assert stop.value.code == 2 and message in told and told.count("\n") == 1, told
        assert not out.exists()


@pytest.mark.parametrize(
    ("atoms", "start", "end"),
    [(259, (0.0, 0.05), (0.0, 0.01)), (941, (0.5, 0.6), (0.1, 0.2)), (1243, (0.3, 0.4), (0.0, 0.01))],
)
def test_surface_and_core_of_clusters_are_told_apart(
    atoms: int, start: tuple[float, float], end: tuple[float, float]
) -> None:
    """The surface is faster than the core; the phase is told by the order, and that it changes is said."""
    pytest.importorskip("freud")
    told = make_record(request(f"cluster-{atoms}-350K", phase="cluster", surface=True, temperature=350.0))
    surface, core = (float(line.split("D = ")[1].split()[0]) for line in told.layers)
    assert told.record.phase == "cluster" and told.record.quantity == "particle_diffusivity"
    assert core < told.record.value < surface and surface > 1.2 * core
    first, last = (float(told.record.details[f"crystalline_at_{name}"] or 0.0) for name in ("start", "end"))
    assert start[0] <= first <= start[1] and end[0] <= last <= end[1]
    changes = any("the phase changes within the run" in warning for warning in told.record.warnings)
    assert changes == (atoms != 259)
    assert any(f"{100 * first:.0f} % of the atoms at the start" in line for line in diffusivity_lines(told))


def test_particles_of_several_phases_make_no_law() -> None:
    paths = [RECORDS / f"li_cluster_{atoms}.yaml" for atoms in (259, 941, 1243)]
    records = [read_record(path) for path in paths]
    with pytest.raises(AtomisticError, match="of the atoms are crystalline; allowed: particles in one phase"):
        over_sizes(records, paths, at=3e-9)
    molten = [each.model_copy(update={"details": records[0].details}) for each in records]
    assert over_sizes(molten, paths, at=3e-9).valid.diameter == close((2.2e-9, 3.7e-9))


@pytest.mark.parametrize(("run", "lowest", "highest"), [("vacancies-420K", 0.85, 1.0), ("liquid-550K", 0.0, 0.05)])
def test_order_is_told_of_paths_that_have_left_the_box(run: str, lowest: float, highest: float) -> None:
    pytest.importorskip("freud")
    sources = open_sources([RUNS / run / "dump.lammpstrj.gz", RUNS / run / "log.lammps.gz"])
    facts = gather(Stated(), sources.log, sources.data, sources.outputs)
    assert all(lowest <= each <= highest for each in crystalline_ends(gather_trajectory(sources.frames(), facts)))


def test_order_of_a_film_whose_atoms_have_left_the_box() -> None:
    """Periodic along two axes: whole boxes along them change nothing."""
    pytest.importorskip("freud")
    edge, cells = 3.51e-10, 8
    lattice = np.stack(np.meshgrid(*[np.arange(n) for n in (cells, cells, 6)], indexing="ij"), -1).reshape(-1, 3)
    atoms = edge * np.concatenate([lattice, lattice + 0.5])
    away = cells * edge * np.random.default_rng(0).integers(-2, 3, atoms.shape) * (1, 1, 0)
    paths = trajectory(np.stack([atoms, atoms + away]))
    box = np.diag([cells * edge, cells * edge, 20.0 * edge])
    film = replace(paths, boxes=np.stack([box, box]), periodic=(True, True, False))
    inside, outside = crystalline_ends(film)
    assert inside == outside > 0.6


def test_the_critical_nucleus_of_the_seeded_runs() -> None:
    """Small seeds melt, large ones grow; the interval lies between."""
    outcome = make_nucleus(NucleusRequest(files=(RUNS / "seeds.csv",), method="seeds", model_uncertainty=0.5))
    record = outcome.records[0]
    low, high = record.uncertainty.interval_95 or (0.0, 0.0)
    assert record.quantity == "critical_size" and record.temperature == 340.0
    assert 150 < record.value < 300 and low < record.value < high < 5 * low
    assert record.uncertainty.model == close(0.5 * record.value)


def test_the_script_makes_the_records_that_are_there(tmp_path: Path) -> None:
    environment = os.environ | {"RAMIFY": f"{sys.executable} -m ramify.cli"}
    command = ["sh", str(RECORDS.parent / "records.sh"), str(RUNS), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=240)
    names = {path.name for path in RECORDS.glob("*.yaml")}
    assert names == {path.name for path in tmp_path.glob("*.yaml")} and len(names) >= 11
    for name in names:
        made, kept = read_record(tmp_path / name), read_record(RECORDS / name)
        assert made.value == close(kept.value, rel=1e-9), name
        assert made.uncertainty.combined == close(kept.uncertainty.combined, rel=1e-6), name
        hashes = [[each.sha256 for each in record.sources if not (each.file or "").endswith(".yaml")]
                  for record in (made, kept)]  # fmt: skip
        assert hashes[0] == hashes[1], name


def test_another_record_changes_the_capacity_as_it_should(tmp_path: Path) -> None:
    """A thick electrode gives in proportion to the diffusivity; lithium and alloy differ by their records."""
    capacity, diffusivity = {}, {}
    for name in ("limg10_420K", "li_420K"):
        override = f"materials.D.record=molecular_dynamics/records/{name}.yaml"
        scenario = load_scenario(EXAMPLES / "hot_stripping.yaml", [override])
        diffusivity[name] = scenario.diffusion.diffusivity
        assert diffusivity[name] == read_record(RECORDS / f"{name}.yaml").value
        with pytest.raises(SystemExit) as stop:
            cli.main(["run", str(EXAMPLES / "hot_stripping.yaml"), "-o", str(tmp_path / name), "--no-figures",
                      "--set", override])  # fmt: skip
        assert stop.value.code == 0
        capacity[name] = json.loads((tmp_path / name / "summary.json").read_text())["metal_stripped_mol"]
    ratio = {key: values["li_420K"] / values["limg10_420K"] for key, values in (("D", diffusivity), ("Q", capacity))}
    assert (ratio["Q"] - 1.0) * (ratio["D"] - 1.0) > 0.0 and ratio["Q"] == pytest.approx(ratio["D"], rel=0.2)


def test_the_study_samples_the_record() -> None:
    points = build_points(load_study(EXAMPLES / "hot_stripping_error_bars.yaml"))
    found = np.log([point.scenario.diffusion.diffusivity for point in points])
    record = read_record(RECORDS / "limg10_420K.yaml")
    assert len(points) == 16
    assert np.median(found) == pytest.approx(np.log(record.value), abs=0.2)
    assert found.std() == pytest.approx(record.relative, rel=0.25)  # the middle 95 % of a normal distribution
