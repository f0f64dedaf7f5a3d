"""Vacancies and voids in a metal: what can be solved by hand, conservation, order in time, restart."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import k0, k1
from void_metals import GAMMA, OMEGA, D, T, ball, cap_at_contact, uniform, void_metal

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED
from ramify.phasefield.voids.march import march, spread_current
from ramify.phasefield.voids.metal import VoidMetal
from ramify.phasefield.voids.problem import MOBILITY_FACTOR, VoidNucleation
from ramify.physics import contact_loss
from ramify.physics.classical_nucleation import barrier
from ramify.physics.constants import BOLTZMANN, FARADAY
from ramify.physics.interface import equilibrium_profile
from ramify.physics.surface_diffusion import ripple_decay_rate
from ramify.physics.vacancies import capillary_length, driving_overpotential, ripple_decay_by_bulk

SCRIPT = Path(__file__).with_name("parallel_voids.py")
H = 20e-6
LENGTH = capillary_length(GAMMA, OMEGA, T)


def total_rate(metal, exchange):
    """Metal volume gained per time [m^3/s]."""
    return float(np.sum(exchange.rate[OWNED])) * metal.problem.domain.cell_volume


@pytest.mark.parametrize("sinks", [math.inf, 5e-6])
@pytest.mark.parametrize("back", ["sink", "blocked"])
@pytest.mark.parametrize("current", [-1.0, 0.5])
def test_vacancies_across_a_slab(sinks, back, current):
    """s - 1 = |i| Omega L/(F D), L = H, L_s tanh(H/L_s) or L_s coth(H/L_s); below one on plating."""
    length = contact_loss.effective_length(H, sinks, back == "sink")
    metal = void_metal((1, 1, 80), H / 80, sink_length=sinks, back=back)
    state, i = metal.initial_state(), uniform(metal, current)
    if math.isinf(length):
        with pytest.raises(SolverFailure, match="nowhere to go"):
            metal.solve(state, i)
        return
    found = metal.solve(state, i)
    surface = contact_loss.supersaturation(-current, D, length, OMEGA)
    z = (np.arange(80) + 0.5) * H / 80
    exact = contact_loss.supersaturation_profile(z, surface, H, sinks, back == "sink")
    assert found.excess[1:-1, 1, 1] == pytest.approx(exact - 1.0, abs=2e-4 * abs(surface - 1.0))
    assert metal.vacancies.at_contact(found.excess, state.xi, i) - 1.0 == pytest.approx(surface - 1.0, rel=5e-4)
    assert found.fluxes.injected == pytest.approx(-current / FARADAY)
    if not math.isinf(sinks):
        left = 1.0 / math.cosh(H / sinks) if back == "sink" else 0.0
        assert found.fluxes.left == pytest.approx(left * found.fluxes.injected, rel=1e-3, abs=1e-20)


@pytest.mark.parametrize(
    ("planar", "rate", "n", "within"),
    [(True, math.inf, 32, 0.01), (True, 2e-8, 64, 0.015), (False, math.inf, 32, 0.01)],
)
def test_a_void_amid_sinks_shrinks_as_it_should(planar, rate, n, within):
    """A quarter of a tunnel, an eighth of a ball in the corner of a box, 12 or 24 cells to the radius.

    Around it s - 1 falls like K0(r/L_s) or exp(-r/L_s)/r; an exchange of finite rate k is a resistance in series.
    """
    radius, sinks = 3e-6, 2e-6
    h = 8e-6 / n
    cells, void = (n, 1 if planar else n, n), cap_at_contact(n, h, radius, planar)
    metal = void_metal(cells, h, void, sink_length=sinks, exchange_rate=rate)
    found = metal.solve(metal.initial_state(), uniform(metal, 0.0))
    excess = math.expm1((1.0 if planar else 2.0) * LENGTH / radius)
    slope = k1(radius / sinks) / (k0(radius / sinks) * sinks) if planar else 1.0 / radius + 1.0 / sinks
    exact = excess / (1.0 / (D * slope) + 1.0 / rate)
    area = 0.5 * math.pi * (radius if planar else radius**2)
    assert total_rate(metal, found) / area == pytest.approx(exact, rel=within)
    assert found.velocity == pytest.approx(exact, rel=0.4)


def ripple(per_wavelength, back="sink"):
    """Decay rate of a ripple over Mullins', from the vacancies of the first instant."""
    wavelength, n = 10e-6, per_wavelength
    h, k, depth = wavelength / n, 2.0 * math.pi / wavelength, n // 2
    level, a = (depth + 0.3) * h, 0.1 * h
    metal = void_metal((n // 2, 1, depth + 14), h, lambda x, y, z: level + a * np.cos(k * x) - z + 0.0 * y, back=back)
    found = metal.solve(metal.initial_state(), uniform(metal, 0.0))
    x = (np.arange(n // 2) + 0.5) * h
    change = 2.0 * np.mean(found.rate[1:-1, 1, 1:-1].sum(axis=0) * h * np.cos(k * x))
    return change / a / ripple_decay_by_bulk(k, D, LENGTH, level, back == "sink")


def test_ripples_decay_at_the_rate_of_mullins():
    """-D Gamma k^3 coth(k depth) on a sink; the error is of second order in k l."""
    errors = [abs(1.0 - ripple(n)) for n in (16, 32)]
    assert errors[1] < 0.01
    assert errors[0] / errors[1] > 3.5


def test_closed_metal_only_moves_its_vacancies_along():
    assert ripple(32, "blocked") == pytest.approx(1.0, abs=0.01)


def test_capillarity_does_not_limit_the_step():
    """Steps of twenty decay times of the finest ripple: as right as short ones to second order, and without noise."""
    n, wavelength = 32, 10e-6
    h, k = wavelength / n, 2.0 * math.pi / wavelength
    level = (n // 2 + 0.3) * h

    def shape(x, y, z):
        return level + 0.3e-6 * np.cos(k * x) - z + 0.0 * y

    metal = void_metal((n // 2, 1, n // 2 + 14), h, shape)
    none, until = uniform(metal, 0.0), 0.4 / -ripple_decay_by_bulk(k, D, LENGTH, level)
    x = (np.arange(n // 2) + 0.5) * h
    ends = []
    for steps in (8, 32, 64, 256):
        state = metal.initial_state()
        for _ in range(steps):
            state = metal.advance(state, until / steps, none).result
        columns = state.xi[1:-1, 1, 1:-1].sum(axis=0)
        ends.append(2.0 * float(np.mean(columns * np.cos(k * x))))
        ripples = columns - columns.mean() - ends[-1] * np.cos(k * x)
        assert np.abs(ripples).max() < 0.01 * ends[-1]
        assert state.ledger.worst_step < 1e-12
    assert metal.damping.decay * until / 8 > 15.0
    assert ends[0] == pytest.approx(ends[3], rel=0.005)
    assert abs(ends[1] - ends[3]) > 2.8 * abs(ends[2] - ends[3])


@pytest.mark.parametrize(("diffusivity", "surface"), [(1e-24, 1e-22), (1.6e-14, 2.5e-20)])
def test_ripples_decay_along_the_surface_too(diffusivity, surface):
    """Mullins' k^4 alone, and half of the decay with k^3 through the bulk the other half; void volume stays."""
    n, wavelength = 24, 10e-6
    h, k = wavelength / n, 2.0 * math.pi / wavelength
    level = (n // 2 + 0.3) * h

    def shape(x, y, z):
        return level + 0.1e-6 * np.cos(k * x) - z + 0.0 * y

    metal = void_metal((n // 2, 1, n // 2 + 14), h, shape, diffusivity=diffusivity, surface_transport=surface)
    rate = ripple_decay_by_bulk(k, diffusivity, LENGTH, level) - ripple_decay_rate(surface * LENGTH, k)
    none, state = uniform(metal, 0.0), metal.initial_state()
    *_, (last, _) = march(metal, state, -0.3 / rate, lambda state: none, -0.1 / rate)
    x = (np.arange(n // 2) + 0.5) * h
    before, after = (np.mean(s.xi[1:-1, 1, 1:-1].sum(axis=0) * np.cos(k * x)) for s in (state, last))
    assert math.log(after / before) == pytest.approx(-0.3, rel=0.03)
    assert last.ledger.worst_step < 1e-9


def grown(steps, until=600.0, **changes):
    """A void at the contact under a stripping current, in equal steps: metal, states."""
    n, h = 24, 0.4e-6
    metal = void_metal((n, 1, n), h, cap_at_contact(n, h, 2.5e-6), **({"sink_length": 8e-6} | changes))
    states = [metal.initial_state()]
    for _ in range(steps):
        current = spread_current(metal, states[0], -1.0)
        states.append(metal.advance(states[-1], until / steps, current * metal_share(metal, states)).result)
    return metal, states


def metal_share(metal, states):
    """What is left of the first state's contact, cell by cell, with the same total."""
    first, now = metal.contact_fraction(states[0]), metal.contact_fraction(states[-1])
    share = np.where(first > 0.0, now / np.where(first > 0.0, first, 1.0), 0.0)
    return share * first.sum() / (share * first).sum()


def test_the_lithium_that_leaves_is_void_gained_and_lattice_annihilated():
    metal, states = grown(12)
    for before, after in itertools.pairwise(states):
        a, b = before.ledger, after.ledger
        gained = (metal.void_volume(after) - metal.void_volume(before)) / OMEGA
        stripped = 50.0 * metal.problem.domain.cross_section / FARADAY
        assert b.stripped - a.stripped == pytest.approx(stripped, rel=1e-12)
        assert gained + b.annihilated - a.annihilated + b.left - a.left == pytest.approx(stripped, rel=1e-10)
    last = states[-1].ledger
    assert last.worst_step < 1e-12
    assert min(last.condensed, last.annihilated, last.left) > 0.02 * last.stripped
    thickness = last.receded(OMEGA, metal.problem.domain.cross_section)
    grew = (metal.void_volume(states[-1]) - metal.void_volume(states[0])) / metal.problem.domain.cross_section
    assert thickness + grew == pytest.approx(600.0 * OMEGA / FARADAY, rel=1e-10)


def test_plating_fills_the_voids_again():
    n, h = 24, 0.4e-6
    metal = void_metal((n, 1, n), h, cap_at_contact(n, h, 2.5e-6))
    state = metal.initial_state()
    step = metal.advance(state, 60.0, spread_current(metal, state, 1.0))
    assert step.ledger.condensed < -0.3 * abs(step.ledger.stripped)
    assert metal.void_volume(step.result) < metal.void_volume(state)


def test_second_order_in_time():
    finals = [grown(steps)[1][-1].xi[OWNED] for steps in (6, 12, 24)]
    first, second = (np.abs(b - a).max() for a, b in itertools.pairwise(finals))
    assert math.log2(first / second) > 1.7


def test_a_step_that_is_thrown_away_leaves_no_trace():
    metal, states = grown(2)
    state, current = states[-1], spread_current(metal, states[-1], -1.0)
    kept = (state.xi.copy(), state.excess.copy())
    one = metal.advance(state, 30.0, current).result
    metal.advance(state, 400.0, current)
    two = metal.advance(state, 30.0, current).result
    assert np.array_equal(state.xi, kept[0]) and np.array_equal(state.excess, kept[1])
    assert np.array_equal(one.xi, two.xi) and np.array_equal(one.excess, two.excess) and one.ledger == two.ledger


def test_a_guess_that_is_far_off_is_found_back_from():
    """Where a large current stops, the vacancies of before are 1e5 times what capillarity holds."""
    metal, states = grown(1)
    state, none = states[-1], uniform(metal, 0.0)
    found = metal.solve(state, none)
    far = metal.solve(replace(state, excess=1e5 * found.excess), none)
    assert far.excess == pytest.approx(found.excess, abs=1e-6 * np.abs(found.excess).max())


def test_a_restart_goes_on_bit_by_bit():
    metal, states = grown(3)
    other, _ = grown(0)
    loaded = other.load(metal.save(states[-1]))
    current = spread_current(metal, states[-1], -1.0)
    on, again = metal.advance(states[-1], 40.0, current).result, other.advance(loaded, 40.0, current).result
    assert np.array_equal(on.xi[OWNED], again.xi[OWNED]) and on.ledger == again.ledger


def test_steps_follow_the_surface_and_meet_the_end():
    n, h = 24, 0.4e-6
    metal = void_metal((n, 1, n), h, cap_at_contact(n, h, 2.5e-6))
    steps = list(march(metal, metal.initial_state(), 900.0, lambda s: spread_current(metal, s, -1.0), 1.0))
    assert steps[-1][0].time == 900.0
    assert len(steps) < 40
    assert all(tried.motion < 0.42 for _, tried in steps)
    assert metal.void_volume(steps[-1][0]) > 1.1 * metal.void_volume(metal.initial_state())


def test_two_voids_that_grow_into_each_other_become_one():
    n, h = 32, 0.4e-6
    left, right = (ball(2.0e-6, (x, 0.0, n * h), True) for x in (4.0e-6, 9.6e-6))
    metal = void_metal((n, 1, n), h, lambda x, y, z: np.minimum(left(x, y, z), right(x, y, z)))
    state = metal.initial_state()
    middle = 17
    assert metal.contact_fraction(state)[0, middle] > 0.8
    *_, (state, _) = march(metal, state, 3400.0, lambda s: spread_current(metal, s, -1.0), 20.0)
    assert metal.contact_fraction(state)[0, middle] < 0.1
    assert state.ledger.worst_step < 1e-12


def test_two_ranks_find_what_one_finds(mpiexec):
    one, two = (json.loads(mpiexec(n, SCRIPT).stdout) for n in (1, 2))
    assert two["ranks"] == 2
    assert max(one["worst"], two["worst"]) < 1e-12
    for name, value in one["numbers"].items():
        assert two["numbers"][name] == pytest.approx(value, rel=1e-8), name


def sown(law, places, **changes):
    """A square of metal with sites at fractions (x, z) of its edge."""
    n, h = 32, 0.25e-6
    bare = void_metal((n, 1, n), h)
    positions = np.array([[x * n * h, 0.0, z * n * h] for x, z in places])
    nucleation = VoidNucleation(positions, law, **changes)
    return VoidMetal(bare.grid, replace(bare.problem, nucleation=nucleation))


def test_voids_are_born_where_the_threshold_is_passed_and_grow():
    """s rises linearly from one at the back to 1.067 at the contact: one site on it and one below pass 1.05."""
    metal = sown("threshold", [(0.2, 1.0), (0.7, 0.9), (0.5, 0.5)], threshold=1.05)
    start = metal.initial_state()
    step = metal.advance(start, 1.0, uniform(metal, -1.0))
    born = step.result
    assert born.sites is not None and born.sites.status.tolist() == [1, 1, 0]
    assert born.xi[-2, 1, 7] < 0.1 and born.xi[29, 1, 23] < 0.1 and born.xi[17, 1, 17] > 0.999
    placed = (metal.void_volume(born) - metal.void_volume(start)) / OMEGA
    assert step.ledger.placed == pytest.approx(placed, rel=1e-12)
    assert born.ledger.receded(OMEGA, metal.problem.domain.cross_section) < 0.0
    grown_on = metal.advance(born, 50.0, spread_current(metal, born, -1.0))
    assert grown_on.ledger.condensed > 0.5 * grown_on.ledger.stripped
    quiet = sown("threshold", [(0.2, 1.0)], threshold=1.07)
    assert quiet.advance(quiet.initial_state(), 1.0, uniform(quiet, -1.0)).ledger.placed == 0.0


def test_classical_births_follow_the_hazard_in_steps_of_any_length():
    """At a held s the share of sites without a void is exp(-A t), and which ones does not depend on the steps."""
    count, s = 2000, 1.4
    places = [(x, 1.0) for x in np.linspace(0.0, 0.999, count)]
    rate = 1e-3
    height = barrier(driving_overpotential(s, T), GAMMA, OMEGA, 0.02)
    metal = sown("classical", places, rate=rate * math.exp(height / (BOLTZMANN * T)), contact_angle=0.02, seed=5)
    law = metal.nucleation
    assert law is not None
    xi, shape = metal.initial_state().xi, metal.grid.shape[1:]
    dense = np.ones_like(xi)
    outcomes = []
    for steps in (1, 7):
        sites = law.begin(xi)
        for _ in range(steps):
            sites, _, wait = law.advance(sites, dense * s, np.full(shape, s), dense, 700.0 / steps)
        assert 0.05 * 700.0 / steps <= wait
        outcomes.append(sites.status)
    assert np.array_equal(*outcomes)
    assert np.mean(outcomes[0] == 0) == pytest.approx(math.exp(-0.7), abs=0.03)


def test_a_void_that_has_shrunk_out_of_sight_is_filled_and_booked():
    n, h = 24, 0.2e-6
    metal = void_metal((n, 1, n), h, cap_at_contact(n, h, 5.0 * h))
    state, none = metal.initial_state(), uniform(metal, 0.0)
    volume = metal.void_volume(state)
    states = march(metal, state, 1e5, lambda state: none, 5.0)
    state, tried = next((state, tried) for state, tried in states if tried.ledger.placed != 0.0)
    assert metal.void_volume(state) < 1e-3 * volume
    assert -0.6 * volume < tried.ledger.placed * OMEGA < 0.0
    whole = state.ledger.condensed + state.ledger.placed
    assert whole * OMEGA == pytest.approx(metal.void_volume(state) - volume, rel=1e-10)


@pytest.mark.parametrize("degrees", [60.0, 90.0, 120.0])
def test_a_void_at_rest_takes_on_the_contact_angle(degrees):
    """Vacancies alone turn half a tunnel into the arc of its volume whose angle through the metal is asked for."""
    n, h, angle = 18, 0.3e-6, math.radians(degrees)
    void = cap_at_contact(n, h, 1.8e-6)
    metal = void_metal((n, 1, n), h, void, width=0.8, back="blocked", contact_angle=angle)
    none, state = uniform(metal, 0.0), metal.initial_state()
    *_, (state, _) = march(metal, state, 8e4, lambda state: none, 50.0)
    reach = h * float(np.sum(1.0 - metal.contact_fraction(state)))
    inside = math.pi - angle
    area = metal.void_volume(state) - math.pi**3 / 12.0 * (0.8 * h) ** 2
    exact = math.sin(inside) * math.sqrt(2.0 * area / (inside - math.sin(inside) * math.cos(inside)))
    assert reach == pytest.approx(exact, rel=0.06)
    assert state.ledger.worst_step < 1e-8


@pytest.mark.parametrize(("cells", "left"), [(16, 0.06), (8, 0.2)])
def test_regularisation_leaves_ripples_to_the_physics(cells, left):
    """Normals averaged from the cells alone flatten a ripple by b k^4 h^2/4, as if atoms ran along the surface."""
    b, h, k = 1e-13, 1e-6, 2.0 * math.pi / (cells * 1e-6)
    time = 8.0 * h**2 / b
    flattened = math.log(rippled(cells, b, 0.0) / rippled(cells, b, time))
    assert 0.0 < flattened < left * b * k**4 * h**2 / 4.0 * time


def test_regularisation_flattens_a_ripple_of_two_cells():
    assert rippled(2, 1e-13, 80.0) < 0.05 * rippled(2, 1e-13, 0.0)  # what is left is in the tails


def rippled(cells, b, time):
    """Amplitude of a wall's ripple after `time` of regularisation alone, edge and width of 1 um."""
    metal = void_metal((24, 1, 16), 1e-6, back="blocked")
    x, _, z = metal.grid.centres()
    wave = np.cos(2.0 * math.pi / cells * (1e6 * z - 0.5))
    xi = metal.grid.zeros()
    xi[:] = equilibrium_profile(12e-6 + 0.1e-6 * wave - x, 1e-6)
    metal.front.extend_into_host(xi)
    metal.front.hold(xi, time, b / (MOBILITY_FACTOR * 1e-6))
    rows, wave = xi[OWNED][:, 0].sum(axis=1), np.cos(2.0 * math.pi / cells * np.arange(16))
    return abs(float(np.mean((rows - rows.mean()) * wave)))


def test_flux_into_an_upright_wall_beside_an_injecting_contact():
    """Fourier's series of a box of metal whose wall holds s = 1: the flux rises as ln(1/r) towards the rim.

    The diffuse wall takes all of it; what it takes more than a given way from the rim is of second order in the width.
    """
    size, depth, wrong = 6e-6, 1e-6, []
    k = (np.arange(20000) + 0.5) * math.pi / size
    # the share of what enters that the wall takes below the depth
    falls = np.exp(-k * depth) * (1.0 - np.exp(-2.0 * k * (size - depth))) / (1.0 - np.exp(-2.0 * k * size))
    exact = float(np.sum(2.0 / (size * k) ** 2 * falls))
    for cells in (12, 24, 48):
        h = size / cells
        metal = void_metal((cells + cells // 2, 1, cells), h, back="blocked")
        x, _, _ = metal.grid.centres()
        xi = metal.grid.zeros()
        xi[:] = equilibrium_profile(0.5 * size - x, h)
        state = replace(metal.initial_state(), xi=xi)
        touched = np.where(x[:, :, 1:-1][0] > 0.5 * size, -1.0, 0.0)
        found = metal.solve(state, np.broadcast_to(touched, metal.grid.shape[1:]).copy())
        rows = found.rate[OWNED][:, 0].sum(axis=1)
        assert found.fluxes.condensed == pytest.approx(found.fluxes.injected, rel=1e-12)
        wrong.append(rows[: cells - round(depth / h)].sum() / rows.sum() - exact)
    assert 0.0 < wrong[2] < 1.2e-3
    assert wrong[0] > 3.0 * wrong[1] > 9.0 * wrong[2]
