"""Surface and stability of metal described by an order parameter xi in a double well.

Energy W xi^2 (1 - xi)^2 + (kappa/2) |grad xi|^2 per volume. A flat surface has the profile xi = [1 + tanh(x/2 l)]/2.
Formulas for kernels and fields: `void_allen_cahn`.
"""

from __future__ import annotations

import math

from ramify.physics.constants import GAS_CONSTANT

_FRACTIONS = [0.5 + 1e-4 * k for k in range(5001)]
LARGEST_RATIO = max(2.0 * (1.0 - x) * (2.0 * x - 1.0) / (4.0 * x * x - 9.0 * x + 6.0) for x in _FRACTIONS)
"""Of -g'/h', g the well and h = xi^2 (xi^2 - 3 xi + 3), between xi = 1/2 and 1: what metal can withstand."""


def width(gradient: float, well: float) -> float:
    """The length l of the profile [m], of kappa [N] and W [Pa]."""
    return math.sqrt(gradient / (2.0 * well))


def surface_energy(gradient: float, well: float) -> float:
    """Gamma [J/m^2], of kappa [N] and W [Pa]."""
    return math.sqrt(2.0 * gradient * well) / 6.0


def largest_drive(well: float, molar_volume: float, temperature: float) -> float:
    """The supersaturation, as y = ln s, beyond which metal of the published interpolation demixes by itself.

    The largest y for which W g' + (R T/Omega) h' y has a root near xi = 1: the largest of -W g'/[(R T/Omega) h'] there.

    Parameters
    ----------
    well, molar_volume, temperature
        W [Pa], Omega [m^3/mol], T [K].
    """
    # of 2 (1 - xi)(2 xi - 1)/(4 xi^2 - 9 xi + 6) between xi = 1/2 and 1
    return well * molar_volume / (GAS_CONSTANT * temperature) * LARGEST_RATIO
