"""Coupled salt and charge equations on one geometry: residual, Jacobian, and the Newton-Krylov solution.

Equations and scaling: kernels.transport; counter electrode: plating.counter; floating metal: plating.border.
A vector holds, per rank, C of its owned cells, P of its owned cells, with ohmic electrons Q = f phi_s of its owned
cells (plating.electrons), and on rank 0 the global unknowns.

Preconditioner: block Gauss-Seidel, the salt first. In the ambipolar form the salt row sees the potential at the
surface alone, both diagonal blocks are symmetric and positive, and one V-cycle stands for each inverse. Two modes
escape it, C and P shifted everywhere at once: in a closed cell at a given current the total salt hardly changes and
the potential only follows it, which no block knows of itself. A correction on these two modes goes before the blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import surface, transport
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.plating.border import Border
from ramify.phasefield.plating.counter import CounterElectrode, TopJacobian, TopState
from ramify.phasefield.plating.electrons import OhmicElectrons
from ramify.phasefield.plating.islands import Islands
from ramify.phasefield.problem import PlatingProblem
from ramify.phasefield.properties import PropertyTable

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
LARGEST_POTENTIAL_STEP = 4.0
"""Newton steps move f phi by no more than this: 0.1 V at room temperature."""
SMALLEST_SHARE = 0.1
"""Newton steps leave at least this share of the concentration they find."""

MOST_ISLAND_MODES = 32
"""Islands with a mode of their own in the preconditioner of ohmic electrons; the Krylov method finds the rest."""
STALE = 0.03
"""A Newton update of C or P larger than this renews the preconditioner."""
STALLED = 0.05
"""Three Newton steps in a row damped below this share lead nowhere: the step is cut at once."""


@dataclass
class Geometry:
    """Static openings and what the moving metal leaves of them; ghosted arrays."""

    pore: np.ndarray
    openings: list[np.ndarray]
    """Open fractions of the faces across x, y, z."""
    eps: np.ndarray
    active: np.ndarray
    weight: np.ndarray
    fractions: list[np.ndarray]
    """E of the faces across x, y, z."""


@dataclass
class Unknowns:
    """Scaled state of the coupled system."""

    C: np.ndarray
    P: np.ndarray
    X: float
    """The counter electrode's number (plating.counter)."""
    Q: np.ndarray
    """f phi_s; empty unless the electrons are ohmic."""

    def copy(self) -> Unknowns:
        """An independent copy."""
        return Unknowns(self.C.copy(), self.P.copy(), self.X, self.Q.copy())


@dataclass(frozen=True)
class Target:
    """What the cycler asks for: a mean current density [A/m^2] or a voltage [V]."""

    mode: str
    value: float


@dataclass
class Solution:
    """Outcome of one Newton solve."""

    converged: bool
    newton_iterations: int
    krylov_iterations: int
    first_update: float
    """Largest change of C or P in the first iteration."""
    reason: str
    field: str = "phi_l"
    cell: tuple[int, int, int] | None = None


class CoupledSystem:
    """(C, P) and the global unknowns on a fixed geometry; the kernels' owner."""

    def __init__(self, grid: Grid, problem: PlatingProblem, table: PropertyTable, geometry: Geometry) -> None:
        self.grid, self.problem, self.table, self.geometry = grid, problem, table, geometry
        spacing = problem.domain.spacing
        self.finest = min(h for h, n in zip(spacing, problem.domain.cells, strict=True) if n > 1)
        self.axis_scale = [(self.finest / h) ** 2 for h in spacing]
        self.counter = CounterElectrode(grid, problem, table, self.finest)
        self.islands = Islands(grid, problem)
        self.electrons: OhmicElectrons | None = None
        if problem.electrons.transport == "ohmic":
            self.electrons = OhmicElectrons(grid, problem, geometry.pore, table.conductivity, self.axis_scale)
        self.blocks = 2 if self.electrons is None else 3
        faces = 5 if table.constant_transference else 6
        self.faces = [np.zeros((faces, *grid.ghosted_shape), np.float32) for _ in range(3)]
        self.salt_multigrid = Multigrid(grid)
        self.charge_multigrid = Multigrid(grid, [f[0] for f in self.faces])
        self.values = np.zeros((4, *grid.ghosted_shape))
        self.slopes = np.zeros((4, *grid.ghosted_shape))
        self.storage = grid.zeros()
        self.source, self.by_p, self.by_c = grid.zeros(), grid.zeros(), grid.zeros()
        self.metal_potential = grid.zeros()
        self.equilibrium = np.zeros((1, 1, 1))
        self.activity = np.ones((1, 1, 1))
        self.residual_c, self.residual_p = grid.zeros(), grid.zeros()
        self.residual_q = np.zeros(grid.shape if self.electrons is not None else (0, 0, 0))
        self.direction_c, self.direction_p = grid.zeros(), grid.zeros()
        self.direction_q = grid.zeros() if self.electrons is not None else np.zeros((0, 0, 0))
        f, kin = table.thermal, problem.kinetics
        self.source_scale = self.finest**2 * f / table.conductivity
        """Scaled source per S [m^3/A]."""
        self._scales = (self.source_scale, table.concentration, f)
        self._kinetics = (
            kin.exchange_current_density,
            kin.reference_concentration,
            kin.alpha_a,
            kin.alpha_c,
            kin.film_resistance,
            f,
        )
        self.reaction_to_salt = (1.0 - table.transference) * table.salt_per_charge
        self.cells = int(np.prod(grid.shape))
        self._current_scale = float(np.sqrt(self.counter.columns))
        """Makes the equation of the total current as large as the rows it sums."""
        self.top: TopJacobian | None = None
        self.borders: list[Border] = []
        self._eliminated: list[tuple[np.ndarray, np.ndarray, float]] = []
        self._modes: list[np.ndarray] = []
        self._images = np.zeros((0, 0))
        self._rest = np.zeros(0)
        self._coarse = np.zeros((2, 2))
        self._krylov: _Krylov | None = None

    # ------------------------------------------------------------------ geometry and residual

    def set_geometry(self, xi: np.ndarray) -> None:
        """Take the metal's shape: fractions, weights, islands. Ghosts of `xi` must be filled."""
        g = self.geometry
        self.islands.update(xi, g.pore)
        surface.set_geometry(xi, g.pore, self.problem.interface.width, self.islands.label, g.eps, g.active, g.weight)
        for axis, opening, scale, fraction in zip(AXES, g.openings, self.axis_scale, g.fractions, strict=True):
            surface.set_face_fractions(xi, g.active, opening, axis, scale, fraction)
        if self.electrons is not None:
            self.electrons.set_geometry(xi, self.islands.label)
        self.counter.set_open_fraction(g.eps[-2, 1:-1, 1:-1] if self.grid.at_top else np.zeros((0, 0)))

    def top_layer(self, array: np.ndarray) -> np.ndarray:
        """The owned cells next to the counter electrode; empty on ranks away from it."""
        return array[-2, 1:-1, 1:-1] if self.grid.at_top else np.zeros((0, 0))

    def react(self, state: Unknowns) -> None:
        """Scaled source and its derivatives at a state."""
        if self.electrons is None:
            self.islands.spread(self.metal_potential)
        else:
            self.metal_potential[:] = state.Q
        surface.react(
            state.C,
            state.P,
            self.geometry.weight,
            self.metal_potential,
            self.equilibrium,
            self.activity,
            self._scales,
            self._kinetics,
            self.source,
            self.by_p,
            self.by_c,
        )

    def evaluate(self, state: Unknowns, history: np.ndarray, mu: float) -> TopState:
        """Residual of the cells into `residual_c`, `residual_p`; returns the counter electrode's inflow."""
        self.grid.halo.exchange(state.C, state.P)
        transport.evaluate_properties(
            state.C, self.table.coefficients, self.table.inverse_step, self.values, self.slopes
        )
        self.react(state)
        transport.start_residual(
            state.C,
            history,
            self.geometry.eps,
            mu,
            self.source,
            self.reaction_to_salt,
            self.residual_c,
            self.residual_p,
        )
        for axis, E in zip(AXES, self.geometry.fractions, strict=True):
            transport.add_face_residual(
                state.C,
                state.P,
                E,
                self.values,
                axis,
                self.table.transference,
                self.table.salt_per_charge,
                self.residual_c,
                self.residual_p,
            )
        top = self.counter.evaluate(self.top_layer(state.C), self.top_layer(state.P), state.X)
        if self.grid.at_top:
            self.residual_c[-2, 1:-1, 1:-1] -= top.salt
            self.residual_p[-2, 1:-1, 1:-1] -= top.current
        if self.electrons is not None:
            self.grid.halo.exchange(state.Q)
            conducts = self.electrons.conductivity[OWNED] > 0.0
            self.residual_q = np.where(conducts, self.electrons.apply(state.Q) - self.source[OWNED], 0.0)
        return top

    # ------------------------------------------------------------------ Jacobian

    def linearise(self, state: Unknowns, top: TopState, target: Target, mu: float, *, fresh: bool = True) -> None:
        """Jacobian at the state last given to `evaluate`, borders and, if `fresh`, the multigrid's coarser levels."""
        g = self.geometry
        np.multiply(g.eps, mu, out=self.storage)
        self.storage += 1.0 - g.active
        for axis, E, faces, multigrid_face in zip(
            AXES, g.fractions, self.faces, self.salt_multigrid.finest.faces, strict=True
        ):
            transport.assemble_faces(
                state.C,
                state.P,
                E,
                self.values,
                self.slopes,
                axis,
                self.table.transference,
                self.table.salt_per_charge,
                faces,
                multigrid_face,
            )
        self.top = self.counter.differentiate(self.top_layer(state.C), self.top_layer(state.P), state.X)
        salt, charge = self.salt_multigrid.finest.reaction, self.charge_multigrid.finest.reaction
        salt[OWNED] = self.storage[OWNED] + self.reaction_to_salt * self.by_c[OWNED]
        charge[OWNED] = self.by_p[OWNED] + (1.0 - g.active[OWNED])
        if self.grid.at_top:
            salt[-2, 1:-1, 1:-1] += np.maximum(-self.top.by_c.salt, 0.0)
            charge[-2, 1:-1, 1:-1] += np.maximum(-self.top.by_p.current, 0.0)
        if fresh:
            self.salt_multigrid.update()
            self.charge_multigrid.update()
            if self.electrons is not None:
                self.electrons.linearise(self.by_p)
        self._set_borders(state, top, target)

    def unknown_at_counter(self, target: Target) -> bool:
        """Whether X is solved for; otherwise the target fixes it."""
        fixed = "voltage" if self.counter.kind == "reservoir" else "current" if self.counter.kind == "uniform" else ""
        return target.mode != fixed

    def fixed_number(self, target: Target) -> float:
        """X when the target fixes it: minus the voltage (reservoir) or the current (uniform)."""
        if target.mode == "voltage":
            return -target.value * self.table.thermal
        return self.counter.scaled_current(target.value)

    def control_residual(self, top: TopState, target: Target) -> float:
        """Of the counter electrode's own equation, zero when X is fixed."""
        if not self.unknown_at_counter(target):
            return 0.0
        if target.mode == "current":
            return (self.counter.total_current(top) - self.counter.scaled_current(target.value)) / self._current_scale
        return self.counter.mean_potential(top.potential) + target.value * self.table.thermal

    def _set_borders(self, state: Unknowns, top: TopState, target: Target) -> None:
        self.borders = []
        tau = self.reaction_to_salt
        if self.unknown_at_counter(target):
            assert self.top is not None
            plane = self.grid.shape[1] * self.grid.shape[2]
            cells = np.arange(self.cells - plane, self.cells) if self.grid.at_top else np.zeros(0, np.int64)
            if target.mode == "current":
                scale = 1.0 / self._current_scale
                row_c, row_p = self.top.by_c.current * scale, self.top.by_p.current * scale
                corner = self.counter.total_current(self.top.by_x) * scale
            else:
                weights = self.counter.weights
                row_c, row_p = self.top.by_c.potential * weights, self.top.by_p.potential * weights
                corner = self.counter.mean_potential(self.top.by_x.potential)
            self.borders.append(
                Border(
                    cells,
                    -self.top.by_x.salt.ravel(),
                    -self.top.by_x.current.ravel(),
                    row_c.ravel(),
                    row_p.ravel(),
                    corner,
                    self.control_residual(top, target),
                )
            )
        if self.electrons is not None:
            return
        by_p, by_c, source = (a[OWNED].ravel() for a in (self.by_p, self.by_c, self.source))
        for cells in self.islands.cells:
            p, c, s = by_p[cells], by_c[cells], source[cells]
            totals = self.grid.sums(np.array([p.sum(), s.sum()]))
            self.borders.append(Border(cells, -tau * p, -p, c, p, -totals[0], totals[1]))

    def apply(self, x: np.ndarray, y: np.ndarray) -> None:
        """y = J x on this rank's part of a vector."""
        n = self.cells
        self.direction_c[OWNED] = x[:n].reshape(self.grid.shape)
        self.direction_p[OWNED] = x[n : 2 * n].reshape(self.grid.shape)
        self.grid.halo.exchange(self.direction_c, self.direction_p)
        out_c, out_p = y[:n].reshape(self.grid.shape), y[n : 2 * n].reshape(self.grid.shape)
        transport.apply_jacobian(
            self.direction_c,
            self.direction_p,
            *self.faces,
            self.storage,
            self.geometry.active,
            self.by_p,
            self.by_c,
            self.reaction_to_salt,
            out_c,
            out_p,
        )
        if self.grid.at_top:
            assert self.top is not None
            c, p = self.direction_c[-2, 1:-1, 1:-1], self.direction_p[-2, 1:-1, 1:-1]
            out_c[-1] -= self.top.by_c.salt * c + self.top.by_p.salt * p
            out_p[-1] -= self.top.by_c.current * c + self.top.by_p.current * p
        if self.electrons is not None:
            self._apply_electrons(x, y)
        first = self.blocks * n
        if self.borders:
            numbers = self.grid.comm.bcast(x[first:].copy(), root=0)
            rows = np.array([b.row_product(x[:n], x[n : 2 * n]) for b in self.borders])
            rows = self.grid.sums(rows)
            for border, value in zip(self.borders, numbers, strict=True):
                border.add_column(value, y[:n], y[n : 2 * n])
            if self.grid.comm.rank == 0:
                y[first:] = rows + np.array([b.corner for b in self.borders]) * numbers

    def _apply_electrons(self, x: np.ndarray, y: np.ndarray) -> None:
        """Rows of the electrons, and what phi_s adds to the reaction in the other rows."""
        assert self.electrons is not None
        n, shape = self.cells, self.grid.shape
        self.direction_q[OWNED] = x[2 * n : 3 * n].reshape(shape)
        self.grid.halo.exchange(self.direction_q)
        q, by_p = self.direction_q[OWNED], self.by_p[OWNED]
        pull = (by_p * q).ravel()
        y[:n] -= self.reaction_to_salt * pull
        y[n : 2 * n] -= pull
        reaction = by_p * (self.direction_p[OWNED] - q) + self.by_c[OWNED] * self.direction_c[OWNED]
        y[2 * n : 3 * n] = (self.electrons.apply(self.direction_q) - reaction).ravel()

    def precondition(self, r: np.ndarray, y: np.ndarray) -> None:
        """y = M^-1 r: the uniform modes first, then block Gauss-Seidel with the borders eliminated."""
        sums = self.grid.sums(np.array([r[mode].sum() for mode in self._modes]))
        shift = self._coarse @ sums
        transport.subtract_images(r, self._images, shift, self._rest)
        self._bordered_blocks(self._rest, y)
        for mode, value in zip(self._modes, shift, strict=True):
            y[mode] += value

    def _bordered_blocks(self, r: np.ndarray, y: np.ndarray) -> None:
        n = self.cells
        first = self.blocks * n
        self._blocks(r[:n], r[n : 2 * n], y[:n], y[n : 2 * n])
        if self.electrons is not None:
            self._solve_electrons(r, y)
        if not self.borders:
            return
        values = self.grid.comm.bcast(r[first:].copy(), root=0)
        solved = np.zeros(len(self.borders))
        for index, (border, (zc, zp, pivot)) in enumerate(zip(self.borders, self._eliminated, strict=True)):
            product = self.grid.sum(border.row_product(y[:n], y[n : 2 * n]))
            solved[index] = (values[index] - product) / pivot
            y[:n] -= zc * solved[index]
            y[n : 2 * n] -= zp * solved[index]
        if self.grid.comm.rank == 0:
            y[first:] = solved

    def _solve_electrons(self, r: np.ndarray, y: np.ndarray) -> None:
        assert self.electrons is not None
        n, shape = self.cells, self.grid.shape
        c, p = y[:n].reshape(shape), y[n : 2 * n].reshape(shape)
        right = r[2 * n : 3 * n].reshape(shape) + self.by_p[OWNED] * p + self.by_c[OWNED] * c
        y[2 * n : 3 * n].reshape(shape)[:] = self.electrons.solve(right)

    def eliminate_borders(self) -> None:
        """Columns carried through the block preconditioner, for `precondition`."""
        self._eliminated = []
        n = self.cells
        for border in self.borders:
            column_c, column_p = np.zeros(n), np.zeros(n)
            border.add_column(1.0, column_c, column_p)
            zc, zp = np.empty(n), np.empty(n)
            self._blocks(column_c, column_p, zc, zp)
            pivot = border.corner - self.grid.sum(border.row_product(zc, zp))
            self._eliminated.append((zc, zp, pivot if abs(pivot) > 1e-12 * abs(border.corner) + 1e-300 else 1.0))

    def prepare_uniform_modes(self) -> None:
        """Images of the uniform modes under J, and the inverse of their Galerkin matrix.

        The modes are lists of places in a vector: C of all active cells, P of all active cells and, with ohmic
        electrons, phi_s of each island.
        """
        n = self.cells
        active = np.flatnonzero(self.geometry.active[OWNED].ravel() > 0.0)
        self._modes = [active, n + active]
        if self.electrons is not None:
            conducts = self.electrons.conductivity[OWNED].ravel() > 0.0
            self._modes += [2 * n + cells[conducts[cells]] for cells in self.islands.cells[:MOST_ISLAND_MODES]]
        size = self.blocks * n + (len(self.borders) if self.grid.comm.rank == 0 else 0)
        self._rest = np.empty(size)
        self._images = np.zeros((len(self._modes), size))
        matrix = np.zeros((len(self._modes), len(self._modes)))
        for column, mode in enumerate(self._modes):
            vector = np.zeros(size)
            vector[mode] = 1.0
            self.apply(vector, self._images[column])
            matrix[:, column] = self.grid.sums(np.array([self._images[column][row].sum() for row in self._modes]))
        self._coarse = np.linalg.pinv(matrix, rcond=1e-13)

    def _blocks(self, r_c: np.ndarray, r_p: np.ndarray, y_c: np.ndarray, y_p: np.ndarray) -> None:
        shape = self.grid.shape
        self.salt_multigrid.finest.b[OWNED] = r_c.reshape(shape)
        c = self.salt_multigrid.cycle()
        y_c.reshape(shape)[:] = c[OWNED]
        transport.charge_row_of_salt(c, *self.faces, self.by_c, r_p.reshape(shape), self.charge_multigrid.finest.b)
        y_p.reshape(shape)[:] = self.charge_multigrid.cycle()[OWNED]

    # ------------------------------------------------------------------ Newton

    def shift_potential(self, state: Unknowns, density: float) -> None:
        """Shift P everywhere until the whole surface carries a mean current density [A/m^2]: a guess after a switch.

        The sum of the reaction rises with the shift, so Newton's method inside a bracket finds it; what the
        electrolyte's own resistance adds is left to the coupled solve.
        """
        wanted = self.counter.scaled_current(density)
        start = state.P[OWNED].copy()
        low, high, shift, total = -200.0, 200.0, 0.0, 0.0
        for _ in range(60):
            state.P[OWNED] = start + shift
            self.react(state)
            sums = self.grid.sums(np.array([self.source[OWNED].sum(), self.by_p[OWNED].sum()]))
            total, slope = float(sums[0]) - wanted, float(sums[1])
            if slope <= 0.0 or abs(total) <= 1e-3 * (abs(wanted) + 1e-3 * slope):
                break
            low, high = (shift, high) if total < 0.0 else (low, shift)
            step = min(max(-total / slope, -2.0), 2.0)
            shift = shift + step if low < shift + step < high else 0.5 * (low + high)
        state.X += shift if self.counter.kind != "uniform" else 0.0

    def solve(self, state: Unknowns, history: np.ndarray, mu: float, target: Target, expected: float) -> Solution:
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
        numerics = self.problem.numerics
        if not self.unknown_at_counter(target):
            state.X = self.fixed_number(target)
        tolerance, iterations, size, first, stalled = numerics.newton_tolerance, 0, expected, 0.0, 0
        damping, largest = 1.0, 0.0
        for newton in range(1, numerics.newton_iterations + 1):
            top = self.evaluate(state, history, mu)
            # A small update leaves the preconditioner as good as it was.
            fresh = newton == 1 or damping < 1.0 or largest > STALE
            self.linearise(state, top, target, mu, fresh=fresh)
            right = self._right_hand_side()
            if not np.isfinite(right.norm()):
                return Solution(False, newton, iterations, first, "a residual is not finite")
            # No better than the tolerance asks, and no better than Newton's own quadratic error deserves.
            accuracy = min(max(0.1 * tolerance / size, 0.05 * size, 1e-8), 1e-2)
            update, count, reached = self._krylov_solver().solve(right, accuracy, fresh=fresh)
            iterations += count
            step = update.getArray(readonly=True)
            damping, largest = self._damping(state, step)
            numbers = self.grid.comm.bcast(step[self.blocks * self.cells :].copy(), root=0)
            largest = max([largest, *np.abs(numbers[:1] if self.counter.kind != "uniform" else numbers[1:])])
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
        n = self.cells
        array[:n] = -self.residual_c[OWNED].ravel()
        array[n : 2 * n] = -self.residual_p[OWNED].ravel()
        if self.electrons is not None:
            array[2 * n : 3 * n] = -self.residual_q.ravel()
        if self.grid.comm.rank == 0:
            array[self.blocks * n :] = [-b.residual for b in self.borders]
        return right

    def _krylov_solver(self) -> _Krylov:
        count = len(self.borders)
        if self._krylov is None or self._krylov.borders != count:
            if self._krylov is not None:
                self._krylov.free()
            self._krylov = _Krylov(self, count)
        return self._krylov

    def _damping(self, state: Unknowns, step: np.ndarray) -> tuple[float, float]:
        n = self.cells
        change_c, change_p = step[:n], step[n : self.blocks * n]
        largest_p = self.grid.max(float(np.abs(change_p).max()))
        largest = max(self.grid.max(float(np.abs(change_c).max())), largest_p)
        damping = min(1.0, LARGEST_POTENTIAL_STEP / max(largest_p, 1e-300))
        falling = change_c < 0.0
        if falling.any():
            ratio = (1.0 - SMALLEST_SHARE) * np.maximum(state.C[OWNED].ravel()[falling], 0.0) / -change_c[falling]
            damping = min(damping, float(ratio.min()))
        return self.grid.min(damping), largest

    def _add(self, state: Unknowns, step: np.ndarray, damping: float) -> None:
        n = self.cells
        state.C[OWNED] += damping * step[:n].reshape(self.grid.shape)
        state.P[OWNED] += damping * step[n : 2 * n].reshape(self.grid.shape)
        if self.electrons is not None:
            state.Q[OWNED] += damping * step[2 * n : 3 * n].reshape(self.grid.shape)
        if self.borders:
            numbers = self.grid.comm.bcast(step[self.blocks * n :].copy(), root=0) * damping
            islands = 0 if self.electrons is not None else len(self.islands.cells)
            first = len(self.borders) - islands
            if first:
                state.X += float(numbers[0])
            self.islands.potentials[:islands] += numbers[first:]

    def _worst_cell(self) -> tuple[int, int, int]:
        worst = np.unravel_index(int(np.argmax(np.abs(self.residual_p[OWNED]))), self.grid.shape)
        return (int(worst[0]) + 1, int(worst[1]) + 1, int(worst[2]) + 1)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        if self._krylov is not None:
            self._krylov.free()
            self._krylov = None


class _Krylov:
    """GMRES on the coupled system, matrix-free, preconditioned from the right."""

    def __init__(self, system: CoupledSystem, borders: int) -> None:
        self.system, self.borders = system, borders
        grid = system.grid
        local = system.blocks * system.cells + (borders if grid.comm.rank == 0 else 0)
        sizes = (local, PETSc.DETERMINE)
        self.matrix = PETSc.Mat().createPython((sizes, sizes), self, comm=grid.comm)
        self.matrix.setUp()
        self.right, self.update = self.matrix.createVecs()
        self.ksp = PETSc.KSP().create(grid.comm)
        self.ksp.setOptionsPrefix("coupled_")
        self.ksp.setOperators(self.matrix)
        self.ksp.setType(PETSc.KSP.Type.GMRES)
        self.ksp.setGMRESRestart(15)
        self.ksp.setPCSide(PETSc.PC.Side.RIGHT)
        self.ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        pc = self.ksp.getPC()
        pc.setType(PETSc.PC.Type.PYTHON)
        pc.setPythonContext(self)
        self.ksp.setFromOptions()

    def mult(self, matrix: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for J x."""
        del matrix
        self.system.apply(x.getArray(readonly=True), y.getArray())

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """PETSc's callback for M^-1 x."""
        del pc
        self.system.precondition(x.getArray(readonly=True), y.getArray())

    def solve(self, right: PETSc.Vec, accuracy: float, *, fresh: bool = True) -> tuple[PETSc.Vec, int, float]:
        """Update, iterations, and the relative residual reached; `fresh` renews what the preconditioner prepares."""
        norm = right.norm()
        if norm == 0.0:
            self.update.set(0.0)
            return self.update, 0, 0.0
        self.system.eliminate_borders()
        if fresh:
            self.system.prepare_uniform_modes()
        self.ksp.setTolerances(rtol=accuracy, atol=0.0, max_it=self.system.problem.numerics.krylov_iterations)
        self.ksp.solve(right, self.update)
        return self.update, self.ksp.getIterationNumber(), self.ksp.getResidualNorm() / norm

    def free(self) -> None:
        """Free the PETSc objects (PETSc itself calls a context's `destroy`, with other arguments)."""
        for thing in (self.ksp, self.matrix, self.right, self.update):
            thing.destroy()
