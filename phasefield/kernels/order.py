"""Compiled kernels that carry the order of the metal with it while cells gain and lose metal."""

from __future__ import annotations

import numba
import numpy as np

from ramify.phasefield.kernels.labels import STEPS


@numba.njit(cache=True)
def uphill_cells(metal: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Fullest face neighbour of each of `cells`, flat indices of the ghosted array; the cell itself where none is."""
    found = np.empty(cells.size, np.int64)
    _, ny, nx = metal.shape
    for n in range(cells.size):
        k, j, i = cells[n] // (ny * nx), cells[n] // nx % ny, cells[n] % nx
        fullest, found[n] = metal[k, j, i], cells[n]
        for dk, dj, di in STEPS:
            if metal[k + dk, j + dj, i + di] > fullest:
                fullest = metal[k + dk, j + dj, i + di]
                found[n] = ((k + dk) * ny + j + dj) * nx + i + di
    return found


@numba.njit(cache=True)
def carry_order(
    before: np.ndarray,
    after: np.ndarray,
    label: np.ndarray,
    mix: np.ndarray,
    ordered: np.ndarray,
    crystals: np.ndarray,
) -> None:
    """Order after a step that changed the metal, in owned cells; `ordered` and `crystals` change in place.

    Parameters
    ----------
    before, after
        Metal fraction at the two ends of the step.
    label
        Domain of each cell before the step, zero for none; ghosts filled.
    mix
        Ordered share of the metal that a cell's surface grows on, before the step; ghosts filled.
    ordered
        Metal fraction that is ordered.
    crystals
        Crystals in the cell.

    What leaves a cell takes its mix along. What comes takes the mix it lands on, in a cell without a domain that of
    domains in the 27 cells around, and brings no crystals of its own.
    """
    nz, ny, nx = before.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                old, new = max(before[k, j, i], 0.0), max(after[k, j, i], 0.0)
                if new <= old:
                    kept = new / old if old > 0.0 else 0.0
                    ordered[k, j, i] *= kept
                    crystals[k, j, i] *= kept
                    continue
                share = mix[k, j, i]
                if label[k, j, i] == 0:
                    metal, order = 0.0, 0.0
                    for c in range(k - 1, k + 2):
                        for b in range(j - 1, j + 2):
                            for a in range(i - 1, i + 2):
                                if label[c, b, a] > 0:
                                    metal += before[c, b, a]
                                    order += before[c, b, a] * mix[c, b, a]
                    share = order / metal if metal > 0.0 else 0.0
                ordered[k, j, i] = min(ordered[k, j, i] + share * (new - old), new)
