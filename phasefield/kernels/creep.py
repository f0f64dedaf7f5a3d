"""Compiled kernels of creeping flow: stress and tangent of the cells, velocities of faces, transport of the metal.

A cell holds metal (share x) and void. Its strain rate makes a vector of seven, its flow stress t another one:

    E = (sqrt(2/3) e', sqrt(w) d),    e' = dev(e),  d = tr(e);        E = R(q) t/q + linear t,    q = |t|
    sigma = m [sqrt(2/3) t' + (sqrt(w) t_d - theta P) 1]
    m = x c^(-(1 + dln q/dln R)/2) + softness,    w = W w_t/(W + w_t),    theta = w/W,    w_t: pores
    w_t = {(b/f)^(1/N) b N [1 - f^(1/N)]}^(2/(1 + 1/N)) + W_0,    f = 1 - x,  b = 2/3 in space, 1/sqrt3 in plane strain
    c = 9 w_t/(9 w_t + 4) in space,  (9 w_t + 1)/(9 w_t + 4) in plane strain

R(q) is the metal's steady creep: of dense metal q is the von Mises stress and |E| the equivalent rate. The law is
linearised in the stress, t + D^-1 (E - R t/q), D = dE/dt at t, and t kept from one step of the iteration to the
next: where forces fix the stress, as they do around a void, that converges at once, and a linearisation in the
rate, of which the stress is a fifth root, swings (Rudi, Shih and Stadler, Geochem. Geophys. Geosyst. 21 (2020)
e2020GC009059, for plastic flow).

Metal is incompressible: P, a multiplier (augmented Lagrangian), is replaced by theta P - sqrt(w) t_d after every step
of the iteration, and leaves the linear systems a bulk viscosity of 3 W times the shear viscosity. A cell that is partly
void gives way like porous metal: w_t is that of spheres or cylinders in the middle of cells of a power law N
(physics.void_closure; of a linear metal the bulk viscosity is (4/3) x/(1 - x) times the shear viscosity, or x/(1 - x)),
so that voids of less than a cell close as they should. A layer between metal and void bears nothing along its normal.
In its own plane it is to bear what an incompressible one of share x would: c is the ratio of the two for a linear
metal, with equal strains along both directions of the plane in space and with one in plane strain. What the layer has
too little on the metal's side is then what it has too much on the void's: no error of first order in its width.

Arrays (z, y, x, ...) with ghosts; nodes and elements as in kernels.voxels.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.creep import steady_rate, steady_stress

LARGEST_BULK = 10.0
"""W."""
SMALLEST_POROSITY = 1e-12
SMALLEST_STRESS = 1e-100
LARGEST_GROWTH = 1.5
"""Of a cell's flow stress, over the last one and that of its strain rate, in one step of the iteration."""
LEAST_BULK = 2.0 / 9.0
"""W_0: an empty cell changes its volume as easily as its shape (Poisson's ratio zero)."""


@numba.njit(cache=True)
def _compliance(
    flow: np.ndarray, law: np.ndarray, resistance: float, units: tuple[float, float], linear: float
) -> tuple[float, float, float]:
    """q of a cell's flow stress, R/q and dR/dq there, in the units of the solution."""
    square = 0.0
    for p in range(7):
        square += flow[p] * flow[p]
    q = math.sqrt(square)
    if q < SMALLEST_STRESS:
        return 0.0, linear, linear
    rate, slope = steady_rate(q * units[0], resistance, law)
    return q, rate / (units[1] * q) + linear, slope * units[0] / units[1] + linear


@numba.njit(cache=True)
def _respond(flow: np.ndarray, q: float, secant: float, tangent: float, given: np.ndarray, out: np.ndarray) -> None:
    """out = t + D^-1 (given - secant t), the flow stress at the strain rate `given`, linear from t."""
    along = 0.0
    for p in range(7):
        out[p] = given[p] / secant
        along += flow[p] * given[p]
    if q == 0.0:
        return
    # D^-1 = (1 - n n)/secant + n n/tangent: beyond t itself, only what lies along it has a stiffness of its own.
    along /= q
    extra = (along - secant * q) / tangent + q - along / secant
    for p in range(7):
        out[p] += extra * flow[p] / q


@numba.njit(cache=True)
def evaluate_flow(
    rate: np.ndarray,
    xi: np.ndarray,
    porous: np.ndarray,
    law: np.ndarray,
    resistance: np.ndarray,
    units: tuple[float, float],
    linear: float,
    softness: float,
    plane: bool,
    first: tuple[int, int, int],
    flow: np.ndarray,
    multiplier: np.ndarray,
    stress: np.ndarray,
    tangent: np.ndarray,
    stabiliser: np.ndarray,
) -> None:
    """One step of the cells' own iteration; then their stress, tangent (21 numbers) and hourglass viscosity.

    Parameters
    ----------
    rate
        Strain rate of the cells, over the reference rate.
    xi, porous
        Metal share and w_t of `set_shares`.
    law, resistance
        `ViscoplasticLaw.parameters`; S [Pa] of the cells, which a law that hardens takes for saturated instead.
    units
        Reference stress [Pa] and rate [1/s].
    linear
        Newtonian part of the compliance, reference rate over reference stress.
    softness
        Viscosity of the void over that of metal.
    plane
        Whether the strain is one of the plane.
    first
        First cell (z, y, x).
    flow, multiplier
        t (z, y, x, 7) and P of the cells, over the reference stress: brought to the strain rate.
    """
    nz, ny, nx = xi.shape
    given, found, g = np.empty(7), np.empty(7), np.empty(6)
    shear = math.sqrt(2.0 / 3.0)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                e, t, pores, S = rate[k, j, i], flow[k, j, i], porous[k, j, i], resistance[k, j, i]
                d = e[0] + e[1] + e[2]
                theta = pores / (LARGEST_BULK + pores)
                bulk = math.sqrt(theta * LARGEST_BULK)
                size = bulk * bulk * d * d
                for p in range(6):
                    given[p] = shear * (e[p] - (d / 3.0 if p < 3 else 0.0))
                    size += given[p] * given[p]
                given[6] = bulk * d
                q, secant, slope = _compliance(t, law, S, units, linear)
                _respond(t, q, secant, slope, given, found)
                multiplier[k, j, i] = theta * multiplier[k, j, i] - bulk * found[6]
                _limit(found, q, math.sqrt(size), law, S, units)
                t[:] = found
                q, secant, slope = _compliance(t, law, S, units, linear)
                _respond(t, q, secant, slope, given, found)
                ratio = (9.0 * pores + (1.0 if plane else 0.0)) / (9.0 * pores + 4.0)
                share = xi[k, j, i] * ratio ** (-0.5 * (1.0 + secant / slope)) + softness
                held = theta * multiplier[k, j, i]
                for p in range(6):
                    pull = shear * found[p] + (bulk * found[6] - held if p < 3 else 0.0)
                    stress[k, j, i, p] = share * pull
                    g[p] = shear * t[p] + (bulk * t[6] if p < 3 else 0.0)
                stabiliser[k, j, i] = share / (3.0 * secant)
                along = (1.0 / slope - 1.0 / secant) / (q * q) if q > 0.0 else 0.0
                place = 0
                for p in range(6):
                    for r in range(p, 6):
                        value = along * g[p] * g[r]
                        if p == r:
                            value += 2.0 / 3.0 / secant
                        if p < 3 and r < 3:
                            value += (bulk * bulk - 2.0 / 9.0) / secant
                        tangent[k, j, i, place] = share * value
                        place += 1


@numba.njit(cache=True)
def _limit(
    flow: np.ndarray, before: float, size: float, law: np.ndarray, resistance: float, units: tuple[float, float]
) -> None:
    """Keep a new flow stress within a factor of the last one or of that which the strain rate asks for.

    The rate is convex in the stress: the linear answer is too much, by far where the rate has grown by far.
    """
    square = 0.0
    for p in range(7):
        square += flow[p] * flow[p]
    q = math.sqrt(square)
    most = before
    if size > 0.0:
        most = max(most, steady_stress(size * units[1], resistance, law)[0] / units[0])
    if q > LARGEST_GROWTH * most:
        for p in range(7):
            flow[p] *= LARGEST_GROWTH * most / q


@numba.njit(cache=True)
def set_shares(
    xi: np.ndarray,
    distance: np.ndarray,
    widths: tuple[float, float, float],
    power: float,
    sensitivity: float,
    plane: bool,
    share: np.ndarray,
    porous: np.ndarray,
) -> None:
    """Metal share x and w_t of the owned cells.

    The share is that of a profile whose width is `power` times less, x^p/[x^p + (1 - x)^p]. Where there is no profile,
    as in what is left of a void that has all but closed, the pores are those of xi itself.

    Parameters
    ----------
    distance
        ln[xi/(1 - xi)], ghosts filled.
    widths
        Width of the profile over twice the cell's edges (x, y, z).
    sensitivity
        1/N, of the metal's creep.
    plane
        Whether pores are cylinders in plane strain, or spheres.
    """
    nz, ny, nx = xi.shape
    around = 1.0 / math.sqrt(3.0) if plane else 2.0 / 3.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = min(max(xi[k, j, i], 0.0), 1.0)
                metal, rest = x**power, (1.0 - x) ** power
                share[k, j, i] = metal / (metal + rest)
                a = widths[0] * (distance[k, j, i + 1] - distance[k, j, i - 1])
                b = widths[1] * (distance[k, j + 1, i] - distance[k, j - 1, i])
                c = widths[2] * (distance[k + 1, j, i] - distance[k - 1, j, i])
                profile = min(a * a + b * b + c * c, 1.0)
                f = max(profile * rest / (metal + rest) + (1.0 - profile) * (1.0 - x), SMALLEST_POROSITY)
                closing = (around / f) ** sensitivity * around / sensitivity * (1.0 - f**sensitivity)
                porous[k, j, i] = closing ** (2.0 / (1.0 + sensitivity)) + LEAST_BULK


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
def share_between(a: float, b: float) -> float:
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
    """out = keep start + (1 - keep) [base - step div(base u)] in the owned cells, u of the faces.

    Ghosts of `base` are filled.

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
                west = x[k, j, i] * share_between(base[k, j, i - 1], here)
                east = x[k, j, i + 1] * share_between(here, base[k, j, i + 1])
                south = y[k, j, i] * share_between(base[k, j - 1, i], here)
                north = y[k, j + 1, i] * share_between(here, base[k, j + 1, i])
                below = z[k, j, i] * share_between(base[k - 1, j, i], here)
                above = z[k + 1, j, i] * share_between(here, base[k + 1, j, i])
                change = inverse[0] * (west - east) + inverse[1] * (south - north) + inverse[2] * (below - above)
                out[k, j, i] = keep * start[k, j, i] + (1.0 - keep) * (here + step * change)
                if at_bottom and k == 1:
                    entered += step * inverse[2] * below
    return entered


@numba.njit(cache=True)
def surface_speed(xi: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray, smallest: float) -> float:
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
