"""Small metals of an alloy that the tests share."""

from __future__ import annotations

from typing import Any

from mpi4py import MPI
from void_metals import GAMMA, OMEGA, T

from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.alloy.metal import AlloyMetal
from ramify.phasefield.voids.alloy.problem import AlloyLaws, AlloyNumerics, AlloyProblem
from ramify.phasefield.voids.problem import VacancyTransport, void_interface

D_ALLOY = 2.4e-15
"""Tracer diffusivity of lithium at 10 at.% [m^2/s]."""


def alloy_metal(
    cells: tuple[int, int, int],
    h: float,
    voids: Any = None,
    *,
    magnesium: float = 0.1,
    mobility: float = 0.0,
    diffusivities: tuple[float, ...] = (D_ALLOY,),
    fractions: tuple[float, ...] = (0.0,),
    interaction: tuple[float, ...] = (0.0,),
    width: float = 1.0,
    periodic: bool = False,
    comm: MPI.Comm | None = None,
    numerics: AlloyNumerics | None = None,
    **transport: Any,
) -> AlloyMetal:
    """A metal of cubic cells of edge h; `width` in cells, `transport` replaces fields of the VacancyTransport."""
    size = tuple(n * h if n > 1 or axis == 2 else 1.0 for axis, n in enumerate(cells))
    domain = Domain(size, cells, periodic)  # type: ignore[arg-type]
    laws = {"diffusivity": diffusivities[0], "molar_volume": OMEGA, "surface_energy": GAMMA, "temperature": T}
    problem = AlloyProblem(
        domain,
        VacancyTransport(**(laws | transport)),
        void_interface(width * h),
        voids,
        numerics=numerics or AlloyNumerics(),
        alloy=AlloyLaws(magnesium, fractions, diffusivities, interaction, mobility, "tracer"),
    )
    return AlloyMetal(Grid(domain, comm), problem)
