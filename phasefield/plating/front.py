"""The moving metal: growth at the rate the reaction sets, and the regularisation that keeps the profile.

    (1-psi) d(xi)/dt = (Omega/F) S + div{ (1-psi) (b [grad xi - (q/l) n] - J n) }   (conservative)
    ...              - (1-psi) (b/l) q K                    (allen_cahn, adds -b K to the front velocity)

The term in J carries the reaction's feed to where the moving profile needs it (kernels.front). S is
constant over a step; the regularisation is integrated in substeps of a second-order Runge-Kutta method, short enough
to be stable. Both add in one right-hand side, so there is no splitting error.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import front as kernels
from ramify.phasefield.kernels.surface import SMALLEST_BUMP
from ramify.phasefield.problem import PlatingProblem

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
STABLE = 0.4
"""Largest b dt (1/hx^2 + 1/hy^2 + 1/hz^2) of a substep."""


class Front:
    """Regularisation of one run's metal; owns its work arrays."""

    def __init__(self, grid: Grid, problem: PlatingProblem, pore: np.ndarray, openings: list[np.ndarray]) -> None:
        self.grid, self.pore, self.openings = grid, pore, openings
        self.interface = problem.interface
        hx, hy, hz = problem.domain.spacing
        self.inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)
        active = [h for h, n in zip((hx, hy, hz), problem.domain.cells, strict=True) if n > 1]
        self.stiffness = sum(1.0 / h**2 for h in active)
        self.largest_curvature = 1.0 / min(active)
        self.psi, self.divergence, self.stage = grid.zeros(), grid.zeros(), grid.zeros()
        self.slope = grid.zeros()
        self.normals = [grid.zeros(np.float32) for _ in range(3)]
        self.curvature = np.zeros((1, 1, 1))
        if problem.interface.curvature == "allen_cahn":
            self.curvature = grid.zeros()
        self._walls = self._wall_cells()

    def _wall_cells(self) -> np.ndarray:
        """Owned solid cells with an open face neighbour, rows (k, j, i) of the ghosted array."""
        open_cells = self.pore > 0.0
        beside = np.zeros_like(open_cells)
        for axis in range(3):
            for step in (-1, 1):
                beside |= np.roll(open_cells, step, axis)
        return np.argwhere((~open_cells & beside)[OWNED]) + 1

    def mobility(self, velocity: float) -> float:
        """b [m^2/s] for the largest front velocity [m/s]."""
        if self.interface.mobility is not None:
            return self.interface.mobility
        return self.interface.mobility_factor * self.interface.width * velocity

    def extend_into_host(self, xi: np.ndarray) -> None:
        """Give solid cells the mean of their open neighbours, and fill the ghosts.

        The surface then meets an inert wall at a right angle.
        """
        self.grid.halo.exchange(xi)
        kernels.extend_into_walls(xi, self.pore, self._walls)
        self.grid.fill_outer_ghosts(xi)

    def advance(
        self, xi: np.ndarray, rate: np.ndarray, speed: np.ndarray, step: float, velocity: float
    ) -> tuple[np.ndarray, float]:
        """The metal after `step`, and what curvature removed of it.

        Parameters
        ----------
        xi
            Metal fraction, ghosts filled; not changed.
        rate
            (Omega/F) S / (1-psi) [1/s].
        speed
            Front velocity of the reacting cells [m/s], ghosts filled.
        velocity
            Largest front velocity of the step [m/s].

        Returns
        -------
        xi, removed
            New ghosted array; sum over this rank's cells of the metal fraction (of cells) that curvature took.
        """
        b = self.mobility(velocity)
        parts = max(1, math.ceil(b * step * self.stiffness / STABLE))
        capillary = b / self.interface.width if self.interface.curvature == "allen_cahn" else 0.0
        current, removed = xi.copy(), 0.0
        self._set_slope(xi, speed)
        for _ in range(parts):
            args = (rate, self.divergence, self.curvature, self.pore, capillary, step / parts)
            self._flux(current, speed, b)
            lost = kernels.advance_front(current, current, 0.0, *args, self.stage)
            self.extend_into_host(self.stage)
            self._flux(self.stage, speed, b)
            lost_second = kernels.advance_front(self.stage, current, 0.5, *args, current)
            self.extend_into_host(current)
            removed += 0.5 * lost + lost_second
        return current, removed

    def _set_slope(self, xi: np.ndarray, speed: np.ndarray) -> None:
        kernels.signed_distance(xi, self.psi)
        nx, ny, nz = self.normals
        kernels.set_normals(self.psi, self.inverse, nx, ny, nz)
        kernels.set_speed_slope(speed, nx, ny, nz, self.inverse, self.interface.width, self.slope)
        self.grid.halo.exchange(self.slope)

    def _flux(self, xi: np.ndarray, speed: np.ndarray, b: float) -> None:
        kernels.signed_distance(xi, self.psi)
        self.divergence.fill(0.0)
        nx, ny, nz = self.normals
        kernels.set_normals(self.psi, self.inverse, nx, ny, nz)
        width = self.interface.width
        self.grid.fill_outer_ghosts_of_vector(self.normals)
        for axis, normal, opening, inverse in zip(AXES, self.normals, self.openings, self.inverse, strict=True):
            kernels.add_front_flux(
                xi, self.psi, normal, opening, speed, self.slope, axis, inverse, width, b, self.divergence
            )
        if self.curvature.size > 1:
            kernels.set_cell_curvature(nx, ny, nz, self.inverse, self.largest_curvature, self.curvature)

    def surface_curvature(self, xi: np.ndarray, curvature: np.ndarray) -> None:
        """K [1/m] of the cells that react, for the Gibbs-Thomson shift."""
        kernels.signed_distance(xi, self.psi)
        kernels.set_curvature(self.psi, xi, self.inverse, SMALLEST_BUMP, self.largest_curvature, curvature)
