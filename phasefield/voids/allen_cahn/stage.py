"""One implicit stage of the published Allen-Cahn voids: both fields at once by Newton's method.

The unknowns are xi and y = ln s, the logarithm of the vacancy supersaturation: in the occupancy theta itself, which is
one to nine digits, the equations cannot be solved. Lithium is exchanged between cells, so that it is conserved whatever
the solver leaves; rows in kernels.void_allen_cahn.

The preconditioner takes xi first, by one multigrid cycle or, where cells are loosely tied, by its diagonal; then y by a
cycle on its Schur complement, in which vacancies that a cell takes let its xi give way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import void_allen_cahn as kernels
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem
from ramify.physics import vacancy_stress
from ramify.physics import void_allen_cahn as laws
from ramify.physics.constants import GAS_CONSTANT

PREFIX = "void_stage_"
LEAST = 0.2
"""Smallest diagonal of xi in the preconditioner: across a surface it may turn negative."""
LARGEST_XI, LARGEST_Y = 0.3, 3.0
"""Largest corrections of one iteration."""
LOOSE = 0.1
"""Ties between cells, over the diagonal, below which a cell's own row stands for the block of xi."""


@dataclass(frozen=True)
class Solution:
    """End of a stage: ghosted arrays."""

    converged: bool
    xi: np.ndarray
    y: np.ndarray
    iterations: int


class Stage:
    """Rows, Jacobian and solver of one stage.

    Parameters
    ----------
    openings
        Of the faces, none on outer walls.
    """

    def __init__(self, grid: Grid, problem: AllenCahnProblem, openings: list[np.ndarray]) -> None:
        self.grid, self.problem, self.openings = grid, problem, openings
        self._kind = laws.INTERPOLATIONS[problem.phase.interpolation]
        self._inverse = [1.0 / h**2 for h in problem.domain.spacing]
        self._held = 2.0 * self._inverse[2] if problem.transport.back == "sink" and grid.at_bottom else 0.0
        self.tension: np.ndarray | None = None
        """What mean stress adds to y in u, ghosted; None without stress. For the owner to set before `solve`."""
        self._stressed = problem.phase.stress_drive == "complete"
        self._behind = 0.0
        """u at a back face that is a source."""
        self.press(problem.stack_pressure)
        self.local = np.zeros((*grid.ghosted_shape, 8))
        self._rows = (grid.zeros(), grid.zeros())
        self._step = (grid.zeros(), grid.zeros())
        self._count = int(np.prod(grid.shape))
        self._blocks = (Multigrid(grid), Multigrid(grid))
        sizes = (2 * self._count, PETSc.DETERMINE)
        self._matrix = PETSc.Mat().createPython((sizes, sizes), self, comm=grid.comm)
        self._matrix.setUp()
        self._right, self._update = self._matrix.createVecs()
        ksp = PETSc.KSP().create(grid.comm)
        ksp.setOptionsPrefix(PREFIX)
        ksp.setType(PETSc.KSP.Type.FGMRES)
        ksp.setPCSide(PETSc.PC.Side.RIGHT)
        ksp.getPC().setType(PETSc.PC.Type.PYTHON)
        ksp.getPC().setPythonContext(self)
        ksp.setFromOptions()
        ksp.setOperators(self._matrix)
        self._ksp = ksp
        self.krylov = 0
        """Iterations so far."""

    def press(self, pressure: float) -> None:
        """Put the collector, a source of lithium, under a pressure [Pa]."""
        self._behind = vacancy_stress.source_potential(-pressure, *self.problem.site)

    def lithium(self, xi: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Lithium per cell, h theta; a new ghosted array."""
        phase = self.problem.phase
        kernels.set_cells(xi, y, y, self._kind, phase.vacancies, (0.0, 0.0), self.local)
        return self.local[..., 3].copy()

    # ------------------------------------------------------------------ rows

    def _set_rows(self, xi: np.ndarray, y: np.ndarray, xi_base: np.ndarray, m_base: np.ndarray, time: float) -> None:
        """Both rows of a state; `self.local` of it."""
        phase, transport, numbers = self.problem.phase, self.problem.transport, self._stiffness(time)
        chemical = GAS_CONSTANT * transport.temperature / transport.molar_volume
        drive = (time * phase.mobility * phase.well, time * phase.mobility * chemical)
        u = self._potential(y)
        kernels.set_cells(xi, y, u if self._stressed else y, self._kind, phase.vacancies, drive, self.local)
        first, second = self._rows
        first[:] = xi - xi_base + self.local[..., 0]
        second[:] = m_base - self.local[..., 3]
        for axis, opening, stiff in zip(AXES, self.openings, numbers, strict=True):
            kernels.add_faces((xi, u), u, self.local, opening, axis, stiff, False, self._rows)
        if self._held:
            second[1] += time * transport.diffusivity * self._held * self.local[1, ..., 6] * (u[1] - self._behind)
        second[OWNED] += time * self._source

    def _potential(self, y: np.ndarray) -> np.ndarray:
        """The potential u of the vacancies."""
        return y if self.tension is None else y + self.tension

    def _stiffness(self, time: float) -> list[tuple[float, float]]:
        phase = self.problem.phase
        curve, flow = time * phase.mobility * phase.gradient, time * self.problem.transport.diffusivity
        return [(curve * inverse, flow * inverse) for inverse in self._inverse]

    def mult(self, matrix: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for J x."""
        del matrix
        values, n, shape = x.getArray(readonly=True), self._count, self.grid.shape
        for part, block in zip(self._step, (values[:n], values[n:]), strict=True):
            part[OWNED] = block.reshape(shape)
        self.grid.halo.exchange(*self._step)
        xi, dy = self._step
        local, (first, second) = self.local, self._rows
        first[:] = xi + local[..., 1] * xi + local[..., 2] * dy
        second[:] = -local[..., 4] * xi - local[..., 5] * dy
        for axis, opening, stiff in zip(AXES, self.openings, self._stiffness(self._time), strict=True):
            kernels.add_faces(self._step, self._u, local, opening, axis, stiff, True, self._rows)
        if self._held:
            flow = self._time * self.problem.transport.diffusivity * self._held
            second[1] += flow * (local[1, ..., 6] * dy[1] + local[1, ..., 7] * xi[1] * (self._u[1] - self._behind))
        out = y.getArray()
        out[:n], out[n:] = first[OWNED].ravel(), second[OWNED].ravel()

    # ------------------------------------------------------------------ preconditioner

    def _prepare(self) -> None:
        """Blocks of the present linearisation."""
        numbers, local = self._stiffness(self._time), self.local[OWNED]
        curves = [stiff[0] for stiff in numbers]
        self._diagonal = np.maximum(1.0 + local[..., 1], LEAST)
        self._alone = max(curves) < LOOSE
        cells = self.problem.domain.cells
        tied = self._diagonal + 2.0 * sum(c for c, n in zip(curves, cells, strict=True) if n > 1)
        self._inner = self._diagonal if self._alone else tied
        self._feedback = local[..., 2] / self._inner
        if not self._alone:
            block = self._blocks[0]
            block.finest.reaction[OWNED] = self._diagonal
            for face, opening, curve in zip(block.finest.faces, self.openings, curves, strict=True):
                face[:] = opening * curve
            block.update()
        block = self._blocks[1]
        for axis, face, opening, stiff in zip(AXES, block.finest.faces, self.openings, numbers, strict=True):
            kernels.set_conductance(self.local, opening, axis, stiff[1], face)
        reaction = np.maximum(local[..., 4] * self._feedback, 0.0) - local[..., 5]
        if self._held:
            reaction[0] += self._time * self.problem.transport.diffusivity * self._held * local[0, ..., 6]
        block.finest.reaction[OWNED] = reaction
        block.update()

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for M^-1 x."""
        del pc
        values, n, shape = x.getArray(readonly=True), self._count, self.grid.shape
        first, second = values[:n].reshape(shape), values[n:].reshape(shape)
        xi = first / self._inner if self._alone else self._cycle(0, first)
        dy = self._cycle(1, second + self.local[OWNED][..., 4] * xi)
        out = y.getArray()
        out[:n], out[n:] = (xi - self._feedback * dy).ravel(), dy.ravel()

    def _cycle(self, number: int, right: np.ndarray) -> np.ndarray:
        block = self._blocks[number]
        # single precision keeps seven digits, whatever the size
        scale = self.grid.max(float(np.abs(right).max())) or 1.0
        block.finest.b[OWNED] = right / scale
        return block.cycle()[OWNED].astype(np.float64) * scale

    # ------------------------------------------------------------------ solution

    def solve(
        self,
        start: tuple[np.ndarray, np.ndarray],
        base: tuple[np.ndarray, np.ndarray],
        time: float,
        source: np.ndarray | float,
    ) -> Solution:
        """Solve a stage.

        Parameters
        ----------
        start
            xi and y to begin with; not changed.
        base
            xi and lithium that the stage starts from, ghosted.
        time
            Of the stage [s].
        source
            Lithium that the contact brings to a cell [1/s], owned cells; negative on stripping.
        """
        numerics, n, shape = self.problem.numerics, self._count, self.grid.shape
        xi, y = start[0].copy(), start[1].copy()
        self._time, self._source, size = time, source, 1.0
        self._set_rows(xi, y, *base, time)
        for iteration in range(1, numerics.newton_iterations + 1):
            self._u = self._potential(y)
            right = self._right.getArray()
            right[:n], right[n:] = -self._rows[0][OWNED].ravel(), -self._rows[1][OWNED].ravel()
            self._prepare()
            accuracy = max(min(1e-2, 0.01 * size), numerics.linear_tolerance)
            self._ksp.setTolerances(rtol=accuracy, atol=1e-14 * np.sqrt(n), max_it=numerics.linear_iterations)
            self._update.set(0.0)
            self._ksp.solve(self._right, self._update)
            self.krylov += self._ksp.getIterationNumber()
            step = self._update.getArray(readonly=True)
            if not np.isfinite(self.grid.sum(float(step.sum()))):
                break
            dxi, dy = step[:n].reshape(shape), step[n:].reshape(shape)
            xi[OWNED] += np.clip(dxi, -LARGEST_XI, LARGEST_XI)
            y[OWNED] += np.clip(dy, -LARGEST_Y, LARGEST_Y)
            self.grid.halo.exchange(xi, y)
            self._set_rows(xi, y, *base, time)
            missing = max(float(np.abs(row[OWNED]).max()) for row in self._rows)
            size = self.grid.max(max(missing, float(np.abs(dxi).max())))
            if size <= numerics.newton_tolerance:
                return Solution(True, xi, y, iteration)
            size = min(size, 1.0)
        return Solution(False, xi, y, numerics.newton_iterations)

    def gained(self, xi: np.ndarray, y: np.ndarray, time: float) -> tuple[np.ndarray, float]:
        """What flows bring to each owned cell over a stage (its lithium by the balance), and what leaves at the back.

        Exchanged cell by cell: the sum is the contact's less the back's, to round-off.
        """
        zero = np.zeros((1, 1, 1))
        self._set_rows(xi, y, zero, zero, time)
        brought = (self._rows[1] + self.local[..., 3])[OWNED]
        back = 0.0
        if self._held:
            flow = time * self.problem.transport.diffusivity * self._held
            driven = self._potential(y)[1, 1:-1, 1:-1] - self._behind
            back = float(np.sum(flow * self.local[1, 1:-1, 1:-1, 6] * driven))
        return brought, back

    def free(self) -> None:
        """Free the PETSc objects."""
        for thing in (self._ksp, self._matrix, self._right, self._update):
            thing.destroy()
