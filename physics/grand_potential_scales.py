"""Scales of the grand-potential model (physics.grand_potential), in closed form: the front at rest and when driven."""

from __future__ import annotations

import math

MOST = 60.0
"""Exponent beyond which a drive is no longer told."""


def front_width(gradient_coefficient: float, height: float) -> float:
    """Width l = sqrt(kappa/2W) of the front at rest, xi = [1 - tanh(x/2l)]/2, in the unit of sqrt(kappa)."""
    return math.sqrt(gradient_coefficient / (2.0 * height))


def front_energy(gradient_coefficient: float, height: float) -> float:
    """Integral of g + kappa xi'^2/2 over the front at rest, kappa/(6 l) = sqrt(2 kappa W)/6, in the unit of l."""
    return math.sqrt(2.0 * gradient_coefficient * height) / 6.0


def planar_speed(gradient_coefficient: float, height: float, rate: float, drive: float) -> float:
    """Velocity of a flat front under d xi/dt = -L_sigma (g' - kappa xi'') + L_eta h' drive, drive uniform and small.

    Times xi' and integrated across the front: v integral(xi'^2) = L_eta drive, so v = 6 l L_eta drive [length/s].
    """
    return 6.0 * front_width(gradient_coefficient, height) * rate * drive


def reaction_drive(overpotential: float, alpha: float, present: float = 1.0) -> float:
    """c exp(-alpha eta) - exp((1 - alpha) eta), positive where metal grows; `present` is c^l (1 - h)/c0."""
    return present * math.exp(min(-alpha * overpotential, MOST)) - math.exp(min((1.0 - alpha) * overpotential, MOST))


def largest_anisotropy(mode: int, power: int) -> float:
    """Strength beyond which some directions have negative stiffness and drop out of the front.

    The front's energy goes with a^(q/2), its stiffness with the energy plus its second derivative by the angle: with
    q = 2 that is 1/(mode^2 - 1); with q = 1 twice as much, to first order in the strength. Infinite for one direction.
    """
    return math.inf if mode == 1 else (2.0 if power == 1 else 1.0) / (mode * mode - 1.0)
