"""A plated crystal: its kinetic anisotropy in the reaction, and how faceted it is.

i0 is that of `physics.crystal` at the normal of every cell of the surface. The facetedness is -2 <f> sign(e), f
averaged over the free surface: zero for round particles, 15 a/R of a cylinder r = R + a cos 4 phi, so one where its
slow faces have just become flat, two for nothing but flat faces; negative where the fast faces prevail.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import crystal as kernels
from ramify.phasefield.kernels.surface import SMALLEST_BUMP
from ramify.phasefield.problem import PlatingProblem

STRONG = 0.02
"""Least q of the cells that say which way the surface faces."""


class Crystal:
    """The anisotropy of one run's metal."""

    def __init__(self, grid: Grid, problem: PlatingProblem, pore: np.ndarray, base: np.ndarray) -> None:
        self.grid, self.pore, self.base = grid, pore, base
        self.strength, angle = problem.kinetics.anisotropy, problem.kinetics.crystal_angle
        self._turn = (math.cos(angle), math.sin(angle))
        self._planar = problem.domain.dimension == 2
        ix, iy, iz = (
            1.0 / h if n > 1 else 0.0 for h, n in zip(problem.domain.spacing, problem.domain.cells, strict=True)
        )
        self._inverse = (ix, iy, iz)
        self.activity = grid.zeros()

    def face(self, xi: np.ndarray) -> np.ndarray:
        """Factor on i0 of every cell for a metal with filled ghosts."""
        kernels.set_activity(
            xi, self.base, self.strength, self._inverse, self._turn, self._planar, SMALLEST_BUMP, self.activity
        )
        return self.activity

    def measures(self, xi: np.ndarray) -> dict[str, float]:
        """Facetedness of the whole free surface; not a number without one."""
        sums = kernels.sum_harmonic(xi, self.pore, self._inverse, self._turn, self._planar, STRONG)
        total, area = (float(value) for value in self.grid.sums(np.array(sums)))
        return {"facetedness": -2.0 * math.copysign(1.0, self.strength) * total / area if area > 0.0 else math.nan}


def make_crystal(grid: Grid, problem: PlatingProblem, pore: np.ndarray, base: np.ndarray) -> Crystal | None:
    """The crystal of a problem whose kinetics has an anisotropy; `base` is the surface's activity."""
    return Crystal(grid, problem, pore, base) if problem.kinetics.anisotropy != 0.0 else None
