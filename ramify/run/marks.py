"""What a run is remembered by: the first blocked pore, the short circuit, the current amplification over charge."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from ramify.phasefield.engine import StepReport


@dataclass
class Marks:
    """Plain numbers, kept in checkpoints; None for what has not happened."""

    blocked_time: float | None = None
    """When a pore was first cut off [s]."""
    blocked_height: float | None = None
    """How high the cut-off pore reached [m]: where its throat closed."""
    short_circuit_capacity: float | None = None
    """Plated when the metal first touched the counter electrode [C/m^2]."""
    amplified: float = 0.0
    """Integral of the current amplification over the charge passed [C/m^2]."""
    passed: float = 0.0
    """Charge over which it was integrated [C/m^2]."""

    def note(self, report: StepReport, charge: float, capacity: float) -> None:
        """Take in one accepted time step; areal charge of the step and capacity at its end [C/m^2], signed."""
        measures = report.measures
        if self.blocked_time is None and measures.get("blocked_fraction", 0.0) > 0.0:
            self.blocked_time, self.blocked_height = report.time, measures["blocked_height"]
        if self.short_circuit_capacity is None and report.short_circuit:
            self.short_circuit_capacity = capacity
        amplification = measures.get("current_amplification", math.nan)
        if math.isfinite(amplification):
            self.amplified += amplification * abs(charge)
            self.passed += abs(charge)

    def save(self) -> dict[str, Any]:
        """Plain numbers for a checkpoint."""
        return asdict(self)

    def summary(self) -> dict[str, float | None]:
        """Keys of `summary.json`."""
        return {
            "first_blocked_time_s": self.blocked_time,
            "first_blocked_height_m": self.blocked_height,
            "capacity_at_short_circuit_C_per_m2": self.short_circuit_capacity,
            "current_amplification": self.amplified / self.passed if self.passed > 0.0 else None,
        }
