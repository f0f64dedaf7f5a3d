"""When the deposit's tip came to the positions that a problem names, and to the counter electrode."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Arrivals:
    """Times of one run; equal on every rank.

    Parameters
    ----------
    positions
        Heights to watch [m].
    tip
        Height of the tip at the start [m].
    """

    def __init__(self, positions: Sequence[float], tip: float) -> None:
        self.positions, self.tip = positions, tip
        self.reached = [math.nan] * len(positions)
        """Times at which the tip came to the positions [s]."""
        self.shorted = math.nan
        """Time at which metal in contact first reached the last layer [s]."""

    def note(self, begin: float, end: float, tip: float, touches: bool) -> None:
        """Take in a step between two times [s]: the tip after it [m], and whether it touches the counter electrode."""
        for n, position in enumerate(self.positions):
            if math.isnan(self.reached[n]) and tip >= position:
                share = (position - self.tip) / (tip - self.tip) if tip > self.tip else 1.0
                self.reached[n] = begin + min(max(share, 0.0), 1.0) * (end - begin)
        self.tip = tip
        if touches and math.isnan(self.shorted):
            self.shorted = end

    def summary(self) -> dict[str, Any]:
        """Keys of `summary.json`; None for what has not happened."""
        reached = [None if math.isnan(time) else time for time in self.reached]
        return {
            "time_to_positions": [
                {"position_m": position, "time_s": time} for position, time in zip(self.positions, reached, strict=True)
            ],
            "time_to_short_circuit_s": None if math.isnan(self.shorted) else self.shorted,
        }

    def save(self) -> dict[str, Any]:
        """Plain numbers for a restart."""
        return {"reached": np.array(self.reached), "tip": self.tip, "shorted": self.shorted}

    def load(self, numbers: Mapping[str, Any]) -> None:
        """Go on from what `save` returned."""
        self.tip, self.shorted = float(numbers["tip"]), float(numbers["shorted"])
        self.reached = [float(time) for time in numbers["reached"]]
