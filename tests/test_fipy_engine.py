"""The FiPy reference engine: exact planar limits, balances, order in time, islands, restart, refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ramify.phasefield.engine import FIELDS, Control, SolverFailure
from ramify.phasefield.problem import (
    CounterElectrode,
    Domain,
    Electrons,
    Geometry,
    Interface,
    Kinetics,
    Numerics,
    PlatingProblem,
)
from ramify.physics import metals
from ramify.physics.constants import FARADAY
from ramify.physics.electrolyte import dilute_from_salt

pytest.importorskip("fipy")
from ramify.phasefield.fipy_reference import FiPyEngine

D, T_PLUS, C0, LENGTH = 3e-10, 0.38, 1000.0, 40e-6


def planar(cells: int = 40, film: float = 8.3e-6, **changes: Any) -> PlatingProblem:
    """A 1-D lithium cell, 40 um long, with a film on the current collector."""
    problem = PlatingProblem(
        domain=Domain((1.0, 1.0, LENGTH), (1, 1, cells)),
        electrolyte=dilute_from_salt(D, T_PLUS),
        initial_concentration=C0,
        metal=metals.preset("lithium"),
        kinetics=Kinetics(30.0, C0),
        interface=Interface(LENGTH / cells),
        geometry=Geometry(lambda x, y, z: z - film),
    )
    return replace(problem, **changes)


def run(engine: FiPyEngine, until: float) -> list[Any]:
    reports = []
    while engine.time < until:
        reports.append(engine.step(until))
    return reports


def test_planar_film_grows_by_faradays_law_and_books_balance() -> None:
    problem = planar()
    engine = FiPyEngine(problem)
    engine.set_control(Control("current", 40.0))
    before = engine.ledger.metal
    report = run(engine, 4.0)[-1]
    grown = (engine.ledger.metal - before) * problem.metal.molar_volume
    assert grown == pytest.approx(problem.metal.thickness(40.0 * 4.0), rel=1e-8)
    assert report.measures["mean_height"] == pytest.approx(before * problem.metal.molar_volume + grown, rel=1e-12)
    balance = engine.ledger.balance(FARADAY)
    assert max(balance["lithium_relative"], balance["salt_relative"], balance["charge_relative"]) < 1e-10
    assert engine.ledger.largest_correction < 1e-6
    assert engine.ledger.salt_displaced == pytest.approx(grown * C0, rel=0.2)


@pytest.mark.parametrize(("kind", "factor"), [("lithium", 2.0), ("reservoir", 1.0)])
def test_steady_state_of_a_frozen_cell_is_linear(kind: str, factor: float) -> None:
    """At half the limiting current, factor F D c0/((1-t+) L), the surface keeps half the salt."""
    problem = planar(
        interface=Interface(LENGTH / 40, motion="frozen"),
        counter=CounterElectrode(kind),  # type: ignore[arg-type]
        numerics=Numerics(first_step=100.0, time_tolerance=10.0, order=1),
    )
    engine = FiPyEngine(problem)
    current = 0.5 * factor * FARADAY * D * C0 / ((1.0 - T_PLUS) * (LENGTH - 8.3e-6))
    engine.set_control(Control("current", current))
    run(engine, 400.0)
    xi, c = (np.asarray(engine.gather(name)).ravel() for name in ("xi", "c"))
    z = (np.arange(40) + 0.5) * 1e-6
    bulk = xi < 1e-4
    slope = (1.0 - T_PLUS) * current / (FARADAY * D)
    assert np.allclose(np.diff(c[bulk]) / 1e-6, slope, rtol=1e-4)
    surface = np.interp(8.3e-6, z[bulk], c[bulk]) - slope * (z[bulk][0] - 8.3e-6)
    assert surface / C0 == pytest.approx(0.5, abs=0.01)


def test_voltage_is_the_closed_form_at_rest_and_at_once_after_switching_on() -> None:
    """Uniform salt: V = -(asinh overpotential + ohmic drop), and zero at rest."""
    engine = FiPyEngine(planar(interface=Interface(LENGTH / 40, motion="frozen")))
    assert engine.step(1e-6).voltage == pytest.approx(0.0, abs=1e-9)
    engine.set_control(Control("current", 20.0))
    thermal = engine.problem.electrolyte.thermal_voltage
    conductivity = float(engine.problem.electrolyte.conductivity(C0))
    expected = -2.0 * thermal * np.arcsinh(20.0 / 60.0) - 20.0 * (LENGTH - 8.3e-6) / conductivity
    assert engine.step(engine.time + 1e-6).voltage == pytest.approx(expected, rel=2e-3)


def test_held_voltage_draws_the_current_that_gave_it() -> None:
    for kind in ("lithium", "reservoir"):
        engine = FiPyEngine(planar(counter=CounterElectrode(kind)))
        engine.set_control(Control("current", 20.0))
        voltage = run(engine, 0.01)[-1].voltage
        engine.set_control(Control("voltage", voltage))
        report = engine.step(engine.time + 1e-5)
        assert report.voltage == pytest.approx(voltage, abs=1e-8)
        assert report.current_density == pytest.approx(20.0, rel=1e-4)


def test_order_in_time_is_two() -> None:
    def front(steps: int) -> np.ndarray:
        step = 16.0 / steps
        numerics = Numerics(time_tolerance=1e9, front_motion=100.0, first_step=step, largest_step=step)
        engine = FiPyEngine(planar(numerics=numerics))
        engine.set_control(Control("current", 50.0))
        run(engine, 16.0)
        xi, c = engine.gather("xi"), engine.gather("c")
        assert xi is not None
        assert c is not None
        return np.concatenate([xi.ravel(), (c * (xi < 0.9)).ravel() / C0])

    fields = [front(steps) for steps in (4, 8, 16)]
    errors = [float(np.linalg.norm(a - b)) for a, b in pairwise(fields)]
    assert np.log2(errors[0] / errors[1]) > 1.8


def test_voltage_limit_takes_over_beyond_sands_time() -> None:
    limiting = 2.0 * FARADAY * D * C0 / ((1.0 - T_PLUS) * (LENGTH - 8.3e-6))
    numerics = Numerics(time_tolerance=0.02, first_step=5e-3)
    engine = FiPyEngine(planar(cells=30, numerics=numerics))
    engine.set_control(Control("current", 3.0 * limiting, voltage_limit=0.5))
    first, *_, last = run(engine, 0.1)
    assert not first.limited
    assert first.current_density == pytest.approx(3.0 * limiting, rel=1e-12)
    assert last.limited
    assert last.voltage == pytest.approx(-0.5, abs=1e-6)
    assert limiting < last.current_density < 3.0 * limiting
    assert engine.ledger.balance(FARADAY)["charge_relative"] < 1e-12


def test_failure_says_which_field_where_and_what_to_do() -> None:
    impossible = Numerics(newton_tolerance=-1.0, smallest_step=1e-4, first_step=1e-3)
    engine = FiPyEngine(planar(cells=10, numerics=impossible))
    engine.set_control(Control("current", 10.0))
    before = engine.save()
    with pytest.raises(SolverFailure) as failure:
        engine.step(1.0)
    assert failure.value.field in {"phi", "c", "xi"}
    assert failure.value.place is not None
    assert failure.value.remedy
    assert np.array_equal(before["c"], engine.save()["c"])
    assert engine.time == 0.0


def with_island(islands: str) -> PlatingProblem:
    domain = Domain((12e-6, 1.0, 18e-6), (12, 1, 18))

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.minimum(z - 3e-6, np.hypot(x - 6e-6, z - 10e-6) - 2.6e-6)

    return planar(
        domain=domain,
        interface=Interface(1e-6),
        geometry=Geometry(distance),
        electrons=Electrons(islands=islands),  # type: ignore[arg-type]
    )


def test_island_floats_without_net_current_or_takes_no_part() -> None:
    sources, phi_island = {}, None
    for islands in ("floating", "inactive"):
        engine = FiPyEngine(with_island(islands))
        engine.set_control(Control("current", 30.0))
        report = engine.step(1e-4)
        sources[islands] = engine.gather("s")
        assert report.measures["dead_metal"] > 0.0
        phi_s = engine.gather("phi_s")
        assert phi_s is not None
        phi_island = phi_s if islands == "floating" else phi_island
        assert (np.ptp(phi_s) > 1e-3) == (islands == "floating")
    floating, inactive = sources["floating"], sources["inactive"]
    assert floating is not None
    assert inactive is not None
    assert phi_island is not None
    island = phi_island > phi_island[0, 0, 0] + 1e-3
    assert np.all(inactive[island] == 0.0)
    assert abs(floating[island].sum()) < 1e-5 * np.abs(floating[island]).sum()
    # An island is a bipolar electrode: it dissolves where it faces the collector, and grows on the other side.
    assert floating[7:10, :, 3:9].sum() < 0.0 < floating[11:13, :, 3:9].sum()


def test_host_is_insulating_to_salt_and_joins_metal_when_it_conducts() -> None:
    domain = Domain((8e-6, 1.0, 16e-6), (8, 1, 16))

    def wall(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.maximum(x - 3e-6, -1.0) + 0.0 * z  # solid for x < 3 um

    def patch(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.maximum(x - 5e-6, np.abs(z - 8e-6) - 2e-6)  # metal on the wall, away from the collector

    results = {}
    for conducting in (True, False):
        geometry = Geometry(patch, host_distance=wall, host_conducting=conducting)
        engine = FiPyEngine(planar(domain=domain, interface=Interface(1e-6), geometry=geometry))
        engine.set_control(Control("voltage", -0.02))
        results[conducting] = engine.step(1e-4).current_density
        assert engine.gather("s")[:, 0, :2].max() == 0.0  # type: ignore[index]
    assert results[True] > 1.0
    assert abs(results[False]) < 1e-6 * results[True]


def test_restart_is_bitwise() -> None:
    engine = FiPyEngine(planar(cells=20))
    engine.set_control(Control("current", 30.0))
    run(engine, 0.01)
    copy = FiPyEngine(planar(cells=20))
    copy.load(engine.save())
    for _ in range(2):
        assert engine.step(1.0) == copy.step(1.0)
    for name in FIELDS:
        assert np.array_equal(engine.gather(name), copy.gather(name))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="grid"):
        FiPyEngine(planar(cells=21)).load(engine.save())


def test_three_dimensions_repeat_one() -> None:
    numerics = Numerics(first_step=0.05, time_tolerance=1.0)
    flat = planar(cells=12, interface=Interface(3e-6, mobility=1e-14), numerics=numerics)
    box = replace(flat, domain=Domain((9e-6, 9e-6, LENGTH), (3, 3, 12), periodic=True))
    reports = []
    for problem in (flat, box):
        engine = FiPyEngine(problem)
        engine.set_control(Control("current", 20.0))
        reports.append(engine.step(0.05))
    assert reports[1].voltage == pytest.approx(reports[0].voltage, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"electrons": Electrons(transport="ohmic")}, "electrons.transport"),
        ({"counter": CounterElectrode(kinetics="butler_volmer")}, "counter.kinetics"),
        ({"metal": metals.preset("copper")}, "valence"),
    ],
)
def test_what_it_does_not_do_it_refuses(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        FiPyEngine(planar(**change))


def test_several_ranks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from ramify.phasefield.fipy_reference import library

    monkeypatch.setattr(library, "_ranks", lambda: 2)
    with pytest.raises(RuntimeError, match="one process"):
        FiPyEngine(planar())
