"""Flexible GMRES on the coupled system, matrix-free, preconditioned from the right.

Flexible, because the preconditioner works in single precision: plain GMRES would combine its rounded vectors once more
and believe in a residual that the solution does not have. The vectors of the basis are kept in single precision too,
which halves what they cost; all sums, the right-hand side, the solution and the residual are in double. A cycle then
reduces the residual by no more than a million times; what is asked beyond that comes from another cycle, which
begins with the residual computed afresh.

The method is PETSc's KSP of type `python`, so that `-coupled_ksp_type fgmres` and the like still choose another.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import vectors
from ramify.phasefield.petsc import coupled_krylov
from ramify.phasefield.plating.preconditioner import Preconditioner
from ramify.phasefield.plating.system import CoupledSystem

FINEST = 1e-8
"""Smallest relative residual asked of a linear system."""
RESTART = 12
"""Krylov vectors kept, twice; memory is taken as they are needed."""
CYCLE = 1e-6
"""Largest reduction of the residual in one cycle that single-precision vectors are trusted with."""


class Operator(Protocol):
    """A matrix, or an approximate inverse, as what it makes of a vector."""

    def apply(self, x: np.ndarray, y: np.ndarray) -> None:
        """Y = A x."""


class GridOperator(Operator, Protocol):
    """A matrix whose vectors are spread over a grid's ranks."""

    grid: Grid


class MatrixFree:
    """A linear system known by what it does to vectors, its PETSc objects, and the method that solves it.

    Parameters
    ----------
    system
        The matrix.
    preconditioner
        Its approximate inverse, from the right.
    local
        Unknowns of this rank.
    """

    def __init__(self, system: GridOperator, preconditioner: Operator, local: int) -> None:
        self.system, self.preconditioner = system, preconditioner
        sizes = (local, PETSc.DETERMINE)
        self.matrix = PETSc.Mat().createPython((sizes, sizes), self, comm=system.grid.comm)
        self.matrix.setUp()
        self.right, self.update = self.matrix.createVecs()
        self.ksp = coupled_krylov(system.grid.comm, FlexibleGmres(system, preconditioner))
        self.ksp.setOperators(self.matrix)
        self.ksp.getPC().setPythonContext(self)

    def mult(self, matrix: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for J x."""
        del matrix
        self.system.apply(x.getArray(readonly=True), y.getArray())

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for M^-1 x."""
        del pc
        self.preconditioner.apply(x.getArray(readonly=True), y.getArray())

    def free(self) -> None:
        """Free the PETSc objects (PETSc itself calls a context's `destroy`, with other arguments)."""
        for thing in (self.ksp, self.matrix, self.right, self.update):
            thing.destroy()


class Krylov:
    """The linear solver of one coupled system.

    Parameters
    ----------
    system
        What is solved.
    borders
        Number of its global unknowns, which rank 0 holds.
    """

    def __init__(self, system: CoupledSystem, borders: int) -> None:
        self.system, self.borders = system, borders
        self.preconditioner = Preconditioner(system)
        local = system.blocks * system.cells + (borders if system.grid.comm.rank == 0 else 0)
        self._linear = MatrixFree(system, self.preconditioner, local)
        self.right = self._linear.right

    def solve(self, right: PETSc.Vec, accuracy: float, *, fresh: bool = True) -> tuple[PETSc.Vec, int, float]:
        """Update, iterations, and the relative residual reached; `fresh` renews what the preconditioner prepares."""
        ksp, update, norm = self._linear.ksp, self._linear.update, right.norm()
        if norm == 0.0:
            update.set(0.0)
            return update, 0, 0.0
        self.preconditioner.prepare(fresh=fresh)
        ksp.setTolerances(rtol=accuracy, atol=0.0, max_it=self.system.problem.numerics.krylov_iterations)
        ksp.solve(right, update)
        return update, ksp.getIterationNumber(), max(ksp.getResidualNorm() / norm, FINEST)

    def free(self) -> None:
        """Free the PETSc objects."""
        self._linear.free()


class FlexibleGmres:
    """Context of a PETSc KSP of type `python`; its vectors live in shared memory."""

    def __init__(self, system: GridOperator, preconditioner: Operator) -> None:
        self.system, self.preconditioner = system, preconditioner
        self._pairs = np.zeros((0, 0), np.float32)
        """Basis vectors in even rows, each followed by what the preconditioner makes of it."""

    def solve(self, ksp: PETSc.KSP, right: PETSc.Vec, solution: PETSc.Vec) -> None:
        """PETSc's callback: solve from zero to the tolerances set."""
        b, x = right.getArray(readonly=True), solution.getArray()
        # The residual last: it and vectors that no iteration needs are memory that is never touched.
        self._pairs, rest = self.system.grid.workspace.take(
            ((2 * RESTART + 1, b.size), np.float32), ((b.size,), np.float64)
        )
        norm = np.sqrt(self.system.grid.sum(float(b @ b)))
        relative, absolute, _, most = ksp.getTolerances()
        wanted, done = max(relative * norm, absolute), 0
        ksp.monitor(0, norm)
        # Until the first cycle ends the solution is zero and its memory free.
        residual, work = b, x
        while norm > wanted and done < most and np.isfinite(norm):
            goal = max(wanted, CYCLE * norm)
            vectors.scale_into(residual, 1.0 / norm, self._pairs[0])
            count, shares, estimate = self._cycle(ksp, work, norm, goal, done, most)
            if done == 0:
                x[:] = 0.0
            vectors.subtract_all(self._pairs, 1, -shares, x)
            done += count
            if (estimate <= wanted and goal == wanted) or done >= most:
                norm = estimate
                break
            residual = work = rest
            self.system.apply(x, rest)
            np.subtract(b, rest, out=rest)
            norm = np.sqrt(self.system.grid.sum(float(rest @ rest)))
        if done == 0:
            x[:] = 0.0
        ksp.setIterationNumber(done)
        ksp.setResidualNorm(norm)
        reasons = PETSc.KSP.ConvergedReason
        ksp.setConvergedReason(reasons.CONVERGED_RTOL if norm <= wanted else reasons.DIVERGED_MAX_IT)

    def _cycle(
        self, ksp: PETSc.KSP, w: np.ndarray, norm: float, goal: float, done: int, most: int
    ) -> tuple[int, np.ndarray, float]:
        """One cycle from the first of `_pairs`, `w` its work array.

        Returns
        -------
        count, shares, estimate
            Iterations; the preconditioned vectors' shares of the correction; the residual's estimated norm.
        """
        pairs = self._pairs
        hessenberg = np.zeros((RESTART + 1, RESTART))
        dots = np.zeros(RESTART + 1)
        count, estimate = 0, norm
        shares: np.ndarray = np.zeros(0)
        while count < RESTART and done + count < most and estimate > goal:
            self.preconditioner.apply(pairs[2 * count], pairs[2 * count + 1])
            self.system.apply(pairs[2 * count + 1], w)
            vectors.dot_all(pairs, count + 1, w, dots)
            column = self.system.grid.sums(dots[: count + 1])
            hessenberg[: count + 1, count] = column
            length = np.sqrt(self.system.grid.sum(vectors.subtract_all(pairs, 0, column, w)))
            hessenberg[count + 1, count] = length
            count += 1
            if not np.isfinite(length):
                estimate = np.inf
            else:
                shares = np.zeros(count)
                estimate = vectors.least_squares(hessenberg, norm, shares)
            ksp.monitor(done + count, estimate)
            if not np.isfinite(length) or length == 0.0:
                break
            vectors.scale_into(w, 1.0 / length, pairs[2 * count])
        return count, shares, estimate
