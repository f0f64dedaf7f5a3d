"""Compiled kernels of the multigrid: smoothing, residual transfer and coarsening of a seven-point operator.

    (A x)_P = d_P x_P - sum over the six faces of t_f x_N,     d_P = sum t_f + r_P

t: transmissibility of the face between a cell and its lower neighbour along an axis (zero at walls and at
inactive cells), r: reaction. Ghosted arrays [z, y, x], any floating type; index 1 is the first owned cell.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def set_diagonal(tx: np.ndarray, ty: np.ndarray, tz: np.ndarray, reaction: np.ndarray, diagonal: np.ndarray) -> None:
    """Diagonal of A; one where a cell is inactive, so that it keeps a zero correction."""
    nz, ny, nx = diagonal.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                d = (
                    tx[k, j, i] + tx[k, j, i + 1] + ty[k, j, i] + ty[k, j + 1, i] + tz[k, j, i] + tz[k + 1, j, i]
                ) + reaction[k, j, i]
                diagonal[k, j, i] = d if d > 0.0 else 1.0


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def smooth(
    x: np.ndarray,
    b: np.ndarray,
    tx: np.ndarray,
    ty: np.ndarray,
    tz: np.ndarray,
    diagonal: np.ndarray,
    colour: int,
    halves: int,
    from_zero: bool,
) -> None:
    """Half sweeps of red-black Gauss-Seidel in place, beginning with one colour of the chequerboard.

    All `halves` go through the box together, each a plane behind the one before it, so that the arrays are read from
    memory once; ghosts stay as they are, which is right for a single half sweep and where nothing fills them. With
    `from_zero` the first half starts from x = 0, whatever x holds. Rows are solved whole, for a compiler to make
    vectors of them, and cells of the other colour keep their values when the result is stored.
    """
    nz, ny, nx = x.shape
    solved = np.empty(nx, x.dtype)
    chosen = np.zeros(nx + 1, x.dtype)
    chosen[::2] = 1
    for front in range(1, nz - 2 + halves):
        for half in range(halves):
            k = front - half
            if k < 1 or k > nz - 2:
                continue
            for j in range(1, ny - 1):
                shift = (k + j + colour + half + 1) & 1
                if from_zero and half == 0:
                    for i in range(1, nx - 1):
                        x[k, j, i] = chosen[i + shift] * b[k, j, i] / diagonal[k, j, i]
                    continue
                for i in range(1, nx - 1):
                    solved[i] = (
                        b[k, j, i]
                        + tx[k, j, i] * x[k, j, i - 1]
                        + tx[k, j, i + 1] * x[k, j, i + 1]
                        + ty[k, j, i] * x[k, j - 1, i]
                        + ty[k, j + 1, i] * x[k, j + 1, i]
                        + tz[k, j, i] * x[k - 1, j, i]
                        + tz[k + 1, j, i] * x[k + 1, j, i]
                    ) / diagonal[k, j, i]
                for i in range(1, nx - 1):
                    x[k, j, i] += chosen[i + shift] * (solved[i] - x[k, j, i])


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def restrict_residual(
    x: np.ndarray,
    b: np.ndarray,
    tx: np.ndarray,
    ty: np.ndarray,
    tz: np.ndarray,
    diagonal: np.ndarray,
    coarse: np.ndarray,
    fx: int,
    fy: int,
    fz: int,
    colour: int,
) -> None:
    """Sum of the residual b - A x over each aggregate of fx x fy x fz cells.

    The colour smoothed last has no residual: only the other `colour` counts.
    """
    nz, ny, nx = x.shape
    coarse[:, :, :] = 0.0
    # One more than the row has, zero, for a last aggregate of one cell.
    rest = np.zeros(nx + 1, x.dtype)
    chosen = np.zeros(nx + 1, x.dtype)
    chosen[::2] = 1
    last = coarse.shape[2] - 1
    for k in range(1, nz - 1):
        kk = (k - 1) // fz + 1
        for j in range(1, ny - 1):
            jj = (j - 1) // fy + 1
            shift = (k + j + colour + 1) & 1
            for i in range(1, nx - 1):
                rest[i] = chosen[i + shift] * (
                    b[k, j, i]
                    + tx[k, j, i] * x[k, j, i - 1]
                    + tx[k, j, i + 1] * x[k, j, i + 1]
                    + ty[k, j, i] * x[k, j - 1, i]
                    + ty[k, j + 1, i] * x[k, j + 1, i]
                    + tz[k, j, i] * x[k - 1, j, i]
                    + tz[k + 1, j, i] * x[k + 1, j, i]
                    - diagonal[k, j, i] * x[k, j, i]
                )
            if fx == 2:
                for ii in range(1, last):
                    coarse[kk, jj, ii] += rest[2 * ii - 1] + rest[2 * ii]
            else:
                for ii in range(1, last):
                    coarse[kk, jj, ii] += rest[ii]


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_coarse(x: np.ndarray, coarse: np.ndarray, fx: int, fy: int, fz: int) -> None:
    """Add the coarse correction to every cell of its aggregate."""
    nz, ny, nx = x.shape
    for k in range(1, nz - 1):
        kk = (k - 1) // fz + 1
        for j in range(1, ny - 1):
            jj = (j - 1) // fy + 1
            if fx == 2:
                for ii in range(1, (nx - 2) // 2 + 1):
                    x[k, j, 2 * ii - 1] += coarse[kk, jj, ii]
                    x[k, j, 2 * ii] += coarse[kk, jj, ii]
                if (nx - 2) & 1:
                    x[k, j, nx - 2] += coarse[kk, jj, (nx - 1) // 2]
            else:
                for i in range(1, nx - 1):
                    x[k, j, i] += coarse[kk, jj, i]


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def coarsen_reaction(fine: np.ndarray, coarse: np.ndarray, fx: int, fy: int, fz: int) -> None:
    """Sum of the reaction over each aggregate."""
    nz, ny, nx = fine.shape
    coarse[:, :, :] = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                coarse[(k - 1) // fz + 1, (j - 1) // fy + 1, (i - 1) // fx + 1] += fine[k, j, i]


@numba.njit(cache=True, fastmath=True)
def set_inner_resistance(
    faces: np.ndarray, factors: tuple[int, int, int], axis: tuple[int, int, int], inner: np.ndarray
) -> None:
    """Resistance from every owned cell to the node of its aggregate, along one axis; zero where no link leads there.

    The node divides the link between the two cells: in the middle of a uniform aggregate, next to the better tied
    cell (by the better of its faces across the axis) of an unlike one, because the other hangs on that one. Half and
    half would put a badly conducting cell into the way of a good one that does not need it; where a conductor ends,
    coarse operators would grow ever softer than the fine one, and the cycle overshoot.

    `faces` and `inner` are ghosted; the ghosts of `faces` must be filled.
    """
    fz, fy, fx = factors
    az, ay, ax = axis
    inner[:, :, :] = 0.0
    if fz * az + fy * ay + fx * ax == 1:
        return
    nz, ny, nx = faces.shape
    for k in range(1 + az, nz - 1, 1 + az):
        for j in range(1 + ay, ny - 1, 1 + ay):
            for i in range(1 + ax, nx - 1, 1 + ax):
                link = faces[k, j, i]
                if link > 0.0:
                    lower = max(link, faces[k - az, j - ay, i - ax])
                    upper = max(link, faces[k + az, j + ay, i + ax])
                    share = lower / (lower + upper)
                    inner[k, j, i] = share / link
                    inner[k - az, j - ay, i - ax] = (1.0 - share) / link


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def coarsen_faces(
    fine: np.ndarray,
    inner: np.ndarray,
    coarse: np.ndarray,
    factors: tuple[int, int, int],
    axis: tuple[int, int, int],
) -> None:
    """Transmissibilities of the coarse faces across one axis, by the rules of series and parallel conductors.

    Each fine line through a coarse face runs from the node of one aggregate to the node of the other: the resistance
    inside the lower aggregate, the face, the resistance inside the upper one, in series. A missing link (an inactive
    cell) shortens its line instead of cutting it. The lines of a face act in parallel. On a uniform medium this is
    the operator discretised again; where walls cross an aggregate it keeps them.

    Parameters
    ----------
    fine, coarse
        Ghosted transmissibilities across the axis.
    inner
        Of `set_inner_resistance` along the axis; ghosts filled.
    factors, axis
        Aggregate edges (z, y, x), and the axis as a unit step (z, y, x).
    """
    fz, fy, fx = factors
    az, ay, ax = axis
    nz, ny, nx = fine.shape
    mz, my, mx = coarse.shape
    coarse[:, :, :] = 0.0
    for kk in range(1, mz - 1):
        for jj in range(1, my - 1):
            for ii in range(1, mx - 1):
                total = fine[0, 0, 0] * 0
                for dk in range(1 if az else fz):
                    k = fz * (kk - 1) + 1 + dk
                    for dj in range(1 if ay else fy):
                        j = fy * (jj - 1) + 1 + dj
                        for di in range(1 if ax else fx):
                            i = fx * (ii - 1) + 1 + di
                            if k > nz - 2 or j > ny - 2 or i > nx - 2:
                                continue
                            face = fine[k, j, i]
                            if face > 0.0:
                                total += 1.0 / (1.0 / face + inner[k, j, i] + inner[k - az, j - ay, i - ax])
                coarse[kk, jj, ii] = total
