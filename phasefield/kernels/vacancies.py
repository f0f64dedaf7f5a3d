"""Compiled kernels of the vacancies in a metal with voids.

With u = s - 1, xi the metal fraction, h the finest cell edge, h_a that along an axis, and all divided by D/h^2,

    sum over faces of xi_f (h/h_a)^2 (u_P - u_N) + (h^2 k' w/(l D)) (u_P - u_eq) + (h^2/L_s^2) xi u_P = right side

in cells that hold metal; others keep u = 0. xi_f is that of the mean signed distance of the cells, the profile's own
value at the face. Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.phasefield.kernels.front import near_faces
from ramify.physics.interface import feed_fade, interface_weight

SMALLEST_FRACTION = 1e-5
"""Cells with less metal hold no vacancies: the profile's tail there carries 1e-7 of the flux."""
SMALLEST_BUMP = 5e-6
"""Cells with xi (1 - xi) below this exchange none with a void."""
FARTHEST = 8.0
"""Widths from the surface up to which its curvature is carried: beyond, 1e-5 of the exchange."""


@numba.njit(cache=True)
def set_metal(xi: np.ndarray, width: float, active: np.ndarray, metal: np.ndarray, weight: np.ndarray) -> None:
    """Metal that holds vacancies, its mask, and the weight w(xi)/l [1/m] of the void surface; ghosts included."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x = xi[k, j, i]
                holds = x > SMALLEST_FRACTION
                active[k, j, i] = 1 if holds else 0
                metal[k, j, i] = min(x, 1.0) if holds else 0.0
                exchanges = holds and x * (1.0 - x) > SMALLEST_BUMP
                weight[k, j, i] = interface_weight(x) / width if exchanges else 0.0


@numba.njit(cache=True, fastmath=True)
def set_metal_faces(
    xi: np.ndarray, active: np.ndarray, opening: np.ndarray, axis: tuple[int, int, int], scale: float, out: np.ndarray
) -> None:
    """Metal fraction of the faces across one axis times `scale`; zero unless both cells hold vacancies.

    1/xi of the face is 1 + sqrt of the product of the cells' (1 - xi)/xi.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                lk, lj, li = k - az, j - ay, i - ax
                if active[k, j, i] == 0 or active[lk, lj, li] == 0:
                    out[k, j, i] = 0.0
                    continue
                hi, lo = xi[k, j, i], xi[lk, lj, li]
                part = 1.0
                if hi < 1.0 and lo < 1.0:
                    metal = math.sqrt(hi * lo)
                    part = metal / (metal + math.sqrt((1.0 - hi) * (1.0 - lo)))
                out[k, j, i] = scale * opening[k, j, i] * part


@numba.njit(cache=True, fastmath=True)
def apply_diffusion(
    u: np.ndarray, tx: np.ndarray, ty: np.ndarray, tz: np.ndarray, reaction: np.ndarray, out: np.ndarray
) -> None:
    """out = sum T (u_P - u_N) + r u_P of the owned cells, u itself where nothing holds it; `out` has no ghosts."""
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here, r = u[k, j, i], reaction[k, j, i]
                west, east, south, north = tx[k, j, i], tx[k, j, i + 1], ty[k, j, i], ty[k, j + 1, i]
                below, above = tz[k, j, i], tz[k + 1, j, i]
                if west + east + south + north + below + above + r <= 0.0:
                    out[k - 1, j - 1, i - 1] = here
                    continue
                out[k - 1, j - 1, i - 1] = (
                    west * (here - u[k, j, i - 1])
                    + east * (here - u[k, j, i + 1])
                    + south * (here - u[k, j - 1, i])
                    + north * (here - u[k, j + 1, i])
                    + below * (here - u[k - 1, j, i])
                    + above * (here - u[k + 1, j, i])
                    + r * here
                )


@numba.njit(cache=True, inline="always")
def read_table(table: np.ndarray, reach: float, s: float) -> float:
    """Value at s of a table from -reach to reach, by linear interpolation; constant beyond."""
    last = table.size - 1
    place = min(max((s + reach) / (2.0 * reach), 0.0), 1.0) * last
    index = min(int(place), last - 1)
    part = place - index
    return (1.0 - part) * table[index] + part * table[index + 1]


@numba.njit(cache=True)
def set_growth(
    u: np.ndarray,
    equilibrium: np.ndarray,
    xi: np.ndarray,
    weight: np.ndarray,
    exchange: float,
    strength: np.ndarray,
    reach: float,
    rate: np.ndarray,
    speed: np.ndarray,
) -> None:
    """d(xi)/dt = -k' (u - u_eq) w/l [1/s], and the velocity of the surface itself [m/s], of the owned cells.

    Parameters
    ----------
    equilibrium
        u_eq; may have one cell, valid everywhere.
    exchange
        k' [m/s].
    strength, reach
        Table of c(s) and its end (voids.profile): a cell at s exchanges c times what the surface moves.
    """
    varies = equilibrium.size > 1
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                w = weight[k, j, i]
                rate[k, j, i] = speed[k, j, i] = 0.0
                if w > 0.0:
                    level = equilibrium[k, j, i] if varies else equilibrium[0, 0, 0]
                    own = -exchange * (u[k, j, i] - level)
                    s = math.log(xi[k, j, i] / (1.0 - xi[k, j, i]))
                    rate[k, j, i] = w * own
                    speed[k, j, i] = own / read_table(strength, reach, s)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_exchange_feed(
    psi: np.ndarray,
    normal: np.ndarray,
    opening: np.ndarray,
    speed: np.ndarray,
    bending: np.ndarray,
    tables: tuple[np.ndarray, np.ndarray, float],
    spans: np.ndarray,
    near: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    divergence: np.ndarray,
) -> None:
    """Add the divergence [1/s] of the feed -v (R - xi + K l E) n through the faces across one axis.

    As `kernels.feed.add_feed`, for the exchange with a void. `tables` are R - xi, E and their end (voids.profile);
    `speed` is the velocity of the surface, zero where nothing is exchanged, ghosts filled.
    """
    excess, bent, reach = tables
    az, ay, ax = axis
    nz, ny, _ = psi.shape
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            first, end = near_faces(spans, near, k, j, axis)
            for i in range(first, end):
                lk, lj, li = k - az, j - ay, i - ax
                v = 0.5 * (speed[k, j, i] + speed[lk, lj, li])
                if v == 0.0:
                    continue
                s = 0.5 * (psi[k, j, i] + psi[lk, lj, li])
                bump = 1.0 / (2.0 + math.exp(s) + math.exp(-s))
                bend = 0.5 * (bending[k, j, i] + bending[lk, lj, li])
                n = 0.5 * (normal[k, j, i] + normal[lk, lj, li]) * feed_fade(bump)
                carried = read_table(excess, reach, s) + bend * read_table(bent, reach, s)
                flux = -v * carried * n * opening[k, j, i] * inverse
                divergence[k, j, i] -= flux
                divergence[lk, lj, li] += flux


@numba.njit(cache=True)
def largest_speed(speed: np.ndarray, weight: np.ndarray, strong: float) -> float:
    """Largest size of the front velocity in owned cells whose weight exceeds `strong`."""
    nz, ny, nx = speed.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if weight[k, j, i] > strong:
                    largest = max(largest, abs(speed[k, j, i]))
    return largest


@numba.njit(cache=True)
def set_cell_normals(
    psi: np.ndarray, inverse: tuple[float, float, float], nx: np.ndarray, ny: np.ndarray, nz: np.ndarray
) -> None:
    """grad psi/|grad psi| of the owned cells by central differences, zero where psi is flat; ghosts of psi filled."""
    kz, ky, kx = psi.shape
    for k in range(1, kz - 1):
        for j in range(1, ky - 1):
            for i in range(1, kx - 1):
                x = (psi[k, j, i + 1] - psi[k, j, i - 1]) * inverse[0]
                y = (psi[k, j + 1, i] - psi[k, j - 1, i]) * inverse[1]
                z = (psi[k + 1, j, i] - psi[k - 1, j, i]) * inverse[2]
                size = math.sqrt(x * x + y * y + z * z)
                scale = 1.0 / size if size > 0.0 else 0.0
                nx[k, j, i], ny[k, j, i], nz[k, j, i] = x * scale, y * scale, z * scale


@numba.njit(cache=True, inline="always")
def _square_slope(n: np.ndarray, k: int, j: int, i: int, inverse: tuple[float, float, float]) -> float:
    """|grad n|^2 of one component by central differences."""
    x = 0.5 * inverse[0] * (n[k, j, i + 1] - n[k, j, i - 1])
    y = 0.5 * inverse[1] * (n[k, j + 1, i] - n[k, j - 1, i])
    z = 0.5 * inverse[2] * (n[k + 1, j, i] - n[k - 1, j, i])
    return x * x + y * y + z * z


@numba.njit(cache=True, inline="always")
def near_surface(psi: np.ndarray, k: int, j: int, i: int) -> bool:
    """Whether xi = 1/2 passes between a cell and a face neighbour."""
    metal = psi[k, j, i] > 0.0
    return (
        metal != (psi[k, j, i - 1] > 0.0)
        or metal != (psi[k, j, i + 1] > 0.0)
        or metal != (psi[k, j - 1, i] > 0.0)
        or metal != (psi[k, j + 1, i] > 0.0)
        or metal != (psi[k - 1, j, i] > 0.0)
        or metal != (psi[k + 1, j, i] > 0.0)
    )


@numba.njit(cache=True)
def carry_to_surface(
    curvature: np.ndarray,
    psi: np.ndarray,
    normals: tuple[np.ndarray, np.ndarray, np.ndarray],
    inverse: tuple[float, float, float],
    width: float,
    planar: bool,
    largest: float,
) -> None:
    """Turn the curvature K of each cell's own level of xi into that of xi = 1/2 on the normal through it.

    A level a distance d = l psi into the metal has the principal curvatures k_i/(1 - k_i d) of the surface's k_i, of
    which the sum K and the sum of squares |grad n|^2 = K^2 - 2 G are known:

        sum of k_i = (K + 2 d G)/(1 + d K + d^2 G)

    Done in the cells that the surface passes between (`near_surface`); others take theirs from `extend_from_surface`.
    """
    nx, ny, nz = normals
    kz, ky, kx = curvature.shape
    for k in range(1, kz - 1):
        for j in range(1, ky - 1):
            for i in range(1, kx - 1):
                K = curvature[k, j, i]
                if K == 0.0 or not near_surface(psi, k, j, i):
                    continue
                G = 0.0
                if not planar:
                    squares = _square_slope(nx, k, j, i, inverse) + _square_slope(ny, k, j, i, inverse)
                    squares += _square_slope(nz, k, j, i, inverse)
                    # no less than where both curvatures are the same
                    G = 0.5 * (K * K - max(squares, 0.5 * K * K))
                d = width * psi[k, j, i]
                stretch = min(max(1.0 + d * (K + d * G), 0.5), 2.0)
                curvature[k, j, i] = min(max((K + 2.0 * d * G) / stretch, -largest), largest)


@numba.njit(cache=True)
def list_beside_surface(psi: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Owned cells (rows k, j, i) within `FARTHEST` of the surface but not at it; `known` is one at it, else zero."""
    nz, ny, nx = psi.shape
    known[:, :, :] = 0
    count = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if near_surface(psi, k, j, i):
                    known[k, j, i] = 1
                elif abs(psi[k, j, i]) < FARTHEST:
                    count += 1
    found = np.empty((count, 3), np.int32)
    count = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if known[k, j, i] == 0 and abs(psi[k, j, i]) < FARTHEST:
                    found[count, 0], found[count, 1], found[count, 2] = k, j, i
                    count += 1
    return found


@numba.njit(cache=True)
def extend_from_surface(
    psi: np.ndarray, cells: np.ndarray, inverse: tuple[float, float, float], known: np.ndarray, values: np.ndarray
) -> int:
    """Carry the surface's values out along its normals, through the `cells` beside it, forwards and then backwards.

    Each takes the mean of its neighbours on the side of the surface, by the normal's components over the cell edges,
    as far as they are `known`: a constant along the normal, by upwind differences. Returns how many cells changed; once
    none does on any rank, the values depend neither on the order nor on the ranks.
    """
    count, changed = cells.shape[0], 0
    for turn in range(2 * count):
        n = turn if turn < count else 2 * count - 1 - turn
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        here = abs(psi[k, j, i])
        total, weight = 0.0, 0.0
        for axis in range(3):
            dk, dj, di = 1 if axis == 2 else 0, 1 if axis == 1 else 0, 1 if axis == 0 else 0
            lower, upper = abs(psi[k - dk, j - dj, i - di]), abs(psi[k + dk, j + dj, i + di])
            side = -1 if lower <= upper else 1
            fall = (here - min(lower, upper)) * inverse[axis]
            a, b, c = k + side * dk, j + side * dj, i + side * di
            if fall > 0.0 and known[a, b, c] > 0:
                share = fall * inverse[axis]
                total += share * values[a, b, c]
                weight += share
        if weight > 0.0 and (known[k, j, i] == 0 or values[k, j, i] != total / weight):
            values[k, j, i] = total / weight
            known[k, j, i] = 1
            changed += 1
    return changed


@numba.njit(cache=True)
def set_exchange_weight(
    xi: np.ndarray, weight: np.ndarray, strength: np.ndarray, reach: float, out: np.ndarray
) -> None:
    """w c/l [1/m] of the owned cells: what a surface that moves at one velocity exchanges in each (voids.profile)."""
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                w = weight[k, j, i]
                out[k, j, i] = 0.0
                if w > 0.0:
                    s = math.log(xi[k, j, i] / (1.0 - xi[k, j, i]))
                    out[k, j, i] = w * read_table(strength, reach, s)


@numba.njit(cache=True, fastmath=True)
def set_surface_faces(
    xi: np.ndarray,
    weight: np.ndarray,
    opening: np.ndarray,
    axis: tuple[int, int, int],
    scale: float,
    out: np.ndarray,
) -> None:
    """q = xi (1 - xi) of the faces across one axis times `scale`; zero unless both cells exchange vacancies.

    xi of the face is that of the mean signed distance. Ghosts of xi and weight filled.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                lk, lj, li = k - az, j - ay, i - ax
                out[k, j, i] = 0.0
                if weight[k, j, i] > 0.0 and weight[lk, lj, li] > 0.0:
                    hi, lo = xi[k, j, i], xi[lk, lj, li]
                    metal, rest = math.sqrt(hi * lo), math.sqrt((1.0 - hi) * (1.0 - lo))
                    share = 1.0 / (metal + rest)
                    out[k, j, i] = scale * opening[k, j, i] * metal * rest * share * share
