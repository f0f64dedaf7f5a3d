"""Compiled residual and Jacobian of the grand-potential model, and its Langevin noise.

Laws and symbols: physics.grand_potential. With the weights beta, gamma of the time scheme and tau = beta dt, the rows
are

    xi:  xi - xi_h + tau [L_sigma (g' - div K) + L_eta r - noise]
    mu:  N - N_h - tau div[ D m (grad w + c_f grad p) ]
    p:   h0^2 { -div[(sigma/sigma^l) grad p] + q (xi - xi_h)/tau },   q = n F C_m^s (nF/RT)/sigma^l

h0 is the shortest edge; a row's unit is that of its field. w = ln(1 + exp(mu - eps^l)), whose slope by mu is c^l, so
that c^l grad mu is the difference of w over a face, at any step of mu, and c_f = dw/dmu is its mean over the face.
m at a face is the mean of its cells, sigma the harmonic one: conductors in series.

Ghosted arrays [z, y, x]. An outer face that holds a value has the ghost 2 value - inner, one that nothing crosses the
ghost inner; corrections have the ghosts -inner and inner.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.grand_potential import (
    barrier_curvature,
    barrier_slope,
    filling_pressure,
    gradient_flux,
    metal_share,
    metal_share_slope,
    noise_number,
    occupancy,
    reaction,
)

LOCAL = 5
"""Derivatives in a cell: row xi by xi, mu, p; row mu by xi, mu."""
FACE = 10
"""Derivatives of a face's fluxes, by the cell above it (p) and below it (n):
lithium by xi_p, xi_n, mu_p, mu_n, p_p - p_n; current by xi_p, xi_n, p_p - p_n; K by xi_p - xi_n; lithium by w_p - w_n.
"""
CLOSE = 1e-3
"""Difference of mu over a face below which its mean occupancy comes from a series."""


@numba.njit(cache=True)
def set_properties(
    xi: np.ndarray,
    mu: np.ndarray,
    level: float,
    contrast: float,
    openness: np.ndarray,
    openness_slope: np.ndarray,
    conductivity: np.ndarray,
    conductivity_slope: np.ndarray,
    pressure: np.ndarray,
    occupied: np.ndarray,
) -> None:
    """m, dm/dxi, sigma/sigma^l, its slope, w and c^l of every cell, ghosts too; `contrast` is sigma^s/sigma^l."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                share, slope = metal_share(xi[k, j, i]), metal_share_slope(xi[k, j, i])
                openness[k, j, i] = (1.0 - share) * (1.0 - share)
                openness_slope[k, j, i] = -2.0 * (1.0 - share) * slope
                conductivity[k, j, i] = 1.0 + (contrast - 1.0) * share
                conductivity_slope[k, j, i] = (contrast - 1.0) * slope
                pressure[k, j, i] = filling_pressure(mu[k, j, i], level)
                occupied[k, j, i] = occupancy(mu[k, j, i], level)


@numba.njit(cache=True)
def mean_occupancy(
    pressure_p: float, pressure_n: float, mu_p: float, mu_n: float, c_p: float, c_n: float
) -> tuple[float, float, float]:
    """Mean of c^l over a face, the difference of w over that of mu, and its derivatives by mu_p and mu_n."""
    difference = mu_p - mu_n
    if abs(difference) > CLOSE:
        mean = (pressure_p - pressure_n) / difference
        return mean, (c_p - mean) / difference, (mean - c_n) / difference
    slope_p, slope_n = c_p * (1.0 - c_p), c_n * (1.0 - c_n)
    mean = 0.5 * (c_p + c_n) - difference * (slope_p - slope_n) / 12.0
    return mean, slope_p / 3.0 + slope_n / 6.0, slope_p / 6.0 + slope_n / 3.0


@numba.njit(cache=True)
def add_faces(
    axis: int,
    fields: tuple[np.ndarray, np.ndarray, np.ndarray],
    properties: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    weights: tuple[float, float, float],
    edges: tuple[float, float, float],
    crystal: tuple[float, int, float, int],
    closed: tuple[bool, bool],
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    coefficients: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Add the fluxes over the faces across one axis to the rows of their cells, and keep their derivatives.

    Parameters
    ----------
    axis
        0, 1, 2 for x, y, z; a face lies between a cell and its lower neighbour.
    fields
        xi, mu, p.
    properties
        Of `set_properties`.
    weights
        tau D/h^2, tau L_sigma kappa/h^2, h0^2/h^2.
    edges
        Edges (x, y, z) of the cells; kappa grad xi is told in differences across `axis`.
    crystal
        Strength, mode, angle and power of physics.grand_potential.gradient_flux.
    closed
        Whether the phase's flux is nil over the outermost faces of the whole box, below and above.
    rows
        Of xi, mu, p.
    coefficients
        (nz, ny, nx, FACE).
    ends
        (2, 2, ny, nx), overwritten if `axis` is z: lithium and current flux over the first and the last face.
    """
    xi, mu, p = fields
    openness, openness_slope, conductivity, conductivity_slope, pressure, occupied = properties
    by_lithium, by_phase, by_charge = weights
    strength, mode, angle, power = crystal
    row_xi, row_mu, row_p = rows
    nz, ny, nx = xi.shape
    ax, ay, az = (1 if axis == 0 else 0), (1 if axis == 1 else 0), (1 if axis == 2 else 0)
    last = (nz, ny, nx)[2 - axis] - 1
    h = edges[axis]
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                kn, jn, inn = k - az, j - ay, i - ax
                place = k if axis == 2 else (j if axis == 1 else i)
                # lithium
                c, by_p, by_n = mean_occupancy(
                    pressure[k, j, i],
                    pressure[kn, jn, inn],
                    mu[k, j, i],
                    mu[kn, jn, inn],
                    occupied[k, j, i],
                    occupied[kn, jn, inn],
                )
                drop = p[k, j, i] - p[kn, jn, inn]
                push = pressure[k, j, i] - pressure[kn, jn, inn] + c * drop
                opening = by_lithium * 0.5 * (openness[k, j, i] + openness[kn, jn, inn])
                lithium_flux = opening * push
                coefficients[k, j, i, 0] = 0.5 * by_lithium * openness_slope[k, j, i] * push
                coefficients[k, j, i, 1] = 0.5 * by_lithium * openness_slope[kn, jn, inn] * push
                coefficients[k, j, i, 2] = opening * (occupied[k, j, i] + by_p * drop)
                coefficients[k, j, i, 3] = opening * (by_n * drop - occupied[kn, jn, inn])
                coefficients[k, j, i, 4] = opening * c
                coefficients[k, j, i, 9] = opening
                # charge
                s, t = conductivity[k, j, i], conductivity[kn, jn, inn]
                joint = by_charge * 2.0 * s * t / (s + t)
                current = joint * drop
                coefficients[k, j, i, 5] = by_charge * 2.0 * (t / (s + t)) ** 2 * conductivity_slope[k, j, i] * drop
                coefficients[k, j, i, 6] = by_charge * 2.0 * (s / (s + t)) ** 2 * conductivity_slope[kn, jn, inn] * drop
                coefficients[k, j, i, 7] = joint
                # phase
                step = xi[k, j, i] - xi[kn, jn, inn]
                pull, whole = step, 1.0
                if strength != 0.0:
                    gx = step if axis == 0 else _slope(xi, k, j, i, kn, jn, inn, 0, h / edges[0])
                    gy = step if axis == 1 else _slope(xi, k, j, i, kn, jn, inn, 1, h / edges[1])
                    gz = step if axis == 2 else _slope(xi, k, j, i, kn, jn, inn, 2, h / edges[2])
                    kx, ky, kz, whole = gradient_flux(gx, gy, gz, strength, mode, angle, power)
                    pull = kx if axis == 0 else (ky if axis == 1 else kz)
                if (place == 1 and closed[0]) or (place == last and closed[1]):
                    pull, whole = 0.0, 0.0
                coefficients[k, j, i, 8] = by_phase * whole
                row_xi[k, j, i] += by_phase * pull
                row_xi[kn, jn, inn] -= by_phase * pull
                row_mu[k, j, i] += lithium_flux
                row_mu[kn, jn, inn] -= lithium_flux
                row_p[k, j, i] += current
                row_p[kn, jn, inn] -= current
                if axis == 2 and (place == 1 or place == last):
                    end = 0 if place == 1 else 1
                    ends[end, 0, j, i], ends[end, 1, j, i] = lithium_flux, current


@numba.njit(cache=True)
def _slope(xi: np.ndarray, k: int, j: int, i: int, kn: int, jn: int, inn: int, axis: int, ratio: float) -> float:
    """Central difference along an axis in the plane of a face, the mean of its two cells, in edges across the face."""
    az, ay, ax = (1 if axis == 2 else 0), (1 if axis == 1 else 0), (1 if axis == 0 else 0)
    both = xi[k + az, j + ay, i + ax] - xi[k - az, j - ay, i - ax]
    both += xi[kn + az, jn + ay, inn + ax] - xi[kn - az, jn - ay, inn - ax]
    return 0.25 * ratio * both


@numba.njit(cache=True)
def add_cells(
    fields: tuple[np.ndarray, np.ndarray, np.ndarray],
    occupied: np.ndarray,
    history: tuple[np.ndarray, np.ndarray],
    noise: np.ndarray,
    phase: tuple[float, float, float],
    kinetics: tuple[float, float, float],
    levels: tuple[float, float],
    charge: float,
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    local: np.ndarray,
) -> None:
    """Add what happens inside the owned cells to their rows, and keep its derivatives.

    Parameters
    ----------
    fields, occupied
        xi, mu, p; c^l.
    history
        xi_h and N_h of the time scheme.
    noise
        tau times the noise of the step.
    phase
        tau L_sigma, W, tau L_eta.
    kinetics
        alpha, c0, and the overpotential where p is zero, in RT/nF.
    levels
        eps^s, dv.
    charge
        h0^2 q/tau.
    local
        (nz, ny, nx, LOCAL).
    """
    xi, mu, p = fields
    old_xi, old_lithium = history
    relaxation, height, reactivity = phase
    alpha, reference, shift = kinetics
    solid_level, ratio = levels
    row_xi, row_mu, row_p = rows
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x, c = xi[k, j, i], occupied[k, j, i]
                share, slope = metal_share(x), metal_share_slope(x)
                solid = occupancy(mu[k, j, i], solid_level)
                r, by_xi, by_c, by_p = reaction(x, c, p[k, j, i] + shift, alpha, reference)
                gained = x - old_xi[k, j, i]
                row_xi[k, j, i] += gained + relaxation * barrier_slope(x, height) + reactivity * r - noise[k, j, i]
                row_mu[k, j, i] += c * (1.0 - share) + ratio * solid * share - old_lithium[k, j, i]
                row_p[k, j, i] += charge * gained
                local[k, j, i, 0] = 1.0 + relaxation * barrier_curvature(x, height) + reactivity * by_xi
                local[k, j, i, 1] = reactivity * by_c * c * (1.0 - c)
                local[k, j, i, 2] = reactivity * by_p
                local[k, j, i, 3] = (ratio * solid - c) * slope
                local[k, j, i, 4] = (1.0 - share) * c * (1.0 - c) + share * ratio * solid * (1.0 - solid)


@numba.njit(cache=True)
def apply_jacobian(
    x: tuple[np.ndarray, np.ndarray, np.ndarray],
    local: np.ndarray,
    axes: np.ndarray,
    faces: tuple[np.ndarray, np.ndarray, np.ndarray],
    charge: float,
    y: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Y = J x in the owned cells; `x` are corrections of xi, mu, p with ghosts, `y` arrays without.

    `axes` are those that have more than one cell; the others' `faces` are not looked at.
    """
    dxi, dmu, dp = x
    out_xi, out_mu, out_p = y
    nz, ny, nx = dxi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                a, b, c = dxi[k, j, i], dmu[k, j, i], dp[k, j, i]
                d = local[k, j, i]
                phase = d[0] * a + d[1] * b + d[2] * c
                lithium = d[3] * a + d[4] * b
                current = charge * a
                for axis in axes:
                    f = faces[axis]
                    ax, ay, az = (1 if axis == 0 else 0), (1 if axis == 1 else 0), (1 if axis == 2 else 0)
                    e = f[k, j, i]
                    ln, mn, pn = dxi[k - az, j - ay, i - ax], dmu[k - az, j - ay, i - ax], dp[k - az, j - ay, i - ax]
                    lithium += e[0] * a + e[1] * ln + e[2] * b + e[3] * mn + e[4] * (c - pn)
                    current += e[5] * a + e[6] * ln + e[7] * (c - pn)
                    phase += e[8] * (a - ln)
                    u = f[k + az, j + ay, i + ax]
                    lu, mu, pu = dxi[k + az, j + ay, i + ax], dmu[k + az, j + ay, i + ax], dp[k + az, j + ay, i + ax]
                    lithium -= u[0] * lu + u[1] * a + u[2] * mu + u[3] * b + u[4] * (pu - c)
                    current -= u[5] * lu + u[6] * a + u[7] * (pu - c)
                    phase -= u[8] * (lu - a)
                out_xi[k - 1, j - 1, i - 1] = phase
                out_mu[k - 1, j - 1, i - 1] = lithium
                out_p[k - 1, j - 1, i - 1] = current


@numba.njit(cache=True)
def set_lithium(xi: np.ndarray, mu: np.ndarray, levels: tuple[float, float, float], lithium: np.ndarray) -> None:
    """N of every cell, ghosts too; `levels` are eps^l, eps^s, dv."""
    liquid_level, solid_level, ratio = levels
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                share = metal_share(xi[k, j, i])
                liquid, solid = occupancy(mu[k, j, i], liquid_level), occupancy(mu[k, j, i], solid_level)
                lithium[k, j, i] = liquid * (1.0 - share) + ratio * solid * share


@numba.njit(cache=True)
def set_noise(
    seed: int,
    times: tuple[float, float, float],
    lattice: tuple[tuple[int, int, int], tuple[float, float, float]],
    factor: float,
    noise: np.ndarray,
) -> None:
    """Factor times the mean noise of a step in the owned cells.

    Parameters
    ----------
    times
        Begin and end of the step and the time that a number stays.
    lattice
        First owned cell (x, y, z) of this rank; cells per cube of the noise along (x, y, z), at least one.
    """
    begin, end, interval = times
    start, cells = lattice
    # A step that meets the end of an interval up to rounding does not reach into the next.
    first = math.floor(begin / interval + 1e-6)
    final = max(math.ceil(end / interval - 1e-6), first + 1)
    nz, ny, nx = noise.shape
    noise[:, :, :] = 0.0
    for number in range(first, final):
        share = (min(end, (number + 1) * interval) - max(begin, number * interval)) / (end - begin)
        if final == first + 1:
            share = 1.0
        for k in range(1, nz - 1):
            z = int((start[2] + k - 0.5) / cells[2])
            for j in range(1, ny - 1):
                y = int((start[1] + j - 0.5) / cells[1])
                for i in range(1, nx - 1):
                    x = int((start[0] + i - 0.5) / cells[0])
                    place = (z * 2097152 + y) * 2097152 + x
                    noise[k, j, i] += factor * share * noise_number(seed, number, place)
