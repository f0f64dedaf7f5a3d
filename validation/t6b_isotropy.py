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
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "t6b-isotropy"
SOURCE = "symmetry: uniform driving force, equal advance in all directions"
EDGE = {2: 20e-6, 3: 14e-6}
"""Of the box [m]."""
RADII = {2: (5e-6, 12.5e-6), 3: (4e-6, 8.5e-6)}
"""At the start and, about, in the end [m]."""
GRIDS = {2: (40, 28, 20), 3: (28, 20, 14)}
"""Cells across the box, the finest first."""

_IN_PLANE = {"z": (1, 0, 0), "x": (0, 0, 1), "xz diagonal": (1, 0, 1), "22.5 degrees": (1, 0, np.sqrt(2.0) - 1.0)}
DIRECTIONS = {2: _IN_PLANE, 3: _IN_PLANE | {"y": (0, 1, 0), "space diagonal": (1, 1, 1)}}
"""(z, y, x)."""


def radius(xi: np.ndarray, direction: np.ndarray) -> float:
    """Distance [cells] from the corner at which xi = 1/2 along a direction (z, y, x)."""
    unit = direction / np.linalg.norm(direction)
    r = np.linspace(1.0, min(n for n in xi.shape if n > 1) - 1.0, 4000)
    flat = np.array([n == 1 for n in xi.shape])
    points = np.where(flat[:, None], 0.0, unit[:, None] * r - 0.5)
    # The signed distance is smooth where xi is steep.
    signed = np.log(np.clip(xi, 1e-9, 1.0) / np.clip(1.0 - xi, 1e-9, 1.0))
    along = map_coordinates(signed, points, order=3, mode="reflect")
    last = int(np.nonzero(along >= 0.0)[0][-1])
    return float(r[last] + (r[last + 1] - r[last]) * along[last] / (along[last] - along[last + 1]))


def grow(dimension: int, across: int) -> tuple[np.ndarray, np.ndarray]:
    """xi before and after growing, on `across` cells along each edge."""
    edge, ny = EDGE[dimension], across if dimension == 3 else 1
    start, end = RADII[dimension]

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(x**2 + (y**2 if ny > 1 else 0.0 * y) + z**2) - start)

    problem = cells.planar_problem(
        edge,
        across,
        0.0,
        domain=Domain((edge, edge if ny > 1 else 1.0, edge), (across, ny, across)),
        electrolyte=electrolyte.constant(1e3, cells.SALT, 1e-7, 0.38),
        interface=Interface(edge / across),
        geometry=Geometry(distance),
        numerics=Numerics(time_tolerance=1e-2, first_step=1.0),
    )
    engine = cells.make_engine(problem)
    before = cells.field(engine, "xi")
    share = np.pi / 4.0 if dimension == 2 else np.pi / 6.0
    volume = share * (end**dimension - start**dimension)  # in 2-D per metre of depth
    current, cross = 10.0, problem.domain.cross_section
    engine.set_control(Control("current", current))
    duration = volume * problem.metal.charge_density / (current * cross)
    for _ in cells.run_through(engine, [duration]):
        pass
    return before, cells.field(engine, "xi")


def advances(dimension: int, across: int) -> dict[str, float]:
    """Advance of the surface in each direction over the mean of all."""
    before, after = grow(dimension, across)
    lines = {name: np.array(line, dtype=float) for name, line in DIRECTIONS[dimension].items()}
    advance = {name: radius(after, line) - radius(before, line) for name, line in lines.items()}
    mean = float(np.mean(list(advance.values())))
    return {name: value / mean for name, value in advance.items()}


def run(folder: Path | None) -> list[Check]:
    """Advance along axes and diagonals, in the plane and in space."""
    checks: list[Check] = []
    curves = []
    for dimension, grids in GRIDS.items():
        found = [advances(dimension, across) for across in grids]
        edges = [EDGE[dimension] / across for across in grids]
        for name, value in found[0].items():
            quantity = f"advance over its mean, {dimension}-D, {name}"
            compared = check_relative(NAME, quantity, value, 1.0, 0.02, SOURCE)
            checks.append(with_uncertainty(compared, grid_convergence(edges, [ratios[name] for ratios in found])))
        curves.append((f"{dimension}-D", list(found[0]), list(found[0].values()), "o"))
    save_curves(folder, NAME, curves, ("direction", "advance over its mean"))
    return checks


CASE = Case(NAME, "Isotropy of a growing cap", "5 s", True, SOURCE, run)
