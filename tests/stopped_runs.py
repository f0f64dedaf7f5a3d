"""Runs that signals stop and that are gone on with, and what they leave: shared by the tests of several models."""

import os
import signal
from pathlib import Path

import h5netcdf
import numpy as np
import pytest

from ramify.run import resume_run, runner
from ramify.signals import Requests


def columns(folder: Path, name: str = "history.nc") -> dict[str, np.ndarray]:
    """Every variable of a file of results."""
    with h5netcdf.File(folder / name, "r") as file:
        return {key: np.asarray(variable[...]) for key, variable in file.variables.items()}


def assert_same_columns(folder: Path, other: Path) -> None:
    """History and fields of two runs, bit by bit."""
    for name in ("history.nc", "fields.nc"):
        ours, theirs = columns(folder, name), columns(other, name)
        assert ours.keys() == theirs.keys()
        for key, values in ours.items():
            np.testing.assert_array_equal(values, theirs[key], err_msg=key)


def stop_after(patch: pytest.MonkeyPatch, steps: int) -> None:
    """Let a signal stop runs of this process after the run's step of that number."""
    _signal_after_steps(patch, lambda run, _: run.steps == steps)


def stop_every(patch: pytest.MonkeyPatch, steps: int) -> None:
    """Let a signal stop runs of this process after every so many steps, counted over all of them."""
    _signal_after_steps(patch, lambda _, count: count % steps == 0)


def _signal_after_steps(patch, due):
    advance, count = runner.Runner._advance, 0

    def signalled(self):
        nonlocal count
        ended = advance(self)
        count += 1
        if due(self, count):
            os.kill(os.getpid(), signal.SIGTERM)
        return ended

    patch.setattr(runner.Runner, "_advance", signalled)


def go_on(code: int, folder: Path, most: int = 50) -> int:
    """Go on with a run of that exit code until it is done; returns how often that took."""
    resumes = 0
    while code == 75:
        resumes += 1
        assert resumes <= most
        code = resume_run(folder, [], figures=False)
    assert code == 0
    return resumes


def stop_asked_after(steps: int) -> Requests:
    """Requests of a run that is asked to stop once so many steps are done."""
    seen = []

    class After(Requests):
        def __init__(self) -> None:
            self.save = False
            self.under_way = True

        @property
        def stop(self) -> bool:  # type: ignore[override]
            seen.append(0)
            return len(seen) > steps

    return After()
