"""A metal surface that does nothing but diffuse along itself, for the tests of surface diffusion."""

from __future__ import annotations

from typing import Any

from plating_cells import plating_problem

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating.front import Front
from ramify.phasefield.plating.setup import build_geometry, initial_metal
from ramify.phasefield.problem import Geometry, Interface
from ramify.phasefield.surface_diffusion import SurfaceDiffusion


class Surface:
    """Metal of a signed distance in cells of edge one, and its surface diffusion."""

    def __init__(self, cells: tuple[int, int, int], distance: Any, width: float = 1.0, **changes: Any) -> None:
        host = changes.pop("host_distance", None)
        geometry = Geometry(distance, host_distance=host)
        problem = plating_problem(cells, (1.0, 1.0, 1.0), interface=Interface(width), geometry=geometry, **changes)
        self.grid = Grid(problem.domain)
        made = build_geometry(self.grid, problem)
        self.pore = made.pore
        self.front = Front(self.grid, problem, made.pore, made.openings)
        self.diffusion = SurfaceDiffusion(
            self.grid,
            width,
            made.pore,
            made.openings,
            self.front.surface_curvature,
            self.front.extend_into_host,
            self.front.hold,
        )
        self.xi = initial_metal(self.grid, problem)
        self.front.extend_into_host(self.xi)

    def run(self, time: float, steps: int, coefficient: Any = 1.0) -> None:
        """Diffuse for `time` in equal steps."""
        for _ in range(steps):
            self.diffusion.advance(self.xi, time / steps, coefficient)

    def metal(self) -> float:
        """Cells full of metal."""
        return self.grid.sum(float((self.pore * self.xi)[OWNED].sum()))

    def moment(self, weight: Any) -> float:
        """Sum of the metal times a weight of the coordinates."""
        x, y, z = self.grid.centres()
        return self.grid.sum(float((self.pore * self.xi * weight(x, y, z))[OWNED].sum()))
