"""Nucleation during a run: the classical law, births, growth from below the grid's resolution, balances, restarts."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plating_cells import LITHIUM, SALT, H, ball, flat, plating_problem

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.crowding import diffuse_radii
from ramify.phasefield.plating.nuclei import GROWING, GROWN, LOST, WAITING
from ramify.phasefield.problem import CounterElectrode, Geometry, Kinetics, Nucleation
from ramify.physics import classical_nucleation as cnt
from ramify.physics.butler_volmer import butler_volmer
from ramify.physics.constants import AVOGADRO, BOLTZMANN, FARADAY, GAS_CONSTANT

GAMMA, OMEGA = 0.5, 1.3e-5
VOLTAGE = -0.1


def sites(x: list[float], y: float = 0.5, **changes: Any) -> Nucleation:
    """Sites on the collector at x [m]."""
    places = np.array([[place, y, 0.0] for place in x])
    normals = np.tile([0.0, 0.0, 1.0], (len(x), 1))
    law = Nucleation(places, normals, "constant_rate", 1e9, 0.5 * math.pi, seed=3)
    return replace(law, **changes)


def bare(cells: int, law: Nucleation, height: int = 40, **changes: Any) -> PlatingSolver:
    """A bare collector of `cells` along x under a reservoir, held at a voltage, with slow kinetics."""
    problem = plating_problem(
        (cells, 1, height),
        geometry=Geometry(flat(-1e-3)),
        kinetics=Kinetics(0.1, SALT),
        counter=CounterElectrode("reservoir"),
        nucleation=law,
        **changes,
    )
    solver = PlatingSolver(problem)
    solver.set_control(Control("voltage", VOLTAGE))
    return solver


def velocity() -> float:
    """Of a surface at VOLTAGE [m/s]."""
    f = FARADAY / (GAS_CONSTANT * 298.15)
    return float(butler_volmer(VOLTAGE, 0.1, 0.5, 0.5, f)) * LITHIUM.molar_volume / FARADAY


def test_the_critical_nucleus_is_the_top_of_its_free_energy():
    eta = -0.05
    radius = np.linspace(0.2, 3.0, 200_001) * 1e-9
    for angle in (0.6, 0.5 * math.pi, 2.4):
        share = cnt.shape_factor(angle)
        energy = share * (4 * math.pi * radius**2 * GAMMA + 4 / 3 * math.pi * radius**3 * FARADAY * eta / OMEGA)
        top = int(np.argmax(energy))
        assert radius[top] == pytest.approx(float(cnt.critical_radius(eta, GAMMA, OMEGA)), rel=1e-4)
        assert energy[top] == pytest.approx(float(cnt.barrier(eta, GAMMA, OMEGA, angle)), rel=1e-8)
    assert float(cnt.barrier(eta, GAMMA, OMEGA, 0.5 * math.pi)) == pytest.approx(
        0.5 * 16 * math.pi * GAMMA**3 * OMEGA**2 / (3 * FARADAY**2 * eta**2), rel=1e-12
    )


def test_no_nucleus_without_overpotential():
    law = {
        "attempt_rate": 1e10,
        "surface_energy": 1e-3,
        "molar_volume": OMEGA,
        "contact_angle": 1.0,
        "temperature": 300.0,
    }
    rates = cnt.site_rate(np.array([0.0, 0.05, -0.05, -0.1]), **law)
    assert rates[0] == rates[1] == 0.0 and 0.0 < rates[2] < rates[3] < 1e10
    barrier = float(cnt.barrier(-0.05, 1e-3, OMEGA, 1.0))
    assert rates[2] == pytest.approx(1e10 * math.exp(-barrier / (BOLTZMANN * 300.0)), rel=1e-12)
    assert pytest.approx(AVOGADRO * 1.602176634e-19) == FARADAY


@pytest.mark.parametrize("angle", [0.7, 0.5 * math.pi, 2.5])
@pytest.mark.parametrize("planar", [False, True])
def test_cap_volume_is_the_integral_of_its_slices(angle, planar):
    z = np.linspace(math.cos(angle), 1.0, 200_001)
    slices = 2.0 * np.sqrt(1.0 - z**2) if planar else math.pi * (1.0 - z**2)
    volume = float(cnt.cap_volume(1.0, angle, planar=planar))
    assert volume == pytest.approx(np.trapezoid(slices, z), rel=1e-5)
    assert float(cnt.cap_radius(8.0 * volume, angle, planar=planar)) == pytest.approx(math.sqrt(8.0) if planar else 2.0)
    arc = 2.0 * angle if planar else 2.0 * math.pi * (1.0 - math.cos(angle))
    assert float(cnt.cap_area(1.0, angle, planar=planar)) == pytest.approx(arc)


@pytest.mark.parametrize("angle", [0.7, 0.5 * math.pi, 2.5])
def test_a_plane_cuts_its_share_off_a_cap(angle):
    """Against points spread evenly over caps; half at the middle, nothing beyond the rim."""
    phi = np.arccos(1.0 - (np.arange(20_000) + 0.5) / 20_000 * (1.0 - math.cos(angle)))
    across = np.sin(phi) * np.cos(np.pi * (1.0 + math.sqrt(5.0)) * np.arange(20_000))
    ridge = np.sin(np.linspace(-angle, angle, 20_001))
    for d in (-0.4, 0.0, 0.3, 0.6, 0.9):
        for planar, points in ((False, across), (True, ridge)):
            share = cnt.cap_share_beyond(d * 2e-8, 2e-8, angle, planar=planar)
            assert float(share) == pytest.approx(float(np.mean(points > d)), abs=5e-3)
    assert cnt.cap_share_beyond(np.array([1.1, np.inf]), 1.0, angle).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("planar", [False, True])
def test_a_diffuse_hemisphere_of_its_radius_holds_the_volume(planar):
    dimension = 2 if planar else 3
    volumes = np.array([1e-9, 1e-3, 1.0, 200.0]) * 1e-8**dimension
    radii = diffuse_radii(volumes, 1e-8, planar) / 1e-8
    d = np.linspace(0.0, 60.0, 100_001)
    for volume, radius in zip(volumes, radii, strict=True):
        circle = math.pi * d if planar else 2.0 * math.pi * d**2
        held = np.trapezoid(circle / (1.0 + np.exp(d - radius)), d)
        assert held * 1e-8**dimension == pytest.approx(volume, rel=1e-2)
    assert radii[0] < 0.0 < radii[-1]


def test_a_nucleus_grows_as_a_sharp_cap_would_from_far_below_the_grid():
    solver = bare(24, sites([6.3e-6]))
    width, v = solver.problem.interface.width, velocity()
    end = 9.0 * width / v
    expected = []
    while solver.time < end:
        report = solver.step(end)
        expected.append((v * solver.time, report.measures["nucleus_radius"]))
    sharp, found = np.array(expected).T
    assert solver.nuclei is not None and solver.nuclei.status[0] == GROWN
    late = sharp > 0.3 * width
    assert late.sum() > 10
    assert np.abs(found[late] - sharp[late]).max() < 0.4 * width  # from a third of a cell to seven cells
    balance = solver.ledger.balance(FARADAY)
    assert max(balance.values()) < 1e-12
    assert solver.ledger.metal * LITHIUM.molar_volume == pytest.approx(0.5 * math.pi * found[-1] ** 2, rel=1e-9)


def half_lens(one: float, two: float, away: float) -> float:
    """Area that two half discs on a line, of given radii and distance of their centres, have in common."""
    if away >= one + two:
        return 0.0
    plane = 0.5 * (away + (one**2 - two**2) / away)
    parts = ((one, plane), (two, away - plane))
    return 0.5 * sum(r * r * math.acos(d / r) - d * math.sqrt(r * r - d * d) for r, d in parts)


def grown(places: list[float], times: list[float], metal: Any = None) -> list[float]:
    """Metal plated by `times` [m^2], on nuclei at x and on what is there from the start."""
    solver = bare(60, sites(places), height=22)
    solver.destroy()
    solver = PlatingSolver(replace(solver.problem, geometry=Geometry(metal or flat(-1e-3))))
    solver.set_control(Control("voltage", VOLTAGE))
    found = []
    for end in times:
        while solver.time < end:
            solver.step(end)
        found.append((solver.ledger.metal - solver.ledger.metal_start) * LITHIUM.molar_volume)
    assert max(solver.ledger.balance(FARADAY).values()) < 1e-10
    solver.destroy()
    return found


def test_a_nucleus_beside_other_metal_grows_as_a_lone_one():
    """Slow kinetics, nothing to share: the two together plate what both would alone, less what has run into it."""
    width, v = H, velocity()
    ridge, gap = 5.0 * width, 5.0 * width
    times = [radius * width / v for radius in (1.0, 2.0, 3.0)]
    disc = ball((4.1e-6, 0.5, 0.0), ridge, planar=True)
    # All three have a nucleus far away, and so take the same steps.
    near, away, none = (grown([*more, 24.1e-6], times, disc) for more in ([4.1e-6 + ridge + gap], [16.1e-6], []))
    for t, beside, lone, without in zip(times, near, away, none, strict=True):
        common = half_lens(ridge + v * t, v * t, ridge + gap)
        assert beside - without == pytest.approx(lone - without - common, rel=0.06)
        assert lone - without == pytest.approx(0.5 * math.pi * (v * t) ** 2, rel=0.12)


def test_nuclei_beside_each_other_grow_as_the_discs_they_are():
    """Two, two widths apart: each grows as a lone one until they touch, and then as the union of both."""
    width, v = H, velocity()
    radii = (0.5, 1.0, 2.0, 3.0)
    times = [radius * width / v for radius in radii]
    pair, lone = grown([11.3e-6, 11.3e-6 + 2.0 * width], times), grown([11.8e-6], times)
    for radius, two, one in zip(radii, pair, lone, strict=True):
        union = math.pi * radius**2 - half_lens(radius, radius, 2.0)
        assert two / one == pytest.approx(union / (0.5 * math.pi * radius**2), rel=0.03)


def test_births_follow_the_number_density_law():
    count, rate = 200, 0.02
    solver = bare(60, sites(list(np.linspace(0.1e-6, 29.9e-6, count)), rate=rate))
    nuclei = solver.nuclei
    assert nuclei is not None
    while solver.time < 20.0:
        report = solver.step(20.0)
        assert report.measures["nuclei"] + report.measures["nuclei_waiting"] == count
    assert report.measures["nuclei"] == np.count_nonzero(nuclei.threshold < rate * 20.0)
    assert report.measures["nuclei"] == pytest.approx(
        count * (1.0 - math.exp(-rate * 20.0)), abs=3.0 * math.sqrt(count / 4)
    )
    assert report.sizes is not None and report.sizes.sum() == report.measures["nuclei"]


def test_a_site_under_growing_metal_is_lost():
    law = sites([6.3e-6, 6.9e-6], rate=1.0)
    solver = bare(24, law)
    assert solver.nuclei is not None
    solver.nuclei.threshold[:] = 1e-9, 1e9
    end = 6.0 * solver.problem.interface.width / velocity()
    while solver.time < end:
        solver.step(end)
    assert solver.nuclei.status[1] == LOST and solver.nuclei.status[0] in (GROWING, GROWN)


def test_overpotential_contact_angle_and_activity_drive_the_classical_law():
    def rate(**changes: Any) -> float:
        voltage = changes.pop("voltage", VOLTAGE)
        solver = bare(
            12, sites([3e-6], law="classical", rate=1e6, **changes), metal=replace(LITHIUM, surface_energy=0.02)
        )
        solver.set_control(Control("voltage", voltage))
        assert solver.nuclei is not None
        solver.nuclei.threshold[:] = 1e300
        solver.step(1e-3)
        before = float(solver.nuclei.hazard[0])
        begin = solver.time
        solver.step(2e-3)
        return (float(solver.nuclei.hazard[0]) - before) / (solver.time - begin)

    plain = rate()
    assert 0.0 < plain < 1e6
    assert rate(voltage=-0.2) > plain > rate(contact_angle=2.5)
    assert rate(activity=lambda x, y, z: 3.0 + 0.0 * x) == pytest.approx(3.0 * plain)
    assert rate(voltage=0.1) == 0.0


def test_a_restart_goes_on_bitwise_in_the_middle_of_nucleation():
    law = sites(list(np.linspace(0.5e-6, 11.5e-6, 12)), rate=3e-4)
    whole, first = bare(24, law), bare(24, law)
    for solver in (whole, first):
        while np.count_nonzero(solver.nuclei.status == GROWING) < 4:  # type: ignore[union-attr]
            solver.step(1e7)
    again = bare(24, law)
    again.load(first.save())
    assert WAITING in first.nuclei.status and GROWING in first.nuclei.status  # type: ignore[union-attr]
    for _ in range(10):
        a, b = whole.step(1e7), again.step(1e7)
    assert a.time == b.time
    np.testing.assert_equal(a.measures, b.measures)
    np.testing.assert_array_equal(whole.xi, again.xi)


def test_a_flat_cap_is_handed_over_when_the_grid_shows_its_volume():
    angle = math.radians(20.0)
    solver = bare(48, sites([12.3e-6], contact_angle=angle), height=30)
    assert solver.nuclei is not None
    width, speed = solver.problem.interface.width, velocity() * solver.nuclei.growth
    end = 12.0 * width / speed  # the cap is 0.7 widths high
    while solver.time < end:
        solver.step(end)
    metal = solver.ledger.metal * LITHIUM.molar_volume
    found = float(cnt.cap_radius(metal, angle, planar=True))
    assert solver.nuclei.status[0] == GROWING
    assert found == pytest.approx(12.0 * width, abs=0.7 * width)  # lags by the first step


@pytest.mark.parametrize(("size", "status"), [(2.0, GROWING), (10.0, GROWN)])
def test_stripping_takes_the_metal_of_a_nucleus_and_bares_its_site(size, status):
    solver = bare(48, sites([12.3e-6]), height=30)
    nuclei, width, v = solver.nuclei, solver.problem.interface.width, velocity()
    assert nuclei is not None
    whole = size * width / v

    def radius() -> float:
        return float(cnt.cap_radius(max(solver.ledger.metal, 0.0) * LITHIUM.molar_volume, 0.5 * math.pi, planar=True))

    while solver.time < whole:
        solver.step(whole)
    assert nuclei.status[0] == status
    solver.set_control(Control("voltage", -VOLTAGE))
    before, begin = radius(), solver.time
    while nuclei.status[0] != WAITING:
        assert not solver.step(begin + 2.0 * whole).exhausted  # the site may nucleate again: the run goes on
        assert solver.xi.min() > -1e-3
        sharp = before - v * (solver.time - begin)
        assert radius() == pytest.approx(max(sharp, 0.0), abs=0.4 * width)
    assert nuclei.status[0] == WAITING and 0.0 <= radius() < 0.2 * width
    assert max(solver.ledger.balance(FARADAY).values()) < 1e-9
    # the bare site nucleates again, and its nucleus grows as the first did
    solver.set_control(Control("voltage", VOLTAGE))
    begin = solver.time
    while solver.time < begin + whole:
        solver.step(begin + whole)
    assert radius() == pytest.approx(size * width, abs=0.4 * width)


def test_stripped_neighbours_do_not_take_more_than_there_is():
    solver = bare(24, sites([5.1e-6, 5.9e-6, 6.6e-6, 7.2e-6, 8.0e-6]), height=30)
    assert solver.nuclei is not None
    plated = 1.0 * solver.problem.interface.width / velocity()
    while solver.time < plated:
        solver.step(plated)
    assert (solver.nuclei.status == GROWING).all()
    most = solver.ledger.metal
    solver.set_control(Control("voltage", -VOLTAGE))
    while (solver.nuclei.status != WAITING).any():
        solver.step(20.0 * plated)
        assert solver.ledger.metal > -1e-4 * most and solver.xi.min() > -1e-3
    assert solver.ledger.metal < 0.01 * most


def test_a_lost_site_waits_again_once_it_is_bare():
    solver = bare(24, sites([6.3e-6, 6.9e-6]))
    nuclei = solver.nuclei
    assert nuclei is not None
    nuclei.threshold[:] = 1e-9, 1e9
    nuclei.status[1] = LOST
    solver.step(1e-6)
    assert nuclei.status[1] == WAITING


def test_a_nucleus_on_a_round_host_grows_as_on_a_plane():
    centre, edge, radius = np.array([6.05e-6, 0.5, 2.1e-6]), 0.5e-6, 3.0e-6

    def host(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.hypot(x - centre[0], z - centre[2]) - radius + 0.0 * y

    direction = np.array([math.cos(0.9), 0.0, math.sin(0.9)])
    place = (centre + radius * direction).reshape(1, 3)
    law = Nucleation(place, direction.reshape(1, 3), "constant_rate", 1e9, 0.5 * math.pi, seed=3)
    solver = bare(24, law)
    solver.destroy()
    solver = PlatingSolver(replace(solver.problem, geometry=Geometry(flat(-1e-3), host)))
    solver.set_control(Control("voltage", VOLTAGE))
    end, rejected, steps = edge / velocity(), 0, 0
    while solver.time < end:
        report = solver.step(end)
        rejected, steps = rejected + report.rejected, steps + 1
    grown = math.sqrt(2.0 * solver.ledger.metal * LITHIUM.molar_volume / math.pi)
    assert grown == pytest.approx(edge, abs=0.2 * edge)
    assert rejected <= 2 and steps < 40  # cells that the host fills nearly whole take no more than their part


def test_the_cells_around_a_nucleus_are_no_cell_twice():
    solver = bare(12, sites([3.1e-6]), periodic=True)
    solver.step(1e-6)
    assert solver.nuclei is not None
    k, j, i = solver.nuclei.around.cell
    assert len(k) == len(set(zip(k.tolist(), j.tolist(), i.tolist(), strict=True))) > 100
