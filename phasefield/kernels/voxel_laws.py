"""Compiled constitutive pass over the cells: metal, medium and host, each cell's stress, tangent and new history.

Cells hold metal (fraction x of the pore), medium (1 - x) and host (psi of the cell). Metal and medium form a laminate
across their surface (physics.laminate); the host is strained as they are,

    sigma = psi sigma_host + (1 - psi) sigma_pore.

Arrays (z, y, x, ...) with ghosts, ghosts of the history filled.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.laminate import respond_laminate
from ramify.physics.mechanics import ROOT_TWO, elastic_stiffness, film_stress, normal_traction
from ramify.physics.viscoplasticity import inelastic_strain, respond

SMALLEST_SHARE = 1e-4
"""Cells with less of a phase than this are cells without it: laminates there would cost more than they change."""
THINNEST_TAIL = 1e-6
"""Of the profile that has normals: wherever anything reacts."""
SOFTEST = 1e-3
"""Least stiffness of the hourglass modes over the elastic one, in metal that flows freely."""


@numba.njit(cache=True)
def set_normals(xi: np.ndarray, inverse: tuple[float, float, float], normal: np.ndarray) -> None:
    """Unit normals of the metal's surface (z, y, x, 3), by central differences of the signed distance ln(xi/(1 - xi)).

    Owned cells that hold both metal and medium; others keep (0, 0, 1). `inverse` is one over the cell's edges.
    """
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                normal[k, j, i, 0], normal[k, j, i, 1], normal[k, j, i, 2] = 0.0, 0.0, 1.0
                if not THINNEST_TAIL < xi[k, j, i] < 1.0 - THINNEST_TAIL:
                    continue
                gx = inverse[0] * (_distance(xi[k, j, i + 1]) - _distance(xi[k, j, i - 1]))
                gy = inverse[1] * (_distance(xi[k, j + 1, i]) - _distance(xi[k, j - 1, i]))
                gz = inverse[2] * (_distance(xi[k + 1, j, i]) - _distance(xi[k - 1, j, i]))
                size = math.sqrt(gx * gx + gy * gy + gz * gz)
                if size > 0.0:
                    normal[k, j, i, 0], normal[k, j, i, 1], normal[k, j, i, 2] = gx / size, gy / size, gz / size


@numba.njit(cache=True, inline="always")
def _distance(x: float) -> float:
    x = min(max(x, 1e-7), 1.0 - 1e-7)
    return math.log(x / (1.0 - x))


@numba.njit(cache=True)
def evaluate_cells(
    strain: np.ndarray,
    xi: np.ndarray,
    host: np.ndarray,
    normal: np.ndarray,
    inelastic: np.ndarray,
    resistance: np.ndarray,
    duration: float,
    metal: np.ndarray,
    medium: tuple[float, float],
    whole: bool,
    host_moduli: tuple[float, float],
    scale: float,
    layer: tuple[float, float, float, float],
    first: tuple[int, int, int],
    stress: np.ndarray,
    tangent: np.ndarray,
    stabiliser: np.ndarray,
    new_inelastic: np.ndarray,
    new_resistance: np.ndarray,
    flow: np.ndarray,
    traction: np.ndarray,
    place_strain: np.ndarray,
) -> None:
    """Stress [Pa], tangent and hourglass stiffness (both times `scale`), history after a step, of cells from `first`.

    Parameters
    ----------
    strain
        Mean strain of the cells at the end of the step.
    xi, host
        Metal fraction of the pore, host fraction of the cell.
    inelastic, resistance, duration, metal
        History and law of the metal, the step [s]; see viscoplasticity.respond.
    medium, host_moduli
        K and G [Pa]; the host's are zero where there is none.
    whole
        Whether every cell is all metal or all medium, as xi = 1/2 decides, instead of a laminate.
    layer
        Width l of the surface and one over the edges (x, y, z) of a cell.
    flow
        Filled: equivalent flow of the metal in the step.
    traction
        Filled where the metal's surface is: see `_sharp_traction`.
    place_strain
        Filled: strain of the medium in the cell, the place that new metal takes; where there is none, the cell's own.
    """
    nz, ny, nx = xi.shape
    C, sigma = np.empty((6, 6)), np.empty(6)
    soft, solid = np.empty((6, 6)), np.empty((6, 6))
    inner, inner_stress = np.empty(6), np.empty(6)
    elastic_stiffness(medium[0], medium[1], soft)
    elastic_stiffness(host_moduli[0], host_moduli[1], solid)
    rigidity = metal[1]
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                e, before, S = strain[k, j, i], inelastic[k, j, i], resistance[k, j, i]
                x, psi = xi[k, j, i], host[k, j, i]
                if whole:
                    x = 1.0 if x >= 0.5 else 0.0
                flowed, shear, traction[k, j, i] = 0.0, medium[1], 0.0
                new_inelastic[k, j, i], place_strain[k, j, i] = before, e
                if psi >= 1.0 or x <= SMALLEST_SHARE:
                    C[:] = soft
                    for p in range(6):
                        total = 0.0
                        for q in range(6):
                            total += soft[p, q] * e[q]
                        sigma[p] = total
                elif x >= 1.0 - SMALLEST_SHARE:
                    flowed, S, _ = respond(e, before, S, duration, metal, sigma, C)
                    shear = rigidity * _softness(e, sigma, metal)
                    if flowed > 0.0:
                        new_inelastic[k, j, i] = inelastic_strain(e, sigma, metal)
                else:
                    n = (normal[k, j, i, 0], normal[k, j, i, 1], normal[k, j, i, 2])
                    flowed, S, _ = respond_laminate(
                        e, x, n, before, S, duration, metal, medium, sigma, C, inner, inner_stress
                    )
                    for p in range(6):
                        place_strain[k, j, i, p] = (e[p] - x * inner[p]) / (1.0 - x)
                    traction[k, j, i] = _sharp_traction(sigma, inner_stress, x, normal, k, j, i, layer)
                    yielding = rigidity * _softness(inner, inner_stress, metal)
                    shear = 1.0 / (x / yielding + (1.0 - x) / medium[1])
                    if flowed > 0.0:
                        new_inelastic[k, j, i] = inelastic_strain(inner, inner_stress, metal)
                new_resistance[k, j, i], flow[k, j, i] = S, flowed
                if psi > 0.0:
                    shear = psi * host_moduli[1] + (1.0 - psi) * shear
                place = 0
                for p in range(6):
                    total = 0.0
                    for q in range(6):
                        total += solid[p, q] * e[q]
                        if q >= p:
                            tangent[k, j, i, place] = scale * (psi * solid[p, q] + (1.0 - psi) * C[p, q])
                            place += 1
                    stress[k, j, i, p] = psi * total + (1.0 - psi) * sigma[p]
                stabiliser[k, j, i] = scale * shear


@numba.njit(cache=True)
def _softness(strain: np.ndarray, stress: np.ndarray, metal: np.ndarray) -> float:
    """Deviatoric stress over the elastic one of the whole strain, one where nothing flows: how far the metal has."""
    if metal[3] <= 0.0:
        return 1.0
    mean, pull = (strain[0] + strain[1] + strain[2]) / 3.0, (stress[0] + stress[1] + stress[2]) / 3.0
    e, s = 0.0, 0.0
    for p in range(6):
        e += (strain[p] - (mean if p < 3 else 0.0)) ** 2
        s += (stress[p] - (pull if p < 3 else 0.0)) ** 2
    elastic = 2.0 * metal[1] * math.sqrt(e)
    return 1.0 if elastic <= 0.0 else min(max(math.sqrt(s) / elastic, SOFTEST), 1.0)


@numba.njit(cache=True)
def sum_squares(stress: np.ndarray) -> float:
    """Sum of sigma : sigma over the owned cells."""
    nz, ny, nx, _ = stress.shape
    total = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                for p in range(6):
                    total += stress[k, j, i, p] * stress[k, j, i, p]
    return total


@numba.njit(cache=True)
def _sharp_traction(
    stress: np.ndarray,
    metal_stress: np.ndarray,
    x: float,
    normal: np.ndarray,
    k: int,
    j: int,
    i: int,
    layer: tuple[float, float, float, float],
) -> float:
    """-n.sigma.n [Pa] on the sharp surface, positive in compression, from a cell of the diffuse one.

    p has a kink at a curved surface: by the balance of forces along n its slope (outwards) rises there by
    g = -kappa : (sigma_2 - sigma_1), kappa the curvature tensor. The diffuse surface rounds the kink to
    p0 + linear part + g l ln(2 cosh(s/2)), s the distance over l. The linear part cancels in the mean over the surface;
    the rest, a term of first order in l, is taken off: ln(2 cosh(s/2)) = -ln[x(1 - x)]/2.
    """
    n = normal[k, j, i]
    along = normal_traction(stress, n[0], n[1], n[2])
    gap = np.empty(6)
    for p in range(6):
        gap[p] = (stress[p] - metal_stress[p]) / (1.0 - x)
    turn = 0.0
    for c in range(3):
        by_x = 0.5 * layer[1] * (normal[k, j, i + 1, c] - normal[k, j, i - 1, c])
        by_y = 0.5 * layer[2] * (normal[k, j + 1, i, c] - normal[k, j - 1, i, c])
        by_z = 0.5 * layer[3] * (normal[k + 1, j, i, c] - normal[k - 1, j, i, c])
        turn += by_x * (gap[0] if c == 0 else gap[6 - c] / ROOT_TWO)
        turn += by_y * (gap[1] if c == 1 else gap[5 - c if c == 0 else 3] / ROOT_TWO)
        turn += by_z * (gap[2] if c == 2 else gap[4 - c] / ROOT_TWO)
    # n points into the metal: kappa = -grad n, so that g = turn.
    return along + 0.5 * layer[0] * math.log(x * (1.0 - x)) * turn


@numba.njit(cache=True)
def deposit(
    before: np.ndarray,
    after: np.ndarray,
    place_strain: np.ndarray,
    traction: np.ndarray,
    bulk: float,
    growth: float,
    start: float,
    inelastic: np.ndarray,
    resistance: np.ndarray,
) -> None:
    """Mix the history of new metal into that of the owned cells that gain some.

    It arrives as a melt would: it fills the place that the medium leaves, as deformed as that is, under the pressure p
    of the surface on all sides. Its inelastic strain is then e_2 + (p/3K + growth) 1, its resistance the `start`'s;
    nothing moves when it arrives but for its growth strain. What dissolves takes its share of the history along.
    """
    nz, ny, nx = before.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                gain = after[k, j, i] - before[k, j, i]
                if gain <= 0.0 or after[k, j, i] <= 0.0:
                    continue
                share = min(gain / after[k, j, i], 1.0)
                for p in range(6):
                    new = place_strain[k, j, i, p] + (traction[k, j, i] / (3.0 * bulk) + growth if p < 3 else 0.0)
                    inelastic[k, j, i, p] += share * (new - inelastic[k, j, i, p])
                resistance[k, j, i] += share * (start - resistance[k, j, i])


@numba.njit(cache=True)
def surface_numbers(
    strain: np.ndarray,
    normal: np.ndarray,
    traction: np.ndarray,
    weight: np.ndarray,
    least: float,
    film: tuple[float, float, float],
) -> tuple[float, float, float, float]:
    """Over owned cells whose reaction weight is at least `least`.

    Returns
    -------
    area, load, largest, stretched
        Sum of the weights, of weight times traction [Pa], largest traction [Pa], largest stress [Pa] in a film of
        modulus, Poisson's ratio and misfit `film` (zero for a modulus of zero).
    """
    nz, ny, nx = traction.shape
    area, load, largest, stretched = 0.0, 0.0, -1e300, -1e300
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                w = weight[k, j, i]
                if w < least:
                    continue
                area += w
                load += w * traction[k, j, i]
                largest = max(largest, traction[k, j, i])
                if film[0] > 0.0:
                    n = normal[k, j, i]
                    pull = film_stress(strain[k, j, i], n[0], n[1], n[2], film[0], film[1], film[2])
                    stretched = max(stretched, pull)
    return area, load, largest, stretched
