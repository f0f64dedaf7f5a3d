"""Compiled kernel of the classical, non-conservative Allen-Cahn front: one stage in time, in one pass.

    d xi/dt = rate + B { div[(1-psi) grad xi]/(1-psi) - W(xi) },     front velocity v_n - b K

On a grid about as coarse as the interface is wide the textbook stencil (seven points, W = xi(1-xi)(1-2xi)/l^2) moves a
curved front 2 % too slowly, and 5 % in some directions: its error, h^2/12 times the sum of the fourth derivatives
along the axes, is neither isotropic nor zero for the profile. Three steps make it both:

- the Laplacian of nineteen points (nine in the plane), whose error is h^2/12 lap^2, the same in every direction. By
  faces: the difference across a face is the mean, 1/12 from each, over it and the four beside it in the face's plane;
- the double well in the difference form that makes the tanh profile of `physics.interface` stationary exactly, at any
  offset to the grid (and, the Laplacian being isotropic, at any orientation to fourth order). With t = tanh(h/2l),
  q = xi (1 - xi),

      W = (4 t^2/h^2) q (1 - 2 xi) / (1 - t^2 + 4 t^2 q)      -> q (1 - 2 xi)/l^2 as h -> 0

- what is left is a factor on the velocity by curvature, the same for all directions: the Laplacian acts on the profile
  along the surface by 1 + (h^2/6) d^2/dn^2, so that the speed is B K times

      m = 1 - (1/3) [1 - 3 (a coth a - 1)/sinh^2 a],    a = h/2l        (0.969 at l = h)

  the profile's slope, sech^2, being the zero mode of the discrete operator. B = b/m takes it out.
"""

from __future__ import annotations

import math

import numba
import numpy as np


def slowing_factor(edge: float, width: float) -> float:
    """m, front velocity of the discrete equation over B K, for cells of an `edge` h [m] and a `width` l [m]."""
    a = 0.5 * edge / width
    return 1.0 - (1.0 - 3.0 * (a / math.tanh(a) - 1.0) / math.sinh(a) ** 2) / 3.0


def well_coefficients(edge: float, width: float) -> tuple[float, float, float]:
    """(p, r, s) of W = p q (1 - 2 xi)/(r + s q) [1/m^2]."""
    square = math.tanh(0.5 * edge / width) ** 2
    return 4.0 * square / edge**2, 1.0 - square, 4.0 * square


@numba.njit(cache=True, inline="always")
def _face_difference(
    xi: np.ndarray,
    opening: np.ndarray,
    near: np.ndarray,
    k: int,
    j: int,
    i: int,
    axis: tuple[int, int, int],
    beside: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> float:
    """Difference across the face below cell [k, j, i], averaged over the open faces beside it, times its opening.

    Zero unless both cells are near the surface. `beside` are the two other axes.
    """
    az, ay, ax = axis
    if not (near[k, j, i] and near[k - az, j - ay, i - ax]):
        return 0.0
    own = xi[k, j, i] - xi[k - az, j - ay, i - ax]
    mean = own
    for side in range(2):
        bz, by, bx = beside[side]
        for sign in (-1, 1):
            kk, jj, ii = k + sign * bz, j + sign * by, i + sign * bx
            there = xi[kk, jj, ii] - xi[kk - az, jj - ay, ii - ax]
            mean += opening[kk, jj, ii] * (there - own) / 12.0
    return opening[k, j, i] * mean


@numba.njit(cache=True)
def _divergence(
    xi: np.ndarray,
    openings: tuple[np.ndarray, np.ndarray, np.ndarray],
    near: np.ndarray,
    k: int,
    j: int,
    i: int,
    inverse: tuple[float, float, float],
) -> float:
    """div[(1-psi) grad xi] of one cell [1/m^2]; `inverse` holds the inverse squares of the cell edges (x, y, z)."""
    ex, ey, ez = (0, 0, 1), (0, 1, 0), (1, 0, 0)
    ix, iy, iz = inverse
    ox, oy, oz = openings
    x = _face_difference(xi, ox, near, k, j, i + 1, ex, (ey, ez))
    x -= _face_difference(xi, ox, near, k, j, i, ex, (ey, ez))
    y = _face_difference(xi, oy, near, k, j + 1, i, ey, (ex, ez))
    y -= _face_difference(xi, oy, near, k, j, i, ey, (ex, ez))
    z = _face_difference(xi, oz, near, k + 1, j, i, ez, (ex, ey))
    z -= _face_difference(xi, oz, near, k, j, i, ez, (ex, ey))
    return x * ix + y * iy + z * iz


@numba.njit(cache=True)
def _end_of_plain(free: np.ndarray, first: int, end: int) -> int:
    """Where the plain cells that begin at `first` end, `end` at the latest; in blocks, to be quick."""
    i = first
    while i + 16 <= end:
        block = free[i : i + 16]
        count = 0
        for n in range(16):
            count += block[n]
        if count < 16:
            break
        i += 16
    while i < end and free[i]:
        i += 1
    return i


@numba.njit(cache=True)
def _plain_cells(spans: np.ndarray, near: np.ndarray, k: int, j: int) -> tuple[int, int]:
    """(first, last + 1) of the cells of row (k, j) whose neighbours, corners included, are all near the surface."""
    first, end = 0, near.shape[2]
    last = near.shape[2] - 1
    for dk in range(-1, 2):
        for dj in range(-1, 2):
            a, b = spans[k + dk, j + dj, 0], spans[k + dk, j + dj, 1]
            if a >= b:
                return 0, 0
            if a == 1 and near[k + dk, j + dj, 0]:
                a = 0
            if b == last and near[k + dk, j + dj, last]:
                b = last + 1
            first, end = max(first, a + 1), min(end, b - 1)
    return first, end


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def advance_allen_cahn(
    base: np.ndarray,
    start: np.ndarray,
    keep: float,
    rate: np.ndarray,
    divergence: np.ndarray,
    driven: bool,
    pore: np.ndarray,
    openings: tuple[np.ndarray, np.ndarray, np.ndarray],
    spans: np.ndarray,
    near: np.ndarray,
    plain: np.ndarray,
    inverse: tuple[float, float, float],
    mobility: float,
    well: tuple[float, float, float],
    step: float,
    out: np.ndarray,
) -> float:
    """One Runge-Kutta stage: out = keep start + (1 - keep) [base + step d(xi)/dt] in the owned near cells.

    Parameters
    ----------
    rate, divergence
        Growth by the reaction [1/s], and of a conservative flux besides, to be divided by the pore fraction; not read
        unless `driven`.
    spans, near
        Where the surface is (kernels.band).
    plain
        One where no host is within a cell (nineteen points at once), zero where openings have to be looked at.
    inverse
        Inverse squares of the cell edges (x, y, z) [1/m^2].
    mobility, well
        B [m^2/s], and `well_coefficients`.

    Returns
    -------
    float
        Metal fraction, summed over cells, that the double well took in this stage.
    """
    nz, ny, nx = base.shape
    share = (1.0 - keep) * step
    p, r, s = well[0] * mobility, well[1], well[2]
    ix, iy, iz = inverse
    cxy, cxz, cyz = mobility * (ix + iy) / 12.0, mobility * (ix + iz) / 12.0, mobility * (iy + iz) / 12.0
    cx = mobility * ix - 2.0 * (cxy + cxz)
    cy = mobility * iy - 2.0 * (cxy + cyz)
    cz = mobility * iz - 2.0 * (cxz + cyz)
    centre = 2.0 * (cx + cy + cz) + 4.0 * (cxy + cxz + cyz)
    beside, across = np.empty(nx), np.empty(nx)
    taken = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            first, end = spans[k, j, 0], spans[k, j, 1]
            if first >= end:
                continue
            left, right = _plain_cells(spans, near, k, j)
            here, before, after = base[k, j], start[k, j], out[k, j]
            south, north, below, above = base[k, j - 1], base[k, j + 1], base[k - 1, j], base[k + 1, j]
            sb, nb, sa, na = base[k - 1, j - 1], base[k - 1, j + 1], base[k + 1, j - 1], base[k + 1, j + 1]
            open_part, free = pore[k, j], plain[k, j]
            i = first
            while i < end:
                stop = _end_of_plain(free, i, min(end, right)) if i >= left else i
                if stop == i:
                    x, room = here[i], open_part[i]
                    if room > 0.0:
                        q = x * (1.0 - x)
                        loss = p * q * (1.0 - 2.0 * x) / (r + s * q)
                        change = mobility * _divergence(base, openings, near, k, j, i, inverse) / room - loss
                        if driven:
                            change += rate[k, j, i] + divergence[k, j, i] / room
                        taken += share * loss * room
                        after[i] = keep * before[i] + (1.0 - keep) * x + share * change
                    else:
                        after[i] = before[i]
                    i += 1
                    continue
                # One cell more on either side, for the differences along the row.
                wide, inner = slice(i - 1, stop + 1), slice(i, stop)
                ys, yn, zb, za = south[wide], north[wide], below[wide], above[wide]
                c0, c1, c2, c3 = sb[wide], nb[wide], sa[wide], na[wide]
                middle, row, side = here[wide], across[: stop - i + 2], beside[: stop - i + 2]
                for n in range(row.size):
                    y, z = ys[n] + yn[n], zb[n] + za[n]
                    side[n] = cx * middle[n] + cxy * y + cxz * z
                    row[n] = cy * y + cz * z + cyz * ((c0[n] + c1[n]) + (c2[n] + c3[n]))
                old, kept, target = here[inner], before[inner], after[inner]
                run = 0.0
                for n in range(old.size):
                    x = old[n]
                    q = x * (1.0 - x)
                    loss = p * q * (1.0 - 2.0 * x) / (r + s * q)
                    run += loss
                    row[n] = x + step * (row[n + 1] + (side[n] + side[n + 2]) - centre * x - loss)
                taken += share * run
                if driven:
                    growth, flow = rate[k, j, inner], divergence[k, j, inner]
                    for n in range(old.size):
                        row[n] += step * (growth[n] + flow[n])
                if keep == 0.0:
                    for n in range(old.size):
                        target[n] = row[n]
                else:
                    for n in range(old.size):
                        target[n] = keep * kept[n] + (1.0 - keep) * row[n]
                i = stop
    return taken
