"""Laws of the grand-potential plating model as published (Chen 2015; Hong and Viswanathan 2018; Zn 2020).

    d xi/dt = -L_sigma (g' - div K) - L_eta r(xi, mu, eta) + noise                                       [1/s]
    d N/dt  = div[ D m(xi) c^l (grad mu + grad p) ],   N = c^l (1 - h) + dv c^s h,   p = n F phi/RT       [1/s]
    div(sigma grad phi) = n F C_m^s d xi/dt,           sigma = h sigma^s + (1 - h) sigma^l               [A/m^3]

xi: phase, one in the metal; mu: diffusion potential in RT; phi: the one potential [V]; eta: overpotential in RT/nF,
phi against its reference, negative where metal grows. c^l, c^s: lithium on the sites of electrolyte and electrode.

    g = W xi^2 (1 - xi)^2,   h = xi^3 (6 xi^2 - 15 xi + 10) with xi cut to 0 .. 1,   m = (1 - h)^2
    c^{l,s} = 1/(1 + exp(eps^{l,s} - mu)),   r = h' [ exp((1 - alpha) eta) - (c^l (1 - h)/c0) exp(-alpha eta) ]
    K = d/d(grad xi) of kappa a(n)^q |grad xi|^2/2,   a = 1 + delta Re[((n_z + i n_x) exp(-i theta0))^mode]

The papers write the second line as chi d mu/dt = div[..] - (dv c^s - c^l) dh/dt with the susceptibility
chi = (1 - h) dc^l/dmu + h dv dc^s/dmu. That is the chain rule of dN/dt: same equation, but N can be kept to round-off.

Limits: g' and h' vanish in both phases, so flat phases stay; the front at rest is xi = [1 - tanh(x/2l)]/2 with
l = sqrt(kappa/2W); its other scales are in physics.grand_potential_scales.
Lengths may be in any unit that kappa and the gradients share. Functions take numbers inside compiled kernels, the
simple ones arrays too.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

LARGEST_EXPONENT = 60.0
"""Exponentials of the reaction continue as their tangent beyond it."""


@numba.njit(cache=True)
def barrier(xi: Any, height: float) -> Any:
    """Double well g = W xi^2 (1 - xi)^2 [-]."""
    return height * xi * xi * (1.0 - xi) * (1.0 - xi)


@numba.njit(cache=True)
def barrier_slope(xi: Any, height: float) -> Any:
    """g' = 2 W xi (1 - xi)(1 - 2 xi) [-]."""
    return 2.0 * height * xi * (1.0 - xi) * (1.0 - 2.0 * xi)


@numba.njit(cache=True)
def barrier_curvature(xi: Any, height: float) -> Any:
    """g'' = 2 W (1 - 6 xi + 6 xi^2) [-]."""
    return 2.0 * height * (1.0 - 6.0 * xi + 6.0 * xi * xi)


@numba.njit(cache=True)
def metal_share(xi: Any) -> Any:
    """h: zero up to xi = 0, one from xi = 1 on; its slope and curvature vanish at both ends."""
    x = np.minimum(np.maximum(xi, 0.0), 1.0)
    return x * x * x * (x * (6.0 * x - 15.0) + 10.0)


@numba.njit(cache=True)
def metal_share_slope(xi: Any) -> Any:
    """h' = 30 xi^2 (1 - xi)^2 between 0 and 1, zero elsewhere; its integral is one."""
    x = np.minimum(np.maximum(xi, 0.0), 1.0)
    return 30.0 * x * x * (1.0 - x) * (1.0 - x)


@numba.njit(cache=True)
def metal_share_curvature(xi: Any) -> Any:
    """h'' = 60 xi (1 - xi)(1 - 2 xi) between 0 and 1, zero elsewhere."""
    x = np.minimum(np.maximum(xi, 0.0), 1.0)
    return 60.0 * x * (1.0 - x) * (1.0 - 2.0 * x)


@numba.njit(cache=True)
def occupancy(mu: Any, level: float) -> Any:
    """c = 1/(1 + exp(level - mu)): lithium per site at a diffusion potential mu, both in RT [-]."""
    return 1.0 / (1.0 + np.exp(level - mu))


@numba.njit(cache=True)
def potential_of(occupied: Any, level: float) -> Any:
    """mu in RT at which a share `occupied` of the sites is taken: the inverse of `occupancy`."""
    return level + np.log(occupied / (1.0 - occupied))


@numba.njit(cache=True)
def filling_pressure(mu: float, level: float) -> float:
    """ln(1 + exp(mu - level)) = -ln(1 - c), whose slope is c: minus the grand potential per site in RT."""
    x = mu - level
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@numba.njit(cache=True)
def lithium(xi: Any, mu: Any, site_ratio: float, solid_level: float, liquid_level: float) -> Any:
    """N = c^l (1 - h) + dv c^s h, per site of the electrolyte [-]."""
    h = metal_share(xi)
    return occupancy(mu, liquid_level) * (1.0 - h) + site_ratio * occupancy(mu, solid_level) * h


@numba.njit(cache=True)
def susceptibility(xi: Any, mu: Any, site_ratio: float, solid_level: float, liquid_level: float) -> Any:
    """chi = dN/dmu at constant xi [-]."""
    h, liquid, solid = metal_share(xi), occupancy(mu, liquid_level), occupancy(mu, solid_level)
    return (1.0 - h) * liquid * (1.0 - liquid) + h * site_ratio * solid * (1.0 - solid)


@numba.njit(cache=True)
def bounded_exponential(x: float) -> tuple[float, float]:
    """exp(x) and its slope; beyond `LARGEST_EXPONENT` the tangent, so that nothing overflows."""
    if x <= LARGEST_EXPONENT:
        value = math.exp(x)
        return value, value
    slope = math.exp(LARGEST_EXPONENT)
    return slope * (1.0 + x - LARGEST_EXPONENT), slope


@numba.njit(cache=True)
def reaction(
    xi: float, occupied: float, overpotential: float, alpha: float, reference: float
) -> tuple[float, float, float, float]:
    """r = h' [exp((1 - alpha) eta) - (c^l (1 - h)/c0) exp(-alpha eta)] and its derivatives.

    Parameters
    ----------
    xi, occupied
        Phase, and c^l.
    overpotential
        eta in RT/nF; negative where metal grows.
    alpha, reference
        Cathodic transfer coefficient, and c0.

    Returns
    -------
    r, by xi, by c^l, by eta
        All [-]; the phase changes by -L_eta r.
    """
    h, slope = metal_share(xi), metal_share_slope(xi)
    anodic, anodic_slope = bounded_exponential((1.0 - alpha) * overpotential)
    cathodic, cathodic_slope = bounded_exponential(-alpha * overpotential)
    present = occupied * (1.0 - h) / reference
    drive = anodic - present * cathodic
    return (
        slope * drive,
        metal_share_curvature(xi) * drive + slope * slope * occupied / reference * cathodic,
        -slope * (1.0 - h) / reference * cathodic,
        slope * ((1.0 - alpha) * anodic_slope + alpha * present * cathodic_slope),
    )


@numba.njit(cache=True)
def gradient_flux(
    gx: float, gy: float, gz: float, strength: float, mode: int, angle: float, power: int
) -> tuple[float, float, float, float]:
    """K/kappa, and a^q: the derivative of a(n)^q |grad xi|^2/2 by the gradient.

    a = 1 + delta Re[w^mode], w = (n_z + i n_x) exp(-i angle), is 1 + delta cos[mode (theta - angle)] in the plane of z
    and x, theta from z; out of it the crystal has its axis along y and the modulation fades as the normal turns there.

    Parameters
    ----------
    gx, gy, gz
        Gradient of the phase.
    strength, mode, angle
        delta, the number of directions, and that of one of them [rad].
    power
        q: 1 where kappa itself is modulated (Chen 2015), 2 where its root is (Kobayashi).

    Returns
    -------
    three components, a^q
    """
    size = math.sqrt(gx * gx + gy * gy + gz * gz)
    if strength == 0.0 or size < 1e-30:
        return gx, gy, gz, 1.0
    x, y, z = gx / size, gy / size, gz / size
    cosine, sine = math.cos(angle), math.sin(angle)
    real, imaginary = z * cosine + x * sine, x * cosine - z * sine
    power_real, power_imaginary = 1.0, 0.0
    for _ in range(mode - 1):
        power_real, power_imaginary = (
            power_real * real - power_imaginary * imaginary,
            power_real * imaginary + power_imaginary * real,
        )
    shape = power_real * real - power_imaginary * imaginary
    # Derivatives of Re[w^mode] by n_z and n_x, over mode.
    by_z = power_real * cosine + power_imaginary * sine
    by_x = power_real * sine - power_imaginary * cosine
    a = 1.0 + strength * shape
    whole = a**power
    torque = 0.5 * power * a ** (power - 1) * strength * mode * size
    return (
        whole * gx + torque * (by_x - shape * x),
        whole * gy - torque * shape * y,
        whole * gz + torque * (by_z - shape * z),
        whole,
    )


_STEP, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@numba.njit(cache=True)
def _scramble(word: np.uint64) -> np.uint64:
    """One round of splitmix64 (Steele, Lea and Flood 2014)."""
    word = word + _STEP
    word = (word ^ (word >> _30)) * _FIRST
    word = (word ^ (word >> _27)) * _SECOND
    return word ^ (word >> _31)


@numba.njit(cache=True)
def noise_number(seed: int, interval: int, place: int) -> float:
    """A number between -1 and 1, evenly spread, of its own for every seed, interval of time and place.

    Nothing is drawn in turn, so that neither the order of the cells nor a repeated step changes it.
    """
    word = _scramble(np.uint64(seed))
    word = _scramble(word ^ np.uint64(interval))
    word = _scramble(word ^ np.uint64(place))
    return 2.0 * (np.float64(word >> _11) / 9007199254740992.0) - 1.0


@numba.njit(cache=True)
def gradient_fluxes(gradients: np.ndarray, strength: float, mode: int, angle: float, power: int) -> np.ndarray:
    """`gradient_flux` of many gradients, (3, n) in x, y, z."""
    fluxes = np.empty_like(gradients)
    for n in range(gradients.shape[1]):
        x, y, z, _ = gradient_flux(gradients[0, n], gradients[1, n], gradients[2, n], strength, mode, angle, power)
        fluxes[0, n], fluxes[1, n], fluxes[2, n] = x, y, z
    return fluxes


@numba.njit(cache=True)
def reactions(
    xi: np.ndarray, occupied: np.ndarray, overpotential: np.ndarray, alpha: float, reference: float
) -> np.ndarray:
    """`reaction` of many cells: rows r, by xi, by c^l, by eta."""
    found = np.empty((4, xi.size))
    for n in range(xi.size):
        r, by_xi, by_c, by_eta = reaction(xi[n], occupied[n], overpotential[n], alpha, reference)
        found[0, n], found[1, n], found[2, n], found[3, n] = r, by_xi, by_c, by_eta
    return found
