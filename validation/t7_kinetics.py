"""T7: Tafel slope, film resistance and the concentration dependence of the exchange current, through a whole cell.

The electrolyte conducts 1e4 S/m, the step is 1e-7 s and the counter electrode a reservoir, so that the cell voltage is
the overpotential.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Interface, Kinetics, Numerics
from ramify.physics import electrolyte
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t7-kinetics"
SOURCE = "Butler-Volmer law in its limits"
THERMAL = GAS_CONSTANT * 298.15 / FARADAY
CELLS, LENGTH, MOMENT = 60, 60e-6, 1e-7


def voltage(current: float, kinetics: Kinetics, salt: float = cells.SALT) -> float:
    """Cell voltage [V] at a current density."""
    problem = cells.planar_problem(
        LENGTH,
        CELLS,
        20.4e-6,
        electrolyte=electrolyte.constant(1e4, salt, 3e-10, 0.38),
        initial_concentration=salt,
        counter=CounterElectrode("reservoir"),
        kinetics=kinetics,
        interface=Interface(LENGTH / CELLS, motion="frozen"),
        numerics=Numerics(first_step=MOMENT, time_tolerance=1.0),
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("current", current))
    return engine.step(MOMENT).voltage


def run(folder: Path | None) -> list[Check]:
    """Slopes, resistance and exchange currents."""
    checks, curves = [], []
    for alpha_a, alpha_c in ((0.5, 0.5), (0.3, 0.7)):
        kinetics = Kinetics(1.0, cells.SALT, alpha_a, alpha_c)
        currents = np.array([300.0, 1000.0, 3000.0])
        for sign, alpha, word in ((1.0, alpha_c, "cathodic"), (-1.0, alpha_a, "anodic")):
            found = np.array([abs(voltage(sign * i, kinetics)) for i in currents])
            slope = float(np.polyfit(np.log(currents), found, 1)[0])
            quantity = f"{word} Tafel slope [V per e-fold], alpha = {alpha}"
            checks.append(check_relative(NAME, quantity, slope, THERMAL / alpha, 5e-3, SOURCE))
            intercept = float(np.exp(np.polyfit(found, np.log(currents), 1)[1]))
            quantity = f"{word} exchange current [A/m2], alpha = {alpha}"
            checks.append(check_relative(NAME, quantity, intercept, 1.0, 2e-2, SOURCE))
            curves.append((f"{word}, alpha = {alpha}", found, currents, "o-"))
    for salt in (500.0, 2000.0):
        kinetics = Kinetics(30.0, cells.SALT)
        resistance = -voltage(0.01, kinetics, salt) / 0.01
        expected = 30.0 * (salt / cells.SALT) ** 0.5
        quantity = f"exchange current [A/m2] at {salt:g} mol/m3"
        checks.append(check_relative(NAME, quantity, THERMAL / resistance, expected, 5e-3, SOURCE))
    film = 1e-3
    bare, coated = (voltage(50.0, Kinetics(30.0, cells.SALT, film_resistance=r)) for r in (0.0, film))
    checks.append(check_relative(NAME, "film resistance [ohm m2]", (bare - coated) / 50.0, film, 5e-3, SOURCE))
    save_curves(folder, NAME, curves, ("overpotential [V]", "current density [A/m2]"))
    return checks


CASE = Case(NAME, "Kinetics of the surface", "5 s", True, SOURCE, run)
