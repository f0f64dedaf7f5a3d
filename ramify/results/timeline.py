"""Rules of a growing time axis, shared by every file that appends along time."""

from __future__ import annotations

import numpy as np

SAME_TIME = 1e-12
"""Times closer than this, relatively, are one time."""


def rows_until(times: np.ndarray, time: float) -> int:
    """Number of leading rows not later than `time`; `times` [s] never decreases."""
    return int(np.searchsorted(times, time + SAME_TIME * abs(time), side="right"))


def row_for(times: np.ndarray, time: float, file_name: str) -> int:
    """Row that a snapshot at `time` [s] takes: the next one, or the last one again if it has the same time.

    Raises
    ------
    ValueError
        If a later snapshot is stored already.
    """
    row = rows_until(times, time)
    if row < len(times):
        raise ValueError(f"{file_name}: cannot store {time:g} s after {times[-1]:g} s; time must not go back")
    repeated = row > 0 and times[-1] >= time - SAME_TIME * abs(time)
    return row - 1 if repeated else row
