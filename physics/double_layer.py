"""Double layers and space charge of dilute ions: scales, closed forms, and the law of exponential fitting.

    -div(eps grad phi) = F sum z_i c_i,    dc_i/dt = div{ D_i [grad c_i + c_i grad(z_i f phi + s)] }
    s = -ln(1 - Phi),  Phi = N_A a^3 sum c_j        Bikerman's steric potential; zero for points

with f = F/RT. Sources: Gouy 1910; Chapman 1913; Bikerman 1942; Kilic, Bazant and Ajdari, Phys. Rev. E 75 (2007) 021502
(equilibrium) and 021503 (fluxes).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from ramify.physics.constants import FARADAY, GAS_CONSTANT


@numba.njit(cache=True)
def bernoulli(x: float) -> tuple[float, float]:
    """(B(x), dB/dx) of B(x) = x/(exp(x) - 1), for any x.

    The flux of a species between two places whose potentials differ by x (in RT) is D [c_a B(x) - c_b B(-x)] per
    distance, exactly, where flux and field are constant between them (Scharfetter and Gummel 1969).
    """
    if abs(x) < 1e-3:
        return 1.0 - 0.5 * x + x * x / 12.0, -0.5 + x / 6.0 - x**3 / 180.0
    if x > 700.0:
        return 0.0, 0.0
    if x < -700.0:
        return -x, -1.0
    grown = np.expm1(x)
    value = x / grown
    return value, (1.0 - value * np.exp(x)) / grown if x < 0.0 else (1.0 / grown) - value * (1.0 + 1.0 / grown)


def debye_length(concentration: float, permittivity: float, temperature: float, charge: int = 1) -> float:
    """sqrt(eps R T/(2 z^2 F^2 c)) [m] of a z:z salt; eps in [F/m], c in [mol/m^3]."""
    return float(np.sqrt(permittivity * GAS_CONSTANT * temperature / (2.0 * (charge * FARADAY) ** 2 * concentration)))


def gouy_chapman_potential(distance: Any, surface: float, debye: float, thermal_voltage: float, charge: int = 1) -> Any:
    """Potential [V] at a distance [m] from a plane at `surface` [V] against the bulk, z:z salt, point ions.

    tanh(z f phi/4) = tanh(z f phi_0/4) exp(-x/lambda).
    """
    scale = charge / (4.0 * thermal_voltage)
    return np.arctanh(np.tanh(scale * surface) * np.exp(-np.asarray(distance) / debye)) / scale


def gouy_chapman_capacitance(
    surface: float, debye: float, permittivity: float, thermal_voltage: float, charge: int = 1
) -> float:
    """Differential capacitance dq/dphi_0 = (eps/lambda) cosh(z f phi_0/2) [F/m^2]."""
    return float(permittivity / debye * np.cosh(charge * surface / (2.0 * thermal_voltage)))


def steric_charge(
    surface: float, debye: float, permittivity: float, thermal_voltage: float, crowding: float, charge: int = 1
) -> float:
    """Charge of the plane [C/m^2] under Bikerman's sterics, z:z salt.

    q = sgn(phi_0) (eps RT/(z F lambda)) sqrt{(2/nu) ln[1 + 2 nu sinh^2(z f phi_0/2)]}, nu = `crowding`, the share of
    the volume that ions take in the bulk (2 N_A a^3 c0). Kilic, Bazant and Ajdari 2007, eq. 22.
    """
    half = charge * surface / (2.0 * thermal_voltage)
    inner = np.log1p(2.0 * crowding * np.sinh(half) ** 2) * 2.0 / crowding
    return float(np.sign(surface) * permittivity * thermal_voltage / (charge * debye) * np.sqrt(inner))


def blocking_capacitance(
    s: Any, length: float, debye: float, diffusivity: float, permittivity: float, stern: float = np.inf
) -> Any:
    """Charge per small voltage of a blocking electrode [F/m^2] at the Laplace variable s [1/s].

    q(s)/V(s) = eps k^3/[tanh(k L)/lambda^2 + L k s/D],  k^2 = 1/lambda^2 + s/D, in series with a Stern layer: a binary
    solution of equal diffusivities, its reservoir at L (or an equal electrode at 2 L under the opposite voltage). The
    current of a voltage is s q; at s << D/lambda^2 this is the charging of eps/lambda through the resistance
    L lambda^2/(eps D), in the time lambda L/D. Bazant, Thornton and Ajdari, Phys. Rev. E 70 (2004) 021506.
    """
    k = np.sqrt(1.0 / debye**2 + s / diffusivity)
    diffuse = permittivity * k**3 / (np.tanh(k * length) / debye**2 + length * k * s / diffusivity)
    return 1.0 / (1.0 / diffuse + 1.0 / stern)


def frumkin_exchange_current_density(i0: float, alpha_a: float, stern_drop: float, thermal_voltage: float) -> float:
    """i0 exp(alpha_a f (V - phi)) [A/m^2]: of an electrode at rest whose Stern layer holds `stern_drop` [V].

    i0 is that at the reference concentration and no drop; at rest both branches of the law at the reaction plane are
    this. Frumkin 1933.
    """
    return float(i0 * np.exp(alpha_a * stern_drop / thermal_voltage))
