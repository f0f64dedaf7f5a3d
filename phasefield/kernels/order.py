"""Compiled kernel that carries the order of the metal with it while cells gain and lose metal."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def carry_order(
    before: np.ndarray,
    after: np.ndarray,
    pore: np.ndarray,
    label: np.ndarray,
    ordered: np.ndarray,
    crystals: np.ndarray,
    carried: np.ndarray,
) -> None:
    """Order after a step that changed the metal; ghosted arrays, ghosts of all but `carried` filled.

    Parameters
    ----------
    before, after
        Metal fraction at the two ends of the step.
    label
        Domain of each cell before the step, zero for none.
    ordered
        Metal fraction that is ordered, before the step.
    crystals
        Crystals in the cell, before the step; changes in place.
    carried
        Array for the ordered metal fraction after the step.

    What leaves a cell takes its mix along. What comes lands on the metal of the same domain in the 27 cells around, or
    of any domain where the cell had none, and takes its mix; it brings no crystals of its own.
    """
    nz, ny, nx = before.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                old, new = max(before[k, j, i], 0.0), max(after[k, j, i], 0.0)
                if new == 0.0:
                    carried[k, j, i], crystals[k, j, i] = 0.0, 0.0
                    continue
                if new <= old:
                    kept = new / old
                    carried[k, j, i] = kept * ordered[k, j, i]
                    crystals[k, j, i] *= kept
                    continue
                own, metal, order = label[k, j, i], 0.0, 0.0
                for c in range(k - 1, k + 2):
                    for b in range(j - 1, j + 2):
                        for a in range(i - 1, i + 2):
                            n = label[c, b, a]
                            if n > 0 and (own == 0 or n == own) and pore[c, b, a] > 0.0:
                                metal += pore[c, b, a] * before[c, b, a]
                                order += pore[c, b, a] * ordered[c, b, a]
                share = min(order / metal, 1.0) if metal > 0.0 else 0.0
                carried[k, j, i] = min(ordered[k, j, i] + share * (new - old), new)
