"""Equation (5): the volumetric plating current S = (1-psi) w(xi) i_n/l and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.problem import PlatingProblem
from ramify.physics.butler_volmer import equilibrium_potential, surface_currents
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.interface import interface_weight


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
        )
        i_n, by_potential, by_concentration = (_spread(law, cells) for law in laws)
        return Reaction(weight * i_n, weight * by_potential, weight * by_concentration, i_n)


def _spread(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    out = np.zeros(cells.shape)
    out[cells] = values
    return out
