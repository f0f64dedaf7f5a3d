"""Compiled kernels of lithium, magnesium and vacancies in the metal with voids (physics.alloy_vacancies).

y: magnesium's share of the lattice sites, xi: metal fraction; a cell holds xi y. A flux through a face is positive
towards the higher index and divided by the cell edge [1/s]. Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.alloy import thermodynamic_factor
from ramify.physics.alloy_vacancies import (
    FULLEST,
    AlloyNumbers,
    lithium_diffusivity,
    mobile_share,
    vacancy_potential,
)

LEAST_VACANCIES = 1e-3
"""Supersaturation below which magnesium's own diffusion counts as this one."""


@numba.njit(cache=True)
def set_laws(
    y: np.ndarray,
    active: np.ndarray,
    numbers: AlloyNumbers,
    reference: float,
    mobility: np.ndarray,
    drive: np.ndarray,
    magnesium: np.ndarray,
    thermal: np.ndarray,
    lattice: np.ndarray,
) -> None:
    """Laws of every cell that holds metal, ghosts included; of the others as of pure reference metal.

    Parameters
    ----------
    reference
        [m^2/s].
    mobility, drive
        M over the reference; exp(B).
    magnesium, thermal, lattice
        rho D [m^2/s]; theta; theta (D - rho D) y [m^2/s], the speed at which sinks on the spot even out y.
    """
    nz, ny, nx = y.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                mobility[k, j, i], drive[k, j, i], thermal[k, j, i] = 1.0, 1.0, 1.0
                magnesium[k, j, i], lattice[k, j, i] = 0.0, 0.0
                if active[k, j, i] == 0:
                    continue
                here = min(max(y[k, j, i], 0.0), FULLEST)
                D, rho = lithium_diffusivity(here, numbers), numbers.mobility
                theta = thermodynamic_factor(here, numbers.interaction)
                mobility[k, j, i] = mobile_share(here, rho) * D / reference
                drive[k, j, i] = math.exp(vacancy_potential(here, numbers))
                magnesium[k, j, i] = rho * D
                thermal[k, j, i] = theta
                lattice[k, j, i] = theta * (1.0 - rho) * D * here


@numba.njit(cache=True, fastmath=True)
def scale_faces(cells: np.ndarray, axis: tuple[int, int, int], faces: np.ndarray) -> None:
    """Multiply the faces across one axis by the geometric mean of their cells.

    With M exp(-B) in the cells and s = 1 this is Fick's law to round-off for an ideal alloy of one D.
    """
    az, ay, ax = axis
    nz, ny, nx = cells.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                if faces[k, j, i] > 0.0:
                    faces[k, j, i] *= math.sqrt(cells[k, j, i] * cells[k - az, j - ay, i - ax])


@numba.njit(cache=True, fastmath=True)
def subtract_fluxes(u: np.ndarray, faces: np.ndarray, axis: tuple[int, int, int], out: np.ndarray) -> None:
    """Take T (u_P - u_N) of the faces across one axis from the owned cells of `out`."""
    az, ay, ax = axis
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here = u[k, j, i]
                out[k, j, i] -= faces[k, j, i] * (here - u[k - az, j - ay, i - ax])
                out[k, j, i] -= faces[k + az, j + ay, i + ax] * (here - u[k + az, j + ay, i + ax])


@numba.njit(cache=True, fastmath=True)
def set_magnesium_faces(
    metal: np.ndarray,
    excess: np.ndarray,
    magnesium: np.ndarray,
    thermal: np.ndarray,
    drift: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    carried: np.ndarray,
    spread: np.ndarray,
) -> None:
    """What carries magnesium through the faces across one axis, and what spreads it [1/s].

    Parameters
    ----------
    metal, inverse
        Metal fraction of the faces times (h/h_a)^2, zero where nothing passes, and 1/h; h the finest cell edge, h_a
        that along the axis.
    excess
        s - 1.
    magnesium, thermal
        Of `set_laws`.
    drift
        Of `set_drift_faces`.
    carried, spread
        Drift and the wind of the vacancies, xi rho D ds/h_a^2, to multiply the y of the face; xi rho D s theta/h_a^2,
        to multiply the fall of y across it.
    """
    az, ay, ax = axis
    nz, ny, nx = metal.shape
    square = inverse * inverse
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                carried[k, j, i], spread[k, j, i] = drift[k, j, i], 0.0
                if metal[k, j, i] == 0.0:
                    continue
                lk, lj, li = k - az, j - ay, i - ax
                D = 0.5 * (magnesium[k, j, i] + magnesium[lk, lj, li]) * metal[k, j, i] * square
                theta = 0.5 * (thermal[k, j, i] + thermal[lk, lj, li])
                s = max(1.0 + 0.5 * (excess[k, j, i] + excess[lk, lj, li]), LEAST_VACANCIES)
                carried[k, j, i] += D * (excess[k, j, i] - excess[lk, lj, li])
                spread[k, j, i] = D * s * max(theta, 0.0)


@numba.njit(cache=True, fastmath=True)
def set_drift_faces(
    potential: np.ndarray, metal: np.ndarray, axis: tuple[int, int, int], inverse: float, drift: np.ndarray
) -> None:
    """Lattice sites through the faces across one axis over the cell edge, xi dchi/h_a^2 [1/s]; chi in [m^2/s].

    `metal` and `inverse` as for `set_magnesium_faces`.
    """
    az, ay, ax = axis
    nz, ny, nx = metal.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                fall = potential[k, j, i] - potential[k - az, j - ay, i - ax]
                drift[k, j, i] = metal[k, j, i] * fall * inverse * inverse


@numba.njit(cache=True)
def fastest_exchange(
    xi: np.ndarray,
    active: np.ndarray,
    carried: tuple[np.ndarray, np.ndarray, np.ndarray],
    spread: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> float:
    """Largest rate at which an owned cell gives its magnesium away [1/s]."""
    nz, ny, nx = xi.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if active[k, j, i] == 0:
                    continue
                rate = 0.0
                for axis in range(3):
                    a, b, c = k + (axis == 2), j + (axis == 1), i + (axis == 0)
                    rate += max(carried[axis][a, b, c], 0.0) - min(carried[axis][k, j, i], 0.0)
                    rate += spread[axis][a, b, c] + spread[axis][k, j, i]
                largest = max(largest, rate / xi[k, j, i])
    return largest


@numba.njit(cache=True, inline="always")
def _limited(below: float, above: float) -> float:
    """Slope of a cell by its neighbours, monotonised central."""
    if below * above <= 0.0:
        return 0.0
    size = min(2.0 * min(abs(below), abs(above)), 0.5 * abs(below + above))
    return size if above > 0.0 else -size


@numba.njit(cache=True)
def set_slopes(y: np.ndarray, axis: tuple[int, int, int], slopes: np.ndarray) -> None:
    """Half the change of y across each owned cell along one axis."""
    az, ay, ax = axis
    nz, ny, nx = y.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here = y[k, j, i]
                slopes[k, j, i] = 0.5 * _limited(here - y[k - az, j - ay, i - ax], y[k + az, j + ay, i + ax] - here)


@numba.njit(cache=True)
def add_magnesium_rate(
    y: np.ndarray,
    slopes: np.ndarray,
    carried: np.ndarray,
    spread: np.ndarray,
    axis: tuple[int, int, int],
    rate: np.ndarray,
) -> None:
    """Add d(xi y)/dt [1/s] of the owned cells by the fluxes across one axis; y at a face from where it comes."""
    az, ay, ax = axis
    nz, ny, nx = y.shape
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                velocity, even = carried[k, j, i], spread[k, j, i]
                if velocity == 0.0 and even == 0.0:
                    continue
                lk, lj, li = k - az, j - ay, i - ax
                upper, lower = y[k, j, i], y[lk, lj, li]
                at_face = lower + slopes[lk, lj, li] if velocity > 0.0 else upper - slopes[k, j, i]
                flux = velocity * at_face - even * (upper - lower)
                rate[k, j, i] += flux
                rate[lk, lj, li] -= flux


@numba.njit(cache=True)
def add_holding(rate: np.ndarray, xi: np.ndarray, active: np.ndarray, step: float, y: np.ndarray) -> None:
    """y += step rate/xi in the owned cells that hold metal."""
    nz, ny, nx = y.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if active[k, j, i]:
                    y[k, j, i] += step * rate[k, j, i] / xi[k, j, i]


@numba.njit(cache=True)
def list_tail(psi: np.ndarray, edge: float, bound: float) -> np.ndarray:
    """Owned cells (rows k, j, i) from the void's far tail in to the edge, -bound < psi < edge, the outermost first."""
    nz, ny, nx = psi.shape
    count = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if -bound < psi[k, j, i] < edge:
                    count += 1
    found, depths = np.empty((count, 3), np.int32), np.empty(count)
    count = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if -bound < psi[k, j, i] < edge:
                    found[count, 0], found[count, 1], found[count, 2] = k, j, i
                    depths[count] = psi[k, j, i]
                    count += 1
    return found[np.argsort(depths)]


@numba.njit(cache=True)
def set_tail_shares(
    psi: np.ndarray,
    cells: np.ndarray,
    openings: tuple[np.ndarray, np.ndarray, np.ndarray],
    inverse: tuple[float, float, float],
    shares: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Where each cell of a tail looks for metal: a share of one face neighbour along each axis, towards rising psi.

    By the normal's components over the cell edges, so that what is constant along the normal stays; signed by the side
    it looks to, their sizes one in all, or zero where there is no more metal anywhere beside it.
    """
    for n in range(cells.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        here, total = psi[k, j, i], 0.0
        for axis in range(3):
            dk, dj, di = int(axis == 2), int(axis == 1), int(axis == 0)
            upper = psi[k + dk, j + dj, i + di] if openings[axis][k + dk, j + dj, i + di] > 0.0 else here
            lower = psi[k - dk, j - dj, i - di] if openings[axis][k, j, i] > 0.0 else here
            rise = (max(upper, lower) - here) * inverse[axis] * inverse[axis]
            shares[axis][k, j, i] = 0.0
            if rise > 0.0:
                shares[axis][k, j, i] = rise if upper >= lower else -rise
                total += rise
        if total > 0.0:
            for axis in range(3):
                shares[axis][k, j, i] /= total


@numba.njit(cache=True)
def extend_along_tail(cells: np.ndarray, shares: tuple[np.ndarray, np.ndarray, np.ndarray], values: np.ndarray) -> int:
    """Give each cell of a tail the mean of those it looks to, from the metal outwards; returns how many changed."""
    changed = 0
    for n in range(cells.shape[0] - 1, -1, -1):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        total, looks = 0.0, False
        for axis in range(3):
            share = shares[axis][k, j, i]
            if share != 0.0:
                side = 1 if share > 0.0 else -1
                looks = True
                total += abs(share) * values[k + side * (axis == 2), j + side * (axis == 1), i + side * (axis == 0)]
        if looks and values[k, j, i] != total:
            values[k, j, i] = total
            changed += 1
    return changed


@numba.njit(cache=True, inline="always")
def _handed(shares: tuple[np.ndarray, np.ndarray, np.ndarray], held: np.ndarray, k: int, j: int, i: int) -> float:
    """What the neighbours that look to a cell hand to it."""
    total = 0.0
    for axis in range(3):
        dk, dj, di = int(axis == 2), int(axis == 1), int(axis == 0)
        from_below, from_above = shares[axis][k - dk, j - dj, i - di], shares[axis][k + dk, j + dj, i + di]
        if from_below > 0.0:
            total += from_below * held[k - dk, j - dj, i - di]
        if from_above < 0.0:
            total -= from_above * held[k + dk, j + dj, i + di]
    return total


@numba.njit(cache=True)
def hand_inwards(
    cells: np.ndarray,
    shares: tuple[np.ndarray, np.ndarray, np.ndarray],
    own: np.ndarray,
    held: np.ndarray,
) -> int:
    """What each cell of a tail has and is handed from further out, from the outermost inwards; how many changed.

    The transpose of `extend_along_tail`: once nothing changes on any rank, the cells that look no further have been
    handed (`collect`) all that the tails had.
    """
    changed = 0
    for n in range(cells.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        value = own[k, j, i] + _handed(shares, held, k, j, i)
        if held[k, j, i] != value:
            held[k, j, i] = value
            changed += 1
    return changed


@numba.njit(cache=True)
def collect(
    shares: tuple[np.ndarray, np.ndarray, np.ndarray],
    excess: np.ndarray,
    mass: np.ndarray,
    xi: np.ndarray,
    y: np.ndarray,
) -> None:
    """Put what tails hand in into the owned cells that look no further, spread over their metal and the tails'.

    Parameters
    ----------
    excess, mass
        Magnesium beyond the extension of y, and metal, as `hand_inwards` left them; zero outside the tails.
    """
    nz, ny, nx = y.shape
    sx, sy, sz = shares
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if sx[k, j, i] != 0.0 or sy[k, j, i] != 0.0 or sz[k, j, i] != 0.0:
                    continue
                more = _handed(shares, mass, k, j, i)
                if more > 0.0:
                    y[k, j, i] += _handed(shares, excess, k, j, i) / (xi[k, j, i] + more)
