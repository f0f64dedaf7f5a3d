"""Compiled kernels of the coupled salt and charge equations: residual, Jacobian, and its action.

Scaled unknowns C = c/c0, P = f phi (phasefield.properties); rows scaled by h^2/(D0 c0) and h^2 f/kappa0.
With I = -E (a grad P + d grad C) the scaled ionic current through a face and E its open, metal-free fraction
(times (h/h_axis)^2 on anisotropic cells),

    R_c = mu eps (C - C_h) - sum E D (C_N - C_P) + tau sum (t - t0) I + (1 - t0) tau s
    R_p = sum I + s,          s = h^2 f S / kappa0

sums over the six faces outwards; mu = h^2/(D0 beta dt), C_h the history of the time scheme. Inactive cells
(no electrolyte left) keep their values. A face belongs to the cell above it: index [k, j, i] of an array of
faces across an axis lies between that cell and its lower neighbour. Ghosted arrays, ghosts filled.

The Jacobian is stored by faces in single precision. It multiplies corrections, so its rounding costs
Newton nothing measurable, and it halves the traffic of the Krylov solver:

    charge row: pp (P_hi - P_lo) + ph C_hi - pl C_lo,      salt row: ch C_hi - cl C_lo + cp (P_hi - P_lo)

With a variable t+, cp = tau (t - t0) pp; tau (t - t0), the excess of a face, is the mean of its cells'.
"""

from __future__ import annotations

import numba
import numpy as np

from ramify.phasefield.properties import locate


@numba.njit(cache=True)
def evaluate_properties(
    ratio: np.ndarray, table: np.ndarray, inverse_step: float, values: np.ndarray, slopes: np.ndarray
) -> None:
    """Properties (a, d, D/D0, t+) and their derivatives by C in every cell, ghosts included; arrays (4, z, y, x)."""
    nz, ny, nx = ratio.shape
    intervals = table.shape[0]
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                index, x, inside = locate(ratio[k, j, i], inverse_step, intervals)
                for p in range(4):
                    q0, q1, q2, q3 = table[index, p, 0], table[index, p, 1], table[index, p, 2], table[index, p, 3]
                    values[p, k, j, i] = ((q3 * x + q2) * x + q1) * x + q0
                    slopes[p, k, j, i] = inside * inverse_step * ((3.0 * q3 * x + 2.0 * q2) * x + q1)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_face_residual(
    C: np.ndarray,
    P: np.ndarray,
    E: np.ndarray,
    values: np.ndarray,
    axis: tuple[int, int, int],
    transference: float,
    tau: float,
    residual_c: np.ndarray,
    residual_p: np.ndarray,
) -> None:
    """Add the fluxes through both faces across one axis (a unit step z, y, x) to the owned rows."""
    az, ay, ax = axis
    a, d, D, t = values[0], values[1], values[2], values[3]
    nz, ny, nx = C.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                lo_c, hi_c = C[k - az, j - ay, i - ax], C[k + az, j + ay, i + ax]
                lo_p, hi_p = P[k - az, j - ay, i - ax], P[k + az, j + ay, i + ax]
                e_lo, e_hi = 0.5 * E[k, j, i], 0.5 * E[k + az, j + ay, i + ax]
                c, p = C[k, j, i], P[k, j, i]
                i_lo = e_lo * (
                    (a[k, j, i] + a[k - az, j - ay, i - ax]) * (p - lo_p)
                    + (d[k, j, i] + d[k - az, j - ay, i - ax]) * (c - lo_c)
                )
                i_hi = e_hi * (
                    (a[k, j, i] + a[k + az, j + ay, i + ax]) * (p - hi_p)
                    + (d[k, j, i] + d[k + az, j + ay, i + ax]) * (c - hi_c)
                )
                residual_p[k, j, i] += i_lo + i_hi
                t_lo = 0.5 * (t[k, j, i] + t[k - az, j - ay, i - ax]) - transference
                t_hi = 0.5 * (t[k, j, i] + t[k + az, j + ay, i + ax]) - transference
                residual_c[k, j, i] += (
                    e_lo * (D[k, j, i] + D[k - az, j - ay, i - ax]) * (c - lo_c)
                    + e_hi * (D[k, j, i] + D[k + az, j + ay, i + ax]) * (c - hi_c)
                    + tau * (t_lo * i_lo + t_hi * i_hi)
                )


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def start_residual(
    C: np.ndarray,
    now: np.ndarray,
    old: np.ndarray,
    gamma: float,
    eps: np.ndarray,
    mu: float,
    source: np.ndarray,
    tau: float,
    residual_c: np.ndarray,
    residual_p: np.ndarray,
) -> None:
    """Storage and reaction of the owned rows; C_h = now + gamma (now - old), `tau` holds the factor (1 - t0)."""
    nz, ny, nx = C.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                history = now[k, j, i] + gamma * (now[k, j, i] - old[k, j, i])
                residual_c[k, j, i] = mu * eps[k, j, i] * (C[k, j, i] - history) + tau * source[k, j, i]
                residual_p[k, j, i] = source[k, j, i]


@numba.njit(cache=True, fastmath=True)
def set_diagonals(
    eps: np.ndarray,
    by_p: np.ndarray,
    by_c: np.ndarray,
    mu: float,
    tau: float,
    salt: np.ndarray,
    charge: np.ndarray,
) -> None:
    """Diagonals of both blocks besides the fluxes: storage and reaction of the owned cells; tau = (1 - t0) tau.

    Inactive cells have none, though their rows have: on coarser levels it would tie their active neighbours down.
    """
    nz, ny, nx = eps.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                salt[k, j, i] = mu * eps[k, j, i] + tau * by_c[k, j, i]
            for i in range(1, nx - 1):
                charge[k, j, i] = by_p[k, j, i]


@numba.njit(cache=True)
def set_excess(transferences: np.ndarray, transference: float, tau: float, excess: np.ndarray) -> None:
    """tau (t+ - t0) of every cell, ghosts included."""
    nz, ny, nx = excess.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                excess[k, j, i] = tau * (transferences[k, j, i] - transference)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def assemble_faces(
    C: np.ndarray,
    P: np.ndarray,
    E: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    axis: tuple[int, int, int],
    tau: float,
    excess: np.ndarray,
    faces: np.ndarray,
    diffusion: np.ndarray,
) -> None:
    """Jacobian coefficients of all faces across one axis, the upper end of the owned box included.

    `faces` is (5, z, y, x): pp, ph, pl, ch, cl; `excess` has one cell where t+ is constant. `diffusion` is E D alone,
    the symmetric part that the multigrid of the salt block uses.
    """
    az, ay, ax = axis
    nz, ny, nx = C.shape
    coupled = excess.size > 1
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            for i in range(1, nx - 1 + ax):
                lk, lj, li = k - az, j - ay, i - ax
                e = 0.5 * E[k, j, i]
                dc, dp = C[k, j, i] - C[lk, lj, li], P[k, j, i] - P[lk, lj, li]
                pp = e * (values[0, k, j, i] + values[0, lk, lj, li])
                pd = e * (values[1, k, j, i] + values[1, lk, lj, li])
                cd = e * (values[2, k, j, i] + values[2, lk, lj, li])
                ph = pd + e * (slopes[0, k, j, i] * dp + slopes[1, k, j, i] * dc)
                pl = pd - e * (slopes[0, lk, lj, li] * dp + slopes[1, lk, lj, li] * dc)
                ch = cd + e * slopes[2, k, j, i] * dc
                cl = cd - e * slopes[2, lk, lj, li] * dc
                if coupled:
                    t = 0.5 * (excess[k, j, i] + excess[lk, lj, li])
                    current = 0.5 * tau * (pp * dp + pd * dc)
                    ch += t * ph + current * slopes[3, k, j, i]
                    cl += t * pl - current * slopes[3, lk, lj, li]
                faces[0, k, j, i] = pp
                faces[1, k, j, i] = ph
                faces[2, k, j, i] = pl
                faces[3, k, j, i] = ch
                faces[4, k, j, i] = cl
                diffusion[k, j, i] = cd


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def apply_jacobian(
    C: np.ndarray,
    P: np.ndarray,
    fx: np.ndarray,
    fy: np.ndarray,
    fz: np.ndarray,
    eps: np.ndarray,
    mu: float,
    active: np.ndarray,
    by_p: np.ndarray,
    by_c: np.ndarray,
    excess: np.ndarray,
    tau: float,
    out_c: np.ndarray,
    out_p: np.ndarray,
) -> None:
    """Rows of J (C, P) for the owned cells; `out` arrays are owned cells alone, without ghosts.

    The storage is mu eps, and one in inactive cells, which keep their values. `by_p`, `by_c` are the derivatives of s,
    tau = (1 - t0) tau; `excess` has one cell where t+ is constant.
    """
    nz, ny, nx = C.shape
    coupled = excess.size > 1
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                c, p = C[k, j, i], P[k, j, i]
                cw, ce, cs, cn = C[k, j, i - 1], C[k, j, i + 1], C[k, j - 1, i], C[k, j + 1, i]
                cb, ct = C[k - 1, j, i], C[k + 1, j, i]
                pw, pe, ps, pn = P[k, j, i - 1] - p, P[k, j, i + 1] - p, P[k, j - 1, i] - p, P[k, j + 1, i] - p
                pb, pt = P[k - 1, j, i] - p, P[k + 1, j, i] - p
                reaction = by_p[k, j, i] * p + by_c[k, j, i] * c
                pw, pe = fx[0, k, j, i] * pw, fx[0, k, j, i + 1] * pe
                ps, pn = fy[0, k, j, i] * ps, fy[0, k, j + 1, i] * pn
                pb, pt = fz[0, k, j, i] * pb, fz[0, k + 1, j, i] * pt
                charge = (
                    ((pw + pe) + (ps + pn) + (pb + pt))
                    - fx[1, k, j, i] * c
                    + fx[2, k, j, i] * cw
                    + fx[1, k, j, i + 1] * ce
                    - fx[2, k, j, i + 1] * c
                    - fy[1, k, j, i] * c
                    + fy[2, k, j, i] * cs
                    + fy[1, k, j + 1, i] * cn
                    - fy[2, k, j + 1, i] * c
                    - fz[1, k, j, i] * c
                    + fz[2, k, j, i] * cb
                    + fz[1, k + 1, j, i] * ct
                    - fz[2, k + 1, j, i] * c
                )
                salt = (
                    -fx[3, k, j, i] * c
                    + fx[4, k, j, i] * cw
                    + fx[3, k, j, i + 1] * ce
                    - fx[4, k, j, i + 1] * c
                    - fy[3, k, j, i] * c
                    + fy[4, k, j, i] * cs
                    + fy[3, k, j + 1, i] * cn
                    - fy[4, k, j + 1, i] * c
                    - fz[3, k, j, i] * c
                    + fz[4, k, j, i] * cb
                    + fz[3, k + 1, j, i] * ct
                    - fz[4, k + 1, j, i] * c
                )
                if coupled:
                    t = excess[k, j, i]
                    salt += 0.5 * (
                        (t + excess[k, j, i - 1]) * pw
                        + (t + excess[k, j, i + 1]) * pe
                        + (t + excess[k, j - 1, i]) * ps
                        + (t + excess[k, j + 1, i]) * pn
                        + (t + excess[k - 1, j, i]) * pb
                        + (t + excess[k + 1, j, i]) * pt
                    )
                held = 1.0 - active[k, j, i]
                out_c[k - 1, j - 1, i - 1] = (mu * eps[k, j, i] + held) * c + tau * reaction - salt
                out_p[k - 1, j - 1, i - 1] = reaction - charge + held * p


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def charge_row_of_salt(
    C: np.ndarray,
    fx: np.ndarray,
    fy: np.ndarray,
    fz: np.ndarray,
    by_c: np.ndarray,
    right: np.ndarray,
    out: np.ndarray,
) -> None:
    """out = right - J_pc C on the owned cells: the charge block's right-hand side in block Gauss-Seidel.

    `right` has no ghosts, `out` has.
    """
    nz, ny, nx = C.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                c = C[k, j, i]
                out[k, j, i] = (
                    right[k - 1, j - 1, i - 1]
                    - by_c[k, j, i] * c
                    - (fx[1, k, j, i] + fx[2, k, j, i + 1]) * c
                    + fx[2, k, j, i] * C[k, j, i - 1]
                    + fx[1, k, j, i + 1] * C[k, j, i + 1]
                    - (fy[1, k, j, i] + fy[2, k, j + 1, i]) * c
                    + fy[2, k, j, i] * C[k, j - 1, i]
                    + fy[1, k, j + 1, i] * C[k, j + 1, i]
                    - (fz[1, k, j, i] + fz[2, k + 1, j, i]) * c
                    + fz[2, k, j, i] * C[k - 1, j, i]
                    + fz[1, k + 1, j, i] * C[k + 1, j, i]
                )
