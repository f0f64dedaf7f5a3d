"""Elastic tensors, viscoplastic lithium in both of Anand's forms, creep, films."""

import math

import numpy as np
import pytest

from ramify.physics import elasticity, mechanics, viscoplasticity
from ramify.physics.elasticity import Elasticity
from ramify.physics.mechanics import from_mandel, to_mandel
from ramify.physics.viscoplasticity import anand_lithium, creeping_lithium, power_law_creep

RATES = (4e-5, 3e-4, 3e-3, 2e-2)
SATURATED = {"sinh": (0.604, 0.886, 1.350, 1.875), "power": (0.621, 0.929, 1.472, 2.151)}
"""MPa at 298 K."""


def pull(law, rate, steps, step):
    """Uniaxial stress history under an axial strain rate; the lateral strain is found so that its stress vanishes."""
    parameters = law.parameters
    inelastic, S = np.zeros((1, 6)), np.full(1, law.resistance)
    axial, lateral, stress, work = 0.0, 0.0, [], 0.0
    for _ in range(steps):
        axial += rate * step
        lateral -= 0.5 * rate * step
        for _ in range(30):
            strain = np.array([[axial, lateral, lateral, 0.0, 0.0, 0.0]])
            state = inelastic.copy(), S.copy()
            sigma, tangent, flow = viscoplasticity.respond_all(strain, *state, step, parameters)
            slope = tangent[0, 1, 1] + tangent[0, 1, 2]
            if abs(sigma[0, 1]) < 1e-3:
                break
            lateral -= sigma[0, 1] / slope
        work += float(flow[0]) * float(mechanics.von_mises(sigma)[0])
        assert flow[0] >= 0.0
        inelastic, S = state
        stress.append(sigma[0, 0])
    return np.array(stress), float(S[0]), work


def test_tensors_go_to_vectors_and_back_with_their_products():
    rng = np.random.default_rng(1)
    a, b = (t + t.T for t in rng.normal(size=(2, 3, 3)))
    np.testing.assert_allclose(from_mandel(to_mandel(a)), a, atol=1e-15)
    assert to_mandel(a) @ to_mandel(b) == pytest.approx(np.tensordot(a, b))
    dev = a - np.trace(a) / 3 * np.eye(3)
    assert mechanics.von_mises(to_mandel(a)) == pytest.approx(math.sqrt(1.5 * np.tensordot(dev, dev)))
    assert mechanics.pressure(to_mandel(a)) == pytest.approx(-np.trace(a) / 3)
    n = np.array([1.0, 2.0, -2.0]) / 3.0
    assert mechanics.normal_traction(to_mandel(a), *n) == pytest.approx(-n @ a @ n)
    assert mechanics.largest_principal(to_mandel(a)) == pytest.approx(np.linalg.eigvalsh(a)[-1])


def test_elastic_moduli_in_uniaxial_stress_and_uniaxial_strain():
    solid = Elasticity(7.81e9, 0.38)
    C = np.empty((6, 6))
    mechanics.elastic_stiffness(solid.bulk_modulus, solid.shear_modulus, C)
    strain = np.linalg.solve(C, np.array([1e6, 0, 0, 0, 0, 0]))
    assert strain[0] == pytest.approx(1e6 / 7.81e9)
    assert strain[1] == pytest.approx(-0.38 * strain[0])
    assert C[0, 0] == pytest.approx(solid.uniaxial_modulus)
    eigenstrain = 0.01 * mechanics.IDENTITY
    stress = mechanics.elastic_stress(np.zeros(6), eigenstrain, solid.bulk_modulus, solid.shear_modulus)
    np.testing.assert_allclose(stress, -3 * solid.bulk_modulus * eigenstrain)


@pytest.mark.parametrize(("modulus", "poisson"), [(-1.0, 0.3), (0.0, 0.3), (1e9, 0.5), (1e9, 0.499), (1e9, -1.0)])
def test_impossible_moduli_are_refused(modulus, poisson):
    with pytest.raises(ValueError, match="allowed"):
        Elasticity(modulus, poisson)


@pytest.mark.parametrize("form", ["sinh", "power"])
def test_saturated_stress_of_lithium(form):
    law = anand_lithium(form, 298.0)
    found = [law.saturated_stress(rate) / 1e6 for rate in RATES]
    assert found == pytest.approx(SATURATED[form], rel=1e-3)


@pytest.mark.parametrize("form", ["sinh", "power"])
@pytest.mark.parametrize("rate", RATES)
def test_pulled_lithium_hardens_to_the_saturated_stress(form, rate):
    law = anand_lithium(form, 298.0)
    stress, S, _ = pull(law, rate, 400, 0.05 / rate)
    # 1 - S/S* falls as S*/(H0 strain) when a = 2.
    assert pytest.approx(law.saturated_resistance(rate), rel=2.0 * law.saturated_resistance(rate) / (10e6 * 20)) == S
    assert stress[-1] == pytest.approx(law.saturated_stress(rate), rel=0.03)
    far, _, _ = pull(law, rate, 400, 0.5 / rate)
    assert abs(far[-1] / law.saturated_stress(rate) - 1) < 0.15 * abs(stress[-1] / law.saturated_stress(rate) - 1)


def test_saturated_lithium_creeps_with_a_power_of_five():
    power, creep = anand_lithium("power", 298.0), creeping_lithium(298.0)
    assert 1.0 / creep.sensitivity == pytest.approx(5.0)
    for rate in RATES:
        assert creep.saturated_stress(rate) == pytest.approx(power.saturated_stress(rate), rel=1e-12)


@pytest.mark.parametrize("law", [anand_lithium("sinh"), anand_lithium("power"), creeping_lithium()])
@pytest.mark.parametrize("duration", [1e-6, 1.0, 1e5])
@pytest.mark.parametrize("size", [1e-6, 1e-4, 3e-2])
def test_tangent_is_the_derivative_of_the_stress(law, duration, size):
    rng = np.random.default_rng(3)
    strain, before = size * rng.normal(size=6), 0.3 * size * rng.normal(size=6)

    def stress(e):
        return viscoplasticity.respond_all(e[None], before[None].copy(), np.array([1.1e6]), duration, law.parameters)

    sigma, tangent, _ = stress(strain)
    h = 1e-6 * size
    numeric = np.array([(stress(strain + h * d)[0] - stress(strain - h * d)[0])[0] / (2 * h) for d in np.eye(6)]).T
    np.testing.assert_allclose(tangent[0], numeric, atol=2e-7 * np.abs(numeric).max())
    np.testing.assert_allclose(tangent[0], tangent[0].T, rtol=1e-12)
    # What has flowed and what is left make the whole.
    q = mechanics.von_mises(sigma)
    assert np.isfinite(q).all()


def test_held_strain_relaxes_along_the_exact_creep_curve():
    solid = Elasticity(7.81e9, 0.38)
    law = power_law_creep(solid, 1e-4, 1e6, 3.0)
    G, start, end = solid.shear_modulus, 2e6, 5.0
    errors = []
    for steps in (200, 400):
        strain = np.array([[0, 0, 0, 0, 0, math.sqrt(2) * start / math.sqrt(3) / (2 * G)]])
        inelastic, S = np.zeros((1, 6)), np.array([1e6])
        for _ in range(steps):
            sigma, _, _ = viscoplasticity.respond_all(strain, inelastic, S, end / steps, law.parameters)
        # dq/dt = -3 G B q^3
        exact = (start**-2 + 2 * 3 * G * 1e-4 / 1e18 * end) ** -0.5
        errors.append(float(mechanics.von_mises(sigma)[0]) / exact - 1)
    assert abs(errors[1]) < 5e-3
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)


def test_flow_dissipates_and_work_is_stored_or_dissipated():
    law = anand_lithium("sinh", 298.0)
    rate, step, steps = 3e-3, 1e-3 / 3e-3, 200
    stress, _, dissipated = pull(law, rate, steps, step)
    done = float(stress.sum()) * rate * step
    stored = 0.5 * stress[-1] ** 2 / 7.81e9
    # Backward Euler dissipates more than the work supplied by half the square of its stress increments.
    lost = 0.5 * float(np.square(np.diff(stress, prepend=0.0)).sum()) / 7.81e9
    assert dissipated > 0.0
    assert done == pytest.approx(dissipated + stored + lost, rel=1e-6)


def test_film_takes_the_strain_in_the_plane():
    rng = np.random.default_rng(5)
    tensor = 1e-3 * rng.normal(size=(3, 3))
    tensor = tensor + tensor.T
    n = np.array([2.0, -1.0, 2.0]) / 3.0
    basis = np.linalg.svd(n[None])[2][1:]
    low, high = np.linalg.eigvalsh(basis @ tensor @ basis.T)
    E, nu, misfit = 5e9, 0.25, 2e-4
    expected = E / (1 - nu**2) * ((high - misfit) + nu * (low - misfit))
    nx, ny, nz = n
    assert mechanics.film_stress(to_mandel(tensor), nx, ny, nz, E, nu, misfit) == pytest.approx(expected)


def test_unknown_preset_names_the_nearest():
    with pytest.raises(ValueError, match="lithium"):
        elasticity.preset("litium")
