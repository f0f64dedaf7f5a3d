"""What is read off the metal after a step: heights, roughness, filling, amounts."""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating.islands import Islands
from ramify.phasefield.problem import PlatingProblem


class Measures:
    """Heights and amounts of one run's metal; equal on every rank."""

    def __init__(self, grid: Grid, problem: PlatingProblem, pore: np.ndarray) -> None:
        self.grid, self.problem, self.pore = grid, problem, pore
        self.volume = problem.domain.cell_volume
        self.molar_volume = problem.metal.molar_volume
        layers = (pore[OWNED] < 0.5).any(axis=(1, 2))
        top = int(np.flatnonzero(layers).max()) + 1 + grid.start[2] if layers.any() else 0
        top = int(grid.max(float(top)))
        inside = grid.sum(float(pore[OWNED][: max(0, top - grid.start[2])].sum()))
        self.host_layers = top if inside > 0.0 else problem.domain.cells[2]
        """Layers that hold host; all of them in an empty cell, and above a host without pores."""
        self.pore_volume = (inside or grid.sum(float(pore[OWNED].sum()))) * self.volume

    def column_heights(self, xi: np.ndarray) -> np.ndarray:
        """Height [m] of the highest xi = 1/2 crossing above each (y, x) of the whole cross-section; zero for none."""
        grid = self.grid
        hz = self.problem.domain.spacing[2]
        metal = xi * (self.pore > 0.0)
        if grid.at_top:
            metal[-1] = 0.0
        lower, upper = metal[1:-1, 1:-1, 1:-1], metal[2:, 1:-1, 1:-1]
        inside = lower > 0.5
        crossing = inside & (upper <= 0.5)
        levels = np.arange(grid.shape[0])[:, None, None]
        highest = np.where(crossing, levels, -1).max(axis=0)
        k = np.maximum(highest, 0)[None]
        a, b = np.take_along_axis(lower, k, 0)[0], np.take_along_axis(upper, k, 0)[0]
        # Linear in the signed distance ln(xi/(1 - xi)), as the profile is.
        s, t = (np.log(v / (1.0 - v)) for v in (np.clip(a, 1e-12, 1.0 - 1e-12), np.clip(b, 1e-12, 1.0 - 1e-12)))
        share = s / np.maximum(s - t, 1e-12)
        local = np.where(highest >= 0, (grid.start[2] + highest + 0.5 + np.clip(share, 0.0, 1.0)) * hz, 0.0)
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

    def evaluate(self, xi: np.ndarray, islands: Islands) -> dict[str, float]:
        """The `measures` of a step report."""
        heights = self.column_heights(xi)
        per_mole = self.volume / self.molar_volume
        low = self.pore[OWNED] * xi[OWNED]
        filled = self.grid.sum(float(low[: max(0, self.host_layers - self.grid.start[2])].sum())) * self.volume
        dead = self.grid.sum(float(low[islands.label[OWNED] != 0].sum())) * per_mole
        return {
            "tip_height": float(heights.max()),
            "mean_height": float(heights.mean()),
            "roughness": float(heights.std()),
            "filling_fraction": filled / self.pore_volume,
            "dead_metal": dead,
        }
