"""Compiled kernels of surface diffusion: the band's cells, its matrix, the flux along the surface.

xi: metal fraction of the pore space; q = xi (1 - xi); pore, opening: open fractions of cells and faces. Ghosted arrays
[z, y, x]. The matrix A is that of -div(opening q grad), a graph over the band's cells,

    (A u)_c = sum over faces of opening q_f (u_c - u_nb)/h^2,     q_f: q at the mean signed distance of the two cells,

which is the profile's own value at the face.
"""

from __future__ import annotations

import math

import numba
import numpy as np

SMALLEST_BUMP = 1e-4
"""Cells with q below this do not take part: the tails outside hold 2e-4 of the integral of q across the surface."""

LEAST_TRUST = 1e-3
"""Weight of a cell whose curvature says nothing of a surface; not zero, so that some cell always counts."""


@numba.njit(cache=True)
def number_band(xi: np.ndarray, pore: np.ndarray, first: int, numbers: np.ndarray) -> int:
    """Number the owned cells of the band from `first`, all others and the ghosts -1; returns how many there are."""
    nz, ny, nx = xi.shape
    count = 0
    numbers[:, :, :] = -1
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                if pore[k, j, i] > 0.0 and x * (1.0 - x) > SMALLEST_BUMP:
                    numbers[k, j, i] = first + count
                    count += 1
    return count


@numba.njit(cache=True, inline="always")
def face_bump(hi: float, lo: float) -> float:
    """q at the mean signed distance of two cells of the band."""
    metal, rest = math.sqrt(hi * lo), math.sqrt((1.0 - hi) * (1.0 - lo))
    return metal * rest / ((metal + rest) * (metal + rest))


@numba.njit(cache=True)
def fill_rows(
    xi: np.ndarray,
    numbers: np.ndarray,
    openings: tuple[np.ndarray, np.ndarray, np.ndarray],
    inverse_squares: tuple[float, float, float],
    share: np.ndarray,
    starts: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
) -> int:
    """Rows of A, compressed: `starts`, `columns` (sorted as the cells are), `values`; returns the number of entries.

    Parameters
    ----------
    numbers
        Of the band's cells over all ranks, ghosts filled; -1 elsewhere.
    inverse_squares
        1/h^2 along (x, y, z), in any unit.
    share
        Factor of each cell, one array cell where it is the same; a face takes the geometric mean.
    """
    nz, ny, nx = xi.shape
    varies = share.size > 1
    entry, row = 0, 0
    starts[0] = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if numbers[k, j, i] < 0:
                    continue
                total, own = 0.0, entry
                columns[own] = numbers[k, j, i]
                entry += 1
                for axis in range(3):
                    opening = openings[axis]
                    for side in range(2):
                        step = 2 * side - 1
                        a, b, c = k, j, i
                        if axis == 0:
                            c += step
                        elif axis == 1:
                            b += step
                        else:
                            a += step
                        other = numbers[a, b, c]
                        face = opening[max(a, k), max(b, j), max(c, i)]
                        if other < 0 or face == 0.0:
                            continue
                        value = face * inverse_squares[axis] * face_bump(xi[k, j, i], xi[a, b, c])
                        if varies:
                            value *= math.sqrt(share[k, j, i] * share[a, b, c])
                        columns[entry], values[entry] = other, -value
                        total += value
                        entry += 1
                values[own] = total
                row += 1
                starts[row] = entry
    return entry


@numba.njit(cache=True)
def collect(field: np.ndarray, numbers: np.ndarray, first: int, out: np.ndarray) -> None:
    """Values of a field in the band's owned cells."""
    nz, ny, nx = field.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if numbers[k, j, i] >= 0:
                    out[numbers[k, j, i] - first] = field[k, j, i]


@numba.njit(cache=True)
def spread(values: np.ndarray, numbers: np.ndarray, first: int, field: np.ndarray) -> None:
    """A field from its values in the band's owned cells; zero elsewhere."""
    nz, ny, nx = field.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                n = numbers[k, j, i]
                field[k, j, i] = values[n - first] if n >= 0 else 0.0


@numba.njit(cache=True)
def flow_along_surface(
    xi: np.ndarray,
    potential: np.ndarray,
    numbers: np.ndarray,
    opening: np.ndarray,
    axis: tuple[int, int, int],
    factor: float,
    share: np.ndarray,
    gain: np.ndarray,
) -> None:
    """Add what the faces across one axis carry, factor share opening q_f (potential_nb - potential_c), to both cells.

    Every face is visited once and gives one cell exactly what it takes from the other; ghosts receive their part too
    and are not used. `factor` holds 1/h^2 and the duration; `share` as in `fill_rows`.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    varies = share.size > 1
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                lk, lj, li = k - az, j - ay, i - ax
                if numbers[k, j, i] < 0 or numbers[lk, lj, li] < 0:
                    continue
                flow = factor * opening[k, j, i] * face_bump(xi[k, j, i], xi[lk, lj, li])
                if varies:
                    flow *= math.sqrt(share[k, j, i] * share[lk, lj, li])
                flow *= potential[k, j, i] - potential[lk, lj, li]
                gain[k, j, i] -= flow
                gain[lk, lj, li] += flow


@numba.njit(cache=True)
def displace(
    xi: np.ndarray, pore: np.ndarray, gain: np.ndarray, numbers: np.ndarray, strong: float, out: np.ndarray
) -> float:
    """xi shifted in its signed distance by what the band's cells gain; returns the largest shift [widths].

    A gain g (of metal, open fraction times xi) shifts the surface by g/(pore q) widths. The largest is that of the
    cells with q > `strong`. `out` equals xi outside the band.
    """
    nz, ny, nx = xi.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                x = xi[k, j, i]
                if numbers[k, j, i] < 0:
                    out[k, j, i] = x
                    continue
                q = x * (1.0 - x)
                shift = gain[k, j, i] / (pore[k, j, i] * q)
                if q > strong:
                    largest = max(largest, abs(shift))
                out[k, j, i] = x / (x + (1.0 - x) * math.exp(-shift))
    return largest


@numba.njit(cache=True)
def add_gain(xi: np.ndarray, pore: np.ndarray, gain: np.ndarray, numbers: np.ndarray) -> None:
    """Add to the owned cells of the band the metal they gain."""
    nz, ny, nx = xi.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if numbers[k, j, i] >= 0:
                    xi[k, j, i] += gain[k, j, i] / pore[k, j, i]


@numba.njit(cache=True, inline="always")
def _rise(x: float, low: float, high: float) -> float:
    """Zero below `low`, one above `high`, smooth between."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@numba.njit(cache=True)
def refer_to_surface(
    xi: np.ndarray,
    numbers: np.ndarray,
    inverse: tuple[float, float, float],
    width: float,
    largest: float,
    curvature: np.ndarray,
    trust: np.ndarray,
) -> None:
    """Turn K of the level set of each cell into that of the surface xi = 1/2 where the cell's normal meets it.

    At a distance d from the surface, positive outside, both principal curvatures k of a level set are those at the foot
    over 1 + k d. With G their product, K at the foot is (K - 2 d G)/(1 - d K + d^2 G); d = -l s and
    2 G = K^2 - tr(S^2), S = P H P/|grad s|, H the second differences of the signed distance s, P = 1 - n n. Where the
    cell lies beyond the centre of curvature, the result is bounded by `largest` [1/m].

    Parameters
    ----------
    inverse
        One over the cell edges (x, y, z) [1/m]; zero along an axis of one cell.
    """
    nz, ny, nx = xi.shape
    ix, iy, iz = inverse
    s = np.empty((3, 3, 3))
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if numbers[k, j, i] < 0:
                    continue
                for a in range(3):
                    for b in range(3):
                        for c in range(3):
                            x = min(max(xi[k + a - 1, j + b - 1, i + c - 1], 1e-12), 1.0 - 1e-12)
                            s[a, b, c] = math.log(x / (1.0 - x))
                gx, gy, gz = (
                    0.5 * ix * (s[1, 1, 2] - s[1, 1, 0]),
                    0.5 * iy * (s[1, 2, 1] - s[1, 0, 1]),
                    0.5 * iz * (s[2, 1, 1] - s[0, 1, 1]),
                )
                size = math.sqrt(gx * gx + gy * gy + gz * gz)
                trust[k, j, i] = LEAST_TRUST
                if size == 0.0:
                    continue
                gx, gy, gz = gx / size, gy / size, gz / size
                xx = ix * ix * (s[1, 1, 2] - 2.0 * s[1, 1, 1] + s[1, 1, 0])
                yy = iy * iy * (s[1, 2, 1] - 2.0 * s[1, 1, 1] + s[1, 0, 1])
                zz = iz * iz * (s[2, 1, 1] - 2.0 * s[1, 1, 1] + s[0, 1, 1])
                xy = 0.25 * ix * iy * (s[1, 2, 2] - s[1, 2, 0] - s[1, 0, 2] + s[1, 0, 0])
                xz = 0.25 * ix * iz * (s[2, 1, 2] - s[2, 1, 0] - s[0, 1, 2] + s[0, 1, 0])
                yz = 0.25 * iy * iz * (s[2, 2, 1] - s[2, 0, 1] - s[0, 2, 1] + s[0, 0, 1])
                # H n, n H n; tr((P H P)^2) = tr(H^2) - 2 |H n|^2 + (n H n)^2
                hx, hy, hz = xx * gx + xy * gy + xz * gz, xy * gx + yy * gy + yz * gz, xz * gx + yz * gy + zz * gz
                along = hx * gx + hy * gy + hz * gz
                squares = xx * xx + yy * yy + zz * zz + 2.0 * (xy * xy + xz * xz + yz * yz)
                squares += along * along - 2.0 * (hx * hx + hy * hy + hz * hz)
                trace = xx + yy + zz - along
                bent = curvature[k, j, i]
                product = 0.5 * (trace * trace - squares) / (size * size)
                d = -width * s[1, 1, 1]
                over = 1.0 - d * bent + d * d * product
                trust[k, j, i] = max(_rise(over, 0.25, 0.5) * _rise(width * size, 0.3, 0.7), LEAST_TRUST)
                over = max(over, 0.25)
                curvature[k, j, i] = min(max((bent - 2.0 * d * product) / over, -largest), largest)
