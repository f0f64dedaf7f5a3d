"""Diffuse profile and reaction weight."""

import numpy as np
import pytest

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
    assert interface.swept_share(1.0) == 1.0
    assert [interface.weight_moment(float(value)) for value in s] == [pair[1] for pair in table.tolist()]
