"""One frame of a trajectory, whatever file it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["unwrapped", "images", "wrapped", "unknown"]
"""Of coordinates: unwrapped; folded back with image counts; folded back without; or the file does not say."""


@dataclass(frozen=True)
class Box:
    """A periodic box, in the file's length unit."""

    origin: np.ndarray
    """[3]."""
    vectors: np.ndarray
    """[3, 3], the box vectors as rows; LAMMPS' are lower triangular."""
    periodic: tuple[bool, bool, bool]

    @property
    def volume(self) -> float:
        """Of the parallelepiped."""
        return abs(float(np.linalg.det(self.vectors)))

    @property
    def widths(self) -> np.ndarray:
        """Distance between opposite faces [3]."""
        areas = np.linalg.norm(np.cross(self.vectors[[1, 2, 0]], self.vectors[[2, 0, 1]]), axis=1)
        return np.asarray(self.volume / areas)

    def fractions(self, positions: np.ndarray) -> np.ndarray:
        """Positions [n, 3] in units of the box vectors, from the origin."""
        if np.count_nonzero(self.vectors - np.diag(np.diagonal(self.vectors))) == 0:
            return np.asarray((positions - self.origin) / np.diagonal(self.vectors))
        return np.asarray((positions - self.origin) @ np.linalg.inv(self.vectors))


@dataclass(frozen=True)
class Frame:
    """Atoms at one time."""

    step: int | None
    time: float | None
    """In the file's time unit, where it tells one."""
    box: Box | None
    ids: np.ndarray | None
    """[n], int64; None where atoms keep their order."""
    species: tuple[np.ndarray, Literal["type", "element"]]
    """[n]: LAMMPS types (int64) or elements (str)."""
    positions: np.ndarray
    """[n, 3]."""
    images: np.ndarray | None
    """[n, 3], int64."""
    kind: Kind
    line: int
    """At which the frame begins in its file."""
    units: str | None = None
    """Unit style, where the file tells it."""
