"""A whole void problem in SI numbers: metal with voids, solid electrolyte, and how the two are taken through time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem
from ramify.phasefield.voids.contact_problem import ContactProblem
from ramify.phasefield.voids.creep_problem import StackCreep
from ramify.phasefield.voids.problem import MetalProblem


@dataclass(frozen=True)
class CellNumerics:
    """Limits of the time steps beside the metal's own."""

    contact_change: float = 0.1
    """Largest change of the contact in a step, as a share of what is left of it."""
    first_step: float | None = None
    """After each switch [s]; None takes a twentieth of a cell at the largest current density."""
    largest_step: float = math.inf
    smallest_step: float = 1e-6


@dataclass(frozen=True)
class VoidProblem:
    """Everything `VoidEngine` needs."""

    metal: MetalProblem | AllenCahnProblem
    contact: ContactProblem
    shown_cells: int
    """Layers of electrolyte in the stored fields, as high as those of the metal."""
    numerics: CellNumerics = field(default_factory=CellNumerics)
    creep: StackCreep | None = None
    """Metal that creeps under a stack pressure; None where there is none."""

    @property
    def domain(self) -> Domain:
        """Box of the stored fields: the metal, and so much of the electrolyte above it."""
        metal = self.metal.domain
        (sx, sy, sz), (nx, ny, nz), hz = metal.size, metal.cells, metal.spacing[2]
        return Domain((sx, sy, sz + self.shown_cells * hz), (nx, ny, nz + self.shown_cells), metal.periodic)

    @property
    def initial_concentration(self) -> float:
        """Of lithium in the metal [mol/m^3]."""
        return 1.0 / self.metal.transport.molar_volume
