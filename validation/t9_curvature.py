"""T9: motion by curvature of the classical Allen-Cahn front, dr/dt = -b K: r^2 falls by 2 b t (circle), 4 b t (sphere).

A quarter circle and an eighth of a sphere in the corner of a box, at rest: no reaction, curvature alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control, Engine
from ramify.phasefield.problem import Domain, Geometry, Interface
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t9-curvature"
SOURCE = "shrinking circle and sphere, r^2 = r0^2 - 2 (d-1) b t"
H, MOBILITY = 0.5e-6, 1e-13


def shrink(dimension: int, edge: int, start: float, end: float) -> tuple[list[float], list[float]]:
    """Times [s] and radii squared [m^2] while the exact radius goes from `start` to `end` cells."""
    ny = edge if dimension == 3 else 1

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(x**2 + (y**2 if ny > 1 else 0.0 * y) + z**2) - start * H)

    problem = cells.planar_problem(
        edge * H,
        edge,
        0.0,
        domain=Domain((edge * H, ny * H if ny > 1 else 1.0, edge * H), (edge, ny, edge)),
        interface=Interface(H, curvature="allen_cahn", mobility=MOBILITY),
        geometry=Geometry(distance),
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("current", 0.0))
    duration = (start**2 - end**2) * H**2 / (2.0 * (dimension - 1) * MOBILITY)
    times, squares = [0.0], [_radius_squared(engine, dimension)]
    for report in cells.run_through(engine, list(np.linspace(0.0, duration, 9)[1:])):
        times.append(report.time)
        squares.append(_radius_squared(engine, dimension))
    return times, squares


def _radius_squared(engine: Engine, dimension: int) -> float:
    metal = float(np.sum(cells.field(engine, "xi"))) * H**dimension
    if dimension == 2:
        return 4.0 * metal / np.pi
    return float((6.0 * metal / np.pi) ** (2.0 / 3.0))


def run(folder: Path | None) -> list[Check]:
    """Rate of r^2 in the plane and in space."""
    checks, curves = [], []
    for dimension, edge, start, end in ((2, 40, 30.0, 20.0), (3, 26, 20.0, 14.0)):
        times, squares = shrink(dimension, edge, start, end)
        exact = -2.0 * (dimension - 1) * MOBILITY
        word = "circle" if dimension == 2 else "sphere"
        found = (squares[-1] - squares[0]) / times[-1]
        checks.append(check_relative(NAME, f"d(r^2)/dt [m2/s], {word}", found, exact, 0.01, SOURCE))
        curves.append((word, times, np.array(squares) * 1e12, "o"))
        curves.append((f"{word}, exact", times, (squares[0] + exact * np.array(times)) * 1e12, "-"))
    save_curves(folder, NAME, curves, ("time [s]", "radius squared [um2]"))
    return checks


CASE = Case(NAME, "Curvature flow of the Allen-Cahn front", "5 s", True, SOURCE, run)
