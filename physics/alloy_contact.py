"""Current through a face of an alloy's contact whose composition follows the face's own current.

y is the atomic fraction of the component that stays (magnesium), a lithium's activity against the pure metal, i the
current density, positive for plating, E = phi_s - phi_l + i R (R of a film and of spreading), f = F/RT:

    i = i0 [exp(-alpha_c f E) - a(y) exp(alpha_a f E)],       y = y_P - m i, held between 0 and 1

y_P is the composition beside the face, and m i what diffusion to the face and away from it adds on the way there
(m >= 0: stripping leaves magnesium behind). The law is that of `physics.alloy.contact_current`: i0 a^alpha_c, and the
equilibrium potential -(RT/F) ln a, where alpha_a + alpha_c = 1. No face passes more than (1 - y_P)/m on stripping; an
empty one, y_P = 1, passes nothing. Plating beyond y_P/m covers the face with lithium, a = 1.

**Root.** With p = |i| and E_0 = phi_s - phi_l, the ratio of both sides in logarithms,

    stripping    L(p) = ln a(y_P + m p) + alpha_a f (E_0 - R p) - ln[exp(-alpha_c f E) + p/i0] = 0
    plating      L(p) = -alpha_c f (E_0 + R p) - ln[a(y_P - m p) exp(alpha_a f E) + p/i0] = 0

L falls with p wherever the activity falls with y, so that the root is single. Newton's method between bounds: in p,
which suits films and small currents; where that leaves the bounds in ln p, which suits the Tafel regions; or for the
ratio itself, which suits a face that runs empty.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from ramify.physics.alloy import activity, contact_current, excess_activity, thermodynamic_factor
from ramify.physics.butler_volmer import LARGEST_EXPONENT

Law = tuple[float, float, float, float]
"""i0 of pure lithium [A/m^2], alpha_a, alpha_c, f [1/V]."""
MOST_ITERATIONS = 200
ACCURACY = 1e-12
"""Of L, that is of the ratio."""
LARGEST_BOUND = 600.0
"""Exponent at which bounds of the current end."""


@numba.njit(cache=True)
def _activity(y: float, interaction: np.ndarray) -> tuple[float, float]:
    """(a, -da/dy) of a composition held between 0 and 1, where the slope is zero outside."""
    inside = min(max(y, 0.0), 1.0)
    value = activity(inside, interaction)
    if inside != y:
        return value, 0.0
    return value, math.exp(excess_activity(y, interaction)) * thermodynamic_factor(y, interaction)


@numba.njit(cache=True)
def _ratio(
    p: float, sign: float, face: tuple[float, float, float, float], interaction: np.ndarray, law: Law
) -> tuple[float, float, float]:
    """(L, -dL/dp, |dL/dE_0|) of a current density `sign` p; L is minus infinity where an empty face is stripped."""
    potential, y, rise, resistance = face
    i0, alpha_a, alpha_c, f = law
    E = potential + sign * resistance * p
    a, fall = _activity(y - sign * rise * p, interaction)
    if sign < 0.0:
        if a <= 0.0:
            return -np.inf, np.inf, 0.0
        cathodic = math.exp(min(-alpha_c * f * E, LARGEST_BOUND))
        total = cathodic + p / i0
        by_potential = alpha_a * f + alpha_c * f * cathodic / total
        slope = by_potential * resistance + rise * fall / a + 1.0 / (i0 * total)
        return math.log(a) + alpha_a * f * E - math.log(total), slope, by_potential
    anodic = math.exp(min(alpha_a * f * E, LARGEST_BOUND))
    total = a * anodic + p / i0
    by_potential = alpha_c * f + alpha_a * f * a * anodic / total
    slope = by_potential * resistance + (rise * fall * anodic + 1.0 / i0) / total
    return -alpha_c * f * E - math.log(total), slope, by_potential


@numba.njit(cache=True)
def _largest(sign: float, face: tuple[float, float, float, float], a: float, law: Law) -> float:
    """Bound of |i|: that of the kinetics alone, what the resistance passes, what is left on the face."""
    potential, y, rise, resistance = face
    i0, alpha_a, alpha_c, f = law
    if sign < 0.0:
        bound = i0 * math.exp(min(math.log(a) + alpha_a * f * potential, LARGEST_BOUND))
        if rise > 0.0:
            bound = min(bound, (1.0 - y) / rise)
    else:
        bound = i0 * math.exp(min(-alpha_c * f * potential, LARGEST_BOUND))
    if resistance > 0.0 and a > 0.0:
        equilibrium = -math.log(a) / ((alpha_a + alpha_c) * f)
        bound = min(bound, abs(potential - equilibrium) / resistance)
    return bound


@numba.njit(cache=True)
def face_current(
    potential: float, y: float, rise: float, resistance: float, interaction: np.ndarray, law: Law
) -> tuple[float, float, float, float]:
    """Current through one face and what it makes of the face.

    Parameters
    ----------
    potential : float
        phi_s - phi_l [V].
    y : float
        y_P, atomic fraction of magnesium beside the face.
    rise : float
        m >= 0 [m^2/A].
    resistance : float
        R >= 0 [ohm m^2].
    interaction : ndarray
        L_k/RT of `physics.alloy`.
    law : tuple
        Exchange current density of pure lithium [A/m^2], alpha_a, alpha_c, and f = F/RT [1/V].

    Returns
    -------
    i, di_dphi, y_face, a_face : float
        Current density [A/m^2], positive for plating; its derivative with respect to phi_l, not negative
        [A/(m^2 V)]; composition and activity of the face.
    """
    i0, alpha_a, alpha_c, f = law
    y = min(max(y, 0.0), 1.0)
    a, _ = _activity(y, interaction)
    if rise <= 0.0 and resistance <= 0.0:
        current = contact_current(potential, a, i0, alpha_a, alpha_c, f)
        anodic = alpha_a * math.exp(min(alpha_a * f * potential, LARGEST_EXPONENT))
        cathodic = alpha_c * math.exp(min(-alpha_c * f * potential, LARGEST_EXPONENT))
        return current, i0 * f * (cathodic + a * anodic), y, a
    face = (potential, y, rise, resistance)
    # without a current it tells the sign
    sign = -1.0 if a > 0.0 and math.log(a) + (alpha_a + alpha_c) * f * potential > 0.0 else 1.0
    p = low = 0.0
    high = _largest(sign, face, a, law)
    if high > 0.0:
        p = 0.5 * high if sign < 0.0 and rise * high > 0.5 * (1.0 - y) else high
    for _ in range(MOST_ITERATIONS):
        L, slope, _ = _ratio(p, sign, face, interaction, law)
        if abs(L) <= ACCURACY:
            break
        if L > 0.0:
            low = p
        else:
            high = p
        trial = 0.5 * (low + high)
        if slope < np.inf and slope > 0.0:
            for way in range(3):
                if way == 0:
                    found = p + L / slope
                elif way == 1:
                    found = p * math.exp(min(max(L / (slope * p), -LARGEST_BOUND), 1.0)) if p > 0.0 else 0.0
                else:
                    found = p + (1.0 - math.exp(min(-L, LARGEST_BOUND))) / slope
                if low < found < high:
                    trial = found
                    break
        if not low < trial < high:
            break
        p = trial
    L, slope, by_potential = _ratio(p, sign, face, interaction, law)
    y_face = min(max(y - sign * rise * p, 0.0), 1.0)
    return sign * p, max(by_potential / slope, 0.0), y_face, activity(y_face, interaction)


@numba.njit(cache=True)
def _face_currents(faces: np.ndarray, interaction: np.ndarray, law: Law, out: np.ndarray) -> None:
    for k in range(faces.shape[1]):
        potential, y, rise, resistance = faces[:, k]
        out[0, k], out[1, k], out[2, k], out[3, k] = face_current(potential, y, rise, resistance, interaction, law)


def face_currents(
    potential: Any, y: Any, rise: Any, resistance: Any, interaction: np.ndarray, law: Law
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`face_current` over broadcastable arrays; returns four arrays of the broadcast shape."""
    fields = np.broadcast_arrays(potential, y, rise, resistance)
    out = np.empty((4, fields[0].size))
    _face_currents(np.stack([np.asarray(field, float).ravel() for field in fields]), interaction, law, out)
    current, slope, magnesium, lithium = (row.reshape(fields[0].shape) for row in out)
    return current, slope, magnesium, lithium
