"""The grand-potential engine: limits solved by hand, orders, books, restart, ranks."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from grand_potential_cells import UM, WIDTH, flat, lithium, wavy

from ramify.phasefield.engine import Control
from ramify.phasefield.grand_potential.problem import Anisotropy, Noise, Numerics, Reaction, Side, Start
from ramify.phasefield.grand_potential.solver import GrandPotentialSolver
from ramify.phasefield.grand_potential.system import State, System
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels.contour import contour_size
from ramify.phasefield.plating.timescheme import Scheme
from ramify.physics.constants import FARADAY
from ramify.physics.grand_potential_scales import planar_speed

SCRIPT = Path(__file__).with_name("parallel_grand_potential.py")


def run(problem, voltage, until, **numerics):
    engine = GrandPotentialSolver(replace(problem, numerics=replace(problem.numerics, **numerics)))
    engine.set_control(Control("voltage", voltage))
    reports = []
    while engine.time < until:
        reports.append(engine.step(until))
    return engine, reports


def field(engine, name):
    return np.asarray(engine.gather(name))


def centres(problem):
    return (np.arange(problem.domain.cells[2]) + 0.5) * problem.domain.spacing[2]


# ---------------------------------------------------------------- limits solved by hand


def test_a_front_relaxes_to_the_tanh_profile():
    """Begun twice too wide, without reaction: l = sqrt(kappa/2W)."""
    problem = lithium((1, 1, 96), (1, 1, 6.0), start=Start(flat(3.0 * UM), 2.0 * WIDTH))
    problem = replace(problem, reaction=Reaction(1e-12, 38.69), counter=Side(0.0, None, 0.0))
    engine, _ = run(problem, 0.0, 1.0, fixed_step=0.05)
    expected = 0.5 * (1.0 - np.tanh((centres(problem) - 3.0 * UM) / (2.0 * WIDTH)))
    assert np.abs(engine.gather("xi")[:, 0, 0] - expected).max() < 4e-3


def test_speed_of_a_flat_front_under_a_uniform_drive():
    """v = 6 l L_eta drive, with half of c because (1 - h) weighs the cathodic part, integral of h'(1 - h) = 1/2."""
    problem = lithium((1, 1, 80), (1, 1, 5.0))
    problem = replace(
        problem,
        electrolyte=replace(problem.electrolyte, diffusivity=1e-6),
        electrode=replace(problem.electrode, charge_density=1e3, conductivity=1.19),
        counter=Side(0.0, 0.0, -0.1),
    )
    _, reports = run(problem, 0.0, 3.0, fixed_step=0.15)
    eta = -0.1 * 38.69
    speed = planar_speed(0.3 * UM**2, 2.4, 0.001, 0.5 * np.exp(-0.5 * eta) - np.exp(0.5 * eta))
    late = [(r.time, r.measures["tip_height"]) for r in reports if r.time > 1.5]
    measured = (late[-1][1] - late[0][1]) / (late[-1][0] - late[0][0])
    assert measured == pytest.approx(speed, rel=0.01)


def test_the_potential_falls_linearly_through_a_uniform_conductor():
    """Metal of the electrolyte's conductivity and no reaction; both currents are sigma phi/L."""
    problem = lithium((1, 1, 40), (1, 1, 10.0), reaction=Reaction(1e-12, 38.69))
    problem = replace(problem, electrode=replace(problem.electrode, conductivity=1.19, charge_density=1e3))
    engine, reports = run(problem, -0.45, 1e-3, fixed_step=1e-3)
    expected = -0.45 * (1.0 - centres(problem) / (10.0 * UM))
    assert engine.gather("phi")[:, 0, 0] == pytest.approx(expected, abs=1e-6)
    for side in ("collector", "counter"):
        assert reports[-1].measures[f"{side}_current_density"] == pytest.approx(1.19 * 0.45 / (10.0 * UM), rel=1e-5)


def test_jacobian_is_the_derivative_of_the_rows():
    """Every block, across every kind of boundary, with fields that leave 0 to 1."""
    problem = lithium((8, 4, 10), (2.0, 1.0, 3.0))
    problem = replace(problem, domain=replace(problem.domain, periodic=True))
    grid = Grid(problem.domain)
    system = System(grid, problem)
    system.potential = -0.3
    random = np.random.default_rng(1)
    _, _, z = grid.centres()
    xi = np.broadcast_to(0.5 * (1.0 - np.tanh((z - 1.5 * UM) / (2.0 * WIDTH))), grid.ghosted_shape).copy()
    noise = [random.standard_normal(xi.shape) for _ in range(3)]
    state = State(xi + 0.01 * noise[0], -0.3 + 0.2 * noise[1] - 5.0 * xi, 11.0 * (1.0 - xi) + 0.1 * noise[2])
    content, scheme = grid.zeros(), Scheme(0.02, 0.7, 0.3, 1.0)
    system.set_lithium(state, content)

    def rows(share):
        moved = state.copy()
        for block, field in enumerate(moved.fields):
            field[OWNED] += share * direction[block * system.cells : (block + 1) * system.cells].reshape(grid.shape)
        system.evaluate(moved, xi, content, scheme)
        return [row[OWNED].ravel().copy() for row in system.rows]

    direction = random.standard_normal(3 * system.cells)
    system.evaluate(state, xi, content, scheme)
    found = np.empty_like(direction)
    system.apply(direction, found)
    for block, (up, down) in enumerate(zip(rows(1e-5), rows(-1e-5), strict=True)):
        exact = (up - down) / 2e-5
        part = found[block * system.cells : (block + 1) * system.cells]
        assert np.abs(part - exact).max() < 1e-7 * np.abs(exact).max()


# ---------------------------------------------------------------- orders


def broad(cells):
    """A front of 0.6 um that grows from rest."""
    problem = lithium((1, 1, cells), (1, 1, 8.0), start=Start(flat(3.0 * UM), 0.6 * UM))
    return replace(problem, interface=replace(problem.interface, gradient_coefficient=2.0 * 2.4 * (0.6 * UM) ** 2))


def test_order_in_time():
    """Second order for backward differences, first for backward Euler."""
    for order, least in ((2, 1.8), (1, 0.85)):
        found = [
            run(broad(48), -0.2, 0.064, fixed_step=step, order=order, newton_tolerance=1e-10)[0].gather("xi")
            for step in (0.004, 0.002, 0.001)
        ]
        errors = [np.abs(a - b).max() for a, b in pairwise(found)]
        assert np.log2(errors[0] / errors[1]) > least


def test_order_in_space():
    """Second order in the phase and in the concentration, read at the same places."""
    found = []
    for cells in (32, 64, 128):
        engine, _ = run(broad(cells), -0.2, 0.032, fixed_step=0.004, newton_tolerance=1e-9)
        fields = [engine.gather(name)[:, 0, 0] for name in ("xi", "c")]
        found.append([field.reshape(16, -1).mean(axis=1) for field in fields])
    for n in range(2):
        first, second = (np.abs(found[i][n] - found[i + 1][n]).max() for i in range(2))
        assert np.log2(first / second) > 1.7


# ---------------------------------------------------------------- books


def test_both_balances_hold_to_rounding():
    problem = lithium((12, 1, 32), (3.0, 1, 8.0), start=Start(wavy(2.0 * UM, 0.3 * UM, 3.0 * UM), WIDTH))
    problem = replace(problem, noise=Noise(0.04, 1, 0.01))
    engine, _ = run(problem, -0.45, 0.05)
    balance = engine.ledger.balance(FARADAY)
    assert engine.ledger.charge > 0.0 and engine.ledger.salt_entered > 0.0
    assert max(balance.values()) < 1e-11
    assert engine.ledger.largest_correction < 1e-6
    charged = engine.ledger.charge / 7.4e9
    grown = (engine.gather("xi").sum() * problem.domain.cell_volume) - engine.ledger.metal_start * FARADAY / 7.4e9
    assert grown == pytest.approx(charged, rel=1e-9)


def test_two_electrons_are_booked_as_two():
    problem = lithium((1, 1, 32), (1, 1, 8.0), reaction=Reaction(0.001, 38.69, electrons=2))
    engine, _ = run(problem, -0.3, 0.01)
    assert engine.ledger.balance(FARADAY)["lithium_relative"] < 1e-12
    assert engine.ledger.charge == pytest.approx(2.0 * FARADAY * engine.ledger.plated, rel=1e-9)


# ---------------------------------------------------------------- steps, noise, restart


def test_noise_does_not_depend_on_the_step():
    """Without reaction and in the electrolyte alone the noise adds up, in steps of any length."""
    problem = lithium((4, 1, 8), (1.0, 1, 2.0), reaction=Reaction(1e-12, 38.69), noise=Noise(0.04, 5, 0.01))
    problem = replace(
        problem,
        start=Start(flat(-9.0 * UM), WIDTH),
        collector=Side(),
        counter=Side(None, 0.0, 0.0),
        interface=replace(problem.interface, barrier=1e-9, gradient_coefficient=1e-20),
    )
    short, long = (run(problem, 0.0, 0.04, fixed_step=step, order=1)[0].gather("xi") for step in (0.005, 0.04))
    assert short.std() > 1e-4
    assert long == pytest.approx(short, abs=1e-9)
    other = run(replace(problem, noise=Noise(0.04, 6, 0.01)), 0.0, 0.04, fixed_step=0.04, order=1)[0].gather("xi")
    assert np.abs(other - long).max() > 1e-4


def test_noise_of_a_spacing_is_shared_by_its_cells():
    problem = lithium((8, 1, 8), (2.0, 1, 2.0), reaction=Reaction(1e-12, 38.69), noise=Noise(0.04, 5, 0.01, 0.5 * UM))
    engine = GrandPotentialSolver(replace(problem, numerics=Numerics(fixed_step=0.01)))
    engine._set_noise(Scheme.of(0.01, None, 2))
    blocks = engine.system.noise[OWNED][:, 0].reshape(4, 2, 4, 2)
    assert np.ptp(blocks, axis=(1, 3)).max() == 0.0
    assert len(np.unique(blocks)) == 16


def rough_case():
    problem = lithium((8, 1, 24), (2.0, 1, 6.0), start=Start(wavy(2.0 * UM, 0.2 * UM, 2.0 * UM), WIDTH))
    return replace(problem, noise=Noise(0.04, 1, 0.01), positions=(2.3 * UM, 5.9 * UM))


def test_restart_is_bitwise():
    whole, _ = run(rough_case(), -0.4, 0.03)
    first, _ = run(rough_case(), -0.4, 0.02)
    straight = GrandPotentialSolver(rough_case())
    straight.set_control(Control("voltage", -0.4))
    while straight.time < 0.02:
        straight.step(0.02)
    again = GrandPotentialSolver(rough_case())
    again.load(straight.save())
    for engine in (straight, again):
        while engine.time < 0.03:
            engine.step(0.03)
    for name in ("xi", "mu", "c", "phi"):
        assert np.array_equal(field(straight, name), field(again, name))
    assert straight.ledger == again.ledger and straight.arrivals.reached[0] == again.arrivals.reached[0]
    assert again.gather("xi") == pytest.approx(whole.gather("xi"), abs=2e-3)
    assert first.time == 0.02


def test_a_rejected_step_leaves_no_trace():
    engine, other = (GrandPotentialSolver(rough_case()) for _ in range(2))
    for one in (engine, other):
        one.set_control(Control("voltage", -0.4))
    engine.next_step = 0.05
    report = engine.step(1.0)
    assert report.rejected > 0
    other.next_step = report.step
    other.step(1.0)
    assert np.array_equal(field(engine, "xi"), field(other, "xi"))
    assert engine.ledger.charge == other.ledger.charge


def test_a_fixed_step_is_kept():
    _, reports = run(rough_case(), -0.2, 0.05, fixed_step=0.01)
    assert [r.step for r in reports] == pytest.approx([0.01] * 5)


def test_a_current_is_refused():
    with pytest.raises(ValueError, match="holds a potential"):
        GrandPotentialSolver(rough_case()).set_control(Control("current", 1.0))


# ---------------------------------------------------------------- what is read off


def test_times_of_arrival_and_short_circuit():
    """Positions are interpolated within a step; the last layer ends the run."""
    problem = lithium((1, 1, 12), (1, 1, 3.0), positions=(2.3 * UM, 2.7 * UM))
    engine, reports = run(problem, -0.45, 0.04)
    heights, times = [r.measures["tip_height"] for r in reports], [r.time for r in reports]
    assert engine.arrivals.reached == pytest.approx(np.interp([2.3 * UM, 2.7 * UM], heights, times).tolist(), rel=1e-9)
    assert reports[-1].short_circuit and not reports[0].short_circuit
    assert engine.arrivals.shorted == next(r.time for r in reports if r.short_circuit)


def test_contour_of_planes_circles_and_spheres():
    """Planes are exact at any angle; curved contours to the grid."""
    n = 32
    z, y, x = np.meshgrid(*(np.arange(-1, n + 1) + 0.5,) * 3, indexing="ij")
    inside = (False, False, False, False)
    plane = 16.0 - z + 0.3 * x + 0.2 * (y - 8.0)
    size = contour_size(plane, 0.0, (1.0, 1.0, 1.0), False, inside, False)
    assert size == pytest.approx(n**2 * np.sqrt(1.0 + 0.09 + 0.04), rel=1e-12)
    flat_plane = contour_size(16.2 - z, 0.0, (1.0, 1.0, 1.0), False, (True,) * 4, False)
    assert flat_plane == pytest.approx(n * n, rel=1e-12)
    ball = 9.3 - np.sqrt((x - 16.1) ** 2 + (y - 15.8) ** 2 + (z - 16.3) ** 2)
    area = contour_size(ball, 0.0, (1.0, 1.0, 1.0), False, (True,) * 4, False)
    assert area == pytest.approx(4.0 * np.pi * 9.3**2, rel=0.01)
    disc = np.ascontiguousarray((9.3 - np.sqrt((x - 16.1) ** 2 + (z - 16.3) ** 2))[:, 15:18])
    length = contour_size(disc, 0.0, (1.0, 1.0, 1.0), False, (True,) * 4, True)
    assert length == pytest.approx(2.0 * np.pi * 9.3, rel=0.005)


@pytest.mark.parametrize("periodic", [False, True])
def test_shape_of_a_wavy_front(periodic):
    """A cosine of 0.5 um over 8 um: amplitude, length, what it covers."""
    problem = lithium((64, 1, 48), (8.0, 1, 6.0), start=Start(wavy(3.0 * UM, 0.5 * UM, 8.0 * UM), WIDTH))
    problem = replace(problem, domain=replace(problem.domain, periodic=periodic))
    found = GrandPotentialSolver(problem).measure()
    t = np.linspace(0.0, 1.0, 20001)
    length = np.trapezoid(np.sqrt(1.0 + (0.5 * 2.0 * np.pi / 8.0 * np.sin(2.0 * np.pi * t)) ** 2), t)
    assert found["arc_length_ratio"] == pytest.approx(length, rel=2e-3)
    assert found["tip_height"] == pytest.approx(3.5 * UM, rel=2e-3)
    assert found["peak_to_valley"] == pytest.approx(1.0 * UM, rel=2e-2)
    assert found["area_ratio"] == pytest.approx(3.0 / 3.5, rel=1e-2)


def test_anisotropy_lets_a_disc_grow_along_its_directions():
    """Stiffness, energy + energy'', is least where the energy is largest: there a disc shrinks least."""
    problem = lithium((40, 1, 40), (6.0, 1, 6.0), reaction=Reaction(1e-12, 38.69), collector=Side(), counter=Side())
    ball = lambda x, y, z: np.sqrt((x - 3.0 * UM) ** 2 + (z - 3.0 * UM) ** 2) - 2.0 * UM + 0.0 * y  # noqa: E731
    problem = replace(problem, start=Start(ball, WIDTH))
    radii = []
    for strength in (0.0, 0.06):
        crystal = replace(problem.interface, anisotropy=Anisotropy(strength, 4))
        xi = run(replace(problem, interface=crystal), 0.0, 0.2, fixed_step=0.02)[0].gather("xi")[:, 0]
        radii.append((xi[20, 20:].sum(), np.diagonal(xi)[20:].sum() * np.sqrt(2.0)))
    assert abs(radii[0][0] - radii[0][1]) < 0.05
    assert radii[1][0] - radii[1][1] > 0.1


# ---------------------------------------------------------------- ranks


def test_ranks_agree(mpiexec):
    """3-D, periodic, anisotropic, noisy: fields, shape, times and charge."""
    one, two = (json.loads(mpiexec(ranks, SCRIPT).stdout) for ranks in (1, 2))
    assert max(two["ranks"]) == 2 and max(one["worst"], two["worst"]) < 1e-10
    for name, value in one["numbers"].items():
        assert two["numbers"][name] == pytest.approx(value, rel=1e-8, abs=1e-25, nan_ok=True), name
