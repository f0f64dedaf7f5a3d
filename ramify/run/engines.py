"""The engine of a scenario, made with what it needs imported only here."""

from __future__ import annotations

from ramify.phasefield.engine import Engine
from ramify.phasefield.problem import PlatingProblem
from ramify.scenario.errors import ScenarioError


def make_engine(name: str, problem: PlatingProblem, petsc_options: list[str]) -> Engine:
    """`petsc` (every rank of MPI.COMM_WORLD) or `fipy` (one process).

    Raises
    ------
    ScenarioError
        Where the grid has too few cells for the number of ranks; on every rank.
    """
    if name == "fipy":
        from ramify.phasefield.fipy_reference import FiPyEngine

        return FiPyEngine(problem)
    from ramify.phasefield.petsc import start_petsc

    start_petsc(petsc_options)
    from mpi4py import MPI

    from ramify.phasefield.grid import choose_process_grid
    from ramify.phasefield.plating import PlatingSolver

    try:
        choose_process_grid(problem.domain.cells, MPI.COMM_WORLD.size)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("domain", "cells")) from None
    return PlatingSolver(problem)


def rank_and_size(name: str) -> tuple[int, int]:
    """Rank of this process and the number of ranks."""
    if name == "fipy":
        return 0, 1
    from mpi4py import MPI

    return MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size


def refuse_unused_options(name: str, options: list[str]) -> str:
    """A message naming the PETSc options that no solver has read; empty if there are none."""
    if name == "fipy" or not options:
        return ""
    from ramify.phasefield.petsc import unused_options

    unused = unused_options(options)
    if not unused:
        return ""
    return (
        f"{', '.join(unused)}: PETSc option that no solver reads; allowed: options of the coupled solver, "
        "such as -coupled_ksp_type or -coupled_ksp_monitor"
    )
