"""The suite's frame: discovery, selection, exit codes, output, reports; and its cheapest cases."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ramify import validate
from ramify.cli import app
from ramify.scenario.errors import ScenarioError
from ramify.validate import Case, Check

QUICK_SET = sorted(name for name, case in validate.discover().items() if case.quick)
LONGEST = 300.0
"""Of the quick set [s]."""


def passing(folder: Path | None) -> list[Check]:
    return [validate.check_relative("good", "number", 1.001, 1.0, 0.01, "arithmetic")]


def missing(folder: Path | None) -> list[Check]:
    return [
        validate.check("bad", "number", 2.0, 1.0, 0.5, "arithmetic"),
        validate.check("bad", "nothing", math.nan, 1.0, 0.5, "arithmetic"),
    ]


def failing(folder: Path | None) -> list[Check]:
    raise RuntimeError("no solution")


SUITE = {
    name: Case(name, f"The {name} case", "no time", name == "good", "arithmetic", run)
    for name, run in (("bad", missing), ("broken", failing), ("good", passing))
}


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "discover", lambda: SUITE)


def test_all_cases_are_found_with_names_titles_and_sources() -> None:
    cases = validate.discover()
    assert {"t1-sand", "t2-steady", "t3-front", "t4-bump", "t6b-isotropy", "t7-kinetics", "t9-curvature"} <= set(cases)
    assert {"t14-engines", "balances", "t1b-power-law", "t1c-voltage", "t1d-sand-on-meshes"} <= set(cases)
    assert {"alloy-limits", "e2-stripping"} <= set(cases)
    assert all(case.title and case.source and case.cost for case in cases.values())


def test_exit_code_tells_whether_a_check_missed(suite: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate.run_validation(["good"], None, False) == 0
    assert validate.run_validation(["good", "bad"], None, False) == 1
    assert validate.run_validation(["broken"], None, False) == 1
    assert "RuntimeError: no solution" in capsys.readouterr().out.replace("\n", "")
    assert validate.run_validation(["quick"], None, False) == 0


def test_json_is_one_list_with_the_contracts_keys(suite: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate.run_validation([], None, True) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["passed"] for row in rows] == [False, False, False, True]
    assert set(rows[0]) == {"case", "quantity", "value", "reference", "tolerance", "passed", "source"}
    assert rows[1]["value"] is None


def test_report_holds_every_check(suite: None, tmp_path: Path) -> None:
    validate.run_validation([], tmp_path / "report", False)
    for name in ("validation.md", "validation.html", "validation.json"):
        text = (tmp_path / "report" / name).read_text(encoding="utf-8")
        assert "good" in text
        assert "no solution" in text
    assert "**missed**" in (tmp_path / "report" / "validation.md").read_text()


def test_uncertainty_and_order_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(folder: Path | None) -> list[Check]:
        plain = passing(folder)[0]
        known = replace(plain, uncertainty=0.0004, observed_order=1.87, extrapolated=1.002)
        return [known, replace(plain, uncertainty=0.02, observed_order=math.nan, extrapolated=1.001)]

    monkeypatch.setattr(validate, "discover", lambda: {"good": replace(SUITE["good"], run=run)})
    assert validate.run_validation(["good"], tmp_path, False) == 0
    printed = capsys.readouterr().out
    for text in (printed, *((tmp_path / name).read_text("utf-8") for name in ("validation.md", "validation.html"))):
        assert "1.001 ± 0.0004, order 1.9" in text and "1.001 ± 0.02, no order" in text
    rows = json.loads((tmp_path / "validation.json").read_text())
    assert (rows[0]["uncertainty"], rows[0]["observed_order"], rows[0]["extrapolated"]) == (0.0004, 1.87, 1.002)
    assert rows[1]["observed_order"] is None


def test_unknown_case_is_refused_with_the_nearest_match(suite: None) -> None:
    with pytest.raises(ScenarioError, match=r"goof.*did you mean 'good'"):
        validate.run_validation(["goof"], None, False)


@pytest.mark.parametrize("name", QUICK_SET)
def test_case_of_the_quick_set_passes_and_draws(name: str, tmp_path: Path) -> None:
    missed = [check for check in validate.discover()[name].run(tmp_path) if not check.passed]
    assert missed == []
    assert name == "balances" or list(tmp_path.glob("*.png"))


def seconds(cost: str) -> float:
    number, unit = cost.split()
    return float(number) * {"s": 1.0, "min": 60.0, "h": 3600.0}[unit]


def test_quick_set_takes_less_than_five_minutes_by_its_own_word() -> None:
    cases = validate.discover()
    assert sum(seconds(cases[name].cost) for name in QUICK_SET) < LONGEST
    assert len(QUICK_SET) < len(cases)
    assert [case.name for case in validate.select(["quick"], cases)] == QUICK_SET


def test_quick_and_list_are_options_of_the_command() -> None:
    listed = CliRunner().invoke(app, ["validate", "--quick", "--list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()] == QUICK_SET
    everything = CliRunner().invoke(app, ["validate", "--list"])
    assert len(everything.output.splitlines()) == len(validate.discover())


def test_quick_option_runs_the_quick_set(suite: None) -> None:
    found = CliRunner().invoke(app, ["validate", "--quick", "--json"])
    assert found.exit_code == 0
    assert [row["case"] for row in json.loads(found.output)] == ["good"]


def test_a_case_answers_to_its_number():
    cases = validate.discover()
    assert [case.name for case in validate.select(["T1", "t6b"], cases)] == ["t1-sand", "t6b-isotropy"]
