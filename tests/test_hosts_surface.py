"""Areas, points uniform by area, and beds of spheres."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from ramify.hosts.shapes import Channels, Flat, Pillars
from ramify.hosts.spheres import sphere_pack
from ramify.hosts.surface import describe, random_caps

UM = 1e-6
PILLARS = Pillars(diameter=4 * UM, pitch=10 * UM, height=30 * UM)
SIZE = (20 * UM, 10 * UM, 50 * UM)


def test_description_of_pillars():
    number = describe(PILLARS, SIZE)
    section = math.pi * (2 * UM) ** 2
    area = 2 * (math.pi * 4 * UM * 30 * UM + section)
    pore = math.prod(SIZE) - 2 * section * 30 * UM
    assert number.host_area == pytest.approx(area, rel=0.01)
    assert number.collector_area == pytest.approx(200 * UM**2 - 2 * section, rel=0.01)
    assert number.porosity == pytest.approx(pore / math.prod(SIZE), rel=2e-3)
    assert number.area_per_pore_volume == pytest.approx((area + 200 * UM**2 - 2 * section) / pore, rel=0.01)


def test_description_of_channels_and_of_nothing():
    number = describe(Channels(6 * UM, 10 * UM, 30 * UM), SIZE)
    section = math.pi * (3 * UM) ** 2
    assert number.host_area == pytest.approx(2 * (math.pi * 6 * UM * 30 * UM + 100 * UM**2 - section), rel=0.015)
    assert number.collector_area == pytest.approx(2 * section, rel=0.01)
    bare = describe(Flat(), SIZE)
    assert bare.host_area == 0.0
    assert bare.porosity == pytest.approx(1.0, rel=1e-12)
    assert bare.collector_area == pytest.approx(200 * UM**2, rel=1e-12)


def test_planar_areas_are_lengths():
    number = describe(Pillars(4 * UM, 10 * UM, 30 * UM, planar=True), (20 * UM, 1.0, 50 * UM), planar=True)
    assert number.host_area == pytest.approx(2 * (2 * 30 + 4) * UM, rel=0.02)
    assert number.collector_area == pytest.approx(12 * UM, rel=0.02)


def test_caps_lie_on_the_surface_in_proportion_to_area():
    caps = random_caps(SIZE, 0.2 * UM, count=4000, seed=1, host=PILLARS)
    x, y, z = caps.positions.T
    on_collector = z == 0.0
    assert np.abs(PILLARS.distance(x, y, z)[~on_collector]).max() < 0.01 * UM
    assert (PILLARS.distance(x, y, z)[on_collector] > 0.0).all()
    side = math.pi * 4 * 30
    tops, floor = math.pi * 4, 100 - math.pi * 4
    total = side + tops + floor
    shares = [np.mean(~on_collector & (z < 29.9 * UM)), np.mean(z > 29.99 * UM), np.mean(on_collector)]
    for share, area in zip(shares, (side, tops, floor), strict=True):
        expected = area / total
        assert abs(share - expected) < 4.0 * math.sqrt(expected / 4000) + 0.005
    heights = z[~on_collector & (z < 29.9 * UM)]
    assert abs(heights.mean() - 15 * UM) < 4.0 * 30 * UM / math.sqrt(12 * len(heights))
    assert np.linalg.norm(caps.normals, axis=1) == pytest.approx(np.ones(4000), abs=1e-9)


def test_density_sets_the_number_and_the_seed_the_places():
    caps = random_caps((100 * UM, 100 * UM, 50 * UM), 1 * UM, density=1e10, seed=7)
    assert len(caps.positions) == 100
    assert (caps.positions[:, 2] == 0.0).all()
    again = random_caps((100 * UM, 100 * UM, 50 * UM), 1 * UM, density=1e10, seed=7)
    other = random_caps((100 * UM, 100 * UM, 50 * UM), 1 * UM, density=1e10, seed=8)
    np.testing.assert_array_equal(caps.positions, again.positions)
    assert not np.array_equal(caps.positions, other.positions)


def test_insulating_hosts_bear_no_caps():
    caps = random_caps(SIZE, 0.2 * UM, count=300, host=PILLARS, on=("collector",))
    assert (caps.positions[:, 2] == 0.0).all()


def test_planar_density_keeps_the_spacing():
    caps = random_caps((100 * UM, 1.0, 50 * UM), 1 * UM, density=1e10, planar=True)
    assert len(caps.positions) == 10
    x = np.array([caps.positions[0, 0]])
    assert caps(x, np.array([0.3]), np.array([0.0])) == pytest.approx(-1 * UM, abs=1e-15)


def test_caps_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="no cap at all"):
        random_caps(SIZE, 1 * UM, density=1e3)
    with pytest.raises(ValueError, match="either a density or a count"):
        random_caps(SIZE, 1 * UM)
    with pytest.raises(ValueError, match="have no area"):
        random_caps(SIZE, 1 * UM, count=3, on=("host",))


@pytest.mark.parametrize("periodic", [False, True])
def test_random_spheres_do_not_overlap_and_stay_inside(periodic):
    box = (30 * UM, 40 * UM, 60 * UM)
    bed = sphere_pack(box, 3 * UM, porosity=0.75, height=50 * UM, seed=2, periodic=periodic)
    again = sphere_pack(box, 3 * UM, porosity=0.75, height=50 * UM, seed=2, periodic=periodic)
    np.testing.assert_array_equal(bed.centres, again.centres)
    assert bed.porosity == pytest.approx(0.75, abs=2e-3)
    centres = bed.centres
    if periodic:
        images = [centres + np.array([i * box[0], j * box[1], 0.0]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        centres = np.concatenate(images)
    else:
        assert (centres.min(0) >= 3 * UM).all()
        assert (centres.max(0) <= np.array([27, 37, 47]) * UM).all()
    assert pdist(centres).min() >= 6 * UM * (1 - 1e-12)
    assert describe(bed, box).porosity == pytest.approx(1 - 0.25 * 50 / 60, abs=3e-3)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("arrangement", ["cubic", "bcc"])
def test_lattices_of_spheres(arrangement, periodic):
    size = (30 * UM, 30 * UM, 50 * UM)
    bed = sphere_pack(size, 2 * UM, porosity=0.6, arrangement=arrangement, height=40 * UM, periodic=periodic)
    assert bed.porosity == pytest.approx(0.6, abs=0.05)
    assert pdist(bed.centres).min() >= 4 * UM
    number = describe(bed, size)
    assert number.porosity == pytest.approx(1 - (1 - bed.porosity) * 40 / 50, abs=3e-3)
    solid = (1 - number.porosity) * math.prod(size)
    assert number.host_area == pytest.approx(3 * solid / (2 * UM), rel=0.02)


def test_sphere_distance_is_to_the_nearest_image():
    bed = sphere_pack((10 * UM, 10 * UM, 20 * UM), 2 * UM, count=1, height=10 * UM, periodic=True, seed=1)
    x, y, z = bed.centres[0]
    d = bed.distance(np.array([x + 5 * UM]), np.array([y + 10 * UM]), np.array([z]))
    assert d / UM == pytest.approx([3.0])
    assert bed.distance(np.array(x), np.array(y), np.array(z)) / UM == pytest.approx(-2.0)


def test_discs_ignore_depth():
    bed = sphere_pack((40 * UM, 1.0, 60 * UM), 2 * UM, porosity=0.7, planar=True, periodic=True)
    x, _, z = bed.centres[3]
    assert bed.distance(np.array([x]), np.array([0.4]), np.array([z])) / UM == pytest.approx([-2.0])
    assert bed.porosity == pytest.approx(0.7, abs=5e-3)
    assert describe(bed, (40 * UM, 1.0, 60 * UM), planar=True).porosity == pytest.approx(1 - 0.3 * 58 / 60, abs=5e-3)


def test_impossible_beds_are_refused():
    size = (20 * UM, 20 * UM, 40 * UM)
    with pytest.raises(ValueError, match="lattice for denser beds"):
        sphere_pack(size, 2 * UM, porosity=0.5)
    with pytest.raises(ValueError, match="would overlap"):
        sphere_pack(size, 2 * UM, porosity=0.3, arrangement="cubic")
    with pytest.raises(ValueError, match="do not fit"):
        sphere_pack(size, 15 * UM, count=1)
    with pytest.raises(ValueError, match="either a porosity or a count"):
        sphere_pack(size, 1 * UM)
    bed = sphere_pack(size, 2 * UM, porosity=0.8)
    with pytest.raises(ValueError, match="another width"):
        bed.check((10 * UM, 20 * UM, 60 * UM))
    with pytest.raises(ValueError, match="counter electrode"):
        bed.check((20 * UM, 20 * UM, 30 * UM))
