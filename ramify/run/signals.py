"""Requests from outside: stop and save (SIGTERM, SIGINT), save and go on (SIGUSR1)."""

from __future__ import annotations

import signal
from types import FrameType


class Requests:
    """What signals have asked for since the run began; installed after PETSc, which has handlers of its own."""

    def __init__(self) -> None:
        self.stop = False
        self.save = False
        self._previous = {
            number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
        }

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGUSR1:
            self.save = True
        elif self.stop:
            raise KeyboardInterrupt
        else:
            self.stop = True

    def restore(self) -> None:
        """Put the former handlers back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
