"""Kinetics: limits, the two forms of one law, derivatives, film resistance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ramify.physics import butler_volmer as bv
from ramify.physics.cell import overpotential
from ramify.physics.constants import FARADAY, GAS_CONSTANT

F_RT = FARADAY / (GAS_CONSTANT * 298.15)
C_REF = 1000.0


def current(phi_s, phi, c, film=0.0, alpha_a=0.5, alpha_c=0.5, i0=30.0, equilibrium=0.0, drop=0.0):
    return bv.surface_current(phi_s, phi, c, equilibrium, i0, C_REF, alpha_a, alpha_c, F_RT, film, drop)


def test_is_linear_near_equilibrium():
    i, conductance, _ = current(-1e-7, 0.0, C_REF)
    assert i == pytest.approx(30.0 * F_RT * 1e-7, rel=1e-6)
    assert conductance == pytest.approx(30.0 * F_RT, rel=1e-9)


@pytest.mark.parametrize(("alpha_a", "alpha_c"), [(0.5, 0.5), (0.3, 0.7), (0.6, 0.6)])
def test_tafel_slopes(alpha_a, alpha_c):
    def slope(eta):
        low, high = (abs(bv.butler_volmer(e, 30.0, alpha_a, alpha_c, F_RT)) for e in (eta, eta * 1.01))
        return abs(math.log(high / low) / (0.01 * eta))

    assert slope(-0.8) == pytest.approx(alpha_c * F_RT, rel=1e-6)
    assert slope(0.8) == pytest.approx(alpha_a * F_RT, rel=1e-6)


@pytest.mark.parametrize("alpha_a", [0.3, 0.5])
def test_exchange_current_scales_with_concentration(alpha_a):
    i0 = bv.exchange_current_density(250.0, C_REF, 30.0, alpha_a)
    assert i0 == pytest.approx(30.0 * 0.25**alpha_a, rel=1e-14)
    np.testing.assert_array_equal(bv.exchange_current_density(np.array([0.0, -1.0]), C_REF, 30.0, alpha_a), 0.0)


@pytest.mark.parametrize(("alpha_a", "alpha_c"), [(0.5, 0.5), (0.3, 0.7), (0.4, 0.4), (0.9, 0.5)])
@pytest.mark.parametrize("c", [1.0, 400.0, 3000.0])
@pytest.mark.parametrize("film", [0.0, 2e-3])
def test_inner_potential_form_is_the_textbook_form(alpha_a, alpha_c, c, film):
    phi_s, phi_l, equilibrium = -0.13, -0.02, 0.004
    i, _, _ = current(phi_s, phi_l - math.log(c / C_REF) / F_RT, c, film, alpha_a, alpha_c, equilibrium=equilibrium)
    eta = phi_s - phi_l - equilibrium + i * film
    i0 = bv.exchange_current_density(c, C_REF, 30.0, alpha_a)
    assert bv.butler_volmer(eta, i0, alpha_a, alpha_c, F_RT) == pytest.approx(i, rel=1e-9)


def test_linear_in_concentration_and_regular_at_zero():
    i = [current(-0.2, 0.0, c)[0] for c in (-10.0, 0.0, 10.0, 20.0)]
    assert np.diff(i) == pytest.approx([np.diff(i)[0]] * 3, rel=1e-12)
    assert current(-0.2, 0.0, 0.0)[2] > 0.0


@pytest.mark.parametrize(("alpha_a", "alpha_c"), [(0.5, 0.5), (0.3, 0.7), (0.4, 0.4), (0.9, 0.5)])
@pytest.mark.parametrize("film", [0.0, 1e-4, 10.0])
@pytest.mark.parametrize("eta", [-3.5, -0.3, -0.01, 0.02, 0.3, 3.5])
@pytest.mark.parametrize("drop", [0.0, 0.2])
def test_derivatives_pass_a_taylor_test(alpha_a, alpha_c, film, eta, drop):
    def remainder(h):
        dphi, dc = 0.6 * h, 900.0 * h
        i = current(eta - 0.2 * h, dphi, 600.0 + dc, film, alpha_a, alpha_c, drop=drop)[0]
        return abs(i - i_0 - di_dphi * (dphi + 0.2 * h) - di_dc * dc)

    i_0, di_dphi, di_dc = current(eta, 0.0, 600.0, film, alpha_a, alpha_c, drop=drop)
    floor = 1e-9 * abs(i_0)
    rough, fine = remainder(1e-3), remainder(2.5e-4)
    assert fine <= max(rough / 16.0 * 1.15, floor)


def test_film_takes_the_whole_voltage_when_thick():
    i, conductance, _ = current(-1.0, 0.0, C_REF, film=1e3)
    assert i == pytest.approx(1e-3, rel=1e-3)
    assert conductance == pytest.approx(1e-3, rel=1e-2)


def test_thin_film_tends_to_none_linearly():
    bare = current(-0.1, 0.0, C_REF)[0]
    errors = [abs(current(-0.1, 0.0, C_REF, film=r)[0] - bare) for r in (1e-8, 1e-9, 1e-10)]
    assert np.divide(errors[:-1], errors[1:]) == pytest.approx([10.0, 10.0], rel=1e-3)


@pytest.mark.parametrize("film", [0.0, 2e-3])
@pytest.mark.parametrize("eta", [-0.3, 0.1])
@pytest.mark.parametrize("drop", [0.0, 0.2])
def test_negative_concentrations_continue_linearly_with_exact_derivatives(film, eta, drop):
    at_zero = current(eta, 0.0, 0.0, film, drop=drop)
    i, di_dphi, di_dc = current(eta, 0.0, -40.0, film, drop=drop)
    assert i == pytest.approx(at_zero[0] - 40.0 * at_zero[2], rel=1e-12)
    assert di_dc == pytest.approx(at_zero[2], rel=1e-12)
    if film > 0.0 and drop > 0.0:
        return  # the slope by phi is that at zero concentration
    h = 1e-6
    sides = [current(eta, s * h, -40.0, film, drop=drop)[0] for s in (-1.0, 1.0)]
    assert (sides[1] - sides[0]) / (2 * h) == pytest.approx(di_dphi, rel=1e-6)


@settings(max_examples=300, deadline=None)
@given(
    eta=st.floats(-1e6, 1e6),
    c=st.floats(-1e3, 2e4),
    film=st.sampled_from([0.0, 1e-12, 1e-6, 1e-2, 1.0, 1e6]),
    alpha_a=st.floats(0.2, 0.8),
    alpha_c=st.floats(0.2, 0.8),
    drop=st.sampled_from([0.0, 1e-3, 1.0]),
)
def test_any_argument_converges(eta, c, film, alpha_a, alpha_c, drop):
    i, di_dphi, di_dc = current(eta, 0.0, c, film, alpha_a, alpha_c, drop=drop)
    assert np.isfinite([i, di_dphi, di_dc]).all()
    if c >= 0.0:
        assert di_dphi >= 0.0
        assert di_dc >= 0.0
    if film > 0.0 and c >= 0.0 and drop == 0.0:
        # Same root from the definition: bare current at the shifted potential, to the conditioning of the exponential.
        bare, slope, _ = current(eta + i * film, 0.0, c, 0.0, alpha_a, alpha_c)
        assert abs(bare - i) <= 1e-9 * (slope * film * abs(i) + slope * abs(eta) + abs(i))


@pytest.mark.parametrize("film", [0.0, 1e-3])
def test_compiled_and_interpreted_agree(film):
    arguments = (-0.12, 0.03, 700.0, 0.001, 25.0, C_REF, 0.4, 0.5, F_RT, film)
    assert bv.surface_current.py_func(*arguments) == pytest.approx(bv.surface_current(*arguments), rel=1e-13)


def test_array_form_broadcasts():
    phi_s = np.linspace(-0.2, 0.1, 4)[:, None]
    c = np.array([0.0, 500.0, 1500.0])
    i, di_dphi, di_dc = bv.surface_currents(phi_s, 0.0, c, 0.0, 30.0, C_REF, 0.5, 0.5, F_RT, 1e-3)
    assert i.shape == (4, 3)
    one = current(phi_s[1, 0], 0.0, 1500.0, 1e-3)
    assert (i[1, 2], di_dphi[1, 2], di_dc[1, 2]) == pytest.approx(one, rel=1e-14)


def test_spread_reaction_ends_at_the_limit_of_diffusion_and_keeps_equilibrium():
    drop = 0.05
    i = [current(eta, 0.0, 3.0, drop=drop)[0] for eta in (-0.6, -1.2, -2.4)]
    assert i == pytest.approx([3.0 / (0.88009 * drop)] * 3, rel=1e-2)
    assert i[2] == pytest.approx(3.0 / (0.88009 * drop), rel=1e-4)
    rest = math.log(3.0 / C_REF) / F_RT
    assert abs(current(rest, 0.0, 3.0, drop=drop)[0]) < 1e-12
    assert current(-0.01, 0.0, 900.0, drop=drop)[0] == pytest.approx(current(-0.01, 0.0, 900.0)[0], rel=1e-3)


def test_inert_surface_passes_nothing():
    assert current(-1.0, 0.0, 500.0, i0=0.0) == (0.0, 0.0, 0.0)


def test_equilibrium_potential_is_gibbs_thomson():
    omega, gamma, radius = 1.3e-5, 0.5, 1e-8
    critical = 2.0 * gamma * omega / (FARADAY * radius)
    assert bv.equilibrium_potential(2.0 / radius, 0.0, gamma, omega) == pytest.approx(-critical, rel=1e-14)
    assert bv.equilibrium_potential(0.0, 1e6, gamma, omega) == pytest.approx(-omega * 1e6 / FARADAY, rel=1e-14)


@pytest.mark.parametrize(("alpha_a", "alpha_c"), [(0.5, 0.5), (0.3, 0.7), (0.7, 0.3)])
@pytest.mark.parametrize("i", [-1e5, -20.0, -1e-6, 0.0, 1e-6, 20.0, 1e5])
def test_overpotential_inverts_the_law(alpha_a, alpha_c, i):
    eta = overpotential(i, 30.0, alpha_a, alpha_c, F_RT)
    assert bv.butler_volmer(eta, 30.0, alpha_a, alpha_c, F_RT) == pytest.approx(i, rel=1e-9, abs=1e-12)
