"""Steady states and transients of the equations of `newton`, with amounts booked as the time scheme moves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ramify.fem.binary import Storage
from ramify.fem.newton import NewtonFailure, NewtonSolver, Solution
from ramify.fem.timestepping import BackwardDifferences, next_step

SMALLEST_SHARE = 1e-9
"""Of the first step, below which a transient gives up."""


@dataclass(frozen=True)
class Step:
    """An accepted step."""

    time: float
    dt: float
    solution: Solution
    rejected: int
    """Attempts before it that were not accepted."""


class Lump(Protocol):
    """One number that the fields make up and whose rate of change the equations hold, such as a metal's charge."""

    rate: float
    """Of the time scheme [1/s]: its rate of change is rate times it minus `history`."""
    history: float

    def value(self, u: np.ndarray, borders: np.ndarray) -> float:
        """The number. Collective."""


@dataclass(frozen=True)
class MarchState:
    """A march between two steps: all that its next step depends on, beyond the equations."""

    time: float
    """[s]."""
    borders: np.ndarray
    steps: list[float]
    """Between the states [s], newest first."""
    fields: list[np.ndarray]
    """(local nodes, components) at the last states, newest first."""
    books: list[np.ndarray]
    """Booked amounts at the same states."""
    lumped: list[np.ndarray]
    """Lumps at the same states."""


class March:
    """Fields through time.

    Parameters
    ----------
    solver
        The equations.
    storages
        Their terms that store.
    u, borders
        State at the start; where it meets no equation (potentials) it is a first guess.
    rates
        From fields and borders to rates of change of booked amounts, such as a current to a charge.
    lumps
        Numbers that the same scheme differentiates.
    drive
        Called with the time [s] that a step leads to, before it is solved: sets what is given as a function of time.
    """

    def __init__(
        self,
        solver: NewtonSolver,
        storages: tuple[Storage, ...],
        u: np.ndarray,
        borders: np.ndarray,
        rates: Callable[[np.ndarray, np.ndarray], Mapping[str, float]] = lambda u, borders: {},
        lumps: tuple[Lump, ...] = (),
        drive: Callable[[float], None] = lambda time: None,
    ) -> None:
        self.solver, self.storages, self.rates, self.lumps, self.drive = solver, storages, rates, lumps, drive
        self.u, self.borders, self.time = u.copy(), np.array(borders, dtype=float), 0.0
        self._fields, self._books, self._lumped = (BackwardDifferences() for _ in range(3))
        self.names = tuple(rates(u, borders))
        self._books.start(np.zeros(len(self.names)))
        self.restart()

    @property
    def booked(self) -> dict[str, float]:
        """Amounts moved since the start, by the same recursion as the fields."""
        return dict(zip(self.names, map(float, self._books.states[0]), strict=True))

    def make_consistent(self, dt: float) -> None:
        """Bring to the start what meets no storage, potentials and borders: a step so short that nothing moves."""
        solution = self._attempt(dt)
        self.u, self.borders = solution.u, solution.borders
        self._fields.start(self.u)
        self._lumped.start(self._values(self.u, self.borders))

    def restart(self) -> None:
        """Begin a new recursion, after a jump of what drives the equations."""
        self._fields.start(self.u)
        self._lumped.start(self._values(self.u, self.borders))
        self._books.start(self._books.states[0])

    def state(self) -> MarchState:
        """The march as it is, for a run that goes on later."""
        fields, books, lumped = (list(kept.states) for kept in (self._fields, self._books, self._lumped))
        return MarchState(self.time, self.borders.copy(), list(self._fields.steps), fields, books, lumped)

    def take_up(self, state: MarchState) -> None:
        """Go on from a state of the same equations."""
        self.time, self.borders, self.u = state.time, state.borders.copy(), state.fields[0].copy()
        for kept, states in (
            (self._fields, state.fields),
            (self._books, state.books),
            (self._lumped, state.lumped),
        ):
            kept.states, kept.steps = list(states), list(state.steps)

    def step(self, dt: float) -> Solution:
        """One step of dt [s], taken as it is.

        Raises
        ------
        NewtonFailure
            The state is then what it was.
        """
        solution = self._attempt(dt)
        self._take(dt, solution)
        return solution

    def adaptive_step(self, until: float, dt: float, tolerance: float, sizes: np.ndarray) -> tuple[Step, float]:
        """An accepted step towards `until` [s], which it does not pass, and the step to try next.

        Parameters
        ----------
        until
            Time that must be hit.
        dt
            Step to try.
        tolerance
            Largest error of a step, in `sizes`.
        sizes
            Of the fields, one per component; infinite for those that do not count.

        Raises
        ------
        NewtonFailure
            When the step had to be cut to next to nothing.
        """
        rejected, first = 0, dt
        while True:
            left = until - self.time
            # Two equal steps rather than a full and a tiny one.
            tried = left if dt >= left * (1.0 - 1e-9) else (0.5 * left if dt > 0.5 * left else dt)
            try:
                solution = self._attempt(tried)
                difference = self._fields.error(tried, solution.u)
                error = None if difference is None else self._largest(np.abs(difference / sizes).max())
            except NewtonFailure:
                if tried < SMALLEST_SHARE * first:
                    raise
                rejected, dt = rejected + 1, 0.25 * tried
                continue
            if error is None or error <= 2.0 * tolerance:
                self._take(tried, solution)
                if tried == left:
                    self.time = until
                proposed = next_step(tried, error, tolerance)
                return Step(self.time, tried, solution, rejected), max(proposed, dt if error is None else 0.0)
            rejected, dt = rejected + 1, next_step(tried, error, tolerance)

    def settle(self, scale: float, sizes: np.ndarray, tolerance: float = 1e-8) -> Solution:
        """Steady state, by implicit Euler steps of a thousand times `scale` [s], which keep a closed cell's content.

        Raises
        ------
        NewtonFailure
            When it does not come to rest.
        """
        for _ in range(30):
            before = self.u
            self.restart()
            solution = self.step(1e3 * scale)
            if self._largest(np.abs((solution.u - before) / np.maximum(np.abs(before), sizes)).max()) < tolerance:
                return solution
        raise NewtonFailure(f"no steady state after 30 steps of {1e3 * scale:.3g} s")

    def _attempt(self, dt: float) -> Solution:
        rate, history = self._fields.coefficients(dt)
        for storage in self.storages:
            storage.rate, storage.history = rate, np.ascontiguousarray(history[:, storage.component])
        _, lumped = self._lumped.coefficients(dt)
        for lump, before in zip(self.lumps, lumped, strict=True):
            lump.rate, lump.history = rate, float(before)
        self.drive(self.time + dt)
        return self.solver.solve(self.u, self.borders)

    def _take(self, dt: float, solution: Solution) -> None:
        rate, history = self._books.coefficients(dt)
        found = self.rates(solution.u, solution.borders)
        self._books.accept(dt, (np.array([found[name] for name in self.names]) + history) / rate)
        self._fields.accept(dt, solution.u)
        self._lumped.accept(dt, self._values(solution.u, solution.borders))
        self.u, self.borders, self.time = solution.u, solution.borders, self.time + dt

    def _values(self, u: np.ndarray, borders: np.ndarray) -> np.ndarray:
        return np.array([lump.value(u, borders) for lump in self.lumps])

    def _largest(self, value: float) -> float:
        return max(self.solver.space.mesh.comm.allgather(float(value)))
