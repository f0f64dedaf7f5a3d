"""Pockets: electrolyte that metal has cut off from the counter electrode.

No net current reaches a pocket and its salt stays what it is, whatever the rest of the cell does. Shifting C or P in a
whole pocket therefore costs next to nothing, which neither block of the preconditioner can know: a correction on
these two modes, pocket by pocket, goes before the blocks. Pockets do not touch each other, so one product with the
Jacobian gives the images of all their C modes, another those of all P modes.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grid import OWNED, Grid


def find_pockets(grid: Grid, active: np.ndarray) -> tuple[np.ndarray, int]:
    """Pocket of every owned cell (flat, from 0; -1 outside of all; empty without pockets), and their number."""
    numbers, count = number_components(grid, active)
    top = np.unique(numbers[-2, 1:-1, 1:-1]).tolist() if grid.at_top else []
    open_regions = set().union(*grid.comm.allgather(set(top)))
    renumber = np.full(count + 1, -1, np.int32)
    closed = [n for n in range(1, count + 1) if n not in open_regions]
    if not closed:
        return np.zeros(0, np.int32), 0
    renumber[closed] = np.arange(len(closed))
    return renumber[numbers[OWNED].ravel()], len(closed)


class PocketModes:
    """Correction on the uniform modes of all pockets.

    Parameters
    ----------
    grid
        The mesh.
    owner, count
        Of `find_pockets`.
    images
        J times the sum of all pockets' C modes, and of all their P modes; vectors (C rows, P rows, ...).
    """

    def __init__(self, grid: Grid, owner: np.ndarray, count: int, images: list[np.ndarray]) -> None:
        self.grid, self.count = grid, count
        n = owner.size
        self.cells = np.flatnonzero(owner >= 0)
        self.owner = owner[self.cells]
        self.images = np.stack([[image[self.cells], image[n + self.cells]] for image in images])
        """(mode, row block, cell)."""
        matrices = np.empty((count, 2, 2))
        for mode in range(2):
            matrices[:, :, mode] = self._sums(self.images[mode, 0], self.images[mode, 1])
        self.inverses = np.linalg.pinv(matrices, rcond=1e-12)

    def _sums(self, c: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Sums over every pocket of values on its cells, shape (pockets, 2)."""
        sums = [np.bincount(self.owner, weights=values, minlength=self.count) for values in (c, p)]
        return self.grid.sums(np.stack(sums, axis=1))

    def correct(self, rest: np.ndarray) -> np.ndarray:
        """Shifts (2, cells) of C and P that the residual asks for; takes their images off `rest`."""
        n = self.size
        shift = np.einsum("kij,kj->ki", self.inverses, self._sums(rest[self.cells], rest[n + self.cells]))
        values = shift[self.owner].T
        for block in range(2):
            rest[block * n + self.cells] -= self.images[0, block] * values[0] + self.images[1, block] * values[1]
        return np.asarray(values)

    @property
    def size(self) -> int:
        """Owned cells of this rank."""
        return int(np.prod(self.grid.shape))
