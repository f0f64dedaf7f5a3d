"""Scales and closed forms of a plating cell: what can be worked out by hand before a run.

One dimension, working electrode at x = 0 (plating, current density i > 0), counter electrode at x = L. A counter
electrode of the plated metal releases as much salt as is plated (closed cell); a reservoir holds the initial
concentration c0, and the cell is then one half of a closed cell of length 2 L.

    i_lim = 2 F D c0 / ((1 - t+) L)                       closed; half of that with a reservoir
    t_s   = pi D [F c0 / (2 i (1 - t+))]^2                Sand's time, semi-infinite electrolyte
    omega = (Omega i k/F) (1 - kappa Gamma k^2/i) / (1 + kappa k/G),   Gamma = gamma Omega/F,  G = d i_n/d phi_l

Plain Python and NumPy: a check of a scenario needs no compiler.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from ramify.physics.constants import FARADAY, GAS_CONSTANT

Counter = Literal["lithium", "reservoir"]


def _closed_length(length: float, counter: Counter) -> float:
    """Length of the closed cell with the same transport [m]."""
    if counter not in ("lithium", "reservoir"):
        raise ValueError(f"counter must be 'lithium' or 'reservoir', not {counter!r}")
    return length if counter == "lithium" else 2.0 * length


def limiting_current(D: float, c0: float, t_plus: float, length: float, counter: Counter = "lithium") -> float:
    """Largest steady current density [A/m^2]; constant properties."""
    return 2.0 * FARADAY * D * c0 / ((1.0 - t_plus) * _closed_length(length, counter))


def sand_time(D: float, c0: float, t_plus: float, current: float) -> float:
    """Depletion time [s] of a semi-infinite electrolyte at a constant current density [A/m^2]."""
    return math.pi * D * (FARADAY * c0 / (2.0 * current * (1.0 - t_plus))) ** 2


def diffusion_time(D: float, length: float) -> float:
    """L^2/D [s]."""
    return length**2 / D


def overpotential(current: float, i0: float, alpha_a: float, alpha_c: float, f: float) -> float:
    """Overpotential eta [V] at which Butler-Volmer passes `current` [A/m^2], negative for plating; f = F/RT [1/V]."""
    ratio = current / i0
    if alpha_a == alpha_c:
        return -math.asinh(0.5 * ratio) / (alpha_c * f)
    slope = alpha_c if ratio > 0.0 else alpha_a
    eta = -math.copysign(math.log1p(abs(ratio)), ratio) / (slope * f)
    # The first guess lies beyond the root, where the law is steeper than its chord: the iteration is monotone.
    for _ in range(100):
        cathodic, anodic = math.exp(-alpha_c * f * eta), math.exp(alpha_a * f * eta)
        step = (cathodic - anodic - ratio) / (f * (alpha_c * cathodic + alpha_a * anodic))
        eta += step
        if abs(step) * f <= 1e-15 + 1e-14 * abs(eta) * f:
            break
    return eta


def charge_transfer_conductance(
    current: float, i0: float, alpha_a: float, alpha_c: float, f: float, film_resistance: float = 0.0
) -> float:
    """G = d i_n/d phi_l [S/m^2] at a current density [A/m^2], a film of areal resistance [ohm m^2] in series."""
    eta = overpotential(current, i0, alpha_a, alpha_c, f)
    bare = i0 * f * (alpha_c * math.exp(-alpha_c * f * eta) + alpha_a * math.exp(alpha_a * f * eta))
    return bare / (1.0 + film_resistance * bare)


def wagner_length(conductivity: float, conductance: float) -> float:
    """kappa/G [m]: shapes larger than this see a current governed by conduction, smaller ones by kinetics."""
    return conductivity / conductance


def bump_growth_rate(
    wavenumber: Any, current: float, conductivity: float, conductance: float, molar_volume: float, surface_energy: float
) -> Any:
    """Growth rate omega [1/s] of a small bump a cos(kx) on a flat front, far counter electrode, uniform concentration.

    Parameters
    ----------
    wavenumber : float or ndarray
        k [1/m].
    current : float
        Current density of the flat front [A/m^2], positive for plating.
    conductivity, conductance : float
        kappa [S/m] and G [S/m^2].
    molar_volume, surface_energy : float
        Omega [m^3/mol] and gamma [J/m^2].
    """
    capillary = conductivity * surface_energy * molar_volume / FARADAY
    drive = molar_volume / FARADAY * wavenumber * (current - capillary * wavenumber**2)
    return drive / (1.0 + conductivity * wavenumber / conductance)


def cut_off_wavelength(current: float, conductivity: float, molar_volume: float, surface_energy: float) -> float:
    """Wavelength [m] below which surface energy flattens a bump, 2 pi sqrt(kappa Gamma/i); zero without it."""
    if current <= 0.0:
        raise ValueError(f"a front is unstable only while plating: current must be positive, not {current}")
    return 2.0 * math.pi * math.sqrt(conductivity * surface_energy * molar_volume / (FARADAY * current))


def fastest_wavelength(
    current: float, conductivity: float, conductance: float, molar_volume: float, surface_energy: float
) -> float:
    """Wavelength [m] of the largest growth rate; zero without surface energy (ever shorter grows ever faster).

    With q = k/k_c and w = k_c kappa/G, d omega/dk = 0 reads 2 w q^3 + 3 q^2 = 1: one root in 0 < q <= 1/sqrt(3).
    """
    shortest = cut_off_wavelength(current, conductivity, molar_volume, surface_energy)
    if shortest == 0.0:
        return 0.0
    w = 2.0 * math.pi / shortest * wagner_length(conductivity, conductance)
    q = 1.0 / math.sqrt(3.0)
    # The left side is convex and rising: Newton from above its root is monotone.
    for _ in range(200):
        step = (2.0 * w * q**3 + 3.0 * q**2 - 1.0) / (6.0 * w * q**2 + 6.0 * q)
        q -= step
        if step <= 1e-15 * q:
            break
    return shortest / q


def cathode_concentration(time: Any, overdrive: float) -> Any:
    """Concentration at the working electrode of a closed cell after the current is switched on, in units of c0.

    c = 1 - J + sum over odd n of (8 J/pi^2 n^2) exp(-n^2 pi^2 t); before t = 0.005, where the far electrode is not
    felt to round-off, its short-time form 1 - 4 J sqrt(t/pi). Negative after depletion, where it has no meaning.

    Parameters
    ----------
    time : float or ndarray
        In units of L^2/D.
    overdrive : float
        J = i/i_lim.
    """
    t = np.asarray(time, dtype=float)
    n = np.arange(1.0, 60.0, 2.0)
    late = 1.0 - overdrive + (np.exp(-(n**2) * math.pi**2 * t[..., None]) / n**2).sum(-1) * 8.0 * overdrive / math.pi**2
    result = np.where(t < 5e-3, 1.0 - 4.0 * overdrive * np.sqrt(np.maximum(t, 0.0) / math.pi), late)
    return result if result.ndim else float(result)


def depletion_time(overdrive: float) -> float:
    """Time in units of L^2/D at which a closed cell depletes at J = i/i_lim; infinite for J <= 1."""
    if overdrive <= 1.0:
        return math.inf
    low = high = math.pi / (16.0 * overdrive**2)
    while cathode_concentration(high, overdrive) > 0.0:
        low, high = high, 2.0 * high
    for _ in range(100):
        middle = 0.5 * (low + high)
        if cathode_concentration(middle, overdrive) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def cell_depletion_time(
    D: float, c0: float, t_plus: float, length: float, current: float, counter: Counter = "lithium"
) -> float:
    """Depletion time [s] of the finite cell with fixed electrodes at a constant current; infinite below i_lim."""
    overdrive = current / limiting_current(D, c0, t_plus, length, counter)
    return depletion_time(overdrive) * diffusion_time(D, _closed_length(length, counter))


def steady_concentration(
    x: Any, c0: float, current: float, D: float, t_plus: float, length: float, counter: Counter = "lithium"
) -> Any:
    """Linear steady profile c(x) [mol/m^3], x [m] from the working electrode."""
    slope = (1.0 - t_plus) * current / (FARADAY * D)
    pivot = 0.5 * _closed_length(length, counter)
    return c0 + slope * (np.asarray(x, dtype=float) - pivot)


def steady_voltage(
    current: float,
    length: float,
    c0: float,
    D: float,
    t_plus: float,
    molar_conductivity: float,
    thermodynamic_factor: float,
    temperature: float,
    i0_ref: float,
    c_ref: float,
    alpha_a: float = 0.5,
    alpha_c: float = 0.5,
    film_resistance: float = 0.0,
    counter: Counter = "lithium",
) -> float:
    """Steady working-electrode voltage [V] against a reference of the metal at the counter electrode.

    V = eta(i, c(0)) - i R_film - [ i L/(Lambda dc) + (2RT/F)(1 - t+)(1 + dlnf/dlnc) ] ln(c(L)/c(0)), dc = c(L) - c(0),
    for constant D, t+, thermodynamic factor and molar conductivity Lambda = kappa/c; negative for plating. In a dilute
    electrolyte the bracket is 2RT/F. Flat electrode without stress. Raises ValueError from the limiting current on.
    """
    near, far = (float(steady_concentration(x, c0, current, D, t_plus, length, counter)) for x in (0.0, length))
    if min(near, far) <= 0.0:
        limit = limiting_current(D, c0, t_plus, length, counter)
        raise ValueError(f"no steady state: {current:g} A/m2 is not below the limiting current, {limit:g} A/m2")
    f = FARADAY / (GAS_CONSTANT * temperature)
    eta = overpotential(current, i0_ref * (near / c_ref) ** alpha_a, alpha_a, alpha_c, f)
    # ln(far/near) / (far - near), regular for equal ends.
    contrast = (far - near) / near
    log_ratio = math.log1p(contrast)
    mean_reciprocal = log_ratio / (far - near) if abs(contrast) > 1e-12 else 1.0 / near
    ohmic = current * length / molar_conductivity * mean_reciprocal
    return eta - current * film_resistance - ohmic - 2.0 / f * (1.0 - t_plus) * thermodynamic_factor * log_ratio
