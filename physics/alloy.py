"""Laws of a binary lithium alloy electrode whose other component stays behind, such as Li-Mg (body-centred beta phase).

y is the atomic fraction of the component that stays (magnesium), x = 1 - y that of lithium, a the activity of lithium
against the pure metal, V = RT/F. Currents are positive for plating.

    RT ln a   = RT ln x + y^2 sum_k L_k [d^k + 2 k x d^(k-1)],          d = x - y           (Redlich-Kister)
    theta     = dln a/dln x = 1 + (x y/RT) G'',    G'' = sum_k L_k [k (k-1) d^(k-2) - (k+1)(k+2) d^k]
    U         = -(RT/F) ln a                                            against pure lithium, positive for a < 1
    i_n       = i0 [exp(-alpha_c f E) - a exp(alpha_a f E)],            E = phi_s - phi_l,  f = F/RT

The last is Butler-Volmer's law (`butler_volmer`) with i0 a^alpha_c for alpha_a + alpha_c = 1 and eta = E - U, written
so that it stays regular where the contact runs out of lithium (a = 0); i0 is that of pure lithium.

Diffusion, in a frame that moves with the lattice (the magnesium atoms, which do not diffuse): z points towards the
contact, N is the flux of lithium past the lattice, Omega(y) the molar volume of an atom,

    N = -(D/Omega) dx/dz                D intrinsic;  D = theta D*, D* the tracer diffusivity

With r = x/y, the lithium per lattice atom, and dm, the moles of those per area (dz = Omega dm/y), this is the balance
of lithium on a grid that neither stretches nor shrinks, whatever recedes:

    dr/dt = -dN/dm,        N = -(D y^3/Omega^2) dr/dm

The same balance serves three frames, by what D means: `lattice` as above; `volume`, where D is the interdiffusivity in
a frame of fixed volume, D~ = y D (Darken's with an immobile component), so that D is replaced by D~/y; `fixed`, a
boundary that does not recede, N = -D dc/dz with c = r/[Omega(y0)(1 + r0)] and dz = Omega(y0)(1 + r0) dm.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.butler_volmer import capped_exponential

LATTICE, VOLUME, FIXED = 0, 1, 2
"""Frames of the diffusivity."""
HIGHEST_POTENTIAL = 1e6
"""[V], beyond what any root is looked for."""


@numba.njit(cache=True)
def excess_activity(y: float, interaction: np.ndarray) -> float:
    """ln(a/x), the logarithm of lithium's activity coefficient; `interaction` holds L_k/RT."""
    x = 1.0 - y
    d = x - y
    total, power, lower = 0.0, 1.0, 0.0
    for k in range(interaction.size):
        total += interaction[k] * (power + 2.0 * k * x * lower)
        lower, power = power, power * d
    return y * y * total


@numba.njit(cache=True)
def activity(y: float, interaction: np.ndarray) -> float:
    """Activity of lithium; below zero for y > 1, linearly, where a step has gone too far."""
    return (1.0 - y) * math.exp(excess_activity(min(max(y, 0.0), 1.0), interaction))


@numba.njit(cache=True)
def thermodynamic_factor(y: float, interaction: np.ndarray) -> float:
    """dln a/dln x; `interaction` holds L_k/RT. One for an ideal solution, below zero inside a spinodal."""
    y = min(max(y, 0.0), 1.0)
    d = 1.0 - 2.0 * y
    curvature = 0.0
    for k in range(interaction.size):
        curvature -= interaction[k] * (k + 1.0) * (k + 2.0) * d**k
        if k >= 2:
            curvature += interaction[k] * k * (k - 1.0) * d ** (k - 2)
    return 1.0 + y * (1.0 - y) * curvature


@numba.njit(cache=True)
def equilibrium_potential(y: float, interaction: np.ndarray, f: float) -> float:
    """U = -(RT/F) ln a [V] against pure lithium; `f` is F/RT [1/V], y below one."""
    return -(math.log(1.0 - y) + excess_activity(y, interaction)) / f


@numba.njit(cache=True)
def diffusivity(y: float, fractions: np.ndarray, logarithms: np.ndarray) -> float:
    """D(y) [m^2/s], exponential between the points of a table and constant beyond its ends.

    Parameters
    ----------
    y : float
        Atomic fraction of magnesium.
    fractions, logarithms : (n,) ndarray
        y in rising order, and ln D of D in [m^2/s].
    """
    n = fractions.size
    if y <= fractions[0]:
        return math.exp(logarithms[0])
    for k in range(1, n):
        if y <= fractions[k]:
            share = (y - fractions[k - 1]) / (fractions[k] - fractions[k - 1])
            return math.exp(logarithms[k - 1] + share * (logarithms[k] - logarithms[k - 1]))
    return math.exp(logarithms[n - 1])


@numba.njit(cache=True)
def contact_current(
    potential: float, lithium_activity: float, i0: float, alpha_a: float, alpha_c: float, f: float
) -> float:
    """Current density [A/m^2] through the contact at E = phi_s - phi_l [V], positive for plating."""
    cathodic = capped_exponential(-alpha_c * f * potential)
    return i0 * (cathodic - lithium_activity * capped_exponential(alpha_a * f * potential))


@numba.njit(cache=True)
def activity_at(potential: float, current: float, i0: float, alpha_a: float, alpha_c: float, f: float) -> float:
    """Activity of lithium at which `contact_current` is `current` at a potential; below zero where none is so small."""
    cathodic = capped_exponential(-alpha_c * f * potential)
    return (cathodic - current / i0) / capped_exponential(alpha_a * f * potential)


@numba.njit(cache=True)
def contact_potential(
    current: float, lithium_activity: float, i0: float, alpha_a: float, alpha_c: float, f: float
) -> float:
    """E [V] at which `contact_current` is `current`; infinite where an empty contact would have to be stripped."""
    if lithium_activity <= 0.0 and current < 0.0:
        return np.inf
    low, high = -1.0, 1.0
    while contact_current(low, lithium_activity, i0, alpha_a, alpha_c, f) < current:
        low *= 2.0
    while contact_current(high, lithium_activity, i0, alpha_a, alpha_c, f) > current:
        high *= 2.0
        if high > HIGHEST_POTENTIAL:
            return np.inf
    for _ in range(60):
        middle = 0.5 * (low + high)
        if contact_current(middle, lithium_activity, i0, alpha_a, alpha_c, f) > current:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
