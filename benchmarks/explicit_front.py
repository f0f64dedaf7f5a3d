"""The explicit update of the front against py-pde's Allen-Cahn equation: cells per second of one right-hand side.

The classical equation is timed on what py-pde gets, noise, of which nothing can be skipped, and on a sphere of metal,
of which only the surface's surroundings are visited. Both front equations are timed in a run's steps besides, where
the reaction feeds them and a host is in the way. A substep has two stages; each counts as one right-hand side.
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
from ramify.phasefield.plating.front import STABLE
from ramify.phasefield.problem import Geometry, Interface

STEPS = 3
MOTION = 0.3
"""Cells the front moves in a step, as many as a run allows."""
REPEATS = 5
SUBSTEPS = 5
MOBILITY = 1e-13
"""b [m^2/s]; any will do."""


def front_rate(cells: int, curvature: Literal["conservative", "allen_cahn"]) -> float:
    """Million cells per second and stage of the front's update."""
    problem = common.even_steps_problem(cells, MOTION)
    solver = PlatingSolver(replace(problem, interface=replace(problem.interface, curvature=curvature)))
    solver.set_control(common.MOVING.control)
    common.timed_steps(solver, 2)
    with Stopwatch() as watch:
        common.timed_steps(solver, STEPS)
    solver.destroy()
    stages = sum(len(times.seconds) for name, times in watch.kernels.items() if name.startswith("advance_"))
    return 1e-6 * cells**3 * stages / watch.sections["front"]


def classical_rate(cells: int, *, noise: bool) -> float:
    """Million cells per second and stage of the Allen-Cahn equation in an empty box, from noise or from a sphere."""
    h = common.SIZE / cells

    def sphere(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        middle = 0.5 * common.SIZE
        return np.asarray(np.sqrt((x - middle) ** 2 + (y - middle) ** 2 + (z - middle) ** 2) - 0.5 * middle)

    problem = replace(
        common.even_steps_problem(cells, MOTION),
        interface=Interface(h, curvature="allen_cahn", mobility=MOBILITY),
        geometry=Geometry(sphere),
    )
    solver = PlatingSolver(problem)
    rest, xi = solver.grid.zeros(), solver.xi
    if noise:
        xi = np.random.default_rng(0).uniform(0.1, 0.9, xi.shape)
        solver.grid.fill_outer_ghosts(xi)
    step = SUBSTEPS * 0.99 * STABLE / (MOBILITY * solver.front.stiffness)
    seconds = []
    for _ in range(REPEATS + 1):  # the first compiles
        start = time.perf_counter()
        solver.front.advance(xi, rest, rest, step, 0.0)
        seconds.append(time.perf_counter() - start)
    solver.destroy()
    return 1e-6 * cells**3 * 2 * SUBSTEPS / statistics.median(seconds[1:])


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
    ours = classical_rate(cells, noise=True)
    result: dict[str, Any] = {
        "allen_cahn_Mcell_per_s": ours,
        "allen_cahn_sphere_Mcell_per_s": classical_rate(cells, noise=False),
        "allen_cahn_in_a_run_Mcell_per_s": front_rate(cells, "allen_cahn"),
        "conservative_Mcell_per_s": front_rate(cells, "conservative"),
    }
    theirs = py_pde_rate(cells) if py_pde else None
    if theirs is None:
        return result | {"note": "py-pde left out or not installed (pip install py-pde)"}
    return result | {"py_pde_Mcell_per_s": theirs, "ratio_to_py_pde": ours / theirs}
