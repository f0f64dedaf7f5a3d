"""What the grand-potential model conserves, booked every step.

Both are identities of the discrete scheme, kept to rounding:

    charge    current in at the counter electrode - current out at the collector = n F C_m^s d(integral of xi)/dt
    lithium   flux in over both z faces = C_m^l d(integral of N)/dt,   N = c^l (1 - h) + dv c^s h

What the formulation cannot keep is that the two agree. The metal holds dv C_m^l h c^s of lithium by the second and
C_m^s xi by the first, and dv C_m^l is not C_m^s in the published sets; the current at the counter electrode is not the
lithium that enters there, for sigma is constant and the current of a single potential passes from the electrolyte to
the metal without reacting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ramify.phasefield.engine import Ledger, SolverFailure
from ramify.phasefield.grand_potential.system import State, System
from ramify.phasefield.grid import OWNED
from ramify.phasefield.plating.timescheme import Scheme
from ramify.physics.constants import FARADAY

IMBALANCE_LIMIT = 1e-8
"""Relative imbalance of one step at which the run stops: a hundred times what is promised."""


@dataclass
class PhaseLedger(Ledger):
    """Running totals; `salt` is all lithium (N), `metal` the phase's, and `charge` the charge that deposited."""

    electrons: int = 1
    """n: charge per atom of metal."""

    def balance(self, faraday: float) -> dict[str, float]:
        """The `balance` block of summary.json."""
        return super().balance(self.electrons * faraday)


class Books:
    """Totals of one run, and what passes its electrodes.

    Parameters
    ----------
    system
        Holds the fluxes over both z faces of the state last evaluated.
    xi, lithium
        Phase and N of the start; ghosted arrays.
    """

    def __init__(self, system: System, xi: np.ndarray, lithium: np.ndarray) -> None:
        self.system, self.grid, self.problem = system, system.grid, system.problem
        reaction, volume = self.problem.reaction, self.problem.domain.cell_volume
        self._coulombs = self.problem.electrode.charge_density * volume
        """Of a cell that xi fills."""
        self._faraday = reaction.electrons * FARADAY
        self._moles = self.problem.electrolyte.site_density * volume
        """Of a cell that N fills."""
        sums = self.grid.sums(np.array([xi[OWNED].sum(), lithium[OWNED].sum()]))
        metal = float(sums[0]) * volume * (self.problem.electrode.charge_density / self._faraday)
        salt = float(sums[1]) * volume * self.problem.electrolyte.site_density
        self.ledger: Ledger = PhaseLedger(
            metal_start=metal, metal=metal, salt_start=salt, salt=salt, electrons=reaction.electrons
        )
        self.currents = self.flows = (0.0, 0.0)
        """At collector and counter electrode: current along -z [A/m^2]; the same for lithium entering the domain."""
        self.forget()

    def forget(self) -> None:
        """Drop the increments of the last step: the next is a first one."""
        self.increments = {"charge": 0.0, "entered": 0.0}
        """Charge [C] and lithium [mol] of the last step, as the time scheme carries them."""

    def project(self, xi: np.ndarray, old_xi: np.ndarray) -> float:
        """Change xi where it moved so that it took exactly the charge that came; returns the relative correction.

        `old_xi` is xi_h of the scheme; the rows are those of the solution.
        """
        moved = np.abs(xi[OWNED] - old_xi[OWNED])
        excess, total = self.grid.sums(np.array([self.system.rows[2][OWNED].sum(), moved.sum()]))
        if total <= 0.0:
            return 0.0
        share = float(excess / (self.system.charge * total))
        xi[OWNED] -= share * moved
        return abs(share)

    def add(
        self,
        scheme: Scheme,
        time: float,
        now: tuple[State, np.ndarray],
        before: tuple[State, np.ndarray],
        correction: float,
    ) -> None:
        """Book a step.

        Parameters
        ----------
        scheme, time
            Of the step, and its end [s].
        now, before
            State and N at the step's end and beginning.
        correction
            Of `project`.

        Raises
        ------
        SolverFailure
            Where the balances fail.
        """
        ledger = self.ledger
        xi, stored, moved = self._gained(now, before)
        charge, entered = self._passed(scheme)
        reacted = self._coulombs * xi
        metal = reacted / self._faraday
        ledger.charge += charge
        ledger.absolute_charge += abs(charge)
        ledger.reacted += reacted
        ledger.metal += metal
        if charge > 0.0:
            ledger.plated += metal
        else:
            ledger.stripped -= metal
        ledger.salt += stored * self._moles
        ledger.salt_entered += entered
        ledger.largest_correction = max(ledger.largest_correction, correction)
        # What passes through without reacting is rounded too.
        area = self.problem.domain.cross_section
        through = max(abs(self.currents[0]), abs(self.currents[1])) * area * scheme.step
        size = max(self._coulombs * moved, through)
        imbalance = max(
            abs(charge - reacted) / size if size > 0.0 else 0.0,
            abs(stored * self._moles - entered) / ledger.salt_start,
        )
        ledger.worst_step = max(ledger.worst_step, imbalance)
        if not imbalance <= IMBALANCE_LIMIT:
            raise SolverFailure(
                f"charge or lithium is out of balance by {imbalance:.2g} in one step",
                field="xi",
                place=None,
                time=time,
                remedy="lower numerics.newton_tolerance",
            )

    def _gained(self, now: tuple[State, np.ndarray], before: tuple[State, np.ndarray]) -> tuple[float, float, float]:
        """Gain of xi and of N over a step, and the size of what xi moved, in cells."""
        change = now[0].xi[OWNED] - before[0].xi[OWNED]
        stored = now[1][OWNED] - before[1][OWNED]
        xi, moved, total = self.grid.sums(np.array([change.sum(), np.abs(change).sum(), stored.sum()]))
        return float(xi), float(total), float(moved)

    def _passed(self, scheme: Scheme) -> tuple[float, float]:
        """Charge that deposited [C] and lithium that entered [mol] in a step; sets what passes the electrodes."""
        area = self.problem.domain.cross_section
        flows, currents = self.system.end_fluxes(scheme)
        to_current = self._faraday * self._moles / area
        self.currents = (float(currents[0]), float(currents[1]))
        self.flows = (float(flows[0]) * to_current, float(flows[1]) * to_current)
        inside = self.increments
        charge = scheme.advance((self.currents[1] - self.currents[0]) * area, inside["charge"])
        entered = scheme.advance(float(flows.sum()) * self._moles, inside["entered"])
        self.increments = {"charge": charge, "entered": entered}
        return charge, entered

    def measures(self) -> dict[str, float]:
        """What passes the electrodes [A/m^2], for a step report."""
        return {
            "collector_current_density": self.currents[0],
            "counter_current_density": self.currents[1],
            "counter_lithium_current": self.flows[1],
        }

    def save(self) -> dict[str, Any]:
        """Numbers that a bitwise restart needs beside the ledger."""
        return {
            "currents": np.array([*self.currents, *self.flows]),
            **{f"increment_{name}": value for name, value in self.increments.items()},
        }

    def load(self, numbers: Mapping[str, Any], ledger: Mapping[str, Any]) -> None:
        """Go on from what `save` returned and a ledger's entries."""
        flows = [float(value) for value in numbers["currents"]]
        self.currents, self.flows = (flows[0], flows[1]), (flows[2], flows[3])
        self.increments = {name: float(numbers[f"increment_{name}"]) for name in ("charge", "entered")}
        self.ledger = PhaseLedger(**ledger)
