"""Laws of the grand-potential model: inverses, derivatives, limits solved by hand, noise."""

from typing import Any

import numpy as np
import pytest

from ramify.physics import grand_potential as gp
from ramify.physics import grand_potential_scales as scales

laws: Any = gp
"""The same, for calls with unpacked arguments."""
LIQUID, SOLID, RATIO = 2.631, -13.8, 5.5


def slope_of(function, at, step=1e-6):
    return (function(at + step) - function(at - step)) / (2.0 * step)


def test_occupancy_and_its_inverse():
    """mu = 0 is the bulk: one ion on 14.89 sites, metal full to 1e-6."""
    assert 1.0 / gp.occupancy(0.0, LIQUID) == pytest.approx(14.89, rel=2e-4)
    assert 1.0 - gp.occupancy(0.0, SOLID) == pytest.approx(np.exp(SOLID), rel=1e-5)
    for occupied in (1e-9, 0.067, 0.5, 0.999):
        assert gp.occupancy(gp.potential_of(occupied, LIQUID), LIQUID) == pytest.approx(occupied, rel=1e-9)


@pytest.mark.parametrize("mu", [-60.0, -3.0, 2.6, 40.0])
def test_filling_pressure_has_the_occupancy_as_slope(mu):
    assert slope_of(lambda m: gp.filling_pressure(m, LIQUID), mu) == pytest.approx(
        gp.occupancy(mu, LIQUID), rel=1e-6, abs=1e-25
    )


def test_metal_share_and_barrier():
    """Both phases are stationary; beyond them h stays what it is; h' integrates to one."""
    assert [gp.metal_share(x) for x in (-0.3, 0.0, 0.5, 1.0, 1.2)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    xi = np.linspace(0.0, 1.0, 2001)
    assert np.trapezoid(gp.metal_share_slope(xi), xi) == pytest.approx(1.0, abs=1e-9)
    for x in (0.0, 1.0):
        assert gp.barrier_slope(x, 2.4) == 0.0 and gp.metal_share_slope(x) == 0.0
    for x in (0.2, 0.7):
        assert gp.barrier_slope(x, 2.4) == pytest.approx(slope_of(lambda v: gp.barrier(v, 2.4), x), rel=1e-7)
        assert gp.barrier_curvature(x, 2.4) == pytest.approx(slope_of(lambda v: gp.barrier_slope(v, 2.4), x), rel=1e-7)
        assert gp.metal_share_curvature(x) == pytest.approx(slope_of(gp.metal_share_slope, x), rel=1e-7)


@pytest.mark.parametrize(("xi", "mu"), [(0.3, -0.5), (0.9, -13.0), (0.02, 1.0)])
def test_susceptibility_and_phase_derivative_of_lithium(xi, mu):
    """The papers' chi and (dv c^s - c^l) h' are the derivatives of N."""
    levels = (RATIO, SOLID, LIQUID)
    by_mu = slope_of(lambda m: gp.lithium(xi, m, *levels), mu)
    assert gp.susceptibility(xi, mu, *levels) == pytest.approx(by_mu, rel=1e-5)
    by_phase = (RATIO * gp.occupancy(mu, SOLID) - gp.occupancy(mu, LIQUID)) * gp.metal_share_slope(xi)
    assert by_phase == pytest.approx(slope_of(lambda x: gp.lithium(x, mu, *levels), xi), rel=1e-6)


def test_reaction_and_its_derivatives():
    where = (0.4, 0.05, -7.0)
    r, *slopes = laws.reaction(*where, 0.3, 0.067)
    assert r < 0.0, "a negative overpotential lets metal grow: d xi/dt = -L_eta r"
    for n, slope in enumerate(slopes):
        moved = slope_of(lambda v, n=n: laws.reaction(*where[:n], v, *where[n + 1 :], 0.3, 0.067)[0], where[n])
        assert slope == pytest.approx(moved, rel=1e-6)
    nernst = np.log(0.05 * (1.0 - gp.metal_share(0.4)) / 0.067)
    assert gp.reaction(0.4, 0.05, nernst, 0.3, 0.067)[0] == pytest.approx(0.0, abs=1e-12)
    assert np.isfinite(gp.reaction(0.4, 0.05, -1e4, 0.5, 0.067)).all()


@pytest.mark.parametrize("power", [1, 2])
def test_anisotropic_flux_is_the_slope_of_its_energy(power):
    gradient, angle, strength, mode = np.array([0.3, 0.5, -0.7]), 0.4, 0.04, 6

    def energy(g):
        size = np.linalg.norm(g)
        wave = ((g[2] + 1j * g[0]) / size * np.exp(-1j * angle)) ** mode
        return (1.0 + strength * wave.real) ** power * size**2 / 2.0

    flux = laws.gradient_flux(*gradient, strength, mode, angle, power)
    for n, unit in enumerate(np.eye(3)):
        assert flux[n] == pytest.approx(slope_of(lambda s, unit=unit: energy(gradient + s * unit), 0.0), rel=1e-7)
    theta = 0.9
    plane = gp.gradient_flux(np.sin(theta), 0.0, np.cos(theta), strength, mode, angle, power)
    assert plane[3] == pytest.approx((1.0 + strength * np.cos(mode * (theta - angle))) ** power, rel=1e-12)
    assert laws.gradient_flux(*gradient, 0.0, mode, angle, power)[:3] == tuple(gradient)


def test_scales_of_the_published_lithium():
    """Width 1 um over 4 l, energy 0.2 um times 2.494e6 J/m^3, that is 0.50 J/m^2."""
    assert scales.front_width(0.3, 2.4) == pytest.approx(0.25)
    assert scales.front_energy(0.3, 2.4) * 1e-6 * 1e3 * 8.314 * 300.0 == pytest.approx(0.499, rel=1e-3)
    x = np.linspace(-5.0, 5.0, 4001)
    xi = 0.5 * (1.0 - np.tanh(x / 0.5))
    energy = np.trapezoid(gp.barrier(xi, 2.4) + 0.15 * np.gradient(xi, x) ** 2, x)
    assert scales.front_energy(0.3, 2.4) == pytest.approx(energy, rel=1e-4)


def test_anisotropy_whose_stiffness_turns_negative():
    """Root of kappa modulated: the stiffness energy + energy'' has its least value 1 + delta (1 - mode^2)."""
    limit = scales.largest_anisotropy(6, 2)
    assert 1.0 + limit * (1.0 - 36.0) == pytest.approx(0.0, abs=1e-12)
    assert limit < 0.04, "the published zinc set lies beyond it"
    theta = np.linspace(0.0, 2.0 * np.pi, 20001)
    energy = np.sqrt(1.0 + 0.9 * scales.largest_anisotropy(4, 1) * np.cos(4.0 * theta))
    assert (energy + np.gradient(np.gradient(energy, theta), theta))[10:-10].min() > 0.0


def test_noise_is_even_and_depends_on_every_key():
    numbers = np.array([gp.noise_number(3, 5, place) for place in range(20000)])
    assert abs(numbers.mean()) < 0.02 and numbers.std() == pytest.approx(1.0 / np.sqrt(3.0), rel=0.02)
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03
    assert len({laws.noise_number(*key) for key in ((3, 5, 7), (4, 5, 7), (3, 6, 7), (3, 5, 8))}) == 4
