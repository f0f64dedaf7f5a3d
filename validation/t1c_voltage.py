"""T1c: the voltage of a closed cell from the first moment to depletion, above its limiting current.

The front held still: closed form of both surface concentrations, ohmic drop and Butler-Volmer law at the salt of the
surface. The front moving: the front-fixing solver. Dilute salt and a polymer, whose thermodynamic factor is not one.

The voltage goes with the logarithm of the surface concentration, and a diffuse surface cannot resolve less salt than
l dc/dz. Its error is of second order in l and grows towards depletion: it asks for a fine grid, and ends at 0.95.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Interface, Kinetics, Numerics
from ramify.physics import cell
from ramify.physics.electrolyte import Electrolyte
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references.closed_cell import ClosedCell
from ramify.validation.references.front_fixing import FrontFixingCell, galvanostatic

Motion = Literal["moving", "frozen"]

NAME = "t1c-voltage"
SOURCE = "closed form with the series solution (references/closed_cell.py); front fixing (references/front_fixing.py)"
LENGTH, CELLS, FILM = 100e-6, 1000, 10.3
"""Cell [m], cells, and metal on the collector in cells, off the grid's faces."""
WIDTH = {"frozen": 0.5, "moving": 0.7}
"""l in cells; a front that moves over the grid needs the wider one."""
FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Of the depletion time."""
COMPARED = (0.01, 0.2, 0.6, 0.9, 0.95)
TOLERANCE = 5e-3


def simulate(
    electrolyte: Electrolyte, c0: float, overdrive: float, motion: Motion
) -> tuple[list[float], list[float], list[float]]:
    """Times [s], voltages of the phase field and of the reference [V]."""
    h = LENGTH / CELLS
    problem = cells.planar_problem(
        LENGTH,
        CELLS,
        FILM * h,
        electrolyte,
        initial_concentration=c0,
        kinetics=Kinetics(cells.EXCHANGE_CURRENT, c0),
        interface=Interface(WIDTH[motion] * h, motion=motion),
        numerics=Numerics(time_tolerance=5e-5),
    )
    engine = cells.make_engine(problem)
    gap = LENGTH - cells.front_height(engine, problem)
    D, t_plus = float(electrolyte.diffusivity(c0)), float(electrolyte.transference(c0))
    current = overdrive * cell.limiting_current(D, c0, t_plus, gap)
    still = ClosedCell(electrolyte, c0, gap, current, problem.kinetics.exchange_current_density)
    depletion = still.depletion_time
    moving = FrontFixingCell(
        electrolyte=electrolyte,
        concentration=c0,
        length=gap,
        molar_volume=problem.metal.molar_volume,
        exchange_current_density=problem.kinetics.exchange_current_density,
        reference_concentration=problem.kinetics.reference_concentration,
    )
    if motion == "moving":
        depletion = galvanostatic(moving, current, np.array([2.0 * depletion])).depletion_time
    times = [fraction * depletion for fraction in FRACTIONS]
    engine.set_control(Control("current", current))
    found = [report.voltage for report in cells.run_through(engine, times)]
    if motion == "frozen":
        return times, found, [still.voltage(time) for time in times]
    return times, found, list(galvanostatic(moving, current, np.array(times), cells=600).voltage)


def run(folder: Path | None) -> list[Check]:
    """Voltages through depletion, two salts, front still and moving."""
    checks, curves = [], []
    liquid, polymer = (cells.dilute_salt(), cells.SALT), (cells.polymer(), cells.POLYMER_SALT)
    cases: tuple[tuple[str, tuple[Electrolyte, float], float, Motion], ...] = (
        ("dilute, front still", liquid, 1.2, "frozen"),
        ("dilute, front still", liquid, 3.0, "frozen"),
        ("polymer, front still", polymer, 1.5, "frozen"),
        ("dilute, front moving", liquid, 1.5, "moving"),
        ("polymer, front moving", polymer, 1.5, "moving"),
    )
    for words, (electrolyte, c0), overdrive, motion in cases:
        times, found, exact = simulate(electrolyte, c0, overdrive, motion)
        for fraction, voltage, expected in zip(FRACTIONS, found, exact, strict=True):
            if fraction in COMPARED:
                quantity = f"voltage [V], {words}, J = {overdrive}, t = {fraction} of depletion"
                checks.append(check_relative(NAME, quantity, voltage, expected, TOLERANCE, SOURCE))
        over = np.array(times) / times[-1] * FRACTIONS[-1]
        curves.append((f"{words}, J = {overdrive}", over, found, "o"))
        curves.append(("", over, exact, "k-"))
    save_curves(folder, NAME, curves, ("time over depletion time", "voltage [V]"))
    return checks


CASE = Case(NAME, "Voltage of a closed cell through depletion", "60 s", False, SOURCE, run)
