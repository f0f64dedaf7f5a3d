"""Order in space of the coupled salt-charge equations, with the width of the surface fixed while the grid is refined.

In one dimension the reference is a boundary-value solution of the diffuse equations themselves, with the laws taken
from `ramify.physics` (no table, no grid of ours); in two and three dimensions the differences of successive grids.

    (eps (kappa phi' + kappa_D c'))' = S,        N' = (1 - t0) S/F,
    N = eps D c' + (t - t0) i/F,                 i = eps (kappa phi' + kappa_D c')
"""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from plating_cells import SALT, gathered
from scipy.integrate import solve_bvp
from steady_cells import CURRENT, EXCHANGE, FILM, WIDTH, steady_problem, steady_solver

from ramify.phasefield.problem import CounterElectrode
from ramify.phasefield.properties import salt_drop
from ramify.physics.butler_volmer import surface_currents
from ramify.physics.constants import FARADAY
from ramify.physics.interface import equilibrium_profile, interface_weight

LENGTH = 30.0
RESERVOIR, LITHIUM = CounterElectrode("reservoir"), CounterElectrode("lithium")
BUTLER_VOLMER = CounterElectrode("lithium", "butler_volmer")


def reference(counter):
    """(c, phi_l) as functions of z [m], the voltage, from a collocation solution of the diffuse 1-D equations."""
    salt = steady_problem((0.0, 0.0, LENGTH), 1, counter).electrolyte
    f, t0, end = 1.0 / salt.thermal_voltage, float(salt.transference(SALT)), LENGTH * WIDTH
    total = float(np.trapezoid(1.0 - equilibrium_profile(np.linspace(0, end, 20001) - FILM, WIDTH), dx=end / 20000))

    def reaction(z, c, phi):
        i_n = surface_currents(0.0, phi, c, 0.0, EXCHANGE, SALT, 0.5, 0.5, f, 0.0, salt_drop(salt, WIDTH))[0]
        return i_n * interface_weight(equilibrium_profile(z - FILM, WIDTH)) / WIDTH

    def slopes(x, y):
        z, c = x * end, np.maximum(y[0], 1e-3) * SALT
        phi, i, n = y[1] / f, y[2] * CURRENT, y[3] * CURRENT / FARADAY
        eps = 1.0 - equilibrium_profile(z - FILM, WIDTH)
        dc = (n - (salt.transference(c) - t0) * i / FARADAY) / (eps * salt.diffusivity(c))
        dphi = (i / eps - salt.diffusional_conductivity(c) * dc) / salt.conductivity(c)
        source = reaction(z, c, phi)
        return end * np.array([dc / SALT, dphi * f, source / CURRENT, (1.0 - t0) * source / CURRENT, eps * y[0] / end])

    def ends(a, b):
        closing = b[0] - 1.0 if counter.kind == "reservoir" else b[4] - total / end
        return np.array([a[2], a[3], b[2] - 1.0, closing, a[4]])

    x = np.linspace(0.0, 1.0, 400)
    guess = np.zeros((5, x.size))
    guess[0], guess[1], guess[4] = 1.0, 2.0, x
    found = solve_bvp(slopes, ends, x, guess, tol=1e-8, max_nodes=200_000)
    assert found.success, found.message

    def concentration(z):
        return found.sol(z / end)[0] * SALT

    def potential(z):
        c, phi = found.sol(z / end)[:2]
        return (phi + np.log(c)) / f

    return concentration, potential, -float(potential(end))


@pytest.mark.parametrize("counter", [RESERVOIR, LITHIUM, BUTLER_VOLMER], ids=lambda c: f"{c.kind}-{c.kinetics}")
def test_second_order_against_a_boundary_value_solution(counter):
    concentration, potential, voltage = reference(counter)
    errors, means = [], []
    for per_width in (2, 4, 8):
        problem = steady_problem((0.0, 0.0, LENGTH), per_width, counter)
        solver = steady_solver(problem)
        z = (np.arange(problem.domain.cells[2]) + 0.5) * problem.domain.spacing[2]
        free = z > FILM
        c, phi = gathered(solver, "c")[:, 0, 0], gathered(solver, "phi_l")[:, 0, 0]
        off_c = (c - concentration(z))[free] / SALT
        # phi_l is gathered against the counter electrode, the reference against the metal.
        off_phi = (phi - solver.voltage - potential(z))[free]
        errors.append([np.abs(off_c).max(), np.abs(off_phi).max(), abs(solver.voltage - voltage)])
        means.append([off_c.mean(), off_phi.mean(), solver.voltage - voltage])
    # Tables and cut-offs leave 5e-7 of c0 and 5e-8 V, whatever the grid: differences of the errors have no such floor.
    gaps = np.abs(np.diff(means, axis=0))
    observed = np.log2(gaps[0] / gaps[1])
    assert observed.min() >= 1.9, (observed, errors)
    assert np.all(np.array(errors[-1]) < [2e-6, 2e-7, 1e-7]), errors


def halved(values):
    """Means over pairs of cells along every axis that has more than one."""
    for axis, count in enumerate(values.shape):
        if count > 1:
            even, odd = (np.take(values, range(start, count, 2), axis) for start in (0, 1))
            values = 0.5 * (even + odd)
    return values


@pytest.mark.parametrize(
    ("extents", "options"),
    [
        ((6.0, 0.0, 20.0), {}),
        ((6.0, 0.0, 20.0), {"periodic": True}),
        ((6.0, 0.0, 20.0), {"stretch": 2.0}),
        ((3.0, 3.0, 14.0), {}),
    ],
    ids=["plane", "plane, periodic", "plane, stretched cells", "space"],
)
@pytest.mark.parametrize("counter", [RESERVOIR, LITHIUM], ids=lambda c: c.kind)
def test_second_order_by_refinement(extents, options, counter):
    results = []
    for per_width in (2, 4, 8):
        solver = steady_solver(steady_problem(extents, per_width, counter, ripple=0.8, **options))
        free = 1.0 - gathered(solver, "xi")
        results.append((gathered(solver, "c") * free / SALT, gathered(solver, "phi_l") * free, solver.voltage))
    gaps = [
        [float(np.sqrt(np.mean((a[k] - halved(b[k])) ** 2))) for k in (0, 1)] + [abs(a[2] - b[2])]
        for a, b in itertools.pairwise(results)
    ]
    observed = np.log2(np.array(gaps[0]) / np.array(gaps[1]))
    assert observed.min() >= 1.9, (observed, gaps)


def test_two_ranks_give_the_same_numbers(mpiexec):
    script = Path(__file__).with_name("steady_cells.py")
    one, two = (json.loads(mpiexec(ranks, script, 4).stdout) for ranks in (1, 2))
    for name, value in one.items():
        assert two[name] == pytest.approx(value, rel=1e-8), name
