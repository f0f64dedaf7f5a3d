"""Least-squares fits of a depth profile, with intervals that are right for noisy data and curved valleys.

    S(p) = sum_n [ (y_n - A C(x_n; p) - B) / sigma_n ]^2,   p = ln D, ln d, ln h, ln roughness

Amplitude A and background B are linear and solved for inside; p is found by a trust-region method from the best points
of a coarse search. The interval of each p is that of its profile: the values at which S, minimised over everything
else, has risen by s^2 t^2, with t the quantile of Student's distribution and s^2 the scale of the noise: S over the
degrees of freedom where sigma is known up to a factor, and no less than one where it is known (G. A. F. Seber,
C. J. Wild, Nonlinear Regression (1989), section 5.4). A and B have intervals from the covariance.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from ramify.tracer.problem import LINEAR, NONLINEAR, Problem, Task, counting_deviation, refused_fit
from ramify.tracer.solver import FloatArray

CONFIDENCE = 0.95
FEWEST_SPARE = 3
"""Points that a fit needs beyond its free parameters."""
SEARCHED = 25
"""Values of D in the coarse search, from a spread that no two points resolve to one far beyond the deepest."""
LEAST_SCATTER = 1e-6
"""Of the values, over the largest: no interval is narrower than such noise would have it."""


@dataclass(frozen=True)
class Estimate:
    """A parameter of a fit."""

    value: float
    low: float
    """Ends of the 95 % interval; both the value where it was given."""
    high: float
    fitted: bool


@dataclass(frozen=True)
class Fit:
    """The best fit of a task."""

    task: Task
    estimates: dict[str, Estimate]
    model: FloatArray
    """Fitted values at the profile's depths."""
    deviation: FloatArray
    """Standard deviation of each value."""
    chi_square: float
    """S; over sigma as known, or the degrees of freedom where it is not."""
    degrees: int
    residuals: FloatArray
    """(y - model)/deviation."""

    @property
    def diffusivity(self) -> Estimate:
        """D [m^2/s]."""
        return self.estimates["diffusivity"]


class _Better(Exception):
    """A profile came upon a better fit than the one it belongs to."""

    def __init__(self, point: FloatArray) -> None:
        self.point = point


def fit(task: Task) -> Fit:
    """The best fit and the intervals of what is free.

    Raises
    ------
    ScenarioError
        With too few points, where the fit does not converge, or where the data do not fix D.
    """
    profile = task.profile
    if profile.depth.size < len(task.free) + FEWEST_SPARE:
        told = f"{profile.depth.size} points for {len(task.free)} free parameters ({', '.join(task.free)})"
        raise refused_fit(told, f"{len(task.free) + FEWEST_SPARE} points or more, or fewer free parameters")
    if float(np.ptp(profile.value)) == 0.0:
        raise refused_fit("all values are the same: no trace of diffusion", "a profile that falls with depth")
    problem = Problem(task)
    point, jacobian = _search(problem), None
    for _ in range(4 if task.noise == "counts" else 1):
        if task.noise == "counts" and profile.uncertainty is None:
            problem.sigma = counting_deviation(problem.model(point), task)
        point, _, jacobian = problem.descend(point)
    for _ in range(4):
        try:
            return _result(problem, point, jacobian)
        except _Better as better:
            point, _, jacobian = problem.descend(better.point)
    raise refused_fit("the fit finds ever better minima", "fewer free parameters (--fit)")


def _search(problem: Problem) -> FloatArray:
    """Best of the descents from the best points of a coarse search."""
    task = problem.task
    axes = []
    for name, low, high in zip(problem.names, problem.low, problem.high, strict=True):
        if name == "diffusivity":
            axes.append(np.linspace(low, high, SEARCHED + 2)[1:-1])
        elif name == "barrier":
            axes.append(np.array([math.nan]))
        else:
            axes.append(np.array([math.log(task.values[name])]))
    starts = []
    for corner in itertools.product(*axes):
        point = np.array(corner)
        if "barrier" not in problem.names:
            starts.append(point)
            continue
        rate = 0.5 * (point[0] - math.log(task.experiment.time))
        for biot in (0.03, 0.1, 0.3, 1.0, 3.0, 30.0):
            starts.append(np.where(np.isnan(point), rate + math.log(biot), point))
    starts.sort(key=_sketch(problem).sum_of_squares)
    # The search brackets the best D; several parameters may have several minima.
    tried = 1 if len(problem.names) == 1 or task.experiment.numerical else 3
    found = [problem.descend(start) for start in starts[:tried]]
    return min(found, key=lambda descent: descent[1])[0]


def _sketch(problem: Problem) -> Problem:
    """The problem with a closed form in place of finite volumes, to rank starting points with."""
    task = problem.task
    if not task.experiment.numerical:
        return problem
    time = task.experiment.equivalent_time - 0.5 * task.experiment.deposition_time
    simple = replace(
        task.experiment,
        time=max(time, 0.5 * task.experiment.equivalent_time),
        deposition_time=0.0,
        substrate=math.inf,
        history=None,
    )
    return Problem(replace(task, experiment=simple))


def _result(problem: Problem, point: FloatArray, jacobian: FloatArray | None) -> Fit:
    """Intervals around the best point."""
    from scipy.stats import t as student

    task = problem.task
    degrees = task.profile.depth.size - len(task.free)
    residuals = problem.residuals(point)
    best = float(np.sum(residuals**2))
    # Data without noise leave what the descent and the laws are good to, on which no interval can stand.
    floor = degrees * (LEAST_SCATTER * float(np.max(np.abs(task.profile.value / problem.sigma)))) ** 2
    scale = max(best, floor) / degrees
    if task.absolute:
        scale = max(scale, 1.0)
    quantile = float(student.ppf(0.5 + 0.5 * CONFIDENCE, degrees))
    values = problem.parameters(point) | problem.coefficients(problem.shape(point))
    estimates = {name: Estimate(values[name], values[name], values[name], False) for name in (*NONLINEAR, *LINEAR)}
    assert jacobian is not None
    deviations = math.sqrt(scale) * _deviations(jacobian)
    for k, name in enumerate(problem.names):
        ends = [_end(problem, point, k, side, scale * quantile**2, float(deviations[k])) for side in (-1, 1)]
        low, high = math.exp(ends[0]), math.exp(ends[1])
        estimates[name] = Estimate(values[name], low, high, True)
        if name == "diffusivity":
            _refuse_unknown(estimates[name])
    for name, deviation in _linear_deviations(problem, point).items():
        half = quantile * math.sqrt(scale) * deviation
        estimates[name] = Estimate(values[name], values[name] - half, values[name] + half, True)
    if values["amplitude"] <= 0.0:
        raise refused_fit("the values rise with depth: no profile of a film", "values that fall with depth")
    shown = 1.0 if task.absolute else math.sqrt(scale)
    return Fit(
        task=task,
        estimates=estimates,
        model=problem.model(point),
        deviation=problem.sigma * shown,
        chi_square=best / shown**2,
        degrees=degrees,
        residuals=residuals / shown,
    )


def _end(problem: Problem, best: FloatArray, index: int, side: int, rise: float, deviation: float) -> float:
    """Where the profile of a parameter has risen by `rise`; infinite where it never does."""
    from scipy.optimize import brentq

    lowest = problem.sum_of_squares(best)
    limit = float((problem.low, problem.high)[side > 0][index])
    point = best.copy()

    def excess(position: float) -> float:
        nonlocal point
        point[index] = position
        point, found, _ = problem.descend(point, held=index)
        if found < lowest - 0.01 * rise:
            raise _Better(point.copy())
        return found - lowest - rise

    step = min(max(2.0 * deviation, 1e-9), 0.5)
    inner, settled = float(best[index]), best.copy()
    # The sign at a position once visited stays, wherever the others settle on a second visit.
    visited = {inner: -rise}
    while True:
        beyond = (limit - inner) * side <= step
        outer = limit if beyond else inner + side * step
        visited[outer] = excess(outer)
        if visited[outer] > 0.0:
            break
        if beyond:
            return side * math.inf
        inner, settled, step = outer, point.copy(), 1.7 * step
    point = settled

    def remembered(position: float) -> float:
        return visited[position] if position in visited else excess(position)

    return float(brentq(remembered, inner, outer, xtol=2e-4 * step, rtol=1e-12))


def _linear_deviations(problem: Problem, point: FloatArray) -> dict[str, float]:
    """Standard deviation of free amplitude and background, everything free varying, for noise of scale one."""
    if not problem.linear:
        return {}
    amplitude = problem.coefficients(problem.shape(point))["amplitude"]
    small = 1e-4
    columns = []
    for k in range(point.size):
        ahead, behind = point.copy(), point.copy()
        ahead[k] += small
        behind[k] -= small
        columns.append(amplitude * (problem.shape(ahead) - problem.shape(behind)) / (2.0 * small))
    ones = {"amplitude": problem.shape(point), "background": np.ones(problem.sigma.size)}
    matrix = np.stack([*columns, *(ones[name] for name in problem.linear)], axis=1) / problem.sigma[:, None]
    return {name: float(value) for name, value in zip(problem.linear, _deviations(matrix)[point.size :], strict=True)}


def _deviations(jacobian: FloatArray) -> FloatArray:
    """Standard deviations of parameters for noise of scale one; enormous, not small, where they replace each other."""
    size = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-100)
    _, singular, directions = np.linalg.svd(jacobian / size, full_matrices=False)
    return np.linalg.norm(directions / np.maximum(singular, 1e-12)[:, None], axis=0) / size


def _refuse_unknown(D: Estimate) -> None:
    if math.isfinite(D.high) and D.low > 0.0:
        return
    if D.low > 0.0:
        told = f"only that D is above {D.low:.3g} m^2/s"
    elif math.isfinite(D.high):
        told = f"only that D is below {D.high:.3g} m^2/s"
    else:
        told = "nothing about D"
    raise refused_fit(
        f"the profile tells {told} (95 %)",
        "points that resolve the diffusion length and reach beyond it; fewer free parameters (--fit); "
        "roughness is not told apart from diffusion and has to be given",
    )
