"""Triply periodic minimal surfaces: gyroid, Schwarz P and Schwarz D, as networks or as sheets.

With k = 2 pi/cell and X = k x, ..., the level functions are

    gyroid     f = sin X cos Y + sin Y cos Z + sin Z cos X
    schwarz_p  f = cos X + cos Y + cos Z
    schwarz_d  f = sin X sin Y sin Z + sin X cos Y cos Z + cos X sin Y cos Z + cos X cos Y sin Z

A network is solid where f < t, a sheet where |f| < t; t follows from the porosity, which may change with height.
From a point the surface f = t is sought along +-grad f by Newton's method, and the way to it is the distance: exact to
third order near the surface, and cut at half a cell. Whole cells tile periodic domains. Schwarz P has symmetry planes
every half cell; the other two have none: symmetric faces then mirror a cut surface.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np

from ramify.hosts.base import micrometres, require_below_counter, require_positive, tiling_notes
from ramify.hosts.porosity import Box, require_porosity
from ramify.hosts.shapes import below_height

Surface = Literal["gyroid", "schwarz_p", "schwarz_d"]
Form = Literal["network", "sheet"]
KINDS: dict[str, int] = {"gyroid": 0, "schwarz_p": 1, "schwarz_d": 2}
PINCHES = {"gyroid": 1.40, "schwarz_p": 0.99, "schwarz_d": 0.99}
"""|t| beyond which the network or its complement falls into separate pieces."""
ITERATIONS = 4
LEVELS = 33


@dataclass(frozen=True, eq=False)
class MinimalSurface:
    """A network or a sheet of a triply periodic surface up to a flat top."""

    surface: Surface
    cell: float
    """Edge of the cubic cell [m]."""
    porosity: float | tuple[float, float]
    """Of the host; at the collector and at the height."""
    height: float
    """[m]."""
    form: Form = "network"

    def __post_init__(self) -> None:
        require_positive(self.surface, cell=self.cell, height=self.height)
        for value in self.ends:
            require_porosity(self.surface, value)
            low, high = self.bounds
            if not low <= value <= high:
                raise ValueError(
                    f"{self.surface}: a porosity of {value:g} leaves the {self.form} in pieces; "
                    f"allowed: {low:.2f} to {high:.2f}"
                )

    @property
    def ends(self) -> tuple[float, float]:
        """Porosity at the collector and at the height."""
        return self.porosity if isinstance(self.porosity, tuple) else (self.porosity, self.porosity)

    @property
    def bounds(self) -> tuple[float, float]:
        """Porosities between which solid and pores are each in one piece."""
        pinch = PINCHES[self.surface]
        extremes = (self._porosity_at(pinch), self._porosity_at(-pinch if self.form == "network" else 0.0))
        return math.ceil(100.0 * min(extremes)) / 100.0, math.floor(100.0 * max(extremes)) / 100.0

    def _porosity_at(self, level: float) -> float:
        values = _cell_values(self.surface, self.form)
        return float(1.0 - np.searchsorted(values, level) / values.size)

    @property
    def levels(self) -> np.ndarray:
        """t at equal steps of height."""
        values = _cell_values(self.surface, self.form)
        return np.quantile(values, 1.0 - np.linspace(*self.ends, LEVELS))

    @property
    def feature_size(self) -> float:
        """Smallest of the widths of solid and pore, averaged over the surface [m]: the sheet, or half a channel."""
        solid = 1.0 - np.array(self.ends)
        if self.form == "network":
            return float(np.minimum(solid, 1.0 - solid).min()) * self.cell
        area = {"gyroid": 3.092, "schwarz_p": 2.345, "schwarz_d": 3.838}[self.surface]
        return float(solid.min()) * self.cell / area

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        x, y, z = np.broadcast_arrays(x, y, z)
        a, b, c = (np.ravel(coordinate).astype(float) for coordinate in (x, y, z))
        lateral = np.empty(a.size)
        kind, sheet, k = KINDS[self.surface], self.form == "sheet", 2.0 * math.pi / self.cell
        _distances(a, b, c, k, kind, sheet, self.levels, self.height, lateral)
        return below_height(lateral.reshape(x.shape), z, self.height)

    def check(self, size: Box, periodic: bool = False) -> list[str]:
        """Warnings about tiling; ValueError where the host reaches the counter electrode or breaks periodicity."""
        require_below_counter(self.surface, "height", self.height, size)
        notes = tiling_notes(self.surface, self.cell, size, periodic, planar=False)
        if not periodic and self.surface != "schwarz_p":
            notes.append(
                f"{self.surface}: has no symmetry planes; the domain's mirror a cut surface: take lateral: periodic"
            )
        if self.cell > min(size[:2]) * (1.0 + 1e-9):
            notes.append(f"{self.surface}: less than one cell, {micrometres(self.cell)}, lies across the domain")
        return notes


def _cell_values(surface: Surface, form: Form, count: int = 64) -> np.ndarray:
    """Sorted values of f over one cell, of |f| for a sheet."""
    # Shifts that no symmetry of f shares: symmetric samples would repeat few values many times.
    grids = [(np.arange(count) + shift) * 2.0 * math.pi / count for shift in (0.137, 0.421, 0.773)]
    x, y, z = np.meshgrid(*grids, indexing="ij")
    values = np.empty(x.size)
    _values(x.ravel(), y.ravel(), z.ravel(), KINDS[surface], values)
    return np.sort(np.abs(values) if form == "sheet" else values)


@numba.njit(cache=True)
def _values(x: np.ndarray, y: np.ndarray, z: np.ndarray, kind: int, out: np.ndarray) -> None:
    for n in range(x.size):
        out[n] = level_function(kind, x[n], y[n], z[n])[0]


@numba.njit(cache=True)
def level_function(kind: int, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """F and its gradient by X, Y, Z at a place in radians."""
    sx, cx, sy, cy, sz, cz = np.sin(x), np.cos(x), np.sin(y), np.cos(y), np.sin(z), np.cos(z)
    if kind == 0:
        return sx * cy + sy * cz + sz * cx, cx * cy - sz * sx, cy * cz - sx * sy, cz * cx - sy * sz
    if kind == 1:
        return cx + cy + cz, -sx, -sy, -sz
    return (
        sx * (sy * sz + cy * cz) + cx * (sy * cz + cy * sz),
        cx * (sy * sz + cy * cz) - sx * (sy * cz + cy * sz),
        sx * (cy * sz - sy * cz) + cx * (cy * cz - sy * sz),
        sx * (sy * cz - cy * sz) + cx * (cy * cz - sy * sz),
    )


@numba.njit(cache=True)
def _distances(
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    k: float,
    kind: int,
    sheet: bool,
    levels: np.ndarray,
    height: float,
    out: np.ndarray,
) -> None:
    farthest, last = math.pi, levels.size - 1  # half a cell, in radians
    for n in range(x.size):
        a, b, c = k * x[n], k * y[n], k * z[n]
        f, ga, gb, gc = level_function(kind, a, b, c)
        sign = -1.0 if sheet and f < 0.0 else 1.0
        place = min(max(z[n] / height, 0.0), 1.0) * last
        index = min(int(place), last - 1)
        level = levels[index] + (place - index) * (levels[index + 1] - levels[index])
        rise = (levels[index + 1] - levels[index]) * last / (k * height) if 0.0 < z[n] < height else 0.0
        excess = sign * f - level
        ga, gb, gc = sign * ga, sign * gb, sign * gc - rise
        norm = np.sqrt(ga * ga + gb * gb + gc * gc)
        if norm < 1e-9:
            out[n] = np.copysign(farthest, excess) / k
            continue
        ga, gb, gc = ga / norm, gb / norm, gc / norm
        way, value, slope = 0.0, excess, norm
        for _ in range(ITERATIONS):
            # Steps stay within a sixth of a cell, where f is monotonic along its gradient.
            way += min(max(value / max(slope, 0.3 * norm), -1.0), 1.0)
            way = min(max(way, -farthest), farthest)
            f, fa, fb, fc = level_function(kind, a - way * ga, b - way * gb, c - way * gc)
            value = sign * f - level + rise * way * gc
            slope = sign * (fa * ga + fb * gb + fc * gc) - rise * gc
        out[n] = np.copysign(abs(way), excess) / k
