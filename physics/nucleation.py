"""Transients of electrocrystallisation: how a deposit of many nuclei grows when their surroundings or they overlap.

**Diffusion control** (B. Scharifker and G. Hills, Electrochim. Acta 28 (1983) 879). Hemispheres grow under spherical
diffusion until their depleted surroundings overlap; the plane's share that they drain, 1 - exp(-extended share), takes
the current of a plane. With N nuclei per area [1/m^2], c the metal ions' concentration, Omega the metal's molar volume,

    i = F c sqrt(D/(pi t)) [1 - exp(-N pi k D t)],          k = sqrt(8 pi c Omega)               (instantaneous)
    i = F c sqrt(D/(pi t)) [1 - exp(-A N0 pi k' D t^2/2)],  k' = (4/3) sqrt(8 pi c Omega)        (progressive)

That is the limit of a small c Omega, in which a lone cap grows as r^2 = 2 c Omega D t. At any c Omega it is a cap's
exact r = 2 g sqrt(D t) (F. C. Frank, Proc. R. Soc. A 201 (1950) 586) that its drained area has to match, and

    2 g^2 [1 - sqrt(pi) g exp(g^2) erfc(g)] = c Omega,      k = sqrt(pi) (2 g)^3/(c Omega).

where migration adds to a binary salt's diffusion c stands for c/(1 - t+), in k too. Over the maximum of either
curve, (t_m, i_m), no parameter is left. An approximation: a drained plane and caps small beside their distances.

**Kinetic control** (M. Avrami, J. Chem. Phys. 7 (1939) 1103; 8 (1940) 212). Hemispheres on a plane whose radius grows
at a constant velocity v from the time each was born, at random places with a number density N0 [1 - exp(-At)], cover at
the height z the share 1 - exp(-a) of the plane, a the area that they would cover if they did not meet. Exact.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ramify.physics.constants import FARADAY
from ramify.physics.diffusion import erfc

INSTANTANEOUS_PEAK = 1.2564312086261697
"""N pi k D t_m: the root of exp(x) = 1 + 2 x."""
PROGRESSIVE_PEAK = 2.336662982263054
"""A N0 pi k' D t_m^2/2: the root of exp(x) = 1 + 4 x."""


def number_density(time: Any, sites: float, rate: float) -> Any:
    """Nuclei per area at a time [1/m^2]: N0 [1 - exp(-A t)], `sites` N0 [1/m^2] and `rate` A [1/s]."""
    return -sites * np.expm1(-rate * np.asarray(time, dtype=float))


def instantaneous_transient(time: Any) -> Any:
    """(i/i_m)^2 of an instantaneous nucleation under diffusion control, `time` in t_m, positive [-].

    (1.9542/t) [1 - exp(-1.2564 t)]^2.
    """
    return _over_peak(np.asarray(time, dtype=float), INSTANTANEOUS_PEAK, 1)


def progressive_transient(time: Any) -> Any:
    """(i/i_m)^2 of a progressive nucleation under diffusion control, `time` in t_m, positive [-].

    (1.2254/t) [1 - exp(-2.3367 t^2)]^2.
    """
    return _over_peak(np.asarray(time, dtype=float), PROGRESSIVE_PEAK, 2)


def _over_peak(time: np.ndarray, peak: float, power: int) -> np.ndarray:
    return np.asarray((np.expm1(-peak * time**power) / np.expm1(-peak)) ** 2 / time)


def lone_growth(saturation: float) -> float:
    """g of a lone sphere or hemisphere under diffusion control, r = 2 g sqrt(D t), from `saturation` c Omega [-]."""
    g = math.sqrt(0.5 * saturation)
    for _ in range(200):
        before, share = g, 1.0 - math.sqrt(math.pi) * g * math.exp(g * g) * float(erfc(g))
        g = math.sqrt(0.5 * saturation / share)
        if abs(g - before) <= 1e-15 * g:
            break
    return g


def instantaneous_peak(D: float, concentration: float, density: float, molar_volume: float) -> tuple[float, float]:
    """(t_m [s], i_m [A/m^2]) of an instantaneous nucleation under diffusion control.

    Parameters
    ----------
    D : float
        Of the metal ions [m^2/s]; of the salt in a binary electrolyte.
    concentration : float
        c [mol/m^3]; c/(1 - t+) in a binary electrolyte.
    density : float
        N [1/m^2].
    molar_volume : float
        Omega [m^3/mol].
    """
    saturation = concentration * molar_volume
    k = math.sqrt(math.pi) * (2.0 * lone_growth(saturation)) ** 3 / saturation
    time = INSTANTANEOUS_PEAK / (density * math.pi * k * D)
    share = -math.expm1(-INSTANTANEOUS_PEAK)
    return time, FARADAY * concentration * math.sqrt(D / (math.pi * time)) * share


def extended_area(time: float, height: Any, velocity: float, sites: float, rate: float, until: float = math.inf) -> Any:
    """Area per area that hemispheres would cover at a height if they did not meet [-].

    Parameters
    ----------
    time : float
        Since the first birth [s].
    height : float or ndarray
        Above the plane [m].
    velocity : float
        Of every radius [m/s].
    sites, rate : float
        N0 [1/m^2] and A [1/s]; infinite for an instantaneous nucleation.
    until : float
        Time of the last birth [s].
    """
    z = np.asarray(height, dtype=float)
    reach = velocity * time
    if math.isinf(rate):
        return np.pi * sites * np.maximum(reach**2 - z**2, 0.0)
    # Who was born before `last` has grown to this height by now.
    last = np.clip(time - z / velocity, 0.0, until)
    born = number_density(last, 1.0, rate)
    return np.pi * sites * (velocity**2 * _second_moment(time, last, rate) - z**2 * born)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def _second_moment(time: float, last: np.ndarray, rate: float) -> np.ndarray:
    """Integral over births of A exp(-A tau) (t - tau)^2 up to `last` [s^2]."""

    def remaining(tau: np.ndarray) -> np.ndarray:
        age = time - tau
        return np.asarray(np.exp(-rate * tau) * (age**2 - 2.0 * age / rate + 2.0 / rate**2))

    if rate * time > 10.0:
        return remaining(np.zeros_like(last)) - remaining(last)
    # Few births: the closed form would lose its digits.
    tau = 0.5 * last[..., None] * (_NODES + 1.0)
    return np.asarray(0.5 * last * (rate * np.exp(-rate * tau) * (time - tau) ** 2 * _WEIGHTS).sum(axis=-1))


def covered_share(time: float, height: Any, velocity: float, sites: float, rate: float, until: float = math.inf) -> Any:
    """Share of the plane that hemispheres cover at a height [-]: Avrami's 1 - exp(-`extended_area`)."""
    return -np.expm1(-extended_area(time, height, velocity, sites, rate, until))


def deposit_thickness(time: float, velocity: float, sites: float, rate: float, until: float = math.inf) -> float:
    """Metal per area of a deposit of hemispheres under kinetic control [m]: `covered_share` over all heights."""
    reach = velocity * time
    # In the angle whose sine the height is, in radii, the share leaves the top without a kink.
    angle = 0.25 * math.pi * (_NODES + 1.0)
    share = covered_share(time, reach * np.sin(angle), velocity, sites, rate, until)
    return float(0.25 * math.pi * reach * (share * np.cos(angle) * _WEIGHTS).sum())
