"""A double layer in time: the steps of the scenario, the history, and every ion booked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.models.double_layer import DoubleLayerScenario, StepSection
from ramify.results.fields import Quantity
from ramify.run.march_state import march_state, take_up
from ramify.run.meshed_folder import MeshedFolder
from ramify.run.meshed_state import MeshedState
from ramify.scenario.grid_rules import resolved

if TYPE_CHECKING:
    from ramify.fem.double_layer import DoubleLayerCell

FIRST_STEP = 1e-2
"""After a jump, in Debye times."""
KEPT = ("steps", "rejected", "throughput")
"""Numbers of a run that states hold."""
PER_AREA = {1: " m-2", 2: " m-1", 3: ""}
"""What sums over an electrode are per, by the dimension of the mesh."""


def march(
    scenario: DoubleLayerScenario, cell: DoubleLayerCell, folder: MeshedFolder, snapshot: Callable[[float], None]
) -> dict[str, Any]:
    """Take the steps of the scenario, snapshots and history on the way; returns the numbers of the summary."""
    run = _Transient(scenario, cell, folder, snapshot)
    steps = resolved(scenario.steps)
    if folder.resumed is not None:
        run.take_up(folder.resumed, steps)
    else:
        snapshot(0.0)
        run.record(0.0)
        run.begin(0, steps[0])
    run.go_on(steps[run.at.number])
    for number in range(run.at.number + 1, len(steps)):
        run.begin(number, steps[number])
        run.go_on(steps[number])
    return run.summary()


@dataclass
class _Place:
    """Where in the steps of the scenario a run is: plain numbers, kept in checkpoints."""

    number: int
    """Of the step."""
    began: float
    """When it began [s]."""
    before: float
    """Voltage before it [V]."""
    dt: float
    """Step to try next [s]."""
    shots: int = 0
    """Snapshots since it began."""


class _Transient:
    """A run under way."""

    def __init__(
        self,
        scenario: DoubleLayerScenario,
        cell: DoubleLayerCell,
        folder: MeshedFolder,
        snapshot: Callable[[float], None],
    ) -> None:
        self.scenario, self.cell, self.folder, self.snapshot = scenario, cell, folder, snapshot
        self.columns = _columns(cell.mesh.dimension)
        self.amounts = cell.amounts()
        self.charges = [cell.charge(electrode) for electrode in (cell.working, cell.counter)]
        self.area = cell.mesh.area(cell.working.boundary)
        self.steps = self.rejected = 0
        self.throughput = 0.0
        """Largest charge that has been passed either way."""

    def begin(self, number: int, step: StepSection) -> None:
        """What jumps at the beginning of a step of the scenario."""
        cell = self.cell
        first = min(FIRST_STEP * cell.debye_time, step.duration)
        self.at = _Place(number, cell.march.time, cell.voltage, first)
        cell.drive(**self._driven(step))

    def go_on(self, step: StepSection) -> None:
        """To the end of a step of the scenario that has begun."""
        cell, at = self.cell, self.at
        end, every = at.began + step.duration, self.scenario.output.every or step.duration
        tolerance = resolved(self.scenario.numerics.time_tolerance)
        while cell.march.time < end:
            self.folder.stop_if_asked(self.state)
            target = min(end, at.began + (at.shots + 1) * every)
            taken, at.dt = cell.march.adaptive_step(target, at.dt, tolerance, cell.sizes)
            self.steps, self.rejected = self.steps + 1, self.rejected + taken.rejected
            self.record(taken.dt)
            if cell.march.time >= target:
                at.shots += 1
                self.snapshot(cell.march.time)
        self.folder.log("step", number=at.number, time=cell.march.time, voltage=cell.voltage)

    def state(self) -> MeshedState:
        """Everything that going on needs. Collective."""
        numbers = {"place": asdict(self.at)} | {name: getattr(self, name) for name in KEPT}
        return march_state(self.cell.march, self.folder.whole(self.cell.space), numbers)

    def take_up(self, state: MeshedState, steps: Sequence[StepSection]) -> None:
        """Go on from a state. Collective."""
        take_up(self.cell.march, self.folder.whole(self.cell.space), state)
        for name in KEPT:
            setattr(self, name, state.numbers[name])
        self.at = _Place(**state.numbers["place"])
        self.cell.follow(**self._driven(steps[self.at.number]))

    def _driven(self, step: StepSection) -> dict[str, Any]:
        """What the step gives: the voltage as a function of time, or the current."""
        if step.current_density is not None:
            return {"current": step.current_density * self.area}
        return {"voltage": _course(step, self.at.before, self.at.began)}

    def record(self, dt: float) -> None:
        """One row of the history."""
        cell = self.cell
        row = {
            "time": cell.march.time,
            "step": dt,
            "voltage": cell.voltage,
            "current": cell.total_current(cell.working),
            "ion_current": cell.current(cell.working),
            "surface_charge": cell.charge(cell.working),
            "charge_passed": self.passed(0),
            "smallest_concentration": smallest_concentration(cell),
        }
        self.throughput = max(self.throughput, abs(row["charge_passed"]))
        self.folder.history(row, self.columns)

    def passed(self, end: int) -> float:
        """Charge through the wire of an electrode since the start: that of the ions less what the metal gained."""
        from ramify.fem.double_layer import flow_name
        from ramify.physics.constants import FARADAY

        cell, booked = self.cell, self.cell.march.booked
        ions = FARADAY * sum(z * booked[flow_name(end, k)] for k, z in enumerate(cell.ions.charges))
        return ions - (cell.charge((cell.working, cell.counter)[end]) - self.charges[end])

    def summary(self) -> dict[str, Any]:
        """Numbers of the whole run."""
        from ramify.fem.double_layer import flow_name

        cell, booked = self.cell, self.cell.march.booked
        ions = {}
        for k, (ion, before, after) in enumerate(zip(self.scenario.ions, self.amounts, cell.amounts(), strict=True)):
            left = booked[flow_name(0, k)] + booked[flow_name(1, k)]
            ions[ion.name] = abs(after - before + left) / before
        gap = abs(self.passed(0) + self.passed(1)) / max(self.throughput, 1e-300)
        return {
            "steps": self.steps,
            "rejected_steps": self.rejected,
            "time_s": cell.march.time,
            "charge_passed_C": self.passed(0),
            "current": cell.total_current(cell.working),
            "ion_balance": ions,
            "balance": {"salt_relative": max(ions.values()), "charge_relative": gap},
        }


def _course(step: StepSection, before: float, began: float) -> Callable[[float], float]:
    """The voltage [V] as a function of time [s]."""
    if step.voltage is not None:
        constant = step.voltage
        return lambda time: constant
    rate = (resolved(step.sweep_to) - before) / step.duration
    return lambda time: before + rate * (time - began)


def smallest_concentration(cell: DoubleLayerCell) -> float:
    """Of any ion anywhere in the solution [mol/m^3]. Collective."""
    wet = cell.march.u[cell.wet, 1:]
    return float(min(cell.mesh.comm.allgather(float(wet.min(initial=np.inf)))))


def _columns(dimension: int) -> tuple[Quantity, ...]:
    """Of the history, beyond the field table."""
    ampere, coulomb = f"A{PER_AREA[dimension]}", f"C{PER_AREA[dimension]}"
    return (
        Quantity("current", "$I$", "current into the working electrode", ampere, "current_into_working_electrode"),
        Quantity("ion_current", "$I_F$", "current of ions into the working electrode", ampere,
                 "ion_current_into_working_electrode"),
        Quantity("surface_charge", "$q$", "charge of the working electrode", coulomb, "charge_of_working_electrode"),
        Quantity("charge_passed", "$Q$", "charge passed", coulomb, "charge_passed"),
        Quantity("smallest_concentration", r"$c_\\mathrm{min}$", "smallest concentration", "mol m-3",
                 "minimum_mole_concentration"),
    )  # fmt: skip
