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
    contact_rise,
    lithium_diffusivity,
    mobile_share,
    vacancy_potential,
)

LEAST_VACANCIES = 1e-3
"""Supersaturation below which magnesium's own diffusion, and what a contact makes of it, count as this one."""


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


@numba.njit(cache=True)
def set_wall_laws(
    y: np.ndarray,
    at_wall: np.ndarray,
    numbers: AlloyNumbers,
    reference: float,
    mobility: np.ndarray,
    drive: np.ndarray,
) -> None:
    """M over the reference and exp(B) of the cells at walls, one in the others."""
    nz, ny, nx = y.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                mobility[k, j, i], drive[k, j, i] = 1.0, 1.0
                if at_wall[k, j, i]:
                    here = min(max(y[k, j, i], 0.0), FULLEST)
                    D = lithium_diffusivity(here, numbers)
                    mobility[k, j, i] = mobile_share(here, numbers.mobility) * D / reference
                    drive[k, j, i] = math.exp(vacancy_potential(here, numbers))


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
def set_contact_rise(y: np.ndarray, s: np.ndarray, share: float, numbers: AlloyNumbers, rise: np.ndarray) -> None:
    """dy/dz over the speed at which lithium is taken [s/m^2], of the faces of the contact (ny, nx).

    y and s of the cells below them; `share` as of `physics.alloy_vacancies.contact_rise`.
    """
    for j in range(y.shape[0]):
        for i in range(y.shape[1]):
            rise[j, i] = contact_rise(y[j, i], max(s[j, i], LEAST_VACANCIES), share, numbers)
