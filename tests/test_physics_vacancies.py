"""Laws of vacancies at free surfaces, in limits that can be solved by hand."""

import math

import numpy as np
import pytest

from ramify.physics import vacancies
from ramify.physics.classical_nucleation import barrier, critical_radius
from ramify.physics.constants import GAS_CONSTANT
from ramify.physics.interface import sampling_loss, spread_damkoehler

GAMMA, OMEGA, T, D = 0.5, 1.3e-5, 298.15, 1.6e-14
LENGTH = vacancies.capillary_length(GAMMA, OMEGA, T)


def test_a_void_holds_vacancies_above_one_and_convex_metal_below():
    r = 1e-6
    assert vacancies.capillary_length(GAMMA, OMEGA, T) == pytest.approx(2.622e-9, rel=1e-3)
    assert vacancies.equilibrium_supersaturation(-2.0 / r, LENGTH) - 1.0 == pytest.approx(2.0 * LENGTH / r, rel=3e-3)
    assert vacancies.equilibrium_supersaturation(2.0 / r, LENGTH) < 1.0


def test_a_small_void_shrinks_with_the_cube_root_of_time():
    """d(r^3)/dt = -6 D Gamma far from sinks."""
    r = 2e-6
    rate = vacancies.void_shrinkage(r, D, LENGTH)
    assert 3.0 * r**2 * rate == pytest.approx(-6.0 * D * LENGTH, rel=2e-3)


def test_a_shell_of_sinks_near_by_acts_like_a_plane():
    """Sinks at a distance d << r: dr/dt = -D (s_eq - 1)/d, for spheres and tunnels of the same curvature."""
    r, d = 1e-6, 1e-9
    sphere = vacancies.void_shrinkage(2.0 * r, D, LENGTH, 2.0 * r + d)
    tunnel = vacancies.tunnel_shrinkage(r, D, LENGTH, r + d)
    plane = -D * math.expm1(LENGTH / r) / d
    assert sphere == pytest.approx(plane, rel=1e-3)
    assert tunnel == pytest.approx(plane, rel=1e-3)


def test_ripples_decay_with_the_third_power():
    k = 2.0 * math.pi / 1e-6
    bulk = vacancies.ripple_decay_by_bulk(k, D, LENGTH)
    assert vacancies.ripple_decay_by_bulk(2.0 * k, D, LENGTH) == pytest.approx(8.0 * bulk)
    # shallow metal on a sink: vacancies cross it straight, D Gamma k^2/depth; on a closed face they have to go along
    depth = 1e-3 / k
    on_sink = vacancies.ripple_decay_by_bulk(k, D, LENGTH, depth)
    closed = vacancies.ripple_decay_by_bulk(k, D, LENGTH, depth, back_is_sink=False)
    assert on_sink == pytest.approx(-D * LENGTH * k**2 / depth, rel=1e-6)
    assert closed == pytest.approx(-D * LENGTH * k**4 * depth, rel=1e-6)


def test_nuclei_of_voids_are_those_of_metal_under_the_overpotential_of_the_vacancies():
    """r* = 2 gamma Omega/(RT ln s), DG* = 16 pi gamma^3 Omega^2 f/(3 (RT ln s)^2)."""
    s, angle = 1.3, 0.5 * math.pi
    drive = GAS_CONSTANT * T * math.log(s)
    eta = vacancies.driving_overpotential(s, T)
    assert critical_radius(eta, GAMMA, OMEGA) == pytest.approx(2.0 * GAMMA * OMEGA / drive)
    assert barrier(eta, GAMMA, OMEGA, angle) == pytest.approx(8.0 * math.pi * GAMMA**3 * OMEGA**2 / (3.0 * drive**2))
    assert not np.isfinite(critical_radius(vacancies.driving_overpotential(0.9, T), GAMMA, OMEGA))


def test_the_spread_exchange_has_the_rate_of_the_sharp_one_up_to_no_resistance():
    for da in (0.01, 1.0, 30.0):
        assert spread_damkoehler(1.0 / da) == pytest.approx(da / (1.0 + sampling_loss(da)[0]))
    assert spread_damkoehler(0.0) == pytest.approx(spread_damkoehler(1e-9), rel=1e-6)
    assert spread_damkoehler(0.0) == pytest.approx(1.13624, rel=1e-5)
    assert spread_damkoehler(0.0, 0.0135) > spread_damkoehler(0.0)
