"""A small bump on the plane surface between two elastic half spaces under pressure, by linear perturbation.

Metal (1) below z = a cos kx, medium (2) above, plane strain, far pressure P on the flat state, sides held: e_zz = -P/M,
sigma_xx = -P nu/(1 - nu) on either side, without stress before. To first order in a, on z = 0,

    [u_x] = 0,   [u_z] = -a [e_zz],   [sigma_zz] = 0,   [sigma_xz] = -a k [sigma_xx]   (amplitudes; [.]: medium - metal)

with decaying solutions u_z = (A + B z) e^{kz} cos kx, u_x = (C - B z) e^{kz} sin kx, C = -A - (3 - 4 nu) B/k below and
u_z = (A + B z) e^{-kz} cos kx, u_x = (C + B z) e^{-kz} sin kx, C = A - (3 - 4 nu) B/k above. The normal traction on the
bumpy surface is P + p_1 cos kx, p_1 = -sigma_zz: sigma_xz enters in second order alone.

Growth with this pressure in U = -(Omega/F) p: omega = (Omega k/F) [i - kappa (Omega/F) p_1/a]/(1 + kappa k/G).
"""

from __future__ import annotations

import math

import numpy as np

from ramify.physics.constants import FARADAY
from ramify.physics.elasticity import Elasticity


def traction_per_amplitude(metal: Elasticity, medium: Elasticity, pressure: float, wavelength: float) -> float:
    """p_1/a [Pa/m], positive where the tops carry more."""
    k = 2.0 * math.pi / wavelength
    rows = []
    for solid, sign in ((metal, 1.0), (medium, -1.0)):
        nu, mu = solid.poissons_ratio, solid.shear_modulus
        lam, slope = solid.bulk_modulus - 2.0 / 3.0 * mu, sign * k
        # Columns A k, B; u_x = C: C k = -sign A k - (3 - 4 nu) B, D = -sign B.
        u_z = np.array([1.0, 0.0]) / k
        u_x = np.array([-sign, -(3.0 - 4.0 * nu)]) / k
        s_zz = (lam + 2.0 * mu) * np.array([sign, 1.0]) + lam * k * u_x
        s_xz = mu * (slope * u_x + np.array([0.0, -sign]) - k * u_z)
        rows.append(np.array([u_x, u_z, s_zz, s_xz]))
    lower, upper = rows
    strain = -pressure / medium.uniaxial_modulus + pressure / metal.uniaxial_modulus
    ratios = [solid.poissons_ratio / (1.0 - solid.poissons_ratio) for solid in (metal, medium)]
    right = np.array([0.0, -strain, 0.0, -k * pressure * (ratios[0] - ratios[1])])
    scale = np.array([k, k, 1.0 / metal.youngs_modulus, 1.0 / metal.youngs_modulus])
    found = np.linalg.solve(np.hstack([-lower, upper]) * scale[:, None], right * scale)
    return -float(lower[2] @ found[:2])


def growth_rate(
    current: float, conductivity: float, conductance: float, molar_volume: float, wavelength: float, traction: float
) -> float:
    """omega [1/s] of a small bump; `traction` is p_1/a [Pa/m], `conductance` G [A/(m^2 V)]."""
    k, ratio = 2.0 * math.pi / wavelength, molar_volume / FARADAY
    return ratio * k * (current - conductivity * ratio * traction) / (1.0 + conductivity * k / conductance)
