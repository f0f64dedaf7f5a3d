"""Solution of the vacancies' equation: conjugate gradients, one cycle of the geometric multigrid before each.

The method is PETSc's flexible one: the preconditioner works in single precision.
"""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels.vacancies import apply_diffusion
from ramify.phasefield.multigrid import Multigrid

PREFIX = "vacancies_"
HOLD = 1e-7
"""Reaction, over the faces, that the preconditioner alone adds where metal has no sink at all."""
FAR_OFF = 1e50
"""Residual over the right-hand side that counts as diverged: a guess from before the current stopped is far off."""


class Unsolved(RuntimeError):
    """The linear solver gave up; the message says how far it came."""


class DiffusionSolver:
    """A symmetric seven-point operator on one grid, and its solver.

    `faces` (transmissibilities across x, y, z) and `reaction` are for the owner to fill, ghosts of the faces included,
    before `update`.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.faces = [grid.zeros() for _ in range(3)]
        self.reaction = grid.zeros()
        self._multigrid = Multigrid(grid)
        self._work = grid.zeros()
        count = int(np.prod(grid.shape))
        sizes = (count, PETSc.DETERMINE)
        self._matrix = PETSc.Mat().createPython((sizes, sizes), self, comm=grid.comm)
        self._matrix.setUp()
        self._right, self._solution = self._matrix.createVecs()
        ksp = PETSc.KSP().create(grid.comm)
        ksp.setOptionsPrefix(PREFIX)
        ksp.setType(PETSc.KSP.Type.FCG)
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        ksp.setInitialGuessNonzero(True)
        ksp.getPC().setType(PETSc.PC.Type.PYTHON)
        ksp.getPC().setPythonContext(self)
        ksp.setFromOptions()
        ksp.setOperators(self._matrix)
        self._ksp = ksp
        self.iterations = 0
        """Of all solutions so far."""

    def update(self) -> None:
        """Take new faces and a new reaction."""
        level = self._multigrid.finest
        for single, double in zip(level.faces, self.faces, strict=True):
            single[:] = double
        level.reaction[:] = self.reaction
        if not self.grid.max(float(self.reaction[OWNED].max())) > 0.0:
            # the mean is then free, and only the preconditioner has to hold it
            level.reaction[OWNED] = HOLD * sum(face[OWNED] for face in self.faces)
        self._multigrid.update()

    def solve(self, right: np.ndarray, guess: np.ndarray, tolerance: float, most: int) -> None:
        """Put the solution for the owned cells' right-hand side into `guess`, ghosts between ranks filled.

        Raises
        ------
        Unsolved
            On every rank alike.
        """
        self._right.getArray()[:] = right[OWNED].ravel()
        if self._right.norm() == 0.0:
            guess.fill(0.0)
            return
        self._solution.getArray()[:] = guess[OWNED].ravel()
        self._ksp.setTolerances(rtol=tolerance, atol=0.0, divtol=FAR_OFF, max_it=most)
        self._ksp.solve(self._right, self._solution)
        self.iterations += self._ksp.getIterationNumber()
        reason = self._ksp.getConvergedReason()
        if reason < 0:
            reached = self._ksp.getResidualNorm() / self._right.norm()
            raise Unsolved(
                f"{reached:.1e} of the right-hand side left after {self._ksp.getIterationNumber()} iterations"
            )
        guess[OWNED] = self._solution.getArray().reshape(self.grid.shape)
        self.grid.halo.exchange(guess)

    def mult(self, matrix: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for A x."""
        del matrix
        self._work[OWNED] = x.getArray(readonly=True).reshape(self.grid.shape)
        self.grid.halo.exchange(self._work)
        tx, ty, tz = self.faces
        apply_diffusion(self._work, tx, ty, tz, self.reaction, y.getArray().reshape(self.grid.shape))

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for one cycle."""
        del pc
        b = x.getArray(readonly=True)
        # single precision keeps seven digits, whatever the size
        scale = self.grid.max(float(np.abs(b).max())) or 1.0
        self._multigrid.finest.b[OWNED] = (b / scale).reshape(self.grid.shape)
        y.getArray()[:] = self._multigrid.cycle()[OWNED].ravel() * scale

    def free(self) -> None:
        """Free the PETSc objects."""
        for thing in (self._ksp, self._matrix, self._right, self._solution):
            thing.destroy()
