"""Resistance S of creeping metal to flow, a field carried with the metal (kernels.hardening).

Metal at the start, and what comes in through z = 0 later, has S(0): what is behind has not flowed. S decides the
velocity, and the velocity's rates how S goes on; both are those of the middle of a step as far as the last two
velocities tell (voids.creep).
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import hardening as kernels
from ramify.physics.viscoplasticity import ViscoplasticLaw

ARRAYS = ("value", "rate", "before")
"""Of a `Resistance` that a restart needs."""


class Resistance:
    """S of one run's metal."""

    def __init__(self, grid: Grid, law: ViscoplasticLaw) -> None:
        self.grid, self.start = grid, law.resistance
        self.parameters = law.parameters
        self.value, self.rate, self.before = grid.zeros(), grid.zeros(), grid.zeros()
        """S [Pa], ghosts filled; strain rates [1/s] of the owned cells with the last velocity, and the one before."""
        self.value.fill(law.resistance)
        self._slopes = (grid.zeros(), grid.zeros(), grid.zeros())

    def note(self, strain: np.ndarray, unit: float) -> None:
        """Take in the strain rates (z, y, x, 6) of a new velocity, over `unit` [1/s]."""
        self.rate, self.before = self.before, self.rate
        kernels.set_rates(strain, unit, self.rate)

    def rates(self, trend: float) -> np.ndarray:
        """Strain rates [1/s] `trend` times the last change ahead."""
        return self.rate if trend == 0.0 else np.maximum(self.rate + trend * (self.rate - self.before), 0.0)

    def carried(
        self,
        value: np.ndarray,
        metals: tuple[np.ndarray, np.ndarray],
        faces: list[np.ndarray],
        inverse: tuple[float, float, float],
        duration: float,
    ) -> np.ndarray:
        """S [Pa] that goes with the metal, ghosts filled; `metals`: at the start, and after a first step of it."""
        grid, out = self.grid, value.copy()
        kernels.set_slopes(value, *self._slopes)
        for slope in self._slopes:
            grid.fill_outer_ghosts(slope)
        x, y, z = faces
        kernels.carry(value, self._slopes, *metals, (x, y, z), inverse, duration, self.start, grid.at_bottom, out)
        grid.fill_outer_ghosts(out)
        return out

    def harden(self, value: np.ndarray, rates: np.ndarray, metal: np.ndarray, duration: float) -> None:
        """Let S of the cells that are metal go on for a time of steady flow, in place; ghosts filled."""
        kernels.harden(value, rates, metal, duration, self.parameters)
        self.grid.fill_outer_ghosts(value)

    def shortest_time(self, metal: np.ndarray) -> float:
        """Least time [s] in which S of a cell would change by itself."""
        own = kernels.shortest_hardening(self.value, self.rate, metal, self.parameters)
        return 1.0 / self.grid.max(1.0 / own) if self.grid.max(1.0 / own) > 0.0 else np.inf

    def mean(self, xi: np.ndarray) -> float:
        """Of all metal [Pa]."""
        metal = xi[OWNED]
        held, whole = self.grid.sums(np.array([float((metal * self.value[OWNED]).sum()), float(metal.sum())]))
        return float(held / whole)

    def save(self) -> dict[str, np.ndarray | None]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        return {name: self.grid.gather(getattr(self, name)) for name in ARRAYS}

    def load(self, saved: dict[str, np.ndarray | None]) -> None:
        """Restore what `save` returned (rank 0's dictionary), on any number of ranks."""
        for name in ARRAYS:
            self.grid.scatter(saved.get(name), getattr(self, name))
            self.grid.fill_outer_ghosts(getattr(self, name))
