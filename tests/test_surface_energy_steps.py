"""Surface energy is explicit in time: steps below the decay time of the finest ripple, and tails that stay together."""

import math
from dataclasses import replace

import numpy as np
import pytest
from plating_cells import LITHIUM, SALT, flat, plating_problem

from ramify.phasefield.engine import Control
from ramify.phasefield.kernels import front
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.timescheme import MIDDLE, Scheme, longest_stable
from ramify.phasefield.problem import Geometry, Kinetics, Numerics
from ramify.physics.cell import charge_transfer_conductance
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.interface import interface_weight

EDGE, NOISE = 10e-9, 0.02
"""Cell edge [m] and standard deviation of the surface's height in cells."""
EXCHANGE = 30.0
THERMAL = FARADAY / (GAS_CONSTANT * 298.15)
METAL = replace(LITHIUM, surface_energy=0.5)


def noisy(cells):
    """Signed distance of a flat surface with another height in every column [m]."""
    heights = NOISE * EDGE * np.random.default_rng(1).normal(size=(cells[1], cells[0]))

    def distance(x, y, z):
        i, j, _ = np.broadcast_arrays(np.floor(x / EDGE).astype(int), np.floor(y / EDGE).astype(int), z)
        return z - 8.0 * EDGE - heights[j % cells[1], i % cells[0]]

    return distance


def resting(cells, **changes):
    """A noisy surface without a current, in steps that nothing but surface energy limits."""
    problem = plating_problem(
        cells,
        (EDGE, EDGE if cells[1] > 1 else 1.0, EDGE),
        metal=METAL,
        kinetics=Kinetics(EXCHANGE, SALT),
        geometry=Geometry(noisy(cells)),
        numerics=Numerics(time_tolerance=1e9),
        **changes,
    )
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", 0.0))
    return solver


def roughness(solver):
    """Largest standard deviation, over the layers near the surface, of the signed distance [widths]."""
    xi = solver.xi[4:15, 1:-1, 1:-1]
    return float(np.log(xi / (1.0 - xi)).std(axis=(1, 2)).max())


@pytest.mark.parametrize(("cells", "share"), [((24, 1, 24), 0.2), ((10, 10, 18), 0.1)])
def test_noise_on_a_flat_surface_decays_in_every_layer_under_the_longest_steps(cells, share):
    solver = resting(cells)
    before = roughness(solver)
    for _ in range(200):
        solver.step(1e9)
    assert roughness(solver) < share * before


def velocity_per_curvature():
    """(Omega/F) G gamma Omega/F at rest [m^2/s], without ohmic drops."""
    conductance = charge_transfer_conductance(0.0, EXCHANGE, 0.5, 0.5, THERMAL)
    return conductance * METAL.surface_energy * (METAL.molar_volume / FARADAY) ** 2


@pytest.mark.parametrize("cells", [(12, 1, 20), (8, 8, 18)])
def test_the_step_is_the_decay_time_of_a_ripple_of_two_cells(cells):
    """Sum of 4/h^2 over the lateral axes; the middle of the surface moves 4/pi times as fast as the front."""
    solver = resting(cells)
    for _ in range(30):
        solver.step(1e9)
    lateral = sum(1 for n in cells[:2] if n > 1)
    rate = 4.0 / math.pi * velocity_per_curvature() * 4.0 * lateral / EDGE**2
    assert solver.steps[-1] == pytest.approx(1.0 / rate, rel=0.02)


@pytest.mark.parametrize("cells", [(12, 1, 20), (8, 8, 18)])
def test_no_ripple_has_more_curvature_than_the_finest(cells):
    """The eigenvalue is what the curvature's own kernel gives for heights that alternate from column to column."""
    amplitude = 1e-4 * EDGE

    def alternating(x, y, z):
        columns = np.floor(x / EDGE) + (np.floor(y / EDGE) if cells[1] > 1 else 0.0 * y)
        return z - 8.0 * EDGE - amplitude * (-1.0) ** columns

    problem = plating_problem(
        cells, (EDGE, EDGE if cells[1] > 1 else 1.0, EDGE), metal=METAL, geometry=Geometry(alternating), periodic=True
    )
    solver = PlatingSolver(problem)
    solver.front.surface_curvature(solver.xi, solver.curvature)
    at_surface = np.abs(solver.curvature[8, 1:-1, 1:-1]) / amplitude
    np.testing.assert_allclose(at_surface, solver.front.largest_wavenumber**2, rtol=1e-4)


def test_a_line_has_no_ripples():
    solver = PlatingSolver(plating_problem((1, 1, 30), metal=METAL))
    assert solver.front.largest_wavenumber == 0.0
    assert longest_stable(1e-17, 0.0) == math.inf
    assert longest_stable(0.0, 1e8) == math.inf


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_scheme_with_an_extrapolated_rate_decays_below_its_limit_and_grows_above(ratio):
    """dy = -w [beta dt (y + r (y - y_before))] + gamma dy_before, with alternating signs at the limit."""
    limit = 2.0 * (1.0 + ratio) / (1.0 + 2.0 * ratio)
    scheme = Scheme.of(ratio, 1.0, 2)

    def factor(rate):
        """Largest root of the recursion; `rate` is the step over the decay time."""
        now = 1.0 + scheme.gamma - scheme.beta * rate * (1.0 + scheme.ratio)
        return np.abs(np.roots([1.0, -now, scheme.gamma - scheme.beta * rate * scheme.ratio])).max()

    assert factor(0.99 * limit) < 1.0
    assert factor(1.01 * limit) > 1.0
    assert longest_stable(1.0, 1.0) < limit / MIDDLE


def test_the_middle_is_the_fastest():
    xi = np.linspace(0.01, 0.99, 99)
    assert (interface_weight(xi) / (xi * (1.0 - xi))).max() == pytest.approx(MIDDLE, rel=1e-12)


def test_without_surface_energy_nothing_limits_a_resting_front():
    problem = plating_problem((8, 1, 20), geometry=Geometry(flat(3e-6)))
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", 0.0))
    for _ in range(40):
        solver.step(1e9)
    assert solver.steps[-1] > 1e5


@pytest.mark.parametrize("thickness", [2.0, 4.0, 8.0])
def test_a_thin_film_on_the_collector_has_no_curvature(thickness):
    """Mirrored below the collector its signed distance would have a kink there, and its lowest cells K = 1/h."""
    problem = plating_problem((12, 1, 24), (EDGE, EDGE, EDGE), geometry=Geometry(flat(thickness * EDGE)), metal=METAL)
    solver = PlatingSolver(problem)
    curvature = np.ones_like(solver.xi)
    solver.front.surface_curvature(solver.xi, curvature)
    assert np.abs(curvature[1:-1, 1:-1, 1:-1]).max() * EDGE < 1e-9


def test_a_cap_still_meets_the_collector_at_a_right_angle():
    """Half a cylinder has the curvature of a whole one in its lowest cells, too."""
    radius = 10.0 * EDGE
    cap = Geometry(lambda x, y, z: np.hypot(x, z) + 0.0 * y - radius)
    solver = PlatingSolver(plating_problem((24, 1, 24), (EDGE, EDGE, EDGE), geometry=cap, metal=METAL))
    curvature = np.zeros_like(solver.xi)
    solver.front.surface_curvature(solver.xi, curvature)
    lowest = np.argmin(np.abs(solver.xi[1, 1, 1:-1] - 0.5)) + 1
    assert curvature[1, 1, lowest] * radius == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(("degrees", "film"), [(0.0, True), (8.0, True), (20.0, False), (30.0, False), (90.0, False)])
def test_a_surface_that_meets_the_collector_at_an_angle_is_no_film(degrees, film):
    """Below the wall the distance goes on linearly under a film; a wedge keeps what its contact angle put there."""
    h, angle = 0.5, math.radians(degrees)
    z, y, x = (h * (np.arange(n) - 0.5) for n in (6, 5, 8))
    psi = z[:, None, None] * math.cos(angle) + 0.0 * y[:, None] + x * math.sin(angle)
    kept = 7.0
    psi[0] = kept
    front.extend_films(psi, (1.0 / h, 1.0 / h, 1.0 / h), 1.0)
    expected = 2.0 * psi[1, 1:-1, 1:-1] - psi[2, 1:-1, 1:-1] if film else np.full((3, 6), kept)
    assert psi[0, 1:-1, 1:-1] == pytest.approx(expected)
