"""Coupled salt and charge equations on one geometry: residual and Jacobian.

Equations and scaling: kernels.transport; counter electrode: plating.counter; floating metal: plating.border. A vector
holds, per rank, C of its owned cells, P of its owned cells, with ohmic electrons Q = f phi_s of its owned cells
(plating.electrons), and on rank 0 the global unknowns. Solution: plating.newton; preconditioner:
plating.preconditioner.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import surface, transport, vectors
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.plating.border import Border
from ramify.phasefield.plating.counter import CounterElectrode, TopJacobian, TopState
from ramify.phasefield.plating.electrons import OhmicElectrons
from ramify.phasefield.plating.islands import Islands
from ramify.phasefield.plating.nuclei import Nuclei
from ramify.phasefield.plating.pockets import find_pockets
from ramify.phasefield.plating.state import Geometry, History, Target, Unknowns
from ramify.phasefield.problem import PlatingProblem
from ramify.phasefield.properties import PropertyTable, salt_drop

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))


class CoupledSystem:
    """(C, P) and the global unknowns on a fixed geometry; the kernels' owner."""

    def __init__(self, grid: Grid, problem: PlatingProblem, table: PropertyTable, geometry: Geometry) -> None:
        self.grid, self.problem, self.table, self.geometry = grid, problem, table, geometry
        spacing = problem.domain.spacing
        self.finest = min(h for h, n in zip(spacing, problem.domain.cells, strict=True) if n > 1)
        self.axis_scale = [(self.finest / h) ** 2 for h in spacing]
        self.counter = CounterElectrode(grid, problem, table, self.finest)
        self.islands = Islands(grid, problem)
        self.nuclei: Nuclei | None = None
        """Set by the solver where nuclei appear during the run."""
        self.electrons: OhmicElectrons | None = None
        if problem.electrons.transport == "ohmic":
            self.electrons = OhmicElectrons(grid, problem, geometry.pore, table.conductivity, self.axis_scale)
        self.pocket_owner, self.pocket_count = np.zeros(0, np.int64), 0
        """Of plating.pockets."""
        self._labelled = np.zeros(0, np.uint8)
        """The active cells that the pockets belong to."""
        self.blocks = 2 if self.electrons is None else 3
        self.faces = [np.zeros((5, *grid.ghosted_shape), np.float32) for _ in range(3)]
        self.excess = np.zeros((1, 1, 1), np.float32) if table.constant_transference else grid.zeros(np.float32)
        self.salt_multigrid = Multigrid(grid)
        self.charge_multigrid = Multigrid(grid, [f[0] for f in self.faces], partner=self.salt_multigrid)
        self._values, self._slopes = np.zeros((4, 1, 1, 1)), np.zeros((4, 1, 1, 1), np.float32)
        """Properties and their derivatives at the state last given to `evaluate`; in shared memory."""
        self.by_p, self.by_c = grid.zeros(np.float32), grid.zeros(np.float32)
        self.mu = 0.0
        """Storage per electrolyte fraction, of the state last linearised."""
        self.source = grid.zeros()
        self.metal_potential = grid.zeros()
        self.equilibrium = np.zeros((1, 1, 1))
        self.activity = np.ones((1, 1, 1))
        self.residual_c, self.residual_p = grid.zeros(), grid.zeros()
        self.residual_q = np.zeros(grid.shape if self.electrons is not None else (0, 0, 0))
        # A product with the Jacobian comes when the residual has become a right-hand side.
        self.direction_c, self.direction_p = self.residual_c, self.residual_p
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
            salt_drop(problem.electrolyte, problem.interface.width),
            surface.MESH_INTERCEPT * (problem.domain.spacing[2] / problem.interface.width) ** 2,
        )
        self.reaction_to_salt = (1.0 - table.transference) * table.salt_per_charge
        self.cells = int(np.prod(grid.shape))
        self._current_scale = float(np.sqrt(self.counter.columns))
        """Makes the equation of the total current as large as the rows it sums."""
        self.top: TopJacobian | None = None
        self.borders: list[Border] = []

    # ------------------------------------------------------------------ geometry and residual

    def set_geometry(self, xi: np.ndarray) -> None:
        """Take the metal's shape: fractions, weights, islands. Ghosts of `xi` must be filled."""
        g = self.geometry
        self.islands.update(xi, g.pore)
        surface.set_geometry(xi, g.pore, self.problem.interface.width, self.islands.label, g.eps, g.active, g.weight)
        for axis, opening, scale, fraction in zip(AXES, g.openings, self.axis_scale, g.fractions, strict=True):
            surface.set_face_fractions(xi, g.active, opening, axis, scale, fraction)
        if self.nuclei is not None:
            self.nuclei.add_area(xi, g.active, self.islands.label, g.weight)
        # Looked for only when a cell has changed, on any rank.
        changed = self._labelled.size == 0 or not np.array_equal(self._labelled, g.active)
        if self.grid.max(float(changed)):
            self.pocket_owner, self.pocket_count = find_pockets(self.grid, g.active)
            self._labelled = g.active.copy()
        if self.electrons is not None:
            self.electrons.set_geometry(xi, self.islands.label)
            g.weight[self.electrons.conductivity <= 0.0] = 0.0
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

    def evaluate(self, state: Unknowns, history: History, mu: float) -> TopState:
        """Residual of the cells into `residual_c`, `residual_p`; returns the counter electrode's inflow."""
        self.grid.halo.exchange(state.C, state.P)
        shape = (4, *self.grid.ghosted_shape)
        self._values, self._slopes = self.grid.workspace.take((shape, np.float64), (shape, np.float32))
        transport.evaluate_properties(
            state.C, self.table.coefficients, self.table.inverse_step, self._values, self._slopes
        )
        self.react(state)
        transport.start_residual(
            state.C,
            history.now,
            history.old,
            history.gamma,
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
                self._values,
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
        salt, charge = self.salt_multigrid.finest.reaction, self.charge_multigrid.finest.reaction
        tau = self.reaction_to_salt
        self.mu = mu
        transport.set_diagonals(g.eps, self.by_p, self.by_c, mu, tau, salt, charge)
        if self.excess.size > 1:
            transport.set_excess(self._values[3], self.table.transference, self.table.salt_per_charge, self.excess)
        for axis, E, faces, multigrid_face in zip(
            AXES, g.fractions, self.faces, self.salt_multigrid.finest.faces, strict=True
        ):
            transport.assemble_faces(
                state.C,
                state.P,
                E,
                self._values,
                self._slopes,
                axis,
                self.table.salt_per_charge,
                self.excess,
                faces,
                multigrid_face,
            )
        self.top = self.counter.differentiate(self.top_layer(state.C), self.top_layer(state.P), state.X)
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
        if self.unknown_at_counter(target):
            assert self.top is not None
            plane = self.grid.shape[1] * self.grid.shape[2]
            cells = slice(self.cells - plane if self.grid.at_top else self.cells, self.cells)
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
        if self.electrons is None:
            self.borders += self.island_borders()

    def island_borders(self) -> list[Border]:
        """Potential and net current of each floating island; with ohmic electrons its mean potential."""
        if not self.islands.cells:
            return []
        tau = self.reaction_to_salt
        by_p, by_c, source = (a[OWNED].ravel() for a in (self.by_p, self.by_c, self.source))
        pieces = self.islands.cells
        if self.electrons is not None:
            conducts = self.electrons.conductivity[OWNED].ravel() > 0.0
            pieces = [cells[conducts[cells]] for cells in pieces]
        borders = []
        for cells in pieces:
            p, c, s = by_p[cells], by_c[cells], source[cells]
            totals = self.grid.sums(np.array([p.sum(), s.sum()]))
            borders.append(Border(cells, -tau * p, -p, c, p, -totals[0], totals[1]))
        return borders

    def apply(self, x: np.ndarray, y: np.ndarray) -> None:
        """y = J x on this rank's part of a vector."""
        n = self.cells
        vectors.fill_owned(x[:n], self.direction_c)
        vectors.fill_owned(x[n : 2 * n], self.direction_p)
        self.grid.halo.exchange(self.direction_c, self.direction_p)
        out_c, out_p = y[:n].reshape(self.grid.shape), y[n : 2 * n].reshape(self.grid.shape)
        transport.apply_jacobian(
            self.direction_c,
            self.direction_p,
            self.faces[0],
            self.faces[1],
            self.faces[2],
            self.geometry.eps,
            self.mu,
            self.geometry.active,
            self.by_p,
            self.by_c,
            self.excess,
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
            numbers = self.grid.from_root(x[first:])
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
