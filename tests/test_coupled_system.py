"""The coupled salt-charge system: its Jacobian against its residual, Newton's convergence, and what it converges to."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from plating_cells import CONCENTRATED, SALT, H, advance, ball, gathered, plating_problem, rough, union

from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.state import History, Target
from ramify.phasefield.problem import CounterElectrode, Electrons, Geometry, Kinetics, Numerics
from ramify.physics import electrolyte

COUNTERS = [
    CounterElectrode("lithium", "uniform"),
    CounterElectrode("lithium", "butler_volmer"),
    CounterElectrode("reservoir"),
]
TARGETS = [Target("current", 25.0), Target("voltage", -0.03), Target("current", -40.0)]
CELLS = (8, 6, 20)
SIZE = (CELLS[0] * H, CELLS[1] * H, CELLS[2] * H)


def solver_of(counter, **changes):
    """A rough front below a floating ball, beside an inert pillar; transference varies with concentration."""

    def pillar(x, y, z):
        return np.maximum(x - 1.2 * H, z - 9.0 * H) + 0.0 * y

    centre = (0.5 * SIZE[0], 0.5 * SIZE[1], 14.0 * H)
    front = rough(4.0 * H, 0.6 * H, SIZE)
    problem = plating_problem(
        CELLS,
        electrolyte=electrolyte.preset(CONCENTRATED),
        geometry=Geometry(union(front, ball(centre, 2.2 * H)), host_distance=pillar, host_conducting=False),
        kinetics=Kinetics(30.0, 0.8 * SALT, alpha_a=0.7, alpha_c=0.3, film_resistance=2e-3),
        counter=counter,
        **changes,
    )
    return PlatingSolver(problem)


class Residual:
    """F of the whole vector (C, P, X where it is unknown, island potentials) about a random state, and J."""

    def __init__(self, counter, target, transport="equipotential"):
        self.solver = solver_of(counter, electrons=Electrons(transport))
        self.system = self.solver.system
        self.target = target
        self.unknown = self.system.unknown_at_counter(target)
        self.islands = 0 if transport == "ohmic" else len(self.system.islands.cells)
        assert len(self.system.islands.cells) == 1, "the set-up needs its floating island"
        generator = np.random.default_rng(11)
        self.state = self.solver.state.copy()
        self.state.C[OWNED] = generator.uniform(0.2, 1.5, self.system.grid.shape)
        self.state.P[OWNED] = generator.uniform(-0.3, 0.3, self.system.grid.shape)
        self.state.X = self.system.fixed_number(target) if not self.unknown else 0.05
        self.system.islands.potentials[:] = 0.1
        self.history = History.of(np.ones(self.solver.grid.ghosted_shape))
        self.n, self.blocks = self.system.cells, self.system.blocks
        if self.blocks == 3:
            self.state.Q[OWNED] = generator.uniform(-0.2, 0.2, self.system.grid.shape)

    def at(self, change):
        """F at the state plus a vector."""
        n, system, islands = self.n, self.system, self.system.islands
        moved, potentials = self.state.copy(), islands.potentials.copy()
        moved.C[OWNED] += change[:n].reshape(system.grid.shape)
        moved.P[OWNED] += change[n : 2 * n].reshape(system.grid.shape)
        numbers = change[self.blocks * n :]
        if self.blocks == 3:
            moved.Q[OWNED] += change[2 * n : 3 * n].reshape(system.grid.shape)
        if self.unknown:
            moved.X += numbers[0]
        if self.islands:
            islands.potentials += numbers[self.unknown :]
        top = system.evaluate(moved, self.history, 0.7)
        rows = [system.residual_c[OWNED].ravel(), system.residual_p[OWNED].ravel()]
        if self.blocks == 3:
            rows.append(system.residual_q.ravel())
        if self.unknown:
            rows.append(np.array([system.control_residual(top, self.target)]))
        if self.islands:
            source = system.source[OWNED].ravel()
            rows.append(np.array([source[cells].sum() for cells in islands.cells]))
        islands.potentials[:] = potentials
        return np.concatenate(rows)

    def jacobian_times(self, direction):
        """J d at the state."""
        top = self.system.evaluate(self.state, self.history, 0.7)
        self.system.linearise(self.state, top, self.target, 0.7)
        out = np.zeros_like(direction)
        self.system.apply(direction, out)
        return out

    def direction(self, part):
        """A random direction within one part of the vector; inactive cells keep their values."""
        generator = np.random.default_rng(5)
        first = self.blocks * self.n
        count = first + self.unknown + self.islands
        values = generator.uniform(-1.0, 1.0, count)
        values[: 2 * self.n] *= np.tile(self.system.geometry.active[OWNED].ravel(), 2)
        if self.blocks == 3:
            values[2 * self.n : first] *= (self.system.electrons.conductivity[OWNED] > 0.0).ravel()
        parts = {
            "salt": slice(0, self.n),
            "charge": slice(self.n, 2 * self.n),
            "electrons": slice(2 * self.n, first),
            "global": slice(first, count),
        }
        if part != "all":
            kept = np.zeros(count)
            kept[parts[part]] = values[parts[part]]
            values = kept
        return values


@pytest.mark.parametrize("part", ["all", "salt", "charge", "global"])
@pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.mode}{t.value:g}")
@pytest.mark.parametrize("counter", COUNTERS, ids=lambda c: f"{c.kind}-{c.kinetics}")
def test_jacobian_is_the_derivative_of_the_residual(counter, target, part):
    """Taylor: |F(x + h d) - F(x) - h J d| falls as h^2; J is stored in single precision, so h stays above 1e-3."""
    assert_taylor(Residual(counter, target), part)


def assert_taylor(residual, part):
    """Second order of the remainder along a direction; nothing to see where F is linear along it."""
    direction = residual.direction(part)
    linear = residual.jacobian_times(direction)
    start = residual.at(0.0 * direction)
    steps = [0.02 / 2**k for k in range(4)]
    remainders = [np.linalg.norm(residual.at(h * direction) - start - h * linear) for h in steps]
    floor = 1e-6 * steps[-1] * np.linalg.norm(linear)
    if remainders[0] < floor:  # F is linear in this part
        return
    orders = [np.log2(a / b) for a, b in itertools.pairwise(remainders)]
    assert min(orders) >= 1.9, (orders, remainders)


@pytest.mark.parametrize("part", ["all", "electrons"])
@pytest.mark.parametrize("counter", COUNTERS, ids=lambda c: f"{c.kind}-{c.kinetics}")
def test_jacobian_with_ohmic_electrons_is_the_derivative_too(counter, part):
    assert_taylor(Residual(counter, TARGETS[0], "ohmic"), part)


def test_taylor_test_notices_a_wrong_jacobian():
    """The test above can fail: a term of the Jacobian changed by a thousandth leaves first order."""
    residual = Residual(COUNTERS[0], TARGETS[0])
    direction = residual.direction("all")
    wrong = residual.jacobian_times(direction)
    wrong[: residual.n] *= 1.001
    start = residual.at(0.0 * direction)
    steps = [0.02 / 2**k for k in range(4)]
    remainders = [np.linalg.norm(residual.at(h * direction) - start - h * wrong) for h in steps]
    assert np.log2(remainders[-2] / remainders[-1]) < 1.9


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda c: f"{c.kind}-{c.kinetics}")
def test_krylov_solver_reaches_the_accuracy_it_reports(counter):
    """The residual of the update, computed afresh, is what the solver says it is (within a factor of ten)."""
    residual = Residual(counter, TARGETS[0])
    system = residual.system
    top = system.evaluate(residual.state, residual.history, 0.7)
    system.linearise(residual.state, top, TARGETS[0], 0.7)
    newton = residual.solver.newton
    right = newton._right_hand_side()
    update, iterations, reached = newton._krylov_solver().solve(right, 1e-5)
    image = np.zeros_like(update.getArray(readonly=True))
    system.apply(update.getArray(readonly=True), image)
    true = np.linalg.norm(image - right.getArray(readonly=True)) / right.norm()
    assert iterations <= 20
    assert true <= 10.0 * max(reached, 1e-6)


def newton_updates(solver, target, step):
    """Size of every Newton update of one solve, the linear systems solved as well as single precision allows."""
    newton, sizes = solver.newton, []
    damping = newton._damping

    def note(state, change):
        factor, largest = damping(state, change)
        sizes.append(largest)
        return factor, largest

    newton._damping = note
    krylov = newton._krylov_solver()
    solve = krylov.solve
    krylov.solve = lambda right, accuracy, **options: solve(right, 1e-9, **options)
    mu = solver.system.finest**2 / (solver.table.diffusivity * step)
    solution = newton.solve(solver.state.copy(), History.of(solver.state.C), mu, target, 1e-9)
    assert solution.converged
    return sizes


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.mode}{t.value:g}")
def test_newton_converges_quadratically(target):
    numerics = Numerics(newton_tolerance=1e-11, krylov_iterations=200)
    sizes = newton_updates(solver_of(COUNTERS[1], numerics=numerics), target, 2.0)
    small = [size for size in sizes if size < 0.1]
    assert len(small) >= 2
    for now, then in itertools.pairwise(small):
        assert then <= 10.0 * now**2 + 1e-2 * now, sizes


def test_solution_does_not_depend_on_how_well_the_linear_systems_are_solved():
    """Ten steps with a loose and with a tight tolerance of Newton's method agree to the loose one."""
    results = []
    for tolerance in (1e-6, 1e-11):
        solver = solver_of(COUNTERS[1], numerics=Numerics(newton_tolerance=tolerance, first_step=0.5, largest_step=0.5))
        solver.set_control(Control("current", 30.0))
        advance(solver, 5.0)
        results.append((gathered(solver, "c"), gathered(solver, "phi_l"), gathered(solver, "xi"), solver.voltage))
    loose, tight = results
    active = loose[2] < 0.999
    assert np.abs(loose[0] - tight[0])[active].max() <= 2e-5 * SALT
    assert np.abs(loose[1] - tight[1])[active].max() <= 1e-6
    assert abs(loose[3] - tight[3]) <= 1e-6
    assert np.abs(loose[2] - tight[2]).max() <= 1e-6
    assert np.abs(loose[0] - tight[0]).max() > 0.0, "the two runs must differ at all"


def test_concentration_stays_positive_through_depletion():
    """Eight times the limiting current under a voltage limit: c falls to near zero and never through it."""
    problem = plating_problem((1, 1, 60), counter=CounterElectrode("reservoir"))
    limit = 96485.0 * 3e-10 * SALT / (0.62 * 27e-6)
    solver = PlatingSolver(replace(problem, numerics=Numerics(time_tolerance=5e-3)))
    solver.set_control(Control("current", 8.0 * limit, 0.6))
    reports = advance(solver, 2.0)
    assert reports[-1].limited
    assert min(report.minimum_concentration for report in reports) < 0.02 * SALT
    assert all(report.minimum_concentration > 0.0 for report in reports)
    assert gathered(solver, "c").min() > 0.0


@pytest.mark.parametrize(("excess", "limit"), [(1.5, 2.0), (8.0, 0.6), (8.0, 1.0), (8.0, 3.0)])
def test_steps_stay_long_through_depletion_under_a_voltage_limit(excess, limit):
    """Half a second, many times Sand's time at the larger current, in at most 150 steps."""
    limiting = 96485.0 * 3e-10 * SALT / (0.62 * 27e-6)
    problem = plating_problem((1, 1, 60), counter=CounterElectrode("reservoir"), numerics=Numerics(time_tolerance=5e-3))
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", excess * limiting, limit))
    advance(solver, 0.5, most=150)
    assert solver.time == 0.5
