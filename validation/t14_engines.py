"""T14: the PETSc and the FiPy engine on the same grid and cell: fields alike, and closer on a finer grid.

A bump on a film grows in a measured concentrated electrolyte with a variable transference number, so that every term
takes part. The width is fixed in metres, and so is the time; the engines choose their own steps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Geometry, Interface, Numerics
from ramify.physics import electrolyte
from ramify.validate import Case, Check, check_at_most
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t14-engines"
SOURCE = "engine fipy, an independent discretisation of the same laws"
WIDTH, SIZE = 2e-6, (12e-6, 24e-6)
CURRENT, DURATION = 60.0, 8.0
"""[A/m^2], [s]."""


def fields(engine_name: cells.EngineName, nx: int) -> dict[str, np.ndarray]:
    """Metal, salt and electrolyte potential at the end; the potential where there is electrolyte."""
    nz = 2 * nx
    problem = cells.planar_problem(
        SIZE[1],
        nz,
        0.0,
        electrolyte=electrolyte.preset("LiPF6 in EC:DMC"),
        domain=Domain((SIZE[0], 1.0, SIZE[1]), (nx, 1, nz)),
        interface=Interface(WIDTH),
        geometry=Geometry(lambda x, y, z: z - 8e-6 - 1.5e-6 * np.cos(np.pi * x / SIZE[0]) + 0.0 * y),
        numerics=Numerics(time_tolerance=2e-3, first_step=0.05),
    )
    engine = cells.make_engine(problem, engine_name)
    engine.set_control(Control("current", CURRENT))
    for _ in cells.run_through(engine, [DURATION]):
        pass
    found = {name: cells.field(engine, name) for name in ("xi", "c", "phi_l")}
    wet = found["xi"] < 0.5
    return {"xi": found["xi"], "c": found["c"] * wet, "phi_l": found["phi_l"] * wet}


def distance(nx: int) -> dict[str, float]:
    """Relative L2 difference of each field."""
    petsc, fipy = fields("petsc", nx), fields("fipy", nx)
    return {name: float(np.linalg.norm(petsc[name] - fipy[name]) / np.linalg.norm(fipy[name])) for name in petsc}


def run(folder: Path | None) -> list[Check]:
    """Two grids."""
    coarse, fine = distance(12), distance(24)
    checks = []
    for name, difference in fine.items():
        checks.append(check_at_most(NAME, f"L2 difference of {name}, relative", difference, 5e-3, SOURCE))
        ratio = difference / coarse[name]
        checks.append(check_at_most(NAME, f"L2 difference of {name}, finer over coarser grid", ratio, 1.0, SOURCE))
    curves = [(name, (12, 24), (coarse[name], fine[name]), "o-") for name in fine]
    save_curves(folder, NAME, curves, ("cells across the cell", "relative L2 difference"), logarithmic=True)
    return checks


CASE = Case(NAME, "PETSc against FiPy", "20 s", True, SOURCE, run)
