"""Walls of voids in Li-Mg: what they sweep up, against sharp lines; metal that is cut off, and births."""

from dataclasses import replace

import numpy as np
import pytest
from alloy_metals import D_ALLOY, alloy_metal
from snow_plough import swept_slab
from void_metals import OMEGA, ball, uniform

from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels.vacancies import set_exchange_weight, set_metal
from ramify.phasefield.voids.alloy.metal import AlloyMetal, composition
from ramify.phasefield.voids.damping import Motion
from ramify.phasefield.voids.march import march, spread_current
from ramify.phasefield.voids.problem import VoidNucleation
from ramify.phasefield.voids.profile import REACH
from ramify.physics.constants import FARADAY


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


def test_the_wall_of_a_void_thinner_than_half_a_cell_is_the_metal_below_it():
    """No cell has its centre in such a void; where it opens, further along the contact, is not its wall."""
    n, h = 24, 0.5e-6
    top, radius, tip = n * h, 3e-6, 9e-6

    def void(x, y, z):
        depth = h * (0.2 + 0.3 * (tip - x) / tip)
        thin = np.maximum(x - tip, top - depth - z)
        return np.minimum(np.hypot(x, z - top) - radius, thin) + 0.0 * y

    metal = alloy_metal((n, 1, n), h, void)
    y = 0.1 + 0.5 * metal.grid.centres()[0] / top + metal.grid.zeros()
    metal.tail.set_geometry(metal.initial_state().xi)
    change = (metal.tail.at_wall(y) - y)[OWNED][:, 0, :]
    across_a_cell = 0.5 / n
    assert np.abs(change[-1, 8:18]).max() < 0.1 * across_a_cell
    # the wall of the open void, and the tip of the thin one, are one cell away
    assert change[-1, [6, 19]] == pytest.approx(-across_a_cell)
