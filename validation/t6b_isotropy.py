"""T6b: a cap growing under a uniform driving force stays round.

A quarter disc, and an eighth of a ball, in the corner of a box grow in an electrolyte so conductive and so diffusive
that potential and concentration are uniform: every direction must advance alike, whatever its angle to the grid.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Geometry, Interface, Numerics
from ramify.physics import electrolyte
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t6b-isotropy"
SOURCE = "symmetry: uniform driving force, equal advance in all directions"
H = 0.5e-6


def radius(xi: np.ndarray, direction: np.ndarray) -> float:
    """Distance [cells] from the corner at which xi = 1/2 along a direction (z, y, x)."""
    unit = direction / np.linalg.norm(direction)
    r = np.linspace(1.0, min(n for n in xi.shape if n > 1) - 1.0, 4000)
    flat = np.array([n == 1 for n in xi.shape])
    points = np.where(flat[:, None], 0.0, unit[:, None] * r - 0.5)
    # The signed distance is smooth where xi is steep.
    signed = np.log(np.clip(xi, 1e-9, 1.0) / np.clip(1.0 - xi, 1e-9, 1.0))
    along = map_coordinates(signed, points, order=3, mode="mirror")
    last = int(np.nonzero(along >= 0.0)[0][-1])
    return float(r[last] + (r[last + 1] - r[last]) * along[last] / (along[last] - along[last + 1]))


def grow(dimension: int, edge: int, start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """xi before and after growing from `start` to about `end` cells of radius."""
    ny = edge if dimension == 3 else 1
    size = (edge * H, ny * H if ny > 1 else 1.0, edge * H)

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(x**2 + (y**2 if ny > 1 else 0.0 * y) + z**2) - start * H)

    problem = cells.planar_problem(
        size[2],
        edge,
        0.0,
        domain=Domain(size, (edge, ny, edge)),
        electrolyte=electrolyte.constant(1e3, cells.SALT, 1e-7, 0.38),
        interface=Interface(H),
        geometry=Geometry(distance),
        numerics=Numerics(time_tolerance=1e-2, first_step=1.0),
    )
    engine = cells.make_engine(problem)
    before = cells.field(engine, "xi")
    share = np.pi / 4.0 if dimension == 2 else np.pi / 6.0
    volume = share * (end**dimension - start**dimension) * H**dimension  # in 2-D per metre of depth
    current, cross = 10.0, problem.domain.cross_section
    engine.set_control(Control("current", current))
    duration = volume * problem.metal.charge_density / (current * cross)
    for _ in cells.run_through(engine, [duration]):
        pass
    return before, cells.field(engine, "xi")


def run(folder: Path | None) -> list[Check]:
    """Advance along axes and diagonals, in the plane and in space."""
    checks: list[Check] = []
    curves = []
    for dimension, edge, start, end in ((2, 40, 10.0, 25.0), (3, 28, 8.0, 17.0)):
        before, after = grow(dimension, edge, start, end)
        directions = {
            "z": (1, 0, 0),
            "x": (0, 0, 1),
            "xz diagonal": (1, 0, 1),
            "22.5 degrees": (1, 0, np.sqrt(2.0) - 1.0),
        }
        if dimension == 3:
            directions |= {"y": (0, 1, 0), "space diagonal": (1, 1, 1)}
        advance = {
            name: radius(after, np.array(line, dtype=float)) - radius(before, np.array(line, dtype=float))
            for name, line in directions.items()
        }
        mean = float(np.mean(list(advance.values())))
        for name, value in advance.items():
            quantity = f"advance over its mean, {dimension}-D, {name}"
            checks.append(check_relative(NAME, quantity, value / mean, 1.0, 0.02, SOURCE))
        curves.append((f"{dimension}-D", list(advance), [v / mean for v in advance.values()], "o"))
    save_curves(folder, NAME, curves, ("direction", "advance over its mean"))
    return checks


CASE = Case(NAME, "Isotropy of a growing cap", "15 s", True, SOURCE, run)
