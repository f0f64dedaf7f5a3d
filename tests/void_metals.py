"""Small metals with voids that the tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpi4py import MPI

from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.metal import VoidMetal
from ramify.phasefield.voids.problem import UPRIGHT, MetalNumerics, MetalProblem, VacancyTransport, void_interface

D, OMEGA, GAMMA, T = 1.6e-14, 1.3e-5, 0.5, 298.15
"""Tracer diffusivity [m^2/s], molar volume [m^3/mol], surface energy [J/m^2], temperature [K] of most metals."""


class ball:
    """Signed distance of a void [m], negative inside: a sphere, or where planar a tunnel along y."""

    def __init__(self, radius: float, centre: tuple[float, float, float], planar: bool) -> None:
        self.radius, self.centre, self.planar = radius, centre, planar

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        a, b, c = self.centre
        across = 0.0 * y if self.planar else y - b
        return np.sqrt((x - a) ** 2 + across**2 + (z - c) ** 2) - self.radius


def void_metal(
    cells: tuple[int, int, int],
    h: float,
    voids: Any = None,
    *,
    width: float = 1.0,
    comm: MPI.Comm | None = None,
    periodic: bool = False,
    numerics: MetalNumerics | None = None,
    contact_angle: float = UPRIGHT,
    **transport: Any,
) -> VoidMetal:
    """A metal of cubic cells of edge h; `width` in cells, `transport` replaces fields of the VacancyTransport."""
    size = tuple(n * h if n > 1 or axis == 2 else 1.0 for axis, n in enumerate(cells))
    domain = Domain(size, cells, periodic)  # type: ignore[arg-type]
    laws = {"diffusivity": D, "molar_volume": OMEGA, "surface_energy": GAMMA, "temperature": T} | transport
    problem = MetalProblem(
        domain,
        VacancyTransport(**laws),
        void_interface(width * h, contact_angle),
        voids,
        contact_angle=contact_angle,
        numerics=numerics or MetalNumerics(),
    )
    return VoidMetal(Grid(domain, comm), problem)


def uniform(metal: VoidMetal, density: float) -> np.ndarray:
    """The same current density [A/m^2] through every face of the contact plane."""
    return np.full(metal.grid.shape[1:], density)


def cap_at_contact(n: int, h: float, radius: float, planar: bool = True) -> ball:
    """A void in the corner of a box of n cells a side, on the contact plane."""
    return ball(radius, (0.0, 0.0, n * h), planar)
