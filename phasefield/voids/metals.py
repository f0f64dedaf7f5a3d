"""The metal halves that a void engine can drive, behind one interface."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.voids.allen_cahn.metal import AllenCahnMetal
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem
from ramify.phasefield.voids.alloy.metal import AlloyMetal
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.phasefield.voids.contact_problem import ContactComposition
from ramify.phasefield.voids.metal import Advance, MetalState, VoidMetal
from ramify.phasefield.voids.problem import MetalProblem


class Metal(Protocol):
    """What a void engine asks of its metal; arguments as those of `VoidMetal`."""

    def initial_state(self) -> MetalState:
        """The metal at time zero."""

    def contact_supersaturation(self, state: MetalState, contact_current: np.ndarray) -> np.ndarray:
        """S (ny, nx) on the contact plane."""

    def contact_composition(self, state: MetalState) -> ContactComposition | None:
        """Magnesium on the faces of the contact plane; None for pure lithium."""

    def magnesium_moles(self, state: MetalState) -> float:
        """Magnesium in the box [mol]; zero for pure lithium."""

    def void_volume(self, state: MetalState) -> float:
        """Volume without lithium [m^3]."""

    def fields(self, state: MetalState) -> dict[str, np.ndarray | None]:
        """Metal fraction and supersaturation, whole, on rank 0."""

    def advance(self, state: MetalState, dt: float, contact_current: np.ndarray) -> Advance:
        """One step tried."""

    def save(self, state: MetalState) -> dict[str, Any]:
        """Everything a bitwise restart needs."""

    def load(self, saved: dict[str, Any]) -> MetalState:
        """The state that `save` returned."""

    def free(self) -> None:
        """Free the PETSc objects."""


def make_metal(grid: Grid, problem: MetalProblem | AllenCahnProblem) -> Metal:
    """The metal half that a problem asks for."""
    if isinstance(problem, AllenCahnProblem):
        return AllenCahnMetal(grid, problem)
    return AlloyMetal(grid, problem) if isinstance(problem, AlloyProblem) else VoidMetal(grid, problem)
