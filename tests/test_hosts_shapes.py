"""Distances of hosts and deposits: exactness, tiling, refusals."""

import math
import pickle

import numpy as np
import pytest

from ramify.hosts import base, deposits
from ramify.hosts.shapes import Channels, Flat, Pillars

UM = 1e-6
PILLARS = Pillars(diameter=4 * UM, pitch=10 * UM, height=40 * UM)
ROUNDED = Pillars(diameter=4 * UM, pitch=10 * UM, height=40 * UM, rounded=True)
CHANNELS = Channels(diameter=6 * UM, pitch=10 * UM, height=30 * UM)
HOSTS = [PILLARS, ROUNDED, CHANNELS]


def at(host, *points):
    return host.distance(*(np.array(p) * UM for p in zip(*points, strict=True)))


def test_pillar_distances_by_hand():
    d = at(PILLARS, (5, 5, 20), (5, 8, 20), (10, 5, 20), (5, 5, 43), (5, 10, 44), (15, 5, 39), (5, 5, 0))
    assert d / UM == pytest.approx([-2, 1, 3, 3, 5, -1, -2], abs=1e-9)


def test_rounded_pillar_is_a_hemisphere_on_a_cylinder():
    d = at(ROUNDED, (5, 5, 40), (5, 5, 45), (5, 9, 41), (8, 5, 10), (5, 5, 38))
    assert d / UM == pytest.approx([0, 5, 3, 1, -2], abs=1e-9)


def test_channel_distances_by_hand():
    d = at(CHANNELS, (5, 5, 10), (5, 9, 10), (0, 0, 29), (0, 0, 33), (5, 5, 34))
    assert d / UM == pytest.approx([3, -1, -1, 3, 5], abs=1e-9)


@pytest.mark.parametrize("host", HOSTS)
def test_distances_have_unit_slope_and_broadcast(host):
    generator = np.random.default_rng(3)
    x, y, z = generator.random((3, 2000)) * np.array([[20.0], [20.0], [50.0]]) * UM
    h = 1e-9
    slopes = [
        (host.distance(x + a, y + b, z + c) - host.distance(x - a, y - b, z - c)) / (2 * h) for a, b, c in np.eye(3) * h
    ]
    norm = np.sqrt(np.square(slopes).sum(0))
    assert np.median(np.abs(norm - 1.0)) < 1e-6
    assert (norm < 1.0 + 1e-5).all()
    assert host.distance(x[None, None, :5], y[None, :4, None], z[:3, None, None]).shape == (3, 4, 5)


@pytest.mark.parametrize("host", HOSTS)
def test_lattices_tile(host):
    generator = np.random.default_rng(4)
    x, y, z = generator.random((3, 500)) * 40 * UM
    d = host.distance(x, y, z)
    assert host.distance(x + 10 * UM, y - 20 * UM, z) == pytest.approx(d, abs=1e-15)
    for mirror in (0.0, 15 * UM, 20 * UM):
        assert host.distance(2 * mirror - x, y, z) == pytest.approx(d, abs=1e-15)


def test_planar_hosts_ignore_depth():
    ridges = Pillars(4 * UM, 10 * UM, 40 * UM, planar=True)
    d = ridges.distance(np.full(3, 9 * UM), np.array([0.0, 0.5, 1.0]), np.full(3, 10 * UM))
    assert d / UM == pytest.approx([2, 2, 2], abs=1e-9)


def test_domains_that_cut_the_lattice():
    assert PILLARS.check((20 * UM, 15 * UM, 60 * UM)) == []
    assert len(PILLARS.check((23 * UM, 20 * UM, 60 * UM))) == 1
    with pytest.raises(ValueError, match="whole pitches"):
        PILLARS.check((15 * UM, 20 * UM, 60 * UM), periodic=True)
    with pytest.raises(ValueError, match="counter electrode at 30 um"):
        CHANNELS.check((20 * UM, 20 * UM, 30 * UM))


def test_impossible_shapes_are_refused():
    with pytest.raises(ValueError, match="less than the pitch"):
        Pillars(10 * UM, 10 * UM, 40 * UM)
    with pytest.raises(ValueError, match="height must be a positive length"):
        Channels(5 * UM, 10 * UM, math.nan)
    with pytest.raises(ValueError, match="rounded"):
        Pillars(4 * UM, 10 * UM, 1 * UM, rounded=True)


def test_feature_sizes_and_resolution():
    assert PILLARS.feature_size == pytest.approx(4 * UM)
    assert Channels(7 * UM, 10 * UM, 30 * UM).feature_size == pytest.approx(3 * UM)
    assert base.resolution_note("host", 4 * UM, (1 * UM, 1 * UM, 1 * UM)) is None
    note = base.resolution_note("host", 4 * UM, (2 * UM, 1 * UM, 1 * UM))
    assert note is not None
    assert "2.0 cells across 4 um" in note


def test_flat_is_no_host():
    flat = Flat()
    assert np.isinf(flat.distance(np.zeros((1, 3)), np.zeros((2, 1)), np.zeros((2, 3)))).all()
    assert flat.check((1.0, 1.0, 1.0)) == []
    assert flat.feature_size == math.inf


def test_film_follows_collector_and_host():
    film = deposits.Film(0.5 * UM, PILLARS.distance)
    points = np.array([[5, 10, 0.3], [10, 10, 0.8], [7.4, 5, 20], [8, 5, 20], [5, 5, 40.2]]).T * UM
    assert (film(*points) < 0.0).tolist() == [True, False, True, False, True]
    assert deposits.Film(0.5 * UM)(np.zeros(1), np.zeros(1), np.array([2 * UM])) / UM == pytest.approx([1.5])
    with pytest.raises(ValueError, match="film: thickness 70 um reaches the counter electrode at 60 um"):
        deposits.Film(70 * UM).check((1.0, 1.0, 60 * UM))


@pytest.mark.parametrize("degrees", [30.0, 90.0, 150.0])
def test_cap_meets_its_surface_at_the_contact_angle(degrees):
    angle = math.radians(degrees)
    cap = deposits.Cap((5 * UM, 5 * UM, 0.0), 2 * UM, angle)
    rim, h = 2 * UM * math.sin(angle), 1e-10
    here = [np.array([5 * UM + rim]), np.array([5 * UM]), np.array([0.0])]
    assert cap(*here) == pytest.approx(0.0, abs=1e-15)
    normal_z = (cap(here[0], here[1], here[2] + h) - cap(here[0], here[1], here[2] - h)) / (2 * h)
    assert normal_z == pytest.approx(math.cos(angle), abs=1e-5)
    top = np.array([cap.feature_size])
    assert cap(np.array([5 * UM]), np.array([5 * UM]), top) == pytest.approx(0.0, abs=1e-15)


def test_cap_outside_the_domain_is_refused():
    size = (10 * UM, 10 * UM, 20 * UM)
    deposits.Cap((5 * UM, 5 * UM, 0.0), 2 * UM).check(size)
    with pytest.raises(ValueError, match="x = 12 um is outside"):
        deposits.Cap((12 * UM, 5 * UM, 0.0), 2 * UM).check(size)
    with pytest.raises(ValueError, match="top"):
        deposits.Cap((5 * UM, 5 * UM, 0.0), 25 * UM).check(size)
    with pytest.raises(ValueError, match="contact angle"):
        deposits.Cap((5 * UM, 5 * UM, 0.0), 2 * UM, 0.0)


def test_many_caps_are_the_union_of_single_ones():
    generator = np.random.default_rng(5)
    positions = generator.random((20, 3)) * np.array([10, 10, 0]) * UM
    normals = np.tile([0.0, 0.0, 1.0], (20, 1))
    together = deposits.Caps(positions, normals, 1 * UM, math.radians(60))
    apart = deposits.union(*[deposits.Cap(tuple(p), 1 * UM, math.radians(60)) for p in positions])
    x, y, z = generator.random((3, 6, 5, 4)) * 10 * UM
    assert together(x, y, z) == pytest.approx(apart(x, y, z), abs=1e-15)


def test_periodic_caps_cross_the_faces():
    caps = deposits.Caps(np.array([[0.5, 5.0, 0.0]]) * UM, np.array([[0.0, 0, 1]]), 1 * UM, period=(10 * UM, 10 * UM))
    assert caps(np.array(9.8 * UM), np.array(5 * UM), np.array(0.0)) / UM == pytest.approx(-0.3)
    assert caps(np.array(-0.2 * UM), np.array(15 * UM), np.array(0.0)) / UM == pytest.approx(-0.3)


def test_ripple_is_a_cosine_front():
    ripple = deposits.Ripple(10 * UM, 0.1 * UM, 20 * UM, angle=math.radians(30))
    along = 20 * UM * np.array([math.cos(math.radians(30)), math.sin(math.radians(30))])
    for turn, height in ((0.0, 10.1), (0.25, 10.0), (0.5, 9.9), (1.0, 10.1)):
        d = ripple(np.array(turn * along[0]), np.array(turn * along[1]), np.array(height * UM))
        assert d == pytest.approx(0.0, abs=1e-14)
    with pytest.raises(ValueError, match="troughs"):
        deposits.Ripple(1 * UM, 2 * UM, 20 * UM).check((1.0, 1.0, 1.0))


def test_union_needs_a_deposit_and_survives_pickling():
    both = deposits.union(deposits.Film(1 * UM, PILLARS.distance), deposits.Cap((5 * UM, 10 * UM, 0.0), 3 * UM))
    again = pickle.loads(pickle.dumps(both))
    point = [np.array([5 * UM]), np.array([10 * UM]), np.array([2 * UM])]
    assert again(*point) == both(*point) == pytest.approx(-1 * UM)
    with pytest.raises(ValueError, match="at least one"):
        deposits.Union(())
