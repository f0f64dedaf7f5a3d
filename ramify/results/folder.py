"""`RunFolder`: the one owner of the layout of a result folder.

`scenario.yaml` the resolved scenario, `summary.json` what it came to, `history.nc` the time series, `fields.nc` and
`fields.vtkhdf` the snapshots, `log.jsonl` what happened, `checkpoint/` the newest two states, `figures/` pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from ramify.results.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from ramify.results.fields import Quantity
from ramify.results.log import RunLog
from ramify.results.netcdf import FieldsFile, HistoryFile
from ramify.results.summary import write_atomically, write_summary
from ramify.results.vtkhdf import VtkHdfFile

if TYPE_CHECKING:
    from ramify.phasefield.problem import Domain

SCENARIO, SUMMARY, LOG = "scenario.yaml", "summary.json", "log.jsonl"
HISTORY, FIELDS, VTKHDF = "history.nc", "fields.nc", "fields.vtkhdf"
CHECKPOINT, FIGURES = "checkpoint", "figures"
ENTRIES = (SCENARIO, SUMMARY, LOG, HISTORY, FIELDS, VTKHDF, CHECKPOINT, FIGURES)
"""Every name a run makes in its folder."""


class FolderInUse(FileExistsError):
    """The folder holds a run already; the message says what can be done."""


class RunFolder:
    """Result folder of one run, on rank 0; use `create` or `resume`.

    Parameters
    ----------
    path
        The folder; must exist.
    domain
        Box and cells, for coordinates.
    extra_history, extra_fields
        Quantities beyond the field table, for models that have more to report.
    """

    def __init__(
        self,
        path: Path,
        domain: Domain,
        *,
        extra_history: Iterable[Quantity] = (),
        extra_fields: Iterable[Quantity] = (),
    ) -> None:
        self.path = Path(path)
        extra = tuple(extra_fields)
        for name in (LOG, SUMMARY):
            if (self.path / name).is_dir():
                os.replace(self.path / name, _free(self.path, f"{name}.damaged-"))
        self.log = RunLog(self.path / LOG)
        self._set_aside_damaged()
        layers = (np.arange(domain.cells[2]) + 0.5) * domain.spacing[2]
        self._history = HistoryFile(self.path / HISTORY, extra_history, layers=layers)
        self._fields = FieldsFile(self.path / FIELDS, domain, extra)
        self._vtkhdf = VtkHdfFile(self.path / VTKHDF, domain, extra)

    @classmethod
    def create(cls, path: Path, domain: Domain, *, force: bool = False, **extra: Any) -> RunFolder:
        """A folder for a new run.

        With `force`, what an earlier run left is moved into `previous-1` (then `previous-2`, ...) inside the
        folder; nothing is deleted, and files that no run makes stay where they are.

        Raises
        ------
        FolderInUse
            If the folder holds any file of a run and `force` is not given.
        """
        prepare_folder(Path(path), force)
        return cls(Path(path), domain, **extra)

    @staticmethod
    def refuse_file(path: Path) -> None:
        """FolderInUse where the path is something else than a folder."""
        if path.exists() and not path.is_dir():
            raise FolderInUse(f"{path} is a file; results need a folder")

    @staticmethod
    def refuse_without_checkpoint(path: Path) -> None:
        """FileNotFoundError where no run has saved anything."""
        if not (path / CHECKPOINT).is_dir():
            raise FileNotFoundError(f"{path} holds no checkpoint to resume from")

    @classmethod
    def resume(cls, path: Path, domain: Domain, **extra: Any) -> RunFolder:
        """The folder of an interrupted run, to go on in; call `truncate_after` with the checkpoint's time.

        Raises
        ------
        FileNotFoundError
            If there is no run in it.
        """
        path = Path(path)
        cls.refuse_without_checkpoint(path)
        return cls(path, domain, **extra)

    def write_scenario(self, text: str) -> None:
        """Store the resolved scenario, YAML text."""
        write_atomically(self.path / SCENARIO, text.encode())

    def history(self, row: Mapping[str, float | np.ndarray]) -> None:
        """One row of the time series (buffered); see `HistoryFile.append`."""
        self._history.append(row)

    def snapshot(self, time: float, fields: Mapping[str, np.ndarray]) -> None:
        """Fields (nz, ny, nx) at `time` [s], into both field files; see `FieldsFile.append`."""
        self._history.flush()
        self._fields.append(time, fields)
        self._vtkhdf.append(time, fields)

    def checkpoint(self, saved: dict[str, Any], meta: dict[str, Any]) -> Path:
        """Save the state; the history up to here goes to disk first, so that a resumed one has no gap."""
        self._history.flush()
        return write_checkpoint(self.path / CHECKPOINT, saved, meta)

    def read_checkpoint(self) -> Checkpoint:
        """Newest whole checkpoint; raises `CheckpointError`. Files passed over are noted in the log."""
        found = read_checkpoint(self.path / CHECKPOINT)
        for message in found.skipped:
            self.log.write("checkpoint skipped", message=message)
        return found

    def truncate_after(self, time: float) -> None:
        """Forget rows and snapshots later than `time` [s], which a resumed run is about to make again."""
        dropped = {}
        for name, file in ((HISTORY, self._history), (FIELDS, self._fields), (VTKHDF, self._vtkhdf)):
            try:
                dropped[name] = file.truncate_after(time)
            except Exception as error:  # a damaged file makes HDF5 and its readers raise whatever they meet
                self._set_aside(name, error)
        if HISTORY not in dropped:
            self._history.begin_anew()
        rows, snapshots = dropped.get(HISTORY, 0), dropped.get(FIELDS, 0)
        if rows or snapshots:
            self.log.write("truncated", time=time, rows=rows, snapshots=snapshots)

    def flush(self) -> None:
        """Write what is buffered."""
        self._history.flush()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write what is buffered, and the summary even if that fails; see `write_summary`."""
        try:
            self.flush()
            self._history.create_empty()
        finally:
            write_summary(self.path / SUMMARY, summary)

    @property
    def has_summary(self) -> bool:
        """Whether the run has come to an end of some kind."""
        return (self.path / SUMMARY).is_file()

    @property
    def has_checkpoint(self) -> bool:
        """Whether a state has been saved."""
        return any((self.path / CHECKPOINT).glob("checkpoint-*.h5"))

    @property
    def has_fields(self) -> bool:
        """Whether both field files have been begun."""
        return (self.path / FIELDS).is_file() and (self.path / VTKHDF).is_file()

    @property
    def figures(self) -> Path:
        """Where pictures go; made on first use."""
        folder = self.path / FIGURES
        folder.mkdir(exist_ok=True)
        return folder

    def _set_aside_damaged(self) -> None:
        """A file that cannot be read is renamed, said so, and begun anew: the run matters more."""
        for name, axis in ((HISTORY, "time"), (FIELDS, "time"), (VTKHDF, "VTKHDF/Steps/Values")):
            if not (self.path / name).exists():
                continue
            try:
                _probe(self.path / name, axis)
            except Exception as error:  # see `truncate_after`
                self._set_aside(name, error)

    def _set_aside(self, name: str, error: Exception) -> None:
        damaged = _free(self.path, f"{name}.damaged-")
        os.replace(self.path / name, damaged)
        self.log.write("damaged file", message=f"{name} could not be read; it is now {damaged.name}", reason=str(error))


def prepare_folder(path: Path, force: bool) -> None:
    """Make a folder for a new run, and set aside what an earlier one left; see `RunFolder.create`."""
    RunFolder.refuse_file(path)
    present = [name for name in ENTRIES if (path / name).exists()]
    if present and not force:
        raise FolderInUse(
            f"{path} already holds {', '.join(present)}: go on with `ramify resume {path}`, choose another folder "
            "with -o, or give --force to move these into a sub-folder and start again"
        )
    path.mkdir(parents=True, exist_ok=True)
    if present:
        aside = _free(path, "previous-")
        aside.mkdir()
        for name in present:
            os.replace(path / name, aside / name)


def _probe(file: Path, axis: str) -> None:
    """Read the time axis, every column and the last snapshot; raises whatever a damaged file makes HDF5 raise."""
    with h5py.File(file, "r", locking=False) as content:
        content[axis][...]
        found: list[h5py.Dataset] = []
        content.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
        for data in found:
            if data.ndim == 1:
                data[...]
            elif data.ndim and len(data):
                data[-1:]


def _free(folder: Path, stem: str) -> Path:
    """First of stem1, stem2, ... that the folder does not hold."""
    number = 1
    while (folder / f"{stem}{number}").exists():
        number += 1
    return folder / f"{stem}{number}"
