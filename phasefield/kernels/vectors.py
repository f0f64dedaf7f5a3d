"""Compiled kernels on flat vectors of the Krylov method: kept in single precision, summed in double.

They go through the vectors in blocks that stay in the cache, so that each is read from memory once.
"""

from __future__ import annotations

import numba
import numpy as np

BLOCK = 4096


@numba.njit(cache=True, fastmath=True)
def dot_all(rows: np.ndarray, count: int, w: np.ndarray, out: np.ndarray) -> None:
    """out[m] = rows[2 m] . w for the first `count` of every other vector; w is in double precision."""
    out[:count] = 0.0
    for start in range(0, w.size, BLOCK):
        piece = w[start : start + BLOCK]
        for m in range(count):
            vector = rows[2 * m, start : start + BLOCK]
            total = 0.0
            for i in range(piece.size):
                total += vector[i] * piece[i]
            out[m] += total


@numba.njit(cache=True, fastmath=True)
def subtract_all(rows: np.ndarray, first: int, shares: np.ndarray, w: np.ndarray) -> float:
    """w -= sum of shares[m] rows[first + 2 m]; returns w . w."""
    square = 0.0
    for start in range(0, w.size, BLOCK):
        piece = w[start : start + BLOCK]
        for m in range(shares.size):
            vector, share = rows[first + 2 * m, start : start + BLOCK], shares[m]
            for i in range(piece.size):
                piece[i] -= share * vector[i]
        for i in range(piece.size):
            square += piece[i] * piece[i]
    return square


@numba.njit(cache=True, fastmath=True)
def scale_into(w: np.ndarray, factor: float, out: np.ndarray) -> None:
    """out = factor w, rounded to single precision."""
    for i in range(w.size):
        out[i] = factor * w[i]


@numba.njit(cache=True, fastmath=True)
def negate_into(w: np.ndarray, out: np.ndarray) -> None:
    """out = -w of the owned cells of a ghosted array, as a flat vector."""
    nz, ny, nx = w.shape
    n = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                out[n + i - 1] = -w[k, j, i]
            n += nx - 2


@numba.njit(cache=True, fastmath=True)
def sum_marked(r: np.ndarray, marked: np.ndarray) -> float:
    """Sum of a vector's entries whose mark (0 or 1) is set."""
    total = 0.0
    for n in range(marked.size):
        total += r[n] if marked[n] else 0.0
    return total


@numba.njit(cache=True, fastmath=True)
def shift_marked(y: np.ndarray, marked: np.ndarray, shift: float) -> None:
    """Add a number to a vector's entries whose mark (0 or 1) is set."""
    for n in range(marked.size):
        y[n] += shift if marked[n] else 0.0


@numba.njit(cache=True, fastmath=True)
def add_times(y: np.ndarray, change: np.ndarray, factor: float) -> None:
    """y += factor change."""
    for n in range(y.size):
        y[n] += factor * change[n]


@numba.njit(cache=True, fastmath=True)
def subtract_images(r: np.ndarray, images: np.ndarray, shift: np.ndarray, out: np.ndarray) -> None:
    """out = r - sum of shift[m] images[m]."""
    for start in range(0, r.size, BLOCK):
        piece, source = out[start : start + BLOCK], r[start : start + BLOCK]
        for i in range(piece.size):
            piece[i] = source[i]
        for m in range(shift.size):
            image, share = images[m, start : start + BLOCK], np.float32(shift[m])
            for i in range(piece.size):
                piece[i] -= share * image[i]


@numba.njit(cache=True, fastmath=True)
def largest_size(values: np.ndarray) -> float:
    """Largest absolute value; NaN anywhere is NaN."""
    largest, total = 0.0, 0.0
    for i in range(values.size):
        largest = max(largest, abs(values[i]))
        total += values[i]
    return largest if total - total == 0.0 else np.nan


@numba.njit(cache=True)
def smallest_share(C: np.ndarray, change: np.ndarray, kept: float) -> float:
    """Largest damping, up to one, of a flat `change` of the owned cells that leaves the share `kept` of C."""
    nz, ny, nx = C.shape
    damping, n = 1.0, 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                fall = -change[n]
                if fall > 0.0:
                    room = (1.0 - kept) * max(C[k, j, i], 0.0)
                    if room < damping * fall:
                        damping = room / fall
                n += 1
    return damping


@numba.njit(cache=True, fastmath=True)
def add_scaled(values: np.ndarray, change: np.ndarray, factor: float) -> None:
    """Add factor times a flat vector to the owned cells of a ghosted array."""
    nz, ny, nx = values.shape
    n = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                values[k, j, i] += factor * change[n + i - 1]
            n += nx - 2


@numba.njit(cache=True, fastmath=True)
def fill_owned(flat: np.ndarray, values: np.ndarray) -> None:
    """Owned cells of a ghosted array from a flat vector."""
    nz, ny, nx = values.shape
    n = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            row, source = values[k, j, 1:-1], flat[n : n + nx - 2]
            for i in range(row.size):
                row[i] = source[i]
            n += nx - 2


@numba.njit(cache=True, fastmath=True)
def take_owned(values: np.ndarray, flat: np.ndarray) -> None:
    """Flat vector of the owned cells of a ghosted array."""
    nz, ny, nx = values.shape
    n = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            row, target = values[k, j, 1:-1], flat[n : n + nx - 2]
            for i in range(row.size):
                target[i] = row[i]
            n += nx - 2


@numba.njit(cache=True)
def least_squares(hessenberg: np.ndarray, norm: float, shares: np.ndarray) -> float:
    """Shares that bring the product of an upper Hessenberg matrix (n + 1, n) closest to (norm, 0, ..., 0).

    By Givens rotations. Returns the distance left; not a number if the matrix is not finite.
    """
    count = shares.size
    upper, right = hessenberg[: count + 1, :count].copy(), np.zeros(count + 1)
    right[0] = norm
    for n in range(count):
        a, b = upper[n, n], upper[n + 1, n]
        length = np.hypot(a, b)
        if length == 0.0:
            continue
        c, s = a / length, b / length
        for m in range(n, count):
            top, low = upper[n, m], upper[n + 1, m]
            upper[n, m], upper[n + 1, m] = c * top + s * low, c * low - s * top
        right[n], right[n + 1] = c * right[n], -s * right[n]
    for n in range(count - 1, -1, -1):
        rest = right[n]
        for m in range(n + 1, count):
            rest -= upper[n, m] * shares[m]
        shares[n] = rest / upper[n, n] if upper[n, n] != 0.0 else 0.0
    return abs(right[count])
