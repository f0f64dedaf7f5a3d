"""What describes a host's shape: areas and volumes by marching tetrahedra, pore sizes, profiles."""

import math
from itertools import pairwise

import numpy as np
import pytest

from ramify.hosts.descriptors import describe_shape
from ramify.hosts.isosurface import NodeGrid, crossings, measure
from ramify.hosts.pores import pore_sizes
from ramify.hosts.shapes import Channels, Pillars
from ramify.hosts.spheres import sphere_pack

UM = 1e-6
K = 2.0 * math.pi


def gyroid(x, y, z):
    return np.sin(K * x) * np.cos(K * y) + np.sin(K * y) * np.cos(K * z) + np.sin(K * z) * np.cos(K * x)


def primitive(x, y, z):
    return np.cos(K * x) + np.cos(K * y) + np.cos(K * z)


def diamond(x, y, z):
    return np.cos(K * x) * np.cos(K * y) * np.cos(K * z) - np.sin(K * x) * np.sin(K * y) * np.sin(K * z)


def ball(x, y, z):
    return np.sqrt((x - 0.5) ** 2 + (y - 0.5) ** 2 + (z - 0.5) ** 2) - 0.3


def areas(function, counts):
    return [float(measure(function, NodeGrid((1.0, 1.0, 1.0), (n, n, n), False))[0].sum()) for n in counts]


@pytest.mark.parametrize(("function", "area"), [(gyroid, 3.0915), (primitive, 2.3453), (diamond, 3.8378)])
def test_areas_of_minimal_surfaces(function, area):
    """Of the minimal surfaces themselves; the nodal equations differ from them by up to a third of a per cent."""
    grid = NodeGrid((1.0, 1.0, 1.0), (32, 32, 32), False)
    found, pores = measure(function, grid)
    assert found.sum() == pytest.approx(area, rel=6e-3)
    assert pores.sum() == pytest.approx(0.5, rel=1e-6)


def test_area_and_volume_of_a_sphere_are_of_second_order():
    exact = K * 2.0 * 0.3**2
    errors = [area / exact - 1.0 for area in areas(ball, (12, 24, 48))]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert min(orders) > 1.8
    assert abs(errors[1]) < 6e-3
    volumes = [1.0 - float(measure(ball, NodeGrid((1.0, 1.0, 1.0), (n, n, n), False))[1].sum()) for n in (24, 48)]
    misses = [volume / (4.0 / 3.0 * math.pi * 0.027) - 1.0 for volume in volumes]
    assert math.log2(misses[0] / misses[1]) > 1.8


def test_a_plane_is_exact_at_any_angle():
    normal = np.array([0.3, -0.5, 1.0])

    def plane(x, y, z):
        return normal[0] * (x - 0.5) + normal[1] * (y - 0.5) + normal[2] * (z - 0.5)

    area, pores = measure(plane, NodeGrid((1.0, 1.0, 1.0), (7, 8, 9), False))
    assert area.sum() == pytest.approx(np.linalg.norm(normal), rel=1e-12)
    assert pores.sum() == pytest.approx(0.5, rel=1e-12)
    points = crossings(plane, NodeGrid((1.0, 1.0, 1.0), (7, 8, 9), False))
    assert np.abs(plane(*points.T)).max() < 1e-14


@pytest.mark.parametrize("domain_height", [50.0, 30.000001])
def test_pillars(domain_height):
    host = Pillars(diameter=4 * UM, pitch=10 * UM, height=30 * UM)
    shape = describe_shape(host, (20 * UM, 10 * UM, domain_height * UM), 30 * UM)
    section, side = 4 * math.pi, 4 * math.pi * 30
    pore = (200 - 2 * section) * 30
    assert shape.porosity == pytest.approx(1 - section / 100, rel=2e-3)
    assert shape.porosity_domain == pytest.approx(1 - section * 30 / (100 * domain_height), rel=2e-3)
    assert shape.host_area == pytest.approx(2 * (side + section) * UM**2, rel=0.005)
    assert shape.collector_area == pytest.approx((200 - 2 * section) * UM**2, rel=0.005)
    assert shape.specific_surface_area == pytest.approx((side + section) / 3000 / UM, rel=0.005)
    exact = (2 * (side + section) + 200 - 2 * section) / pore / UM
    assert shape.surface_per_pore_volume == pytest.approx(exact, rel=0.005)
    assert shape.profile[:-1] == pytest.approx(np.full(len(shape.profile) - 1, 1 - section / 100), rel=2e-3)
    assert shape.pores is not None
    assert shape.pores.d90 == pytest.approx((math.sqrt(200) - 4) * UM, rel=0.01)


@pytest.mark.parametrize(("offset", "periodic"), [((0.5, 0.5), False), ((0.03, 0.57), True)])
def test_channels_have_pores_of_one_size(offset, periodic):
    host = Channels(6 * UM, 10 * UM, 20 * UM, offset=offset)
    sizes = pore_sizes(host.distance, (10 * UM, 10 * UM, 20 * UM), 0.25 * UM, periodic=periodic)
    assert sizes is not None
    for diameter in (sizes.mean, sizes.d10, sizes.d50, sizes.d90):
        assert diameter == pytest.approx(6 * UM, rel=0.01)
    assert sizes.shares.sum() == pytest.approx(1.0)


def test_slits_in_two_dimensions():
    host = Channels(6 * UM, 10 * UM, 20 * UM, planar=True)
    shape = describe_shape(host, (20 * UM, 1.0, 40 * UM), 20 * UM, planar=True)
    assert shape.pores is not None
    assert shape.pores.d50 == pytest.approx(6 * UM, rel=0.01)
    assert shape.porosity == pytest.approx(0.6, rel=1e-3)
    assert shape.host_area == pytest.approx((4 * 20 + 8) * UM, rel=0.005)


@pytest.mark.parametrize("arrangement", ["random", "cubic"])
def test_beds_of_spheres(arrangement):
    size = (16 * UM, 16 * UM, 24 * UM)
    bed = sphere_pack(size, 2 * UM, porosity=0.7, arrangement=arrangement, height=16 * UM, periodic=True, seed=3)
    shape = describe_shape(bed, size, 16 * UM, periodic=True)
    assert shape.porosity == pytest.approx(bed.porosity, rel=2e-3)
    assert shape.host_area == pytest.approx(3 * (1 - bed.porosity) * 16**3 / 2 * UM**2, rel=0.01)
    assert shape.pores is not None
    assert shape.pores.d10 < shape.pores.d50 <= shape.pores.d90


def test_a_solid_block_has_no_pores():
    def block(x, y, z):
        return np.minimum(-1.0 + 0.0 * (x + y + z), -1.0)

    assert pore_sizes(block, (1.0, 1.0, 1.0), 0.1) is None
