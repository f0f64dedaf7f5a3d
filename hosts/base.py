"""What every host and deposit offers, and the checks they share.

A signed distance d(x, y, z) [m] of broadcastable coordinate arrays is positive outside a body and negative inside
it. For a host, outside is the pore space. z = 0 is the current collector, z = size[2] the counter electrode.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

SpatialFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""A function of broadcastable coordinate arrays x, y, z [m]."""
CELLS_PER_FEATURE = 4.0
"""Cells across the smallest feature below which the grid, not the host, sets the shape."""


class Host(Protocol):
    """A static porous solid that stands on the current collector."""

    @property
    def feature_size(self) -> float:
        """Smallest width of solid or pore [m]; infinite without features."""
        ...

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance to the host's surface [m], positive in the pore space."""
        ...

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """Warnings about this host in a domain of that size [m]; ValueError where it cannot be."""
        ...


def require_positive(owner: str, **lengths: float) -> None:
    """ValueError unless every length is a positive, finite number [m]."""
    for name, value in lengths.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{owner}: {name} must be a positive length, not {value:g} m")


def require_below_counter(owner: str, name: str, value: float, size: tuple[float, float, float]) -> None:
    """ValueError if a length along z reaches the counter electrode."""
    if value >= size[2]:
        raise ValueError(
            f"{owner}: {name} {micrometres(value)} reaches the counter electrode at {micrometres(size[2])}; "
            f"take less, or a longer domain"
        )


def tiling_notes(owner: str, pitch: float, size: tuple[float, float, float], periodic: bool, planar: bool) -> list[str]:
    """Warnings where a lattice of that pitch is cut by symmetry planes; ValueError where periodic faces break it."""
    notes = []
    for axis, length in zip("xy", size[:2] if not planar else size[:1], strict=False):
        unit = pitch if periodic else 0.5 * pitch
        count = length / unit
        if abs(count - round(count)) <= 1e-6 * max(count, 1.0) and round(count) > 0:
            continue
        if periodic:
            raise ValueError(
                f"{owner}: a periodic domain must hold whole pitches; {axis} is {micrometres(length)}, "
                f"the pitch {micrometres(pitch)}"
            )
        notes.append(
            f"{owner}: {axis} = {micrometres(length)} is not a multiple of half the pitch {micrometres(pitch)}; "
            f"the symmetry planes mirror a cut host"
        )
    return notes


def resolution_note(name: str, feature_size: float, spacing: tuple[float, ...]) -> str | None:
    """Warning if fewer than four cells (edge lengths [m]) lie across a feature; None if it is resolved."""
    cells = feature_size / max(spacing)
    if cells >= CELLS_PER_FEATURE:
        return None
    return (
        f"the grid does not resolve the {name}: {cells:.1f} cells across {micrometres(feature_size)}, "
        f"at least {CELLS_PER_FEATURE:g} are needed"
    )


def micrometres(length: float) -> str:
    """Length [m] as text."""
    return f"{length * 1e6:g} um"
