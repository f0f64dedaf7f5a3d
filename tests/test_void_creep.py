"""Metal that creeps into voids: closed solutions, plates and contacts, transport, ranks."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating.front import Front
from ramify.phasefield.problem import ContactAngles, Domain, Interface
from ramify.phasefield.voids.creep import Creep
from ramify.phasefield.voids.creep_flow import CreepFlow
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports
from ramify.phasefield.voids.metal import inner_faces
from ramify.physics.constants import FARADAY
from ramify.physics.creep import creep_rate, steady_rate, steady_stress
from ramify.physics.interface import equilibrium_profile
from ramify.physics.viscoplasticity import anand_lithium, creeping_lithium, power_law_creep
from ramify.physics.void_closure import (
    closing_rate,
    creep_to_stripping,
    creep_to_vacancies,
    power_law_closing_rate,
    pressure_to_close,
)
from ramify.validation.creep_cases import EDGE, PRESSURE, RATE, LonelyVoid, metal

# ---------------------------------------------------------------------- physics


@pytest.mark.parametrize("form", ["sinh", "power"])
def test_steady_creep_is_its_own_inverse(form):
    law = anand_lithium(form)
    for rate in (1e-12, 1e-6, 1e-2, 10.0):
        stress, slope = steady_stress(rate, law.resistance, law.parameters)
        assert stress == pytest.approx(law.saturated_stress(rate), rel=1e-12)
        found, by_stress = steady_rate(stress, law.resistance, law.parameters)
        assert found == pytest.approx(rate, rel=1e-11)
        assert by_stress * slope == pytest.approx(1.0, rel=1e-9)
        step = 1e-5 * rate
        difference = law.saturated_stress(rate + step) - law.saturated_stress(rate - step)
        assert slope == pytest.approx(difference / (2.0 * step), rel=1e-6)


@pytest.mark.parametrize("shape", ["sphere", "cylinder"])
@pytest.mark.parametrize("exponent", [1.0, 5.0, 6.6])
def test_closing_rates_by_quadrature_are_those_of_the_closed_forms(shape, exponent):
    law = metal(exponent)
    for ratio in (0.0, 0.3):
        exact = power_law_closing_rate(RATE / PRESSURE**exponent, exponent, 2e6, ratio, shape)
        assert closing_rate(law.saturated_stress, 2e6, ratio, shape) == pytest.approx(exact, rel=1e-9)


def test_cylinder_in_a_linear_metal():
    """By hand: v = p a/(2 eta) [1 - (a/b)^2]^-1, eta = stress/(3 rate)."""
    viscosity = PRESSURE / (3.0 * RATE)
    by_hand = PRESSURE / (2.0 * viscosity) / (1.0 - 0.3**2)
    assert power_law_closing_rate(RATE / PRESSURE, 1.0, PRESSURE, 0.3, "cylinder") == pytest.approx(by_hand, rel=1e-12)


def test_lithium_of_both_forms_closes_alike_under_little_pressure():
    sinh, power = anand_lithium("sinh").saturated_stress, creeping_lithium().saturated_stress
    assert closing_rate(sinh, 1e5) == pytest.approx(closing_rate(power, 1e5), rel=1e-3)
    assert closing_rate(sinh, 5e6) > 1.1 * closing_rate(power, 5e6)
    assert closing_rate(sinh, 0.0) == 0.0
    assert pressure_to_close(power, closing_rate(power, 1e6)) == pytest.approx(1e6, rel=1e-9)


def test_creep_wins_for_large_voids_and_pressures():
    stress = creeping_lithium().saturated_stress

    def ratio(pressure, radius, surface_energy=0.0):
        return creep_to_vacancies(stress, pressure, radius, 1.6e-14, 1.3e-5, surface_energy, 298.15)

    assert ratio(5e6, 1e-6) / ratio(1e6, 1e-6) == pytest.approx(5.0**4, rel=1e-6)
    assert ratio(1e6, 2e-6) / ratio(1e6, 1e-6) == pytest.approx(4.0, rel=1e-9)
    assert ratio(1e6, 2e-5) > 1.0 > ratio(1e6, 1e-6)
    creep = 1e-6 * closing_rate(stress, 5e6)
    assert creep_to_stripping(stress, 5e6, 1e-6, 10.0, 1.3e-5) == pytest.approx(creep * FARADAY / 1.3e-5 / 10.0)


# ---------------------------------------------------------------------- velocity


def box(cells=(16, 1, 16), periodic=False):
    size = (EDGE, EDGE if cells[1] > 1 else 1.0, EDGE)
    return Grid(Domain(size, cells, periodic))


def with_void(grid, radius=0.3, place=(0.0, 0.0, 1.0), width=None):
    x, y, z = grid.centres()
    y = y - place[1] * EDGE if grid.domain.cells[1] > 1 else 0.0 * y
    r = np.sqrt((x - place[0] * EDGE) ** 2 + y**2 + (z - place[2] * EDGE) ** 2)
    xi = grid.zeros()
    xi[:] = 1.0 - equilibrium_profile(r - radius * EDGE, width or grid.domain.spacing[2])
    grid.fill_outer_ghosts(xi)
    return xi


def flow_of(grid, exponent=5.0, supports=None, **numerics):
    return CreepFlow(grid, metal(exponent), grid.domain.spacing[2], supports, CreepNumerics(**numerics))


@pytest.mark.parametrize("exponent", [1.0, 5.0])
def test_cylinder_closes_as_the_closed_form_says(exponent):
    """Radii of 4.8 and 9.6 cells, the profile as wide as a cell."""
    case = LonelyVoid(exponent, 2)
    coarse, fine = case.solve(16), case.solve(32)
    assert abs(coarse.error) < 0.03
    assert abs(fine.error) < 0.004
    assert fine.effort.newton_iterations <= 10
    assert fine.effort.krylov_iterations <= 50


@pytest.mark.parametrize(("exponent", "coarse", "fine"), [(1.0, 0.11, 0.035), (5.0, 0.28, 0.095)])
def test_sphere_closes_as_the_closed_form_says(exponent, coarse, fine):
    """Radii of three and 4.8 cells."""
    case = LonelyVoid(exponent, 3)
    errors = case.solve(10).error, case.solve(16).error
    assert 0.0 < errors[0] < coarse
    assert 0.0 < errors[1] < fine
    assert math.log(errors[0] / errors[1]) / math.log(1.6) > 1.7


def test_softness_of_the_void_does_not_count():
    case = LonelyVoid(5.0, 2)
    hard, soft = (case.solve(16, numerics=CreepNumerics(softness=s)) for s in (1e-4, 1e-6))
    assert soft.error - hard.error == pytest.approx(0.0, abs=2e-3)
    assert soft.effort.krylov_iterations <= 2 * hard.effort.krylov_iterations


def test_dense_metal_rests_under_pressure():
    grid = box()
    flow = flow_of(grid)
    xi = grid.zeros()
    xi[:] = 1.0
    flow.solve(xi, PRESSURE)
    assert np.abs(flow.velocity).max() < 1e-6 * RATE * EDGE
    np.testing.assert_allclose(flow.stress[OWNED][..., :3], -1.0, rtol=1e-3)


def test_collector_is_a_plate_or_yields_evenly():
    grid = box()
    xi = with_void(grid)
    flat, even = (flow_of(grid, supports=CreepSupports("sliding", "sliding", plate)) for plate in ("rigid", "even"))
    flat.solve(xi, PRESSURE)
    even.solve(xi, PRESSURE)
    plate, film = (flow.velocity[1, 1, 1:, 2] for flow in (flat, even))
    np.testing.assert_allclose(plate, plate[0], rtol=1e-12)
    assert plate[0] > 0.0
    assert film[0] > 1.5 * film[-1] > 0.0
    # a plate's pressure is the mean of what it carries
    weight = np.full(16, 1.0 / 16)
    carried = -flat.stress[1, 1, 1:-1, 2] @ weight
    assert carried == pytest.approx(1.0, rel=0.01)


def test_bonds_slow_the_metal():
    grid = box()
    xi = with_void(grid)
    speeds = []
    for supports in (CreepSupports("sliding", "sliding"), CreepSupports("bonded", "sliding"), CreepSupports()):
        flow = flow_of(grid, 1.0, supports)
        flow.solve(xi, PRESSURE)
        speeds.append(flow.velocity[1, 1, 1, 2])
    bonded = flow_of(grid, 1.0, CreepSupports("bonded", "bonded"))
    bonded.solve(xi, PRESSURE)
    assert speeds[0] > speeds[1] == pytest.approx(speeds[2])
    assert bonded.velocity[1, 1, 1, 2] < 0.9 * speeds[1]


def test_velocity_follows_the_pressure_by_the_power_law():
    grid = box()
    xi, flow = with_void(grid), flow_of(grid)
    flow.solve(xi, PRESSURE)
    once = flow.velocity.copy()
    effort = flow.solve(xi, 2.0 * PRESSURE)
    assert effort.newton_iterations == 0  # the last solution in other units
    np.testing.assert_allclose(flow.velocity, 32.0 * once, rtol=1e-9)
    flow.solve(xi, 0.0)
    assert not flow.velocity.any()


def test_void_at_the_contact_is_half_of_one_in_the_metal():
    """Frictionless contact is a plane of symmetry: a void beside it closes like one in a box twice as high.

    By volume; both ends push, so that either plate moves half as fast as the volume of the whole void asks for.
    """
    half, whole = box((16, 1, 16)), Grid(Domain((EDGE, 1.0, 2.0 * EDGE), (16, 1, 32)))
    at_contact = flow_of(half, 3.0, CreepSupports("sliding", "sliding"), tolerance=1e-6)
    at_contact.solve(with_void(half), PRESSURE)
    inside = flow_of(whole, 3.0, CreepSupports("sliding", "sliding"), tolerance=1e-6)
    inside.solve(with_void(whole), PRESSURE)
    assert inside.velocity[1, 1, 1, 2] == pytest.approx(2.0 * at_contact.velocity[1, 1, 1, 2], rel=1e-3)


def test_nothing_drifts_where_nothing_holds_the_metal():
    """Periodic sides and two sliding faces leave a sideways motion of all the metal free: there is none."""
    free = CreepSupports("sliding", "sliding")
    periodic, walled = box(periodic=True), box()
    xi, speeds = with_void(periodic, 0.25, (0.5, 0.0, 1.0)), []
    for grid in (periodic, walled):
        flow = flow_of(grid, 3.0, free, tolerance=1e-6)
        grid.fill_outer_ghosts(xi)
        flow.solve(xi, PRESSURE)
        speeds.append(flow.velocity[flow.box.owned][..., 0])
    there, wall = speeds[0], speeds[1][..., :-1]  # the last node is the first of the next period
    assert abs(there.mean()) < 1e-12 * np.abs(there).max()
    np.testing.assert_allclose(there, wall, atol=1e-4 * np.abs(wall).max())


# ---------------------------------------------------------------------- transport


def creep_of(grid, exponent=5.0):
    """With the front of a metal that nothing plates."""
    problem: Any = SimpleNamespace(
        domain=grid.domain, interface=Interface(grid.domain.spacing[2]), contact_angles=ContactAngles(), geometry=None
    )
    pore = grid.zeros()
    pore.fill(1.0)
    return Creep(
        grid, Front(grid, problem, pore, inner_faces(grid)), metal(exponent), CreepSupports("sliding", "sliding")
    )


def close(grid, creep, xi, share):
    """Until the voids have lost a share of their volume: time, and volumes of void lost and of metal entered."""
    start, time, entered, step = float((1.0 - xi[OWNED]).sum()), 0.0, 0.0, 0.0
    for _ in range(200):
        creep.velocity(xi, PRESSURE, step)
        step = creep.longest_step()
        crept = creep.advance(xi, step)
        assert crept.motion <= 1.01 * creep.flow.numerics.motion
        before, xi = xi, crept.xi
        lost = (start - float((1.0 - xi[OWNED]).sum())) * grid.domain.cell_volume
        was = (start - float((1.0 - before[OWNED]).sum())) * grid.domain.cell_volume
        entered += crept.entered
        target = share * start * grid.domain.cell_volume
        if lost >= target:
            return time + step * (target - was) / (lost - was), lost, entered, xi
        time += step
    raise AssertionError("the void does not close")


def test_what_comes_in_is_what_the_void_loses():
    grid = box((16, 1, 16))
    xi = with_void(grid)
    whole = float((1.0 - xi[OWNED]).sum()) * grid.domain.cell_volume
    _, lost, entered, xi = close(grid, creep_of(grid), xi, 0.97)
    assert entered == pytest.approx(lost, abs=1e-14 * whole)
    assert lost > 0.97 * whole
    assert xi[OWNED].max() < 1.0 + 1e-3


def test_long_steps_are_as_good_as_short_ones():
    """The time in which a void loses 0.3 of its volume, in five steps and in twenty."""
    times = []
    for motion in (0.4, 0.1):
        grid = box((16, 1, 16))
        creep = creep_of(grid, 3.0)
        creep.flow.numerics = CreepNumerics(motion=motion, loss=1.0)
        times.append(close(grid, creep, with_void(grid, 0.4), 0.3)[0])
    assert times[0] == pytest.approx(times[1], rel=0.01)


def test_dense_metal_bounds_no_step():
    """What the books of a closed void leave is no void, of either sign."""
    grid = box((8, 1, 8))
    creep = creep_of(grid)
    for left in (0.0, 1e-6, -1e-6):
        xi = grid.zeros()
        xi[:] = 1.0 - left
        creep.velocity(xi, PRESSURE)
        assert creep.longest_step() == math.inf


def test_two_ranks_agree_with_one(mpiexec):
    script = Path(__file__).with_name("parallel_creep.py")
    one = json.loads(mpiexec(1, script).stdout)
    many = json.loads(mpiexec(2, script).stdout)
    assert max(many["process_grid"]) == 2
    for name, value in one["numbers"].items():
        assert many["numbers"][name] == pytest.approx(value, rel=1e-7), name


def test_elastic_metal_does_not_creep():
    law = power_law_creep(metal(1.0).elasticity, 0.0, 1e6, 1.0)
    with pytest.raises(ValueError, match="does not flow"):
        CreepFlow(box(), law, 1e-7)
    assert creep_rate(metal(1.0), 0.0) == 0.0
