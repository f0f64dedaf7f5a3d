"""S1: surface diffusion, V = B lap_s K: ripples on a flat surface, modes of a cylinder and of a sphere.

    B k^4,    B n^2 (n^2 - 1)/R^4,    B (n - 1) n (n + 1) (n + 2)/R^4

The surface alone: no reaction. Lengths in cells, l = h unless said. What the lattice makes of a round shape is taken
off by a second run with the opposite mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating.front import Front
from ramify.phasefield.plating.setup import build_geometry, initial_metal
from ramify.phasefield.problem import Domain, Geometry, Interface, SpatialFunction
from ramify.phasefield.surface_diffusion import SurfaceDiffusion
from ramify.physics import surface_diffusion as law
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "s1-mullins-surface"
SOURCE = "W. W. Mullins, J. Appl. Phys. 30 (1959) 77; F. A. Nichols and W. W. Mullins, Trans. AIME 233 (1965) 1840"
AMPLITUDE = 0.2
"""Of ripples [cells]."""
SHARE = 0.02
"""Amplitude of a mode over the radius."""
HALF = math.log(2.0)
GRIDS = (64, 32, 16)
"""Cells per wavelength, the finest first."""


class Surface:
    """Metal of a signed distance in cells, and its surface diffusion with B = 1."""

    def __init__(self, counts: tuple[int, int, int], distance: SpatialFunction, width: float = 1.0) -> None:
        domain = Domain((float(counts[0]), float(counts[1]), float(counts[2])), counts)
        problem = replace(
            cells.planar_problem(domain.size[2], counts[2], 0.0),
            domain=domain,
            interface=Interface(width),
            geometry=Geometry(distance),
        )
        self.grid = Grid(domain)
        made = build_geometry(self.grid, problem)
        front = Front(self.grid, problem, made.pore, made.openings)
        self._diffusion = SurfaceDiffusion(
            self.grid,
            width,
            made.pore,
            made.openings,
            front.surface_curvature,
            front.extend_into_host,
            front.hold,
        )
        self.xi = initial_metal(self.grid, problem)
        front.extend_into_host(self.xi)

    def moment(self, weight: SpatialFunction) -> float:
        """Sum of the metal times a weight of the coordinates."""
        return float((self.xi * weight(*self.grid.centres()))[OWNED].sum())

    def run(self, time: float, steps: int) -> None:
        """Diffuse for `time` in equal steps."""
        for _ in range(steps):
            self._diffusion.advance(self.xi, time / steps, 1.0)


def ripple(per_wavelength: int, width: float = 1.0) -> float:
    """Rate over B k^4 while half the amplitude goes."""
    k = 2.0 * np.pi / per_wavelength
    level = 22.0 * width

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(z - level - AMPLITUDE * np.cos(k * x) + 0.0 * y)

    def wave(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.cos(k * x) + 0.0 * (y + z))

    surface = Surface((per_wavelength // 2, 1, round(2 * level)), distance, width)
    before = surface.moment(wave)
    surface.run(HALF / law.ripple_decay_rate(1.0, k), 8)
    return math.log(before / surface.moment(wave)) / HALF


def round_mode(counts: tuple[int, int, int], shape: Callable[[float], SpatialFunction], wave: SpatialFunction,
               rate: float, width: float, steps: int) -> float:  # fmt: skip
    """Rate over the exact `rate`; `shape` gives the signed distance for a sign of the mode."""
    ends = []
    for sign in (1.0, -1.0):
        surface = Surface(counts, shape(sign), width)
        before = surface.moment(wave)
        surface.run(HALF / rate, steps)
        ends.append((before, surface.moment(wave)))
    (a, b), (c, d) = ends
    return math.log((a - c) / (b - d)) / HALF


def circle(radius: float, mode: int, width: float = 1.0) -> float:
    """Rate of a mode of a quarter of a cylinder over B n^2 (n^2 - 1)/R^4."""

    def wave(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.cos(mode * np.arctan2(z, x)) + 0.0 * y)

    def shape(sign: float) -> SpatialFunction:
        def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
            r = np.hypot(x, z) + 0.0 * y
            slope = SHARE * radius * mode * np.sin(mode * np.arctan2(z, x)) / np.maximum(r, 1.0)
            return np.asarray((r - radius * (1.0 + sign * SHARE * wave(x, y, z))) / np.sqrt(1.0 + slope**2))

        return distance

    edge = round(1.1 * radius + 14.0 * width)
    return round_mode((edge, 1, edge), shape, wave, law.circle_decay_rate(1.0, radius, mode), width, 8)


def sphere(radius: float) -> float:
    """Rate of the second zonal harmonic of an eighth of a sphere over 24 B/R^4."""

    def wave(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(1.5 * z**2 / (x**2 + y**2 + z**2) - 0.5)

    def shape(sign: float) -> SpatialFunction:
        return lambda x, y, z: np.sqrt(x**2 + y**2 + z**2) - radius * (1.0 + sign * SHARE * wave(x, y, z))

    edge = round(1.05 * radius + 9.0)
    return round_mode((edge, edge, edge), shape, wave, law.sphere_decay_rate(1.0, radius, 2), 1.0, 3)


def run(folder: Path | None) -> list[Check]:
    """Rates over exact ones; the worst change of metal of a long relaxation."""
    rates = [ripple(n) for n in GRIDS]
    checks = [
        check_relative(NAME, f"ripple, {n} cells per wavelength", rate, 1.0, tolerance, SOURCE)
        for n, rate, tolerance in zip(GRIDS, rates, (0.005, 0.02, 0.06), strict=True)
    ]
    checks[0] = with_uncertainty(checks[0], grid_convergence([1.0 / n for n in GRIDS], rates))
    checks.append(check_relative(NAME, "ripple, 32 cells, l = 2 h", ripple(32, 2.0), 1.0, 0.02, SOURCE))
    for radius, mode, width in ((16.0, 2, 1.0), (16.0, 4, 1.0), (32.0, 4, 1.0), (32.0, 4, 2.0), (32.0, 6, 1.0)):
        found = circle(radius, mode, width)
        text = f"cylinder, mode {mode}, R = {radius:g} h, l = {width:g} h"
        checks.append(check_relative(NAME, text, found, 1.0, 0.02, SOURCE))
    checks.append(check_relative(NAME, "sphere, harmonic 2, R = 20 h", sphere(20.0), 1.0, 0.03, SOURCE))
    checks.append(check_at_most(NAME, "change of metal, ellipse to circle", relaxed_metal(), 1e-13, "identity"))
    curves = [("ripple", GRIDS, [abs(rate - 1.0) for rate in rates], "o-")]
    curves.append(("second order", GRIDS, [abs(rates[-1] - 1.0) * (GRIDS[-1] / n) ** 2 for n in GRIDS], "--"))
    save_curves(folder, NAME, curves, ("cells per wavelength", "relative error of the rate"), logarithmic=True)
    return checks


def relaxed_metal() -> float:
    """Relative change of the metal of an ellipse that becomes a circle."""

    def ellipse(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        level = np.sqrt((x / 18.0) ** 2 + (z / 9.0) ** 2) + 0.0 * y
        return np.asarray(level * (level - 1.0) / np.maximum(np.sqrt(x**2 / 18.0**4 + z**2 / 9.0**4), 1e-9))

    surface = Surface((34, 1, 34), ellipse)

    def one(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 + 0.0 * (x + y + z))

    before = surface.moment(one)
    surface.run(24000.0, 3)
    return abs(surface.moment(one) / before - 1.0)


CASE = Case(NAME, "Surface diffusion after Mullins", "15 s", True, SOURCE, run)
