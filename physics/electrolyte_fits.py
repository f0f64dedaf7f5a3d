"""Measured transport properties as published fits (molarity m in mol/L, temperature T in K).

LiPF6 in EC:DMC (1:1 by weight), Landesfeind and Gasteiger, J. Electrochem. Soc. 166 (2019) A3079:

    kappa [mS/cm] = p1 (1 + T - p2) m [1 + p3 sqrt(m) + p4 (1 + p5 e^(1000/T)) m] / [1 + m^4 p6 e^(1000/T)]
    D [1e-10 m^2/s] = p1 exp(p2 m) exp(p3/T) exp(p4 m/T)
    t+ and 1 + dlnf/dlnc = p1 + p2 m + p3 T + p4 m^2 + p5 m T + p6 T^2 + p7 m^3 + p8 m^2 T + p9 m T^2

LiPF6 in PC:EC:DMC (10:27:63 by volume), Valoen and Reimers, J. Electrochem. Soc. 152 (2005) A882:

    kappa [mS/cm] = m [(-10.5 + .074 T - 6.96e-5 T^2) + m (.668 - .0178 T + 2.8e-5 T^2) + m^2 (.494 - 8.86e-4 T)]^2
    D [cm^2/s] = 10^(-4.43 - 54/(T - 229 - 5 m) - .22 m),   t+ = .38
    (1 - t+) (1 + dlnf/dlnc) = .601 - .24 sqrt(m) + .982 (1 - .0052 (T - 294)) m^(3/2)

The functions return kappa/c [S m^2/mol], D [m^2/s], t+ and 1 + dlnf/dlnc, for numbers and arrays of molarity.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MS_PER_CM_PER_MOLAR = 1e-4
"""mS/cm per mol/L in S m^2/mol."""
EC_DMC_CONDUCTIVITY = (0.798, 228.0, -1.22, 0.509, -4.0e-3, 3.79e-3)
EC_DMC_DIFFUSIVITY = (1470.0, 1.33, -1690.0, -563.0)
EC_DMC_TRANSFERENCE = (-7.91, 0.245, 5.28e-2, 0.698, -1.08e-2, -8.21e-5, 7.43e-4, -2.22e-3, 3.07e-5)
EC_DMC_THERMODYNAMIC_FACTOR = (-5.58, 7.17, 3.80e-2, 1.91, -6.65e-2, -5.08e-5, 0.11, -6.10e-3, 1.51e-4)
VALOEN_TRANSFERENCE = 0.38


def landesfeind_molar_conductivity(p: tuple[float, ...], temperature: float, m: Any) -> Any:
    """kappa/c of Landesfeind and Gasteiger [S m^2/mol], coefficients p1 to p6."""
    boltzmann = np.exp(1000.0 / temperature)
    association = 1.0 + p[2] * np.sqrt(m) + p[3] * (1.0 + p[4] * boltzmann) * m
    return MS_PER_CM_PER_MOLAR * p[0] * (1.0 + temperature - p[1]) * association / (1.0 + p[5] * boltzmann * m**4)


def landesfeind_diffusivity(p: tuple[float, ...], temperature: float, m: Any) -> Any:
    """D of Landesfeind and Gasteiger [m^2/s], coefficients p1 to p4."""
    return 1e-10 * p[0] * np.exp(p[1] * m + (p[2] + p[3] * m) / temperature)


def landesfeind_polynomial(p: tuple[float, ...], temperature: float, m: Any) -> Any:
    """t+ or thermodynamic factor of Landesfeind and Gasteiger, coefficients p1 to p9."""
    t = temperature
    constant, linear = p[0] + p[2] * t + p[5] * t**2, p[1] + p[4] * t + p[8] * t**2
    return constant + m * (linear + m * (p[3] + p[7] * t + m * p[6]))


def valoen_molar_conductivity(temperature: float, m: Any) -> Any:
    """kappa/c of Valoen and Reimers [S m^2/mol]."""
    t = temperature
    constant = -10.5 + 0.0740 * t - 6.96e-5 * t**2
    linear = 0.668 - 0.0178 * t + 2.80e-5 * t**2
    return MS_PER_CM_PER_MOLAR * (constant + m * (linear + m * (0.494 - 8.86e-4 * t))) ** 2


def valoen_diffusivity(temperature: float, m: Any) -> Any:
    """D of Valoen and Reimers [m^2/s]; their exponential is a power of ten."""
    return 1e-4 * 10.0 ** (-4.43 - 54.0 / (temperature - 229.0 - 5.0 * m) - 0.22 * m)


def valoen_thermodynamic_factor(temperature: float, m: Any) -> Any:
    """1 + dlnf/dlnc of Valoen and Reimers, whose fit is of (1 - t+) times it."""
    fit = 0.601 - 0.24 * np.sqrt(m) + 0.982 * (1.0 - 0.0052 * (temperature - 294.0)) * m**1.5
    return fit / (1.0 - VALOEN_TRANSFERENCE)
