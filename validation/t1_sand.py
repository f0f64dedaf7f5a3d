"""T1: salt and depletion time of a closed cell at constant current, the metal held still.

The surface is half a cell wide; the figure shows l = h beside it. Two coarser grids give the uncertainty of the times.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Interface, Numerics
from ramify.physics import cell
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references import closed_cell
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "t1-sand"
SOURCE = "series solution of the closed cell (validation/references/closed_cell.py)"
LENGTH, CELLS = 100e-6, 100
FILM, OFFSET = 10e-6, 0.3
"""Metal on the collector [m], and how far it ends beyond a face of the grid [cells]."""
COARSER = (70, 50)
OVERDRIVES = (1.05, 1.2, 1.5, 2.0, 3.0)
FRACTIONS = (0.2, 0.4, 0.6, 0.8, 0.95)
"""Of Sand's time pi/(16 J^2)."""
WIDTH = 0.5
"""l of the checks, in cells."""
RESOLVED = 2.0
"""Largest overdrive whose early diffusion layer spans some ten of the 100 cells: profiles are compared up to it."""


def simulate(
    overdrive: float, width_in_cells: float, engine_name: cells.EngineName = "petsc", count: int = CELLS
) -> tuple[float, list[float]]:
    """Depletion time over the exact one, and the largest profile error over c0 at each of FRACTIONS."""
    h = LENGTH / count
    problem = cells.planar_problem(
        LENGTH,
        count,
        (round(FILM / h) + OFFSET) * h,
        interface=Interface(width_in_cells * h, motion="frozen"),
        numerics=Numerics(time_tolerance=2e-5),
    )
    engine = cells.make_engine(problem, engine_name)
    front = cells.front_height(engine, problem)
    gap = LENGTH - front
    unit = gap**2 / cells.SALT_DIFFUSIVITY
    limiting = cell.limiting_current(cells.SALT_DIFFUSIVITY, cells.SALT, cells.TRANSFERENCE, gap)
    engine.set_control(Control("current", overdrive * limiting, cells.DEPLETION_LIMIT))
    sand, depletion = np.pi / (16.0 * overdrive**2), cell.depletion_time(overdrive)
    errors = []
    for fraction, _ in zip(FRACTIONS, cells.run_through(engine, [f * sand * unit for f in FRACTIONS]), strict=True):
        z, c, xi = cells.profile(engine, problem)
        outside = (xi < 1e-3) & (z > front)
        exact = closed_cell.concentration((z[outside] - front) / gap, fraction * sand, overdrive)
        errors.append(float(np.max(np.abs(c[outside] / cells.SALT - exact))))
    begin = FRACTIONS[-1] * sand / depletion
    moments = np.linspace(begin, 1.05, 81)[1:] * depletion * unit
    return cells.depletion_time(engine, list(moments)) / (depletion * unit), errors


def run(folder: Path | None) -> list[Check]:
    """Profiles at the times of the table and depletion times at every current."""
    checks, found = [], []
    for overdrive in OVERDRIVES:
        (time, errors), (wide, _) = simulate(overdrive, WIDTH), simulate(overdrive, 1.0)
        for fraction, error in zip(FRACTIONS, errors, strict=True):
            if overdrive > RESOLVED:
                break
            quantity = f"largest profile error over c0, J = {overdrive}, t = {fraction} t_s"
            checks.append(check_at_most(NAME, quantity, error, 2e-3, SOURCE))
        exact = cell.depletion_time(overdrive) * 16.0 * overdrive**2 / np.pi
        quantity = f"depletion time over t_s, J = {overdrive}"
        grids = [time, *(simulate(overdrive, WIDTH, count=count)[0] for count in COARSER)]
        trend = grid_convergence([LENGTH / count for count in (CELLS, *COARSER)], [exact * found for found in grids])
        compared = check_relative(NAME, quantity, time * exact, exact, 5e-3, SOURCE)
        checks.append(with_uncertainty(compared, trend))
        found.append((time, wide))
    curves = [
        (name, OVERDRIVES, [100.0 * (times[n] - 1.0) for times in found], style)
        for n, (name, style) in enumerate(((f"l = {WIDTH} h", "o-"), ("l = h", "s-")))
    ]
    save_curves(folder, NAME, curves, ("current over limiting current", "error of the depletion time [%]"))
    return checks


CASE = Case(NAME, "Sand's time of a closed cell", "15 s", True, SOURCE, run)
