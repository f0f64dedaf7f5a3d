"""Compiled kernels of creeping flow: stress and tangent of the cells, velocities of faces, transport of the metal.

A cell holds metal (share x) and void. In units of a reference stress and a reference rate, with d = tr(e), e' = dev(e),
R^2 = (2/3) e':e' + w d^2 + floor^2,

    sigma = m { q(R)/R [(2/3) e' + w d 1] - theta P 1 } + gamma |grad x| (1 - n n),     q: steady creep of the metal
    m = x c^(-(1 + dln q/dln R)/2) + softness,    w = W w_t/(W + w_t),    theta = w/W,    w_t = C x/[3 (1 - x)] + W_0
    c = 9 w_t/(9 w_t + 4) in space,  (9 w_t + 1)/(9 w_t + 4) in plane strain

Metal is incompressible: P, a multiplier (augmented Lagrangian), is replaced by theta P - q/R w d after every step of the
iteration and leaves a bulk viscosity of W or nothing. A cell that is partly void gives way like porous metal: its bulk viscosity is
C x/(1 - x) times its shear viscosity (Skorohod: C = 4/3; a larger C lets the layer bear more like the sharp metal).
A layer between metal and void bears nothing along its normal. In its own plane it is to bear what an incompressible
one of share x would: c is the ratio of the two for a linear metal, with equal strains along both directions of
the plane in space and with one in plane strain. What the layer has too little on the metal's side is then what it has
too much on the void's: no error of first order in its width.

Arrays (z, y, x, ...) with ghosts; nodes and elements as in kernels.voxels.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.viscoplasticity import steady_stress

LARGEST_BULK = 10.0
"""W: bulk viscosity of the metal in the linear systems is 3 W times its shear viscosity."""
POROUS = 4.0 / 3.0
"""C."""
LEAST_BULK = 2.0 / 9.0
"""W_0: an empty cell changes its volume as easily as its shape (Poisson's ratio zero)."""


@numba.njit(cache=True)
def evaluate_flow(
    rate: np.ndarray,
    xi: np.ndarray,
    multiplier: np.ndarray,
    capillary: np.ndarray,
    law: np.ndarray,
    resistance: float,
    units: tuple[float, float],
    floor: float,
    softness: float,
    plane: bool,
    first: tuple[int, int, int],
    stress: np.ndarray,
    tangent: np.ndarray,
    stabiliser: np.ndarray,
    pressed: np.ndarray,
) -> None:
    """Stress, tangent (21 numbers), hourglass viscosity and next multiplier of the cells from `first`.

    Parameters
    ----------
    rate
        Strain rate of the cells, over the reference rate.
    xi
        Metal share, between zero and one, ghosts filled.
    multiplier
        P, over the reference stress.
    capillary
        Stress of the void's surface (z, y, x, 6), over the reference stress.
    law, resistance
        `ViscoplasticLaw.parameters`, S [Pa].
    units
        Reference stress [Pa] and rate [1/s].
    floor
        Rate below which the metal is Newtonian, over the reference rate.
    softness
        Viscosity of the void over that of metal.
    plane
        Whether the strain is one of the plane.
    """
    nz, ny, nx = xi.shape
    g = np.empty(6)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                e, x = rate[k, j, i], xi[k, j, i]
                d = e[0] + e[1] + e[2]
                porous = POROUS * x / (3.0 * max(1.0 - x, 1e-12)) + LEAST_BULK
                theta = porous / (LARGEST_BULK + porous)
                w = theta * LARGEST_BULK
                ratio = (9.0 * porous + (1.0 if plane else 0.0)) / (9.0 * porous + 4.0)
                square = w * d * d + floor * floor
                for p in range(6):
                    deviator = e[p] - (d / 3.0 if p < 3 else 0.0)
                    square += 2.0 / 3.0 * deviator * deviator
                    g[p] = 2.0 / 3.0 * deviator + (w * d if p < 3 else 0.0)
                R = math.sqrt(square)
                q, slope = steady_stress(R * units[1], resistance, law)
                share = x * ratio ** (-0.5 * (1.0 + slope * R * units[1] / q)) + softness
                secant = q / (units[0] * R)
                along = (slope * units[1] / units[0] - secant) / square
                held = theta * multiplier[k, j, i]
                pressed[k, j, i] = held - secant * w * d
                stabiliser[k, j, i] = share * secant / 3.0
                place = 0
                for p in range(6):
                    stress[k, j, i, p] = share * (secant * g[p] - (held if p < 3 else 0.0)) + capillary[k, j, i, p]
                    for r in range(p, 6):
                        value = along * g[p] * g[r]
                        if p == r:
                            value += 2.0 / 3.0 * secant
                        if p < 3 and r < 3:
                            value += secant * (w - 2.0 / 9.0)
                        tangent[k, j, i, place] = share * value
                        place += 1


@numba.njit(cache=True)
def set_capillary_stress(
    xi: np.ndarray, inverse: tuple[float, float, float], tension: float, stress: np.ndarray
) -> None:
    """gamma |grad x| (1 - n n) of the owned cells, a membrane in tension spread over the layer; ghosts of `xi` filled.

    `tension`: gamma over the reference stress [m]; `inverse`: one over the cell's edges (x, y, z) [1/m].
    """
    nz, ny, nx = xi.shape
    root = math.sqrt(2.0)
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                a = 0.5 * inverse[0] * (xi[k, j, i + 1] - xi[k, j, i - 1])
                b = 0.5 * inverse[1] * (xi[k, j + 1, i] - xi[k, j - 1, i])
                c = 0.5 * inverse[2] * (xi[k + 1, j, i] - xi[k - 1, j, i])
                size = math.sqrt(a * a + b * b + c * c)
                if size <= 0.0:
                    stress[k, j, i] = 0.0
                    continue
                pull = tension / size
                stress[k, j, i, 0] = pull * (b * b + c * c)
                stress[k, j, i, 1] = pull * (a * a + c * c)
                stress[k, j, i, 2] = pull * (a * a + b * b)
                stress[k, j, i, 3] = -pull * root * b * c
                stress[k, j, i, 4] = -pull * root * a * c
                stress[k, j, i, 5] = -pull * root * a * b


@numba.njit(cache=True)
def sharpen(xi: np.ndarray, power: float, out: np.ndarray) -> None:
    """The share of a profile whose width is `power` times less, x^p/[x^p + (1 - x)^p]; ghosts too."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x = min(max(xi[k, j, i], 0.0), 1.0)
                metal, rest = x**power, (1.0 - x) ** power
                out[k, j, i] = metal / (metal + rest)


@numba.njit(cache=True)
def set_face_velocities(u: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    """Mean normal velocity of the faces below every owned cell, and of the last upper ones, from the nodes'.

    The mean of the four corners is the flux of trilinear functions exactly: the divergence of a cell's faces is the
    trace of its mean strain rate.
    """
    nz, ny, nx = x.shape
    for k in range(1, nz):
        for j in range(1, ny):
            for i in range(1, nx):
                if k < nz - 1 and j < ny - 1:
                    x[k, j, i] = 0.25 * (u[k, j, i, 0] + u[k, j + 1, i, 0] + u[k + 1, j, i, 0] + u[k + 1, j + 1, i, 0])
                if k < nz - 1 and i < nx - 1:
                    y[k, j, i] = 0.25 * (u[k, j, i, 1] + u[k, j, i + 1, 1] + u[k + 1, j, i, 1] + u[k + 1, j, i + 1, 1])
                if j < ny - 1 and i < nx - 1:
                    z[k, j, i] = 0.25 * (u[k, j, i, 2] + u[k, j, i + 1, 2] + u[k, j + 1, i, 2] + u[k, j + 1, i + 1, 2])


@numba.njit(cache=True, inline="always")
def _share_between(a: float, b: float) -> float:
    """Metal share at the mean signed distance of two cells: that of the profile on the face between them."""
    a, b = min(max(a, 0.0), 1.0), min(max(b, 0.0), 1.0)
    metal, rest = math.sqrt(a * b), math.sqrt((1.0 - a) * (1.0 - b))
    # Between dense metal and void, with nothing of a profile, the distance has no mean.
    return metal / (metal + rest) if metal + rest > 0.0 else 0.5


@numba.njit(cache=True)
def advect(
    base: np.ndarray,
    start: np.ndarray,
    keep: float,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    inverse: tuple[float, float, float],
    step: float,
    at_bottom: bool,
    out: np.ndarray,
) -> float:
    """out = keep start + (1 - keep) [base - step div(base u)] in the owned cells, u of the faces; ghosts of `base` filled.

    Returns
    -------
    entered
        Sum over the bottom faces of step/h_z u_z xi, in cells, where `at_bottom`: metal that comes in through z = 0.
    """
    nz, ny, nx = base.shape
    entered = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here = base[k, j, i]
                west = x[k, j, i] * _share_between(base[k, j, i - 1], here)
                east = x[k, j, i + 1] * _share_between(here, base[k, j, i + 1])
                south = y[k, j, i] * _share_between(base[k, j - 1, i], here)
                north = y[k, j + 1, i] * _share_between(here, base[k, j + 1, i])
                below = z[k, j, i] * _share_between(base[k - 1, j, i], here)
                above = z[k + 1, j, i] * _share_between(here, base[k + 1, j, i])
                change = inverse[0] * (west - east) + inverse[1] * (south - north) + inverse[2] * (below - above)
                out[k, j, i] = keep * start[k, j, i] + (1.0 - keep) * (here + step * change)
                if at_bottom and k == 1:
                    entered += step * inverse[2] * below
    return entered


@numba.njit(cache=True)
def surface_speed(
    xi: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray, smallest: float
) -> float:
    """Largest velocity [m/s] of the owned cells where xi (1 - xi) exceeds `smallest`."""
    nz, ny, nx = xi.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if xi[k, j, i] * (1.0 - xi[k, j, i]) > smallest:
                    a, b = 0.5 * (x[k, j, i] + x[k, j, i + 1]), 0.5 * (y[k, j, i] + y[k, j + 1, i])
                    c = 0.5 * (z[k, j, i] + z[k + 1, j, i])
                    largest = max(largest, a * a + b * b + c * c)
    return math.sqrt(largest)
