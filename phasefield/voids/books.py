"""Books of a void engine: lithium and charge, and magnesium of an alloy, over a run.

The balances are identities: the metal takes the sum of the currents of the faces, which is the cell's. A step is booked
from what changed in its cells, so that what it misses is measured by what it moved and not by all the metal; the volume
of the voids, a sum over all cells that no step adds to, checks the books as a whole. Magnesium neither comes nor goes
but with the metal behind z = 0, and is measured by all there is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ramify.phasefield.engine import Ledger
from ramify.phasefield.grid import Grid
from ramify.phasefield.voids.contact import ContactState
from ramify.phasefield.voids.ledger import MetalLedger
from ramify.phasefield.voids.metal import MetalState
from ramify.phasefield.voids.metals import Metal
from ramify.physics.constants import FARADAY

STEP_PROMISE, RUN_PROMISE = 1e-10, 1e-8
"""Relative imbalances promised of one step and of a run."""
STOP = 100.0
"""Times what is promised at which the run stops."""
ROUND_OFF = float(np.finfo(np.float64).eps)
ROUNDINGS = 4.0
"""Of a cell's metal in a step with creep, which moves it before the vacancies and after, over those in one without."""


class Unbalanced(RuntimeError):
    """A balance fails; the message says which and by how much."""


@dataclass(frozen=True)
class Crept:
    """What creep did in a step [m^3]."""

    entered: float = 0.0
    """Metal that came in through z = 0."""
    gained: float = 0.0
    """Metal that the cells gained by it: the same, to round-off."""


class Books:
    """Books of one run, begun with the first state of its metal."""

    def __init__(self, grid: Grid, metal: Metal, state: MetalState, molar_volume: float) -> None:
        self.grid, self.metal, self.omega = grid, metal, molar_volume
        self.entered = 0.0
        """Metal that has crept in through z = 0 [mol]."""
        domain = grid.domain
        self._void_start = metal.void_volume(state)
        sites = (domain.cross_section * domain.size[2] - self._void_start) / molar_volume
        magnesium = metal.magnesium_moles(state)
        lithium = sites - magnesium
        self.ledger = Ledger(metal_start=lithium, metal=lithium, magnesium_start=magnesium, magnesium=magnesium)

    def add(self, state: MetalState, step: MetalLedger, flow: ContactState, duration: float, crept: Crept) -> None:
        """Add a step of `duration` under the currents of `flow`, which ended with `state`.

        Raises
        ------
        Unbalanced
            Where a balance fails.
        """
        ledger, domain = self.ledger, self.grid.domain
        hx, hy, _ = domain.spacing
        charge = flow.current_density * domain.cross_section * duration
        reacted = float(flow.current.sum()) * hx * hy * duration
        gained = (crept.gained - crept.entered) / self.omega - step.condensed - step.annihilated - step.left
        self.entered += crept.entered / self.omega
        ledger.magnesium = self.metal.magnesium_moles(state)
        ledger.magnesium_entered += step.magnesium_entered
        ledger.metal = self._metal_by_volume(state)
        ledger.charge += charge
        ledger.absolute_charge += abs(charge)
        ledger.reacted += reacted
        if charge > 0.0:
            ledger.plated += gained
        elif charge < 0.0:
            ledger.stripped -= gained
        # below this the cells' own rounding, at random, is more than what is promised of what moved
        cell = domain.cell_volume / self.omega
        roundings = ROUNDINGS if crept.entered != 0.0 else 1.0
        least = roundings * ROUND_OFF * math.sqrt(math.prod(domain.cells)) * cell / STEP_PROMISE
        moved = max(abs(charge) / FARADAY, step.turnover, abs(crept.entered) / self.omega, least)
        missing = max(abs(gained - charge / FARADAY), abs(charge - reacted) / FARADAY)
        imbalance = max(missing, step.worst_step * step.turnover) / moved
        ledger.worst_step = max(ledger.worst_step, imbalance, step.magnesium_worst)
        if not imbalance <= STOP * STEP_PROMISE:
            raise Unbalanced(f"lithium or charge is out of balance by {imbalance:.2g} in one step")
        if not step.magnesium_worst <= STOP * STEP_PROMISE:
            raise Unbalanced(f"magnesium is out of balance by {step.magnesium_worst:.2g} in one step")
        self._check_volume(state)

    def _metal_by_volume(self, state: MetalState) -> float:
        """Lithium [mol] by the volume of the voids now, by what of it was taken elsewhere, and by the magnesium."""
        taken, voids = state.ledger, self.metal.void_volume(state) - self._void_start
        elsewhere = taken.annihilated + taken.left - taken.placed + self.entered
        return float(self.ledger.metal_start - voids / self.omega - elsewhere - self.ledger.magnesium_gained)

    def _check_volume(self, state: MetalState) -> None:
        """Raise Unbalanced where the volume of the voids is not what all steps together have booked."""
        taken, start = state.ledger, self.ledger.metal_start
        booked = start - taken.condensed - taken.annihilated - taken.left
        # below this the rounding of a sum over all the metal is more than what is promised of what moved
        least = ROUND_OFF * start / RUN_PROMISE
        drift = abs(self.ledger.metal - booked) / max(taken.turnover, abs(self.entered), least)
        if not drift <= STOP * RUN_PROMISE:
            raise Unbalanced(f"the volume of the voids and the books of lithium differ by {drift:.2g}")

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs."""
        return {"ledger": dict(self.ledger.__dict__), "void_start": self._void_start, "entered": self.entered}

    def load(self, saved: dict[str, Any]) -> None:
        """Go on from what `save` returned."""
        self.ledger = Ledger(**saved["ledger"])
        self._void_start, self.entered = float(saved["void_start"]), float(saved["entered"])
