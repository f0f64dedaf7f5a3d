"""Voids that close by creep of the metal around them: closed forms, and what creep competes with.

A void of radius a in incompressible metal that creeps, its equivalent rate r(q) at a von Mises stress q, in the middle
of a cell of radius b under a pressure p on its outer face (b infinite: p far away). The rates follow from the
volume alone; equilibrium along the radius then gives the pressure:

    sphere     r = 2 v a^2/R^3,            dS/dR = -2 q/R,          p = (2/3) int_{r_b}^{r_a} q(r) dr/r,     r_a = 2 v/a
    cylinder   r = (2/sqrt3) v a/R^2,      dS/dR = -(2/sqrt3) q/R,  p = (1/sqrt3) int_{r_b}^{r_a} q(r) dr/r,
               (plane strain)                                                              r_a = (2/sqrt3) v/a

v = -da/dt, S the radial stress, R the distance; r_b = r_a (a/b)^3 or (a/b)^2. Under a power law r = A q^n

    sphere     v/a = (A/2) {3 p/(2 n)/[1 - (a/b)^(3/n)]}^n
    cylinder   v/a = (sqrt3/2) A {sqrt3 p/n/[1 - (a/b)^(2/n)]}^n

A surface energy gamma adds 2 gamma/a (gamma/a for a cylinder) to p. Vacancies do the same work, by diffusion: a surface
under p + 2 gamma/a more than its surroundings has the supersaturation s - 1 = (p + 2 gamma/a) Omega/RT, and a sphere
far from others shrinks by v/a = D (s - 1)/a^2, D the tracer diffusivity (physics.contact_loss). Stripping at a current
density i opens voids at most by Omega i/F. Creep knows no length: v/a is the same for all sizes, and vacancies win for
small voids, whatever the pressure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from ramify.physics.constants import FARADAY, GAS_CONSTANT

Shape = Literal["sphere", "cylinder"]
Flow = Callable[[float], float]
DECADES = 20.0
"""Of the rate that the integral over an infinite body takes by points; what is below counts as a power law."""
PER_DECADE = 4
"""Points of the integral; it is exact for a power law."""
RATES = (-100.0, 25.0)
"""Logarithms between which a closing rate [1/s] is looked for."""


def surface_rate(rate: float, shape: Shape = "sphere") -> float:
    """Equivalent strain rate [1/s] of the metal at the void's surface, r_a, for a closing rate v/a [1/s]."""
    return 2.0 * rate if shape == "sphere" else 2.0 / math.sqrt(3.0) * rate


def pressure_to_close(stress: Flow, rate: float, ratio: float = 0.0, shape: Shape = "sphere") -> float:
    """Pressure [Pa] under which a void closes at the rate v/a [1/s].

    Parameters
    ----------
    stress
        Von Mises stress [Pa] at a strain rate [1/s] of steady creep, such as `ViscoplasticLaw.saturated_stress`.
    ratio
        a/b of void and cell, zero for an infinite body.
    """
    decades = DECADES if ratio == 0.0 else -(3.0 if shape == "sphere" else 2.0) * math.log10(ratio)
    intervals = max(math.ceil(PER_DECADE * decades), 4)
    step = -math.log(10.0) * decades / intervals
    total, slope, here = 0.0, 0.0, stress(surface_rate(rate, shape))
    for k in range(1, intervals + 1):
        following = stress(surface_rate(rate, shape) * math.exp(k * step))
        # A power law from point to point, and beyond the last: int q dln(r) = (q_2 - q_1)/(dln q/dln r).
        slope = math.log(following / here) / step
        total += (here - following) / slope
        here = following
    total += here / slope if ratio == 0.0 else 0.0
    return (2.0 / 3.0 if shape == "sphere" else 1.0 / math.sqrt(3.0)) * total


def closing_rate(stress: Flow, pressure: float, ratio: float = 0.0, shape: Shape = "sphere") -> float:
    """v/a = -(da/dt)/a [1/s] of a void under a pressure [Pa]; see `pressure_to_close`. Zero without pressure."""
    if pressure <= 0.0:
        return 0.0
    low, high = RATES
    for _ in range(80):
        middle = 0.5 * (low + high)
        if pressure_to_close(stress, math.exp(middle), ratio, shape) < pressure:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))


def power_law_closing_rate(
    coefficient: float, exponent: float, pressure: float, ratio: float = 0.0, shape: Shape = "sphere"
) -> float:
    """v/a [1/s] where the metal creeps at A q^n, A in [1/(s Pa^n)]; the closed forms of the module."""
    n = exponent
    if shape == "sphere":
        return 0.5 * coefficient * (1.5 * pressure / n / (1.0 - ratio ** (3.0 / n))) ** n
    return 0.5 * math.sqrt(3.0) * coefficient * (math.sqrt(3.0) * pressure / n / (1.0 - ratio ** (2.0 / n))) ** n


def vacancy_closing_rate(
    pressure: float, radius: float, diffusivity: float, molar_volume: float, surface_energy: float, temperature: float
) -> float:
    """v/a [1/s] of a sphere that vacancies leave for an infinite metal under a pressure [Pa]."""
    push = (pressure + 2.0 * surface_energy / radius) * molar_volume / (GAS_CONSTANT * temperature)
    return diffusivity * push / radius**2


def creep_to_vacancies(
    stress: Flow,
    pressure: float,
    radius: float,
    diffusivity: float,
    molar_volume: float,
    surface_energy: float,
    temperature: float,
) -> float:
    """Rate at which creep closes a sphere over the rate at which vacancies do [-]: creep dominates above one."""
    creep = closing_rate(stress, pressure + 2.0 * surface_energy / radius)
    return creep / vacancy_closing_rate(pressure, radius, diffusivity, molar_volume, surface_energy, temperature)


def creep_to_stripping(stress: Flow, pressure: float, radius: float, current: float, molar_volume: float) -> float:
    """Velocity at which creep closes a sphere over that at which a current density [A/m^2] removes metal [-]."""
    return closing_rate(stress, pressure) * radius * FARADAY / (molar_volume * current)
