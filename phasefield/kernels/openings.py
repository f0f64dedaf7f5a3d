"""Compiled kernels: how much of a cell, and of a face, a surface leaves open.

Inside a cell the signed distance is a plane, d = d0 + g.x about the middle, fitted to the values at the corners. With
m_i = |g_i| h_i sorted, their sum one, and a = min(s, 1 - s), s = 1/2 + d0/sum |g_i| h_i, the open fraction is the
volume that a plane cuts off the unit cube (Scardovelli and Zaleski, J. Comput. Phys. 164 (2000) 228): exact for
planes of any orientation and for cells of any shape, and the same for any multiple of d. A face is a cube without
thickness. Summed over a smooth surface the error is of second order in the cell edge. Where no corner is open, or none
is closed, nothing is cut: a plane fitted across an edge of the host would leave a sliver in a cell that is full.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def open_fraction(middle: float, rise_x: float, rise_y: float, rise_z: float) -> float:
    """Fraction of a box in which d > 0: d in the middle and its differences across the box."""
    a, b, c = abs(rise_x), abs(rise_y), abs(rise_z)
    total = a + b + c
    if total <= 1e-300:
        return 1.0 if middle > 0.0 else 0.0 if middle < 0.0 else 0.5
    share = 0.5 + middle / total
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    m1 = min(a, b, c) / total
    m3 = max(a, b, c) / total
    m2 = max(1.0 - m1 - m3, m1)
    volume = _cut_off(min(share, 1.0 - share), m1, m2, m3)
    return volume if share <= 0.5 else 1.0 - volume


@numba.njit(cache=True)
def _cut_off(share: float, m1: float, m2: float, m3: float) -> float:
    """Volume below the plane m.x = share of the unit cube; m sorted, their sum one, the share at most a half."""
    both = m1 + m2
    if share < m1:
        return share**3 / (6.0 * m1 * m2 * m3)
    if share < m2:
        return share * (share - m1) / (2.0 * m2 * m3) + (m1 * m1 / (6.0 * m2 * m3) if m1 > 0.0 else 0.0)
    if share >= both:  # then both < m3: the plane cuts all four edges along the steepest axis
        return (2.0 * share - both) / (2.0 * m3)
    cubes = share * share * (3.0 * both - share) + m1 * m1 * (m1 - 3.0 * share) + m2 * m2 * (m2 - 3.0 * share)
    if share >= m3:
        cubes = (
            share * share * (3.0 - 2.0 * share)
            + m1 * m1 * (m1 - 3.0 * share)
            + m2 * m2 * (m2 - 3.0 * share)
            + m3 * m3 * (m3 - 3.0 * share)
        )
    return cubes / (6.0 * m1 * m2 * m3)


@numba.njit(cache=True)
def open_cells(d: np.ndarray, out: np.ndarray) -> None:
    """Open fractions of cells [z, y, x] from the distances at their corners, one more along every axis."""
    nz, ny, nx = out.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                low_low = d[k, j, i] + d[k, j, i + 1]
                low_high = d[k, j + 1, i] + d[k, j + 1, i + 1]
                high_low = d[k + 1, j, i] + d[k + 1, j, i + 1]
                high_high = d[k + 1, j + 1, i] + d[k + 1, j + 1, i + 1]
                left = d[k, j, i] + d[k, j + 1, i] + d[k + 1, j, i] + d[k + 1, j + 1, i]
                total = low_low + low_high + high_low + high_high
                lowest, highest = np.inf, -np.inf
                for corner in range(8):
                    value = d[k + corner // 4, j + corner // 2 % 2, i + corner % 2]
                    lowest, highest = min(lowest, value), max(highest, value)
                if highest <= 0.0 or lowest >= 0.0:
                    out[k, j, i] = 0.0 if highest <= 0.0 else 1.0
                    continue
                out[k, j, i] = open_fraction(
                    0.125 * total,
                    0.25 * (total - 2.0 * left),
                    0.25 * (low_high + high_high - low_low - high_low),
                    0.25 * (high_low + high_high - low_low - low_high),
                )


@numba.njit(cache=True)
def open_faces(d: np.ndarray, axis: tuple[int, int, int], out: np.ndarray) -> None:
    """Open fractions of the lower faces of cells [z, y, x] across one axis, from the distances at the corners.

    `axis` is (0, 0, 1), (0, 1, 0) or (1, 0, 0) for the faces across x, y, z.
    """
    az, _, ax = axis
    # The two directions within the face.
    pz, py, px = (0, 1, 0) if az else (1, 0, 0)
    qz, qy, qx = (0, 1, 0) if ax else (0, 0, 1)
    nz, ny, nx = out.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                here, over = d[k, j, i], d[k + pz, j + py, i + px]
                beside, both = d[k + qz, j + qy, i + qx], d[k + pz + qz, j + py + qy, i + px + qx]
                lowest, highest = min(here, over, beside, both), max(here, over, beside, both)
                if highest <= 0.0 or lowest >= 0.0:
                    out[k, j, i] = 0.0 if highest <= 0.0 else 1.0
                    continue
                out[k, j, i] = open_fraction(
                    0.25 * (here + over + beside + both),
                    0.5 * (over + both - here - beside),
                    0.5 * (beside + both - here - over),
                    0.0,
                )
