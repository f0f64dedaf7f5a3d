"""Measures of hand-made metal in a hand-made host on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_measures.py
"""

from __future__ import annotations

import json

import numpy as np
from mpi4py import MPI
from plating_cells import H, flat, plating_problem

from ramify.phasefield.grid import Grid
from ramify.phasefield.plating.islands import Islands
from ramify.phasefield.plating.measures import Measures
from ramify.phasefield.plating.setup import build_geometry
from ramify.phasefield.problem import Geometry, PlatingProblem

CELLS = (12, 8, 24)
HOST_LAYERS = 12


def walls() -> PlatingProblem:
    """Two walls along y, 2 cells thick and 12 high, around a channel 8 cells wide; open above."""

    def host(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        across = np.minimum(x - 2.0 * H, 10.0 * H - x)
        return np.maximum(across, z - HOST_LAYERS * H) + 0.0 * y

    return plating_problem(CELLS, geometry=Geometry(flat(0.0), host_distance=host))


class Metal:
    """Boxes of metal, whole cells (x, y, z ranges), on one grid."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def fill(self, *boxes: tuple[slice, slice, slice]) -> np.ndarray:
        """Ghosted xi: one in the boxes of the whole grid, zero elsewhere."""
        whole = np.zeros(CELLS[::-1])
        for x, y, z in boxes:
            whole[z, y, x] = 1.0
        xi = self.grid.zeros()
        self.grid.scatter(whole if self.grid.comm.rank == 0 else None, xi)
        self.grid.fill_outer_ghosts(xi)
        return xi


ALL = slice(None)
CHANNEL = slice(2, 10)


def main() -> None:
    problem = walls()
    grid = Grid(problem.domain)
    measures = Measures(grid, problem, build_geometry(grid, problem).pore)
    metal, islands = Metal(grid), Islands(grid, problem)
    weight, source = grid.zeros(), grid.zeros()
    nothing = metal.fill()
    measures.begin(nothing)
    answers = {}
    cases = {
        "from the bottom": metal.fill((CHANNEL, ALL, slice(0, 3))),
        "from the top": metal.fill((CHANNEL, ALL, slice(9, 12))),
        "evenly": metal.fill((slice(2, 4), ALL, slice(0, 12))),
        "half of it above": metal.fill((slice(2, 6), ALL, slice(8, 12)), (slice(2, 6), ALL, slice(12, 16))),
        "with a lid": metal.fill((CHANNEL, ALL, slice(7, 9))),
        "with a lid and a hole": metal.fill((CHANNEL, slice(0, 7), slice(7, 9))),
    }
    for name, xi in cases.items():
        profile = measures.profile(xi)
        answers[name] = measures.evaluate(xi, islands, source, weight, profile) | {"profile": profile.tolist()}
    # A tenth of the surface carries five times the current of the rest.
    strong = metal.fill((ALL, ALL, slice(0, 10)))
    weight[:] = strong / problem.interface.width
    hot = metal.fill((ALL, ALL, slice(5, 6)))
    source[:] = weight * (2.0 + 8.0 * hot)
    answers["hot"] = {"current_amplification": measures.amplification(source, weight)}
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps({"process_grid": grid.ranks, "answers": answers}))


if __name__ == "__main__":
    main()
