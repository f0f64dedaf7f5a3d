"""What an MPI launcher tells its processes through the environment, before MPI itself is loaded."""

from __future__ import annotations

import os

RANKS = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "PMIX_SIZE", "MV2_COMM_WORLD_SIZE")
RANK = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "MV2_COMM_WORLD_RANK")
SERIAL = ("fipy", "numba")
"""Engines that run on one process, without PETSc."""


def environment_number(names: tuple[str, ...], default: int) -> int:
    """An integer that an MPI launcher puts into the environment."""
    found = [os.environ[name] for name in names if os.environ.get(name, "").isdigit()]
    return int(found[0]) if found else default


def misfit(size: int) -> str:
    """What is wrong where the launcher started another number of processes than MPI sees; empty if nothing is."""
    started = environment_number(RANKS, size)
    if started == size:
        return ""
    return (
        f"the launcher started {started} processes, but MPI sees {size}: mpiexec belongs to another MPI than mpi4py, "
        "and every process would do the whole run; allowed: the mpiexec beside this Python, or no launcher"
    )
