"""Contact around a round void on however many ranks, which share the plane; prints JSON on rank 0.

mpiexec -n N python parallel_void_contact.py
"""

from __future__ import annotations

import json

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.contact import Contact
from ramify.phasefield.voids.contact_area import shares_of
from ramify.phasefield.voids.contact_problem import ContactProblem, SolidElectrolyte
from ramify.physics.interface import equilibrium_profile

MICRON = 1e-6


def main() -> None:
    """Print what flows."""
    domain = Domain((12 * MICRON, 10 * MICRON, 3 * MICRON), (12, 10, 3))
    grid = Grid(domain)
    x, y, z = grid.centres()
    r = np.sqrt((x - 5e-6) ** 2 + (y - 4.2e-6) ** 2 + (z - 3.2e-6) ** 2)
    xi = np.ascontiguousarray(np.broadcast_to(equilibrium_profile(2.6e-6 - r, 1e-6), grid.ghosted_shape))
    shares = shares_of(grid, xi, 1e-6)
    problem = ContactProblem(SolidElectrolyte(((20e-6, 0.05),), 300.0), Kinetics(50.0, 1.0), Kinetics(8.0, 1.0))
    state = Contact(domain, problem).solve(shares, Control("current", -100.0))
    ramp = np.arange(120.0).reshape(10, 12)
    numbers = {
        "share": float(shares.mean()),
        "shares": float((shares * ramp).sum()),
        "current": float((state.current * ramp).sum()),
        "voltage": state.voltage,
        "hottest": float(np.nanmin(state.local)),
    }
    if grid.comm.rank == 0:
        print(json.dumps({"numbers": numbers, "process_grid": grid.ranks}))


if __name__ == "__main__":
    main()
