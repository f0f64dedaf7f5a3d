"""Flowing solids on unstructured meshes: saturated lithium, voids in creep, tangents, time, ranks."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from ramify.fem.boxes import uniform_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.pattern import apply_entries
from ramify.fem.reference import KINDS, KindName, Order
from ramify.fem.solid_boundaries import Fixed, Pressure, SolidCondition, Symmetry
from ramify.fem.spaces import Space
from ramify.fem.viscoplastic import FlowingSolid, SolidFailure, SolidNumerics
from ramify.physics.elasticity import Elasticity
from ramify.physics.mechanics import von_mises
from ramify.physics.viscoplasticity import anand_lithium, elastic, flow_rate, power_law_creep
from ramify.validation import solids

Form = Literal["power", "sinh"]
RATES = (4e-5, 3e-4, 3e-3, 2e-2)
SATURATED: dict[Form, tuple[float, ...]] = {"sinh": (0.604, 0.886, 1.350, 1.875), "power": (0.621, 0.929, 1.472, 2.151)}
"""Saturated stress of lithium at 298 K [MPa], by rate [1/s]."""


@pytest.mark.parametrize("form", ["sinh", "power"])
def test_saturated_stress_of_lithium(form: Form) -> None:
    """A metal that has hardened all it can keeps its resistance; the bar carries the saturated stress."""
    for rate, expected in zip(RATES, SATURATED[form], strict=True):
        law = anand_lithium(form, 298.0)
        hardened = replace(law, resistance=law.saturated_resistance(rate))
        bar = solids.pulled_bar(hardened, rate)
        bar.advance(0.02 / rate, 1e-5 / rate)
        assert bar.stress[..., 2] / 1e6 == pytest.approx(expected, abs=1e-3)
        assert np.abs(bar.stress[..., :2]).max() < 1.0
        assert bar.reaction("top")[2] == pytest.approx(bar.stress[0, 0, 2] * 1e-12, rel=1e-6)
        assert bar.resistance == pytest.approx(hardened.resistance, rel=1e-4)
        bar.destroy()


def test_hardening_lithium_converges_in_time_with_order_one() -> None:
    """Against the law as an ordinary differential equation of stress and resistance, by an independent method."""
    rate, strain = 3e-3, 0.03
    law = anand_lithium("power", 298.0)
    numbers = law.parameters

    def change(_: float, state: np.ndarray) -> list[float]:
        stress, S = state
        flow = float(flow_rate(stress, S, numbers))
        star = law.saturated_resistance(max(flow, 1e-300))
        gap = 1.0 - S / star
        hardening = law.hardening * abs(gap) ** law.hardening_exponent * math.copysign(1.0, gap)
        return [law.elasticity.youngs_modulus * (rate - flow), hardening * flow]

    exact = solve_ivp(change, (0.0, strain / rate), [1.0, law.resistance], method="LSODA", rtol=1e-9, atol=1e-3).y[
        :, -1
    ]
    errors = []
    for steps in (32, 64):
        bar = solids.pulled_bar(law, rate)
        for _ in range(steps):
            bar.step(strain / rate / steps)
        errors.append((bar.stress[0, 0, 2] - exact[0], bar.resistance[0, 0] - exact[1]))
        bar.destroy()
    assert abs(errors[1][1]) < 2e-3 * exact[1]
    assert abs(errors[1][0]) < 2e-3 * exact[0]
    assert 0.85 < math.log2(errors[0][1] / errors[1][1]) < 1.15


def test_void_in_creeping_metal_closes_as_creep_says() -> None:
    """Second order in the cells, whatever the power of the stress; quadratic bricks on flat facets as well."""
    for exponent in (1.0, 3.0):
        coarse, fine = solids.closing_error(exponent, 2), solids.closing_error(exponent, 3)
        assert abs(fine) < 0.06
        assert 1.6 < math.log(coarse / fine) / math.log(1.5) < 2.3
    assert abs(solids.closing_error(1.0, 2, 2)) < 0.03


def test_two_ranks_give_the_same(mpiexec, checkout: Path) -> None:
    parallel = json.loads(mpiexec(2, "fem_flowing_cases.py", cwd=checkout / "tests").stdout.splitlines()[-1])
    assert parallel["linear"] == pytest.approx(solids.closing_error(1.0, 2), rel=1e-5)
    assert parallel["cubic"] == pytest.approx(solids.closing_error(3.0, 2), rel=1e-5)
    assert parallel["second order"] == pytest.approx(solids.closing_error(3.0, 1, 2), rel=1e-5)


def test_tangent_is_the_derivative_of_the_forces() -> None:
    elements: list[tuple[KindName, Order]] = [("tetrahedron", 2), ("hexahedron", 1), ("hexahedron", 2)]
    for kind, order in [*elements, ("quadrilateral", 2)]:
        dimension = KINDS[kind].dimension
        space = Space(uniform_box(kind, (1.0,) * dimension, (2,) * dimension), order, dimension)
        solid = FlowingSolid(space, {"box": Phase(anand_lithium())}, lambda time: [])
        rng = np.random.default_rng(1)
        u, way = 1e-3 * rng.normal(size=space.zeros().shape), rng.normal(size=space.zeros().shape)
        free = np.zeros_like(u, dtype=bool)
        given = (10.0, solid.inelastic, space.zeros(), free, np.empty(0))
        balance = solid._balance(u, *given)
        h = 1e-7
        sides = [solid._balance(u + sign * h * way, *given).rest for sign in (1.0, -1.0)]
        expected = (sides[1] - sides[0]) / (2.0 * h)
        found = apply_entries(balance.entries, solid.pattern.starts, solid.pattern.columns, way)
        assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max(), (kind, order)
        solid.destroy()


def test_what_does_not_flow_is_elastic() -> None:
    law = elastic(Elasticity(7.81e9, 0.38))
    space = Space(uniform_box("hexahedron", (1.0, 1.0, 1.0), (3, 3, 3)), 1, 3)
    said: list[SolidCondition] = [Fixed("bottom"), Pressure("top", 1e6)]
    expected = ElasticSolid(space, {"box": Phase(law, 1e-4)}).solve(said)
    solid = FlowingSolid(space, {"box": Phase(law, 1e-4)}, lambda time: said)
    assert solid.settle() <= 3
    assert solid.u == pytest.approx(expected, abs=1e-7 * np.abs(expected).max())


def test_steps_follow_the_flow_and_hit_the_time() -> None:
    """Metal pressed between fixed sides relaxes, 1/q^2 = 1/q_0^2 + E B t/(1 - nu); steps grow as the flow slows."""
    space = Space(uniform_box("hexahedron", (1.0, 1.0, 1.0), (2, 2, 2)), 1, 3)
    law = power_law_creep(Elasticity(7.81e9, 0.38), 1e-4, 1e6, 3.0)
    sides = [Symmetry(name) for name in ("left", "right", "front", "back", "bottom")]
    pressed: list[SolidCondition] = [*sides, Pressure("top", 1e7)]
    first = 1e7 * (1.0 - 0.38 / 0.62)
    exact = 1.0 / math.sqrt(first**-2 + 7.81e9 * 1e-4 * 1e-18 * 2.0 / 0.62)
    errors = []
    for tolerance in (1e-6, 1e-7):
        solid = FlowingSolid(space, {"box": Phase(law)}, lambda time: pressed, None, SolidNumerics(flow=tolerance))
        solid.settle()
        assert von_mises(solid.stress) == pytest.approx(first, rel=1e-6)
        steps = solid.advance(2.0, 1e-4)
        assert solid.time == 2.0
        assert steps[-1].dt > 10.0 * steps[0].dt
        assert max(step.error for step in steps) <= 2.0 * tolerance
        errors.append(float(von_mises(solid.stress).max()) / exact - 1.0)
        np.testing.assert_allclose(solid.stress[..., 2], -1e7, rtol=1e-6)
        solid.destroy()
    # Backward Euler: the error goes with the step, the step with the root of the tolerance.
    assert 0.0 < errors[1] < 0.02
    assert 2.5 < errors[0] / errors[1] < 4.0


def test_failed_step_leaves_no_trace() -> None:
    law = anand_lithium()
    bar = solids.pulled_bar(law, 3e-3)
    bar.step(0.1)
    kept = [piece.copy() for piece in (bar.u, bar.stress, bar.inelastic, bar.resistance, bar.rate)]
    bar.numerics = SolidNumerics(newton_iterations=1)
    with pytest.raises(SolidFailure, match=r"no equilibrium at 0\.2 s after a step of 0\.1 s"):
        bar.step(0.1)
    for before, after in zip(kept, (bar.u, bar.stress, bar.inelastic, bar.resistance, bar.rate), strict=True):
        assert np.array_equal(before, after)
    assert bar.time == 0.1
