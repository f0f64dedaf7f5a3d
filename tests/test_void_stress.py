"""The published Allen-Cahn voids under stack pressure: mean stress, creep, lithium, restart, ranks, keys."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from void_phases import OMEGA, OMEGA_V, PRESSED, T, phase_metal

from ramify.check import check_scenario
from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels.void_allen_cahn import follow_lithium
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.allen_cahn.carrier import PhaseCarrier, average, carried, spread
from ramify.phasefield.voids.creep_problem import CreepSupports, StackCreep
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics import double_well, lithium_creep
from ramify.physics import void_allen_cahn as laws
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.vacancy_stress import source_potential, stress_potential
from ramify.scenario import ScenarioError, scenario_from_text

SCRIPT = Path(__file__).with_name("parallel_void_phases.py")
PRESSURE = 0.6e6
PER_STRESS = (OMEGA - OMEGA_V) / (GAS_CONSTANT * T)
"""[1/Pa]."""
STACK = StackCreep(PRESSURE, lithium_creep.lithium(T), T, CreepSupports("sliding", "sliding"))
FAST = {"interpolation": "quintic", "mobility": 1e-6}


def set_by(*overrides):
    return scenario_from_text(PRESSED, list(overrides), "case.yaml")


def engine_of(*overrides):
    return VoidEngine(build_problem(set_by(*overrides)))


def under(metal, tension):
    """The metal at the start under a given field, a number or one of z [m]."""
    state = metal.initial_state()
    field = metal.grid.zeros()
    field[:] = tension(metal.grid.centres()[2]) if callable(tension) else tension
    return replace(state, tension=field)


def rest(metal, state, seconds, steps=6):
    """After that time without a current."""
    still = np.zeros(metal.grid.shape[1:])
    for _ in range(steps):
        state = metal.advance(state, seconds / steps, still).result
    return state


# ---------------------------------------------------------------------- laws


def test_a_source_makes_the_volume_of_a_vacancy_whatever_an_atom_takes():
    """y at a source under a pressure p all around is -p Omega_v/RT; the potential there, Herring's, has no Omega_v."""
    for vacancy in (0.0, 6e-6, OMEGA):
        y = source_potential(-PRESSURE, OMEGA, T) - stress_potential(-PRESSURE, OMEGA, vacancy, T)
        assert y == pytest.approx(-PRESSURE * vacancy / (GAS_CONSTANT * T), abs=1e-18)
    assert stress_potential(-PRESSURE, OMEGA, OMEGA_V, T) == pytest.approx(-1.719e-3, rel=1e-3)


def test_settled_metal_is_at_rest():
    chemical = GAS_CONSTANT * T / OMEGA
    for y in (-5e-4, 1e-4, 1e-3):
        xi = laws.settled(chemical * y / 3.5e6)
        force = 3.5e6 * laws.well_slope(xi) + chemical * laws.share_slope(xi, laws.PUBLISHED) * y
        assert abs(force) < 1e-6
        assert xi == pytest.approx(1.0 - chemical * y / 7e6, abs=3000 * y**2)
    limit = double_well.LARGEST_RATIO
    assert laws.settled(2.0 * limit) == laws.settled(limit) == pytest.approx(0.8063, rel=1e-4)


# ---------------------------------------------------------------------- carried along


def carry_around(n, steps, sharp):
    """A profile once around a periodic box, obliquely: what it was, and what it has become."""
    grid = Grid(Domain((1.0, 1.0, 1.0), (n, n, 1), True))
    x, y, _ = grid.centres()
    a = grid.zeros()
    a[:] = np.abs(np.sin(np.pi * x)) ** 80 if sharp else np.sin(np.pi * x) ** 2 * np.cos(np.pi * y) ** 2
    grid.fill_outer_ghosts(a)
    faces = [np.ones(grid.ghosted_shape), np.ones(grid.ghosted_shape), grid.zeros()]
    start, step = a[OWNED].copy(), 1.0 / steps
    for _ in range(steps):
        twice = carried(grid, carried(grid, a, faces, step)[0], faces, step)[0]
        a = 0.5 * (a + twice)
    return start, a[OWNED]


def test_carrying_is_of_second_order_and_keeps_what_is_there_positive():
    errors = []
    for n in (16, 32, 64):
        start, end = carry_around(n, 5 * n, False)
        assert end.sum() == pytest.approx(start.sum(), rel=1e-13)
        errors.append(np.abs(end - start).mean())
    assert math.log2(errors[1] / errors[2]) > 1.8
    start, end = carry_around(32, 160, True)
    assert end.min() >= 0.0 and end.max() <= start.max() * (1.0 + 1e-12)


def test_stress_of_cells_is_averaged_and_carried_on():
    grid = Grid(Domain((8.0, 1.0, 8.0), (8, 1, 8)))
    x, _, z = grid.centres()
    alternating = grid.zeros()
    alternating[:] = (-1.0) ** np.round(x + z)
    left = np.abs(average(grid, alternating)[1:-1, 1, 1:-1])
    left[:: len(left) - 1, :: len(left) - 1] = 0.0  # the corners of the box have no neighbours beyond
    assert left.max() < 1e-15
    linear = grid.zeros()
    linear[:] = 2.0 * x - z
    assert average(grid, linear)[2:-2, 1, 2:-2] == pytest.approx(linear[2:-2, 1, 2:-2], rel=1e-14, abs=1e-14)
    known = grid.zeros()
    known[:, :, :4] = 1.0
    ratio = spread(grid, known * 3.0)[OWNED] / spread(grid, known)[OWNED]
    assert ratio == pytest.approx(3.0, rel=1e-14)


# ---------------------------------------------------------------------- mean stress, by hand


@pytest.mark.parametrize("drive", ["published", "complete"])
def test_uniform_pressure_counts_at_a_source_alone(drive):
    """A closed slab stays as it is; with a source behind it y = -p Omega_v/RT everywhere, and nothing flows."""
    for back, expected in (("blocked", 0.0), ("sink", -PRESSURE * OMEGA_V / (GAS_CONSTANT * T))):
        metal = phase_metal((1, 1, 20), 1e-6, back=back, stack_pressure=PRESSURE, stress_drive=drive, **FAST)
        state = rest(metal, under(metal, -PRESSURE * PER_STRESS), 6e4)
        assert state.y[OWNED] == pytest.approx(expected, rel=1e-6, abs=1e-12)
        assert np.abs(state.xi[OWNED] - 1.0).max() < 1e-12


def test_vacancies_gather_where_metal_is_pressed():
    """Closed metal at rest: y + (Omega - Omega_v) sigma/RT is the same everywhere, and as many vacancies are there."""
    n, h = 20, 1e-6
    metal = phase_metal((1, 1, n), h, back="blocked", vacancies=1e-4, **FAST)
    state = rest(metal, under(metal, lambda z: -PRESSURE * PER_STRESS * z / (n * h)), 1e6)
    y, z = state.y[1:-1, 1, 1], (np.arange(n) + 0.5) / n
    expected = PRESSURE * PER_STRESS * (z - 0.5)
    assert y == pytest.approx(expected, abs=1e-3 * expected.max())


@pytest.mark.parametrize(("drive", "share"), [("published", 0.5), ("complete", 1.0)])
def test_a_free_surface_of_pressed_metal(drive, share):
    """Under h sigma_m the complete drive leaves y = p (Omega - Omega_v)/RT in metal, u = 0; the published one half."""
    n, h = 48, 0.1e-6

    def void(x, y, z):
        return np.asarray(z - 2e-6 + 0.0 * x + 0.0 * y)

    metal = phase_metal((1, 1, n), h, void, back="blocked", stress_drive=drive, **FAST)
    state = under(metal, 0.0)
    for _ in range(3):  # the stress moves with the surface
        h_of = np.vectorize(lambda xi: laws.share(xi, laws.QUINTIC))(state.xi)
        state = rest(metal, replace(state, tension=-PRESSURE * PER_STRESS * h_of), 2000.0)
    top = state.y[-4:-1, 1, 1]
    assert top == pytest.approx(share * PRESSURE * PER_STRESS, rel=0.02)
    assert np.ptp(top) < 1e-3 * top[0]


def test_dense_metal_under_the_plate_has_its_pressure_everywhere():
    """In a slab that slides on both sides sigma = -p; thinned by vacancies it is still dense to mechanics."""
    metal = phase_metal((8, 1, 8), 1e-6)
    carrier = PhaseCarrier(metal, STACK)
    chemical = GAS_CONSTANT * T / OMEGA
    state = metal.initial_state()
    state.y.fill(1e-3)
    state.xi.fill(laws.settled(chemical * 1e-3 / 3.5e6))
    pressed = carrier.press(state, PRESSURE, 0.0)
    assert carrier.creep.speed == 0.0
    assert np.abs(carrier.creep.faces[2]).max() < 1e-20
    expected = -PRESSURE * PER_STRESS * laws.share(state.xi[1, 1, 1], laws.PUBLISHED)
    assert pressed.tension is not None and pressed.y is not None
    assert pressed.tension[OWNED] == pytest.approx(expected, rel=1e-3)
    assert pressed.y + pressed.tension == pytest.approx(state.y, rel=1e-12)
    carrier.free()


# ---------------------------------------------------------------------- creep


def test_a_void_closes_as_in_the_other_formulation():
    """With vacancies that do not move: the same share lost after the same time, and what came in is what it lost."""
    lost = []
    for more in (("metal.surface_energy=0 J/m^2", "formulation=vacancy"), ("formulation=allen_cahn",)):
        engine = engine_of("vacancies.diffusivity=1e-30 m^2/s", "mechanics.stack_pressure=0.6 MPa", *more)
        engine.set_control(Control("current", 0.0))
        start = engine.metal.void_volume(engine.state)
        while engine.time < 6e3:
            report = engine.step(6e3)
        change = start - engine.metal.void_volume(engine.state)
        crept = report.measures["crept"] * engine.problem.metal.domain.cross_section
        assert crept == pytest.approx(change, rel=1e-9)
        lost.append(change / start)
    assert 0.12 < lost[0] < 0.3
    assert lost[1] == pytest.approx(lost[0], rel=0.05)


def test_a_void_closes_to_the_end_and_the_run_goes_on():
    """Faster than the order parameter's own kinetics; what is left then is dense to mechanics."""
    engine = engine_of("mechanics.stack_pressure=3 MPa", "vacancies.back=closed", "allen_cahn.interpolation=quintic")
    engine.set_control(Control("current", 0.0))
    start, steps = engine.metal.void_volume(engine.state), 0
    while engine.time < 2000.0:
        report, steps = engine.step(2000.0), steps + 1
        assert steps < 80
    assert report.measures["contact_fraction"] == 1.0
    assert report.measures["voids"] == 0.0
    assert abs(engine.metal.void_volume(engine.state)) < 0.01 * start
    assert engine.state.xi[OWNED].min() > 0.8


@pytest.mark.parametrize("kind", [laws.PUBLISHED, laws.QUINTIC])
def test_the_order_parameter_follows_lithium_where_it_can(kind):
    """h(xi) theta = q after it in a surface; in metal at rest whatever y a missing vacancy moves nothing."""
    metal = phase_metal((1, 1, 8), 1e-6)
    xi, y, lithium = (metal.grid.zeros() for _ in range(3))
    xi.fill(0.6)
    y.fill(math.log(1e3))
    lithium.fill(laws.share(0.7, kind) * (1.0 - 1e-6))
    follow_lithium(xi, y, lithium, kind, 1e-9)
    assert xi == pytest.approx(0.7, rel=1e-6)
    xi.fill(1.0)
    lithium.fill(1.0 - 1e-6 - 1e-9)
    follow_lithium(xi, y, lithium, kind, 1e-9)
    assert xi == pytest.approx(1.0, abs=2e-8)


def test_check_tells_what_published_metal_makes_of_the_pressure():
    """By p (Omega - Omega_v)/(4 W Omega) thinner at a surface, by p/2W denser where the collector is a source."""
    told = " ".join(check_scenario(set_by()).warnings)
    assert "thinner by 0.038" in told and "denser by 0.14" in told
    for better in ("allen_cahn.interpolation=quintic", "allen_cahn.stress_drive=complete"):
        assert "thinner" not in " ".join(check_scenario(set_by(better)).warnings)
    assert "denser" not in " ".join(check_scenario(set_by("vacancies.back=closed")).warnings)
    push = check_scenario(set_by()).scale("ln s by the stack pressure")
    assert push == pytest.approx(1e6 * (1.2998e-5 - 6e-6) / (GAS_CONSTANT * 298.15), rel=2e-3)


def test_pressure_keeps_contact_and_books():
    found = {}
    for name, more in (("off", ("mechanics=off",)), ("on", ())):
        engine = engine_of(*more)
        engine.set_control(Control("current", -10.0))
        while engine.time < 300.0:
            report = engine.step(300.0)
        assert max(engine.ledger.balance(FARADAY).values()) < 1e-10
        assert engine.state.lithium[OWNED].min() > -1e-12
        found[name] = report.measures
    assert found["on"]["contact_fraction"] > found["off"]["contact_fraction"]
    assert found["on"]["void_volume"] < found["off"]["void_volume"]
    assert found["on"]["crept"] > 0.0 == found["off"]["crept"]


def test_restart_is_bitwise():
    whole = engine_of()
    whole.set_control(Control("current", -10.0))
    for _ in range(2):
        whole.step(600.0)
    other = engine_of()
    other.load(whole.save())
    for _ in range(2):
        a, b = whole.step(600.0), other.step(600.0)
        assert (a.time, a.voltage, a.measures) == (b.time, b.voltage, b.measures)
    for name in ("xi", "y", "lithium", "tension"):
        assert np.array_equal(getattr(whole.state, name)[OWNED], getattr(other.state, name)[OWNED])
    assert whole.ledger == other.ledger


def test_two_ranks_find_what_one_finds(mpiexec):
    one, two = (json.loads(mpiexec(ranks, SCRIPT, "pressed").stdout) for ranks in (1, 2))
    assert two["ranks"] == 2 and two["worst"] < 1e-11
    for name, value in one["numbers"].items():
        assert two["numbers"][name] == pytest.approx(value, rel=1e-5), name


# ---------------------------------------------------------------------- keys


def test_every_key_changes_the_result():
    changes = [
        "title=a", "mechanics.stack_pressure=0.5 MPa", "allen_cahn={vacancy_volume: 1e-6 m^3/mol}",
        "allen_cahn={stress_drive: complete}", "allen_cahn={interpolation: quintic}",
    ]  # fmt: skip
    found = set()
    for change in changes:
        engine = engine_of(change)
        engine.set_control(Control("current", -10.0))
        engine.step(20.0)
        found.add(float(f"{engine.measure()['contact_supersaturation'] - 1.0:.4g}"))
    assert len(found) == len(changes)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ("mechanics=off & allen_cahn={vacancy_volume: 6e-6 m^3/mol}", "without stress"),
        ("mechanics=off & allen_cahn={stress_drive: complete}", "stack_pressure"),
        ("allen_cahn={stress_drive: full}", "complete"),
        ("allen_cahn={vacancy_volume: 6e-6 m^2/mol}", "vacancy_volume"),
        ("voids=[]", "creep into"),
    ],
)
def test_what_cannot_apply_is_refused(overrides, told):
    with pytest.raises(ScenarioError) as refusal:
        set_by(*overrides.split(" & "))
    assert told in str(refusal.value)
