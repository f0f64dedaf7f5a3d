"""Laws that connect diffusion in a small simulation with that in the material.

| law | |
|---|---|
| finite box, liquid | D_inf = D + xi kT/(6 pi eta L), xi = 2.837297 for a cube |
| viscosity of a monatomic liquid | eta D s/kT = 0.16, s = (V/N)^(1/3) |
| vacancies in a crystal | c = exp(S/k - E/kT);  D* = D_run c/c_run |
| temperature | D = D0 exp(-E/RT) |
| particle of diameter d | D = D_bulk (1 - 6 a/d) + D_surface 6 a/d, a layer of thickness a at the surface |
| intrinsic from tracer | D_I = D* Phi V, Phi = dln a/dln x (Darken), V = 1 for no vacancy wind (Manning) |

Sources: I.-C. Yeh, G. Hummer, J. Phys. Chem. B 108 (2004) 15873; R. Zwanzig, J. Chem. Phys. 79 (1983) 4507 (0.13 to
0.18); J. R. Manning, Phys. Rev. 124 (1961) 470; L. S. Darken, Trans. AIME 175 (1948) 184.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.physics.constants import BOLTZMANN, GAS_CONSTANT

CUBE = 2.837297
"""Lattice sum xi of a cubic box."""
MONATOMIC = 0.16
"""eta D s/kT of simple liquids and liquid metals."""
MONATOMIC_SPREAD = 0.03


def finite_box_correction(temperature: float, viscosity: float, edge: float) -> float:
    """What a periodic cube of that edge [m] takes from the diffusivity of a liquid [m^2/s]; to be added."""
    return CUBE * BOLTZMANN * temperature / (6.0 * math.pi * viscosity * edge)


def monatomic_viscosity(temperature: float, diffusivity: float, spacing: float) -> float:
    """Viscosity of a simple liquid from its own diffusivity and the distance of its atoms [Pa s]; to 20 %."""
    return MONATOMIC * BOLTZMANN * temperature / (diffusivity * spacing)


def vacancy_fraction(temperature: float, formation_energy: float, formation_entropy: float) -> float:
    """Equilibrium site fraction of vacancies; energy [J], entropy in units of k."""
    return math.exp(formation_entropy - formation_energy / (BOLTZMANN * temperature))


def intrinsic_diffusivity(tracer: float, thermodynamic_factor: float, vacancy_wind: float = 1.0) -> float:
    """Intrinsic diffusivity, in the frame of the lattice [m^2/s]."""
    return tracer * thermodynamic_factor * vacancy_wind


def arrhenius(temperature: float, prefactor: float, activation_energy: float) -> float:
    """D0 exp(-E/RT) [m^2/s]; E [J/mol]."""
    return prefactor * math.exp(-activation_energy / (GAS_CONSTANT * temperature))


def surface_layer_fraction(diameter: np.ndarray | float, thickness: float) -> np.ndarray:
    """Fraction of a sphere's atoms in a thin layer at its surface, 6 a/d; all of them in a particle of that size."""
    return np.minimum(1.0, 6.0 * thickness / np.asarray(diameter))
