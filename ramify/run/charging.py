"""A double layer in time: the steps of the scenario, the history, and every ion booked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.models.double_layer import DoubleLayerScenario, StepSection
from ramify.results.fields import Quantity
from ramify.run.meshed_folder import MeshedFolder
from ramify.scenario.grid_rules import resolved

if TYPE_CHECKING:
    from ramify.fem.double_layer import DoubleLayerCell

FIRST_STEP = 1e-2
"""After a jump, in Debye times."""
PER_AREA = {1: " m-2", 2: " m-1", 3: ""}
"""What sums over an electrode are per, by the dimension of the mesh."""


def march(
    scenario: DoubleLayerScenario, cell: DoubleLayerCell, folder: MeshedFolder, snapshot: Callable[[float], None]
) -> dict[str, Any]:
    """Take the steps of the scenario, snapshots and history on the way; returns the numbers of the summary."""
    run = _Transient(scenario, cell, folder, snapshot)
    snapshot(0.0)
    run.record(0.0)
    for number, step in enumerate(resolved(scenario.steps)):
        run.take(number, step)
    return run.summary()


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

    def take(self, number: int, step: StepSection) -> None:
        """One step of the scenario."""
        cell, began = self.cell, self.cell.march.time
        end = began + step.duration
        if step.current_density is not None:
            cell.drive(current=step.current_density * self.area)
        else:
            cell.drive(voltage=_course(step, cell.voltage, began))
        every = self.scenario.output.every or step.duration
        dt, shots = min(FIRST_STEP * cell.debye_time, step.duration), 0
        tolerance = resolved(self.scenario.numerics.time_tolerance)
        while cell.march.time < end:
            self.folder.stop_if_asked()
            target = min(end, began + (shots + 1) * every)
            taken, dt = cell.march.adaptive_step(target, dt, tolerance, cell.sizes)
            self.steps, self.rejected = self.steps + 1, self.rejected + taken.rejected
            self.record(taken.dt)
            if cell.march.time >= target:
                shots += 1
                self.snapshot(cell.march.time)
        self.folder.log("step", number=number, time=cell.march.time, voltage=cell.voltage)

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
