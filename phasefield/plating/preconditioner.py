"""Preconditioner of the coupled system: block Gauss-Seidel with the global unknowns eliminated.

The salt comes first. In the ambipolar form the salt row sees the potential at the surface alone, both diagonal blocks
are symmetric and positive, and one V-cycle stands for each inverse. Ohmic electrons are a third such block. Metal is
nearly an equipotential: the mean potential of each floating piece is eliminated with the global unknowns, as if it
were one of them, and the cycle is left with what flows inside the pieces.

Two modes escape the blocks, C and P shifted everywhere at once: in a closed cell at a given current the total salt
hardly changes and the potential only follows it, which no block knows of itself. A correction on these modes, and on
the same two of every pocket of cut-off electrolyte, goes before the blocks.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels import transport, vectors
from ramify.phasefield.plating.border import Border
from ramify.phasefield.plating.pockets import PocketModes
from ramify.phasefield.plating.system import CoupledSystem

MODES = 2
"""Uniform modes: C and P, the first blocks of a vector."""


class Preconditioner:
    """M^-1 of the Jacobian that the system last linearised."""

    def __init__(self, system: CoupledSystem) -> None:
        self.system = system
        self._eliminated: list[tuple[np.ndarray, np.ndarray, float]] = []
        self._floating: list[Border] = []
        """Mean potentials of floating metal under ohmic electrons: numbers of the preconditioner's own."""
        self._marked = np.zeros(0, np.uint8)
        """One in the owned cells that the uniform modes shift, flat."""
        self._images = np.zeros((0, 0), np.float32)
        self._coarse: np.ndarray = np.zeros((2, 2))
        self._pockets: PocketModes | None = None

    def prepare(self, *, fresh: bool) -> None:
        """Take a new linearisation; `fresh` renews the uniform modes too."""
        self.eliminate_borders()
        if fresh:
            self.prepare_uniform_modes()

    def apply(self, r: np.ndarray, y: np.ndarray) -> None:
        """y = M^-1 r: the uniform modes first, then block Gauss-Seidel with the borders eliminated."""
        shift = self._coarse @ self._mode_sums(r)
        vectors.subtract_images(r, self._images, shift, y)
        pockets = self._pockets
        shifts = pockets.correct(y) if pockets is not None else None
        self._bordered_blocks(y)
        if pockets is not None and shifts is not None:
            y[pockets.cells] += shifts[0]
            y[pockets.size + pockets.cells] += shifts[1]
        n = self.system.cells
        for block, value in enumerate(shift):
            vectors.shift_marked(y[block * n : (block + 1) * n], self._marked, value)

    def _mode_sums(self, r: np.ndarray) -> np.ndarray:
        """Products of the uniform modes with a vector."""
        n = self.system.cells
        return self.system.grid.sums(
            np.array([vectors.sum_marked(r[block * n : (block + 1) * n], self._marked) for block in range(MODES)])
        )

    def _bordered_blocks(self, y: np.ndarray) -> None:
        """The right-hand side in `y` gives way to the solution, block by block."""
        n = self.system.cells
        first = self.system.blocks * n
        self._blocks(y[:n], y[n : 2 * n], y[:n], y[n : 2 * n])
        values = np.zeros(0)
        if self.system.borders:
            values = self.system.grid.from_root(y[first:])
        if self._floating:
            # The rows of a piece of metal sum to its net current, whatever flows inside it.
            rows = y[2 * n : 3 * n]
            sums = self.system.grid.sums(np.array([rows[border.cells].sum() for border in self._floating]))
            values = np.concatenate([values, -sums])
        solved = np.zeros(values.size)
        borders = [*self.system.borders, *self._floating]
        for index, (border, (zc, zp, pivot)) in enumerate(zip(borders, self._eliminated, strict=True)):
            product = self.system.grid.sum(border.row_product(y[:n], y[n : 2 * n]))
            solved[index] = (values[index] - product) / pivot
            vectors.add_times(y[:n], zc, -solved[index])
            vectors.add_times(y[n : 2 * n], zp, -solved[index])
        count = len(self.system.borders)
        if count and self.system.grid.comm.rank == 0:
            y[first:] = solved[:count]
        if self.system.electrons is not None:
            self._solve_electrons(y, solved[count:])

    def _solve_electrons(self, y: np.ndarray, potentials: np.ndarray) -> None:
        """Q: the floating pieces at their mean `potentials`, and one cycle for what is left."""
        assert self.system.electrons is not None
        n, shape = self.system.cells, self.system.grid.shape
        c, p, q = y[:n].reshape(shape), y[n : 2 * n].reshape(shape), y[2 * n : 3 * n]
        mean = np.zeros_like(q)
        for border, potential in zip(self._floating, potentials, strict=True):
            mean[border.cells] = potential
        right = self.system.by_p[OWNED] * (p - mean.reshape(shape)) + self.system.by_c[OWNED] * c
        right += q.reshape(shape)
        q[:] = mean + self.system.electrons.solve(right).ravel()

    def eliminate_borders(self) -> None:
        """Columns carried through the block preconditioner, for `apply`."""
        self._eliminated = []
        n = self.system.cells
        self._floating = self.system.island_borders() if self.system.electrons is not None else []
        for border in [*self.system.borders, *self._floating]:
            column_c, column_p = self.system.grid.workspace.take(((n,), np.float32), ((n,), np.float32))
            column_c.fill(0.0)
            column_p.fill(0.0)
            border.add_column(1.0, column_c, column_p)
            zc, zp = np.empty(n, np.float32), np.empty(n, np.float32)
            self._blocks(column_c, column_p, zc, zp)
            pivot = border.corner - self.system.grid.sum(border.row_product(zc, zp))
            self._eliminated.append((zc, zp, pivot if abs(pivot) > 1e-12 * abs(border.corner) + 1e-300 else 1.0))

    def prepare_uniform_modes(self) -> None:
        """Images of the uniform modes under J, and the inverse of their Galerkin matrix.

        The modes are C of all active cells, and P of all active cells.
        """
        n = self.system.cells
        self._marked = self.system.geometry.active[OWNED].ravel()
        if self.system.pocket_count:
            self._marked *= self.system.pocket_owner < 0
        size = self.system.blocks * n + (len(self.system.borders) if self.system.grid.comm.rank == 0 else 0)
        if self._images.shape != (MODES, size):
            self._images = np.empty((MODES, size), np.float32)
        vector, image = self.system.grid.workspace.take(((size,), np.float64), ((size,), np.float64))
        matrix = np.zeros((MODES, MODES))
        for block in range(MODES):
            vector.fill(0.0)
            vector[block * n : (block + 1) * n] = self._marked
            self.system.apply(vector, image)
            matrix[:, block] = self._mode_sums(image)
            self._images[block] = image
        self._coarse = np.linalg.pinv(matrix, rcond=1e-13)
        self._pockets = None
        if self.system.pocket_count:
            images = [np.zeros(size), np.zeros(size)]
            for block, image in enumerate(images):
                vector = np.zeros(size)
                vector[block * n + np.flatnonzero(self.system.pocket_owner >= 0)] = 1.0
                self.system.apply(vector, image)
            self._pockets = PocketModes(self.system.grid, self.system.pocket_owner, self.system.pocket_count, images)

    def _blocks(self, r_c: np.ndarray, r_p: np.ndarray, y_c: np.ndarray, y_p: np.ndarray) -> None:
        system, shape = self.system, self.system.grid.shape
        vectors.fill_owned(r_c, system.salt_multigrid.finest.b)
        c = system.salt_multigrid.cycle()
        vectors.take_owned(c, y_c)
        fx, fy, fz = system.faces
        right = system.charge_multigrid.finest.b
        transport.charge_row_of_salt(c, fx, fy, fz, system.by_c, r_p.reshape(shape), right)
        vectors.take_owned(system.charge_multigrid.cycle(), y_p)
