"""What a run is remembered by: blocked pores, the short circuit, current amplification, when the front ramified.

**Onset of ramification.** Where diffusion alone decides, a bump of wavenumber k on a front of velocity v grows at v k,
the limit of Mullins and Sekerka, and no kinetics or surface energy makes it faster. While there is salt at the surface
it grows at some v/delta, delta being the diffusion layer, or is flattened by surface energy. The share of that limit,

    (d ln R/dt)/(v k) = (d ln R/dh)/k,   R roughness, h mean height, k = 2 pi over the roughness wavelength,

rises through one half when the salt at the front has fallen to about 1/(k delta) of its initial value, a few per cent
(validation/references/stability.py gives it), whatever the roughness. The first such moment is the onset.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from ramify.phasefield.engine import StepReport

RAMIFIED = 0.5
"""Share of diffusion-limited growth from which a front ramifies."""


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
    ramified_time: float | None = None
    """When the front began to ramify [s]."""
    front: tuple[float, float, float] | None = None
    """Time [s], mean height and roughness [m] of a rough front at the last step; None without one."""
    growth: tuple[float, float] | None = None
    """Middle of the last step [s], and share of diffusion-limited growth in it."""

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
        if self.ramified_time is None:
            self._watch_front(report)

    def _watch_front(self, report: StepReport) -> None:
        """Growth of the front's roughness over this step, and whether it has passed the mark since the last."""
        wavelength = report.measures.get("roughness_wavelength", math.nan)
        if not math.isfinite(wavelength) or report.current_density <= 0.0:
            self.front = self.growth = None
            return
        front = (report.time, report.measures["mean_height"], report.measures["roughness"])
        before, self.front = self.front, front
        if before is None or front[1] <= before[1]:
            return
        share = math.log(front[2] / before[2]) / (front[1] - before[1]) * wavelength / (2.0 * math.pi)
        middle = 0.5 * (before[0] + front[0])
        if share >= RAMIFIED:
            earlier, below = self.growth or (middle, share)
            rest = (RAMIFIED - below) / (share - below) if share > below else 1.0
            self.ramified_time = earlier + rest * (middle - earlier)
        self.growth = (middle, share)

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
            "ramification_onset_s": self.ramified_time,
        }
