"""Runs on unstructured meshes: the result folder, the summary and the ends of a run that has no protocol."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.run.account import peak_memory
from ramify.run.ranks import guarded, together
from ramify.run.runner import DONE, GAVE_UP, INTERRUPTED, REFUSED
from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError
from ramify.signals import Requests

if TYPE_CHECKING:
    from ramify.fem.spaces import Space
    from ramify.results.fields import Quantity

NOTHING = dict.fromkeys(("metal_plated_mol", "metal_stripped_mol", "metal_dead_mol", "filling_fraction"), 0.0)
"""Keys of `summary.json` that only moving metal gives a meaning to."""


class Stopped(Exception):
    """Asked to stop between two solves."""


class MeshedFolder:
    """What a run on a mesh writes; rank 0 writes, every rank calls."""

    def __init__(self, path: Path, scenario: Scenario, requests: Requests | None) -> None:
        from mpi4py import MPI

        self.comm = MPI.COMM_WORLD
        self.root = self.comm.rank == 0
        self.path, self.scenario, self._requests = path, scenario, requests
        self._began = time.monotonic()
        self._files: Any = None
        self._claim: Any = None
        self._log: Any = None

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

    def log(self, event: str, **values: Any) -> None:
        """One line of the log."""
        if self._log is not None:
            self._log.write(event, **values)

    def snapshot(self, at: float, space: Space, fields: Mapping[str, np.ndarray], extra: tuple[Quantity, ...]) -> None:
        """Fields (local nodes) at a time [s] (or whatever the run counts in). Collective."""
        from ramify.fem.whole import gather_mesh
        from ramify.results.folder import FIELDS, VTKHDF
        from ramify.results.mesh_files import MeshFieldFiles

        whole = {name: space.gather(values) for name, values in fields.items()}
        mesh = gather_mesh(space) if self._files is None else None
        if not self.root:
            self._files = True
            return
        if mesh is not None:
            self._files = MeshFieldFiles(self.path / FIELDS, self.path / VTKHDF, mesh, extra)
        self._files.append(at, {name: values for name, values in whole.items() if values is not None})

    def stop_if_asked(self) -> None:
        """Raise Stopped on every rank when any was asked to stop."""
        mine = self._requests is not None and self._requests.stop
        if self.comm.allreduce(int(mine)):
            raise Stopped

    def finish(self, status: str, reason: str, numbers: Mapping[str, Any]) -> None:
        """Write the summary. Collective."""
        memory = self.comm.reduce(peak_memory(), root=0)
        if not self.root:
            return
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


Work = Callable[[MeshedFolder], dict[str, Any]]


def run_meshed(
    scenario: Scenario,
    path: Path,
    prepare: Callable[[], Work],
    draw: Callable[[Path], list[Path]],
    prefix: str,
    *,
    force: bool,
    petsc_options: list[str],
    figures: bool,
    requests: Requests | None,
) -> int:
    """Run a model on a mesh; returns the exit code of the contract.

    Parameters
    ----------
    prepare
        Builds mesh and equations, which may refuse the scenario, and returns the work; every rank calls it.
    draw
        Draws the figures of the folder, on rank 0.
    prefix
        Of the PETSc options that the solver reads.
    """

    def work() -> int:
        _start_petsc(petsc_options)
        solve = together(prepare)
        _refuse_unread(petsc_options, prefix)
        folder = MeshedFolder(path, scenario, requests)
        if refused := folder.open(force):
            if folder.root:
                print(f"ramify: {refused}", file=sys.stderr)
            folder.release()
            return REFUSED
        try:
            return _carry_out(folder, solve, draw if figures else None)
        finally:
            folder.release()
            if requests is not None:
                requests.under_way = False

    if requests is not None:
        requests.under_way = True
    return guarded(work)


def _carry_out(folder: MeshedFolder, solve: Work, draw: Callable[[Path], list[Path]] | None) -> int:
    from ramify.fem.linear import LinearFailure
    from ramify.fem.newton import NewtonFailure

    try:
        numbers = solve(folder)
    except Stopped:
        folder.finish("interrupted", "asked to stop; this model keeps no checkpoint, run it again with --force", {})
        return INTERRUPTED
    except (NewtonFailure, LinearFailure) as failure:
        if folder.root:
            print(f"ramify: {failure}", file=sys.stderr)
        folder.finish("failed", str(failure), {})
        return GAVE_UP
    folder.finish("finished", "solved", numbers)
    if folder.root:
        print(f"finished: results in {folder.path}")
        for picture in draw(folder.path) if draw is not None else ():
            print(picture)
    return DONE


def _start_petsc(options: list[str]) -> None:
    from ramify.phasefield.petsc import BadOption, start_petsc

    def start() -> None:
        try:
            start_petsc(options)
        except BadOption as refusal:
            raise ScenarioError(str(refusal)) from None

    together(start)


def _refuse_unread(options: list[str], prefix: str) -> None:
    from ramify.phasefield.petsc import BadOption, refuse_unread

    def check() -> None:
        try:
            refuse_unread(options, prefix)
        except BadOption as refusal:
            raise ScenarioError(str(refusal)) from None

    together(check)


def refuse_resume(scenario: Scenario, folder: Path) -> int:
    """Refusal of `ramify resume` for models that keep no checkpoint."""
    print(
        f"ramify: {folder}: model {scenario.model} keeps no checkpoint to resume from; allowed: 'ramify run "
        f"{folder / 'scenario.yaml'} -o DIR', or --force to set the old results aside",
        file=sys.stderr,
    )
    return REFUSED
