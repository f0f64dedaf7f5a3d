"""A void that creep closes, on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_creep.py [engine [anand]]
"""

from __future__ import annotations

import json
import sys

import numpy as np
from test_void_creep import creep_of, with_void

from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.creep_problem import CreepNumerics
from ramify.validation.creep_cases import EDGE, PRESSURE


def engine() -> None:
    """Three steps of a void that is stripped under pressure, in metal that hardens where `anand` is asked for."""
    from test_void_creep_runs import engine_of

    pressed = engine_of(*(["mechanics={stack_pressure: 2 MPa, law: anand}"] if "anand" in sys.argv else []))
    pressed.set_control(Control("current", -3.0, 1.0))
    for _ in range(3):
        report = pressed.step(100.0)
    if pressed.grid.comm.rank == 0:
        numbers = {name: report.measures[name] for name in ("contact_fraction", "void_volume", "crept", "receded")}
        numbers |= {name: value for name, value in report.measures.items() if name == "flow_resistance"}
        print(json.dumps({"numbers": numbers | {"time": report.time, "voltage": report.voltage}}))


def main() -> None:
    """Print the numbers of the distributed case, on rank 0."""
    grid = Grid(Domain((EDGE, EDGE, EDGE), (8, 6, 8)))
    creep = creep_of(grid, 3.0)
    creep.flow.numerics = CreepNumerics(tolerance=1e-8)
    xi = with_void(grid, place=(0.1, 0.0, 0.95))
    entered, step = 0.0, 0.0
    for _ in range(2):
        creep.velocity(xi, PRESSURE, step)
        step = 0.8 * creep.longest_step()
        crept = creep.advance(xi, step)
        xi, entered = crept.xi, entered + crept.entered
    pressure = creep.contact_pressure()
    sums = grid.sums(
        np.array([xi[OWNED].sum(), (xi[OWNED] ** 2).sum(), np.abs(creep.flow.stress[OWNED]).sum(), pressure.sum()])
    )
    numbers = {
        "metal": sums[0],
        "squares": sums[1],
        "stress": sums[2],
        "contact": sums[3],
        "entered": entered,
        "speed": creep.speed,
        "plate": creep.plate_velocity(),
    }
    if grid.comm.rank == 0:
        print(json.dumps({"numbers": numbers, "process_grid": grid.ranks}))


if __name__ == "__main__":
    engine() if "engine" in sys.argv else main()
