"""What every test shares: one thread per process, and a way to run Python under `mpiexec`."""

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# pytest.approx passes anything within 1e-12 of what is expected, whatever `rel` says: half of all SI numbers here.
type(pytest.approx(1.0)).DEFAULT_ABSOLUTE_TOLERANCE = 0.0  # type: ignore[attr-defined]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
os.environ.update(ONE_THREAD)  # before NumPy and numba are imported: ranks share the cores

# PETSc as tests start it, by importing it, would end them on a pipe whose reader has gone; runs leave its handlers out.
os.environ["PETSC_OPTIONS"] = f"{os.environ.get('PETSC_OPTIONS', '')} -no_signal_handler true".strip()

LAUNCHER_VARIABLES = ("PMI_", "PMIX_", "HYDRA_", "HYDI_", "MPI_LOCAL", "OMPI_")
"""Prefixes of what an MPI launcher leaves in the environment; a nested launcher must not inherit them."""

MpiRun = Callable[..., subprocess.CompletedProcess[str]]


def find_mpiexec() -> str | None:
    """`mpiexec` beside the running Python, which belongs to its MPI, or else the one on PATH."""
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if beside.exists() else shutil.which("mpiexec")


@pytest.fixture(scope="module", autouse=True)
def collect_after_module() -> Iterator[None]:
    """Free what the tests of a module left in cycles: objects of PETSc hold memory and communicators."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Top folder of the source tree."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def mpiexec() -> MpiRun:
    """`mpiexec(ranks, *arguments)`: the running Python with these arguments on so many ranks.

    Keyword arguments: `cwd`, `timeout` in seconds (300), `check` (True: a non-zero exit status fails the test, with
    the output shown) and `env` (added to the environment). Returns a `subprocess.CompletedProcess` with text output.
    Numba's cache lies beside the sources, so what one rank or run compiled serves the next.
    """
    launcher = find_mpiexec()
    if launcher is None:
        pytest.fail("no mpiexec beside the running Python nor on PATH: `make set-up` installs one")

    def run(
        ranks: int,
        *arguments: str | Path,
        cwd: Path | None = None,
        timeout: float = 300.0,
        check: bool = True,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(LAUNCHER_VARIABLES)}
        command = [launcher, "-n", str(ranks), sys.executable, *map(str, arguments)]
        result = subprocess.run(
            command, cwd=cwd, timeout=timeout, env=inherited | ONE_THREAD | (env or {}), capture_output=True, text=True
        )
        if check and result.returncode != 0:
            pytest.fail(f"{' '.join(command)}\nexit status {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    return run
