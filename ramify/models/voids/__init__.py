"""`model: voids`: what stripping leaves between a metal and a solid electrolyte, in two and three dimensions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ramify.models import TimedModel, timed
from ramify.models.voids import quantities
from ramify.models.voids.rules import complete
from ramify.models.voids.schema import VoidScenario

if TYPE_CHECKING:
    from ramify.check import Check
    from ramify.phasefield.engine import Engine
    from ramify.phasefield.voids.cell import VoidProblem
    from ramify.run.driver import Driver


def check(scenario: VoidScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.models.voids.check import check as checked

    return checked(scenario)


def make_engine(name: str, problem: VoidProblem) -> Engine:
    """`petsc`, on every rank of MPI.COMM_WORLD."""
    from ramify.phasefield.voids.engine import VoidEngine
    from ramify.run.engines import refuse_ranks

    refuse_ranks(name, problem.metal.domain)
    return VoidEngine(problem)


def driver() -> Driver:
    """Problem and engine for the runner."""
    from ramify.models.voids.build import build_problem
    from ramify.run.driver import Driver

    return Driver(
        build_problem,
        make_engine,
        extra_history=quantities.HISTORY,
        extra_fields=quantities.FIELDS,
        left_out=quantities.LEFT_OUT,
        extra_summary=lambda engine, measures: {k: measures.get(name) for k, name in quantities.SUMMARY.items()},
    )


def plot(folder: Path) -> list[Path]:
    """History, sections, maps of the contact and an animation."""
    from ramify.results.figures.voids import plot_voids

    return plot_voids(folder)


MODEL = TimedModel(VoidScenario, complete, check, timed.run, timed.resume, plot, driver, columns=quantities.HISTORY)
