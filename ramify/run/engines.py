"""The engine of a scenario, made with what it needs imported only here."""

from __future__ import annotations

from ramify.launcher import SERIAL, misfit
from ramify.phasefield.engine import Engine
from ramify.phasefield.problem import Domain, PlatingProblem
from ramify.run.ranks import Ranks
from ramify.scenario.errors import ScenarioError


def start_solvers(name: str, petsc_options: list[str]) -> None:
    """Start PETSc where the engine needs it.

    Raises
    ------
    ScenarioError
        For an option that nothing would read, and where the launcher belongs to another MPI; on every rank.
    """
    if name in SERIAL:
        return
    from ramify.phasefield.petsc import BadOption, check_options, start_petsc

    try:
        start_petsc(petsc_options)
        check_options(petsc_options)
    except BadOption as refusal:
        raise ScenarioError(str(refusal)) from None
    from mpi4py import MPI

    if refusal_of_launcher := misfit(MPI.COMM_WORLD.size):
        raise ScenarioError(refusal_of_launcher)


def refuse_ranks(name: str, domain: Domain) -> None:
    """ScenarioError where the grid has too few cells for the number of ranks; on every rank."""
    if name in SERIAL:
        return
    from mpi4py import MPI

    from ramify.phasefield.grid import choose_process_grid

    try:
        choose_process_grid(domain.cells, MPI.COMM_WORLD.size)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("domain", "cells")) from None


def make_engine(name: str, problem: PlatingProblem) -> Engine:
    """`petsc` (every rank of MPI.COMM_WORLD) or `fipy` (one process), after `start_solvers` and `refuse_ranks`."""
    if name == "fipy":
        from ramify.phasefield.fipy_reference import FiPyEngine

        return FiPyEngine(problem)
    from ramify.phasefield.plating import PlatingSolver

    return PlatingSolver(problem)


def ranks_of(name: str) -> Ranks:
    """The ranks that the engine runs on."""
    if name in SERIAL:
        return Ranks(0, 1)
    from mpi4py import MPI

    return Ranks(MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size)
