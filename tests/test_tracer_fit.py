"""Fits of depth profiles: the truth found back, honest intervals, refusals where the data say nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ramify.scenario.errors import ScenarioError
from ramify.tracer.fit import Fit, fit
from ramify.tracer.model import Experiment
from ramify.tracer.problem import Task
from ramify.tracer.profile import DepthProfile
from ramify.tracer.report import runs_deviation, warnings

D, TIME, FILM, BARRIER = 1.6e-14, 3600.0, 5e-6, 1e-9
X = np.linspace(0.3e-6, 40e-6, 60)
VALUES = {
    "diffusivity": math.nan,
    "film": FILM,
    "barrier": math.inf,
    "roughness": 0.0,
    "amplitude": 1.0,
    "background": 0.0,
}
FILM_FIT = Experiment("film", TIME)


def task(values: np.ndarray, experiment: Experiment = FILM_FIT, *more: str, x: np.ndarray = X) -> Task:
    profile = DepthProfile(x, values, None, "fraction", "1")
    return Task(profile, experiment, VALUES, ("diffusivity", *more))


def noisy(values: np.ndarray, seed: int = 1, noise: float = 0.01) -> np.ndarray:
    return values + np.random.default_rng(seed).normal(0.0, noise, values.size)


def holds(found: Fit, name: str, truth: float) -> bool:
    return found.estimates[name].low <= truth <= found.estimates[name].high


@pytest.mark.parametrize(
    ("experiment", "free"),
    [
        (FILM_FIT, ()),
        (FILM_FIT, ("film", "background")),
        (Experiment("film", TIME, 600.0), ("amplitude", "background")),
        (Experiment("film", TIME, film_diffusivity=5e-14), ("amplitude",)),
        (Experiment("barrier", TIME), ("barrier", "amplitude")),
        (Experiment("film", TIME, substrate=25e-6), ()),
        (Experiment("gaussian", TIME), ("amplitude",)),
    ],
    ids=["film", "thickness", "deposited", "two-D", "barrier", "finite", "gaussian"],
)
def test_truth_is_found_back(experiment: Experiment, free: tuple[str, ...]) -> None:
    x = X[X < 25e-6] if math.isfinite(experiment.substrate) else X
    exact = experiment.profile(x, D, FILM, BARRIER)
    found = fit(task(exact, experiment, *free, x=x))
    assert found.diffusivity.value == pytest.approx(D, rel=2e-4)
    scattered = fit(task(noisy(exact), experiment, *free, x=x))
    assert holds(scattered, "diffusivity", D)
    for name, truth in (("film", FILM), ("barrier", BARRIER), ("amplitude", 1.0), ("background", 0.0)):
        if name in free:
            assert holds(scattered, name, truth), name
    assert scattered.degrees == x.size - 1 - len(free)


def test_interval_is_that_of_the_covariance_where_the_problem_is_nearly_linear() -> None:
    exact = FILM_FIT.profile(X, D, FILM)
    found = fit(task(noisy(exact, noise=1e-4), FILM_FIT, "amplitude"))
    slope = (FILM_FIT.profile(X, 1.001 * D, FILM) - FILM_FIT.profile(X, 0.999 * D, FILM)) / 0.002
    J = np.stack([slope, exact], axis=1)
    deviation = float(found.deviation[0]) * math.sqrt(np.linalg.inv(J.T @ J)[0, 0])
    # 2.0017: Student's t at 97.5 % for 58 degrees of freedom
    half = 0.5 * (found.diffusivity.high - found.diffusivity.low) / D
    assert half == pytest.approx(2.0017 * deviation, rel=5e-3)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    exact = FILM_FIT.profile(X, D, FILM)
    held = sum(holds(fit(task(noisy(exact, seed), FILM_FIT, "amplitude")), "diffusivity", D) for seed in range(40))
    assert 34 <= held <= 40  # binomial with 0.95: outside with 1.4 %


def test_counting_noise_is_weighted_and_absolute() -> None:
    counts = np.random.default_rng(3).poisson(2000.0 * FILM_FIT.profile(X, D, FILM) + 5.0).astype(float)
    profile = DepthProfile(X, counts, None, "counts", "counts")
    counted = Task(profile, FILM_FIT, VALUES, ("diffusivity", "amplitude", "background"), "counts")
    found, plain = fit(counted), fit(replace(counted, noise="constant"))
    assert holds(found, "diffusivity", D) and holds(found, "background", 5.0)
    assert 30.0 < found.chi_square < 90.0
    assert counted.absolute and not plain.task.absolute
    widths = [f.diffusivity.high - f.diffusivity.low for f in (found, plain)]
    assert widths[0] < 0.9 * widths[1]


def test_given_uncertainties_widen_where_the_scatter_is_larger() -> None:
    exact = FILM_FIT.profile(X, D, FILM)
    plain = task(noisy(exact), FILM_FIT, "amplitude")
    widths = []
    for deviation in (0.001, 0.01, 0.05):
        profile = replace(plain.profile, uncertainty=np.full(X.size, deviation))
        found = fit(replace(plain, profile=profile))
        widths.append(found.diffusivity.high - found.diffusivity.low)
        assert any("chi-square" in told for told in warnings(found)) is (deviation == 0.001)
    scattered = fit(plain).diffusivity
    assert widths[0] == pytest.approx(scattered.high - scattered.low, rel=1e-3)
    assert widths[2] > 4.0 * widths[1]


def test_depths_from_the_interface() -> None:
    values = FILM_FIT.profile(X + FILM, D, FILM)
    found = fit(replace(task(values, FILM_FIT, "amplitude"), from_interface=True))
    assert found.diffusivity.value == pytest.approx(D, rel=1e-4)


def test_known_roughness_is_taken_off() -> None:
    deviation = 3e-6
    blurred = FILM_FIT.profile(X, D, FILM, roughness=deviation)
    blind = fit(task(blurred)).diffusivity.value
    assert blind == pytest.approx(D + deviation**2 / (2.0 * TIME), rel=1e-3)
    knowing = replace(task(blurred), values=VALUES | {"roughness": deviation})
    assert fit(knowing).diffusivity.value == pytest.approx(D, rel=1e-3)


def test_an_open_barrier_has_no_upper_end() -> None:
    found = fit(task(noisy(FILM_FIT.profile(X, D, FILM)), Experiment("barrier", TIME), "barrier", "amplitude"))
    h = found.estimates["barrier"]
    assert math.isinf(h.high) and h.low > 1e-9
    assert holds(found, "diffusivity", D)


def test_patterns_are_told() -> None:
    blocked = Experiment("barrier", TIME).profile(X, D, FILM, BARRIER)
    assert any("pattern" in told for told in warnings(fit(task(blocked, FILM_FIT, "amplitude"))))
    assert not warnings(fit(task(noisy(FILM_FIT.profile(X, D, FILM)), FILM_FIT, "amplitude")))
    assert any("thin-film" in told for told in warnings(fit(task(blocked, Experiment("gaussian", TIME), "amplitude"))))
    assert runs_deviation(np.array([1.0, -1.0] * 20)) < -5.0
    assert runs_deviation(np.array([1.0] * 20 + [-1.0] * 20)) > 5.0
    assert abs(runs_deviation(np.random.default_rng(0).normal(size=200))) < 3.0


@pytest.mark.parametrize(
    ("values", "x", "free", "told"),
    [
        (np.ones(4), X[:4], ("amplitude",), "4 points for 2 free parameters"),
        (np.ones(60), X, ("amplitude",), "all values are the same"),
        (noisy(np.zeros(60)), X, ("amplitude",), "tells"),
        (FILM_FIT.profile(X, 1e-22, FILM), X, (), "below"),
    ],
)
def test_data_that_do_not_fix_the_diffusivity(
    values: np.ndarray, x: np.ndarray, free: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ScenarioError, match=told):
        fit(task(values, FILM_FIT, *free, x=x))


def test_roughness_and_diffusion_are_not_told_apart() -> None:
    both = task(noisy(FILM_FIT.profile(X, D, FILM)), FILM_FIT, "roughness")
    with pytest.raises(ScenarioError, match="roughness is not told apart"):
        fit(replace(both, values=VALUES | {"roughness": 1e-6}))
