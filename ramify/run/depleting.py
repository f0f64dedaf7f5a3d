"""A tertiary current distribution in time: the steps, the history, and where the salt is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.models.current_distribution import CurrentDistributionScenario
from ramify.results.fields import Quantity
from ramify.run.charging import PER_AREA
from ramify.run.march_state import march_state, take_up
from ramify.run.meshed_folder import MeshedFolder
from ramify.run.meshed_state import MeshedState
from ramify.scenario.grid_rules import resolved

if TYPE_CHECKING:
    from ramify.fem.current_distribution import CurrentDistribution

FIRST_STEP = 1e-6
"""Of a transient, in diffusion times of the cell."""
KEPT = ("dt", "steps", "rejected", "shots")
"""Numbers of a run that states hold."""


def march(scenario: CurrentDistributionScenario, model: CurrentDistribution, folder: MeshedFolder) -> dict[str, Any]:
    """Step through the duration, or to where the salt is used up; numbers of the summary."""
    run = _Transient(scenario, model, folder)
    if folder.resumed is not None:
        run.take_up(folder.resumed)
    else:
        run.begin()
    return run.go_on()


class _Transient:
    """A run under way."""

    def __init__(self, scenario: CurrentDistributionScenario, model: CurrentDistribution, folder: MeshedFolder) -> None:
        self.scenario, self.model, self.folder = scenario, model, folder
        concentration = scenario.electrolyte.concentration
        self.end = resolved(scenario.duration)
        self.every = scenario.output.every or self.end
        self.lowest = scenario.stop.concentration if scenario.stop is not None else 0.0
        self.sizes = np.full(model.space.components, np.inf)
        self.sizes[model.salt] = concentration
        D = float(model.cell.electrolyte.diffusivity(concentration))
        self.dt = min(FIRST_STEP * model.cell.length**2 / D, self.end)
        """Step to try next [s]."""
        self.steps = self.rejected = self.shots = 0
        unit = f"A{PER_AREA[model.mesh.dimension]}"
        label = "current into the working electrode"
        self.columns = (Quantity("current", "$I$", label, unit, "current_into_working_electrode"),)

    def begin(self) -> None:
        """Potentials at once follow the current: the first snapshot has to have them."""
        self.model.march.make_consistent(1e-6 * self.dt)
        self._snapshot()

    def go_on(self) -> dict[str, Any]:
        """To the end; numbers of the summary."""
        model, march, tolerance = self.model, self.model.march, self.scenario.numerics.time_tolerance
        before, dt, salt = 0.0, 0.0, self._smallest()
        while march.time < self.end and salt >= self.lowest:
            self.folder.stop_if_asked(self.state)
            target = min(self.end, (self.shots + 1) * self.every)
            step, self.dt = march.adaptive_step(target, self.dt, tolerance, self.sizes)
            self.steps, self.rejected = self.steps + 1, self.rejected + step.rejected
            before, dt, salt = salt, step.dt, self._smallest()
            self._record(dt, salt)
            self.folder.log("step", time=march.time, dt=dt, voltage=model.voltage, newton=step.solution.iterations)
            if march.time >= target * (1.0 - 1e-12):
                self.shots += 1
                self._snapshot()
        numbers: dict[str, Any] = {"steps": self.steps, "rejected_steps": self.rejected}
        if salt >= self.lowest:
            return numbers
        if march.time > self.shots * self.every:
            self._snapshot()
        crossed = march.time - dt * (self.lowest - salt) / (before - salt)
        return numbers | {"status": "stopped", "stop_reason": "concentration", "stop_time_s": crossed}

    def state(self) -> MeshedState:
        """Everything that going on needs. Collective."""
        numbers = {name: getattr(self, name) for name in KEPT}
        return march_state(self.model.march, self.folder.whole(self.model.space), numbers)

    def take_up(self, state: MeshedState) -> None:
        """Go on from a state. Collective."""
        take_up(self.model.march, self.folder.whole(self.model.space), state)
        for name in KEPT:
            setattr(self, name, state.numbers[name])

    def _record(self, dt: float, salt: float) -> None:
        """One row of the history. Collective."""
        model = self.model
        row = {"time": model.march.time, "step": dt, "voltage": model.voltage, "current": model.currents()[0]}
        self.folder.history(row | {"minimum_concentration": salt}, self.columns)

    def _snapshot(self) -> None:
        self.folder.snapshot(self.model.march.time, self.model.space, fields_of(self.model), ())

    def _smallest(self) -> float:
        """Concentration anywhere [mol/m^3]. Collective."""
        c = self.model.march.u[self.model.wet, self.model.salt]
        return min(self.model.mesh.comm.allgather(float(c.min(initial=np.inf))))


def fields_of(model: CurrentDistribution) -> dict[str, np.ndarray]:
    """Fields at the local nodes, by their names in the field table; NaN where there is no such phase."""
    dry = ~model.wet
    fields = {"phi_l": np.where(dry, np.nan, model.electrolyte_potential())}
    if model.salt >= 0:
        fields["c"] = np.where(dry, np.nan, model.march.u[:, model.salt])
    if model.electrons >= 0:
        fields["phi_s"] = np.where(model.metallic, model.march.u[:, model.electrons], np.nan)
    return fields
