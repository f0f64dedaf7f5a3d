"""The section `crystallinity`: what it refuses, what a run tells of order, that every key counts, one rank and two."""

import json
from typing import Any

import pytest
import xarray as xr

from ramify import cli
from ramify.check import check_scenario
from ramify.scenario import ScenarioError, scenario_from_text

DEPOSIT = """
domain: {size: [1.2 um, 1 um], cells: [24, 20], lateral: periodic}
electrolyte: {preset: LiPF6 in EC:DMC, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
counter_electrode: {kind: reservoir}
film: {thickness: 0.15 um}
nuclei: [{position: [0.6 um, 0.7 um], radius: 0.16 um}]
crystallinity: {critical_size: !record li_ordering_length, ordering_rate: 0.2 1/s, crystal_size: 100 nm, initial: 0.1}
protocol: [plate at 5 mA/cm^2 for 3 s, strip at 5 mA/cm^2 for 1 s]
"""


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("engine=fipy", "crystallinity: engine fipy does not follow the order of the metal"),
        ("interface.motion=frozen", "crystallinity: a frozen front holds no new metal"),
        (
            "crystallinity.crystal_size=2 nm",
            "crystallinity.crystal_size: 2e-09 m: crystals of the critical size, 5e-09 m",
        ),
        ("crystallinity.initial=1.5", "crystallinity.initial"),
        ("crystallinity.ordering_rate=3 m", "a length, where a rate is expected"),
        ("crystallinity.critical_sise=3 nm", "did you mean 'critical_size'"),
        ("crystallinity=", "output.fields[1]: crystallinity: the order of the metal is not followed"),
    ],
)
def test_refusals(override, told):
    with pytest.raises(ScenarioError) as refusal:
        check_scenario(scenario_from_text(DEPOSIT, ["output.fields=[xi, crystallinity]", override]))
    assert told in str(refusal.value)


def test_a_bare_collector_has_no_order_to_begin_with_and_a_line_no_size():
    births = "nucleation={law: constant_rate, density: 1e13 1/m^2, rate: 1 1/s}"
    for overrides, told in (
        (["film=", "nuclei=", births, "protocol=[hold at -0.1 V for 1 s]"], "there is no metal at the start"),
        (["domain={size: [1 um], cells: [20]}", "nuclei="], "the domain has z alone"),
    ):
        with pytest.raises(ScenarioError) as refusal:
            check_scenario(scenario_from_text(DEPOSIT, overrides))
        assert told in str(refusal.value)


def run(folder, *overrides: str) -> Any:
    path = folder.with_suffix(".yaml")
    path.write_text(DEPOSIT)
    sets = [part for override in overrides for part in ("--set", override)]
    with pytest.raises(SystemExit) as end:
        cli.main(["run", str(path), "-o", str(folder), "--no-figures", *sets])
    assert end.value.code == 0
    return json.loads((folder / "summary.json").read_text())


def test_a_run_tells_its_order_and_every_key_counts(tmp_path):
    plain = run(tmp_path / "plain")
    with xr.open_dataset(tmp_path / "plain/history.nc") as history:
        share = history.crystalline_fraction.values
        assert share[0] == pytest.approx(0.1, rel=0.3) and share[-1] == plain["crystalline_fraction"]
        assert 0.3 < share[-1] < 0.6 and (history.orderable_fraction.values > 0.99).all()
    with xr.open_dataset(tmp_path / "plain/fields.nc") as fields:
        chi, xi = fields.crystallinity.values[-1], fields.xi.values[-1]
        assert (chi[xi < 0.01] == 0.0).all() and 0.0 < chi.max() <= 1.0
        assert (chi * xi).sum() / xi.sum() == pytest.approx(plain["crystalline_fraction"], rel=5e-3)
    others = {
        "critical_size": run(
            tmp_path / "critical", *(f"crystallinity.{key}=0.5 um" for key in ("critical_size", "crystal_size"))
        ),
        "ordering_rate": run(tmp_path / "rate", "crystallinity.ordering_rate=0.01 1/s"),
        "crystal_size": run(tmp_path / "crystal", "crystallinity.crystal_size=1 um"),
        "initial": run(tmp_path / "initial", "crystallinity.initial=0"),
    }
    for name, other in others.items():
        assert other["crystalline_fraction"] < plain["crystalline_fraction"], name
        assert other["charge_passed_C"] == plain["charge_passed_C"], name  # the order does not act on the current
    without = run(tmp_path / "without", "crystallinity=")
    assert "crystalline_fraction" not in without and without["steps"] == plain["steps"]
    assert plain["crystal_size_m"] == pytest.approx(100e-9, rel=0.05)


def test_two_ranks_see_the_same_order(mpiexec, tmp_path):
    (tmp_path / "case.yaml").write_text(DEPOSIT)
    results = []
    for ranks in (1, 2):
        tight = ("--set", "numerics.newton_tolerance=1e-12", "--set", "domain.lateral=symmetric")
        arguments = ("run", tmp_path / "case.yaml", "-o", tmp_path / f"out{ranks}", "--no-figures", *tight)
        mpiexec(ranks, "-m", "ramify.cli", *arguments, cwd=tmp_path)
        results.append(json.loads((tmp_path / f"out{ranks}/summary.json").read_text()))
    one, two = results
    assert (one["ranks"], two["ranks"], one["steps"]) == (1, 2, two["steps"])
    for key in ("crystalline_fraction", "orderable_fraction", "crystal_size_m"):
        assert one[key] == pytest.approx(two[key], rel=1e-8)
