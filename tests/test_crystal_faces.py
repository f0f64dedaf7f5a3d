"""Kinetic anisotropy of a cubic crystal: droplets, facets, and what surface diffusion makes of them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from plating_cells import LITHIUM, SALT, plating_problem

from ramify.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import CounterElectrode, Geometry, Interface, Kinetics, SurfaceFlow
from ramify.physics import crystal
from ramify.physics.butler_volmer import butler_volmer
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.surface_diffusion import circle_decay_rate
from ramify.scenario import ScenarioError, scenario_from_text

EDGE, EXCHANGE, VOLTAGE = 10e-9, 30.0, 0.05
START, END = 16, 24
"""Radii in cells."""
VELOCITY = float(
    butler_volmer(-VOLTAGE, EXCHANGE, 0.5, 0.5, FARADAY / (GAS_CONSTANT * 298.15)) * LITHIUM.molar_volume / FARADAY
)


def quarter(kinetics, coefficient=0.0, start=START):
    """A quarter of a cylinder, so small that neither salt nor potential vary around it."""
    solver = PlatingSolver(
        plating_problem(
            (40, 1, 40),
            (EDGE, EDGE, EDGE),
            metal=replace(LITHIUM, surface_energy=1e-6),
            geometry=Geometry(lambda x, y, z: np.hypot(x, z) + 0.0 * y - start * EDGE),
            interface=Interface(EDGE),
            kinetics=kinetics,
            counter=CounterElectrode("reservoir"),
            surface_flow=SurfaceFlow(coefficient) if coefficient else None,
        )
    )
    solver.set_control(Control("voltage", -VOLTAGE))
    return solver


def grown(strength, coefficient=0.0):
    """The solver at the end of growth, and what its facetedness has gained."""
    solver = quarter(Kinetics(EXCHANGE, SALT, anisotropy=strength), coefficient)
    end = (END - START) * EDGE / VELOCITY
    while solver.time < end:
        report = solver.step(end)
    round_one = quarter(Kinetics(EXCHANGE, SALT, anisotropy=strength), start=END).measure()["facetedness"]
    return solver, report.measures["facetedness"] - round_one


def linear(strength, coefficient):
    """15 a/R of the linear theory."""
    start, end = START * EDGE, END * EDGE
    return 15.0 * crystal.facet_amplitude(coefficient, VELOCITY, strength, start, end) / end


def test_the_harmonic_is_one_along_the_axes_and_zero_on_average():
    assert crystal.cubic_harmonic(0.0, 0.0, 1.0, True) == crystal.cubic_harmonic(0.0, 1.0, 0.0, False) == 1.0
    angle = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)
    assert crystal.cubic_harmonic(np.cos(angle), 0.0, np.sin(angle), True) == pytest.approx(
        np.cos(4.0 * angle), abs=1e-12
    )
    z, weights = np.polynomial.legendre.leggauss(8)
    s = np.sqrt(1.0 - z**2)[:, None]
    f = crystal.cubic_harmonic(s * np.cos(angle), s * np.sin(angle), z[:, None], False)
    assert weights @ f.mean(axis=1) == pytest.approx(0.0, abs=1e-14)
    third = 1.0 / math.sqrt(3.0)
    assert crystal.cubic_harmonic(third, third, third, False) == pytest.approx(crystal.LEAST_HARMONIC[3])


def test_the_amplitude_in_its_limits():
    """Without diffusion e (R - R0); with much of it the balance of both, and the radius of flat faces."""
    assert crystal.facet_amplitude(0.0, 1e-8, 0.1, 1e-7, 3e-7) == pytest.approx(2e-8)
    V, e, B, R = 1e-9, 0.1, 1e-29, 1e-7
    steady = e * V / circle_decay_rate(B, R, crystal.MODE)
    assert crystal.facet_amplitude(B, V, e, 0.8 * R, R, 20000) == pytest.approx(steady, rel=0.01)
    flat = crystal.faceting_radius(B, V, e)
    assert 15.0 * e * V / circle_decay_rate(B, flat, crystal.MODE) / flat == pytest.approx(1.0)


@pytest.mark.parametrize("coefficient", [0.0, 1e-30])
def test_a_growing_cylinder_takes_the_amplitude_of_linear_theory(coefficient):
    solver, facetedness = grown(0.05, coefficient)
    assert facetedness == pytest.approx(linear(0.05, coefficient), rel=0.08)
    assert max(solver.ledger.balance(FARADAY).values()) < 1e-10
    assert linear(0.05, 1e-30) < 0.65 * linear(0.05, 0.0)


def test_stripping_takes_the_facets_away():
    solver, faceted = grown(0.3)
    assert faceted > 0.8
    solver.set_control(Control("voltage", VOLTAGE))
    end = solver.time + 0.7 * (END - START) * EDGE / VELOCITY
    while solver.time < end:
        report = solver.step(end)
    assert report.measures["facetedness"] < 0.4 * faceted


def test_a_quarter_of_a_turn_of_the_mode_is_the_other_sign():
    plus = quarter(Kinetics(EXCHANGE, SALT, anisotropy=0.2, crystal_angle=math.pi / 4.0))
    minus = quarter(Kinetics(EXCHANGE, SALT, anisotropy=-0.2))
    assert plus.crystal is not None and minus.crystal is not None
    np.testing.assert_allclose(plus.crystal.face(plus.xi), minus.crystal.face(minus.xi), atol=1e-12)


PLANE = """\
domain: {size: [200 nm, 400 nm], cells: [40, 80]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2, anisotropy: {strength: 0.2}}
film: {thickness: 50 nm}
protocol: [plate at 1 mA/cm^2 for 1 s]
"""


def test_keys_reach_the_kinetics():
    kinetics = build_problem(scenario_from_text(PLANE)).kinetics
    assert (kinetics.anisotropy, kinetics.crystal_angle) == (0.2, 0.0)
    turned = build_problem(scenario_from_text(PLANE, overrides=["kinetics.anisotropy.angle=30 deg"])).kinetics
    assert turned.crystal_angle == pytest.approx(math.pi / 6.0)


@pytest.mark.parametrize(
    ("override", "key", "words"),
    [
        ("engine=fipy", "kinetics.anisotropy", "engine: petsc"),
        ("domain={size: [400 nm], cells: [80]}", "kinetics.anisotropy", "lateral"),
        ("kinetics.anisotropy.strength=0", "strength", "another number"),
        ("kinetics.anisotropy.strength=1.5", "strength", "number < 1"),
        ("kinetics.anisotropy.strenth=0.1", "strenth", "strength"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(override, key, words):
    with pytest.raises(ScenarioError) as refusal:
        scenario_from_text(PLANE, overrides=[override])
    assert key in str(refusal.value) and words in str(refusal.value)
