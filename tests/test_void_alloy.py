"""Li-Mg in the metal with voids: limits that can be solved by hand or otherwise, order, books, restart, ranks."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alloy_metals import D_ALLOY, alloy_metal
from electrodes import FAST, VOLUME, alloy, depleted
from void_metals import OMEGA, D, cap_at_contact, uniform, void_metal

from ramify.phasefield.engine import Control, SolverFailure
from ramify.phasefield.grid import OWNED
from ramify.phasefield.problem import Kinetics
from ramify.phasefield.voids.alloy.metal import composition
from ramify.phasefield.voids.cell import VoidProblem
from ramify.phasefield.voids.contact import Depleted
from ramify.phasefield.voids.contact_problem import ContactProblem, SolidElectrolyte
from ramify.phasefield.voids.damping import Motion
from ramify.phasefield.voids.engine import VoidEngine
from ramify.phasefield.voids.march import spread_current
from ramify.physics import alloy_limits
from ramify.physics.constants import FARADAY

SCRIPT = Path(__file__).with_name("parallel_void_alloy.py")


def contact_magnesium(metal, state, current):
    """Y on the only face of a contact."""
    beside = metal.contact_composition(state)
    return float(beside.magnesium[0, 0] - beside.rise[0, 0] * current)


def depletion_time(height, cells, mobility, current=-10.0):
    """When a dense planar metal with sinks on the spot has no lithium left at its contact [s]."""
    metal = alloy_metal((1, 1, cells), height / cells, mobility=mobility, sink_length=1e-8, molar_volume=VOLUME)
    state, held, step = metal.initial_state(), uniform(metal, current), 1.0
    before, now = (0.0, 0.1), (0.0, 0.1)
    while now[1] < 1.0 - 1e-3:
        tried = metal.advance(state, step, held)
        step = min(tried.limits.shortest, 2.0 * step, 300.0)
        if tried.good(metal.problem.numerics):
            state, before = tried.result, now
            now = (state.time, contact_magnesium(metal, state, current))
    rise = (now[1] - before[1]) / (now[0] - before[0])
    return before[0] + (1.0 - before[1]) / rise, metal, state


def test_without_magnesium_it_is_the_pure_metal():
    n, h = 20, 0.4e-6
    void = cap_at_contact(n, h, 2.5e-6)
    pure = void_metal((n, 1, n), h, void, sink_length=8e-6)
    none = alloy_metal((n, 1, n), h, void, sink_length=8e-6, magnesium=0.0, mobility=0.3, diffusivities=(D,))
    one, two = pure.initial_state(), none.initial_state()
    for _ in range(3):
        one = pure.advance(one, 60.0, spread_current(pure, one, -1.0)).result
        two = none.advance(two, 60.0, spread_current(none, two, -1.0)).result
    assert np.abs(one.xi - two.xi)[OWNED].max() < 1e-14
    assert np.abs(one.excess - two.excess)[OWNED].max() < 1e-13
    assert not composition(two).any()


@pytest.mark.parametrize("mobility", [0.0, 0.3])
def test_the_supersaturation_at_the_contact_is_that_of_the_state_that_is_read(mobility):
    """Before anything is solved, and whatever was solved last."""
    metal, v = alloy_metal((1, 1, 10), 1e-6, mobility=mobility), OMEGA * 2.0 / FARADAY
    start, held = metal.initial_state(), uniform(metal, -2.0)
    expected = 1.0 + 0.5e-6 * v / (D_ALLOY * (1.0 - (1.0 - mobility) * 0.1))
    assert metal.contact_supersaturation(start, held) == pytest.approx(expected, rel=1e-12)
    metal.advance(start, 60.0, held)
    assert metal.contact_supersaturation(start, held) == pytest.approx(expected, rel=1e-12)


def test_magnesium_at_rest_and_sinks_on_the_spot_are_the_lattice_frame():
    """The planar electrode of fixed magnesium per cell, from 10 at.% to an empty contact: error by the square of h."""
    engine, last = depleted(alloy(thickness=60e-6, cells=300, smallest=5e-8, contact=FAST))
    del engine
    found = [depletion_time(12e-6, n, 0.0)[0] for n in (12, 24, 48)]
    errors = [abs(time - last.time) / last.time for time in found]
    assert errors[2] < 2e-3
    assert errors[0] / errors[1] > 2.5


def test_equal_mobilities_and_sinks_on_the_spot_are_the_volume_frame():
    exact = alloy_limits.depletion_time_volume(D_ALLOY, 0.1, 10.0, VOLUME)
    coarse, fine = (depletion_time(40e-6, n, 1.0)[0] for n in (40, 80))
    assert fine == pytest.approx(exact, rel=0.02)
    assert (coarse - exact) / (fine - exact) > 2.7


@pytest.mark.parametrize("mobility", [0.0, 0.4])
def test_even_vacancies_fall_off_from_the_contact_and_magnesium_gathers_where_they_end(mobility):
    """s - 1 = v L/M cosh(z/L_s)/sinh(H/L_s)..., on a sink behind; dy/dt = y q before anything has moved."""
    n, height, sinks, current = 60, 12e-6, 3e-6, -0.5
    metal = alloy_metal((1, 1, n), height / n, mobility=mobility, sink_length=sinks)
    state, held = metal.initial_state(), uniform(metal, current)
    M, v = D_ALLOY * (0.9 + 0.1 * mobility), -current * OMEGA / FARADAY
    z = (np.arange(n) + 0.5) * height / n
    excess = v * sinks / M * np.sinh(z / sinks) / math.cosh(height / sinks)
    found = metal.solve(state, held)
    assert found.excess[1:-1, 1, 1] == pytest.approx(excess, abs=3e-4 * excess[-1])
    state = metal.advance(state, 5.0, held).result
    gained = (composition(state)[1:-1, 1, 1] / 0.1 - 1.0) / 5.0
    # magnesium that diffuses takes part in the wind of the vacancies, and in nothing else while y is even
    wind = mobility * D_ALLOY * excess / sinks**2
    gathers = M * excess / sinks**2 - wind
    assert gained[4:-4] == pytest.approx(gathers[4:-4], rel=0.02)
    assert state.ledger.annihilated * OMEGA == pytest.approx(5.0 * float((M * excess / sinks**2).sum()) * height / n,
                                                             rel=1e-3)  # fmt: skip


def held_slab(steps, mobility, cells=24):
    """Y of a dense slab after some equal steps."""
    metal = alloy_metal((1, 1, cells), 12e-6 / cells, sink_length=2e-6, mobility=mobility)
    state, held = metal.initial_state(), uniform(metal, -6.0)
    for _ in range(steps):
        state = metal.advance(state, 4000.0 / steps, held).result
    return composition(state)[OWNED][:, 0, 0]


@pytest.mark.parametrize("mobility", [0.0, 0.4])
def test_second_order_in_time(mobility):
    finals = [held_slab(steps, mobility) for steps in (8, 16, 32, 64)]
    differences = [np.abs(b - a).max() for a, b in itertools.pairwise(finals)]
    assert finals[-1].max() > 0.24
    assert all(math.log2(a / b) > 1.8 for a, b in itertools.pairwise(differences))


def test_second_order_in_space():
    finals = [held_slab(64, 0.4, cells) for cells in (24, 48, 96)]
    differences = [np.abs(b.reshape(-1, 2).mean(axis=1) - a).mean() for a, b in itertools.pairwise(finals)]
    assert math.log2(differences[0] / differences[1]) > 1.7


def with_void(steps=0, step=100.0, n=20, **changes):
    """A void at the contact of an alloy that is stripped: metal, states."""
    h = 0.4e-6
    metal = alloy_metal(
        (n, 1, n), h, cap_at_contact(n, h, 2.2e-6), **({"sink_length": 4e-6, "mobility": 0.2} | changes)
    )
    states = [metal.initial_state()]
    for _ in range(steps):
        states.append(metal.advance(states[-1], step, spread_current(metal, states[-1], -0.5)).result)
    return metal, states


@pytest.mark.parametrize("mobility", [0.0, 0.2, 1.0])
def test_lithium_and_magnesium_are_booked_to_round_off_while_a_void_grows(mobility):
    metal, states = with_void(10, step=200.0, mobility=mobility)
    first, last = states[0], states[-1]
    to_moles = metal.problem.domain.cell_volume / OMEGA
    magnesium = [float((s.xi * composition(s))[OWNED].sum()) * to_moles for s in (first, last)]
    assert metal.void_volume(last) > 1.05 * metal.void_volume(first)
    assert magnesium[1] - magnesium[0] == pytest.approx(last.ledger.magnesium_entered, abs=1e-12 * magnesium[0])
    # what the thinnest tails annihilate, is not made up for
    assert last.ledger.magnesium_entered == pytest.approx(0.1 * last.ledger.annihilated, rel=1e-3)
    sites = [float(s.xi[OWNED].sum()) * to_moles for s in (first, last)]
    lithium = (sites[1] - magnesium[1]) - (sites[0] - magnesium[0])
    came = last.ledger.annihilated + last.ledger.left - last.ledger.magnesium_entered
    stripped = 0.5 * 2000.0 * metal.problem.domain.cross_section / FARADAY
    assert came - lithium == pytest.approx(stripped, rel=1e-10)
    y = composition(last)[OWNED]
    assert y.min() > 0.0
    assert y.max() < 0.5
    beside = y[(last.xi[OWNED] > 0.3) & (last.xi[OWNED] < 0.7)]
    # magnesium that stays behind in the wall is what a mobile one diffuses away from
    assert beside.mean() > {0.0: 0.106, 0.2: 0.102, 1.0: 0.1}[mobility]


def test_an_even_alloy_stays_even_while_a_void_only_moves():
    """The regularisation alone, of a void that is out of shape, and a reaction that takes alloy as it is: none."""
    metal, (state,) = with_void(mobility=0.0)
    still = np.zeros_like(state.xi)
    metal.tail.set_geometry(state.xi)
    bent = state.xi.copy()
    bent[OWNED] = np.clip(bent[OWNED] * 1.3 - 0.15, 1e-9, 1.0 - 1e-9)
    metal.front.extend_into_host(bent)
    moved, y = metal._moved(bent, composition(state), Motion(still, still), 1e-9, 200.0)
    assert np.abs(moved - bent)[OWNED].max() > 0.02
    assert np.abs(y - 0.1)[OWNED].max() < 1e-14
    other = np.full_like(y, 0.3)
    moved, y = metal._moved(bent, other, Motion(still, still), 1e-9, 200.0)
    assert float((moved * y - bent * other)[OWNED].sum()) == pytest.approx(0.0, abs=1e-9)
    assert np.abs(y - 0.3)[OWNED].max() < 1e-6


def test_a_step_that_is_thrown_away_leaves_no_trace_and_a_restart_goes_on_bit_by_bit():
    metal, states = with_void(2)
    state = states[-1]
    kept = [a.copy() for a in (state.xi, state.excess, composition(state))]
    current = spread_current(metal, state, -0.5)
    loaded = with_void()[0].load(metal.save(state))
    one = metal.advance(state, 60.0, current).result
    metal.advance(state, 900.0, current)
    again = metal.advance(state, 60.0, current).result
    assert all(np.array_equal(a, b) for a, b in zip(kept, (state.xi, state.excess, composition(state)), strict=True))
    other = with_void()[0]
    on = other.advance(loaded, 60.0, current).result
    for same in (again, on):
        assert np.array_equal(one.xi[OWNED], same.xi[OWNED])
        assert np.array_equal(composition(one)[OWNED], composition(same)[OWNED])
    assert one.ledger == again.ledger == on.ledger


def test_the_tolerance_of_the_composition_sets_the_step():
    metal, (state,) = with_void()
    loose = metal.advance(state, 100.0, spread_current(metal, state, -0.5))
    metal.problem = replace(metal.problem, numerics=replace(metal.problem.numerics, composition_tolerance=1e-5))
    tight = metal.advance(state, 100.0, spread_current(metal, state, -0.5))
    assert tight.limits.error < 0.5 * loose.limits.error
    assert loose.good(metal.problem.numerics) and not tight.good(metal.problem.numerics)


def test_surface_transport_of_an_alloy_is_refused():
    with pytest.raises(ValueError, match="no surface transport"):
        alloy_metal((8, 1, 8), 1e-6, surface_transport=1e-20)


def test_two_ranks_find_what_one_finds(mpiexec):
    one, two = (json.loads(mpiexec(n, SCRIPT).stdout) for n in (1, 2))
    assert two["ranks"] == 2
    assert max(one["worst"], two["worst"]) < 1e-12
    for name, value in one["numbers"].items():
        assert two["numbers"][name] == pytest.approx(value, rel=1e-8), name


@pytest.mark.parametrize("share", [1e-12, 0.95])
def test_a_contact_that_runs_empty_at_once_hands_over_to_the_voltage_limit(share, monkeypatch):
    """However short a step, or however often tried, diffusion brings too little after it: the limit holds."""
    metal = alloy_metal((1, 1, 12), 1e-6, sink_length=2e-6, mobility=0.2)
    electrolyte = SolidElectrolyte(((1e-4, 0.1),), 298.15)
    contact = ContactProblem(electrolyte, Kinetics(130.0, 1.0), interaction=(0.0,))
    engine = VoidEngine(VoidProblem(metal.problem, contact, 1))
    attempt = engine._attempt

    def empty(flow, step):
        if not engine._limited:
            raise Depleted(4.0)
        return attempt(flow, step)

    monkeypatch.setattr(engine, "_attempt", empty)
    monkeypatch.setattr(engine, "_way_to_edge", lambda flow, limit: share)
    engine.set_control(Control("current", -5.0, 0.01))
    report = engine.step(10.0)
    assert report.limited and report.voltage == 0.01
    assert report.current_density < 0.0
    engine.set_control(Control("current", -5.0))
    with pytest.raises(SolverFailure, match="the contact is empty"):
        engine.step(20.0)
