"""Equation (5): the volumetric plating current S = (1-psi) w(xi) i_n/l and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.problem import PlatingProblem
from ramify.phasefield.properties import salt_drop
from ramify.phasefield.surface_salt import NEAR_SURFACE, smallest_across_surface
from ramify.physics.butler_volmer import equilibrium_potential, surface_concentration, surface_currents
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.interface import interface_weight

MESH_INTERCEPT = 0.038
"""What arithmetic means of eps on the faces add to the salt's outer intercept, times (h/l)^2 [widths].

See physics.interface.sampling_loss; measured on the discrete steady equation across a planar surface.
"""


@dataclass
class Reaction:
    """S [A/m^3] per cell, its derivatives by phi [A/(m^3 V)] and c [A/mol], and i_n [A/m^2] where S acts."""

    source: np.ndarray
    by_potential: np.ndarray
    by_concentration: np.ndarray
    current_density: np.ndarray


class Surface:
    """Butler-Volmer kinetics spread over the diffuse surface, with the law of `ramify.physics`."""

    def __init__(self, problem: PlatingProblem, activity: np.ndarray) -> None:
        self._kinetics, self._metal, self._activity = problem.kinetics, problem.metal, activity
        self._width = problem.interface.width
        self._mesh_intercept = MESH_INTERCEPT * (problem.domain.spacing[2] / self._width) ** 2
        nx, ny, nz = problem.domain.cells
        self._shape = (nz, ny, nx)
        self._salt_drop = salt_drop(problem.electrolyte, self._width)
        self._f = FARADAY / (GAS_CONSTANT * problem.electrolyte.temperature)

    def weight(self, xi: np.ndarray, opening: np.ndarray) -> np.ndarray:
        """(1-psi) w(xi)/l [1/m]."""
        return np.asarray(opening * interface_weight(xi) / self._width)

    def react(
        self, weight: np.ndarray, phi_s: np.ndarray, phi: np.ndarray, c: np.ndarray, curvature: np.ndarray
    ) -> Reaction:
        """S and its derivatives; the law is evaluated only where the weight is not zero."""
        k, cells = self._kinetics, weight > 0.0
        rest = equilibrium_potential(curvature[cells], 0.0, self._metal.surface_energy, self._metal.molar_volume)
        laws = surface_currents(
            phi_s[cells],
            phi[cells],
            c[cells],
            rest,
            k.exchange_current_density * self._activity[cells],
            k.reference_concentration,
            k.alpha_a,
            k.alpha_c,
            self._f,
            k.film_resistance,
            self._salt_drop,
            self._mesh_intercept,
        )
        i_n, by_potential, by_concentration = (_spread(law, cells) for law in laws)
        return Reaction(weight * i_n, weight * by_potential, weight * by_concentration, i_n)

    def surface_concentration(
        self, xi: np.ndarray, reaction: Reaction, phi_s: np.ndarray, phi: np.ndarray, curvature: np.ndarray
    ) -> float:
        """Smallest salt concentration at the sharp surface [mol/m^3]; infinite where nothing reacts."""
        k, cells = self._kinetics, (xi * (1.0 - xi) > NEAR_SURFACE) & (reaction.by_potential > 0.0)
        rest = equilibrium_potential(curvature[cells], 0.0, self._metal.surface_energy, self._metal.molar_volume)
        found = np.full(xi.shape, np.nan)
        found[cells] = surface_concentration(
            reaction.current_density[cells],
            phi_s[cells],
            phi[cells],
            rest,
            k.exchange_current_density * self._activity[cells],
            k.reference_concentration,
            k.alpha_a,
            k.alpha_c,
            self._f,
            k.film_resistance,
        )
        return smallest_across_surface(xi.reshape(self._shape), found.reshape(self._shape))


def _spread(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    out = np.zeros(cells.shape)
    out[cells] = values
    return out
