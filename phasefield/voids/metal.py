"""A metal electrode with voids: vacancies, the moving void surface, and the ledger of lithium.

Metal fills the box 0 < z < H but for its voids, xi = 1 in metal and 0 in voids. z = 0 is the back face, towards the
current collector and the reservoir of metal, z = H the contact with the solid electrolyte. Current densities are
positive for plating. One step, by a Rosenbrock method that is Heun's where capillarity is slow (voids.damping):

1. vacancies of the metal now (voids.vacancies), and the velocity of its surface;
2. the metal at the end of the step with that velocity; vacancies and velocity there;
3. the metal at the end of the step with the mean of the two.

Where atoms run along the voids' surface (phasefield.surface_diffusion), they do so for half of the step before, and
for half of it after: second order too. What else moves the metal (`Carry`: creep under pressure) does so around these
again, half before and half after; voids are born, and remainders filled, behind it all. The difference of the two
stages is the error. The surface is kept by the regularisation of plated metal (plating.front), conservative: the volume
of the voids changes by what condenses in them, to round-off.

**Ledger.** Each atom that leaves through the contact leaves a vacancy, and each vacancy ends in a void, at a sink in
the bulk or at the back face:

    lithium stripped (-I dt/F) = [void volume gained]/Omega + annihilated in the bulk + left at the back face

What is annihilated takes lattice away: the electrode gets thinner by that volume, and metal moves up from the
reservoir to close it. That drift moves neither the voids' walls nor the contact here; it is an entry of the ledger,
`receded` = Omega (annihilated + left - placed)/area. Voids that appear or vanish without a flux (births, remainders too
small to show) take lattice from there, or give it back: `placed`. Plating runs all of it backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.surface_diffusion.diffusion import LONGEST, SurfaceDiffusion
from ramify.phasefield.voids.contact_problem import ContactComposition
from ramify.phasefield.voids.damping import Damping, Motion
from ramify.phasefield.voids.ledger import MetalLedger
from ramify.phasefield.voids.nucleation import Nucleation, Sites, fill_remainders
from ramify.phasefield.voids.problem import MetalNumerics, MetalProblem
from ramify.phasefield.voids.surface import VoidSurface
from ramify.phasefield.voids.vacancies import Exchange, Fluxes, Vacancies
from ramify.physics.interface import equilibrium_profile

Carry = Callable[[np.ndarray, float], np.ndarray]
"""From a metal fraction (ghosts filled, not to be changed) and a time [s] the one after it, moved by something else."""


@dataclass(frozen=True)
class MetalState:
    """The metal at one time; arrays are ghosted [z, y, x], ghosts filled, and not to be changed."""

    time: float
    xi: np.ndarray
    """Metal fraction."""
    excess: np.ndarray
    """s - 1 as last solved; a first guess."""
    ledger: MetalLedger = field(default_factory=MetalLedger)
    sites: Sites | None = None
    """Where voids may be born; None without a nucleation law."""
    part: float = LONGEST
    """Part of a step that surface diffusion last found good [s]."""


@dataclass(frozen=True)
class StepLimits:
    """Longest next steps [s]."""

    motion: float
    """The surface moves by no more than `front_motion` cells."""
    error: float
    """The tolerance of the error, at second order."""
    births: float = np.inf
    """The next void is due."""

    @property
    def shortest(self) -> float:
        """What binds."""
        return min(self.motion, self.error, self.births)


@dataclass(frozen=True)
class Advance:
    """One step tried; the caller keeps `result` or forgets it."""

    result: MetalState
    error: float
    """Difference of the first- and the second-order displacement of the surface [cells]."""
    motion: float
    """Largest displacement [cells]."""
    limits: StepLimits
    fluxes: Fluxes
    """Mean over the step."""
    ledger: MetalLedger
    """Of this step alone."""

    def good(self, numerics: MetalNumerics) -> bool:
        """Whether error and motion are within what is allowed, with some slack."""
        return self.error <= 2.0 * numerics.time_tolerance and self.motion <= 1.4 * numerics.front_motion


class VoidMetal:
    """The metal of `model: voids` on one grid.

    Parameters
    ----------
    grid
        Of the metal alone: its last layer touches the electrolyte.
    problem
        Its domain is the grid's.
    """

    def __init__(self, grid: Grid, problem: MetalProblem) -> None:
        self.grid, self.problem = grid, problem
        pore = grid.zeros()
        pore.fill(1.0)
        self.openings = inner_faces(grid)
        self.vacancies = self._make_vacancies()
        self.mullins = problem.transport.surface_transport * self.vacancies.capillary
        """B of surface diffusion [m^4/s]."""
        self.front = self._make_surface(pore)
        self.damping = Damping(grid, problem, self.vacancies, self.openings, self.front.largest_wavenumber)
        self.flow = self._surface_flow(pore) if self.mullins > 0.0 else None
        self.nucleation = Nucleation(grid, problem) if problem.nucleation is not None else None
        self._finest = min(h for h, n in zip(problem.domain.spacing, problem.domain.cells, strict=True) if n > 1)

    def _make_vacancies(self) -> Vacancies:
        return Vacancies(self.grid, self.problem, self.openings)

    def _make_surface(self, pore: np.ndarray) -> VoidSurface:
        return VoidSurface(self.grid, self.problem, pore, self.openings, self.vacancies.profile)

    # ------------------------------------------------------------------ state

    def initial_state(self) -> MetalState:
        """The metal with its prescribed voids at time zero."""
        x, y, z = self.grid.centres()
        xi = self.grid.zeros()
        xi[:] = equilibrium_profile(self.problem.geometry.metal_distance(x, y, z), self.problem.interface.width)
        self.front.extend_into_host(xi)
        sites = self.nucleation.begin(xi) if self.nucleation is not None else None
        return MetalState(0.0, xi, self.grid.zeros(), sites=sites)

    def contact_fraction(self, state: MetalState) -> np.ndarray:
        """xi (ny, nx) at this rank's share of the contact plane, zero where no current may pass.

        Ranks that do not reach the plane (`grid.at_top`) get zeros.
        """
        return self.vacancies.contact_fraction(state.xi)

    def contact_supersaturation(self, state: MetalState, contact_current: np.ndarray) -> np.ndarray:
        """S (ny, nx) on the contact plane itself, 1 where there is no metal."""
        return self.vacancies.at_contact(state.excess, state.xi, contact_current)

    def contact_composition(self, state: MetalState) -> ContactComposition | None:
        """None: the contact is pure lithium."""
        del state
        return None

    def magnesium_moles(self, state: MetalState) -> float:
        """None of it."""
        del state
        return 0.0

    def void_volume(self, state: MetalState) -> float:
        """Volume of all voids [m^3]."""
        return self.grid.sum(float(np.sum(1.0 - state.xi[OWNED]))) * self.problem.domain.cell_volume

    def fields(self, state: MetalState) -> dict[str, np.ndarray | None]:
        """Metal fraction xi and supersaturation s as (nz, ny, nx) on rank 0; None elsewhere."""
        return {"xi": self.grid.gather(state.xi), "s": self.grid.gather(1.0 + state.excess)}

    # ------------------------------------------------------------------ one step

    def solve(self, state: MetalState, contact_current: np.ndarray) -> Exchange:
        """Vacancies and void-surface velocities of a state; parameters as for `advance`."""
        self.vacancies.set_geometry(state.xi)
        return self.vacancies.solve(contact_current, state.excess, state.time)

    def advance(self, state: MetalState, dt: float, contact_current: np.ndarray, carry: Carry | None = None) -> Advance:
        """One step of `dt` seconds; nothing of the state or of this object's meaning changes.

        Parameters
        ----------
        contact_current
            (ny, nx) of this rank's owned columns: current density through the faces of the contact plane [A/m^2 of
            plane, the contact fraction included], positive for plating, its mean over the step. Where the contact
            moves in the step the current moves with it, its sum as given. Ignored on ranks that do not reach the plane.
        carry
            What moves the metal beside its vacancies; not in the ledger.

        Raises
        ------
        SolverFailure
            Where vacancies have nowhere to go, or their equation is not solved.
        """
        before = state.xi if carry is None else carry(state.xi, 0.5 * dt)
        start, part, way = self._run_along(before, 0.5 * dt, state.part)
        self.vacancies.set_geometry(start)
        current = self._follow(contact_current, state.xi, start)
        first = self.vacancies.solve(current, state.excess, state.time)
        self.damping.set_geometry(start, dt)
        one = self.damping.damp(Motion(first.rate, first.speed))
        velocity = self.vacancies.largest_speed(one.speed)
        guess = self._move(start, one, velocity, dt)
        self.vacancies.set_geometry(guess)
        second = self.vacancies.solve(self._follow(current, start, guess), first.excess, state.time + dt)
        two = self.damping.damp(Motion(second.rate, second.speed).plus(one, 1.0, -2.0))
        velocity = 0.5 * (velocity + self.vacancies.largest_speed(two.plus(one, 1.0, 2.0).speed))
        moved = self._move(start, one.plus(two, 1.5, 0.5), velocity, dt)
        end, part, further = self._run_along(moved, 0.5 * dt, part)
        change = self.grid.max(float(np.abs(moved - guess)[OWNED].max()))
        way += further + velocity * dt
        last = end if carry is None else carry(end, 0.5 * dt)
        return self._judge(state, dt, (change, way, part), end, (first, second), (before, last))

    def _surface_flow(self, pore: np.ndarray) -> SurfaceDiffusion:
        front = self.front
        return SurfaceDiffusion(
            self.grid,
            self.problem.interface.width,
            pore,
            self.openings,
            front.surface_curvature,
            front.extend_into_host,
            front.hold,
        )

    def _run_along(self, xi: np.ndarray, duration: float, part: float) -> tuple[np.ndarray, float, float]:
        """The metal after surface diffusion, the part of a step it found good [s], and how far walls went [m]."""
        if self.flow is None:
            return xi, part, 0.0
        moved = xi.copy()
        self.flow.longest = part
        way = self.flow.advance(moved, duration, self.mullins).speed * duration
        return moved, self.flow.longest, way

    def _follow(self, current: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """The contact's current where the contact has moved to: the density on the metal stays, and so does the sum."""
        was, now = self.vacancies.contact_fraction(before), self.vacancies.contact_fraction(after)
        follows = np.where(was > 0.0, current * now / np.where(was > 0.0, was, 1.0), 0.0)
        sums = [float(np.sum(a)) if self.grid.at_top else 0.0 for a in (current, follows)]
        given, moved = self.grid.sums(np.array(sums))
        return follows * (given / moved) if moved != 0.0 else follows

    def _move(self, xi: np.ndarray, motion: Motion, velocity: float, dt: float) -> np.ndarray:
        """The metal after `dt` of a motion; `velocity` is the largest one [m/s]."""
        rate, speed = self.front.borrow()
        rate[:], speed[:] = motion.rate, motion.speed
        self.grid.halo.exchange(speed)
        return self.front.advance(xi, rate, speed, dt, velocity)[0]

    def _judge(
        self,
        state: MetalState,
        dt: float,
        moves: tuple[float, float, float],
        xi: np.ndarray,
        stages: tuple[Exchange, Exchange],
        around: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Advance:
        """The result and its limits.

        `moves`: difference of xi between the orders, way [m], part of `_run_along`. `xi` is the metal that vacancies
        leave; `around`: that which they found and that at the end of the step, where something else moves it too.
        """
        numerics, finest = self.problem.numerics, self._finest
        (change, way, part), (before, end) = moves, around or (state.xi, xi)
        # in the middle of the surface d(xi) is a displacement over 4 l
        error = 4.0 * self.problem.interface.width * change / finest
        fluxes = stages[0].fluxes.mean(stages[1].fluxes)
        sites, last, wait = self._births(state, stages[1], end, dt)
        limits = StepLimits(
            motion=numerics.front_motion * finest * dt / way if way > 0.0 else np.inf,
            error=0.9 * dt * float(np.sqrt(numerics.time_tolerance / error)) if error > 0.0 else np.inf,
            births=wait,
        )
        (gained, moved), (placed, _) = self._void_moles(before, xi), self._void_moles(end, last)
        step = MetalLedger.of_step(dt, fluxes, gained, moved, placed)
        result = MetalState(state.time + dt, last, stages[1].excess, state.ledger.plus(step), sites, part)
        return Advance(result, error, way / finest, limits, fluxes, step)

    def _births(
        self, state: MetalState, end: Exchange, xi: np.ndarray, dt: float
    ) -> tuple[Sites | None, np.ndarray, float]:
        """Sites, the metal without remainders and with the voids born, and the time to the next birth [s]."""
        width = self.problem.interface.width
        last, sites, wait = fill_remainders(self.grid, xi, width, self._finest), state.sites, np.inf
        if self.nucleation is not None and sites is not None:
            sites, last, wait = self.nucleation.advance(sites, 1.0 + end.excess, 1.0 + end.contact, last, dt)
        if last is not xi:
            self.front.extend_into_host(last)
        return sites, last, wait

    def _void_moles(self, before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
        """Void volume gained from one metal to another, and the sum of its changes in size, over Omega [mol]."""
        if before is after:
            return 0.0, 0.0
        change = (before - after)[OWNED]
        to_moles = self.problem.domain.cell_volume / self.problem.transport.molar_volume
        gained, moved = self.grid.sums(np.array([np.sum(change), np.sum(np.abs(change))])) * to_moles
        return float(gained), float(moved)

    # ------------------------------------------------------------------ restart

    def save(self, state: MetalState) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        return {
            "arrays": {"xi": self.grid.gather(state.xi), "excess": self.grid.gather(state.excess)},
            "time": state.time,
            "part": state.part,
            "ledger": asdict(state.ledger),
            "sites": None if state.sites is None else asdict(state.sites),
        }

    def load(self, saved: dict[str, Any]) -> MetalState:
        """The state that `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        plain = self.grid.comm.bcast({k: v for k, v in saved.items() if k != "arrays"} if root else None, root=0)
        xi, excess = self.grid.zeros(), self.grid.zeros()
        for name, array in (("xi", xi), ("excess", excess)):
            self.grid.scatter(saved["arrays"][name] if root else None, array)
        self.front.extend_into_host(xi)
        sites = None if plain["sites"] is None else Sites(**plain["sites"])
        return MetalState(plain["time"], xi, excess, MetalLedger(**plain["ledger"]), sites, plain["part"])

    def free(self) -> None:
        """Free the PETSc objects (the grid is the caller's)."""
        self.damping.free()
        self.vacancies.free()


def inner_faces(grid: Grid) -> list[np.ndarray]:
    """Openings of the faces across x, y, z: one inside the box, none on its outer walls."""
    openings = []
    for axis in range(3):
        opening = grid.zeros(np.float32)
        opening.fill(1.0)
        faces = np.moveaxis(opening, 2 - axis, 0)
        if not grid.periodic[axis]:
            if grid.start[axis] == 0:
                faces[1] = 0.0
            if grid.start[axis] + grid.local[axis] == grid.domain.cells[axis]:
                faces[-1] = 0.0
        faces[0] = 0.0
        grid.halo.exchange(opening)
        openings.append(opening)
    return openings
