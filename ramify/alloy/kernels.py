"""Compiled finite volumes of the alloy electrode: fluxes, one implicit stage, and the state of the contact.

The cells hold fixed moles of magnesium per area, dm, from the collector (0) to the contact (n-1); the unknown is r, the
lithium per magnesium in each, so that cells shrink with what leaves and the grid follows the surface by itself. The law
is that of `physics.alloy`. In the lattice and volume frames the flux is taken in space, (D/Omega) dy/dz between the
middles of two cells: y = 1/(1 + r) is the volume mean of a cell, so that a straight y(z) is met exactly.

Lithium only moves: with the flux N_k through the upper face of cell k, dm_k dr_k/dt = N_(k-1) - N_k, N_(-1) = 0 at the
collector and N_(n-1) = -i/F at the contact (i > 0 plates).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from ramify.physics import alloy
from ramify.physics.constants import FARADAY

STEP = 1e-7
"""Relative step of the differences that give the Jacobian."""
MOST_ITERATIONS = 25
LEAST = -0.5
"""r below which a step has gone astray; it is below zero, a little, where one has only gone too far."""
LARGEST_CURRENT = 1e12
"""[A/m^2], beyond what any root is looked for."""


class Law(NamedTuple):
    """What the kernels need of an alloy and its contact; SI units."""

    frame: int
    tracer: bool
    """Whether D is the tracer diffusivity, to be multiplied by the thermodynamic factor."""
    fractions: np.ndarray
    logarithms: np.ndarray
    """Table of ln D over y."""
    interaction: np.ndarray
    """L_k/RT."""
    lithium_volume: float
    magnesium_volume: float
    initial: float
    """y0."""
    i0: float
    alpha_a: float
    alpha_c: float
    f: float
    """F/RT [1/V]."""
    resistance: float
    """Of electrolyte and film per area of electrode [ohm m^2]."""


@numba.njit(cache=True)
def _mobility(y: float, law: Law) -> float:
    """D [m^2/s] in the lattice frame at a composition."""
    D = alloy.diffusivity(y, law.fractions, law.logarithms)
    if law.tracer:
        D *= alloy.thermodynamic_factor(y, law.interaction)
    return D / y if law.frame == alloy.VOLUME else D


@numba.njit(cache=True)
def _fixed_length(law: Law) -> float:
    """dz/dm of the frame at rest [m^3/mol]."""
    return law.magnesium_volume + (1.0 / law.initial - 1.0) * law.lithium_volume


@numba.njit(cache=True)
def _face_flux(lower: float, upper: float, dm_lower: float, dm_upper: float, law: Law) -> float:
    """Flux of lithium [mol/(m^2 s)] from the lower to the upper of two cells."""
    y_lower, y_upper = 1.0 / (1.0 + lower), 1.0 / (1.0 + upper)
    D = _mobility(0.5 * (y_lower + y_upper), law)
    if law.frame == alloy.FIXED:
        length = _fixed_length(law)
        return D * (lower - upper) / (0.5 * (dm_lower + dm_upper) * length * length)
    volume, vacant = law.lithium_volume, law.magnesium_volume
    distance = 0.5 * (dm_lower * (vacant + lower * volume) + dm_upper * (vacant + upper * volume))
    y = 0.5 * (y_lower + y_upper)
    return D * (y_upper - y_lower) / ((y * vacant + (1.0 - y) * volume) * distance)


@numba.njit(cache=True)
def fluxes(r: np.ndarray, dm: np.ndarray, outflow: float, law: Law) -> np.ndarray:
    """Flux through the upper face of every cell (n,) [mol/(m^2 s)], the given outflow at the contact."""
    n = r.size
    N = np.empty(n)
    for k in range(n - 1):
        N[k] = _face_flux(r[k], r[k + 1], dm[k], dm[k + 1], law)
    N[n - 1] = outflow
    return N


@numba.njit(cache=True)
def surface(r: float, dm: float, outflow: float, law: Law) -> float:
    """y at the contact from the last cell and the flux out of it: above one without lithium, zero under plated one."""
    y = 1.0 / (1.0 + r)
    if law.frame == alloy.FIXED:
        length = _fixed_length(law)
        r_s = r - outflow * 0.5 * dm * length * length / _mobility(y, law)
        return 1.0 - r_s if r_s < 0.0 else 1.0 / (1.0 + r_s)
    half = 0.5 * dm * (law.magnesium_volume + r * law.lithium_volume)
    volume = y * law.magnesium_volume + (1.0 - y) * law.lithium_volume
    ahead = y + 0.5 * outflow * volume * half / _mobility(y, law)
    middle = min(max(ahead, 0.5 * y), 2.0 * y)
    return max(y + outflow * volume * half / _mobility(middle, law), 0.0)


@numba.njit(cache=True)
def contact_current_at(voltage: float, r: float, dm: float, law: Law) -> float:
    """Current density [A/m^2] that a voltage drives, the ohmic drop and the composition of the contact included.

    The root of a rising function, i - contact_current(E(i), a(i)), between bounds found by doubling.
    """
    low, high = -1.0, 1.0
    while _excess_current(low, voltage, r, dm, law) > 0.0 and low > -LARGEST_CURRENT:
        low *= 2.0
    while _excess_current(high, voltage, r, dm, law) < 0.0 and high < LARGEST_CURRENT:
        high *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if _excess_current(middle, voltage, r, dm, law) < 0.0:
            low = middle
        else:
            high = middle
        if high - low <= 1e-15 * max(abs(low), abs(high)):
            break
    return 0.5 * (low + high)


@numba.njit(cache=True)
def _excess_current(current: float, voltage: float, r: float, dm: float, law: Law) -> float:
    a = alloy.activity(surface(r, dm, -current / FARADAY, law), law.interaction)
    potential = voltage + current * law.resistance
    return current - alloy.contact_current(potential, a, law.i0, law.alpha_a, law.alpha_c, law.f)


@numba.njit(cache=True)
def implicit_update(
    right: np.ndarray, r: np.ndarray, N: np.ndarray, dm: np.ndarray, weight: float, slope: float, law: Law
) -> np.ndarray:
    """(I - weight J)^-1 right, J the Jacobian of dr/dt at r, by one sweep up and one down the cells.

    Parameters
    ----------
    right, r, N : (n,) ndarray
        Right side, lithium per magnesium, and its fluxes.
    dm : (n,) ndarray
        Magnesium of the cells [mol/m^2].
    weight : float
        [s].
    slope : float
        Change of the outflow at the contact with r of the last cell [mol/(m^2 s)]; zero for a held current.
    """
    n = r.size
    ratio, change = np.empty(n), np.empty(n)
    flux_by_lower, flux_by_upper = 0.0, 0.0  # through the lower face of the cell, by r below and in it
    for k in range(n):
        w = weight / dm[k]
        pivot, lower, upper, value = 1.0 - w * flux_by_upper, -w * flux_by_lower, 0.0, right[k]
        if k < n - 1:
            own, above = STEP * (1.0 + abs(r[k])), STEP * (1.0 + abs(r[k + 1]))
            flux_by_lower = (_face_flux(r[k] + own, r[k + 1], dm[k], dm[k + 1], law) - N[k]) / own
            flux_by_upper = (_face_flux(r[k], r[k + 1] + above, dm[k], dm[k + 1], law) - N[k]) / above
            pivot += w * flux_by_lower
            upper = w * flux_by_upper
        else:
            pivot += w * slope
        if k > 0:
            pivot -= lower * ratio[k - 1]
            value -= lower * change[k - 1]
        ratio[k] = upper / pivot
        change[k] = value / pivot
    for k in range(n - 2, -1, -1):
        change[k] -= ratio[k] * change[k + 1]
    return change


@numba.njit(cache=True)
def _outflow(r: float, dm: float, current: float, voltage: float, law: Law) -> tuple[float, float]:
    """(current [A/m^2], d outflow/dr) at the contact, held or driven by a voltage that is a number."""
    if np.isnan(voltage):
        return current, 0.0
    step = STEP * (1.0 + abs(r))
    driven = contact_current_at(voltage, r, dm, law)
    return driven, -(contact_current_at(voltage, r + step, dm, law) - driven) / (step * FARADAY)


@numba.njit(cache=True)
def solve_stage(
    guess: np.ndarray,
    base: np.ndarray,
    dm: np.ndarray,
    weight: float,
    current: float,
    voltage: float,
    law: Law,
    tolerance: float,
) -> tuple[bool, int, float, np.ndarray]:
    """One implicit stage, r = base + (weight/dm) (inflow - outflow), by Newton's method.

    Parameters
    ----------
    guess, base : (n,) ndarray
        First iterate, and what the stage starts from.
    dm : (n,) ndarray
        Magnesium of the cells [mol/m^2].
    weight : float
        Weight of the stage times the step [s].
    current, voltage : float
        Current density [A/m^2] if the voltage is not a number; otherwise the voltage is held and the current found.
    tolerance : float
        Largest last update of y.

    Returns
    -------
    converged, iterations, current, r
    """
    n = guess.size
    r, right = guess.copy(), np.empty(n)
    for iteration in range(1, MOST_ITERATIONS + 1):
        current, slope = _outflow(r[n - 1], dm[n - 1], current, voltage, law)
        N = fluxes(r, dm, -current / FARADAY, law)
        for k in range(n):
            inflow = N[k - 1] if k > 0 else 0.0
            right[k] = base[k] - r[k] + weight / dm[k] * (inflow - N[k])
        change = implicit_update(right, r, N, dm, weight, slope, law)
        largest = 0.0
        for k in range(n):
            before = r[k]
            # more than nine tenths of the lithium at once would be a step into nowhere
            r[k] = max(before + change[k], 0.1 * before) if before > 0.0 else before + change[k]
            if not np.isfinite(r[k]) or r[k] <= LEAST:
                return False, iteration, current, r
            largest = max(largest, abs(1.0 / (1.0 + r[k]) - 1.0 / (1.0 + before)))
        if largest < tolerance:
            current, slope = _outflow(r[n - 1], dm[n - 1], current, voltage, law)
            return True, iteration, current, r
    return False, MOST_ITERATIONS, current, r


@numba.njit(cache=True)
def filtered(
    error: np.ndarray, r: np.ndarray, dm: np.ndarray, weight: float, current: float, voltage: float, law: Law
) -> np.ndarray:
    """An error estimate (n,) with its stiff part damped as the implicit stage damps it."""
    n = r.size
    current, slope = _outflow(r[n - 1], dm[n - 1], current, voltage, law)
    N = fluxes(r, dm, -current / FARADAY, law)
    return implicit_update(error, r, N, dm, weight, slope, law)


@numba.njit(cache=True)
def partial_contact_current(
    voltage: float, fraction: float, resistance: float, i0: float, alpha_a: float, alpha_c: float, f: float
) -> float:
    """Current density [A/m^2] that a voltage drives through a contact of pure lithium on part of the area."""
    low, high = -1.0, 1.0
    while low > fraction * alloy.contact_current(voltage + low * resistance, 1.0, i0, alpha_a, alpha_c, f):
        low *= 2.0
    while high < fraction * alloy.contact_current(voltage + high * resistance, 1.0, i0, alpha_a, alpha_c, f):
        high *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle < fraction * alloy.contact_current(voltage + middle * resistance, 1.0, i0, alpha_a, alpha_c, f):
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
