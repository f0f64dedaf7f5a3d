"""Cubic convolution on a grid (Keys, IEEE Trans. ASSP 29 (1981) 1153): third order, with a continuous gradient.

Places are in units of nodes. The lateral axes x and y are periodic, or mirrored half a node beyond their ends; along
z the end values go on.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def interpolate(
    values: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray, periodic: bool, out: np.ndarray
) -> None:
    """`values` [z, y, x] at arrays of places."""
    for n in range(x.size):
        out[n] = value_at(values, x[n], y[n], z[n], periodic)


@numba.njit(cache=True)
def value_at(values: np.ndarray, x: float, y: float, z: float, periodic: bool) -> float:
    """`values` [z, y, x] at one place."""
    nz, ny, nx = values.shape
    lateral = 1 if periodic else 0
    x0, wx = _weights(x)
    y0, wy = _weights(y)
    z0, wz = _weights(min(max(z, 0.0), nz - 1.0))
    total = 0.0
    for c in range(4):
        k = _node(z0 + c, nz, 2)
        for b in range(4):
            j = _node(y0 + b, ny, lateral)
            row = 0.0
            for a in range(4):
                row += wx[a] * values[k, j, _node(x0 + a, nx, lateral)]
            total += wz[c] * wy[b] * row
    return total


@numba.njit(cache=True)
def _node(node: int, count: int, ends: int) -> int:
    """The node that stands in for one beyond the ends: 0 mirrored, 1 periodic, 2 the end itself."""
    if 0 <= node < count:
        return node
    if ends == 2:
        return min(max(node, 0), count - 1)
    if ends == 1:
        return node % count
    node = node % (2 * count)
    return node if node < count else 2 * count - 1 - node


@numba.njit(cache=True)
def _weights(place: float) -> tuple[int, tuple[float, float, float, float]]:
    """The first of the four nodes about a place, and their weights."""
    start = int(np.floor(place))
    t = place - start
    return start - 1, (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
