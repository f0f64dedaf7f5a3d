"""The front's kernels: the band they work in, their logarithm, the classical Allen-Cahn stencil in both its forms."""

import numpy as np
import pytest

pytest.importorskip("petsc4py")

from plating_cells import H, flat, plating_problem

from ramify.phasefield.grid import OWNED
from ramify.phasefield.kernels import allen_cahn, band, normals
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import Geometry, Interface

MOBILITY = 1e-13


def rest(solver, parts=3):
    """The metal after a few substeps without any reaction, and what was taken from it."""
    front, nothing = solver.front, solver.grid.zeros()
    step = 0.39 * parts / (MOBILITY * front.stiffness)
    return front.advance(solver.xi, nothing, nothing, step, 0.0)


@pytest.mark.parametrize("curvature", ["conservative", "allen_cahn"])
@pytest.mark.parametrize("offset", [0.0, 0.3, 0.5])
def test_planar_profile_stays_as_it_is_at_any_offset(curvature, offset):
    """On cells as long as the interface is wide, away from the walls; single precision in the conservative flux."""
    interface = Interface(H, curvature=curvature, mobility=MOBILITY)
    solver = PlatingSolver(
        plating_problem((1, 1, 60), geometry=Geometry(flat((25.0 + offset) * H)), interface=interface)
    )
    xi, taken = rest(solver)
    bound = 1e-13 if curvature == "allen_cahn" else 1e-7
    assert np.abs(xi - solver.xi)[11:-11, 1, 1].max() < bound
    assert abs(taken) < 1e-10


def test_cells_beside_a_host_and_free_ones_obey_one_stencil():
    """Without a host the pass that looks at every opening gives what the pass of nineteen points gives."""
    rng = np.random.default_rng(3)
    shape = (8, 9, 10)
    xi, ones, near = rng.uniform(0.0, 1.0, shape), np.ones(shape), np.ones(shape, np.uint8)
    spans = np.zeros((*shape[:2], 2), np.int32)
    band.set_spans(near, spans)
    results = []
    for plain in (0, 1):
        out = xi.copy()
        taken = allen_cahn.advance_allen_cahn(
            xi, xi, 0.0, ones, 0.5 * ones, True, ones, (ones, ones, ones), spans, near,
            np.full(shape, plain, np.uint8), (1.0, 0.7, 1.3), 0.4, allen_cahn.well_coefficients(1.0, 1.1), 0.1, out,
        )  # fmt: skip
        results.append((out, taken))
    np.testing.assert_allclose(results[0][0], results[1][0], atol=1e-14)
    assert results[0][1] == pytest.approx(results[1][1], abs=1e-13)
    assert np.abs(results[0][0] - xi)[OWNED].max() > 1e-3


def test_only_the_surface_is_touched_and_no_metal_is_lost():
    """A ripple relaxes; cells 40 widths from it keep every bit, and the sum of the metal its last digits."""

    def ripple(x, y, z):
        return z - (40.0 + np.cos(np.pi * x / (16.0 * H))) * H + 0.0 * y

    interface = Interface(H, mobility=MOBILITY)
    solver = PlatingSolver(plating_problem((16, 1, 120), geometry=Geometry(ripple), interface=interface))
    xi, _ = rest(solver, parts=20)
    assert np.abs(xi - solver.xi)[OWNED].max() > 1e-4
    np.testing.assert_array_equal(xi[80:], solver.xi[80:])
    assert xi[OWNED].sum() == pytest.approx(solver.xi[OWNED].sum(), rel=1e-14)


def test_distance_is_the_logarithm_in_single_precision():
    s = np.linspace(-26.0, 26.0, 400).reshape(1, 1, 400)
    xi = 1.0 / (1.0 + np.exp(-s))
    spans, psi = np.array([[[1, 399]]], np.int32), np.zeros(s.shape, np.float32)
    normals.set_distance(xi, spans, psi)
    exact = np.log(xi / (1.0 - xi))
    np.testing.assert_allclose(psi, exact, rtol=3e-7, atol=1e-7)


def test_front_slows_by_the_factor_that_is_taken_out():
    """m is the sum over cells of the squared difference of the profile's slope, 1 - sum (d u')^2/(6 sum u'^2)."""
    for width in (0.8, 1.0, 1.7):
        x = np.arange(-60, 61) + 0.37
        slope = np.cosh(0.5 * x / width) ** -2.0
        exact = 1.0 - np.sum(np.diff(slope) ** 2) / np.sum(slope**2) / 6.0
        assert allen_cahn.slowing_factor(1.0, width) == pytest.approx(exact, rel=2e-4)
    assert allen_cahn.slowing_factor(0.01, 1.0) == pytest.approx(1.0, abs=1e-5)
