"""Order of the deposit: the law by hand, particles at rest and growing, what plating and stripping leave, restarts."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plating_cells import LITHIUM, SALT, H, advance, ball, flat, gathered, plating_problem, union

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.nuclei import GROWING
from ramify.phasefield.problem import CounterElectrode, Crystallinity, Geometry, Kinetics, Nucleation
from ramify.physics import crystallinity as law

CRITICAL, RATE, CRYSTAL = 5e-9, 1e-3, 100e-9


def test_small_domains_wait_for_one_crystal_and_large_ones_do_not_feel_their_size():
    per_volume = RATE / law.sphere_volume(CRYSTAL)
    small = 6e-9
    assert float(law.ordering_rate(small, CRITICAL, RATE, CRYSTAL)) == pytest.approx(
        float(per_volume * law.sphere_volume(small)), rel=3e-4
    )
    assert float(law.ordering_rate(1e-4, CRITICAL, RATE, CRYSTAL)) == pytest.approx(RATE, rel=1e-8)
    assert float(law.ordering_rate(CRYSTAL, CRITICAL, RATE, CRYSTAL)) == pytest.approx(0.5 * RATE)
    assert law.ordering_rate([4.99e-9, 5e-9, 0.0], CRITICAL, RATE, CRYSTAL).astype(bool).tolist() == [
        False,
        True,
        False,
    ]


def test_a_crystal_is_the_domain_or_what_meets_its_neighbours():
    assert float(law.crystal_diameter(5e-9, CRYSTAL)) == pytest.approx(5e-9, rel=1e-4)
    assert float(law.crystal_diameter(1e-5, CRYSTAL)) == pytest.approx(CRYSTAL, rel=1e-6)


def test_the_fed_domain_is_the_integral_of_the_law_and_has_the_limit_by_hand():
    growth = 1e-24
    start = float(law.sphere_volume(CRITICAL)) / growth
    t = np.linspace(start, 4e3, 400_001)
    rates = law.ordering_rate(np.cbrt(6.0 / math.pi * growth * t * (1.0 + 1e-12)), CRITICAL, RATE, CRYSTAL)
    hazard = np.concatenate([[0.0], np.cumsum(0.5 * (rates[1:] + rates[:-1]) * np.diff(t))])
    found = law.fed_fraction(t, growth, CRITICAL, RATE, CRYSTAL)
    np.testing.assert_allclose(found, -np.expm1(-hazard), rtol=1e-6, atol=1e-12)
    assert float(law.fed_fraction(0.5 * start, growth, CRITICAL, RATE, CRYSTAL)) == 0.0
    early, per_volume = 2.0 * start, RATE / float(law.sphere_volume(CRYSTAL))
    by_hand = 0.5 * per_volume * growth * (early**2 - start**2)
    assert float(law.fed_fraction(early, growth, CRITICAL, RATE, CRYSTAL)) == pytest.approx(by_hand, rel=1e-3)


# ---------------------------------------------------------------- in the solver


def ordering(**changes: Any) -> Crystallinity:
    """Order of deposits of some micrometres within some tens of seconds."""
    return replace(Crystallinity(critical_size=1.0 * H, rate=0.05, crystal_size=4.0 * H), **changes)


def resting(geometry: Any, cells: tuple[int, int, int] = (24, 1, 24), **changes: Any) -> PlatingSolver:
    solver = PlatingSolver(plating_problem(cells, geometry=Geometry(geometry), crystallinity=ordering(**changes)))
    solver.set_control(Control("current", 0.0))
    return solver


@pytest.mark.parametrize("planar", [True, False])
def test_a_particle_at_rest_orders_exponentially(planar):
    cells, radius = ((24, 1, 24), 5.0 * H) if planar else ((14, 14, 16), 4.0 * H)
    centre = (0.5 * cells[0] * H, 0.5 * cells[1] * H, 0.4 * cells[2] * H)
    solver = resting(ball(centre, radius, planar=planar), cells)
    report = advance(solver, 20.0)[-1]
    metal = solver.ledger.metal * LITHIUM.molar_volume
    size = 2.0 * math.sqrt(metal / math.pi) if planar else 2.0 * (0.75 * metal / math.pi) ** (1 / 3)
    # The sharp one and the second moment of the diffuse surface.
    moment = (math.pi * H) ** 2
    whole = 2.0 * (math.sqrt(radius**2 + moment / 3.0) if planar else np.cbrt(radius**3 + moment * radius))
    assert size == pytest.approx(whole, rel=0.02)
    k = float(law.ordering_rate(size, H, 0.05, 4.0 * H))
    assert report.measures["crystalline_fraction"] == pytest.approx(1.0 - math.exp(-20.0 * k), rel=2e-3)
    assert report.measures["crystal_size"] == pytest.approx(float(law.crystal_diameter(size, 4.0 * H)), rel=5e-3)
    assert report.measures["orderable_fraction"] == pytest.approx(1.0, abs=2e-3)
    chi, xi = gathered(solver, "crystallinity"), gathered(solver, "xi")
    assert chi[xi > 0.02].max() - chi[xi > 0.02].min() < 1e-9 and (chi[xi < 0.01] == 0.0).all()


def test_only_domains_beyond_the_critical_size_order():
    large, small = ball((7 * H, 0.0, 0.0), 5.0 * H, planar=True), ball((24 * H, 0.0, 12 * H), 2.5 * H, planar=True)
    solver = resting(union(large, small), (32, 1, 24), critical_size=6.5 * H)
    report = advance(solver, 20.0)[-1]
    chi, xi = gathered(solver, "crystallinity")[:, 0], gathered(solver, "xi")[:, 0]
    assert chi[:, :16].max() > 0.3 and (chi[:, 17:][xi[:, 17:] > 0.05] == 0.0).all()
    left = xi[:, :16].sum() / xi.sum()
    assert report.measures["orderable_fraction"] == pytest.approx(left, abs=1e-2)
    assert report.measures["crystalline_fraction"] == pytest.approx(left * chi[0, 7], rel=1e-2)


def test_plating_and_stripping_make_no_order_and_take_the_mix():
    solver = resting(flat(6.0 * H), (6, 1, 40), rate=0.0, initial=0.4)
    pieces = []
    for current in (40.0, -60.0, 40.0):
        solver.set_control(Control("current", current))
        pieces += advance(solver, solver.time + 120.0)
    shares = np.array([report.measures["crystalline_fraction"] for report in pieces])
    np.testing.assert_allclose(shares, 0.4, rtol=1e-7)
    heights = np.array([report.measures["mean_height"] for report in pieces])
    assert heights.max() - heights.min() > 1.5 * H  # cells filled and emptied


def test_what_grows_on_ordered_metal_goes_on_with_its_order():
    """A film that becomes four times as thick, through twenty cells, has the same order throughout."""
    solver = resting(flat(6.0 * H), (6, 1, 40), rate=2e-3, crystal_size=1.0 * H)
    solver.set_control(Control("current", 200.0))
    report = advance(solver, 370.0)[-1]
    assert report.measures["mean_height"] > 24.0 * H
    chi, xi = gathered(solver, "crystallinity"), gathered(solver, "xi")
    known = chi[xi > 0.01]
    assert known.max() - known.min() < 2e-3
    assert report.measures["crystalline_fraction"] == pytest.approx(1.0 - math.exp(-2e-3 * 370.0), abs=2e-3)


def test_stripping_takes_the_mix_of_the_cells_it_empties():
    ordered, disordered = ball((7 * H, 0.0, 0.0), 5.0 * H, planar=True), ball((25 * H, 0.0, 0.0), 5.0 * H, planar=True)
    solver = resting(union(ordered, disordered), (32, 1, 24), rate=0.0)
    assert solver.order is not None
    solver.order.ordered[:, :, :17] = np.maximum(solver.xi[:, :, :17], 0.0)
    solver.set_control(Control("current", -40.0))
    report = advance(solver, 60.0)[-1]
    assert solver.ledger.stripped > 0.2 * solver.ledger.metal_start
    chi, xi = gathered(solver, "crystallinity")[:, 0], gathered(solver, "xi")[:, 0]
    assert chi[:, :14][xi[:, :14] > 0.02].min() > 1.0 - 1e-9 and chi[:, 18:].max() == 0.0
    left = xi[:, :16].sum() / xi.sum()
    assert report.measures["crystalline_fraction"] == pytest.approx(left, abs=1e-3)


def nucleating(**changes: Any) -> PlatingSolver:
    """Two nuclei that grow from below the grid's resolution at a held voltage."""
    places = np.array([[6.3e-6, 0.5, 0.0], [14.2e-6, 0.5, 0.0]])
    sites = Nucleation(places, np.tile([0.0, 0.0, 1.0], (2, 1)), "constant_rate", 1e9, 0.5 * math.pi, seed=3)
    problem = plating_problem(
        (40, 1, 30),
        geometry=Geometry(flat(-1e-3)),
        kinetics=Kinetics(0.1, SALT),
        counter=CounterElectrode("reservoir"),
        nucleation=sites,
        crystallinity=ordering(rate=2e-4, **changes),
    )
    solver = PlatingSolver(problem)
    solver.set_control(Control("voltage", -0.1))
    return solver


def test_nuclei_order_from_below_the_grids_resolution_on_as_their_size_says():
    solver = nucleating(critical_size=0.4 * H)
    assert solver.nuclei is not None
    rows = []
    while solver.time < 1.2e4:
        report = solver.step(1.2e4)
        disc = 0.5 * solver.ledger.metal * LITHIUM.molar_volume  # of each of two nuclei
        rows.append((report.time, 2.0 * math.sqrt(disc / math.pi), report.measures["crystalline_fraction"]))
    t, size, chi = np.array(rows).T
    k = law.ordering_rate(size, 0.4 * H, 2e-4, 4.0 * H)
    hazard = np.cumsum(0.5 * (k + np.concatenate([[0.0], k[:-1]])) * np.diff(t, prepend=0.0))
    below, late = size < 0.4 * H, hazard > 0.01
    assert below.sum() > 3 and not (chi[below] > 0.0).any()
    assert (solver.nuclei.status == GROWING).all() and (size[late] > 0.5 * H).any()
    # But for the step in which they pass the critical size.
    np.testing.assert_allclose(chi[late], -np.expm1(-hazard[late]), rtol=0.01, atol=3e-4)
    assert chi[-1] > 0.1


def test_a_restart_goes_on_bitwise():
    whole, first = nucleating(), nucleating()
    for solver in (whole, first):
        for _ in range(25):
            solver.step(1e7)
    again = nucleating()
    again.load(first.save())
    for _ in range(8):
        a, b = whole.step(1e7), again.step(1e7)
    np.testing.assert_equal(a.measures, b.measures)
    np.testing.assert_array_equal(gathered(whole, "crystallinity"), gathered(again, "crystallinity"))
    assert a.measures["crystalline_fraction"] > 0.0
