"""`StudyFolder`: the one owner of the layout of a study's folder.

`points/NAME.yaml` the resolved scenario of a point, `points/NAME/` its results as of `ramify run`, `points/NAME.log`
what its process said, `points/NAME.lock` held while it runs, `points/NAME.crash` why its process broke down;
`study.yaml`, `base.yaml` and `study.json` what was asked; `study.nc`, `study.csv`, `report.html`, `figures/` what it
came to. NAME ends in the hash of the resolved scenario: a changed study finds the points that have not changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ramify.results.folder import CHECKPOINT, SUMMARY
from ramify.results.summary import plain, read_summary, write_atomically
from ramify.scenario.writing import to_yaml
from ramify.study.load import StudyFile
from ramify.study.points import HASH_LENGTH, Point

POINTS, STOP, STUDY, BASE, RECORD = "points", ".stop", "study.yaml", "base.yaml", "study.json"
DATASET, TABLE, REPORT, FIGURES = "study.nc", "study.csv", "report.html", "figures"

State = Literal["waiting", "interrupted", "crashed", "finished", "stopped", "failed"]
COMPLETE = ("finished", "stopped", "failed")
"""States that a second start does not repeat: the solver would fail again at the same place."""


@dataclass(frozen=True)
class PointPaths:
    """Where one point keeps its things."""

    scenario: Path
    results: Path
    log: Path
    lock: Path
    crash: Path

    @property
    def name(self) -> str:
        """Of the point's folder."""
        return self.results.name

    def summary(self) -> dict[str, Any]:
        """The summary; empty while there is none, or where a kill left none that can be read."""
        try:
            return read_summary(self.results / SUMMARY)
        except (OSError, ValueError):
            return {}

    @property
    def state(self) -> State:
        """How far the point has come, by its files alone."""
        status = self.summary().get("status")
        if status in COMPLETE:
            return status
        if self.crash.exists():
            return "crashed"
        return "interrupted" if self.resumable else "waiting"

    @property
    def resumable(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return any((self.results / CHECKPOINT).glob("checkpoint-*.h5"))

    @property
    def reason(self) -> str:
        """Why the point failed, or ended as it did."""
        if self.state == "crashed":
            return self.crash.read_text("utf-8").strip()
        return str(self.summary().get("stop_reason", ""))

    def last_words(self, lines: int = 1) -> str:
        """The end of what its process said."""
        try:
            text = self.log.read_text("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


class StudyFolder:
    """Folder of one study.

    Parameters
    ----------
    path
        The folder; made by `prepare`.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    @property
    def stop_file(self) -> Path:
        """Asks every worker to stop its point; on a file system that all share."""
        return self.path / STOP

    def paths(self, point: Point) -> PointPaths:
        """Where a point keeps its things; found by its hash, whatever the readable part of an earlier name was."""
        folder = self.path / POINTS
        names = [path.stem for path in folder.glob(f"*{point.digest[:HASH_LENGTH]}.yaml")] if folder.is_dir() else []
        name = names[0] if names else point.folder
        files = (folder / f"{name}.{suffix}" for suffix in ("log", "lock", "crash"))
        return PointPaths(folder / f"{name}.yaml", folder / name, *files)

    def prepare(self, file: StudyFile, points: list[Point], force: bool = False) -> None:
        """Make the folder, and write the study and the scenario of every point.

        With `force` the points of earlier starts are set aside (`points.previous-1`, ...); nothing is deleted.
        """
        if force and (self.path / POINTS).exists():
            number = 1
            while (self.path / f"{POINTS}.previous-{number}").exists():
                number += 1
            (self.path / POINTS).rename(self.path / f"{POINTS}.previous-{number}")
        (self.path / POINTS).mkdir(parents=True, exist_ok=True)
        self.stop_file.unlink(missing_ok=True)
        for point in points:
            paths = self.paths(point)
            if not paths.scenario.exists():
                write_atomically(paths.scenario, to_yaml(point.scenario).encode())
        write_atomically(self.path / BASE, file.base_text.encode())
        write_atomically(self.path / STUDY, to_text(file.document.data | {"base": BASE}).encode())

    def write_record(self, record: dict[str, Any]) -> None:
        """Write `study.json`."""
        write_atomically(self.path / RECORD, (json.dumps(plain(record), indent=2, allow_nan=False) + "\n").encode())

    def read_record(self) -> dict[str, Any]:
        """`study.json`; empty where there is none that can be read."""
        try:
            found = json.loads((self.path / RECORD).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def former(self, points: list[Point]) -> list[str]:
        """Names of points that an earlier form of the study left and this one does not have."""
        kept = {point.digest[:HASH_LENGTH] for point in points}
        return sorted(p.stem for p in (self.path / POINTS).glob("*.yaml") if p.stem[-HASH_LENGTH:] not in kept)


def to_text(data: dict[str, Any]) -> str:
    """A study as YAML text."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 110
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
