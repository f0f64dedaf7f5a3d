"""Uniform FiPy meshes of a plating domain, and the way between FiPy's flat cells and [z, y, x] arrays."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ramify.phasefield.problem import Domain, SpatialFunction

EMPTY = 1e-6
"""Fraction below which a cell counts as full of something else."""


class ReferenceMesh:
    """A Grid1D, Grid2D or Grid3D whose last axis is z; FiPy numbers cells with x fastest and z slowest.

    FiPy measures it in cell edges (`smallest_edge`, h): in metres the volumes of 3-D cells, some 1e-17, pass for zero
    pivots in direct solvers. FiPy's gradients are h times, its divergences h times those in metres.
    """

    def __init__(self, domain: Domain, fipy: ModuleType) -> None:
        self.domain = domain
        self.shape = domain.cells[::-1]
        self.volume = domain.cell_volume
        self.height = domain.spacing[2]
        self.edges = np.array([[h] for h, n in zip(domain.spacing, domain.cells, strict=True) if n > 1])
        self.smallest_edge = min(h for h, n in zip(domain.spacing, domain.cells, strict=True) if n > 1)
        self.fipy_mesh = _build(domain, self.smallest_edge, fipy)
        cells = np.ma.filled(np.ma.asarray(self.fipy_mesh.faceCellIDs), -1)
        self.interior = np.asarray(self.fipy_mesh.interiorFaces.value, dtype=bool)
        self.lower, self.upper = cells[0].copy(), np.where(self.interior, cells[1], cells[0])
        self.top = np.zeros(self.shape, dtype=bool)
        self.top[-1] = True
        self.top = self.top.ravel()

    def end_faces(self) -> tuple[np.ndarray, np.ndarray]:
        """The faces at z = 0 and at the top, and for each the next face of its cell along z."""
        layer = self.shape[1] * self.shape[2]
        up = self.interior & (self.upper - self.lower == layer)
        above = np.zeros(self.shape[0] * layer, dtype=int)
        above[self.lower[up]] = np.nonzero(up)[0]
        along = np.abs(np.asarray(self.fipy_mesh.faceNormals, dtype=np.float64)[-1]) > 0.5
        ends = np.nonzero(~self.interior & along)[0]
        cells = self.lower[ends]
        return ends, np.where(cells < layer, above[cells], above[cells - layer])

    def sample(self, function: SpatialFunction) -> np.ndarray:
        """Values of a spatial function in the cells, flat."""
        x, y, z = (
            ((np.arange(n) + 0.5) * h).reshape([-1 if axis == 2 - a else 1 for axis in range(3)])
            for a, (n, h) in enumerate(zip(self.domain.cells, self.domain.spacing, strict=True))
        )
        return np.broadcast_to(np.asarray(function(x, y, z), dtype=np.float64), self.shape).ravel().copy()

    def corners(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Broadcastable coordinates x, y, z [m] of the cells' corners."""
        x, y, z = (
            (np.arange(n + 1) * h).reshape([-1 if axis == 2 - a else 1 for axis in range(3)])
            for a, (n, h) in enumerate(zip(self.domain.cells, self.domain.spacing, strict=True))
        )
        return x, y, z

    def block(self, flat: np.ndarray) -> np.ndarray:
        """A flat cell array as [z, y, x]."""
        return np.asarray(flat, dtype=np.float64).reshape(self.shape)

    def face_mean(self, cells: np.ndarray) -> np.ndarray:
        """Mean of the two cells of each interior face; zero on outer faces and beside cells that are empty of it.

        A face next to a cell with less than 1e-6 is closed: nothing flows into a full cell.
        """
        low, high = cells[self.lower], cells[self.upper]
        return np.where(self.interior & (np.minimum(low, high) >= EMPTY), 0.5 * (low + high), 0.0)

    def total(self, density: np.ndarray) -> float:
        """Volume integral of a cell array."""
        return float(np.sum(density)) * self.volume


def _build(domain: Domain, unit: float, fipy: ModuleType) -> Any:
    axes = [axis for axis in range(3) if axis == 2 or domain.cells[axis] > 1]
    counts = [domain.cells[axis] for axis in axes]
    edges = [domain.spacing[axis] / unit for axis in axes]
    names = ("x", "y", "z")[: len(axes)]
    arguments: dict[str, Any] = {f"n{name}": n for name, n in zip(names, counts, strict=True)}
    arguments |= {f"d{name}": h for name, h in zip(names, edges, strict=True)}
    if len(axes) == 1:
        return fipy.Grid1D(**arguments)
    if len(axes) == 2:
        return (fipy.PeriodicGrid2DLeftRight if domain.periodic else fipy.Grid2D)(**arguments)
    return (fipy.PeriodicGrid3DLeftRightTopBottom if domain.periodic else fipy.Grid3D)(**arguments)
