"""Study files: what is read, what is refused, and the points that every kind of design expands to."""

import json
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramify import cli
from ramify.scenario.errors import ScenarioError
from ramify.scenario.shipped import shipped_studies
from ramify.scenario.units import LENGTH, parse_quantity
from ramify.study import build_points, load_study
from ramify.study.amounts import Amount, in_unit, kind, read_amount, unit_text
from ramify.study.expressions import derive, evaluate, fill
from ramify.study.measures import DepthProfile, measure
from ramify.study.plan import make_plan, warnings
from ramify.study.points import digest
from ramify.study.schema import Study

BASE = """\
title: a plane
domain: {size: [6 um, 20 um], cells: [12, 40]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
protocol: [plate at 1 mA/cm^2 for 10 s]
"""
STUDY = """\
title: a study
base: plane.yaml
factors:
  salt: {key: electrolyte.concentration, values: [0.5 mol/L, 1 mol/L]}
  rate: {between: [1 mA/cm^2, 100 mA/cm^2], points: 3, scale: log}
derived:
  protocol.0: plate at {rate} for 10 s
objectives:
  voltage_V: {goal: maximise}
"""


PARTS = ["key", "values", "between", "points", "set", "label", "quantity", "above", "type", "a.b"]
KEYS = [*Study.model_fields, "factors.rate", "factors.rate.between", "factors.salt.values.0", "objectives.voltage_V"]


@pytest.fixture
def study(tmp_path):
    """`study(text, *overrides)` -> the loaded study, the base beside it."""

    def read(text=STUDY, *overrides, base=BASE):
        (tmp_path / "plane.yaml").write_text(base)
        (tmp_path / "study.yaml").write_text(text)
        return load_study(tmp_path / "study.yaml", overrides)

    return read


def levels(points, name):
    return [si(point.combination.levels[name]) for point in points]


def amount(text):
    """A quantity, of whatever type a checker is content with."""
    return read_amount(text)


def si(value):
    return value.value if isinstance(value, Amount) else value


# ---------------------------------------------------------------- designs


def test_a_grid_has_every_combination_with_the_last_factor_fastest(study):
    points = build_points(study())
    assert levels(points, "salt") == [500.0] * 3 + [1000.0] * 3
    assert levels(points, "rate") == pytest.approx([10.0, 100.0, 1000.0] * 2)
    assert [p.scenario.electrolyte.concentration for p in points] == [500.0] * 3 + [1000.0] * 3
    assert [next(iter(p.scenario.protocol)).current_density for p in points] == pytest.approx([10.0, 100.0, 1000.0] * 2)
    assert points[1].label == "salt 0.5 mol/L, rate 10 mA/cm^2"
    assert len({point.digest for point in points}) == 6


def test_zipped_factors_move_together(study):
    text = STUDY.replace("points: 3, scale: log", "points: 2") + "zip: [salt, rate]\n"
    points = build_points(study(text))
    assert levels(points, "salt") == [500.0, 1000.0]
    assert levels(points, "rate") == [10.0, 1000.0]


def test_variants_and_repeats_multiply_the_points(study):
    text = STUDY + (
        "variants:\n  - {label: plain}\n  - {label: warm, set: {electrolyte.temperature: 50 degC}}\n"
        "repeats: {key: film.roughness.seed, count: 2, seed: 5}\n"
        "set: {film.roughness: {amplitude: 0.05 um, modes: 1}}\n"
    )
    points = build_points(study(text))
    assert len(points) == 24
    assert [(p.variant, p.seed) for p in points[:4]] == [("plain", 5), ("plain", 6), ("warm", 5), ("warm", 6)]
    assert [p.scenario.electrolyte.temperature for p in points[:4]] == pytest.approx([298.15, 298.15, 323.15, 323.15])
    assert [p.scenario.film.roughness and p.scenario.film.roughness.seed for p in points[:4]] == [5, 6, 5, 6]
    assert points[0].group == points[1].group != points[2].group


@pytest.mark.parametrize("kind_of_design", ["latin_hypercube", "sobol"])
def test_a_sample_lies_between_the_bounds_and_follows_its_seed(study, kind_of_design):
    text = STUDY.replace(", points: 3", "") + f"design: {{type: {kind_of_design}, points: 8, seed: 1}}\n"
    points = build_points(study(text))
    rates = np.array(levels(points, "rate"))
    assert len(points) == 8
    assert (rates >= 10.0).all() and (rates <= 1000.0).all()
    # both sequences put one point into every eighth of a factor, here of its logarithm
    assert sorted(np.floor(8 * np.log(rates / 10.0) / np.log(100.0))) == list(range(8))
    assert sorted(levels(points, "salt")) == [500.0] * 4 + [1000.0] * 4
    assert levels(build_points(study(text)), "rate") == list(rates)
    other = build_points(study(text.replace("seed: 1", "seed: 2")))
    assert levels(other, "rate") != list(rates)


def test_saltellis_scheme_changes_one_factor_at_a_time(study):
    text = STUDY.replace(", points: 3", "") + "design: {type: sobol, points: 4, indices: true}\n"
    points = build_points(study(text))
    assert len(points) == 4 * (2 + 2)
    by_place = {point.combination.scheme: point for point in points}
    for row in range(4):
        a, b, mixed = (by_place[name, row].combination.levels for name in ("A", "B", "rate"))
        assert mixed["rate"] == b["rate"] and mixed["salt"] == a["salt"]


def test_several_keys_take_one_level_and_words_are_levels(study):
    text = """\
base: plane.yaml
factors:
  edge: {key: [interface.width, film.thickness], values: [1 um, 2 um]}
  front: {key: interface.curvature, values: [conservative, allen_cahn]}
objectives: {tip_height_m: {}}
"""
    points = build_points(study(text))
    assert [(p.scenario.interface.width, p.scenario.film.thickness) for p in points[::2]] == [
        (1e-6, 1e-6),
        (2e-6, 2e-6),
    ]
    assert [p.scenario.interface.curvature for p in points[:2]] == ["conservative", "allen_cahn"]


def test_derived_keys_and_expressions(study):
    text = """\
base: plane.yaml
factors: {width: {values: [4 um, 8 um]}}
expressions: {height: 2 * width + 4 * um, area: 2 / width}
derived: {domain.size: [width, height], domain.cells: [ceil(width / (0.5 * um)), 2 * ceil(height / um)]}
objectives: {tip_height_m: {}}
"""
    points = build_points(study(text))
    assert [p.scenario.domain.size for p in points] == [pytest.approx((4e-6, 12e-6)), pytest.approx((8e-6, 20e-6))]
    assert [p.scenario.domain.cells for p in points] == [(8, 24), (16, 40)]
    assert si(points[1].expressions["area"]) == pytest.approx(2.5e5)


def test_the_hash_is_that_of_the_resolved_scenario(study):
    first = build_points(study())
    titled = build_points(study(base=BASE.replace("a plane", "another title")))
    assert [p.digest for p in first] == [p.digest for p in titled]
    changed = build_points(study(STUDY.replace("[0.5 mol/L", "[0.6 mol/L")))
    assert [a.digest == b.digest for a, b in zip(first, changed, strict=True)] == [False] * 3 + [True] * 3
    assert digest(first[0].scenario) == first[0].digest


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_plan_without_warnings_beyond_the_grid(name):
    plan = make_plan(load_study(name))
    assert len(plan.points) > 1
    assert not [warning for warning in warnings(plan) if warning.startswith(("salt", "protocol", "deposit", "film"))]


# ---------------------------------------------------------------- amounts and expressions


def test_amounts_carry_their_dimension():
    length, time = amount("20 um"), amount("2 min")
    speed = length / time
    assert speed.value == pytest.approx(20e-6 / 120.0)
    assert unit_text(speed.exponents) == "m*s^-1"
    assert length / amount("10 um") == pytest.approx(2.0)
    assert kind((length * length * length).exponents) == "a quantity in m^3"
    assert amount("25 degC").value == pytest.approx(298.15)
    assert in_unit(298.15, "degC") == pytest.approx(25.0)
    assert read_amount("a word") is None
    assert parse_quantity((length * 3).text, LENGTH) == pytest.approx(60e-6)


def test_expressions_calculate_and_fill():
    names = {"a": amount("2 um"), "n": 3, "salt": "LiTFSI"}
    assert evaluate("n * 2 + 1", names) == 7
    assert evaluate("a * n / um", names) == pytest.approx(6.0)
    assert si(evaluate("sqrt(a * a)", names)) == pytest.approx(2e-6)
    assert si(evaluate("max(a, 5 * um)", names)) == pytest.approx(5e-6)
    assert fill("plate at {n * mA / cm**2} with {salt}", names) == "plate at 30.0 m^-2*A with LiTFSI"
    assert derive({"size": ["a", 4], "flag": True}, names) == {"size": ["2 um", 4], "flag": True}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a + n", "a length + a plain number"),
        ("ceil(a)", "divide by a quantity"),
        ("b * 2", "unknown name"),
        ("aa", "did you mean 'a'"),
        ("__import__('os')", "cannot be worked out"),
        ("a.value", "cannot be worked out"),
        ("[1, 2]", "cannot be worked out"),
        ("9 ** 9 ** 9", "a power beyond"),
        ("1 / 0", "cannot be worked out"),
        ("'a' * 9", "is not a finite number"),
        ("2 ** a", "cannot be worked out"),
        ("1 if n else 2", "cannot be worked out"),
        ("n" * 300, "longer than"),
        ("", "cannot be worked out"),
    ],
)
def test_expressions_that_are_refused(text, told):
    with pytest.raises(ScenarioError) as refusal:
        evaluate(text, {"a": amount("2 um"), "n": 3})
    assert told in str(refusal.value)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("factors:", "factrs:", ("study.yaml:3: factrs", "did you mean 'factors'")),
        ("goal: maximise", "goal: maximize", ("study.yaml:9: objectives.voltage_V.goal", "did you mean 'maximise'")),
        ("voltage_V", "voltage_U", ("no such quantity of a run", "did you mean 'voltage_V'")),
        ("0.5 mol/L", "0.5 mol/Lx", ("study.yaml:4", "is not a unit")),
        (
            "0.5 mol/L",
            "0.5 um",
            ("study.yaml:4: factors.salt.values[1]", "a concentration among levels that are a length"),
        ),
        ("scale: log", "scale: logg", ("not one of the choices", "did you mean 'log'")),
        ("points: 3, ", "", ("factors.rate.points", "a grid needs the number of points")),
        ("[1 mA/cm^2, 100", "[200 mA/cm^2, 100", ("the bounds are not in order",)),
        ("[1 mA/cm^2, 100", "[-1 mA/cm^2, 100", ("a log scale needs bounds above zero",)),
        ("key: electrolyte.concentration", "key: electrolyte..salt", ("not a place in a scenario",)),
        ("{rate} for", "{rat} for", ("study.yaml:7, point 1 of 6", "did you mean 'rate'")),
        ("electrolyte.concentration", "electrolyte.concentation", ("point 1 of 6 (salt 0.5 mol/L", "'concentration'")),
        ("base: plane.yaml", "base: plain.yaml", ("study.yaml:2: base", "did you mean 'plane.yaml'")),
        ("100 mA/cm^2]", "100 mol/L]", ("among levels that are a current density",)),
        ("  rate:", "  mV:", ("is a unit in expressions",)),
        ("goal: maximise", "goal: target", ("a goal and a target that do not go together",)),
        ("goal: maximise", "goal: target, target: 3 um", ("a length, where a voltage is expected",)),
        ("goal: maximise", "at: 3 s", ("is one number, not a column of the history",)),
    ],
)
def test_refusals_name_place_value_and_nearest_match(study, old, new, told):
    assert old in STUDY
    with pytest.raises(ScenarioError) as refusal:
        build_points(study(STUDY.replace(old, new, 1)))
    message = str(refusal.value)
    assert "\n" not in message
    assert all(part in message for part in told), message


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("zip: [salt, rate]", "zipped factors need the same number of levels: salt has 2, rate has 3"),
        ("zip: [salt, rat]", "did you mean 'rate'"),
        ("design: {type: sobol, points: 6}", "a sampled design has points of its own"),
        ("design: {type: sobol}", "a sampled design has points of its own"),
        ("design: {points: 6}", "a grid has neither samples, seed nor indices"),
        ("constraints: {safe: {quantity: voltage, reduce: minimum}}", "bounds nothing"),
        ("constraints: {safe: {quantity: voltage, below: 1 um}}", "a length, where a voltage is expected"),
        ("fits: [{quantity: voltage_V, against: speed}]", "no such column"),
        ("expressions: {rate: 3}", "is a factor already"),
        ("variants: [{label: a}, {label: a}]", "is given twice"),
        ("version: 2", "version"),
    ],
)
def test_options_that_do_not_go_together(study, extra, told):
    with pytest.raises(ScenarioError) as refusal:
        study(STUDY + extra + "\n")
    assert told in str(refusal.value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["1 um", "rate", "{x}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KEYS), VALUES)
def test_any_value_of_any_key_is_a_study_or_one_line(study, key, value):
    told = ""
    try:
        build_points(study(STUDY, f"{key}={json.dumps(value)}"))
    except ScenarioError as refusal:
        told = str(refusal)
    assert "\n" not in told


def test_a_point_that_cannot_run_is_refused_before_any_runs(study, capsys, tmp_path):
    study(STUDY.replace("1 mol/L]", "-1 mol/L]"))
    code, _, err = command(capsys, "study", tmp_path / "study.yaml", "-o", tmp_path / "out")
    assert code == 2
    assert "study.yaml:4, point 4 of 6 (salt -1 mol/L, rate 1 mA/cm^2)" in err
    assert "must be greater than zero" in err
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- commands


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return end.value.code, printed.out, printed.err


def test_check_tells_points_and_cost_and_loads_nothing_heavy(study, capsys, tmp_path):
    study()
    before = set(sys.modules)
    code, out, _ = command(
        capsys, "study", tmp_path / "study.yaml", "--check", "--set", "factors.salt.values.0=2 mol/L"
    )
    assert code == 0
    assert "6 points: 2 (salt) x 3 (rate)" in out
    assert "salt 2 mol/L, rate 10 mA/cm^2" in out
    assert "warning: point 6: front: the cut-off wavelength is" in out
    assert not {"matplotlib", "xarray", "distributed", "petsc4py"} & (set(sys.modules) - before)
    assert not list(tmp_path.glob("runs*"))


def test_plan_counts_cells_and_warnings(study):
    plan = make_plan(study())
    assert [estimate.cells for estimate in plan.estimates] == [480] * 6
    assert {number for numbers in warnings(plan).values() for number in numbers} == {3, 6}


def test_options_of_the_command(capsys, tmp_path):
    for arguments, told in (
        (["study"], "needs one of two things"),
        (["study", "channel_geometri"], "did you mean 'channel_geometry'"),
        (["study", "sand_time"], "is a scenario, not a study"),
        (["study", "x", "--emit", "pbs"], "no such batch system"),
        (["study", "x", "--workers", "2", "--scheduler", "y"], "exclude each other"),
        (["study", "--report", tmp_path], "holds no study"),
    ):
        code, _, err = command(capsys, *arguments)
        assert code == 2
        assert told in err


def test_a_folder_of_results_does_not_hide_a_shipped_study(tmp_path, monkeypatch):
    (tmp_path / "remedies_e6").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_study("remedies_e6").study.title == "Remedies for the filling of a pore"


def test_a_study_is_no_parallel_program(capsys, monkeypatch):
    monkeypatch.setenv("PMI_SIZE", "2")
    code, _, err = command(capsys, "study", "remedies_e6")
    assert code == 2
    assert "execution: {ranks: 2} for every point" in err


def test_schema_of_studies(capsys):
    code, out, _ = command(capsys, "schema", "--study")
    schema = json.loads(out)
    assert code == 0
    assert schema["title"] == "ramify study"
    assert {"base", "factors", "objectives", "design"} <= set(schema["properties"])


# ---------------------------------------------------------------- measures


def test_measures_of_a_known_deposit(tmp_path, monkeypatch):
    """Ten layers of host below two open ones: the deposit fills the upper five evenly, and a layer above."""
    z = (np.arange(12) + 0.5) * 1e-6
    gain = np.array([0.0] * 5 + [2.0] * 5 + [10.0, 0.0])
    profile = DepthProfile(z, gain, np.full(12, 4.0), z < 10e-6)
    monkeypatch.setattr("ramify.study.measures.depth_profile", lambda folder: profile)
    found = measure(tmp_path)
    assert found["deposit_in_pores"] == pytest.approx(0.5)
    assert found["filling_uniformity"] == pytest.approx(0.5)
    assert found["deposition_depth_m"] == pytest.approx(4.5e-6)
    assert found["mean_deposition_depth_m"] == pytest.approx(2.5e-6)
