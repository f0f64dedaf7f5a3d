"""Laws of the alloy electrode: activity, potential, kinetics, diffusivity, vacancies, contact, closed forms."""

import math

import numpy as np
import pytest
from scipy.optimize import fsolve

from ramify.physics import alloy, alloy_data, alloy_limits, butler_volmer, contact_loss
from ramify.physics.constants import FARADAY, GAS_CONSTANT

T = 303.15
F_RT = FARADAY / (GAS_CONSTANT * T)
BETA = np.array(alloy_data.ACTIVITY["Li-Mg beta"].interaction(T)) / (GAS_CONSTANT * T)
SETS = {"one": np.array([-6.0]), "two": np.array([-5.0, 1.5]), "beta": BETA, "four": np.array([-4.0, 1.0, 0.8, -0.5])}


def excess(y, interaction):
    """Excess Gibbs energy over RT, as Redlich and Kister write it."""
    return (1.0 - y) * y * sum(L * (1.0 - 2.0 * y) ** k for k, L in enumerate(interaction))


@pytest.mark.parametrize("interaction", SETS.values(), ids=SETS)
@pytest.mark.parametrize("y", [0.05, 0.3, 0.7, 0.95])
def test_activity_is_the_tangent_of_the_excess_energy(y, interaction):
    h = 1e-6
    slope = (excess(y + h, interaction) - excess(y - h, interaction)) / (2.0 * h)
    assert alloy.excess_activity(y, interaction) == pytest.approx(excess(y, interaction) - y * slope, abs=1e-9)
    assert alloy.activity(y, interaction) == pytest.approx((1.0 - y) * math.exp(alloy.excess_activity(y, interaction)))


@pytest.mark.parametrize("interaction", SETS.values(), ids=SETS)
@pytest.mark.parametrize("y", [0.0, 0.05, 0.3, 0.7, 1.0])
def test_thermodynamic_factor_is_the_slope_of_the_activity(y, interaction):
    factor = alloy.thermodynamic_factor(y, interaction)
    if y in (0.0, 1.0):
        assert factor == 1.0
        return
    h = 1e-6
    rise = math.log(alloy.activity(y - h, interaction) / alloy.activity(y + h, interaction))
    assert factor == pytest.approx(rise / math.log((1.0 - y + h) / (1.0 - y - h)), rel=1e-8)


def test_beta_phase_meets_the_hexagonal_one_where_the_phase_diagram_has_it():
    """Saunders' hexagonal phase beside the stored cubic one: 17 and 24 at.% lithium at the eutectic, 588 degC."""
    T = 861.15
    RT = GAS_CONSTANT * T
    beta = np.array(alloy_data.ACTIVITY["Li-Mg beta"].interaction(T)) / RT
    alpha = np.array([-6856.0, 4000.0, 4000.0]) / RT
    # lattice stabilities [J/mol] of cubic magnesium and hexagonal lithium (SGTE)
    magnesium, lithium = (3100.0 - 2.1 * T) / RT, (-154.0 + 2.0 * T) / RT

    def gibbs(y, interaction, pure_lithium, pure_magnesium):
        x = 1.0 - y
        return x * pure_lithium + y * pure_magnesium + x * math.log(x) + y * math.log(y) + excess(y, interaction)

    def tangents(fractions):
        h, found = 1e-6, []
        for y, phase in zip(fractions, ((alpha, lithium, 0.0), (beta, 0.0, magnesium)), strict=True):
            slope = (gibbs(y + h, *phase) - gibbs(y - h, *phase)) / (2.0 * h)
            found.append((slope, gibbs(y, *phase) - y * slope))
        return [found[0][0] - found[1][0], found[0][1] - found[1][1]]

    hexagonal, cubic = 1.0 - fsolve(tangents, (0.83, 0.75))
    assert hexagonal == pytest.approx(0.17, abs=0.01)
    assert cubic == pytest.approx(0.245, abs=0.01)


def test_an_ideal_solution_follows_nernst():
    ideal = np.zeros(1)
    assert alloy.thermodynamic_factor(0.4, ideal) == 1.0
    assert alloy.equilibrium_potential(0.9, ideal, F_RT) == pytest.approx(math.log(10.0) / F_RT)


def test_li_mg_lies_a_few_millivolts_above_lithium_and_far_above_it_without_lithium():
    # by hand: ideal 2.752 mV, excess y^2 [L0 + 2.6 L1 + 3.52 L2] = 25 J/mol
    assert 1e3 * alloy.equilibrium_potential(0.1, BETA, F_RT) == pytest.approx(2.752 - 0.26, abs=0.01)
    potentials = [alloy.equilibrium_potential(y, BETA, F_RT) for y in np.linspace(0.01, 0.99, 50)]
    assert np.all(np.diff(potentials) > 0.0)


@pytest.mark.parametrize("alpha", [0.3, 0.5])
@pytest.mark.parametrize("a", [1.0, 0.4, 1e-3])
def test_contact_kinetics_are_butler_volmers_with_the_alloys_potential(a, alpha):
    E = 0.07
    U = -math.log(a) / F_RT
    expected = butler_volmer.butler_volmer(E - U, 50.0 * a**alpha, 1.0 - alpha, alpha, F_RT)
    assert alloy.contact_current(E, a, 50.0, 1.0 - alpha, alpha, F_RT) == pytest.approx(expected, rel=1e-12)
    found = alloy.contact_potential(expected, a, 50.0, 1.0 - alpha, alpha, F_RT)
    assert found == pytest.approx(E, abs=1e-12)
    assert alloy.activity_at(E, expected, 50.0, 1.0 - alpha, alpha, F_RT) == pytest.approx(a, rel=1e-10)


def test_nothing_strips_an_empty_contact():
    assert alloy.contact_potential(-1.0, 0.0, 50.0, 0.5, 0.5, F_RT) == math.inf
    assert alloy.contact_potential(1.0, 0.0, 50.0, 0.5, 0.5, F_RT) < math.inf


def test_diffusivity_meets_its_table_and_is_exponential_between():
    data = alloy_data.DIFFUSION["Li-Mg tracer"]
    table = np.array(data.fractions), np.log(data.values)
    assert [alloy.diffusivity(y, *table) for y in data.fractions] == pytest.approx(data.values)
    assert alloy.diffusivity(0.05, *table) == pytest.approx(math.sqrt(data.values[0] * data.values[1]))
    assert alloy.diffusivity(0.9, *table) == pytest.approx(data.values[-1])
    assert alloy.diffusivity(0.5, np.array([0.0]), np.array([math.log(2e-15)])) == pytest.approx(2e-15)


def test_arrhenius():
    assert alloy_data.arrhenius(53e3, 298.15, 298.15) == 1.0
    assert alloy_data.arrhenius(53e3, 303.15, 298.15) == pytest.approx(1.423, rel=1e-3)


# ---------------------------------------------------------------- vacancies and contact

D, OMEGA, H = 1.6e-14, 1.3e-5, 100e-6


@pytest.mark.parametrize("sinks", [math.inf, 20e-6, 500e-6])
@pytest.mark.parametrize("back", [True, False])
def test_vacancy_profile_solves_its_equation(sinks, back):
    if math.isinf(sinks) and not back:
        return
    j = 2.0
    length = contact_loss.effective_length(H, sinks, back)
    surface = contact_loss.supersaturation(j, D, length, OMEGA)
    z = np.linspace(0.0, H, 20_001)
    s = contact_loss.supersaturation_profile(z, surface, H, sinks, back)
    h = z[1]
    decay = 0.0 if math.isinf(sinks) else 1.0 / sinks**2
    curvature = (s[2:] - 2.0 * s[1:-1] + s[:-2]) / h**2
    assert curvature == pytest.approx((s[1:-1] - 1.0) * decay, abs=1e-4 * (surface - 1.0) / H**2)
    assert (3.0 * s[-1] - 4.0 * s[-2] + s[-3]) / (2.0 * h) == pytest.approx(OMEGA * j / (FARADAY * D), rel=1e-5)
    if back:
        assert s[0] == pytest.approx(1.0, abs=1e-12)
    else:
        assert (s[1] - s[0]) / h == pytest.approx(0.0, abs=1e-4 * (surface - 1.0) / H)


def test_supersaturation_across_a_slab_without_sinks():
    s = contact_loss.supersaturation(10.0, D, contact_loss.effective_length(H), OMEGA)
    assert s - 1.0 == pytest.approx(10.0 * H * OMEGA / (FARADAY * D), rel=1e-14)


def test_critical_current_goes_as_d_over_thickness_or_sink_length():
    def critical(D, thickness, sinks=math.inf):
        return contact_loss.critical_current(2.0, D, contact_loss.effective_length(thickness, sinks), OMEGA)

    assert critical(D, 2 * H) == pytest.approx(critical(D, H) / 2)
    assert critical(3 * D, H) == pytest.approx(3 * critical(D, H))
    assert critical(D, 100 * H, H) == pytest.approx(critical(D, H), rel=1e-12)
    assert critical(D, H, 100 * H) == pytest.approx(critical(D, H), rel=1e-4)
    # Schmalzried and Janek: D = x_v D_v at a given vacancy fraction and lifetime
    fraction, life = 1e-6, 1e-3
    ratio = [critical(d, math.inf, contact_loss.sink_length_of_lifetime(d / fraction, life)) for d in (D, 4.0 * D)]
    assert ratio[1] == pytest.approx(2.0 * ratio[0], rel=1e-12)


@pytest.mark.parametrize("exponent", [1.0, 2.0 / 3.0])
def test_contact_falls_from_its_start_to_nothing(exponent):
    fractions = [contact_loss.contact_fraction(w, 15e-6, exponent, 0.8) for w in np.linspace(0.0, 15e-6, 20)]
    assert fractions[0] == 0.8
    assert fractions[-1] <= 1e-12
    assert np.all(np.diff(fractions) < 0.0)
    half = contact_loss.contact_fraction(7.5e-6, 15e-6, exponent)
    assert half == pytest.approx(1.0 - 0.5**exponent)


def test_constriction_vanishes_with_full_contact_and_grows_as_one_over_the_spot():
    assert contact_loss.constriction_resistance(1.0, 1e-4, 0.1) == 0.0
    small = contact_loss.constriction_resistance(1e-8, 1e-4, 0.1)
    # one spot of radius a in a square of side b: 1/(4 kappa a) per spot, times b^2
    a = 1e-4 * math.sqrt(1e-8 / math.pi)
    assert small == pytest.approx(1e-8 / (4.0 * 0.1 * a), rel=1e-3)


# ---------------------------------------------------------------- closed forms


def test_planar_estimates_of_the_three_frames():
    volume = 0.9 / 68_700.0
    assert alloy_limits.depletion_time_fixed(2.4e-15, 68_700.0, 10.0) == pytest.approx(828.2, abs=0.1)
    assert alloy_limits.depletion_time_volume(2.4e-15, 0.1, 10.0, volume) == pytest.approx(1.043e4, rel=1e-3)
    assert alloy_limits.depletion_time_wedge(2.4e-15, 0.1, 10.0, volume) == pytest.approx(6.51e3, rel=1e-3)


def test_enrichment_solves_its_integral_equation():
    """A second way to y_s/y0: the surface of y_t = y_zz + y_z, y_z + y = 0, by inverting its Laplace transform."""

    def talbot(t, n=32):
        """Weideman's contour: the midpoint rule on a cotangent around the poles and the branch cut."""
        theta = (2.0 * np.arange(n) + 1.0) * math.pi / n - math.pi
        angle = 0.6407 * theta
        p = n / t * (0.5071 * theta / np.tan(angle) - 0.6122 + 0.2645j * theta)
        dp = n / t * (0.5071 / np.tan(angle) - 0.5071 * angle / np.sin(angle) ** 2 + 0.2645j)
        value = 1.0 / p + (1.0 + np.sqrt(1.0 + 4.0 * p)) / (2.0 * p**2)
        return float(np.sum(np.exp(p * t) * value * dp).imag / n)

    for t in (0.01, 1.0, 8.0, 30.0):
        assert alloy_limits.enrichment(t) == pytest.approx(talbot(t), rel=1e-8)
