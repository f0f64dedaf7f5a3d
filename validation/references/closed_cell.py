"""Concentration and voltage of a closed cell with fixed electrodes after the current is switched on.

With x in [0, 1] from the plating electrode, time in L^2/D, c in c0 and J = i/i_lim, the solution of c_t = c_xx with
c_x = 2 J at both ends and c(0) = 1 is

    c = 1 - J (1 - 2x) + sum over odd n of (8 J/pi^2 n^2) cos(n pi x) exp(-n^2 pi^2 t).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.physics import cell
from ramify.physics.electrolyte import Electrolyte


def concentration(x: np.ndarray, time: float, overdrive: float, terms: int = 400) -> np.ndarray:
    """c/c0 at positions x and one time > 0; `terms` odd cosines resolve times from 1e-5 on."""
    n = np.arange(1, 2 * terms, 2)
    waves = np.cos(np.pi * np.multiply.outer(np.asarray(x), n)) * np.exp(-((n * np.pi) ** 2) * time) / n**2
    return np.asarray(1.0 - overdrive * (1.0 - 2.0 * np.asarray(x)) + 8.0 * overdrive / np.pi**2 * waves.sum(axis=-1))


@dataclass(frozen=True)
class ClosedCell:
    """A symmetric lithium cell with fixed electrodes and constant properties at a constant current density, SI units.

    The conductivity is proportional to the salt; the counter electrode has no overpotential of its own.
    """

    electrolyte: Electrolyte
    """Of constant D, t+, thermodynamic factor and kappa/c."""
    concentration: float
    """c0 [mol/m^3]."""
    length: float
    current: float
    """[A/m^2], positive for plating."""
    exchange_current: float
    """At c0 [A/m^2]; proportional to the square root of c, both transfer coefficients being 1/2."""

    @property
    def overdrive(self) -> float:
        """J, the current over the limiting current."""
        D, t_plus = (
            float(law(self.concentration)) for law in (self.electrolyte.diffusivity, self.electrolyte.transference)
        )
        return self.current / cell.limiting_current(D, self.concentration, t_plus, self.length)

    @property
    def unit(self) -> float:
        """L^2/D [s]."""
        return cell.diffusion_time(float(self.electrolyte.diffusivity(self.concentration)), self.length)

    @property
    def depletion_time(self) -> float:
        """When no salt is left at the plating electrode [s]; infinite up to the limiting current."""
        return cell.depletion_time(self.overdrive) * self.unit

    def voltage(self, time: float) -> float:
        """Voltage [V] before depletion, negative; time [s] > 0.

        V = eta(i, i0(c_s)) - i L/Lambda <1/c> - (2RT/F)(1 - t+)(1 + dlnf/dlnc) ln(c(L)/c(0)), with c the series, <1/c>
        its reciprocal averaged over the cell, and eta that of Butler-Volmer at the salt of the plating electrode.
        """
        c0, salt = self.concentration, self.electrolyte
        x, weights = _graded_quadrature()
        profile = c0 * concentration(np.concatenate([[0.0], x, [1.0]]), time / self.unit, self.overdrive)
        near, inner, far = float(profile[0]), profile[1:-1], float(profile[-1])
        f = 1.0 / salt.thermal_voltage
        eta = cell.overpotential(self.current, self.exchange_current * (near / c0) ** 0.5, 0.5, 0.5, f)
        ohmic = self.current * self.length / float(salt.molar_conductivity(c0)) * float(np.sum(weights / inner))
        chi = 2.0 / f * (1.0 - float(salt.transference(c0))) * float(salt.thermodynamic_factor(c0))
        return eta - ohmic - chi * math.log(far / near)


def _graded_quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Points and weights on 0 < x < 1: Gauss-Legendre in panels that shrink towards the plating electrode."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    faces = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 25)])
    halves, middles = 0.5 * np.diff(faces), 0.5 * (faces[1:] + faces[:-1])
    return (middles[:, None] + halves[:, None] * nodes).ravel(), (halves[:, None] * weights).ravel()
