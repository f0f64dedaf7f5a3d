"""Requests from outside: stop and save (SIGTERM, SIGINT), save and go on (SIGUSR1).

The command line listens from its first moment. Until a run is under way there is nothing to save, and a request to
stop ends the process as if nobody had listened, without a half-made folder; from then on requests are only noted,
and the run looks at them between two steps.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Requests:
    """What signals have asked for so far; listens from its making (in the main thread, where Python allows it).

    Parameters
    ----------
    under_way
        Whether a stop is only noted; false while there is no run yet to see it.
    """

    def __init__(self, under_way: bool = True) -> None:
        self.stop = False
        self.save = False
        self.under_way = under_way
        self._previous: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in NUMBERS}

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGUSR1:
            self.save = True
        elif not self.under_way:
            raise SystemExit(ended_by(number))
        elif self.stop and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice by hand: at once, without saving
        else:
            self.stop = True

    def restore(self) -> None:
        """Put the former handlers back."""
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def ended_by(number: int) -> int:
    """Exit code of a process that a signal has ended, as shells count."""
    return 128 + number
