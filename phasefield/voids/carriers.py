"""What stack pressure does to a void engine's metal, whichever formulation it follows, behind one interface."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ramify.phasefield.voids.allen_cahn.carrier import PhaseCarrier
from ramify.phasefield.voids.allen_cahn.metal import AllenCahnMetal
from ramify.phasefield.voids.creep import Carriage, Creep, CreepVelocity, law_of
from ramify.phasefield.voids.creep_problem import StackCreep
from ramify.phasefield.voids.metal import Advance, MetalState, VoidMetal
from ramify.phasefield.voids.metals import Metal


class Carried(Protocol):
    """What creep did in a step that is not yet accepted."""

    entered: float
    """Volume of metal that came in through z = 0 [m^3]."""
    gained: float
    """Volume of metal that the cells gained [m^3]."""


class Carrier(Protocol):
    """Creep of a metal."""

    @property
    def creep(self) -> CreepVelocity:
        """Its velocity."""

    def press(self, state: MetalState, pressure: float, since: float) -> MetalState:
        """The state under its stress, its velocity set for a stack pressure [Pa], `since` [s] after the last one."""

    def longest_step(self) -> float:
        """Longest step with that velocity [s]."""

    def advance(self, state: MetalState, step: float, contact_current: np.ndarray) -> tuple[Advance, Carried]:
        """One step tried of the vacancies and of creep; `contact_current` as for the metal's own."""

    def keep(self, carried: Carried) -> None:
        """Take for good what creep did in a step that is accepted."""


class SurfaceCarrier:
    """Creep of metal whose surface vacancies move."""

    def __init__(self, metal: VoidMetal, stack: StackCreep) -> None:
        self.metal = metal
        self.creep = Creep(metal.grid, metal.front, law_of(stack), stack.supports, stack.numerics, stack.evolves)

    def press(self, state: MetalState, pressure: float, since: float) -> MetalState:
        """As in `Carrier`; MechanicsFailure if the forces do not come into balance."""
        self.creep.velocity(state.xi, pressure, since)
        return state

    def longest_step(self) -> float:
        """As in `Carrier`."""
        return self.creep.longest_step()

    def advance(self, state: MetalState, step: float, contact_current: np.ndarray) -> tuple[Advance, Carriage]:
        """As in `Carrier`."""
        carriage = self.creep.carriage(step)
        return self.metal.advance(state, step, contact_current, carriage), carriage

    def keep(self, carried: Carried) -> None:
        """As in `Carrier`."""
        assert isinstance(carried, Carriage)
        self.creep.keep(carried)


def make_carrier(metal: Metal, stack: StackCreep) -> Carrier:
    """The creep of a metal half."""
    if isinstance(metal, AllenCahnMetal):
        return PhaseCarrier(metal, stack)
    assert isinstance(metal, VoidMetal)
    return SurfaceCarrier(metal, stack)
