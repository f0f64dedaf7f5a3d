"""The engine of a planar electrode: what the runner drives (`phasefield.engine.Engine`), on one process.

A step under a held current is tried; where it would pass a voltage limit or empty the contact, the end of the step is
moved to the moment at which it does, so that a cut-off is met in time and not only to the length of a step. Where the
limit is passed from the start, the voltage is held at it. Areal quantities refer to one square metre.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ramify.alloy.alloy_electrode import AlloyElectrode
from ramify.alloy.attempt import ORDER, Attempt, Drive, Electrode
from ramify.alloy.lithium_electrode import LithiumElectrode
from ramify.alloy.problem import Alloy, ElectrodeProblem
from ramify.phasefield.engine import Control, Ledger, SolverFailure, StepReport
from ramify.physics.constants import FARADAY

SAFETY, SLOWEST, FASTEST = 0.9, 0.2, 3.0
"""Of the step control."""
CLOSE = 1e-10
"""How closely the moment of a cut-off is found, relative to the step."""
ON_THE_LIMIT = 1e-6
"""Share of a step to the cut-off below which the limit holds already."""
SMALL_STEP = 1e-6
"""Share of all lithium that imbalances of a step are measured by where it moves less: below it is round-off."""


class ElectrodeEngine:
    """A planar electrode that the runner can drive."""

    def __init__(self, problem: ElectrodeProblem) -> None:
        self.problem = problem
        self.electrode: Electrode = (
            AlloyElectrode(problem) if isinstance(problem.metal, Alloy) else LithiumElectrode(problem)
        )
        self.time = 0.0
        self.state = self.electrode.start()
        amount = self.electrode.lithium(self.state)
        self.ledger = Ledger(metal_start=amount, metal=amount)
        self._control = Control("current", 0.0)
        self._step: float | None = None
        self._current = 0.0

    def set_control(self, control: Control) -> None:
        """Switch the cycler; the next step is a short one."""
        self._control, self._step = control, None
        self._current = control.value if control.mode == "current" else 0.0
        if control.mode == "current":
            self.state = self.electrode.enter(self.state, control.value)

    # ------------------------------------------------------------------ one step

    def step(self, until: float) -> StepReport:
        """Take one accepted step that ends at or before `until`; raises SolverFailure."""
        step, rejected = self._length(until), 0
        while True:
            attempt, taken, limited = self._attempt(step, rejected)
            if attempt.converged and attempt.error <= 1.0 and np.all(np.isfinite(attempt.state)):
                return self._accept(attempt, taken, limited, until, rejected)
            rejected += 1
            shrink = SAFETY * attempt.error ** (-1.0 / ORDER) if attempt.converged else 0.0
            step = taken * max(SLOWEST, min(shrink, SAFETY)) if math.isfinite(shrink) else taken * SLOWEST
            if step < self.problem.numerics.smallest_step:
                raise self._failure("the step has become too small")

    def _length(self, until: float) -> float:
        """Length of the next step [s]: two equal ones rather than a long and a tiny one before `until`."""
        numerics, left = self.problem.numerics, until - self.time
        if self._step is None:
            first = numerics.first_step or self.electrode.first_step(self.state)
            self._step = max(first, numerics.smallest_step)
        step = min(self._step, numerics.largest_step)
        if step >= left:
            return left
        return 0.5 * left if 2.0 * step > left else step

    def _attempt(self, step: float, rejected: int) -> tuple[Attempt, float, bool]:
        """The attempt, the step it took, and whether the voltage limit ended or held it."""
        control, electrode = self._control, self.electrode
        if control.mode == "voltage":
            return electrode.attempt(self.state, step, Drive(0.0, control.value)), step, False
        current = control.value
        limit = math.inf if control.voltage_limit is None else control.voltage_limit
        attempt = electrode.attempt(self.state, step, Drive(current))
        if current == 0.0 or (attempt.converged and electrode.margin(attempt.state, current, limit) >= 0.0):
            return attempt, step, False
        if electrode.margin(self.state, current, limit) > 0.0:
            if not attempt.converged:
                return attempt, step, False
            within, taken = self._cut_off(step, current, limit)
            if within is not None and taken > ON_THE_LIMIT * step:
                return within, taken, math.isfinite(limit)
        if math.isinf(limit):
            raise self._failure("the contact has no lithium left, and no voltage limit takes over")
        return electrode.attempt(self.state, step, Drive(current, -math.copysign(limit, current))), step, True

    def _cut_off(self, step: float, current: float, limit: float) -> tuple[Attempt | None, float]:
        """The longest step within the margin, by halving; None where there is none."""
        electrode, low, high = self.electrode, 0.0, step
        within: Attempt | None = None
        while high - low > CLOSE * high and high > ON_THE_LIMIT * step:
            middle = 0.5 * (low + high)
            attempt = electrode.attempt(self.state, middle, Drive(current))
            if attempt.converged and electrode.margin(attempt.state, current, limit) >= 0.0:
                low, within = middle, attempt
            else:
                high = middle
        return within, low

    def _accept(self, attempt: Attempt, taken: float, limited: bool, until: float, rejected: int) -> StepReport:
        electrode, control = self.electrode, self._control
        before, self.state, self._current = self.state, attempt.state, attempt.current
        ends = taken >= (until - self.time) * (1.0 - 1e-12)
        self.time = until if ends else self.time + taken
        grown = taken * min(FASTEST, SAFETY * max(attempt.error, 1e-6) ** (-1.0 / ORDER))
        # a step cut short by a requested time says nothing against a longer one
        self._step = max(grown, self._step or 0.0) if ends else grown
        self._book(before, attempt, taken)
        empty = control.mode == "current" and electrode.exhausted(self.state, attempt.current)
        # what hardly touches any more, no voltage within a limit drives
        limited = limited or (empty and control.voltage_limit is not None)
        voltage = control.value if control.mode == "voltage" else electrode.voltage(self.state, attempt.current)
        if limited and control.voltage_limit is not None:
            voltage = math.copysign(control.voltage_limit, -control.value)
        surface = electrode.surface_concentration(self.state, attempt.current)
        return StepReport(
            time=self.time,
            step=taken,
            current_density=attempt.current,
            voltage=voltage,
            limited=limited,
            newton_iterations=attempt.iterations,
            krylov_iterations=0,
            rejected=rejected,
            minimum_concentration=surface,
            surface_concentration=surface,
            exhausted=empty and not limited,
            measures=self.measure(),
        )

    def _book(self, before: np.ndarray, attempt: Attempt, taken: float) -> None:
        """Charge by the current that was held, lithium by what the cells have gained."""
        ledger, electrode, control = self.ledger, self.electrode, self._control
        held = control.mode == "current" and attempt.current == control.value
        charge = control.value * taken if held else attempt.charge
        gained = electrode.gain(before, attempt.state)
        ledger.charge += charge
        ledger.absolute_charge += abs(charge)
        ledger.reacted += attempt.charge
        ledger.metal = electrode.lithium(attempt.state)
        if charge > 0.0:
            ledger.plated += gained
        elif charge < 0.0:
            ledger.stripped -= gained
        scale = max(abs(charge) / FARADAY, SMALL_STEP * ledger.metal_start)
        worst = max(abs(gained - charge / FARADAY), abs(charge - attempt.charge) / FARADAY) / scale
        ledger.worst_step = max(ledger.worst_step, worst)

    def _failure(self, reason: str) -> SolverFailure:
        place = (0.0, 0.0, self.measure()["mean_height"])
        remedy = "a stop condition or a 'limit VOLTAGE' in the protocol, a smaller electrode.smallest_cell"
        return SolverFailure(reason, field="lithium", place=place, time=self.time, remedy=remedy)

    # ------------------------------------------------------------------ what the runner asks for

    def gather(self, name: str) -> np.ndarray:
        """A field on the grid of the stored fields (nz, 1, 1)."""
        domain = self.problem.domain
        edges = np.linspace(0.0, domain.size[2], domain.cells[2] + 1)
        return self.electrode.profiles(self.state, self._current, edges)[name].reshape(-1, 1, 1)

    def measure(self) -> dict[str, float]:
        """The measures of the present state."""
        surface = self.electrode.surface_concentration(self.state, self._current)
        taken = FARADAY * (self.ledger.metal_start - self.ledger.metal)
        return {
            "contact_lithium": surface,
            "stripped_capacity": taken,
            **self.electrode.measures(self.state, self._current),
        }

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs."""
        return {
            "time": self.time,
            "state": self.state.copy(),
            "step": -1.0 if self._step is None else self._step,
            "current": self._current,
            "control": [self._control.mode, self._control.value, self._control.voltage_limit],
            "ledger": dict(self.ledger.__dict__),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned."""
        self.time = float(saved["time"])
        self.state = np.array(saved["state"], dtype=float)
        step = float(saved["step"])
        self._step = None if step < 0.0 else step
        self._current = float(saved["current"])
        mode, value, limit = saved["control"]
        self._control = Control(mode, value, limit)
        self.ledger = Ledger(**saved["ledger"])
