"""Magnesium in the metal: carried by the lattice's drift and the wind of the vacancies, evened out by diffusion.

    d(xi y)/dt + div(xi y u) + div(xi Omega J_M) = 0,       Omega J_M = -rho D (s theta grad y - y grad s)

No flux through walls and contact. At z = 0 the drift alone passes: what comes in has the composition of the reservoir,
what goes out that of the metal there. Upwind with limited slopes, second order in space where y is smooth; substeps of
Heun's method, short enough to be stable, on a geometry that stays and with what carries and spreads held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import alloy_metal as kernels
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.alloy.vacancies import AlloyVacancies

STABLE = 0.5
"""Largest share of its magnesium that a cell gives away in a substep."""
Faces = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Carriage:
    """What acts on magnesium at one instant (kernels.set_magnesium_faces); faces across x, y, z."""

    carried: Faces
    spread: Faces
    fastest: float
    """Largest rate at which a cell gives its magnesium away [1/s]."""


class Magnesium:
    """Transport on one grid; `reservoir` is the y behind z = 0."""

    def __init__(self, grid: Grid, reservoir: float) -> None:
        self.grid, self.reservoir = grid, reservoir
        cells, spacing = grid.domain.cells, grid.domain.spacing
        self._finest = min(h for h, n in zip(spacing, cells, strict=True) if n > 1)
        self._axes = [number for number, n in enumerate(cells) if n > 1 or number == 2]
        self._slopes = grid.zeros()

    def carriage(
        self, xi: np.ndarray, vacancies: AlloyVacancies, excess: np.ndarray, drift: list[np.ndarray]
    ) -> Carriage:
        """Of vacancies just solved, their s - 1, and the drift."""
        carried, spread = ((self.grid.zeros(), self.grid.zeros(), self.grid.zeros()) for _ in range(2))
        for number in self._axes:
            kernels.set_magnesium_faces(
                vacancies.metal_faces[number],
                excess,
                vacancies.magnesium,
                vacancies.thermal,
                drift[number],
                AXES[number],
                1.0 / self._finest,
                carried[number],
                spread[number],
            )
        fastest = self.grid.max(kernels.fastest_exchange(xi, vacancies.active, carried, spread))
        return Carriage(carried, spread, fastest)

    def advance(
        self, xi: np.ndarray, active: np.ndarray, y: np.ndarray, carriage: Carriage, duration: float
    ) -> tuple[np.ndarray, float]:
        """A new y after `duration`, ghosts filled, and what came in through z = 0 of all ranks [cells]."""
        y = y.copy()
        if carriage.fastest == 0.0 or duration == 0.0:
            return y, 0.0
        parts = max(1, math.ceil(duration * carriage.fastest / STABLE))
        step, entered = duration / parts, 0.0
        for _ in range(parts):
            first, came = self._rate(y, carriage)
            ahead = y.copy()
            kernels.add_holding(first, xi, active, step, ahead)
            second, later = self._rate(ahead, carriage)
            kernels.add_holding(first + second, xi, active, 0.5 * step, y)
            entered += 0.5 * step * (came + later)
        self._fill(y, carriage)
        return y, self.grid.sum(entered)

    def _fill(self, y: np.ndarray, carriage: Carriage) -> None:
        """Ghosts: the reservoir where metal comes in from it, the metal's own slope at the contact."""
        grid = self.grid
        grid.fill_outer_ghosts(y)
        if grid.at_bottom:
            y[0] = np.where(carriage.carried[2][1] > 0.0, self.reservoir, y[1])
        if grid.at_top and grid.domain.cells[2] > 1:
            y[-1] = 2.0 * y[-2] - y[-3]

    def _rate(self, y: np.ndarray, carriage: Carriage) -> tuple[np.ndarray, float]:
        """d(xi y)/dt of the owned cells [1/s], and what comes in through this rank's part of z = 0 [cells/s]."""
        self._fill(y, carriage)
        rate, slopes, came = self.grid.zeros(), self._slopes, 0.0
        for number in self._axes:
            kernels.set_slopes(y, AXES[number], slopes)
            self.grid.halo.exchange(slopes)
            kernels.add_magnesium_rate(y, slopes, carriage.carried[number], carriage.spread[number], AXES[number], rate)
        if self.grid.at_bottom:
            inner = (slice(1, -1), slice(1, -1))
            speed, here = carriage.carried[2][(1, *inner)], (1, *inner)
            brought = np.where(speed > 0.0, y[(0, *inner)], y[here] - slopes[here])
            came = float(np.sum(speed * brought))
        return rate, came
