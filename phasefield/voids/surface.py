"""The moving surface of the voids: plated metal's, fed as the exchange of vacancies is spread (voids.profile)."""

from __future__ import annotations

import math

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import wetting as kernels
from ramify.phasefield.kernels.normals import correct_normal
from ramify.phasefield.kernels.vacancies import add_exchange_feed
from ramify.phasefield.plating.front import AXES, Front
from ramify.phasefield.plating.wetting import Wall, Wetting
from ramify.phasefield.voids.problem import UPRIGHT, MetalProblem
from ramify.phasefield.voids.profile import REACH, ExchangeProfile


class ContactPlane(Wetting):
    """The contact angle at the last layer of a metal."""

    def __init__(self, grid: Grid, problem: MetalProblem, pore: np.ndarray, openings: list[np.ndarray]) -> None:
        super().__init__(grid, problem, pore, openings)
        ny, nx = grid.shape[1:]
        count = ny * nx if grid.at_top else 0
        j, i = np.divmod(np.arange(count), nx)
        cells = np.stack([np.full(count, grid.shape[0]), j + 1, i + 1], axis=1)
        law = (math.cos(problem.contact_angle), math.sin(problem.contact_angle), problem.interface.width)
        normals, high = np.tile([0.0, 0.0, 1.0], (count, 1)), self._edges[2]
        self._plane = Wall(law, cells, normals, np.full(count, high), -normals / high)

    @property
    def walls(self) -> list[Wall]:
        """The contact plane."""
        return [self._plane]

    def extend(self, xi: np.ndarray, room: list[np.ndarray]) -> None:
        """Give the ghosts above the contact plane the tilted profile; all others hold mirror images."""
        del room
        if self.grid.at_top:
            kernels.extend_beyond(xi, self.pore, self._inverse, self._plane.law, True)
        self.grid.fill_outer_ghosts(xi, above=False)


class VoidSurface(Front):
    """Regularisation of the metal around voids."""

    def __init__(
        self,
        grid: Grid,
        problem: MetalProblem,
        pore: np.ndarray,
        openings: list[np.ndarray],
        profile: ExchangeProfile,
    ) -> None:
        super().__init__(grid, problem, pore, openings)
        if abs(problem.contact_angle - UPRIGHT) > 1e-12:
            self.wetting = ContactPlane(grid, problem, pore, openings)
        self._corrected = [grid.zeros(np.float32) for _ in range(3)]
        self._tables = (profile.excess, profile.bent, REACH)

    def _face_normals(self) -> list[np.ndarray]:
        """Normals whose means are those of the faces to fourth order: no ripples but the finest are flattened."""
        for axis, normal, corrected in zip(AXES, self.normals, self._corrected, strict=True):
            correct_normal(normal, self.spans, axis, corrected)
        if self.wetting.walls and self.grid.at_top:
            # no mirror there: what is beyond is not the surface's
            self._corrected[2][-2] = self.normals[2][-2]
        self.grid.fill_outer_ghosts_of_vector(self._corrected)
        return self._corrected

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
