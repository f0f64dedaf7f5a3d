"""Laws of vacancies in an alloy: the potential against its definition, and the fluxes it stands for."""

import math

import numpy as np
import pytest

from ramify.physics import alloy
from ramify.physics.alloy_vacancies import (
    AlloyNumbers,
    contact_rise,
    lithium_diffusivity,
    mobile_share,
    vacancy_potential,
)

BETA = np.array([-6.375, 1.404, 1.058])
"""L_k/RT of the bcc phase at room temperature."""


def numbers(rho, interaction=BETA, intrinsic=False):
    table = np.array([0.0, 0.1, 0.2, 0.3])
    return AlloyNumbers(table, np.log([1.6e-14, 2.4e-15, 2.6e-15, 1.4e-15]), interaction, rho, intrinsic)


@pytest.mark.parametrize("y", [1e-3, 0.1, 0.5, 0.95])
def test_the_potential_of_magnesium_at_rest_is_the_activity(y):
    """rho = 0: exp(B) = 1/a."""
    assert vacancy_potential(y, numbers(0.0)) == pytest.approx(-math.log(alloy.activity(y, BETA)), rel=1e-9)
    ideal = numbers(0.0, np.zeros(1))
    assert vacancy_potential(y, ideal) == pytest.approx(-math.log1p(-y), rel=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.03, 0.4, 1.0, 3.0])
def test_the_flux_of_vacancies_is_what_both_kinds_of_atoms_leave(rho):
    """-M exp(-B) d(s exp(B)) is minus the sum of the two fluxes, whatever the gradients."""
    law, y, s, dy, ds = numbers(rho), 0.27, 1.7, 3e3, -5e3
    D, theta = lithium_diffusivity(y, law), alloy.thermodynamic_factor(y, BETA)
    lithium = -D * (-s * theta * dy - (1.0 - y) * ds)
    magnesium = -rho * D * (s * theta * dy - y * ds)
    step = 1e-9

    def sigma(z):
        return (s + ds * z) * math.exp(vacancy_potential(y + dy * z, law))

    slope = (sigma(step) - sigma(-step)) / (2.0 * step)
    vacancies = -mobile_share(y, rho) * D * math.exp(-vacancy_potential(y, law)) * slope
    assert vacancies == pytest.approx(-(lithium + magnesium), rel=1e-6)


def test_an_intrinsic_diffusivity_is_theta_times_the_tracers():
    theta = alloy.thermodynamic_factor(0.4, BETA)
    assert theta != pytest.approx(1.0, abs=0.1)
    tracer = lithium_diffusivity(0.4, numbers(0.0))
    assert lithium_diffusivity(0.4, numbers(0.0, intrinsic=True)) * theta == pytest.approx(tracer)


@pytest.mark.parametrize("rho", [0.2, 1.0])
def test_no_magnesium_passes_the_contact(rho):
    """Sinks at a distance: lithium carries v and magnesium nothing. On the spot: what the lattice brings, diffuses."""
    law, y, s, v = numbers(rho), 0.2, 2.2, 1.3e-9
    D, theta = lithium_diffusivity(y, law), alloy.thermodynamic_factor(y, BETA)
    rise = contact_rise(y, s, 0.0, law) * v
    fall = s * theta * rise / y
    assert D * (s * theta * rise + (1.0 - y) * fall) == pytest.approx(v)
    rise = contact_rise(y, 1.0, 1.0, law) * v
    lattice = v - (1.0 - rho) * D * theta * rise
    assert y * lattice == pytest.approx(rho * D * theta * rise)


def test_at_an_empty_contact_lithium_alone_decides():
    for share in (0.0, 0.4, 1.0):
        law = numbers(0.3)
        assert contact_rise(1.0, 1.0, share, law) == pytest.approx(1.0 / lithium_diffusivity(1.0, law))
