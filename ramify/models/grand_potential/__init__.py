"""`model: grand_potential`, the published plating model of Chen, Hong and Viswanathan, as published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramify.models import TimedModel, timed
from ramify.models.grand_potential.complete import complete
from ramify.models.grand_potential.schema import GrandPotentialScenario

if TYPE_CHECKING:
    from ramify.check import Check
    from ramify.phasefield.engine import Engine
    from ramify.phasefield.grand_potential.problem import GrandPotentialProblem
    from ramify.run.driver import Driver


def check(scenario: GrandPotentialScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.models.grand_potential.check import check as checked

    return checked(scenario)


def make_engine(name: str, problem: GrandPotentialProblem) -> Engine:
    """`petsc` (every rank of MPI.COMM_WORLD) or `fipy` (one process)."""
    if name == "fipy":
        from ramify.phasefield.petsc import start_petsc

        start_petsc([])  # the books of both engines are kept on a PETSc grid
        from ramify.phasefield.fipy_reference.grand_potential import FiPyGrandPotential

        return FiPyGrandPotential(problem)
    from ramify.phasefield.grand_potential.solver import GrandPotentialSolver

    return GrandPotentialSolver(problem)


def driver() -> Driver:
    """Problem and engines for the runner."""
    from ramify.models.grand_potential.build import build_problem
    from ramify.run.driver import Driver

    return Driver(build_problem, make_engine, extra_summary=lambda engine, measures: engine.summary())


MODEL = TimedModel(GrandPotentialScenario, complete, check, timed.run, timed.resume, timed.plot, driver)
