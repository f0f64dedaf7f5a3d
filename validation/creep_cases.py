"""Voids in creeping metal with closed solutions, for the validation and the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.creep_flow import CreepEffort, CreepFlow
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports
from ramify.physics.elasticity import Elasticity
from ramify.physics.interface import equilibrium_profile
from ramify.physics.viscoplasticity import ViscoplasticLaw, power_law_creep
from ramify.physics.void_closure import Shape, power_law_closing_rate

EDGE = 1e-6
"""Of the box [m]."""
PRESSURE = 1e6
"""Far from the void [Pa]."""
RATE = 1e-3
"""Of the metal under that stress [1/s]."""


def metal(exponent: float) -> ViscoplasticLaw:
    """Power-law creep."""
    return power_law_creep(Elasticity(7.81e9, 0.38), RATE, PRESSURE, exponent)


@dataclass(frozen=True)
class Closing:
    """What a case came to."""

    error: float
    """Relative, of the closing rate."""
    effort: CreepEffort


@dataclass(frozen=True)
class LonelyVoid:
    """A void in the middle of an infinite body under a pressure: an eighth (a quarter in the plane) of it in the box.

    The outer faces carry the tractions of the closed solution, radial and hoop stress
    S = -p [1 - (a/R)^(3/n)] and S - q_a (a/R)^(3/n), q_a = 3 p/(2 n); in the plane the exponent is 2/n,
    q_a = sqrt3 p/n, and the hoop stress S - (2/sqrt3) q.
    """

    exponent: float
    dimension: int
    radius: float = 0.3
    """Over the edge of the box."""

    @property
    def shape(self) -> Shape:
        """Of the void."""
        return "sphere" if self.dimension == 3 else "cylinder"

    def _stress(self, place: np.ndarray) -> np.ndarray:
        """Stress (..., 3, 3) [Pa] at places relative to the void's middle; without the component along a cylinder."""
        a, n, space = self.radius * EDGE, self.exponent, self.dimension == 3
        R = np.linalg.norm(place, axis=-1)
        decay = (a / R) ** ((3.0 if space else 2.0) / n)
        q = (1.5 if space else np.sqrt(3.0)) * PRESSURE / n * decay
        radial = -PRESSURE * (1.0 - decay)
        hoop = radial - (q if space else 2.0 / np.sqrt(3.0) * q)
        out = (place / R[..., None])[..., :, None] * (place / R[..., None])[..., None, :]
        around = np.eye(3) if space else np.diag([1.0, 0.0, 1.0])
        return hoop[..., None, None] * around + (radial - hoop)[..., None, None] * out

    def _set_load(self, flow: CreepFlow) -> None:
        """Tractions on the upper faces along x (and y) and, beyond the pressure, on z = 0."""
        cells, h = flow.grid.domain.cells, np.array(flow.grid.domain.spacing)
        for axis, upper in ((0, True), (2, False), *([(1, True)] if self.dimension == 3 else [])):
            index = [np.arange(n) for n in cells]
            index[axis] = np.array([cells[axis] - 1 if upper else 0])
            corner = np.stack(np.meshgrid(*index, indexing="ij"), axis=-1)
            place = (corner + 0.5) * h
            place[..., axis] = cells[axis] * h[axis] if upper else 0.0
            place[..., 2] -= EDGE
            if self.dimension == 2:
                place[..., 1] = 0.0
            traction = (1.0 if upper else -1.0) * self._stress(place)[..., axis]
            if axis == 2:
                traction[..., 2] -= PRESSURE
            others = [c for c in range(3) if c != axis]
            force = traction * h[others].prod() / 4.0
            corner[..., axis] += upper
            for step in ((0, 0), (1, 0), (0, 1), (1, 1)):
                node = corner.copy()
                node[..., others] += step
                if self.dimension == 2:
                    node[..., 1] = 0  # the two faces of one period share their nodes
                np.add.at(flow.load, tuple(np.moveaxis(node[..., ::-1] + 1, -1, 0)), force)

    def solve(self, n: int, width: float = 1.0, numerics: CreepNumerics | None = None) -> Closing:
        """The closing rate with n cells along the edge, the profile's width in cells."""
        space = self.dimension == 3
        grid = Grid(Domain((EDGE, EDGE if space else 1.0, EDGE), (n, n if space else 1, n)))
        h, a = EDGE / n, self.radius * EDGE
        supports = CreepSupports("sliding", "sliding", "even", "free")
        flow = CreepFlow(grid, metal(self.exponent), width * h, supports, numerics)
        self._set_load(flow)
        x, y, z = grid.centres()
        xi = grid.zeros()
        xi[:] = 1.0 - equilibrium_profile(np.sqrt(x**2 + (y**2 if space else 0.0 * y) + (z - EDGE) ** 2) - a, width * h)
        grid.fill_outer_ghosts(xi)
        effort = flow.solve(xi, PRESSURE)
        u, share = flow.velocity[flow.box.owned], np.full(n + 1, h)
        share[[0, -1]] *= 0.5
        area = np.outer(share, share) if space else share[None, :]
        inflow = (area * u[0, :, :, 2]).sum() - (area.T * u[:, :, -1, 0]).sum()
        if space:
            inflow -= (area * u[:, -1, :, 1]).sum()
        volume = np.pi / 6.0 * a**3 if space else np.pi / 4.0 * a**2
        exact = power_law_closing_rate(RATE / PRESSURE**self.exponent, self.exponent, PRESSURE, 0.0, self.shape)
        flow.free()
        return Closing(float(inflow / (self.dimension * volume)) / exact - 1.0, effort)
