"""Contact angle of the moving front: the wall's law, a tilted profile at rest, menisci with their exact shapes."""

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("petsc4py")

from plating_cells import LITHIUM, SALT, H, advance, flat, gathered, plating_problem

from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import ContactAngles, Geometry, Interface, Kinetics, Numerics
from ramify.physics import electrolyte
from ramify.physics.interface import equilibrium_profile, wall_energy_slope, wall_slope
from ramify.validation.t10_contact import angle_of, fit_grown, grown_shape

MOBILITY = 1e-13
ANGLES = (30.0, 60.0, 120.0, 150.0)


@pytest.mark.parametrize("degrees", ANGLES)
def test_a_tilted_profile_obeys_both_forms_of_the_law(degrees):
    """l ds/dnu = cos(theta) where l |grad_t s| = sin(theta); nothing at 90 degrees or flat on the wall."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    for law in (wall_slope, wall_energy_slope):
        assert law(cosine, sine, sine) == pytest.approx(cosine, rel=1e-14)
        assert law(cosine, sine, 0.0) == 0.0
        assert law(0.0, 1.0, 0.7) == 0.0
        assert abs(law(cosine, sine, 1e9)) <= 1.5 * abs(cosine)
    # The direction n.nu = cos(theta) holds for steep and for smeared profiles alike.
    for along in (0.8 * sine, 1.2 * sine):
        slope = wall_slope(cosine, sine, along)
        assert slope / math.hypot(slope, along) == pytest.approx(cosine, rel=1e-12)


def slope_problem(degrees, angle, curvature, on):
    """A plane of metal that meets the collector, or a wall along the grid, at `degrees`; contact angle `angle`."""
    nx, nz, c, s = 48, 30, math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    angles = ContactAngles(**{on: math.radians(angle)})
    # n = (-sin, -cos) on the collector, nu = (0, -1); n = (cos, -sin) on the wall, nu = (1, 0).
    if on == "collector":
        distance = Geometry(lambda x, y, z: s * (x - 24.0 * H) + c * z + 0.0 * y)
    else:
        distance = Geometry(
            lambda x, y, z: s * (z - 15.0 * H) - c * (x - 36.0 * H) + 0.0 * y,
            host_distance=lambda x, y, z: 36.0 * H - x + 0.0 * (y + z),
        )
    return plating_problem(
        (nx, 1, nz),
        geometry=distance,
        interface=Interface(H, curvature=curvature, mobility=MOBILITY),
        contact_angles=angles,
    )


def change_at_wall(problem, on, parts=20):
    """Largest change of xi beside the wall, half-way between the others, in `parts` substeps without a reaction."""
    solver = PlatingSolver(problem)
    nothing = solver.grid.zeros()
    xi, _ = solver.front.advance(solver.xi, nothing, nothing, 0.39 * parts / (MOBILITY * solver.front.stiffness), 0.0)
    change = np.abs(xi - solver.xi)[OWNED][:, 0, :]
    return change[:5, 14:34].max() if on == "collector" else change[8:22, 31:36].max()


@pytest.mark.parametrize("curvature", ["conservative", "allen_cahn"])
@pytest.mark.parametrize("on", ["collector", "host"])
@pytest.mark.parametrize("degrees", [40.0, 120.0])
def test_a_plane_at_the_contact_angle_is_at_rest(curvature, on, degrees):
    """The tilted tanh profile hardly moves; at a right angle the wall would bend it at once."""
    right = change_at_wall(slope_problem(degrees, degrees, curvature, on), on)
    wrong = change_at_wall(slope_problem(degrees, 90.0, curvature, on), on)
    assert right < 0.02
    assert wrong > 6.0 * right


@pytest.mark.parametrize("degrees", [30.0, 120.0])
def test_metal_climbs_a_slit_as_the_grim_reaper(degrees):
    """Classical front, no reaction: z = V t - (b/V) ln cos(V x/b), V = (b/a)(pi/2 - theta), an exact solution."""
    half = 12
    speed = MOBILITY / (half * H) * (0.5 * math.pi - math.radians(degrees))
    k = speed / MOBILITY

    def start(x, y, z):
        inside = np.minimum(x, half * H)
        height = 14.0 * H - np.log(np.cos(k * inside)) / k
        return (z - height + 0.0 * y) * np.cos(k * inside)

    problem = plating_problem(
        (half + 3, 1, 46),
        geometry=Geometry(start, host_distance=lambda x, y, z: half * H - x + 0.0 * (y + z)),
        interface=Interface(H, curvature="allen_cahn", mobility=MOBILITY),
        contact_angles=ContactAngles(host=math.radians(degrees)),
    )
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", 0.0))
    heights, times = [], []
    for share in (0.25, 1.0):
        advance(solver, share * 6.0 * H / abs(speed))
        heights.append(float(gathered(solver, "xi")[:, 0, :half].sum()) * H / half)
        times.append(solver.time)
    found = (heights[1] - heights[0]) / (times[1] - times[0])
    assert found == pytest.approx(speed, rel=0.03)
    # What the wall draws in no current pays for: it is booked as what curvature took, with its sign.
    balance = solver.ledger.balance(96485.33212)
    assert balance["lithium_relative"] < 1e-12
    assert solver.ledger.curved_away * speed < 0.0


@pytest.mark.parametrize("degrees", [30.0, 150.0])
def test_the_shape_of_a_growing_cap_grows_as_it_stands(degrees):
    """Scaled about its foot by dR/dt = 1e-3 b/R it has the velocity v0 - b K everywhere, and its angle at the wall."""
    theta, speed = math.radians(degrees), 1e-3
    bulge = -0.5 * speed * math.cos(theta)
    phi = np.linspace(-1.01 * theta, 1.01 * theta, 4001)
    r = grown_shape(phi, theta, bulge)
    slope = np.gradient(r, phi, edge_order=2)
    bend = np.gradient(slope, phi, edge_order=2)
    length = np.hypot(r, slope)
    curvature = (r**2 + 2.0 * slope**2 - r * bend) / length**3
    x, z = r * np.sin(phi), r * np.cos(phi) - math.cos(theta)
    out_x, out_z = (r * np.sin(phi) - slope * np.cos(phi)) / length, (r * np.cos(phi) + slope * np.sin(phi)) / length
    drive = (speed * (x * out_x + z * out_z) + curvature)[5:-5]
    assert np.ptp(drive) < 0.01 * np.ptp(curvature)
    at_wall = float(np.interp(0.0, z[:1999:-1], out_z[:1999:-1]))
    assert math.degrees(math.acos(at_wall)) == pytest.approx(degrees, abs=0.05 * math.degrees(speed))
    points = np.stack([x, z], axis=1)[(z > 0.0)]
    middle, size = fit_grown(points, theta, bulge)
    assert angle_of(middle[1], size) == pytest.approx(degrees, abs=1e-6)


def kinetic_problem(cells, geometry, angles, **changes):
    """Uniform potential and concentration, surface energy through the kinetics; 10 nm cells."""
    h = 1e-8
    relaxation = (LITHIUM.molar_volume / 96485.33212) ** 2 * 100.0 * 38.92 * 0.5
    problem = plating_problem(
        cells,
        (h, h, h),
        geometry=geometry,
        electrolyte=electrolyte.constant(1e3, SALT, 1e-7, 0.38),
        metal=replace(LITHIUM, surface_energy=0.5),
        kinetics=Kinetics(100.0, SALT),
        interface=Interface(h, mobility=2.0 * relaxation),
        numerics=Numerics(time_tolerance=1e-2, front_motion=0.1, first_step=1e-3, largest_step=0.2 * h**2 / relaxation),
        contact_angles=angles,
        **changes,
    )
    return problem, h, h**2 / relaxation


def test_metal_between_two_walls_settles_to_the_arc_of_its_contact_angle():
    """No net current: metal is dissolved and plated until K is uniform, 2 cos(theta)/width, and none is lost."""
    half, theta = 8, math.radians(60.0)
    geometry = Geometry(flat(14e-8), host_distance=lambda x, y, z: half * 1e-8 - x + 0.0 * (y + z))
    problem, _, unit = kinetic_problem((half + 2, 1, 30), geometry, ContactAngles(host=theta))
    solver = PlatingSolver(problem)
    before = float(gathered(solver, "xi")[:, 0, :half].sum())
    solver.set_control(Control("current", 0.0))
    advance(solver, 1.0 * half**2 * unit)
    xi = gathered(solver, "xi")[:, 0, :half]
    assert xi.sum() == pytest.approx(before, rel=1e-12)
    heights = xi.sum(axis=0)
    x = np.arange(half) + 0.5
    radius = half / math.cos(theta)
    arc = -np.sqrt(radius**2 - x**2)
    np.testing.assert_allclose(heights - heights.mean(), arc - arc.mean(), atol=0.12)
    assert heights[-1] - heights[0] > 1.5


def test_a_growing_wedge_keeps_its_contact_angle_without_any_surface_energy():
    """From a right angle the line of contact runs ahead at v/sin(theta)."""
    h, theta, cells = 1e-8, math.radians(45.0), (44, 1, 30)
    geometry = Geometry(lambda x, y, z: np.sqrt(x**2 + z**2) + 0.0 * y - 14.0 * h)
    reach = {}
    for angle in (theta, 0.5 * math.pi):
        problem, _, _ = kinetic_problem(cells, geometry, ContactAngles(collector=angle))
        problem = replace(
            problem,
            metal=LITHIUM,
            interface=Interface(h, mobility_factor=20.0),
            numerics=Numerics(time_tolerance=1e-2, first_step=1.0),
        )
        solver = PlatingSolver(problem)
        area = float(gathered(solver, "xi").sum())
        solver.set_control(Control("current", 1.0))
        advance(solver, area * h * LITHIUM.charge_density / (cells[0] * 1.0))
        rows = gathered(solver, "xi")[:, 0, :].sum(axis=1)
        reach[angle] = rows
        assert max(solver.ledger.balance(96485.33212).values()) < 1e-10
    wet = reach[theta]
    # The lowest rows recede as they should: one cell a row at 45 degrees; upright at 90.
    assert wet[0] - wet[3] == pytest.approx(3.0, abs=0.5)
    assert reach[0.5 * math.pi][0] - reach[0.5 * math.pi][3] == pytest.approx(0.0, abs=0.4)


@pytest.mark.parametrize("shape", ["plane", "ball"])
def test_wall_areas_of_a_host_are_those_of_its_surface(shape):
    n = 20

    def plane(x, y, z):
        return 0.6 * (x - 0.1 * H) + 0.3 * (y - 0.2 * H) + math.sqrt(1 - 0.45) * (z - 7.3 * H)

    def ball(x, y, z):
        return np.sqrt((x - 10 * H) ** 2 + (y - 10 * H) ** 2 + (z - 10 * H) ** 2) - 6.3 * H

    problem = plating_problem(
        (n, n, n),
        geometry=Geometry(flat(17.5 * H), host_distance=plane if shape == "plane" else ball),
        contact_angles=ContactAngles(host=1.0),
    )
    solver = PlatingSolver(problem)
    wall = solver.front.wetting.host
    assert wall is not None
    place = tuple(wall.cells[: len(wall.depths)].T)
    volume = solver.pore[place] * H**3
    deep = wall.depths > 0.25 * H * 1.001
    assert deep.mean() > 0.8
    areas = volume / wall.depths
    exact = 4.0 * math.pi * (6.3 * H) ** 2
    if shape == "ball":
        assert areas.sum() == pytest.approx(exact, rel=0.04)
        out = (wall.cells[:, ::-1] - 0.5) * H - 10 * H
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        assert np.abs(wall.normals + out).max() < 0.02
    else:
        np.testing.assert_allclose(
            wall.normals, np.tile([-0.6, -0.3, -math.sqrt(0.55)], (len(wall.cells), 1)), atol=1e-9
        )


@pytest.mark.parametrize("turn", [0.0, 25.0, 45.0])
@pytest.mark.parametrize("degrees", [60.0, 130.0])
def test_a_wall_pulls_as_its_angle_asks_however_the_grid_cuts_it(degrees, turn):
    """K integrated over the open space beside a plane surface off its angle: wall area times the change of n.nu."""
    theta, slope = math.radians(degrees + 2.0), math.radians(turn)
    into, foot = np.array([math.sin(slope), -math.cos(slope)]), np.array([32.2, 26.3])
    # The surface's normal into the metal: at `degrees` to the wall's.
    inward = np.array([math.sin(slope + math.radians(degrees)), -math.cos(slope + math.radians(degrees))])

    def out_of(normal):
        return lambda x, y, z: -(x - foot[0] * H) * normal[0] - (z - foot[1] * H) * normal[1] + 0.0 * y

    problem = plating_problem(
        (64, 1, 56),
        geometry=Geometry(
            lambda x, y, z: np.maximum(out_of(inward)(x, y, z), z - 44.0 * H), host_distance=out_of(into)
        ),
        contact_angles=ContactAngles(host=theta),
        metal=replace(LITHIUM, surface_energy=0.5),
    )
    solver = PlatingSolver(problem)
    curvature = solver.grid.zeros()
    solver.front.surface_curvature(solver.xi, curvature)
    z, x = np.meshgrid(np.arange(56) + 0.5, np.arange(64) + 0.5, indexing="ij")
    beside = np.hypot(x - foot[0], z - foot[1]) < 7.0
    found = float(np.sum((curvature * solver.pore)[OWNED][:, 0, :] * beside)) * H
    wall = solver.front.wetting.host
    assert wall is not None
    k, j, i = wall.cells[: len(wall.depths)].T
    length = float(np.sum(solver.pore[k, j, i] * H / wall.depths * beside[k - 1, i - 1]))
    assert length == pytest.approx(14.0, abs=1.0)
    assert found == pytest.approx(length * (math.cos(math.radians(degrees)) - math.cos(theta)), rel=0.03)


def test_right_angles_are_no_walls_at_all():
    pillar = Geometry(flat(6.0 * H), host_distance=lambda x, y, z: 4.0 * H - x + 0.0 * (y + z))
    solver = PlatingSolver(plating_problem((8, 1, 20), geometry=pillar))
    assert solver.front.wetting.walls == []
    np.testing.assert_array_equal(solver.xi[0], solver.xi[1])


def test_a_film_flat_on_its_wall_does_not_feel_the_angle():
    """Nothing meets the wall: a thin film stays as it is, and the wall draws nothing in."""
    for curvature in ("conservative", "allen_cahn"):
        film = plating_problem(
            (8, 1, 24),
            geometry=Geometry(flat(3.0 * H)),
            interface=Interface(H, curvature=curvature, mobility=MOBILITY),
        )
        ends = []
        for angle in (math.radians(30.0), 0.5 * math.pi):
            solver = PlatingSolver(replace(film, contact_angles=ContactAngles(collector=angle)))
            solver.set_control(Control("current", 20.0))
            advance(solver, 2.0)
            ends.append(gathered(solver, "xi"))
        np.testing.assert_allclose(ends[0], ends[1], atol=1e-6)


def test_a_restart_goes_on_bit_by_bit():
    centre = 10.0 * H
    problem = plating_problem(
        (20, 1, 24),
        geometry=Geometry(
            flat(5.0 * H), host_distance=lambda x, y, z: np.hypot(x - centre, z - 9.0 * H) - 4.3 * H + 0.0 * y
        ),
        contact_angles=ContactAngles(math.radians(60.0), math.radians(120.0)),
        interface=Interface(H, curvature="allen_cahn"),
        metal=replace(LITHIUM, surface_energy=0.5),
    )
    through = PlatingSolver(problem)
    through.set_control(Control("current", 40.0))
    advance(through, 1.0)
    again = PlatingSolver(problem)
    again.load(through.save())
    for solver in (through, again):
        advance(solver, 2.0)
    np.testing.assert_array_equal(gathered(through, "xi"), gathered(again, "xi"))


def test_the_profile_beyond_the_collector_is_the_tilted_one():
    """What the front reads below z = 0 is the profile that goes on there."""
    problem = slope_problem(50.0, 50.0, "conservative", "collector")
    solver = PlatingSolver(problem)
    x = solver.grid.centres()[0].ravel()[1:-1]
    c, s = math.cos(math.radians(50.0)), math.sin(math.radians(50.0))
    exact = equilibrium_profile(s * (x - 24.0 * H) - c * 0.5 * H, H)
    np.testing.assert_allclose(solver.xi[0, 1, 1:-1], exact, atol=1e-6)
