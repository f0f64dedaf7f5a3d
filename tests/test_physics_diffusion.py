"""Tracer laws in their limits, against each other and against independent functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from ramify.physics import diffusion

D, TIME, FILM = 1.6e-14, 3600.0, 5e-6
LENGTH = 2.0 * math.sqrt(D * TIME)
X = np.linspace(0.0, 6.0 * LENGTH, 4001)


def test_error_functions_at_any_argument() -> None:
    z = np.concatenate([np.linspace(-3.0, 30.0, 400), [1e3, 1e8]])
    assert np.allclose(diffusion.erfcx(z), special.erfcx(z), rtol=1e-14)
    assert np.allclose(diffusion.erfc(z), special.erfc(z), rtol=1e-13)
    assert diffusion.erf(0.5) == pytest.approx(special.erf(0.5), rel=1e-15)


def test_film_limits_and_mass() -> None:
    assert diffusion.film(0.5 * FILM, D, 1e-9, FILM) == pytest.approx(1.0)
    assert diffusion.film(1.5 * FILM, D, 1e-9, FILM) == pytest.approx(0.0)
    assert np.trapezoid(diffusion.film(X, D, TIME, FILM), X) == pytest.approx(FILM, rel=1e-10)
    assert np.trapezoid(diffusion.thin_film(X, D, TIME, FILM), X) == pytest.approx(FILM, rel=1e-10)


def test_thin_films_become_gaussian_with_d_squared() -> None:
    errors = [
        np.max(np.abs(diffusion.film(X, D, TIME, d) / d - diffusion.thin_film(X, D, TIME))) for d in (1e-6, 0.5e-6)
    ]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.02)


def test_film_solves_the_diffusion_equation() -> None:
    x, h, k = 7e-6, 2e-8, 1.0
    values = [diffusion.film(x + n * h, D, TIME, FILM) for n in (-1, 0, 1)]
    rate = (diffusion.film(x, D, TIME + k, FILM) - diffusion.film(x, D, TIME - k, FILM)) / (2.0 * k)
    assert rate == pytest.approx(D * (values[0] - 2.0 * values[1] + values[2]) / h**2, rel=1e-4)


def test_smoothing_is_diffusion_under_a_sealed_surface() -> None:
    for seconds in (1.0, 300.0, 5000.0):
        deviation = math.sqrt(2.0 * D * seconds)
        later = diffusion.smoothed(lambda y: diffusion.film(y, D, TIME, FILM), X[::50], deviation, FILM)
        assert np.allclose(later, diffusion.film(X[::50], D, TIME + seconds, FILM), atol=1e-9)
        step = diffusion.smoothed(lambda y: np.where(y < FILM, 1.0, 0.0), X[::50], deviation, FILM)
        assert np.allclose(step, diffusion.film(X[::50], D, seconds, FILM), atol=1e-9)
    assert diffusion.smoothed(lambda y: 2.0 * y, 3.0, 0.0, FILM) == 6.0


def test_deposition_keeps_the_mass_and_the_surface_condition() -> None:
    for duration in (60.0, 600.0, TIME):
        profile = diffusion.deposited_film(X, D, TIME, FILM, duration)
        assert np.trapezoid(profile, X) == pytest.approx(FILM, rel=1e-6)
    v, h = FILM / TIME, 1e-10
    surface, below = diffusion.growing_film(np.array([0.0, h]), D, TIME, v)
    assert v * surface - D * (below - surface) / h == pytest.approx(v, rel=1e-4)


def test_fast_deposition_is_a_film_that_was_there() -> None:
    """The interface diffuses from the start, so that the difference is of second order in the deposition time."""
    exact = diffusion.film(X, D, TIME, FILM)
    differences = [
        np.max(np.abs(diffusion.deposited_film(X, D, TIME, FILM, duration) - exact)) for duration in (1.0, 36.0, 72.0)
    ]
    assert differences[0] < 1e-5
    assert differences[2] / differences[1] == pytest.approx(4.0, rel=0.1)


def test_slow_diffusion_leaves_a_growing_film_as_it_is() -> None:
    assert np.allclose(diffusion.growing_film(np.array([0.0, 2e-6, 4e-6]), 1e-20, TIME, FILM / TIME), 1.0, atol=1e-6)
    assert diffusion.growing_film(6e-6, 1e-20, TIME, FILM / TIME) == pytest.approx(0.0, abs=1e-12)


def test_barrier_limits() -> None:
    open_ = diffusion.film_behind_barrier(X, D, TIME, FILM, math.inf)
    assert np.allclose(open_, diffusion.film(X, D, TIME, FILM), atol=1e-12)
    assert np.allclose(diffusion.film_behind_barrier(X, D, TIME, FILM, 1.0), open_, atol=1e-6)
    closed = diffusion.film_behind_barrier(X, D, TIME, FILM, 0.0)
    assert np.array_equal(closed, (X <= FILM).astype(float))
    assert np.allclose(diffusion.film_behind_barrier(X, D, TIME, FILM, 1e-18), closed, atol=1e-8)
    # a nearly closed barrier lets through h t of a film that stays full
    h = 1e-15
    beyond = diffusion.film_behind_barrier(FILM + X[1:], D, TIME, FILM, h)
    assert np.trapezoid(beyond, X[1:]) == pytest.approx(h * TIME, rel=1e-2)


@pytest.mark.parametrize("h", [1e-10, 1e-9, 1e-7])
def test_thick_films_behind_a_barrier_have_a_closed_form(h: float) -> None:
    thick = 1e-3
    beyond = np.linspace(1e-9, 40e-6, 50)
    found = diffusion.film_behind_barrier(thick + beyond, D, TIME, thick, h)
    assert np.allclose(found, diffusion.thick_film_behind_barrier(beyond, D, TIME, h), atol=1e-9)


def test_film_of_another_diffusivity_conserves_and_stays_continuous() -> None:
    profile = diffusion.film_behind_barrier(X, D / 7.0, TIME, FILM, math.inf, D)
    assert np.trapezoid(profile, X) == pytest.approx(FILM, rel=1e-5)
    sides = diffusion.film_behind_barrier(np.array([FILM, FILM + 1e-15]), D / 7.0, TIME, FILM, math.inf, D)
    assert sides[0] == pytest.approx(sides[1], abs=1e-8)


def test_arrhenius_law_and_equivalent_time() -> None:
    energy, reference = 5e4, 298.15
    ratio = diffusion.arrhenius(320.0, 1e-6, energy) / diffusion.arrhenius(reference, 1e-6, energy)
    assert diffusion.arrhenius_factor(320.0, energy, reference) == pytest.approx(ratio, rel=1e-12)
    assert diffusion.equivalent_time([0.0, 60.0], [reference, reference], energy, reference) == pytest.approx(60.0)
    times, temperatures = np.linspace(0.0, 3600.0, 20001), np.linspace(300.0, 340.0, 20001)
    fine = np.trapezoid(diffusion.arrhenius_factor(temperatures, energy, reference), times)
    found = diffusion.equivalent_time([0.0, 3600.0], [300.0, 340.0], energy, reference)
    assert found == pytest.approx(fine, rel=1e-8)
