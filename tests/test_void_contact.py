"""The electrical half of voids: contact shares, the slab's map, currents and voltages against closed forms, ranks."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.contact import Contact, NoContact
from ramify.phasefield.voids.contact_area import contact_shares, positive_share
from ramify.phasefield.voids.contact_problem import ContactProblem, SolidElectrolyte
from ramify.phasefield.voids.contact_slab import Slab
from ramify.physics import constriction
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.interface import equilibrium_profile

MICRON = 1e-6
THERMAL = GAS_CONSTANT * 300.0 / FARADAY
FAST = Kinetics(1e9, 1.0)
LAYERS = ((3e-6, 0.05), (5e-6, 0.2))


def contact(domain, kinetics=FAST, counter=None, layers=((40e-6, 0.1),)):
    return Contact(domain, ContactProblem(SolidElectrolyte(layers, 300.0), kinetics, counter))


def spread(engine, shares, current=-1.0):
    """Areal resistance beyond the uniform current's [ohm m^2]."""
    return engine.solve(shares, Control("current", current)).voltage / -current - engine.slab.resistance


# ---------------------------------------------------------------------- laws


def test_strips_far_apart_are_a_dipole_of_the_logarithm_and_full_contact_has_no_spreading():
    assert constriction.strip_spreading(10e-6, 10e-6, 0.1) == pytest.approx(0.0, abs=1e-18)
    narrow = constriction.strip_spreading(1e-9, 10e-6, 0.1)
    assert narrow == pytest.approx(10e-6 / (math.pi * 0.1) * math.log(2 * 10e-6 / (math.pi * 1e-9)), rel=1e-6)


def test_lattice_sums_of_the_spot_array():
    """The potential of a square lattice less its mean, and its cubes, by their theta functions."""
    n = np.arange(1, 40)

    def theta(t):
        return 1.0 + 2.0 * np.exp(-math.pi * n**2 * t).sum()

    # Riemann: pi^(-s/2) Gamma(s/2) sum' 1/r^s = int (theta^2 - 1)(t^(s/2-1) + t^(-s/2)) dt - 2/(2-s) - 2/s
    def lattice(s):
        parts = integrate.quad(lambda t: (theta(t) ** 2 - 1.0) * (t ** (s / 2 - 1) + t ** (-s / 2)), 1.0, np.inf)[0]
        return math.pi ** (s / 2) / math.gamma(s / 2) * (parts - 2.0 / (2.0 - s) - 2.0 / s)

    assert -lattice(1.0) == pytest.approx(constriction.LATTICE_POTENTIAL, rel=1e-8)
    assert lattice(3.0) == pytest.approx(constriction.LATTICE_CUBES, rel=1e-8)


def test_two_layers_of_one_conductivity_are_one_layer():
    k = np.array([1e3, 1e5, 1e7])
    whole = constriction.slab_impedance(k, [(8e-6, 0.1)])
    split = constriction.slab_impedance(k, [(3e-6, 0.1), (5e-6, 0.1)])
    for a, b in zip(whole, split, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_slab_of_two_layers_against_differences():
    """Z of one wave by finite differences across both layers."""
    k, count = 4e5, 1200
    h = 8e-6 / count
    kappa = np.where((np.arange(count) + 0.5) * h < 3e-6, 0.05, 0.2)
    between = 2.0 / (1.0 / kappa[1:] + 1.0 / kappa[:-1]) / h
    matrix = np.diag(kappa * k**2 * h)
    for n, t in enumerate(between):
        matrix[n : n + 2, n : n + 2] += t * np.array([[1.0, -1.0], [-1.0, 1.0]])
    answer = np.linalg.solve(matrix, np.eye(count)[:, [0, -1]])
    found = constriction.slab_impedance(np.array([k]), LAYERS)
    assert found[0][0] == pytest.approx(answer[0, 0] + 0.5 * h / kappa[0], rel=3e-3)
    assert found[1][0] == pytest.approx(answer[0, 1], rel=1e-4)
    assert found[2][0] == pytest.approx(answer[-1, 1] + 0.5 * h / kappa[-1], rel=2e-3)


# ---------------------------------------------------------------------- contact shares


def test_share_of_a_rectangle_below_a_line():
    assert positive_share(0.1, 0.0, 0.0) == 1.0
    assert positive_share(-0.1, 0.0, 0.0) == 0.0
    assert positive_share(0.1, 0.4, 0.0) == pytest.approx(0.75)
    points = (np.arange(1000) + 0.5) / 1000 - 0.5
    for value, gx, gy in ((0.1, 0.5, 0.3), (-0.2, 0.5, -0.3), (0.3, -0.2, 0.5), (0.0, 1.0, 1.0)):
        found = float((value + gx * points[None] + gy * points[:, None] > 0.0).mean())
        assert positive_share(value, gx, gy) == pytest.approx(found, abs=2e-3)


@pytest.mark.parametrize("depth", [0.0, 1.0, -1.5])
def test_contact_around_a_round_void_is_of_second_order(depth):
    """A ball of radius 4 um whose centre lies `depth` um below the plane: the contact leaves out a disc."""
    errors = []
    for n in (24, 48, 96):
        h = 12e-6 / n
        x = (np.arange(n) + 0.5) * h - 6.1e-6
        layers = []
        for k in (0.5, 1.5):
            r = np.sqrt(x[None] ** 2 + (x[:, None] + 0.3e-6) ** 2 + (depth * 1e-6 - k * h) ** 2)
            layers.append(equilibrium_profile(4e-6 - r, h))
        shares = contact_shares(layers[0], layers[1], h, h, False)
        open_area = (1.0 - shares.mean()) * 144.0
        errors.append(open_area / (math.pi * (16.0 - depth**2)) - 1.0)
    assert abs(errors[-1]) < 4e-3
    assert abs(errors[-1]) < 0.35 * abs(errors[0]) or abs(errors[0]) < 2e-3


def test_contact_of_a_strip_moves_smoothly_over_the_grid():
    h, found = 0.5e-6, []
    for edge in np.linspace(4e-6, 5e-6, 21):
        xi = equilibrium_profile((np.arange(20) + 0.5)[None] * h - edge, h)
        found.append(contact_shares(xi, xi, h, h, False).sum() * h / edge)
    np.testing.assert_allclose(found, 1.0, rtol=1e-9)


# ---------------------------------------------------------------------- currents


def test_full_contact_is_one_dimensional_with_both_electrodes_kinetics():
    kinetics, counter = Kinetics(20.0, 1.0, 0.3, 0.7, 1e-3), Kinetics(5.0, 1.0)
    found = contact(Domain((1e-5, 1e-5, 1e-6), (6, 5, 1)), kinetics, counter, LAYERS)
    for current in (-300.0, -3.0, 30.0):
        state = found.solve(np.ones((5, 6)), Control("current", current))
        far = 2.0 * THERMAL * math.asinh(-current / (2.0 * 5.0))
        near = state.voltage - far + current * (3e-6 / 0.05 + 5e-6 / 0.2) + current * 1e-3
        assert 20.0 * (math.exp(-0.7 * near / THERMAL) - math.exp(0.3 * near / THERMAL)) == pytest.approx(current)
        np.testing.assert_allclose(state.current, current, rtol=1e-12)
        back = found.solve(np.ones((5, 6)), Control("voltage", state.voltage))
        assert back.current_density == pytest.approx(current, rel=1e-9)


@pytest.mark.parametrize("width", [0.3, 0.5, 0.8])
def test_strips_approach_the_closed_form(width):
    errors = []
    for n in (16, 64, 256):
        shares = np.clip(width * n - np.arange(n), 0.0, 1.0)[None]
        found = contact(Domain((5e-6, 1.0, 1e-6), (n, 1, 1)))
        errors.append(spread(found, shares) / constriction.strip_spreading(width * 1e-5, 1e-5, 0.1) - 1.0)
    assert abs(errors[-1]) < 4e-3
    assert abs(errors[-1]) < 0.2 * abs(errors[0])


def test_edge_of_a_strip_is_where_it_is_within_the_face():
    """What the resistance says of the edge, for edges anywhere in a face."""
    for part in np.arange(1, 9) / 8:
        shares = np.r_[np.ones(15), part, np.zeros(16)][None]
        found = contact(Domain((5e-6, 1.0, 1e-6), (32, 1, 1)))
        told = 2.0 / math.pi * math.asin(math.exp(-spread(found, shares) * math.pi * 0.1 / 1e-5))
        assert told * 32 == pytest.approx(15 + part, abs=0.12)


def test_spots_in_an_array_approach_the_closed_form():
    n, fine = 32, 20
    x = (np.arange(n * fine) + 0.5) / (n * fine) * 5e-6
    for radius in (1e-6, 2e-6):
        inside = (x[:, None] ** 2 + x[None] ** 2 < radius**2).astype(float)
        shares = inside.reshape(n, fine, n, fine).mean(axis=(1, 3))
        found = contact(Domain((5e-6, 5e-6, 1e-6), (n, n, 1)))
        exact = constriction.spot_array_resistance(radius, 1e-5, 0.1) * 1e-10
        assert spread(found, shares) == pytest.approx(exact, rel=0.02)


def test_slow_kinetics_are_those_of_the_area_in_contact():
    shares = np.zeros((8, 8))
    shares[2:5, 1:7] = 1.0
    shares[5, 3] = 0.5
    found = contact(Domain((1e-5, 1e-5, 1e-6), (8, 8, 1)), Kinetics(1e-3, 1.0))
    state = found.solve(shares, Control("current", -1e-9))
    share = 18.5 / 64
    assert state.voltage / 1e-9 == pytest.approx(THERMAL / (1e-3 * share), rel=1e-5)
    assert np.nanmax(state.local) == pytest.approx(-1e-9 / share, rel=1e-5)
    assert state.current[5, 3] == pytest.approx(-0.5e-9 / share, rel=1e-5)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("counter", [None, Kinetics(5.0, 1.0)])
def test_held_voltage_and_held_current_are_one_solution(periodic, counter):
    shares = np.clip(np.random.default_rng(0).normal(size=(12, 16)) + 0.5, 0.0, 1.0)
    domain = Domain((10e-6, 8e-6, 1e-6), (16, 12, 1), periodic)
    found = contact(domain, Kinetics(50.0, 1.0), counter, LAYERS)
    state = found.solve(shares, Control("current", -200.0))
    assert state.current.mean() == pytest.approx(-200.0, rel=1e-14)
    assert np.all(state.current[shares == 0.0] == 0.0)
    found.forget()
    other = found.solve(shares, Control("voltage", state.voltage))
    assert other.current_density == pytest.approx(-200.0, rel=1e-8)
    assert other.current.mean() == pytest.approx(other.current_density, rel=1e-14)
    np.testing.assert_allclose(other.current, state.current, atol=1e-6)
    out = found.slab.currents(other.potentials)[-1].mean() * (1.0 if counter else -1.0)
    assert out == pytest.approx(-200.0, rel=1e-8)


def test_the_other_way_round_the_symmetric_law_gives_the_same():
    shares = np.linspace(0.0, 1.0, 12)[None] ** 2
    found = contact(Domain((1e-5, 1.0, 1e-6), (12, 1, 1)), Kinetics(50.0, 1.0), Kinetics(8.0, 1.0))
    strip = found.solve(shares, Control("current", -500.0))
    plate = found.solve(shares, Control("current", 500.0))
    assert plate.voltage == pytest.approx(-strip.voltage, rel=1e-9)
    assert strip.voltage > 0.0
    np.testing.assert_allclose(plate.current, -strip.current, rtol=1e-7, atol=1e-9)


def test_rest_is_no_current_and_no_contact_is_told():
    found = contact(Domain((1e-5, 1.0, 1e-6), (4, 1, 1)))
    state = found.solve(np.array([[1.0, 0.5, 0.0, 0.0]]), Control("current", 0.0))
    assert state.voltage == 0.0
    assert not state.current.any()
    with pytest.raises(NoContact, match="no contact"):
        found.solve(np.zeros((1, 4)), Control("current", -1.0))
    assert math.isnan(found.solve(np.zeros((1, 4)), Control("current", 0.0)).voltage)


@pytest.mark.parametrize("periodic", [False, True])
def test_potential_inside_obeys_laplace_and_meets_its_faces(periodic):
    domain = Domain((10e-6, 8e-6, 1e-6), (16, 12, 1), periodic)
    slab = Slab(domain, LAYERS, grounded=False)
    faces = np.random.default_rng(1).normal(size=(2, 12, 16))
    depths = np.array([0.0, 2.99e-6, 3.0e-6, 3.01e-6, 8e-6])
    inside = slab.at_depths(faces, depths)
    np.testing.assert_allclose(inside[0], faces[0], atol=1e-12)
    np.testing.assert_allclose(inside[-1], faces[1], atol=1e-12)
    above, below = inside[2] - inside[1], inside[3] - inside[2]
    np.testing.assert_allclose(0.05 * above, 0.2 * below, atol=0.02 * np.abs(0.05 * above).max())
    uniform = slab.at_depths(np.stack([np.ones((12, 16)), np.zeros((12, 16))]), np.array([3e-6]))
    np.testing.assert_allclose(uniform, 25.0 / 85.0, rtol=1e-12)


def test_two_ranks_share_the_plane(mpiexec):
    script = Path(__file__).with_name("parallel_void_contact.py")
    one, two = (json.loads(mpiexec(ranks, script).stdout) for ranks in (1, 2))
    assert two["process_grid"] != one["process_grid"]
    assert two["process_grid"][2] == 1
    assert two["numbers"] == pytest.approx(one["numbers"], rel=1e-12)
