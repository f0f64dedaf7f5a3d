"""Diffuse profile and reaction weight."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from ramify.physics import interface
from ramify.physics.interface import equilibrium_profile, interface_weight


def test_weight_integrates_to_one_across_the_surface():
    width = 0.3e-6
    d = np.linspace(-30.0, 30.0, 20_001) * width
    xi = equilibrium_profile(d, width)
    assert np.trapezoid(interface_weight(xi) / width, d) == pytest.approx(1.0, rel=1e-9)


def test_profile_is_metal_inside_and_obeys_its_slope():
    width = 1e-6
    assert equilibrium_profile(-1e-4, width) == 1.0
    assert equilibrium_profile(1e-4, width) < 1e-30
    assert equilibrium_profile(0.0, width) == 0.5
    d, h = np.linspace(-5e-6, 5e-6, 11), 1e-9
    xi = equilibrium_profile(d, width)
    slope = (equilibrium_profile(d + h, width) - equilibrium_profile(d - h, width)) / (2 * h)
    assert slope == pytest.approx(-xi * (1 - xi) / width, rel=1e-5)


def test_weight_is_clipped_outside_and_equal_in_both_forms():
    np.testing.assert_array_equal(interface_weight(np.array([-0.1, 0.0, 1.0, 1.2])), 0.0)
    assert interface_weight(0.5) == pytest.approx(1.0 / np.pi, rel=1e-14)
    assert interface_weight.py_func(0.3) == pytest.approx(interface_weight(0.3), rel=1e-14)


def test_feed_functions_are_the_integrals_of_the_weight():
    s = np.linspace(-12.0, 12.0, 97)
    xi = 1.0 / (1.0 + np.exp(-s))
    table = np.array([interface.feed_functions(float(value)) for value in s])
    fine = np.linspace(-40.0, 40.0, 160_001)
    density = interface.interface_weight(1.0 / (1.0 + np.exp(-fine))) * (fine[1] - fine[0])
    share, moment = np.cumsum(density), np.cumsum(fine * density)
    np.testing.assert_allclose(table[:, 0], np.interp(s, fine, share) - xi, atol=3e-4)
    np.testing.assert_allclose(table[:, 1], np.interp(s, fine, moment), atol=3e-4)
    np.testing.assert_allclose(interface.swept_share(xi), np.interp(s, fine, share), atol=3e-4)
    excess = (share - 1.0 / (1.0 + np.exp(-fine))) * (fine[1] - fine[0])
    np.testing.assert_allclose(table[:, 2], np.interp(s, fine, np.cumsum(excess)), atol=3e-4)
    assert interface.swept_share(1.0) == 1.0
    assert [interface.weight_moment(float(value)) for value in s] == table[:, 1].tolist()
    assert [interface.curved_feed(float(value)) for value in s] == table[:, 2].tolist()


def outer_intercept(damkoehler):
    """Distance a over l at which the salt's outer profile s + a vanishes, from the equation of `sampling_loss`."""
    end = 40.0

    def slope(s, y):  # y = (1 - xi) C'/C
        return damkoehler * interface_weight(1.0 / (1.0 + np.exp(s))) - y**2 * (1.0 + np.exp(-s))

    solution = solve_ivp(slope, (-40.0, end), [0.0], method="LSODA", rtol=1e-9, atol=1e-14)
    return 1.0 / solution.y[0, -1] - end


@pytest.mark.parametrize("rate", [1e-3, 0.03, 0.4, 1.0, 3.0, 30.0, 1e3, 1e6, 1e12])
def test_spread_reaction_takes_the_sharp_flux_at_any_rate(rate):
    loss = interface.sampling_loss(rate)[0]
    assert outer_intercept(rate / (1.0 + loss)) == pytest.approx(1.0 / rate, abs=2e-4)


def test_without_correction_fast_reactions_drain_the_outer_tail():
    assert outer_intercept(1e6) < -10.0


def test_sampling_loss_has_its_own_slope_and_no_seam():
    x = np.geomspace(1e-4, 1e8, 200)
    value, slope, gain = np.array([interface.sampling_loss(float(v)) for v in x]).T
    h = 1e-6 * x
    ends = [np.array([interface.sampling_loss(float(v))[0] for v in side]) for side in (x - h, x + h)]
    np.testing.assert_allclose(slope, (ends[1] - ends[0]) / (2.0 * h), rtol=1e-6, atol=1e-7)
    seam = [interface.sampling_loss(v) for v in (1.0 - 1e-13, 1.0 + 1e-13)]
    assert seam[0] == pytest.approx(seam[1], rel=1e-11)
    np.testing.assert_allclose(gain, 1.0 + value - x * slope, rtol=1e-6)
    assert np.all((gain > 0.6) & (gain < 1.001))
    assert interface.sampling_loss(0.0) == pytest.approx((0.0, -0.07903873, 1.0), rel=1e-12)
