"""Anand's resistance as a field of creeping metal: point solution, transport with the metal, restart, ranks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_void_creep import box, creep_of, with_void
from test_void_creep_runs import engine_of, set_by

from ramify.check import check_scenario
from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control, SolverFailure
from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels import creep as kernels
from ramify.phasefield.voids.creep import Creep
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports
from ramify.phasefield.voids.engine import VoidEngine
from ramify.phasefield.voids.resistance import Resistance
from ramify.physics.creep import creep_rate
from ramify.physics.viscoplasticity import anand_lithium, flow_rate, hardening_rate, inelastic_strain, respond
from ramify.scenario import ScenarioError

LAW = anand_lithium()
EVOLVING = "mechanics={stack_pressure: 2 MPa, law: anand}"


def block():
    """Dense lithium that a plate presses between frictionless faces, its sides free."""
    grid = box((4, 4, 4))
    supports, exact = CreepSupports("sliding", "sliding", "rigid", "free"), CreepNumerics(1e-8, softness=1e-8)
    creep = Creep(grid, creep_of(grid).front, LAW, supports, exact, evolves=True)
    xi = grid.zeros()
    xi[:] = 1.0
    return creep, xi


def test_pressed_block_is_the_point_solution_and_saturates():
    """The strain that the stress p makes it creep by, given to the law of a point, makes that stress and S again.

    The rate of a step is that of S at its start; the point's stress, implicit, that of S at its end.
    """
    pressure, (creep, xi) = 1e6, block()
    axes = np.array([0.5, 0.5, -1.0, 0.0, 0.0, 0.0])
    strain, inelastic, S = np.zeros(6), np.zeros(6), LAW.resistance
    stress, tangent, stresses, rates, passed = np.zeros(6), np.zeros((6, 6)), [], [], 0.0
    while passed < 200.0:
        creep.velocity(xi, pressure)
        step, field = 0.5 * creep.longest_step(), creep.resistance
        rate = field.rate[OWNED]
        assert np.ptp(rate) < 1e-6 * rate.mean()
        rates.append(float(rate.mean()))
        passed += step * rates[-1]
        before = float(field.value[1, 1, 1])
        field.harden(field.value, field.rate, creep.flow.xi, step)
        strain = strain + axes * step * rates[-1]
        _, S, _ = respond(strain, inelastic, S, step, LAW.parameters, stress, tangent)
        inelastic = inelastic_strain(strain, stress, LAW.parameters)
        stresses.append(abs(stress[2] - stress[0]) * before / S)
    # dense cells keep a porosity of 1e-12, and are stiffer by 2e-5 for it
    assert rates[0] == pytest.approx(flow_rate(pressure, LAW.resistance, LAW.parameters), rel=3e-4)
    np.testing.assert_allclose(stresses[1:], pressure, rtol=1e-4)  # the first loads its elastic strain too
    assert field.value[OWNED] == pytest.approx(S, rel=1e-4)
    steady = creep_rate(LAW, pressure)
    assert rates[0] > 5.0 * steady
    assert rates[-1] == pytest.approx(steady, rel=0.03)  # only as one over the strain
    assert rates[-1] > steady


def test_hardening_is_that_of_its_backward_steps():
    for rate, S in ((1e-3, 0.95e6), (10.0, 0.95e6), (1e-9, 0.95e6)):
        field = Resistance(box((4, 1, 4)), replace(LAW, resistance=S))
        field.rate.fill(rate)
        dense, step = np.ones_like(field.value), 1e-4 / rate
        before = field.value.copy()
        field.harden(field.value, field.rate, dense, step)
        change = (field.value - before)[OWNED] / step
        assert change == pytest.approx(hardening_rate(rate, S, LAW.parameters), rel=2e-3)
        assert field.shortest_time(dense) > 0.0
    empty = np.zeros_like(dense)
    before = field.value.copy()
    field.harden(field.value, field.rate, empty, 1e9)
    np.testing.assert_array_equal(field.value, before)  # the void's strain is no metal's
    assert field.shortest_time(empty) == np.inf


def moved(cells):
    """A wave of S carried once around a periodic box of dense metal; error, and what the sum lost."""
    grid = box((cells, 1, 4), periodic=True)
    field, one, h = Resistance(grid, LAW), grid.zeros(), grid.domain.spacing
    one[:] = 1.0
    x = grid.centres()[0]
    wave = field.value * (1.0 + 0.3 * np.sin(2.0 * np.pi * x / grid.domain.size[0]))
    faces = [np.full_like(one, 1e-9), grid.zeros(), grid.zeros()]
    inverse = tuple(1.0 / edge for edge in h)
    value, steps = wave, 4 * cells
    for _ in range(steps):
        value = field.carried(value, (one, one), faces, inverse, grid.domain.size[0] / 1e-9 / steps)
        assert value.max() <= wave.max() * (1.0 + 1e-12) and value.min() >= wave.min() * (1.0 - 1e-12)
    return np.abs(value - wave)[OWNED].mean(), abs((value - wave)[OWNED].sum()) / wave[OWNED].sum()


def test_resistance_goes_with_the_metal_and_makes_no_extremum():
    (coarse, lost), (fine, _) = moved(32), moved(64)
    assert lost < 1e-13
    assert fine < coarse / 3.0


def test_metal_that_comes_in_has_not_flowed():
    grid = box((4, 1, 4))
    field, one = Resistance(grid, LAW), grid.zeros()
    one[:] = 1.0
    value = np.full_like(one, 2e6)
    faces = [grid.zeros(), grid.zeros(), np.full_like(one, 1e-9)]
    duration = 0.5 * grid.domain.spacing[2] / 1e-9
    inverse = tuple(1.0 / edge for edge in grid.domain.spacing)
    out = field.carried(value, (one, one), faces, inverse, duration)[OWNED]
    np.testing.assert_allclose(out[0], 2e6 + 0.5 * (LAW.resistance - 2e6), rtol=1e-12)
    np.testing.assert_allclose(out[1:], 2e6, rtol=1e-12)


@pytest.mark.parametrize("cells", [(16, 1, 16), (8, 6, 8)])
def test_what_the_metal_holds_changes_by_what_comes_in_alone(cells):
    """Sum of xi S, with the velocity around a void."""
    grid = box(cells)
    creep, xi = creep_of(grid), with_void(grid)
    creep.velocity(xi, 1e6)
    field, step = Resistance(grid, LAW), creep.longest_step()
    value = field.value * (1.0 + 0.5 * grid.centres()[2] / grid.domain.size[2])
    grid.fill_outer_ghosts(value)
    stage, out = xi.copy(), xi.copy()
    x, y, z = creep.faces
    entered = kernels.advect(xi, xi, 0.0, x, y, z, creep.inverse, step, True, stage)
    creep.front.extend_into_host(stage)
    entered += kernels.advect(stage, xi, 0.5, x, y, z, creep.inverse, step, True, out)
    after = field.carried(value, (xi, stage), creep.faces, creep.inverse, step)
    held = float((xi * value)[OWNED].sum()) + 0.5 * entered * LAW.resistance
    assert float((out * after)[OWNED].sum()) == pytest.approx(held, rel=1e-13)
    assert after[OWNED].max() <= value.max() and after[OWNED].min() >= LAW.resistance * (1.0 - 1e-12)


def test_virgin_lithium_closes_faster_and_hardens():
    virgin, saturated = (
        engine_of(EVOLVING),
        engine_of("mechanics={stack_pressure: 2 MPa, law: anand, resistance: saturated}"),
    )
    for engine in (virgin, saturated):
        engine.set_control(Control("current", -3.0, 1.0))
        engine._set_creep()
    assert virgin.creep.speed > 10.0 * saturated.creep.speed
    assert virgin.measure()["flow_resistance"] == pytest.approx(LAW.resistance, rel=1e-12)
    assert "flow_resistance" not in saturated.measure()
    # a step that is thrown away leaves no trace
    before = virgin.creep.resistance.value.copy()
    virgin._attempt(virgin._flow(), virgin.creep.longest_step())
    np.testing.assert_array_equal(virgin.creep.resistance.value, before)
    for _ in range(4):
        report = virgin.step(100.0)
    assert report.measures["flow_resistance"] > 1.02 * LAW.resistance
    other = engine_of(EVOLVING)
    other.load(virgin.save())
    for _ in range(3):
        a, b = virgin.step(100.0), other.step(100.0)
        assert (a.time, a.measures) == (b.time, b.measures)
    np.testing.assert_array_equal(virgin.creep.resistance.value[OWNED], other.creep.resistance.value[OWNED])


def test_two_ranks_agree(mpiexec):
    script = Path(__file__).with_name("parallel_creep.py")
    one, two = (json.loads(mpiexec(ranks, script, "engine", "anand").stdout)["numbers"] for ranks in (1, 2))
    assert one["flow_resistance"] > LAW.resistance
    assert two == pytest.approx(one, rel=1e-4)


def test_more_than_virgin_lithium_bears_is_told():
    scenario = set_by("mechanics={stack_pressure: 10 MPa, law: anand}")
    assert any("saturated" in note for note in check_scenario(scenario).warnings)
    assert not any("resistance" in note for note in check_scenario(set_by(EVOLVING)).warnings)
    engine = VoidEngine(build_problem(scenario))
    engine.set_control(Control("current", -3.0, 1.0))
    with pytest.raises(SolverFailure, match="out-of-balance") as failure:
        engine.step(1.0)
    assert "lower stack pressure" in failure.value.remedy
    assert engine.time == 0.0


def test_resistance_belongs_to_anand():
    assert set_by(EVOLVING).mechanics.resistance == "evolving"
    with pytest.raises(ScenarioError) as refusal:
        set_by("mechanics={stack_pressure: 2 MPa, resistance: saturated}")
    assert "mechanics.resistance" in str(refusal.value) and "law: anand" in str(refusal.value)
