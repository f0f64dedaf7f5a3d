"""Metal that creeps into voids under stack pressure, carried along with its own velocity.

    d(xi)/dt = -div(xi u) + regularisation,        u of voids.creep_flow for the shape at the start of the step

xi is the metal's share of the cells. The regularisation is that of plated metal (plating.front): it keeps the profile
and conserves metal. Both are fluxes between cells, so that what comes in through z = 0 is what the box gains, to
round-off: the metal between z = 0 and the collector is a reservoir that the plate pushes into the box. The metal's
velocity is free of divergence but for the tolerance of its multiplier; dense cells keep that error, some 1e-6.

The step is of second order in time once there is a similar step before it, under the same pressure: u is then
extrapolated to the middle of the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import creep as kernels
from ramify.phasefield.plating.front import Front
from ramify.phasefield.voids.creep_flow import CreepEffort, CreepFlow
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports, StackCreep
from ramify.physics import elasticity
from ramify.physics.lithium_creep import PowerLaw
from ramify.physics.viscoplasticity import ViscoplasticLaw, anand_lithium, power_law_creep

SURFACE = 0.02
"""Least xi (1 - xi) of the cells whose velocity counts as the surface's."""
STEADY = 1.5
"""Factor between the surface's speeds of two steps, and between their lengths, beyond which nothing is extrapolated."""


NUMBERS = ("speed", "_speed_before", "_last_step", "_pressure", "_closing_time")
"""Of a `CreepVelocity` that a restart needs."""
ARRAYS = (
    *(f"{name} {axis}" for name in ("faces", "before") for axis in range(3)),
    *(f"flow {n}" for n in range(7)),
    "multiplier",
    "motion",
)


def law_of(stack: StackCreep) -> ViscoplasticLaw:
    """The metal's law; its elastic constants play no part in steady creep."""
    if isinstance(stack.law, PowerLaw):
        return power_law_creep(elasticity.preset("lithium"), stack.law.rate, stack.law.stress, stack.law.exponent)
    return anand_lithium("sinh", stack.temperature)


@dataclass(frozen=True)
class Crept:
    """One step."""

    xi: np.ndarray
    """Metal share at its end, ghosted, ghosts filled."""
    entered: float
    """Volume of metal that came in through z = 0 [m^3]."""
    gained: float
    """Volume of metal that the cells gained [m^3]: the same, to round-off."""
    motion: float
    """Largest way of the voids' surface [cells]."""


class CreepVelocity:
    """Velocity of one run's metal, and what is told of it.

    Parameters
    ----------
    grid
        The mesh; z = 0 towards the collector, the last layer at the solid electrolyte.
    law, width, supports, numerics
        See `CreepFlow`.
    """

    def __init__(
        self,
        grid: Grid,
        law: ViscoplasticLaw,
        width: float,
        supports: CreepSupports | None = None,
        numerics: CreepNumerics | None = None,
    ) -> None:
        self.grid = grid
        self.flow = CreepFlow(grid, law, width, supports, numerics)
        hx, hy, hz = grid.domain.spacing
        self._inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)
        self.faces = [grid.zeros() for _ in range(3)]
        """Velocities [m/s] of the faces below the cells along x, y, z, and of the last upper ones."""
        self._before = [grid.zeros() for _ in range(3)]
        self._last_step = 0.0
        """Between the two; zero where there is nothing to extrapolate from."""
        self._pressure, self._speed_before = -1.0, 0.0
        self.speed = 0.0
        """Of the voids' surface [m/s], at most."""
        self._closing_time = np.inf
        """In which the metal that comes in would fill all voids [s]."""

    def velocity(self, xi: np.ndarray, pressure: float, since: float = 0.0) -> CreepEffort:
        """Set `faces` for a metal share (ghosts filled) under a mean pressure [Pa] on the collector.

        `since`: time [s] since the velocity was last set; zero where it says nothing about this one.

        Raises
        ------
        MechanicsFailure
            If the forces do not come into balance.
        """
        effort = self.flow.solve(xi, pressure)
        self.faces, self._before = self._before, self.faces
        self._last_step, self._pressure = since if pressure == self._pressure else 0.0, pressure
        self._speed_before = self.speed
        x, y, z = self.faces
        kernels.set_face_velocities(self.flow.velocity, x, y, z)
        self.speed = self.grid.max(kernels.surface_speed(xi, x, y, z, SURFACE))
        void = self.grid.sum(float(np.sum(1.0 - xi[OWNED])))
        cells, inflow = float(np.prod(self.grid.domain.cells[:2])), self.plate_velocity() * self._inverse[2]
        self._closing_time = void / (cells * inflow) if inflow > 0.0 else np.inf
        return effort

    def longest_step(self) -> float:
        """Time [s] in which the surface moves by `motion` cells and the voids lose `loss` of their volume, at most."""
        numerics = self.flow.numerics
        way = numerics.motion * self.flow.finest / self.speed if self.speed > 0.0 else np.inf
        return min(way, numerics.loss * self._closing_time)

    def faces_of(self, step: float) -> list[np.ndarray]:
        """Velocities of the faces in the middle of a step [s]; those at its start where nothing can be extrapolated."""
        steady = self._speed_before / STEADY <= self.speed <= self._speed_before * STEADY
        if not (0.0 < step <= STEADY * self._last_step and steady):
            return self.faces
        trend = 0.5 * step / self._last_step
        return [now + trend * (now - before) for now, before in zip(self.faces, self._before, strict=True)]

    # ------------------------------------------------------------------ measures

    def plate_velocity(self) -> float:
        """Mean velocity [m/s] of the metal at z = 0."""
        flux = float(self.faces[2][1, 1:-1, 1:-1].sum()) if self.grid.at_bottom else 0.0
        nx, ny, _ = self.grid.domain.cells
        return self.grid.sum(flux) / (nx * ny)

    def contact_pressure(self) -> np.ndarray:
        """-sigma_zz [Pa] (ny, nx) of this rank's cells beside the solid electrolyte; zeros where it has none."""
        ny, nx = self.grid.shape[1:]
        if not self.grid.at_top:
            return np.zeros((ny, nx))
        return -self.flow.units[0] * self.flow.stress[OWNED][-1, ..., 2]

    # ------------------------------------------------------------------ restart

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        arrays = {
            f"{name} {axis}": self.grid.gather(a) for name, faces in self._faces() for axis, a in enumerate(faces)
        }
        arrays |= {f"flow {n}": self.grid.gather(self.flow.flow[..., n]) for n in range(7)}
        arrays |= {
            "multiplier": self.grid.gather(self.flow.multiplier),
            "motion": self.flow.box.gather(self.flow.motion),
        }
        return {"arrays": arrays, "numbers": {name: float(getattr(self, name)) for name in NUMBERS}}

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        numbers = self.grid.comm.bcast(saved["numbers"] if root else None, root=0)
        for name in NUMBERS:
            setattr(self, name, numbers[name])
        arrays = saved["arrays"] if root else dict.fromkeys(ARRAYS)
        for name, faces in self._faces():
            for axis, array in enumerate(faces):
                array.fill(0.0)  # beyond the last cells: no velocity through outer faces
                self.grid.scatter(arrays[f"{name} {axis}"], array)
        for n in range(7):
            self.grid.scatter(arrays[f"flow {n}"], self.flow.flow[..., n])
        self.grid.scatter(arrays["multiplier"], self.flow.multiplier)
        self.flow.box.halo.exchange(self.flow.flow, self.flow.multiplier)
        self.flow.box.scatter(arrays["motion"], self.flow.motion)
        self.flow.resume(self._pressure)

    def _faces(self) -> tuple[tuple[str, list[np.ndarray]], ...]:
        return ("faces", self.faces), ("before", self._before)

    def free(self) -> None:
        """Free the PETSc objects (the grid is the caller's)."""
        self.flow.free()


class Creep(CreepVelocity):
    """Creep of one run's metal, whose surface a regularisation keeps.

    Parameters
    ----------
    front
        The regularisation.
    grid, law, supports, numerics
        See `CreepVelocity`.
    """

    def __init__(
        self,
        grid: Grid,
        front: Front,
        law: ViscoplasticLaw,
        supports: CreepSupports | None = None,
        numerics: CreepNumerics | None = None,
    ) -> None:
        super().__init__(grid, law, front.interface.width, supports, numerics)
        self.front = front

    def advance(self, xi: np.ndarray, step: float, least_velocity: float = 0.0) -> Crept:
        """The metal after `step` seconds with the velocity last set, which must be that of `xi`.

        `least_velocity` [m/s] of the surface for which the regularisation is made, where something else moves it too.
        """
        grid, (x, y, z) = self.grid, self.faces_of(step)
        stage, out = xi.copy(), xi.copy()
        entered = kernels.advect(xi, xi, 0.0, x, y, z, self._inverse, step, grid.at_bottom, stage)
        self.front.extend_into_host(stage)
        entered += kernels.advect(stage, xi, 0.5, x, y, z, self._inverse, step, grid.at_bottom, out)
        self.front.extend_into_host(out)
        rate, speed = self.front.borrow()
        rate.fill(0.0)
        speed.fill(0.0)
        moved = self.front.advance(out, rate, speed, step, max(self.speed, least_velocity))[0]
        sums = grid.sums(np.array([0.5 * entered, np.sum((moved - xi)[OWNED])])) * grid.domain.cell_volume
        return Crept(moved, float(sums[0]), float(sums[1]), self.speed * step / self.flow.finest)
