"""Transients of many nuclei: published coefficients, limits by hand, quadrature, and discs thrown at random."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from ramify.physics import nucleation
from ramify.physics.constants import FARADAY

TRANSIENTS = (nucleation.instantaneous_transient, nucleation.progressive_transient)


def test_transients_are_those_of_scharifker_and_hills() -> None:
    t = np.array([0.1, 0.5, 1.0, 2.0, 5.0])
    instantaneous = 1.9542 / t * (1.0 - np.exp(-1.2564 * t)) ** 2
    progressive = 1.2254 / t * (1.0 - np.exp(-2.3367 * t**2)) ** 2
    assert np.allclose(nucleation.instantaneous_transient(t), instantaneous, rtol=1e-4)
    assert np.allclose(nucleation.progressive_transient(t), progressive, rtol=1e-4)


@pytest.mark.parametrize("law", TRANSIENTS)
def test_transient_has_its_maximum_of_one_at_one(law: object) -> None:
    assert callable(law)
    assert float(law(1.0)) == pytest.approx(1.0, abs=1e-14)
    assert float(law(1.0 + 1e-4)) - float(law(1.0 - 1e-4)) == pytest.approx(0.0, abs=1e-11)
    assert max(float(law(0.9)), float(law(1.1))) < 1.0


def test_peak_is_the_maximum_of_the_current() -> None:
    D, c, N, omega = 3e-10, 1500.0, 1e9, 1.3e-5
    time, current = nucleation.instantaneous_peak(D, c, N, omega)
    t = time * np.linspace(0.5, 2.0, 30001)
    k = math.sqrt(math.pi) * (2.0 * nucleation.lone_growth(c * omega)) ** 3 / (c * omega)
    i = FARADAY * c * np.sqrt(D / (np.pi * t)) * -np.expm1(-N * np.pi * k * D * t)
    assert t[np.argmax(i)] == pytest.approx(time, rel=1e-3)
    assert i.max() == pytest.approx(current, rel=1e-6)
    assert current**2 * time / ((FARADAY * c) ** 2 * D) == pytest.approx(0.1629, rel=1e-3)


def test_early_current_is_that_of_lone_hemispheres() -> None:
    # Each takes F 2 pi r^2 (dr/dt)/Omega.
    D, c, N, omega = 3e-10, 1500.0, 1e9, 1.3e-5
    time, peak = nucleation.instantaneous_peak(D, c, N, omega)
    early = 1e-6
    r = 2.0 * nucleation.lone_growth(c * omega) * math.sqrt(D * early * time)
    lone = N * FARADAY * 2.0 * math.pi * r**2 / omega * 0.5 * r / (early * time)
    assert peak * math.sqrt(float(nucleation.instantaneous_transient(early))) == pytest.approx(lone, rel=1e-5)


@pytest.mark.parametrize("saturation", [1e-6, 0.02, 0.3])
def test_lone_sphere_takes_what_diffuses_to_it(saturation: float) -> None:
    # The similarity solution c = 1 - u(s)/u(g), u = exp(-s^2)/s - sqrt(pi) erfc(s), s = r/2 sqrt(D t): its flux at the
    # surface moves the surface, g = (c Omega/2) dc/ds.
    g = nucleation.lone_growth(saturation)

    def u(s: float) -> float:
        return math.exp(-s * s) / s - math.sqrt(math.pi) * math.erfc(s)

    slope = (u(g * (1.0 - 1e-5)) - u(g * (1.0 + 1e-5))) / (2e-5 * g * u(g))
    assert g == pytest.approx(0.5 * saturation * slope, rel=1e-8)
    if saturation < 1e-5:
        assert g == pytest.approx(math.sqrt(0.5 * saturation), rel=2e-3)


@pytest.mark.parametrize("rate", [1e-4, 0.3, 2.0, 9.0, 11.0, 500.0])
@pytest.mark.parametrize("until", [0.4, math.inf])
@pytest.mark.parametrize("height", [0.0, 0.3])
def test_extended_area_sums_over_births(rate: float, until: float, height: float) -> None:
    time, velocity, sites = 1.3, 0.7, 5.0

    def born_at(tau: float) -> float:
        return sites * rate * math.exp(-rate * tau) * math.pi * max((velocity * (time - tau)) ** 2 - height**2, 0.0)

    last = min(time - height / velocity, until)
    expected = quad(born_at, 0.0, last, points=[min(10.0 / rate, 0.5 * last)], epsabs=1e-13)[0]
    found = float(nucleation.extended_area(time, height, velocity, sites, rate, until))
    assert found == pytest.approx(expected, rel=1e-9)


def test_fast_births_are_an_instantaneous_nucleation_and_slow_ones_go_with_the_cube_of_time() -> None:
    fast = float(nucleation.extended_area(2.0, 0.0, 0.5, 3.0, 1e7))
    assert fast == pytest.approx(float(nucleation.extended_area(2.0, 0.0, 0.5, 3.0, math.inf)), rel=1e-6)
    assert fast == pytest.approx(math.pi * 3.0 * 1.0**2, rel=1e-6)
    slow = float(nucleation.extended_area(2.0, 0.0, 0.5, 3.0, 1e-6))
    assert slow == pytest.approx(math.pi * 3.0 * 1e-6 * 0.5**2 * 2.0**3 / 3.0, rel=1e-5)
    assert float(nucleation.extended_area(2.0, 1.01, 0.5, 3.0, 1e-6)) == 0.0


def test_number_density_saturates() -> None:
    assert np.allclose(nucleation.number_density([0.0, 1e9], 7.0, 2.0), [0.0, 7.0])
    assert float(nucleation.number_density(1e-9, 7.0, 2.0)) == pytest.approx(1.4e-8)


@pytest.mark.parametrize("rate", [math.inf, 3.0, 0.5])
def test_thickness_is_that_of_lone_hemispheres_at_first_and_of_a_film_at_last(rate: float) -> None:
    early, late = 1e-3, 60.0
    if math.isinf(rate):
        assert nucleation.deposit_thickness(early, 1.0, 2.0, rate) == pytest.approx(
            2.0 * 2.0 / 3.0 * math.pi * early**3, rel=1e-4
        )
    speed = nucleation.deposit_thickness(late + 0.1, 1.0, 2.0, rate) - nucleation.deposit_thickness(
        late, 1.0, 2.0, rate
    )
    assert speed == pytest.approx(0.1, rel=1e-2)
    heights = np.linspace(0.0, 1.0, 20001)
    share = nucleation.covered_share(1.0, heights, 1.0, 2.0, rate)
    assert nucleation.deposit_thickness(1.0, 1.0, 2.0, rate) == pytest.approx(np.trapezoid(share, heights), rel=1e-5)


def test_discs_thrown_at_random_cover_what_avrami_says() -> None:
    random, sites, rate, velocity, time = np.random.default_rng(1), 60.0, 2.0, 0.1, 0.9
    grid = (np.arange(40) + 0.5) / 40
    x, y = np.meshgrid(grid, grid)
    covered = []
    for _ in range(150):
        births = random.exponential(1.0 / rate, random.poisson(sites))
        shown = np.zeros_like(x, dtype=bool)
        for a, b, birth in zip(random.random(births.size), random.random(births.size), births, strict=True):
            dx, dy = (np.abs((u - v + 0.5) % 1.0 - 0.5) for u, v in ((x, a), (y, b)))
            shown |= np.hypot(dx, dy) < velocity * max(time - birth, 0.0)
        covered.append(shown.mean())
    spread = float(np.std(covered)) / math.sqrt(len(covered))
    expected = float(nucleation.covered_share(time, 0.0, velocity, sites, rate))
    assert 0.2 < expected < 0.8
    assert np.mean(covered) == pytest.approx(expected, abs=3.0 * spread)
