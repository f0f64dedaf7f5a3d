"""What plating must do whatever the numerics: Faraday's law, capillarity, film resistance, and options that act."""

from dataclasses import replace

import numpy as np
import pytest
from plating_cells import CONCENTRATED, LITHIUM, SALT, H, advance, ball, flat, gathered, plating_problem, rough, union

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import (
    CounterElectrode,
    Domain,
    Electrons,
    Geometry,
    Interface,
    Kinetics,
    Numerics,
)
from ramify.physics import cell, electrolyte
from ramify.physics.constants import FARADAY, GAS_CONSTANT

THERMAL = FARADAY / (GAS_CONSTANT * 298.15)
CURRENT = 40.0


def solver_under(problem, control, until):
    solver = PlatingSolver(problem)
    solver.set_control(control)
    return solver, advance(solver, until)


def film_thickness(solver):
    """Metal per area of a 1-D cell [m]."""
    return float(gathered(solver, "xi").sum()) * solver.problem.domain.spacing[2]


# ---------------------------------------------------------------- Faraday's law


def test_a_planar_film_grows_by_faradays_law_and_stripping_takes_it_back():
    solver = PlatingSolver(plating_problem((1, 1, 48)))
    start, profile = film_thickness(solver), gathered(solver, "xi")
    solver.set_control(Control("current", CURRENT))
    advance(solver, 60.0)
    grown = film_thickness(solver) - start
    assert grown == pytest.approx(LITHIUM.molar_volume / FARADAY * CURRENT * 60.0, rel=1e-8)
    solver.set_control(Control("current", -CURRENT))
    advance(solver, 120.0)
    assert film_thickness(solver) == pytest.approx(start, rel=1e-9)
    assert np.abs(gathered(solver, "xi") - profile).max() < 0.02
    assert solver.ledger.stripped == pytest.approx(solver.ledger.plated, rel=1e-8)


def test_the_front_keeps_its_profile():
    """After several cells of motion xi is close to the tanh profile, which the growth itself distorts a little."""
    problem = plating_problem((1, 1, 48))
    solver, _ = solver_under(problem, Control("current", CURRENT), 300.0)
    thickness = film_thickness(solver)
    assert thickness > 6.0 * H + 2.0 * H
    z = (np.arange(48) + 0.5) * H
    exact = 0.5 * (1.0 - np.tanh((z - thickness) / (2.0 * H)))
    assert np.abs(gathered(solver, "xi")[:, 0, 0] - exact).max() < 0.06


def test_the_current_is_the_one_asked_for_and_the_voltage_has_its_sign():
    plating, reports = solver_under(plating_problem(), Control("current", CURRENT), 5.0)
    assert reports[-1].current_density == pytest.approx(CURRENT, rel=1e-12)
    assert reports[-1].voltage < 0.0
    assert plating.ledger.charge == pytest.approx(CURRENT * 5.0, rel=1e-12)
    _, back = solver_under(plating_problem(), Control("current", -CURRENT), 5.0)
    assert back[-1].voltage > 0.0


def test_a_held_voltage_is_held():
    _, reports = solver_under(plating_problem(), Control("voltage", -0.05), 5.0)
    assert all(report.voltage == pytest.approx(-0.05, abs=1e-7) for report in reports)
    assert all(report.current_density > 0.0 for report in reports)


# ---------------------------------------------------------------- film resistance


@pytest.mark.parametrize("kind", ["uniform", "butler_volmer"])
def test_film_resistance_adds_current_times_resistance(kind):
    """A film shifts the voltage by i R; the counter electrode's own film lies behind its reference electrode."""
    resistance = 2e-3

    def voltage(film):
        problem = plating_problem(
            kinetics=Kinetics(30.0, SALT, film_resistance=film),
            counter=CounterElectrode("lithium", kind),
            interface=Interface(H, motion="frozen"),
            numerics=Numerics(first_step=1e-4, newton_tolerance=1e-11),
        )
        solver = PlatingSolver(problem)
        solver.set_control(Control("current", CURRENT))
        return solver.step(1e-4).voltage

    shift = voltage(0.0) - voltage(resistance)
    # The diffuse surface spreads the current: the film sees its local density, within a few parts in a thousand.
    assert shift == pytest.approx(CURRENT * resistance, rel=5e-3)


# ---------------------------------------------------------------- capillarity


def ripple_rate(surface_energy, current, per_wavelength=32):
    """Measured growth rate [1/s] of a cosine ripple from the reaction, salt uniform, and the conductance G."""
    wavelength, conductivity, exchange = 20e-6, 1.0, 1000.0
    h, k = wavelength / per_wavelength, 2.0 * np.pi / wavelength
    nx, depth = per_wavelength // 2, 12
    level, amplitude = depth * h, 0.1 * h
    problem = plating_problem(
        (nx, 1, depth + per_wavelength),
        (h, h, h),
        electrolyte=electrolyte.constant(conductivity, SALT, 3e-10, 0.38),
        metal=replace(LITHIUM, surface_energy=surface_energy),
        kinetics=Kinetics(exchange, SALT),
        interface=Interface(h, motion="frozen"),
        geometry=Geometry(lambda x, y, z: z - level - amplitude * np.cos(k * x) + 0.0 * y),
        numerics=Numerics(newton_tolerance=1e-11, first_step=1e-7, time_tolerance=1.0),
    )
    solver, _ = solver_under(problem, Control("current", current), 1e-7)
    areal = gathered(solver, "s")[:, 0, :].sum(axis=0) * h
    x = (np.arange(nx) + 0.5) * h
    return LITHIUM.molar_volume / FARADAY * 2.0 * float(np.mean(areal * np.cos(k * x))) / amplitude


def exact_ripple_rate(surface_energy, current):
    wavelength, conductivity, exchange = 20e-6, 1.0, 1000.0
    k, gamma = 2.0 * np.pi / wavelength, surface_energy * LITHIUM.molar_volume / FARADAY
    conductance = cell.charge_transfer_conductance(current, exchange, 0.5, 0.5, THERMAL)
    driving = current - conductivity * gamma * k**2
    return LITHIUM.molar_volume * k / FARADAY * driving / (1.0 + conductivity * k / conductance)


@pytest.mark.parametrize(("surface_energy", "current"), [(0.5, 0.0), (0.5, 50.0), (0.0, 50.0), (50.0, 5.0)])
def test_growth_rate_of_a_ripple(surface_energy, current):
    """Flattened by capillarity alone, sharpened by the current, and both against each other: within 3 %."""
    measured, exact = ripple_rate(surface_energy, current), exact_ripple_rate(surface_energy, current)
    scale = abs(exact_ripple_rate(surface_energy, 0.0)) + abs(exact_ripple_rate(0.0, current))
    assert abs(measured - exact) <= 0.03 * min(abs(exact), scale)
    assert np.sign(measured) == np.sign(exact)


def bump_heights(surface_energy, seconds):
    """Height of a convex bump on a flat film before and after some seconds at zero current [m]."""
    cells = (16, 1, 32)
    problem = plating_problem(
        cells,
        metal=replace(LITHIUM, surface_energy=surface_energy),
        geometry=Geometry(rough(6.0 * H, 1.5 * H, (cells[0] * H, 1.0, 1.0))),
        kinetics=Kinetics(300.0, SALT),
    )
    solver = PlatingSolver(problem)
    before = solver.measures.column_heights(solver.xi)[0]
    solver.set_control(Control("current", 0.0))
    advance(solver, seconds)
    return before, solver.measures.column_heights(solver.xi)[0]


def test_surface_energy_dissolves_bumps_and_fills_hollows_at_zero_current():
    before, after = bump_heights(50.0, 20.0)
    assert after[0] < before[0] - 0.02 * H
    assert after[-1] > before[-1] + 0.02 * H
    assert after.mean() == pytest.approx(before.mean(), abs=0.02 * H)


def test_without_surface_energy_nothing_moves_at_zero_current():
    before, after = bump_heights(0.0, 20.0)
    np.testing.assert_allclose(after, before, atol=1e-9 * H)


def test_allen_cahn_flattens_a_ripple_at_its_rate_and_books_what_it_takes():
    """Front velocity -b K: a ripple decays with exp(-b k^2 t)."""
    cells, mobility, seconds = (16, 1, 32), 2e-14, 50.0
    problem = plating_problem(
        cells,
        geometry=Geometry(rough(6.0 * H, 0.5 * H, (cells[0] * H, 1.0, 1.0))),
        interface=Interface(H, curvature="allen_cahn", mobility=mobility),
    )
    solver = PlatingSolver(problem)
    before = np.ptp(solver.measures.column_heights(solver.xi)[0])
    solver.set_control(Control("current", 0.0))
    advance(solver, seconds)
    after = np.ptp(solver.measures.column_heights(solver.xi)[0])
    decay = 1.0 - np.exp(-mobility * (np.pi / (cells[0] * H)) ** 2 * seconds)
    assert 1.0 - after / before == pytest.approx(decay, rel=0.1)
    lost = solver.ledger.metal_start - solver.ledger.metal
    assert solver.ledger.curved_away == pytest.approx(lost, rel=1e-9, abs=1e-12 * solver.ledger.metal)


# ---------------------------------------------------------------- every option acts

PLANE = (10, 1, 30)


def island_problem(**changes):
    """A film with a bump beside a pillar, a ball that floats above."""
    centre = (5.0 * H, 0.0, 15.0 * H)
    metal = union(rough(6.0 * H, 0.8 * H, (PLANE[0] * H, 1.0, 1.0)), ball(centre, 2.2 * H, planar=True))
    geometry = Geometry(metal, host_distance=host, **changes.pop("geometry", {}))
    return plating_problem(PLANE, geometry=geometry, **changes)


def host(x, y, z):
    return np.maximum(x - 1.6 * H, z - 9.0 * H) + 0.0 * y


def graded(x, y, z):
    return 1.5 - 5e4 * z + 0.0 * (x + y)


BASE = island_problem()
OPTIONS = {
    "domain.periodic": replace(BASE, domain=Domain(BASE.domain.size, BASE.domain.cells, periodic=True)),
    "electrolyte": replace(BASE, electrolyte=electrolyte.preset(CONCENTRATED)),
    "initial_concentration": replace(BASE, initial_concentration=800.0),
    "metal.surface_energy": replace(BASE, metal=replace(LITHIUM, surface_energy=5.0)),
    "metal.molar_volume": replace(BASE, metal=replace(LITHIUM, molar_volume=2.0 * LITHIUM.molar_volume)),
    "kinetics.exchange_current_density": island_problem(kinetics=Kinetics(20.0, SALT)),
    "kinetics.reference_concentration": island_problem(kinetics=Kinetics(30.0, 500.0)),
    "kinetics.alpha_a": island_problem(kinetics=Kinetics(30.0, SALT, alpha_a=0.7)),
    "kinetics.alpha_c": island_problem(kinetics=Kinetics(30.0, SALT, alpha_c=0.3)),
    "kinetics.film_resistance": island_problem(kinetics=Kinetics(30.0, SALT, film_resistance=1e-3)),
    "interface.width": island_problem(interface=Interface(1.3 * H)),
    "interface.curvature": island_problem(interface=Interface(H, curvature="allen_cahn")),
    "interface.mobility": island_problem(interface=Interface(H, mobility=1e-14)),
    "interface.mobility_factor": island_problem(interface=Interface(H, mobility_factor=3.0)),
    "interface.motion": island_problem(interface=Interface(H, motion="frozen")),
    "electrons.islands": island_problem(electrons=Electrons(islands="inactive")),
    "electrons.transport": island_problem(electrons=Electrons("ohmic"), geometry={"host_conductivity": 1e-3}),
    "counter.kind": island_problem(counter=CounterElectrode("reservoir")),
    "counter.kinetics": island_problem(counter=CounterElectrode("lithium", "butler_volmer")),
    "geometry.host_distance": replace(BASE, geometry=replace(BASE.geometry, host_distance=None)),
    "geometry.host_conducting": replace(BASE, geometry=replace(BASE.geometry, host_conducting=False)),
    "geometry.activity": island_problem(geometry={"activity": graded}),
    "numerics.newton_tolerance": island_problem(numerics=Numerics(newton_tolerance=1e-4)),
    "numerics.time_tolerance": island_problem(numerics=Numerics(time_tolerance=2e-4)),
    "numerics.front_motion": island_problem(numerics=Numerics(front_motion=1e-3)),
    "numerics.first_step": island_problem(numerics=Numerics(first_step=0.3)),
    "numerics.largest_step": island_problem(numerics=Numerics(largest_step=0.2)),
    "numerics.order": island_problem(numerics=Numerics(order=1)),
}


def fingerprint(problem):
    solver, reports = solver_under(problem, Control("current", CURRENT), 3.0)
    return gathered(solver, "xi"), gathered(solver, "c"), solver.voltage, len(reports)


@pytest.fixture(scope="module")
def base():
    return fingerprint(BASE)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_changes_the_result(name, base):
    changed = fingerprint(OPTIONS[name])
    assert any(not np.array_equal(a, b) for a, b in zip(changed, base, strict=True))


def test_a_conducting_host_that_reaches_the_collector_connects_what_touches_it(base):
    """A ball on the pillar is connected through a conducting host and an island on an inert one."""
    touching = union(flat(4.0 * H), ball((2.0 * H, 0.0, 10.0 * H), 2.0 * H, planar=True))
    labels = []
    for conducting in (True, False):
        geometry = Geometry(touching, host_distance=host, host_conducting=conducting)
        solver = PlatingSolver(plating_problem(PLANE, geometry=geometry))
        labels.append(len(solver.system.islands.cells))
    assert labels == [0, 1]


def test_cells_that_stripping_gives_back_cost_no_step():
    """Their potential is from the time they were buried; neither it nor a trend from it may be the next guess."""
    cells = (16, 1, 40)
    metal = union(flat(12.0 * H), ball((0.0, 0.5, 12.0 * H), 4.0 * H, planar=True))
    solver = PlatingSolver(plating_problem(cells, geometry=Geometry(metal)))
    rejected, heights = 0, [12.0 * H]
    for current, duration in ((40.0, 150.0), (0.0, 300.0), (-40.0, 300.0)):
        solver.set_control(Control("current", current, 0.5))
        reports = advance(solver, solver.time + duration)
        rejected += sum(report.rejected for report in reports)
        heights.append(reports[-1].measures["mean_height"])
    assert heights[-1] < heights[1] - 2.0 * H
    assert rejected == 0
    assert np.abs(solver.state.P).max() < 10.0


def test_a_film_stripped_to_nothing_leaves_the_electrolyte_without_metal():
    """The surface is bare: the next plating starts at the collector, from what little is left there."""
    solver = PlatingSolver(plating_problem((8, 1, 30), geometry=Geometry(rough(3.0 * H, 0.4 * H, (8.0 * H, 1.0, 1.0)))))
    solver.set_control(Control("current", -60.0, 0.5))
    last = None
    while last is None or not last.exhausted:
        last = solver.step(1e4)
    bare = gathered(solver, "xi")[:, 0, :]
    assert np.abs(bare).max() < 0.05
    solver.set_control(Control("current", 5.0, 0.5))
    advance(solver, solver.time + 60.0)
    xi = gathered(solver, "xi")[:, 0, :]
    gained = xi - bare
    assert gained[:6].sum() > 0.999 * gained.sum() > 0.0
    assert np.abs(gained[6:]).max() < 1e-4
    assert xi.min() > -5e-3


@pytest.mark.parametrize(("current", "limit", "end"), [(6000.0, 0.5, 16.0), (6000.0, 1.0, 18.0), (3000.0, 3.0, 12.0)])
def test_metal_grows_at_the_surface_alone_under_a_high_voltage_limit(current, limit, end):
    """Ahead of the front xi falls all the way, about as its profile does: no metal appears in the electrolyte."""
    problem = plating_problem((1, 1, 30), (1.0, 1.0, 1e-6), electrolyte=electrolyte.preset(CONCENTRATED))
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", current, limit))
    advance(solver, end)
    xi = gathered(solver, "xi")[:, 0, 0]
    front = int(np.flatnonzero(xi > 0.5).max())
    assert 8 <= front <= 22
    assert np.all(np.diff(xi[front:]) < 0.0)
    assert xi[front + 6] < 5e-3


def test_heights_follow_the_profile():
    """The profile is linear in ln(xi/(1 - xi)): a front's height is exact wherever it lies between two cells."""
    for offset in (0.1, 0.37, 0.5, 0.81):
        solver = PlatingSolver(plating_problem((4, 1, 40), geometry=Geometry(flat((12.0 + offset) * H))))
        found = solver.measures.column_heights(solver.xi)
        assert found.max() == pytest.approx((12.0 + offset) * H, rel=1e-6)


def test_a_voltage_limit_never_adds_current(monkeypatch):
    """A solve for the current that fails for a reason of its own costs a shorter step, not half a volt of stripping."""
    from ramify.phasefield.plating.attempt import Attempt

    solver = PlatingSolver(plating_problem((1, 1, 40), numerics=Numerics(front_motion=1e3, time_tolerance=1e3)))
    solver.set_control(Control("current", -20.0, 0.5))
    solver.step(10.0)
    solve = Attempt._newton
    failures: list[object] = []

    def fail_once(self, target):
        if target.mode == "current" and not failures:
            failures.append(target)
            solve(self, target)
            return False
        return solve(self, target)

    monkeypatch.setattr(Attempt, "_newton", fail_once)
    report = solver.step(10.0)
    assert failures
    assert report.rejected == 1
    assert not report.limited
    assert report.current_density == pytest.approx(-20.0, rel=1e-9)
