"""Points on this machine: as many processes at a time as cores and memory allow."""

from __future__ import annotations

import os
import time
from collections import deque
from pathlib import Path

from ramify.signals import Requests
from ramify.study.process import POLL, Job, PointProcess
from ramify.study.status import Status

SPARED = 0.9
"""Share of the free memory that points may take."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> float:
    """Memory that is free, or that a control group leaves [bytes]; infinite where the system does not say."""
    found = [float("inf")]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [1024.0 * float(line.split()[1]) for line in lines if line.startswith("MemAvailable")]
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text().strip()
        found += [float(limit) - float(used)] if limit.isdigit() else []
    except (OSError, ValueError):
        pass
    return min(found)


def places(jobs: list[Job], workers: int | None) -> int:
    """Points at a time: as asked for, or what cores and the estimate of the largest point allow."""
    if workers is not None:
        return workers
    by_cores = cores() // max(job.ranks for job in jobs)
    by_memory = SPARED * free_memory() / max(job.memory for job in jobs)
    return max(1, int(min(by_cores, by_memory, len(jobs))))


def run_local(jobs: list[Job], workers: int, status: Status) -> bool:
    """Run jobs; True if all were run, False if the study was asked to stop.

    SIGINT and SIGTERM stop the points, which save their state; a second one ends them at once.
    """
    waiting, running = deque(jobs), list[PointProcess]()
    requests = Requests()
    try:
        while (waiting and not requests.stop) or running:
            if requests.stop:
                for process in running:
                    process.stop()
            elif waiting and len(running) < workers:
                _start_one(waiting, running, status)
            _look(running, status)
            status.tick(stopping=requests.stop)
            time.sleep(POLL if len(running) >= workers or not waiting else 0.01)
    except KeyboardInterrupt:
        for process in running:
            process.kill()
    finally:
        requests.restore()
    return not requests.stop


def _start_one(waiting: deque[Job], running: list[PointProcess], status: Status) -> None:
    """Start the first job; one that another start of the study holds goes to the end of the queue."""
    process = PointProcess(waiting[0])
    if process.start():
        running.append(process)
        status.started(waiting.popleft())
        return
    waiting.rotate(-1)
    status.held(process.job)
    time.sleep(POLL)


def _look(running: list[PointProcess], status: Status) -> None:
    """Take out the processes that have ended."""
    for process in list(running):
        if process.poll() is not None:
            running.remove(process)
            status.ended(process.job, time.monotonic() - process.began)
