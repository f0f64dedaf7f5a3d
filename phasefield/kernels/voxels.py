"""Compiled kernels of the voxel finite elements: forces, tangent, coarser elements, transfer between grids.

Node arrays (z, y, x, 3) have the shape of ghosted arrays of cells: node [k, j, i] is the lower corner of cell
[k, j, i]. The upper ghosts of the last rank along an axis hold the nodes of the outer face. Loops over cells run from
`first` (0 where a neighbouring rank's cell below shares nodes with ours, 1 at an outer face) to the last owned cell:
then the sums at owned nodes are whole, and those at ghosts are to be thrown away. Element matrices: mechanics.element.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, inline="always")
def _gather(u: np.ndarray, k: int, j: int, i: int, e: np.ndarray) -> None:
    for n in range(8):
        kk, jj, ii = k + (n >> 2), j + ((n >> 1) & 1), i + (n & 1)
        for c in range(3):
            e[3 * n + c] = u[kk, jj, ii, c]


@numba.njit(cache=True, inline="always")
def _scatter(f: np.ndarray, k: int, j: int, i: int, out: np.ndarray) -> None:
    for n in range(8):
        kk, jj, ii = k + (n >> 2), j + ((n >> 1) & 1), i + (n & 1)
        for c in range(3):
            out[kk, jj, ii, c] += f[3 * n + c]


@numba.njit(cache=True, fastmath=True)
def mean_strains(u: np.ndarray, B: np.ndarray, first: tuple[int, int, int], strain: np.ndarray) -> None:
    """Mean strain (z, y, x, 6) of every cell from `first`."""
    nz, ny, nx = u.shape[:3]
    e = np.empty(24)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                _gather(u, k, j, i, e)
                for m in range(6):
                    total = 0.0
                    for n in range(24):
                        total += B[m, n] * e[n]
                    strain[k, j, i, m] = total


@numba.njit(cache=True, fastmath=True)
def internal_forces(
    u: np.ndarray,
    stress: np.ndarray,
    stabiliser: np.ndarray,
    B: np.ndarray,
    G: np.ndarray,
    H: np.ndarray,
    volume: float,
    first: tuple[int, int, int],
    out: np.ndarray,
) -> None:
    """Forces of the cells on the nodes: V B^T sigma + mu G^T H G u, mu the `stabiliser` of the cell."""
    out[:] = 0.0
    nz, ny, nx = u.shape[:3]
    e, f, a, b = np.empty(24), np.empty(24), np.empty(12), np.empty(12)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                _gather(u, k, j, i, e)
                _hourglass(e, G, H, stabiliser[k, j, i], a, b)
                for n in range(24):
                    total = 0.0
                    for m in range(6):
                        total += B[m, n] * stress[k, j, i, m]
                    f[n] = volume * total
                _add_hourglass(b, G, f)
                _scatter(f, k, j, i, out)


@numba.njit(cache=True, fastmath=True, inline="always")
def _hourglass(e: np.ndarray, G: np.ndarray, H: np.ndarray, mu: float, a: np.ndarray, b: np.ndarray) -> None:
    """b = mu H G e."""
    for mode in range(4):
        for c in range(3):
            total = 0.0
            for n in range(8):
                total += G[3 * mode, 3 * n] * e[3 * n + c]
            a[3 * mode + c] = total
    for m in range(12):
        total = 0.0
        for n in range(12):
            total += H[m, n] * a[n]
        b[m] = mu * total


@numba.njit(cache=True, fastmath=True, inline="always")
def _add_hourglass(b: np.ndarray, G: np.ndarray, f: np.ndarray) -> None:
    """f += G^T b."""
    for n in range(8):
        for mode in range(4):
            sign = G[3 * mode, 3 * n]
            for c in range(3):
                f[3 * n + c] += sign * b[3 * mode + c]


@numba.njit(cache=True, fastmath=True)
def apply_cells(
    u: np.ndarray,
    tangent: np.ndarray,
    stabiliser: np.ndarray,
    B: np.ndarray,
    G: np.ndarray,
    H: np.ndarray,
    volume: float,
    first: tuple[int, int, int],
    out: np.ndarray,
) -> None:
    """out = K u, K of the cells' tangents (21 numbers each) and stabilisers."""
    out[:] = 0.0
    nz, ny, nx = u.shape[:3]
    e, f, a, b = np.empty(24), np.empty(24), np.empty(12), np.empty(12)
    strain, stress = np.empty(6), np.empty(6)
    gx, gy, gz = abs(B[0, 0]), abs(B[1, 1]), abs(B[2, 2])
    root = np.sqrt(0.5)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                _gather(u, k, j, i, e)
                strain[:] = 0.0
                for n in range(8):
                    sx = gx if n & 1 else -gx
                    sy = gy if n & 2 else -gy
                    sz = gz if n & 4 else -gz
                    ux, uy, uz = e[3 * n], e[3 * n + 1], e[3 * n + 2]
                    strain[0] += sx * ux
                    strain[1] += sy * uy
                    strain[2] += sz * uz
                    strain[3] += root * (sz * uy + sy * uz)
                    strain[4] += root * (sz * ux + sx * uz)
                    strain[5] += root * (sy * ux + sx * uy)
                stress[:] = 0.0
                place = 0
                for p in range(6):
                    stress[p] += tangent[k, j, i, place] * strain[p]
                    place += 1
                    for q in range(p + 1, 6):
                        value = tangent[k, j, i, place]
                        stress[p] += value * strain[q]
                        stress[q] += value * strain[p]
                        place += 1
                _hourglass(e, G, H, stabiliser[k, j, i], a, b)
                for p in range(6):
                    stress[p] *= volume
                for n in range(8):
                    sx = gx if n & 1 else -gx
                    sy = gy if n & 2 else -gy
                    sz = gz if n & 4 else -gz
                    f[3 * n] = sx * stress[0] + root * (sz * stress[4] + sy * stress[5])
                    f[3 * n + 1] = sy * stress[1] + root * (sz * stress[3] + sx * stress[5])
                    f[3 * n + 2] = sz * stress[2] + root * (sy * stress[3] + sx * stress[4])
                _add_hourglass(b, G, f)
                _scatter(f, k, j, i, out)


@numba.njit(cache=True, fastmath=True)
def cell_diagonals(
    tangent: np.ndarray,
    stabiliser: np.ndarray,
    B: np.ndarray,
    own: np.ndarray,
    volume: float,
    first: tuple[int, int, int],
    out: np.ndarray,
) -> None:
    """Diagonal of K at the nodes; `own` is that of G^T H G (24)."""
    out[:] = 0.0
    nz, ny, nx = out.shape[:3]
    f = np.empty(24)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                for n in range(24):
                    total, place = 0.0, 0
                    for p in range(6):
                        for q in range(p, 6):
                            twice = 1.0 if p == q else 2.0
                            total += twice * tangent[k, j, i, place] * B[p, n] * B[q, n]
                            place += 1
                    f[n] = volume * total + stabiliser[k, j, i] * own[n]
                _scatter(f, k, j, i, out)


@numba.njit(cache=True, fastmath=True)
def coarsen_cells(
    tangent: np.ndarray,
    stabiliser: np.ndarray,
    strains: np.ndarray,
    stabilisers: np.ndarray,
    volume: float,
    factors: tuple[int, int, int],
    out: np.ndarray,
) -> None:
    """Galerkin elements (300 numbers) of the owned coarse cells from cells; factors (z, y, x) are 1 or 2."""
    nz, ny, nx = tangent.shape[0] - 2, tangent.shape[1] - 2, tangent.shape[2] - 2
    C, CB = np.empty((6, 6)), np.empty((6, 24))
    for K in range(1, out.shape[0] - 1):
        for J in range(1, out.shape[1] - 1):
            for I in range(1, out.shape[2] - 1):
                element = out[K, J, I]
                element[:] = 0.0
                k0, j0, i0 = factors[0] * (K - 1), factors[1] * (J - 1), factors[2] * (I - 1)
                mz, my, mx = min(factors[0], nz - k0), min(factors[1], ny - j0), min(factors[2], nx - i0)
                kind = (mx - 1) + 2 * (my - 1) + 4 * (mz - 1)
                for dk in range(mz):
                    for dj in range(my):
                        for di in range(mx):
                            cell = (k0 + dk + 1, j0 + dj + 1, i0 + di + 1)
                            child = di + 2 * dj + 4 * dk
                            place = 0
                            for p in range(6):
                                for q in range(p, 6):
                                    C[p, q] = C[q, p] = volume * tangent[cell][place]
                                    place += 1
                            _add_element(
                                C, stabiliser[cell], strains[kind, child], stabilisers[kind, child], CB, element
                            )


@numba.njit(cache=True, fastmath=True)
def _add_element(C: np.ndarray, mu: float, B: np.ndarray, own: np.ndarray, CB: np.ndarray, element: np.ndarray) -> None:
    """element += B^T C B + mu own, upper triangle."""
    for p in range(6):
        for n in range(24):
            total = 0.0
            for q in range(6):
                total += C[p, q] * B[q, n]
            CB[p, n] = total
    place = 0
    for m in range(24):
        for n in range(m, 24):
            total = mu * own[place]
            for p in range(6):
                total += B[p, m] * CB[p, n]
            element[place] += total
            place += 1


@numba.njit(cache=True, fastmath=True)
def coarsen_elements(fine: np.ndarray, weights: np.ndarray, factors: tuple[int, int, int], out: np.ndarray) -> None:
    """Galerkin elements of the owned coarse cells from elements; `weights` of `element.parent_weights`."""
    nz, ny, nx = fine.shape[0] - 2, fine.shape[1] - 2, fine.shape[2] - 2
    full, half, whole = np.empty((24, 24)), np.empty((24, 24)), np.empty((24, 24))
    for K in range(1, out.shape[0] - 1):
        for J in range(1, out.shape[1] - 1):
            for I in range(1, out.shape[2] - 1):
                k0, j0, i0 = factors[0] * (K - 1), factors[1] * (J - 1), factors[2] * (I - 1)
                mz, my, mx = min(factors[0], nz - k0), min(factors[1], ny - j0), min(factors[2], nx - i0)
                kind = (mx - 1) + 2 * (my - 1) + 4 * (mz - 1)
                whole[:] = 0.0
                for dk in range(mz):
                    for dj in range(my):
                        for di in range(mx):
                            element = fine[k0 + dk + 1, j0 + dj + 1, i0 + di + 1]
                            place = 0
                            for m in range(24):
                                for n in range(m, 24):
                                    full[m, n] = full[n, m] = element[place]
                                    place += 1
                            _project(full, weights[kind, di + 2 * dj + 4 * dk], half, whole)
                place = 0
                for m in range(24):
                    for n in range(m, 24):
                        out[K, J, I, place] = whole[m, n]
                        place += 1


@numba.njit(cache=True, fastmath=True)
def _project(full: np.ndarray, p: np.ndarray, half: np.ndarray, whole: np.ndarray) -> None:
    """whole += P^T full P, P = p x 1 (unknowns node by node)."""
    for m in range(24):
        for N in range(8):
            for c in range(3):
                total = 0.0
                for n in range(8):
                    total += full[m, 3 * n + c] * p[n, N]
                half[m, 3 * N + c] = total
    for M in range(8):
        for m in range(8):
            weight = p[m, M]
            if weight != 0.0:
                for c in range(3):
                    for n in range(24):
                        whole[3 * M + c, n] += weight * half[3 * m + c, n]


@numba.njit(cache=True, fastmath=True)
def apply_elements(u: np.ndarray, elements: np.ndarray, first: tuple[int, int, int], out: np.ndarray) -> None:
    """out = K u with stored elements."""
    out[:] = 0.0
    nz, ny, nx = u.shape[:3]
    e, f = np.empty(24, u.dtype), np.empty(24, u.dtype)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                _gather(u, k, j, i, e)
                element = elements[k, j, i]
                f[:] = 0.0
                place = 0
                for m in range(24):
                    here, total = e[m], element[place] * e[m]
                    place += 1
                    for n in range(m + 1, 24):
                        value = element[place + n - m - 1]
                        total += value * e[n]
                        f[n] += value * here
                    place += 23 - m
                    f[m] += total
                _scatter(f, k, j, i, out)


@numba.njit(cache=True)
def element_diagonals(elements: np.ndarray, first: tuple[int, int, int], out: np.ndarray) -> None:
    """Diagonal of K at the nodes."""
    out[:] = 0.0
    nz, ny, nx = out.shape[:3]
    f = np.empty(24)
    for k in range(first[0], nz - 1):
        for j in range(first[1], ny - 1):
            for i in range(first[2], nx - 1):
                place = 0
                for m in range(24):
                    f[m] = elements[k, j, i, place]
                    place += 24 - m
                _scatter(f, k, j, i, out)


@numba.njit(cache=True, fastmath=True)
def chebyshev_step(
    b: np.ndarray, Ax: np.ndarray, inverse: np.ndarray, keep: float, add: float, d: np.ndarray, x: np.ndarray
) -> None:
    """d = keep d + add D^-1 (b - A x), x += d; `inverse` is zero where nothing may move."""
    nz, ny, nx, _ = x.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                for c in range(3):
                    step = keep * d[k, j, i, c] + add * inverse[k, j, i, c] * (b[k, j, i, c] - Ax[k, j, i, c])
                    d[k, j, i, c] = step
                    x[k, j, i, c] += step


@numba.njit(cache=True, fastmath=True)
def restrict(
    r: np.ndarray,
    tables: tuple[np.ndarray, np.ndarray, np.ndarray],
    weights: tuple[np.ndarray, np.ndarray, np.ndarray],
    out: np.ndarray,
) -> None:
    """Coarse node forces from fine ones: `tables` (z, y, x) give three fine nodes of each coarse one."""
    tz, ty, tx = tables
    wz, wy, wx = weights
    for K in range(1, out.shape[0]):
        for J in range(1, out.shape[1]):
            for I in range(1, out.shape[2]):
                s0, s1, s2 = 0.0, 0.0, 0.0
                for a in range(3):
                    for b in range(3):
                        for c in range(3):
                            w = wz[K, a] * wy[J, b] * wx[I, c]
                            if w != 0.0:
                                k, j, i = tz[K, a], ty[J, b], tx[I, c]
                                s0 += w * r[k, j, i, 0]
                                s1 += w * r[k, j, i, 1]
                                s2 += w * r[k, j, i, 2]
                out[K, J, I, 0], out[K, J, I, 1], out[K, J, I, 2] = s0, s1, s2


@numba.njit(cache=True, fastmath=True)
def prolong(
    coarse: np.ndarray,
    tables: tuple[np.ndarray, np.ndarray, np.ndarray],
    weights: tuple[np.ndarray, np.ndarray, np.ndarray],
    x: np.ndarray,
) -> None:
    """x += the trilinear interpolation of coarse values; `tables` (z, y, x) give two coarse nodes of each fine one."""
    tz, ty, tx = tables
    wz, wy, wx = weights
    for k in range(1, x.shape[0]):
        for j in range(1, x.shape[1]):
            for i in range(1, x.shape[2]):
                for a in range(2):
                    for b in range(2):
                        for c in range(2):
                            w = wz[k, a] * wy[j, b] * wx[i, c]
                            if w != 0.0:
                                K, J, I = tz[k, a], ty[j, b], tx[i, c]
                                for m in range(3):
                                    x[k, j, i, m] += w * coarse[K, J, I, m]
