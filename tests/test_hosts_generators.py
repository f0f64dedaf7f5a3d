"""Every generator: slope of its distance, lateral boundaries, porosity, seeds, refusals."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ramify.hosts.fibres import fibre_mat
from ramify.hosts.foams import foam, strut_diameter
from ramify.hosts.gaussian import random_medium
from ramify.hosts.minimal_surfaces import MinimalSurface
from ramify.hosts.mixed_spheres import Kind, mixed_sphere_pack
from ramify.hosts.opals import HollowSpheres, InverseOpal
from ramify.hosts.porosity import BedSamples
from ramify.hosts.shapes import Channels
from ramify.hosts.wires import coils, wire_mesh

UM = 1e-6
SIZE = (40 * UM, 40 * UM, 60 * UM)
BED = (40 * UM, 40 * UM, 40 * UM)
TOP = 40 * UM

Maker = Callable[[bool], Any]
LATTICES: dict[str, Maker] = {
    "tapered channels": lambda periodic: Channels(4 * UM, 10 * UM, TOP, 8 * UM),
    "crossed wires": lambda periodic: wire_mesh(SIZE, 4 * UM, 10 * UM, TOP, periodic=periodic),
    "woven wires": lambda periodic: wire_mesh(SIZE, 4 * UM, 10 * UM, TOP, weave="woven", periodic=periodic),
    "inverse opal": lambda periodic: InverseOpal(10 * UM, 4 * UM, TOP, SIZE),
    "hollow spheres": lambda periodic: HollowSpheres(11 * UM, 1.5 * UM, 3 * UM, 10 * UM, TOP, SIZE),
    "Kelvin foam": lambda periodic: foam(SIZE, 20 * UM, 0.9, height=TOP, periodic=periodic),
    "Schwarz P": lambda periodic: MinimalSurface("schwarz_p", 20 * UM, 0.6, TOP),
}
"""With the symmetry planes of the domain's faces."""
PERIODIC: dict[str, Maker] = LATTICES | {
    "coils": lambda periodic: coils(SIZE, 3 * UM, 12 * UM, 20 * UM, 8 * UM, TOP, periodic=periodic),
    "gyroid": lambda periodic: MinimalSurface("gyroid", 20 * UM, 0.5, TOP),
    "gyroid sheet": lambda periodic: MinimalSurface("gyroid", 20 * UM, (0.8, 0.6), TOP, "sheet"),
    "Schwarz D": lambda periodic: MinimalSurface("schwarz_d", 20 * UM, 0.4, TOP),
}
RANDOM: dict[str, Maker] = {
    "Voronoi foam": lambda periodic: foam(SIZE, 14 * UM, 0.88, tessellation="voronoi", height=TOP, periodic=periodic),
    "fibres": lambda periodic: fibre_mat(SIZE, 3 * UM, 0.8, height=TOP, periodic=periodic),
    "curled fibres": lambda periodic: fibre_mat(
        SIZE, 3 * UM, 0.85, orientation="isotropic", persistence_length=25 * UM, height=TOP, periodic=periodic
    ),
    "random medium": lambda periodic: random_medium(SIZE, 14 * UM, 0.55, height=TOP, periodic=periodic),
    "two sizes of spheres": lambda periodic: mixed_sphere_pack(
        SIZE, (Kind(5 * UM, 5 * UM, 0.7), Kind(2 * UM, 2 * UM, 0.3)), 0.7, height=TOP, periodic=periodic
    ),
}
ALL = PERIODIC | RANDOM


@pytest.fixture(scope="module")
def host() -> Callable[[str, bool], Any]:
    """`host(name, periodic)`, each made once."""
    made: dict[tuple[str, bool], Any] = {}

    def find(name: str, periodic: bool) -> Any:
        if (name, periodic) not in made:
            made[name, periodic] = ALL[name](periodic)
        return made[name, periodic]

    return find


def places(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((3, count)) * np.array(BED)[:, None]


def slopes(shape: Any, points: np.ndarray) -> np.ndarray:
    h = 1e-9
    parts = [shape.distance(*(points + e[:, None])) - shape.distance(*(points - e[:, None])) for e in np.eye(3) * h]
    return np.sqrt(np.square(parts).sum(0)) / (2 * h)


@pytest.mark.parametrize("name", ALL)
def test_the_distance_has_unit_slope_near_the_surface(host, name):
    shape, points = host(name, True), places(8_000)
    near = points[:, np.abs(shape.distance(*points)) < 0.3 * UM]
    norm = slopes(shape, near)
    assert near.shape[1] > 100
    tight = 1e-5 if name not in ("gyroid", "gyroid sheet", "Schwarz P", "Schwarz D", "random medium") else 0.02
    assert np.quantile(np.abs(norm - 1.0), 0.9) < tight
    assert np.abs(np.median(norm) - 1.0) < 2e-3


@pytest.mark.parametrize("name", ALL)
def test_a_periodic_host_is_periodic(host, name):
    shape = host(name, True)
    x, y, z = places(400)
    d = shape.distance(x, y, z)
    for axis in range(2):
        on_face = [x.copy(), y.copy(), z]
        on_face[axis] = np.full_like(x, 1e-9 * UM)
        beyond = [c.copy() for c in on_face]
        beyond[axis] += SIZE[axis]
        assert shape.distance(*beyond) == pytest.approx(shape.distance(*on_face), abs=1e-11)
    assert shape.distance(x[None, None, :7], y[None, :5, None], z[:3, None, None]).shape == (3, 5, 7)
    assert shape.distance(x[:3], y[:3], z[:3]) == pytest.approx(d[:3], abs=1e-12)


@pytest.mark.parametrize("name", [*LATTICES, "Voronoi foam", "fibres", "random medium", "two sizes of spheres"])
def test_symmetry_planes_mirror_the_host(host, name):
    shape, away = host(name, False), 0.4 * UM
    x, y, z = places(1000)
    for axis in range(2):
        for wall in (0.0, SIZE[axis]):
            sides = []
            for step in (-away, away):
                point = [x, y, z]
                point[axis] = np.full_like(x, wall + step)
                sides.append(shape.distance(*point))
            assert sides[0] == pytest.approx(sides[1], abs=1e-6 * UM)


@pytest.mark.parametrize(
    ("name", "porosity", "tolerance"),
    [
        ("Kelvin foam", 0.9, 2e-3),
        ("Voronoi foam", 0.88, 3e-3),
        ("fibres", 0.8, 4e-3),
        ("curled fibres", 0.85, 4e-3),
        ("random medium", 0.55, 2e-3),
        ("gyroid", 0.5, 1e-3),
        ("Schwarz P", 0.6, 3e-3),
        ("Schwarz D", 0.4, 4e-3),
        ("gyroid sheet", 0.7, 5e-3),
    ],
)
def test_porosity_is_met(host, name, porosity, tolerance):
    for periodic in (True, False) if name in RANDOM else (True,):
        samples = BedSamples.over(BED, 150_000)
        assert samples.porosity(samples.distances(host(name, periodic).distance)) == pytest.approx(
            porosity, abs=tolerance
        )


@pytest.mark.parametrize(
    ("shape", "low", "high", "tolerance"),
    [
        (lambda: foam(SIZE, 10 * UM, (0.95, 0.8), tessellation="voronoi", height=TOP, periodic=True), 0.95, 0.8, 0.03),
        (lambda: MinimalSurface("gyroid", 10 * UM, (0.3, 0.7), TOP), 0.3, 0.7, 0.02),
        (lambda: random_medium(SIZE, 8 * UM, (0.4, 0.8), height=TOP, periodic=True), 0.4, 0.8, 0.02),
        (
            lambda: mixed_sphere_pack(SIZE, (Kind(2 * UM, 2 * UM),), (0.7, 0.95), height=TOP, periodic=True),
            0.7,
            0.95,
            0.045,
        ),
    ],
)
def test_a_porosity_gradient_is_linear_in_height(shape, low, high, tolerance):
    samples = BedSamples.over(BED, 150_000)
    layers = samples.distances(shape().distance)
    quarters = [float(np.mean(np.clip(0.5 + q / samples.edge, 0.0, 1.0))) for q in np.array_split(layers, 4)]
    expected = [low + (high - low) * share for share in (0.125, 0.375, 0.625, 0.875)]
    assert quarters[1:3] == pytest.approx(expected[1:3], abs=tolerance)
    assert np.mean(quarters) == pytest.approx(0.5 * (low + high), abs=tolerance)


@pytest.mark.parametrize("name", RANDOM)
def test_the_seed_sets_the_host(host, name):
    makers: dict[str, Callable[[int], Any]] = {
        "Voronoi foam": lambda seed: foam(SIZE, 14 * UM, 0.88, tessellation="voronoi", height=TOP, seed=seed),
        "fibres": lambda seed: fibre_mat(SIZE, 3 * UM, 0.8, height=TOP, seed=seed),
        "curled fibres": lambda seed: fibre_mat(
            SIZE, 3 * UM, 0.85, orientation="isotropic", persistence_length=25 * UM, height=TOP, seed=seed
        ),
        "random medium": lambda seed: random_medium(SIZE, 14 * UM, 0.55, height=TOP, seed=seed),
        "two sizes of spheres": lambda seed: mixed_sphere_pack(
            SIZE, (Kind(5 * UM, 5 * UM, 0.7), Kind(2 * UM, 2 * UM, 0.3)), 0.7, height=TOP, seed=seed
        ),
    }
    points = places(300)
    d = host(name, False).distance(*points)
    assert np.array_equal(makers[name](0).distance(*points), d)
    assert not np.allclose(makers[name](1).distance(*points), d)


def test_a_mat_with_a_lower_porosity_holds_the_fibres_of_a_higher_one():
    sparse, dense = (fibre_mat(SIZE, 3 * UM, porosity, height=TOP, seed=5) for porosity in (0.9, 0.8))
    points = places(5000)
    assert (dense.distance(*points) <= sparse.distance(*points) + 1e-12).all()


def test_orientation_and_curl_of_fibres():
    def directions(**options: Any) -> np.ndarray:
        rods = fibre_mat(SIZE, 2 * UM, 0.9, height=TOP, periodic=True, **options).rods
        along = rods[:, 4:7] - rods[:, 0:3]
        return along / np.linalg.norm(along, axis=1, keepdims=True)

    assert np.abs(directions()[:, 2]).max() < 1e-12
    isotropic = directions(orientation="isotropic", persistence_length=10 * UM)
    assert np.square(isotropic).mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=0.12)
    straight, curled = (fibre_mat(SIZE, 2 * UM, 0.97, height=TOP, periodic=True, persistence_length=p, seed=2)
                        for p in (math.inf, 12 * UM))  # fmt: skip
    step = 12 * UM / 6
    for mat, cosine in ((straight, 1.0), (curled, math.exp(-0.5 * step / (12 * UM)))):
        along = mat.rods[:, 4:7] - mat.rods[:, 0:3]
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        turns = np.sum(along[1:] * along[:-1], axis=1)
        assert np.median(turns[turns > 0.5]) == pytest.approx(cosine, abs=0.05)


def test_struts_follow_the_estimate():
    shape = foam(SIZE, 20 * UM, 0.95, height=TOP)
    assert shape.feature_size == pytest.approx(strut_diameter(20 * UM, 0.95), rel=0.1)


def test_two_sizes_of_spheres_have_their_volumes(host):
    for periodic in (True, False):
        radii = host("two sizes of spheres", periodic).rods[:, 3]
        volumes = [4 / 3 * math.pi * float(np.sum(radii[radii == r] ** 3)) for r in (5 * UM, 2 * UM)]
        one = 4 / 3 * math.pi * (5 * UM) ** 3
        assert volumes == pytest.approx([0.7 * 0.3 * math.prod(BED), 0.3 * 0.3 * math.prod(BED)], abs=0.51 * one)


def test_no_rod_rises_above_the_height(host):
    for name in ("fibres", "curled fibres", "Voronoi foam", "Kelvin foam", "crossed wires", "coils"):
        shape = host(name, True)
        x, y, _ = places(2000)
        assert (shape.distance(x, y, np.full(2000, TOP)) > -1e-12).all(), name


def test_wires_cross_without_a_gap_and_stand_on_the_collector():
    for weave in ("crossed", "woven"):
        mesh = wire_mesh(SIZE, 4 * UM, 10 * UM, 12 * UM, weave=weave)
        x, y, z = np.meshgrid(*[np.linspace(0, 20, 41) * UM, np.linspace(0, 20, 41) * UM, np.arange(0, 12, 0.5) * UM],
                              indexing="ij")  # fmt: skip
        from scipy import ndimage

        solid = mesh.distance(x, y, z) < 0.0
        _, count = ndimage.label(solid)
        assert count == 1 and solid[:, :, 0].any(), weave


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Channels(4 * UM, 10 * UM, TOP, 10 * UM), "top diameter"),
        (lambda: wire_mesh(SIZE, 10 * UM, 10 * UM, TOP), "less than the pitch"),
        (lambda: wire_mesh(SIZE, 4 * UM, 10 * UM, 5 * UM), "holds no mesh"),
        (lambda: coils(SIZE, 3 * UM, 12 * UM, 12 * UM, 8 * UM, TOP), "pitch 12 um must be more than the coil"),
        (lambda: fibre_mat(SIZE, 3 * UM, 1.2), "between 0 and 1"),
        (lambda: fibre_mat(SIZE, 3 * UM, 0.8, persistence_length=1 * UM), "persistence length"),
        (lambda: fibre_mat((1e-2, 1e-2, 1e-2), 1 * UM, 0.5), "more than 200000 pieces"),
        (lambda: foam(SIZE, 90 * UM, 0.9), "do not fit"),
        (lambda: foam((1e-2, 1e-2, 1e-2), 10 * UM, 0.9), "more than 20000 cells"),
        (lambda: random_medium(SIZE, 14 * UM, 0.05), "separate pieces"),
        (lambda: random_medium((1e-2, 1e-2, 1e-2), 10 * UM, 0.5), "nodes are needed"),
        (lambda: MinimalSurface("schwarz_p", 20 * UM, 0.1, TOP), "allowed: 0.22 to 0.78"),
        (lambda: InverseOpal(10 * UM, 8 * UM, TOP, SIZE), "leave no solid"),
        (lambda: HollowSpheres(11 * UM, 1 * UM, 6 * UM, 10 * UM, TOP, SIZE), "nothing would hold them"),
        (lambda: HollowSpheres(11 * UM, 1 * UM, 3 * UM, 13.3 * UM, TOP, SIZE), "must lie between the pitch"),
        (lambda: mixed_sphere_pack(SIZE, (Kind(4 * UM, 4 * UM),), 0.5), "random addition fills less"),
    ],
)
def test_impossible_hosts_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


@pytest.mark.parametrize("name", ALL)
def test_hosts_are_checked_against_their_domain(host, name):
    shape = host(name, True)
    assert shape.feature_size > 0.5 * UM
    with pytest.raises(ValueError, match="reaches the counter electrode"):
        shape.check((40 * UM, 40 * UM, 40 * UM), True)
    assert all(isinstance(note, str) for note in shape.check(SIZE, True))
    assert MinimalSurface("gyroid", 20 * UM, 0.5, TOP).check(SIZE, False)
    with pytest.raises(ValueError, match="whole pitches"):
        MinimalSurface("gyroid", 15 * UM, 0.5, TOP).check(SIZE, True)
