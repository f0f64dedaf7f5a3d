"""Memory that parts of a step share, one after the other."""

from __future__ import annotations

import math

import numpy as np

LINE = 64
"""Bytes that arrays are aligned to."""


class Workspace:
    """One block of memory for arrays that do not outlive the part of a step that takes them.

    Whoever takes the block next overwrites what the last one left there; nothing is set to zero. The residual's
    properties, the Krylov vectors and the front's fields are never needed at the same time.
    """

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def take(self, *wanted: tuple[tuple[int, ...], type]) -> list[np.ndarray]:
        """Arrays of the shapes and types wanted."""
        sizes = [-(-math.prod(shape) * np.dtype(kind).itemsize // LINE) * LINE for shape, kind in wanted]
        if sum(sizes) + LINE > self._memory.size:
            self._memory = np.empty(sum(sizes) + LINE, np.uint8)
        place = -self._memory.ctypes.data % LINE
        arrays: list[np.ndarray] = []
        for (shape, kind), size in zip(wanted, sizes, strict=True):
            used = math.prod(shape) * np.dtype(kind).itemsize
            arrays.append(self._memory[place : place + used].view(kind).reshape(shape))
            place += size
        return arrays
