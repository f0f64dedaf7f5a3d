"""What the literature of this model reads off the deposit: the contour xi = 1/2 and where it stands."""

from __future__ import annotations

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grand_potential.problem import GrandPotentialProblem
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import contour, stepping

LEVEL = 0.5


class Measures:
    """Shape of one run's deposit; equal on every rank. Ghosts of xi must be filled."""

    def __init__(self, grid: Grid, problem: GrandPotentialProblem) -> None:
        self.grid, self.problem = grid, problem
        self._pore = np.ones(grid.ghosted_shape)

    def column_heights(self, xi: np.ndarray) -> np.ndarray:
        """Height [m] of the highest xi = 1/2 crossing above each (y, x) of the cross-section; zero for none."""
        grid = self.grid
        local = np.empty(grid.shape[1:])
        stepping.find_highest(xi, self._pore, grid.at_top, local)
        local = np.where(local >= 0.0, (grid.start[2] + local) * self.problem.domain.spacing[2], 0.0)
        nx, ny, _ = self.problem.domain.cells
        whole = np.zeros((ny, nx))
        for (x0, y0), piece in grid.comm.allgather(((grid.start[0], grid.start[1]), local)):
            part = whole[y0 : y0 + piece.shape[0], x0 : x0 + piece.shape[1]]
            np.maximum(part, piece, out=part)
        return whole

    def profile(self, xi: np.ndarray) -> np.ndarray:
        """Mean of xi over each layer of the whole grid."""
        nx, ny, nz = self.problem.domain.cells
        whole = np.zeros(nz)
        start = self.grid.start[2]
        stepping.sum_layers(self._pore, xi, whole[start : start + self.grid.shape[0]])
        return self.grid.sums(whole) / (nx * ny)

    def contour_ratio(self, xi: np.ndarray) -> float:
        """Length (2-D) or area (3-D) of the contour over that of a flat front; one in 1-D where there is a front."""
        grid, domain = self.grid, self.problem.domain
        nx, ny, _ = domain.cells
        if nx == 1 and ny == 1:
            return float(grid.max(float((xi[OWNED] > LEVEL).any())))
        first = [grid.place[n] == 0 and not grid.periodic[n] for n in range(2)]
        last = [grid.place[n] == grid.ranks[n] - 1 and not grid.periodic[n] for n in range(2)]
        size = contour.contour_size(
            xi,
            LEVEL,
            domain.spacing,
            not grid.at_top,
            (first[0], last[0], first[1], last[1]),
            ny == 1,
        )
        flat = domain.size[0] if ny == 1 else domain.cross_section
        return grid.sum(float(size)) / flat

    def evaluate(self, xi: np.ndarray) -> dict[str, float]:
        """The shape's part of a step report's `measures`."""
        heights, domain = self.column_heights(xi), self.problem.domain
        inside = self.grid.sum(float((xi[OWNED] > LEVEL).sum())) * domain.cell_volume
        metal = self.grid.sum(float(xi[OWNED].sum())) * domain.cell_volume
        tip = float(heights.max())
        return {
            "tip_height": tip,
            "mean_height": float(heights.mean()),
            "roughness": float(heights.std()),
            "peak_to_valley": tip - float(heights.min()),
            "arc_length_ratio": self.contour_ratio(xi),
            "area_ratio": inside / (tip * domain.cross_section) if tip > 0.0 else float("nan"),
            "filling_fraction": metal / (domain.cross_section * domain.size[2]),
        }

    def touches_counter(self, xi: np.ndarray) -> bool:
        """Whether metal that hangs together with the collector has reached the last layer."""
        grid = self.grid
        top = float((xi[-2, 1:-1, 1:-1] > LEVEL).any()) if grid.at_top else 0.0
        if not grid.max(top):
            return False
        numbers, _ = number_components(grid, (xi > LEVEL).astype(np.uint8))
        low = set(np.unique(numbers[1, 1:-1, 1:-1]).tolist()) if grid.at_bottom else set()
        high = set(np.unique(numbers[-2, 1:-1, 1:-1]).tolist()) if grid.at_top else set()
        both = set().union(*grid.comm.allgather(low)) & set().union(*grid.comm.allgather(high))
        return bool(both - {0})
