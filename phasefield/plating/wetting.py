"""Where the metal's surface meets solid walls: the cells beside them, and the contact angle there (kernels.wetting).

A wall with a contact angle of 90 degrees is no `Wall`: the front's own mirror images serve it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import band
from ramify.phasefield.kernels import wetting as kernels
from ramify.phasefield.problem import MovingSurface

SMALLEST_DEPTH = 0.25
"""Least open volume over wall area that counts, in cell edges: a sliver's would make the wall's flux stiff."""


@dataclass(frozen=True)
class Wall:
    """Open cells of one rank beside one kind of wall."""

    law: tuple[float, float, float]
    """Cosine and sine of the contact angle, width [m]."""
    cells: np.ndarray
    """(n, 3), rows (k, j, i) of the ghosted array: those that have wall themselves, then mere neighbours of solid."""
    normals: np.ndarray
    """(n, 3), unit vectors (x, y, z) out of the pore space."""
    depths: np.ndarray
    """Open volume over wall area [m] of the first ones."""
    missing: np.ndarray
    """(n, 3), what their open faces leave unbalanced, upper less lower opening over the cell edge (x, y, z) [1/m]."""


class Wetting:
    """Contact angles of one run's walls."""

    def __init__(self, grid: Grid, problem: MovingSurface, pore: np.ndarray, openings: list[np.ndarray]) -> None:
        self.grid, self.pore = grid, pore
        hx, hy, hz = problem.domain.spacing
        self._edges, self._inverse = (hx, hy, hz), (1.0 / hx, 1.0 / hy, 1.0 / hz)
        self._width = problem.interface.width
        angles = problem.contact_angles
        upright = abs(angles.collector - 0.5 * math.pi) < 1e-12
        self.collector = None if upright else self._collector_wall(angles.collector)
        upright = abs(angles.host - 0.5 * math.pi) < 1e-12 or problem.geometry.host_distance is None
        self.host = None if upright else self._host_wall(angles.host, problem, openings)
        self._solid = np.empty((0, 3), np.int64)
        """Owned solid cells with an open one among their 26 neighbours, rows (k, j, i)."""
        if self.host is not None:
            self._solid = np.argwhere((pore[OWNED] == 0.0) & self._beside(pore > 0.0)) + 1

    @property
    def walls(self) -> list[Wall]:
        """Those with a contact angle other than 90 degrees."""
        return [wall for wall in (self.collector, self.host) if wall is not None]

    def _law(self, angle: float) -> tuple[float, float, float]:
        return (math.cos(angle), math.sin(angle), self._width)

    def _collector_wall(self, angle: float) -> Wall:
        lowest = np.argwhere(self.pore[1:2, 1:-1, 1:-1] > 0.0) + 1 if self.grid.at_bottom else np.empty((0, 3), int)
        normals = np.tile([0.0, 0.0, -1.0], (len(lowest), 1))
        missing = -normals * self.pore[tuple(lowest.T)][:, None] / self._edges[2]
        return Wall(self._law(angle), lowest, normals, np.full(len(lowest), self._edges[2]), missing)

    def _host_wall(self, angle: float, problem: MovingSurface, openings: list[np.ndarray]) -> Wall:
        missing = np.stack([self._imbalance(opening, axis) for axis, opening in enumerate(openings)])
        areas, open_cells = self._wall_areas(problem, missing), self.pore[OWNED] > 0.0
        touching = np.argwhere(open_cells & (areas > 0.0))
        beside = np.argwhere(open_cells & (areas == 0.0) & self._beside(self.pore == 0.0))
        depths = problem.domain.cell_volume * self.pore[OWNED][tuple(touching.T)] / areas[tuple(touching.T)]
        least = SMALLEST_DEPTH * min(h for h, n in zip(self._edges, problem.domain.cells, strict=True) if n > 1)
        cells = np.concatenate([touching, beside])
        unbalanced = missing[(slice(None), *touching.T)].T / np.array(self._edges)
        normals = self._host_normals(problem, cells)
        return Wall(self._law(angle), cells + 1, normals, np.maximum(depths, least), unbalanced)

    def _beside(self, mask: np.ndarray) -> np.ndarray:
        """Owned cells with one of the mask, ghosts filled, among themselves and their 26 neighbours."""
        spread = np.zeros(mask.shape, np.uint8)
        band.spread_near(mask.astype(np.uint8), spread)
        return spread[OWNED] > 0

    def _wall_areas(self, problem: MovingSurface, missing: np.ndarray) -> np.ndarray:
        """Wall of the host in the owned cells [m^2]: what their open faces leave unbalanced, `missing` by axis.

        Only what lies across the smooth wall's normal counts: facets that the grid adds beside it cancel in the sum.
        """
        hx, hy, hz = self._edges
        faces = np.array([hy * hz, hx * hz, hx * hy])
        cut = np.argwhere((self.pore[OWNED] > 0.0) & missing.any(axis=0))
        areas = np.zeros(self.grid.shape)
        across = -np.sum(missing[(slice(None), *cut.T)].T * faces * self._host_normals(problem, cut), axis=1)
        areas[tuple(cut.T)] = np.maximum(across, 0.0)
        return areas

    def _imbalance(self, opening: np.ndarray, axis: int) -> np.ndarray:
        """Upper less lower opening of the owned cells' faces across an axis; an outer face is as open as its cell."""
        faces = np.moveaxis(opening, 2 - axis, 0)[:, 1:-1, 1:-1].astype(np.float64)
        pore = np.moveaxis(self.pore[OWNED], 2 - axis, 0)
        lower, upper = faces[1:-1].copy(), faces[2:].copy()
        grid = self.grid
        if not grid.periodic[axis] and grid.start[axis] == 0:
            lower[0] = pore[0]
        if not grid.periodic[axis] and grid.start[axis] + grid.local[axis] == grid.domain.cells[axis]:
            upper[-1] = pore[-1]
        return np.moveaxis(upper - lower, 0, 2 - axis)

    def _host_normals(self, problem: MovingSurface, cells: np.ndarray) -> np.ndarray:
        """Unit vectors (x, y, z) into the host at owned cells, down the gradient of its signed distance."""
        distance = problem.geometry.host_distance
        assert distance is not None
        if not len(cells):
            return np.zeros((0, 3))
        x, y, z = (axis.ravel()[1:-1] for axis in self.grid.centres())
        points = np.stack([x[cells[:, 2]], y[cells[:, 1]], z[cells[:, 0]]])
        slopes = np.zeros((len(cells), 3))
        for axis, (h, count) in enumerate(zip(self._edges, problem.domain.cells, strict=True)):
            if count == 1:
                continue
            shift = np.zeros((3, 1))
            shift[axis] = 0.5 * h
            slopes[:, axis] = (distance(*(points - shift)) - distance(*(points + shift))) / h
        return slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-300)

    def extend(self, xi: np.ndarray, room: list[np.ndarray]) -> None:
        """Give the host's outermost cells and those below the collector the tilted profile; fill the ghosts.

        Parameters
        ----------
        xi
            Metal fraction, ghosts filled as the mirror images they are at other walls.
        room
            Three ghosted arrays in single precision to work in.
        """
        if self.host is not None:
            wall = self.host
            for array in room:
                array.fill(0.0)
            kernels.set_wall_gradients(xi, self.pore, wall.cells, wall.normals, self._inverse, wall.law, *room)
            self.grid.fill_outer_ghosts_of_vector(room)
            kernels.extend_tilted(xi, self.pore, self._solid, self._edges, *room)
            self.grid.fill_outer_ghosts(xi)
        if self.collector is not None:
            if self.grid.at_bottom:
                kernels.extend_beyond(xi, self.pore, self._inverse, self.collector.law, False)
            self.grid.fill_outer_ghosts(xi, below=False)

    def set_normals(self, xi: np.ndarray, normals: list[np.ndarray]) -> None:
        """Turn the metal's normals (x, y, z) in the cells at walls to the contact angle."""
        for wall in self.walls:
            touching = len(wall.depths)
            kernels.set_wall_normals(
                xi, self.pore, wall.cells[:touching], wall.normals, self._inverse, wall.law, *normals
            )

    def set_curvature(self, psi: np.ndarray, xi: np.ndarray, openings: list[np.ndarray], curvature: np.ndarray) -> None:
        """K [1/m] of the cells at walls that the surface meets, by the contact angle; parameters as for the kernel."""
        ox, oy, oz = openings
        for wall in self.walls:
            kernels.set_wall_curvature(
                psi,
                xi,
                self.pore,
                (ox, oy, oz),
                wall.cells,
                wall.normals,
                wall.missing,
                wall is self.host and self.grid.at_bottom,
                self._inverse,
                wall.law,
                max(self._inverse),
                curvature,
            )

    def add_flux(self, base: np.ndarray, near: np.ndarray, change: float, out: np.ndarray) -> float:
        """Add what the walls' energy draws in during a stage (allen_cahn); returns its sum over this rank's cells.

        `base` is the metal that the stage starts from, ghosts filled, `change` mobility times duration [m^2].
        """
        added = 0.0
        for wall in self.walls:
            touching = len(wall.depths)
            added += kernels.add_wall_flux(
                base,
                self.pore,
                near,
                wall.cells[:touching],
                wall.normals,
                wall.depths,
                self._inverse,
                wall.law,
                change,
                out,
            )
        return added
