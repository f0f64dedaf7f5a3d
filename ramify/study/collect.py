"""From the points' folders to table, figures and report; can be done again at any time."""

from __future__ import annotations

import logging
import platform
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ramify import __version__
from ramify.results.summary import write_atomically
from ramify.study.effects import fits, main_effects, sobol
from ramify.study.folder import DATASET, FIGURES, REPORT, TABLE, StudyFolder
from ramify.study.load import StudyFile
from ramify.study.outcomes import Outcome, collect
from ramify.study.points import Point, study_digest
from ramify.study.ranking import Design, rank
from ramify.study.table import csv_text, dataset

PACKAGES = ("numpy", "scipy", "numba", "petsc", "petsc4py")
THUMBNAILS = "designs"
"""Folder of the small pictures, below the figures."""
_log = logging.getLogger(__name__)


def collect_study(file: StudyFile, points: list[Point], folder: StudyFolder) -> tuple[list[Design], list[Path]]:
    """Table, figures and report of what there is so far; the ranked designs and the files written."""
    outcomes = collect(file, points, folder)
    designs = rank(outcomes, file.study)
    record = make_record(file, points, folder, outcomes)
    folder.write_record(record)
    table = folder.path / TABLE
    write_atomically(table, csv_text(file, outcomes).encode())
    try:
        return designs, [table, *_pictured(file, outcomes, designs, folder, record)]
    except ImportError as missing:
        _log.warning("%s is missing: no study.nc and no report; pip install 'ramify[viz]'", missing.name)
        return designs, [table]


def make_record(file: StudyFile, points: list[Point], folder: StudyFolder, outcomes: list[Outcome]) -> dict[str, Any]:
    """Provenance: what was asked, with which versions, and what became of each point."""
    counts = Counter(outcome.state for outcome in outcomes)
    former = folder.read_record()
    again = file.path.parent.resolve() == folder.path.resolve()  # from the copy in the folder: keep the origin
    return {
        "title": file.study.title,
        "study": former.get("study") if again else str(file.path),
        "base": former.get("base") if again else str(file.base),
        "hash": study_digest(file.study, points),
        "began": former.get("began", _now()),
        "made": _now(),
        "counts": ", ".join(f"{count} {state}" for state, count in sorted(counts.items())),
        "versions": {"ramify": __version__, "python": platform.python_version()} | _versions(),
        "platform": platform.platform(),
        "points": [
            {
                "number": outcome.point.number,
                "label": outcome.point.full_label,
                "hash": outcome.point.digest,
                "folder": f"points/{outcome.paths.name}",
                "state": outcome.state,
                "reason": outcome.reason,
            }
            for outcome in outcomes
        ],
        "former_points": folder.former(points),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _pictured(
    file: StudyFile, outcomes: list[Outcome], designs: list[Design], folder: StudyFolder, record: dict[str, Any]
) -> list[Path]:
    """Dataset, figures and report, which need the plotting extra."""
    from ramify.study import figures
    from ramify.study.report import write_report

    path, study = folder.path, file.study
    attributes = {"title": study.title, "Conventions": "CF-1.11", "source": f"ramify {__version__}"}
    attributes |= {"study_hash": record["hash"], "date_created": record["made"]}
    dataset(file, outcomes, attributes).to_netcdf(path / DATASET, engine="h5netcdf")
    out = path / FIGURES
    out.mkdir(exist_ok=True)
    effects, indices, laws = main_effects(designs, study), sobol(outcomes, study), fits(designs, study)
    complete = [design for design in designs if design.first.complete]
    drawn: dict[str, Path] = {}
    jobs: dict[str, Callable[[Path], Path | None]] = {
        "responses": lambda to: figures.plot_responses(study, complete, to) if complete else None,
        "pareto": lambda to: figures.plot_pareto(study, designs, to),
        "fits": lambda to: figures.plot_fits(study, designs, laws, to),
        "effects": lambda to: figures.plot_effects(study, effects, to),
        "sobol": lambda to: figures.plot_sobol(study, indices, to),
    }
    for name, draw in jobs.items():
        if (made := draw(out / f"{name}.png")) is not None:
            drawn[name] = made
    small = thumbnails(designs, out / THUMBNAILS)
    report = write_report(path / REPORT, file, designs, drawn, small, effects, indices, record)
    return [path / DATASET, *drawn.values(), report]


def thumbnails(designs: list[Design], out: Path) -> dict[str, Path]:
    """A small picture of every complete design; one that cannot be drawn is left out and said so."""
    from ramify.study.thumbnails import draw_thumbnail

    out.mkdir(exist_ok=True)
    found = {}
    for design in designs:
        paths = design.first.paths
        picture = out / f"{paths.name}.png"
        if not design.first.complete:
            continue
        try:
            found[paths.name] = picture if picture.exists() else draw_thumbnail(paths.results, picture)
        except (OSError, ValueError) as failure:
            _log.warning("no picture of %s: %s", paths.name, failure)
    return found
