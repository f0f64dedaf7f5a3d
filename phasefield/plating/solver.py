"""The plating solver: moving metal, salt and charge, in 1-D, 2-D and 3-D on a structured PETSc mesh.

Equations (1)-(6) of the design, fields and signs as in phasefield.problem and kernels.transport. One step:

1. extrapolate the metal in its signed distance (exact for a front that keeps its speed);
2. solve (C, P) and the global unknowns on that geometry, the reaction implicit in both;
3. project the converged reaction and salt onto the balances (a correction of the size of the solver's tolerance);
4. advance the metal with the reaction just found, the regularisation in substeps;
5. book charge, metal and salt.

A step that fails or moves too much is repeated, shorter; nothing of the state changes before it is accepted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mpi4py import MPI

from ramify.phasefield.engine import Control, Ledger, SolverFailure, StepReport
from ramify.phasefield.grid import Grid
from ramify.phasefield.plating.attempt import Attempt
from ramify.phasefield.plating.crystal import make_crystal
from ramify.phasefield.plating.front import Front
from ramify.phasefield.plating.measures import Measures
from ramify.phasefield.plating.newton import NewtonKrylov
from ramify.phasefield.plating.nuclei import make_nuclei
from ramify.phasefield.plating.order import FIELD as CRYSTALLINITY
from ramify.phasefield.plating.order import Order
from ramify.phasefield.plating.setup import build_geometry, initial_metal, sample_activity
from ramify.phasefield.plating.state import Solution, Unknowns
from ramify.phasefield.plating.stress import Stress
from ramify.phasefield.plating.surface_flow import make_flow
from ramify.phasefield.plating.system import CoupledSystem
from ramify.phasefield.plating.timescheme import fit_step
from ramify.phasefield.problem import PlatingProblem
from ramify.phasefield.properties import tabulate

MOST_REJECTIONS = 30


class PlatingSolver:
    """The production engine (`engine: petsc`); implements `phasefield.engine.Engine`.

    Parameters
    ----------
    problem
        What to solve.
    comm
        Communicator; MPI.COMM_WORLD by default.
    """

    def __init__(self, problem: PlatingProblem, comm: MPI.Comm | None = None) -> None:
        self.problem = problem
        self.grid = Grid(problem.domain, comm)
        self.table = tabulate(problem.electrolyte, problem.initial_concentration)
        geometry = build_geometry(self.grid, problem)
        self.pore = geometry.pore
        self.system = CoupledSystem(self.grid, problem, self.table, geometry)
        self.newton = NewtonKrylov(self.system)
        self.system.activity = sample_activity(self.grid, problem)
        self.crystal = make_crystal(self.grid, problem, geometry.pore, self.system.activity)
        self.front = Front(self.grid, problem, geometry.pore, geometry.openings)
        self.flow = make_flow(self.grid, problem, self.front)
        self.measures = Measures(self.grid, problem, geometry.pore)
        self.nuclei = self.system.nuclei = make_nuclei(self.grid, problem, geometry.pore)
        self.time = 0.0
        self.control = Control("current", 0.0)
        self.xi = initial_metal(self.grid, problem)
        self.front.extend_into_host(self.xi)
        self.measures.begin(self.xi)
        electrons = self.grid.zeros() if self.system.electrons is not None else np.zeros((0, 0, 0))
        self.state = Unknowns(self.grid.zeros(), self.grid.zeros(), 0.0, electrons)
        self.state.C.fill(1.0)
        self.solved: np.ndarray | None = None
        """One where the last step was solved, zero in cells full of metal or host; ghosts filled."""
        self.gain = self.grid.zeros()
        """Metal fraction gained in the last step, as the recursion carries it."""
        self.forget()
        self.next_step = self._first_step()
        self.curvature = self.grid.zeros() if problem.metal.surface_energy > 0.0 else np.zeros((1, 1, 1))
        self._start_ledger()
        self.system.set_geometry(self.xi)
        self.stress = Stress(self.grid, problem, self.pore, self.xi) if problem.mechanics is not None else None
        self.order = None
        if problem.crystallinity is not None:
            self.order = Order(self.grid, problem, self.pore, self.nuclei, self.xi)

    # ------------------------------------------------------------------ history

    def forget(self) -> None:
        """Drop the history: the next step is a first one."""
        self.xi_old: np.ndarray | None = None
        self.old: Unknowns | None = None
        self.older: np.ndarray | None = None
        self.steps: list[float] = []
        self.increments = {"charge": 0.0, "reacted": 0.0, "entered": 0.0}
        self.expected = 1.0
        self.speed: np.ndarray | None = None
        """Front velocity of the cells at the end of the last step [m/s], ghosts filled."""
        self.velocity = 0.0
        self.limited = False
        """Whether the voltage limit held the last step."""

    def _start_ledger(self) -> None:
        metal, salt = self.measures.metal(self.xi), self.measures.salt(self.xi, self.state.C)
        self.ledger = Ledger(metal_start=metal, metal=metal, salt_start=salt, salt=salt)

    def _first_step(self) -> float:
        if self.problem.numerics.first_step is not None:
            return self.problem.numerics.first_step
        return self.system.finest**2 / self.table.diffusivity

    def set_control(self, control: Control) -> None:
        """Switch the cycler; the next step starts afresh."""
        self.control = control
        self.forget()
        self.next_step = self._first_step()
        if self.nuclei is not None:
            self.nuclei.turn(control.strips)

    # ------------------------------------------------------------------ one step

    def step(self, until: float) -> StepReport:
        """Take one accepted step that ends at or before `until`."""
        numerics = self.problem.numerics
        wish = min(self.next_step, numerics.largest_step)
        failure: Solution | None = None
        for rejected in range(MOST_REJECTIONS):
            step, exact = fit_step(wish, until - self.time)
            attempt = Attempt(self, step)
            outcome = attempt.run()
            if outcome is None:
                report = attempt.accept(rejected)
                if exact:
                    self.time = until
                    report = StepReport(**{**report.__dict__, "time": until})
                return report
            failure, wish = attempt.solution, outcome
            if wish < numerics.smallest_step:
                break
        # What is read of the run from here on is its last good state.
        self.system.set_geometry(self.xi)
        self.system.react(self.state)
        raise self._failure(failure, wish)

    def _failure(self, solution: Solution | None, step: float) -> SolverFailure:
        reason = solution.reason if solution is not None else "the front moves too far"
        place = None
        if solution is not None and solution.cell is not None:
            place = self.grid.place_of(solution.cell)
        remedy = (
            "if the salt is used up, give the current a voltage limit or stop it on depletion; "
            "otherwise lower numerics.front_motion or numerics.first_step"
        )
        text = f"{reason}; the step was cut to {step:.2g} s at t = {self.time:.6g} s"
        return SolverFailure(
            text, field=solution.field if solution else "xi", place=place, time=self.time, remedy=remedy
        )

    # ------------------------------------------------------------------ reading and restart

    def gather(self, name: str) -> np.ndarray | None:
        """A field on rank 0 as (nz, ny, nx); potentials against the electrolyte at the counter electrode."""
        f, c0 = self.table.thermal, self.table.concentration
        if name == "xi":
            return self.grid.gather(self.xi)
        if name == "psi":
            return self.grid.gather(1.0 - self.pore)
        if name == "c":
            return self.grid.gather(self.state.C * c0)
        if name == "s":
            return self.grid.gather(self.system.source / self.system.source_scale)
        shift = self.voltage
        if name == "phi_s" and self.system.electrons is not None:
            return self.grid.gather(self.state.Q / f + shift)
        if name == "phi_s":
            return self.grid.gather(self.system.metal_potential / f + shift)
        if name == "phi_l":
            ratio = np.maximum(self.state.C * c0 / self.problem.kinetics.reference_concentration, 1e-300)
            return self.grid.gather((self.state.P + np.log(ratio)) / f + shift)
        if self.order is not None and name == CRYSTALLINITY:
            return self.order.gather(self.xi)
        if self.stress is not None:
            return self.stress.gather(name)
        raise KeyError(f"no field {name!r}")

    def measure(self) -> dict[str, float]:
        """The `measures` of the state before the first step."""
        return self.read(self.xi, self.measures.profile(self.xi))

    def read(self, xi: np.ndarray, profile: np.ndarray) -> dict[str, float]:
        """The `measures` of a metal and its profile along z."""
        system = self.system
        measures = self.measures.evaluate(xi, system.islands, system.source, system.geometry.weight, profile)
        measures |= self.nuclei.measures(xi) if self.nuclei is not None else {}
        measures |= self.order.measures(xi) if self.order is not None else {}
        measures |= self.crystal.measures(xi) if self.crystal is not None else {}
        return measures | (self.stress.measures(system.geometry.weight) if self.stress is not None else {})

    @property
    def voltage(self) -> float:
        """Working electrode against the lithium reference at the counter electrode [V]."""
        system = self.system
        top = system.counter.evaluate(system.top_layer(self.state.C), system.top_layer(self.state.P), self.state.X)
        return -system.counter.mean_potential(top.potential) / self.table.thermal

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        arrays = {"xi": self.xi, "gain": self.gain, "C": self.state.C, "P": self.state.P}
        if self.xi_old is not None and self.old is not None:
            arrays.update(xi_old=self.xi_old, C_old=self.old.C, P_old=self.old.P)
        if self.solved is not None:
            arrays["solved"] = self.solved
        if self.speed is not None:
            arrays["speed"] = self.speed
        if self.older is not None:
            arrays["C_older"] = self.older
        if self.system.electrons is not None:
            arrays["Q"] = self.state.Q
            if self.old is not None:
                arrays["Q_old"] = self.old.Q
        islands = self.system.islands
        return {
            "arrays": {name: self.grid.gather(array) for name, array in arrays.items()},
            "numbers": {
                "time": self.time,
                "X": self.state.X,
                "X_old": self.old.X if self.old is not None else 0.0,
                "next_step": self.next_step,
                "expected": self.expected,
                "limited": self.limited,
                "velocity": self.velocity,
                "steps": np.array(self.steps),
                "island_potentials": islands.potentials.copy(),
                "island_seeds": np.array(islands.seeds, dtype=np.int64).reshape(-1, 3),
                **{f"increment_{k}": v for k, v in self.increments.items()},
                **(self.nuclei.save() if self.nuclei is not None else {}),
                **({} if self.flow is None else {"flow_part": self.flow.diffusion.longest}),
            },
            "control": {"mode": self.control.mode, "value": self.control.value, "limit": self.control.voltage_limit},
            "ledger": dict(self.ledger.__dict__),
            **({} if self.stress is None else {"stress": self.stress.save()}),
            **({} if self.order is None else {"order": self.order.save()}),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        plain = {k: v for k, v in saved.items() if k not in ("arrays", "stress", "order")} if root else None
        plain = self.grid.comm.bcast(plain, root=0)
        names = self.grid.comm.bcast(sorted(saved["arrays"]) if root else None, root=0)
        arrays = {}
        for name in names:
            arrays[name] = self.grid.zeros()
            self.grid.scatter(saved["arrays"][name] if root else None, arrays[name])
            self.grid.fill_outer_ghosts(arrays[name])
        numbers = plain["numbers"]
        self.time, self.next_step = float(numbers["time"]), float(numbers["next_step"])
        self.expected, self.limited = float(numbers["expected"]), bool(numbers["limited"])
        self.velocity, self.speed = float(numbers["velocity"]), arrays.get("speed")
        self.steps = [float(s) for s in numbers["steps"]]
        self.increments = {k: float(numbers[f"increment_{k}"]) for k in ("charge", "reacted", "entered")}
        self.xi, self.gain = arrays["xi"], arrays["gain"]
        self.solved = arrays.get("solved")
        self.front.extend_into_host(self.xi)
        none = np.zeros((0, 0, 0))
        self.state = Unknowns(arrays["C"], arrays["P"], float(numbers["X"]), arrays.get("Q", none))
        self.xi_old, self.old, self.older = arrays.get("xi_old"), None, arrays.get("C_older")
        if self.xi_old is not None:
            self.front.extend_into_host(self.xi_old)
            old = float(numbers["X_old"])
            self.old = Unknowns(arrays["C_old"], arrays["P_old"], old, arrays.get("Q_old", none))
        control = plain["control"]
        self.control = Control(control["mode"], control["value"], control["limit"])
        self.ledger = Ledger(**plain["ledger"])
        self.system.islands.restore(numbers["island_potentials"], numbers["island_seeds"])
        if self.nuclei is not None:
            self.nuclei.load(numbers)
        if self.flow is not None:
            self.flow.diffusion.longest = float(numbers["flow_part"])
        if self.stress is not None:
            self.stress.load(saved["stress"] if root else None)
        if self.order is not None:
            self.order.load(saved["order"] if root else None, self.xi)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self.newton.destroy()
        if self.stress is not None:
            self.stress.destroy()
        self.grid.destroy()
