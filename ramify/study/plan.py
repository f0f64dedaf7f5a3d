"""What a study will do, before anything runs: points, cells, memory, cost, warnings.

The cost is a guess from the machine's usual speed: steps from the thickness of the deposit in cells, microseconds per
cell and step as measured in docs/performance.md. It is good to a factor of a few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ramify.check import Check, check_scenario
from ramify.check_report import scaled
from ramify.study.design import axes
from ramify.study.load import StudyFile
from ramify.study.points import Point, build_points

SECONDS_PER_CELL_STEP = 6e-6
START_UP = 4.0
"""Seconds until the first step: imports, compiled kernels from their cache."""
FEWEST_STEPS, USUAL_STEPS = 40, 250
"""Steps of a run whose front hardly moves, and of one whose charge nobody knows."""
STEPS_PER_CELL = 2.0
"""Steps for each cell that a dense deposit of the same charge would move."""


@dataclass(frozen=True)
class Estimate:
    """Size and cost of one point."""

    point: Point
    check: Check
    seconds: float

    @property
    def cells(self) -> int:
        """Cells of the grid."""
        return math.prod(self.check.cells)


@dataclass(frozen=True)
class Plan:
    """A study with its points and their estimates."""

    file: StudyFile
    estimates: tuple[Estimate, ...]

    @property
    def points(self) -> list[Point]:
        """The points alone."""
        return [estimate.point for estimate in self.estimates]

    @property
    def memory(self) -> float:
        """Memory of the largest point [bytes]."""
        return max(estimate.check.memory_bytes for estimate in self.estimates)


def make_plan(file: StudyFile) -> Plan:
    """Points and estimates of a study; ScenarioError where a point's scenario is refused."""
    return Plan(file, tuple(estimate(point) for point in build_points(file)))


def estimate(point: Point) -> Estimate:
    """Size and cost of a point; ScenarioError where its host cannot be made."""
    try:
        check = check_scenario(point.scenario)
    except Exception as error:
        from ramify.scenario.errors import ScenarioError

        if isinstance(error, ScenarioError):
            raise error.at(f"point {point.number} ({point.full_label})", None) from None
        raise
    deposit = next((scale.value for scale in check.scales if scale.name == "largest deposit"), None)
    steps: float = USUAL_STEPS
    if deposit is not None:
        steps = FEWEST_STEPS + STEPS_PER_CELL * deposit / max(check.spacing)
    return Estimate(point, check, START_UP + SECONDS_PER_CELL_STEP * steps * math.prod(check.cells))


def print_plan(plan: Plan, workers: int) -> None:
    """Print a plan on standard output: one line per point, then the sums and the warnings."""
    study, points = plan.file.study, plan.points
    print(study.title or "untitled study")
    layout = " x ".join(f"{axis.size} ({axis.name})" for axis in axes(study))
    print(f"  {len(points)} points: {layout}; base {plan.file.base}")
    widest = max(len(point.full_label) for point in points)
    for item in plan.estimates:
        grid = " x ".join(str(n) for n in item.check.cells if n > 1)
        memory = scaled(item.check.memory_bytes, "B")
        print(f"  {item.point.number:>4}  {item.point.full_label:<{widest}}  {grid} cells  {memory}  "
              f"~{item.seconds:.0f} s")  # fmt: skip
    total = sum(item.seconds for item in plan.estimates)
    print(
        f"  largest: {max(item.cells for item in plan.estimates)} cells, {scaled(plan.memory, 'B')}; "
        f"all together roughly {duration(total)} of one core, {duration(total / workers)} on {workers} at a time"
    )
    for warning, numbers in warnings(plan).items():
        where = f"point {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} points, first {numbers[0]}"
        print(f"warning: {where}: {warning}")


def warnings(plan: Plan) -> dict[str, list[int]]:
    """Warnings of the points' checks with the numbers of the points they concern."""
    found: dict[str, list[int]] = {}
    for item in plan.estimates:
        for warning in item.check.warnings:
            found.setdefault(warning, []).append(item.point.number)
    return found


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"
