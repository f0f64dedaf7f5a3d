"""V1: resistance of what is left of a contact with a solid electrolyte, where it can be solved by hand.

Fast kinetics: periodic strips by their conformal map, circular spots in a square array by 1/(4 kappa a) and the lattice
sums that a finite cell adds (physics.constriction). Slow kinetics: RT/(F i0) over the share in contact. Between them, a
strip whose kinetics and electrolyte weigh alike, against the same on a far finer grid. The electrolyte is four
cells wide in depth, so that the counter electrode changes no digit shown.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.contact import Contact, ContactState
from ramify.phasefield.voids.contact_problem import ContactProblem, SolidElectrolyte
from ramify.physics import constriction
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check_relative
from ramify.validation.figures import save_curves

NAME = "v1-constriction"
STRIPS = "periodic strips, conformal map"
SPOTS = "1/(4 kappa a) and the lattice sums of a square array"
SLOW = "RT/(F i0) over the share in contact"
PITCH, KAPPA, TEMPERATURE = 10e-6, 0.05, 298.15
THERMAL = GAS_CONSTANT * TEMPERATURE / FARADAY
FAST, SLOW_CURRENT = 1e9, 1e-3
SIGNAL = 1e-6
"""Share of i0 that counts as a small current."""
FINE = 20
"""Points per cell that shares of a disc are counted with, along each axis."""


def solve(shares: np.ndarray, i0: float, current: float) -> tuple[ContactState, float]:
    """State, and areal resistance [ohm m^2] beyond the uniform current's, of a quarter of a cell (ny, nx)."""
    ny, nx = shares.shape
    depth = PITCH / 2 if ny > 1 else 1.0
    domain = Domain((PITCH / 2, depth, 1e-6), (nx, ny, 1))
    electrolyte = SolidElectrolyte(((4 * PITCH, KAPPA),), TEMPERATURE)
    contact = Contact(domain, ContactProblem(electrolyte, Kinetics(i0, 1.0)))
    state = contact.solve(shares, Control("current", -current))
    return state, state.voltage / current - contact.slab.resistance


def strip(share: float, cells: int) -> np.ndarray:
    """Shares of a strip that takes that share of the period."""
    return np.clip(share * cells - np.arange(cells), 0.0, 1.0)[None]


def spot(radius: float, cells: int) -> np.ndarray:
    """Shares of a quarter of a disc."""
    x = (np.arange(cells * FINE) + 0.5) / (cells * FINE) * PITCH / 2
    inside = x[:, None] ** 2 + x[None] ** 2 < radius**2
    return np.asarray(inside.reshape(cells, FINE, cells, FINE).mean(axis=(1, 3)))


def strips() -> tuple[list[Check], list[tuple]]:  # type: ignore[type-arg]
    """Strips against their closed form, edges on the grid and within cells."""
    checks, told = [], []
    widths = (0.1, 0.25, 0.5, 0.77, 0.9)
    for share in widths:
        _, found = solve(strip(share, 256), FAST, 1.0)
        exact = constriction.strip_spreading(share * PITCH, PITCH, KAPPA)
        quantity = f"strips of {share:g} of the period [ohm cm2]"
        checks.append(check_relative(NAME, quantity, 1e4 * found, 1e4 * exact, 1e-2, STRIPS))
        told.append(1e4 * found)
    line = np.linspace(0.05, 0.98, 100)
    exact_line = [1e4 * constriction.strip_spreading(share * PITCH, PITCH, KAPPA) for share in line]
    return checks, [("strips", widths, told, "o"), ("exact", line, exact_line, "-")]


def spots() -> list[Check]:
    """Spots against the array's resistance, and each without what the cell around it adds."""
    checks = []
    for radius, cells in ((0.05, 128), (0.1, 96), (0.2, 96)):
        _, found = solve(spot(radius * PITCH, cells), FAST, 1.0)
        exact = constriction.spot_array_resistance(radius * PITCH, PITCH, KAPPA) * PITCH**2
        quantity = f"spots of radius {radius:g} pitches [ohm cm2]"
        checks.append(check_relative(NAME, quantity, 1e4 * found, 1e4 * exact, 1e-2, SPOTS))
        alone = constriction.spot_resistance(radius * PITCH, KAPPA)
        corrected = 1.0 + ((found - exact) / PITCH**2) / alone
        quantity = f"4 kappa a R of one spot, cell taken off, radius {radius:g} pitches"
        checks.append(check_relative(NAME, quantity, corrected, 1.0, 1e-2, "a spot on a half space"))
    return checks


def kinetics() -> list[Check]:
    """Slow kinetics, and kinetics as slow as the electrolyte."""
    checks = []
    for share in (0.3, 0.7):
        _, found = solve(strip(share, 64), SLOW_CURRENT, SIGNAL * SLOW_CURRENT)
        exact = THERMAL / (SLOW_CURRENT * share)
        quantity = f"slow kinetics on {share:g} of the plane [ohm cm2]"
        checks.append(check_relative(NAME, quantity, 1e4 * found, 1e4 * exact, 1e-5, SLOW))
    i0 = THERMAL * KAPPA / PITCH
    _, coarse = solve(strip(0.47, 32), i0, SIGNAL * i0)
    _, fine = solve(strip(0.47, 1024), i0, SIGNAL * i0)
    quantity = "kinetics and electrolyte alike, 32 cells [ohm cm2]"
    checks.append(check_relative(NAME, quantity, 1e4 * coarse, 1e4 * fine, 2e-3, "1024 cells"))
    return checks


def run(folder: Path | None) -> list[Check]:
    """Strips, spots, kinetics."""
    checks, curves = strips()
    save_curves(folder, NAME, curves, ("share in contact", "spreading resistance [ohm cm2]"))
    return checks + spots() + kinetics()


CASE = Case(NAME, "Partial contact with a solid electrolyte", "5 s", True, f"{STRIPS}; {SPOTS}", run)
