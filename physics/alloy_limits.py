"""Closed forms of a stripped alloy electrode: what can be worked out by hand before a run.

A semi-infinite alloy of lithium fraction x0 = 1 - y0 and constant molar volume Omega is stripped at j > 0; c0 =
x0/Omega, v = j Omega/F is the speed at which the surface recedes. When is the contact empty, y_s = 1?

    fixed     boundary at rest, c_t = D c_zz, D c_z = j/F: Sand's time of 1901, t = pi D [F c0/(2 j)]^2
    volume    constant interdiffusivity, surface at speed v. In its frame y_t = D y_zz + v y_z, D y_z + v y = 0:
              y_s/y0 = (1 + T/2)[1 + erf(sqrt(T)/2)] + sqrt(T/pi) exp(-T/4),   T = v^2 t/D      (Laplace transform)
    lattice   constant intrinsic D, magnesium at rest in its lattice: interdiffusivity y D, so that the second condition
              reads D y_z + v = 0, a constant slope. No closed form, but limits: early (linearised at y0)
              y_s = y0 + (2 v/D) sqrt(y0 D t/pi); for y0 -> 0 a wedge of that slope, of area y_s^2 D/(2 v), holds the
              magnesium y0 v t that was swept up: t = D/(2 y0 v^2)

For D = 2.4e-11 cm^2/s, 10 at.% and 1 mA/cm^2: 828 s, 1.04e4 s and, in the lattice, 5.8e3 s (numerically; wedge 6.5e3).
All go as 1/j^2, so that the capacity is ten times larger at a tenth of the current, until the back face is felt. There,
for j -> 0 in the lattice frame, what is left at depletion is N = j (Omega M)^2/(3 F D), M = y0 H/Omega.

Plain Python and NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ramify.physics.constants import FARADAY


def depletion_time_fixed(diffusivity: float, concentration: float, current: float) -> float:
    """Time [s] to an empty contact at a boundary at rest; concentration of lithium [mol/m^3], current > 0 [A/m^2]."""
    return math.pi * diffusivity * (FARADAY * concentration / (2.0 * current)) ** 2


def enrichment(reduced_time: float) -> float:
    """y_s/y0 in the volume frame at T = v^2 t/D."""
    root = math.sqrt(reduced_time)
    ahead = (1.0 + 0.5 * reduced_time) * (1.0 + math.erf(0.5 * root))
    return ahead + root / math.sqrt(math.pi) * math.exp(-0.25 * reduced_time)


def depletion_time_volume(diffusivity: float, magnesium: float, current: float, molar_volume: float) -> float:
    """Time [s] to an empty contact for a constant interdiffusivity in the volume frame."""
    velocity = current * molar_volume / FARADAY
    reduced = bisect(lambda T: enrichment(T) - 1.0 / magnesium, 0.0, 1.0 / magnesium)
    return reduced * diffusivity / velocity**2


def depletion_time_wedge(diffusivity: float, magnesium: float, current: float, molar_volume: float) -> float:
    """Time [s] to an empty contact in the lattice frame for little magnesium, D/(2 y0 v^2)."""
    velocity = current * molar_volume / FARADAY
    return diffusivity / (2.0 * magnesium * velocity**2)


def left_behind(diffusivity: float, magnesium: float, thickness: float, current: float, molar_volume: float) -> float:
    """Lithium [mol/m^2] left at depletion in a thin electrode in the lattice frame, to first order in the current."""
    sites = magnesium * thickness / molar_volume
    return current * (molar_volume * sites) ** 2 / (3.0 * FARADAY * diffusivity)


def bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """The root of a rising function between two bounds."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        if function(middle) < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
