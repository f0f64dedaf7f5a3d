"""A result folder as the figures see it: grid, times, snapshots on demand, history."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np

from ramify.results.folder import FIELDS, HISTORY, SCENARIO, SUMMARY

SURFACE = 0.5
"""Phase fraction that counts as the surface of metal and host."""
EVERYWHERE = ("p", "von_mises", "crystallinity")
"""Fields of the solids too, which no metal or host covers in a figure."""


@dataclass(frozen=True)
class Case:
    """What there is to draw.

    Mirror planes complete what the planes of symmetry cut in half: they only change what `field` and `edges`
    return, never the files.
    """

    folder: Path
    size: tuple[float, float, float]
    """Edge lengths (x, y, z) of the stored box [m]."""
    cells: tuple[int, int, int]
    periodic: bool
    times: np.ndarray
    """Of the snapshots [s]."""
    names: tuple[str, ...]
    """Stored fields."""
    history: dict[str, np.ndarray]
    """Columns in SI units; empty while there is no history."""
    title: str = ""
    ramification_onset: float | None = None
    """When the front began to ramify [s]; known at the end of a run."""
    mirrors: tuple[str, ...] = ()
    """Planes of symmetry drawn through: `x-`, `x+`, `y-`, `y+`, in this order."""
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """Static fields and ranges, read once; never mirrored."""

    @classmethod
    def load(cls, folder: Path) -> Case:
        """Read grid, times and history.

        Raises
        ------
        FileNotFoundError
            If the folder has no snapshot yet.
        """
        folder = Path(folder)
        path = folder / FIELDS
        if not path.exists():
            raise FileNotFoundError(f"{folder} has no {FIELDS} yet: nothing to draw")
        with h5netcdf.File(path, "r", locking=False) as file:
            times = np.asarray(file.variables["time"][...], dtype=float)
            names = tuple(name for name, variable in file.variables.items() if len(variable.dimensions) >= 3)
            sx, sy, sz = (float(length) for length in file.attrs["domain_size"])
            nx, ny, nz = (int(count) for count in file.attrs["domain_cells"])
            periodic = str(file.attrs["lateral_faces"]) == "periodic"
        if not len(times):
            raise FileNotFoundError(f"{path} has no snapshot yet: nothing to draw")
        summary = _summary(folder)
        title, onset = _title(folder, summary), summary.get("ramification_onset_s")
        return cls(folder, (sx, sy, sz), (nx, ny, nz), periodic, times, names, _history(folder), title, onset)

    @property
    def dimension(self) -> int:
        """1, 2 or 3."""
        return 1 + sum(n > 1 for n in self.cells[:2])

    def field(self, name: str, snapshot: int) -> np.ndarray:
        """Array (nz, ny, nx) at a snapshot, mirrored; a field that was not stored is zero."""
        if name not in self.names:
            return self._mirrored(np.zeros(self.cells[::-1]))
        if name in self._kept:
            return self._mirrored(self._kept[name])
        with h5netcdf.File(self.folder / FIELDS, "r", locking=False) as file:
            variable = file.variables[name]
            static = "time" not in variable.dimensions
            values = np.asarray(variable[...] if static else variable[snapshot], dtype=float)
        if static:
            self._kept[name] = values
        return self._mirrored(values)

    def metal(self, snapshot: int) -> np.ndarray:
        """Metal per cell volume, (1 - psi) xi: a metal fraction inside the host does not show."""
        return np.asarray((1.0 - self.field("psi", snapshot)) * self.field("xi", snapshot))

    def edges(self, axis: str) -> tuple[float, float]:
        """First and last coordinate of the drawn box [m]; negative beyond a mirror at zero."""
        length = self.size["xyz".index(axis)]
        low = -length if f"{axis}-" in self.mirrors else 0.0
        return (low, 2 * length if f"{axis}+" in self.mirrors else length)

    def centres(self, axis: str) -> np.ndarray:
        """Cell centres of the drawn box [m]."""
        index = "xyz".index(axis)
        spacing = self.size[index] / self.cells[index]
        low, high = self.edges(axis)
        return np.asarray(low + (np.arange(round((high - low) / spacing)) + 0.5) * spacing)

    def range(self, name: str) -> tuple[float, float]:
        """Smallest and largest value over all snapshots (stored unit); in the electrolyte, of stress everywhere."""
        if f"range of {name}" in self._kept:
            low, high = self._kept[f"range of {name}"]
            return low, high
        low, high = np.inf, -np.inf
        for snapshot in range(len(self.times)):
            values = self.field(name, snapshot)
            values = values if name in EVERYWHERE else values[self.electrolyte(snapshot)]
            values = values[np.isfinite(values)]
            if values.size:
                low, high = min(low, float(values.min())), max(high, float(values.max()))
        if not high > low:
            # Uniform or empty: any span around it serves a colour bar.
            middle = low if np.isfinite(low) else 0.0
            low, high = middle - 0.5 * (abs(middle) or 1.0), middle + 0.5 * (abs(middle) or 1.0)
        self._kept[f"range of {name}"] = (low, high)
        return low, high

    def electrolyte(self, snapshot: int) -> np.ndarray:
        """Cells that are mostly electrolyte, boolean (nz, ny, nx)."""
        pore = 1.0 - self.field("psi", snapshot)
        return np.asarray(pore * (1.0 - self.field("xi", snapshot)) > SURFACE)

    def capacity(self, time: float) -> float | None:
        """Plated capacity at a time [C/m^2], from the history; None without one."""
        if not {"capacity", "time"} <= self.history.keys() or not len(self.history["time"]):
            return None
        first = self.history["time"][0]
        # Rows mark the ends of steps: before the first of them the charge grows from nothing.
        start = ([0.0], [0.0]) if first > 0 else ([], [])
        times, values = (np.r_[start[i], self.history[key]] for i, key in enumerate(("time", "capacity")))
        return float(np.interp(time, times, values))

    def mirrored(self, choice: bool | None) -> Case:
        """The case drawn across its planes of symmetry.

        Parameters
        ----------
        choice
            True, False, or None: where the host meets a plane, so that pillars cut in half become whole.
        """
        if choice is False or self.periodic or self.dimension == 1:
            return self
        psi = self.field("psi", 0)
        faces = {"x-": psi[:, :, 0], "x+": psi[:, :, -1], "y-": psi[:, 0], "y+": psi[:, -1]}
        planes = []
        for axis in "xy"[: self.dimension - 1]:
            sides = [side for side in (f"{axis}-", f"{axis}+") if choice or np.any(faces[side] > SURFACE)]
            # One plane is enough: a second would only show the same half once more.
            planes += sides[:1]
        return replace(self, mirrors=tuple(planes))

    def _mirrored(self, values: np.ndarray) -> np.ndarray:
        for plane in self.mirrors:
            axis = 2 if plane[0] == "x" else 1
            flipped = np.flip(values, axis)
            pair = (flipped, values) if plane[1] == "-" else (values, flipped)
            values = np.concatenate(pair, axis)
        return values


def _history(folder: Path) -> dict[str, np.ndarray]:
    if not (folder / HISTORY).exists():
        return {}
    with h5netcdf.File(folder / HISTORY, "r", locking=False) as file:
        return {name: np.asarray(variable[...], dtype=float) for name, variable in file.variables.items()}


def _summary(folder: Path) -> dict[str, Any]:
    """The summary; empty while there is none."""
    path = folder / SUMMARY
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _title(folder: Path, summary: dict[str, Any]) -> str:
    """Title of the scenario, or of the summary where it names one; the first `title:` line is enough here."""
    path = folder / SCENARIO
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("title:"):
                return line.partition(":")[2].strip().strip("'\"")
    return str(summary.get("title", ""))
