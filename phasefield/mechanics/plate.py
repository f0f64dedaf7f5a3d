"""Conjugate gradients for one tangent, with or without a rigid plate at the bottom of the box, and a multigrid cycle.

The plate's nodes share one unknown, their common motion along z. Vectors hold it at each of them; forces there are
replaced by their mean, so that products of vectors, and with them the conjugate gradients, are those of the tied system
but for a constant. The cycle of mechanics.multigrid holds the plate still; its motion is corrected for along one
vector t, the motion of all nodes when the plate moves by one,

    M r = cycle(r) + t (t.r)/(t.K t),      t = linear in z, relaxed by two cycles: t - cycle(K t)
"""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import Grid
from ramify.phasefield.mechanics.element import Brick
from ramify.phasefield.mechanics.multigrid import VoxelMultigrid
from ramify.phasefield.mechanics.nodes import NodeBox

RELAXATIONS = 2
"""Cycles on the motion that follows the plate."""


class PlateKrylov:
    """Solver of K x = r on the nodes of a box.

    Parameters
    ----------
    grid, box, brick
        Mesh, nodes, element.
    fixed
        True where a component is held, node array (z, y, x, 3), the plate's own left free; ghosts filled.
    plate
        Whether there is a rigid plate at z = 0.
    prefix
        Of PETSc's options.
    """

    def __init__(self, grid: Grid, box: NodeBox, brick: Brick, fixed: np.ndarray, plate: bool, prefix: str) -> None:
        self.grid, self.box, self.fixed = grid, box, fixed
        self.plate = plate
        self.on_plate = np.zeros(fixed.shape[:3], bool)
        if plate and box.start[2] == 0:
            self.on_plate[1] = True
        self._owned_plate = self.on_plate[box.owned]
        self._plate_nodes = grid.sum(float(self._owned_plate.sum()))
        held = fixed.copy()
        held[self.on_plate, 2] = True
        self.multigrid = VoxelMultigrid(grid, box, held, brick)
        self.follows = np.zeros(fixed[box.owned].shape)
        """t of the owned nodes."""
        self._stiffness = 1.0
        self._direction, self._forces = np.zeros(fixed.shape), np.zeros(fixed.shape)
        self._start_petsc(prefix)

    def _start_petsc(self, prefix: str) -> None:
        sizes = (self.follows.size, PETSc.DETERMINE)
        self.matrix = PETSc.Mat().createPython((sizes, sizes), self, comm=self.grid.comm)
        self.matrix.setUp()
        self.matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self.right, self.found = self.matrix.createVecs()
        self.ksp = PETSc.KSP().create(self.grid.comm)
        self.ksp.setOptionsPrefix(prefix)
        self.ksp.setType(PETSc.KSP.Type.CG)
        self.ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        self.ksp.setOperators(self.matrix)
        self.ksp.getPC().setType(PETSc.PC.Type.PYTHON)
        self.ksp.getPC().setPythonContext(self)
        self.ksp.setFromOptions()

    # ------------------------------------------------------------------ operator and preconditioner

    def tie(self, vector: np.ndarray) -> None:
        """Replace the plate's z components by their mean; vectors (z, y, x, 3) of the owned nodes."""
        if not self.plate:
            return
        along = vector[..., 2]
        along[self._owned_plate] = self.grid.sum(float(along[self._owned_plate].sum())) / self._plate_nodes

    def product(self, vector: np.ndarray) -> np.ndarray:
        """K times a vector of the owned nodes that is zero where held; tied, and zero where held."""
        owned = self.box.owned
        self._direction[owned] = vector
        self.box.halo.exchange(self._direction)
        self.multigrid.apply(0, self._direction, self._forces)
        out = np.where(self.fixed[owned], 0.0, self._forces[owned])
        self.tie(out)
        return out

    def _cycle(self, given: np.ndarray) -> np.ndarray:
        """One cycle on a vector, scaled: single precision keeps seven digits whatever the size."""
        finest, owned = self.multigrid.levels[0], self.box.owned
        scale = self.grid.max(float(np.abs(given).max(initial=0.0))) or 1.0
        finest.b[owned] = given / scale
        return self.multigrid.cycle()[owned].astype(np.float64) * scale

    def forget(self) -> None:
        """Start again with the motion that follows the plate: what comes next is to depend on nothing before."""
        self.follows.fill(0.0)

    def update(self) -> None:
        """Take the multigrid's tangent and stabiliser as they are now, ghosts not yet filled."""
        self.box.halo.exchange(self.multigrid.tangent, self.multigrid.stabiliser)
        self.multigrid.update()
        if not self.plate:
            return
        t, height = self.follows, self.box.cells[2]
        if not t.any():
            z = self.box.node_indices()[2]
            t[..., 2] = np.broadcast_to((1.0 - z / height)[:, None, None], self.fixed.shape[:3])[self.box.owned]
            t[self.fixed[self.box.owned]] = 0.0
        for _ in range(RELAXATIONS):
            t -= self._cycle(self.product(t))
        self._stiffness = self.grid.sum(float((t * self.product(t)).sum()))

    def mult(self, matrix: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Y = K x; held components keep their values."""
        del matrix
        given = x.getArray(readonly=True).reshape(self.follows.shape)
        held = self.fixed[self.box.owned]
        product = self.product(np.where(held, 0.0, given))
        y.getArray()[:] = np.where(held, given, product).ravel()

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Y = M x."""
        del pc
        given = x.getArray(readonly=True).reshape(self.follows.shape)
        held = self.fixed[self.box.owned]
        out = np.where(held, given, self._cycle(np.where(held, 0.0, given)))
        if self.plate and self._stiffness > 0.0:
            out += self.follows * (self.grid.sum(float((self.follows * given).sum())) / self._stiffness)
        y.getArray()[:] = out.ravel()

    # ------------------------------------------------------------------ solution

    def solve(self, right: np.ndarray, accuracy: float, most: int) -> tuple[np.ndarray, int]:
        """Solution for a tied right-hand side of the owned nodes, and the iterations it took.

        `accuracy`: relative residual. Once more with calmer smoothers where the cycle was not positive definite.
        """
        self.right.getArray()[:] = right.ravel()
        self.ksp.setTolerances(rtol=accuracy, atol=0.0, max_it=most)
        iterations = 0
        for _ in range(4):
            self.ksp.solve(self.right, self.found)
            iterations += self.ksp.getIterationNumber()
            if self.ksp.getConvergedReason() != PETSc.KSP.ConvergedReason.DIVERGED_INDEFINITE_PC:
                break
            self.multigrid.calm()
        return self.found.getArray(readonly=True).reshape(self.follows.shape).copy(), iterations

    def free(self) -> None:
        """Free the PETSc objects (PETSc itself calls a context's `destroy`, with other arguments)."""
        for thing in (self.ksp, self.matrix, self.right, self.found):
            thing.destroy()
