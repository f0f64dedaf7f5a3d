"""Vacancies in a metal with voids: what a void's surface holds them at, and how surfaces move by their diffusion.

s = x_v/x_v,eq is the supersaturation of the vacancies, D the tracer diffusivity of the metal's own atoms, the product
of the vacancies' diffusivity and their equilibrium fraction, which alone is known. Of the vacancies' flux per area,

    J = -(D/Omega) grad s,                      Omega molar volume: one vacancy, one lattice site
    s = exp(-Gamma K),  Gamma = gamma Omega/(R T)     at a free surface of the sum of principal curvatures K

K is positive for convex metal; a void of radius r has K = -2/r (-1/r where it is a tunnel) and holds vacancies above
one. The surface takes what reaches it and moves, as metal, at v = D ds/dn with n out of the metal: voids grow where s
falls towards them.

**Mullins.** A ripple a cos kx of a flat surface has K = a k^2 cos kx. Through the bulk the vacancies below it obey
Laplace's equation, s - 1 = -Gamma a k^2 cos kx exp(-k depth), and da/dt = -D Gamma k^3 a; D is the tracer diffusivity,
since v = D_v x_v,eq ds/dn. Along the surface it is k^4: physics.surface_diffusion (Mullins, J. Appl. Phys. 28 (1957)
333 and 30 (1959) 77).

**A spherical void** of radius r amid sinks, s = 1, at a distance R: dr/dt = -D (exp(2 Gamma/r) - 1)/(r (1 - r/R)); far
from them r^3 falls by 6 D Gamma per time, to first order in Gamma/r.

Planar profiles, sinks in the bulk and the critical current: `physics.contact_loss`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ramify.physics.constants import FARADAY, GAS_CONSTANT


def capillary_length(surface_energy: float, molar_volume: float, temperature: float) -> float:
    """Gamma = gamma Omega/(R T) [m]; 2.6 nm for lithium at room temperature."""
    return surface_energy * molar_volume / (GAS_CONSTANT * temperature)


def equilibrium_supersaturation(curvature: Any, capillary: float) -> Any:
    """s at a free surface of curvature K [1/m], positive for convex metal; `capillary` is Gamma [m]."""
    return np.exp(-capillary * np.asarray(curvature, float))


def ripple_decay_by_bulk(
    wavenumber: float, diffusivity: float, capillary: float, depth: float = math.inf, back_is_sink: bool = True
) -> float:
    """da/dt over a [1/s] of a ripple of wavenumber k [1/m] above metal of a depth [m]; negative.

    -D Gamma k^3, times coth(k depth) where the back face is a sink and tanh(k depth) where it is closed.
    """
    damped = math.tanh(wavenumber * depth)
    return -diffusivity * capillary * wavenumber**3 * (1.0 / damped if back_is_sink else damped)


def void_shrinkage(radius: float, diffusivity: float, capillary: float, distance: float = math.inf) -> float:
    """dr/dt [m/s] of a spherical void amid sinks at a distance from its centre [m]; negative."""
    excess = math.expm1(2.0 * capillary / radius)
    return -diffusivity * excess / (radius * (1.0 - radius / distance))


def tunnel_shrinkage(radius: float, diffusivity: float, capillary: float, distance: float) -> float:
    """dr/dt [m/s] of a cylindrical void amid sinks at a distance from its axis [m]; negative."""
    return -diffusivity * math.expm1(capillary / radius) / (radius * math.log(distance / radius))


def driving_overpotential(supersaturation: Any, temperature: float) -> Any:
    """Overpotential [V] that drives an atom onto a metal nucleus as hard as s drives a vacancy into a void.

    -(R T/F) ln s: with it, radii, barriers and rates of `physics.classical_nucleation` are those of voids, the contact
    angle then through the void. Positive, and so without nuclei, where s is below one.
    """
    s = np.maximum(np.asarray(supersaturation, float), 1e-300)
    return -(GAS_CONSTANT * temperature / FARADAY) * np.log(s)
