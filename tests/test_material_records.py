"""Material records: files, laws through them, and their values in scenarios and studies."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import MpiRun
from md_files import close

from ramify import cli
from ramify.atomistic.corrections import vacancy_route
from ramify.atomistic.diffusivity import Diffusivity
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.laws import arrhenius, over_sizes
from ramify.atomistic.record import Range, Record, Source, Uncertainty
from ramify.atomistic.record_file import read_record, write_record
from ramify.physics.constants import BOLTZMANN, GAS_CONSTANT
from ramify.scenario import load_scenario
from ramify.scenario.errors import ScenarioError
from ramify.scenario.materials import shipped_records
from ramify.scenario.writing import to_yaml
from ramify.study import build_points, load_study

SCENARIO = """\
title: a plane
domain: {size: [6 um, 20 um], cells: [12, 40]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
metal: {surface_energy: !record gamma.yaml}
kinetics: {exchange_current_density: 30 A/m^2}
protocol: [plate at 1 mA/cm^2 for 10 s]
"""
GAMMA = """\
record: ramify material record
quantity: surface_energy
species: Li
value: 0.5
unit: J/m^2
uncertainty: {statistical: 0.03, model: 0.04}
temperature: 298.15
valid: {temperature: [290, 300]}
method: by hand
"""


def record(value: float, temperature: float, error: float = 0.05, **more) -> Record:
    return Record(
        quantity="self_diffusivity",
        species="Li",
        value=value,
        unit="m^2/s",
        uncertainty=Uncertainty(statistical=error * value, **more.pop("uncertainty", {})),
        temperature=temperature,
        method="by hand",
        valid=Range(temperature=(temperature, temperature)),
        **more,
    )


def files(tmp_path: Path, records: list[Record]) -> list[Path]:
    paths = [tmp_path / f"{k}.yaml" for k in range(len(records))]
    for each, path in zip(records, paths, strict=True):
        write_record(each, path)
    return paths


def test_records_survive_their_file(tmp_path: Path) -> None:
    whole = record(
        1.0 / 3.0 * 1e-14, 298.15, composition={"Li": 0.9, "Mg": 0.1}, phase="crystal", diameter=1e-9,
        potential="none; of 'all': yes", sources=(Source(file="dump", sha256="0" * 64), Source(reference="a: b")),
        details={"a_m": 1e-300, "n": 3, "yes": True, "text": "1e-3"}, warnings=("note: this",),
    )  # fmt: skip
    write_record(whole, tmp_path / "a.yaml")
    assert read_record(tmp_path / "a.yaml") == whole
    (path,) = files(tmp_path / "deep", [whole])  # the folder is made
    assert path.read_text() == (tmp_path / "a.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("record: ramify material record", "record: recipe", r":1: is no material record"),
        ("species", "speceis", r":3: speceis: unknown key; did you mean 'species'"),
        ("unit: J/m^2", "unit: J/m", r":5: unit: J/m: records are in SI; allowed for surface_energy: J/m\^2"),
        ("surface_energy", "surfce_energy", r":2: quantity: surfce_energy: not known.*did you mean 'surface_energy'"),
        ("value: 0.5", "value: .nan", r":4: value"),
        ("value: 0.5", "value: half", r":4: value"),
        ("statistical: 0.03", "statistical: -1", r":6: uncertainty\.statistical"),
        ("method: by hand", "method: !!python/object/apply:os.system [echo]", r":9: .*YAML tags are not used"),
        ("method: by hand", "unit: J", r":9: unit: the key is given twice"),
        ("method: by hand", "method: [", "not valid YAML"),
        ("temperature: 298.15", "composition: {Li: 0.5}", "do not sum to one"),
    ],
)
def test_broken_records_are_refused_with_their_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GAMMA
    (tmp_path / "a.yaml").write_text(GAMMA.replace(old, new, 1))
    with pytest.raises(AtomisticError, match=r"a\.yaml" + ("" if message.startswith(":") else ".*") + message):
        read_record(tmp_path / "a.yaml")


def test_shipped_records_are_sound_and_hold_what_was_measured() -> None:
    shipped = {name: read_record(path) for name, path in shipped_records().items()}
    assert all(each.sources and each.sources[0].reference for each in shipped.values())
    tracer = shipped["li_tracer_diffusivity"]
    assert (tracer.value, tracer.uncertainty.statistical) == (1.6e-14, 1e-15)
    alloys = [shipped[f"limg{x}_li_diffusivity"] for x in (10, 20, 30)]
    assert [each.value for each in alloys] == [2.4e-15, 2.6e-15, 1.4e-15]
    assert [each.composition for each in alloys] == [{"Li": 1 - x, "Mg": x} for x in (0.1, 0.2, 0.3)]
    spread = shipped["li_self_diffusivity_range"]
    assert spread.quantile(0.025) == close(1e-15, rel=0.01) and spread.quantile(0.975) == close(1e-14, rel=0.01)


def test_quantiles_are_those_of_the_distribution() -> None:
    normal = record(2.0, 300.0, error=0.1, uncertainty={"model": 0.15})
    assert normal.uncertainty.combined == close(0.25)
    assert normal.quantile(0.5) == 2.0 and normal.quantile(0.975) == close(2.0 + 1.96 * 0.25, rel=1e-4)
    wide = record(2.0, 300.0, error=2.0)
    assert wide.quantile(0.01) == close(2e-3)  # a diffusivity stays positive
    log = wide.model_copy(update={"distribution": "lognormal"})
    assert log.quantile(0.5) == 2.0 and log.quantile(0.16) * log.quantile(0.84) == close(4.0)
    assert log.quantile(0.8413447) == close(2.0 * np.exp(2.0), rel=1e-5)  # combined/value is 2


def test_the_arrhenius_law_covers_its_truth_in_90_to_99_of_100(tmp_path: Path) -> None:
    energy, prefactor, T = 12e3, 1.4e-7, np.array([460.0, 500.0, 550.0, 600.0, 650.0])
    true = prefactor * np.exp(-energy / (GAS_CONSTANT * T))
    exact = [record(float(D), float(t)) for D, t in zip(true, T, strict=True)]
    paths = files(tmp_path, exact)
    law = arrhenius(exact, paths)
    assert law.law is not None
    assert law.law.activation_energy == close(energy) and law.law.prefactor == close(prefactor)
    assert law.at(550.0)[0] == close(true[2])
    with pytest.raises(ValueError, match="outside the record's range, 460 to 650 K"):
        law.at(300.0)
    with pytest.raises(AtomisticError, match="--at: 300 K is outside"):
        arrhenius(exact, paths, at=300.0)
    covered_energy = covered_value = 0
    rng = np.random.default_rng(0)
    for _ in range(100):
        noisy = [record(float(D * np.exp(0.05 * rng.normal())), float(t)) for D, t in zip(true, T, strict=True)]
        one = arrhenius(noisy, paths, at=500.0)
        error = one.details["activation_energy_error_J_per_mol"]
        assert one.law is not None and isinstance(error, float) and one.uncertainty.interval_95 is not None
        covered_energy += abs(one.law.activation_energy - energy) < 1.96 * error
        covered_value += one.uncertainty.interval_95[0] < true[1] < one.uncertainty.interval_95[1]
        value, spread = one.at(500.0)
        assert value == close(one.value) and spread == close(one.uncertainty.combined, rel=1e-6)
    assert 90 <= covered_energy <= 99 and 90 <= covered_value <= 99


def test_laws_do_not_mix_what_does_not_belong_together(tmp_path: Path) -> None:
    records = [record(1e-9 * (1 + k), 500.0 + 50 * k, phase="liquid") for k in range(3)]
    solid = records[0].model_copy(update={"phase": "crystal"})
    paths = files(tmp_path, records)
    with pytest.raises(AtomisticError, match="phase crystal beside liquid"):
        arrhenius([*records[1:], solid], paths)
    with pytest.raises(AtomisticError, match="2 records are too few"):
        arrhenius(records[:2], paths[:2])
    with pytest.raises(AtomisticError, match="fewer than three temperatures"):
        arrhenius([records[0], records[0], records[1]], paths)


def test_the_law_over_sizes_and_its_limits(tmp_path: Path) -> None:
    """D = D_bulk + B/d, exactly; a particle of twice the surface differs twice as much."""
    sizes = np.array([2e-9, 3e-9, 4e-9, 6e-9])
    values = 1e-9 + 4e-18 / sizes
    records = [record(float(D), 350.0, phase="cluster", diameter=float(d)) for D, d in zip(values, sizes, strict=True)]
    paths = files(tmp_path, records)
    law = over_sizes(records, paths, at=5e-9)
    assert law.value == close(1e-9 + 4e-18 / 5e-9) and law.details["bulk_m2_per_s"] == close(1e-9)
    assert law.valid.diameter == close((2e-9, 6e-9))
    with pytest.raises(AtomisticError, match="the law holds there alone"):
        over_sizes(records, paths, at=20e-9)
    with pytest.raises(AtomisticError, match="several temperatures"):
        over_sizes([*records[:3], records[3].model_copy(update={"temperature": 500.0})], paths, at=3e-9)


def test_vacancies_bring_the_error_of_their_formation_energy() -> None:
    found = Diffusivity(2e-10, 4e-11, 1e-10, 3e-10, 10, (0, 1), 0.0, 0.1, 0.0, 100.0, 428, 3)
    eV = 1.602176634e-19
    route = vacancy_route(found, 420.0, 0.01, (0.48 * eV, 0.05 * eV), (1.5, 0.5))
    assert route.fraction == close(np.exp(1.5 - 0.48 * eV / (BOLTZMANN * 420.0)))
    assert route.value == close(2e-10 * route.fraction / 0.01)
    assert route.formation == close(np.hypot(0.05 * eV / (BOLTZMANN * 420.0), 0.5))
    assert route.log_error == close(np.hypot(0.2, route.formation))
    assert route.formation > 5.0 * route.statistical  # the formation energy dominates


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "gamma.yaml").write_text(GAMMA)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    return tmp_path / "scenario.yaml"


def test_a_scenario_takes_the_value_of_a_record_and_keeps_where_it_is_from(scenario: Path, tmp_path: Path) -> None:
    loaded = load_scenario(scenario)
    assert loaded.metal.surface_energy == 0.5
    taken = loaded.materials["metal.surface_energy"]
    assert (taken.record, taken.quantile, taken.standard_uncertainty) == ("gamma.yaml", 0.5, "0.05 J/m^2")
    assert taken.sha256 is not None and len(taken.sha256) == 64
    (tmp_path / "resolved.yaml").write_text(to_yaml(loaded))
    (tmp_path / "gamma.yaml").unlink()  # a resolved scenario needs its records no more
    again = load_scenario(tmp_path / "resolved.yaml")
    assert again == loaded


def test_named_materials_and_quantiles(scenario: Path) -> None:
    text = (
        SCENARIO.replace("!record gamma.yaml", "!material g")
        + "materials:\n  g: !record {file: gamma.yaml, quantile: 0.975}\n"
    )
    scenario.write_text(text)
    assert load_scenario(scenario).metal.surface_energy == close(0.5 + 1.96 * 0.05, rel=1e-4)
    assert load_scenario(scenario, ["materials.g.quantile=0.5"]).metal.surface_energy == 0.5
    (scenario.parent / "resolved.yaml").write_text(to_yaml(load_scenario(scenario)))
    with pytest.raises(ScenarioError, match="has taken its values already"):
        load_scenario(scenario.parent / "resolved.yaml", ["materials.g.quantile=0.1"])
    warm = load_scenario(scenario, ["materials.g.temperature=295 K", "materials.g.quantile=0.5"])
    assert warm.metal.surface_energy == 0.5 and warm.materials["g"].temperature == 295.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("!record gamma.yaml", "!record gama.yaml", r"scenario\.yaml:4: metal\.surface_energy: .*no such record file"),
        ("!record gamma.yaml", "!record li_tracer_difusivity", "did you mean 'li_tracer_diffusivity'"),
        (
            "!record gamma.yaml",
            "!record li_tracer_diffusivity",
            r"scenario\.yaml:4: .*a diffusivity, where a surface energy",
        ),
        ("!record gamma.yaml", "!record {file: gamma.yaml, quantle: 0.5}", r":4: .*quantle: unknown key.*'quantile'"),
        ("!record gamma.yaml", "!record {file: gamma.yaml, quantile: 1.5}", "not a quantile"),
        ("!record gamma.yaml", "!record {file: gamma.yaml, temperature: 500 K}", "500 K is outside the record's range"),
        ("!record gamma.yaml", "!record [gamma.yaml]", "not a name"),
        ("!record gamma.yaml", "!material g", "no such material"),
        ("!record gamma.yaml", "!python/name:os.system x", "no YAML tag of scenarios"),
        (
            "title: a plane",
            "title: a plane\nmaterials: {g: 0.5 J/m^2}",
            r"scenario\.yaml:2: materials\.g.*not a material record",
        ),
    ],
)
def test_inclusions_that_are_refused(scenario: Path, old: str, new: str, message: str) -> None:
    scenario.write_text(SCENARIO.replace(old, new))
    with pytest.raises(ScenarioError, match=message):
        load_scenario(scenario)


def test_a_refused_record_names_its_own_line(scenario: Path, tmp_path: Path) -> None:
    (tmp_path / "gamma.yaml").write_text(GAMMA.replace("value: 0.5", "value: x"))
    with pytest.raises(
        ScenarioError, match=r"scenario\.yaml:4: metal\.surface_energy: record refused: .*gamma\.yaml:4: value"
    ):
        load_scenario(scenario)


def test_laws_are_evaluated_at_a_temperature(scenario: Path, tmp_path: Path) -> None:
    T = np.array([290.0, 300.0, 310.0])
    records = [record(float(1e-7 * np.exp(-20e3 / (GAS_CONSTANT * t))), float(t)) for t in T]
    write_record(arrhenius(records, files(tmp_path, records)), tmp_path / "law.yaml")
    with_law = SCENARIO.replace(
        "diffusivity: 1e-10 m^2/s", "diffusivity: !record {file: law.yaml, temperature: 22 degC}"
    )
    scenario.write_text(with_law)
    expected = 1e-7 * np.exp(-20e3 / (GAS_CONSTANT * 295.15))
    assert load_scenario(scenario).electrolyte.diffusivity == close(expected)
    scenario.write_text(with_law.replace(", temperature: 22 degC", ""))
    with pytest.raises(ScenarioError, match="temperature: missing: the record is a law"):
        load_scenario(scenario)


def test_a_study_samples_a_record(scenario: Path, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(
        "title: error bars\nbase: scenario.yaml\n"
        "factors:\n  gamma: {key: metal.surface_energy.quantile, between: [0.001, 0.999]}\n"
        "design: {type: latin_hypercube, points: 64}\nobjectives:\n  voltage_V: {goal: maximise}\n"
    )
    values = np.array([point.scenario.metal.surface_energy for point in build_points(load_study(study))])
    assert len(values) == 64
    assert values.mean() == pytest.approx(0.5, abs=0.002) and values.std() == close(0.05, rel=0.05)


def test_the_command_refuses_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit codes, one message, nothing written over."""
    samples = Path(__file__).parent / "data" / "md"
    log, dump = samples / "log.liquid550.lammps.gz", samples / "dump_wrapped_images.lammpstrj.gz"
    out = tmp_path / "li.yaml"

    def ramify(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["atomistic", *map(str, arguments)])
        told = capsys.readouterr()
        return int(stop.value.code or 0), told.out, told.err

    code, told, _ = ramify("diffusivity", dump, log, "--elements", "Li,Mg", "--reference", "10.4e-9 m^2/s", "-o", out)
    assert code == 0
    made = read_record(out)
    assert made.value == close(8.4e-9, rel=0.06) and made.uncertainty.finite_size is None
    assert made.uncertainty.model == close(10.4e-9 - made.value)
    assert "against 1.04e-08 m^2/s" in told and {source.file for source in made.sources} == {log.name, dump.name}
    before = out.read_text()
    for arguments, message in (
        (("diffusivity", dump, log, "--elements", "Li,Mg", "-o", out), "exists already"),
        (("diffusivity", dump, log, "--elements", "Li,Mg", "--timestep", "1 fs"), "a timestep of 0.002"),
        (("diffusivity", dump, log, "--elements", "Li,Mg", "--timestep", "1 parsec"), "is not a unit"),
        (("diffusivity", dump, "--units", "metallic"), "did you mean 'metal'"),
        (("diffusivity", dump), "--units: not stated"),
        (("diffusivity", tmp_path / "none"), "no such file"),
        (("diffusivity", dump, log, "--phase", "liqid"), "did you mean 'liquid'"),
        (("nucleus", dump, "--method", "seed"), "did you mean 'seeds'"),
        (("arrhenius", out, out, out), "fewer than three temperatures"),
        (("diffusivity", dump, "--", "-ksp_view"), "takes no PETSc options"),
    ):
        code, _, refused = ramify(*arguments)
        assert code == 2 and message in refused, (arguments, refused)
        assert refused.count("\n") == 1
    assert out.read_text() == before


def test_the_help_of_the_commands_loads_nothing_heavy() -> None:
    code = (
        "import json, sys\nfrom ramify.cli import main\nsys.argv = ['ramify', 'atomistic', 'diffusivity', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted({'numpy', 'numba', 'scipy'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_two_ranks_write_the_record_of_one(mpiexec: MpiRun, tmp_path: Path) -> None:
    samples = Path(__file__).parent / "data" / "md"
    files = [samples / "msd_avetime.dat.gz", samples / "log.liquid550.lammps.gz"]
    command = ("-m", "ramify.cli", "atomistic", "diffusivity", *files, "--column", "c_m[4]", "-o")
    alone, both = (mpiexec(ranks, *command, tmp_path / f"{ranks}.yaml") for ranks in (1, 2))
    assert (tmp_path / "1.yaml").read_text() == (tmp_path / "2.yaml").read_text()
    assert both.stdout.replace("2.yaml", "1.yaml") == alone.stdout
    refused = mpiexec(2, *command, tmp_path / "2.yaml", check=False)
    assert refused.returncode == 2 and refused.stderr.count("exists already") == 1
