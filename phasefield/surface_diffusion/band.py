"""The linear problem of one implicit stage of surface diffusion, over the cells of the surface's band.

    (M + s^2 A W^-1 A) u = M K

A: -div(opening q grad) (kernels.surface_diffusion); W = pore q, M = pore w(xi): weights across the surface, with
the same integral; s^2 = gamma dt B/h^4, lengths in cells. Tangentially s^2 A W^-1 A is s^2 k^4, the stiffness of
Mullins' law. Across the surface W^-1 A has the one eigenvalue zero, of what is constant, and all others above
(h/2l)^2: u is the mean of the cells' curvatures K over the profile, constant along the normal, as it should be.

Conjugate gradients, preconditioned by (N + s A)^-1 W (N + s A)^-1, N = (M W)^(1/2), which is within a factor of two of
the inverse at any s; each factor by one cycle of algebraic multigrid, or by an incomplete factorisation where s is
small.
"""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import surface_diffusion as kernels
from ramify.physics.interface import interface_weight

TOLERANCE, ROUGH = 1e-11, 1e-4
"""Of the preconditioned residual, and where an error is estimated; metal is conserved whatever they are."""
MOST_ITERATIONS = 2000
LARGE = 30.0
"""Stiffness s^2 above which multigrid pays."""


class DiffusionFailure(RuntimeError):
    """Surface diffusion that cannot go on; the message says why."""


class Band:
    """Cells of the band of one shape of the metal, with their matrix and weights.

    Parameters
    ----------
    xi, pore, openings
        Ghosted arrays, ghosts filled; `openings` of the faces across x, y, z.
    share
        B of each cell over the largest B; one array cell where it is the same everywhere. Ghosts filled.
    """

    def __init__(
        self, grid: Grid, xi: np.ndarray, pore: np.ndarray, openings: list[np.ndarray], share: np.ndarray
    ) -> None:
        self.grid = grid
        self.numbers = np.empty(grid.ghosted_shape, np.int32)
        self.count = int(kernels.number_band(xi, pore, 0, self.numbers))
        counts = grid.comm.allgather(self.count)
        self.first, self.total = sum(counts[: grid.comm.rank]), sum(counts)
        self.numbers[self.numbers >= 0] += self.first
        grid.halo.exchange(self.numbers)
        if self.total == 0:
            return
        self.A = self._matrix(xi, openings, share)
        x, p = self.collect(xi), self.collect(pore)
        q = x * (1.0 - x)
        self.W = self._vector(p * q)
        self._inverse_W = self._vector(1.0 / (p * q))
        self.M = self.W.duplicate()

    def weigh(self, xi: np.ndarray, pore: np.ndarray, trust: np.ndarray) -> None:
        """Set M, the weights with which the cells' curvatures count; `trust` is a factor on them."""
        x = self.collect(xi)
        self.M.setArray(self.collect(pore) * interface_weight(x) * self.collect(trust))

    def _matrix(self, xi: np.ndarray, openings: list[np.ndarray], share: np.ndarray) -> PETSc.Mat:
        spacing = self.grid.domain.spacing
        finest = finest_edge(self.grid)
        squares = [(finest / h) ** 2 if n > 1 else 0.0 for h, n in zip(spacing, self.grid.domain.cells, strict=True)]
        starts = np.empty(self.count + 1, PETSc.IntType)
        columns, values = np.empty(7 * self.count, PETSc.IntType), np.empty(7 * self.count)
        ox, oy, oz = openings
        used = kernels.fill_rows(
            xi, self.numbers, (ox, oy, oz), (squares[0], squares[1], squares[2]), share, starts, columns, values
        )
        size = ((self.count, self.total), (self.count, self.total))
        return PETSc.Mat().createAIJ(size, csr=(starts, columns[:used], values[:used]), comm=self.grid.comm)

    def _vector(self, values: np.ndarray) -> PETSc.Vec:
        vector = self.A.createVecLeft()
        vector.setArray(values)
        return vector

    def collect(self, field: np.ndarray) -> np.ndarray:
        """Values of a ghosted field in this rank's cells of the band."""
        values = np.empty(self.count)
        kernels.collect(field, self.numbers, self.first, values)
        return values

    def spread(self, values: np.ndarray, field: np.ndarray) -> None:
        """A ghosted field from its values in the band, zero elsewhere; its ghosts exchanged."""
        kernels.spread(values, self.numbers, self.first, field)
        self.grid.halo.exchange(field)

    def solver(self, stiffness: float) -> Stage:
        """Solver of the linear problem at a stiffness s^2."""
        return Stage(self, stiffness)

    def free(self) -> None:
        """Free the PETSc objects."""
        if self.total:
            for thing in (self.A, self.W, self.M, self._inverse_W):
                thing.destroy()


class Stage:
    """(M + s^2 A W^-1 A) u = M K at one s, and its preconditioner."""

    def __init__(self, band: Band, stiffness: float) -> None:
        self.band, self.stiffness = band, stiffness
        band_matrix, s = band.A, float(np.sqrt(stiffness))
        self._half = band_matrix.copy()
        self._half.scale(s)
        diagonal = self._half.getDiagonal()
        mean = band.M.duplicate()
        mean.pointwiseMult(band.M, band.W)
        mean.sqrtabs()
        diagonal.axpy(1.0, mean)
        mean.destroy()
        self._half.setDiagonal(diagonal)
        self._half.setOption(PETSc.Mat.Option.SPD, True)
        self._t, self._w = band.W.duplicate(), band.W.duplicate()
        self._inner = PETSc.PC().create(band.grid.comm)
        self._inner.setOperators(self._half)
        self._inner.setType(PETSc.PC.Type.GAMG if stiffness > LARGE else PETSc.PC.Type.BJACOBI)
        self._inner.setUp()
        self.operator = PETSc.Mat().createPython(band_matrix.getSizes(), self, comm=band.grid.comm)
        self.operator.setUp()
        self.ksp = PETSc.KSP().create(band.grid.comm)
        self.ksp.setType(PETSc.KSP.Type.CG)
        self.ksp.setOperators(self.operator)
        pc = self.ksp.getPC()
        pc.setType(PETSc.PC.Type.PYTHON)
        pc.setPythonContext(self)
        self.ksp.setTolerances(max_it=MOST_ITERATIONS)

    def mult(self, _: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """y = (M + s^2 A W^-1 A) x."""
        band = self.band
        band.A.mult(x, self._t)
        self._t.pointwiseMult(self._t, band._inverse_W)
        band.A.mult(self._t, y)
        self._w.pointwiseMult(band.M, x)
        y.aypx(self.stiffness, self._w)

    def apply(self, _: PETSc.PC | None, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """y = (N + s A)^-1 W (N + s A)^-1 x, about."""
        self._inner.apply(x, self._t)
        self._t.pointwiseMult(self._t, self.band.W)
        self._inner.apply(self._t, y)

    def solve(self, curvature: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
        """u of the cells from their K, rows of this rank's cells; DiffusionFailure without convergence."""
        right, u = self.band.M.duplicate(), self.band.M.duplicate()
        right.setArray(curvature)
        right.pointwiseMult(right, self.band.M)
        self.ksp.setTolerances(rtol=tolerance)
        self.ksp.solve(right, u)
        reason, found = self.ksp.getConvergedReason(), u.getArray().copy()
        right.destroy()
        u.destroy()
        if reason < 0:
            raise DiffusionFailure(f"surface diffusion does not converge in {MOST_ITERATIONS} iterations")
        return found

    def damp(self, values: np.ndarray) -> np.ndarray:
        """What the implicit operator leaves of values in the band, as precisely as an estimate of errors needs."""
        return self.solve(values, ROUGH)

    def free(self) -> None:
        """Free the PETSc objects."""
        for thing in (self.ksp, self.operator, self._inner, self._half, self._t, self._w):
            thing.destroy()


def finest_edge(grid: Grid) -> float:
    """Smallest cell edge [m] along axes with more than one cell."""
    return min(h for h, n in zip(grid.domain.spacing, grid.domain.cells, strict=True) if n > 1)
