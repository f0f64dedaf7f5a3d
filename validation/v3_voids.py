"""V3: voids in motion.

Ripples that vacancies flatten (k^3), atoms that run along the surface (k^4), or both alike, followed over half a decay
time, against Mullins' rates. A tunnel and a ball that close
amid bulk sinks, against dr/dt of physics.vacancies integrated. A void at the contact that a stripping current opens, in
2-D and 3-D, with l and h halved at fixed physics: what it has gained, and the contact that is left. Lithium in all of
them: what was stripped is void volume gained and lattice annihilated, in each step and over the runs.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import k0, k1

from ramify.phasefield.voids.march import march, spread_current
from ramify.phasefield.voids.metal import MetalState, VoidMetal
from ramify.phasefield.voids.problem import MetalNumerics
from ramify.physics import vacancies
from ramify.physics.surface_diffusion import ripple_decay_rate
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation import metals
from ramify.validation.figures import Curve, save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "v3-voids"
MULLINS = "Mullins' decay by bulk and surface diffusion (ramify.physics.vacancies, surface_diffusion)"
CLOSING = "dr/dt of a void amid sinks (ramify.physics.vacancies), integrated"
ITSELF = "the same with l and h twice as large"
BOOKS = "identity"
WAVELENGTH, AMPLITUDE = 10e-6, 0.2e-6
RIPPLES = {"bulk": (1.6e-14, 0.0), "surface": (1e-24, 1e-22), "both alike": (1.6e-14, 2.5e-20)}
"""D [m^2/s] and D_s delta [m^3/s]."""
FINE = 0.002
"""Error of a step while a ripple of a cell decays [cells]."""
NEAR = 1e-6
"""L_s of the sinks around closing voids [m]."""
CURRENT, OPENING = -1.0, 2000.0
"""Of the opening void [A/m^2 of plane], and for how long [s]."""
BOX, START = 8e-6, 1.5e-6
"""Edge of its box and its first radius [m]."""


def follow(metal: VoidMetal, until: float, density: float, first: float) -> list[MetalState]:
    """States up to a time under a mean current density on the contact that is left."""
    states = [metal.initial_state()]
    for state, _ in march(metal, states[0], until, lambda state: spread_current(metal, state, density), first):
        states.append(state)
    return states


def rest(metal: VoidMetal, until: float, first: float) -> list[MetalState]:
    """States up to a time without a current."""
    none, states = metals.uniform(metal, 0.0), [metal.initial_state()]
    for state, _ in march(metal, states[0], until, lambda state: none, first):
        states.append(state)
    return states


def unbalanced(metal: VoidMetal, states: list[MetalState]) -> tuple[float, float]:
    """Imbalance of the lithium of a whole run over what moved, and that of the worst step."""
    books = states[-1].ledger
    gained = (metal.void_volume(states[-1]) - metal.void_volume(states[0])) / metals.LITHIUM.molar_volume
    missing = books.stripped - (gained - books.placed) - books.annihilated - books.left
    return abs(missing) / books.turnover, books.worst_step


def ripple(
    per_wavelength: int, diffusivity: float = metals.LITHIUM.diffusivity, surface: float = 0.0
) -> tuple[float, tuple[float, float]]:
    """Mean decay rate over half a decay time over Mullins', and the imbalances; `surface` is D_s delta [m^3/s]."""
    n, h, k = per_wavelength, WAVELENGTH / per_wavelength, 2.0 * np.pi / WAVELENGTH
    level = (n // 2 + 0.3) * h

    def voids(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(level + AMPLITUDE * np.cos(k * x) - z + 0.0 * y)

    changes: dict[str, Any] = {"diffusivity": diffusivity, "surface_transport": surface}
    changes["numerics"] = MetalNumerics(time_tolerance=FINE)
    metal = metals.metal_in_box((n // 2, 1, n // 2 + 14), h, voids, **changes)
    exact = vacancies.ripple_decay_by_bulk(k, diffusivity, metals.CAPILLARY, level)
    exact -= ripple_decay_rate(surface * metals.CAPILLARY, k)
    until = 0.5 / abs(exact)
    states = rest(metal, until, until / 50.0)
    x = (np.arange(n // 2) + 0.5) * h

    def amplitude(state: MetalState) -> float:
        return float(np.mean(state.xi[1:-1, 1, 1:-1].sum(axis=0) * np.cos(k * x)))

    rate = math.log(amplitude(states[-1]) / amplitude(states[0])) / until
    return rate / exact, unbalanced(metal, states)


def closing_time(dimension: int, radius: float, share: float) -> float:
    """Time [s] after which a void amid sinks has a share of its area or volume left."""

    def rate(t: float, r: np.ndarray) -> np.ndarray:
        slope = k1(r / NEAR) / (k0(r / NEAR) * NEAR) if dimension == 2 else 1.0 / r + 1.0 / NEAR
        return -metals.LITHIUM.diffusivity * np.expm1((dimension - 1) * metals.CAPILLARY / r) * slope

    def gone(t: float, r: np.ndarray) -> float:
        return float(r[0] ** dimension - share * radius**dimension)

    gone.terminal = True  # type: ignore[attr-defined]
    return float(solve_ivp(rate, (0.0, 1e9), [radius], events=gone, rtol=1e-9, atol=1e-15).t_events[0][0])


def closing(dimension: int, radius: float, edge: float, cells: int) -> tuple[float, Curve]:
    """Time in which a third of a void closes over the exact one, and its volume over time."""
    n = (cells, 1 if dimension == 2 else cells, cells)
    metal = metals.metal_in_box(n, edge, metals.corner_void(n, edge, radius, edge), sink_length=NEAR)
    exact = closing_time(dimension, radius, 2.0 / 3.0)
    states = rest(metal, 1.2 * exact, 0.01 * exact)
    times = np.array([state.time for state in states])
    # the profile's tails hold part of what a tunnel's or a ball's cells lack of metal
    whole = 0.25 * math.pi * radius**2 if dimension == 2 else math.pi / 6.0 * radius**3
    lost = (np.array([metal.void_volume(state) for state in states]) - metal.void_volume(states[0])) / whole
    found = float(np.interp(1.0 / 3.0, -lost, times))
    return found / exact, (
        f"{'tunnel' if dimension == 2 else 'ball'}",
        (times / exact).tolist(),
        (1.0 + lost).tolist(),
        "-",
    )


def opening(dimension: int, cells: int) -> tuple[float, float, tuple[float, float]]:
    """Void volume gained over what was stripped, contact left, and the imbalances."""
    n, h = (cells, 1 if dimension == 2 else cells, cells), BOX / cells
    metal = metals.metal_in_box(n, h, metals.corner_void(n, h, START, h), sink_length=2.0 * BOX)
    states = follow(metal, OPENING, CURRENT, 5.0)
    books = states[-1].ledger
    return books.condensed / books.stripped, float(metal.contact_fraction(states[-1]).mean()), unbalanced(metal, states)


def run(folder: Path | None) -> list[Check]:
    """Ripples, closing and opening voids, and the books."""
    checks: list[Check] = []
    curves: list[Curve] = []
    imbalances: list[tuple[float, float]] = []
    for words, laws in RIPPLES.items():
        found, book = ripple(48, *laws)
        imbalances.append(book)
        checks.append(check_relative(NAME, f"ripple's mean decay over Mullins', {words}", found, 1.0, 0.02, MULLINS))
    for dimension, radius, edge, cells in ((2, 2e-6, 0.167e-6, 36), (3, 1.5e-6, 0.15e-6, 26)):
        ratio, curve = closing(dimension, radius, edge, cells)
        curves.append(curve)
        checks.append(check_relative(NAME, f"time in which a {curve[0]} closes by a third", ratio, 1.0, 0.03, CLOSING))
    for dimension, grids in ((2, (72, 36, 18)), (3, (36, 18, 9))):
        gained, left, books = zip(*(opening(dimension, n) for n in grids), strict=True)
        imbalances.extend(books)
        edges = [BOX / n for n in grids]
        for quantity, values in (("stripped lithium that is void", gained), ("contact left", left)):
            check = check_relative(NAME, f"{quantity}, {dimension}-D", values[0], values[1], 0.03, ITSELF)
            checks.append(with_uncertainty(check, grid_convergence(edges, values)))
    whole, worst = (max(values) for values in zip(*imbalances, strict=True))
    checks.append(check_at_most(NAME, "lithium over a run", whole, 1e-8, BOOKS))
    checks.append(check_at_most(NAME, "lithium in a step", worst, 1e-10, BOOKS))
    save_curves(folder, NAME, curves, ("time over that of a third", "volume over its start"))
    return checks


CASE = Case(NAME, "Voids that close and open", "35 s", False, MULLINS, run)
