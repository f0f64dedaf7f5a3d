"""Viscoplastic lithium under pressure on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_mechanics.py
"""

from __future__ import annotations

import json

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.mechanics.problem import MechanicsNumerics, Phases, Supports
from ramify.phasefield.mechanics.solver import VoxelSolver
from ramify.phasefield.problem import Domain
from ramify.physics.elasticity import Elasticity
from ramify.physics.interface import equilibrium_profile
from ramify.physics.viscoplasticity import anand_lithium

MICRON = 1e-6


def pressed_bump(tolerance: float = 1e-9) -> dict[str, float]:
    """Viscoplastic lithium with an island and a host, under pressure, on as many ranks as there are."""
    size = 8 * MICRON
    grid = Grid(Domain((size, 6 * MICRON, 10 * MICRON), (12, 10, 12)))
    host = Elasticity(50e9, 0.3)
    solver = VoxelSolver(
        grid, Phases(anand_lithium(), Elasticity(0.3e9, 0.3), host), Supports(), MICRON,
        MechanicsNumerics(tolerance=tolerance, strain_tolerance=1e-2),
    )  # fmt: skip
    x, y, z = grid.centres()
    ripple = equilibrium_profile(z - (4.0 + np.cos(2 * np.pi * x / size)) * MICRON + 0.0 * y, MICRON)
    island = equilibrium_profile(np.sqrt((x - 5e-6) ** 2 + (y - 4e-6) ** 2 + (z - 7.5e-6) ** 2) - 1.5e-6, MICRON)
    xi, psi = grid.zeros(), grid.zeros()
    xi[:] = np.maximum(ripple, island)
    psi[:] = np.where((x > 6e-6) & (z < 7e-6) & (y > 3e-6), 0.6, 0.0)
    grid.fill_outer_ghosts(xi)
    solver.set_cells(xi, psi)
    solver.advance(0.0, 2e6)
    effort = solver.advance(2.0, 2e6)
    total = grid.sums(
        np.array([solver.pressure().sum(), solver.von_mises().sum(), np.abs(solver.traction[OWNED]).sum()])
    )
    return {
        "pressure": total[0],
        "von_mises": total[1],
        "traction": total[2],
        "peak": grid.max(float(solver.von_mises().max())),
        "steps": float(effort.steps),
    }


def main() -> None:
    """Print the numbers of the distributed case, on rank 0."""
    numbers = pressed_bump()
    grid = Grid(Domain((8e-6, 6e-6, 10e-6), (12, 10, 12)))
    if grid.comm.rank == 0:
        print(json.dumps({"numbers": numbers, "process_grid": grid.ranks}))


if __name__ == "__main__":
    main()
