"""The result folder of a run on an unstructured mesh: fields, history, states, summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.run.account import peak_memory
from ramify.run.meshed_state import CannotResume, MeshedState, StateKeeper
from ramify.scenario.base import Scenario
from ramify.signals import Requests

if TYPE_CHECKING:
    from ramify.fem.spaces import Space
    from ramify.fem.whole import Whole
    from ramify.results.fields import Quantity

NOTHING = dict.fromkeys(("metal_plated_mol", "metal_stripped_mol", "metal_dead_mol", "filling_fraction"), 0.0)
"""Keys of `summary.json` that only moving metal gives a meaning to."""


class Stopped(Exception):
    """Asked to stop between two solves; the message is empty where no state was saved."""


class MeshedFolder:
    """What a run on a mesh writes; rank 0 writes, every rank calls."""

    def __init__(self, path: Path, scenario: Scenario, requests: Requests | None) -> None:
        from mpi4py import MPI

        self.comm = MPI.COMM_WORLD
        self.root = self.comm.rank == 0
        self.path, self.scenario, self._requests = path, scenario, requests
        self._began = time.monotonic()
        self._files: Any = None
        self._begun = False
        self._claim: Any = None
        self._log: Any = None
        self._history: Any = None
        self._wholes: dict[int, Whole] = {}
        every = getattr(getattr(scenario, "output", None), "checkpoint_every", np.inf)
        self.states = StateKeeper(path, scenario, self.comm, every, requests)
        self.resumed: MeshedState | None = None
        """State to go on from; None for a new run."""

    def open(self, force: bool) -> str:
        """Claim the folder and store the scenario; returns why it cannot be, on every rank."""
        refused = ""
        if self.root:
            try:
                self._make(force)
            except OSError as error:
                refused = " ".join(str(error).split())
        return str(self.comm.bcast(refused, root=0))

    def _make(self, force: bool) -> None:
        from ramify.results.claim import Claim
        from ramify.results.folder import LOG, SCENARIO, prepare_folder
        from ramify.results.log import RunLog
        from ramify.results.summary import write_atomically
        from ramify.scenario.writing import to_yaml

        self.path.mkdir(parents=True, exist_ok=True)
        self._claim = Claim(self.path)
        prepare_folder(self.path, force)
        write_atomically(self.path / SCENARIO, to_yaml(self.scenario).encode())
        self._log = RunLog(self.path / LOG)
        self._log.write("start", scenario=self.scenario.title, ranks=self.comm.size)

    def reopen(self) -> str:
        """Claim the folder of an interrupted run and read its state; returns why it cannot be, on every rank."""
        refused = ""
        if self.root:
            try:
                refused = self._take_over()
            except OSError as error:
                refused = " ".join(str(error).split())
        if refused := str(self.comm.bcast(refused, root=0)):
            return refused
        try:
            self.resumed = self.states.read()
        except CannotResume as refusal:
            return str(refusal)
        self.log("resume", time=self.resumed.time, ranks=self.comm.size)
        return ""

    def _take_over(self) -> str:
        from ramify.results.claim import Claim
        from ramify.results.folder import CHECKPOINT, LOG
        from ramify.results.log import RunLog

        if not (self.path / CHECKPOINT).is_dir():
            return (
                f"{self.path} holds no checkpoint to resume from; allowed: 'ramify run {self.path / 'scenario.yaml'} "
                "-o DIR', or --force to set the old results aside"
            )
        self._claim = Claim(self.path)
        self._log = RunLog(self.path / LOG)
        return ""

    def log(self, event: str, **values: Any) -> None:
        """One line of the log."""
        if self._log is not None:
            self._log.write(event, **values)

    def whole(self, space: Space) -> Whole:
        """What gathers the arrays of a space in the order of the files. Collective."""
        from ramify.fem.whole import Whole

        if id(space) not in self._wholes:
            self._wholes[id(space)] = Whole(space)
        return self._wholes[id(space)]

    def snapshot(
        self,
        at: float,
        space: Space,
        fields: Mapping[str, np.ndarray],
        extra: tuple[Quantity, ...],
        of_cells: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Fields (local nodes, ...) and (cells, ...) at a time [s] (or whatever the run counts in). Collective."""
        from ramify.results.folder import FIELDS, VTKHDF
        from ramify.results.mesh_files import MeshFieldFiles

        whole = self.whole(space)
        nodal = {name: whole.nodes(values) for name, values in fields.items()}
        cellwise = {name: whole.cells(values) for name, values in (of_cells or {}).items()}
        mesh = whole.mesh() if not self._begun else None

        def write() -> None:
            if mesh is not None:
                self._files = MeshFieldFiles(self.path / FIELDS, self.path / VTKHDF, mesh, extra)
                if self.resumed is not None:
                    self._files.truncate_after(self.resumed.time)
            self._files.append(
                at,
                {name: values for name, values in nodal.items() if values is not None},
                {name: values for name, values in cellwise.items() if values is not None},
            )
            if self._history is not None:
                self._history.flush()

        self._on_root(write)
        self._begun = True

    def history(self, row: Mapping[str, float], extra: tuple[Quantity, ...] = ()) -> None:
        """One row of `history.nc`, the same columns every time; rank 0's counts. Collective."""
        from ramify.results.folder import HISTORY
        from ramify.results.netcdf import HistoryFile

        def write() -> None:
            if self._history is None:
                self._history = HistoryFile(self.path / HISTORY, extra)
                if self.resumed is not None:
                    self._history.truncate_after(self.resumed.time)
            self._history.append(row)

        self._on_root(write)

    def keep(self, state: MeshedState) -> None:
        """Save a state, the history up to it first. Collective."""
        self._flush()
        self.states.save(state)

    def stop_if_asked(self, state: Callable[[], MeshedState] | None = None) -> None:
        """Save the state where it is due, and raise Stopped on every rank when any was asked to stop. Collective."""
        mine = self._requests is not None and self._requests.stop
        asked = self.comm.allreduce(int(mine))
        if state is not None and asked:
            self.keep(state())
        elif state is not None:
            self.states.save_if_due(state, self._flush)
        if asked:
            raise Stopped("state saved" if state is not None else "")

    def _flush(self) -> None:
        self._on_root(lambda: None if self._history is None else self._history.flush())

    def _on_root(self, write: Callable[[], None]) -> None:
        """Write on rank 0; OSError on every rank where that fails. Collective."""
        failed = ""
        if self.root:
            try:
                write()
            except OSError as error:
                failed = " ".join(str(error).split())
        if failed := str(self.comm.bcast(failed, root=0)):
            raise OSError(failed)

    def finish(self, status: str, reason: str, numbers: Mapping[str, Any]) -> None:
        """Write the summary. Collective."""
        memory = self.comm.reduce(peak_memory(), root=0)
        if not self.root:
            return
        if self._history is not None:
            self._history.flush()
        from ramify.results.folder import SUMMARY
        from ramify.results.summary import BALANCE_KEYS, write_summary

        balance = dict.fromkeys(BALANCE_KEYS) | dict(numbers.get("balance", {}))
        summary = {
            "status": status,
            "stop_reason": reason,
            "steps": 0,
            "rejected_steps": 0,
            "time_s": 0.0,
            "wall_s": time.monotonic() - self._began,
            "ranks": self.comm.size,
            "cells": 0,
            "peak_memory_bytes": memory,
            "charge_passed_C": 0.0,
            "coulombic_efficiency": None,
            "tip_height_m": None,
            "roughness_m": None,
            "voltage_V": None,
            **NOTHING,
            **numbers,
            "balance": balance,
        }
        write_summary(self.path / SUMMARY, summary)
        self.log("end", status=status, reason=reason)

    def release(self) -> None:
        """Let the folder go."""
        if self._claim is not None:
            self._claim.release()
