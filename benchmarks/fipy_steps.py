"""FiPy on the same model, grid and steps: `engine: fipy` with the fastest of FiPy's own solvers.

The reference engine ships with direct solvers, whose cost in 3-D grows with the square of the unknowns; timing those
would flatter us. Here it gets GMRES with incomplete factors from PETSc, which FiPy offers. Both engines take the same
steps, a tenth of a cell of front motion each, to the same tolerance of 1e-8, and end with the same fields to the
difference reported. `sweep_to_step_ratio` compares one sweep of FiPy, of the many it needs, with our whole step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import common
import numpy as np

from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import PlatingProblem

MOTION = 0.1
"""Cells the front moves in a step."""
KRYLOV_TOLERANCE = 1e-9
WARM_UP = 2


def fipy_engine(problem: PlatingProblem) -> Any:
    """The reference engine with iterative solvers."""
    from ramify.phasefield.fipy_reference import FiPyEngine

    engine = FiPyEngine(problem, suite="petsc")
    import fipy
    from fipy.solvers import ILUPreconditioner

    for part in (engine._solver._transport, engine._solver._front):
        part._solver = fipy.LinearGMRESSolver(tolerance=KRYLOV_TOLERANCE, iterations=1000, precon=ILUPreconditioner())
    return engine


def compare_with_fipy(cells: int, steps: int) -> dict[str, Any]:
    """Cost per cell and step of both engines over the same steps, their ratio, and how far the fields differ."""
    problem = common.even_steps_problem(cells, MOTION)
    size = problem.numerics.largest_step
    # Without Gibbs-Thomson shift: the engines' curvatures of a surface one cell wide are not comparable.
    problem = replace(problem, metal=replace(problem.metal, surface_energy=0.0))
    found: dict[str, Any] = {"cells": cells, "step_s": size}
    fields: dict[str, dict[str, Any]] = {}
    for name, engine in (("petsc", PlatingSolver(problem)), ("fipy", fipy_engine(problem))):
        engine.set_control(replace(common.MOVING.control, voltage_limit=None))
        common.timed_steps(engine, WARM_UP, until=1e3 * size)
        timed = common.timed_steps(engine, steps, until=1e3 * size)
        found[f"{name}_us_per_cell_per_step"] = common.rates(timed, cells**3)["us_per_cell_per_step"]
        found[f"{name}_iterations"] = float(np.median([report.newton_iterations for _, report in timed]))
        found[f"{name}_rejected"] = sum(report.rejected for _, report in timed)
        fields[name] = {field: engine.gather(field) for field in ("xi", "c", "psi")}
    found["ratio"] = found["fipy_us_per_cell_per_step"] / found["petsc_us_per_cell_per_step"]
    found["fipy_us_per_cell_per_sweep"] = found["fipy_us_per_cell_per_step"] / found["fipy_iterations"]
    found["sweep_to_step_ratio"] = found["fipy_us_per_cell_per_sweep"] / found["petsc_us_per_cell_per_step"]
    pore, wet = fields["petsc"]["psi"] < 0.5, fields["petsc"]["xi"] < 0.5
    for field, where in (("xi", pore), ("c", pore & wet)):
        ours, theirs = fields["petsc"][field][where], fields["fipy"][field][where]
        found[f"difference_{field}"] = float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
    return found
