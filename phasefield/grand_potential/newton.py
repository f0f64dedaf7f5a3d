"""Newton's method for one time step, its linear systems by flexible GMRES.

The lithium content saturates in mu on both sides of a phase's level, and metal that holds less or more than its phase
calls for sends mu far to either side, by hundreds of RT where the phase receded and the rest has to be driven out
through next to no electrolyte. The correction is therefore added to w = ln(1 + exp(mu - eps^l)), whose slope by mu is
c^l: the diffusion is linear in w, and w is c^l where that is small and mu - eps^l where it is large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ramify.phasefield.grand_potential.preconditioner import Preconditioner
from ramify.phasefield.grand_potential.system import BLOCKS, State, System
from ramify.phasefield.grid import OWNED
from ramify.phasefield.plating.krylov import FINEST, MatrixFree
from ramify.phasefield.plating.timescheme import Scheme

SMALLEST_SHARE = 0.1
"""A correction leaves at least this share of w."""
LARGEST_XI = 0.5
POOR = 0.1
"""Relative residual of a linear system whose solution proves nothing."""


@dataclass(frozen=True)
class Outcome:
    """How a solve ended."""

    converged: bool
    newton: int
    krylov: int
    reason: str
    field: str = "mu"
    cell: tuple[int, int, int] | None = None
    """Cell (k, j, i) of the whole grid that was furthest from a solution."""


def corrected(mu: np.ndarray, change: np.ndarray, occupied: np.ndarray, level: float) -> np.ndarray:
    """Mu with a correction added to w; `level` is eps^l."""
    x = mu - level
    w = np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
    w = np.maximum(w + occupied * change, SMALLEST_SHARE * w)
    # ln(exp(w) - 1) without overflow, and without loss for small w.
    return np.asarray(level + w + np.log(-np.expm1(-w)))


class StepSolver(Protocol):
    """What solves one time step, and leaves the system's rows and end fluxes at the solution."""

    def solve(self, state: State, old_xi: np.ndarray, old_lithium: np.ndarray, scheme: Scheme) -> Outcome:
        """Solve in place."""

    def destroy(self) -> None:
        """Free what has to be freed."""


class Newton:
    """The solver of one system and its PETSc objects."""

    def __init__(self, system: System) -> None:
        self.system, self.preconditioner = system, Preconditioner(system)
        self.linear = MatrixFree(system, self.preconditioner, BLOCKS * system.cells)

    def solve(self, state: State, old_xi: np.ndarray, old_lithium: np.ndarray, scheme: Scheme) -> Outcome:
        """Newton's method on `state`, in place; afterwards the system holds the rows of the solution."""
        system, numerics, linear = self.system, self.system.problem.numerics, self.linear
        tolerance, krylov, size = numerics.newton_tolerance, 0, 1.0
        system.evaluate(state, old_xi, old_lithium, scheme)
        for iteration in range(1, numerics.newton_iterations + 1):
            norm = self._set_right()
            if not np.isfinite(norm):
                return Outcome(False, iteration, krylov, "a residual is not finite")
            self.preconditioner.prepare()
            accuracy = min(max(0.05 * size, 0.1 * tolerance / size, FINEST), 1e-2)
            linear.ksp.setTolerances(rtol=accuracy, atol=0.0, max_it=numerics.krylov_iterations)
            reached = 0.0
            linear.update.set(0.0)
            if norm > 0.0:
                linear.ksp.solve(linear.right, linear.update)
                krylov += linear.ksp.getIterationNumber()
                reached = linear.ksp.getResidualNorm() / norm
            largest = self._add(state)
            if not np.isfinite(largest):
                return Outcome(False, iteration, krylov, "an update is not finite")
            system.evaluate(state, old_xi, old_lithium, scheme)
            largest = max(largest, self._lithium_missed())
            if largest <= tolerance and reached < POOR:
                return Outcome(True, iteration, krylov, "converged")
            size = min(max(largest, 1e-12), 1.0)
        return Outcome(False, iteration, krylov, "Newton's method did not converge", *self._worst())

    def _set_right(self) -> float:
        right, n = self.linear.right.getArray(), self.system.cells
        for block, row in enumerate(self.system.rows):
            right[block * n : (block + 1) * n] = -row[OWNED].ravel()
        return float(np.sqrt(self.system.grid.sum(float(right @ right))))

    def _add(self, state: State) -> float:
        """Add the update; its largest part, that of mu told as lithium over c0."""
        system, n = self.system, self.system.cells
        shape, electrolyte = system.grid.shape, system.problem.electrolyte
        step = self.linear.update.getArray(readonly=True)
        if not np.isfinite(system.grid.sum(float(step.sum()))):
            return float("nan")
        xi, mu, p = (step[block * n : (block + 1) * n].reshape(shape) for block in range(BLOCKS))
        occupied = system.occupied[OWNED]
        weight = (system.local[OWNED][..., 4] + occupied * system.openness[OWNED]) / electrolyte.reference_occupancy
        before = state.mu[OWNED].copy()
        state.xi[OWNED] += np.clip(xi, -LARGEST_XI, LARGEST_XI)
        state.mu[OWNED] = corrected(before, mu, occupied, electrolyte.level)
        state.p[OWNED] += p
        moved = np.abs(state.mu[OWNED] - before) * weight
        return system.grid.max(max(float(np.abs(xi).max()), float(moved.max()), float(np.abs(p).max())))

    def _lithium_missed(self) -> float:
        """Largest imbalance of lithium in a cell, over c0: what a correction cut short leaves."""
        row = self.system.rows[1][OWNED]
        return self.system.grid.max(float(np.abs(row).max()) / self.system.problem.electrolyte.reference_occupancy)

    def _worst(self) -> tuple[str, tuple[int, int, int]]:
        """Field and cell of the last, largest row."""
        names = ("xi", "mu", "phi")
        found = []
        x0, y0, z0 = self.system.grid.start
        for name, row in zip(names, self.system.rows, strict=True):
            values = np.nan_to_num(np.abs(row[OWNED]))
            k, j, i = np.unravel_index(int(values.argmax()), values.shape)
            found.append((float(values[k, j, i]), name, (int(k) + z0, int(j) + y0, int(i) + x0)))
        _, name, cell = max(self.system.grid.comm.allgather(max(found)))
        return str(name), cell

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self.linear.free()
