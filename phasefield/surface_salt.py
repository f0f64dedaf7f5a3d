"""Smallest salt concentration along the sharp surface, for both engines.

The law's own surface concentration (physics.butler_volmer.surface_concentration) of the cells on both sides of
xi = 1/2 is interpolated to it, linearly in the signed distance ln(xi/(1 - xi)), along every axis that crosses it.
"""

from __future__ import annotations

import numpy as np

NEAR_SURFACE = 0.05
"""xi (1 - xi) of the cells that may have a neighbour across xi = 1/2: three widths to either side."""


def smallest_across_surface(xi: np.ndarray, value: np.ndarray) -> float:
    """Smallest value at xi = 1/2, infinite without a surface.

    Parameters
    ----------
    xi, value
        Arrays [z, y, x] of one shape; `value` is not a number where there is none.
    """
    smallest = np.inf
    for axis in range(3):
        metal, outside = np.moveaxis(xi, axis, 0), np.moveaxis(value, axis, 0)
        a, b = metal[:-1], metal[1:]
        pairs = ((a > 0.5) != (b > 0.5)) & np.isfinite(outside[:-1]) & np.isfinite(outside[1:])
        if not pairs.any():
            continue
        a, b = a[pairs], b[pairs]
        s, t = np.log(a / (1.0 - a)), np.log(b / (1.0 - b))
        lower, upper = outside[:-1][pairs], outside[1:][pairs]
        smallest = min(smallest, float(np.min(lower + (upper - lower) * s / (s - t))))
    return smallest
