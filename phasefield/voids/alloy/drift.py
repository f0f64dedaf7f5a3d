"""The lattice's drift: where sinks take lattice away, the rest closes up, and the reservoir behind z = 0 moves in.

    div(xi u) = -xi q,      q = M (s - 1)/L_s^2,      u = grad chi
    u.n = 0 at the contact and at the voids,          chi = 0 at z = 0

The metal's molar volume stays; which way it closes up is the business of its plasticity, and taken here as the
smoothest one, a potential's, which in a planar electrode is the only one. It moves neither the contact nor the walls of
voids: that is done by the vacancies that reach them.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import alloy_metal as kernels
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.phasefield.voids.alloy.vacancies import AlloyVacancies
from ramify.phasefield.voids.linear import DiffusionSolver, Unsolved


class Drift:
    """Solver of the drift on one grid."""

    def __init__(self, grid: Grid, problem: AlloyProblem) -> None:
        self.grid, self.problem = grid, problem
        spacing = problem.domain.spacing
        self._finest = min(h for h, n in zip(spacing, problem.domain.cells, strict=True) if n > 1)
        self._behind = 2.0 * (self._finest / spacing[2]) ** 2
        self.still = not np.isfinite(problem.transport.sink_length)
        """Whether there are no sinks, and nothing drifts."""
        self._solver = None if self.still else DiffusionSolver(grid)

    def solve(
        self, vacancies: AlloyVacancies, excess: np.ndarray, guess: np.ndarray, time: float
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Chi [m^2/s], and the lattice sites through the faces across x, y, z over the cell edge [1/s].

        Parameters
        ----------
        vacancies, excess
            Just solved, and their s - 1.
        guess
            Chi to start from, ghosted; not changed.

        Raises
        ------
        SolverFailure
            Where metal that is cut off from the back loses lattice, or the solver gives up.
        """
        drift = [self.grid.zeros() for _ in range(3)]
        if self._solver is None:
            return guess, drift
        solver, metal = self._solver, vacancies.metal_faces
        for face, opened in zip(solver.faces, metal, strict=True):
            face[:] = opened
        solver.reaction.fill(0.0)
        below = (1, slice(1, -1), slice(1, -1))
        if self.grid.at_bottom:
            solver.reaction[below] = self._behind * vacancies.metal[below]
        solver.update()
        right = self._finest**2 * vacancies.annihilation(excess)
        chi = guess.copy()
        try:
            numerics = self.problem.numerics
            solver.solve(right, chi, numerics.linear_tolerance, numerics.linear_iterations)
        except Unsolved as stopped:
            raise self._failure(f"the drift of the lattice was not found: {stopped}", time) from None
        sums = [np.sum(solver.reaction[OWNED]), np.sum(right[OWNED]), np.sum((solver.reaction * chi)[OWNED])]
        held, driven, came = self.grid.sums(np.array(sums))
        if held > 0.0:
            # what comes in is then, to round-off, what is annihilated
            chi[vacancies.active > 0] += (driven - came) / held
        for axis, face, out in zip(AXES, metal, drift, strict=True):
            kernels.set_drift_faces(chi, face, axis, 1.0 / self._finest, out)
        if self.grid.at_bottom:
            drift[2][below] = solver.reaction[below] * chi[below] / self._finest**2
        return chi, drift

    def _failure(self, reason: str, time: float) -> SolverFailure:
        remedy = "metal that stays connected to the back face: finer cells, or a stop on the contact fraction"
        return SolverFailure(f"{reason} at t = {time:.6g} s", field="magnesium", place=None, time=time, remedy=remedy)

    def free(self) -> None:
        """Free the PETSc objects."""
        if self._solver is not None:
            self._solver.free()
