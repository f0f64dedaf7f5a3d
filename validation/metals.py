"""Metals with voids for validation: lithium's numbers, boxes of cubic cells, and ways to drive them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from mpi4py import MPI

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.metal import VoidMetal
from ramify.phasefield.voids.problem import MetalProblem, VacancyTransport, void_interface
from ramify.phasefield.voids.shapes import Balls
from ramify.phasefield.voids.vacancies import Exchange
from ramify.physics.vacancies import capillary_length

LITHIUM = VacancyTransport(diffusivity=1.6e-14, molar_volume=1.3e-5, surface_energy=0.5, temperature=298.15)
"""Tracer diffusivity of lithium by isotopes."""
CAPILLARY = capillary_length(LITHIUM.surface_energy, LITHIUM.molar_volume, LITHIUM.temperature)
"""Gamma [m]."""


def metal_in_box(
    cells: tuple[int, int, int], edge: float, voids: Any = None, *, width: float | None = None, **changes: Any
) -> VoidMetal:
    """A metal of cubic cells, l one edge unless a width [m] is given.

    Fields of the transport and of the MetalProblem may be changed.
    """
    size = (cells[0] * edge if cells[0] > 1 else 1.0, cells[1] * edge if cells[1] > 1 else 1.0, cells[2] * edge)
    domain = Domain(size, cells)
    laws = {name: changes.pop(name) for name in list(changes) if hasattr(LITHIUM, name)}
    problem = MetalProblem(domain, replace(LITHIUM, **laws), void_interface(width or edge), voids, **changes)
    return VoidMetal(Grid(domain, MPI.COMM_SELF), problem)


def corner_void(cells: tuple[int, int, int], edge: float, radius: float, width: float) -> Balls:
    """A quarter of a tunnel or an eighth of a ball in the corner of a box, on its contact plane."""
    size = (cells[0] * edge, cells[1] * edge if cells[1] > 1 else 1.0, cells[2] * edge)
    return Balls(np.array([[0.0, 0.0, size[2]]]), np.array([radius]), Domain(size, cells), width)


def uniform(metal: VoidMetal, density: float) -> np.ndarray:
    """The same current density [A/m^2] through every face of the contact plane."""
    return np.full(metal.grid.shape[1:], density)


def metal_gained(metal: VoidMetal, found: Exchange) -> float:
    """Metal volume that voids give back per time [m^3/s]."""
    return float(np.sum(found.rate[OWNED])) * metal.problem.domain.cell_volume
