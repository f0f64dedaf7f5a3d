"""Compiled kernels of ohmic electrons in metal and host.

Scaled like the charge row (kernels.transport): with Q = f phi_s and T = (h/h_axis)^2 sigma/kappa0 of a face,

    R_q = sum T (Q_P - Q_N) + T_b Q_P - s

T_b joins the bottom cells to the current collector, Q = 0. Cells that conduct no electrons keep their values.
"""

from __future__ import annotations

import numba
import numpy as np

THINNEST = 1e-4
"""Metal fraction below which a cell conducts no electrons and does not react: 2e-6 of the current."""


@numba.njit(cache=True)
def set_conductivity(
    xi: np.ndarray, pore: np.ndarray, host: np.ndarray, metal: float, largest: float, conductivity: np.ndarray
) -> None:
    """sigma/kappa0 of every cell: metal in its pore and host around it in parallel, capped; ghosts included.

    `host` is the host's own sigma/kappa0, of one cell (valid everywhere) or of every cell; zero if it insulates. Of an
    anisotropic host it is that of one direction, and the result is valid for faces across that direction.
    """
    nz, ny, nx = xi.shape
    varies = host.size > 1
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                solid = host[k, j, i] if varies else host[0, 0, 0]
                fraction = pore[k, j, i] * min(max(xi[k, j, i], 0.0), 1.0)
                # A tail of metal in a mostly solid cell is that of a surface elsewhere: the host alone conducts there.
                counts = fraction > THINNEST and (xi[k, j, i] > 0.5 or pore[k, j, i] >= 0.5 or solid <= 0.0)
                value = (metal * fraction if counts else 0.0) + solid * (1.0 - pore[k, j, i])
                conductivity[k, j, i] = min(value, largest)


@numba.njit(cache=True)
def reach_conductors(
    tx: np.ndarray, ty: np.ndarray, tz: np.ndarray, conductivity: np.ndarray, reached: np.ndarray
) -> int:
    """Let `reached` (one or zero, ghosts filled) spread by one layer along conducting faces; returns how many cells."""
    count = 0
    nz, ny, nx = conductivity.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if reached[k, j, i] > 0.0 or conductivity[k, j, i] <= 0.0:
                    continue
                if (
                    tx[k, j, i] * reached[k, j, i - 1]
                    + tx[k, j, i + 1] * reached[k, j, i + 1]
                    + ty[k, j, i] * reached[k, j - 1, i]
                    + ty[k, j + 1, i] * reached[k, j + 1, i]
                    + tz[k, j, i] * reached[k - 1, j, i]
                    + tz[k + 1, j, i] * reached[k + 1, j, i]
                ) > 0.0:
                    reached[k, j, i] = 1.0
                    count += 1
    return count


@numba.njit(cache=True)
def set_transmissibility(
    conductivity: np.ndarray, label: np.ndarray, axis: tuple[int, int, int], scale: float, faces: np.ndarray
) -> None:
    """Harmonic mean of the two cells at every face across one axis, times `scale`.

    Zero between cells of different pieces of metal (`label`): the tails of two diffuse surfaces overlap long before
    the pieces touch, and even a thousandth of a metal conducts better than the electrolyte.
    """
    az, ay, ax = axis
    nz, ny, nx = conductivity.shape
    for k in range(az, nz):
        for j in range(ay, ny):
            for i in range(ax, nx):
                a, b = conductivity[k, j, i], conductivity[k - az, j - ay, i - ax]
                joined = a > 0.0 and b > 0.0 and label[k, j, i] == label[k - az, j - ay, i - ax]
                faces[k, j, i] = scale * 2.0 * a * b / (a + b) if joined else 0.0


@numba.njit(cache=True, fastmath=True)
def apply_conduction(
    Q: np.ndarray,
    tx: np.ndarray,
    ty: np.ndarray,
    tz: np.ndarray,
    ground: np.ndarray,
    conductivity: np.ndarray,
    out: np.ndarray,
) -> None:
    """out = sum T (Q_P - Q_N) + T_b Q_P in the owned cells; Q itself where no electrons are conducted.

    `ground` (ny, nx) is T_b of the lowest owned layer, zero above the first rank; `out` has no ghosts.
    """
    nz, ny, nx = Q.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                q = Q[k, j, i]
                if conductivity[k, j, i] <= 0.0:
                    out[k - 1, j - 1, i - 1] = q
                    continue
                value = (
                    tx[k, j, i] * (q - Q[k, j, i - 1])
                    + tx[k, j, i + 1] * (q - Q[k, j, i + 1])
                    + ty[k, j, i] * (q - Q[k, j - 1, i])
                    + ty[k, j + 1, i] * (q - Q[k, j + 1, i])
                    + tz[k, j, i] * (q - Q[k - 1, j, i])
                    + tz[k + 1, j, i] * (q - Q[k + 1, j, i])
                )
                if k == 1:
                    value += ground[j - 1, i - 1] * q
                out[k - 1, j - 1, i - 1] = value
