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
from snow_plough import swept_slab
from void_metals import OMEGA, D, ball, cap_at_contact, uniform, void_metal

from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels.vacancies import set_exchange_weight, set_metal
from ramify.phasefield.voids.alloy.metal import AlloyMetal, composition
from ramify.phasefield.voids.damping import Motion
from ramify.phasefield.voids.march import march, spread_current
from ramify.phasefield.voids.problem import VoidNucleation
from ramify.phasefield.voids.profile import REACH
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


def swept(mobility, n, width=1.0):
    """A slab under a receding wall: y at the wall, in the slab and of the sharp solution there, and s."""
    depth, until = 4e-6, 3000.0
    h, v = 10e-6 / n, 2.0 * OMEGA / FARADAY

    def void(x, y, z):
        return np.abs(z - 4.5e-6) - 1.5e-6 + 0.0 * (x + y)

    metal = alloy_metal((1, 1, n), h, void, mobility=mobility, surface_energy=0.0, width=width)
    held = uniform(metal, -2.0)
    *_, (state, _) = march(metal, metal.initial_state(), until, lambda state: held, 20.0)
    places, *sharp = swept_slab(0.1, mobility, v * depth / D_ALLOY, until * D_ALLOY / depth**2)
    z = (np.arange(n) + 0.5) * h - 6e-6
    slab = z > v * until
    found = [a[OWNED][:, 0, 0][slab] for a in (composition(state), 1.0 + state.excess)]
    assert state.ledger.magnesium_worst < 1e-13
    return found, [np.interp(z[slab], places * depth, a) for a in sharp], sharp[0][0]


def test_a_wall_that_recedes_sweeps_up_magnesium():
    """Against sharp lines, equal mobilities: the layer that is swept up is thick."""
    (y, s), (sharp_y, sharp_s), wall = swept(1.0, 50)
    assert wall > 1.18 * 0.1
    assert y[0] == pytest.approx(wall, abs=1.5e-3)
    assert y == pytest.approx(sharp_y, abs=2e-3)
    assert s == pytest.approx(sharp_s, abs=0.02)


def test_a_thin_layer_is_smeared_over_the_surface_where_y_cannot_vary():
    """An error of first order in the width, whatever the cells."""
    errors = []
    for n, width in ((50, 1.0), (100, 1.0), (100, 2.0)):
        (y, _), (sharp, _), wall = swept(0.2, n, width)
        errors.append(wall - y[0])
        assert 0.0 < errors[-1] < 0.015
        inside = len(y) // 2
        assert y[inside:] == pytest.approx(sharp[inside:], abs=3e-3)
    assert errors[0] / errors[1] > 1.6
    assert errors[2] == pytest.approx(errors[0], rel=0.3)


@pytest.mark.parametrize("mobility", [0.0, 0.05])
def test_no_second_void_opens_behind_what_is_swept_up(mobility):
    """Beyond a layer of a cell s is many times that at the wall; the surface keeps its profile all the same."""
    n, h = 60, 10e-6 / 60

    def void(x, y, z):
        return np.abs(z - 4.5e-6) - 1.5e-6 + 0.0 * (x + y)

    metal = alloy_metal((1, 1, n), h, void, mobility=mobility, surface_energy=0.0)
    held = uniform(metal, -2.0)
    *_, (state, _) = march(metal, metal.initial_state(), 3000.0, lambda state: held, 20.0)
    xi, s = (a[OWNED][:, 0, 0] for a in (state.xi, state.excess))
    wall = xi[36:54]
    assert composition(state).max() > 0.23
    assert s.max() > 0.5
    assert np.all(np.diff(wall) > 0.0)
    inner = (wall > 0.05) & (wall < 0.95)
    slope = np.diff(np.log(wall[inner] / (1.0 - wall[inner])))
    assert slope == pytest.approx(1.0, abs=0.12)


def grown_evenly(waves, n=48):
    """A void that grows from 4 to 8 um by its exchange alone, in an alloy whose y has waves around it.

    Returns the mean of y at its wall at the end, how much of the wave is left there, and magnesium lost, as shares.
    """
    h = 12e-6 / n
    metal = alloy_metal((n, 1, n), h, ball(4e-6, (0.0, 0.0, 0.0), True))
    vacancies, xi = metal.vacancies, metal.initial_state().xi
    x, _, z = metal.grid.centres()
    angle = np.arctan2(z, x) + np.zeros_like(xi)
    y = 0.1 + 0.05 * np.cos(waves * angle)
    metal.tail.set_geometry(xi)
    metal.tail.settle(y)
    start, rate, steps, velocity = float((xi * y)[OWNED].sum()), np.zeros_like(xi), 4 * n // 3, -1e-9
    for _ in range(steps):
        set_metal(xi, h, vacancies.active, vacancies.metal, vacancies.weight)
        set_exchange_weight(xi, vacancies.weight, vacancies.profile.strength, REACH, rate)
        vacancies.set_composition(y, metal.tail.at_wall(y))
        vacancies.set_geometry(xi)
        speed = np.where(vacancies.weight > 0.0, velocity, 0.0)
        vacancies.extend(speed)
        xi, y = metal._moved(xi, y, Motion(velocity * rate, speed), -velocity, 4e-6 / steps / -velocity)
    wall = (xi[OWNED] > 0.3) & (xi[OWNED] < 0.7)
    at, around = y[OWNED][wall], angle[OWNED][wall]
    left = 2.0 * float(np.mean((at - at.mean()) * np.cos(waves * around))) / float(at.mean()) / 0.5
    return float(at.mean()), left, float((xi * y)[OWNED].sum()) / start - 1.0


def test_magnesium_is_not_smeared_along_a_wall_askew_to_the_grid():
    mean, left, lost = grown_evenly(4)
    assert mean > 0.3
    assert left > 0.75
    assert abs(lost) < 1e-12


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


def test_metal_that_is_cut_off_rests_and_keeps_its_magnesium():
    """A slab above a void loses lattice to its sinks, and nothing can move in; what lies below is as ever."""
    n, h = 40, 0.25e-6

    def void(x, y, z):
        return np.abs(z - 4.5e-6) - 1.5e-6 + 0.0 * (x + y)

    metal = alloy_metal((1, 1, n), h, void, mobility=0.2, sink_length=2e-6)
    state, held = metal.initial_state(), uniform(metal, -2.0)
    slab = np.arange(n) * h > 4.5e-6
    before = (state.xi * composition(state))[OWNED][:, 0, 0][slab].sum()
    for _ in range(4):
        state = metal.advance(state, 100.0, held).result
    after = (state.xi * composition(state))[OWNED][:, 0, 0][slab].sum()
    assert state.ledger.annihilated > 0.1 * state.ledger.stripped
    # a little diffuses along the tails, that never end
    assert after == pytest.approx(before, rel=1e-4)
    assert abs(state.ledger.magnesium_entered) < 1e-3 * state.ledger.annihilated
    assert max(state.ledger.worst_step, state.ledger.magnesium_worst) < 1e-12


def test_voids_that_are_born_take_alloy_as_it_is():
    """The magnesium that a birth displaces is booked as gone, and the alloy around stays even."""
    n, h = 32, 0.25e-6
    bare = alloy_metal((n, 1, n), h)
    sites = VoidNucleation(np.array([[0.5 * n * h, 0.0, n * h]]), "threshold", threshold=1.05)
    metal = AlloyMetal(bare.grid, replace(bare.problem, nucleation=sites))
    start = metal.initial_state()
    born = metal.advance(start, 1e-3, uniform(metal, -1.0))
    ledger = born.ledger
    assert ledger.placed > 0.0
    assert ledger.magnesium_entered == pytest.approx(-0.1 * ledger.placed, rel=1e-6)
    assert ledger.magnesium_worst < 1e-14
    assert composition(born.result)[OWNED] == pytest.approx(0.1, abs=1e-6)
    later = metal.advance(born.result, 20.0, spread_current(metal, born.result, -1.0))
    assert later.ledger.condensed > 0.0 and later.ledger.magnesium_worst < 1e-13
