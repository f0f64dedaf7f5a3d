"""What is read off the metal after a step: heights, roughness, filling, amounts, where along z it went.

Blocked pores: electrolyte (cells less than half full of host and of metal) below the host's top that was open to the
counter electrode at the start and is cut off now, in regions the grid resolves (`SMALLEST_POCKET`). Current
amplification: the 95th percentile, by area, of |i_n| over the mean of i_n. The roughness wavelength is that of the
one cosine with the roughness R and the slopes of the front, 2 pi R/(root mean square of |grad h|).
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.depth import depth_indices
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import components, stepping
from ramify.phasefield.plating.islands import Islands
from ramify.phasefield.problem import Domain, PlatingProblem

SMALLEST_POCKET = 2
"""To the power of the dimension, the cells of a cut-off region: fewer are the seam of a closing gap, not a pore."""
STRONG_WEIGHT = 0.05
"""Of w: cells with less lie in the tails of the profile and are no surface."""
PERCENTILE = 0.95
SMOOTH = 1e-3
"""Roughness in cells below which a front is flat: its ripples are round-off's."""


def roughness_wavelength(heights: np.ndarray, domain: Domain) -> float:
    """Wavelength [m] of the cosine that has the standard deviation and the slopes of the heights [m] (y, x).

    Not a number where a column holds no metal, or the front is flat.
    """
    roughness = float(heights.std())
    if heights.min() <= 0.0 or roughness <= SMOOTH * domain.spacing[2]:
        return float("nan")
    squares = 0.0
    for axis, edge in ((1, domain.spacing[0]), (0, domain.spacing[1])):
        if heights.shape[axis] > 1:
            around = heights.take([0], axis) if domain.periodic else heights.take([], axis)
            squares += float(np.mean((np.diff(heights, axis=axis, append=around) / edge) ** 2))
    return 2.0 * np.pi * roughness / float(np.sqrt(squares))


class Measures:
    """Heights and amounts of one run's metal; equal on every rank."""

    def __init__(self, grid: Grid, problem: PlatingProblem, pore: np.ndarray) -> None:
        self.grid, self.problem, self.pore = grid, problem, pore
        self.volume = problem.domain.cell_volume
        self.molar_volume = problem.metal.molar_volume
        layers = (pore[OWNED] < 0.5).any(axis=(1, 2))
        top = int(np.flatnonzero(layers).max()) + 1 + grid.start[2] if layers.any() else 0
        top = int(grid.max(float(top)))
        pores = self.layers(pore[OWNED])
        self.has_host = bool(pores[:top].sum() > 0.0)
        """Whether there are pores to fill; a slab has none."""
        self.host_layers = top if self.has_host else problem.domain.cells[2]
        """Layers that hold host; all of them in an empty cell, and above a host without pores."""
        self.pore_volume = float(pores[: self.host_layers].sum()) * self.volume
        self.start = np.zeros(problem.domain.cells[2])
        """Metal of each layer at the start, in cells."""
        self.room = np.zeros(problem.domain.cells[2])
        """Electrolyte of each layer at the start that was open to the counter electrode, in cells."""
        self.accessible = np.zeros(grid.shape, bool)
        """Owned cells below the host's top that were open to the counter electrode at the start."""

    def begin(self, xi: np.ndarray) -> None:
        """Remember the metal that a run starts with: gains and blocked pores count from it."""
        self.start = self.layers(self.pore[OWNED] * xi[OWNED])
        if not self.has_host:
            return
        numbers, closed = self._regions(xi)
        here = numbers[OWNED] > 0
        here &= ~closed[numbers[OWNED]]
        self.room = self.layers(np.where(here, self.pore[OWNED] * (1.0 - xi[OWNED]), 0.0))
        here[max(0, self.host_layers - self.grid.start[2]) :] = False
        self.accessible = here

    def layers(self, owned: np.ndarray) -> np.ndarray:
        """Sum of owned cells over each layer of the whole grid, equal on every rank."""
        whole = np.zeros(self.problem.domain.cells[2])
        start = self.grid.start[2]
        whole[start : start + owned.shape[0]] = owned.sum(axis=(1, 2))
        return self.grid.sums(whole)

    def _regions(self, xi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Regions of electrolyte (ghosted numbers from 1), and which of them (from 0) the counter does not reach."""
        electrolyte = np.empty(xi.shape, np.uint8)
        stepping.mark_electrolyte(xi, self.pore, electrolyte)
        numbers, count = number_components(self.grid, electrolyte)
        top = np.unique(numbers[-2, 1:-1, 1:-1]).tolist() if self.grid.at_top else []
        closed = np.ones(count + 1, bool)
        closed[list(set().union(*self.grid.comm.allgather(set(top))))] = False
        closed[0] = False
        return numbers, closed

    def _blocked(self, xi: np.ndarray) -> dict[str, float]:
        """Share of the accessible pores now cut off, and how high the cut-off ones reach [m]."""
        numbers, closed = self._regions(xi)
        cells = np.empty(len(closed), np.int64)
        components.count_cells(numbers, self.accessible, closed, cells)
        closed &= self.grid.sums(cells) >= SMALLEST_POCKET**self.problem.domain.dimension
        cut, accessible, layers = components.sum_cells(numbers, self.accessible, closed, self.pore)
        volumes = self.grid.sums(np.array([cut, accessible]))
        top = self.grid.max(float(layers + self.grid.start[2]) if layers else 0.0)
        return {
            "blocked_fraction": float(volumes[0]) / max(float(volumes[1]), 1e-300),
            "blocked_height": top * self.problem.domain.spacing[2] if top > 0.0 else float("nan"),
        }

    def amplification(self, source: np.ndarray, weight: np.ndarray) -> float:
        """The 95th percentile by area of |i_n| over the mean i_n; not a number without a net current.

        `source` is S in any unit, `weight` the (1 - psi) w/l that turns i_n into it [1/m]; ghosted arrays.
        """
        area, reaction = stepping.collect_surface(weight, source, STRONG_WEIGHT / self.problem.interface.width)
        pieces = self.grid.comm.allgather((area, reaction)) if self.grid.comm.size > 1 else [(area, reaction)]
        area, reaction = (np.concatenate([piece[n] for piece in pieces]) for n in range(2))
        net = float(reaction.sum())
        if not abs(net) > 1e-6 * float(np.abs(reaction).sum()):
            return float("nan")
        local = np.abs(reaction) / area
        order = np.argsort(local)
        covered = np.cumsum(area[order])
        # Each cell stands in the middle of the area it covers, so that the percentile does not jump.
        percentile = np.interp(PERCENTILE * covered[-1], covered - 0.5 * area[order], local[order])
        return float(percentile) * float(covered[-1]) / abs(net)

    def column_heights(self, xi: np.ndarray) -> np.ndarray:
        """Height [m] of the highest xi = 1/2 crossing above each (y, x) of the whole cross-section; zero for none."""
        grid = self.grid
        hz = self.problem.domain.spacing[2]
        local = np.empty(grid.shape[1:])
        stepping.find_highest(xi, self.pore, grid.at_top, local)
        local = np.where(local >= 0.0, (grid.start[2] + local) * hz, 0.0)
        nx, ny, _ = self.problem.domain.cells
        whole = np.zeros((ny, nx))
        for (x0, y0), piece in grid.comm.allgather(((grid.start[0], grid.start[1]), local)):
            part = whole[y0 : y0 + piece.shape[0], x0 : x0 + piece.shape[1]]
            np.maximum(part, piece, out=part)
        return whole

    def metal(self, xi: np.ndarray) -> float:
        """Metal in the domain [mol]."""
        total = self.grid.sum(float((self.pore[OWNED] * xi[OWNED]).sum()))
        return total * self.volume / self.molar_volume

    def salt(self, xi: np.ndarray, C: np.ndarray) -> float:
        """Salt in the electrolyte [mol]."""
        total = self.grid.sum(float((self.pore[OWNED] * (1.0 - xi[OWNED]) * C[OWNED]).sum()))
        return total * self.volume * self.problem.initial_concentration

    def profile(self, xi: np.ndarray) -> np.ndarray:
        """Metal over the volume of each layer of the whole grid, host included."""
        nx, ny, _ = self.problem.domain.cells
        whole = np.zeros(self.problem.domain.cells[2])
        start = self.grid.start[2]
        stepping.sum_layers(self.pore, xi, whole[start : start + self.grid.shape[0]])
        return self.grid.sums(whole) / (nx * ny)

    def evaluate(
        self, xi: np.ndarray, islands: Islands, source: np.ndarray, weight: np.ndarray, profile: np.ndarray
    ) -> dict[str, float]:
        """The `measures` of a step report; `source` and `weight` as for `amplification`, `profile` that of xi."""
        heights = self.column_heights(xi)
        nx, ny, _ = self.problem.domain.cells
        metal = profile * (nx * ny)
        dead = self.grid.sum(stepping.sum_dead(self.pore, xi, islands.label)) * self.volume / self.molar_volume
        measures = {
            "tip_height": float(heights.max()),
            "mean_height": float(heights.mean()),
            "roughness": float(heights.std()),
            "filling_fraction": float(metal[: self.host_layers].sum()) * self.volume / self.pore_volume,
            "dead_metal": dead,
            "current_amplification": self.amplification(source, weight),
        }
        if self.has_host:
            measures |= depth_indices(metal - self.start, self.room, self.host_layers) | self._blocked(xi)
        elif self.problem.domain.dimension > 1:
            measures["roughness_wavelength"] = roughness_wavelength(heights, self.problem.domain)
        return measures
