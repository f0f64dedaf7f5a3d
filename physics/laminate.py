"""Stress in a cell that a diffuse surface crosses: metal and medium side by side, a laminate along the normal.

The strain of the cell is split so that displacement is continuous across the layers and the traction in balance,

    e_1 = e + (1 - x) sym(a x n),    e_2 = e - x sym(a x n),    (sigma_1 - sigma_2).n = 0,
    sigma = x sigma_1 + (1 - x) sigma_2,

x the fraction of metal (1), n the normal of the surface, a the jump of the strain. Along n the phases then act in
series, in the plane in parallel. The excess of stress and of displacement that the diffuse layer adds to the sharp
surface vanishes to first order in its width for any contrast, as it does for neither mean of the moduli alone: the mean
of stiffnesses (Voigt) is too stiff along n, that of compliances (Reuss) too soft in the plane, both by a term linear in
the width. -n.sigma.n is the same in both phases, the traction that the metal carries.

The metal may be viscoplastic (physics.viscoplasticity.respond), the medium is elastic. a is found by Newton's method;
with a convex potential the root is single.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.mechanics import ROOT_TWO, elastic_stiffness
from ramify.physics.viscoplasticity import respond

MOST_ITERATIONS = 40
ACCURACY = 1e-12
"""Of the jump in traction, relative to that at the start."""


@numba.njit(cache=True)
def normal_operator(nx: float, ny: float, nz: float, out: np.ndarray) -> None:
    """N (6, 3), sym(a x n) = N a, for a unit normal."""
    out[:] = 0.0
    out[0, 0], out[1, 1], out[2, 2] = nx, ny, nz
    out[3, 1], out[3, 2] = nz / ROOT_TWO, ny / ROOT_TWO
    out[4, 0], out[4, 2] = nz / ROOT_TWO, nx / ROOT_TWO
    out[5, 0], out[5, 1] = ny / ROOT_TWO, nx / ROOT_TWO


@numba.njit(cache=True)
def _solve3(A: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """x = A^-1 b for a symmetric 3 x 3 matrix, by cofactors."""
    c00 = A[1, 1] * A[2, 2] - A[1, 2] * A[1, 2]
    c01 = A[1, 2] * A[0, 2] - A[0, 1] * A[2, 2]
    c02 = A[0, 1] * A[1, 2] - A[1, 1] * A[0, 2]
    c11 = A[0, 0] * A[2, 2] - A[0, 2] * A[0, 2]
    c12 = A[0, 1] * A[0, 2] - A[0, 0] * A[1, 2]
    c22 = A[0, 0] * A[1, 1] - A[0, 1] * A[0, 1]
    inverse = 1.0 / (A[0, 0] * c00 + A[0, 1] * c01 + A[0, 2] * c02)
    x[0] = (c00 * b[0] + c01 * b[1] + c02 * b[2]) * inverse
    x[1] = (c01 * b[0] + c11 * b[1] + c12 * b[2]) * inverse
    x[2] = (c02 * b[0] + c12 * b[1] + c22 * b[2]) * inverse


@numba.njit(cache=True)
def respond_laminate(
    strain: np.ndarray,
    fraction: float,
    normal: tuple[float, float, float],
    inelastic: np.ndarray,
    resistance: float,
    duration: float,
    metal: np.ndarray,
    medium: tuple[float, float],
    stress: np.ndarray,
    tangent: np.ndarray,
    metal_strain: np.ndarray,
    metal_stress: np.ndarray,
) -> tuple[float, float, float]:
    """Stress of the cell and its consistent tangent.

    Parameters
    ----------
    strain : ndarray
        Of the cell, (6,).
    fraction, normal
        x, between zero and one; unit normal of the surface.
    inelastic, resistance, duration, metal
        State and law of the metal, as for `viscoplasticity.respond`.
    medium
        K and G of the other phase [Pa].
    stress, tangent : ndarray
        Filled: (6,), (6, 6), symmetric.
    metal_strain, metal_stress : ndarray
        Filled: strain and stress of the metal alone, (6,).

    Returns
    -------
    flow, resistance, share
        Of the metal, as from `viscoplasticity.respond`.
    """
    x, y = fraction, 1.0 - fraction
    N, C1, C2 = np.empty((6, 3)), np.empty((6, 6)), np.empty((6, 6))
    normal_operator(normal[0], normal[1], normal[2], N)
    elastic_stiffness(medium[0], medium[1], C2)
    jump, step, trial, residual = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    A, other, other_stress = np.empty((3, 3)), np.empty(6), np.empty(6)
    flow, S, share, first, best, damping = 0.0, resistance, 1.0, 0.0, np.inf, 1.0
    for iteration in range(MOST_ITERATIONS):
        for i in range(6):
            shift = N[i, 0] * trial[0] + N[i, 1] * trial[1] + N[i, 2] * trial[2]
            metal_strain[i], other[i] = strain[i] + y * shift, strain[i] - x * shift
        flow, S, share = respond(metal_strain, inelastic, resistance, duration, metal, metal_stress, C1)
        for i in range(6):
            total = 0.0
            for j in range(6):
                total += C2[i, j] * other[j]
            other_stress[i] = total
        size = 0.0
        for m in range(3):
            total = 0.0
            for i in range(6):
                total += N[i, m] * (metal_stress[i] - other_stress[i])
            residual[m] = total
            size += total * total
        size = math.sqrt(size)
        if iteration == 0:
            first = size
        if size > best and damping > 1e-3:
            damping *= 0.5
            trial[:] = jump + damping * step
            continue
        best, damping = size, 1.0
        jump[:] = trial
        for m in range(3):
            for k in range(3):
                total = 0.0
                for i in range(6):
                    for j in range(6):
                        total += N[i, m] * (y * C1[i, j] + x * C2[i, j]) * N[j, k]
                A[m, k] = total
        if size <= ACCURACY * first or size == 0.0:
            break
        _solve3(A, -residual, step)
        trial[:] = jump + step
    _mean_response(x, N, A, C1, C2, tangent)
    for i in range(6):
        stress[i] = x * metal_stress[i] + y * other_stress[i]
    return flow, S, share


@numba.njit(cache=True)
def _mean_response(x: float, N: np.ndarray, A: np.ndarray, C1: np.ndarray, C2: np.ndarray, tangent: np.ndarray) -> None:
    """Tangent x C1 + (1 - x) C2 - x (1 - x) D A^-1 D^T, D = (C1 - C2) N."""
    D, row = np.empty((6, 3)), np.empty(3)
    for i in range(6):
        for m in range(3):
            total = 0.0
            for j in range(6):
                total += (C1[i, j] - C2[i, j]) * N[j, m]
            D[i, m] = total
    for i in range(6):
        _solve3(A, D[i], row)
        for j in range(6):
            dip = row[0] * D[j, 0] + row[1] * D[j, 1] + row[2] * D[j, 2]
            tangent[i, j] = x * C1[i, j] + (1.0 - x) * C2[i, j] - x * (1.0 - x) * dip
