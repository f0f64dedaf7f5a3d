"""Compiled kernels of the metal surface: what the metal leaves of the electrolyte, and the reaction.

xi: metal fraction of the pore space; pore: open fraction 1 - psi of a cell; opening: the same of a face. Ghosted
arrays [z, y, x].
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.butler_volmer import surface_current
from ramify.physics.interface import interface_weight

MESH_INTERCEPT = 0.0135
"""What these face fractions add to the salt's outer intercept (see interface.sampling_loss), times (h/l)^2 [widths].

Measured on the discrete steady equation across a planar surface: 0.011 for slow, 0.016 for fast kinetics, the same at
h/l from 0.25 to 1.4 and at any offset of the surface to the grid.
"""
SMALLEST_FRACTION = 1e-5
"""Cells with less electrolyte than this in their pore are inactive: the tail there carries 1e-7 of the current."""
SMALLEST_BUMP = 5e-6
"""Cells with xi (1 - xi) below this do not react: together they would carry 1e-7 of the current. Small enough for every
active cell in the metal's tail to react: one that does not, cut off from the rest, would have no potential."""


@numba.njit(cache=True)
def set_geometry(
    xi: np.ndarray,
    pore: np.ndarray,
    width: float,
    label: np.ndarray,
    eps: np.ndarray,
    active: np.ndarray,
    weight: np.ndarray,
) -> None:
    """Electrolyte fraction, activity mask and reaction weight (1-psi) w(xi)/l [1/m] of every cell, ghosts included.

    `label` is below zero where the metal does not react (inactive islands).
    """
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                free = 1.0 - xi[k, j, i]
                open_cell = pore[k, j, i] > 0.0 and free > SMALLEST_FRACTION
                active[k, j, i] = 1 if open_cell else 0
                eps[k, j, i] = pore[k, j, i] * free if open_cell else 0.0
                bump = xi[k, j, i] * free
                reacts = open_cell and bump > SMALLEST_BUMP and label[k, j, i] >= 0
                weight[k, j, i] = pore[k, j, i] * interface_weight(xi[k, j, i]) / width if reacts else 0.0


@numba.njit(cache=True, fastmath=True)
def set_face_fractions(
    xi: np.ndarray, active: np.ndarray, opening: np.ndarray, axis: tuple[int, int, int], scale: float, E: np.ndarray
) -> None:
    """Open, metal-free fraction of the faces across one axis, times `scale`; zero unless both cells are active.

    1 - xi of the face comes from the mean signed distance ln(xi/(1 - xi)) of the cells, the profile's own value there:
    1/(1 - xi) = 1 + sqrt of the product of the cells' xi/(1 - xi).
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                lk, lj, li = k - az, j - ay, i - ax
                if active[k, j, i] == 0 or active[lk, lj, li] == 0:
                    E[k, j, i] = 0.0
                    continue
                hi, lo = xi[k, j, i], xi[lk, lj, li]
                free = 1.0
                if hi > 0.0 and lo > 0.0:
                    void = math.sqrt((1.0 - hi) * (1.0 - lo))
                    free = void / (void + math.sqrt(hi * lo))
                E[k, j, i] = scale * opening[k, j, i] * free


@numba.njit(cache=True, fastmath=True)
def largest_overdraw(
    xi: np.ndarray, pore: np.ndarray, before: np.ndarray, gamma: float, source: np.ndarray, factor: float
) -> float:
    """How far a step's gain, gamma before + factor source/pore, takes the metal of an owned cell out of 0 to 1.

    What the cell already lacks or exceeds does not count, only what the gain adds to it.
    """
    nz, ny, nx = xi.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if pore[k, j, i] > 0.0:
                    gain = gamma * before[k, j, i] + factor * source[k, j, i] / pore[k, j, i]
                    x = xi[k, j, i] + gain
                    largest = max(largest, max(min(-x, -gain), min(x - 1.0, gain)))
    return largest


@numba.njit(cache=True)
def react(
    C: np.ndarray,
    P: np.ndarray,
    weight: np.ndarray,
    metal_potential: np.ndarray,
    equilibrium: np.ndarray,
    activity: np.ndarray,
    scales: tuple[float, float, float],
    kinetics: tuple[float, float, float, float, float, float, float, float],
    source: np.ndarray,
    by_p: np.ndarray,
    by_c: np.ndarray,
) -> None:
    """Scaled source s and its derivatives by P and C in the owned cells.

    Parameters
    ----------
    metal_potential, equilibrium
        f phi_s and f U per cell; `equilibrium` and `activity` may have one cell, valid everywhere.
    scales
        (h^2 f/kappa0, c0, f).
    kinetics
        (i0_ref, c_ref, alpha_a, alpha_c, film resistance, F/RT, salt drop across the width, mesh
        intercept); see physics.butler_volmer.surface_current.
    """
    source_scale, c0, f = scales
    i0_ref, c_ref, alpha_a, alpha_c, film, _, salt_drop, mesh = kinetics
    vary_u, vary_a = equilibrium.size > 1, activity.size > 1
    nz, ny, nx = C.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                w = weight[k, j, i]
                if w <= 0.0:
                    source[k, j, i] = by_p[k, j, i] = by_c[k, j, i] = 0.0
                    continue
                u = equilibrium[k, j, i] if vary_u else equilibrium[0, 0, 0]
                factor = activity[k, j, i] if vary_a else activity[0, 0, 0]
                current, by_phi, by_conc = surface_current(
                    metal_potential[k, j, i] / f,
                    P[k, j, i] / f,
                    C[k, j, i] * c0,
                    u / f,
                    i0_ref * factor,
                    c_ref,
                    alpha_a,
                    alpha_c,
                    f,
                    film,
                    salt_drop,
                    mesh,
                )
                source[k, j, i] = source_scale * w * current
                by_p[k, j, i] = source_scale * w * by_phi / f
                by_c[k, j, i] = source_scale * w * by_conc * c0
