"""Surface diffusion in plating: balances, sizes of particles, restarts, rejected steps, keys of a scenario."""

from dataclasses import replace

import numpy as np
import pytest
from plating_cells import LITHIUM, ball, flat, plating_problem, rough, union

from ramify.build import build_problem
from ramify.check import check_scenario
from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import CounterElectrode, Geometry, Interface, Kinetics, SurfaceFlow
from ramify.physics.constants import FARADAY
from ramify.scenario import ScenarioError, scenario_from_text

EDGE = 10e-9
METAL = replace(LITHIUM, surface_energy=0.5)
FLOW = SurfaceFlow(1e-30)


def bumpy(**changes):
    """A rough front of nanometres under a slow current: it smooths faster than it grows."""
    size = (20 * EDGE, 1.0, 40 * EDGE)
    return plating_problem(
        (20, 1, 40),
        (EDGE, EDGE, EDGE),
        **{
            "metal": METAL,
            "kinetics": Kinetics(30.0, 1000.0),
            "counter": CounterElectrode("reservoir"),
            "geometry": Geometry(rough(16.0 * EDGE, 2.0 * EDGE, size)),
            "surface_flow": FLOW,
            **changes,
        },
    )


def advanced(problem, steps, current=20.0):
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", current))
    for _ in range(steps):
        solver.step(1e9)
    return solver


def roughness(solver):
    return float(solver.measure()["roughness"])


@pytest.mark.parametrize("current", [20.0, -20.0, 0.0])
def test_the_balances_of_every_step_hold_and_the_front_smooths(current):
    solver = PlatingSolver(bumpy())
    solver.set_control(Control("current", current))
    before = roughness(solver)
    while solver.time < 20.0:
        solver.step(20.0)
    assert max(solver.ledger.balance(FARADAY).values()) < 1e-10
    assert solver.ledger.worst_step < 1e-10
    # exp(-B k^4 t), k = pi/(20 cells): B k^4 = 0.061/s
    assert roughness(solver) < 0.4 * before
    assert roughness(advanced(bumpy(surface_flow=None), 20, current)) > 0.9 * before


def test_a_frozen_front_has_no_flow_and_no_flow_costs_nothing():
    assert PlatingSolver(bumpy(interface=Interface(EDGE, motion="frozen"))).flow is None
    assert PlatingSolver(bumpy(surface_flow=None)).flow is None


def test_restart_is_bitwise():
    problem = bumpy(surface_flow=SurfaceFlow(1e-30, 20e-9, 5e-9))
    whole = advanced(problem, 6)
    again = PlatingSolver(problem)
    again.load(whole.save())
    assert whole.flow is not None and again.flow is not None
    assert again.flow.diffusion.longest == whole.flow.diffusion.longest < 1e6
    for _ in range(4):
        assert whole.step(1e9).voltage == again.step(1e9).voltage
    np.testing.assert_array_equal(whole.xi, again.xi)


def test_a_rejected_step_leaves_no_trace():
    problem = bumpy()
    saved = advanced(problem, 6).save()
    saved["numbers"]["next_step"] *= 3000.0
    greedy, modest = PlatingSolver(problem), PlatingSolver(problem)
    greedy.load(saved)
    report = greedy.step(1e9)
    assert report.rejected >= 1
    modest.load({**saved, "numbers": {**saved["numbers"], "next_step": report.step}})
    assert modest.step(1e9).rejected == 0
    for _ in range(2):
        greedy.step(1e9)
        modest.step(1e9)
    np.testing.assert_array_equal(greedy.xi, modest.xi)
    assert greedy.next_step == modest.next_step


def test_a_particle_knows_its_diameter_and_small_ones_are_faster():
    """Cylinders of 16 and 12 cells across and a film of 6, which counts as four times its thickness in two dimensions.

    The diffuse disc holds pi^2 l^2/(3 R^2) more metal than its sharp one: 5 and 9 %.
    """
    balls = union(
        flat(6.0 * EDGE),
        ball((14.0 * EDGE, 0.0, 34.0 * EDGE), 8.0 * EDGE, planar=True),
        ball((40.0 * EDGE, 0.0, 34.0 * EDGE), 6.0 * EDGE, planar=True),
    )
    problem = plating_problem(
        (56, 1, 60),
        (EDGE, EDGE, EDGE),
        metal=METAL,
        geometry=Geometry(balls),
        interface=Interface(EDGE),
        surface_flow=SurfaceFlow(1e-30, 40e-9, 140e-9),
    )
    solver = PlatingSolver(problem)
    assert solver.flow is not None
    owner, diameters = solver.flow.particles(solver.xi)
    film, large, small = diameters / EDGE
    assert (film, large, small) == pytest.approx((24.0, 16.0 * 1.05, 12.0 * 1.09), rel=0.02)
    tail = owner[1:-1, 1, 1:-1][34, [14, 14 + 12, 40, 40 + 7, 27]]
    assert tail.tolist()[:4] == [1, 1, 2, 2]
    found = np.asarray(solver.flow.coefficient(solver.xi))
    # The smaller ball lies below the range of the law.
    assert found[35, 1, 15] == pytest.approx(1e-30 * (1.0 + 40.0 / (10.0 * large)), rel=1e-12)
    assert found[35, 1, 41] == pytest.approx(1e-30 * (1.0 + 40.0 / 140.0), rel=1e-12)
    assert found[OWNED].min() == pytest.approx(1e-30), "away from metal"


PLANE = """\
domain: {size: [200 nm, 400 nm], cells: [40, 80]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
metal: {preset: lithium, surface_diffusion: {diffusivity: 1e-11 m^2/s}}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 50 nm}
protocol: [plate at 1 mA/cm^2 for 1 s]
"""


def flow_of(*overrides):
    return build_problem(scenario_from_text(PLANE, overrides=list(overrides))).surface_flow


def test_keys_reach_the_law():
    plain = flow_of()
    # D_s delta_s gamma Omega/(R T), delta_s the edge of an atom's cube, 0.2785 nm
    assert plain.coefficient == pytest.approx(1e-11 * 2.785e-10 * 0.52 / 76900.0 / (8.314463 * 298.15), rel=1e-3)
    assert flow_of("metal.surface_diffusion.thickness=0.557 nm").coefficient == pytest.approx(
        2.0 * plain.coefficient, rel=1e-3
    )
    assert flow_of("metal.surface_diffusion.diffusivity=3e-11 m^2/s").coefficient == pytest.approx(
        3.0 * plain.coefficient
    )
    sized = flow_of("metal.surface_diffusion.size_law={length: 10 nm, smallest: 3 nm}")
    assert (sized.size_length, sized.smallest_size) == pytest.approx((10e-9, 3e-9))
    assert flow_of("metal.surface_diffusion=") is None


REFUSED = [
    (["engine=fipy"], "metal.surface_diffusion", "engine: petsc"),
    (["domain={size: [400 nm], cells: [80]}"], "metal.surface_diffusion", "lateral"),
    (["interface.motion=frozen"], "metal.surface_diffusion", "keeps its shape"),
    (["interface.curvature=allen_cahn"], "interface.curvature", "conservative"),
    (["metal.surface_energy=0 J/m^2"], "metal.surface_energy", "nothing drives"),
    (["metal.surface_diffusion.size_law={length: 10 nm}"], "smallest", "missing"),
    (["metal.surface_diffusion.diffusivty=1e-11 m^2/s"], "diffusivty", "diffusivity"),
    (["metal.surface_diffusion.diffusivity=1e-11"], "diffusivity", "without a unit"),
]


@pytest.mark.parametrize(("overrides", "key", "words"), REFUSED)
def test_what_cannot_be_is_refused_with_its_key(overrides, key, words):
    with pytest.raises(ScenarioError) as refusal:
        scenario_from_text(PLANE, overrides=overrides)
    assert key in str(refusal.value) and words in str(refusal.value)


def test_check_tells_times_and_what_the_grid_does_not_show():
    scales = {scale.name: scale for scale in check_scenario(scenario_from_text(PLANE)).scales}
    B = flow_of().coefficient
    assert scales["surface diffusion time"].value == pytest.approx((200e-9) ** 4 / B)
    assert scales["surface diffusion length"].value == pytest.approx((B / (10.0 / 76900.0 / FARADAY)) ** (1.0 / 3.0))

    def warned(*overrides):
        return [
            w for w in check_scenario(scenario_from_text(PLANE, overrides=list(overrides))).warnings if "surface" in w
        ]

    assert not warned()
    assert any("does not show it" in w for w in warned("metal.surface_diffusion.diffusivity=1e-17 m^2/s"))
    small = ["film.thickness=0 nm", "nuclei=[{position: [0 nm, 0 nm], radius: 20 nm}]"]
    law = "metal.surface_diffusion.size_law={length: 10 nm, smallest: 60 nm}"
    assert any("size_law.smallest" in w for w in warned(*small, law))
