"""Recursive coordinate bisection: cells into parts of equal size, compact in space."""

from __future__ import annotations

import numpy as np


def bisect(centres: np.ndarray, parts: int) -> np.ndarray:
    """Part of each cell.

    Parameters
    ----------
    centres
        (cells, dimension).
    parts
        How many; their sizes differ by one cell at most per cut.

    Returns
    -------
    ndarray of int
        0 to parts - 1. Ties are broken by the order of the cells, so that the answer is always the same.
    """
    owner = np.zeros(len(centres), dtype=np.int64)
    pending = [(np.arange(len(centres)), 0, parts)]
    while pending:
        members, first, count = pending.pop()
        if count == 1 or len(members) == 0:
            owner[members] = first
            continue
        low = count // 2
        spread = np.ptp(centres[members], axis=0)
        order = np.argsort(centres[members, int(np.argmax(spread))], kind="stable")
        cut = len(members) * low // count
        pending.append((members[order[:cut]], first, low))
        pending.append((members[order[cut:]], first + low, count - low))
    return owner
