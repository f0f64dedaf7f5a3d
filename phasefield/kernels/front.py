"""Compiled kernels of the moving metal: signed distance, normals, curvature, fluxes, stages in time.

xi: metal fraction of the pore space; opening: open fraction 1 - psi of a face. Ghosted arrays [z, y, x]. The signed
distance (in units of l) comes from the profile itself, psi = ln(xi/(1 - xi)), which is linear across the surface where
xi is not: normals and curvature follow from it.

The regularising flux through a face, with n its normal component of grad psi/|grad psi| and h its cell distance,

    F = (xi_hi - xi_lo)/h - (2/h) sinh(h n / 2l) sqrt(q_lo q_hi),     q = xi (1 - xi)

is the difference form of grad xi - (q/l) n that the tanh profile makes zero exactly, at any h/l and any
orientation: q differs from cell to cell by the same sinh that the profile does. The normals are those of the cells,
by central differences, averaged to the face. They do not see a ripple of two cells along the surface, which the
gradient then flattens; normals from the face's own difference sharpen such ripples instead and make them grow.

The reaction feeds the surface with the weight w/l, a front that keeps its profile needs q/l. The difference integrates
to zero across the surface; a flux along the normal moves it to where it belongs. With the local front velocity
v = v0 + g s l across the surface (s = psi) and its curvature K it is -J n,

    J = v0 (I(xi) - xi) + g l M(s) + v K l E(s),    I, M, E: physics.interface.swept_share, weight_moment, curved_feed

Without it the profile leans against the regularisation, whatever l, and the reaction is off by some per cent. It fades
out in the tails (physics.interface.feed_fade).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.physics.interface import feed_at, feed_fade

FILM_SLOPE = 0.2
"""Sine of the angle below which a surface lies flat on the collector: a film, and no cap of 12 degrees or more."""
SATURATION = 1e-12
"""The signed distance saturates where xi or 1 - xi is smaller."""
LARGEST_DISTANCE = math.log((1.0 - SATURATION) / SATURATION)
"""Bound of the signed distance, in widths."""


@numba.njit(cache=True)
def signed_distance(xi: np.ndarray, psi: np.ndarray) -> None:
    """psi = ln(xi/(1 - xi)) in every cell, positive inside the metal, saturated in the tails."""
    nz, ny, nx = xi.shape
    top = LARGEST_DISTANCE
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                x = xi[k, j, i]
                if x <= SATURATION:
                    psi[k, j, i] = -top
                elif x >= 1.0 - SATURATION:
                    psi[k, j, i] = top
                else:
                    psi[k, j, i] = math.log(x / (1.0 - x))


@numba.njit(cache=True, fastmath=True, inline="always")
def face_normal(
    psi: np.ndarray,
    k: int,
    j: int,
    i: int,
    axis: tuple[int, int, int],
    first: tuple[int, int, int],
    second: tuple[int, int, int],
    inverse: tuple[float, float, float],
) -> float:
    """Component along `axis` of grad psi/|grad psi| at the face below cell [k, j, i].

    `first`, `second` are the two other axes, `inverse` the inverse cell edges along (axis, first, second).
    """
    az, ay, ax = axis
    lk, lj, li = k - az, j - ay, i - ax
    along = (psi[k, j, i] - psi[lk, lj, li]) * inverse[0]
    bz, by, bx = first
    across = (
        0.25
        * inverse[1]
        * (
            psi[k + bz, j + by, i + bx]
            - psi[k - bz, j - by, i - bx]
            + psi[lk + bz, lj + by, li + bx]
            - psi[lk - bz, lj - by, li - bx]
        )
    )
    cz, cy, cx = second
    over = (
        0.25
        * inverse[2]
        * (
            psi[k + cz, j + cy, i + cx]
            - psi[k - cz, j - cy, i - cx]
            + psi[lk + cz, lj + cy, li + cx]
            - psi[lk - cz, lj - cy, li - cx]
        )
    )
    square = along * along + across * across + over * over
    return along / math.sqrt(square) if square > 0.0 else 0.0


@numba.njit(cache=True)
def saturate_distance(xi: np.ndarray, psi: np.ndarray) -> None:
    """psi at its bound in every cell, what `set_distance` leaves in those far from the surface."""
    top = np.float32(LARGEST_DISTANCE)
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                psi[k, j, i] = top if xi[k, j, i] > 0.5 else -top


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def set_distance(xi: np.ndarray, spans: np.ndarray, psi: np.ndarray) -> None:
    """psi = ln(xi/(1 - xi)) in single precision, saturated in the tails, in the near cells of every row and one beyond.

    The logarithm is taken apart in whole rows, exponent by integers and mantissa by a polynomial, good to the last
    bit but one of single precision: a compiler makes vectors of that and not of a call.
    """
    nz, ny, nx = xi.shape
    ratios, mantissas = np.empty(nx, np.float32), np.empty(nx, np.float32)
    ratio_bits, mantissa_bits = ratios.view(np.int32), mantissas.view(np.int32)
    top, log_two = np.float32(LARGEST_DISTANCE), np.float32(0.6931471805599453)
    one, half = np.float32(1.0), np.float32(0.5)
    # The bits of sqrt(1/2), and where the exponent is: the mantissa is left between sqrt(1/2) and sqrt(2).
    root, mask, shift = np.int32(0x3F3504F3), np.int32(-0x800000), np.int32(23)
    for k in range(nz):
        for j in range(ny):
            first, end = max(spans[k, j, 0] - 1, 0), min(spans[k, j, 1] + 1, nx)
            if first >= end:
                continue
            here, out = xi[k, j, first:end], psi[k, j, first:end]
            for i in range(here.size):
                x = min(max(here[i], 1e-30), 1.0 - 1e-15)
                ratios[i] = x / (1.0 - x)
            for i in range(here.size):
                mantissa_bits[i] = ratio_bits[i] - ((ratio_bits[i] - root) & mask)
            for i in range(here.size):
                exponent = np.float32((ratio_bits[i] - root) >> shift)
                z = mantissas[i] - one
                series = np.float32(7.0376836292e-2) * z - np.float32(1.1514610310e-1)
                series = series * z + np.float32(1.1676998740e-1)
                series = series * z - np.float32(1.2420140846e-1)
                series = series * z + np.float32(1.4249322787e-1)
                series = series * z - np.float32(1.6668057665e-1)
                series = series * z + np.float32(2.0000714765e-1)
                series = series * z - np.float32(2.4999993993e-1)
                series = series * z + np.float32(3.3333331174e-1)
                value = z + z * z * (z * series - half) + exponent * log_two
                out[i] = min(max(value, -top), top)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def set_normals(
    psi: np.ndarray,
    spans: np.ndarray,
    inverse: tuple[float, float, float],
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
) -> None:
    """grad psi/|grad psi| of the owned near cells by central differences; zero in the saturated tails.

    `inverse` holds the inverse cell edges (x, y, z); psi and the normals are in single precision.
    """
    largest = max(inverse[0], inverse[1], inverse[2])
    ix, iy, iz = np.float32(inverse[0] / largest), np.float32(inverse[1] / largest), np.float32(inverse[2] / largest)
    # Far below the square of any true difference; makes a normal zero where there is none.
    tiny = np.float32(1e-10)
    nz, ny, _ = psi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            first, end = max(spans[k, j, 0], 1), spans[k, j, 1]
            if first >= end:
                continue
            west, east = psi[k, j, first - 1 : end - 1], psi[k, j, first + 1 : end + 1]
            south, north = psi[k, j - 1, first:end], psi[k, j + 1, first:end]
            below, above = psi[k - 1, j, first:end], psi[k + 1, j, first:end]
            x, y, z = normal_x[k, j, first:end], normal_y[k, j, first:end], normal_z[k, j, first:end]
            for i in range(x.size):
                gx, gy, gz = (east[i] - west[i]) * ix, (north[i] - south[i]) * iy, (above[i] - below[i]) * iz
                scale = np.float32(1.0) / math.sqrt(gx * gx + gy * gy + gz * gz + tiny)
                x[i] = gx * scale
                y[i] = gy * scale
                z[i] = gz * scale


@numba.njit(cache=True)
def set_speed_slope(
    speed: np.ndarray,
    spans: np.ndarray,
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
    inverse: tuple[float, float, float],
    width: float,
    slope: np.ndarray,
) -> None:
    """Change of the front velocity per width along the normal, l n . grad v, in the reacting cells.

    Differences reach reacting neighbours alone. Bounded by half the velocity: beyond, the surface is not thin.
    """
    nz, ny, _ = speed.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(spans[k, j, 0], spans[k, j, 1]):
                v = speed[k, j, i]
                slope[k, j, i] = 0.0
                if v == 0.0:
                    continue
                total = 0.0
                for axis in range(3):
                    if axis == 0:
                        lo, hi, n = speed[k, j, i - 1], speed[k, j, i + 1], normal_x[k, j, i]
                    elif axis == 1:
                        lo, hi, n = speed[k, j - 1, i], speed[k, j + 1, i], normal_y[k, j, i]
                    else:
                        lo, hi, n = speed[k - 1, j, i], speed[k + 1, j, i], normal_z[k, j, i]
                    if lo != 0.0 and hi != 0.0:
                        total += 0.5 * (hi - lo) * inverse[axis] * n
                    elif hi != 0.0:
                        total += (hi - v) * inverse[axis] * n
                    elif lo != 0.0:
                        total += (v - lo) * inverse[axis] * n
                bound = 0.5 * abs(v)
                slope[k, j, i] = min(max(width * total, -bound), bound)


@numba.njit(cache=True)
def clear_spans(spans: np.ndarray, values: np.ndarray) -> None:
    """Zero in the near cells of every row and one beyond."""
    nz, ny, nx = values.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(max(spans[k, j, 0] - 1, 0), min(spans[k, j, 1] + 1, nx)):
                values[k, j, i] = 0.0


@numba.njit(cache=True)
def near_faces(spans: np.ndarray, near: np.ndarray, k: int, j: int, axis: tuple[int, int, int]) -> tuple[int, int]:
    """(first, last + 1) of the faces below the cells of row (k, j) across one axis with near cells on both sides."""
    az, ay, ax = axis
    first, end = spans[k, j, 0], spans[k, j, 1]
    if first >= end:
        return 0, 0
    if ax:
        return (first if near[k, j, first - 1] else first + 1), (end + 1 if near[k, j, end] else end)
    return max(first, spans[k - az, j - ay, 0]), min(end, spans[k - az, j - ay, 1])


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_regularisation(
    xi: np.ndarray,
    normal: np.ndarray,
    opening: np.ndarray,
    spans: np.ndarray,
    near: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    width: float,
    mobility: float,
    divergence: np.ndarray,
) -> None:
    """Add the divergence [1/s] of the regularising flux through the faces across one axis.

    Parameters
    ----------
    normal
        The cells' component along the axis, ghosts filled.
    opening
        Open fractions of the faces.
    spans, near
        Where the surface is (kernels.band).
    inverse
        One over the cell edge [1/m].
    mobility
        b [m^2/s].

    Each face is visited once and gives one cell what it takes from the other; rows of ghost cells receive their
    share too and are not used. The flux is in single precision, what it is added to is not. The hyperbolic sine is
    its series, which a compiler makes vectors of; to 1e-7 up to h = 4 l.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    half = np.float32(0.25 / (inverse * width))
    rate = np.float32(mobility * inverse * inverse)
    one, two = np.float32(1.0), np.float32(2.0)
    fluxes = np.empty(nx, np.float32)
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            first, end = near_faces(spans, near, k, j, axis)
            if first >= end:
                continue
            upper, lower = xi[k, j, first:end], xi[k - az, j - ay, first - ax : end - ax]
            n_upper, n_lower = normal[k, j, first:end], normal[k - az, j - ay, first - ax : end - ax]
            open_part, flux = opening[k, j, first:end], fluxes[: end - first]
            for i in range(flux.size):
                hi, lo = upper[i], lower[i]
                product = np.float32(max(hi * (1.0 - hi), 0.0)) * np.float32(max(lo * (1.0 - lo), 0.0))
                x = half * (n_upper[i] + n_lower[i])
                z = x * x
                series = one + z * np.float32(1.0 / 156.0)
                series = one + z * np.float32(1.0 / 110.0) * series
                series = one + z * np.float32(1.0 / 72.0) * series
                series = one + z * np.float32(1.0 / 42.0) * series
                series = one + z * np.float32(1.0 / 20.0) * series
                series = one + z * np.float32(1.0 / 6.0) * series
                drift = two * x * series * math.sqrt(product)
                flux[i] = rate * open_part[i] * (np.float32(hi - lo) - drift)
            losing, gaining = divergence[k, j, first:end], divergence[k - az, j - ay, first - ax : end - ax]
            for i in range(flux.size):
                losing[i] -= flux[i]
            for i in range(flux.size):
                gaining[i] += flux[i]


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def correct_normal(normal: np.ndarray, spans: np.ndarray, axis: tuple[int, int, int], out: np.ndarray) -> None:
    """The cells' normal component along one axis with which `add_regularisation` leaves bent surfaces alone, [-1, 1].

    The mean of two cells' central differences exceeds the face's own difference of a distance d by h^2 d_xxx/4, and the
    regularisation flattens ripples by b k^4 h^2/4 as if atoms ran along the surface. n less a quarter of its second
    difference along the axis is right to h^4, and a ripple of two cells, which has no n, is flattened as before.

    Ghosts of `normal` filled; `out` is set in the owned near cells.
    """
    az, ay, ax = axis
    one, quarter, more = np.float32(1.0), np.float32(0.25), np.float32(1.5)
    nz, ny, _ = normal.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            first, end = max(spans[k, j, 0], 1), spans[k, j, 1]
            if first >= end:
                continue
            lower = normal[k - az, j - ay, first - ax : end - ax]
            upper = normal[k + az, j + ay, first + ax : end + ax]
            here, corrected = normal[k, j, first:end], out[k, j, first:end]
            for i in range(here.size):
                n = more * here[i] - quarter * (lower[i] + upper[i])
                corrected[i] = min(max(n, -one), one)


@numba.njit(cache=True)
def set_bending(
    spans: np.ndarray,
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
    inverse: tuple[float, float, float],
    width: float,
    bending: np.ndarray,
) -> None:
    """Curvature times width, K l = -l div n, of the owned near cells; ghosts of the normals must be filled.

    Bounded by one half: what is bent more is not thin.
    """
    scale_x, scale_y, scale_z = (
        np.float32(0.5 * width * inverse[0]),
        np.float32(0.5 * width * inverse[1]),
        np.float32(0.5 * width * inverse[2]),
    )
    bound = np.float32(0.5)
    nz, ny, _ = bending.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(spans[k, j, 0], spans[k, j, 1]):
                x = scale_x * (normal_x[k, j, i + 1] - normal_x[k, j, i - 1])
                y = scale_y * (normal_y[k, j + 1, i] - normal_y[k, j - 1, i])
                z = scale_z * (normal_z[k + 1, j, i] - normal_z[k - 1, j, i])
                bending[k, j, i] = min(max(-(x + y + z), -bound), bound)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_feed(
    xi: np.ndarray,
    psi: np.ndarray,
    normal: np.ndarray,
    opening: np.ndarray,
    speed: np.ndarray,
    slope: np.ndarray,
    bending: np.ndarray,
    spans: np.ndarray,
    near: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    divergence: np.ndarray,
) -> None:
    """Add the divergence [1/s] of the feed, -J n, through the faces across one axis.

    Parameters
    ----------
    psi
        Signed distance of `set_distance`.
    speed
        Front velocity of the reacting cells [m/s], positive for growth; zero elsewhere, ghosts filled.
    slope
        Its change per width along the normal, g l [m/s].
    bending
        K l of `set_bending`.

    The others, and what is done at each face, as in `add_regularisation`.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    fluxes = np.empty(nx)
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            first, end = near_faces(spans, near, k, j, axis)
            if first >= end:
                continue
            here, there = slice(first, end), slice(first - ax, end - ax)
            v_upper, v_lower = speed[k, j, here], speed[k - az, j - ay, there]
            fastest = 0.0
            for i in range(v_upper.size):
                fastest = max(fastest, abs(v_upper[i]) + abs(v_lower[i]))
            if fastest == 0.0:
                continue
            upper, lower, open_part = xi[k, j, here], xi[k - az, j - ay, there], opening[k, j, here]
            n_upper, n_lower = normal[k, j, here], normal[k - az, j - ay, there]
            s_upper, s_lower = psi[k, j, here], psi[k - az, j - ay, there]
            g_upper, g_lower = slope[k, j, here], slope[k - az, j - ay, there]
            k_upper, k_lower = bending[k, j, here], bending[k - az, j - ay, there]
            flux = fluxes[: end - first]
            for i in range(flux.size):
                hi, lo = min(max(upper[i], 0.0), 1.0), min(max(lower[i], 0.0), 1.0)
                s = 0.5 * (s_upper[i] + s_lower[i])
                g = 0.5 * (g_upper[i] + g_lower[i])
                v = 0.5 * (v_upper[i] + v_lower[i])
                # xi at the mean signed distance.
                metal, rest = math.sqrt(hi * lo), math.sqrt((1.0 - hi) * (1.0 - lo))
                share = 1.0 / (metal + rest + 1e-30)
                bend = 0.5 * (k_upper[i] + k_lower[i])
                excess, moment, curved = feed_at(0.5 * (metal - rest) * share, math.sqrt(metal * rest) * share, abs(s))
                n = 0.5 * (n_upper[i] + n_lower[i]) * feed_fade(metal * rest * share * share)
                flux[i] = -((v - g * s) * excess + g * moment + v * bend * curved) * n * open_part[i] * inverse
            losing, gaining = divergence[k, j, here], divergence[k - az, j - ay, there]
            for i in range(flux.size):
                losing[i] -= flux[i]
            for i in range(flux.size):
                gaining[i] += flux[i]


@numba.njit(cache=True)
def extend_films(psi: np.ndarray, inverse: tuple[float, float, float], width: float) -> None:
    """Let the signed distance go on linearly below the collector where the surface lies flat on it, as a film's does.

    Mirrored there, it has a kink at the wall, and the lowest cells of a thin film the curvature 1/h. Where the surface
    meets the collector at an angle, of which l |grad s| along the wall is the sine, what the angle asks for stays.
    `psi` is of a rank at the bottom, ghosts filled.
    """
    _, ny, nx = psi.shape
    for j in range(1, ny - 1):
        for i in range(1, nx - 1):
            gx = 0.5 * inverse[0] * (psi[1, j, i + 1] - psi[1, j, i - 1])
            gy = 0.5 * inverse[1] * (psi[1, j + 1, i] - psi[1, j - 1, i])
            if width * math.sqrt(gx * gx + gy * gy) < FILM_SLOPE:
                psi[0, j, i] = 2.0 * psi[1, j, i] - psi[2, j, i]


@numba.njit(cache=True)
def set_curvature(
    psi: np.ndarray,
    xi: np.ndarray,
    inverse: tuple[float, float, float],
    smallest: float,
    largest: float,
    curvature: np.ndarray,
) -> None:
    """K = -div(grad xi/|grad xi|) [1/m] where xi (1-xi) > `smallest`, zero elsewhere; bounded by `largest`.

    Positive for a convex deposit; 2/r on a sphere. `inverse` holds the inverse cell edges (x, y, z).
    """
    ez, ey, ex = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    ix, iy, iz = inverse
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                if x * (1.0 - x) <= smallest:
                    curvature[k, j, i] = 0.0
                    continue
                # grad psi points into the metal, as the normal n of the equations does.
                divergence = (
                    (
                        face_normal(psi, k, j, i + 1, ex, ey, ez, (ix, iy, iz))
                        - face_normal(psi, k, j, i, ex, ey, ez, (ix, iy, iz))
                    )
                    * ix
                    + (
                        face_normal(psi, k, j + 1, i, ey, ex, ez, (iy, ix, iz))
                        - face_normal(psi, k, j, i, ey, ex, ez, (iy, ix, iz))
                    )
                    * iy
                    + (
                        face_normal(psi, k + 1, j, i, ez, ex, ey, (iz, ix, iy))
                        - face_normal(psi, k, j, i, ez, ex, ey, (iz, ix, iy))
                    )
                    * iz
                )
                curvature[k, j, i] = min(max(-divergence, -largest), largest)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def advance_front(
    base: np.ndarray,
    start: np.ndarray,
    keep: float,
    rate: np.ndarray,
    divergence: np.ndarray,
    pore: np.ndarray,
    spans: np.ndarray,
    step: float,
    out: np.ndarray,
) -> None:
    """out = keep start + (1 - keep) [base + step (rate + div F / pore)] in the owned near cells that are open.

    One stage of a two-stage, second-order Runge-Kutta step.
    """
    nz, ny, _ = base.shape
    share = (1.0 - keep) * step
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            first, end = spans[k, j, 0], spans[k, j, 1]
            if first >= end:
                continue
            here, before, after = base[k, j, first:end], start[k, j, first:end], out[k, j, first:end]
            rates, flows, open_part = rate[k, j, first:end], divergence[k, j, first:end], pore[k, j, first:end]
            for i in range(here.size):
                p = open_part[i]
                change = rates[i] + flows[i] / max(p, 1e-3)
                moved = keep * before[i] + (1.0 - keep) * here[i] + share * change
                after[i] = moved if p > 0.0 else before[i]


@numba.njit(cache=True)
def extend_into_walls(xi: np.ndarray, pore: np.ndarray, walls: np.ndarray) -> None:
    """Give each solid cell of `walls` (rows k, j, i; inside the ghosts) the mean xi of its open face neighbours."""
    for n in range(walls.shape[0]):
        k, j, i = walls[n, 0], walls[n, 1], walls[n, 2]
        total, count = 0.0, 0
        for dk, dj, di in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)):
            if pore[k + dk, j + dj, i + di] > 0.0:
                total += xi[k + dk, j + dj, i + di]
                count += 1
        xi[k, j, i] = total / count
