"""Steady ions between two electrodes of their metal in one dimension, by collocation: an independent reference.

    phi'' = -(p - n)/(2 delta^2),   p' = j - p phi',   n = A exp(phi),   integral of n = 1

in units of the cell's length, RT/F and the salt's concentration; delta is the Debye length. The electrodes hold p = 1,
the one at x = 0 has the potential -v, the other zero; j, the flux of cations towards x = 0, and A are unknown numbers.
scipy's `solve_bvp` (fourth-order collocation, adaptive) solves it, step by step in v.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_bvp

TOLERANCE = 1e-4
"""Of the collocation's residual; the flux is then right to 1e-7, as 1e-5 shows."""
LARGEST_MESH = 200_000
STEP = 1.0
"""Of v between two solutions."""


@dataclass(frozen=True)
class SpaceCharge:
    """A solution."""

    x: np.ndarray
    phi: np.ndarray
    cations: np.ndarray
    anions: np.ndarray
    flux: float
    """j."""
    field: float
    """phi' at x = 0."""


def solve(voltages: np.ndarray, debye: float) -> list[SpaceCharge]:
    """Solutions at rising v, each by way of those before. RuntimeError where collocation gives up."""
    x = np.unique(np.concatenate([np.linspace(0.0, 1.0, 200), debye * np.geomspace(1e-3, 30.0, 200)]))
    x = np.unique(np.concatenate([x[x <= 1.0], 1.0 - debye * np.geomspace(1e-3, 30.0, 200)]))
    y = np.array([0.0 * x, 0.0 * x, 1.0 + 0.0 * x, x])
    numbers = np.array([0.0, 1.0])
    found, at = [], 0.0
    for voltage in voltages:
        count = max(1, int(np.ceil((voltage - at) / STEP)))
        for v in np.linspace(at, voltage, count + 1)[1:] if voltage > at else [voltage]:
            x, y, numbers = _solved(x, y, numbers, float(v), debye)
        at = float(voltage)
        anions = numbers[1] * np.exp(y[0])
        found.append(SpaceCharge(x, y[0], y[2], anions, float(numbers[0]), float(y[1][0] / debye)))
    return found


def _solved(
    x: np.ndarray, y: np.ndarray, numbers: np.ndarray, v: float, debye: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    def slopes(x: np.ndarray, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        anions = p[1] * np.exp(y[0])
        # y[1] is delta phi', of the order of one where there is charge
        field = y[1] / debye
        return np.array([field, -(y[2] - anions) / (2.0 * debye), p[0] - y[2] * field, anions])

    def ends(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
        return np.array([a[0] + v, b[0], a[2] - 1.0, b[2] - 1.0, a[3], b[3] - 1.0])

    answer = solve_bvp(slopes, ends, x, y, p=numbers, tol=TOLERANCE, max_nodes=LARGEST_MESH)
    if not answer.success:
        raise RuntimeError(f"collocation gave up at {v:.3g} RT/F: {answer.message}")
    return answer.x, answer.y, answer.p
