"""A metal electrode of lithium and magnesium with voids: vacancies, lattice, magnesium, and walls that leave it behind.

Everything of `VoidMetal` holds, with the vacancies of the alloy (alloy.vacancies). Beside the metal fraction xi the
state has y, magnesium's share of the sites; a cell holds xi y of it, and xi (1 - y) of lithium. In each step:

1. vacancies, velocity of the walls, drift of the lattice and what moves magnesium, of the metal now;
2. the same of the metal that this would give at the end of the step;
3. half of the step of magnesium's transport with the first, walls by the mean of both, half with the second:

second order in time for both fields. The difference of y from 2 is its error. Walls take xi without magnesium
(alloy.tail), and what their regularisation moves takes its magnesium along (alloy.surface).

**Books.** What comes in through z = 0 is what the sinks annihilate; its magnesium is the reservoir's. With what births
and remainders displace, magnesium in the metal changes by what is entered alone, and lithium by that and by the charge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import alloy_metal as kernels
from ramify.phasefield.voids.alloy.drift import Drift
from ramify.phasefield.voids.alloy.magnesium import Carriage, Magnesium
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.phasefield.voids.alloy.surface import AlloySurface
from ramify.phasefield.voids.alloy.tail import Tail
from ramify.phasefield.voids.alloy.vacancies import AlloyVacancies
from ramify.phasefield.voids.contact_area import gather_planes
from ramify.phasefield.voids.contact_problem import ContactComposition
from ramify.phasefield.voids.damping import Motion
from ramify.phasefield.voids.metal import Advance, Carry, MetalState, VoidMetal
from ramify.phasefield.voids.vacancies import Exchange
from ramify.physics.constants import FARADAY

FASTEST_EVENING = 1.2
"""Largest step times the rate at which sinks even out y; two is where Heun's method becomes unstable."""
LARGEST_SHARE = 0.5
"""Of its lithium that a cell of metal may lose in a step."""
LEAST_ROOM = 0.01
"""Lithium's share that is the least to count for that: an armoured wall has none, and is at rest."""
METAL, BULK = 0.5, 0.95
"""Metal fraction of the cells that are looked at for that, and for the error of y: where voids are thin, a cell of a
surface may pass from one wall's y to another's at once, however short the step."""


@dataclass(frozen=True)
class AlloyState(MetalState):
    """`MetalState` with magnesium."""

    magnesium: np.ndarray | None = None
    """y, ghosted."""
    potential: np.ndarray | None = None
    """chi of the drift as last solved [m^2/s]; a first guess."""


@dataclass(frozen=True)
class Stage:
    """One instant of a step."""

    exchange: Exchange
    carriage: Carriage
    potential: np.ndarray
    active: np.ndarray
    evening: float
    """`AlloyVacancies.fastest_evening`."""


class AlloyMetal(VoidMetal):
    """The alloy of `model: voids` on one grid; parameters as of `VoidMetal`."""

    problem: AlloyProblem
    vacancies: AlloyVacancies
    front: AlloySurface

    def __init__(self, grid: Grid, problem: AlloyProblem) -> None:
        if problem.transport.surface_transport > 0.0:
            raise ValueError("which atoms of an alloy run along the surface is not known: no surface transport")
        super().__init__(grid, problem)
        self.drift = Drift(grid, problem)
        self.magnesium = Magnesium(grid, problem.alloy.magnesium)
        self.tail = Tail(grid, self.openings, problem.alloy.magnesium, problem.interface.width)
        self._to_moles = problem.domain.cell_volume / problem.transport.molar_volume

    def _make_vacancies(self) -> AlloyVacancies:
        return AlloyVacancies(self.grid, self.problem, self.openings)

    def _make_surface(self, pore: np.ndarray) -> AlloySurface:
        return AlloySurface(self.grid, self.problem, pore, self.openings, self.vacancies.profile)

    # ------------------------------------------------------------------ state

    def initial_state(self) -> MetalState:
        """The metal with its prescribed voids, of one composition."""
        start = super().initial_state()
        y = self.grid.zeros()
        y.fill(self.problem.alloy.magnesium)
        still = self.grid.zeros()
        return AlloyState(start.time, start.xi, start.excess, sites=start.sites, magnesium=y, potential=still)

    def magnesium_moles(self, state: MetalState) -> float:
        """Magnesium in the box [mol]."""
        return self.grid.sum(float(np.sum((state.xi * composition(state))[OWNED]))) * self._to_moles

    def contact_composition(self, state: MetalState) -> ContactComposition:
        """Magnesium beside the faces of the contact plane, whole on every rank."""
        transport, hz = self.problem.transport, self.problem.domain.spacing[2]
        if not self.grid.at_top:
            planes = gather_planes(self.grid, None, None)
            return ContactComposition(*planes)
        top = (-2, slice(1, -1), slice(1, -1))
        y, s = np.clip(composition(state)[top], 0.0, 1.0), 1.0 + state.excess[top]
        at_once = 1.0 - np.exp(-0.5 * hz / transport.sink_length)
        reach = 0.5 * hz * transport.molar_volume / FARADAY
        rise = np.empty_like(y)
        kernels.set_contact_rise(y, s, at_once, self.vacancies.numbers, rise)
        touching = self.vacancies.contact_fraction(state.xi) > 0.0
        planes = gather_planes(self.grid, y, np.where(touching, reach * rise, 0.0))
        return ContactComposition(*planes)

    def contact_supersaturation(self, state: MetalState, contact_current: np.ndarray) -> np.ndarray:
        """As of the pure metal, at the state's own composition: also before anything was solved."""
        return self.vacancies.at_contact_of(composition(state), state.excess, state.xi, contact_current)

    def solve(self, state: MetalState, contact_current: np.ndarray) -> Exchange:
        """Vacancies and void-surface velocities of a state; parameters as for `advance`."""
        self.tail.set_geometry(state.xi)
        self.vacancies.set_composition(composition(state), self.tail.at_wall(composition(state)))
        return super().solve(state, contact_current)

    # ------------------------------------------------------------------ one step

    def advance(self, state: MetalState, dt: float, contact_current: np.ndarray, carry: Carry | None = None) -> Advance:
        """One step of `dt` seconds; parameters and failures as those of `VoidMetal.advance`."""
        if carry is not None:
            raise ValueError("what carries metal leaves the magnesium of an alloy behind")
        xi, y = state.xi, composition(state)
        first = self._stage(xi, y, contact_current, (state.excess, _potential(state)), state.time)
        self.damping.set_geometry(xi, dt)
        one = self.damping.damp(Motion(first.exchange.rate, first.exchange.speed))
        velocity = self.vacancies.largest_speed(one.speed)
        ahead, _ = self._transported(xi, y, first, dt)
        guess, ahead = self._moved(xi, ahead, one, velocity, dt)
        current = self._follow(contact_current, xi, guess)
        second = self._stage(guess, ahead, current, (first.exchange.excess, first.potential), state.time + dt)
        two = self.damping.damp(Motion(second.exchange.rate, second.exchange.speed).plus(one, 1.0, -2.0))
        velocity = 0.5 * (velocity + self.vacancies.largest_speed(two.plus(one, 1.0, 2.0).speed))
        half, early = self._transported(xi, y, first, 0.5 * dt)
        moved, half = self._moved(xi, half, one.plus(two, 1.5, 0.5), velocity, dt)
        end, late = self._transported(moved, half, second, 0.5 * dt)
        change = self.grid.max(float(np.abs(moved - guess)[OWNED].max()))
        tried = self._judge(state, dt, (change, velocity * dt, state.part), moved, (first.exchange, second.exchange))
        return self._with_magnesium(state, tried, (moved, end, ahead), (first, second), early + late)

    def _stage(
        self, xi: np.ndarray, y: np.ndarray, current: np.ndarray, guesses: tuple[np.ndarray, np.ndarray], time: float
    ) -> Stage:
        """`guesses`: s - 1 and the potential of the drift to start from."""
        vacancies = self.vacancies
        self.tail.set_geometry(xi)
        vacancies.set_composition(y, self.tail.at_wall(y))
        vacancies.set_geometry(xi)
        exchange = vacancies.solve(current, guesses[0], time)
        potential, drift = self.drift.solve(vacancies, exchange.excess, guesses[1], time)
        carriage = self.magnesium.carriage(xi, vacancies, exchange.excess, drift)
        return Stage(exchange, carriage, potential, vacancies.active.copy(), vacancies.fastest_evening(exchange.excess))

    def _transported(self, xi: np.ndarray, y: np.ndarray, stage: Stage, duration: float) -> tuple[np.ndarray, float]:
        """Y after magnesium's transport on a geometry that stays, and what came in through z = 0 [cells]."""
        after, entered = self.magnesium.advance(xi, stage.active, y, stage.carriage, duration)
        self.tail.set_geometry(xi)
        self.tail.settle(after)
        return after, entered

    def _moved(
        self, xi: np.ndarray, y: np.ndarray, motion: Motion, velocity: float, dt: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Metal and y after `dt` of a motion of the walls: rates leave magnesium behind, fluxes take it along."""
        if self.tail.empty:
            return xi, y
        even = self.problem.alloy.magnesium
        self.front.carry(y - even)
        after = self._move(xi, motion, velocity, dt)
        # of the part that is even, fluxes take along what they move of the metal
        held = xi * (y - even) + self.front.carried(dt) + even * (after - dt * motion.rate)
        settled = y.copy()
        # in cells without metal there is nothing to tell
        there = after > 0.0
        settled[there] = held[there] / after[there]
        self.tail.set_geometry(after)
        self.tail.settle(settled)
        return after, settled

    def _with_magnesium(
        self,
        state: MetalState,
        tried: Advance,
        fields: tuple[np.ndarray, np.ndarray, np.ndarray],
        stages: tuple[Stage, Stage],
        entered: float,
    ) -> Advance:
        """The result of a step with its y, the books of it, and the limits that y sets.

        `fields`: metal before births, y there, and y by the first order.
        """
        moved, y, ahead = fields
        numerics, last, dt = self.problem.numerics, tried.result, tried.result.time - state.time
        before = self.magnesium_moles(state)
        placed = self.grid.sum(float(np.sum(((last.xi - moved) * y)[OWNED])))
        result = AlloyState(**{**vars(last), "magnesium": y, "potential": stages[1].potential})
        came = (entered + placed) * self._to_moles
        missing = abs(self.magnesium_moles(result) - before - came) / max(before, 1e-300)
        step = replace(tried.ledger, magnesium_entered=came, magnesium_worst=missing)
        metal, bulk = ((last.xi > least)[OWNED] for least in (METAL, BULK))
        error = self.grid.max(float(np.abs(y - ahead)[OWNED][bulk].max(initial=0.0))) / numerics.composition_tolerance
        room = np.maximum(1.0 - composition(state)[OWNED][metal], LEAST_ROOM)
        spent = self.grid.max(float(((y - composition(state))[OWNED][metal] / room).max(initial=0.0))) / LARGEST_SHARE
        uneven = dt * max(stage.evening for stage in stages) / FASTEST_EVENING
        worst = max(tried.error / numerics.time_tolerance, error, spent**2, uneven**2)
        return replace(
            tried,
            result=replace(result, ledger=state.ledger.plus(step)),
            error=numerics.time_tolerance * worst,
            limits=replace(tried.limits, error=0.9 * dt / float(np.sqrt(worst)) if worst > 0.0 else np.inf),
            ledger=step,
        )

    # ------------------------------------------------------------------ reading and restart

    def fields(self, state: MetalState) -> dict[str, np.ndarray | None]:
        """As of the pure metal, and magnesium's y."""
        return super().fields(state) | {"magnesium": self.grid.gather(composition(state))}

    def save(self, state: MetalState) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        saved = super().save(state)
        saved["arrays"]["magnesium"] = self.grid.gather(composition(state))
        saved["arrays"]["potential"] = self.grid.gather(_potential(state))
        return saved

    def load(self, saved: dict[str, Any]) -> AlloyState:
        """The state that `save` returned (rank 0's dictionary), on any number of ranks."""
        loaded, arrays = super().load(saved), {}
        for name in ("magnesium", "potential"):
            arrays[name] = self.grid.zeros()
            self.grid.scatter(saved["arrays"][name] if self.grid.comm.rank == 0 else None, arrays[name])
            self.grid.fill_outer_ghosts(arrays[name])
        return AlloyState(**{**vars(loaded), **arrays})

    def free(self) -> None:
        """Free the PETSc objects (the grid is the caller's)."""
        self.drift.free()
        super().free()


def composition(state: MetalState) -> np.ndarray:
    """Y of a state of this metal, ghosted."""
    assert isinstance(state, AlloyState) and state.magnesium is not None
    return state.magnesium


def _potential(state: MetalState) -> np.ndarray:
    """Chi of a state of this metal, ghosted."""
    assert isinstance(state, AlloyState) and state.potential is not None
    return state.potential
