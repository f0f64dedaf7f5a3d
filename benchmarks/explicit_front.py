"""The explicit update of the front against py-pde's Allen-Cahn equation: cells per second of one right-hand side.

Ours has the harder right-hand side: signed distance, normals, and a flux with a hyperbolic sine instead of c - c^3. It
is timed in the steps of a run, where a substep has two stages and each counts as one right-hand side.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from dataclasses import replace
from typing import Any, Literal

import common
import numpy as np
from stopwatch import Stopwatch

from ramify.phasefield.plating import PlatingSolver

STEPS = 3
MOTION = 0.3
"""Cells the front moves in a step, as many as a run allows."""
REPEATS = 5


def front_rate(cells: int, curvature: Literal["conservative", "allen_cahn"]) -> float:
    """Million cells per second and stage of the front's update."""
    problem = common.even_steps_problem(cells, MOTION)
    solver = PlatingSolver(replace(problem, interface=replace(problem.interface, curvature=curvature)))
    solver.set_control(common.MOVING.control)
    common.timed_steps(solver, 2)
    with Stopwatch() as watch:
        common.timed_steps(solver, STEPS)
    solver.destroy()
    stages = sum(len(times.seconds) for name, times in watch.kernels.items() if name.startswith("advance_front"))
    return 1e-6 * cells**3 * stages / watch.sections["front"]


def py_pde_rate(cells: int) -> float | None:
    """Million cells per second of py-pde's compiled explicit Allen-Cahn step; None where it is not installed."""
    if importlib.util.find_spec("pde") is None:
        return None
    pde = importlib.import_module("pde")
    grid = pde.CartesianGrid([[0, cells]] * 3, [cells] * 3, periodic=False)
    state = pde.ScalarField(grid, np.random.default_rng(0).uniform(-0.5, 0.5, (cells,) * 3))
    dt, steps = 0.05, 10
    stepper = pde.EulerSolver(pde.AllenCahnPDE(), backend="numba").make_stepper(state, dt)
    stepper(state, 0.0, dt)  # compiles
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        stepper(state, 0.0, steps * dt)
        seconds.append(time.perf_counter() - start)
    return 1e-6 * steps * cells**3 / statistics.median(seconds)


def compare_fronts(cells: int, py_pde: bool) -> dict[str, Any]:
    """Rates of both our front equations and, if asked for and installed, of py-pde's, with the ratio to it."""
    ours = front_rate(cells, "allen_cahn")
    result: dict[str, Any] = {
        "conservative_Mcell_per_s": front_rate(cells, "conservative"),
        "allen_cahn_Mcell_per_s": ours,
    }
    theirs = py_pde_rate(cells) if py_pde else None
    if theirs is None:
        return result | {"note": "py-pde left out or not installed (pip install py-pde)"}
    return result | {"py_pde_Mcell_per_s": theirs, "ratio_to_py_pde": ours / theirs}
