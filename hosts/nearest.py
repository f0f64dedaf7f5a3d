"""Distance to the nearest of many points, in memory proportional to the query alone."""

from __future__ import annotations

from typing import Any

import numpy as np


class NearestPoint:
    """Search tree over points [m] of shape (n, 3), optionally periodic in x and y; ignores y where planar."""

    def __init__(self, points: np.ndarray, period: tuple[float, float] | None, planar: bool = False) -> None:
        from scipy.spatial import cKDTree

        self._columns = [0, 2] if planar else [0, 1, 2]
        self._period = None if period is None else np.array([period[0], period[1], 0.0])[self._columns]
        kept = self._wrap(np.asarray(points, dtype=float)[:, self._columns])
        self._tree: Any = cKDTree(kept, boxsize=self._period)

    def _wrap(self, points: np.ndarray) -> np.ndarray:
        if self._period is None:
            return points
        wrapped = points.copy()
        for axis, length in enumerate(self._period):
            if length > 0.0:
                # A tiny negative number wraps to the period itself in floating point; the tree wants less.
                folded = np.mod(points[:, axis], length)
                wrapped[:, axis] = np.where(folded >= length, 0.0, folded)
        return wrapped

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Distance [m] from every point of the broadcast coordinates, one sheet of the first axis at a time."""
        x, y, z = np.broadcast_arrays(x, y, z)
        if x.ndim == 0:
            return self._query(x[None], y[None], z[None])[0]
        out = np.empty(x.shape)
        sheets = 1 if x.ndim == 1 else x.shape[0]
        for part in np.array_split(np.arange(x.shape[0]), sheets):
            out[part] = self._query(x[part], y[part], z[part])
        return out

    def _query(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        points = np.stack([np.ravel(a).astype(float) for a in (x, y, z)], axis=-1)[:, self._columns]
        nearest: np.ndarray = self._tree.query(self._wrap(points))[0]
        return nearest.reshape(x.shape)
