"""Kinetic anisotropy of a cubic crystal, and what surface diffusion leaves of it on a round particle.

    i0(n) = i0 [1 + e f(n)],    f = 4 (n1^4 + n2^4 + n3^4) - 3        in the plane, cos 4 phi
                                f = (5 (n1^4 + n2^4 + n3^4) - 3)/2    in space, the cubic harmonic of degree four

n: normal of the surface along the axes of the crystal; f is one along <100> and zero on average over a circle or
sphere. A cylinder of radius R that grows at V under kinetic control, r = R + a cos 4 phi, has (derived)

    da/dt = e V - (240 B/R^4) a                                  B: physics.surface_diffusion, 240 = 4^2 (4^2 - 1)

The curvature (1/R) (1 + 15 (a/R) cos 4 phi) vanishes at the slow faces where 15 a/R = 1: there the droplet has become a
crystal with flat faces. Small particles stay droplets, the anisotropy being smoothed as fast as it grows,
a = e V R^4/(240 B); faces are flat from R* = (16 B/(e V))^(1/3) on. When stripped (V < 0) the faces go again.
"""

from __future__ import annotations

import math
from typing import Any

import numba

MODE = 4
"""Waves of the anisotropy around a cylinder."""


@numba.njit(cache=True)
def cubic_harmonic(n1: Any, n2: Any, n3: Any, planar: bool) -> Any:
    """f(n) [-] of a unit normal along the crystal's axes; `planar` where n2 is zero everywhere."""
    fourth = n1 * n1 * n1 * n1 + n2 * n2 * n2 * n2 + n3 * n3 * n3 * n3
    return 4.0 * fourth - 3.0 if planar else 2.5 * fourth - 1.5


LEAST_HARMONIC = {2: -1.0, 3: -2.0 / 3.0}
"""Smallest f by dimension, along <110> in the plane and <111> in space."""


def faceting_radius(coefficient: float, velocity: float, strength: float) -> float:
    """R* [m] at which the slow faces of a growing cylinder become flat, (16 B/(e V))^(1/3); e, V, B > 0."""
    return float((16.0 * coefficient / (strength * velocity)) ** (1.0 / 3.0))


def facet_amplitude(
    coefficient: float, velocity: float, strength: float, start: float, radius: float, parts: int = 4000
) -> float:
    """a [m] of a cylinder that has grown (or been stripped) from a round one, radius `start`, to `radius` [m].

    The solution of da/dt = e V - 240 B a/R^4, dR/dt = V, by the exact integral over each of many parts of the way.
    """
    amplitude, step = 0.0, (radius - start) / parts
    for part in range(parts):
        middle = start + (part + 0.5) * step
        decay = MODE**2 * (MODE**2 - 1) * coefficient / middle**4 * step / velocity
        share = -math.expm1(-decay) / decay if decay != 0.0 else 1.0
        amplitude += (strength * step - decay * amplitude) * share
    return amplitude
