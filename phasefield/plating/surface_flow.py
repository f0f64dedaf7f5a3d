"""Surface diffusion within a plating step: what belongs to which particle, and growth and diffusion in one step.

Diffusion acts for a whole step between two halves of growth (Strang): second order in the step. The size of a particle
is that of its volume per free surface (physics.surface_diffusion.particle_diameter), of metal joined through faces of
cells with more than half of it; its tails are its own.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import labels
from ramify.phasefield.plating.front import Front
from ramify.phasefield.plating.islands import SURFACE_LAYERS
from ramify.phasefield.problem import PlatingProblem, SurfaceFlow
from ramify.phasefield.surface_diffusion import Diffused, DiffusionFailure, SurfaceDiffusion
from ramify.physics.surface_diffusion import particle_diameter, size_factor

NO_PARTICLE = -1


class PlatingFlow:
    """Surface diffusion of one plating run.

    `longest` is the length of the next part of a step [s], `speed` the mean velocity of the last step [m/s]; both
    belong to the state of the run.
    """

    def __init__(self, grid: Grid, problem: PlatingProblem, front: Front, law: SurfaceFlow) -> None:
        self.grid, self.problem, self.front, self.law = grid, problem, front, law
        self.width, self.pore = problem.interface.width, front.pore
        self.diffusion = SurfaceDiffusion(
            grid, self.width, front.pore, front.openings, front.surface_curvature, front.extend_into_host, front.hold
        )
        self.speed = 0.0
        self.last = Diffused(0, 0.0, 0.0, 0.0)

    def advance(
        self,
        xi: np.ndarray,
        rate: np.ndarray,
        speed: np.ndarray,
        step: float,
        velocity: float,
        relaxation: float,
        time: float,
    ) -> tuple[np.ndarray, float]:
        """The metal after `step`, and what curvature removed of it; parameters as for `Front.advance`.

        Raises SolverFailure, `time` [s] being that of the last good state.
        """
        half, lost = self.front.advance(xi, rate, speed, 0.5 * step, velocity, relaxation)
        try:
            self.last = self.diffusion.advance(half, step, self.coefficient(half))
        except DiffusionFailure as failure:
            remedy = "lower numerics.largest_step, or metal.surface_diffusion.diffusivity"
            raise SolverFailure(str(failure), field="xi", place=None, time=time, remedy=remedy) from None
        self.speed = self.last.way / step
        grown, more = self.front.advance(half, rate, speed, 0.5 * step, velocity, relaxation, half)
        return grown, lost + more

    def coefficient(self, xi: np.ndarray) -> float | np.ndarray:
        """B [m^4/s]: one number, or with a size law that of the particle of each cell, ghosts filled."""
        if self.law.size_length == 0.0:
            return self.law.coefficient
        owner, diameters = self.particles(xi)
        factors = np.append(size_factor(diameters, self.law.size_length, self.law.smallest_size), 1.0)
        return np.asarray(self.law.coefficient * factors[owner])

    def particles(self, xi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Index of the particle of each cell (ghosted; `NO_PARTICLE` for none), and the particles' diameters [m]."""
        grid = self.grid
        metal = ((xi > 0.5) & (self.pore > 0.0)).astype(np.uint8)
        owner, count = number_components(grid, metal)
        owner = np.where(owner > 0, owner - 1, labels.UNLABELLED).astype(np.int32)
        front, alone = labels.first_front(xi, owner), grid.halo.idle
        for _ in range(int(np.ceil(SURFACE_LAYERS * max(self.width / self.diffusion.finest, 1.0)))):
            front = labels.label_layer(xi, owner, front)
            if not alone:
                grid.halo.exchange(owner)
                front = np.concatenate([front, labels.ghost_front(owner)])
            if not grid.sum(float(front.size)):
                break
        owner[owner == labels.UNLABELLED] = NO_PARTICLE
        inside, here = owner[OWNED] >= 0, owner[OWNED]
        x, p = xi[OWNED][inside], self.pore[OWNED][inside]
        sums = [np.bincount(here[inside], p * part, count) for part in (x, x * (1.0 - x) / self.width)]
        volume, area = grid.sums(np.array(sums)) if count else np.zeros((2, 0))
        return owner, np.asarray(particle_diameter(volume, np.maximum(area, 1e-300), self.problem.domain.dimension))


def make_flow(grid: Grid, problem: PlatingProblem, front: Front) -> PlatingFlow | None:
    """Surface diffusion where the problem has one and the metal moves."""
    law = problem.surface_flow
    moves = problem.interface.motion == "moving"
    return PlatingFlow(grid, problem, front, law) if law is not None and moves else None
