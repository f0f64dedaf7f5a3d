"""Preconditioner of the coupled rows: one multigrid cycle for each block, in the order xi, mu, p.

The reaction ties xi to mu within a cell (metal takes lithium, lithium lets metal grow): the block of mu is the Schur
complement of that pair. It is solved for y = c^l d mu, for which the diffusion is symmetric. What xi feels of mu is put
back after; what it feels of p is left to the Krylov method.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grand_potential.system import BLOCKS, FIELDS, System
from ramify.phasefield.grid import OWNED
from ramify.phasefield.multigrid.hierarchy import Multigrid

LEAST = 0.2
"""Smallest diagonal of the phase's block: across a front it may turn negative, which a cycle cannot take."""
PARTS = (8, 9, 7)
"""Derivatives of the faces' fluxes that make the blocks of xi, y and p."""
LARGEST = 1e30
"""Of a reaction in single precision."""
LOOSE = 0.1
"""Ties between cells, over the phase's own diagonal, below which a cell's own row stands for the phase's block."""


class Preconditioner:
    """M^-1 of the Jacobian that the system last evaluated."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.blocks = [Multigrid(system.grid) for _ in range(BLOCKS)]
        self._occupied = self._feedback = np.zeros(0)
        self._alone: np.ndarray | None = None
        """Diagonal of the phase's block where its cells are loosely tied, as in short steps on coarse grids."""

    def prepare(self) -> None:
        """Take a new linearisation."""
        local, faces = self.system.local[OWNED], self.system.faces
        diagonal = np.maximum(local[..., 0], LEAST)
        self._feedback = -local[..., 1] / diagonal
        """What a correction of mu adds to xi."""
        self._occupied = np.maximum(self.system.occupied[OWNED], 1.0 / LARGEST)
        tied = local[..., 4] + np.maximum(local[..., 3] * self._feedback, 0.0)
        reactions = (diagonal, np.minimum(tied / self._occupied, LARGEST), np.zeros_like(diagonal))
        ties = [float(faces[axis][..., PARTS[0]].max()) for axis in self.system.axes]
        loose = self.system.grid.max(max(ties)) < LOOSE
        self._alone = diagonal + 2.0 * sum(ties) if loose else None
        for block, part, reaction, name in zip(self.blocks, PARTS, reactions, FIELDS, strict=True):
            if loose and name == "xi":
                continue
            block.finest.reaction[OWNED] = reaction
            for axis in self.system.axes:
                block.finest.faces[axis][OWNED] = faces[axis][OWNED][..., part]
            self._close(block, part, name)
            block.update()

    def _close(self, block: Multigrid, part: int, name: str) -> None:
        """Outermost faces: those that hold a value tie their cells to it over half the distance, others to nothing."""
        grid, finest = self.system.grid, block.finest
        for axis in (0, 1):
            if grid.place[axis] == 0 and not grid.periodic[axis]:
                finest.faces[axis][(slice(None),) * (2 - axis) + (1,)] = 0.0
        inner = (slice(1, -1), slice(1, -1))
        ends = self.system.faces[2]
        if grid.at_bottom:
            finest.faces[2][1] = 0.0
            if self.system.held(name, self.system.problem.collector) is not None:
                finest.reaction[1][inner] += 2.0 * ends[1][inner][..., part]
        if grid.at_top and self.system.held(name, self.system.problem.counter) is not None:
            finest.reaction[-2][inner] += 2.0 * ends[-1][inner][..., part]

    def apply(self, r: np.ndarray, y: np.ndarray) -> None:
        """Y = M^-1 r, block Gauss-Seidel; `r` and `y` may share memory."""
        n, shape, local = self.system.cells, self.system.grid.shape, self.system.local[OWNED]
        r_xi, r_mu, r_p = (np.asarray(r[b * n : (b + 1) * n], np.float64).reshape(shape) for b in range(BLOCKS))
        xi = self._cycle(0, r_xi) if self._alone is None else r_xi / self._alone
        share = self._cycle(1, r_mu - local[..., 3] * xi)
        mu = share / self._occupied
        xi = xi + self._feedback * mu
        p = self._cycle(2, r_p - self.system.charge * xi)
        for b, part in enumerate((xi, mu, p)):
            y[b * n : (b + 1) * n] = part.ravel()

    def _cycle(self, block: int, right: np.ndarray) -> np.ndarray:
        multigrid = self.blocks[block]
        multigrid.finest.b[OWNED] = right
        return multigrid.cycle()[OWNED].astype(np.float64)
