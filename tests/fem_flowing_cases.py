"""Flowing solids with closed solutions; also run on two ranks.

mpiexec -n N python fem_flowing_cases.py       prints JSON on rank 0: case -> number
"""

from __future__ import annotations

import json

import numpy as np
from mpi4py import MPI

from ramify.fem.boxes import uniform_box
from ramify.fem.elasticity import Phase
from ramify.fem.reference import Order
from ramify.fem.solid_boundaries import Displacement, Pressure, SolidCondition, Symmetry
from ramify.fem.spaces import Space
from ramify.fem.spheres import hollow_ball
from ramify.fem.viscoplastic import FlowingSolid, SolidNumerics
from ramify.physics.elasticity import Elasticity
from ramify.physics.viscoplasticity import ViscoplasticLaw, power_law_creep

LITHIUM = Elasticity(7.81e9, 0.38)
MICRON = 1e-6
CREEP, PRESSURE = 1e-4, 1e6
"""Rate [1/s] at a stress [Pa]."""


def pulled_bar(law: ViscoplasticLaw, rate: float, cells: int = 1) -> FlowingSolid:
    """A cube of a micrometre with free sides, stretched along z at a rate [1/s]."""
    space = Space(uniform_box("hexahedron", (MICRON,) * 3, (cells,) * 3), 1, 3)

    def said(time: float) -> list[SolidCondition]:
        return [*(Symmetry(name) for name in ("left", "front", "bottom")), Displacement("top", rate * time * MICRON, 2)]

    return FlowingSolid(space, {"box": Phase(law)}, said)


def pressed_void(exponent: float, cells: int, order: Order = 1) -> FlowingSolid:
    """A void of 0.3 um in a creeping ball of 1.2 um, under a pressure on the ball, when its creep is steady."""
    space = Space(hollow_ball(0.3 * MICRON, [1.2 * MICRON], [3 * cells], cells), order, 3)
    law = power_law_creep(LITHIUM, CREEP, PRESSURE, exponent)
    planes = [Symmetry(name) for name in ("x", "y", "z")]
    solid = FlowingSolid(
        space,
        {"shell 0": Phase(law)},
        lambda time: [*planes, Pressure("outer", PRESSURE)],
        None,
        SolidNumerics(flow=0.1),
    )
    solid.settle()
    solid.advance(1e3, 10.0)
    return solid


def closing_error(exponent: float, cells: int, order: Order = 1) -> float:
    """Relative error of (da/dt)/a = -(A/2) {3 p/(2 n)/[1 - (a/b)^(3/n)]}^n, A being rate over stress to the power n."""
    solid = pressed_void(exponent, cells, order)
    space, n = solid.space, exponent
    nodes = space.boundary_nodes("inner")
    nodes = nodes[space.owned[nodes]]
    places = space.coordinates[nodes]
    closing = (solid.velocity[nodes] * places).sum(axis=1) / (places**2).sum(axis=1)
    found = np.sum(space.mesh.comm.allgather([closing.sum(), len(nodes)]), axis=0)
    exact = -0.5 * CREEP * (1.5 / n / (1.0 - 0.25 ** (3.0 / n))) ** n
    solid.destroy()
    return float(found[0] / found[1] / exact) - 1.0


if __name__ == "__main__":
    numbers = {
        "linear": closing_error(1.0, 2),
        "cubic": closing_error(3.0, 2),
        "second order": closing_error(3.0, 1, 2),
    }
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(numbers))
