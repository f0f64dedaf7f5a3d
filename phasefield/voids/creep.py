"""Metal that creeps into voids under stack pressure, carried along with its own velocity.

    d(xi)/dt = -div(xi u) + regularisation,        u of voids.creep_flow for the shape at the start of the step

xi is the metal's share of the cells. The regularisation is that of plated metal (plating.front): it keeps the profile
and conserves metal. Both are fluxes between cells, so that what comes in through z = 0 is what the box gains, to
round-off: the metal between z = 0 and the collector is a reservoir that the plate pushes into the box. The metal's
velocity is free of divergence but for the tolerance of its multiplier; dense cells keep that error, some 1e-6.

The step is of second order in time once there is a similar step before it, under the same pressure: u is then
extrapolated to the middle of the step. Beside vacancies the metal is carried for half of the step before they move it,
and for half of it after (`Carriage`, VoidMetal.advance).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import creep as kernels
from ramify.phasefield.plating.front import Front
from ramify.phasefield.voids.creep_flow import CreepEffort, CreepFlow
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports, StackCreep
from ramify.phasefield.voids.resistance import ARRAYS as RESISTANCE
from ramify.phasefield.voids.resistance import Resistance
from ramify.physics import elasticity
from ramify.physics.lithium_creep import PowerLaw
from ramify.physics.viscoplasticity import ViscoplasticLaw, anand_lithium, power_law_creep

SURFACE = 0.02
"""Least xi (1 - xi) of the cells whose velocity counts as the surface's."""
STEADY = 1.5
"""Factor between the surface's speeds of two steps, and between their lengths, beyond which nothing is extrapolated."""
SMALLEST_PORE = 1e-3
"""Void share of a cell below which it is what the books of dense metal leave, and not a void that closes."""
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
    """Velocity of one run's metal, its resistance where that evolves, and what is told of them.

    Parameters
    ----------
    grid
        The mesh; z = 0 towards the collector, the last layer at the solid electrolyte.
    law, width, supports, numerics
        See `CreepFlow`.
    evolves
        Whether the metal's resistance is a field that hardens as it flows (voids.resistance); saturated otherwise.
    """

    def __init__(
        self,
        grid: Grid,
        law: ViscoplasticLaw,
        width: float,
        supports: CreepSupports | None = None,
        numerics: CreepNumerics | None = None,
        evolves: bool = False,
    ) -> None:
        self.grid = grid
        self.resistance = Resistance(grid, law) if evolves else None
        flows = replace(law, hardening=0.0) if evolves else law
        self.flow = CreepFlow(grid, flows, width, supports, numerics)
        hx, hy, hz = grid.domain.spacing
        self.inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)
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
        if self.resistance is not None:
            self.flow.resistance = self.resistance.value
        effort = self.flow.solve(xi, pressure)
        if self.resistance is not None:
            self.resistance.note(self.flow.strain_rate, self.flow.units[1])
        self.faces, self._before = self._before, self.faces
        self._last_step, self._pressure = since if pressure == self._pressure else 0.0, pressure
        self._speed_before = self.speed
        x, y, z = self.faces
        kernels.set_face_velocities(self.flow.velocity, x, y, z)
        self.speed = self.grid.max(kernels.surface_speed(xi, x, y, z, SURFACE))
        empty = 1.0 - xi[OWNED]
        void = self.grid.sum(float(empty[empty > SMALLEST_PORE].sum()))
        cells, inflow = float(np.prod(self.grid.domain.cells[:2])), self.plate_velocity() * self.inverse[2]
        self._closing_time = void / (cells * inflow) if min(void, inflow) > 0.0 else np.inf
        return effort

    def longest_step(self) -> float:
        """Time [s] within the numerics' `motion` of the surface, `loss` of the voids and `hardening` of the metal."""
        numerics, hardens = self.flow.numerics, np.inf
        way = numerics.motion * self.flow.finest / self.speed if self.speed > 0.0 else np.inf
        if self.resistance is not None:
            hardens = numerics.hardening * self.resistance.shortest_time(self.flow.xi)
        return min(way, numerics.loss * self._closing_time, hardens)

    def trend(self, step: float) -> float:
        """How often the change between the last two velocities is to be added for the middle of the coming step."""
        steady = self._speed_before / STEADY <= self.speed <= self._speed_before * STEADY
        return 0.5 * step / self._last_step if 0.0 < step <= STEADY * self._last_step and steady else 0.0

    def faces_in(self, trend: float) -> list[np.ndarray]:
        """`faces` further on by `trend` times their last change."""
        if trend == 0.0:
            return self.faces
        return [now + trend * (now - before) for now, before in zip(self.faces, self._before, strict=True)]

    # ------------------------------------------------------------------ measures

    @property
    def pressure(self) -> float:
        """Mean on the collector [Pa] under which the velocity was last set."""
        return self._pressure

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
        if self.resistance is not None:
            arrays |= {f"resistance {name}": array for name, array in self.resistance.save().items()}
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
        if self.resistance is not None:
            self.resistance.load({name: arrays.get(f"resistance {name}") for name in RESISTANCE})
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
    grid, law, supports, numerics, evolves
        See `CreepVelocity`.
    """

    def __init__(
        self,
        grid: Grid,
        front: Front,
        law: ViscoplasticLaw,
        supports: CreepSupports | None = None,
        numerics: CreepNumerics | None = None,
        evolves: bool = False,
    ) -> None:
        super().__init__(grid, law, front.interface.width, supports, numerics, evolves)
        self.front = front

    def advance(self, xi: np.ndarray, step: float) -> Crept:
        """The metal after `step` seconds with the velocity last set, which must be that of `xi`."""
        carriage = self.carriage(step)
        moved = carriage(xi, step)
        self.keep(carriage)
        return Crept(moved, carriage.entered, carriage.gained, self.speed * step / self.flow.finest)

    def carriage(self, step: float) -> Carriage:
        """What carries the metal in a step of `step` seconds."""
        return Carriage(self, step)

    def keep(self, carriage: Carriage) -> None:
        """Take a step for good."""
        if self.resistance is not None and carriage.resistance is not None:
            self.resistance.value = carriage.resistance


class Carriage:
    """Metal carried by creep in one step, in as many pieces as its caller likes; counts what comes in.

    Parameters
    ----------
    creep
        Its velocity is that of the metal at the start of the step.
    step
        The whole of it [s].
    """

    def __init__(self, creep: Creep, step: float) -> None:
        trend = creep.trend(step)
        self._creep, self._faces = creep, creep.faces_in(trend)
        resistance = creep.resistance
        self.resistance = None if resistance is None else resistance.value
        """S of the metal [Pa] as far as it has been carried, ghosts filled; None where it does not evolve."""
        self._rates = None if resistance is None else resistance.rates(trend)
        self.entered = 0.0
        """Volume of metal that has come in through z = 0 [m^3]."""
        self.gained = 0.0
        """Volume of metal that the cells have gained [m^3]: the same, to round-off."""

    def __call__(self, xi: np.ndarray, duration: float) -> np.ndarray:
        """The metal share after `duration` seconds, ghosts filled; `xi`, ghosts filled, is left alone."""
        creep, grid, inverse = self._creep, self._creep.grid, self._creep.inverse
        x, y, z = self._faces
        stage, out = xi.copy(), xi.copy()
        entered = kernels.advect(xi, xi, 0.0, x, y, z, inverse, duration, grid.at_bottom, stage)
        creep.front.extend_into_host(stage)
        self._harden((xi, stage), duration)
        entered += kernels.advect(stage, xi, 0.5, x, y, z, inverse, duration, grid.at_bottom, out)
        creep.front.extend_into_host(out)
        rate, speed = creep.front.borrow()
        rate.fill(0.0)
        speed.fill(0.0)
        moved = creep.front.advance(out, rate, speed, duration, creep.speed)[0]
        sums = grid.sums(np.array([0.5 * entered, np.sum((moved - xi)[OWNED])])) * grid.domain.cell_volume
        self.entered, self.gained = self.entered + float(sums[0]), self.gained + float(sums[1])
        return moved

    def _harden(self, metals: tuple[np.ndarray, np.ndarray], duration: float) -> None:
        """Carry the resistance with the metal, and let it go on."""
        creep, resistance = self._creep, self._creep.resistance
        if resistance is None or self.resistance is None or self._rates is None:
            return
        self.resistance = resistance.carried(self.resistance, metals, self._faces, creep.inverse, duration)
        resistance.harden(self.resistance, self._rates, creep.flow.xi, duration)
