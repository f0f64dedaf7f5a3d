"""Nucleation laws in scenarios: what they need, what they refuse, what a run tells of them, one rank and two."""

import json
from typing import Any

import numpy as np
import pytest
import xarray as xr

from ramify import cli
from ramify.check import check_scenario
from ramify.scenario import ScenarioError, scenario_from_text

CARBON = """
domain: {size: [2 um, 1 um], cells: [32, 16]}
electrolyte: {preset: LiPF6 in EC:DMC, concentration: 1 mol/L}
metal: {preset: lithium, surface_energy: 0.25 J/m^2}
kinetics: {exchange_current_density: 30 A/m^2}
counter_electrode: {kind: reservoir}
nucleation: {law: classical, density: 1e14 1/m^2, rate: 2e4 1/s, contact_angle: 60 deg, seed: 3}
protocol: [hold at -0.15 V for 1 s]
"""


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("nucleation.rate=", "nucleation.rate: is required beside 'law: classical' and missing"),
        ("nucleation.law=instantaneous", "nucleation.rate: 20000 1/s: caps at the start have no rate"),
        ("nucleation.law=clasical", "did you mean 'classical'"),
        ("nucleation.radius=0.2 um", "nucleation.radius: 2e-07 m: nuclei of a law begin at their critical radius"),
        ("engine=fipy", "engine fipy has caps at the start alone"),
        ("electrons.transport=ohmic", "bare surfaces have their potential from equipotential electrons"),
        ("interface.motion=frozen", "a frozen front holds no new metal"),
        ("film.thickness=0.3 um", "film.thickness: 3e-07 m: covers the surfaces on which nuclei would appear"),
        ("metal.surface_energy=0 J/m^2", "metal.surface_energy: 0 J/m^2: the classical law needs one"),
        ("protocol=[plate at 1 mA/cm^2 for 1 s]", "nothing carries the current until a voltage has made nuclei"),
        ("nucleation.density=1e9 1/m^2", "gives no cap at all"),
        ("nucleation.rate=5 s", "a time, where a rate is expected"),
    ],
)
def test_refusals(override, told):
    with pytest.raises(ScenarioError) as refusal:
        check_scenario(scenario_from_text(CARBON, [override]))
    assert told in str(refusal.value)


def test_check_tells_the_critical_nucleus():
    check = check_scenario(scenario_from_text(CARBON))
    omega = 1.0 / 76_900.0
    assert check.scale("critical nucleus radius") == pytest.approx(2 * 0.25 * omega / (96485.33212 * 0.15), rel=1e-6)
    assert check.scale("nucleation barrier") == pytest.approx(8.02, abs=0.01)


def run(folder, *overrides: str) -> Any:
    path = folder.with_suffix(".yaml")
    path.write_text(CARBON)
    sets = [part for override in overrides for part in ("--set", override)]
    with pytest.raises(SystemExit) as end:
        cli.main(["run", str(path), "-o", str(folder), "--no-figures", *sets])
    assert end.value.code == 0
    return json.loads((folder / "summary.json").read_text())


def test_a_run_counts_its_nuclei_and_balances(tmp_path):
    plain = run(tmp_path / "plain")
    assert 2 <= plain["nuclei"] <= 20 and plain["nucleus_radius_m"] > 1e-8
    assert max(plain["balance"].values()) < 1e-10
    with xr.open_dataset(tmp_path / "plain/history.nc") as history:
        assert (np.diff(history.nuclei) >= 0.0).all()
        np.testing.assert_array_equal(history.nucleus_sizes.sum("radius"), history.nuclei)
        assert history.radius.attrs["units"] == "m"
    assert run(tmp_path / "slow", "nucleation.rate=1e3 1/s")["nuclei"] < plain["nuclei"]
    assert run(tmp_path / "steep", "nucleation.contact_angle=120 deg")["nuclei"] < plain["nuclei"]
    other = run(tmp_path / "other", "nucleation.seed=4")
    assert other["charge_passed_C"] != plain["charge_passed_C"]
    steady = run(tmp_path / "steady", "nucleation.law=constant_rate", "nucleation.rate=100 1/s")
    assert steady["nuclei"] == 20


def test_two_ranks_see_the_same_nuclei(mpiexec, tmp_path):
    (tmp_path / "case.yaml").write_text(CARBON)
    results = []
    for ranks in (1, 2):
        tight = ("--set", "numerics.newton_tolerance=1e-12")
        arguments = ("run", tmp_path / "case.yaml", "-o", tmp_path / f"out{ranks}", "--no-figures", *tight)
        mpiexec(ranks, "-m", "ramify.cli", *arguments, cwd=tmp_path)
        results.append(json.loads((tmp_path / f"out{ranks}/summary.json").read_text()))
    one, two = results
    assert (one["nuclei"], one["particles"], one["steps"]) == (two["nuclei"], two["particles"], two["steps"])
    for key in ("charge_passed_C", "nucleus_radius_m", "tip_height_m"):
        assert one[key] == pytest.approx(two[key], rel=1e-8)
