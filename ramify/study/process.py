"""One point as a process of its own, so that whatever happens to it happens to no other.

It is `ramify run` on the point's scenario, or `ramify resume` where there is a checkpoint. The process holds a lock on
the point for as long as it lives, even when whoever started it is gone: no two starts of a study work on one point.
On Linux it is asked to stop (and saves its state) when its parent dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ramify.study.folder import COMPLETE, PointPaths

DONE, GAVE_UP, INTERRUPTED = 0, 3, 75
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
LAUNCHER_VARIABLES = ("PMI_", "PMIX_", "HYDRA_", "HYDI_", "MPI_LOCAL", "OMPI_")
"""Prefixes of what an MPI launcher leaves in the environment, which a launcher below it must not inherit."""
POLL = 0.2
"""Seconds between looks at a process."""
DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux."""


@dataclass(frozen=True)
class Job:
    """A point to be run, plain enough to be sent to another machine."""

    paths: PointPaths
    label: str
    ranks: int
    memory: float
    """Estimate [bytes]."""


class PointProcess:
    """The process of one point.

    Parameters
    ----------
    job
        What to run.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.began = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[Any] | None = None
        self._asked = False

    def start(self) -> bool:
        """Start, unless another process holds the point; then False. A point that is complete is not started."""
        if not self._take_lock():
            return False
        paths = self.job.paths
        if paths.state in COMPLETE:
            self._release()
            return True
        paths.crash.unlink(missing_ok=True)
        self.began = time.monotonic()
        assert self._lock is not None
        with open(paths.log, "ab") as log:
            self._process = subprocess.Popen(
                command(self.job),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,  # a Ctrl-C reaches the study alone, which asks its points to stop once
                pass_fds=(self._lock.fileno(),),
                preexec_fn=stop_with_parent if sys.platform == "linux" else None,
            )
        return True

    def poll(self) -> int | None:
        """The exit status; None while the process runs. Zero for a point that was complete."""
        if self._process is None:
            return DONE
        status = self._process.poll()
        if status is not None and self._lock is not None:
            if status not in (DONE, GAVE_UP, INTERRUPTED) and not self._asked:
                self.job.paths.crash.write_text(crash_reason(status, self.job.paths) + "\n", "utf-8")
            self._release()
        return status

    def stop(self) -> None:
        """Ask the process, once, to save its state and end."""
        if self._process is not None and not self._asked:
            self._asked = True
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and what it started; its last checkpoint stays."""
        self._asked = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _take_lock(self) -> bool:
        import fcntl

        lock = open(self.job.paths.lock, "a")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def command(job: Job) -> list[str]:
    """The command line of a point."""
    launcher = [mpiexec(), "-n", str(job.ranks)] if job.ranks > 1 else []
    ramify = [*launcher, sys.executable, "-m", "ramify.cli"]
    if job.paths.resumable:
        return [*ramify, "resume", str(job.paths.results), "--no-figures"]
    # what a kill before the first checkpoint left is set aside
    return [*ramify, "run", str(job.paths.scenario), "-o", str(job.paths.results), "--force", "--no-figures"]


def mpiexec() -> str:
    """The launcher beside the running Python, which belongs to its MPI, or else the one on PATH."""
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if beside.exists() else "mpiexec"


def environment() -> dict[str, str]:
    """The environment of a point: one thread per process, and no traces of an MPI launcher above."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(LAUNCHER_VARIABLES)}
    return inherited | ONE_THREAD


def stop_with_parent() -> None:
    """Have the kernel ask this process to stop when its parent dies; runs between fork and exec."""
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGTERM)


def crash_reason(status: int, paths: PointPaths) -> str:
    """Why a process broke down, in one line."""
    words = paths.last_words()
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (out of memory?)" if -status == signal.SIGKILL else ""
        return f"ended by {name}{hint}; its last words: {words}"
    return f"exit status {status}: {words}"


def run_job(job: Job, stop_file: Path) -> tuple[int, float]:
    """Run one job to its end on this machine: exit status and wall time [s].

    Waits for a process of an earlier start that still holds the point. The job is stopped, its state saved, when the
    stop file appears.
    """
    process = PointProcess(job)
    while not stop_file.exists():
        if process.start():
            break
        time.sleep(POLL)
    else:
        return INTERRUPTED, 0.0
    while (status := process.poll()) is None:
        if stop_file.exists():
            process.stop()
        time.sleep(POLL)
    return status, time.monotonic() - process.began
