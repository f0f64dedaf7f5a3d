"""Functions of time from their Laplace transforms, by Talbot's contour.

Weideman, SIAM J. Numer. Anal. 44 (2006) 2342.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

NODES = 32


def inverse(transform: Callable[[np.ndarray], np.ndarray], time: float) -> float:
    """f(time) [s] of a transform that is analytic but for the negative real axis; about ten digits."""
    angle = (2.0 * np.arange(NODES) + 1.0 - NODES) * np.pi / NODES
    tangent, sine = np.tan(0.6407 * angle), np.sin(0.6407 * angle)
    s = NODES / time * (0.5017 * angle / tangent - 0.6122 + 0.2645j * angle)
    slope = NODES / time * (0.5017 / tangent - 0.5017 * 0.6407 * angle / sine**2 + 0.2645j)
    return float(np.real(np.sum(np.exp(s * time) * transform(s) * slope) / (1j * NODES)))
