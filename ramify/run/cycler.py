"""The cycler: walks through a protocol, sets what the engine must hold, and says when a step of it ends.

A condition on a voltage is handed to the engine as a limit, so that the voltage never runs past it: the step ends
with the first time step that the limit holds. A condition on a capacity under a held current fixes the end in time.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from ramify.phasefield.engine import Control, StepReport
from ramify.scenario.protocol import Protocol, Step

DEPLETED = 1e-3
"""Surface concentration, relative to the initial one, that counts as none."""
DEPLETED_AT_LIMIT = 0.1
"""The same where the voltage limit already holds the cell: the lower the limit, the more salt the surface keeps."""
CLOSE = 1e-12


@dataclass
class Place:
    """Where a run stands in its protocol; plain numbers, kept in checkpoints."""

    index: int = 0
    started: float = 0.0
    """Time at which the step began [s]."""
    charge: float = 0.0
    """Areal charge passed in the step, as a magnitude [C/m^2]."""
    pulse: int = 0
    """Pulse phases completed; even is on, odd is off."""


class Cycler:
    """State of a protocol under way.

    Parameters
    ----------
    protocol
        What to do.
    initial_concentration
        [mol/m^3], the measure of depletion.
    """

    def __init__(self, protocol: Protocol, initial_concentration: float) -> None:
        self.protocol = protocol
        self.place = Place()
        self.initial_concentration = initial_concentration
        self.current_density = 0.0
        self._step: tuple[int, Step] | None = None
        self._surface: tuple[float, float] | None = None
        self._last_surface: tuple[float, float] | None = None
        """(time, surface concentration) of the last time step."""

    @property
    def done(self) -> bool:
        """Whether every step has ended."""
        return self.place.index >= len(self.protocol)

    @property
    def step(self) -> Step:
        """The step under way."""
        if self._step is None or self._step[0] != self.place.index:
            self._step = (self.place.index, self.protocol[self.place.index])
        return self._step[1]

    @property
    def watches_depletion(self) -> bool:
        """Whether the surface concentration can end the step."""
        return any(condition.kind == "depletion" for condition in self.step.until)

    def control(self) -> Control:
        """What the engine must hold now."""
        step = self.step
        if step.kind == "hold":
            assert step.voltage is not None
            return Control("voltage", step.voltage, pressure=step.pressure)
        if step.kind == "rest" or (step.kind == "pulse" and self.place.pulse % 2):
            return Control("current", 0.0, pressure=step.pressure)
        assert step.current_density is not None
        limits = [value for value in (step.limit, step.stop("voltage")) if value is not None]
        return Control("current", step.current_density, min(limits, default=None), step.pressure)

    def end_of_phase(self) -> float | None:
        """Time at which a pulse next switches [s]."""
        step = self.step
        if step.kind != "pulse":
            return None
        assert step.time_on is not None and step.time_off is not None
        # Counted from the step's begin: a sum of phases would drift by the rounding of each.
        rounds, off = divmod(self.place.pulse, 2)
        return self.place.started + rounds * (step.time_on + step.time_off) + step.time_on + off * step.time_off

    def horizon(self, now: float) -> float:
        """Latest time that the next time step may reach [s]; infinity if nothing bounds it."""
        step, place = self.step, self.place
        times = [float("inf")]
        if step.duration is not None:
            times.append(place.started + step.duration)
        phase = self.end_of_phase()
        if phase is not None:
            times.append(phase)
        capacity = step.stop("capacity")
        rate = abs(self.current_density)
        if capacity is not None and rate > 0.0:
            times.append(now + max(capacity - place.charge, 0.0) / rate)
        if self._surface is not None:
            left, slope = self._surface
            if slope < 0.0:
                # Nine tenths of the way to where the surface concentration would vanish, then all of it.
                until = -left / slope
                share = 1.0 if left < 0.05 * self.initial_concentration else 0.7
                times.append(now + max(share * until, 1e-9))
        return min(times)

    def share_done(self, now: float) -> float:
        """How much of the step is behind at a time [s], by its duration and its capacity; 0 where it has neither."""
        shares = [0.0]
        if self.step.duration:
            shares.append((now - self.place.started) / self.step.duration)
        capacity = self.step.stop("capacity")
        if capacity:
            shares.append(self.place.charge / capacity)
        return max(shares)

    def begin(self, now: float) -> Control:
        """Enter the step: forget what belonged to the one before."""
        control = self.control()
        self.current_density = control.value if control.mode == "current" else 0.0
        self._surface = None
        return control

    def note(self, report: StepReport, areal_charge: float) -> str | None:
        """Take in one accepted time step; the reason if it ended the protocol's step.

        Parameters
        ----------
        report
            The engine's report.
        areal_charge
            Charge of the time step over the cross-section [C/m^2], signed.
        """
        place, step = self.place, self.step
        place.charge += abs(areal_charge)
        self.current_density = report.current_density
        if self.watches_depletion:
            surface = report.surface_concentration
            previous = self._last_surface
            slope = 0.0 if previous is None else (surface - previous[1]) / max(report.time - previous[0], 1e-300)
            self._surface = (surface, slope)
            self._last_surface = (report.time, surface)
        for condition in step.until:
            if self._met(condition.kind, condition.value, report):
                return self._words(condition.kind)
        if step.duration is not None and report.time >= place.started + step.duration * (1.0 - CLOSE):
            return "time"
        return None

    def _met(self, kind: str, value: float | None, report: StepReport) -> bool:
        if kind == "depletion":
            left = DEPLETED_AT_LIMIT if report.limited else DEPLETED
            return report.surface_concentration <= left * self.initial_concentration
        if kind == "short_circuit":
            return report.short_circuit
        assert value is not None
        if kind == "capacity":
            # What is left may take less time than the clock can tell.
            left = (value - self.place.charge) / max(abs(report.current_density), 1e-300)
            return self.place.charge >= value * (1.0 - 1e-12) or left <= 8.0 * math.ulp(report.time)
        if kind == "voltage":
            return abs(report.voltage) >= value * (1.0 - 1e-7)
        on = self.step.kind != "pulse" or self.place.pulse % 2 == 0
        return on and abs(report.current_density) <= value

    @staticmethod
    def _words(kind: str) -> str:
        return kind.replace("_", " ")

    def switch_pulse(self, now: float) -> bool:
        """Go on to the next phase of a pulse when its time has come."""
        end = self.end_of_phase()
        if end is None or now < end * (1.0 - CLOSE):
            return False
        self.place.pulse += 1
        self.current_density = self.control().value
        return True

    def advance(self, now: float) -> None:
        """Leave the step."""
        self.place = Place(self.place.index + 1, now)
        self._last_surface = None

    def save(self) -> dict[str, Any]:
        """Plain numbers for a checkpoint."""
        return {
            "place": asdict(self.place),
            "current_density": self.current_density,
            "surface": list(self._surface or ()),
            "last_surface": list(self._last_surface or ()),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned."""
        self.place = Place(**saved["place"])
        self.current_density = float(saved["current_density"])
        surface, last = saved["surface"], saved["last_surface"]
        self._surface = (float(surface[0]), float(surface[1])) if len(surface) else None
        self._last_surface = (float(last[0]), float(last[1])) if len(last) else None
