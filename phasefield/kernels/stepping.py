"""Compiled kernels of one time step: prediction, error, projection onto the balances, sums of the books.

Each goes through its arrays once. Sums are taken row by row, so that their rounding stays that of a row's.
Ghosted arrays [z, y, x].
"""

from __future__ import annotations

import math

import numba
import numpy as np

LARGEST_TREND = 4.0
"""Factor on xi/(1 - xi) that a step extrapolates at most: a front needs less, a spot that has just appeared more."""
STILL = 1e-13
"""Cells whose metal has changed by no more than this in the last step are not extrapolated."""


@numba.njit(cache=True)
def extrapolate_metal(now: np.ndarray, old: np.ndarray, ratio: float, guess: np.ndarray) -> None:
    """Metal at the end of a step, linear in time in ln(xi/(1 - xi)) where both states have a surface; ghosts too."""
    nz, ny, nx = now.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                a, b = now[k, j, i], old[k, j, i]
                if abs(a - b) <= STILL:
                    guess[k, j, i] = a
                    continue
                a, b = min(max(a, 1e-12), 1.0 - 1e-12), min(max(b, 1e-12), 1.0 - 1e-12)
                trend = min(math.pow((a * (1.0 - b)) / (b * (1.0 - a)), ratio), LARGEST_TREND)
                grown = (a / (1.0 - a)) * trend
                guess[k, j, i] = grown / (1.0 + grown)


@numba.njit(cache=True)
def extend_active(now: np.ndarray, old: np.ndarray, active: np.ndarray, share: float, out: np.ndarray) -> None:
    """out = now + share (now - old) in active cells, now in others; ghosts too."""
    nz, ny, nx = now.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                trend = share * (now[k, j, i] - old[k, j, i]) if active[k, j, i] > 0 else 0.0
                out[k, j, i] = now[k, j, i] + trend


@numba.njit(cache=True)
def keep_share(now: np.ndarray, least: float, out: np.ndarray) -> None:
    """Raise `out` to `least` times now where it is below; ghosts too."""
    nz, ny, nx = now.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                out[k, j, i] = max(out[k, j, i], least * now[k, j, i])


@numba.njit(cache=True)
def set_front_speed(
    source: np.ndarray, weight: np.ndarray, factor: float, strong: float, speed: np.ndarray
) -> tuple[float, float]:
    """speed = factor source/weight where there is a weight, zero elsewhere, in the owned cells.

    Returns
    -------
    largest, total
        Largest size where the weight exceeds `strong`; the sum of the source, finite only if all of it is.
    """
    nz, ny, nx = source.shape
    largest, total = 0.0, 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            row = 0.0
            for i in range(1, nx - 1):
                w, s = weight[k, j, i], source[k, j, i]
                row += s
                value = factor * s / w if w > 0.0 else 0.0
                speed[k, j, i] = value
                if w > strong and abs(value) > largest:
                    largest = abs(value)
            total += row
    return largest, total


@numba.njit(cache=True)
def largest_ratio(values: np.ndarray, weight: np.ndarray, strong: float) -> float:
    """Largest values/weight of the owned cells whose weight exceeds `strong`; zero without any."""
    nz, ny, nx = weight.shape
    largest = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if weight[k, j, i] > strong:
                    largest = max(largest, values[k, j, i] / weight[k, j, i])
    return largest


@numba.njit(cache=True)
def mean_where_both(now: np.ndarray, old: np.ndarray, out: np.ndarray) -> None:
    """out = (now + old)/2 where neither is zero, now elsewhere; ghosts too."""
    nz, ny, nx = now.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                a, b = now[k, j, i], old[k, j, i]
                out[k, j, i] = 0.5 * (a + b) if a != 0.0 and b != 0.0 else a


@numba.njit(cache=True, fastmath=True)
def largest_error(
    states: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    weights: tuple[float, float, float, float],
    active: np.ndarray,
    xi: np.ndarray,
) -> float:
    """Largest |sum of weights times states| over the owned cells, times what metal leaves free; negative if not finite.

    `states` are C at the end of the step and at the ends of the three before; one that is not there has weight zero.
    """
    new, now, old, older = states
    a, b, c, d = weights
    nz, ny, nx = xi.shape
    largest, total = 0.0, 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                error = a * new[k, j, i] + b * now[k, j, i] + c * old[k, j, i] + d * older[k, j, i]
                error = abs(error) * active[k, j, i] * max(1.0 - xi[k, j, i], 0.0)
                largest = max(largest, error)
                total += error
    return largest if total <= 1e300 else -1.0


@numba.njit(cache=True, fastmath=True)
def sum_reaction(source: np.ndarray, by_p: np.ndarray) -> tuple[float, float, float]:
    """Sums over the owned cells of the reaction, of its derivative by P, and of its size."""
    nz, ny, nx = source.shape
    total, slope, size = 0.0, 0.0, 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            a, b, c = 0.0, 0.0, 0.0
            for i in range(1, nx - 1):
                a += source[k, j, i]
                b += by_p[k, j, i]
                c += abs(source[k, j, i])
            total, slope, size = total + a, slope + b, size + c
    return total, slope, size


@numba.njit(cache=True, fastmath=True)
def add_times(values: np.ndarray, change: np.ndarray, factor: float) -> None:
    """values += factor change in the owned cells."""
    nz, ny, nx = values.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                values[k, j, i] += factor * change[k, j, i]


@numba.njit(cache=True, fastmath=True)
def sum_stored(eps: np.ndarray, C: np.ndarray, now: np.ndarray, old: np.ndarray, gamma: float) -> tuple[float, float]:
    """Sums over the owned cells of eps (C - C_h), C_h = now + gamma (now - old), and of eps."""
    nz, ny, nx = C.shape
    stored, room = 0.0, 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            a, b = 0.0, 0.0
            for i in range(1, nx - 1):
                history = now[k, j, i] + gamma * (now[k, j, i] - old[k, j, i])
                a += eps[k, j, i] * (C[k, j, i] - history)
                b += eps[k, j, i]
            stored, room = stored + a, room + b
    return stored, room


@numba.njit(cache=True, fastmath=True)
def sum_books(
    pore: np.ndarray,
    eps: np.ndarray,
    xi_new: np.ndarray,
    xi: np.ndarray,
    new: np.ndarray,
    now: np.ndarray,
    old: np.ndarray,
) -> tuple[float, float, float, float]:
    """Sums of one step over the owned cells, with e = pore (1 - xi) before and after it.

    Salt displaced, (e_new - eps) C_new + (eps - e_now) C_now; salt of the step before on this geometry,
    eps (C_now - C_old); salt gained, e_new C_new - e_now C_now; metal gained, pore (xi_new - xi_now).
    """
    nz, ny, nx = pore.shape
    displaced, before, salt, metal = 0.0, 0.0, 0.0, 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for i in range(1, nx - 1):
                p, e = pore[k, j, i], eps[k, j, i]
                e_now, e_new = p * (1.0 - xi[k, j, i]), p * (1.0 - xi_new[k, j, i])
                c_new, c_now = new[k, j, i], now[k, j, i]
                a += (e_new - e) * c_new + (e - e_now) * c_now
                b += e * (c_now - old[k, j, i])
                c += e_new * c_new - e_now * c_now
                d += p * (xi_new[k, j, i] - xi[k, j, i])
            displaced, before, salt, metal = displaced + a, before + b, salt + c, metal + d
    return displaced, before, salt, metal


@numba.njit(cache=True, fastmath=True, error_model="numpy")
def set_gain(
    before: np.ndarray,
    gamma: float,
    source: np.ndarray,
    factor: float,
    pore: np.ndarray,
    duration: float,
    gain: np.ndarray,
) -> None:
    """gain = (gamma before + factor source/pore)/duration in the owned cells, the second term in open ones alone.

    `gain` may be `before`.
    """
    nz, ny, nx = pore.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                p = pore[k, j, i]
                added = factor * source[k, j, i] / max(p, 1e-3) if p > 0.0 else 0.0
                gain[k, j, i] = (gamma * before[k, j, i] + added) / duration


@numba.njit(cache=True)
def lowest_concentration(C: np.ndarray, active: np.ndarray, xi: np.ndarray) -> float:
    """Smallest C of the owned active cells with less than half metal; infinite without any."""
    nz, ny, nx = C.shape
    lowest = np.inf
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if active[k, j, i] > 0.0 and xi[k, j, i] < 0.5 and C[k, j, i] < lowest:
                    lowest = C[k, j, i]
    return lowest


@numba.njit(cache=True)
def sum_dead(pore: np.ndarray, xi: np.ndarray, label: np.ndarray) -> float:
    """Sum of pore xi over the owned cells of metal that is not connected."""
    nz, ny, nx = pore.shape
    dead = 0.0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            row = 0.0
            for i in range(1, nx - 1):
                row += pore[k, j, i] * xi[k, j, i] if label[k, j, i] != 0 else 0.0
            dead += row
    return dead


@numba.njit(cache=True)
def find_highest(xi: np.ndarray, pore: np.ndarray, at_top: bool, highest: np.ndarray) -> None:
    """Height, in layers of this rank, of the highest xi = 1/2 crossing of every column (ny, nx); negative for none.

    Host counts as no metal, and above the last layer of the whole box there is none.
    """
    nz, ny, nx = xi.shape
    highest[:, :] = -1.0
    for k in range(nz - 2, 0, -1):
        outer = at_top and k == nz - 2
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if highest[j - 1, i - 1] >= 0.0 or not (xi[k, j, i] > 0.5 and pore[k, j, i] > 0.0):
                    continue
                here = xi[k, j, i]
                above = xi[k + 1, j, i] if pore[k + 1, j, i] > 0.0 and not outer else 0.0
                if above <= 0.5:
                    a, b = min(max(here, 1e-12), 1.0 - 1e-12), min(max(above, 1e-12), 1.0 - 1e-12)
                    # Linear in the signed distance ln(xi/(1 - xi)), as the profile is.
                    s, t = math.log(a / (1.0 - a)), math.log(b / (1.0 - b))
                    share = s / max(s - t, 1e-12)
                    highest[j - 1, i - 1] = k - 0.5 + min(max(share, 0.0), 1.0)


@numba.njit(cache=True)
def mark_electrolyte(xi: np.ndarray, pore: np.ndarray, marks: np.ndarray) -> None:
    """One in cells less than half full of host and of metal, zero elsewhere; ghosts too."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                marks[k, j, i] = 1 if pore[k, j, i] > 0.5 and xi[k, j, i] < 0.5 else 0


@numba.njit(cache=True, fastmath=True)
def sum_layers(pore: np.ndarray, xi: np.ndarray, layers: np.ndarray) -> None:
    """Sums of pore xi over the owned cells of each of this rank's layers."""
    nz, ny, nx = pore.shape
    for k in range(1, nz - 1):
        total = 0.0
        for j in range(1, ny - 1):
            row = 0.0
            for i in range(1, nx - 1):
                row += pore[k, j, i] * xi[k, j, i]
            total += row
        layers[k - 1] = total


@numba.njit(cache=True)
def collect_surface(weight: np.ndarray, source: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Weight and source of the owned cells whose weight exceeds `least`, in the order of the cells."""
    nz, ny, nx = weight.shape
    count = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                count += 1 if weight[k, j, i] > least else 0
    weights, sources = np.empty(count), np.empty(count)
    n = 0
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if weight[k, j, i] > least:
                    weights[n], sources[n] = weight[k, j, i], source[k, j, i]
                    n += 1
    return weights, sources


@numba.njit(cache=True)
def copy_where_new(active: np.ndarray, solved: np.ndarray, values: np.ndarray, target: np.ndarray) -> None:
    """Copy values of cells that are active and were not solved before; ghosts too."""
    nz, ny, nx = active.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                if active[k, j, i] > 0 and solved[k, j, i] == 0:
                    target[k, j, i] = values[k, j, i]


@numba.njit(cache=True)
def new_cells(active: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """Flat indices in the ghosted array of the owned cells that are active and were not solved before."""
    nz, ny, nx = active.shape
    found = []
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if active[k, j, i] > 0 and solved[k, j, i] == 0:
                    found.append((k * ny + j) * nx + i)
    return np.array(found, dtype=np.int64)
