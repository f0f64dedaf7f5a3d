"""Profile and reaction weight of the diffuse metal surface.

    xi(d) = [1 - tanh(d / 2l)] / 2,     |grad xi| = xi (1 - xi) / l        d > 0 outside the metal
    w(xi) = (8/pi) [xi (1 - xi)]^(3/2),  integral of w/l across the surface = 1

The volumetric current S = i_n w/l then carries exactly the sharp surface's current, whatever the width l. Both
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
