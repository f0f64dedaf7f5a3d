"""T11: PFHub benchmark 7a, the Allen-Cahn equation with a manufactured solution.

    d eta/dt = -4 eta (eta - 1)(eta - 1/2) + kappa lap eta + S,   0 < x < 1 periodic,  eta(y = 0) = 1,  eta(y = 1/2) = 0
    eta = [1 - tanh((y - alpha)/sqrt(2 kappa))]/2,      alpha = 1/4 + A1 t sin(B1 x) + A2 sin(B2 x + C2 t)

This is the front of `curvature: allen_cahn` with b = kappa and l = sqrt(kappa/2), without units, and solved by the
kernel of the plating model: a Laplacian of nine points, and the double well in the difference form that keeps the tanh
profile, not the five points and the polynomial of most uploads. Both are of second order. S enters at the time of each
Runge-Kutta stage; a step of the plating model holds its rate constant instead: the figure in dt has both.

The error is the benchmark's L2 norm at t = 8. Steps short enough to be stable leave an error in time far below that in
space, so that the order in time is read from the distance to a solution with far smaller steps on the same grid.
"""

from __future__ import annotations

import math
from pathlib import Path

import numba
import numpy as np

from ramify.phasefield.kernels import allen_cahn
from ramify.phasefield.plating.front import STABLE
from ramify.validate import Case, Check, check, check_at_least, check_at_most
from ramify.validation.figures import Curve, save_curves
from ramify.validation.uncertainty import fitted_order

NAME = "t11-manufactured"
SOURCE = "PFHub benchmark 7a, exact solution"
KAPPA, A1, B1, A2, B2, C2 = 4e-4, 0.0075, 8.0 * math.pi, 0.03, 22.0 * math.pi, 0.0625 * math.pi
END = 8.0
GRIDS = (0.01, 0.005, 0.0025)
"""h."""
LARGEST_ERROR = {0.005: 1.40e-3, 0.0025: 3.40e-4}
"""What FiPy and the forward-backward Euler upload reach, with their own scatter."""
TIME_EDGE, TIME_STEPS, EXACT_STEPS = 0.01, (160, 320, 640), 5120
"""h, and numbers of steps to t = 8, of the series in time."""
HELD_STEPS = (8, 16, 32, 64)
"""Of the series with S held over a step."""
UPLOADS = {
    "FiPy": ((0.01, 0.005, 0.0025, 0.00125), (6.75e-3, 1.389e-3, 3.367e-4, 8.33e-5)),
    "forward-backward Euler": ((0.01, 0.005, 0.0025, 0.00125), (6.79e-3, 1.394e-3, 3.367e-4, 8.30e-5)),
    "SymPhas": ((0.01, 0.00513, 0.00262, 0.00134), (7.81e-3, 1.530e-3, 3.293e-4, 1.187e-4)),
    "MMSP": ((0.01, 0.005, 0.00249), (3.26e-3, 6.67e-4, 1.63e-4)),
}
"""h and L2 error of some results uploaded to PFHub (pages.nist.gov/pfhub)."""
UPLOADED_IN_TIME = ((0.25, 0.0625, 0.015625, 0.00390625), (8.08e-3, 2.04e-3, 5.06e-4, 1.28e-4))
"""dt and L2 error of the forward-backward Euler upload, of first order in time."""


def alpha(x: np.ndarray, t: float) -> np.ndarray:
    """Height of the surface."""
    return np.asarray(0.25 + A1 * t * np.sin(B1 * x) + A2 * np.sin(B2 * x + C2 * t))


def solution(x: np.ndarray, y: np.ndarray, t: float) -> np.ndarray:
    """The manufactured eta as (y, x)."""
    return np.asarray(0.5 * (1.0 - np.tanh((y[:, None] - alpha(x, t)) / math.sqrt(2.0 * KAPPA))))


def set_source(x: np.ndarray, y: np.ndarray, t: float, out: np.ndarray) -> None:
    """S as (y, x): what is left of the equation when the manufactured eta is put into it."""
    slope = A1 * B1 * t * np.cos(B1 * x) + A2 * B2 * np.cos(B2 * x + C2 * t)
    bend = -A1 * B1**2 * t * np.sin(B1 * x) - A2 * B2**2 * np.sin(B2 * x + C2 * t)
    speed = A1 * np.sin(B1 * x) + A2 * C2 * np.cos(B2 * x + C2 * t)
    _set_source(alpha(x, t), slope**2, speed - KAPPA * bend, y, out)


@numba.njit(cache=True)
def _set_source(middle: np.ndarray, steepness: np.ndarray, drift: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    # With T = tanh(s), s = (y - alpha)/sqrt(2 kappa), eta falls with s by (1 - T^2)/2 and has the second derivative
    # T (1 - T^2); the double well cancels kappa d2(eta)/dy2.
    width = math.sqrt(2.0 * KAPPA)
    for k in range(y.size):
        for i in range(middle.size):
            T = math.tanh((y[k] - middle[i]) / width)
            out[k, i] = 0.5 * (1.0 - T * T) * (drift[i] / width - T * steepness[i])


class Sheet:
    """eta on cells of edge h, with ghosts, and what the kernel has to be told of it; the benchmark's y is its z."""

    def __init__(self, h: float) -> None:
        nx, ny = round(1.0 / h), round(0.5 / h)
        self.x, self.y = (np.arange(nx) + 0.5) * h, (np.arange(ny) + 0.5) * h
        shape = (ny + 2, 3, nx + 2)
        self.eta, self.stage, self.rate = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.still, self.pore, self.everywhere = np.zeros(shape), np.ones(shape), np.ones(shape, np.uint8)
        self.spans = np.empty((*shape[:2], 2), np.int32)
        self.spans[...] = 1, nx + 1
        self.inverse = (1.0 / h**2, 1.0, 1.0 / h**2)
        width = math.sqrt(0.5 * KAPPA)
        self.mobility, self.well = KAPPA / allen_cahn.slowing_factor(h, width), allen_cahn.well_coefficients(h, width)
        self.longest_step = STABLE * h**2 / (2.0 * self.mobility)
        self.eta[1:-1, 1, 1:-1] = solution(self.x, self.y, 0.0)
        self._fill_ghosts(self.eta)

    def _fill_ghosts(self, eta: np.ndarray) -> None:
        eta[0, 1], eta[-1, 1] = 2.0 - eta[1, 1], -eta[-2, 1]
        eta[:, 1, 0], eta[:, 1, -1] = eta[:, 1, -2], eta[:, 1, 1]
        eta[:, 0], eta[:, 2] = eta[:, 1], eta[:, 1]

    def _set_rate(self, time: float) -> None:
        set_source(self.x, self.y, time, self.rate[1:-1, 1, 1:-1])

    def _stage(self, keep: float, base: np.ndarray, out: np.ndarray, step: float) -> None:
        openings = (self.pore, self.pore, self.pore)
        allen_cahn.advance_allen_cahn(
            base, self.eta, keep, self.rate, self.still, True, self.pore, openings, self.spans,
            self.everywhere, self.everywhere, self.inverse, self.mobility, self.well, step, out,
        )  # fmt: skip
        self._fill_ghosts(out)

    def step(self, time: float, step: float) -> None:
        """From `time` to `time + step`, S at the time of each stage."""
        self._set_rate(time)
        self._stage(0.0, self.eta, self.stage, step)
        self._set_rate(time + step)
        self._stage(0.5, self.stage, self.eta, step)

    def step_with_held_rate(self, time: float, step: float) -> None:
        """The same as a step of the plating model does it: S of the middle throughout, the rest in stable substeps."""
        self._set_rate(time + 0.5 * step)
        parts = math.ceil(step / self.longest_step)
        for _ in range(parts):
            self._stage(0.0, self.eta, self.stage, step / parts)
            self._stage(0.5, self.stage, self.eta, step / parts)


def simulate(h: float, steps: int | None = None, held: bool = False) -> np.ndarray:
    """eta at the end as (y, x); in the longest steps that are stable, by default."""
    sheet = Sheet(h)
    count = math.ceil(END / sheet.longest_step) if steps is None else steps
    advance = sheet.step_with_held_rate if held else sheet.step
    for n in range(count):
        advance(n * END / count, END / count)
    return sheet.eta[1:-1, 1, 1:-1].copy()


def norm(difference: np.ndarray, h: float) -> float:
    """The benchmark's L2 norm."""
    return float(np.sqrt(np.sum(difference**2)) * h)


def error(h: float) -> float:
    """L2 error at the end."""
    sheet = Sheet(h)
    return norm(simulate(h) - solution(sheet.x, sheet.y, END), h)


def run(folder: Path | None) -> list[Check]:
    """Errors and order in h, order in dt."""
    errors = [error(h) for h in GRIDS]
    checks = [
        check_at_most(NAME, f"L2 error, h = {h}", size, LARGEST_ERROR[h], SOURCE)
        for h, size in zip(GRIDS, errors, strict=True)
        if h in LARGEST_ERROR
    ]
    order = fitted_order(GRIDS, errors)
    checks.append(check(NAME, "order of the error in h", order, 2.0, 0.2, "benchmark 7a: 2 within 0.2"))
    exact = simulate(TIME_EDGE, EXACT_STEPS)
    steps = [END / count for count in TIME_STEPS]
    in_time = [norm(simulate(TIME_EDGE, count) - exact, TIME_EDGE) for count in TIME_STEPS]
    order = fitted_order(steps, in_time)
    checks.append(check_at_least(NAME, "order of the error in dt", order, 1.9, "second-order Runge-Kutta"))
    curves = [("ramify", GRIDS, errors, "o-"), *[(name, *upload, "s:") for name, upload in UPLOADS.items()]]
    save_curves(folder, f"{NAME}-space", curves, ("h", "L2 error"), logarithmic=True)
    if folder is not None:
        held = [norm(simulate(TIME_EDGE, count, held=True) - exact, TIME_EDGE) for count in HELD_STEPS]
        series: list[Curve] = [
            (f"h = {TIME_EDGE}, from the same with small steps", steps, in_time, "o-"),
            ("the same, S held over a step", [END / count for count in HELD_STEPS], held, "o--"),
            ("forward-backward Euler, uploaded", *UPLOADED_IN_TIME, "s:"),
        ]
        save_curves(folder, f"{NAME}-time", series, ("dt", "L2 error"), logarithmic=True)
    return checks


CASE = Case(NAME, "Allen-Cahn equation with a manufactured solution", "15 s", True, SOURCE, run)
