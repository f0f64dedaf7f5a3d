"""Order in deposited metal: disordered while its connected domains are small, crystalline some time after.

Metal arrives disordered. A crystal cannot exist in a connected domain of metal (a nucleus, a particle, a film) that is
smaller than the critical size d*. Beyond it crystals nucleate, J per volume and time, and their fronts run through the
domain at v. The expected rate k at which what is still disordered orders is then, for a domain of volume V,

    k = J V                                           V << V_c: the first crystal takes all of the domain
    k = k_inf = (pi J v^3/3)^(1/4)                    V >> V_c: many crystals meet, each of the volume V_c = k_inf/J

the first that of droplets (D. Turnbull, J. Chem. Phys. 20 (1952) 411), the second Avrami's time scale. Between, the two
times add. With d the diameter of the sphere of volume V, and D that of V_c, the crystals' in a large deposit,

    k(d) = k_inf/(1 + (D/d)^3)  for d >= d*,  0 below;       d chi/dt = k (1 - chi)
    d n/dV_ordered = 1/V + 1/V_c                                                  crystals n

chi is the ordered share of the metal. Metal plated on a crystal goes on with its lattice, metal plated on disordered
metal is disordered: plating and stripping leave chi as it is. Two domains by hand: one of constant size has
chi = 1 - exp(-kt); one fed at a constant rate, V = a t, has chi = 1 - exp(-H) with
H = k_inf {t - t* - (V_c/a) ln[(V + V_c)/(V* + V_c)]}, which is J a (t^2 - t*^2)/2 while V << V_c.

J and v of disordered metal in a cell are not known; d* and D can be seen in a microscope.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def ordering_rate(diameter: Any, critical_size: float, rate: float, crystal_size: float) -> Any:
    """k [1/s] at which the disordered metal of a domain orders.

    Parameters
    ----------
    diameter : float or ndarray
        d of the sphere with the domain's volume [m]; zero for none.
    critical_size
        d* [m].
    rate
        k_inf, of a large deposit [1/s].
    crystal_size
        D, diameter of the crystals in a large deposit [m].
    """
    d = np.asarray(diameter, dtype=float)
    return np.where(d >= critical_size, rate * d**3 / (d**3 + crystal_size**3), 0.0)


def crystal_diameter(diameter: Any, crystal_size: float) -> Any:
    """Diameter [m] of the crystals that form in a domain, V_crystal = 1/(1/V + 1/V_c); `diameter` d above zero [m]."""
    d = np.asarray(diameter, dtype=float)
    return d / np.cbrt(1.0 + (d / crystal_size) ** 3)


def fed_fraction(time: Any, growth: float, critical_size: float, rate: float, crystal_size: float) -> Any:
    """chi [-] of a domain that begins from nothing and grows by a constant volume per time `growth` [m^3/s]."""
    t = np.asarray(time, dtype=float)
    large, critical = sphere_volume(crystal_size), sphere_volume(critical_size)
    start = critical / growth
    grown = np.maximum(growth * t, critical)
    waited = np.maximum(t - start, 0.0) - large / growth * np.log((grown + large) / (critical + large))
    return -np.expm1(-rate * waited)


def sphere_volume(diameter: Any) -> Any:
    """Volume of a sphere [m^3]."""
    return math.pi / 6.0 * np.asarray(diameter, dtype=float) ** 3
