"""Contact of an alloy: lithium's activity on the faces in Newton's method, against closed forms and the laws."""

import math

import numpy as np
import pytest

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.contact import Contact, Depleted
from ramify.phasefield.voids.contact_problem import ContactComposition, ContactProblem, SolidElectrolyte
from ramify.physics import alloy_data
from ramify.physics.alloy import activity, contact_current
from ramify.physics.alloy_contact import face_current, face_currents
from ramify.physics.constants import FARADAY, GAS_CONSTANT

T = 300.0
f = FARADAY / (GAS_CONSTANT * T)
BETA = tuple(L / (GAS_CONSTANT * T) for L in alloy_data.ACTIVITY["Li-Mg beta"].interaction(T))
IDEAL = (0.0,)
KINETICS = Kinetics(20.0, 1.0, 0.4, 0.6, 1e-3)
THICKNESS, KAPPA = 8e-6, 0.1
RESISTANCE = THICKNESS / KAPPA


def contact(interaction=BETA, kinetics=KINETICS, counter=None, shape=(6, 5)):
    domain = Domain((1e-5, 1e-5, 1e-6), (*shape, 1))
    problem = ContactProblem(SolidElectrolyte(((THICKNESS, KAPPA),), T), kinetics, counter, interaction=interaction)
    return Contact(domain, problem)


def composition(magnesium, rise=0.0, shape=(5, 6)):
    return ContactComposition(np.full(shape, magnesium, float), np.full(shape, rise, float))


# ---------------------------------------------------------------------- one face


@pytest.mark.parametrize("interaction", [BETA, IDEAL])
@pytest.mark.parametrize("resistance", [0.0, 2e-3])
@pytest.mark.parametrize("rise", [0.0, 1e-6, 1e-2])
def test_the_face_obeys_its_law_and_its_slope_is_the_derivative(interaction, resistance, rise):
    table, law = np.array(interaction), (30.0, 0.4, 0.6, f)
    for potential in (-0.4, -0.05, -1e-6, 0.004, 0.02, 0.1, 0.5, 1.2):
        for y in (0.02, 0.1, 0.6, 0.97):
            current, slope, face, lithium = face_current(potential, y, rise, resistance, table, law)
            assert face == pytest.approx(min(max(y - rise * current, 0.0), 1.0), abs=1e-15)
            assert lithium == activity(face, table)
            inner = potential + resistance * current
            parts = 30.0 * (math.exp(-0.6 * f * inner) + lithium * math.exp(0.4 * f * inner))
            # beside an empty face its composition is known to round-off alone
            blur = 1e-11 + 1e-15 / max(1.0 - face, 1e-15)
            assert current == pytest.approx(contact_current(inner, lithium, *law), abs=blur * parts)
            if (rise * abs(current) > 0.9 * y and current > 0.0) or 1.0 - face < 1e-6:
                continue
            low, high = (face_current(potential + d, y, rise, resistance, table, law)[0] for d in (-1e-6, 1e-6))
            assert slope == pytest.approx((low - high) / 2e-6, rel=1e-5)


def test_a_face_that_runs_empty_passes_what_diffusion_brings_and_an_empty_one_nothing():
    table, law = np.array(BETA), (30.0, 0.5, 0.5, f)
    found = [face_current(E, 0.4, 1e-3, 0.0, table, law) for E in np.linspace(0.1, 3.0, 30)]
    currents, slopes = np.array(found)[:, 0], np.array(found)[:, 1]
    assert np.all(np.diff(currents) <= 0.0)
    assert currents[-1] == pytest.approx(-600.0, rel=1e-12)
    assert np.all(currents >= -600.0)
    assert np.all(slopes >= 0.0)
    for E in (0.5, 4.0):
        assert 0.0 <= face_current(E, 1.0, 1e-3, 1e-3, table, law)[0] <= 30.0 * math.exp(-0.5 * f * E)


def test_plating_covers_a_face_with_lithium():
    table, law = np.array(BETA), (30.0, 0.5, 0.5, f)
    current, _, face, lithium = face_current(-0.2, 0.1, 1e-3, 0.0, table, law)
    assert current > 0.1 / 1e-3
    assert (face, lithium) == (0.0, 1.0)
    assert current == pytest.approx(contact_current(-0.2, 1.0, *law), rel=1e-11)


def test_an_ideal_face_without_a_film_has_a_closed_form():
    """A = 1 - y is linear in the current, so that the balance is linear in it."""
    E, y, rise = np.array([-0.01, 0.03, 0.2, 0.8]), 0.3, 2e-4
    cathodic, anodic = np.exp(-0.5 * f * E), np.exp(0.5 * f * E)
    exact = 30.0 * (cathodic - (1.0 - y) * anodic) / (1.0 + 30.0 * rise * anodic)
    current, slope, face, _ = face_currents(E, y, rise, 0.0, np.array(IDEAL), (30.0, 0.5, 0.5, f))
    np.testing.assert_allclose(current, exact, rtol=1e-9)
    np.testing.assert_allclose(face, y - rise * exact, rtol=1e-9)
    assert np.all(slope > 0.0)


# ---------------------------------------------------------------------- the plane


@pytest.mark.parametrize("magnesium", [0.1, 0.5])
@pytest.mark.parametrize("current", [-200.0, -3.0, 0.0, 40.0])
def test_uniform_alloy_has_nernsts_potential_and_the_exchange_current_of_its_activity(magnesium, current):
    found, a = contact(), activity(magnesium, np.array(BETA))
    state = found.solve(np.ones((5, 6)), Control("current", current), composition(magnesium))
    eta = state.voltage + current * RESISTANCE + current * 1e-3 + math.log(a) / f
    i0 = 20.0 * a**0.6
    assert i0 * (math.exp(-0.6 * f * eta) - math.exp(0.4 * f * eta)) == pytest.approx(current, rel=1e-6, abs=1e-7)
    np.testing.assert_allclose(state.current, current, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(state.activity, a, rtol=1e-12)
    if current == 0.0:
        assert state.voltage == pytest.approx(-math.log(a) / f, rel=1e-9)
        return
    back = found.solve(np.ones((5, 6)), Control("voltage", state.voltage), composition(magnesium))
    assert back.current_density == pytest.approx(current, rel=1e-8)


def test_the_face_follows_the_current_over_what_is_in_contact():
    """Half the plane in contact: the composition of a face is that of twice the mean current density."""
    shares = np.ones((5, 6))
    shares[:, ::2] = 0.0
    state = contact().solve(shares, Control("current", -100.0), composition(0.2, 1e-3))
    touching = shares > 0.0
    np.testing.assert_allclose(state.magnesium[touching], 0.2 - 1e-3 * state.local[touching], rtol=1e-6)
    assert state.magnesium[touching].mean() == pytest.approx(0.4, rel=1e-6)


@pytest.mark.parametrize("counter", [None, Kinetics(5.0, 1.0)])
def test_lithium_is_an_alloy_without_magnesium(counter):
    shares = np.clip(np.random.default_rng(0).normal(size=(5, 6)) + 0.5, 0.0, 1.0)
    for control in (Control("current", -200.0), Control("current", 30.0), Control("voltage", 0.05)):
        pure = contact(None, counter=counter).solve(shares, control)
        alloy = contact(BETA, counter=counter).solve(shares, control, composition(0.0))
        assert pure.magnesium is None
        assert alloy.voltage == pytest.approx(pure.voltage, rel=1e-8)
        np.testing.assert_allclose(alloy.current, pure.current, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("counter", [None, Kinetics(5.0, 1.0)])
def test_held_voltage_and_held_current_are_one_solution_of_an_uneven_alloy(counter):
    rng = np.random.default_rng(0)
    shares = np.clip(rng.normal(size=(5, 6)) + 0.5, 0.0, 1.0)
    beside = ContactComposition(rng.uniform(0.05, 0.8, (5, 6)), rng.uniform(1e-4, 2e-3, (5, 6)))
    found = contact(BETA, counter=counter)
    limit = beside.limit(shares)
    for current in (-0.3 * limit, -0.9 * limit, 50.0):
        found.forget()
        state = found.solve(shares, Control("current", current), beside)
        assert state.current.mean() == pytest.approx(current, rel=1e-13)
        touching = shares > 0.0
        assert np.all(state.magnesium[touching] <= 1.0)
        found.forget()
        back = found.solve(shares, Control("voltage", state.voltage), beside)
        assert back.current_density == pytest.approx(current, rel=1e-7)
        np.testing.assert_allclose(back.current, state.current, rtol=1e-5, atol=1e-6 * abs(current))


def test_current_leaves_the_faces_that_run_empty():
    """Half the faces can pass 100 A/m^2 at most; the others take the rest, at a higher voltage."""
    beside = composition(0.1, 5e-4)
    beside.magnesium[:, :3] = 0.95
    even = contact().solve(np.ones((5, 6)), Control("current", -900.0), composition(0.1, 5e-4))
    state = contact().solve(np.ones((5, 6)), Control("current", -900.0), beside)
    assert np.all(state.current[:, :3] > -100.0)
    assert np.all(state.current[:, 3:] < -1690.0)
    assert state.voltage > even.voltage


def test_at_rest_faces_of_different_composition_are_a_concentration_cell():
    beside = composition(0.1)
    beside.magnesium[:, 3:] = 0.3
    state = contact(BETA, Kinetics(50.0, 1.0)).solve(np.ones((5, 6)), Control("current", 0.0), beside)
    low, high = (-math.log(activity(y, np.array(BETA))) / f for y in (0.1, 0.3))
    assert low < state.voltage < high
    assert np.all(state.current[:, :3] < 0.0)
    assert np.all(state.current[:, 3:] > 0.0)
    assert abs(state.current.sum()) < 1e-9 * np.abs(state.current).sum()


def test_a_current_beyond_diffusion_is_depletion_and_a_voltage_draws_what_there_is():
    beside = composition(0.6, 1e-3)
    found = contact()
    assert beside.limit(np.full((5, 6), 0.5)) == pytest.approx(200.0)
    with pytest.raises(Depleted, match="diffusion"):
        found.solve(np.ones((5, 6)), Control("current", -401.0), beside)
    near = found.solve(np.ones((5, 6)), Control("current", -399.9), beside)
    assert near.voltage > RESISTANCE * 399.9 + 0.3
    found.forget()
    most = found.solve(np.ones((5, 6)), Control("voltage", 4.0), beside)
    assert most.current_density == pytest.approx(-400.0, rel=1e-9)
    empty = composition(1.0, 1e-3)
    assert abs(found.solve(np.ones((5, 6)), Control("voltage", 1.0), empty).current_density) < 1e-6
