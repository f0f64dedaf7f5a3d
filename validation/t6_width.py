"""T6: a protrusion grows at the same speed whatever the width of its surface.

A quarter of a protrusion (half of a ridge in the plane) between planes of symmetry grows from a film into a dilute
electrolyte under a reservoir, with kinetics, depletion ahead of the tip and a surface energy whose cut-off wavelength
all grids resolve. l = h is halved at fixed physics. The tip's velocity is the advance of xi = 1/2 on its axis over the
time after the profile of the starting shape, which follows the surface to first order alone, has come to rest.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, Kinetics, Numerics, PlatingProblem
from ramify.physics import cell
from ramify.physics.constants import FARADAY
from ramify.validate import Case, Check, check_at_least, check_relative
from ramify.validation import cells
from ramify.validation.figures import Curve, save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "t6-width"
SOURCE = "the same with twice the width"
EDGE, HEIGHT, FILM, BUMP = 8e-6, 16e-6, 4e-6, 1.5e-6
"""Box, lateral and along z, mean height of the film in its valleys, half the height of the protrusion [m]."""
CURRENT, EXCHANGE, SURFACE_ENERGY = 1000.0, 4000.0, 3.0
"""[A/m^2], [A/m^2], [J/m^2]; a quarter of the limiting current, so far above lithium's energy for the cut-off to be
resolved."""
MOMENTS = (8.0, 16.0, 24.0)
"""[s]; the velocity is that between the first and the last."""
GRIDS = {2: (56, 28, 14), 3: (28, 20, 14)}
"""Cells across the box, the finest first."""


def problem(dimension: int, across: int) -> PlatingProblem:
    """The box with `across` cells along each lateral edge and l = h."""
    h, ny = EDGE / across, across if dimension == 3 else 1
    k = np.pi / EDGE

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        depth = 0.0 if dimension == 2 else k * y
        along, beside = 1.0 + np.cos(k * x), 1.0 + np.cos(depth)
        slope_x, slope_y = 0.5 * k * BUMP * np.sin(k * x) * beside, 0.5 * k * BUMP * np.sin(depth) * along
        rise = z - FILM - 0.5 * BUMP * along * beside
        return np.asarray(rise / np.sqrt(1.0 + slope_x**2 + slope_y**2))

    return cells.planar_problem(
        HEIGHT,
        round(HEIGHT / h),
        0.0,
        domain=Domain((EDGE, EDGE if ny > 1 else 1.0, HEIGHT), (across, ny, round(HEIGHT / h))),
        interface=Interface(h),
        geometry=Geometry(distance),
        kinetics=Kinetics(EXCHANGE, cells.SALT),
        metal=replace(cells.PLAIN_LITHIUM, surface_energy=SURFACE_ENERGY),
        counter=CounterElectrode("reservoir"),
        numerics=Numerics(),
    )


def tip(xi: np.ndarray, h: float) -> float:
    """Height of xi = 1/2 on the axis x = y = 0 [m]."""
    # The signed distance is linear where xi is steep; -1/2 is the plane of symmetry.
    signed = np.log(np.clip(xi, 1e-12, 1.0) / np.clip(1.0 - xi, 1e-12, 1.0))
    z = np.linspace(-0.5, xi.shape[0] - 0.5, 20 * xi.shape[0] + 1)
    axis = [np.full_like(z, -0.5 if count > 1 else 0.0) for count in xi.shape[1:]]
    along = map_coordinates(signed, [z, *axis], order=3, mode="reflect")
    last = int(np.flatnonzero(along >= 0.0)[-1])
    return float(z[last] + (z[last + 1] - z[last]) * along[last] / (along[last] - along[last + 1]) + 0.5) * h


def grow(dimension: int, across: int) -> list[float]:
    """Heights of the tip [m] at the start and at MOMENTS."""
    engine, h = cells.make_engine(problem(dimension, across)), EDGE / across
    engine.set_control(Control("current", CURRENT))
    heights = [tip(cells.field(engine, "xi"), h)]
    for _ in cells.run_through(engine, MOMENTS):
        heights.append(tip(cells.field(engine, "xi"), h))
    return heights


def run(folder: Path | None) -> list[Check]:
    """Tip velocities in the plane and in space, and what tells that the set-up is one in which they could differ."""
    checks: list[Check] = []
    curves: list[Curve] = []
    metal, duration = cells.PLAIN_LITHIUM, MOMENTS[-1] - MOMENTS[0]
    conductivity = float(cells.dilute_salt().conductivity(cells.SALT))
    shortest = cell.cut_off_wavelength(CURRENT, conductivity, metal.molar_volume, SURFACE_ENERGY)
    for dimension, grids in GRIDS.items():
        word = f"{dimension}-D"
        heights = [grow(dimension, across) for across in grids]
        speeds = [(found[-1] - found[1]) / duration for found in heights]
        found = grid_convergence([EDGE / across for across in grids], speeds)
        twice = speeds[grids.index(grids[0] // 2)]
        quantity = f"tip velocity [m/s], {word}, {grids[0]} cells across, against {grids[0] // 2}"
        checks.append(with_uncertainty(check_relative(NAME, quantity, speeds[0], twice, 0.03, SOURCE), found))
        quantity = f"order of the tip velocity in l, {word}"
        checks.append(check_at_least(NAME, quantity, found.order, 1.7, "second order in k l"))
        if dimension == 2:
            quantity = f"tip velocity [m/s], {word}, {grids[1]} cells across, against {grids[2]}"
            checks.append(check_relative(NAME, quantity, speeds[1], speeds[2], 0.03, SOURCE))
        mean = metal.molar_volume * CURRENT / FARADAY
        quantity = f"tip velocity over the mean front's, {word}: it is a protrusion that grows"
        checks.append(check_at_least(NAME, quantity, speeds[0] / mean, 1.1, "set-up"))
        cut = shortest / (EDGE / min(grids))
        checks.append(check_at_least(NAME, f"coarsest cells per cut-off wavelength, {word}", cut, 6.0, "set-up"))
        for across, height in zip(grids, heights, strict=True):
            style = "o-" if dimension == 2 else "s--"
            curves.append((f"{word}, l = {EDGE / across * 1e6:.2g} um", [0.0, *MOMENTS], np.array(height) * 1e6, style))
    save_curves(folder, NAME, curves, ("time [s]", "height of the tip [um]"))
    return checks


CASE = Case(NAME, "Width independence of a growing protrusion", "40 s", False, SOURCE, run)
