"""The result folder of a run that steps through a protocol: rank 0 owns it, every rank calls."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.phasefield.problem import Domain
from ramify.run.driver import Driver
from ramify.run.ranks import Ranks
from ramify.scenario.base import TimedScenario

if TYPE_CHECKING:
    from ramify.results.claim import Claim
    from ramify.results.folder import RunFolder

CHECKPOINT_VERSION = 2


class FolderRefused(Exception):
    """The folder cannot be begun or gone on with, on every rank; the message says why."""


class CannotResume(Exception):
    """The folder holds nothing that this scenario can go on with; the message says what."""


class TimedFolder:
    """History, snapshots, checkpoints, log and summary of one run.

    What the disk refuses on rank 0 is kept in `unwritten` until all ranks hear of it, between two steps.

    Parameters
    ----------
    path
        The folder.
    scenario
        What is run.
    domain
        Box and cells of its problem.
    driver
        Names what the model has to report beyond the field table.
    ranks
        Who takes part.
    """

    def __init__(self, path: Path, scenario: TimedScenario, domain: Domain, driver: Driver, ranks: Ranks) -> None:
        self.path, self.scenario, self.domain, self.ranks = path, scenario, domain, ranks
        self.left_out = driver.left_out
        self.unwritten = ""
        """Why a result could not be written; on rank 0."""
        self._extra = {"extra_history": driver.extra_history, "extra_fields": driver.extra_fields}
        self._errors: list[Exception] = []
        """Kept with the files in their frames: what HDF5 could not close, it must not be made to close again."""
        self._claim: Claim | None = None
        self._folder: RunFolder | None = None

    # ------------------------------------------------------------------ beginning and letting go

    def create(self, force: bool) -> None:
        """Begin anew; raises FolderRefused on every rank."""
        refused = ""
        if self.ranks.root:
            try:
                self._make(force)
            except OSError as error:
                refused = _said(error, self.path)
        self._agree(refused)

    def reopen(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """State (on rank 0) and notes (on every rank) of the newest checkpoint; raises FolderRefused on every rank."""
        refused = ""
        saved: dict[str, Any] = {}
        notes: dict[str, Any] = {}
        if self.ranks.root:
            try:
                saved, notes = self._open()
            except (CannotResume, OSError) as error:
                refused = _said(error, self.path)
        self._agree(refused)
        return saved, self.ranks.share(notes)

    def go_on_from(self, time: float) -> bool:
        """Forget what is later than `time` [s]; returns whether the field files have to be begun anew."""
        with self._writing():
            if self._folder is not None:
                self._folder.truncate_after(time)
                self._folder.log.write("resume", time=time, ranks=self.ranks.size)
        return bool(self.ranks.share(self._folder is not None and not self._folder.has_fields))

    def release(self) -> None:
        """Let the folder go."""
        if self._claim is not None:
            self._claim.release()

    def _agree(self, refused: str) -> None:
        if refused := self.ranks.share(refused):
            raise FolderRefused(refused)

    def _make(self, force: bool) -> None:
        from ramify.results.claim import Claim
        from ramify.results.folder import RunFolder
        from ramify.scenario.writing import to_yaml

        RunFolder.refuse_file(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._claim = Claim(self.path)
        self._folder = RunFolder.create(self.path, self.domain, force=force, **self._extra)
        self._folder.write_scenario(to_yaml(self.scenario))
        self._folder.log.write("start", scenario=self.scenario.title, ranks=self.ranks.size)

    def _open(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """State and notes of the newest checkpoint; CannotResume where it is not one of this scenario's."""
        from ramify.results.checkpoint import CheckpointError
        from ramify.results.claim import Claim
        from ramify.results.folder import RunFolder
        from ramify.run.same import differences

        RunFolder.refuse_without_checkpoint(self.path)
        self._claim = Claim(self.path)
        self._folder = RunFolder.resume(self.path, self.domain, **self._extra)
        try:
            checkpoint = self._folder.read_checkpoint()
        except CheckpointError as error:
            raise CannotResume(str(error)) from None
        notes = checkpoint.meta
        if notes.get("version") != CHECKPOINT_VERSION:
            raise CannotResume(f"the checkpoint has version {notes.get('version')}; allowed: {CHECKPOINT_VERSION}")
        if notes["finished"] and self._folder.has_summary:
            raise CannotResume(f"{self.path}: the run is finished; nothing is left to resume")
        if changed := differences(notes["scenario"], self.scenario):
            raise CannotResume(
                f"{self.path / 'scenario.yaml'}: {changed} is not what the checkpoint was computed with; allowed: the "
                "scenario as it was (title, numerics and output.checkpoint_every may change), or a new run"
            )
        return checkpoint.saved, notes

    # ------------------------------------------------------------------ writing

    @property
    def has_state(self) -> bool:
        """Whether a state has been saved; on rank 0."""
        return self._folder is not None and self._folder.has_checkpoint

    def log(self, event: str, **values: Any) -> None:
        """One line of the log."""
        with self._writing():
            if self._folder is not None:
                self._folder.log.write(event, **values)

    def history(self, row: Mapping[str, Any]) -> None:
        """One row of the time series, less what means nothing in this model."""
        with self._writing():
            if self._folder is not None:
                self._folder.history({name: value for name, value in row.items() if name not in self.left_out})

    def snapshot(self, time: float, fields: Mapping[str, np.ndarray | None]) -> None:
        """Fields (nz, ny, nx) at `time` [s], as gathered: None on ranks that have no part in them."""
        with self._writing():
            if self._folder is not None:
                self._folder.snapshot(time, {name: field for name, field in fields.items() if field is not None})

    def checkpoint(self, time: float, saved: dict[str, Any], notes: Mapping[str, Any]) -> None:
        """The state at `time` [s], with the run's own notes."""
        if self._folder is None:
            return
        from ramify.scenario.writing import to_yaml

        meta = {"version": CHECKPOINT_VERSION, **notes, "scenario": to_yaml(self.scenario)}
        with self._writing():
            self._folder.checkpoint(saved, meta)
            self._folder.log.write("checkpoint", time=time)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """The summary, and the end of the log."""
        with self._writing():
            if self._folder is not None:
                self._folder.finish(summary)
                self._folder.log.write("end", status=summary["status"], reason=summary["stop_reason"])

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:  # HDF5 raises both
            self.unwritten = self.unwritten or _said(error, self.path)
            self._errors.append(error)


def _said(error: Exception, folder: Path) -> str:
    """An error in one line that names the folder."""
    told = isinstance(error, OSError) and error.strerror and error.filename
    text = f"{error.filename}: {error.strerror}" if told else " ".join(str(error).split())  # type: ignore[attr-defined]
    return text if str(folder) in text else f"{folder}: {text}"
