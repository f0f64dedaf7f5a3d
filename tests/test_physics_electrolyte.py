"""Electrolyte and metal data against published values and limits."""

import pickle

import numpy as np
import pytest

from ramify.physics import electrolyte, metals
from ramify.physics.constants import FARADAY, GAS_CONSTANT

LANDESFEIND = {
    500.0: (3.84e-10, 1.023, 0.420, 1.65),
    1000.0: (2.90e-10, 1.182, 0.325, 2.20),
    1500.0: (2.20e-10, 1.000, 0.249, 2.96),
}


@pytest.mark.parametrize("c", LANDESFEIND)
def test_landesfeind_ec_dmc(c):
    e = electrolyte.preset("LiPF6 in EC:DMC", 298.15)
    values = (e.diffusivity(c), e.conductivity(c), e.transference(c), e.thermodynamic_factor(c))
    assert values == pytest.approx(LANDESFEIND[c], rel=2.5e-3)


def test_valoen_reimers():
    e = electrolyte.preset("LiPF6 in PC:EC:DMC", 298.15)
    assert e.diffusivity(1000.0) == pytest.approx(3.22e-10, rel=2e-3)
    assert e.conductivity(1000.0) == pytest.approx(1.194, rel=1e-3)
    assert e.transference(1000.0) == pytest.approx(0.38, rel=1e-12)


@pytest.mark.parametrize("name", electrolyte.PRESETS)
@pytest.mark.parametrize("temperature", [263.15, 298.15, 323.15])
def test_presets_are_sane_from_nothing_to_five_molar(name, temperature):
    e = electrolyte.preset(name, temperature)
    c = np.concatenate([[-50.0, 0.0, 1e-9], np.linspace(1.0, 5000.0, 500)])
    for law in (e.diffusivity, e.molar_conductivity, e.thermodynamic_factor):
        assert np.isfinite(law(c)).all()
        assert (law(c) > 0.0).all()
    assert (e.transference(c) < 0.65).all()
    assert (e.transference(c) > -0.25).all()
    assert e.conductivity(c)[:2] == pytest.approx([0.0, 0.0], abs=0.0)
    assert np.abs(np.diff(e.conductivity(c[3:]))).max() < 0.1


def test_conductivity_keeps_its_last_measured_value():
    e = electrolyte.preset()
    assert e.conductivity(np.array([4000.0, 5000.0])) == pytest.approx(e.conductivity(3000.0), rel=1e-12)
    assert e.molar_conductivity(1000.0) * 1000.0 == pytest.approx(e.conductivity(1000.0), rel=1e-14)


def test_extrapolation_is_told():
    assert electrolyte.preset().extrapolation(500.0, 1500.0) == []
    notes = electrolyte.preset(temperature=330.0).extrapolation(0.0, 4000.0)
    assert len(notes) == 3


def test_dilute_is_nernst_planck():
    d_plus, d_minus, temperature, c = 1e-10, 3e-10, 310.0, 200.0
    e = electrolyte.dilute(d_plus, d_minus, temperature)
    rt_f = GAS_CONSTANT * temperature / FARADAY
    assert e.conductivity(c) == pytest.approx(FARADAY * (d_plus + d_minus) * c / rt_f, rel=1e-14)
    assert e.diffusional_conductivity(c) == pytest.approx(FARADAY * (d_plus - d_minus), rel=1e-12)
    again = electrolyte.dilute_from_salt(e.diffusivity(c), e.transference(c), temperature)
    assert again.molar_conductivity(c) == pytest.approx(e.molar_conductivity(c), rel=1e-13)


def test_constant_keeps_what_it_is_given():
    e = electrolyte.constant(1.1, 1000.0, D=3e-10, t_plus=0.4, thermodynamic_factor=1.5)
    assert e.conductivity(1000.0) == pytest.approx(1.1, rel=1e-14)
    assert e.conductivity(np.array([0.0, 500.0])) == pytest.approx([0.0, 0.55], rel=1e-14)
    assert e.diffusivity(np.zeros((2, 3))).shape == (2, 3)
    assert e.kind == "concentrated"


def test_refusals_name_the_value_and_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'LiPF6 in EC:DMC'"):
        electrolyte.preset("LiPF6 in EC-DMC")
    with pytest.raises(ValueError, match="400 K is too far outside"):
        electrolyte.preset("LiPF6 in EC:DMC", 400.0)
    with pytest.raises(ValueError, match="t_plus"):
        electrolyte.constant(1.0, 1000.0, 1e-10, 1.0)
    with pytest.raises(ValueError, match="D_plus"):
        electrolyte.dilute(-1e-10, 1e-10)
    with pytest.raises(ValueError, match="Did you mean 'lithium'"):
        metals.preset("litium")


def test_electrolytes_travel_between_processes():
    e = pickle.loads(pickle.dumps(electrolyte.preset()))
    assert e.diffusivity(1000.0) == electrolyte.preset().diffusivity(1000.0)


def test_lithium_thickness_is_faradays_law():
    lithium = metals.preset("lithium")
    assert lithium.concentration == pytest.approx(76_900.0, rel=1e-14)
    assert lithium.thickness(3.6e4) == pytest.approx(4.85e-6, rel=1e-3)
    assert lithium.conductivity == pytest.approx(1.08e7)


@pytest.mark.parametrize(("name", "density", "molar_mass"), [("copper", 8960.0, 63.546e-3), ("zinc", 7140.0, 65.38e-3)])
def test_molar_volumes_match_densities(name, density, molar_mass):
    assert metals.preset(name).molar_volume == pytest.approx(molar_mass / density, rel=5e-3)
