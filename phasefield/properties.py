"""Electrolyte properties as a table that compiled kernels read: scaled, with exact derivatives.

The coupled equations are solved for C = c/c0 and P = f phi (f = F/RT, phi the inner potential), with lengths in
the finest cell edge h. With D0 = D(c0) and the conductivity scale kappa0 = f F D0 c0, which measures ionic currents
in the same unit as salt fluxes (a dilute electrolyte has kappa0 (D+ + D-)/D0),

    i_l = -(kappa0 / f h) eps (a grad P + d grad C),   a = kappa/kappa0,   d = (kappa/c) c0 chi / kappa0,
    chi = 1 - 2 (1 - t+) (1 + dlnf/dlnc)

and the salt diffuses with D/D0. The four functions a, d, D/D0 and t+ of C are interpolated by cubic splines: one
kernel serves every electrolyte, whatever its law costs, and value and derivative belong to one function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from scipy.interpolate import CubicSpline

from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.electrolyte import Electrolyte

INTERVALS = 600
LARGEST_RATIO = 12.0
"""The table ends at this multiple of the initial concentration, far beyond any solubility."""


@dataclass(frozen=True)
class PropertyTable:
    """Spline coefficients of (a, d, D/D0, t+) and the scales that make them dimensionless."""

    coefficients: np.ndarray
    """(intervals, 4 properties, 4 powers), powers of the fraction of an interval, lowest first."""
    inverse_step: float
    """Intervals per unit of C."""
    concentration: float
    """c0 [mol/m^3]."""
    conductivity: float
    """kappa0 = f F D0 c0, the scale of conductivities [S/m]."""
    diffusivity: float
    """D0 [m^2/s]."""
    transference: float
    """t+ at c0, the constant part of the salt equation."""
    thermal: float
    """f = F/RT [1/V]."""
    constant_transference: bool

    @property
    def salt_per_charge(self) -> float:
        """tau = (kappa0/f) / (F D0 c0): a scaled current as a scaled salt flux [-]; one by the choice of kappa0."""
        return self.conductivity / self.thermal / (FARADAY * self.diffusivity * self.concentration)

    def evaluate(self, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(a, d, D/D0, t+) at an array of C, the kernels' own interpolation."""
        flat = np.ascontiguousarray(ratio, dtype=np.float64).ravel()
        out = np.empty((4, flat.size))
        _evaluate(flat, self.coefficients, self.inverse_step, out)
        shape = np.shape(ratio)
        return out[0].reshape(shape), out[1].reshape(shape), out[2].reshape(shape), out[3].reshape(shape)


@numba.njit(cache=True)
def locate(ratio: float, inverse_step: float, intervals: int) -> tuple[int, float, float]:
    """(interval, fraction in it, 1 inside the table or 0 outside): properties are constant beyond its ends."""
    position = ratio * inverse_step
    if position <= 0.0:
        return 0, 0.0, 0.0
    if position >= intervals:
        return intervals - 1, 1.0, 0.0
    index = int(position)
    return index, position - index, 1.0


@numba.njit(cache=True)
def _evaluate(ratio: np.ndarray, table: np.ndarray, inverse_step: float, out: np.ndarray) -> None:
    for n in range(ratio.size):
        index, x, _ = locate(ratio[n], inverse_step, table.shape[0])
        for p in range(4):
            q = table[index, p]
            out[p, n] = ((q[3] * x + q[2]) * x + q[1]) * x + q[0]


def tabulate(electrolyte: Electrolyte, concentration: float) -> PropertyTable:
    """The table of an electrolyte about its initial concentration [mol/m^3]."""
    thermal = FARADAY / (GAS_CONSTANT * electrolyte.temperature)
    ratio = np.linspace(0.0, LARGEST_RATIO, INTERVALS + 1)
    c = ratio * concentration
    here = np.array([concentration])
    diffusivity0 = float(electrolyte.diffusivity(here)[0])
    kappa0 = thermal * FARADAY * diffusivity0 * concentration
    transference0 = float(electrolyte.transference(here)[0])
    molar = electrolyte.molar_conductivity(c) * np.ones_like(c)
    transference = electrolyte.transference(c) * np.ones_like(c)
    chi = 1.0 - 2.0 * (1.0 - transference) * electrolyte.thermodynamic_factor(c)
    columns = [
        molar * c / kappa0,
        molar * concentration * chi / kappa0,
        electrolyte.diffusivity(c) * np.ones_like(c) / diffusivity0,
        transference,
    ]
    values = np.stack(columns)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{electrolyte.name}: a property is not finite between 0 and {c[-1]:g} mol/m^3")
    spline = CubicSpline(ratio, values.T)
    step = ratio[1]
    # scipy: powers of (C - node), highest first; here: powers of the fraction of an interval, lowest first.
    scaled = spline.c[::-1] * (step ** np.arange(4))[:, None, None]
    return PropertyTable(
        coefficients=np.ascontiguousarray(scaled.transpose(1, 2, 0)),
        inverse_step=1.0 / step,
        concentration=concentration,
        conductivity=kappa0,
        diffusivity=diffusivity0,
        transference=transference0,
        thermal=thermal,
        constant_transference=bool(np.ptp(transference) < 1e-12),
    )


def salt_drop(electrolyte: Electrolyte, width: float) -> float:
    """Concentration that drops across the surface's width per current density, l (1 - t+)/(F D) [mol/(A m)].

    At vanishing salt, where it matters: a surface that still has salt is fed well enough for its width not to count.
    """
    transference, diffusivity = float(electrolyte.transference(0.0)), float(electrolyte.diffusivity(0.0))
    return width * (1.0 - transference) / (FARADAY * diffusivity)
