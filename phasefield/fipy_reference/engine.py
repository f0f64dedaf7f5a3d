"""The FiPy reference as an engine that the runner can drive: adaptive steps, control, ledger, restart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from ramify.phasefield.engine import FIELDS, Control, Ledger, SolverFailure, StepReport
from ramify.phasefield.fipy_reference.booking import Bookkeeper, salt_displaced
from ramify.phasefield.fipy_reference.electrons import Electrons
from ramify.phasefield.fipy_reference.front import Front
from ramify.phasefield.fipy_reference.kinetics import Surface
from ramify.phasefield.fipy_reference.library import Suite, load_fipy
from ramify.phasefield.fipy_reference.mesh import EMPTY, ReferenceMesh
from ramify.phasefield.fipy_reference.stage import Stage, StageSolver, State, Unconverged
from ramify.phasefield.fipy_reference.transport import Transport
from ramify.phasefield.kernels.openings import open_cells
from ramify.phasefield.problem import ContactAngles, PlatingProblem
from ramify.physics.interface import equilibrium_profile

SAVED_VERSION = 1


@dataclass(frozen=True)
class Tableau:
    """Diagonally implicit Runge-Kutta method whose last stage is the step's result."""

    order: int
    diagonal: float
    weights: tuple[float, ...]
    """Of the stages in the step; stage i starts from the sum over the stages before it."""


_GAMMA = 1.0 - 0.5**0.5
TABLEAUX = {1: Tableau(1, 1.0, (1.0,)), 2: Tableau(2, _GAMMA, (1.0 - _GAMMA, _GAMMA))}
"""Backward Euler, and Alexander's L-stable method of second order (SIAM J. Numer. Anal. 14 (1977) 1006)."""


class FiPyEngine:
    """Plating through FiPy on one process: 1-D, 2-D and small 3-D uniform grids; see the package for the equations.

    Parameters
    ----------
    problem : PlatingProblem
        Ohmic electrons and a counter electrode with Butler-Volmer kinetics are refused with ValueError.
    suite : {'scipy', 'petsc'}
        Linear solvers that FiPy is imported with, if it is not imported yet.

    Raises RuntimeError on several MPI ranks, and where FiPy is missing.
    """

    def __init__(self, problem: PlatingProblem, suite: Suite = "scipy") -> None:
        _refuse(problem)
        fipy = load_fipy(suite)
        self.problem = problem
        self._mesh = mesh = ReferenceMesh(problem.domain, fipy)
        self._opening = self._sample_opening()
        geometry = problem.geometry
        activity = np.ones_like(self._opening) if geometry.activity is None else mesh.sample(geometry.activity)
        self._electrons = Electrons(problem, mesh, self._opening)
        transport, front = Transport(problem, mesh, fipy), Front(problem, mesh, self._opening, fipy)
        self._solver = StageSolver(problem, mesh, (transport, front, Surface(problem, activity), self._electrons))
        self._books = Bookkeeper(problem, mesh, self._opening)
        xi = equilibrium_profile(mesh.sample(geometry.metal_distance), problem.interface.width)
        xi = np.where(self._opening >= EMPTY, xi, 0.0)
        parameter = 0.0
        self._state = State(np.zeros_like(xi), np.full_like(xi, problem.initial_concentration), xi, parameter)
        self._eps = self._solver.electrolyte_fraction(xi)
        self._source: np.ndarray = np.zeros_like(xi)
        self._electrons.connect(xi)
        self.ledger: Ledger = self._books.open(xi, self._eps, self._state.c)
        self.time = 0.0
        self._control = Control("current", 0.0)
        self._limited = False
        self._voltage = 0.0
        self._step = self._first_step()

    def set_control(self, control: Control) -> None:
        """Switch the cycler; the step size starts afresh."""
        self._control, self._limited = control, False
        self._step = self._first_step()

    def step(self, until: float) -> StepReport:
        """One accepted step that ends at or before `until` [s]; raises SolverFailure."""
        if until <= self.time:
            raise ValueError(f"a step must end after the present time: {until} s is not after {self.time} s")
        numerics, rejected = self.problem.numerics, 0
        self._electrons.connect(self._state.xi)
        potentials = self._electrons.potential.copy()
        while True:
            remaining = until - self.time
            dt = min(self._step, numerics.largest_step)
            last = dt >= remaining * (1.0 - 1e-12)
            dt = remaining if last else (0.5 * remaining if 2.0 * dt > remaining else dt)
            failure: Unconverged | None = None
            try:
                stages = self._advance(dt)
                factor = self._acceptable(stages, dt)
            except Unconverged as error:
                failure, factor = error, 0.25
            if failure is None and factor >= 1.0 / 1.2:
                break
            rejected += 1
            self._electrons.potential = potentials.copy()
            self._step = dt * max(min(factor, 0.7), 0.1)
            if self._step < numerics.smallest_step:
                raise self._give_up(failure)
        return self._accept(stages, dt, until if last else self.time + dt, factor, rejected)

    def gather(self, name: str) -> np.ndarray | None:
        """A field of `FIELDS` as (nz, ny, nx); potentials such that phi_l is zero at the counter electrode."""
        if name not in FIELDS:
            raise KeyError(f"field {name!r} is not one of {', '.join(FIELDS)}")
        return self._mesh.block(self._field(name)).copy()

    def measure(self) -> dict[str, float]:
        """The `measures` of the state before the first step."""
        return self._books.shape(self._state.xi, self._electrons.owner)

    def save(self) -> dict[str, Any]:
        """State for a bitwise restart: cell arrays [z, y, x] and plain numbers."""
        state, block = self._state, self._mesh.block
        arrays = {"xi": state.xi, "c": state.c, "phi": state.phi, "phi_s": self._electrons.potential, "s": self._source}
        return {name: block(array).copy() for name, array in arrays.items()} | {
            "version": SAVED_VERSION,
            "engine": "fipy",
            "time": self.time,
            "next_step": self._step,
            "parameter": state.parameter,
            "limited": self._limited,
            "voltage": self._voltage,
            "control": asdict(self._control),
            "ledger": asdict(self.ledger),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned; ValueError where it belongs to another engine, version or grid."""
        if saved.get("engine") != "fipy" or saved.get("version") != SAVED_VERSION:
            raise ValueError("the saved state is not one of this version of engine fipy")
        if np.shape(saved["xi"]) != self._mesh.shape:
            raise ValueError(f"the saved grid {np.shape(saved['xi'])} is not this run's {self._mesh.shape} (z, y, x)")
        flat: dict[str, np.ndarray] = {
            name: np.array(saved[name], dtype=np.float64).ravel() for name in ("xi", "c", "phi", "phi_s", "s")
        }
        self._state = State(flat["phi"], flat["c"], flat["xi"], float(saved["parameter"]))
        self._electrons.connect(flat["xi"])
        self._electrons.potential, self._source = flat["phi_s"], flat["s"]
        self._eps = self._solver.electrolyte_fraction(flat["xi"])
        self.time, self._step = float(saved["time"]), float(saved["next_step"])
        self._limited, self._voltage = bool(saved["limited"]), float(saved["voltage"])
        self._control = Control(**saved["control"])
        self.ledger = Ledger(**saved["ledger"])

    def _sample_opening(self) -> np.ndarray:
        """1 - psi per cell, from the signed distance at the corners, as in the other engine."""
        host, opening = self.problem.geometry.host_distance, np.ones(self._mesh.shape)
        if host is not None:
            open_cells(np.ascontiguousarray(host(*self._mesh.corners()), dtype=np.float64), opening)
        return opening.ravel()

    def _first_step(self) -> float:
        numerics = self.problem.numerics
        diffusion = float(self.problem.electrolyte.diffusivity(self.problem.initial_concentration))
        own = 0.1 * self._mesh.smallest_edge**2 / diffusion
        return min(numerics.first_step if numerics.first_step is not None else own, numerics.largest_step)

    def _advance(self, dt: float) -> list[tuple[float, Stage]]:
        """The weighted stages of a step under the control in force, the voltage limit included."""
        limit = self._control.voltage_limit
        if self._control.mode == "voltage" or limit is None or self._control.value == 0.0:
            return self._stages(dt, self._control)
        held = Control("voltage", -float(np.sign(self._control.value)) * limit)
        free = self._control.value
        if not self._limited:
            try:
                stages = self._stages(dt, self._control)
                if abs(stages[-1][1].voltage) <= limit:
                    return stages
            except Unconverged:
                pass  # no potential carries this current any more: the limit has to
        stages = self._stages(dt, held)
        if self._limited and stages[-1][1].current_density * np.sign(free) > abs(free):
            self._limited = False
            return self._stages(dt, self._control)
        self._limited = True
        return stages

    def _stages(self, dt: float, control: Control) -> list[tuple[float, Stage]]:
        tableau = TABLEAUX[self.problem.numerics.order]
        stages: list[tuple[float, Stage]] = []
        base = guess = self._state
        own = tableau.diagonal * dt
        for weight in tableau.weights:
            found = self._solver.solve(base, guess, control, own)
            stages.append((weight, found))
            share = weight / tableau.diagonal
            guess = found.state
            base = State(
                guess.phi,
                self._state.c + share * (guess.c - self._state.c),
                self._state.xi + share * (guess.xi - self._state.xi),
                guess.parameter,
            )
        return stages

    def _rates(self, stages: list[tuple[float, Stage]], dt: float) -> list[np.ndarray]:
        """dc/dt of each stage, from the stages' own equations (c - base)/(a dt)."""
        tableau = TABLEAUX[self.problem.numerics.order]
        rates: list[np.ndarray] = []
        base = self._state.c
        for weight, stage in stages:
            rate = (stage.state.c - base) / (tableau.diagonal * dt)
            rates.append(rate)
            base = base + weight * dt * rate
        return rates

    def _acceptable(self, stages: list[tuple[float, Stage]], dt: float) -> float:
        """Factor on the step size by the limits on error and front motion; below one the step was too large."""
        numerics, interface = self.problem.numerics, self.problem.interface
        final = stages[-1][1]
        speed = max(stage.largest_speed for _, stage in stages)
        factor = 2.0
        if interface.motion == "moving":
            moved = speed * dt / (numerics.front_motion * self._mesh.smallest_edge)
            relaxed = 0.0 if interface.mobility is None else interface.mobility * dt / (2.0 * interface.width**2)
            factor = min(factor, 1.0 / max(moved, relaxed, 1e-12))
        rates = self._rates(stages, dt)
        electrolyte = final.eps > 1e-2
        if len(rates) == 2 and np.any(electrolyte):
            change = np.abs(stages[-1][0] * dt * (rates[1] - rates[0]))[electrolyte]
            error = float(np.max(change)) / (numerics.time_tolerance * self.problem.initial_concentration)
            factor = min(factor, 0.9 / max(error, 1e-12) ** 0.5)
        elif np.any(electrolyte):
            change = np.abs(final.state.c - self._state.c)[electrolyte]
            error = float(np.max(change)) / (10.0 * numerics.time_tolerance * self.problem.initial_concentration)
            factor = min(factor, 0.9 / max(error, 1e-12))
        return factor

    def _accept(
        self, stages: list[tuple[float, Stage]], dt: float, time: float, factor: float, rejected: int
    ) -> StepReport:
        final = stages[-1][1]
        rates = self._rates(stages, dt)
        stored = dt * sum(weight * stage.eps * rate for (weight, stage), rate in zip(stages, rates, strict=True))
        entered = dt * sum(weight * stage.salt_rate for weight, stage in stages)
        xi, c = final.state.xi, final.state.c
        eps = self._solver.electrolyte_fraction(xi)
        displaced = salt_displaced(self._mesh, (self._eps, self._state.c), (eps, c), np.asarray(stored))
        # What the linear solver left of the salt balance goes into the electrolyte, spread evenly.
        miss = entered - self._mesh.total(np.asarray(stored))
        c = np.where(eps >= EMPTY, c + miss / self._mesh.total(eps), c)
        self.ledger.largest_correction = max(self.ledger.largest_correction, abs(miss) / self.ledger.salt_start)
        held = self._limited or self._control.mode == "voltage"
        imposed = None if held else self._control.value
        salt = self._mesh.total(eps * c)
        self._books.book(self.ledger, dt, stages, imposed, entered, displaced, xi, salt)
        self._state = State(final.state.phi, c, xi, final.state.parameter)
        self._eps, self._source, self.time = eps, final.source, time
        self._step = max(self._step, dt) if factor >= 2.0 and dt < self._step else dt * min(factor, 2.0)
        self._electrons.potential, self._voltage = final.phi_s, final.voltage
        return StepReport(
            time=time,
            step=dt,
            current_density=final.current_density,
            voltage=final.voltage,
            limited=self._limited,
            newton_iterations=sum(stage.sweeps for _, stage in stages),
            krylov_iterations=0,
            rejected=rejected,
            minimum_concentration=float(np.min(c[eps > 1e-2], initial=np.inf)),
            surface_concentration=final.surface_concentration,
            measures=self._books.shape(xi, self._electrons.owner),
            profile=self._books.profile(xi),
        )

    def _field(self, name: str) -> np.ndarray:
        if name == "phi_l":
            electrolyte, kinetics = self.problem.electrolyte, self.problem.kinetics
            ratio = np.maximum(self._state.c, 1e-300) / kinetics.reference_concentration
            return np.asarray(self._state.phi + electrolyte.thermal_voltage * np.log(ratio) + self._voltage)
        fields = {
            "xi": self._state.xi,
            "psi": 1.0 - self._opening,
            "c": self._state.c,
            "phi_s": self._electrons.potential + self._voltage,
            "s": self._source,
        }
        return fields[name]

    def _give_up(self, failure: Unconverged | None) -> SolverFailure:
        name, index = (failure.field, failure.cell) if failure is not None else ("c", int(np.argmin(self._state.c)))
        k, j, i = (int(n) for n in np.unravel_index(index, self._mesh.shape))
        hx, hy, hz = self.problem.domain.spacing
        lowest = float(np.min(self._state.c[self._eps > 1e-2], initial=np.inf))
        depleted = lowest < 0.1 * self.problem.initial_concentration
        return SolverFailure(
            f"{name} found no solution with steps down to {self.problem.numerics.smallest_step:g} s"
            + (f"; the salt is depleted ({lowest:.3g} mol/m3)" if depleted else ""),
            field=name,
            place=((i + 0.5) * hx, (j + 0.5) * hy, (k + 0.5) * hz),
            time=self.time,
            remedy="set a voltage limit: beyond Sand's time no potential carries the current"
            if depleted
            else "refine the grid across the interface or lower the current",
        )


def _refuse(problem: PlatingProblem) -> None:
    """Say what the reference does not do."""
    choices: list[tuple[str, str, Literal["equipotential", "uniform"]]] = [
        ("electrons.transport", problem.electrons.transport, "equipotential"),
        ("counter.kinetics", problem.counter.kinetics, "uniform"),
    ]
    for key, value, allowed in choices:
        if value != allowed:
            raise ValueError(f"{key} = {value!r} is not offered by engine fipy ({allowed!r} is): use engine petsc")
    if problem.contact_angles != ContactAngles():
        raise ValueError("contact angles other than 90 degrees are not offered by engine fipy: use engine petsc")
    if problem.metal.valence != 1:
        raise ValueError(f"metal {problem.metal.name!r} has valence {problem.metal.valence}; the plating model takes 1")
    if problem.domain.cells[2] < 2:
        raise ValueError(f"domain.cells = {problem.domain.cells}: the z axis needs at least two cells")
