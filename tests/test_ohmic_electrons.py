"""Ohmic electrons: linear solves that do not feel size or floating metal, and the limit of a perfect conductor."""

from typing import Literal

import numpy as np
import pytest
from plating_cells import SALT, H, advance, ball, flat, gathered, plating_problem, union

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.electrons import LARGEST_RATIO
from ramify.phasefield.plating.state import History, Target
from ramify.phasefield.problem import Electrons, Geometry, Kinetics, Numerics, PlatingProblem

MOST = 22
"""Iterations to 1e-8 with five floating spheres."""
GROWTH = 1.4
"""Of the iterations when the resolution doubles."""
CENTRES = ((0.25, 0.25, 0.5), (0.75, 0.25, 0.6), (0.25, 0.75, 0.7), (0.75, 0.75, 0.5), (0.5, 0.5, 0.85))


def graded(x, y, z):
    """Host conductivity from 1e3 S/m at the collector to 1e-3 at 12 um."""
    return 1e3 * 10.0 ** (-6.0 * z / 12e-6) + 0.0 * (x + y)


def spheres_beside_a_pillar(cells: int, transport: Literal["equipotential", "ohmic"], **geometry) -> PlatingProblem:
    """A cube of 24 um: a film, a pillar in the middle, five floating spheres of 3 um radius; l = h."""
    h = 24e-6 / cells

    def pillar(x, y, z):
        return np.maximum(np.hypot(x - 12e-6, y - 12e-6) - 3e-6, z - 12e-6)

    spheres = [ball((24e-6 * a, 24e-6 * b, 24e-6 * c), 3e-6) for a, b, c in CENTRES]
    return plating_problem(
        (cells, cells, cells),
        (h, h, h),
        geometry=Geometry(union(flat(3e-6), *spheres), host_distance=pillar, **geometry),
        kinetics=Kinetics(300.0, SALT),
        electrons=Electrons(transport),
        numerics=Numerics(krylov_iterations=60),
    )


def iterations(problem: PlatingProblem) -> int:
    """Of the coupled linear system at the initial state, for a current into the cell, to a true residual of 1e-8."""
    solver = PlatingSolver(problem)
    system = solver.system
    mu = system.finest**2 / solver.table.diffusivity
    target = Target("current", 50.0)
    solver.state.X = system.fixed_number(target)
    top = system.evaluate(solver.state, History.of(solver.state.C), mu)
    system.linearise(solver.state, top, target, mu)
    right = solver.newton._right_hand_side()
    update, count, _ = solver.newton._krylov_solver().solve(right, 1e-8)
    image = np.zeros(right.getLocalSize())
    system.apply(update.getArray(readonly=True), image)
    assert count > 0
    # Round-off at a ratio of 1e5 between metal and electrolyte: 1e-16 of each, over forty thousand rows.
    assert np.linalg.norm(image - right.getArray()) <= 1e-8 * right.norm() + 1e-11 * np.sqrt(image.size)
    assert len(system.islands.cells) == len(CENTRES)
    solver.destroy()
    return count


@pytest.mark.parametrize(
    ("transport", "host"),
    [
        ("equipotential", {}),
        ("ohmic", {"host_conductivity": 10.0}),
        ("ohmic", {"host_conductivity": 1e-2}),
        ("ohmic", {"host_conductivity": graded}),
        ("ohmic", {"host_conducting": False}),
    ],
)
def test_iterations_with_floating_metal_do_not_grow_with_the_grid(transport, host):
    coarse, fine = (iterations(spheres_beside_a_pillar(cells, transport, **host)) for cells in (24, 48))
    assert fine <= (10 if transport == "equipotential" else MOST)
    assert fine <= GROWTH * coarse


def test_perfect_conductors_are_equipotential():
    """Five steps around a floating sphere: voltages and the sphere's potential to the order of the largest ratio."""
    found = []
    for transport in ("equipotential", "ohmic"):
        sphere = ball((4.0 * H, 4.0 * H, 13.0 * H), 2.4 * H)
        numerics = Numerics(first_step=0.2, largest_step=0.2, newton_tolerance=1e-9)
        problem = plating_problem(
            (8, 8, 24),
            geometry=Geometry(union(flat(4.5 * H), sphere)),
            electrons=Electrons(transport),
            numerics=numerics,
        )
        solver = PlatingSolver(problem)
        solver.set_control(Control("current", 40.0))
        advance(solver, 1.0)
        inside = gathered(solver, "xi")[13, 4, 4] > 0.5
        assert inside and len(solver.system.islands.cells) == 1
        found.append((solver.voltage, float(gathered(solver, "phi_s")[13, 4, 4]), gathered(solver, "c")))
        solver.destroy()
    (voltage, potential, c), (voltage_ohmic, potential_ohmic, c_ohmic) = found
    drop = abs(voltage)
    assert drop > 1e-3 and abs(potential) > 1e-5
    assert abs(voltage_ohmic - voltage) <= 3.0 / LARGEST_RATIO * drop
    assert abs(potential_ohmic - potential) <= 3.0 / LARGEST_RATIO * drop
    assert np.abs(c_ohmic - c).max() <= 3.0 / LARGEST_RATIO * SALT
    assert voltage_ohmic != voltage
