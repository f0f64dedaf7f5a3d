"""What a list of files is: each told by its content, not by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ramify.atomistic.errors import AtomisticError, shown
from ramify.atomistic.extxyz import read_extxyz
from ramify.atomistic.frames import Frame
from ramify.atomistic.lammps_data import Data, read_data
from ramify.atomistic.lammps_dump import read_dump
from ramify.atomistic.lammps_log import Log, read_log
from ramify.atomistic.lammps_table import Table, read_table
from ramify.atomistic.lines import open_lines

Kind = Literal["log", "data", "dump", "table", "plumed", "extxyz", "other"]
HEAD = 30
"""Lines within which a data file declares its atoms."""
KINDS = (
    "LAMMPS log, data file, dump, fix ave/time file, extended XYZ, PLUMED file, or a trajectory that ASE or "
    "MDAnalysis reads"
)


def sniff(path: Path) -> Kind:
    """The kind of a file, from its first lines."""
    with open_lines(path) as lines:
        try:
            first = lines.next()
        except AtomisticError:
            if _foreign(path):
                return "other"
            raise
        if first is None:
            raise AtomisticError("the file is empty", path, 1, allowed=KINDS)
        for mark, kind in MARKS:
            if first.startswith(mark):
                return kind
        if first.strip().isdigit():
            return "extxyz"
        if _foreign(path):
            return "other"
        for _ in range(HEAD):
            line = lines.next()
            if line is None:
                break
            if line.split(b"#")[0].split()[1:] == [b"atoms"]:
                return "data"
    raise AtomisticError("no kind of file that is read here", path, 1, value=shown(first), allowed=KINDS)


MARKS: tuple[tuple[bytes, Kind], ...] = (
    (b"LAMMPS (", "log"),
    (b"# Time-averaged data for fix", "table"),
    (b"ITEM:", "dump"),
    (b"#! FIELDS", "plumed"),
)


def _foreign(path: Path) -> bool:
    from ramify.atomistic.foreign import SUFFIXES

    return path.suffix.lower() in SUFFIXES or path.name in SUFFIXES


@dataclass
class Sources:
    """The files of one simulation, by kind."""

    log: Log | None = None
    data: list[Data] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    trajectories: list[tuple[Path, Kind]] = field(default_factory=list)
    topology: Path | None = None

    @property
    def outputs(self) -> list[Path]:
        """The files to be analysed."""
        return [table.path for table in self.tables] + [path for path, _ in self.trajectories]

    def frames(self) -> Iterator[tuple[Path, Frame]]:
        """Frames of the trajectories in the order given."""
        from ramify.atomistic.foreign import read_foreign

        for path, kind in self.trajectories:
            if kind == "dump":
                frames = read_dump(path)
            elif kind == "extxyz":
                frames = read_extxyz(path)
            else:
                frames = read_foreign(path, self.topology)
            for frame in frames:
                yield path, frame


def open_sources(paths: list[Path], topology: Path | None = None) -> Sources:
    """Read what is small and remember what is large.

    Raises
    ------
    AtomisticError
        For a file that is not read here, several logs, and trajectories of several kinds.
    """
    sources = Sources(topology=topology)
    for path in paths:
        kind = sniff(path)
        if kind == "log":
            if sources.log is not None:
                raise AtomisticError(
                    f"a second log, after {sources.log.path}",
                    path,
                    allowed="one log: that of the run that wrote the files",
                )
            sources.log = read_log(path)
        elif kind == "data":
            sources.data.append(read_data(path))
        elif kind == "table":
            sources.tables.append(read_table(path))
        elif kind == "plumed":
            raise AtomisticError("a PLUMED file holds no diffusion", path, 1, allowed="'ramify atomistic nucleus'")
        else:
            sources.trajectories.append((path, kind))
    kinds = {kind for _, kind in sources.trajectories}
    if len(kinds) > 1:
        raise AtomisticError(
            f"trajectories of several kinds ({', '.join(sorted(kinds))})", sources.trajectories[1][0],
            allowed="one trajectory, whose files continue each other",
        )  # fmt: skip
    return sources
