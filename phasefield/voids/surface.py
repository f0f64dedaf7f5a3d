"""The moving surface of the voids: plated metal's, fed as the exchange of vacancies is spread (voids.profile)."""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels.vacancies import add_exchange_feed
from ramify.phasefield.plating.front import AXES, Front
from ramify.phasefield.problem import MovingSurface
from ramify.phasefield.voids.profile import REACH, ExchangeProfile


class VoidSurface(Front):
    """Regularisation of the metal around voids."""

    def __init__(
        self,
        grid: Grid,
        problem: MovingSurface,
        pore: np.ndarray,
        openings: list[np.ndarray],
        profile: ExchangeProfile,
    ) -> None:
        super().__init__(grid, problem, pore, openings)
        self._tables = (profile.excess, profile.bent, REACH)

    def _add_feed(self, xi: np.ndarray, speed: np.ndarray, axis: int) -> None:
        del xi
        add_exchange_feed(
            self.psi,
            self.normals[axis],
            self.openings[axis],
            speed,
            self.bending,
            self._tables,
            self.spans,
            self.near,
            AXES[axis],
            self.inverse[axis],
            self.divergence,
        )
