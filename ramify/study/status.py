"""What a person sees of a study: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from typing import Any

from ramify.study.plan import duration
from ramify.study.process import Job

PROGRESS = re.compile(r"\d+ %  t \S+ \w+")
"""Share done and time reached, in a run's lines of progress."""
REFRESH = 0.5
"""Seconds between two pictures of the live table."""


class Status:
    """State of a study under way.

    Parameters
    ----------
    total
        Points of the study.
    before
        Points that earlier starts completed.
    """

    def __init__(self, total: int, before: int) -> None:
        self.total, self.done = total, before
        self.states: Counter[str] = Counter()
        self._running: dict[str, tuple[Job, float]] = {}
        self._held: set[str] = set()
        self._drawn = 0.0
        self._live: Any = None
        if before:
            self.say(f"{before} of {total} points are there already")

    def __enter__(self) -> Status:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *unused: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """One line, whatever the terminal."""
        if self._live is not None:
            self._live.console.print(text, highlight=False, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def started(self, job: Job) -> None:
        """A point runs now."""
        self._running[job.paths.name] = (job, time.monotonic())

    def held(self, job: Job) -> None:
        """Another start of the study works on the point."""
        if job.paths.name not in self._held:
            self._held.add(job.paths.name)
            self.say(f"waiting: {job.label}: another process works on this point")

    def ended(self, job: Job, seconds: float) -> None:
        """A point has ended; how is seen from its files."""
        self._running.pop(job.paths.name, None)
        state = job.paths.state
        self.states[state] += 1
        if state == "interrupted" or state == "waiting":
            self.say(f"{'interrupted':<12} {job.label}")
            return
        self.done += 1
        reason = f": {job.paths.reason}" if state in ("failed", "crashed") else ""
        self.say(f"[{self.done}/{self.total}] {state:<9} {job.label}  ({duration(seconds)}){reason}")

    def tick(self, stopping: bool = False) -> None:
        """Draw the live table, not more often than is of use."""
        if self._live is None or time.monotonic() - self._drawn < REFRESH:
            return
        self._drawn = time.monotonic()
        self._live.update(self._table(stopping), refresh=True)

    def _table(self, stopping: bool) -> Any:
        from rich.table import Table
        from rich.text import Text

        words = "stopping, states are being saved" if stopping else f"{self.done} of {self.total} points done"
        table = Table(title=Text(words), title_justify="left", box=None)
        for column in ("running", "time", "state"):
            table.add_column(column, no_wrap=True)
        for job, began in self._running.values():
            progress = PROGRESS.search(job.paths.last_words())
            table.add_row(Text(job.label), duration(time.monotonic() - began), progress[0] if progress else "")
        return table
