"""T3: a moving planar front: thickness by Faraday's law; voltage and depletion against the front-fixing reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control, Engine
from ramify.phasefield.problem import Interface, Numerics, PlatingProblem
from ramify.physics import cell
from ramify.physics.constants import FARADAY
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references.front_fixing import FrontFixingCell, galvanostatic
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "t3-front"
SOURCE = "Faraday's law; front-fixing finite volumes (validation/references/front_fixing.py)"
LENGTH, CELLS = 100e-6, 100
FILM, OFFSET = 10e-6, 0.3
"""Metal on the collector [m], and how far it ends beyond a face of the grid [cells]."""
COARSER = (70, 50)
"""Grids that give the uncertainty of the depletion time."""
CHARGE = 36_000.0
"""1 mAh/cm2 [C/m^2]."""
FRACTIONS = (0.02, 0.1, 0.3, 0.6, 1.0)
NARROW = 0.7
"""The smaller of two widths, in cells."""


def start(
    width_in_cells: float, engine_name: cells.EngineName, count: int = CELLS
) -> tuple[Engine, PlatingProblem, float]:
    """Engine, problem and front height of the cell on `count` cells."""
    h = LENGTH / count
    interface, numerics = Interface(width_in_cells * h), Numerics(time_tolerance=1e-4)
    film = (round(FILM / h) + OFFSET) * h
    problem = cells.planar_problem(LENGTH, count, film, interface=interface, numerics=numerics)
    engine = cells.make_engine(problem, engine_name)
    return engine, problem, cells.front_height(engine, problem)


def reference_cell(problem: PlatingProblem, gap: float) -> FrontFixingCell:
    """The same cell for the reference."""
    return FrontFixingCell(
        electrolyte=problem.electrolyte,
        concentration=cells.SALT,
        length=gap,
        molar_volume=problem.metal.molar_volume,
        exchange_current_density=cells.EXCHANGE_CURRENT,
        reference_concentration=cells.SALT,
    )


def transient(folder: Path | None, engine_name: cells.EngineName = "petsc") -> list[Check]:
    """1 mAh/cm2 at 0.6 of the limiting current."""
    engine, problem, front = start(1.0, engine_name)
    gap = LENGTH - front
    current = 0.6 * cell.limiting_current(cells.SALT_DIFFUSIVITY, cells.SALT, cells.TRANSFERENCE, gap)
    times = np.array([fraction * CHARGE / current for fraction in FRACTIONS])
    engine.set_control(Control("current", current))
    voltages = [report.voltage for report in cells.run_through(engine, list(times))]
    grown = cells.front_height(engine, problem) - front
    exact = CHARGE / FARADAY * problem.metal.molar_volume
    checks = [check_relative(NAME, "thickness of 1 mAh/cm2 [m]", grown, exact, 1e-8, SOURCE)]
    reference = galvanostatic(reference_cell(problem, gap), current, times)
    for fraction, found, expected in zip(FRACTIONS, voltages, reference.voltage, strict=True):
        quantity = f"voltage [V] after {fraction} mAh/cm2"
        checks.append(check_relative(NAME, quantity, found, float(expected), 5e-3, SOURCE))
    curves = [("phase field", times, voltages, "o"), ("front fixing", reference.time, reference.voltage, "-")]
    save_curves(folder, NAME, curves, ("time [s]", "voltage [V]"))
    return checks


def without_width(wide: float, narrow: float, ratio: float) -> float:
    """Limit of a result for a vanishing width, from two widths of that ratio; the error goes with their power 3/2.

    The diffuse surface keeps some salt, of the order l^2 dc/dz, which it takes back while the surface concentration
    falls through the last l dc/dz; spread over the diffusion layer of that time it shifts the depletion time by a term
    in l^(3/2).
    """
    return narrow + (narrow - wide) / (ratio**1.5 - 1.0)


def depletion_time(overdrive: float, count: int, engine_name: cells.EngineName) -> float:
    """Depletion time over the reference's with the front moving, on `count` cells, extrapolated to no width."""
    found = []
    for width_in_cells in (1.0, NARROW):
        engine, problem, front = start(width_in_cells, engine_name, count)
        gap = LENGTH - front
        current = overdrive * cell.limiting_current(cells.SALT_DIFFUSIVITY, cells.SALT, cells.TRANSFERENCE, gap)
        fixed = cell.depletion_time(overdrive) * gap**2 / cells.SALT_DIFFUSIVITY
        expected = galvanostatic(reference_cell(problem, gap), current, np.array([2.0 * fixed])).depletion_time
        engine.set_control(Control("current", current, cells.DEPLETION_LIMIT))
        moments = np.linspace(0.6, 1.05, 91) * expected
        found.append(cells.depletion_time(engine, list(moments)) / expected)
    return without_width(found[0], found[1], 1.0 / NARROW)


def depletion(overdrive: float, engine_name: cells.EngineName = "petsc") -> Check:
    """Depletion time with the front moving, and its uncertainty."""
    grids = (CELLS, *COARSER)
    found = [depletion_time(overdrive, count, engine_name) for count in grids]
    compared = check_relative(NAME, f"depletion time over the reference, J = {overdrive}", found[0], 1.0, 5e-3, SOURCE)
    return with_uncertainty(compared, grid_convergence([LENGTH / count for count in grids], found))


def run(folder: Path | None) -> list[Check]:
    """Transient and depletion."""
    return [*transient(folder), depletion(1.2), depletion(1.5)]


CASE = Case(NAME, "Moving planar front", "15 s", True, SOURCE, run)
