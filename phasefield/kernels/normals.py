"""Compiled kernels of the metal's signed distance and normals in the cells near its surface, in single precision.

xi: metal fraction of the pore space; ghosted arrays [z, y, x]. The signed distance (in units of l) comes from the
profile itself, psi = ln(xi/(1 - xi)), positive in the metal; it is linear across the surface where xi is not. `spans`
holds the near cells of every row (kernels.band).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.phasefield.kernels.front import LARGEST_DISTANCE


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
