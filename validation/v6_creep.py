"""V6: metal that creeps into voids: closing rates against closed forms, their orders, effort, and the books.

A void in an infinite body under a pressure closes at v/a = (A/2) (3 p/2n)^n (sphere) or (sqrt3/2) A (sqrt3 p/n)^n
(cylinder in plane strain). The box carries the tractions of that solution on its outer faces; the profile is as wide
as a cell, so that width and cells shrink together. Then a void at a frictionless contact under a rigid collector,
carried along until it has closed: what came in is what it lost. Last a void that stripping has grown, pressed at rest:
pressure restores contact (Zhao, Wang and Martinez-Paneda), the more the higher it is.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.creep import Creep
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports
from ramify.phasefield.voids.engine import VoidEngine
from ramify.phasefield.voids.metal import VoidMetal
from ramify.phasefield.voids.problem import MetalProblem, VacancyTransport, void_interface
from ramify.physics.constants import FARADAY
from ramify.scenario import load_scenario
from ramify.validate import Case, Check, check, check_at_least, check_at_most
from ramify.validation.creep_cases import EDGE, PRESSURE, LonelyVoid, metal
from ramify.validation.figures import Curve, save_curves

NAME = "v6-creep"
SOURCE = "closed forms (physics/void_closure.py)"
PLANE, SPACE = (16, 32, 64), (12, 16, 24)
"""Cells along the edge; the radius is 0.3 of it."""
EXPONENTS = (1.0, 5.0, 6.6)
TOLERANCE = {2: 0.01, 3: 0.05}
"""By dimension, on the finest grid: a radius of 19 cells in the plane and of 7 in space."""
PRESSED = (0.5e6, 1e6, 2e6, 3e6)
"""Stack pressures of the rest [Pa]."""
GROWING, RESTING = 1800.0, 600.0
"""[s]"""
FINDING = "arXiv 2206.14753: pressure restores contact"


def closing() -> tuple[list[Check], list[Curve]]:
    """Errors on the finest grids, orders where they are above what the solver leaves, iterations."""
    checks: list[Check] = []
    curves: list[Curve] = []
    for dimension, sizes in ((2, PLANE), (3, SPACE)):
        for exponent in EXPONENTS:
            case = LonelyVoid(exponent, dimension)
            found = [case.solve(n) for n in sizes]
            words = f"{case.shape}, n = {exponent:g}"
            quantity = f"error of the closing rate, {words}, {0.3 * sizes[-1]:.2g} cells to the radius"
            checks.append(check(NAME, quantity, found[-1].error, 0.0, TOLERANCE[dimension], SOURCE))
            if dimension == 3:
                order = math.log(found[0].error / found[-1].error) / math.log(sizes[-1] / sizes[0])
                checks.append(check_at_least(NAME, f"order of the closing rate, {words}", order, 1.7, SOURCE))
            most = max(one.effort.krylov_iterations for one in found)
            checks.append(check_at_most(NAME, f"iterations of all linear systems, {words}", most, 80, "measured"))
            curves.append((words, [0.3 * n for n in sizes], [abs(one.error) for one in found], "o-"))
    for softness in (1e-3, 1e-6):
        effort = LonelyVoid(5.0, 2).solve(32, numerics=CreepNumerics(softness=softness)).effort
        quantity = f"iterations, a void of {softness:g} times the viscosity"
        checks.append(check_at_most(NAME, quantity, effort.krylov_iterations, 60, "measured"))
    return checks, curves


def books() -> list[Check]:
    """A cylinder at the contact, carried until 99 % of it is gone."""
    n = 16
    domain = Domain((EDGE, 1.0, EDGE), (n, 1, n))
    grid, h = Grid(domain), EDGE / n

    def void(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.hypot(x, z - EDGE) + 0.0 * y - 0.3 * EDGE)

    held = VoidMetal(grid, MetalProblem(domain, VacancyTransport(1e-15, 1.3e-5, 0.0, 298.15), void_interface(h), void))
    creep, xi, entered = Creep(grid, held.front, metal(5.0), CreepSupports("sliding", "sliding")), None, 0.0
    step = 0.0
    xi = held.initial_state().xi
    start = left = float((1.0 - xi[OWNED]).sum()) * domain.cell_volume
    for _ in range(150):
        if left < 0.01 * start:
            break
        creep.velocity(xi, PRESSURE, step)
        step = creep.longest_step()
        crept = creep.advance(xi, step)
        xi, entered = crept.xi, entered + crept.entered
        left = float((1.0 - xi[OWNED]).sum()) * domain.cell_volume
    creep.free()
    held.free()
    return [
        check_at_most(NAME, "what is left of a void under pressure", left / start, 0.01, "closes"),
        check(NAME, "metal that came in over the volume lost, less one", entered / (start - left) - 1.0, 0.0, 1e-12,
              "identity"),
    ]  # fmt: skip


def recovery() -> tuple[list[Check], list[Curve]]:
    """Contact that a rest of ten minutes restores after half an hour of stripping, under several pressures."""
    engine = VoidEngine(build_problem(load_scenario("void_pressure_recovery", [])))
    engine.set_control(Control("current", -3.0, 0.05))
    while engine.time < GROWING:
        engine.step(GROWING)
    grown, saved, gains = engine.measure()["contact_fraction"], engine.save(), []
    for pressure in PRESSED:
        engine.load(saved)
        engine.set_control(Control("current", 0.0, pressure=pressure))
        while engine.time < GROWING + RESTING:
            report = engine.step(GROWING + RESTING)
        gains.append(report.measures["contact_fraction"] - grown)
    balance = max(engine.ledger.balance(FARADAY).values())
    engine.destroy()
    words = f"contact restored in a rest under {1e-6 * PRESSED[-1]:g} MPa, of {grown:.2f} left"
    return [
        check_at_least(NAME, words, gains[-1], 0.15, FINDING),
        check_at_most(NAME, f"contact restored in a rest under {1e-6 * PRESSED[0]:g} MPa", gains[0], 0.01, "expected"),
        check_at_least(NAME, "least gain from one pressure to the next", min(b - a for a, b in pairwise(gains)), 0.002,
                       FINDING),
        check_at_most(NAME, "balances of a run whose pressure changes", balance, 1e-10, "identity"),
    ], [("restored", [1e-6 * p for p in PRESSED], gains, "o-")]  # fmt: skip


def run(folder: Path | None) -> list[Check]:
    """All of them."""
    checks, curves = closing()
    save_curves(folder, NAME, curves, ("cells to the radius", "relative error of the closing rate"), logarithmic=True)
    restored, curve = recovery()
    save_curves(folder, f"{NAME}-recovery", curve, ("stack pressure (MPa)", "contact restored in ten minutes"))
    return [*checks, *books(), *restored]


CASE = Case(NAME, "Voids: metal that creeps into them", "1 min", False, SOURCE, run)
