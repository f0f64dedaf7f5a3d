"""The other finite-element codes: dolfinx where a Python on this machine has it, and how a comparison is reported."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import common

Times = dict[str, float]
PARTS = ("set_up_s", "assembly_s", "solve_s")
PYTHONS = ("/usr/bin/python3", "python3")
"""That may have dolfinx; it is no package of PyPI."""


def find_dolfinx() -> tuple[str, str] | None:
    """(Python, version) that has dolfinx, or None."""
    for python in PYTHONS:
        if shutil.which(python) is None:
            continue
        command = [python, "-c", "import dolfinx; print(dolfinx.__version__)"]
        found = subprocess.run(command, capture_output=True, text=True, env=_clean())
        if found.returncode == 0:
            return python, found.stdout.strip().splitlines()[-1]
    return None


def dolfinx(problem: str, *arguments: float | int) -> Times:
    """Times of `dolfinx_peer` on a problem; RuntimeError where there is no dolfinx or it fails."""
    found = find_dolfinx()
    if found is None:
        raise RuntimeError("dolfinx is not installed")
    script = Path(__file__).with_name("dolfinx_peer.py")
    command = [found[0], str(script), problem, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, env=_clean() | common.ONE_THREAD)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {result.returncode}\n{result.stderr}")
    times: Times = json.loads(result.stdout.strip().splitlines()[-1])
    return times


def _clean() -> dict[str, str]:
    """The environment without this Python's own paths, which are not the other one's."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "PETSC_DIR", "PETSC_ARCH", "VIRTUAL_ENV")
    return {
        key: value
        for key, value in os.environ.items()
        if key not in dropped and not key.startswith(common.LAUNCHER_VARIABLES)
    }


def comparison(
    description: str | None,
    cells: int,
    ours: Callable[[int], Times],
    scikit_fem: Callable[[int], Times],
    problem: str,
    *numbers: float,
) -> dict[str, Any]:
    """Command line of a benchmark, and its codes compared as it says (`compare`).

    Parameters
    ----------
    description
        Of the benchmark, for `--help`.
    cells
        Along each edge of the cube, unless the command line says otherwise.
    ours, scikit_fem
        One run with so many cells.
    problem, numbers
        Of `dolfinx_peer`, and what it needs beside the cells.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cells", type=int, default=cells, help="along each edge of the cube")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-dolfinx", action="store_true", help="leave it out where it is there")
    arguments = parser.parse_args()
    ours(2)  # compiles
    runs = {"ramify": partial(ours, arguments.cells), "scikit_fem": partial(scikit_fem, arguments.cells)}
    if not arguments.no_dolfinx and find_dolfinx():
        runs["dolfinx"] = partial(dolfinx, problem, arguments.cells, *numbers)
    return {"cells": arguments.cells} | compare(runs, arguments.rounds)


def _typical(key: str, values: list[float]) -> float:
    """The median of times; of memory the most, since later rounds take what earlier ones gave back."""
    return max(values) if "bytes" in key else statistics.median(values)


def compare(runs: Mapping[str, Callable[[], Times]], rounds: int) -> dict[str, Any]:
    """Medians of alternating rounds of several codes, ours first, printed; ratios of the others' times to ours.

    `whole` is set-up, assembly and solve together; `..._at_equal_error` counts that with linear elements an error of
    e costs e^(-3/2) unknowns, where both report one.
    """
    found: dict[str, list[Times]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
    medians = {
        name: {key: _typical(key, [times[key] for times in each]) for key in each[0]} for name, each in found.items()
    }
    (_, mine), *others = medians.items()
    report: dict[str, Any] = dict(medians)
    for name, times in medians.items():
        parts = ", ".join(f"{part.removesuffix('_s').replace('_', '-')} {times[part]:.3f} s" for part in PARTS)
        error = f", error {times['error']:.3e}" if "error" in times else ""
        print(f"{name}: {parts} in {times['iterations']:.0f} iterations{error}")
    for name, theirs in others:
        ratios = {part.removesuffix("_s"): theirs[part] / mine[part] for part in PARTS}
        ratios["assembly_and_solve"] = sum(theirs[p] for p in PARTS[1:]) / sum(mine[p] for p in PARTS[1:])
        ratios["whole"] = sum(theirs[p] for p in PARTS) / sum(mine[p] for p in PARTS)
        if "error" in mine and "error" in theirs:
            factor = (theirs["error"] / mine["error"]) ** 1.5
            for key in ("assembly_and_solve", "whole"):
                ratios[f"{key}_at_equal_error"] = ratios[key] * factor
        report[f"{name}_over_ramify"] = ratios
        print(f"{name} over ramify: " + ", ".join(f"{key} {ratio:.2f}" for key, ratio in ratios.items()))
    installed = find_dolfinx()
    report["dolfinx_version"] = installed[1] if installed else "not installed"
    return report
