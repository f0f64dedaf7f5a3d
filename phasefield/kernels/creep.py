"""Compiled kernels of creeping flow: stress and tangent of the cells, velocities of faces, transport of the metal.

A cell holds metal (share x) and void. In units of a reference stress and a reference rate, with d = tr(e), e' = dev(e),
R^2 = (2/3) e':e' + w d^2 + floor^2,

    sigma = m { q(R)/R [(2/3) e' + w d 1] - theta P 1 } + gamma |grad x| (1 - n n),     q: steady creep of the metal
    m = x (9 w_t + 4)/(9 w_t + 1) + softness,    w = W w_t/(W + w_t),    theta = w/W,    w_t = C x/[3 (1 - x)] + W_0

Metal is incompressible: P, a multiplier (augmented Lagrangian), is replaced by theta P - q/R w d after every step of the
iteration and leaves a bulk viscosity of W or nothing. A cell that is partly void gives way like porous metal: its bulk viscosity is
C x/(1 - x) times its shear viscosity (Skorohod: C = 4/3; a larger C lets the layer bear more like the sharp metal).
A layer between metal and void bears in its own plane what an incompressible one of share x would; that is the
factor of m, for a strain with nothing along the third axis. What is taken from the metal's side is then given
to the void's: no error of first order in the layer's width.

Arrays (z, y, x, ...) with ghosts; nodes and elements as in kernels.voxels.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.viscoplasticity import steady_stress

LARGEST_BULK = 10.0
"""W: bulk viscosity of the metal in the linear systems is 3 W times its shear viscosity."""
POROUS = 10.0
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
                share = x * (9.0 * porous + 4.0) / (9.0 * porous + 1.0) + softness
                square = w * d * d + floor * floor
                for p in range(6):
                    deviator = e[p] - (d / 3.0 if p < 3 else 0.0)
                    square += 2.0 / 3.0 * deviator * deviator
                    g[p] = 2.0 / 3.0 * deviator + (w * d if p < 3 else 0.0)
                R = math.sqrt(square)
                q, slope = steady_stress(R * units[1], resistance, law)
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
