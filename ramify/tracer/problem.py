"""The sum of squares of a fit: a profile, what is known, and C(x) as a function of what is not."""

from __future__ import annotations

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
BIOT_RANGE = (1e-4, 1e4)
"""Barriers searched, as h sqrt(t/D) with the D of the search: outside the profile knows none, or nothing else."""
VANISHED = 1e-100
"""Tracer fractions that count as none: no amplitude is to be made up from them."""
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


def with_data(task: Task, values: FloatArray) -> Task:
    """The same task with other measured values."""
    return replace(task, profile=replace(task.profile, value=values))


class Problem:
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
        shape = task.experiment.profile(depth, p["diffusivity"], p["film"], p["barrier"], p["roughness"])
        return np.where(np.abs(shape) < VANISHED, 0.0, shape)

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


def counting_deviation(model: FloatArray, task: Task) -> FloatArray:
    """Square root of the fitted values: of the data it would give low counts too much weight."""
    least = 1.0 if task.absolute else SMALLEST_COUNT * float(np.max(np.abs(model)))
    return np.sqrt(np.maximum(model, least))


def refused_fit(problem: str, allowed: str) -> ScenarioError:
    """The error for data that cannot be fitted."""
    return ScenarioError(problem, ("fit",), None, allowed)
