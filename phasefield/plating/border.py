"""Global unknowns that border the coupled system: the counter electrode's X and the potentials of metal islands.

Each adds one column (how the rows of cells depend on it) and one row (its own equation). They touch few cells, so
both are kept as lists of cells and coefficients. The preconditioner eliminates them exactly: with z = M^-1 column,

    y = M^-1 r,   x = (rho - row . y) / (corner - row . z),   y - z x
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Border:
    """One global unknown; `cells` are owned cells of this rank, flat indices or a range of them."""

    cells: np.ndarray | slice
    column_c: np.ndarray
    column_p: np.ndarray
    row_c: np.ndarray
    row_p: np.ndarray
    corner: float
    """Derivative of the unknown's equation by itself (summed over ranks)."""
    residual: float
    """Of the unknown's equation (summed over ranks)."""

    def add_column(self, value: float, out_c: np.ndarray, out_p: np.ndarray) -> None:
        """Add column times value to flat owned rows."""
        out_c[self.cells] += self.column_c * value
        out_p[self.cells] += self.column_p * value

    def row_product(self, c: np.ndarray, p: np.ndarray) -> float:
        """Share of this rank in row . (c, p), flat owned cells."""
        return float(self.row_c @ c[self.cells] + self.row_p @ p[self.cells])
