"""The `ramify study` command: plan, run, collect.

Exit codes: 0 every point is done; 3 some points failed (the others are done and reported); 75 interrupted, every
point can be gone on with by the same command; 2 refused, before anything ran.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ramify.scenario.errors import ScenarioError
from ramify.study.folder import COMPLETE, STUDY, StudyFolder
from ramify.study.load import StudyFile, load_study
from ramify.study.plan import Plan, make_plan

DONE, SOME_FAILED, INTERRUPTED = 0, 3, 75


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    source: str
    output: Path | None = None
    overrides: tuple[str, ...] = ()
    workers: int | None = None
    scheduler: str | None = None
    emit: str | None = None
    force: bool = False


def check_study(asked: Asked) -> None:
    """Print what a study will do. ScenarioError for a bad study or a bad point."""
    from ramify.study.local import cores
    from ramify.study.plan import print_plan

    plan = make_plan(load_study(asked.source, asked.overrides))
    ranks = plan.file.study.execution.ranks
    print_plan(plan, asked.workers or max(1, cores() // ranks))


def run_study(asked: Asked) -> int:
    """Run what is not done yet and collect everything; returns the exit code."""
    file = load_study(asked.source, asked.overrides)
    plan = make_plan(file)
    path = asked.output if asked.output is not None else Path("runs") / file.path.stem
    folder = open_folder(path)
    client = None
    if asked.scheduler is not None:
        from ramify.study.cluster import connect

        client = connect(asked.scheduler)
    folder.prepare(file, plan.points, asked.force)
    if asked.emit is not None:
        from ramify.study.slurm import emit_slurm

        print(emit_slurm(plan, folder))
        return DONE
    whole = run_points(plan, folder, asked.workers, client)
    failed = report(file, plan, folder)
    if not whole:
        print(f"interrupted: the same command goes on; results in {path}")
        return INTERRUPTED
    return SOME_FAILED if failed else DONE


def report_again(path: Path) -> int:
    """Collect a study's folder anew, whatever state its points are in."""
    if not (path / STUDY).is_file():
        raise ScenarioError(f"holds no study (no {STUDY})", (), str(path), "the folder of a study")
    file = load_study(path / STUDY)
    plan = make_plan(file)
    return SOME_FAILED if report(file, plan, StudyFolder(path)) else DONE


def open_folder(path: Path) -> StudyFolder:
    """The folder of a study; ScenarioError where something else is in the way."""
    if path.exists() and not path.is_dir():
        raise ScenarioError("is a file", (), str(path), "a folder for the results, with -o DIR")
    if (path / "scenario.yaml").exists():
        raise ScenarioError("holds a single run", (), str(path), "another folder, with -o DIR")
    return StudyFolder(path)


def run_points(plan: Plan, folder: StudyFolder, workers: int | None, client: object) -> bool:
    """Run the points that are not complete; True if all were run, False if asked to stop."""
    from ramify.study.local import places, run_local
    from ramify.study.process import Job
    from ramify.study.status import Status

    home = StudyFolder(folder.path.resolve())  # a worker of a cluster stands elsewhere
    jobs, seen = [], set()
    for estimate in plan.estimates:
        paths = home.paths(estimate.point)
        if paths.state not in COMPLETE and paths.name not in seen:
            jobs.append(
                Job(paths, estimate.point.full_label, plan.file.study.execution.ranks, estimate.check.memory_bytes)
            )
        seen.add(paths.name)
    with Status(len(seen), len(seen) - len(jobs)) as status:
        if not jobs:
            return True
        if client is not None:
            from ramify.study.cluster import run_on_cluster

            return run_on_cluster(jobs, client, home.stop_file, status)
        return run_local(jobs, places(jobs, workers), status)


def report(file: StudyFile, plan: Plan, folder: StudyFolder) -> bool:
    """Collect and say where the results are; True if a point failed."""
    from ramify.study.collect import collect_study

    designs, written = collect_study(file, plan.points, folder)
    for design in designs[:3]:
        if design.place is not None:
            print(f"{design.place}. {design.first.point.label}")
    for path in written:
        print(f"  {path}")
    outcomes = [outcome for design in designs for outcome in design.outcomes]
    for outcome in outcomes:
        if outcome.state in ("failed", "crashed"):
            print(f"{outcome.state}: {outcome.point.full_label}: {outcome.reason}")
    return any(outcome.state in ("failed", "crashed") for outcome in outcomes)
