"""Points on a Dask cluster: every worker runs points as processes on its own machine.

The study's folder and the environment of the running Python must be at the same places on all machines (a shared file
system). Workers need `ramify` importable; a point takes one worker thread, so start workers with as many threads as
points they may run at a time. Stopping goes through a file in the study's folder, which the workers watch.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ramify.scenario.errors import ScenarioError
from ramify.signals import Requests
from ramify.study.process import POLL, Job, run_job
from ramify.study.status import Status

PATIENCE = 10.0
"""Seconds to wait for the scheduler."""


def connect(address: str) -> Any:
    """A client of the scheduler; ScenarioError where none answers or dask.distributed is missing."""
    try:
        from distributed import Client
    except ImportError:
        allowed = "pip install 'ramify[study]', or no --scheduler"
        raise ScenarioError("needs dask.distributed", ("--scheduler",), address, allowed) from None
    try:
        untyped: Any = Client
        return untyped(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as failure:
        problem = f"no Dask scheduler answers ({str(failure) or type(failure).__name__})"
        raise ScenarioError(problem, ("--scheduler",), address, "an address such as tcp://host:8786") from None


def run_on_cluster(jobs: list[Job], client: Any, stop_file: Path, status: Status) -> bool:
    """Run jobs on a cluster; True if all were run, False if the study was asked to stop."""
    requests = Requests()
    waiting = {client.submit(run_job, job, stop_file, pure=False, retries=1): job for job in jobs}
    try:
        while waiting:
            if requests.stop and not stop_file.exists():
                stop_file.touch()
            for future in [future for future in waiting if future.done()]:
                job = waiting.pop(future)
                status.ended(job, _wall(future, job))
            status.tick(stopping=requests.stop)
            time.sleep(POLL)
    except KeyboardInterrupt:
        client.cancel(list(waiting))
    finally:
        requests.restore()
    return not requests.stop


def _wall(future: Any, job: Job) -> float:
    """Wall time of a job; what kept a worker from running it is noted as its crash."""
    if future.status == "finished":
        return float(future.result()[1])
    failure = future.exception() if future.status == "error" else future.status
    job.paths.crash.write_text(f"the cluster could not run it: {type(failure).__name__}: {failure}\n", "utf-8")
    return 0.0
