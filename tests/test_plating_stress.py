"""Stress in the plating model: potential, growth of a bump, growth strain, films, restart, ranks, input."""

from dataclasses import replace

import numpy as np
import pytest
from plating_cells import LITHIUM, H, advance, gathered, plating_problem, rough

from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED
from ramify.phasefield.mechanics.problem import Phases, PlatingMechanics, Supports, SurfaceFilm
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import Geometry
from ramify.physics import cell
from ramify.physics.constants import FARADAY
from ramify.physics.elasticity import Elasticity
from ramify.physics.interface import interface_weight
from ramify.physics.viscoplasticity import anand_lithium, elastic
from ramify.validation.references.pressed_bump import growth_rate, traction_per_amplitude

METAL, SOFT = Elasticity(7.81e9, 0.38), Elasticity(0.3e9, 0.3)
RATIO = LITHIUM.molar_volume / FARADAY


def pressed(pressure=1e6, law=None, medium=SOFT, **options):
    phases = Phases(law or elastic(METAL), medium)
    return PlatingMechanics(phases, options.pop("supports", Supports()), pressure, **options)


def bump(mechanics, n=16, amplitude=0.25):
    """Half a wavelength of n cells; amplitude in cells."""
    size = (n * H, 1.0, 4 * n * H)
    return plating_problem((n, 1, 4 * n), geometry=Geometry(rough(2 * n * H, amplitude * H, size)), mechanics=mechanics)


def plated(problem, current=20.0, until=1.0):
    solver = PlatingSolver(problem)
    solver.set_control(Control("current", current))
    return solver, advance(solver, until)


def test_without_mechanics_nothing_is_kept_or_computed():
    solver = PlatingSolver(plating_problem())
    assert solver.stress is None
    assert solver.system.equilibrium.size == 1
    assert "stress" not in solver.save()
    with pytest.raises(KeyError):
        solver.gather("von_mises")
    solver.destroy()


def test_flat_metal_under_pressure_plates_at_a_shifted_potential():
    """V - V0 = U = -(Omega/F) P, and nothing else differs."""
    voltages = []
    for mechanics in (None, pressed(5e6)):
        solver, reports = plated(plating_problem(mechanics=mechanics))
        voltages.append(reports[-1].voltage)
        if mechanics is not None:
            assert reports[-1].measures["contact_pressure"] == pytest.approx(5e6, rel=1e-3)
            assert gathered(solver, "traction").max() == pytest.approx(5e6, rel=1e-3)
            assert gathered(solver, "p")[0] == pytest.approx(5e6 * (1 + 2 * 0.38 / 0.62) / 3, rel=1e-2)
        solver.destroy()
    assert voltages[1] - voltages[0] == pytest.approx(-RATIO * 5e6, rel=2e-3)


@pytest.mark.parametrize(
    ("medium", "sign"), [(SOFT, 1.0), (Elasticity(150e9, 0.26), -1.0)], ids=["separator", "solid electrolyte"]
)
def test_traction_of_a_pressed_bump_follows_linear_theory(medium, sign):
    """Tops of metal against something soft carry more than the valleys, against something stiff less."""
    solver = PlatingSolver(bump(pressed(medium=medium)))
    assert solver.stress is not None
    weight, traction = interface_weight(solver.xi[OWNED]), solver.stress.traction[OWNED]
    along = ((weight * traction).sum(axis=0) / weight.sum(axis=0))[0]
    x = (np.arange(16) + 0.5) / 16
    found = 2.0 * np.mean(along * np.cos(np.pi * x)) / (0.25 * H)
    expected = traction_per_amplitude(METAL, medium, 1e6, 32 * H)
    assert expected * sign > 0.0
    assert found == pytest.approx(expected, rel=0.03)
    solver.destroy()


def test_pressure_flattens_a_bump_as_linear_theory_says():
    """The growth rate falls by the pressure's term; what the diffuse surface does to both cancels in the difference."""
    rates = []
    for mechanics in (None, pressed(2e6)):
        problem = bump(mechanics)
        problem = replace(problem, numerics=replace(problem.numerics, first_step=1e-6))
        solver = PlatingSolver(problem)
        solver.set_control(Control("current", 20.0))
        solver.step(1e-6)
        columns = gathered(solver, "s").sum(axis=(0, 1)) * H
        x = (np.arange(16) + 0.5) / 16
        rates.append(RATIO * 2.0 * np.mean(columns * np.cos(np.pi * x)) / (0.25 * H))
        solver.destroy()
    wavelength = 32 * H
    kappa = float(problem.electrolyte.conductivity(1000.0))
    f = FARADAY / (8.314462618 * 298.15)
    conductance = cell.charge_transfer_conductance(20.0, 30.0, 0.5, 0.5, f)
    exact = [
        growth_rate(20.0, kappa, conductance, LITHIUM.molar_volume, wavelength, slope)
        for slope in (0.0, traction_per_amplitude(METAL, SOFT, 2e6, wavelength))
    ]
    assert rates[1] < rates[0]
    assert rates[0] == pytest.approx(exact[0], rel=0.03)
    assert rates[1] - rates[0] == pytest.approx(exact[1] - exact[0], rel=0.04)


def test_confined_growth_strain_presses_the_cell():
    """One dimension, top held: dp/dt [t/M1 + (L - t)/M2] = 3 K g/M1, t the thickness of the metal."""
    growth, length = 0.02, 40 * H
    mechanics = pressed(0.0, supports=Supports(top="held"), growth_strain=growth)
    solver, reports = plated(plating_problem(mechanics=mechanics), until=60.0)
    t = reports[-1].measures["mean_height"]
    d, middle = t - 6 * H, 0.5 * (t + 6 * H)
    compliance = middle / METAL.uniaxial_modulus + (length - middle) / SOFT.uniaxial_modulus
    expected = 3.0 * METAL.bulk_modulus * growth * d / METAL.uniaxial_modulus / compliance
    assert reports[-1].measures["contact_pressure"] == pytest.approx(expected, rel=0.02)
    solver.destroy()


def test_stress_solved_less_often_stays_within_the_lag_it_tells():
    runs = [plated(bump(pressed(every=n), 8, 1.0), until=40.0)[1][-1] for n in (1, 4)]
    often, seldom = (r.measures for r in runs)
    assert seldom["pressure_lag"] > often["pressure_lag"] > 0.0
    assert abs(runs[0].voltage - runs[1].voltage) < seldom["pressure_lag"]


def test_a_film_that_shrinks_fails_at_its_strength():
    stress = 5e9 / (1 - 0.25) * 1e-3
    for strength, failed in ((0.99 * stress, 1.0), (1.01 * stress, 0.0)):
        film = SurfaceFilm(Elasticity(5e9, 0.25), strength, misfit=-1e-3)
        solver = PlatingSolver(plating_problem(mechanics=pressed(0.0, film=film)))
        measures = solver.measure()
        assert measures["film_stress"] == pytest.approx(stress, rel=1e-6)
        assert measures["film_failed"] == failed
        solver.destroy()


def test_restart_with_stress_is_bitwise():
    problem = bump(pressed(law=anand_lithium(), every=2), 8, 1.0)
    whole = PlatingSolver(problem)
    whole.set_control(Control("current", 20.0))
    for _ in range(5):
        whole.step(1e3)
    saved = whole.save()
    again = PlatingSolver(problem)
    again.load(saved)
    for _ in range(4):
        one, two = whole.step(1e3), again.step(1e3)
        assert one.voltage == two.voltage
        assert one.measures["peak_von_mises"] == two.measures["peak_von_mises"]
    np.testing.assert_array_equal(whole.xi, again.xi)
    assert whole.stress is not None and again.stress is not None
    np.testing.assert_array_equal(whole.stress.traction[OWNED], again.stress.traction[OWNED])
