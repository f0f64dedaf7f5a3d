"""Second-order backward differences in increments, and the control of the step.

With r = dt/dt_before, beta = (1 + r)/(1 + 2r), gamma = r^2/(1 + 2r), every quantity y with rate R advances by

    dy = beta dt R(t + dt) + gamma dy_before

(backward Euler, beta = 1 and gamma = 0, after a switch). Charge, salt and metal all use the one recursion, so that
their increments balance as exactly as their rates do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST_RATIO = 2.0
"""Growth of the step; the scheme is zero-stable up to 1 + sqrt(2)."""
SAFETY = 0.85


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


def local_error(
    new: np.ndarray, now: np.ndarray, old: np.ndarray, older: np.ndarray | None, steps: tuple[float, float, float]
) -> tuple[np.ndarray, int]:
    """Estimate of the local error of the backward differences in every cell, and the power of the step it follows.

    `steps` are dt, dt_before, dt_before_that. The third divided difference of four values gives the cubic term; with
    three values the quadratic one stands in, on the safe side.
    """
    dt, before, earlier = steps
    first = (new - now) / dt - (now - old) / before
    if older is None:
        return np.abs(first) * dt * 0.1, 2
    second = first / (dt + before)
    previous = ((now - old) / before - (old - older) / earlier) / (before + earlier)
    third = (second - previous) / (dt + before + earlier)
    r = dt / before
    # For equal steps 2/9 of h^3 y''' = 6 h^3 times the third divided difference.
    factor = (1.0 + r) ** 2 / (1.0 + 2.0 * r) * dt * dt * before
    return np.abs(third) * factor, 3


def next_step(step: float, error: float, tolerance: float, power: int) -> float:
    """Step that the error estimate allows next."""
    if error <= 0.0:
        return LARGEST_RATIO * step
    return float(step * np.clip(SAFETY * (tolerance / error) ** (1.0 / power), 0.2, LARGEST_RATIO))
