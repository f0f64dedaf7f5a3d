"""Butler-Volmer kinetics of a monovalent metal surface, M+ + e- = M; currents are positive for plating.

    i_n = i0(c) [exp(-alpha_c f eta) - exp(alpha_a f eta)],   eta = phi_s - phi_l - U + i_n R_film,   f = F/RT
    i0  = i0_ref (c/c_ref)^alpha_a,                           U = -(Omega/F) (gamma K + p)

phi_l is measured against a reference electrode of the same metal, so U carries no ln c. In the inner potential
phi = phi_l - (RT/F) ln(c/c_ref), with eta' = phi_s - phi - U + i_n R_film = eta + (1/f) ln(c/c_ref), the same law reads

    i_n = i0_ref [(c/c_ref)^(alpha_a + alpha_c) exp(-alpha_c f eta') - exp(alpha_a f eta')]

which is regular at c = 0, and linear in c when alpha_a + alpha_c = 1. Both forms are one model.

Exponentials continue as their tangent beyond an exponent of 60, so that no argument overflows and the derivatives stay
those of the function. Numbers go through compiled or interpreted code alike; `butler_volmer`,
`exchange_current_density` and `equilibrium_potential` also take arrays, `surface_currents` is the array form of
`surface_current`.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from ramify.physics.constants import FARADAY
from ramify.physics.interface import sampling_loss

LARGEST_EXPONENT = 60.0
SMALLEST_RATIO = 1e-8
"""c/c_ref below which a power of it that is not linear continues along its chord through zero."""


@numba.njit(cache=True)
def capped_exponential(x: Any) -> Any:
    """exp(x), continued by its tangent beyond x = 60."""
    return np.exp(np.minimum(x, LARGEST_EXPONENT)) * (1.0 + np.maximum(x - LARGEST_EXPONENT, 0.0))


@numba.njit(cache=True)
def exchange_current_density(c: Any, c_ref: float, i0_ref: Any, alpha_a: float) -> Any:
    """i0 = i0_ref (c/c_ref)^alpha_a [A/m^2], zero where c <= 0; c and c_ref in [mol/m^3]."""
    return i0_ref * np.maximum(c / c_ref, 0.0) ** alpha_a


@numba.njit(cache=True)
def butler_volmer(eta: Any, i0: Any, alpha_a: float, alpha_c: float, f: float) -> Any:
    """Current density [A/m^2], positive for plating (eta < 0).

    Parameters
    ----------
    eta : float or ndarray
        Surface overpotential phi_s - phi_l - U + i_n R_film [V].
    i0 : float or ndarray
        Exchange current density [A/m^2].
    alpha_a, alpha_c : float
        Anodic and cathodic transfer coefficients.
    f : float
        F/RT [1/V].
    """
    return i0 * (capped_exponential(-alpha_c * f * eta) - capped_exponential(alpha_a * f * eta))


@numba.njit(cache=True)
def equilibrium_potential(curvature: Any, pressure: Any, surface_energy: float, molar_volume: float) -> Any:
    """U = -(Omega/F) (gamma K + p) [V] against the flat, unstressed metal.

    Parameters
    ----------
    curvature : float or ndarray
        K, sum of the principal curvatures [1/m]; 2/r for a metal sphere, positive for a convex deposit.
    pressure : float or ndarray
        Normal traction the metal carries, compression positive, without the Laplace pressure [Pa].
    surface_energy : float
        gamma [J/m^2].
    molar_volume : float
        Omega [m^3/mol].
    """
    return -(molar_volume / FARADAY) * (surface_energy * curvature + pressure)


@numba.njit(cache=True)
def concentration_power(ratio: float, exponent: float) -> tuple[float, float]:
    """(ratio^exponent, its derivative), finite for every ratio.

    Exactly linear for an exponent of one, negative ratios included (a Newton iterate may be there); otherwise the
    chord through zero replaces the power below a ratio of 1e-8.
    """
    if abs(exponent - 1.0) < 1e-12:
        return ratio, 1.0
    if ratio <= SMALLEST_RATIO:
        slope = SMALLEST_RATIO ** (exponent - 1.0)
        return slope * ratio, slope
    value = ratio**exponent
    return value, exponent * value / ratio


@numba.njit(cache=True)
def _bare_law(
    eta: float,
    concentration: float,
    i0_ref: float,
    alpha_a: float,
    alpha_c: float,
    f: float,
    drop: float,
    mesh: float,
) -> tuple[float, float, float, float]:
    """(i_n, -di_n/d eta, di_n/d concentration, its -d/d eta) without a film; `concentration` is the power of c/c_ref.

    `drop` is `salt_drop`/c_ref, `mesh` as in `surface_current`. The current falls with eta whatever the drop: see
    `interface.sampling_loss`.
    """
    cathodic_exponent, anodic_exponent = -alpha_c * f * eta, alpha_a * f * eta
    cathodic, anodic = i0_ref * capped_exponential(cathodic_exponent), i0_ref * capped_exponential(anodic_exponent)
    # The tangent's slope beyond the cap is the exponential at the cap.
    cathodic_slope = i0_ref * alpha_c * f * math.exp(min(cathodic_exponent, LARGEST_EXPONENT))
    anodic_slope = i0_ref * alpha_a * f * math.exp(min(anodic_exponent, LARGEST_EXPONENT))
    current = concentration * cathodic - anodic
    conductance = concentration * cathodic_slope + anodic_slope
    if drop <= 0.0:
        return current, conductance, cathodic, cathodic_slope
    loss, slope, gain = sampling_loss(drop * cathodic)
    share, slope = 1.0 / (1.0 + loss - mesh * drop * cathodic), slope - mesh
    rate_slope = cathodic_slope * share * share * gain
    conductance = concentration * rate_slope + share * (anodic_slope + anodic * share * slope * drop * cathodic_slope)
    return current * share, conductance, cathodic * share, rate_slope


@numba.njit(cache=True)
def _film_overpotential(
    bare: float,
    concentration: float,
    i0_ref: float,
    alpha_a: float,
    alpha_c: float,
    f: float,
    film_resistance: float,
    drop: float,
    mesh: float,
) -> float:
    """Root eta' of eta' - bare - R i_n(eta') = 0 for a concentration >= 0, by a bracketed Newton's method.

    The left side rises with a slope of at least one, so the root is single and lies between `bare` and
    bare + R i_n(bare). The first guess is the Tafel overpotential of the largest current the film can pass; from there
    the iteration is monotone in the Tafel regions.
    """
    current = _bare_law(bare, concentration, i0_ref, alpha_a, alpha_c, f, drop, mesh)[0]
    low, high = min(bare, bare + film_resistance * current), max(bare, bare + film_resistance * current)
    largest = abs(current)
    if concentration > 0.0:
        rest = math.log(concentration) / ((alpha_a + alpha_c) * f)
        largest = min(largest, abs(rest - bare) / film_resistance)
    eta = bare
    if largest > 0.0:
        if current > 0.0:
            eta = -math.log(largest / (i0_ref * concentration)) / (alpha_c * f)
        else:
            eta = math.log(largest / i0_ref) / (alpha_a * f)
    eta = min(max(eta, low), high)
    for _ in range(200):
        current, conductance, _, _ = _bare_law(eta, concentration, i0_ref, alpha_a, alpha_c, f, drop, mesh)
        residual = eta - bare - film_resistance * current
        if residual > 0.0:
            high = eta
        else:
            low = eta
        trial = eta - residual / (1.0 + film_resistance * conductance)
        if not low <= trial <= high:
            trial = 0.5 * (low + high)
        moved = abs(trial - eta)
        eta = trial
        if moved * f <= 1e-12 + 1e-14 * abs(eta) * f:
            break
    return eta


@numba.njit(cache=True)
def surface_current(
    phi_s: float,
    phi: float,
    c: float,
    equilibrium: float,
    i0_ref: float,
    c_ref: float,
    alpha_a: float,
    alpha_c: float,
    f: float,
    film_resistance: float,
    salt_drop: float = 0.0,
    mesh: float = 0.0,
) -> tuple[float, float, float]:
    """Current density of the surface and its derivatives, in the inner potential.

    Parameters
    ----------
    phi_s, phi : float
        Potential of the metal, inner potential of the electrolyte [V].
    c, c_ref : float
        Salt concentration and its reference [mol/m^3]. Below zero, where a Newton iterate may be, the law continues
        linearly in c.
    equilibrium : float
        U of `equilibrium_potential` [V].
    i0_ref : float
        Exchange current density at c_ref [A/m^2], surface activity included; zero for an inert surface.
    alpha_a, alpha_c : float
        Transfer coefficients.
    f : float
        F/RT [1/V].
    film_resistance : float
        R_film >= 0 [ohm m^2].
    salt_drop : float
        For a reaction spread over a diffuse surface of width l: l (1 - t+)/(F D) [mol/(A m)], the concentration that
        drops across l per current density. The law is then weakened as `interface.sampling_loss` says, so that the
        spread reaction takes the sharp surface's current; k is the law's rate at c_ref. Zero for a sharp surface.
    mesh : float
        What the discrete equations add to the outer intercept a of `interface.sampling_loss` [widths]; taken off again.

    Returns
    -------
    i_n, di_dphi, di_dc : float
        Current density [A/m^2], positive for plating; its derivatives with respect to phi [A/(m^2 V)], never negative
        for c >= 0, and to c [A m/mol]. The derivative with respect to phi_s is -di_dphi.
    """
    if i0_ref <= 0.0:
        return 0.0, 0.0, 0.0
    concentration, slope = concentration_power(c / c_ref, alpha_a + alpha_c)
    drop, bare = salt_drop / c_ref, phi_s - phi - equilibrium
    if film_resistance <= 0.0:
        current, conductance, rate, _ = _bare_law(bare, concentration, i0_ref, alpha_a, alpha_c, f, drop, mesh)
        return current, conductance, rate * slope / c_ref
    # Under a film the law has no single root below zero concentration; its tangent at zero takes over.
    below_zero, concentration = min(concentration, 0.0), max(concentration, 0.0)
    eta = _film_overpotential(bare, concentration, i0_ref, alpha_a, alpha_c, f, film_resistance, drop, mesh)
    current, conductance, rate, rate_slope = _bare_law(eta, concentration, i0_ref, alpha_a, alpha_c, f, drop, mesh)
    # Linearised about eta: exact at the root, and accurate for the thinnest and the thickest film alike.
    damping = 1.0 / (1.0 + film_resistance * conductance)
    current = (current + conductance * (eta - bare)) * damping
    rate *= damping
    if below_zero < 0.0:
        anodic_exponent = alpha_a * f * eta
        curvature = alpha_a * f * conductance if anodic_exponent < LARGEST_EXPONENT else 0.0
        current += rate * below_zero
        conductance += below_zero * (rate_slope + rate * film_resistance * curvature) * damping
    return current, conductance * damping, rate * slope / c_ref


@numba.njit(cache=True)
def _surface_currents(
    arguments: np.ndarray, constants: tuple[float, float, float, float, float, float], out: np.ndarray
) -> None:
    c_ref, alpha_a, alpha_c, f, salt_drop, mesh = constants
    for k in range(arguments.shape[1]):
        phi_s, phi, c, equilibrium, i0_ref, film = arguments[:, k]
        out[0, k], out[1, k], out[2, k] = surface_current(
            phi_s, phi, c, equilibrium, i0_ref, c_ref, alpha_a, alpha_c, f, film, salt_drop, mesh
        )


def surface_currents(
    phi_s: Any,
    phi: Any,
    c: Any,
    equilibrium: Any,
    i0_ref: Any,
    c_ref: float,
    alpha_a: float,
    alpha_c: float,
    f: float,
    film_resistance: Any = 0.0,
    salt_drop: float = 0.0,
    mesh: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`surface_current` over broadcastable arrays; returns three arrays of the broadcast shape."""
    fields = np.broadcast_arrays(phi_s, phi, c, equilibrium, i0_ref, film_resistance)
    arguments = np.stack([np.asarray(field, dtype=np.float64).ravel() for field in fields])
    out = np.empty((3, arguments.shape[1]))
    _surface_currents(arguments, (c_ref, alpha_a, alpha_c, f, salt_drop, mesh), out)
    shape = fields[0].shape
    return out[0].reshape(shape), out[1].reshape(shape), out[2].reshape(shape)


def surface_concentration(
    i_n: Any,
    phi_s: Any,
    phi: Any,
    equilibrium: Any,
    i0_ref: Any,
    c_ref: float,
    alpha_a: float,
    alpha_c: float,
    f: float,
    film_resistance: float = 0.0,
) -> np.ndarray:
    """Salt at the sharp surface [mol/m^3]: the concentration at which the law gives a current density `i_n` [A/m^2].

    For a reaction spread over a diffuse surface (`salt_drop` of `surface_current`) it is less than the concentration
    read there. Other arguments as in `surface_current`; `i0_ref` must not be zero.
    """
    eta = np.asarray(phi_s) - phi - equilibrium + np.asarray(i_n) * film_resistance
    power = (i_n / i0_ref + capped_exponential(alpha_a * f * eta)) * capped_exponential(alpha_c * f * eta)
    return np.asarray(c_ref * np.maximum(power, 0.0) ** (1.0 / (alpha_a + alpha_c)))
