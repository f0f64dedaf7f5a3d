"""Laminate of metal and medium: closed forms along and across the layers, tangent, continuity of traction."""

import numpy as np
import pytest

from ramify.physics.elasticity import Elasticity
from ramify.physics.laminate import normal_operator, respond_laminate
from ramify.physics.mechanics import from_mandel, normal_traction
from ramify.physics.viscoplasticity import anand_lithium, elastic

LITHIUM, SOFT = Elasticity(7.81e9, 0.38), Elasticity(0.2e9, 0.3)
Z = (0.0, 0.0, 1.0)


def mixed(strain, x, law, *, normal=Z, duration=0.0, resistance=0.95e6):
    stress, tangent, inner, metal = np.empty(6), np.empty((6, 6)), np.empty(6), np.empty(6)
    medium = (SOFT.bulk_modulus, SOFT.shear_modulus)
    respond_laminate(
        strain, x, normal, np.zeros(6), resistance, duration, law.parameters, medium, stress, tangent, inner, metal
    )
    return stress, tangent, inner, metal


@pytest.mark.parametrize("x", [1e-4, 0.3, 0.5, 0.999])
def test_layers_act_in_series_along_the_normal_and_in_parallel_in_the_plane(x):
    _, C, _, _ = mixed(np.array([0, 0, 1e-3, 0, 0, 0.0]), x, elastic(LITHIUM))
    series = 1.0 / (x / LITHIUM.uniaxial_modulus + (1 - x) / SOFT.uniaxial_modulus)
    shear = 1.0 / (x / LITHIUM.shear_modulus + (1 - x) / SOFT.shear_modulus)
    assert C[2, 2] == pytest.approx(series)
    assert C[3, 3] == pytest.approx(2 * shear)
    assert C[4, 4] == pytest.approx(2 * shear)
    assert C[5, 5] == pytest.approx(2 * (x * LITHIUM.shear_modulus + (1 - x) * SOFT.shear_modulus))
    np.testing.assert_allclose(C, C.T, rtol=1e-12)


@pytest.mark.parametrize("duration", [0.0, 10.0, 1e4])
def test_traction_is_one_and_the_tangent_is_the_derivative(duration):
    rng = np.random.default_rng(2)
    normal = rng.normal(size=3)
    normal /= np.linalg.norm(normal)
    law, strain = anand_lithium("sinh"), 2e-3 * rng.normal(size=6)
    options = {"normal": tuple(normal), "duration": duration}
    stress, tangent, inner, metal = mixed(strain, 0.4, law, **options)
    np.testing.assert_allclose(from_mandel(metal) @ normal, from_mandel(stress) @ normal, rtol=1e-8, atol=1e-2)
    assert normal_traction(metal, *normal) == pytest.approx(normal_traction(stress, *normal), rel=1e-8)
    N = np.empty((6, 3))
    nx, ny, nz = normal
    normal_operator(nx, ny, nz, N)
    # The metal's own strain differs by sym(a x n) alone.
    difference = inner - strain
    assert np.linalg.lstsq(N, difference, rcond=None)[1][0] < 1e-20
    h = 1e-8
    numeric = np.array(
        [(mixed(strain + h * d, 0.4, law, **options)[0] - mixed(strain - h * d, 0.4, law, **options)[0]) / (2 * h)
         for d in np.eye(6)]
    ).T  # fmt: skip
    np.testing.assert_allclose(tangent, numeric, atol=2e-6 * np.abs(numeric).max())


def test_equal_phases_make_a_uniform_cell():
    strain = 1e-3 * np.arange(6.0)
    stress, tangent, inner, metal = mixed(strain, 0.5, elastic(SOFT))
    np.testing.assert_allclose(inner, strain, atol=1e-15)
    np.testing.assert_allclose(stress, metal)
    np.testing.assert_allclose(tangent @ strain, stress, rtol=1e-12)
