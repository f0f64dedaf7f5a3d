"""What stack pressure does to a void engine's metal, whichever formulation it follows, behind one interface."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from ramify.phasefield.voids.allen_cahn.carrier import PhaseCarrier
from ramify.phasefield.voids.allen_cahn.metal import AllenCahnMetal
from ramify.phasefield.voids.creep import Creep, CreepVelocity, law_of
from ramify.phasefield.voids.creep_problem import StackCreep
from ramify.phasefield.voids.metal import MetalState, VoidMetal
from ramify.phasefield.voids.metals import Metal


class Carrier(Protocol):
    """Creep of a metal."""

    @property
    def creep(self) -> CreepVelocity:
        """Its velocity."""

    def press(self, state: MetalState, since: float) -> MetalState:
        """Set the velocity of a state's metal, `since` seconds after it was last set; the state under its stress."""

    def longest_step(self) -> float:
        """Longest step with that velocity [s]."""

    def carry(self, state: MetalState, step: float) -> tuple[MetalState, float, float]:
        """The metal `step` seconds on; volumes of metal that came in through z = 0 and that the cells gained [m^3]."""


class SurfaceCarrier:
    """Creep of metal whose surface vacancies move."""

    def __init__(self, metal: VoidMetal, stack: StackCreep) -> None:
        self.pressure = stack.pressure
        self.creep = Creep(metal.grid, metal.front, law_of(stack), stack.supports, stack.numerics)

    def press(self, state: MetalState, since: float) -> MetalState:
        """As in `Carrier`; MechanicsFailure if the forces do not come into balance."""
        self.creep.velocity(state.xi, self.pressure, since)
        return state

    def longest_step(self) -> float:
        """As in `Carrier`."""
        return self.creep.longest_step()

    def carry(self, state: MetalState, step: float) -> tuple[MetalState, float, float]:
        """As in `Carrier`."""
        crept = self.creep.advance(state.xi, step)
        return replace(state, xi=crept.xi), crept.entered, crept.gained


def make_carrier(metal: Metal, stack: StackCreep) -> Carrier:
    """The creep of a metal half."""
    if isinstance(metal, AllenCahnMetal):
        return PhaseCarrier(metal, stack)
    assert isinstance(metal, VoidMetal)
    return SurfaceCarrier(metal, stack)
