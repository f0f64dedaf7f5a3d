"""Finite volumes of a film on a substrate: order, balance, closed forms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from ramify.physics import diffusion
from ramify.tracer.model import Experiment, History
from ramify.tracer.solver import Couple, Resolution, solve

D, TIME, FILM = 1.6e-14, 3600.0, 5e-6
CASES: dict[str, tuple[Couple, Callable[[np.ndarray], np.ndarray]]] = {
    "film": (Couple(FILM, D, TIME), lambda x: diffusion.film(x, D, TIME, FILM)),
    "deposited": (Couple(FILM, D, TIME, 600.0), lambda x: diffusion.deposited_film(x, D, TIME, FILM, 600.0)),
    "growing": (Couple(FILM, D, TIME, TIME), lambda x: diffusion.growing_film(x, D, TIME, FILM / TIME)),
    "barrier": (
        Couple(FILM, D / 7.0, TIME, film_diffusivity=D, transfer=1e-9),
        lambda x: diffusion.film_behind_barrier(x, D / 7.0, TIME, FILM, 1e-9, D),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_second_order_and_balance(name: str) -> None:
    couple, exact = CASES[name]
    errors = []
    for n in (2, 4):
        profile = solve(couple, Resolution(15 * n, 40 * n, 25 * n))
        errors.append(float(np.max(np.abs(profile.concentration - exact(profile.depth)))))
        assert abs(profile.imbalance) < 1e-12
    assert errors[1] < 2e-5
    assert math.log2(errors[0] / errors[1]) > 1.9


def test_order_in_time_alone() -> None:
    runs = [solve(Couple(FILM, D, TIME, 600.0), Resolution(40, 100, steps)) for steps in (50, 100, 200)]
    first, second = (np.max(np.abs(a.concentration - b.concentration)) for a, b in itertools.pairwise(runs))
    assert math.log2(first / second) > 1.9


def test_uniform_material_stays_uniform_while_it_grows() -> None:
    """With a film that meets no substrate to speak of, the moving cells neither make nor lose concentration."""
    profile = solve(Couple(FILM, D, TIME, 600.0, transfer=0.0))
    assert np.allclose(profile.concentration[: profile.film_cells], 1.0, atol=1e-12)
    assert np.all(profile.concentration[profile.film_cells :] == 0.0)


def test_finite_substrate_ends_well_mixed() -> None:
    profile = solve(Couple(FILM, D, 400.0 * TIME, substrate=15e-6))
    assert np.allclose(profile.concentration, 0.25, atol=1e-6)


def test_diffusivity_of_the_concentration_gives_a_straight_profile() -> None:
    """D = a^2 c(1 - c) belongs to c = (1 - x/(a sqrt t))/2 in an endless couple."""
    a, thick = 1e-7, 30e-6
    profile = solve(Couple(thick, lambda c: a**2 * c * (1.0 - c), TIME), Resolution(300, 300, 100))
    exact = np.clip(0.5 * (1.0 - (profile.depth - thick) / (a * math.sqrt(TIME))), 0.0, 1.0)
    assert np.sum(np.abs(profile.concentration - exact) * profile.width) < 2e-3 * a * math.sqrt(TIME)
    assert abs(profile.imbalance) < 1e-12


def test_temperature_history_is_worth_its_equivalent_time() -> None:
    history = History(np.array([0.0, 1200.0, 3600.0]), np.array([298.15, 330.0, 300.0]), 5e4, 298.15)
    x = np.linspace(0.0, 60e-6, 50)
    heated = Experiment("film", TIME, substrate=1e-3, history=history)
    plain = Experiment("film", TIME, history=history)
    assert heated.numerical and not plain.numerical
    assert plain.equivalent_time > 1.5 * TIME
    fine = solve(heated._couple(D, FILM, math.inf), Resolution(60, 600, 100)).at(x)
    assert np.allclose(fine, plain.profile(x, D, FILM), atol=3e-4)


def test_values_between_cells() -> None:
    profile = solve(Couple(FILM, D, TIME, transfer=1e-9))
    x = np.array([0.0, 1e-6, FILM, FILM + 1e-12, 2e-5])
    assert np.allclose(profile.at(x), diffusion.film_behind_barrier(x, D, TIME, FILM, 1e-9), atol=1e-4)
