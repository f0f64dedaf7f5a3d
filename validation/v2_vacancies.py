"""V2: vacancies in a metal, where they can be solved by hand.

Slab: s at the contact, with bulk sinks and without, back face open or closed (physics.contact_loss). Critical current:
the least at which a void is born, s_c reached at the contact; in D without sinks it goes as D/H, with sinks of a mean
life tau, L_s = sqrt(D_v tau), as sqrt(D). Curved surfaces (physics.vacancies): the rate of a small ripple's decay,
-D Gamma k^3 coth(k H) on a sink and with tanh on a closed face; of tunnels and balls amid sinks,

    dr/dt = -D (exp(Gamma/r) - 1) K1(r/L_s)/(K0(r/L_s) L_s),      -D (exp(2 Gamma/r) - 1) (1/r + 1/L_s)
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import k0, k1

from ramify.phasefield.voids.problem import VoidNucleation
from ramify.physics import contact_loss, vacancies
from ramify.validate import Case, Check, check_at_least, check_relative
from ramify.validation import metals
from ramify.validation.figures import Curve, save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "v2-vacancies"
SLAB = "planar vacancies with sinks (ramify.physics.contact_loss)"
CURVED = "Gibbs-Thomson and diffusion around voids (ramify.physics.vacancies)"
THICKNESS, SINKS, CURRENT = 20e-6, 5e-6, -1.0
"""[m], [m], [A/m^2]."""
THRESHOLD = 1.05
WAVELENGTH = 10e-6
GRIDS = (64, 32, 16)
"""Cells per wavelength, or per 8 um beside a void of 3 um, the finest first."""
RADIUS, BOX, NEAR = 3e-6, 8e-6, 2e-6
"""Of the voids, of the box beside them, and L_s of its sinks [m]."""


def contact_excess(cells: int, sinks: float, back: str) -> float:
    """s - 1 at the contact of a slab."""
    metal = metals.metal_in_box((1, 1, cells), THICKNESS / cells, sink_length=sinks, back=back)
    found = metal.solve(metal.initial_state(), metals.uniform(metal, CURRENT))
    return float(found.contact[0, 0])


def birth_current(diffusivity: float, thickness: float, sinks: float = math.inf) -> float:
    """Least stripping current density [A/m^2] at which a void is born on the contact, by bisection."""
    n = 200
    site = np.array([[0.0, 0.0, thickness]])
    nucleation = VoidNucleation(site, "threshold", threshold=THRESHOLD)
    changes: dict[str, Any] = {"diffusivity": diffusivity, "sink_length": sinks, "nucleation": nucleation}
    metal = metals.metal_in_box((1, 1, n), thickness / n, **changes)
    start = metal.initial_state()

    def born(density: float) -> bool:
        result = metal.advance(start, 1e-3, metals.uniform(metal, -density)).result
        assert result.sites is not None
        return bool(result.sites.status[0])

    low, high = 0.0, 1.0
    while not born(high):
        low, high = high, 2.0 * high
    for _ in range(14):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if born(middle) else (middle, high)
    return 0.5 * (low + high)


def ripple(per_wavelength: int, back: str) -> float:
    """Decay rate of a small ripple over Mullins', from the vacancies of the first instant."""
    n, h, k = per_wavelength, WAVELENGTH / per_wavelength, 2.0 * np.pi / WAVELENGTH
    level, a = (n // 2 + 0.3) * h, 0.1 * h

    def voids(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(level + a * np.cos(k * x) - z + 0.0 * y)

    metal = metals.metal_in_box((n // 2, 1, n // 2 + 14), h, voids, back=back)
    found = metal.solve(metal.initial_state(), metals.uniform(metal, 0.0))
    x = (np.arange(n // 2) + 0.5) * h
    change = 2.0 * float(np.mean(found.rate[1:-1, 1, 1:-1].sum(axis=0) * h * np.cos(k * x)))
    exact = vacancies.ripple_decay_by_bulk(k, metals.LITHIUM.diffusivity, metals.CAPILLARY, level, back == "sink")
    return change / a / exact


def shrinkage(cells: int, dimension: int) -> float:
    """dr/dt over the exact one of a tunnel (2) or a ball (3) amid bulk sinks."""
    h, n = BOX / cells, (cells, 1 if dimension == 2 else cells, cells)
    void = metals.corner_void(n, h, RADIUS, h)
    metal = metals.metal_in_box(n, h, void, sink_length=NEAR)
    found = metal.solve(metal.initial_state(), metals.uniform(metal, 0.0))
    slope = k1(RADIUS / NEAR) / (k0(RADIUS / NEAR) * NEAR) if dimension == 2 else 1.0 / RADIUS + 1.0 / NEAR
    exact = metals.LITHIUM.diffusivity * math.expm1((dimension - 1) * metals.CAPILLARY / RADIUS) * slope
    area = 0.5 * math.pi * RADIUS ** (dimension - 1)
    return metals.metal_gained(metal, found) / area / exact


def slab_checks() -> list[Check]:
    """Supersaturation at the contact."""
    checks = []
    for sinks, back in ((math.inf, "sink"), (SINKS, "sink"), (SINKS, "blocked")):
        length = contact_loss.effective_length(THICKNESS, sinks, back == "sink")
        exact = contact_loss.supersaturation(-CURRENT, metals.LITHIUM.diffusivity, length, metals.LITHIUM.molar_volume)
        found = [contact_excess(cells, sinks, back) for cells in (160, 80, 40)]
        words = "no sinks" if math.isinf(sinks) else f"sinks, back face {'open' if back == 'sink' else 'closed'}"
        check = check_relative(NAME, f"s - 1 at the contact, {words}", found[0], exact - 1.0, 1e-3, SLAB)
        checks.append(with_uncertainty(check, grid_convergence([1.0, 2.0, 4.0], found)))
    return checks


def critical_checks(folder: Path | None) -> list[Check]:
    """Critical currents and the powers they go with."""
    d, omega = metals.LITHIUM.diffusivity, metals.LITHIUM.molar_volume
    exact = contact_loss.critical_current(THRESHOLD, d, THICKNESS, omega)
    base = birth_current(d, THICKNESS)
    checks = [check_relative(NAME, "critical current [A/m2], no sinks", base, exact, 2e-3, SLAB)]
    thin = birth_current(d, 0.5 * THICKNESS)
    checks.append(check_relative(NAME, "power of H", math.log2(base / thin), -1.0, 2e-3, SLAB))
    # D = x_v D_v at a fixed fraction and a fixed life
    factors = (0.25, 1.0, 4.0)
    free = [birth_current(d * f, THICKNESS) for f in factors]
    sunk = [birth_current(d * f, THICKNESS, 1e-6 * math.sqrt(f)) for f in factors]
    checks.append(check_relative(NAME, "power of D, no sinks", math.log(free[2] / free[0], 16), 1.0, 2e-3, SLAB))
    quantity = "power of D, sinks of a mean life"
    checks.append(check_relative(NAME, quantity, math.log(sunk[2] / sunk[0], 16), 0.5, 5e-3, SLAB))
    curves: list[Curve] = [
        ("no sinks", [d * f for f in factors], free, "-"),
        ("sinks of a mean life", [d * f for f in factors], sunk, "--"),
    ]
    save_curves(folder, NAME, curves, ("tracer diffusivity [m2/s]", "critical current [A/m2]"))
    return checks


def curved_checks() -> list[Check]:
    """Ripples and voids."""
    checks = []
    edges = [1.0 / n for n in GRIDS]
    for back, words in (("sink", "open"), ("blocked", "closed")):
        found = [ripple(n, back) for n in GRIDS]
        check = check_relative(NAME, f"ripple's decay over Mullins', back face {words}", found[0], 1.0, 0.01, CURVED)
        convergence = grid_convergence(edges, found)
        checks.append(with_uncertainty(check, convergence))
        if back == "sink":
            errors = [abs(value - 1.0) for value in found]
            order = math.log2(errors[2] / errors[1])
            checks.append(check_at_least(NAME, "order of its error in l, l = h", order, 1.7, CURVED))
    for dimension, word in ((2, "tunnel"), (3, "ball")):
        found = [shrinkage(n, dimension) for n in GRIDS]
        check = check_relative(NAME, f"dr/dt over the exact one, {word}", found[0], 1.0, 0.01, CURVED)
        checks.append(with_uncertainty(check, grid_convergence(edges, found)))
    return checks


def run(folder: Path | None) -> list[Check]:
    """All of it."""
    return [*slab_checks(), *critical_checks(folder), *curved_checks()]


CASE = Case(NAME, "Vacancies and void surfaces", "10 s", True, SLAB, run)
