"""Compiled kernels that carry the reaction's feed to where the moving profile needs it.

The reaction feeds the surface with the weight w/l, a front that keeps its profile needs q/l, q = xi (1 - xi). The
difference integrates to zero across the surface; a flux along the normal n moves it to where it belongs. With the local
front velocity v = v0 + g s l across the surface (s = psi, the signed distance of kernels.normals) and its curvature K
it is -J n,

    J = v0 (I(xi) - xi) + g l M(s) + v K l E(s),    I, M, E: physics.interface.swept_share, weight_moment, curved_feed

Without it the profile leans against the regularisation (kernels.front), whatever l, and the reaction is off by some per
cent. It fades out in the tails (physics.interface.feed_fade). Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.phasefield.kernels.front import near_faces
from ramify.physics.interface import feed_at, feed_fade


@numba.njit(cache=True)
def set_speed_slope(
    speed: np.ndarray,
    spans: np.ndarray,
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
    inverse: tuple[float, float, float],
    width: float,
    slope: np.ndarray,
) -> None:
    """Change of the front velocity per width along the normal, l n . grad v, in the reacting cells.

    Differences reach reacting neighbours alone. Bounded by half the velocity: beyond, the surface is not thin.
    """
    nz, ny, _ = speed.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(spans[k, j, 0], spans[k, j, 1]):
                v = speed[k, j, i]
                slope[k, j, i] = 0.0
                if v == 0.0:
                    continue
                total = 0.0
                for axis in range(3):
                    if axis == 0:
                        lo, hi, n = speed[k, j, i - 1], speed[k, j, i + 1], normal_x[k, j, i]
                    elif axis == 1:
                        lo, hi, n = speed[k, j - 1, i], speed[k, j + 1, i], normal_y[k, j, i]
                    else:
                        lo, hi, n = speed[k - 1, j, i], speed[k + 1, j, i], normal_z[k, j, i]
                    if lo != 0.0 and hi != 0.0:
                        total += 0.5 * (hi - lo) * inverse[axis] * n
                    elif hi != 0.0:
                        total += (hi - v) * inverse[axis] * n
                    elif lo != 0.0:
                        total += (v - lo) * inverse[axis] * n
                bound = 0.5 * abs(v)
                slope[k, j, i] = min(max(width * total, -bound), bound)


@numba.njit(cache=True)
def set_bending(
    spans: np.ndarray,
    normal_x: np.ndarray,
    normal_y: np.ndarray,
    normal_z: np.ndarray,
    inverse: tuple[float, float, float],
    width: float,
    bending: np.ndarray,
) -> None:
    """Curvature times width, K l = -l div n, of the owned near cells; ghosts of the normals must be filled.

    Bounded by one half: what is bent more is not thin.
    """
    scale_x, scale_y, scale_z = (
        np.float32(0.5 * width * inverse[0]),
        np.float32(0.5 * width * inverse[1]),
        np.float32(0.5 * width * inverse[2]),
    )
    bound = np.float32(0.5)
    nz, ny, _ = bending.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(spans[k, j, 0], spans[k, j, 1]):
                x = scale_x * (normal_x[k, j, i + 1] - normal_x[k, j, i - 1])
                y = scale_y * (normal_y[k, j + 1, i] - normal_y[k, j - 1, i])
                z = scale_z * (normal_z[k + 1, j, i] - normal_z[k - 1, j, i])
                bending[k, j, i] = min(max(-(x + y + z), -bound), bound)


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def add_feed(
    xi: np.ndarray,
    psi: np.ndarray,
    normal: np.ndarray,
    opening: np.ndarray,
    speed: np.ndarray,
    slope: np.ndarray,
    bending: np.ndarray,
    spans: np.ndarray,
    near: np.ndarray,
    axis: tuple[int, int, int],
    inverse: float,
    divergence: np.ndarray,
) -> None:
    """Add the divergence [1/s] of the feed, -J n, through the faces across one axis.

    Parameters
    ----------
    psi
        Signed distance of `kernels.normals.set_distance`, in widths.
    speed
        Front velocity of the reacting cells [m/s], positive for growth; zero elsewhere, ghosts filled.
    slope
        Its change per width along the normal, g l [m/s].
    bending
        K l of `set_bending`.

    The others, and what is done at each face, as in `kernels.front.add_regularisation`.
    """
    az, ay, ax = axis
    nz, ny, nx = xi.shape
    fluxes = np.empty(nx)
    for k in range(1, nz - 1 + az):
        for j in range(1, ny - 1 + ay):
            first, end = near_faces(spans, near, k, j, axis)
            if first >= end:
                continue
            here, there = slice(first, end), slice(first - ax, end - ax)
            v_upper, v_lower = speed[k, j, here], speed[k - az, j - ay, there]
            fastest = 0.0
            for i in range(v_upper.size):
                fastest = max(fastest, abs(v_upper[i]) + abs(v_lower[i]))
            if fastest == 0.0:
                continue
            upper, lower, open_part = xi[k, j, here], xi[k - az, j - ay, there], opening[k, j, here]
            n_upper, n_lower = normal[k, j, here], normal[k - az, j - ay, there]
            s_upper, s_lower = psi[k, j, here], psi[k - az, j - ay, there]
            g_upper, g_lower = slope[k, j, here], slope[k - az, j - ay, there]
            k_upper, k_lower = bending[k, j, here], bending[k - az, j - ay, there]
            flux = fluxes[: end - first]
            for i in range(flux.size):
                hi, lo = min(max(upper[i], 0.0), 1.0), min(max(lower[i], 0.0), 1.0)
                s = 0.5 * (s_upper[i] + s_lower[i])
                g = 0.5 * (g_upper[i] + g_lower[i])
                v = 0.5 * (v_upper[i] + v_lower[i])
                # xi at the mean signed distance.
                metal, rest = math.sqrt(hi * lo), math.sqrt((1.0 - hi) * (1.0 - lo))
                share = 1.0 / (metal + rest + 1e-30)
                bend = 0.5 * (k_upper[i] + k_lower[i])
                excess, moment, curved = feed_at(0.5 * (metal - rest) * share, math.sqrt(metal * rest) * share, abs(s))
                n = 0.5 * (n_upper[i] + n_lower[i]) * feed_fade(metal * rest * share * share)
                flux[i] = -((v - g * s) * excess + g * moment + v * bend * curved) * n * open_part[i] * inverse
            losing, gaining = divergence[k, j, here], divergence[k - az, j - ay, there]
            for i in range(flux.size):
                losing[i] -= flux[i]
            for i in range(flux.size):
                gaining[i] += flux[i]
