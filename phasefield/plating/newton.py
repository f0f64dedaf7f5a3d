"""Newton's method for the coupled system, each linear system solved by GMRES as well as it deserves."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels import vectors
from ramify.phasefield.plating.krylov import FINEST, Krylov
from ramify.phasefield.plating.state import History, Solution, Target, Unknowns
from ramify.phasefield.plating.system import CoupledSystem

LARGEST_POTENTIAL_STEP = 4.0
"""Newton steps move f phi by no more than this: 0.1 V at room temperature."""
SMALLEST_SHARE = 0.1
"""Newton steps leave at least this share of the concentration they find."""
STALE = 0.03
"""A Newton update of C or P larger than this renews the preconditioner."""
STALLED = 0.05
"""Three Newton steps in a row damped below this share lead nowhere: the step is cut at once."""


class NewtonKrylov:
    """Solver of one coupled system; keeps its Krylov workspace between calls."""

    def __init__(self, system: CoupledSystem) -> None:
        self.system = system
        self._krylov: Krylov | None = None

    def shift_potential(self, state: Unknowns, density: float) -> None:
        """Shift P everywhere until the whole surface carries a mean current density [A/m^2]: a guess after a switch.

        The sum of the reaction rises with the shift, so Newton's method inside a bracket finds it; what the
        electrolyte's own resistance adds is left to the coupled solve.
        """
        wanted = self.system.counter.scaled_current(density)
        start = state.P[OWNED].copy()
        low, high, shift, total = -200.0, 200.0, 0.0, 0.0
        for _ in range(60):
            state.P[OWNED] = start + shift
            self.system.react(state)
            sums = self.system.grid.sums(np.array([self.system.source[OWNED].sum(), self.system.by_p[OWNED].sum()]))
            total, slope = float(sums[0]) - wanted, float(sums[1])
            if slope <= 0.0 or abs(total) <= 1e-3 * (abs(wanted) + 1e-3 * slope):
                break
            low, high = (shift, high) if total < 0.0 else (low, shift)
            step = min(max(-total / slope, -2.0), 2.0)
            shift = shift + step if low < shift + step < high else 0.5 * (low + high)
        state.X += shift if self.system.counter.kind != "uniform" else 0.0

    def solve(self, state: Unknowns, history: History, mu: float, target: Target, expected: float) -> Solution:
        """Newton's method on `state`, in place.

        Parameters
        ----------
        state
            Guess in, solution out.
        history
            C_h of the time scheme; `mu` = h^2/(D0 beta dt).
        target
            The cycler's demand.
        expected
            Size of the first update the caller expects; it sets how well the first linear system is solved.
        """
        numerics = self.system.problem.numerics
        if not self.system.unknown_at_counter(target):
            state.X = self.system.fixed_number(target)
        tolerance, iterations, size, first, stalled = numerics.newton_tolerance, 0, expected, 0.0, 0
        damping, largest = 1.0, 0.0
        for newton in range(1, numerics.newton_iterations + 1):
            top = self.system.evaluate(state, history, mu)
            # A small update leaves the preconditioner as good as it was.
            fresh = newton == 1 or damping < 1.0 or largest > STALE
            self.system.linearise(state, top, target, mu, fresh=fresh)
            right = self._right_hand_side()
            if not np.isfinite(right.norm()):
                return Solution(False, newton, iterations, first, "a residual is not finite")
            # No better than the tolerance asks, and no better than Newton's own quadratic error deserves.
            accuracy = min(max(0.1 * tolerance / size, 0.05 * size, FINEST), 1e-2)
            update, count, reached = self._krylov_solver().solve(right, accuracy, fresh=fresh)
            iterations += count
            step = update.getArray(readonly=True)
            damping, largest = self._damping(state, step)
            first = first or largest
            if not np.isfinite(largest):
                return Solution(False, newton, iterations, first, "an update is not finite")
            self._add(state, step, damping)
            stalled = stalled + 1 if damping < STALLED else 0
            if stalled == 3:
                break
            if damping == 1.0 and 0.5 * largest**2 + 3.0 * reached * largest <= tolerance:
                return Solution(True, newton, iterations, first, "converged")
            size = max(0.5 * largest**2 + 3.0 * reached * largest, 1e-12) if damping == 1.0 else 1.0
        cell = self._worst_cell()
        return Solution(False, newton, iterations, first, "Newton's method did not converge", "phi_l", cell)

    def _right_hand_side(self) -> PETSc.Vec:
        krylov = self._krylov_solver()
        right = krylov.right
        array = right.getArray()
        n = self.system.cells
        vectors.negate_into(self.system.residual_c, array[:n])
        vectors.negate_into(self.system.residual_p, array[n : 2 * n])
        if self.system.electrons is not None:
            array[2 * n : 3 * n] = -self.system.residual_q.ravel()
        if self.system.grid.comm.rank == 0:
            array[self.system.blocks * n :] = [-b.residual for b in self.system.borders]
        return right

    def _krylov_solver(self) -> Krylov:
        count = len(self.system.borders)
        if self._krylov is None or self._krylov.borders != count:
            if self._krylov is not None:
                self._krylov.free()
            self._krylov = Krylov(self.system, count)
        return self._krylov

    def _damping(self, state: Unknowns, step: np.ndarray) -> tuple[float, float]:
        n = self.system.cells
        largest_p = self.system.grid.max(vectors.largest_size(step[n : self.system.blocks * n]))
        largest = max(self.system.grid.max(vectors.largest_size(step[:n])), largest_p)
        damping = min(1.0, LARGEST_POTENTIAL_STEP / max(largest_p, 1e-300))
        damping = min(damping, vectors.smallest_share(state.C, step[:n], SMALLEST_SHARE))
        potentials = self._global_updates(step)[1] if self.system.counter.kind == "uniform" else self._updates(step)
        return self.system.grid.min(damping), max([largest, *np.abs(potentials)])

    def _updates(self, step: np.ndarray) -> np.ndarray:
        """Updates of the global unknowns, on every rank."""
        if not self.system.borders:
            return np.zeros(0)
        return self.system.grid.from_root(step[self.system.blocks * self.system.cells :])

    def _global_updates(self, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Updates of the counter electrode's X (none or one) and of the islands' potentials."""
        numbers = self._updates(step)
        islands = 0 if self.system.electrons is not None else len(self.system.islands.cells)
        first = len(numbers) - islands
        return numbers[:first], numbers[first:]

    def _add(self, state: Unknowns, step: np.ndarray, damping: float) -> None:
        n = self.system.cells
        vectors.add_scaled(state.C, step[:n], damping)
        vectors.add_scaled(state.P, step[n : 2 * n], damping)
        if self.system.electrons is not None:
            vectors.add_scaled(state.Q, step[2 * n : 3 * n], damping)
        counter, islands = self._global_updates(step)
        if counter.size:
            state.X += damping * float(counter[0])
        self.system.islands.potentials[: islands.size] += damping * islands

    def _worst_cell(self) -> tuple[int, int, int]:
        """Cell (k, j, i) of the whole grid whose charge row is worst."""
        n = self.system.cells
        rows = self._krylov_solver().right.getArray(readonly=True)[n : 2 * n]
        residual = np.nan_to_num(np.abs(rows)).reshape(self.system.grid.shape)
        k, j, i = np.unravel_index(int(np.nanargmax(residual)), self.system.grid.shape)
        x0, y0, z0 = self.system.grid.start
        mine = (float(residual[k, j, i]), int(k) + z0, int(j) + y0, int(i) + x0)
        _, k, j, i = max(self.system.grid.comm.allgather(mine))
        return int(k), int(j), int(i)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        if self._krylov is not None:
            self._krylov.free()
            self._krylov = None
