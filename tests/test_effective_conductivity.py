"""Effective conductivity of pores and solids: exact cases, trends of refinement, a second code on the same voxels."""

import math

import numpy as np
import pytest
from mpi4py import MPI
from plating_cells import flat, plating_problem

from ramify.hosts.shapes import Channels, Pillars
from ramify.phasefield.effective import Phase, host_phases
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.problem import Domain, Geometry

UM = 1e-6


def phases(cells, size, distance, periodic=False):
    """Pores and solid of a host on a grid."""
    spacing = tuple(length / n for length, n in zip(size, cells, strict=True))
    problem = plating_problem(cells, spacing, periodic=periodic, geometry=Geometry(flat(0.0), host_distance=distance))
    return host_phases(problem, Grid(problem.domain, MPI.COMM_SELF))


def from_fractions(fraction, core=0.0):
    """A phase given by its cells (nz, ny, nx), the faces by the harmonic mean of the two beside them."""
    nz, ny, nx = fraction.shape
    grid = Grid(Domain((nx * UM, ny * UM, nz * UM), (nx, ny, nz)), MPI.COMM_SELF)
    cells = grid.zeros()
    cells[OWNED] = fraction
    openings = []
    for axis in range(3):
        face = grid.zeros()
        low, high = np.delete(fraction, -1, 2 - axis), np.delete(fraction, 0, 2 - axis)
        inner = [slice(1, -1)] * 3
        inner[2 - axis] = slice(2, -1)
        face[tuple(inner)] = 2.0 * low * high / np.maximum(low + high, 1e-300)
        openings.append(face)
    return Phase.of(grid, cells, openings, core)


@pytest.mark.parametrize("periodic", [False, True])
def test_straight_channels_conduct_by_their_porosity(periodic):
    host = Channels(6 * UM, 10 * UM, 40 * UM)
    pores, solid = phases((32, 32, 24), (10 * UM, 10 * UM, 30 * UM), host.distance, periodic)
    porosity = math.pi * 9 / 100
    assert pores.fraction[OWNED].mean() / pores.conductivity(2) == pytest.approx(1.0, rel=1e-8)
    assert pores.conductivity(2) == pytest.approx(porosity, rel=5e-3)
    assert solid.conductivity(2) == pytest.approx(1 - porosity, rel=5e-3)
    assert pores.conductivity(0) == pores.conductivity(1) == 0.0
    assert solid.conductivity(0) == pytest.approx(solid.conductivity(1), rel=1e-7)


def test_layers_in_series_add_their_resistances():
    fractions = np.array([1.0, 0.25, 0.25, 0.5, 0.8, 0.8, 0.8, 1.0])
    phase = from_fractions(np.broadcast_to(fractions[:, None, None], (8, 4, 6)))
    assert phase.conductivity(2) == pytest.approx(8 / np.sum(1 / fractions), rel=1e-8)
    for axis in (0, 1):
        assert phase.conductivity(axis) == pytest.approx(fractions.mean(), rel=1e-8)


def sphere(fraction):
    """Signed distance of a sphere in the middle of a unit cube, positive outside."""
    radius = (3.0 * fraction / (4.0 * math.pi)) ** (1.0 / 3.0)
    return lambda x, y, z: np.sqrt((x - 0.5) ** 2 + (y - 0.5) ** 2 + (z - 0.5) ** 2) - radius


def cubic_array(fraction):
    """K around insulating spheres on a simple cubic lattice.

    Rayleigh, Phil. Mag. 34 (1892) 481; coefficient as in Zuzovsky and Brenner, ZAMP 28 (1977) 979.
    """
    return 1.0 - 3.0 * fraction / (2.0 + fraction - 0.75 * 1.3047 * fraction ** (10.0 / 3.0))


@pytest.mark.parametrize(("fraction", "cells"), [(0.05, 24), (0.2, 24), (0.4, 40)])
def test_cubic_arrays_of_spheres(fraction, cells):
    pores, solid = phases((cells,) * 3, (1.0,) * 3, sphere(fraction))
    assert pores.conductivity(2) == pytest.approx(cubic_array(fraction), rel=0.01)
    assert solid.conductivity(2) == 0.0
    if fraction == 0.05:  # Maxwell: dilute spheres
        assert pores.conductivity(0) == pytest.approx(2 * (1 - fraction) / (2 + fraction), rel=0.01)


def test_refinement_converges():
    """On one eighth of the period, by symmetry."""

    def octant(x, y, z):
        return sphere(0.3)(0.5 * x, 0.5 * y, 0.5 * z)

    errors = [
        abs(phases((n,) * 3, (1.0,) * 3, octant)[0].conductivity(2) / cubic_array(0.3) - 1.0) for n in (12, 24, 48)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < min(0.65 * errors[0], 3e-3)


def test_periodic_arrays_may_stand_anywhere():
    """A sphere cut by the periodic faces conducts as one in the middle; there, plates and periods say the same."""
    fraction, cells = 0.3, 20
    radius = (3.0 * fraction / (4.0 * math.pi)) ** (1.0 / 3.0)

    def shifted(x, y, z):
        dx, dy = (np.abs((x - 0.75 + 0.5) % 1.0 - 0.5), np.abs((y - 0.1 + 0.5) % 1.0 - 0.5))
        return np.sqrt(dx**2 + dy**2 + (z - 0.5) ** 2) - radius

    plates = phases((cells,) * 3, (1.0,) * 3, sphere(fraction))[0].conductivity(0)
    for distance in (sphere(fraction), shifted):
        pores, solid = phases((cells,) * 3, (1.0,) * 3, distance, periodic=True)
        assert pores.conductivity(0) == pytest.approx(plates, rel=1e-6)
        assert pores.conductivity(1) == pytest.approx(plates, rel=1e-6)
        assert solid.conductivity(0) == 0.0


def test_square_array_of_cylinders_in_two_dimensions():
    """Rayleigh; coefficients of Perrins, McKenzie and McPhedran, Proc. R. Soc. A 369 (1979) 207."""
    f = 0.3
    host = Pillars(2.0 * math.sqrt(f / math.pi) * UM, 1.0 * UM, 5.0 * UM)
    pores, solid = phases((64, 64, 4), (1 * UM, 1 * UM, 0.0625 * UM), host.distance, periodic=True)
    exact = 1.0 - 2.0 * f / (1.0 + f - 0.305827 * f**4 - 0.013362 * f**8)
    assert pores.conductivity(0) == pytest.approx(exact, rel=0.01)
    assert pores.conductivity(0) == pytest.approx(pores.conductivity(1), rel=1e-7)
    assert pores.conductivity(2) == pytest.approx(1 - f, rel=2e-3)
    assert (solid.conductivity(0), solid.reaching(2, True).any()) == (0.0, True)


def test_parts_and_what_they_reach():
    """A column from end to end, one that ends halfway, an island between them; thin skins belong to their column."""
    fraction = np.zeros((8, 4, 9))
    fraction[:, :, 0:2] = 1.0
    fraction[:4, :, 4] = 1.0
    fraction[6:, 1:3, 6:8] = 1.0
    fraction[:, :, 2:4] = 0.2
    solid = from_fractions(fraction, core=0.5)
    through = solid.reaching(2, False) & solid.reaching(2, True)
    assert through[:, :, :3].all()
    assert not through[:, :, 4:].any()
    assert solid.reaching(2, False)[:4, :, 3:5].all()
    assert not solid.reaching(2, False)[6:, 1:3, 6:8].any()
    cell = UM**3
    assert solid.volume(solid.reaching(2, True)) == pytest.approx((8 * 4 * 2.2 + 4 * 4 * 0.2 + 8) * cell)
    assert solid.conductivity(2) == pytest.approx(2.2 / 9, rel=1e-6)
    assert from_fractions(fraction).reaching(0, False)[:4, :, :5].all()


def test_porespy_finds_the_same_on_the_same_voxels():
    """Its plates lie in the middle of the first and last voxels, a difference of the order of a voxel in N."""
    porespy = pytest.importorskip("porespy")
    pytest.importorskip("openpnm")
    differences = []
    for n in (24, 48):
        image = porespy.generators.blobs([n, n, n], porosity=0.6, blobiness=1, seed=1)
        theirs = porespy.simulations.tortuosity_fd(image, axis=0, ftol=1e-6)
        differences.append(abs(from_fractions(image.astype(float)).conductivity(2) * theirs.formation_factor - 1.0))
    assert differences[1] < 0.01
    assert differences[1] < 0.75 * differences[0]


def test_solids_that_hardly_touch_conduct_nothing():
    joined = from_fractions(np.ones((8, 4, 4)))
    joined.openings[2][4][1:-1, 1:-1] = 1e-11
    assert joined.conductivity(2) == 0.0
    assert joined.conductivity(0) == pytest.approx(1.0, rel=1e-8)
    assert from_fractions(np.ones((1, 4, 4))).conductivity(2) == pytest.approx(1.0, rel=1e-8)


def test_an_anisotropic_material_counts_along_every_axis():
    """A full box conducts as its material; a detour along x costs less where the material conducts well along x."""
    bulk = (100.0, 100.0, 1.0)
    full = from_fractions(np.ones((6, 4, 5)))
    assert [full.conductivity(axis, bulk) for axis in range(3)] == pytest.approx([1.0, 1.0, 1.0], rel=1e-8)
    detour = np.ones((8, 1, 8))
    detour[2:6, :, 2:] = 0.0
    phase = from_fractions(detour)
    assert phase.conductivity(2, bulk) > 1.05 * phase.conductivity(2)
    assert phase.conductivity(2, (1.0, 1.0, 1.0)) == phase.conductivity(2)
    assert phase.conductivity(2, (1.0, 1.0, 100.0)) < phase.conductivity(2) / 1.05
