"""Classical nucleation of a crystal from its melt or from disordered metal: sizes, barriers, rates, and back.

A spherical nucleus of n atoms, each of volume v, costs

    G(n) = -n dmu + gamma A n^(2/3),   A = (36 pi)^(1/3) v^(2/3)
    n* = (2 gamma A/(3 dmu))^3,   G* = n* dmu/2 = 16 pi gamma^3 v^2/(3 dmu^2)
    rate = density f+ Z exp(-G*/kT),   Z = sqrt(dmu/(6 pi kT n*))

dmu > 0: driving force per atom, h (1 - T/Tm) near the melting point Tm with the heat of fusion h per atom. gamma:
energy of the surface between the phases. f+: attachment rate at the critical size. All in SI, energies per atom.
Sources: D. Kashchiev, Nucleation (2000), sections 4.1, 13; J. R. Espinosa et al., J. Chem. Phys. 144 (2016) 034501
(seeding).
"""

from __future__ import annotations

import math

from ramify.physics.constants import BOLTZMANN


def driving_force(temperature: float, melting_temperature: float, heat_of_fusion: float) -> float:
    """Driving force per atom below the melting point [J]; negative above it."""
    return heat_of_fusion * (1.0 - temperature / melting_temperature)


def _shape(atom_volume: float) -> float:
    """A: surface of a sphere of one atom [m^2]."""
    return float((36.0 * math.pi) ** (1.0 / 3.0) * atom_volume ** (2.0 / 3.0))


def nucleus_energy(size: float, driving: float, surface_energy: float, atom_volume: float) -> float:
    """Free energy of a nucleus of `size` atoms [J]."""
    return -size * driving + surface_energy * _shape(atom_volume) * size ** (2.0 / 3.0)


def critical_size(driving: float, surface_energy: float, atom_volume: float) -> float:
    """Atoms in the critical nucleus."""
    return float((2.0 * surface_energy * _shape(atom_volume) / (3.0 * driving)) ** 3)


def barrier(size: float, driving: float) -> float:
    """Free energy of the critical nucleus of that many atoms [J]."""
    return 0.5 * size * driving


def surface_energy(size: float, driving: float, atom_volume: float) -> float:
    """Surface energy that makes nuclei of that many atoms critical [J/m^2]."""
    return 1.5 * driving * size ** (1.0 / 3.0) / _shape(atom_volume)


def zeldovich(size: float, driving: float, temperature: float) -> float:
    """Zeldovich factor of the critical size."""
    return math.sqrt(driving / (6.0 * math.pi * BOLTZMANN * temperature * size))


def diameter(size: float, atom_volume: float) -> float:
    """Diameter of a sphere of that many atoms [m]."""
    return float((6.0 * size * atom_volume / math.pi) ** (1.0 / 3.0))


def atoms_in(sphere: float, atom_volume: float) -> float:
    """Atoms in a sphere of that diameter [m]."""
    return math.pi * sphere**3 / (6.0 * atom_volume)
