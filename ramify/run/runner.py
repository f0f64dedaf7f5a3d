"""The loop of a run: cycler, time steps, history, snapshots, checkpoints, summary.

Every rank runs the loop; rank 0 alone owns the result folder. Whatever stops the run, the last good state is saved,
and the summary says why it ended.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ramify.models import TimedModel, model_of
from ramify.phasefield.engine import Engine, SolverFailure, StepReport
from ramify.run.account import history_row, peak_memory, summary
from ramify.run.cycler import Cycler
from ramify.run.ending import NO_METAL, REFUSED, STOPS, TOUCH, Ending
from ramify.run.engines import ranks_of, refuse_ranks, start_solvers
from ramify.run.marks import Marks
from ramify.run.progress import Progress
from ramify.run.ranks import together
from ramify.run.timed_folder import FolderRefused, TimedFolder
from ramify.scenario.base import TimedScenario
from ramify.signals import Requests, ended_by


class Runner:
    """One run of one scenario.

    Parameters
    ----------
    scenario
        Resolved.
    folder
        Where results go.
    petsc_options
        What stood after `--` on the command line.
    figures
        Whether to draw them at the end.
    requests
        What signals ask for.

    Raises
    ------
    AgreedRefusal
        Where every rank refuses the scenario, the options or the number of ranks.
    """

    def __init__(
        self, scenario: TimedScenario, folder: Path, petsc_options: list[str], figures: bool, requests: Requests
    ) -> None:
        self.scenario, self.figures, self.requests = scenario, figures, requests
        self.model = model_of(scenario)
        assert isinstance(self.model, TimedModel)
        self.driver = driver = self.model.driver()
        together(lambda: start_solvers(scenario.engine, petsc_options))
        self.problem = together(lambda: driver.build(scenario))
        self.domain = self.problem.domain
        together(lambda: refuse_ranks(scenario.engine, self.domain))
        self.engine: Engine = driver.make_engine(scenario.engine, self.problem)
        self.ranks = ranks_of(scenario.engine)
        self.cycler = Cycler(scenario.protocol, self.problem.initial_concentration)
        self.folder = TimedFolder(folder, scenario, self.domain, driver, self.ranks)
        self.marks = Marks()
        self.steps = self.rejected = 0
        self.wall_before = 0.0
        self.last: StepReport | None = None
        self._charge_before = 0.0
        self._shots = 0
        self._began = self._saved_at = time.monotonic()
        self.progress = Progress(self.ranks.root, len(scenario.protocol))

    # ------------------------------------------------------------------ beginning

    def start(self, force: bool) -> int:
        """Run from the initial state; returns the exit code."""
        if self._asked()[0]:
            return self._ended_before()
        with self._holding():
            try:
                self.folder.create(force)
            except FolderRefused as refusal:
                return self._refused(refusal)
            self.engine.set_control(self.cycler.begin(0.0))
            self._snapshot(first=True)
            self._checkpoint()
            return self._loop()

    def resume(self) -> int:
        """Run on from the newest checkpoint; returns the exit code."""
        if self._asked()[0]:
            return self._ended_before()
        with self._holding():
            try:
                saved, notes = self.folder.reopen()
            except FolderRefused as refusal:
                return self._refused(refusal)
            self._take_up(saved, notes)
            return self._loop()

    def _take_up(self, saved: dict[str, Any], notes: dict[str, Any]) -> None:
        self.engine.load(saved)
        self.cycler.load(notes["cycler"])
        self.marks = Marks(**notes.get("marks", {}))
        self.steps, self.rejected, self._shots = int(notes["steps"]), int(notes["rejected"]), int(notes["shots"])
        self.wall_before, self._charge_before = float(notes["wall"]), float(notes["charge_before"])
        self.last = StepReport(**notes["last"]) if notes["last"] else None
        if self.folder.go_on_from(self.engine.time):
            self._snapshot(first=True)  # with what never moves, which files begun anew need

    def _ended_before(self) -> int:
        if self.ranks.root:
            print("ramify: asked to stop before the run began; nothing was written", file=sys.stderr)
        return ended_by(signal.SIGTERM)

    def _refused(self, refusal: FolderRefused) -> int:
        if self.ranks.root:
            print(f"ramify: {refusal}", file=sys.stderr)
        return REFUSED

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """Let the folder go at the end, whatever the end."""
        try:
            yield
        finally:
            self.progress.close()
            self.folder.release()

    # ------------------------------------------------------------------ the loop

    def _loop(self) -> int:
        ending = Ending.complete()
        try:
            while not self.cycler.done:
                stop, save, unwritten = self._asked()
                if unwritten:
                    break
                if stop:
                    ending = Ending.asked()
                    break
                if save:
                    self._checkpoint()
                ended = self._advance()
                if ended:
                    ending = Ending.complete(ended)
                if ended and not self._next(ended):
                    ending = Ending.stopped(ended)
                    break
        except SolverFailure as failure:
            ending = Ending.given_up(failure, self.domain)
            self.progress.say(f"ramify: the solver gave up: {ending.reason}")
        return self._finish(ending)

    def _advance(self) -> str | None:
        """One time step; the reason if it ended the protocol's step."""
        engine, cycler, area = self.engine, self.cycler, self.domain.cross_section
        report = engine.step(min(cycler.horizon(engine.time), self._next_shot()))
        self.last = report
        self.steps += 1
        self.rejected += report.rejected
        charge = (engine.ledger.charge - self._charge_before) / area
        self._charge_before = engine.ledger.charge
        capacity = engine.ledger.charge / area
        self.marks.note(report, charge, capacity)
        self.folder.history(history_row(report, engine.ledger, area))
        if self.scenario.output.every is not None and report.time >= self._next_shot() * (1.0 - 1e-12):
            self._shots += 1
            self._snapshot()
        self.progress.show(cycler.place.index, cycler.step.text, cycler.share_done(report.time), report, capacity)
        ended = cycler.note(report, charge)
        if ended is None and report.short_circuit:
            return TOUCH
        if ended is None and report.exhausted and report.current_density <= 0.0 and cycler.step.kind != "rest":
            return NO_METAL
        if ended is None and cycler.switch_pulse(report.time):
            engine.set_control(cycler.control())
        return ended

    def _next(self, ended: str) -> bool:
        """Leave the protocol's step; False if the run cannot go on."""
        step, now = self.cycler.step, self.engine.time
        self.folder.log("step ended", label=step.label, text=step.text, reason=ended, time=now)
        if ended in STOPS:
            return False
        asked_for = ended == "short circuit"
        self.cycler.advance(now)
        if self.cycler.done:
            return True
        if asked_for:
            return False
        self._snapshot()
        self.engine.set_control(self.cycler.begin(now))
        return True

    def _asked(self) -> tuple[bool, bool, bool]:
        """(stop, save) asked for by a signal on any rank or by the clock of rank 0, and whether a result is lost."""
        due = self.ranks.root and time.monotonic() - self._saved_at >= self.scenario.output.checkpoint_every
        stop, save, lost = self.ranks.any(self.requests.stop, self.requests.save or due, bool(self.folder.unwritten))
        self.requests.save = False
        return stop, save, lost

    def _next_shot(self) -> float:
        every = self.scenario.output.every
        return float("inf") if every is None else (self._shots + 1) * every

    # ------------------------------------------------------------------ results

    def _snapshot(self, first: bool = False) -> None:
        names = list(self.scenario.output.fields or ())
        if not first:
            names = [name for name in names if name not in self.driver.static_fields]
        self.folder.snapshot(self.engine.time, {name: self.engine.gather(name) for name in names})

    def _checkpoint(self, finished: bool = False) -> None:
        saved = self.engine.save()
        self._saved_at = time.monotonic()
        notes = {
            "cycler": self.cycler.save(),
            "marks": self.marks.save(),
            "steps": self.steps,
            "rejected": self.rejected,
            "shots": self._shots,
            "wall": self._wall(),
            "charge_before": self._charge_before,
            "finished": finished,
            "last": None if self.last is None else dict(self.last.__dict__),
        }
        self.folder.checkpoint(self.engine.time, saved, notes)

    def _wall(self) -> float:
        return self.wall_before + time.monotonic() - self._began

    def _finish(self, ending: Ending) -> int:
        """Save what there is, whatever has happened; returns the exit code."""
        # a resumed run has the same snapshots as one that nobody stopped; a full disk has room for the state first
        if ending.status != "interrupted" and not self.ranks.share(self.folder.unwritten):
            self._snapshot()
        ending = self._judged(ending)
        self._checkpoint(finished=ending.status in ("finished", "stopped"))
        ending = self._judged(ending)
        memory = int(self.ranks.sum(peak_memory()))
        measures = self.last.measures if self.last is not None else self.engine.measure()
        if self.ranks.root:
            account = summary(self.engine, self.last, measures, memory)
            account |= self.driver.extra_summary(self.engine, measures)
            self.folder.finish(self._summary(ending) | account)
            ending = ending.with_results(self.folder.unwritten, saved=True)
            self.progress.say(f"{ending.status}: {ending.reason}; results in {self.folder.path}")
            if self.figures and ending.status != "interrupted" and not self.folder.unwritten:  # who asked to stop waits
                self._plot()
        return int(self.ranks.share(ending.code))

    def _judged(self, ending: Ending) -> Ending:
        """The ending in the light of results that could not be written, on every rank."""
        return ending.with_results(*self.ranks.share((self.folder.unwritten, self.folder.has_state)))

    def _plot(self) -> None:
        """Figures, if the plotting extra is there; a picture that fails never fails a run."""
        try:
            for path in self.model.plot(self.folder.path):
                self.progress.say(f"  {path}")
        except ImportError:
            self.progress.say("figures need the [viz] extra: pip install 'ramify[viz]', then ramify plot")
        except Exception as error:
            self.progress.say(f"figures were not drawn: {error}")

    def _summary(self, ending: Ending) -> dict[str, Any]:
        """What the runner knows of the run itself; the engine's account comes beside it."""
        cells = self.domain.cells
        return {
            "status": ending.status,
            "stop_reason": ending.reason,
            "steps": self.steps,
            "rejected_steps": self.rejected,
            "wall_s": self._wall(),
            "ranks": self.ranks.size,
            "cells": cells[0] * cells[1] * cells[2],
            "model": self.scenario.model,
            "engine": self.scenario.engine,
            "title": self.scenario.title,
            **self.marks.summary(),
        }
