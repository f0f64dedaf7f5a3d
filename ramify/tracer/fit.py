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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ramify.scenario.errors import ScenarioError
from ramify.tracer.model import Experiment
from ramify.tracer.profile import DepthProfile
from ramify.tracer.solver import FloatArray

Noise = Literal["constant", "counts"]
NONLINEAR = ("diffusivity", "film", "barrier", "roughness")
LINEAR = ("amplitude", "background")
UNITS = {"diffusivity": "m^2/s", "film": "m", "barrier": "m/s", "roughness": "m"}
CONFIDENCE = 0.95
FEWEST_SPARE = 3
"""Points that a fit needs beyond its free parameters."""
BIOT_RANGE = (1e-4, 1e4)
"""Barriers searched, as h sqrt(t/D) with the D of the search: outside the profile knows none, or nothing else."""
SEARCHED = 25
"""Values of D in the coarse search, from a spread that no two points resolve to one far beyond the deepest."""
LEAST_SCATTER = 1e-6
"""Of the values, over the largest: no interval is narrower than such noise would have it."""
SMALLEST_COUNT = 1e-3
"""Least variance of counting noise, over the largest of the fit."""


@dataclass(frozen=True)
class Task:
    """A profile and what is to be found from it."""

    profile: DepthProfile
    experiment: Experiment
    values: Mapping[str, float]
    """Every parameter of NONLINEAR and LINEAR: its value, or where to begin if it is free (diffusivity: ignored)."""
    free: tuple[str, ...] = ("diffusivity", "amplitude")
    noise: Noise = "constant"
    from_interface: bool = False
    """Whether depths count from the original interface; from the film's outer surface otherwise."""

    @property
    def absolute(self) -> bool:
        """Whether the standard deviations are known, not just their proportions."""
        counted = self.noise == "counts" and self.profile.unit == "counts"
        return self.profile.uncertainty is not None or counted


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


class _Problem:
    """Sum of squares as a function of the free nonlinear parameters, in logarithms."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.names = [name for name in NONLINEAR if name in task.free]
        self.linear = [name for name in LINEAR if name in task.free]
        y = task.profile.value
        self.sigma = np.ones(y.size) if task.profile.uncertainty is None else task.profile.uncertainty
        self.low, self.high = _bounds(task, self.names)

    def parameters(self, point: Sequence[float] | FloatArray) -> dict[str, float]:
        """All nonlinear parameters at a point."""
        values = {name: self.task.values[name] for name in NONLINEAR}
        return values | {name: math.exp(p) for name, p in zip(self.names, point, strict=True)}

    def shape(self, point: Sequence[float] | FloatArray) -> FloatArray:
        """C/C0 at the profile's depths."""
        p, task = self.parameters(point), self.task
        shift = p["film"] if task.from_interface and task.experiment.kind != "gaussian" else 0.0
        depth = task.profile.depth + shift
        return task.experiment.profile(depth, p["diffusivity"], p["film"], p["barrier"], p["roughness"])

    def coefficients(self, shape: FloatArray) -> dict[str, float]:
        """Amplitude and background that suit a shape best."""
        columns = {"amplitude": shape, "background": np.ones(shape.size)}
        known = sum(self.task.values[name] * columns[name] for name in LINEAR if name not in self.linear)
        found = {name: self.task.values[name] for name in LINEAR}
        if self.linear:
            matrix = np.stack([columns[name] for name in self.linear], axis=1) / self.sigma[:, None]
            solution = np.linalg.lstsq(matrix, (self.task.profile.value - known) / self.sigma)[0]
            found |= {name: float(value) for name, value in zip(self.linear, solution, strict=True)}
        return found

    def model(self, point: Sequence[float] | FloatArray) -> FloatArray:
        """Fitted values."""
        shape = self.shape(point)
        linear = self.coefficients(shape)
        return linear["amplitude"] * shape + linear["background"]

    def residuals(self, point: Sequence[float] | FloatArray) -> FloatArray:
        """(y - model)/sigma."""
        return (self.task.profile.value - self.model(point)) / self.sigma

    def sum_of_squares(self, point: Sequence[float] | FloatArray) -> float:
        """S at a point."""
        return float(np.sum(self.residuals(point) ** 2))

    def descend(self, start: FloatArray, held: int | None = None) -> tuple[FloatArray, float, FloatArray]:
        """Best point from a start, S there and the Jacobian; one parameter may be held where it is."""
        from scipy.optimize import least_squares

        moving = [k for k in range(start.size) if k != held]
        point = np.array(start, dtype=float)
        if not moving:
            return point, self.sum_of_squares(point), np.zeros((self.sigma.size, 0))

        def residuals(part: FloatArray) -> FloatArray:
            point[moving] = part
            return self.residuals(point)

        low, high = self.low[moving], self.high[moving]
        begin = np.clip(point[moving], low + 1e-9, high - 1e-9)
        found = least_squares(residuals, begin, bounds=(low, high), diff_step=1e-5, xtol=1e-9, ftol=1e-11, max_nfev=300)
        if not found.success:
            raise refused_fit(f"the fit does not converge in {found.nfev} evaluations", "fewer free parameters (--fit)")
        point[moving] = found.x
        return point, 2.0 * float(found.cost), found.jac


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
    problem = _Problem(task)
    point, jacobian = _search(problem), None
    for _ in range(4 if task.noise == "counts" else 1):
        if task.noise == "counts" and profile.uncertainty is None:
            problem.sigma = _counting_deviation(problem.model(point), task)
        point, _, jacobian = problem.descend(point)
    for _ in range(4):
        try:
            return _result(problem, point, jacobian)
        except _Better as better:
            point, _, jacobian = problem.descend(better.point)
    raise refused_fit("the fit finds ever better minima", "fewer free parameters (--fit)")


def _search(problem: _Problem) -> FloatArray:
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


def _sketch(problem: _Problem) -> _Problem:
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
    return _Problem(replace(task, experiment=simple))


def _bounds(task: Task, names: list[str]) -> tuple[FloatArray, FloatArray]:
    """Ranges of the logarithms: what the points of the profile could tell at all."""
    depth, time = task.profile.depth, task.experiment.equivalent_time
    finest, deepest = float(np.min(np.diff(depth))), float(depth[-1])
    D = ((0.05 * finest) ** 2 / (4.0 * time), (30.0 * deepest) ** 2 / (4.0 * time))
    rates = (math.sqrt(D[0] / time), math.sqrt(D[1] / time))
    ranges = {
        "diffusivity": D,
        "film": (task.values["film"] / 30.0, task.values["film"] * 30.0),
        "barrier": (BIOT_RANGE[0] * rates[0], BIOT_RANGE[1] * rates[1]),
        "roughness": (1e-3 * task.values["roughness"], deepest),
    }
    logs = np.log([ranges[name] for name in names])
    return logs[:, 0], logs[:, 1]


def _counting_deviation(model: FloatArray, task: Task) -> FloatArray:
    """Square root of the fitted values: of the data it would give low counts too much weight."""
    least = 1.0 if task.absolute else SMALLEST_COUNT * float(np.max(np.abs(model)))
    return np.sqrt(np.maximum(model, least))


def _result(problem: _Problem, point: FloatArray, jacobian: FloatArray | None) -> Fit:
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
    _refuse_unknown(estimates["diffusivity"])
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


def _end(problem: _Problem, best: FloatArray, index: int, side: int, rise: float, deviation: float) -> float:
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
    inner = float(best[index])
    while True:
        outer = inner + side * step
        if (limit - outer) * side <= 0.0:
            return side * math.inf if excess(limit) <= 0.0 else brentq(excess, inner, limit, rtol=1e-8)
        if excess(outer) > 0.0:
            return float(brentq(excess, inner, outer, xtol=2e-4 * step, rtol=1e-12))
        inner, step = outer, 1.7 * step


def _linear_deviations(problem: _Problem, point: FloatArray) -> dict[str, float]:
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
    size = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-300)
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


def refused_fit(problem: str, allowed: str) -> ScenarioError:
    """The error for data that cannot be fitted."""
    return ScenarioError(problem, ("fit",), None, allowed)


def with_data(task: Task, values: FloatArray) -> Task:
    """The same task with other measured values."""
    return replace(task, profile=replace(task.profile, value=values))
