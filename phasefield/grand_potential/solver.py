"""The grand-potential model as an engine that the runner can drive (phasefield.engine.Engine).

One step: predict, solve the coupled rows (backward differences of second order, backward Euler first), judge, put the
solution onto the balances (a correction of the size of the solver's tolerance), book. A step that fails or errs is
repeated, shorter; nothing of the state changes before it is accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI

from ramify.phasefield.engine import Control, Ledger, SolverFailure, StepReport
from ramify.phasefield.grand_potential.arrivals import Arrivals
from ramify.phasefield.grand_potential.books import Books
from ramify.phasefield.grand_potential.measures import Measures
from ramify.phasefield.grand_potential.newton import Newton, Outcome, StepSolver
from ramify.phasefield.grand_potential.problem import GrandPotentialProblem
from ramify.phasefield.grand_potential.system import State, System
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels.grand_potential import set_noise
from ramify.phasefield.plating.timescheme import LARGEST_RATIO, Scheme, error_weights, fit_step, next_step
from ramify.physics.grand_potential import metal_share

MOST_REJECTIONS = 40
FIELDS = ("xi", "mu", "c", "phi")
"""Phase, diffusion potential [RT], lithium in the electrolyte c^l (1 - h) [mol/m^3], potential [V]."""
LARGEST_GUESS = 1.0
"""A cell's first guess moves mu by no more than this [RT]."""


@dataclass
class Attempt:
    """A step tried and not yet accepted."""

    scheme: Scheme
    state: State
    old_xi: np.ndarray
    old_lithium: np.ndarray
    outcome: Outcome
    wish: float = 0.0
    """Step to try next, after this one or in its place."""


class GrandPotentialSolver:
    """The production engine (`engine: petsc`) of `model: grand_potential`.

    Parameters
    ----------
    problem
        What to solve.
    comm
        Communicator; MPI.COMM_WORLD by default.
    solver
        What solves a step.
    """

    def __init__(
        self,
        problem: GrandPotentialProblem,
        comm: MPI.Comm | None = None,
        solver: Callable[[System], StepSolver] = Newton,
    ) -> None:
        self.problem = problem
        self.grid = Grid(problem.domain, comm)
        self.system = System(self.grid, problem)
        self.solver = solver(self.system)
        self.measures = Measures(self.grid, problem)
        self.time = 0.0
        self.control = Control("voltage", 0.0)
        x, y, z = self.grid.centres()
        distance = np.broadcast_to(problem.start.distance(x, y, z), self.grid.ghosted_shape)
        xi = 0.5 * (1.0 - np.tanh(distance / (2.0 * problem.start.width)))
        self.state = State(np.ascontiguousarray(xi), self.grid.zeros(), self.grid.zeros())
        self.state.mu.fill(problem.start.mu)
        self.lithium = self.grid.zeros()
        """N as the balance carries it; that of xi and mu is the same to the solver's tolerance."""
        self.system.set_lithium(self.state, self.lithium)
        self.books = Books(self.system, self.state.xi, self.lithium)
        self.forget()
        self.next_step = self._first_step()
        self.system.fill_ghosts(self.state)
        self.arrivals = Arrivals(problem.positions, float(self.measures.column_heights(self.state.xi).max()))

    @property
    def ledger(self) -> Ledger:
        """Charge, metal and lithium so far."""
        return self.books.ledger

    # ------------------------------------------------------------------ control

    def forget(self) -> None:
        """Drop the history: the next step is a first one."""
        self.before: list[tuple[State, np.ndarray]] = []
        """States and N at the ends of the last steps, the newest first."""
        self.steps: list[float] = []
        self.books.forget()

    def set_control(self, control: Control) -> None:
        """Hold a new potential at the collector; the next step starts afresh. Raises ValueError for a current."""
        if control.mode != "voltage":
            raise ValueError("model grand_potential holds a potential: it has no electrode potential for a current")
        system, counter = self.system, self.problem.counter.phi
        self.control, system.potential = control, counter + control.value
        # No equation remembers the potential: this is a first guess.
        self.state.p = system.thermal * (counter - system.potential) * (1.0 - self.state.xi)
        self.forget()
        self.next_step = self._first_step()

    def _first_step(self) -> float:
        numerics = self.problem.numerics
        return numerics.fixed_step if numerics.fixed_step is not None else numerics.first_step

    # ------------------------------------------------------------------ one step

    def step(self, until: float) -> StepReport:
        """Take one accepted step that ends at or before `until`."""
        numerics = self.problem.numerics
        wish = min(self.next_step, numerics.largest_step)
        outcome: Outcome | None = None
        for rejected in range(MOST_REJECTIONS):
            step, exact = fit_step(wish, until - self.time)
            attempt = self._attempt(step)
            if attempt.outcome.converged and self._judge(attempt):
                return self._accept(attempt, until if exact else self.time + step, rejected)
            outcome, wish = attempt.outcome, attempt.wish
            if wish < numerics.smallest_step:
                break
        raise self._failure(outcome, wish)

    def _attempt(self, step: float) -> Attempt:
        """Solve one step; its `wish` is a shorter one if that failed."""
        scheme = Scheme.of(step, self.steps[0] if self.steps else None, self.problem.numerics.order)
        state, old_xi, old_lithium = self.state.copy(), self.state.xi, self.lithium
        if self.before:
            old, lithium = self.before[0]
            old_xi = self.state.xi + scheme.gamma * (self.state.xi - old.xi)
            old_lithium = self.lithium + scheme.gamma * (self.lithium - lithium)
            state.xi += scheme.ratio * (self.state.xi - old.xi)
            state.mu += np.clip(scheme.ratio * (self.state.mu - old.mu), -LARGEST_GUESS, LARGEST_GUESS)
        if len(self.before) > 1:
            state.p += scheme.ratio * (self.state.p - old.p)
        self._set_noise(scheme)
        outcome = self.solver.solve(state, old_xi, old_lithium, scheme)
        return Attempt(scheme, state, old_xi, old_lithium, outcome, 0.3 * step)

    def _set_noise(self, scheme: Scheme) -> None:
        noise = self.problem.noise
        if noise.amplitude == 0.0:
            return
        h = self.problem.domain.spacing
        x, y, z = (1.0 if noise.spacing is None else max(noise.spacing / h[n], 1.0) for n in range(3))
        set_noise(
            noise.seed,
            (self.time, self.time + scheme.step, noise.interval),
            (self.grid.start, (x, y, z)),
            noise.amplitude * scheme.beta * scheme.step,
            self.system.noise,
        )

    def _judge(self, attempt: Attempt) -> bool:
        """Whether the step is good enough, and the step to try next."""
        numerics, step = self.problem.numerics, attempt.scheme.step
        if numerics.fixed_step is not None:
            attempt.wish = min(LARGEST_RATIO * step, numerics.fixed_step)
            return True
        weights, power = error_weights([step, *self.steps[:2]])
        states = [attempt.state, self.state, *[state for state, _ in self.before[:2]]]
        error_xi = sum(w * s.xi[OWNED] for w, s in zip(weights, states, strict=False) if w != 0.0)
        error_c = sum(w * self._concentration(s) for w, s in zip(weights, states, strict=False) if w != 0.0)
        error = self.grid.max(max(float(np.abs(error_xi).max()), float(np.abs(error_c).max())))
        moved = self.grid.max(float(np.abs(attempt.state.xi - self.state.xi)[OWNED].max()))
        by_motion = step * numerics.front_motion / max(moved, 1e-300)
        attempt.wish = min(next_step(step, error, numerics.time_tolerance, power), 0.9 * by_motion)
        return error <= 1.3 * numerics.time_tolerance and moved <= 1.1 * numerics.front_motion

    def _concentration(self, state: State) -> np.ndarray:
        """Lithium in the electrolyte over its reference, owned cells."""
        electrolyte = self.problem.electrolyte
        occupied = 1.0 / (1.0 + np.exp(electrolyte.level - state.mu[OWNED]))
        return occupied * (1.0 - metal_share(state.xi[OWNED])) / electrolyte.reference_occupancy

    def _accept(self, attempt: Attempt, time: float, rejected: int) -> StepReport:
        """Put the solution onto the balances, move on and book."""
        lithium = self.grid.zeros()
        self.system.set_lithium(attempt.state, lithium)
        # The row of mu is what N of the solution has too much for the balance.
        lithium[OWNED] -= self.system.rows[1][OWNED]
        correction = self.books.project(attempt.state.xi, attempt.old_xi)
        before, now = (self.state, self.lithium), (attempt.state, lithium)
        self.before = [before, *self.before[:1]]
        self.steps = [attempt.scheme.step, *self.steps[:1]]
        self.state, self.lithium, self.next_step = *now, attempt.wish
        begin, self.time = self.time, time
        self.books.add(attempt.scheme, time, now, before, correction)
        return self._report(attempt, begin, rejected)

    def _report(self, attempt: Attempt, begin: float, rejected: int) -> StepReport:
        self.system.fill_ghosts(self.state)
        xi, problem = self.state.xi, self.problem
        shape = self.measures.evaluate(xi)
        touches = self.measures.touches_counter(xi)
        self.arrivals.note(begin, self.time, shape["tip_height"], touches)
        found = self._concentration(self.state) * problem.initial_concentration
        outside = np.where(xi[OWNED] < 0.5, found, np.inf)
        near = np.where((xi[OWNED] > 0.01) & (xi[OWNED] < 0.5), found, np.inf)
        return StepReport(
            time=self.time,
            step=attempt.scheme.step,
            current_density=self.books.increments["charge"] / attempt.scheme.step / problem.domain.cross_section,
            voltage=self.control.value,
            limited=False,
            newton_iterations=attempt.outcome.newton,
            krylov_iterations=attempt.outcome.krylov,
            rejected=rejected,
            minimum_concentration=self.grid.min(float(outside.min(initial=np.inf))),
            surface_concentration=self.grid.min(float(near.min(initial=np.inf))),
            exhausted=not self.grid.max(float((xi[OWNED] > 0.5).any())),
            short_circuit=touches,
            measures=shape | self.books.measures(),
            profile=self.measures.profile(xi),
        )

    def _failure(self, outcome: Outcome | None, step: float) -> SolverFailure:
        failed = outcome is not None and not outcome.converged
        reason = outcome.reason if failed and outcome is not None else "the error of a step stays too large"
        place = self.grid.place_of(outcome.cell) if failed and outcome is not None and outcome.cell else None
        return SolverFailure(
            f"{reason}; the step was cut to {step:.2g} s at t = {self.time:.6g} s",
            field=outcome.field if failed and outcome is not None else "xi",
            place=place,
            time=self.time,
            remedy="more cells across the front, or a lower numerics.first_step",
        )

    # ------------------------------------------------------------------ reading and restart

    def gather(self, name: str) -> np.ndarray | None:
        """One of `FIELDS` on rank 0 as (nz, ny, nx)."""
        whole = self.grid.zeros()
        if name in ("xi", "mu"):
            return self.grid.gather(self.state.xi if name == "xi" else self.state.mu)
        if name == "c":
            whole[OWNED] = self._concentration(self.state) * self.problem.initial_concentration
        elif name == "phi":
            whole[OWNED] = self.state.p[OWNED] / self.system.thermal + self.system.potential
        else:
            raise KeyError(f"field {name!r} is not one of {', '.join(FIELDS)}")
        return self.grid.gather(whole)

    def measure(self) -> dict[str, float]:
        """The `measures` of the state before the first step."""
        self.system.fill_ghosts(self.state)
        return self.measures.evaluate(self.state.xi) | self.books.measures()

    def summary(self) -> dict[str, Any]:
        """Times of arrival, for the summary of a run; None for what has not happened."""
        return self.arrivals.summary()

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        arrays = {"lithium": self.lithium, **vars(self.state)}
        for age, (state, lithium) in enumerate(self.before):
            arrays |= {f"{name}_{age}": array for name, array in ({"lithium": lithium} | vars(state)).items()}
        return {
            "arrays": {name: self.grid.gather(array) for name, array in arrays.items()},
            "numbers": {
                "time": self.time,
                "next_step": self.next_step,
                "steps": np.array(self.steps),
                "history": len(self.before),
                "potential": self.system.potential,
                **self.arrivals.save(),
                **self.books.save(),
            },
            "control": {"mode": self.control.mode, "value": self.control.value, "limit": self.control.voltage_limit},
            "ledger": dict(self.ledger.__dict__),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        plain = self.grid.comm.bcast({k: v for k, v in saved.items() if k != "arrays"} if root else None, root=0)
        numbers, control = plain["numbers"], plain["control"]
        self.time, self.next_step = float(numbers["time"]), float(numbers["next_step"])
        self.steps = [float(step) for step in numbers["steps"]]
        self.control = Control(control["mode"], control["value"], control["limit"])
        self.system.potential = float(numbers["potential"])
        self.arrivals.load(numbers)
        self.books.load(numbers, plain["ledger"])
        self.state, self.lithium = self._restored(saved, "")
        self.before = [self._restored(saved, f"_{age}") for age in range(int(numbers["history"]))]

    def _restored(self, saved: dict[str, Any], suffix: str) -> tuple[State, np.ndarray]:
        arrays = []
        for name in ("xi", "mu", "p", "lithium"):
            array = self.grid.zeros()
            self.grid.scatter(saved["arrays"][name + suffix] if self.grid.comm.rank == 0 else None, array)
            arrays.append(array)
        state = State(arrays[0], arrays[1], arrays[2])
        self.system.fill_ghosts(state)
        return state, arrays[3]

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self.solver.destroy()
        self.grid.destroy()
