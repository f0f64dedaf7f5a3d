"""Pure lithium stripped at a solid electrolyte: vacancies, the critical current, and the loss of contact.

j > 0 is the stripping current density, s the vacancy supersaturation x_v/x_v,eq, D the tracer diffusivity of lithium
(the product of the vacancies' own diffusivity and their equilibrium fraction, so that neither has to be known), H the
thickness, L_s the length over which sinks in the metal (dislocations, grain boundaries) take up vacancies.

**Vacancies.** Each atom that leaves through the contact leaves a vacancy behind. Quasi-steady,

    D s'' = D (s - 1)/L_s^2,   D s'(H) = Omega j/F at the contact,   s(0) = 1 at the back face, itself a sink
    s(H) - 1 = (Omega j L/(F D)),     L = L_s tanh(H/L_s);  H without sinks          (back face closed: L_s coth)

**Critical current.** Voids nucleate where s at the contact reaches a threshold s_c, j_crit = F D (s_c - 1)/(Omega L):
proportional to D/H without sinks and to D/L_s with them. Sinks of a mean vacancy life tau have L_s = sqrt(D_v tau), so
that with D = x_v D_v the current goes as x_v sqrt(D_v/tau): Schmalzried and Janek's sqrt(D) (Ber. Bunsenges. Phys.
Chem. 102 (1998) 127).

**Contact loss.** Once there are voids at the contact they are the nearest sink and hold it at s_v, that of their own
curvature; what the metal cannot carry away at s_v becomes void. W is the volume of the voids per area of electrode,
phi the fraction of the contact that is left, h their depth when they meet:

    dW/dt = (Omega/F)(j - phi j_v),   j_v = F D (s_v - 1)/(Omega L),   s_v = 1 + 2 gamma Omega/(h R T)
    phi = phi_0 [1 - (W/h)^p]         p = 1: flat voids of constant depth that spread;  p = 2/3: caps of fixed number

The current of the contact that is left is j/phi. It rises until the voltage runs away, the sooner the more of j the
voids take; without pressure, j_v closes them again during a rest at a rate of nanometres an hour. W does not fall below
zero: plated lithium fills the voids first. An assumed law: depth and threshold are parameters, not predictions.

**Constriction.** Contacts of fraction phi and spacing b on an electrolyte of conductivity kappa add the areal
resistance (sqrt(pi)/4)(b/kappa)(1 - sqrt(phi))^1.5/sqrt(phi) (Cooper, Mikic and Yovanovich, Int. J. Heat Mass Transf.
12 (1969) 279).
"""

from __future__ import annotations

import math

import numpy as np

from ramify.physics.constants import FARADAY, GAS_CONSTANT

SMALLEST_FRACTION = 1e-12
"""Contact fraction that counts as none."""


def effective_length(thickness: float, sink_length: float = math.inf, back_is_sink: bool = True) -> float:
    """L [m] of a slab: the distance over which vacancies have to diffuse; infinite for a closed slab without sinks."""
    if math.isinf(sink_length):
        return thickness if back_is_sink else math.inf
    ratio = thickness / sink_length
    if ratio == 0.0:
        return 0.0 if back_is_sink else math.inf
    return sink_length * math.tanh(ratio) if back_is_sink else sink_length / math.tanh(ratio)


def supersaturation(current: float, diffusivity: float, length: float, molar_volume: float) -> float:
    """s at the contact for a stripping current density [A/m^2] and an effective length [m]; below 1 on plating."""
    return 1.0 + current * molar_volume * length / (FARADAY * diffusivity)


def supersaturation_profile(
    z: np.ndarray, surface: float, thickness: float, sink_length: float = math.inf, back_is_sink: bool = True
) -> np.ndarray:
    """s at distances z [m] from the back face, for the value `surface` at the contact, z = thickness."""
    if math.isinf(sink_length):
        shape = z / thickness if back_is_sink else np.ones_like(z)
    else:
        # ratios of sinh or cosh, written so that a slab of many sink lengths does not overflow
        rise = np.exp((z - thickness) / sink_length)
        sign = -1.0 if back_is_sink else 1.0
        shape = rise * (1.0 + sign * np.exp(-2.0 * z / sink_length))
        shape /= 1.0 + sign * math.exp(-2.0 * thickness / sink_length)
    return np.asarray(1.0 + (surface - 1.0) * shape)


def critical_current(threshold: float, diffusivity: float, length: float, molar_volume: float) -> float:
    """Stripping current density [A/m^2] at which s at the contact reaches the threshold."""
    return FARADAY * diffusivity * (threshold - 1.0) / (molar_volume * length)


def sink_length_of_lifetime(vacancy_diffusivity: float, lifetime: float) -> float:
    """L_s = sqrt(D_v tau) [m] of vacancies of diffusivity D_v [m^2/s] and mean life tau [s]."""
    return math.sqrt(vacancy_diffusivity * lifetime)


def void_supersaturation(surface_energy: float, molar_volume: float, radius: float, temperature: float) -> float:
    """s at the surface of a void [m], to first order in gamma Omega/(r R T)."""
    return 1.0 + 2.0 * surface_energy * molar_volume / (radius * GAS_CONSTANT * temperature)


def contact_fraction(voids: float, depth: float, exponent: float = 1.0, initial: float = 1.0) -> float:
    """Fraction of the contact left by voids of a volume per area W [m] and depth h [m]; never below 1e-12."""
    covered = min(max(voids, 0.0) / depth, 1.0) ** exponent
    return max(initial * (1.0 - covered), SMALLEST_FRACTION)


def constriction_resistance(fraction: float, spacing: float, conductivity: float) -> float:
    """Areal resistance [ohm m^2] that a partial contact adds to the electrolyte."""
    root = math.sqrt(fraction)
    return 0.25 * math.sqrt(math.pi) * spacing / conductivity * (1.0 - root) ** 1.5 / root
