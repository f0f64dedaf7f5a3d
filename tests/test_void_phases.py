"""The published Allen-Cahn voids: laws, limits solved by hand, conservation, two ranks, keys."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from void_metals import ball
from void_phases import OMEGA, D, T, phase_metal

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED
from ramify.phasefield.voids.allen_cahn.stage import Stage
from ramify.phasefield.voids.engine import VoidEngine
from ramify.phasefield.voids.metal import inner_faces
from ramify.physics import contact_loss, double_well
from ramify.physics import void_allen_cahn as laws
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.scenario import ScenarioError, scenario_from_text

SCRIPT = Path(__file__).with_name("parallel_void_phases.py")
KAPPA, WELL = 4.5e-7, 3.5e6
TEXT = """\
model: voids
formulation: allen_cahn
domain: {size: [12 um, 8 um], cells: [48, 32]}
voids: [{position: [6 um, 8 um], radius: 3 um}]
electrolyte: {thickness: 20 um, conductivity: 5.5e-3 S/m}
kinetics: {exchange_current_density: 100 A/m^2}
protocol: [strip at 1 mA/cm^2 for 2 min]
"""


def scenario(*overrides):
    return scenario_from_text(TEXT, list(overrides), "case.yaml")


@pytest.mark.parametrize("kind", [laws.PUBLISHED, laws.QUINTIC])
def test_slopes_are_those_of_the_functions(kind):
    x, e = np.linspace(-0.1, 1.1, 25), 1e-6
    for value, slope in ((laws.share, laws.share_slope), (laws.share_slope, laws.share_curvature)):
        found = [(value(a + e, kind) - value(a - e, kind)) / (2 * e) for a in x]
        assert [slope(a, kind) for a in x] == pytest.approx(found, rel=1e-6, abs=1e-7)
    assert [laws.share(0.0, kind), laws.share(1.0, kind)] == [0.0, 1.0]
    assert laws.share_slope(1.0, kind) == (1.0 if kind == laws.PUBLISHED else 0.0)
    assert laws.well_slope(0.3) == pytest.approx(2 * 0.3 * 0.7 * 0.4)
    assert laws.well_curvature(0.3) == pytest.approx((laws.well_slope(0.3 + e) - laws.well_slope(0.3 - e)) / (2 * e))


def test_surface_of_a_flat_profile():
    """Its energy is the integral of the free energy over the profile, which satisfies kappa xi'' = W g'."""
    l = double_well.width(KAPPA, WELL)

    def xi(s):
        return 0.5 * (1.0 + math.tanh(0.5 * s))

    energy = l * quad(lambda s: 2.0 * WELL * (xi(s) * (1.0 - xi(s))) ** 2, -40, 40)[0]
    assert double_well.surface_energy(KAPPA, WELL) == pytest.approx(energy, rel=1e-9)
    s, e = 0.7, 1e-3
    bend = KAPPA * (xi(s + e) - 2 * xi(s) + xi(s - e)) / (e * l) ** 2
    assert bend == pytest.approx(WELL * laws.well_slope(xi(s)), rel=1e-5)


def test_metal_demixes_beyond_what_it_withstands():
    """Uniform metal: the largest y with a root of W g' + (RT/Omega) h' y between the spinodal and one."""
    y = double_well.largest_drive(WELL, OMEGA, T)
    x = np.linspace(0.5, 1.0, 20001)
    chemical = GAS_CONSTANT * T / OMEGA
    force = np.array([WELL * laws.well_slope(a) + chemical * laws.share_slope(a, laws.PUBLISHED) * y for a in x])
    assert force.min() == pytest.approx(0.0, abs=2e-8 * WELL)
    assert y == pytest.approx(0.00327, rel=2e-3)


@pytest.mark.parametrize("kind", ["published", "quintic"])
def test_vacancies_across_a_slab(kind):
    """y = i z Omega/(F D), at rest; published metal thins by (RT/Omega) y/(2 W) on top, to first order."""
    h, n, current = 1e-6, 20, -0.05
    metal = phase_metal((1, 1, n), h, interpolation=kind, mobility=1e-6)
    state = metal.initial_state()
    for _ in range(8):
        state = metal.advance(state, 1e4, np.full((1, 1), current)).result
    z = (np.arange(n) + 0.5) * h
    top = contact_loss.supersaturation(-current, D, n * h, OMEGA) - 1.0
    y = np.log1p(state.excess[1:-1, 1, 1])
    assert y == pytest.approx(top * z / (n * h), rel=5e-3 if kind == "published" else 1e-6)
    thinner = GAS_CONSTANT * T / OMEGA * y / (2.0 * WELL) if kind == "published" else np.zeros(n)
    # walls, through which xi has no flux, bend the profile in the cells beside them
    assert 1.0 - state.xi[3:-3, 1, 1] == pytest.approx(thinner[2:-2], rel=0.06, abs=1e-9)
    assert metal.contact_supersaturation(state, np.full((1, 1), current)) == pytest.approx(1.0 + top, rel=2e-5)


def test_a_tunnel_in_metal_without_resistance_shrinks_by_its_curvature():
    """r^2 = r0^2 - 2 L kappa t with y = 0, which a fast diffusion to the back face holds."""
    h, radius, L = 0.2e-6, 4e-6, 1e-6
    metal = phase_metal((36, 1, 36), h, ball(radius, (0.0, 0.0, 36 * h), True), diffusivity=1e-6, mobility=L,
                        interpolation="quintic")  # fmt: skip
    state = metal.initial_state()

    def square(state):
        return 4.0 / math.pi * float(np.sum(1.0 - state.xi[OWNED])) * h * h

    start = square(state)
    for _ in range(6):
        state = metal.advance(state, 1.0, np.zeros((1, 36))).result
    assert square(state) - start == pytest.approx(-2.0 * L * KAPPA * state.time, rel=0.03)
    assert state.excess[OWNED].max() < 1e-6


@pytest.mark.parametrize("drive", [None, "published", "complete"])
def test_the_jacobian_is_the_derivative_of_the_rows(drive):
    """Without stress and with it."""
    metal = phase_metal(
        (12, 1, 10), 0.4e-6, ball(1.5e-6, (2.4e-6, 0.0, 4e-6), True), mobility=1e-7,
        stack_pressure=0.0 if drive is None else 6e5, stress_drive=drive or "published",
    )  # fmt: skip
    stage = Stage(metal.grid, metal.problem, inner_faces(metal.grid))
    rng = np.random.default_rng(3)
    state = metal.initial_state()
    y, tension = metal.grid.zeros(), 1e-3 * rng.standard_normal(metal.grid.ghosted_shape)
    y[OWNED] = 1e-3 * rng.standard_normal(metal.grid.shape)
    stage.tension = None if drive is None else tension
    stage._time, stage._source, stage._u = 5.0, 0.0, y if drive is None else y + tension
    n = state.xi[OWNED].size
    step, e = rng.standard_normal(2 * n), 1e-6

    def rows(sign):
        xi, other = state.xi.copy(), y.copy()
        xi[OWNED] += sign * e * step[:n].reshape(metal.grid.shape)
        other[OWNED] += sign * e * step[n:].reshape(metal.grid.shape)
        stage._set_rows(xi, other, state.xi, state.lithium, 5.0)
        return np.concatenate([row[OWNED].ravel() for row in stage._rows])

    slope = (rows(1) - rows(-1)) / (2 * e)
    stage._set_rows(state.xi, y, state.xi, state.lithium, 5.0)
    stage._right.getArray()[:] = step
    stage.mult(stage._matrix, stage._right, stage._update)
    assert stage._update.getArray() == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.abs(slope).max())


@pytest.mark.parametrize("kind", ["published", "quintic"])
def test_lithium_is_conserved_and_the_second_order_shows(kind):
    """Void gained = stripped less what the back face took, to round-off; half the step, a quarter of the error."""
    void = ball(1.6e-6, (4e-6, 0.0, 5e-6), True)
    found = []
    for count in (4, 8, 32):
        metal = phase_metal((40, 1, 25), 0.2e-6, void, interpolation=kind, mobility=1e-7)
        state = metal.initial_state()
        start = metal.void_volume(state)
        current = -10.0 * metal.contact_fraction(state)
        for _ in range(count):
            state = metal.advance(state, 80.0 / count, current).result
        books = state.ledger
        assert books.stripped == pytest.approx(books.condensed + books.left, rel=1e-11)
        assert metal.void_volume(state) - start == pytest.approx(books.condensed * OMEGA, rel=1e-9)
        assert books.worst_step < 1e-11
        found.append(state.xi[OWNED].copy())
    errors = [np.abs(xi - found[-1]).max() for xi in found[:-1]]
    assert math.log2(errors[0] / errors[1]) > 1.6


def test_two_ranks_find_what_one_finds():
    def told(ranks):
        command = [str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks), sys.executable, str(SCRIPT)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)

    one, two = told(1), told(2)
    assert two["ranks"] == 2 and two["worst"] < 1e-11
    for name, value in one["numbers"].items():
        assert two["numbers"][name] == pytest.approx(value, rel=1e-6), name


def test_short_steps_are_booked_to_what_they_moved():
    # 1 ms takes 2e-7 of the metal, which a sum over all of it knows to nine digits
    engine = VoidEngine(build_problem(scenario("numerics.first_step=1 ms", "numerics.largest_step=1 ms")))
    engine.set_control(Control("current", -10.0))
    for _ in range(4):
        engine.step(30.0)
    assert 0.0 < engine.ledger.worst_step < 5e-11
    assert engine.ledger.stripped == pytest.approx(-engine.ledger.charge / FARADAY, rel=5e-11)


def test_the_engine_strips_it_and_a_restart_is_the_same():
    engine = VoidEngine(build_problem(scenario()))
    engine.set_control(Control("current", -10.0))
    start = engine.metal.void_volume(engine.state)
    engine.step(30.0)
    saved = engine.save()
    report = engine.step(120.0)
    assert engine.metal.void_volume(engine.state) > start
    lost = engine.ledger.metal - engine.ledger.metal_start
    assert lost == pytest.approx(engine.ledger.charge / FARADAY, rel=1e-10)
    other = VoidEngine(build_problem(scenario()))
    other.load(saved)
    again = other.step(120.0)
    assert again.measures == report.measures
    assert np.array_equal(other.state.xi[OWNED], engine.state.xi[OWNED])


@pytest.mark.parametrize(
    "override",
    [
        "allen_cahn={double_well: 7 MPa}",
        "allen_cahn={gradient_energy: 6e-7 N}",
        "allen_cahn={mobility: 1e-7 m^2/(N*s)}",
        "allen_cahn={interpolation: quintic}",
        "allen_cahn={vacancy_fraction: 1e-4}",
        "vacancies={diffusivity: 1e-13 m^2/s}",
        "vacancies={back: closed}",
        "formulation=vacancy",
    ],
)
def test_every_key_changes_the_result(override):
    def strip(*overrides):
        engine = VoidEngine(build_problem(scenario(*overrides)))
        engine.set_control(Control("current", -10.0))
        while engine.time < 60.0:
            report = engine.step(60.0)
        return report.measures["contact_fraction"], report.measures["contact_supersaturation"]

    assert strip(override) != pytest.approx(strip(), rel=1e-6)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ("formulation=allen_cahm", "allen_cahn"),
        ("formulation=vacancy & allen_cahn={mobility: 1e-9 m^2/(N*s)}", "formulation: allen_cahn"),
        ("metal={surface_energy: 0.5 J/m^2}", "0.2958"),
        ("interface={width: 1 um}", "2.535e-07"),
        ("vacancies={sink_length: 5 um}", "sinks"),
        ("nucleation={law: threshold, threshold: 1.1, density: 1e12 1/m^2}", "births"),
        ("electrolyte.contact_angle=60 deg", "upright"),
        ("metal={surface_diffusivity: 1e-12 m^2/s, surface_thickness: 0.3 nm}", "surfaces"),
        ("domain.cells=[12, 8]", "resolve"),
        ("allen_cahn={mobility: 1e-9 m^2/s}", "mobility"),
    ],
)
def test_what_cannot_apply_is_refused(overrides, told):
    with pytest.raises(ScenarioError) as refusal:
        scenario(*overrides.split(" & "))
    assert told in str(refusal.value)
