"""The scenarios and studies that come with ramify."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def shipped_scenarios() -> dict[str, Path]:
    """Shipped scenario files by name."""
    folder = Path(str(files("ramify.scenarios")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


@cache
def shipped_studies() -> dict[str, Path]:
    """Shipped study files by name."""
    folder = Path(str(files("ramify.scenarios"))) / "studies"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def scenario_title(path: Path) -> str:
    """The title line of a scenario or study file, without reading the rest."""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("title:"):
            return line.removeprefix("title:").strip().strip("'\"")
    return ""
