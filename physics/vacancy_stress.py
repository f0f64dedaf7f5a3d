"""Vacancies in metal under mean stress: their potential, what it is at a source, and at a free surface.

Where an atom, of molar volume Omega, gives its site to a vacancy, of volume Omega_v, the metal's volume changes by
Omega_v - Omega, against the mean stress sigma (tension positive). With y = ln s, s the supersaturation of vacancies
without stress, lithium flows up and vacancies down the slope of

    u = y + (Omega - Omega_v) sigma/(RT)

so that the vacancies of metal at rest gather where it is pressed. A source, which adds the atom to the metal elsewhere,
makes a volume Omega_v against sigma: there y = Omega_v sigma/RT, and

    u = Omega sigma_n/RT        (Herring, J. Appl. Phys. 21 (1950) 437; sigma_n normal to the source)

whatever Omega_v is. A free surface without curvature is a source with sigma_n = 0: u = 0, whatever the stress along it.
"""

from __future__ import annotations

from ramify.physics.constants import GAS_CONSTANT


def stress_potential(stress: float, molar_volume: float, vacancy_volume: float, temperature: float) -> float:
    """What a mean stress [Pa] adds to y in u [-]: (Omega - Omega_v) sigma/RT."""
    return (molar_volume - vacancy_volume) * stress / (GAS_CONSTANT * temperature)


def source_potential(stress: float, molar_volume: float, temperature: float) -> float:
    """The potential u [-] at a source of vacancies under a normal stress [Pa]: Omega sigma_n/RT."""
    return molar_volume * stress / (GAS_CONSTANT * temperature)
