"""The lattice's drift: where sinks take lattice away, the rest closes up, and the reservoir behind z = 0 moves in.

    div(xi u) = -xi q,      q = M (s - 1)/L_s^2,      u = grad chi
    u.n = 0 at the contact and at the voids,          chi = 0 at z = 0

The metal's molar volume stays; which way it closes up is the business of its plasticity, and taken here as the
smoothest one, a potential's, which in a planar electrode is the only one. It moves neither the contact nor the walls of
voids: that is done by the vacancies that reach them. Metal that is cut off from z = 0 rests: nothing can move into it.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import alloy_metal as kernels
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.phasefield.voids.alloy.vacancies import AlloyVacancies
from ramify.phasefield.voids.linear import DiffusionSolver, Unsolved

FIRM = 0.1
"""Least metal fraction of cells that drift: through thinner tails metal would flow across a void."""


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
            Where the solver gives up.
        """
        drift = [self.grid.zeros() for _ in range(3)]
        if self._solver is None:
            return guess, drift
        solver, below = self._solver, (1, slice(1, -1), slice(1, -1))
        joined = self._joined((vacancies.metal >= FIRM).astype(np.uint8))
        for (az, ay, ax), face, opened in zip(AXES, solver.faces, vacancies.metal_faces, strict=True):
            nz, ny, nx = face.shape
            face[:] = np.where(joined, opened, 0.0)
            face[az:, ay:, ax:] *= joined[: nz - az, : ny - ay, : nx - ax]
        # any reaction holds what is cut off at rest
        solver.reaction[:] = np.where(joined, 0.0, vacancies.metal)
        if self.grid.at_bottom:
            solver.reaction[below] = np.where(joined[below], self._behind, 1.0) * vacancies.metal[below]
        solver.update()
        right = self._finest**2 * np.where(joined, vacancies.annihilation(excess), 0.0)
        chi = guess.copy()
        try:
            numerics = self.problem.numerics
            solver.solve(right, chi, numerics.linear_tolerance, numerics.linear_iterations)
        except Unsolved as stopped:
            raise self._failure(f"the drift of the lattice was not found: {stopped}", time) from None
        behind = np.where(joined, solver.reaction, 0.0)
        sums = [np.sum(a[OWNED]) for a in (behind, right, behind * chi)]
        held, driven, came = self.grid.sums(np.array(sums))
        if held > 0.0:
            # what comes in is then, to round-off, what is annihilated
            chi[joined] += (driven - came) / held
        for axis, face, out in zip(AXES, solver.faces, drift, strict=True):
            kernels.set_drift_faces(chi, face, axis, 1.0 / self._finest, out)
        if self.grid.at_bottom:
            drift[2][below] = behind[below] * chi[below] / self._finest**2
        return chi, drift

    def _joined(self, firm: np.ndarray) -> np.ndarray:
        """Where firm metal hangs together with z = 0; ghosts too."""
        if self.grid.min(float(firm.min())) > 0.0:
            return np.ones(firm.shape, bool)
        numbers, count = number_components(self.grid, firm)
        at_back = np.zeros(count + 1)
        if self.grid.at_bottom:
            at_back[np.unique(numbers[1, 1:-1, 1:-1])] = 1.0
        at_back = self.grid.sums(at_back)
        at_back[0] = 0.0
        return np.asarray((at_back > 0.0)[numbers] & (firm > 0))

    def _failure(self, reason: str, time: float) -> SolverFailure:
        remedy = "a stop condition in the protocol, before the metal at the contact hangs by threads"
        return SolverFailure(f"{reason} at t = {time:.6g} s", field="magnesium", place=None, time=time, remedy=remedy)

    def free(self) -> None:
        """Free the PETSc objects."""
        if self._solver is not None:
            self._solver.free()
