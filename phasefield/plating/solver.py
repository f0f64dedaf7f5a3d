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
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating.front import Front
from ramify.phasefield.plating.measures import Measures
from ramify.phasefield.plating.setup import build_geometry, initial_metal, sample_activity
from ramify.phasefield.plating.system import CoupledSystem, Solution, Target, Unknowns
from ramify.phasefield.plating.timescheme import Scheme, local_error, next_step
from ramify.phasefield.problem import PlatingProblem
from ramify.phasefield.properties import tabulate
from ramify.physics.constants import FARADAY

MOST_REJECTIONS = 30
MOTION_SLACK = 1.4
"""A step may move the front by this much more than asked before it is repeated."""
IMBALANCE_LIMIT = 1e-8
"""Relative imbalance of one step at which the run stops: a hundred times what is promised."""


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
        self.system.activity = sample_activity(self.grid, problem)
        self.front = Front(self.grid, problem, geometry.pore, geometry.openings)
        self.measures = Measures(self.grid, problem, geometry.pore)
        self.time = 0.0
        self.control = Control("current", 0.0)
        self.xi = initial_metal(self.grid, problem)
        self.front.extend_into_host(self.xi)
        electrons = self.grid.zeros() if self.system.electrons is not None else np.zeros((0, 0, 0))
        self.state = Unknowns(self.grid.zeros(), self.grid.zeros(), 0.0, electrons)
        self.state.C.fill(1.0)
        self.gain = self.grid.zeros()
        """Metal fraction gained in the last step, as the recursion carries it."""
        self._forget()
        self._next_step = self._first_step()
        self._curvature = self.grid.zeros() if problem.metal.surface_energy > 0.0 else np.zeros((1, 1, 1))
        self._start_ledger()
        self.system.set_geometry(self.xi)

    # ------------------------------------------------------------------ history

    def _forget(self) -> None:
        """Drop the history: the next step is a first one."""
        self.xi_old: np.ndarray | None = None
        self.old: Unknowns | None = None
        self.older: np.ndarray | None = None
        self._steps: list[float] = []
        self._increments = {"charge": 0.0, "reacted": 0.0, "entered": 0.0}
        self._expected = 1.0
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
        self._forget()
        self._next_step = self._first_step()

    # ------------------------------------------------------------------ one step

    def step(self, until: float) -> StepReport:
        """Take one accepted step that ends at or before `until`."""
        numerics = self.problem.numerics
        wish = min(self._next_step, numerics.largest_step)
        failure: Solution | None = None
        for rejected in range(MOST_REJECTIONS):
            step, exact = _fit(wish, until - self.time)
            attempt = _Attempt(self, step)
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
        """A field on rank 0 as (nz, ny, nx); phi_l and phi_s in the gauge of the contract (phi_l = 0 at the counter)."""
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
        raise KeyError(f"no field {name!r}")

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
                "next_step": self._next_step,
                "expected": self._expected,
                "limited": self.limited,
                "steps": np.array(self._steps),
                "island_potentials": islands.potentials.copy(),
                "island_seeds": np.array(islands.seeds, dtype=np.int64).reshape(-1, 3),
                **{f"increment_{k}": v for k, v in self._increments.items()},
            },
            "control": {"mode": self.control.mode, "value": self.control.value, "limit": self.control.voltage_limit},
            "ledger": dict(self.ledger.__dict__),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        plain = {k: v for k, v in saved.items() if k != "arrays"} if root else None
        plain = self.grid.comm.bcast(plain, root=0)
        names = self.grid.comm.bcast(sorted(saved["arrays"]) if root else None, root=0)
        arrays = {}
        for name in names:
            arrays[name] = self.grid.zeros()
            self.grid.scatter(saved["arrays"][name] if root else None, arrays[name])
            self.grid.fill_outer_ghosts(arrays[name])
        numbers = plain["numbers"]
        self.time, self._next_step = float(numbers["time"]), float(numbers["next_step"])
        self._expected, self.limited = float(numbers["expected"]), bool(numbers["limited"])
        self._steps = [float(s) for s in numbers["steps"]]
        self._increments = {k: float(numbers[f"increment_{k}"]) for k in ("charge", "reacted", "entered")}
        self.xi, self.gain = arrays["xi"], arrays["gain"]
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

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self.system.destroy()
        self.grid.destroy()


def _fit(wish: float, left: float) -> tuple[float, bool]:
    """Step that meets the end exactly, without a sliver before it; and whether it does meet it."""
    if left <= wish * (1.0 + 1e-9):
        return left, True
    if left < 2.0 * wish:
        return 0.5 * left, False
    return wish, False


class _Attempt:
    """One attempted step; the solver's state changes in `accept` alone."""

    def __init__(self, solver: PlatingSolver, step: float) -> None:
        self.solver = solver
        before = solver._steps[-1] if solver._steps else None
        self.scheme = Scheme.of(step, before, solver.problem.numerics.order)
        self.solution: Solution | None = None
        self.state = solver.state
        self.limited = False
        self.newton = self.krylov = 0
        self.error, self.power, self.velocity = 0.0, 2, 0.0

    def run(self) -> float | None:
        """Solve; None when the step is good, otherwise the next one to try."""
        solver, step = self.solver, self.scheme.step
        islands = solver.system.islands
        kept = (islands.potentials.copy(), list(islands.seeds))
        shorter = self._solve()
        if shorter is not None:
            islands.restore(*kept)
            return shorter
        numerics = solver.problem.numerics
        self.velocity = self._front_velocity()
        motion = self.velocity * step / solver.system.finest
        if solver.problem.interface.motion == "moving" and motion > MOTION_SLACK * numerics.front_motion:
            islands.restore(*kept)
            return max(0.2, 0.9 * numerics.front_motion / motion) * step
        self._estimate_error()
        if self.error > 2.0 * numerics.time_tolerance:
            islands.restore(*kept)
            return next_step(step, self.error, numerics.time_tolerance, self.power)
        return None

    def _solve(self) -> float | None:
        """Solve (C, P) under the cycler's demand, within its voltage limit; None when solved, else a shorter step.

        What held the last step is tried first: past depletion no voltage carries the current at all, and asking for
        it would cost a failed solve in every step.
        """
        control = self.solver.control
        current = Target(control.mode, control.value)
        if control.mode == "voltage" or control.voltage_limit is None or control.value == 0.0:
            return None if self._attempt(current) else 0.25 * self.scheme.step
        held = Target("voltage", -control.voltage_limit if control.value > 0.0 else control.voltage_limit)
        if self.solver.limited and self._attempt(held) and abs(self._density()) <= abs(control.value):
            self.limited = True
            return None
        if self._attempt(current) and abs(self._voltage()) <= control.voltage_limit * (1.0 + 1e-9):
            return None
        self.limited = True
        return None if self._attempt(held) else 0.25 * self.scheme.step

    def _attempt(self, target: Target) -> bool:
        self._predict()
        if target.mode == "current" and len(self.solver._steps) < 2:
            self.solver.system.shift_potential(self.state, target.value)
        return self._newton(target)

    def _density(self) -> float:
        """Mean current density of the state just solved [A/m^2]."""
        system = self.solver.system
        top = system.counter.evaluate(system.top_layer(self.state.C), system.top_layer(self.state.P), self.state.X)
        return system.counter.total_current(top) / system.counter.scaled_current(1.0)

    def _newton(self, target: Target) -> bool:
        solver = self.solver
        self.target = target
        mu = solver.system.finest**2 / (solver.table.diffusivity * self.scheme.beta * self.scheme.step)
        self.solution = solver.system.solve(self.state, self.history, mu, target, solver._expected)
        self.newton += self.solution.newton_iterations
        self.krylov += self.solution.krylov_iterations
        self.mu = mu
        return self.solution.converged

    def _predict(self) -> None:
        """Geometry at the end of the step, history of the time scheme, first guess."""
        solver, scheme = self.solver, self.scheme
        now, old = solver.state, solver.old
        if solver.problem.interface.motion == "frozen" or solver.xi_old is None or scheme.gamma == 0.0:
            self.xi_guess = solver.xi
        else:
            self.xi_guess = _extrapolate(solver.xi, solver.xi_old, scheme.ratio)
        solver.system.set_geometry(self.xi_guess)
        if solver._curvature.size > 1:
            self._set_equilibrium()
        self.state = now.copy()
        self.history = now.C
        if old is not None and scheme.ratio > 0.0:
            if scheme.gamma > 0.0:
                self.history = now.C + scheme.gamma * (now.C - old.C)
            share = scheme.ratio
            guess = now.C + share * (now.C - old.C)
            self.state.C = np.where(guess > 0.3 * now.C, guess, 0.3 * now.C)
            # The potential jumps at a switch: what it was before says nothing of where it goes.
            if len(solver._steps) > 1:
                self.state.P = now.P + share * (now.P - old.P)
                self.state.X = now.X + share * (now.X - old.X)
                self.state.Q = now.Q + share * (now.Q - old.Q)

    def _set_equilibrium(self) -> None:
        """f U of the curved surface (Gibbs-Thomson)."""
        solver = self.solver
        metal = solver.problem.metal
        solver.front.surface_curvature(self.xi_guess, solver._curvature)
        factor = -metal.molar_volume * metal.surface_energy / FARADAY * solver.table.thermal
        solver.system.equilibrium = factor * solver._curvature

    def _voltage(self) -> float:
        system, solver = self.solver.system, self.solver
        top = system.counter.evaluate(system.top_layer(self.state.C), system.top_layer(self.state.P), self.state.X)
        return -system.counter.mean_potential(top.potential) / solver.table.thermal

    def _front_velocity(self) -> float:
        """Largest normal velocity of the surface [m/s], from a fresh evaluation of the reaction; fills `speed`."""
        solver, system = self.solver, self.solver.system
        system.react(self.state)
        weight, source = system.geometry.weight[OWNED], system.source[OWNED]
        factor = solver.problem.metal.molar_volume / FARADAY / system.source_scale
        self.speed = solver.grid.zeros()
        np.divide(factor * source, weight, out=self.speed[OWNED], where=weight > 0.0)
        strong = weight * solver.problem.interface.width > 0.05
        largest = float(np.abs(self.speed[OWNED][strong]).max()) if strong.any() else 0.0
        return solver.grid.max(largest)

    def _estimate_error(self) -> None:
        solver, scheme = self.solver, self.scheme
        new, now = self.state.C[OWNED], solver.state.C[OWNED]
        free = solver.system.geometry.active[OWNED] * np.maximum(1.0 - self.xi_guess[OWNED], 0.0)
        if solver.old is None:
            error, self.power = 0.05 * np.abs(new - now), 2
        else:
            older = solver.older[OWNED] if solver.older is not None and len(solver._steps) > 1 else None
            steps = (scheme.step, solver._steps[-1], solver._steps[-2] if older is not None else 1.0)
            error, self.power = local_error(new, now, solver.old.C[OWNED], older, steps)
        self.error = solver.grid.max(float((error * free).max()))

    # ------------------------------------------------------------------ acceptance

    def accept(self, rejected: int) -> StepReport:
        """Project, move the metal, book the step, make it the solver's state."""
        solver, scheme = self.solver, self.scheme
        inflow, salt_rate, correction = self._project()
        gain = solver.gain * scheme.gamma
        pore = solver.pore
        metal_rate = solver.problem.metal.molar_volume / FARADAY / solver.system.source_scale
        with np.errstate(divide="ignore", invalid="ignore"):
            gain[OWNED] += np.where(
                pore[OWNED] > 0.0,
                scheme.beta * scheme.step * metal_rate * solver.system.source[OWNED] / pore[OWNED],
                0.0,
            )
        removed = 0.0
        xi = solver.xi
        if solver.problem.interface.motion == "moving":
            solver.grid.halo.exchange(self.speed)
            rate = gain / scheme.step
            xi, lost = solver.front.advance(solver.xi, rate, self.speed, scheme.step, self.velocity)
            removed = solver.grid.sum(lost) * solver.measures.volume / solver.problem.metal.molar_volume
        self._book(xi, inflow, salt_rate, removed, correction)
        self._commit(xi, gain)
        density = inflow / solver.system.counter.scaled_current(1.0)
        voltage = self._voltage()
        free = solver.system.geometry.active[OWNED] * (xi[OWNED] < 0.5)
        lowest = np.where(free > 0.0, self.state.C[OWNED], np.inf).min()
        return StepReport(
            time=solver.time,
            step=scheme.step,
            current_density=density,
            voltage=voltage,
            limited=self.limited,
            newton_iterations=self.newton,
            krylov_iterations=self.krylov,
            rejected=rejected,
            minimum_concentration=solver.grid.min(float(lowest)) * solver.table.concentration,
            short_circuit=solver.system.islands.short_circuit,
            measures=solver.measures.evaluate(xi, solver.system.islands),
        )

    def _project(self) -> tuple[float, float, float]:
        """Make sums exact that the solver met to its tolerance; returns inflow, salt rate (rows), relative correction.

        The reaction is shifted along its own derivative until it takes what the counter electrode gives, and the
        concentration by a constant until the salt balances.
        """
        solver, system = self.solver, self.solver.system
        top = system.counter.evaluate(system.top_layer(self.state.C), system.top_layer(self.state.P), self.state.X)
        geometry = system.geometry
        sums = solver.grid.sums(
            np.array(
                [
                    top.current.sum(),
                    top.salt.sum(),
                    system.source[OWNED].sum(),
                    system.by_p[OWNED].sum(),
                    np.abs(system.source[OWNED]).sum(),
                ]
            )
        )
        inflow, salt_in, reacted, slope, size = (float(v) for v in sums)
        if self.target.mode == "current":
            wanted = system.counter.scaled_current(self.target.value)
            salt_in += (1.0 - solver.table.transference) * solver.table.salt_per_charge * (wanted - inflow)
            inflow = wanted
        scale = max(abs(inflow), size, 1e-300)
        if slope > 0.0:
            shift = (inflow - reacted) / slope
            system.source[OWNED] += shift * system.by_p[OWNED]
        salt_rate = salt_in - system.reaction_to_salt * inflow
        stored = solver.grid.sums(
            np.array(
                [
                    (geometry.eps[OWNED] * (self.state.C[OWNED] - self.history[OWNED])).sum(),
                    geometry.eps[OWNED].sum(),
                ]
            )
        )
        shift_c = (salt_rate - self.mu * stored[0]) / (self.mu * stored[1])
        self.state.C[OWNED] += shift_c * geometry.active[OWNED]
        solver.grid.halo.exchange(self.state.C)
        return inflow, salt_rate, max(abs(inflow - reacted) / scale if inflow else 0.0, abs(shift_c))

    def _book(self, xi: np.ndarray, inflow: float, salt_rate: float, removed: float, correction: float) -> None:
        solver, scheme, ledger = self.solver, self.scheme, self.solver.ledger
        volume, c0 = solver.measures.volume, solver.table.concentration
        system = solver.system
        amperes = volume / system.source_scale
        moles = solver.table.diffusivity / system.finest**2 * c0 * volume
        before = dict(solver._increments)
        rates = {
            "charge": inflow * amperes,
            "reacted": solver.grid.sum(float(system.source[OWNED].sum())) * amperes,
            "entered": salt_rate * moles,
        }
        done = {key: scheme.advance(rate, before[key]) for key, rate in rates.items()}
        solver._increments = done
        pore, eps = solver.pore[OWNED], system.geometry.eps[OWNED]
        new, now = self.state.C[OWNED], solver.state.C[OWNED]
        old = solver.old.C[OWNED] if solver.old is not None else now
        eps_now, eps_new = pore * (1.0 - solver.xi[OWNED]), pore * (1.0 - xi[OWNED])
        sums = solver.grid.sums(
            np.array(
                [
                    ((eps_new - eps) * new + (eps - eps_now) * now).sum(),
                    (eps * (now - old)).sum(),
                    (eps_new * new - eps_now * now).sum(),
                    (pore * (xi[OWNED] - solver.xi[OWNED])).sum(),
                ]
            )
        )
        gained = float(sums[3]) * volume / solver.problem.metal.molar_volume
        displaced = -float(sums[0]) * c0 * volume - scheme.gamma * (float(sums[1]) * c0 * volume - before["entered"])
        moving = solver.problem.interface.motion == "moving"
        ledger.charge += done["charge"]
        ledger.absolute_charge += abs(done["charge"])
        ledger.reacted += done["reacted"]
        ledger.salt_entered += done["entered"]
        ledger.salt_displaced += displaced
        ledger.curved_away += removed
        ledger.frozen += 0.0 if moving else done["charge"] / FARADAY
        ledger.metal += gained
        ledger.salt += float(sums[2]) * c0 * volume
        if done["charge"] >= 0.0:
            ledger.plated += gained if moving else done["charge"] / FARADAY
        else:
            ledger.stripped -= gained if moving else done["charge"] / FARADAY
        ledger.largest_correction = max(ledger.largest_correction, correction)
        self._check_step(done, gained + removed, displaced, float(sums[2]) * c0 * volume)

    def _check_step(self, done: dict[str, float], gained: float, displaced: float, salt: float) -> None:
        solver, ledger = self.solver, self.solver.ledger
        imbalances = [abs(salt - done["entered"] + displaced) / ledger.salt_start]
        charge = abs(done["charge"])
        if charge > 0.0:
            imbalances.append(abs(done["charge"] - done["reacted"]) / charge)
            if solver.problem.interface.motion == "moving":
                # Below the resolution of double precision in the cells' fractions a ratio means nothing.
                smallest = 1e-6 * ledger.absolute_charge + 1e7 * np.finfo(float).eps * ledger.metal_start * FARADAY
                imbalances.append(abs(gained * FARADAY - done["charge"]) / max(charge, smallest))
        worst = max(imbalances)
        ledger.worst_step = max(ledger.worst_step, worst)
        if not worst <= IMBALANCE_LIMIT:
            raise SolverFailure(
                f"the balances of one step differ by {worst:.1e}",
                field="balance",
                place=None,
                time=solver.time,
                remedy="tighten numerics.newton_tolerance",
            )

    def _commit(self, xi: np.ndarray, gain: np.ndarray) -> None:
        solver, scheme = self.solver, self.scheme
        solver.older = solver.old.C if solver.old is not None else None
        solver.old, solver.xi_old = solver.state, solver.xi
        solver.state, solver.xi, solver.gain = self.state, xi, gain
        solver._steps = [*solver._steps[-1:], scheme.step]
        solver.time += scheme.step
        solver.limited = self.limited
        assert self.solution is not None
        solver._expected = min(max(self.solution.first_update, 1e-9), 1.0)
        numerics = solver.problem.numerics
        step = next_step(scheme.step, self.error, numerics.time_tolerance, self.power)
        if solver.problem.interface.motion == "moving" and self.velocity > 0.0:
            step = min(step, numerics.front_motion * solver.system.finest / self.velocity)
        solver._next_step = min(step, numerics.largest_step)


def _extrapolate(now: np.ndarray, old: np.ndarray, ratio: float) -> np.ndarray:
    """Metal at the end of a step, linear in time in ln(xi/(1 - xi)) where both states have a surface."""
    a, b = np.clip(now, 1e-12, 1.0 - 1e-12), np.clip(old, 1e-12, 1.0 - 1e-12)
    moved = np.abs(now - old) > 1e-13
    a, b = a[moved], b[moved]
    grown = (a / (1.0 - a)) * ((a * (1.0 - b)) / (b * (1.0 - a))) ** ratio
    guess = now.copy()
    guess[moved] = grown / (1.0 + grown)
    return guess
