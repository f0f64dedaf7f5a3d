"""The times of frames: evenly spaced, and in agreement with timestep, log and what the file itself tells."""

from __future__ import annotations

from pathlib import Path

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Facts, missing
from ramify.atomistic.frames import Frame

AGREEMENT = 1e-6
"""Relative, of times that a file tells against step times timestep."""


class Clock:
    """The interval between frames [s], found from the first two, and every frame held against it.

    Raises
    ------
    AtomisticError
        Where the interval is not known, and where two sources of it disagree.
    """

    def __init__(self, facts: Facts, first: tuple[Path, Frame], second: tuple[Path, Frame]) -> None:
        self._facts = facts
        self._last: Frame | None = None
        self._units(*first)
        if first[1].kind != "unknown":
            facts.need_style()
        self._path = first[0]
        a, b = first[1], second[1]
        self._every = None if a.step is None or b.step is None else b.step - a.step
        if self._every is not None and self._every <= 0:
            raise AtomisticError(f"the step {b.step} follows {a.step}", second[0], b.line, allowed="steps that rise")
        self.timestep = self._timestep(second[0], a, b)
        if self.timestep is not None and self._every is not None:
            self.interval = self._every * self.timestep
            if facts.interval is not None and abs(facts.interval / self.interval - 1.0) > AGREEMENT:
                raise AtomisticError(
                    f"frames are {self._every} steps of {self.timestep:.6g} s apart, {self.interval:.6g} s; "
                    f"{facts.interval:.6g} s is stated",
                    second[0], b.line, "--interval", allowed="no --interval, which the file tells",
                )  # fmt: skip
        elif facts.interval is not None:
            self.interval = facts.interval
        elif self._every is not None:
            raise missing("timestep", "'2 fs', or a log file beside the others")
        else:
            raise missing("interval", "'0.1 ps', the time between frames")

    def _units(self, path: Path, frame: Frame) -> None:
        """The file's own unit style against the facts."""
        from ramify.atomistic.unit_styles import unit_style

        if frame.units is None:
            return
        facts = self._facts
        if facts.style is None:
            try:
                facts.style, facts.origin["units"] = unit_style(frame.units), path.name
            except AtomisticError as error:
                raise AtomisticError(
                    error.problem, path, 2, "units", error.value, error.allowed, error.suggestion
                ) from None
        elif facts.style.name != frame.units:
            problem = f"the file is in units {frame.units}, where {facts.origin['units']} has {facts.style.name}"
            raise AtomisticError(problem, path, 2, "units", allowed="one unit style")

    def _timestep(self, path: Path, a: Frame, b: Frame) -> float | None:
        """The timestep that is known, held against the times in the file, or the one these tell [s]."""
        facts = self._facts
        if a.time is None or b.time is None or self._every is None:
            return facts.timestep
        in_file = (b.time - a.time) / self._every * facts.need_style().time
        if facts.timestep is None:
            facts.timestep, facts.origin["timestep"] = in_file, path.name
        elif not abs(in_file / facts.timestep - 1.0) < AGREEMENT:
            raise AtomisticError(
                f"its times and steps make a timestep of {in_file:.6g} s, where {facts.origin['timestep']} has "
                f"{facts.timestep:.6g} s",
                path, b.line, "timestep", allowed="the timestep of the run",
            )  # fmt: skip
        return facts.timestep

    def accept(self, path: Path, frame: Frame) -> bool:
        """Whether a frame goes on from the last one; the first of a continued file may repeat the last of the other."""
        last, self._last = self._last, frame
        again, self._path = path != self._path, path
        if last is None:
            return True
        if (frame.step is None) != (last.step is None):
            raise AtomisticError("some frames tell a step and others none", path, frame.line)
        if frame.step is not None and last.step is not None:
            if again:
                self._units(path, frame)
                if frame.step == last.step:
                    return False
            if frame.step - last.step != self._every:
                raise AtomisticError(
                    f"the step {frame.step} follows {last.step}, where frames are {self._every} steps apart",
                    path, frame.line,
                    allowed="frames evenly apart, the files in the order of time",
                )  # fmt: skip
        return True
