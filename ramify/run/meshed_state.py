"""States of runs on unstructured meshes: saved by wall time and on request, in an order that ranks do not change.

A model hands over numbers and whole arrays (`fem.whole`), which rank 0 holds; they come back on as many ranks as there
are. On the same ranks a resumed run is the same bit by bit, on others to round-off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.scenario.base import Scenario
from ramify.signals import Requests

if TYPE_CHECKING:
    from mpi4py import MPI

VERSION = 1
"""Of what a meshed model's checkpoint holds."""


class CannotResume(Exception):
    """The folder holds nothing that this scenario can go on with; the message says what."""


@dataclass(frozen=True)
class MeshedState:
    """What a model needs to go on."""

    time: float
    """[s]."""
    numbers: Mapping[str, Any]
    """Plain values, the same on every rank."""
    arrays: Mapping[str, np.ndarray | None]
    """Whole arrays on rank 0, None elsewhere."""


class StateKeeper:
    """Keeps the states of one run; every rank calls.

    Parameters
    ----------
    path
        The result folder.
    scenario
        Resolved.
    every
        Wall time between two states [s].
    requests
        Of signals: one of them asks for a state.
    """

    def __init__(
        self, path: Path, scenario: Scenario, comm: MPI.Comm, every: float, requests: Requests | None = None
    ) -> None:
        self.path, self.scenario, self.comm = path, scenario, comm
        self._every, self._requests, self._saved_at = every, requests, time.monotonic()

    def save(self, state: MeshedState) -> None:
        """Write a checkpoint. Collective."""
        from ramify.results.checkpoint import write_checkpoint
        from ramify.results.folder import CHECKPOINT
        from ramify.scenario.writing import to_yaml

        failed = ""
        if self.comm.rank == 0:
            saved = {"time": state.time, "numbers": dict(state.numbers), "arrays": dict(state.arrays)}
            try:
                write_checkpoint(
                    self.path / CHECKPOINT, saved, {"meshed version": VERSION, "scenario": to_yaml(self.scenario)}
                )
            except OSError as error:
                failed = " ".join(str(error).split())
        if failed := str(self.comm.bcast(failed, root=0)):
            raise OSError(failed)
        self._saved_at = time.monotonic()

    def save_if_due(self, state: Callable[[], MeshedState], before: Callable[[], None]) -> None:
        """Write a checkpoint where the wall time is up or a signal asks for one, `before` first. Collective."""
        asked = self._requests is not None and self._requests.save
        due = self.comm.bcast(time.monotonic() - self._saved_at >= self._every, root=0)
        if not (self.comm.allreduce(int(asked)) or due):
            return
        if self._requests is not None:
            self._requests.save = False
        before()
        self.save(state())

    def read(self) -> MeshedState:
        """The newest whole checkpoint of this scenario. Collective.

        Raises
        ------
        CannotResume
            On every rank alike, where there is none.
        """
        found: MeshedState | str = ""
        if self.comm.rank == 0:
            try:
                found = self._newest()
            except CannotResume as refusal:
                found = str(refusal)
        whole = found if isinstance(found, MeshedState) else None
        shared = found if whole is None else MeshedState(whole.time, whole.numbers, dict.fromkeys(whole.arrays))
        shared = self.comm.bcast(shared, root=0)
        if isinstance(shared, str):
            raise CannotResume(shared)
        return whole if whole is not None else shared

    def _newest(self) -> MeshedState:
        from ramify.results.checkpoint import CheckpointError, read_checkpoint
        from ramify.results.folder import CHECKPOINT, SUMMARY
        from ramify.results.summary import read_summary
        from ramify.run.same import differences

        ended = ("finished", "stopped")
        if (self.path / SUMMARY).is_file() and read_summary(self.path / SUMMARY).get("status") in ended:
            raise CannotResume(f"{self.path}: the run is finished; nothing is left to resume")
        try:
            checkpoint = read_checkpoint(self.path / CHECKPOINT)
        except CheckpointError as error:
            raise CannotResume(str(error)) from None
        version = checkpoint.meta.get("meshed version")
        if version != VERSION:
            raise CannotResume(f"the checkpoint has version {version}; allowed: {VERSION}")
        if changed := differences(checkpoint.meta["scenario"], self.scenario):
            raise CannotResume(
                f"{self.path / 'scenario.yaml'}: {changed} is not what the checkpoint was computed with; allowed: the "
                "scenario as it was (title, numerics and output.checkpoint_every may change), or a new run"
            )
        saved = checkpoint.saved
        return MeshedState(saved["time"], saved["numbers"], saved["arrays"])
