"""An sbatch array script: one task of the array for every point that is not done."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from ramify.study.folder import COMPLETE, POINTS, StudyFolder
from ramify.study.plan import Plan
from ramify.study.process import ONE_THREAD, mpiexec

SCRIPT = "submit.sh"
GRACE = 120
"""Seconds before the end of the wall time at which points are asked to save their state."""


def emit_slurm(plan: Plan, folder: StudyFolder) -> str:
    """Write the script; returns the commands that submit it and collect the results."""
    names = [paths.name for point in plan.points if (paths := folder.paths(point)).state not in COMPLETE]
    if not names:
        return "every point is done: nothing to submit"
    path = folder.path / SCRIPT
    path.write_text(script(plan, folder.path, names), "utf-8")
    path.chmod(0o755)
    where = shlex.quote(str(folder.path))
    return (
        f"job=$(sbatch --parsable {shlex.quote(str(path))})\n"
        f"sbatch --dependency=afterany:$job --wrap 'ramify study --report {where}'"
    )


def script(plan: Plan, folder: Path, names: list[str]) -> str:
    """The text of the array script."""
    execution, ranks = plan.file.study.execution, plan.file.study.execution.ranks
    memory = execution.memory or plan.memory / 2**30
    options = [
        f"--job-name={plan.file.path.stem}",
        f"--array=0-{len(names) - 1}",
        f"--ntasks={ranks}",
        "--cpus-per-task=1",
        f"--mem={max(1, round(1.2 * memory + 0.5))}G" if execution.memory is None else f"--mem={memory:g}G",
        f"--signal=TERM@{GRACE}",
        f"--output={folder.resolve() / POINTS}/slurm-%A_%a.out",
    ]
    if execution.wall_time is not None:
        options.append(f"--time={clock(execution.wall_time)}")
    launch = f"srun --ntasks={ranks}" if execution.launcher == "srun" else f"{mpiexec()} -n {ranks}"
    ramify = f"{launch} {shlex.quote(sys.executable)} -m ramify.cli"
    lines = [
        "#!/bin/bash",
        *(f"#SBATCH {option}" for option in [*options, *execution.directives]),
        "# Submit again to go on with points that the wall time or a failure of a machine has interrupted.",
        f"cd {shlex.quote(str(folder.resolve()))} || exit 2",
        *execution.setup,
        *(f"export {key}={value}" for key, value in ONE_THREAD.items()),
        f"names=({' '.join(map(shlex.quote, names))})",
        f'point={POINTS}/"${{names[$SLURM_ARRAY_TASK_ID]}}"',
        'if grep -qE \'"status": "(finished|stopped|failed)"\' "$point/summary.json" 2>/dev/null; then exit 0; fi',
        'if compgen -G "$point/checkpoint/checkpoint-*.h5" >/dev/null; then',
        f'    {ramify} resume "$point" --no-figures',
        "else",
        f'    {ramify} run "$point.yaml" -o "$point" --force --no-figures',
        "fi",
    ]
    return os.linesep.join(lines) + os.linesep


def clock(seconds: float) -> str:
    """A wall time as Slurm writes it."""
    minutes = -(-int(seconds) // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"
