"""Compiled kernels of magnesium in the diffuse surface of voids (voids.alloy.tail).

psi: signed distance to the surface in widths, positive in metal. Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import numba
import numpy as np


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
    least: float,
    shares: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Where each cell of a tail looks for metal: a share of one face neighbour along each axis, towards rising psi.

    By the normal's components over the cell edges, so that what is constant along the normal stays; signed by the side
    it looks to, their sizes one in all, or zero where psi rises nowhere beside it by more than `least` [1/m].
    """
    for n in range(cells.shape[0]):
        k, j, i = cells[n, 0], cells[n, 1], cells[n, 2]
        here, total, steepness = psi[k, j, i], 0.0, 0.0
        for axis in range(3):
            dk, dj, di = int(axis == 2), int(axis == 1), int(axis == 0)
            upper = psi[k + dk, j + dj, i + di] if openings[axis][k + dk, j + dj, i + di] > 0.0 else here
            lower = psi[k - dk, j - dj, i - di] if openings[axis][k, j, i] > 0.0 else here
            rise = (max(upper, lower) - here) * inverse[axis] * inverse[axis]
            shares[axis][k, j, i] = 0.0
            if rise > 0.0:
                shares[axis][k, j, i] = rise if upper >= lower else -rise
                total += rise
                steepness += rise * (max(upper, lower) - here)
        for axis in range(3):
            shares[axis][k, j, i] = shares[axis][k, j, i] / total if steepness > least * least else 0.0


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
