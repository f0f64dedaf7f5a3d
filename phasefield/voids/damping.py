"""Capillarity of a void's surface taken implicitly, so that ripples as fine as the grid do not limit the step.

Curvature makes a surface move at v = -G K, G = Gamma/(1/k' + 1/(D k)) for a ripple of wavenumber k, and a ripple decays
at G k^2: with the cube of the inverse cell edge where k is the grid's. Rosenbrock's scheme of two stages

    k1 = S f(y),   k2 = S [f(y + dt k1) - 2 k1],   y_new = y + dt (3 k1 + k2)/2,   S = (1 - GAMMA dt J)^-1

(Verwer et al., SIAM J. Sci. Comput. 20 (1999) 1456) has second order whatever J is, and is Heun's method for J = 0.
Here J = G lap_s with the G of the finest ripple, a little enlarged: no other decays faster than it says. A rate r of
the cells becomes M u,

    M u - GAMMA dt G div(q/l grad u) = r,      M = w c/l

with u the velocity of the surface: M and q/l both integrate to one across it. What flows from one place of a void's
surface to another adds up to nothing, so that the sum of the rates stays, and with it the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import vacancies as kernels
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.linear import DiffusionSolver
from ramify.phasefield.voids.problem import MetalProblem
from ramify.phasefield.voids.profile import REACH
from ramify.phasefield.voids.vacancies import Vacancies

GAMMA = 1.0 - np.sqrt(0.5)
STIFFER = 1.15
"""J over the operator that it stands for, at the finest ripple."""
MILD = 1.0
"""Step times the decay rate of the finest ripple up to which nothing has to be damped."""
TOLERANCE, ITERATIONS = 1e-9, 300


@dataclass(frozen=True)
class Motion:
    """How a surface moves."""

    rate: np.ndarray
    """d(xi)/dt [1/s] of the owned cells."""
    speed: np.ndarray
    """Its velocity [m/s], positive where metal grows."""

    def plus(self, other: Motion, mine: float, theirs: float) -> Motion:
        """A linear combination of two."""
        return Motion(mine * self.rate + theirs * other.rate, mine * self.speed + theirs * other.speed)


class Damping:
    """S of one metal; `wavenumber` is that of its finest ripple [1/m]."""

    def __init__(
        self,
        grid: Grid,
        problem: MetalProblem,
        vacancies: Vacancies,
        openings: list[np.ndarray],
        wavenumber: float,
    ) -> None:
        self.grid, self._vacancies, self._openings = grid, vacancies, openings
        self._width = problem.interface.width
        spacing = problem.domain.spacing
        self._finest = min(h for h, n in zip(spacing, problem.domain.cells, strict=True) if n > 1)
        self._scales = [(self._finest / h) ** 2 for h in spacing]
        self.mobility = vacancies.relaxation(wavenumber)
        """G of the finest ripple [m^2/s]."""
        self.decay = self.mobility * wavenumber**2
        """Its decay rate [1/s]."""
        self._solver = DiffusionSolver(grid) if self.decay > 0.0 else None
        self._still = True

    def set_geometry(self, xi: np.ndarray, dt: float) -> None:
        """S of the geometry that the vacancies were last solved on, for a step of `dt`."""
        self._still = self._solver is None or dt * self.decay <= MILD
        if self._solver is None or self._still:
            return
        solver, profile = self._solver, self._vacancies.profile
        kernels.set_exchange_weight(xi, self._vacancies.weight, profile.strength, REACH, solver.reaction)
        # lengths in cells, so that faces and reaction are of one size
        strength = STIFFER * float(GAMMA) * dt * self.mobility / (self._width * self._finest**2)
        for axis, opening, scale, face in zip(AXES, self._openings, self._scales, solver.faces, strict=True):
            kernels.set_surface_faces(xi, self._vacancies.weight, opening, axis, scale * strength, face)
        solver.update()

    def damp(self, motion: Motion) -> Motion:
        """S of a motion."""
        if self._solver is None or self._still:
            return motion
        weight = self._solver.reaction
        inside = weight > 0.0
        right = np.where(inside, motion.rate, 0.0)
        u = np.where(inside, motion.speed, 0.0)
        self._solver.solve(right, u, TOLERANCE, ITERATIONS)
        sums = [np.sum((right - weight * u)[OWNED]), np.sum(weight[OWNED])]
        missing, whole = self.grid.sums(np.array(sums))
        if whole > 0.0:
            u[inside] += missing / whole
        rate = np.where(inside, weight * u, motion.rate)
        # across the profile u is as even as J makes it: little in short steps
        self._vacancies.extend(u)
        return Motion(rate, u)

    def free(self) -> None:
        """Free the PETSc objects."""
        if self._solver is not None:
            self._solver.free()
