"""T2: steady state below the limiting current: a linear salt profile and the closed form of the voltage."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Interface, Numerics
from ramify.physics import cell
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t2-steady"
SOURCE = "linear profile and integrated potential (ramify.physics.cell.steady_voltage)"
LENGTH, CELLS, FILM, OVERDRIVE = 100e-6, 100, 10.3, 0.6


def simulate(kind: cell.Counter, engine_name: cells.EngineName = "petsc") -> tuple[list[Check], list[tuple]]:  # type: ignore[type-arg]
    """Checks and curves of one kind of counter electrode."""
    h = LENGTH / CELLS
    problem = cells.planar_problem(
        LENGTH,
        CELLS,
        FILM * h,
        interface=Interface(0.5 * h, motion="frozen"),
        counter=CounterElectrode(kind),
        numerics=Numerics(time_tolerance=1e-3),
    )
    engine = cells.make_engine(problem, engine_name)
    front = cells.front_height(engine, problem)
    gap = LENGTH - front
    salt = (cells.SALT_DIFFUSIVITY, cells.SALT, cells.TRANSFERENCE)
    current = OVERDRIVE * cell.limiting_current(*salt, gap, kind)
    engine.set_control(Control("current", current))
    unit = gap**2 / cells.SALT_DIFFUSIVITY
    (report,) = cells.run_through(engine, [8.0 * unit])
    z, c, xi = cells.profile(engine, problem)
    outside = xi < 1e-4
    D, c0, t_plus = salt
    exact = cell.steady_concentration(z[outside] - front, c0, current, D, t_plus, gap, kind)
    molar = float(problem.electrolyte.molar_conductivity(c0))
    voltage = cell.steady_voltage(
        current, gap, c0, D, t_plus, molar, 1.0, 298.15, cells.EXCHANGE_CURRENT, c0, counter=kind
    )
    error = float(np.max(np.abs(c[outside] - exact))) / c0
    checks = [
        check_at_most(NAME, f"largest profile error over c0, {kind}", error, 2e-3, SOURCE),
        check_relative(NAME, f"cell voltage [V], {kind}", report.voltage, voltage, 5e-3, SOURCE),
    ]
    curves = [(kind, z[outside] * 1e6, c[outside], "."), (f"{kind}, exact", z[outside] * 1e6, exact, "-")]
    return checks, curves


def run(folder: Path | None) -> list[Check]:
    """Both kinds of counter electrode."""
    checks, curves = [], []
    kinds: tuple[cell.Counter, ...] = ("lithium", "reservoir")
    for kind in kinds:
        more, lines = simulate(kind)
        checks += more
        curves += lines
    save_curves(folder, NAME, curves, ("z [um]", "c [mol/m3]"))
    return checks


CASE = Case(NAME, "Steady state below the limiting current", "2 s", True, SOURCE, run)
