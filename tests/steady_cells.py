"""Steady states on a fixed smooth surface, for measuring the order in space; run as a script it prints one case.

python steady_cells.py CELLS_PER_WIDTH      prints JSON: voltage and sums of the fields of the plane case
"""

from __future__ import annotations

import json
import sys

import numpy as np
from plating_cells import CONCENTRATED, LITHIUM, SALT

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import (
    CounterElectrode,
    Domain,
    Geometry,
    Interface,
    Kinetics,
    Numerics,
    PlatingProblem,
)
from ramify.physics import electrolyte

WIDTH = 1e-6
"""l, fixed while the grid is refined [m]."""
EXCHANGE = 30.0
CURRENT = 150.0
FILM = 7.0 * WIDTH
STEADY = 1e5
"""One step of this length [s] is the steady state."""


def steady_problem(
    extents: tuple[float, float, float],
    per_width: int,
    counter: CounterElectrode,
    *,
    ripple: float = 0.0,
    periodic: bool = False,
    stretch: float = 1.0,
) -> PlatingProblem:
    """A box of these extents in units of l (0 for a missing axis); z edges are `stretch` times finer."""
    n = [max(1, round(e * per_width)) for e in extents]
    cells = (n[0], n[1], round(n[2] * stretch))
    size = tuple(e * WIDTH if e > 0.0 else 1.0 for e in extents)
    turns = 2.0 if periodic else 1.0

    def front(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        wave = ripple * WIDTH * np.ones_like(x + y)
        for along, length, extent in ((x, size[0], extents[0]), (y, size[1], extents[1])):
            if extent > 0.0:
                wave = wave * np.cos(turns * np.pi * along / length)
        return z - FILM - wave

    return PlatingProblem(
        domain=Domain((size[0], size[1], size[2]), cells, periodic),
        electrolyte=electrolyte.preset(CONCENTRATED),
        initial_concentration=SALT,
        metal=LITHIUM,
        kinetics=Kinetics(EXCHANGE, SALT),
        interface=Interface(WIDTH, motion="frozen"),
        geometry=Geometry(front),
        counter=counter,
        numerics=Numerics(newton_tolerance=1e-11, first_step=STEADY, time_tolerance=1e9, krylov_iterations=200),
    )


def steady_solver(problem: PlatingProblem) -> PlatingSolver:
    """The solver after one step to the steady state."""
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", CURRENT))
    solver.step(STEADY)
    if solver.time != STEADY:
        raise RuntimeError(f"the step to the steady state was cut to {solver.time} s")
    return solver


def main() -> None:
    problem = steady_problem((6.0, 0.0, 20.0), int(sys.argv[1]), CounterElectrode("lithium"), ripple=0.8)
    solver = steady_solver(problem)
    fields = {name: solver.gather(name) for name in ("c", "phi_l", "xi")}
    voltage = solver.voltage
    if fields["c"] is not None and fields["phi_l"] is not None and fields["xi"] is not None:
        free = 1.0 - fields["xi"]
        sums = {name: float((field * free).sum()) for name, field in fields.items() if field is not None}
        print(json.dumps({"voltage": voltage, "lowest": float(fields["c"].min()), **sums}))


if __name__ == "__main__":
    main()
