"""Solids that flow: quasi-static equilibrium through time, with the history of the metal at the quadrature points.

    div sigma + b = 0 at every time,   sigma and the flow from `physics.viscoplasticity` (Anand in both forms, creep)

Newton's method with the consistent tangent; backward Euler, whose error in a step is half the change of the flow's rate
times the step. Displacements that are given move in the first iteration, by the tangent, with the whole solid. Flow
keeps the volume: take quadrilaterals and hexahedra, whose dilatation is projected, or triangles and tetrahedra of
second order; those of first order lock. Strains are small (`physics.mechanics.LARGEST_STRAIN`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ramify.fem import solid_kernels
from ramify.fem.elasticity import Phase, Solid, resultant, typical_diagonal
from ramify.fem.linear import LinearFailure, LinearSolver, Method
from ramify.fem.pattern import apply_entries
from ramify.fem.plates import Plates
from ramify.fem.rigid_motions import FreeMotions
from ramify.fem.solid_boundaries import SolidCondition, held
from ramify.fem.spaces import Space

FINEST, COARSEST = 1e-6, 1e-2
"""Bounds of the relative residual asked of a linear system."""
SMALLEST_SHARE = 1e-9
"""Of the first step tried, below which the solid gives up."""
GROWTH, SHRINKAGE = 3.0, 0.2
Conditions = Callable[[float], Sequence[SolidCondition]]
"""From the time [s] to what is said on the boundaries; which displacements are given does not change."""


class SolidFailure(RuntimeError):
    """Equilibrium was not found; the message says how far it came."""


@dataclass(frozen=True)
class SolidNumerics:
    """Tolerances."""

    equilibrium: float = 1e-8
    """Out-of-balance force over the forces in the body (roots of the sums of squares)."""
    flow: float = 2e-4
    """Error of the flow in one step of time [-]."""
    newton_iterations: int = 30


@dataclass(frozen=True)
class SolidStep:
    """An accepted step."""

    time: float
    dt: float
    iterations: int
    """Of Newton's method."""
    rejected: int
    """Attempts before it that were not accepted."""
    error: float
    """Of the flow [-]."""
    residual: float
    """Out-of-balance force over the forces in the body."""


@dataclass(frozen=True)
class _Balance:
    """Forces at one displacement."""

    entries: np.ndarray
    """Of the tangent."""
    rest: np.ndarray
    """Loads less forces in the body, (local nodes, dimension); zero where the displacement is given."""
    missing: np.ndarray
    """What the forces of the plates are short of."""
    size: float
    """Of both, over the forces in the body."""


class FlowingSolid(Solid):
    """A solid whose regions may flow.

    Parameters
    ----------
    space, phases, body_force
        As for `Solid`.
    conditions
        On the boundaries, through time.
    numerics
        Tolerances.
    method
        Of the linear solver, as for `ElasticSolid`.
    prefix
        Of the PETSc options of the solver.
    growth
        From the time [s] to the linear eigenstrain of each phase beyond its own (phases,); none by default.
    """

    def __init__(
        self,
        space: Space,
        phases: Mapping[str, Phase],
        conditions: Conditions,
        body_force: Callable[[np.ndarray], np.ndarray] | None = None,
        numerics: SolidNumerics | None = None,
        method: Method = "multigrid",
        prefix: str = "fem_solid_",
        growth: Callable[[float], np.ndarray] | None = None,
    ) -> None:
        super().__init__(space, phases, body_force)
        self.conditions, self.numerics, self.growth = conditions, numerics or SolidNumerics(), growth
        self.plates = Plates(space, conditions(0.0))
        shape = self.eigenstrain.shape[:2]
        self.time, self.u = 0.0, space.zeros()
        self.velocity = space.zeros()
        """Of the last step [m/s]."""
        self.stress = np.zeros((*shape, 6))
        """(cells, points, 6) [Pa]."""
        self.inelastic = self.swollen(0.0, self.eigenstrain)
        """Eigenstrain and flow, (cells, points, 6)."""
        self.plastic = np.zeros(shape)
        """Equivalent flow since the start, (cells, points) [-]."""
        self.residual = 0.0
        """Out-of-balance force of the last step, over the forces in the body."""
        first = np.array([phase.law.resistance for phase in self.phases])
        self.resistance = np.repeat(first[self.phase_of_cell, None], shape[1], axis=1)
        """S (cells, points) [Pa]."""
        self.rate = np.zeros(shape)
        """Of the flow at the end of the last step, (cells, points) [1/s]."""
        self.flows = bool((self.laws[:, 3] > 0.0).any())
        self._stress, self._inelastic = np.zeros((*shape, 6)), np.zeros((*shape, 6))
        self._resistance, self._flow = np.zeros(shape), np.zeros(shape)
        self._right, self._change_vector = space.vector(), space.vector()
        self._solver = LinearSolver(self.matrix, prefix, method)

    def settle(self) -> int:
        """The elastic response to what acts now; returns Newton iterations.

        Raises
        ------
        SolidFailure
            When there is none.
        UnheldMotion
            For loads that move what no boundary holds.
        """
        u, iterations = self._attempt(self.time, 0.0)
        self._take(u, 0.0)
        return iterations

    def step(self, dt: float) -> SolidStep:
        """One step of dt [s], taken as it is.

        Raises
        ------
        SolidFailure
            The state is then what it was.
        """
        u, iterations = self._attempt(self.time + dt, dt)
        error = self._flow_error(dt)
        self._take(u, dt)
        return SolidStep(self.time, dt, iterations, 0, error, self.residual)

    def adaptive_step(self, until: float, dt: float) -> tuple[SolidStep, float]:
        """An accepted step towards `until` [s], which it does not pass, and the step to try next.

        Raises
        ------
        SolidFailure
            When the step had to be cut to next to nothing.
        """
        rejected, first, wanted = 0, dt, self.numerics.flow
        while True:
            left = until - self.time
            tried = left if dt >= left * (1.0 - 1e-9) else (0.5 * left if dt > 0.5 * left else dt)
            try:
                u, iterations = self._attempt(self.time + tried, tried)
            except SolidFailure:
                if tried < SMALLEST_SHARE * first:
                    raise
                rejected, dt = rejected + 1, 0.25 * tried
                continue
            error = self._flow_error(tried)
            proposed = tried * min(max(0.9 * np.sqrt(wanted / max(error, 1e-300)), SHRINKAGE), GROWTH)
            if error > 2.0 * wanted and tried > SMALLEST_SHARE * first:
                rejected, dt = rejected + 1, float(proposed)
                continue
            self._take(u, tried)
            if tried == left:
                self.time = until
            return SolidStep(self.time, tried, iterations, rejected, error, self.residual), float(proposed)

    def advance(self, until: float, first_step: float) -> list[SolidStep]:
        """Steps up to a time [s], as long as the flow allows."""
        steps: list[SolidStep] = []
        dt = first_step
        while self.time < until:
            step, dt = self.adaptive_step(until, dt)
            steps.append(step)
        return steps

    def swollen(self, time: float, inelastic: np.ndarray) -> np.ndarray:
        """Inelastic strains (cells, points, 6) of now with the eigenstrain of a later time [s], in a new array."""
        grown = inelastic.copy()
        if self.growth is not None:
            more = np.asarray(self.growth(time)) - (self.growth(self.time) if time > 0.0 else 0.0)
            grown[..., :3] += more[self.phase_of_cell][:, None, None]
        return grown

    def reaction(self, boundary: str) -> np.ndarray:
        """Force [N] (dimension,) that a boundary puts on the solid, exact for the discrete equations. Collective."""
        forces = self.forces(self.stress)[0] - self.load(self.conditions(self.time))
        return resultant(self.space, forces, boundary)

    def destroy(self) -> None:
        """Free matrix, solver and vectors; the space is the caller's."""
        super().destroy()
        for piece in (self._solver, self._right, self._change_vector):
            piece.destroy()

    def _attempt(self, time: float, dt: float) -> tuple[np.ndarray, int]:
        """Displacement in equilibrium at a time, and the iterations; fills the state at the end of the step."""
        space, numerics, plates = self.space, self.numerics, self.plates
        said = self.conditions(time)
        fixed, values = held(space, said)
        load, motions, pushes = self.load(said), FreeMotions(space, fixed), plates.forces(said)
        start = self.swollen(time, self.inelastic) if dt > 0.0 else self.inelastic
        self._solver.renew()
        u = self.u.copy()
        given = fixed & (np.abs(plates.modes).sum(axis=0) == 0.0)
        ahead = np.where(given, values - u, 0.0)
        balance = self._balance(u, dt, start, load, fixed, pushes)
        for iteration in range(numerics.newton_iterations + 1):
            if balance.size <= numerics.equilibrium and self._norm(ahead) == 0.0:
                self.residual = balance.size
                return u, iteration
            if not np.isfinite(balance.size) or iteration == numerics.newton_iterations:
                break
            change = self._change(balance, ahead, fixed, np.where(fixed, 0.0, load), motions)
            moving = self._norm(ahead) > 0.0
            ahead, previous, damping = space.zeros(), balance.size, 1.0
            while True:
                tried = u + damping * change
                balance = self._balance(tried, dt, start, load, fixed, pushes)
                # Far from equilibrium the forces in the body change themselves: only a clear growth is refused.
                if moving or balance.size <= 1.5 * previous or damping < 0.1 or previous >= 1.0:
                    break
                damping *= 0.5
            u = tried
        raise SolidFailure(
            f"no equilibrium at {time:.6g} s after a step of {dt:.3g} s: forces out of balance by {balance.size:.3g} "
            f"of those in the body after {iteration} iterations; allowed: {numerics.equilibrium:.3g}"
        )

    def _balance(
        self, u: np.ndarray, dt: float, start: np.ndarray, load: np.ndarray, fixed: np.ndarray, pushes: np.ndarray
    ) -> _Balance:
        """Tangent and forces at a displacement; `start`: inelastic strains at the start of the step."""
        mesh, space = self.space.mesh, self.space
        entries, forces, sizes = self.pattern.zeros(), space.zeros(), space.zeros()
        solid_kernels.add_response(
            mesh.points, mesh.cells, space.cell_nodes, self.tables, self.modes, u, self.phase_of_cell, self.laws, dt,
            start, self.resistance, self.pattern.slots, entries, forces, sizes,
            self._stress, self._flow, self._inelastic, self._resistance,
        )  # fmt: skip
        rest = load - forces
        missing = self.plates.missing(rest, pushes)
        rest[fixed] = 0.0
        short, size = math.hypot(self._norm(rest), *missing), math.hypot(self._norm(sizes + np.abs(load)), *pushes)
        return _Balance(entries, rest, missing, short / (size or 1.0))

    def _change(
        self, balance: _Balance, ahead: np.ndarray, fixed: np.ndarray, load: np.ndarray, motions: FreeMotions
    ) -> np.ndarray:
        """Change of the displacements: what is given goes `ahead`, plates and the rest follow."""
        pattern, plates, entries = self.pattern, self.plates, balance.entries
        rest = balance.rest - np.asarray(apply_entries(entries, pattern.starts, pattern.columns, ahead))
        pulls = [np.asarray(apply_entries(entries, pattern.starts, pattern.columns, mode)) for mode in plates.modes]
        pattern.constrain(entries, fixed, typical_diagonal(pattern, entries))
        pattern.fill(self.matrix, entries)
        accuracy = min(max(0.1 * self.numerics.equilibrium / max(balance.size, 1e-300), FINEST), COARSEST)
        self._solver.ksp.setTolerances(rtol=accuracy)
        change = ahead + self._solved(np.where(fixed, 0.0, rest), load, motions)
        answers = [
            mode + self._solved(np.where(fixed, 0.0, -pull), load, motions)
            for mode, pull in zip(plates.modes, pulls, strict=True)
        ]
        return change + plates.closing(pulls, answers, change, balance.missing) if answers else change

    def _solved(self, rest: np.ndarray, load: np.ndarray, motions: FreeMotions) -> np.ndarray:
        """Displacements that the matrix answers to forces with; the loads must not drive what is free."""
        self.space.add_up(load, self._change_vector)
        self.space.add_up(rest, self._right)
        motions.attach(self.matrix, self._right, self._change_vector)
        self._change_vector.set(0.0)
        try:
            self._solver.solve(self._right, self._change_vector)
        except LinearFailure as failure:
            raise SolidFailure(str(failure)) from None
        return self.space.to_local(self._change_vector)

    def _take(self, u: np.ndarray, dt: float) -> None:
        self.velocity = (u - self.u) / dt if dt > 0.0 else self.space.zeros()
        self.u = u
        self.stress, self._stress = self._stress, self.stress
        self.inelastic, self._inelastic = self._inelastic, self.inelastic
        self.resistance, self._resistance = self._resistance, self.resistance
        if dt > 0.0:
            self.rate = self._flow / dt
            self.plastic += self._flow
            self.time += dt

    def _flow_error(self, dt: float) -> float:
        """Half the largest change of the flow's rate over a step, times the step. Collective."""
        mine = 0.5 * float(np.abs(self._flow - dt * self.rate).max(initial=0.0))
        return float(max(self.space.mesh.comm.allgather(mine)))

    def _norm(self, local: np.ndarray) -> float:
        """Root of the sum of squares of what all ranks hold, added up at each node. Collective."""
        self.space.add_up(local, self._right)
        return float(self._right.norm(PETSc.NormType.NORM_2))
