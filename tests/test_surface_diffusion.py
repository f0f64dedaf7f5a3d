"""Surface diffusion of a diffuse front: Mullins' decay rates, conservation, walls, long steps, ranks."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from surface_cells import Surface

from ramify.phasefield.grid import OWNED
from ramify.physics import surface_diffusion as law

HALF = math.log(2.0)


def ripple_rate(per_wavelength, *, steps=6, width=1.0, offset=0.0):
    """Decay rate of half a wavelength between planes of symmetry, over B k^4."""
    k = 2.0 * np.pi / per_wavelength
    surface = Surface(
        (per_wavelength // 2, 1, 44), lambda x, y, z: z - 22.0 - offset - 0.2 * np.cos(k * x) + 0.0 * y, width
    )
    wave = lambda x, y, z: np.cos(k * x) + 0.0 * (y + z)  # noqa: E731
    before, time = surface.moment(wave), HALF / law.ripple_decay_rate(1.0, k)
    surface.run(time, steps)
    return math.log(before / surface.moment(wave)) / HALF


def circle_rate(radius, mode, *, width=1.0, steps=6):
    """Decay rate of a mode of a quarter circle over Mullins'; without what the lattice does to a round one."""
    cells, size = int(1.1 * radius + 14 * width), 0.02
    time = HALF / law.circle_decay_rate(1.0, radius, mode)
    wave = lambda x, y, z: np.cos(mode * np.arctan2(z, x)) + 0.0 * y  # noqa: E731

    def distance(sign):
        def exact(x, y, z):
            angle, r = np.arctan2(z, x), np.hypot(x, z) + 0.0 * y
            slope = radius * size * mode * np.sin(mode * angle) / np.maximum(r, 1.0)
            return (r - radius * (1.0 + sign * size * np.cos(mode * angle))) / np.sqrt(1.0 + slope**2)

        return exact

    ends = []
    for sign in (1.0, -1.0):
        surface = Surface((cells, 1, cells), distance(sign), width)
        before = surface.moment(wave)
        surface.run(time, steps)
        ends.append((before, surface.moment(wave)))
    (a, b), (c, d) = ends
    return math.log((a - c) / (b - d)) / HALF


def test_a_ripple_decays_as_mullins_says_within_two_per_cent_at_32_cells_and_in_second_order():
    rates = {n: ripple_rate(n) for n in (16, 32, 64)}
    assert abs(rates[32] - 1.0) < 0.02
    assert abs(rates[64] - 1.0) < 0.004
    order = math.log2((rates[16] - rates[32]) / (rates[32] - rates[64]))
    assert order > 1.5


@pytest.mark.parametrize(("width", "offset"), [(1.0, 0.37), (2.0, 0.0)])
def test_the_rate_does_not_know_the_place_on_the_grid_nor_the_width(width, offset):
    assert ripple_rate(32, width=width, offset=offset) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("radius", "mode", "width"), [(16, 2, 1.0), (16, 4, 1.0), (32, 4, 2.0), (32, 6, 1.0)])
def test_modes_of_a_circle_decay_at_their_rates(radius, mode, width):
    assert circle_rate(radius, mode, width=width) == pytest.approx(1.0, abs=0.02)


def test_few_steps_are_enough_and_their_error_falls_in_second_order():
    """Until it is as small as what the length of a part changes of the mean over the profile, a thousandth."""
    exact = ripple_rate(64, steps=64)
    errors = {steps: ripple_rate(64, steps=steps) - exact for steps in (2, 4, 8)}
    assert errors[2] / errors[4] > 3.5
    assert abs(errors[4]) < 2e-3 and abs(errors[8]) < 1e-3


def ellipse(x, y, z):
    """Signed distance, to first order, of an ellipse of half axes 18 and 9 about the corner."""
    level = np.sqrt((x / 18.0) ** 2 + (z / 9.0) ** 2) + 0.0 * y
    return level * (level - 1.0) / np.maximum(np.sqrt(x**2 / 18.0**4 + z**2 / 9.0**4), 1e-9)


def test_an_ellipse_becomes_a_circle_of_its_own_metal_in_steps_far_beyond_the_explicit_limit():
    surface = Surface((34, 1, 34), ellipse)
    before = surface.metal()
    surface.run(24000.0, 3)
    assert surface.diffusion.longest > 100.0, "an explicit scheme is stable up to h^4/(64 B) = 0.016"
    assert surface.metal() == pytest.approx(before, rel=1e-13)
    across, along = (surface.xi[1:-1, 1, 1:-1][edge].sum() for edge in ((0,), (slice(None), 0)))
    assert across == pytest.approx(along, rel=3e-3)
    assert along == pytest.approx(math.sqrt(18.0 * 9.0), rel=0.01)
    xi = surface.xi[OWNED]
    assert xi.min() > -1e-6 and xi.max() < 1.0 + 1e-6


def test_a_sphere_stays_and_a_bump_on_it_decays():
    radius, degree = 10.0, 2

    def distance(sign):
        def exact(x, y, z):
            r = np.sqrt(x**2 + y**2 + z**2)
            return r - radius * (1.0 + sign * 0.02 * 0.5 * (3.0 * (z / r) ** 2 - 1.0))

        return exact

    wave = lambda x, y, z: 0.5 * (3.0 * z**2 / (x**2 + y**2 + z**2) - 1.0)  # noqa: E731
    ends = []
    for sign in (1.0, -1.0):
        surface = Surface((20, 20, 20), distance(sign))
        before, metal = surface.moment(wave), surface.metal()
        surface.run(HALF / law.sphere_decay_rate(1.0, radius, degree), 3)
        assert surface.metal() == pytest.approx(metal, rel=1e-13)
        ends.append((before, surface.moment(wave)))
    (a, b), (c, d) = ends
    # The diffuse sphere is ten widths in radius: 5 l^2/R^2.
    assert math.log((a - c) / (b - d)) / HALF == pytest.approx(1.0, abs=0.07)


def test_no_metal_enters_a_host_and_a_flat_surface_between_walls_stays():
    def host(x, y, z):
        return np.maximum(np.minimum(x - 4.4, 19.7 - x), z - 24.0) + 0.0 * y

    flat = Surface((24, 1, 32), lambda x, y, z: z - 14.0 + 0.0 * (x + y), host_distance=host)
    xi = flat.xi.copy()
    flat.run(100.0, 2)
    assert np.abs(flat.xi - xi)[OWNED].max() < 1e-6
    bump = Surface(
        (24, 1, 32), lambda x, y, z: z - 14.0 - np.cos(np.pi * (x - 4.4) / 15.3) + 0.0 * y, host_distance=host
    )
    before = bump.metal()
    bump.run(3000.0, 3)
    assert bump.metal() == pytest.approx(before, rel=1e-13)
    heights = bump.xi[1:-1, 1, 6:20].sum(axis=0)
    assert np.ptp(heights) < 0.3, "the bump of two cells has gone"


def test_a_faster_particle_relaxes_first():
    """Two equal ripples, one with four times the coefficient: as fast as it is in a time four times as short."""
    k = 2.0 * np.pi / 32.0
    rate = law.ripple_decay_rate(1.0, k)
    wave = lambda x, y, z: np.cos(k * x) + 0.0 * (y + z)  # noqa: E731

    def rippled():
        return Surface((16, 1, 44), lambda x, y, z: z - 22.0 - 0.2 * np.cos(k * x) + 0.0 * y)

    plain, fast = rippled(), rippled()
    plain.run(HALF / rate, 4)
    fast.run(0.25 * HALF / rate, 4, np.full_like(fast.xi, 4.0))
    assert fast.moment(wave) == pytest.approx(plain.moment(wave), rel=1e-6)


def test_two_ranks_find_the_same(mpiexec):
    script = Path(__file__).with_name("parallel_surface_diffusion.py")
    one, two = (json.loads(mpiexec(ranks, script).stdout) for ranks in (1, 2))
    assert abs(two.pop("gained")) < 1e-13 and abs(one.pop("gained")) < 1e-13
    for name, value in one.items():
        assert two[name] == pytest.approx(value, rel=1e-8), name


def test_the_law():
    """B of lithium with D_s = 1e-11 m2/s and 0.28 nm: 1e-11 x 2.8e-10 x 0.52 x 1.3e-5/(8.314 x 298.15)."""
    assert law.mullins_coefficient(1e-11, 2.8e-10, 0.52, 1.3e-5, 298.15) == pytest.approx(7.636e-30, rel=1e-3)
    assert law.circle_decay_rate(2.0, 3.0, 1) == 0.0, "a shift of the circle"
    assert law.sphere_decay_rate(2.0, 3.0, 1) == 0.0
    # a short wave on a large circle is a ripple of k = n/R
    assert law.circle_decay_rate(2.0, 1e3, 1000) == pytest.approx(law.ripple_decay_rate(2.0, 1.0), rel=1e-5)
