"""Order of the time scheme for the coupled system with moving metal, by successive halvings of a fixed step.

The differences of the solutions at a common time fall by four with every halving (by two for `order: 1`). All runs
start from one state some seconds after the current was switched on: the jump itself, a square root of time, would cost
any scheme its order.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from plating_cells import CONCENTRATED, H, advance, gathered, plating_problem, rough

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.timescheme import Scheme, error_weights, fit_step
from ramify.phasefield.problem import CounterElectrode, Geometry, Interface, Numerics
from ramify.physics import electrolyte

START, END = 3.0, 15.0
"""[s]; the front moves by about one cell in between."""
CURRENT = 300.0
PLANE = (8, 1, 28)


def line_problem(**changes):
    return plating_problem((1, 1, 48), electrolyte=electrolyte.preset(CONCENTRATED), **changes)


def plane_problem(**changes):
    """A rough front; without `interface` in the changes the mobility is the one that follows the front's speed."""
    front = rough(6.0 * H, 1.0 * H, (PLANE[0] * H, 1.0, 1.0))
    return plating_problem(PLANE, geometry=Geometry(front), **changes)


def fixed_steps(problem, step, order=2):
    """A solver that takes this step whatever its error estimate says."""
    numerics = Numerics(
        newton_tolerance=1e-11,
        time_tolerance=1e9,
        front_motion=100.0,
        first_step=step,
        largest_step=step,
        order=order,
    )
    return PlatingSolver(replace(problem, numerics=numerics))


def started(problem):
    """The state that all runs of a problem begin with."""
    solver = fixed_steps(problem, START / 100)
    solver.set_control(Control("current", CURRENT))
    advance(solver, START)
    return solver.save()


def run(problem, state, steps, order=2):
    """Fields and voltage after `steps` equal steps."""
    solver = fixed_steps(problem, (END - START) / steps, order)
    solver.load(state)
    solver.set_control(Control("current", CURRENT))
    assert len(advance(solver, END)) == steps, "every step must have the length asked for"
    xi = gathered(solver, "xi")
    return {"xi": xi, "c": gathered(solver, "c") * (1.0 - xi), "voltage": np.array(solver.voltage)}


def orders(problem, steps, order=2):
    """Observed orders of each quantity over three halvings."""
    state = started(problem)
    results = [run(problem, state, steps * 2**k, order) for k in range(4)]
    observed = {}
    for name in results[0]:
        gaps = [np.linalg.norm(b[name] - a[name]) for a, b in itertools.pairwise(results)]
        observed[name] = [float(np.log2(a / b)) for a, b in itertools.pairwise(gaps)]
    return observed


@pytest.mark.parametrize(
    ("problem", "steps"),
    [
        (line_problem(), 24),
        (line_problem(counter=CounterElectrode("reservoir")), 24),
        (line_problem(counter=CounterElectrode("lithium", "butler_volmer")), 24),
        (plane_problem(interface=Interface(H, mobility=6e-8 * H)), 24),
        pytest.param(
            plane_problem(),
            48,
        ),
    ],
    ids=["line", "line, reservoir", "line, butler_volmer", "plane", "plane, mobility of the moving front"],
)
def test_second_order(problem, steps):
    for name, values in orders(problem, steps).items():
        assert values[-1] >= 1.9, (name, values)


def test_first_order_scheme_is_of_first_order():
    for name, values in orders(line_problem(), 24, order=1).items():
        assert 0.9 <= values[-1] <= 1.2, (name, values)


def test_scheme_is_exact_for_quadratics_and_consistent_after_a_switch():
    """The increments of t^2 with any ratio of steps; a constant rate gives rate times step in both forms."""
    first = Scheme.of(0.3, None, 2)
    assert first.advance(2.0, 123.0 * 0.0) == pytest.approx(0.6)
    for before, step in ((0.3, 0.3), (0.3, 0.5), (0.4, 0.1)):
        scheme = Scheme.of(step, before, 2)
        t = 1.0
        previous = t**2 - (t - before) ** 2
        assert scheme.advance(2.0 * (t + step), previous) == pytest.approx((t + step) ** 2 - t**2)
        assert scheme.advance(2.0, 2.0 * before) == pytest.approx(2.0 * step)


def test_error_estimate_is_that_of_the_scheme():
    """For y = t^3 and equal steps the backward differences miss 2/9 h^3 y'''; the estimate says so."""
    h = 0.1
    y = [np.array([t**3]) for t in (1.0, 1.0 + h, 1.0 + 2.0 * h, 1.0 + 3.0 * h)]
    weights, power = error_weights((h, h, h))
    error = np.abs(sum(w * value for w, value in zip(weights, y[::-1], strict=True)))
    assert power == 3
    history = y[2] + (y[2] - y[1]) / 3.0
    exact = history + 2.0 / 3.0 * h * 3.0 * (1.0 + 3.0 * h) ** 2
    assert error[0] == pytest.approx(abs(exact[0] - y[3][0]), rel=1e-6)


def test_steps_meet_the_end_exactly_and_leave_no_sliver():
    assert fit_step(2.0, 2.0 * (1.0 + 1e-12)) == (2.0 * (1.0 + 1e-12), True)
    assert fit_step(2.0, 1.5) == (1.5, True)
    assert fit_step(2.0, 2.1) == (1.05, False)
    assert fit_step(2.0, 4.0 * (1.0 - 1e-12)) == (2.0, False)
    assert fit_step(2.0, 7.0) == (2.0, False)
