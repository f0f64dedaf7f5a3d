"""Nucleation inside an interphase that leaks electrons: the law by hand, its limits, where nuclei sit, refusals."""

import json
import math
from typing import Any

import numpy as np
import pytest

from ramify import cli
from ramify.build import build_problem
from ramify.physics import interphase as law
from ramify.scenario import ScenarioError, scenario_from_text

INSIDE = """
domain: {size: [2 um, 1 um], cells: [32, 16]}
electrolyte: {preset: LiPF6 in EC:DMC, concentration: 1 mol/L}
metal: {preset: lithium, surface_energy: 0.25 J/m^2}
kinetics: {exchange_current_density: 30 A/m^2}
counter_electrode: {kind: reservoir}
nucleation:
  law: classical
  density: 2.5e13 1/m^2
  rate: 2e4 1/s
  contact_angle: 60 deg
  seed: 3
  interphase: {thickness: 20 nm, leakage_length: !record li_nucleation_depth_in_sei, density: 1e17 1/m^2}
protocol: [hold at -0.15 V for 0.2 s]
"""
T, L = 20e-9, 3e-9


def test_the_leaked_overpotential_solves_its_equation_and_ends_without_a_current():
    z = np.linspace(0.0, T, 20_001)
    eta = law.leaked_share(z, T, L)
    bend = np.diff(eta, 2) / (z[1] - z[0]) ** 2
    np.testing.assert_allclose(bend * L**2, eta[1:-1], rtol=1e-5)
    assert eta[0] == pytest.approx(1.0, abs=1e-15)
    assert eta[-1] - eta[-2] == pytest.approx(0.0, abs=1e-6 * eta[-1])
    np.testing.assert_allclose(eta, np.cosh((T - z) / L) / math.cosh(T / L), rtol=1e-12)


def test_limits_of_the_leakage_length():
    inside = np.array([0.0, 1e-12, 1e-9])
    assert law.leaked_share(inside, T, 1e-15).tolist() == [1.0, 0.0, 0.0]  # the surface alone
    assert law.reached_in_all(T, 1e-15) == pytest.approx(0.0, abs=1e-7)
    np.testing.assert_allclose(law.leaked_share(np.array([0.0, 0.5 * T, T]), T, 1e-3), 1.0, rtol=1e-9)
    assert law.reached_in_all(T, 1e-3) == pytest.approx(1.0, rel=1e-4)
    z = np.linspace(0.0, T, 100_001)
    assert law.reached_in_all(T, L) == pytest.approx(np.trapezoid(law.reached_share(z, L), z) / T, rel=1e-8)


def sites(*overrides: str) -> Any:
    nucleation = build_problem(scenario_from_text(INSIDE, list(overrides))).nucleation
    assert nucleation is not None
    return nucleation


def test_sites_lie_as_deep_as_electrons_reach():
    found, length = sites("nucleation.interphase.density=1e19 1/m^2"), 1e-9
    depths = found.depths
    on_surface = depths == 0.0
    assert on_surface.sum() == 10
    count = 2.0e-6 * math.sqrt(1e19) * law.reached_in_all(T, length)
    inside = depths[~on_surface]
    assert len(inside) == pytest.approx(count, abs=4.0 * math.sqrt(count))
    assert inside.mean() == pytest.approx(length, abs=4.0 * length / math.sqrt(count))
    np.testing.assert_allclose(found.positions[:, 2], depths)
    np.testing.assert_allclose(found.leaked, law.leaked_share(depths, T, length))
    banded = sites("nucleation.interphase.weights=[[4 nm, 0], [5 nm, 2], [6 nm, 0]]")
    inside = banded.depths[banded.depths > 0.0]
    assert len(inside) > 5 and inside.min() > 4e-9 and inside.max() < 6e-9


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("nucleation.interphase.thickness=0.1 um", "is thicker than the interface's width"),
        ("nucleation.interphase.density=1e3 1/m^2", "nucleation.interphase.density: caps"),
        ("nucleation.interphase.leakage_length=0 nm", "nucleation.interphase.leakage_length"),
        ("nucleation.interphase.leakage=1 nm", "did you mean 'leakage_length'"),
        ("nucleation.interphase.weights=[[2 nm, 1], [1 nm, 1]]", "depths do not rise"),
        ("nucleation.interphase.weights=[[0 nm, 1], [30 nm, 1]]", "lies outside the interphase"),
        ("nucleation.interphase.weights=[[0 nm, 0], [3 nm, 0]]", "electrons reach no site"),
        ("nucleation.interphase.weights=[[0 nm, -1], [3 nm, 0]]", "nucleation.interphase.weights"),
        ("nucleation={density: 1e13 1/m^2, interphase: {thickness: 2 nm, leakage_length: 1 nm, density: 1e15 1/m^2}}",
         "nucleation.interphase: caps at the start have no depth"),
    ],
)  # fmt: skip
def test_refusals(override, told):
    with pytest.raises(ScenarioError) as refusal:
        build_problem(scenario_from_text(INSIDE, [override]))
    assert told in str(refusal.value)


def run(folder, *overrides: str) -> Any:
    path = folder.with_suffix(".yaml")
    path.write_text(INSIDE)
    sets = [part for override in overrides for part in ("--set", override)]
    with pytest.raises(SystemExit) as end:
        cli.main(["run", str(path), "-o", str(folder), "--no-figures", *sets])
    assert end.value.code == 0
    return json.loads((folder / "summary.json").read_text())


def test_leakage_makes_nuclei_inside_and_none_is_the_surface_alone(tmp_path):
    bare = run(tmp_path / "bare", "nucleation.interphase=")
    none = run(tmp_path / "none", "nucleation.interphase.leakage_length=1e-6 nm")
    assert none["nuclei_inside"] == 0 and none["nucleus_depth_m"] is None and "nuclei_inside" not in bare
    for key in ("nuclei", "charge_passed_C", "steps", "tip_height_m"):
        assert none[key] == bare[key]  # to the last bit
    plain = run(tmp_path / "plain")
    far = run(tmp_path / "far", "nucleation.interphase.leakage_length=4 nm")
    assert 0 < plain["nuclei_inside"] < far["nuclei_inside"] and plain["nuclei"] > bare["nuclei"]
    # Where the barrier decides, only little of the overpotential may be lost on the way: births prefer the surface.
    assert 0.0 < plain["nucleus_depth_m"] < 0.5e-9 and 0.0 < far["nucleus_depth_m"] < 2e-9
    steady = run(tmp_path / "steady", "nucleation.law=constant_rate", "nucleation.rate=1e9 1/s")
    depths = sites().depths
    assert steady["nuclei_inside"] == np.count_nonzero(depths)
    assert steady["nucleus_depth_m"] == pytest.approx(depths[depths > 0.0].mean(), rel=1e-12)
    fewer = run(tmp_path / "fewer", "nucleation.interphase.density=1e15 1/m^2")
    assert fewer["nuclei_inside"] < plain["nuclei_inside"]
    thin = run(tmp_path / "thin", "nucleation.interphase.thickness=1 nm")
    assert thin["nuclei_inside"] > plain["nuclei_inside"]
    assert max(plain["balance"].values()) < 1e-10
