"""Geometric multigrid of the voxel elements, one V-cycle as the inverse of a tangent, in single precision.

Coarse elements are Galerkin's, cell by cell: K_c = sum over its cells of P^T K P, P the trilinear interpolation. A rank
halves its own box whatever its size: where a count is odd, the last coarse cell is a single one. Trilinear
functions hold the rigid-body motions exactly, so that the near-null space of elasticity is on every level
without being told; the elements keep the contrast between metal and medium that mean moduli would wipe out.
Chebyshev polynomials of Jacobi's iteration smooth, the same before and after, so that the cycle is symmetric.
The coarsest grid is gathered, and factorised by every rank.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh_tridiagonal

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import voxels
from ramify.phasefield.mechanics.element import UPPER, Brick, parent_weights
from ramify.phasefield.mechanics.nodes import NodeBox
from ramify.phasefield.multigrid.hierarchy import coarsening_factors

PRECISION = np.float32
DEGREE = 3
"""Of the smoothing polynomial, before and after the coarse correction."""
SMOOTHED_RANGE = 8.0
"""Largest over smallest eigenvalue that the polynomial damps."""
LANCZOS_STEPS = 12
"""That find the largest eigenvalue of a level."""
DIRECT_CELLS = 64
SHIFT = 1e-8
"""Of the coarsest diagonal: motions that nothing holds stay finite, and the right-hand side has no part in them."""


class Level:
    """Work arrays of one level; node arrays (z, y, x, 3)."""

    def __init__(self, box: NodeBox, fixed: np.ndarray) -> None:
        self.box, self.fixed = box, fixed
        shape = (*box.shape, 3)
        self.x, self.b, self.d, self.Ax, self.inverse = (np.zeros(shape, PRECISION) for _ in range(5))
        self.elements = np.zeros((0, 0, 0, 300), PRECISION)
        """Of coarse levels."""
        self.factors = (1, 1, 1)
        self.largest = 1.0
        """Largest eigenvalue of D^-1 K."""


class VoxelMultigrid:
    """Approximate inverse of the tangent of one mesh.

    Parameters
    ----------
    grid, box
        The mesh and its nodes.
    fixed
        True where a displacement is prescribed, node array (z, y, x, 3), ghosts filled.
    brick
        Element of the finest level.
    """

    def __init__(self, grid: Grid, box: NodeBox, fixed: np.ndarray, brick: Brick) -> None:
        self.grid, self.brick = grid, brick
        self.strains, self.stabilisers = brick.on_parents()
        self.weights = parent_weights()
        self.tangent = np.zeros((*box.shape, 21), PRECISION)
        self.stabiliser = np.zeros(box.shape, PRECISION)
        """Of the finest cells, to be set before `update`; ghosts filled."""
        self.levels = [Level(box, fixed)]
        self.transfers = []
        while np.prod(box.cells) > DIRECT_CELLS:
            factors = coarsening_factors(box.cells, box.spacing)
            coarse = box.coarser(factors)
            if coarse.cells == box.cells:
                break
            down, up = box.restriction(factors), box.prolongation(factors)
            fixed = np.ascontiguousarray(self._injected(fixed, down[0], coarse))
            self.levels[-1].factors = factors
            self.transfers.append((down, up))
            self.levels.append(Level(coarse, fixed))
            self.levels[-1].elements = np.zeros((*coarse.shape, 300), PRECISION)
            box = coarse
        self._number_coarsest()

    @staticmethod
    def _injected(fixed: np.ndarray, tables: tuple[np.ndarray, ...], coarse: NodeBox) -> np.ndarray:
        """The coarse nodes' share of a fine node array, ghosts filled."""
        z, y, x = (table[:, 1] for table in tables)
        out = fixed[np.ix_(z, y, x)].copy()
        coarse.halo.exchange(out)
        return out

    # ------------------------------------------------------------------ operator

    def apply(self, number: int, u: np.ndarray, out: np.ndarray) -> None:
        """out = K u at the owned nodes of a level; ghosts of `u` must be filled."""
        level = self.levels[number]
        if number == 0:
            brick = self.brick
            voxels.apply_cells(
                u, self.tangent, self.stabiliser, brick.strain, brick.amplitudes, brick.hourglass, brick.volume,
                level.box.first, out,
            )  # fmt: skip
        else:
            voxels.apply_elements(u, level.elements, level.box.first, out)

    def update(self) -> None:
        """Take the tangents and stabilisers as they are now: coarse elements, diagonals, smoothers."""
        fine = self.levels[0]
        if len(self.levels) > 1:
            coarse = self.levels[1]
            voxels.coarsen_cells(
                self.tangent, self.stabiliser, self.strains, self.stabilisers, self.brick.volume, fine.factors,
                coarse.elements,
            )  # fmt: skip
            coarse.box.halo.exchange(coarse.elements)
        for below, level in zip(self.levels[1:], self.levels[2:], strict=False):
            voxels.coarsen_elements(below.elements, self.weights, below.factors, level.elements)
            level.box.halo.exchange(level.elements)
        for number, level in enumerate(self.levels[:-1]):
            self._set_diagonal(number, level)
            self._find_largest(number, level)
        self._factorise()

    def _set_diagonal(self, number: int, level: Level) -> None:
        diagonal = level.Ax
        if number == 0:
            own = np.zeros(24)
            own[:] = self.stabilisers[8, 0][UPPER[0] == UPPER[1]]
            voxels.cell_diagonals(
                self.tangent, self.stabiliser, self.brick.strain, own, self.brick.volume, level.box.first, diagonal
            )
        else:
            voxels.element_diagonals(level.elements, level.box.first, diagonal)
        level.inverse[:] = 0.0
        here = level.box.owned
        free = ~level.fixed[here] & (diagonal[here] > 0.0)
        level.inverse[here] = np.where(free, 1.0 / np.where(free, diagonal[here], 1.0), 0.0)

    def _find_largest(self, number: int, level: Level) -> None:
        """Upper estimate of the largest eigenvalue of D^-1 K: Lanczos' largest Ritz value and its residual.

        D^-1 K is self-adjoint in the product (v, D w). The first vector is a fixed pattern of all wavelengths.
        """
        box, here = level.box, level.box.owned
        k, j, i = np.ogrid[: box.shape[0], : box.shape[1], : box.shape[2]]
        phase = 12.9898 * (i + box.start[0]) + 78.233 * (j + box.start[1]) + 37.719 * (k + box.start[2])
        inverse = level.inverse[here]
        D = np.where(inverse > 0.0, 1.0 / np.where(inverse > 0.0, inverse, 1.0), 0.0)
        w = np.stack([np.sin(1.0 + c + phase) for c in range(3)], axis=-1)[here].astype(PRECISION) * (inverse > 0.0)
        before, beta = np.zeros_like(w), 0.0
        diagonal: list[float] = []
        beside: list[float] = []
        for _ in range(LANCZOS_STEPS):
            beta = np.sqrt(self.grid.sum(float((D * w * w).sum(dtype=np.float64))))
            if beta < 1e-6 * max(diagonal, default=1e-30):
                break
            v, beside = w / PRECISION(beta), [*beside, beta]
            level.x[here] = v
            box.halo.exchange(level.x)
            self.apply(number, level.x, level.Ax)
            w = inverse * level.Ax[here]
            diagonal.append(self.grid.sum(float((D * w * v).sum(dtype=np.float64))))
            w = w - PRECISION(diagonal[-1]) * v - PRECISION(beta if len(diagonal) > 1 else 0.0) * before
            before = v
        if not diagonal:
            level.largest = 1.0
            return
        last = np.sqrt(self.grid.sum(float((D * w * w).sum(dtype=np.float64))))
        values, vectors = eigh_tridiagonal(np.array(diagonal), np.array(beside[1:]))
        level.largest = 1.02 * float(values[-1]) + last * abs(float(vectors[-1, -1]))

    def calm(self) -> None:
        """Widen the smoothers' ranges, after a cycle that was not positive definite."""
        for level in self.levels:
            level.largest *= 1.3

    # ------------------------------------------------------------------ coarsest grid

    def _number_coarsest(self) -> None:
        box = self.levels[-1].box
        counts = [n if wraps else n + 1 for n, wraps in zip(box.cells, box.periodic, strict=True)]
        x, y, z = box.node_indices()
        self._index = (z[:, None, None] * counts[1] + y[:, None]) * counts[0] + x
        """Global number of the nodes of the coarsest node array."""
        self._unknowns = 3 * int(np.prod(counts))

    def _factorise(self) -> None:
        """Assemble and factorise the coarsest operator on every rank."""
        level, comm = self.levels[-1], self.grid.comm
        nz, ny, nx = (n - 2 for n in level.box.shape)
        index, corners = self._index, []
        for n in range(8):
            a, b, c = n & 1, n >> 1 & 1, n >> 2
            corners.append(index[1 + c : 1 + c + nz, 1 + b : 1 + b + ny, 1 + a : 1 + a + nx].ravel())
        nodes = np.stack(corners, axis=1)
        if len(self.levels) == 1:
            elements = np.zeros((*level.box.shape, 300), PRECISION)
            voxels.coarsen_cells(
                self.tangent, self.stabiliser, self.strains, self.stabilisers, self.brick.volume, (1, 1, 1), elements
            )
        else:
            elements = level.elements
        mine = elements[1:-1, 1:-1, 1:-1].reshape(-1, 300).astype(np.float64)
        here = level.box.owned
        pieces = comm.allgather((nodes, mine, index[here].ravel(), level.fixed[here].reshape(-1, 3)))
        matrix, fixed = np.zeros((self._unknowns, self._unknowns)), np.zeros(self._unknowns, bool)
        for numbers, values, owned, held in pieces:
            rows = (3 * numbers[:, :, None] + np.arange(3)).reshape(-1, 24)
            full = np.zeros((len(values), 24, 24))
            full[:, UPPER[0], UPPER[1]] = values
            full[:, UPPER[1], UPPER[0]] = values
            np.add.at(matrix, (rows[:, :, None], rows[:, None, :]), full)
            fixed.reshape(-1, 3)[owned] = held
        diagonal = np.diagonal(matrix).copy()
        fixed |= diagonal <= 0.0
        matrix[fixed] = 0.0
        matrix[:, fixed] = 0.0
        held = np.where(fixed, 1.0, SHIFT * diagonal.max(initial=1e-30))
        self._free = ~fixed
        while True:
            matrix[np.diag_indices_from(matrix)] += held
            try:
                self._factor = cho_factor(matrix, check_finite=False)
                return
            except np.linalg.LinAlgError:
                # Motions that nothing holds, which rounding has made softer than nothing.
                held = np.where(fixed, 0.0, 10.0 * held)

    def _solve_coarsest(self) -> None:
        level, comm = self.levels[-1], self.grid.comm
        here = level.box.owned
        right = np.zeros(self._unknowns)
        for numbers, values in comm.allgather((self._index[here].ravel(), level.b[here].reshape(-1, 3))):
            right.reshape(-1, 3)[numbers] = values
        found = cho_solve(self._factor, np.where(self._free, right, 0.0), check_finite=False)
        inside = np.clip(self._index, 0, self._unknowns // 3 - 1)
        level.x[:] = np.where(self._free, found, 0.0).reshape(-1, 3)[inside]

    # ------------------------------------------------------------------ cycle

    def cycle(self) -> np.ndarray:
        """One V-cycle on the finest `b` (owned nodes) from zero; returns the finest `x`, ghosts filled."""
        last = len(self.levels) - 1
        for number, (down, _) in enumerate(self.transfers):
            level, below = self.levels[number], self.levels[number + 1]
            level.x[:] = 0.0
            self._smooth(number, level, from_zero=True)
            level.box.halo.exchange(level.x)
            self.apply(number, level.x, level.Ax)
            np.subtract(level.b, level.Ax, out=level.Ax)
            level.Ax[level.inverse == 0.0] = 0.0
            level.box.halo.exchange(level.Ax)
            voxels.restrict(level.Ax, *down, below.b)
        if last >= 0:
            self._solve_coarsest()
        for number in range(last - 1, -1, -1):
            level, below = self.levels[number], self.levels[number + 1]
            below.box.halo.exchange(below.x)
            voxels.prolong(below.x, *self.transfers[number][1], level.x)
            level.x[level.fixed] = 0.0
            self._smooth(number, level, from_zero=False)
        finest = self.levels[0]
        finest.box.halo.exchange(finest.x)
        return finest.x

    def _smooth(self, number: int, level: Level, *, from_zero: bool) -> None:
        """Chebyshev's polynomial of D^-1 K over the upper part of its spectrum."""
        high = level.largest
        low = high / SMOOTHED_RANGE
        centre, half = 0.5 * (high + low), 0.5 * (high - low)
        sigma = centre / half
        rho = 1.0 / sigma
        for step in range(DEGREE):
            if step == 0 and from_zero:
                level.Ax[:] = 0.0
            else:
                level.box.halo.exchange(level.x)
                self.apply(number, level.x, level.Ax)
            if step == 0:
                keep, add = 0.0, 1.0 / centre
                level.d[:] = 0.0
            else:
                following = 1.0 / (2.0 * sigma - rho)
                keep, add = following * rho, 2.0 * following / half
                rho = following
            voxels.chebyshev_step(level.b, level.Ax, level.inverse, keep, add, level.d, level.x)
