"""What a person sees while a run goes on: a bar on a terminal, plain lines elsewhere; rank 0 alone."""

from __future__ import annotations

import sys
import time
from typing import Any

from ramify.phasefield.engine import StepReport

LINE_EVERY = 10.0
"""Wall time between plain lines [s]."""
MILLIAMPERE_HOUR = 1e3 / 3600.0 / 1e4
"""mAh/cm^2 in one C/m^2."""


class Progress:
    """Progress of one run.

    Parameters
    ----------
    visible
        False on every rank but the first.
    steps
        Number of the protocol's steps.
    """

    def __init__(self, visible: bool, steps: int) -> None:
        self.visible, self.steps = visible, steps
        self._last = 0.0
        self._bar: Any = None
        self._task: Any = None
        if visible and sys.stderr.isatty():
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn()
            )
            self._bar.start()
            self._task = self._bar.add_task("starting", total=1.0, state="")

    def say(self, text: str) -> None:
        """One line, whatever the terminal."""
        if not self.visible:
            return
        if self._bar is not None:
            self._bar.console.print(text, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def show(self, index: int, text: str, share: float, report: StepReport, capacity: float) -> None:
        """State after a time step of the protocol's step `text`; `share` of it is done, `capacity` is areal [C/m^2]."""
        if not self.visible:
            return
        state = (
            f"t {_time(report.time)}  V {report.voltage:+.4f} V  {capacity * MILLIAMPERE_HOUR:.3f} mAh/cm2  "
            f"tip {report.measures.get('tip_height', 0.0) * 1e6:.2f} um  dt {report.step:.2g} s"
        )
        label = f"[{index + 1}/{self.steps}] {text}"
        if self._bar is not None:
            self._bar.update(self._task, description=label, completed=min(max(share, 0.0), 1.0), state=state)
            return
        now = time.monotonic()
        if now - self._last >= LINE_EVERY:
            self._last = now
            print(f"{label}  {100.0 * share:3.0f} %  {state}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _time(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.3g} s"
    return f"{seconds / 60.0:.1f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.2f} h"
