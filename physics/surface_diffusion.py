"""Surface diffusion of a metal: Mullins' law, and what follows from it in closed form.

    V = B lap_s K,     B = D_s delta_s gamma Omega/(R T)                                          [m^4/s]

V: normal velocity of the surface, positive where metal arrives; K: sum of the principal curvatures, positive for a
convex metal; lap_s: Laplacian along the surface. Atoms of a layer of thickness delta_s with a diffusivity D_s run from
high chemical potential gamma Omega K to low: bumps fall, hollows fill, the volume stays. gamma does not depend on the
orientation. Small particles are faster (physics.atomic_diffusion, a surface layer of thickness a/6 among the bulk):

    D(d) = D (1 + a/d)

Source: W. W. Mullins, J. Appl. Phys. 28 (1957) 333 and 30 (1959) 77; F. A. Nichols and W. W. Mullins,
Trans. AIME 233 (1965) 1840 (spheres); circle derived.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ramify.physics.constants import GAS_CONSTANT


def mullins_coefficient(
    diffusivity: float, thickness: float, surface_energy: float, molar_volume: float, temperature: float
) -> float:
    """B [m^4/s].

    Parameters
    ----------
    diffusivity, thickness
        D_s [m^2/s] of the atoms of the surface layer, and its thickness delta_s [m].
    surface_energy, molar_volume, temperature
        gamma [J/m^2], Omega [m^3/mol], T [K].
    """
    return diffusivity * thickness * surface_energy * molar_volume / (GAS_CONSTANT * temperature)


def size_factor(diameter: Any, length: float, smallest: float) -> Any:
    """D(d) over that of a large particle, 1 + a/d [-].

    Parameters
    ----------
    diameter
        d [m]; a number or an array.
    length
        a [m]; the slope of the fitted D = D_bulk + (a D_bulk)/d over its D_bulk (`ramify atomistic sizes`).
    smallest
        Diameter [m] below which nothing is known and D stays what it is there.
    """
    return 1.0 + length / np.maximum(diameter, smallest)


def particle_diameter(volume: Any, area: Any, dimension: int) -> Any:
    """Diameter [m] of a sphere (a cylinder in two dimensions) with a particle's volume per free surface.

    2 n V/A in n dimensions: that of the whole sphere for a cap of 90 degrees on a wall, and whatever part of a particle
    symmetry planes leave; six times the thickness of a film.
    """
    return 2.0 * dimension * volume / area


def ripple_decay_rate(coefficient: float, wavenumber: float) -> float:
    """Rate [1/s] at which a small ripple of wavenumber k [1/m] on a flat surface decays, B k^4."""
    return coefficient * wavenumber**4


def circle_decay_rate(coefficient: float, radius: float, mode: int) -> float:
    """Rate [1/s] at which the small mode cos(n phi) of a circle (a cylinder) decays, B n^2 (n^2 - 1)/R^4."""
    return coefficient * mode**2 * (mode**2 - 1) / radius**4


def sphere_decay_rate(coefficient: float, radius: float, degree: int) -> float:
    """Rate [1/s] at which a small harmonic of degree n of a sphere decays, B (n - 1) n (n + 1) (n + 2)/R^4."""
    return coefficient * (degree - 1) * degree * (degree + 1) * (degree + 2) / radius**4
