"""FiPy, imported late and with a fixed solver suite.

FiPy picks its linear solvers when it is imported, from the command line or FIPY_SOLVERS, and would take any suite that
happens to be installed. The reference wants direct solutions on one process, which scipy gives everywhere.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Literal

Suite = Literal["scipy", "petsc"]


def load_fipy(suite: Suite = "scipy") -> ModuleType:
    """The `fipy` module, with `suite` as its solvers unless it is imported already.

    Raises RuntimeError on more than one MPI rank (the reference is serial) and where FiPy is missing.
    """
    ranks = _ranks()
    if ranks > 1:
        raise RuntimeError(f"engine fipy runs on one process, not on {ranks} MPI ranks: use engine petsc")
    if "fipy" not in sys.modules:
        os.environ["FIPY_SOLVERS"] = suite
    # FiPy reads `--petsc` and the like from the command line, where they mean something else to us.
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        import fipy
    except ImportError as error:
        raise RuntimeError(f"engine fipy needs FiPy 4, which does not import here: {error}") from error
    finally:
        sys.argv = arguments
    return fipy


def _ranks() -> int:
    """MPI ranks of this run, from mpi4py if it is loaded, otherwise from the launcher's environment."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None:
        return int(mpi.COMM_WORLD.size)
    return max(int(os.environ.get(name, "1")) for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"))
