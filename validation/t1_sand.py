"""T1: salt and depletion time of a closed cell at constant current, the metal held still.

The diffuse surface keeps some salt, of the order l^2 dc/dz, which it gives up while the surface concentration falls
through the last l dc/dz; spread over the diffusion layer of that time it shifts the depletion time by a term in
l^(3/2). Two widths on one grid, l = h and l = h/2, take it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control, StepReport
from ramify.phasefield.problem import Interface, Numerics
from ramify.physics import cell
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references import closed_cell

NAME = "t1-sand"
SOURCE = "series solution of the closed cell (validation/references/closed_cell.py)"
LENGTH, CELLS, FILM = 100e-6, 100, 10.3
"""Cell [m], cells, and metal on the collector in cells, off the grid's faces."""
OVERDRIVES = (1.05, 1.2, 1.5, 2.0, 3.0)
FRACTIONS = (0.2, 0.4, 0.6, 0.8, 0.95)
"""Of Sand's time pi/(16 J^2)."""
ORDER = 1.5
RESOLVED = 2.0
"""Largest overdrive whose early diffusion layer spans some ten of the 100 cells: profiles are compared up to it."""


@dataclass
class Run:
    """Series and profile errors of one current and width."""

    time: list[float]
    """In units of the exact depletion time."""
    surface: list[float]
    """Concentration at the sharp surface over c0."""
    profile_errors: list[float]


def simulate(overdrive: float, width_in_cells: float, engine_name: cells.EngineName = "petsc") -> Run:
    """Run one cell past depletion."""
    h = LENGTH / CELLS
    width = width_in_cells * h
    problem = cells.planar_problem(
        LENGTH,
        CELLS,
        FILM * h,
        interface=Interface(width, motion="frozen"),
        numerics=Numerics(time_tolerance=2e-5),
    )
    engine = cells.make_engine(problem, engine_name)
    front = cells.front_height(engine, problem)
    gap = LENGTH - front
    unit = gap**2 / cells.SALT_DIFFUSIVITY
    limiting = cell.limiting_current(cells.SALT_DIFFUSIVITY, cells.SALT, cells.TRANSFERENCE, gap)
    engine.set_control(Control("current", overdrive * limiting))
    sand, depletion = np.pi / (16.0 * overdrive**2), cell.depletion_time(overdrive)
    result = Run([], [], [])

    def observe(report: StepReport) -> None:
        z, c, _ = cells.profile(engine, problem)
        result.time.append(report.time / (depletion * unit))
        result.surface.append(float(cells.outer_salt(z, c, front, max(width, 0.5 * h))[0]) / cells.SALT)

    moments = [*FRACTIONS, 1.05 * depletion / sand]
    for moment, _ in zip(moments, cells.run_through(engine, [m * sand * unit for m in moments], observe), strict=True):
        if moment in FRACTIONS:
            z, c, xi = cells.profile(engine, problem)
            outside = (xi < 1e-3) & (z > front)
            exact = closed_cell.concentration((z[outside] - front) / gap, moment * sand, overdrive)
            result.profile_errors.append(float(np.max(np.abs(c[outside] / cells.SALT - exact))))
    return result


def run(folder: Path | None) -> list[Check]:
    """Profiles at the times of the table and depletion times at every current."""
    checks, curves = [], []
    for overdrive in OVERDRIVES:
        wide, narrow = simulate(overdrive, 1.0), simulate(overdrive, 0.5)
        for fraction, error in zip(FRACTIONS, narrow.profile_errors, strict=True):
            if overdrive > RESOLVED:
                break
            quantity = f"largest profile error over c0, J = {overdrive}, t = {fraction} t_s"
            checks.append(check_at_most(NAME, quantity, error, 2e-3, SOURCE))
        coarse, fine = (cells.crossing(r.time, r.surface) for r in (wide, narrow))
        limit = fine + (fine - coarse) / (2.0**ORDER - 1.0)
        exact = cell.depletion_time(overdrive) * 16.0 * overdrive**2 / np.pi
        quantity = f"depletion time over t_s, J = {overdrive}"
        checks.append(check_relative(NAME, quantity, limit * exact, exact, 5e-3, SOURCE))
        series = [cell.cathode_concentration(t * cell.depletion_time(overdrive), overdrive) for t in narrow.time]
        curves += [(f"J = {overdrive}", narrow.time, narrow.surface, "."), ("", narrow.time, series, "k-")]
    save_curves(folder, NAME, curves, ("time over exact depletion time", "surface concentration over c0"))
    return checks


CASE = Case(NAME, "Sand's time of a closed cell", "20 s", True, SOURCE, run)
