"""The counter electrode: what enters the electrolyte through the face at the top, and the cell voltage.

Gauge: phi_s = 0 on the metal connected to the current collector. The voltage is therefore minus the electrolyte
potential at the counter electrode's face, V = -<phi_l>. All quantities are scaled (phasefield.properties); a current
density i enters a cell's charge row as (h^2 f / kappa0 hz) i. From the cell's centre to the face, with E2 twice the
open fraction of the cell times (h/hz)^2,

    I = E2 [a (P_f - P) + d (C_f - C)],        lithium: E2 (D/D0) (C_f - C) = (1 - t_f) tau I

and the salt row receives E2 (D/D0) (C_f - C) + (t_f - t0) tau I, which for lithium is (1 - t0) tau I.

One number X describes the electrode: the mean current (uniform), the electrolyte potential f phi_l (reservoir), or
the electrode's own potential f phi (Butler-Volmer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import PlatingProblem
from ramify.phasefield.properties import PropertyTable
from ramify.physics.butler_volmer import surface_currents

PERTURBATION = 1e-6


class CounterCovered(ValueError):
    """No electrolyte is left at the counter electrode."""


@dataclass
class TopState:
    """Inflow of the top layer's cells, and the face potential; arrays (ny, nx)."""

    current: np.ndarray
    salt: np.ndarray
    potential: np.ndarray
    """f phi_l at the face."""


@dataclass
class TopJacobian:
    """Derivatives of a `TopState` by C, P and X, each a `TopState`."""

    by_c: TopState
    by_p: TopState
    by_x: TopState


class CounterElectrode:
    """Inflow, voltage and their derivatives; ranks away from the top hold empty arrays.

    Parameters
    ----------
    grid, problem, table
        Mesh, problem and scaled properties.
    finest
        The reference length h [m].
    """

    def __init__(self, grid: Grid, problem: PlatingProblem, table: PropertyTable, finest: float) -> None:
        self.grid, self.problem, self.table = grid, problem, table
        hz = grid.domain.spacing[2]
        self.aspect = (finest / hz) ** 2
        self.row_per_current = finest**2 * table.thermal / (table.conductivity * hz)
        """Scaled row per current density [m^2/A]."""
        self.columns = grid.domain.cells[0] * grid.domain.cells[1]
        kinetics = problem.kinetics
        self.reference = problem.initial_concentration / kinetics.reference_concentration
        self.kind = "reservoir" if problem.counter.kind == "reservoir" else problem.counter.kinetics
        self._open = np.zeros((0, 0))
        self._weights = np.zeros((0, 0))

    def set_open_fraction(self, eps_top: np.ndarray) -> None:
        """Take the electrolyte fraction of the top layer; the current shares it out."""
        self._open = eps_top
        total = self.grid.sum(float(eps_top.sum()))
        if total <= 0.0:
            raise CounterCovered("the counter electrode is covered by metal or host: no electrolyte is left at the top")
        self._weights = eps_top / total

    def scaled_current(self, density: float) -> float:
        """Row value, summed over the top layer, of a mean current density over the cross-section [A/m^2]."""
        return density * self.row_per_current * self.columns

    def evaluate(self, C: np.ndarray, P: np.ndarray, X: float) -> TopState:
        """Inflow and face potential of the top layer at scaled (C, P) of its cells, shape (ny, nx)."""
        if self.kind == "reservoir":
            return self._reservoir(C, P, X)
        if self.kind == "uniform":
            current = X * self._weights
        else:
            current = self._butler_volmer_current(C, P, X)
        ratio, inner, t_face = self._face(C, P, current)
        del t_face
        salt = (1.0 - self.table.transference) * self.table.salt_per_charge * current
        return TopState(current, salt, inner + np.log(np.maximum(ratio, 1e-300) * self.reference))

    def _face(self, C: np.ndarray, P: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(C, P, t+) at the face of a lithium electrode through which `current` enters."""
        a, d, D, t = self.table.evaluate(C)
        E2 = np.maximum(2.0 * self.aspect * self._open, 1e-30)
        tau = self.table.salt_per_charge
        rise = (1.0 - t) * tau * current / (D * E2)
        t_face = self.table.evaluate(C + rise)[3]
        rise = (1.0 - t_face) * tau * current / (D * E2)
        return C + rise, P + (current / E2 - d * rise) / a, t_face

    def _reservoir(self, C: np.ndarray, P: np.ndarray, X: float) -> TopState:
        a, d, D, t = self.table.evaluate(C)
        E2 = 2.0 * self.aspect * self._open
        inner = X - np.log(self.reference)
        top = self.table.evaluate(np.ones(1))
        current = E2 * (0.5 * (a + top[0]) * (inner - P) + 0.5 * (d + top[1]) * (1.0 - C))
        t_face = 0.5 * (t + top[3])
        tau = self.table.salt_per_charge
        salt = E2 * 0.5 * (D + 1.0) * (1.0 - C) + tau * (t_face - self.table.transference) * current
        return TopState(current, salt, np.full_like(C, X))

    def _butler_volmer_current(self, C: np.ndarray, P: np.ndarray, X: float) -> np.ndarray:
        """Current that leaves a lithium electrode at potential X: its own kinetics behind half a cell of electrolyte.

        The half cell acts as a film, eta' = X - P_f, P_f = P + r I; only C_f needs a fixed-point iteration.
        """
        f, kinetics = self.table.thermal, self.problem.kinetics
        a, d, D, t = self.table.evaluate(C)
        E2 = np.maximum(2.0 * self.aspect * self._open, 1e-30)
        tau = self.table.salt_per_charge
        share = np.maximum(self._open, 1e-30) * self.row_per_current
        ratio, t_face, current = C, t, np.zeros_like(C)
        for _ in range(50):
            slope = (1.0 - t_face) * tau / (D * E2)
            resistance = (1.0 / E2 - d * slope) / a
            film = kinetics.film_resistance + resistance * share / f
            arrays = surface_currents(
                X / f,
                P / f,
                ratio * self.table.concentration,
                0.0,
                kinetics.exchange_current_density,
                kinetics.reference_concentration,
                kinetics.alpha_a,
                kinetics.alpha_c,
                f,
                np.maximum(film, 0.0),
            )
            previous, current = current, -arrays[0] * share
            ratio = np.maximum(C + slope * current, 1e-12)
            t_face = self.table.evaluate(ratio)[3]
            if np.all(np.abs(current - previous) <= 1e-14 * (1e-30 + np.abs(current).max(initial=0.0))):
                break
        return current

    def differentiate(self, C: np.ndarray, P: np.ndarray, X: float) -> TopJacobian:
        """Central differences of `evaluate`; each cell depends on its own (C, P) and on X alone."""

        def slope(plus: TopState, minus: TopState, step: float) -> TopState:
            scale = 0.5 / step
            return TopState(
                (plus.current - minus.current) * scale,
                (plus.salt - minus.salt) * scale,
                (plus.potential - minus.potential) * scale,
            )

        e = PERTURBATION
        ec = PERTURBATION * np.maximum(np.abs(C), 1e-3)
        by_c = slope(self.evaluate(C + ec, P, X), self.evaluate(C - ec, P, X), 1.0)
        for part in (by_c.current, by_c.salt, by_c.potential):
            part /= ec
        ex = e * max(1.0, abs(X))
        return TopJacobian(
            by_c,
            slope(self.evaluate(C, P + e, X), self.evaluate(C, P - e, X), e),
            slope(self.evaluate(C, P, X + ex), self.evaluate(C, P, X - ex), ex),
        )

    def total_current(self, state: TopState) -> float:
        """Sum of the charge rows' inflow over the whole top layer."""
        return self.grid.sum(float(state.current.sum()))

    def mean_potential(self, potential: np.ndarray) -> float:
        """f <phi_l> over the open part of the face; -f V when `potential` is a state's."""
        return self.grid.sum(float((potential * self._weights).sum()))

    @property
    def weights(self) -> np.ndarray:
        """Share of each top cell in the electrode's open face; they sum to one."""
        return self._weights
