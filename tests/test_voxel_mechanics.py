"""Voxel finite elements: closed solutions and their orders, the multigrid's near-null space, ranks."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import voxels
from ramify.phasefield.mechanics.element import Brick, parent_weights
from ramify.phasefield.mechanics.nodes import NodeBox
from ramify.phasefield.mechanics.problem import Phases, Supports
from ramify.phasefield.mechanics.solver import VoxelSolver
from ramify.phasefield.problem import Domain
from ramify.physics.elasticity import Elasticity
from ramify.physics.mechanics import elastic_stiffness, from_mandel
from ramify.physics.viscoplasticity import elastic
from ramify.validation import voxel_cases
from ramify.validation.voxel_cases import ESHELBY_CYLINDER, FINE, LITHIUM, MICRON, SOFT_CORE


def order(coarse, fine):
    return math.log2(abs(coarse) / abs(fine))


def test_brick_is_the_elastic_brick_with_a_mean_dilatation():
    """Against B-bar by two Gauss points per axis, with the deviator of the trilinear functions themselves."""
    h = np.array([1.0, 1.3, 0.7])
    brick = Brick.of(tuple(h))
    K, G = LITHIUM.bulk_modulus, LITHIUM.shear_modulus
    C = np.empty((6, 6))
    elastic_stiffness(K, G, C)
    ours = (
        brick.volume * brick.strain.T @ C @ brick.strain + G * brick.amplitudes.T @ brick.hourglass @ brick.amplitudes
    )
    reference = np.zeros((24, 24))
    for point in np.array([(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]) / math.sqrt(3):
        B = np.zeros((6, 24))
        for n in range(8):
            s = 2.0 * np.array([n & 1, n >> 1 & 1, n >> 2]) - 1.0
            f = (1.0 + s * point) / 2.0
            g = [s[c] / h[c] * f[(c + 1) % 3] * f[(c + 2) % 3] for c in range(3)]
            B[0, 3 * n], B[1, 3 * n + 1], B[2, 3 * n + 2] = g
            B[3, 3 * n + 1 : 3 * n + 3] = np.array([g[2], g[1]]) / math.sqrt(2)
            B[4, 3 * n], B[4, 3 * n + 2] = g[2] / math.sqrt(2), g[0] / math.sqrt(2)
            B[5, 3 * n], B[5, 3 * n + 1] = g[1] / math.sqrt(2), g[0] / math.sqrt(2)
        volume = np.array([1.0, 1.0, 1.0, 0, 0, 0])
        bar = B + np.outer(volume / 3.0, volume @ (brick.strain - B))
        reference += brick.volume / 8.0 * bar.T @ C @ bar
    np.testing.assert_allclose(ours, reference, atol=1e-12 * reference.max())
    eigenvalues = np.linalg.eigvalsh(ours)
    assert (np.abs(eigenvalues) < 1e-9 * eigenvalues[-1]).sum() == 6  # rigid motions and nothing else


def test_patch_test():
    """A linear displacement on the boundary is found exactly inside, in cells that are no cubes."""
    grid = Grid(Domain((5e-6, 4e-6, 9e-6), (5, 5, 6)))
    size = np.array([5e-6, 4e-6, 9e-6])

    def boundary(x, y, z):
        out = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), bool)
        for place, edge in zip((x, y, z), size, strict=True):
            out |= (place < 1e-12) | (place > edge - 1e-12)
        return out

    phases = Phases(elastic(LITHIUM), LITHIUM)
    solver = VoxelSolver(grid, phases, Supports("free", "free"), MICRON, FINE, boundary)
    gradient = 1e-3 * np.random.default_rng(4).normal(size=(3, 3))
    x = np.stack(np.broadcast_arrays(*solver.nodes()), axis=-1)
    exact = x @ gradient.T / solver.finest
    solver.displacement[:] = np.where(boundary(*solver.nodes())[..., None], exact, 0.0)
    xi = grid.zeros()
    xi[:] = 1.0
    solver.set_cells(xi)
    solver.advance(0.0)
    np.testing.assert_allclose(solver.displacement[solver.box.owned], exact[solver.box.owned], atol=1e-9)
    strain = 0.5 * (gradient + gradient.T)
    np.testing.assert_allclose(from_mandel(solver.strain[OWNED]), np.broadcast_to(strain, (6, 5, 5, 3, 3)), atol=1e-9)


def test_coarse_grids_hold_the_rigid_motions():
    """The near-null space: interpolated rigid motions are rigid, on odd and even counts."""
    grid = Grid(Domain((7e-6, 6e-6, 5e-6), (7, 6, 5)))
    fine = NodeBox.of(grid)
    factors = (2, 2, 2)
    coarse = fine.coarser(factors)
    assert coarse.cells == (4, 3, 3)

    def motion(z, y, x):
        out = np.zeros((len(z), len(y), len(x), 3))
        out[..., 0] = 1.0 + 0.3 * y[:, None] - 0.2 * z[:, None, None]
        out[..., 1] = 2.0 - 0.3 * x + 0.1 * z[:, None, None]
        out[..., 2] = 3.0 + 0.2 * x - 0.1 * y[:, None]
        return out

    places = [np.arange(-1.0, n + 1.0) for n in (5, 6, 7)]
    tables = fine.restriction(factors)[0]
    expected = motion(*places)
    on_coarse = motion(*(place[table[:, 1]] for place, table in zip(places, tables, strict=True)))
    found = np.zeros_like(expected)
    voxels.prolong(on_coarse, *fine.prolongation(factors), found)
    np.testing.assert_allclose(found[fine.owned], expected[fine.owned], rtol=1e-6)
    assert parent_weights().sum(axis=-1) == pytest.approx(1.0)


def test_restriction_is_the_transpose_of_interpolation():
    fine = NodeBox.of(Grid(Domain((7e-6, 6e-6, 5e-6), (7, 6, 5))))
    coarse = fine.coarser((2, 2, 2))
    rng = np.random.default_rng(0)
    r, c = np.zeros((*fine.shape, 3)), np.zeros((*coarse.shape, 3))
    r[fine.owned], c[coarse.owned] = rng.normal(size=r[fine.owned].shape), rng.normal(size=c[coarse.owned].shape)
    down, up = np.zeros_like(c), np.zeros_like(r)
    voxels.restrict(r, *fine.restriction((2, 2, 2)), down)
    voxels.prolong(c, *fine.prolongation((2, 2, 2)), up)
    assert (down * c)[coarse.owned].sum() == pytest.approx((up * r)[fine.owned].sum(), rel=1e-6)


def test_uniaxial_compression_under_stack_pressure():
    grid = Grid(Domain((4e-6, 3e-6, 7e-6), (4, 3, 7)))
    solver = VoxelSolver(grid, Phases(elastic(LITHIUM), LITHIUM), Supports("symmetric", "sliding"), MICRON, FINE)
    xi = grid.zeros()
    xi[:] = 1.0
    solver.set_cells(xi)
    solver.advance(0.0, 1e6)
    np.testing.assert_allclose(solver.stress[OWNED][..., 2], -1e6, rtol=1e-6)
    np.testing.assert_allclose(solver.stress[OWNED][..., 0], -1e6 * 0.38 / 0.62, rtol=1e-6)
    top = solver.displacement[-1, 1:, 1:, 2] * solver.finest
    np.testing.assert_allclose(top, -1e6 / LITHIUM.uniaxial_modulus * 7e-6, rtol=1e-6)
    assert solver.von_mises() == pytest.approx(1e6 * (1 - 0.38 / 0.62), rel=1e-6)


def test_held_top_loads_like_the_pressure_it_takes():
    grid = Grid(Domain((4e-6, 3e-6, 7e-6), (4, 3, 7), periodic=True))
    supports = Supports(bottom="sliding", top="held", top_displacement=-7e-9)
    solver = VoxelSolver(grid, Phases(elastic(LITHIUM), LITHIUM), supports, MICRON, FINE)
    xi = grid.zeros()
    xi[:] = 1.0
    solver.set_cells(xi)
    solver.advance(0.0)
    np.testing.assert_allclose(solver.stress[OWNED][..., 2], -1e-3 * LITHIUM.uniaxial_modulus, rtol=1e-6)


def test_inclusion_of_eshelby_converges_with_order_two():
    """The diffuse surface as wide as a cell: its width and the cells shrink together."""
    coarse, fine = ESHELBY_CYLINDER.solve(24), ESHELBY_CYLINDER.solve(48)
    assert abs(fine["core"]) < 6e-3
    assert abs(fine["traction"]) < 8e-3
    assert order(coarse["core"], fine["core"]) > 1.8
    assert order(coarse["traction"], fine["traction"]) > 1.8
    assert order(coarse["displacement"], fine["displacement"]) > 1.4  # its kink is rounded over the width
    assert fine["iterations"] <= 12


def test_sphere_of_eshelby():
    coarse, fine = voxel_cases.eshelby_sphere(8), voxel_cases.eshelby_sphere(16)
    assert abs(fine) < 0.035
    assert order(coarse, fine) > 1.4


def test_soft_core_converges():
    """Contrast of fifty: the error's coefficient grows with it, its order stays."""
    coarse, fine = SOFT_CORE.solve(32), SOFT_CORE.solve(64)
    assert abs(fine["traction"]) < 2e-3
    assert order(coarse["displacement"], fine["displacement"]) > 1.5
    assert order(coarse["traction"], fine["traction"]) > 1.6


def test_cantilever_converges_with_order_two():
    coarse, fine = voxel_cases.cantilever(2), voxel_cases.cantilever(4)
    assert abs(fine) < 0.012
    assert order(coarse, fine) > 1.9


def test_nearly_incompressible_beam_does_not_lock():
    """A block pressed between rough plates: with nu = 0.495 the mean dilatation keeps it as soft as it is."""
    deflections = []
    for n in (4, 8):
        solid = Elasticity(1e9, 0.495)
        grid = Grid(Domain((1e-6, 1.0, 1e-6), (2 * n, 1, n)))
        solver = VoxelSolver(grid, Phases(elastic(solid), solid), Supports("free", "bonded"), MICRON, FINE)
        xi = grid.zeros()
        xi[:] = 1.0
        solver.set_cells(xi)
        solver.advance(0.0, 1e6)
        deflections.append(float(solver.displacement[-1, 1, n + 1, 2]) * solver.finest)
    assert deflections[0] == pytest.approx(deflections[1], rel=0.03)


def test_void_closes_under_pressure_as_creep_says():
    """Voxels twelve to the edge, 3.6 to the radius: first order; the study goes on to 24."""
    linear, cubic = voxel_cases.closing_void(12, 1.0), voxel_cases.closing_void(12, 3.0)
    assert 0.0 < linear < 0.2
    assert 0.0 < cubic < 0.35


def test_two_ranks_agree_with_one(mpiexec):
    script = Path(__file__).with_name("parallel_mechanics.py")
    one = json.loads(mpiexec(1, script).stdout)
    many = json.loads(mpiexec(2, script).stdout)
    assert max(many["process_grid"]) == 2
    for name, value in one["numbers"].items():
        assert many["numbers"][name] == pytest.approx(value, rel=1e-8), name
