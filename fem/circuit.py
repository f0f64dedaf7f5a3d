"""The wire of an electrode in a solution of ions: the metal's charge, what reacts, and the two together as a current.

    I = sum over ions of F z_i (outflow of ion i into the electrode) - dq/dt

positive for plating (electrons enter the metal); q is the metal's charge, C (V - phi) over a Stern layer
and what Gauss's law leaves over at the nodes of a surface without one. The ions' outflow is that of a reaction
(`electrodes`), or what their equations leave over where a concentration is held. All are exact for the discrete
equations: what flows in through one electrode flows out through the other.

The electrode's potential V is a border of `newton`: given (V - V_set = 0), or such that I is the current that is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ramify.fem.electrodes import ElectrodeSurface
from ramify.fem.newton import Sums
from ramify.fem.norms import total
from ramify.fem.pattern import Pattern
from ramify.fem.pnp import POTENTIAL, PoissonNernstPlanck, SternLayer
from ramify.fem.spaces import Space
from ramify.physics.constants import FARADAY


class Circuit:
    """The current of one electrode. Among the terms of the equations it comes last, for it reads what others added.

    Parameters
    ----------
    space, pattern
        The space and its pattern.
    boundary
        Name of the electrode.
    bulk
        The equations of the solution.
    held
        Ions whose concentration the surface holds.
    layer
        Its Stern layer, if it has one.
    surface
        Its reaction and the ion that reacts, if it has one.
    border
        Number of the border that is V; -1 for an electrode at zero volts.
    """

    def __init__(
        self,
        space: Space,
        pattern: Pattern,
        boundary: str,
        bulk: PoissonNernstPlanck,
        held: Sequence[int],
        layer: SternLayer | None,
        surface: tuple[ElectrodeSurface, int] | None,
        border: int,
    ) -> None:
        self.space, self.pattern, self.border, self.surface, self.held = space, pattern, border, surface, tuple(held)
        self.charges = bulk.ions.charges
        self.nodes = space.boundary_nodes(boundary)
        self.voltage = 0.0
        """V_set [V]."""
        self.current: float | None = None
        """I [A, A/m or A/m^2] that is asked; None where V is given."""
        self.rate, self.history = 0.0, 0.0
        self.gauss, self.per_voltage = self._charge_of_fields(bulk, layer)
        """q = sum of gauss u + per_voltage V, of this rank."""

    def value(self, u: np.ndarray, borders: np.ndarray) -> float:
        """q [C, C/m or C/m^2]. Collective."""
        return total(self.space.mesh, self._charge(u, borders))

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """The border's equation: its potential, or the current."""
        if self.border < 0:
            return
        k, share = self.border, 1.0 / self.space.mesh.comm.size
        if self.current is None:
            sums.gaps[k], sums.corner[k] = share * (borders[k] - self.voltage), 0.0
            sums.corner[k, k], sums.rows[k] = share, 0.0
            return
        # a reaction has added its own current and derivatives already
        sums.gaps[k] -= self.rate * self._charge(u, borders) + share * (self.current - self.history)
        sums.rows[k] -= self.rate * self.gauss
        sums.corner[k, k] -= self.rate * self.per_voltage
        for ion in self.held:
            factor = -FARADAY * self.charges[ion]
            sums.gaps[k] += factor * float(sums.residual[self.nodes, ion + 1].sum())
            pairs = self._pairs()
            np.add.at(sums.rows[k], self.pattern.columns[pairs], factor * sums.entries[pairs, ion + 1])

    def outflow(self, u: np.ndarray, borders: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Of every ion out of the solution [mol/s, per m or m^2 in 2-D, 1-D], from the residual. Collective."""
        flows = np.zeros(len(self.charges))
        for ion in self.held:
            flows[ion] = -total(self.space.mesh, float(residual[self.nodes, ion + 1].sum()))
        if self.surface is not None:
            surface, ion = self.surface
            flows[ion] += surface.total_current(u, borders) / (FARADAY * self.charges[ion])
        return flows

    def _charge(self, u: np.ndarray, borders: np.ndarray) -> float:
        voltage = float(borders[self.border]) if self.border >= 0 else 0.0
        return float((self.gauss * u).sum()) + self.per_voltage * voltage

    def _charge_of_fields(self, bulk: PoissonNernstPlanck, layer: SternLayer | None) -> tuple[np.ndarray, float]:
        if layer is not None:
            return -layer.load, float(layer.load[:, POTENTIAL].sum())
        # Poisson's rows are linear in the fields: their entries at any fields are those everywhere.
        space = self.space
        nothing = np.zeros((0, space.local_count, space.components))
        sums = Sums(space.zeros(), self.pattern.zeros(), nothing, nothing, np.empty(0), np.empty((0, 0)))
        bulk.add(space.zeros(), np.empty(0), sums)
        functional, pairs = space.zeros(), self._pairs()
        np.add.at(functional, self.pattern.columns[pairs], sums.entries[pairs, POTENTIAL])
        return functional, 0.0

    def _pairs(self) -> np.ndarray:
        """Entries of the rows at the electrode's nodes."""
        return np.flatnonzero(np.isin(self.pattern.rows, self.nodes))
