"""Distances against exact ones: rods, triangles, opals, coatings, regions, distances rebuilt on a grid."""

import math

import numpy as np
import pytest

from ramify.hosts.coatings import Coated, CoatedConductivity
from ramify.hosts.deposits import Film
from ramify.hosts.opals import HollowSpheres, InverseOpal
from ramify.hosts.porosity import Profile
from ramify.hosts.regions import Block, Field, Outside, Stripes
from ramify.hosts.rods import RodNetwork, clip_rods, rod_network
from ramify.hosts.sampled import sampled_host
from ramify.hosts.shapes import Channels, Slab
from ramify.hosts.surface import random_caps
from ramify.hosts.tree import RODS, TRIANGLES, BoxTree

UM = 1e-6
INF = math.inf


def test_the_tree_finds_what_a_search_of_all_rods_finds():
    generator = np.random.default_rng(2)
    ends = generator.random((100, 2, 3))
    ends[:30, 1] = ends[:30, 0]
    rods = np.concatenate(
        [ends[:, 0], 0.05 * generator.random((100, 1)), ends[:, 1], 0.05 * generator.random((100, 1))], 1
    )
    points = generator.random((150, 3)) * 3 - 1
    found, index = BoxTree(rods, RODS).nearest(points)
    t = np.linspace(0.0, 1.0, 401)
    along = ends[:, 0, None] + t[:, None] * (ends[:, 1] - ends[:, 0])[:, None]
    radii = rods[:, 3, None] + t * (rods[:, 7] - rods[:, 3])[:, None]
    brute = np.array(
        [[np.min(np.linalg.norm(a - p, axis=1) - r) for a, r in zip(along, radii, strict=True)] for p in points]
    )
    assert found == pytest.approx(brute.min(axis=1), abs=3e-5)
    assert brute[np.arange(150), index] == pytest.approx(found, abs=3e-5)


def test_the_tree_finds_what_a_search_of_all_triangles_finds():
    generator = np.random.default_rng(3)
    corners = generator.random((50, 3, 3))
    points = generator.random((100, 3)) * 3 - 1
    found, _ = BoxTree(corners.reshape(-1, 9), TRIANGLES).nearest(points)
    u, v = np.meshgrid(np.linspace(0, 1, 81), np.linspace(0, 1, 81))
    u, v = u[u + v <= 1.0], v[u + v <= 1.0]
    on = corners[:, None, 0] + u[:, None] * (corners[:, 1] - corners[:, 0])[:, None] + v[:, None] * (
        corners[:, 2] - corners[:, 0])[:, None]  # fmt: skip
    brute = np.array([np.linalg.norm(on - p, axis=2).min() for p in points])
    assert (found <= brute + 1e-12).all()
    assert found == pytest.approx(brute, abs=1.5e-2)


def test_rods_are_cut_to_the_box():
    rod = np.array([[-2.0, 5.0, -1.0, 1.0, 8.0, 5.0, 4.0, 2.0]])
    kept = clip_rods(rod, np.array([[0.0, 0.0, 0.0]]), np.array([[6.0, 10.0, 3.0]]))
    assert kept == pytest.approx(np.array([[0.0, 5.0, 0.0, 1.2, 6.0, 5.0, 3.0, 1.8]]))
    assert len(clip_rods(rod, np.array([[9.0, 0.0, 0.0]]), np.array([[10.0, 10.0, 3.0]]))) == 0
    with pytest.raises(ValueError, match="nothing is left"):
        rod_network(rod * UM, (10 * UM, 4 * UM, 10 * UM), False, "rods")


def test_rods_repeat_or_mirror():
    ball = np.array([[1.0, 5.0, 5.0, 1.0, 1.0, 5.0, 5.0, 1.0]]) * UM
    box = (10 * UM, 10 * UM, 10 * UM)
    point = [np.array(9.5 * UM), np.array(5 * UM), np.array(5 * UM)]
    assert RodNetwork(ball, box, periodic=True).distance(*point) / UM == pytest.approx(0.5)
    assert RodNetwork(ball, box, periodic=False).distance(*point) / UM == pytest.approx(7.5)
    mirrored = [np.array(-1.0 * UM), *point[1:]]
    assert RodNetwork(ball, box, periodic=False).distance(*mirrored) / UM == pytest.approx(-1.0)


def test_a_tapered_channel_by_hand():
    """The wall goes through (radius, z) = (3, 0) and (6, 30) um: its slope is one in ten."""
    host = Channels(6 * UM, 20 * UM, 30 * UM, 12 * UM)
    lean = math.hypot(1.0, 0.1)
    points = (
        np.array([[10, 10, 10], [10, 5.5, 15], [10, 1, 28], [10, 1, 33], [10, 4.5, 33], [10, 10, 34]], dtype=float).T
        * UM
    )
    rim = np.array([6.0, 30.0])
    expected = [4 / lean, 0.0, -2.0, 3.0, math.hypot(5.5 - rim[0], 3.0), math.hypot(6.0, 4.0)]
    assert host.distance(*points) / UM == pytest.approx(expected, abs=1e-9)
    assert Channels(6 * UM, 20 * UM, 30 * UM, 6 * UM).distance(*points) == pytest.approx(
        Channels(6 * UM, 20 * UM, 30 * UM).distance(*points), abs=1e-18
    )


def test_an_inverse_opal_by_hand():
    size = (20 * UM, 20 * UM, 40 * UM)
    opal = InverseOpal(10.2 * UM, 2 * UM, 30 * UM, size, "cubic")
    assert opal.cell[:2] == pytest.approx((10 * UM, 10 * UM))
    pitch = math.sqrt(10.2**2 - 2**2)
    corner = math.sqrt(50.0 + (pitch / 2) ** 2) - 5.1
    points = np.array([[0, 0, pitch], [5, 0, 0], [5, 5, pitch / 2], [0, 0, 33]], dtype=float).T * UM
    top = math.hypot(3.0, max(5.1 - math.dist((0, 0, 33), (0, 0, 3 * pitch)), 0.0))
    assert opal.distance(*points) / UM == pytest.approx([5.1, 0.1, -corner, top], abs=1e-9)
    assert InverseOpal(10 * UM, 3 * UM, 30 * UM, (17 * UM, 17 * UM, 40 * UM)).check(size)


def test_hollow_spheres_by_hand():
    host = HollowSpheres(11 * UM, 1 * UM, 3 * UM, 10 * UM, 35 * UM, (20 * UM, 20 * UM, 40 * UM))
    points = (
        np.array([[5, 5, 5], [10, 5, 5], [10, 5, 6.6], [10, 10, 10], [5 + 5.0 / math.sqrt(3)] * 3], dtype=float).T * UM
    )
    reach = math.hypot(5.0, 1.6)
    expected = [4.5, 1.5, max(abs(reach - 5.0) - 0.5, 1.5 - 1.6), math.sqrt(75.0) - 5.5, -0.5]
    assert host.distance(*points) / UM == pytest.approx(expected, abs=1e-9)
    assert host.contact / UM == pytest.approx(math.sqrt(21.0))


def test_a_coating_lies_on_its_region_alone():
    coated = Coated(Slab(10 * UM), 2 * UM, Block(lower=(5 * UM, -INF, -INF)))
    points = np.array([[8, 0, 13], [8, 0, 11], [2, 0, 11], [2, 0, 9], [4.5, 0, 11.5]], dtype=float).T * UM
    assert coated.distance(*points) / UM == pytest.approx([1.0, -1.0, 1.0, -1.0, 0.5], abs=1e-9)
    assert coated.feature_size == 2 * UM
    sigma = CoatedConductivity(coated, Field(Profile(5.0, 5.0, 10 * UM)), 0.0)
    assert sigma(*points).tolist() == [0.0, 0.0, 5.0, 5.0, 5.0]
    with pytest.raises(ValueError, match="reaches"):
        coated.check((10 * UM, 10 * UM, 5 * UM))


def test_regions_and_fields():
    x, y, z = np.array([1.0, 4.0, 6.0]) * UM, np.zeros(3), np.array([0.0, 5.0, 20.0]) * UM
    assert (Stripes(0, 4 * UM, 2 * UM)(x, y, z) / UM).tolist() == pytest.approx([0.0, 1.0, -1.0])
    assert (Outside(Block(upper=(INF, INF, 5.5 * UM)))(x, y, z) > 0.0).tolist() == [True, True, False]
    field = Field(Profile(1.0, 0.5, 10 * UM), ((Block(lower=(3 * UM, -INF, -INF)), 2.0),))
    assert field(x, y, z) == pytest.approx([1.0, 1.5, 1.0])
    with pytest.raises(ValueError, match="less than the pitch"):
        Stripes(0, 2 * UM, 2 * UM)
    with pytest.raises(ValueError, match="before it begins"):
        Block((1.0, 0.0, 0.0), (0.0, 1.0, 1.0))


def test_a_film_keeps_to_its_surfaces():
    slab, away = Slab(10 * UM), np.array([10.5, 0.5]) * UM
    x = np.zeros(2)
    assert (Film(1 * UM, slab.distance)(x, x, away) < 0).tolist() == [True, True]
    assert (Film(1 * UM)(x, x, away) < 0).tolist() == [False, True]
    assert (Film(1 * UM, slab.distance, Block(lower=(1.0, 0, 0)), on_collector=False)(x, x, away[:1]) < 0).tolist() == [
        False
    ] * 2
    with pytest.raises(ValueError, match="neither"):
        Film(1 * UM, on_collector=False)


def test_caps_keep_to_a_region():
    host, size = Channels(6 * UM, 10 * UM, 20 * UM), (20 * UM, 20 * UM, 40 * UM)
    lower = Block(upper=(INF, INF, 8 * UM))
    caps = random_caps(size, 0.5 * UM, density=4e11, host=host, region=lower, seed=3)
    everywhere = random_caps(size, 0.5 * UM, density=4e11, host=host, seed=3)
    assert caps.positions[:, 2].max() < 8 * UM < everywhere.positions[:, 2].max()
    assert len(caps.positions) < len(everywhere.positions)


def test_a_distance_is_rebuilt_from_any_function_with_its_zero_set():
    errors = []
    for n in (12, 24, 48):
        h = 1.0 / n
        x = (np.arange(n) + 0.5) * h
        radius = np.sqrt((x - 0.5) ** 2 + (x[:, None] - 0.5) ** 2 + (x[:, None, None] - 0.5) ** 2)
        host = sampled_host(np.exp(2 * radius) - np.exp(0.6), (h, h, h), 2.0)
        points = np.random.default_rng(1).random((3, 4000))
        exact = np.sqrt(np.square(points - 0.5).sum(0)) - 0.3
        wrong = np.abs(host.distance(*points) - exact)
        errors.append((wrong[np.abs(exact) < h].max(), wrong[np.abs(exact) < 0.2].max()))
    near, far = np.array(errors).T
    assert (near < [2e-3, 4e-4, 1e-4]).all()
    assert far[2] < 0.6 * far[0] and far[2] < 0.02


def test_the_top_of_a_sampled_host_is_flat():
    half = np.where(np.arange(20)[None, None, :] < 10, -1.0, 1.0) * np.ones((20, 20, 1))
    host = sampled_host(half, (0.5 * UM,) * 3, 8 * UM)
    points = np.array([[2, 5, 10], [2, 5, 7], [7, 5, 7], [8, 5, 12]], dtype=float).T * UM
    assert host.distance(*points) / UM == pytest.approx([2.0, -1.0, 2.0, 5.0], abs=0.02)
    with pytest.raises(ValueError, match="no surface"):
        sampled_host(np.ones((4, 4, 4)), (1.0, 1.0, 1.0), 2.0)
