"""Profile and reaction weight of the diffuse metal surface.

    xi(d) = [1 - tanh(d / 2l)] / 2,     |grad xi| = xi (1 - xi) / l        d > 0 outside the metal
    w(xi) = (8/pi) [xi (1 - xi)]^(3/2),  integral of w/l across the surface = 1

The volumetric current S = i_n w/l then carries exactly the sharp surface's current, whatever the width l. The
functions take numbers (inside compiled kernels too) and arrays.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def equilibrium_profile(distance: Any, width: float) -> Any:
    """Metal fraction xi of a flat surface at rest.

    Parameters
    ----------
    distance : float or ndarray
        Signed distance to the surface [m], negative inside the metal.
    width : float
        The length l [m]; xi runs from 0.12 to 0.88 over 4 l.
    """
    return 0.5 * (1.0 - np.tanh(distance / (2.0 * width)))


@numba.njit(cache=True)
def interface_weight(xi: Any) -> Any:
    """Reaction weight w(xi) [-], to be divided by the width l; zero outside 0 < xi < 1.

    The power 3/2 leaves the tails of the profile inert, where concentration and potential are those of the bulk, and
    has a continuous slope; 8/pi = 1/B(3/2, 3/2) makes the integral over the profile one.
    """
    bump = np.maximum(xi * (1.0 - xi), 0.0)
    return (8.0 / np.pi) * bump * np.sqrt(bump)


@numba.njit(cache=True)
def swept_share(xi: Any) -> Any:
    """Share of the reaction weight between metal fraction 0 and xi, integral of w/q over xi [-], q = xi (1 - xi).

    I(xi) = (2/pi) [asin(sqrt(xi)) - sqrt(q) (1 - 2 xi)], the incomplete beta function of (3/2, 3/2); from 0 to 1.
    A front that moves without changing shape gains v q/l in every place, the reaction gives v w/l: the metal has to
    flow by v (xi - I) along the surface's normal.
    """
    x = np.minimum(np.maximum(xi, 0.0), 1.0)
    return (2.0 / np.pi) * (np.arcsin(np.sqrt(x)) - np.sqrt(x * (1.0 - x)) * (1.0 - 2.0 * x))


MOMENT_STEP = 1.0 / 64.0
_distance = np.arange(0.0, 32.0 + MOMENT_STEP, MOMENT_STEP)
_moment_density = _distance / np.cosh(0.5 * _distance) ** 3 / np.pi
MOMENT_TABLE = -np.cumsum((0.5 * MOMENT_STEP * (_moment_density + np.append(_moment_density[1:], 0.0)))[::-1])[::-1]
"""`weight_moment` at the multiples of MOMENT_STEP; trapezoidal sums, good to 1e-5."""


_fraction = 1.0 / (1.0 + np.exp(-_distance))
EXCESS_TABLE = swept_share(_fraction) - _fraction
"""I(xi(s)) - xi(s) at the multiples of MOMENT_STEP."""


@numba.njit(cache=True)
def feed_functions(s: float) -> tuple[float, float]:
    """(I(xi) - xi, M(s)) at the signed distance s, from tables good to 1e-5: `swept_share` and `weight_moment`."""
    position = abs(s) / MOMENT_STEP
    index = int(position)
    if index + 1 >= MOMENT_TABLE.size:
        return 0.0, 0.0
    share = position - index
    excess = EXCESS_TABLE[index] * (1.0 - share) + EXCESS_TABLE[index + 1] * share
    moment = MOMENT_TABLE[index] * (1.0 - share) + MOMENT_TABLE[index + 1] * share
    return (excess if s > 0.0 else -excess), moment


@numba.njit(cache=True)
def weight_moment(s: float) -> float:
    """First moment of the reaction weight outside a point, integral of s' w ds' from -infinity to s [-].

    s = ln(xi/(1 - xi)) is the signed distance in widths, positive inside the metal; w = sech^3(s/2)/pi. Even in s,
    never positive, zero far from the surface. A reaction rate that changes across the surface, v = v0 + g s l, feeds
    the moving profile askew; the flux g l M(s) sets it right (see `swept_share`).
    """
    return feed_functions(s)[1]
