"""`log.jsonl`: one JSON object per line for everything worth telling about a run, appended only."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ramify.results.summary import plain


class RunLog:
    """Log of a run; each line is on its way to disk when `write` returns.

    Parameters
    ----------
    path
        `log.jsonl`; continued where it exists. A last line cut short by a kill is closed off first.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if self.path.exists() and self.path.stat().st_size and not self.path.read_bytes().endswith(b"\n"):
            self._append("\n")

    def write(self, event: str, **values: Any) -> None:
        """One line: wall-clock time (UTC), the event, and its values (not-finite numbers as null)."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **plain(values)}
        self._append(json.dumps(line, allow_nan=False) + "\n")

    def _append(self, text: str) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)


def read_log(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a log, oldest first; a line cut short is left out."""
    lines = []
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines
