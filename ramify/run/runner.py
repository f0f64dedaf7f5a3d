"""The loop of a run: cycler, time steps, history, snapshots, checkpoints, summary.

Every rank runs the loop; rank 0 alone owns the result folder. Whatever stops the run, the last good state is saved,
and the summary says why it ended.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramify.build import build_problem
from ramify.phasefield.engine import Engine, SolverFailure, StepReport
from ramify.physics.constants import FARADAY
from ramify.run.cycler import Cycler
from ramify.run.engines import make_engine, rank_and_size, start_solvers
from ramify.run.marks import Marks
from ramify.run.progress import Progress
from ramify.run.signals import Requests
from ramify.scenario.errors import ScenarioError
from ramify.scenario.schema import Scenario

if TYPE_CHECKING:
    from ramify.results.folder import RunFolder

DONE, REFUSED, GAVE_UP, INTERRUPTED = 0, 2, 3, 75
CHECKPOINT_VERSION = 1
TOUCH, NO_METAL = "touch", "no metal"
STOPS = {
    TOUCH: "short circuit: the metal touches the counter electrode",
    NO_METAL: "no metal in contact is left to strip",
}
"""What ends a run before its protocol does, in words."""


def run_scenario(
    scenario: Scenario, folder: Path, *, force: bool = False, petsc_options: list[str], figures: bool = True
) -> int:
    """Run a resolved scenario into a folder; returns the exit code of the contract."""
    return _guarded(lambda: Runner(scenario, folder, petsc_options, figures).start(force))


def resume_run(folder: Path, petsc_options: list[str], *, figures: bool = True) -> int:
    """Go on with an interrupted run; returns the exit code of the contract."""
    from ramify.scenario import load_scenario

    scenario = load_scenario(folder / "scenario.yaml")
    return _guarded(lambda: Runner(scenario, folder, petsc_options, figures).resume())


def _guarded(work: Any) -> int:
    """Run; an error that nothing expected ends every rank, not one of them."""
    try:
        return int(work())
    except ScenarioError:
        raise  # every rank comes to the same refusal
    except Exception:
        from mpi4py import MPI

        if MPI.COMM_WORLD.size == 1:
            raise
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        MPI.COMM_WORLD.Abort(1)
        return 1


class Runner:
    """One run of one scenario."""

    def __init__(self, scenario: Scenario, folder: Path, petsc_options: list[str], figures: bool = True) -> None:
        self.scenario, self.path, self.figures = scenario, folder, figures
        start_solvers(scenario.engine, petsc_options)
        self.problem = build_problem(scenario)
        self.engine: Engine = make_engine(scenario.engine, self.problem)
        self.rank, self.size = rank_and_size(scenario.engine)
        self.root = self.rank == 0
        self.cycler = Cycler(scenario.protocol, self.problem.initial_concentration)
        self.folder: RunFolder | None = None
        self.marks = Marks()
        self.steps = self.rejected = 0
        self.wall_before = 0.0
        self.last: StepReport | None = None
        self._charge_before = 0.0
        self._shots = 0
        self._began = self._saved_at = time.monotonic()
        self.progress = Progress(self.root, [step.text for step in self.cycler.steps])

    # ------------------------------------------------------------------ beginning

    def start(self, force: bool) -> int:
        """Run from the initial state."""
        from ramify.results.folder import FolderInUse, RunFolder
        from ramify.scenario.resolve import to_yaml

        refused = ""
        if self.root:
            try:
                self.folder = RunFolder.create(self.path, self.problem.domain, force=force)
                self.folder.write_scenario(to_yaml(self.scenario))
                self.folder.log.write("start", scenario=self.scenario.title, ranks=self.size)
            except FolderInUse as error:
                refused = str(error)
        if self._tell(refused):
            return REFUSED
        self.engine.set_control(self.cycler.begin(0.0))
        self._snapshot(first=True)
        self._checkpoint()
        return self._loop()

    def resume(self) -> int:
        """Run on from the newest checkpoint."""
        from ramify.results.checkpoint import CheckpointError
        from ramify.results.folder import RunFolder

        refused, saved, meta = "", {}, {}
        if self.root:
            try:
                self.folder = RunFolder.resume(self.path, self.problem.domain)
                checkpoint = self.folder.read_checkpoint()
                saved, meta = checkpoint.saved, checkpoint.meta
                if meta.get("version") != CHECKPOINT_VERSION:
                    refused = f"the checkpoint has version {meta.get('version')}; allowed: {CHECKPOINT_VERSION}"
                elif meta.get("finished"):
                    refused = f"{self.path}: the run is finished; nothing is left to resume"
            except (CheckpointError, FileNotFoundError) as error:
                refused = str(error)
        if self._tell(refused):
            return REFUSED
        meta = self._share(meta)
        self.engine.load(saved)
        self.cycler.load(meta["cycler"])
        self.marks = Marks(**meta.get("marks", {}))
        self.steps, self.rejected, self._shots = int(meta["steps"]), int(meta["rejected"]), int(meta["shots"])
        self.wall_before, self._charge_before = float(meta["wall"]), float(meta["charge_before"])
        if self.folder is not None:
            self.folder.truncate_after(self.engine.time)
            self.folder.log.write("resume", time=self.engine.time, ranks=self.size)
        return self._loop()

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
        requests = Requests()
        status, reason, code = "finished", "the protocol is complete", DONE
        try:
            while not self.cycler.done:
                ended = self._advance()
                if ended:
                    reason = f"the protocol is complete; its last step ended by {ended}"
                stop, save = self._asked(requests)
                if ended and not self._next(ended):
                    status, reason = "stopped", STOPS.get(ended, STOPS[TOUCH])
                    break
                if stop:
                    status, reason, code = "interrupted", "asked to stop; go on with ramify resume", INTERRUPTED
                    break
                if save:
                    self._checkpoint()
        except SolverFailure as failure:
            status, reason, code = "failed", self._explain(failure), GAVE_UP
        finally:
            requests.restore()
            self.progress.close()
        self._finish(status, reason)
        return code

    def _advance(self) -> str | None:
        """One time step; the reason if it ended the protocol's step."""
        engine, cycler = self.engine, self.cycler
        report = engine.step(min(cycler.horizon(engine.time), self._next_shot()))
        self.last = report
        self.steps += 1
        self.rejected += report.rejected
        charge = (engine.ledger.charge - self._charge_before) / self.problem.domain.cross_section
        self._charge_before = engine.ledger.charge
        self.marks.note(report, charge, engine.ledger.charge / self.problem.domain.cross_section)
        self._write_history(report)
        if self.scenario.output.every is not None and report.time >= self._next_shot() * (1.0 - 1e-12):
            self._shots += 1
            self._snapshot()
        share = self._share_done(report)
        self.progress.show(cycler.place.index, share, report, engine.ledger.charge / self.problem.domain.cross_section)
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
            self.folder.log.write(
                "step ended",
                label=self.cycler.step.label,
                text=self.cycler.step.text,
                reason=ended,
                time=self.engine.time,
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

    def _asked(self, requests: Requests) -> tuple[bool, bool]:
        """(stop, save) asked for by a signal on any rank, or by the clock of rank 0."""
        due = time.monotonic() - self._saved_at >= self.scenario.output.checkpoint_every
        stop, save = requests.stop, requests.save or (due and self.root)
        requests.save = False
        if self.size == 1:
            return stop, save
        from mpi4py import MPI

        stop_any = MPI.COMM_WORLD.allreduce(int(stop), MPI.MAX)
        return bool(stop_any), bool(MPI.COMM_WORLD.allreduce(int(save), MPI.MAX))

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
        ledger = self.engine.ledger
        self.folder.history(
            {
                "time": report.time,
                "step": report.step,
                "voltage": report.voltage,
                "current_density": report.current_density,
                "capacity": ledger.charge / self.problem.domain.cross_section,
                "charge": ledger.charge,
                "limited": float(report.limited),
                "minimum_concentration": report.minimum_concentration,
                "surface_concentration": report.surface_concentration,
                "metal": ledger.metal,
                "salt": ledger.salt,
                "newton_iterations": report.newton_iterations,
                "krylov_iterations": report.krylov_iterations,
                "rejected": report.rejected,
                **report.measures,
                "metal_profile": report.profile,
                **ledger.balance(FARADAY),
            }
        )

    def _snapshot(self, first: bool = False) -> None:
        names = list(self.scenario.output.fields or ())
        if not first:
            names = [name for name in names if name != "psi"]
        fields = {name: self.engine.gather(name) for name in names}
        if self.folder is not None:
            self.folder.snapshot(self.engine.time, {n: f for n, f in fields.items() if f is not None})

    def _checkpoint(self, finished: bool = False) -> None:
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
        }
        self.folder.checkpoint(saved, meta)
        self.folder.log.write("checkpoint", time=self.engine.time)

    def _wall(self) -> float:
        return self.wall_before + time.monotonic() - self._began

    def _explain(self, failure: SolverFailure) -> str:
        where = ""
        if failure.place is not None:
            axes = [n for n in range(3) if self.problem.domain.cells[n] > 1]
            places = ", ".join(f"{'xyz'[n]} = {1e6 * failure.place[n]:.3g}" for n in axes)
            where = f" at {places} um"
        text = f"{failure.reason}{where}, field {failure.field}; try: {failure.remedy}"
        if self.root:
            self.progress.say(f"ramify: the solver gave up: {text}")
        return text

    def _finish(self, status: str, reason: str) -> None:
        if status != "interrupted":  # a resumed run has the same snapshots as one that nobody stopped
            self._snapshot()
        self._checkpoint(finished=status in ("finished", "stopped"))
        memory = self._memory()
        if self.folder is None:
            return
        self.folder.finish(self._summary(status, reason, memory))
        self.folder.log.write("end", status=status, reason=reason)
        self.progress.say(f"{status}: {reason}; results in {self.path}")
        if self.figures and status != "interrupted":  # whoever asked to stop waits
            self._plot()

    def _plot(self) -> None:
        """Figures, if the plotting extra is there; a picture that fails never fails a run."""
        try:
            from ramify.results.figures import plot_folder
        except ImportError:
            self.progress.say("figures need the [viz] extra: pip install 'ramify[viz]', then ramify plot")
            return
        try:
            for path in plot_folder(self.path):
                self.progress.say(f"  {path}")
        except Exception as error:
            self.progress.say(f"figures were not drawn: {error}")

    def _memory(self) -> int:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if self.size == 1:
            return peak
        from mpi4py import MPI

        return int(MPI.COMM_WORLD.allreduce(peak, MPI.SUM))

    def _summary(self, status: str, reason: str, memory: int) -> dict[str, Any]:
        ledger, last = self.engine.ledger, self.last
        measures = last.measures if last is not None else {}
        return {
            "status": status,
            "stop_reason": reason,
            "steps": self.steps,
            "rejected_steps": self.rejected,
            "time_s": self.engine.time,
            "wall_s": self._wall(),
            "ranks": self.size,
            "cells": self.problem.domain.cells[0] * self.problem.domain.cells[1] * self.problem.domain.cells[2],
            "peak_memory_bytes": memory,
            "charge_passed_C": ledger.charge,
            "metal_plated_mol": ledger.plated,
            "metal_stripped_mol": ledger.stripped,
            "metal_dead_mol": measures.get("dead_metal", 0.0),
            "coulombic_efficiency": ledger.stripped / ledger.plated if ledger.stripped and ledger.plated else None,
            "filling_fraction": measures.get("filling_fraction", 0.0),
            "tip_height_m": measures.get("tip_height", 0.0),
            "roughness_m": measures.get("roughness", 0.0),
            "top_plating_index": measures.get("top_plating_index"),
            "over_plating_index": measures.get("over_plating_index"),
            "bottom_up_index": measures.get("bottom_up_index"),
            "blocked_fraction": measures.get("blocked_fraction"),
            **self.marks.summary(),
            "voltage_V": last.voltage if last is not None else None,
            "limited": last.limited if last is not None else False,
            "balance": ledger.balance(FARADAY),
            "largest_correction_relative": ledger.largest_correction,
            "engine": self.scenario.engine,
            "title": self.scenario.title,
        }
