"""Linear stability of a flat front in a binary electrolyte whose salt is on its way to depletion.

Dilute electrolyte, inner potential phi, Butler-Volmer kinetics, surface energy. The base state is flat, with the
current density i everywhere and the salt c0(z, t) of a closed cell; z is the distance from the front. A bump
a cos kx exp(wt) perturbs salt and potential by a (c, p) cos kx exp(wt):

    D (c'' - k^2 c) = w c
    (c0 p')' - k^2 c0 p + (c phi0')' + chi (RT/F) (c'' - k^2 c) = 0,        chi = 2 t+ - 1
    at the front:    D (c0'' + c') = (1 - t+) i_1/F,     Lambda (c0 p' + c phi0' + chi (RT/F) c') = i_1,
                     i_1 = i_c (c + c0') + G (p + phi0' - Gamma k^2),      Gamma = gamma Omega/F
    at the counter electrode, which releases a uniform flux:     c' = 0,    c0 p' + c phi0' + chi (RT/F) c' = 0

i_c and G are the derivatives of the kinetics by c and phi. The bump grows at w = (Omega/F) i_1; w in the first equation
is found with it. The base state is frozen at each moment, as diffusion over a wavelength is faster than it changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.physics.butler_volmer import surface_current
from ramify.physics.cell import overpotential
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validation.references import closed_cell

POINTS = 160
"""Chebyshev points across the cell."""


@dataclass(frozen=True)
class StabilityCell:
    """A closed cell at a constant current density, all SI."""

    diffusivity: float
    transference: float
    concentration: float
    length: float
    current: float
    exchange_current: float
    """At `concentration`."""
    surface_energy: float
    molar_volume: float
    temperature: float = 298.15

    @property
    def overdrive(self) -> float:
        """Current over the limiting current."""
        drop = (1.0 - self.transference) * self.current * self.length / (FARADAY * self.diffusivity)
        return drop / (2.0 * self.concentration)

    def growth_rate(self, k: float, time: float) -> float:
        """w [1/s] of wavenumber k [1/m] after `time` [s] of plating."""
        w = 0.0
        for _ in range(20):
            before, w = w, self._rate(k, time, w)
            if abs(w - before) <= 1e-10 * abs(w):
                break
        return w

    def _rate(self, k: float, time: float, w: float) -> float:
        L, D, t_plus, i = self.length, self.diffusivity, self.transference, self.current
        theta = GAS_CONSTANT * self.temperature / FARADAY
        chi, f = 2.0 * t_plus - 1.0, 1.0 / theta
        # Nernst-Einstein: D = 2 D+ D-/(D+ + D-), t+ = D+/(D+ + D-).
        molar = FARADAY / theta * D / (2.0 * t_plus * (1.0 - t_plus))
        x, slope = chebyshev(POINTS)
        z, slope = 0.5 * L * (x + 1.0), slope * 2.0 / L
        second = slope @ slope
        c0 = self.concentration * closed_cell.concentration(z / L, time * D / L**2, self.overdrive)
        c0_slope = slope @ c0
        phi0_slope = (i / molar - chi * theta * c0_slope) / c0
        n = z.size
        eye, k2 = np.eye(n), k * k
        diffusion = second - k2 * eye
        salt = D * diffusion - w * eye
        by_c = slope @ np.diag(phi0_slope) + chi * theta * diffusion
        by_p = slope @ np.diag(c0) @ slope - k2 * np.diag(c0)
        flux_c = molar * (np.diag(phi0_slope) + chi * theta * slope)
        flux_p = molar * np.diag(c0) @ slope
        eta = overpotential(i, self.exchange_current * math.sqrt(c0[0] / self.concentration), 0.5, 0.5, f)
        phi = -eta - theta * math.log(c0[0] / self.concentration)
        _, G, i_c = surface_current(0.0, phi, c0[0], 0.0, self.exchange_current, self.concentration, 0.5, 0.5, f, 0.0)
        gamma = self.surface_energy * self.molar_volume / FARADAY
        # Unknowns: c, p at the points, then i_1.
        matrix, right = np.zeros((2 * n + 1, 2 * n + 1)), np.zeros(2 * n + 1)
        matrix[:n, :n] = salt
        matrix[n : 2 * n, :n], matrix[n : 2 * n, n : 2 * n] = by_c, by_p
        matrix[0], matrix[n - 1], matrix[n], matrix[2 * n - 1] = 0.0, 0.0, 0.0, 0.0
        matrix[0, :n] = D * slope[0]
        matrix[0, -1] = -(1.0 - t_plus) / FARADAY
        right[0] = -D * (second @ c0)[0]
        matrix[n - 1, :n] = slope[-1]
        matrix[n, :n], matrix[n, n : 2 * n], matrix[n, -1] = flux_c[0], flux_p[0], -1.0
        matrix[2 * n - 1, :n], matrix[2 * n - 1, n : 2 * n] = flux_c[-1], flux_p[-1]
        matrix[-1, 0], matrix[-1, n], matrix[-1, -1] = -i_c, -G, 1.0
        right[-1] = i_c * c0_slope[0] + G * (phi0_slope[0] - gamma * k2)
        scale = 1.0 / np.maximum(np.abs(matrix).max(axis=1), 1e-300)
        solved = np.linalg.solve(matrix * scale[:, None], right * scale)
        return float(self.molar_volume / FARADAY * solved[-1])


def chebyshev(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points -1 to 1 and the matrix of the derivative at them (L. N. Trefethen, Spectral Methods in MATLAB, ch. 6)."""
    j = np.arange(count + 1)
    x = -np.cos(np.pi * j / count)
    c = np.where((j == 0) | (j == count), 2.0, 1.0) * (-1.0) ** j
    difference = x[:, None] - x[None, :]
    matrix = np.outer(c, 1.0 / c) / (difference + np.eye(count + 1))
    return x, matrix - np.diag(matrix.sum(axis=1))
