"""Second-order backward differences with variable steps for `Storage` terms, and the size of the next step.

    du/dt = rate u - history,   rate = (1 + 2r)/((1 + r) dt),   r = dt/dt_before
    history = [(1 + r) u_1 - r^2/(1 + r) u_2]/dt

The first step after a start is backward Euler (r = 0). Amounts booked with the same recursion balance exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

GROWTH, SHRINKAGE = 2.0, 0.25


@dataclass
class BackwardDifferences:
    """States of the last two accepted steps, and what they say about the next."""

    states: list[np.ndarray] = field(default_factory=list)
    """Newest first."""
    steps: list[float] = field(default_factory=list)
    """Time steps that led to them [s], newest first."""

    def start(self, state: np.ndarray) -> None:
        """Begin at a state, or begin anew after a jump."""
        self.states, self.steps = [state.copy()], []

    def coefficients(self, dt: float) -> tuple[float, np.ndarray]:
        """(rate [1/s], history) for a step of dt."""
        if len(self.states) < 2:
            return 1.0 / dt, self.states[0] / dt
        r = dt / self.steps[0]
        history = ((1.0 + r) * self.states[0] - r * r / (1.0 + r) * self.states[1]) / dt
        return (1.0 + 2.0 * r) / ((1.0 + r) * dt), history

    def predict(self, dt: float) -> np.ndarray:
        """The state that the last two lead to."""
        if len(self.states) < 2:
            return self.states[0].copy()
        return self.states[0] + dt / self.steps[0] * (self.states[0] - self.states[1])

    def error(self, dt: float, state: np.ndarray) -> np.ndarray | None:
        """Estimate of the error of a step, from what was predicted; None for the first."""
        if len(self.states) < 2:
            return None
        # The predictor is off by u'' dt (dt + dt_1)/2, backward differences by less: a cautious common measure.
        r = dt / self.steps[0]
        return (state - self.predict(dt)) * r / (3.0 * (1.0 + r))

    def accept(self, dt: float, state: np.ndarray) -> None:
        """Take a step."""
        self.states = [state.copy(), self.states[0]]
        self.steps = [dt, *self.steps[:1]]


def next_step(dt: float, error: float | None, tolerance: float) -> float:
    """The step that a relative error asks for, no more than twice and no less than a quarter of the last."""
    if error is None:
        return dt
    factor = 0.9 * np.sqrt(tolerance / max(error, 1e-300))
    return float(dt * min(max(factor, SHRINKAGE), GROWTH))
