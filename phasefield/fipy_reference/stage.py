"""One implicit stage: the five equations swept to convergence at one time level.

A stage finds (phi, c, xi, phi_s) with  (y - base)/dt = rate(y)  for y = (c, xi), under the cycler's control: the
counter-electrode parameter (transport) is either what is imposed, or is solved for along with the fields. A linear
solve is affine in it, so that two solves and a secant give the Newton step of the whole system.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.fipy_reference.electrons import Electrons
from ramify.phasefield.fipy_reference.front import Front
from ramify.phasefield.fipy_reference.kinetics import Reaction, Surface
from ramify.phasefield.fipy_reference.mesh import EMPTY, ReferenceMesh
from ramify.phasefield.fipy_reference.transport import Solution, Transport
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.constants import FARADAY

LARGEST_POTENTIAL_CHANGE = 0.2
"""Of one Newton step [V]."""
SWEEPS = 40


class Unconverged(RuntimeError):
    """A stage without a solution within the allowed sweeps; `field` did not settle, `cell` moved most."""

    def __init__(self, field: str, cell: int) -> None:
        super().__init__(f"{field} did not converge")
        self.field, self.cell = field, cell


@dataclass(frozen=True)
class State:
    """Fields per cell, and the counter-electrode parameter that went with them."""

    phi: np.ndarray
    c: np.ndarray
    xi: np.ndarray
    parameter: float


@dataclass(frozen=True)
class Stage:
    """A solved stage."""

    state: State
    source: np.ndarray
    """S [A/m^3], its integral equal to the imposed current."""
    phi_s: np.ndarray
    eps: np.ndarray
    current_density: float
    """Integral of S over the cross-section [A/m^2]."""
    voltage: float
    salt_rate: float
    """Salt entering through the counter face less what the reaction takes [mol/s]."""
    correction: float
    """Relative change that made the integral of S the imposed current exactly."""
    largest_speed: float
    sweeps: int
    surface_concentration: float
    """Smallest one at the sharp surface [mol/m^3]."""


class StageSolver:
    """Sweeps of the five equations; it keeps no memory between stages but FiPy's variables."""

    def __init__(
        self,
        problem: PlatingProblem,
        mesh: ReferenceMesh,
        parts: tuple[Transport, Front, Surface, Electrons],
    ) -> None:
        self._problem, self._mesh = problem, mesh
        self._transport, self._front, self._surface, self._electrons = parts
        self._moving = problem.interface.motion == "moving"
        self._curved = problem.metal.surface_energy > 0.0 and problem.domain.dimension > 1
        self._thermal = problem.electrolyte.thermal_voltage

    def electrolyte_fraction(self, xi: np.ndarray) -> np.ndarray:
        """Electrolyte fraction eps = (1-psi)(1-xi), never negative."""
        return np.asarray(self._front.opening * np.clip(1.0 - xi, 0.0, 1.0))

    def solve(self, base: State, guess: State, control: Control, dt: float) -> Stage:
        """The stage that starts from `base` (c, xi) after `dt`; raises Unconverged."""
        now, field, cell = guess, "phi", 0
        if control.mode == "current" and not self._transport.reservoir:
            now = replace(now, parameter=control.value)
        if control.mode == "voltage" and self._transport.reservoir:
            now = replace(now, parameter=self._reservoir_potential(control.value))
        for sweep in range(1, SWEEPS + 1):
            previous = now
            weight, eps = self._geometry(now.xi)
            curvature = self._front.curvature(now.xi) if self._curved else np.zeros_like(now.xi)
            reaction = self._react(weight, now, curvature)
            self._transport.linearise(now.phi, now.c, eps, reaction, dt)
            now, whole = self._newton(now, base, reaction, control, dt)
            reaction = self._react(weight, now, curvature)
            island = self._electrons.float_islands(reaction.source, reaction.by_potential)
            source, correction = self._exact_current(reaction, control)
            speed = self._speed(weight, reaction)
            if self._moving:
                velocity = np.where(weight > 0.0, self._front.speed_per_current * reaction.current_density, 0.0)
                moved = self._front.solve(base.xi, now.xi, source, velocity, speed, dt)
                now = replace(now, xi=moved)
            field, cell, error = self._changes(previous, now, eps)
            if whole and max(error, island / self._thermal) < self._problem.numerics.newton_tolerance:
                lowest = self._surface.surface_concentration(
                    now.xi, reaction, self._electrons.potential, now.phi, curvature
                )
                return self._finish(now, source, correction, speed, sweep, eps, lowest)
            if not np.isfinite(error):
                break
        raise Unconverged(field, cell)

    def _geometry(self, xi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        eps = self.electrolyte_fraction(xi)
        weight = self._surface.weight(xi, self._front.opening)
        weight[(eps < EMPTY) | ~self._electrons.reacting()] = 0.0
        return weight, eps

    def _react(self, weight: np.ndarray, now: State, curvature: np.ndarray) -> Reaction:
        return self._surface.react(weight, self._electrons.potential, now.phi, now.c, curvature)

    def _reservoir_potential(self, voltage: float) -> float:
        ratio = self._problem.initial_concentration / self._problem.kinetics.reference_concentration
        return -voltage - self._thermal * float(np.log(ratio))

    def _newton(self, now: State, base: State, reaction: Reaction, control: Control, dt: float) -> tuple[State, bool]:
        """One damped Newton step; the second value tells whether it was a whole one."""
        imposed = (control.mode == "current") != self._transport.reservoir
        step = self._transport.solve(now.parameter, base.c, dt)
        if not imposed:
            step = self._meet_control(step, now, base, reaction, control, dt)
        change_phi, change_c = step.phi - now.phi, step.c - now.c
        largest = float(np.max(np.abs(change_phi)))
        damping = min(1.0, LARGEST_POTENTIAL_CHANGE / max(largest, 1e-300))
        falling = change_c < 0.0
        if np.any(falling):
            damping = min(damping, float(np.min(0.9 * now.c[falling] / -change_c[falling])))
        parameter = now.parameter + damping * (step.parameter - now.parameter)
        state = State(now.phi + damping * change_phi, now.c + damping * change_c, now.xi, parameter)
        return state, damping == 1.0

    def _meet_control(
        self, first: Solution, now: State, base: State, reaction: Reaction, control: Control, dt: float
    ) -> Solution:
        """The combination of two linear solves that meets the control, to first order."""
        nudge = 1e-2 if self._transport.reservoir else 1e-3 * abs(now.parameter) + 1e-2
        second = self._transport.solve(now.parameter + nudge, base.c, dt)
        misses = [self._miss(found, now, reaction, control) for found in (first, second)]
        slope = misses[1] - misses[0]
        along = -misses[0] / slope if slope != 0.0 else 0.0
        return Solution(
            first.phi + along * (second.phi - first.phi),
            first.c + along * (second.c - first.c),
            first.parameter + along * nudge,
        )

    def _miss(self, found: Solution, now: State, reaction: Reaction, control: Control) -> float:
        if control.mode == "voltage":
            return -self._transport.face_potential(found.parameter, found.phi, found.c) - control.value
        linear = (
            reaction.source
            + reaction.by_potential * (found.phi - now.phi)
            + reaction.by_concentration * (found.c - now.c)
        )
        return self._mesh.total(linear) / self._problem.domain.cross_section - control.value

    def _exact_current(self, reaction: Reaction, control: Control) -> tuple[np.ndarray, float]:
        """S shifted along its own conductance so that its integral is the imposed current to round-off."""
        if control.mode == "voltage":
            return reaction.source, 0.0
        area = self._problem.domain.cross_section
        missing = control.value * area - self._mesh.total(reaction.source)
        conductance = self._mesh.total(reaction.by_potential)
        if conductance <= 0.0:
            raise Unconverged("phi", 0)
        scale = max(abs(control.value) * area, self._mesh.total(np.abs(reaction.source)), 1e-300)
        return reaction.source + missing / conductance * reaction.by_potential, abs(missing) / scale

    def _speed(self, weight: np.ndarray, reaction: Reaction) -> float:
        """Fastest front velocity [m/s], where the surface is more than a tail."""
        there = weight * self._problem.interface.width > 0.1
        if not np.any(there):
            return 0.0
        return self._front.speed_per_current * float(np.max(np.abs(reaction.current_density[there])))

    def _changes(self, before: State, after: State, eps: np.ndarray) -> tuple[str, int, float]:
        """Field, cell and size of the largest scaled change of a sweep."""
        changes = {
            "phi": np.abs(after.phi - before.phi) / self._thermal,
            "c": np.abs(after.c - before.c) / self._problem.initial_concentration,
            "xi": np.abs(after.xi - before.xi),
        }
        changes["phi"][eps < 1e-3] = 0.0  # next to full cells of metal the potential means nothing to the cell
        name = max(changes, key=lambda key: float(np.max(changes[key])))
        return name, int(np.argmax(changes[name])), float(np.max(changes[name]))

    def _finish(
        self,
        now: State,
        source: np.ndarray,
        correction: float,
        speed: float,
        sweeps: int,
        eps: np.ndarray,
        lowest: float,
    ) -> Stage:
        reacted = self._mesh.total(source)
        entering = self._transport.entering(now.parameter, now.phi, now.c)
        salt = self._mesh.total(entering.salt) - (1.0 - self._transport.t_ref) * reacted / FARADAY
        return Stage(
            state=now,
            source=source,
            phi_s=self._electrons.potential.copy(),
            eps=eps,
            current_density=reacted / self._problem.domain.cross_section,
            voltage=-self._transport.face_potential(now.parameter, now.phi, now.c),
            salt_rate=salt,
            correction=correction,
            largest_speed=speed,
            sweeps=sweeps,
            surface_concentration=lowest,
        )
