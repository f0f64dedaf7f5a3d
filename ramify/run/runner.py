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
from typing import TYPE_CHECKING, Any

from ramify.models import TimedModel, model_of
from ramify.phasefield.engine import Engine, SolverFailure, StepReport
from ramify.run.account import history_row, peak_memory, summary
from ramify.run.cycler import Cycler
from ramify.run.engines import rank_and_size, refuse_ranks, start_solvers
from ramify.run.marks import Marks
from ramify.run.progress import Progress
from ramify.run.ranks import guarded, together
from ramify.scenario.base import Scenario, TimedScenario
from ramify.signals import Requests, ended_by

if TYPE_CHECKING:
    from ramify.results.claim import Claim
    from ramify.results.folder import RunFolder

DONE, REFUSED, GAVE_UP, INTERRUPTED = 0, 2, 3, 75
CHECKPOINT_VERSION = 2
TOUCH, NO_METAL = "touch", "no metal"
STOPS = {
    TOUCH: "short circuit: the metal touches the counter electrode",
    NO_METAL: "no metal in contact is left to strip",
}
"""What ends a run before its protocol does, in words."""


def run_scenario(
    scenario: Scenario,
    folder: Path,
    *,
    force: bool = False,
    petsc_options: list[str],
    figures: bool = True,
    requests: Requests | None = None,
) -> int:
    """Run a resolved scenario of a timed model into a folder; returns the exit code of the contract."""
    with _listening(requests) as heard:
        return guarded(lambda: Runner(timed(scenario), folder, petsc_options, figures, heard).start(force))


def resume_run(
    folder: Path,
    petsc_options: list[str],
    *,
    scenario: Scenario | None = None,
    figures: bool = True,
    requests: Requests | None = None,
) -> int:
    """Go on with an interrupted run, whose scenario is that of the folder; returns the exit code of the contract."""
    from ramify.scenario import load_scenario

    def work() -> int:
        loaded = scenario if scenario is not None else together(lambda: load_scenario(folder / "scenario.yaml"))
        return Runner(timed(loaded), folder, petsc_options, figures, heard).resume()

    with _listening(requests) as heard:
        return guarded(work)


def timed(scenario: Scenario) -> TimedScenario:
    """The scenario, which must be one that steps through a protocol."""
    if not isinstance(scenario, TimedScenario):
        raise TypeError(f"model: {scenario.model} does not step through a protocol")
    return scenario


@contextlib.contextmanager
def _listening(requests: Requests | None) -> Iterator[Requests]:
    """Requests that the run looks at between two steps; a caller's own, or listened to for as long as the run takes."""
    heard = requests if requests is not None else Requests()
    heard.under_way = True
    try:
        yield heard
    finally:
        heard.under_way = False
        if requests is None:
            heard.restore()


class CannotResume(Exception):
    """The folder holds nothing that this scenario can go on with; the message says what."""


def _said(error: Exception, folder: Path) -> str:
    """An error in one line that names the folder."""
    told = isinstance(error, OSError) and error.strerror and error.filename
    text = f"{error.filename}: {error.strerror}" if told else " ".join(str(error).split())  # type: ignore[attr-defined]
    return text if str(folder) in text else f"{folder}: {text}"


class Runner:
    """One run of one scenario."""

    def __init__(
        self,
        scenario: TimedScenario,
        folder: Path,
        petsc_options: list[str],
        figures: bool,
        requests: Requests,
    ) -> None:
        self.scenario, self.path, self.figures, self.requests = scenario, folder, figures, requests
        self.model = model_of(scenario)
        assert isinstance(self.model, TimedModel)
        self.driver = driver = self.model.driver()
        together(lambda: start_solvers(scenario.engine, petsc_options))
        self.problem = together(lambda: driver.build(scenario))
        self.domain = self.problem.domain
        together(lambda: refuse_ranks(scenario.engine, self.domain))
        self.engine: Engine = driver.make_engine(scenario.engine, self.problem)
        self.rank, self.size = rank_and_size(scenario.engine)
        self.root = self.rank == 0
        self.cycler = Cycler(scenario.protocol, self.problem.initial_concentration)
        self.folder: RunFolder | None = None
        self.marks = Marks()
        self._claim: Claim | None = None
        self._unwritten = ""
        """Why a result could not be written; on rank 0, until the ranks agree to stop."""
        self._errors: list[Exception] = []
        """Kept with the files in their frames: what HDF5 could not close, it must not be made to close again."""
        self.steps = self.rejected = 0
        self.wall_before = 0.0
        self.last: StepReport | None = None
        self._charge_before = 0.0
        self._shots = 0
        self._began = self._saved_at = time.monotonic()
        self.progress = Progress(self.root, len(scenario.protocol))

    # ------------------------------------------------------------------ beginning

    def start(self, force: bool) -> int:
        """Run from the initial state."""
        if self._asked()[0]:
            return self._ended_before()
        refused = ""
        if self.root:
            try:
                self._make_folder(force)
            except OSError as error:
                refused = _said(error, self.path)
        with self._holding():
            if self._tell(refused):
                return REFUSED
            self.engine.set_control(self.cycler.begin(0.0))
            self._snapshot(first=True)
            self._checkpoint()
            return self._loop()

    def _make_folder(self, force: bool) -> None:
        from ramify.results.claim import Claim
        from ramify.results.folder import RunFolder
        from ramify.scenario.writing import to_yaml

        RunFolder.refuse_file(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._claim = Claim(self.path)
        self.folder = RunFolder.create(self.path, self.domain, force=force, **self._extra())
        self.folder.write_scenario(to_yaml(self.scenario))
        self.folder.log.write("start", scenario=self.scenario.title, ranks=self.size)

    def _extra(self) -> dict[str, Any]:
        return {"extra_history": self.driver.extra_history, "extra_fields": self.driver.extra_fields}

    def resume(self) -> int:
        """Run on from the newest checkpoint."""
        if self._asked()[0]:
            return self._ended_before()
        refused = ""
        saved: dict[str, Any] = {}
        meta: dict[str, Any] = {}
        if self.root:
            try:
                saved, meta = self._open_folder()
            except (CannotResume, OSError) as error:
                refused = _said(error, self.path)
        with self._holding():
            if self._tell(refused):
                return REFUSED
            self._take_up(saved, self._share(meta))
            return self._loop()

    def _open_folder(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """State and notes of the newest checkpoint; CannotResume where it is not one of this scenario's."""
        from ramify.results.checkpoint import CheckpointError
        from ramify.results.claim import Claim
        from ramify.results.folder import RunFolder
        from ramify.run.same import differences

        RunFolder.refuse_without_checkpoint(self.path)
        self._claim = Claim(self.path)
        self.folder = RunFolder.resume(self.path, self.domain, **self._extra())
        try:
            checkpoint = self.folder.read_checkpoint()
        except CheckpointError as error:
            raise CannotResume(str(error)) from None
        meta = checkpoint.meta
        if meta.get("version") != CHECKPOINT_VERSION:
            raise CannotResume(f"the checkpoint has version {meta.get('version')}; allowed: {CHECKPOINT_VERSION}")
        if meta["finished"] and self.folder.has_summary:
            raise CannotResume(f"{self.path}: the run is finished; nothing is left to resume")
        if changed := differences(meta["scenario"], self.scenario):
            raise CannotResume(
                f"{self.path / 'scenario.yaml'}: {changed} is not what the checkpoint was computed with; allowed: the "
                "scenario as it was (title, numerics and output.checkpoint_every may change), or a new run"
            )
        return checkpoint.saved, meta

    def _take_up(self, saved: dict[str, Any], meta: dict[str, Any]) -> None:
        self.engine.load(saved)
        self.cycler.load(meta["cycler"])
        self.marks = Marks(**meta.get("marks", {}))
        self.steps, self.rejected, self._shots = int(meta["steps"]), int(meta["rejected"]), int(meta["shots"])
        self.wall_before, self._charge_before = float(meta["wall"]), float(meta["charge_before"])
        self.last = StepReport(**meta["last"]) if meta["last"] else None
        with self._writing():
            if self.folder is not None:
                self.folder.truncate_after(self.engine.time)
                self.folder.log.write("resume", time=self.engine.time, ranks=self.size)
        if self._share(self.folder is not None and not self.folder.has_fields):
            self._snapshot(first=True)  # with what never moves, which a file begun anew needs

    def _ended_before(self) -> int:
        if self.root:
            print("ramify: asked to stop before the run began; nothing was written", file=sys.stderr)
        return ended_by(signal.SIGTERM)

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """Let the folder go at the end, whatever the end."""
        try:
            yield
        finally:
            self.progress.close()
            if self._claim is not None:
                self._claim.release()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """What rank 0 writes: an error of the disk is kept until all ranks hear of it, between two steps."""
        try:
            yield
        except (OSError, RuntimeError) as error:  # HDF5 raises both
            self._unwritten = self._unwritten or _said(error, self.path)
            self._errors.append(error)

    def _share(self, value: Any) -> Any:
        if self.size == 1:
            return value
        from mpi4py import MPI

        return MPI.COMM_WORLD.bcast(value, root=0)

    def _tell(self, refused: str) -> bool:
        """Whether the run is refused, on every rank; rank 0 says why."""
        refused = self._share(refused)
        if refused and self.root:
            print(f"ramify: {refused}", file=sys.stderr)
        return bool(refused)

    # ------------------------------------------------------------------ the loop

    def _loop(self) -> int:
        status, reason, code = "finished", "the protocol is complete", DONE
        try:
            while not self.cycler.done:
                stop, save, unwritten = self._asked()
                if unwritten:
                    break
                if stop:
                    status, reason, code = "interrupted", "asked to stop; go on with ramify resume", INTERRUPTED
                    break
                if save:
                    self._checkpoint()
                ended = self._advance()
                if ended:
                    reason = f"the protocol is complete; its last step ended by {ended}"
                if ended and not self._next(ended):
                    status, reason = "stopped", STOPS.get(ended, STOPS[TOUCH])
                    break
        except SolverFailure as failure:
            status, reason, code = "failed", self._explain(failure), GAVE_UP
        return self._finish(status, reason, code)

    def _advance(self) -> str | None:
        """One time step; the reason if it ended the protocol's step."""
        engine, cycler = self.engine, self.cycler
        report = engine.step(min(cycler.horizon(engine.time), self._next_shot()))
        self.last = report
        self.steps += 1
        self.rejected += report.rejected
        charge = (engine.ledger.charge - self._charge_before) / self.domain.cross_section
        self._charge_before = engine.ledger.charge
        self.marks.note(report, charge, engine.ledger.charge / self.domain.cross_section)
        with self._writing():
            self._write_history(report)
        if self.scenario.output.every is not None and report.time >= self._next_shot() * (1.0 - 1e-12):
            self._shots += 1
            self._snapshot()
        share = self._share_done(report)
        self.progress.show(
            cycler.place.index,
            cycler.step.text,
            share,
            report,
            engine.ledger.charge / self.domain.cross_section,
        )
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
        if self.folder is not None:
            step = self.cycler.step
            with self._writing():
                self.folder.log.write(
                    "step ended", label=step.label, text=step.text, reason=ended, time=self.engine.time
                )
        if ended in STOPS:
            return False
        asked_for = ended == "short circuit"
        self.cycler.advance(self.engine.time)
        if self.cycler.done:
            return True
        if asked_for:
            return False
        self._snapshot()
        self.engine.set_control(self.cycler.begin(self.engine.time))
        return True

    def _asked(self) -> tuple[bool, bool, bool]:
        """(stop, save) asked for by a signal on any rank or by the clock of rank 0, and whether a result is lost."""
        due = self.root and time.monotonic() - self._saved_at >= self.scenario.output.checkpoint_every
        asked = (self.requests.stop, self.requests.save or due, bool(self._unwritten))
        self.requests.save = False
        if self.size == 1:
            return asked
        from mpi4py import MPI

        heard = MPI.COMM_WORLD.allreduce(sum(1 << bit for bit, wish in enumerate(asked) if wish), MPI.BOR)
        return bool(heard & 1), bool(heard & 2), bool(heard & 4)

    def _share_done(self, report: StepReport) -> float:
        step, place = self.cycler.step, self.cycler.place
        shares = [0.0]
        if step.duration:
            shares.append((report.time - place.started) / step.duration)
        capacity = step.stop("capacity")
        if capacity:
            shares.append(place.charge / capacity)
        return max(shares)

    def _next_shot(self) -> float:
        every = self.scenario.output.every
        return float("inf") if every is None else (self._shots + 1) * every

    # ------------------------------------------------------------------ results

    def _write_history(self, report: StepReport) -> None:
        if self.folder is None:
            return
        row = history_row(report, self.engine.ledger, self.domain.cross_section)
        self.folder.history({name: value for name, value in row.items() if name not in self.driver.left_out})

    def _snapshot(self, first: bool = False) -> None:
        names = list(self.scenario.output.fields or ())
        if not first:
            names = [name for name in names if name not in self.driver.static_fields]
        fields = {name: self.engine.gather(name) for name in names}
        with self._writing():
            if self.folder is not None:
                self.folder.snapshot(self.engine.time, {n: f for n, f in fields.items() if f is not None})

    def _checkpoint(self, finished: bool = False) -> None:
        from ramify.scenario.writing import to_yaml

        saved = self.engine.save()
        self._saved_at = time.monotonic()
        if self.folder is None:
            return
        meta = {
            "version": CHECKPOINT_VERSION,
            "cycler": self.cycler.save(),
            "marks": self.marks.save(),
            "steps": self.steps,
            "rejected": self.rejected,
            "shots": self._shots,
            "wall": self._wall(),
            "charge_before": self._charge_before,
            "finished": finished,
            "last": None if self.last is None else dict(self.last.__dict__),
            "scenario": to_yaml(self.scenario),
        }
        with self._writing():
            self.folder.checkpoint(saved, meta)
            self.folder.log.write("checkpoint", time=self.engine.time)

    def _wall(self) -> float:
        return self.wall_before + time.monotonic() - self._began

    def _explain(self, failure: SolverFailure) -> str:
        where = ""
        if failure.place is not None:
            axes = [n for n in range(3) if self.domain.cells[n] > 1]
            places = ", ".join(f"{'xyz'[n]} = {1e6 * failure.place[n]:.3g}" for n in axes)
            where = f" at {places} um"
        text = f"{failure.reason}{where}, field {failure.field}; try: {failure.remedy}"
        if self.root:
            self.progress.say(f"ramify: the solver gave up: {text}")
        return text

    def _finish(self, status: str, reason: str, code: int) -> int:
        """Save what there is, whatever has happened; returns the exit code."""
        # a resumed run has the same snapshots as one that nobody stopped; a full disk has room for the state first
        if status != "interrupted" and not self._share(self._unwritten):
            self._snapshot()
        status, reason, code = self._judged(status, reason, code)
        self._checkpoint(finished=status in ("finished", "stopped"))
        status, reason, code = self._judged(status, reason, code)
        memory = int(self._sum(peak_memory()))
        measures = self.last.measures if self.last is not None else self.engine.measure()
        if self.folder is not None:
            with self._writing():
                account = summary(self.engine, self.last, measures, memory)
                account |= self.driver.extra_summary(self.engine, measures)
                self.folder.finish(self._summary(status, reason) | account)
                self.folder.log.write("end", status=status, reason=reason)
            status, reason, code = self._judged(status, reason, code, alone=True)
            self.progress.say(f"{status}: {reason}; results in {self.path}")
            if self.figures and status != "interrupted" and not self._unwritten:  # whoever asked to stop waits
                self._plot()
        return int(self._share(code))

    def _judged(self, status: str, reason: str, code: int, alone: bool = False) -> tuple[str, str, int]:
        """Status, reason and exit code, in the light of results that could not be written."""
        unwritten = self._unwritten if alone else self._share(self._unwritten)
        if not unwritten or status == "failed":
            return status, reason, code
        saved = self._share(self.folder is not None and self.folder.has_checkpoint) if not alone else True
        remedy = "then go on with ramify resume" if saved else "then run again with --force; no state was saved"
        return "failed", f"results could not be written: {unwritten}; make room, {remedy}", GAVE_UP

    def _plot(self) -> None:
        """Figures, if the plotting extra is there; a picture that fails never fails a run."""
        try:
            for path in self.model.plot(self.path):
                self.progress.say(f"  {path}")
        except ImportError:
            self.progress.say("figures need the [viz] extra: pip install 'ramify[viz]', then ramify plot")
        except Exception as error:
            self.progress.say(f"figures were not drawn: {error}")

    def _sum(self, value: float) -> float:
        """Sum over the ranks."""
        if self.size == 1:
            return value
        from mpi4py import MPI

        return float(MPI.COMM_WORLD.allreduce(value, MPI.SUM))

    def _summary(self, status: str, reason: str) -> dict[str, Any]:
        """What the runner knows of the run itself; the engine's account comes beside it."""
        cells = self.domain.cells
        return {
            "status": status,
            "stop_reason": reason,
            "steps": self.steps,
            "rejected_steps": self.rejected,
            "wall_s": self._wall(),
            "ranks": self.size,
            "cells": cells[0] * cells[1] * cells[2],
            "model": self.scenario.model,
            "engine": self.scenario.engine,
            "title": self.scenario.title,
            **self.marks.summary(),
        }
