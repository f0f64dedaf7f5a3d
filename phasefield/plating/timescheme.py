"""Second-order backward differences in increments, and the control of the step.

With r = dt/dt_before, beta = (1 + r)/(1 + 2r), gamma = r^2/(1 + 2r), every quantity y with rate R advances by

    dy = beta dt R(t + dt) + gamma dy_before

(backward Euler, beta = 1 and gamma = 0, after a switch). Charge, salt and metal all use the one recursion, so that
their increments balance as exactly as their rates do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LARGEST_RATIO = 2.0
"""Growth of the step; the scheme is zero-stable up to 1 + sqrt(2)."""
SAFETY = 0.85
MIDDLE = 4.0 / math.pi
"""Reaction weight over xi (1 - xi) at xi = 1/2."""


@dataclass(frozen=True)
class Scheme:
    """Weights of one step."""

    step: float
    beta: float
    gamma: float
    ratio: float
    """dt/dt_before; zero after a switch."""

    @classmethod
    def of(cls, step: float, before: float | None, order: int) -> Scheme:
        """Weights for a step after one of `before` seconds (None: no usable history)."""
        if before is None or order == 1:
            return cls(step, 1.0, 0.0, 0.0 if before is None else step / before)
        r = step / before
        return cls(step, (1.0 + r) / (1.0 + 2.0 * r), r * r / (1.0 + 2.0 * r), r)

    def advance(self, rate: float, before: float) -> float:
        """Increment over the step."""
        return self.beta * self.step * rate + self.gamma * before


def error_weights(steps: Sequence[float]) -> tuple[tuple[float, float, float, float], int]:
    """Weights of the local error of the backward differences, and the power of the step it follows.

    The error is the size of their sum times the values at the end of the step and at the ends of those before.
    `steps` are dt and what is known of dt_before and dt_before_that. The third divided difference of four values gives
    the cubic term; with three values the quadratic one stands in, with two the change itself, on the safe side.
    """
    if len(steps) == 1:
        return (0.05, -0.05, 0.0, 0.0), 2
    dt, before = steps[:2]
    # Of first = (new - now)/dt - (now - old)/before and second = first/(dt + before), twice the second derivative.
    first = (1.0 / dt, -1.0 / dt - 1.0 / before, 1.0 / before)
    if len(steps) == 2:
        return (0.1 * dt * first[0], 0.1 * dt * first[1], 0.1 * dt * first[2], 0.0), 2
    earlier = steps[2]
    second = [value / (dt + before) for value in first]
    previous = [value / (before + earlier) for value in (1.0 / before, -1.0 / before - 1.0 / earlier, 1.0 / earlier)]
    r = dt / before
    # For equal steps 2/9 of h^3 y''' = 6 h^3 times the third divided difference.
    factor = (1.0 + r) ** 2 / (1.0 + 2.0 * r) * dt * dt * before / (dt + before + earlier)
    return (
        factor * second[0],
        factor * (second[1] - previous[0]),
        factor * (second[2] - previous[1]),
        -factor * previous[2],
    ), 3


def next_step(step: float, error: float, tolerance: float, power: int) -> float:
    """Step that the error estimate allows next."""
    if error <= 0.0:
        return LARGEST_RATIO * step
    return float(step * np.clip(SAFETY * (tolerance / error) ** (1.0 / power), 0.2, LARGEST_RATIO))


def fit_step(wish: float, left: float) -> tuple[float, bool]:
    """Step [s] that meets an end exactly, without a sliver before it; and whether it does meet it.

    `wish` is the step that accuracy allows, `left` what is left of the time; up to two wishes are parted into halves.
    """
    if left <= wish * (1.0 + 1e-9):
        return left, True
    if left < 2.0 * wish * (1.0 - 1e-9):
        return 0.5 * left, False
    return wish, False


def longest_stable(relaxation: float, wavenumber: float) -> float:
    """Largest step [s] that surface energy allows, taken through the curvature of the extrapolated metal.

    A ripple that decays at a rate w keeps decaying under steps below 2 (1 + r)/((1 + 2 r) w): 4/3 of the decay time at
    equal steps, 6/5 while they double. The signed distance of a cell in the middle of the surface moves at MIDDLE times
    the rate of the whole front.

    Parameters
    ----------
    relaxation
        Front velocity per curvature [m^2/s]; zero without surface energy.
    wavenumber
        Of the finest ripple whose curvature the grid sees [1/m].
    """
    rate = MIDDLE * relaxation * wavenumber**2
    return 1.0 / rate if rate > 0.0 else math.inf
