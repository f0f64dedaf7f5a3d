"""Runs of `model: mechanics`: the response to what acts, or the solid through time, and their files."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ramify.build_solid import PREFIX, BuiltSolid, build_solid, marks_of
from ramify.models.mechanics import plot
from ramify.models.mechanics.schema import MechanicsScenario
from ramify.run.meshed import Work, run_meshed
from ramify.run.meshed_folder import MeshedFolder
from ramify.run.meshed_state import MeshedState
from ramify.run.solid_measures import SolidReport
from ramify.scenario.grid_rules import resolved


def run(scenario: MechanicsScenario, folder: Path, **options: Any) -> int:
    """Run a resolved scenario into a folder, or go on with it; returns the exit code of the contract."""
    return run_meshed(scenario, folder, lambda: _prepare(scenario), plot, PREFIX, **options)


def _prepare(scenario: MechanicsScenario) -> Work:
    built = build_solid(scenario)
    return partial(_solve, scenario, built)


def _solve(scenario: MechanicsScenario, built: BuiltSolid, folder: MeshedFolder) -> dict[str, Any]:
    from ramify.fem.solid_energy import EnergyBooks

    report = SolidReport(scenario, built, EnergyBooks(built.solid))
    journey = Journey(report, folder)
    if folder.resumed is not None:
        journey.take_up(folder.resumed)
    else:
        journey.begin()
    if scenario.duration is not None:
        journey.march()
    return report.summary() | {"steps": journey.steps, "rejected_steps": journey.rejected}


class Journey:
    """One solid through time, with its files."""

    def __init__(self, report: SolidReport, folder: MeshedFolder) -> None:
        self.report, self.folder, self.solid = report, folder, report.solid
        self.scenario = report.scenario
        self.steps = self.rejected = 0
        self.dt = self.scenario.numerics.first_step or 0.0
        """Step to try next [s]."""
        self.columns, self.table = report.columns(), report.field_table()

    def begin(self) -> None:
        """The response to what acts at the start."""
        iterations = self.solid.settle()
        self.report.update()
        self._book(step=0.0, flow_error=0.0, newton_iterations=iterations, rejected=0)
        self._snapshot()

    def march(self) -> None:
        """Steps to the end of the duration; snapshots at their times."""
        from ramify.fem.viscoplastic import SolidFailure

        shots, marks = marks_of(self.scenario)
        while self.solid.time < resolved(self.scenario.duration):
            self.folder.stop_if_asked(self.state)
            until = next(mark for mark in marks if mark > self.solid.time)
            wanted = self.dt
            try:
                step, proposed = self.solid.adaptive_step(until, wanted)
            except SolidFailure:
                self.folder.keep(self.state())
                raise
            # A step cut short to hit a time says nothing against the longer one.
            self.dt = max(proposed, wanted) if step.rejected == 0 and step.dt < wanted else proposed
            self.steps, self.rejected = self.steps + 1, self.rejected + step.rejected
            self.report.update()
            self._book(step=step.dt, flow_error=step.error, newton_iterations=step.iterations, rejected=step.rejected)
            if self.solid.time in shots:
                self._snapshot()

    def state(self) -> MeshedState:
        """Everything that going on needs. Collective."""
        solid, report = self.solid, self.report
        whole, places = self.folder.whole(solid.space), solid.points()
        points = {
            "stress": solid.stress,
            "inelastic": solid.inelastic,
            "resistance": solid.resistance,
            "rate": solid.rate,
            "plastic": solid.plastic,
            "failed": report.failed,
        }
        arrays = {"u": whole.nodes(solid.u), "velocity": whole.nodes(solid.velocity)}
        arrays |= {name: whole.quadrature(values, places) for name, values in points.items()}
        numbers = {
            "dt": self.dt,
            "steps": self.steps,
            "rejected": self.rejected,
            "residual": solid.residual,
            "worst_residual": report.worst_residual,
            "energies": asdict(report.books.sums),
            "largest_tension": dict(report.largest_tension),
        }
        return MeshedState(solid.time, numbers, arrays)

    def take_up(self, state: MeshedState) -> None:
        """Go on from a state. Collective."""
        from ramify.fem.solid_energy import Energies

        solid, report, numbers = self.solid, self.report, state.numbers
        whole, places = self.folder.whole(solid.space), solid.points()
        solid.time = state.time
        solid.u, solid.velocity = whole.to_nodes(state.arrays["u"]), whole.to_nodes(state.arrays["velocity"])
        for name in ("stress", "inelastic", "resistance", "rate", "plastic"):
            setattr(solid, name, whole.to_quadrature(state.arrays[name], places))
        report.failed = whole.to_quadrature(state.arrays["failed"], places)
        solid.residual, report.worst_residual = numbers["residual"], numbers["worst_residual"]
        report.largest_tension = dict(numbers["largest_tension"])
        self.dt, self.steps, self.rejected = numbers["dt"], numbers["steps"], numbers["rejected"]
        report.update()
        report.books.sums = Energies(**numbers["energies"])

    def _book(self, **step: float) -> None:
        row = self.report.row(**step)
        self.folder.history(row, self.columns)
        self.folder.log("step", time=row["time"], dt=step["step"], newton=step["newton_iterations"])

    def _snapshot(self) -> None:
        nodal, cellwise = self.report.fields()
        self.folder.snapshot(self.solid.time, self.solid.space, nodal, self.table, cellwise)
