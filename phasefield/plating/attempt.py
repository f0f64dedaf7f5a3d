"""One attempted time step: predict, solve, judge; and what happens when it is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ramify.phasefield.engine import StepReport
from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels import stepping
from ramify.phasefield.kernels.surface import largest_overdraw
from ramify.phasefield.plating.books import book, project
from ramify.phasefield.plating.counter import CounterCovered
from ramify.phasefield.plating.newton import LARGEST_POTENTIAL_STEP
from ramify.phasefield.plating.state import History, Solution, Target, Unknowns
from ramify.phasefield.plating.timescheme import Scheme, error_weights, longest_stable, next_step
from ramify.phasefield.surface_salt import cells_near_surface, smallest_across_surface
from ramify.physics.butler_volmer import surface_concentration
from ramify.physics.cell import bump_growth_rate
from ramify.physics.constants import FARADAY

if TYPE_CHECKING:
    from ramify.phasefield.plating.solver import PlatingSolver

EXHAUSTED = 0.02
"""Reaction weight that no cell reaches any more when the metal in contact is used up: metal fractions below 0.04."""
LARGEST_OVERDRAW = 2e-3
"""A step may take the metal fraction of a cell this far below zero or above one before it is repeated."""
MOTION_SLACK = 1.4
"""A step may move the front by this much more than asked before it is repeated."""


class Attempt:
    """One attempted step; the solver's state changes in `accept` alone."""

    def __init__(self, solver: PlatingSolver, step: float) -> None:
        self.solver = solver
        before = solver.steps[-1] if solver.steps else None
        self.scheme = Scheme.of(step, before, solver.problem.numerics.order)
        self.solution: Solution | None = None
        self.state = solver.state
        self.limited = False
        self.newton = self.krylov = 0
        self.error, self.power, self.velocity = 0.0, 2, 0.0
        self.relaxation = 0.0
        """Front velocity per curvature that surface energy gives the finest ripple [m^2/s]."""

    def run(self) -> float | None:
        """Solve; None when the step is good, otherwise the next one to try."""
        solver, step = self.solver, self.scheme.step
        islands = solver.system.islands
        kept = (islands.potentials.copy(), list(islands.seeds))
        try:
            shorter = self._solve()
        except CounterCovered as covered:
            self.solution, shorter = Solution(False, 0, 0, 0.0, str(covered), "xi"), 0.25 * step
        if shorter is not None:
            islands.restore(*kept)
            return shorter
        numerics = solver.problem.numerics
        self.velocity = self._front_velocity()
        if not np.isfinite(self.velocity):
            islands.restore(*kept)
            return 0.25 * step
        motion = self.velocity * step / solver.system.finest
        if solver.problem.interface.motion == "moving" and motion > MOTION_SLACK * numerics.front_motion:
            islands.restore(*kept)
            return max(0.2, 0.9 * numerics.front_motion / motion) * step
        if solver.problem.interface.motion == "moving" and self._overdraw() > LARGEST_OVERDRAW:
            islands.restore(*kept)
            return 0.5 * step
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
        # A limit can only take current away. More current at the limit means that the other solve failed for a
        # reason of its own: shorten the step.
        self.limited = True
        sound = self._attempt(held) and abs(self._density()) <= abs(control.value) * (1.0 + 1e-9)
        return None if sound else 0.25 * self.scheme.step

    def _attempt(self, target: Target) -> bool:
        self._predict()
        if target.mode == "current" and len(self.solver.steps) < 2:
            self.solver.newton.shift_potential(self.state, target.value)
        if target.mode == "voltage":
            self._follow_voltage(target.value)
        return self._newton(target)

    def _follow_voltage(self, wanted: float) -> None:
        """Shift the electrolyte's potential to a voltage that Newton's own bounded steps would take long to reach."""
        shift = (self._voltage() - wanted) * self.solver.table.thermal
        if abs(shift) > LARGEST_POTENTIAL_STEP:
            stepping.add_times(self.state.P, self.solver.system.geometry.active, shift)
            self.state.X += shift if self.solver.system.counter.kind == "butler_volmer" else 0.0

    def _density(self) -> float:
        """Mean current density of the state just solved [A/m^2]."""
        system = self.solver.system
        top = system.counter.evaluate(system.top_layer(self.state.C), system.top_layer(self.state.P), self.state.X)
        return system.counter.total_current(top) / system.counter.scaled_current(1.0)

    def _newton(self, target: Target) -> bool:
        solver = self.solver
        self.target = target
        mu = solver.system.finest**2 / (solver.table.diffusivity * self.scheme.beta * self.scheme.step)
        self.solution = solver.newton.solve(self.state, self.history, mu, target, solver.expected)
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
            self.xi_guess = np.empty_like(solver.xi)
            stepping.extrapolate_metal(solver.xi, solver.xi_old, scheme.ratio, self.xi_guess)
        if solver.nuclei is not None:
            solver.nuclei.ahead = scheme.step
        solver.system.set_geometry(self.xi_guess)
        if solver.crystal is not None:
            solver.system.activity = solver.crystal.face(self.xi_guess)
        if solver.curvature.size > 1 or solver.stress is not None:
            self._set_equilibrium()
        self.state = now.copy()
        self.history = History.of(now.C)
        self._extrapolate_state(old)
        self._fill_new_cells()

    def _extrapolate_state(self, old: Unknowns | None) -> None:
        """History of the time scheme, and a linear guess from the last two states."""
        solver, scheme, now = self.solver, self.scheme, self.solver.state
        if old is not None and scheme.ratio > 0.0:
            self.history = History(now.C, old.C, scheme.gamma)
            # Buried cells keep what they hold: a trend of theirs would run on without end.
            share, active = scheme.ratio, solver.system.geometry.active
            stepping.extend_active(now.C, old.C, active, share, self.state.C)
            stepping.keep_share(now.C, 0.3, self.state.C)
            # The potential jumps at a switch: what it was before says nothing of where it goes.
            if len(solver.steps) > 1:
                stepping.extend_active(now.P, old.P, active, share, self.state.P)
                self.state.X = now.X + share * (now.X - old.X)
                self.state.Q = now.Q + share * (now.Q - old.Q)

    def _fill_new_cells(self) -> None:
        """First guess in cells that stripping has given back to the electrolyte: the mean of solved neighbours.

        What they hold is from the time they were buried, a potential of another current. Their history stays: it
        is booked, and weighs next to nothing.
        """
        solver = self.solver
        solved, active = solver.solved, solver.system.geometry.active
        if solved is None:
            return
        cells = stepping.new_cells(active, solved)
        solver.grid.halo.exchange(self.state.C, self.state.P)
        if not len(cells):
            return
        k, j, i = np.unravel_index(cells, active.shape)
        total = np.zeros((2, len(cells)))
        count = np.zeros(len(cells))
        for dk, dj, di in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)):
            there = (k + dk, j + dj, i + di)
            known = solved[there]
            count += known
            total += known * np.stack([self.state.C[there], self.state.P[there]])
        fresh = count > 0.0
        place = (k[fresh], j[fresh], i[fresh])
        self.state.C[place], self.state.P[place] = total[:, fresh] / count[fresh]

    def _set_equilibrium(self) -> None:
        """f U of the curved surface (Gibbs-Thomson) under the pressure found last."""
        solver = self.solver
        metal = solver.problem.metal
        if solver.curvature.size > 1:
            solver.front.surface_curvature(self.xi_guess, solver.curvature)
        factor = -metal.molar_volume * metal.surface_energy / FARADAY * solver.table.thermal
        solver.system.equilibrium = factor * solver.curvature
        if solver.stress is not None:
            factor = -metal.molar_volume / FARADAY * solver.table.thermal
            solver.system.equilibrium = solver.system.equilibrium + factor * solver.stress.traction

    def _voltage(self) -> float:
        system, solver = self.solver.system, self.solver
        top = system.counter.evaluate(system.top_layer(self.state.C), system.top_layer(self.state.P), self.state.X)
        return -system.counter.mean_potential(top.potential) / solver.table.thermal

    def _front_velocity(self) -> float:
        """Largest normal velocity of the surface [m/s], from a fresh evaluation of the reaction; fills `speed`."""
        solver, system = self.solver, self.solver.system
        system.react(self.state)
        factor = solver.problem.metal.molar_volume / FARADAY / system.source_scale
        self.speed = solver.grid.zeros()
        width = solver.problem.interface.width
        largest, total = stepping.set_front_speed(
            system.source, system.geometry.weight, factor, 0.05 / width, self.speed
        )
        self.relaxation = self._relaxation(0.05 / width)
        sound = np.isfinite(solver.grid.sum(total))
        return solver.grid.max(largest) if sound else float("nan")

    def _relaxation(self, strong: float) -> float:
        """`relaxation` where the kinetics, in cells whose weight exceeds `strong` [1/m], is fastest."""
        solver, system, metal = self.solver, self.solver.system, self.solver.problem.metal
        k = solver.front.largest_wavenumber
        if metal.surface_energy == 0.0 or k == 0.0:
            return 0.0
        steepest = solver.grid.max(stepping.largest_ratio(system.by_p, system.geometry.weight, strong))
        conductance = steepest * solver.table.thermal / system.source_scale
        if not conductance > 0.0:
            return 0.0
        # Without a current a bump only decays.
        shape = (metal.molar_volume, metal.surface_energy)
        return -float(bump_growth_rate(k, 0.0, solver.table.conductivity, conductance, *shape)) / k**2

    def _overdraw(self) -> float:
        """How far the reaction of this step would take the metal fraction out of its bounds."""
        solver, scheme = self.solver, self.scheme
        metal_rate = solver.problem.metal.molar_volume / FARADAY / solver.system.source_scale
        factor = scheme.beta * scheme.step * metal_rate
        worst = largest_overdraw(solver.xi, solver.pore, solver.gain, scheme.gamma, solver.system.source, factor)
        return solver.grid.max(worst)

    def _estimate_error(self) -> None:
        solver, scheme = self.solver, self.scheme
        steps, states = [scheme.step], [self.state.C, solver.state.C]
        if solver.old is not None:
            steps.append(solver.steps[-1])
            states.append(solver.old.C)
            if solver.older is not None and len(solver.steps) > 1:
                steps.append(solver.steps[-2])
                states.append(solver.older)
        weights, self.power = error_weights(steps)
        new, now, old, older = [*states, states[-1], states[-1]][:4]
        error = stepping.largest_error((new, now, old, older), weights, solver.system.geometry.active, self.xi_guess)
        self.error = solver.grid.max(error if error >= 0.0 else float("nan"))

    # ------------------------------------------------------------------ acceptance

    def accept(self, rejected: int) -> StepReport:
        """Project, move the metal, book the step, make it the solver's state."""
        solver, scheme = self.solver, self.scheme
        inflow, salt_rate, correction = project(solver, self)
        surface = self._surface_concentration()
        removed = 0.0
        xi = solver.xi
        if solver.problem.interface.motion == "moving":
            rate, speed = solver.front.borrow()
            self._set_gain(scheme.step, rate)
            velocity = self._set_mean_speed(speed)
            # The guess has done its work, unless it is the metal before the step itself.
            room = self.xi_guess if self.xi_guess is not solver.xi else None
            solver.front.seeds = solver.nuclei.around.cell if solver.nuclei is not None else None
            driven = (solver.xi, rate, speed, scheme.step, velocity, self.relaxation)
            if solver.flow is None:
                xi, lost = solver.front.advance(*driven, room)
            else:
                xi, lost = solver.flow.advance(*driven, solver.time)
            removed = solver.grid.sum(lost) * solver.measures.volume / solver.problem.metal.molar_volume
        book(solver, self, xi, inflow, salt_rate, removed, correction)
        before = solver.xi
        self._commit(xi)
        if solver.nuclei is not None:
            solver.nuclei.advance(solver, xi, scheme.step)
            solver.next_step = solver.nuclei.longest_step(solver.next_step)
        if solver.stress is not None:
            solver.stress.follow(before, xi, scheme.step, solver.time)
        if solver.order is not None:
            solver.order.follow(before, xi, scheme.step)
        density = inflow / solver.system.counter.scaled_current(1.0)
        voltage = self._voltage()
        lowest = stepping.lowest_concentration(self.state.C, solver.system.geometry.active, xi)
        profile = solver.measures.profile(xi)
        return StepReport(
            time=solver.time,
            step=scheme.step,
            current_density=density,
            voltage=voltage,
            limited=self.limited,
            newton_iterations=self.newton,
            krylov_iterations=self.krylov,
            rejected=rejected,
            minimum_concentration=solver.grid.min(lowest) * solver.table.concentration,
            surface_concentration=surface,
            exhausted=self._exhausted(),
            short_circuit=solver.system.islands.short_circuit,
            measures=solver.read(xi, profile),
            profile=profile,
            sizes=solver.nuclei.sizes if solver.nuclei is not None else None,
        )

    def _exhausted(self) -> bool:
        """Whether nothing in contact reacts any more, nor may come to."""
        solver = self.solver
        if solver.nuclei is not None and solver.nuclei.pending:
            return False
        strongest = solver.grid.max(float(solver.system.geometry.weight[OWNED].max()))
        return strongest < EXHAUSTED / solver.problem.interface.width

    def _surface_concentration(self) -> float:
        """Smallest salt concentration at the sharp surface [mol/m^3]; infinite where nothing reacts."""
        solver, system, kinetics = self.solver, self.solver.system, self.solver.problem.kinetics
        cells = cells_near_surface(self.xi_guess, system.by_p)
        source, weight, metal, P, activity, rest = (
            a.reshape(-1)[cells] if a.size > 1 else a[0, 0, 0]
            for a in (
                system.source,
                system.geometry.weight,
                system.metal_potential,
                self.state.P,
                system.activity,
                system.equilibrium,
            )
        )
        f = solver.table.thermal
        (found,) = solver.grid.workspace.take((solver.grid.ghosted_shape, np.float64))
        found.fill(np.nan)
        found.reshape(-1)[cells] = surface_concentration(
            source / (system.source_scale * weight),
            metal / f,
            P / f,
            rest / f,
            kinetics.exchange_current_density * activity,
            kinetics.reference_concentration,
            kinetics.alpha_a,
            kinetics.alpha_c,
            f,
            kinetics.film_resistance,
        )
        solver.grid.halo.exchange(found)
        return solver.grid.min(smallest_across_surface(self.xi_guess, found))

    def _set_gain(self, duration: float, gain: np.ndarray) -> None:
        """Metal fraction that the step adds to the owned cells, over a duration."""
        solver, scheme = self.solver, self.scheme
        metal_rate = solver.problem.metal.molar_volume / FARADAY / solver.system.source_scale
        factor = scheme.beta * scheme.step * metal_rate
        stepping.set_gain(solver.gain, scheme.gamma, solver.system.source, factor, solver.pore, duration, gain)

    def _set_mean_speed(self, mean: np.ndarray) -> float:
        """Front velocity of the cells in the middle of the step into `mean`, ghosts filled; returns the largest one."""
        solver = self.solver
        solver.grid.halo.exchange(self.speed)
        if solver.speed is None or self.scheme.gamma == 0.0:
            np.copyto(mean, self.speed)
            return self.velocity
        stepping.mean_where_both(self.speed, solver.speed, mean)
        return 0.5 * (self.velocity + solver.velocity)

    def _commit(self, xi: np.ndarray) -> None:
        solver, scheme = self.solver, self.scheme
        active = solver.system.geometry.active
        if solver.solved is not None:
            # Potentials of cells that have just come back say nothing of a trend: none is extrapolated from them.
            stepping.copy_where_new(active, solver.solved, self.state.P, solver.state.P)
        solver.older = solver.old.C if solver.old is not None else None
        solver.old, solver.xi_old = solver.state, solver.xi
        solver.state, solver.xi = self.state, xi
        self._set_gain(1.0, solver.gain)
        solver.steps = [*solver.steps[-1:], scheme.step]
        solver.time += scheme.step
        solver.limited = self.limited
        solver.solved = active.copy()
        solver.speed, solver.velocity = self.speed, self.velocity
        assert self.solution is not None
        solver.expected = min(max(self.solution.first_update, 1e-9), 1.0)
        numerics = solver.problem.numerics
        step = next_step(scheme.step, self.error, numerics.time_tolerance, self.power)
        if solver.problem.interface.motion == "moving":
            if self.velocity > 0.0:
                step = min(step, numerics.front_motion * solver.system.finest / self.velocity)
            step = min(step, longest_stable(self.relaxation, solver.front.largest_wavenumber))
            if solver.flow is not None and solver.flow.speed > 0.0:
                step = min(step, numerics.front_motion * solver.system.finest / solver.flow.speed)
        solver.next_step = min(step, numerics.largest_step)
