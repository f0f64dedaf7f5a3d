"""T4: growth rate of a small bump a cos kx on a flat front in an electrolyte of uniform concentration.

    omega = (Omega i k/F) (1 - kappa Gamma k^2/i) / (1 + kappa k/G)

The rate is read from the reaction: with i_1 the Fourier amplitude of the integral of S across the front,
omega = (Omega/F) i_1/a. A step of 1e-7 s leaves the salt uniform. The front lies along the grid at several offsets to
it, or turned by 30 degrees; there the walls disturb the flat front's current too, so that the flat front is solved as
well, the difference counts, and the middle of five wavelengths is weighed most.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Geometry, Interface, Kinetics, Numerics, PlatingProblem
from ramify.physics import cell, electrolyte
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check_at_least, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "t4-bump"
SOURCE = "linear stability of a flat front, uniform concentration (ramify.physics.cell.bump_growth_rate)"
WAVELENGTH, CONDUCTIVITY, CURRENT, EXCHANGE, AMPLITUDE = 20e-6, 1.0, 50.0, 1000.0, 0.1
"""[m], [S/m], [A/m^2], [A/m^2], in cells."""
GAMMA = 0.5
"""Surface energy [J/m^2] of the cases with it."""
GRIDS = (128, 64, 32)
"""Cells per wavelength, the finest first."""
MOMENT = 1e-7
TURN = np.deg2rad(30.0)


def problem(domain: Domain, geometry: Geometry, width: float, surface_energy: float) -> PlatingProblem:
    """The cell around one front."""
    return cells.planar_problem(
        domain.size[2],
        domain.cells[2],
        0.0,
        electrolyte=electrolyte.constant(CONDUCTIVITY, cells.SALT, 3e-10, 0.38),
        domain=domain,
        geometry=geometry,
        metal=replace(cells.PLAIN_LITHIUM, surface_energy=surface_energy),
        kinetics=Kinetics(EXCHANGE, cells.SALT),
        interface=Interface(width, motion="frozen"),
        numerics=Numerics(newton_tolerance=1e-10, first_step=MOMENT, time_tolerance=1.0),
    )


def reaction(domain: Domain, geometry: Geometry, width: float, surface_energy: float, current: float) -> np.ndarray:
    """S [A/m^3] as (nz, nx) with the salt still uniform."""
    engine = cells.make_engine(problem(domain, geometry, width, surface_energy))
    engine.set_control(Control("current", current))
    engine.step(MOMENT)
    return cells.field(engine, "s")[:, 0, :]


def exact_rate(current: float, surface_energy: float) -> float:
    """omega [1/s]."""
    f = FARADAY / (GAS_CONSTANT * 298.15)
    conductance = cell.charge_transfer_conductance(current, EXCHANGE, 0.5, 0.5, f)
    k, omega = 2.0 * np.pi / WAVELENGTH, cells.PLAIN_LITHIUM.molar_volume
    return float(cell.bump_growth_rate(k, current, CONDUCTIVITY, conductance, omega, surface_energy))


def along_the_grid(per_wavelength: int, offset: float, surface_energy: float) -> float:
    """Measured over exact growth rate; half a wavelength between planes of symmetry, `offset` in cells."""
    h, k = WAVELENGTH / per_wavelength, 2.0 * np.pi / WAVELENGTH
    nx, depth = per_wavelength // 2, 12
    nz = depth + per_wavelength
    level, a = (depth + offset) * h, AMPLITUDE * h
    domain = Domain((nx * h, 1.0, nz * h), (nx, 1, nz))
    geometry = Geometry(lambda x, y, z: z - level - a * np.cos(k * x) + 0.0 * y)
    areal = reaction(domain, geometry, h, surface_energy, CURRENT).sum(axis=0) * h
    x = (np.arange(nx) + 0.5) * h
    rate = cells.PLAIN_LITHIUM.molar_volume / FARADAY * 2.0 * np.mean(areal * np.cos(k * x)) / a
    return float(rate / exact_rate(CURRENT, surface_energy))


def turned(per_wavelength: int, surface_energy: float) -> float:
    """Measured over exact growth rate of a front turned by 30 degrees."""
    h, k = WAVELENGTH / per_wavelength, 2.0 * np.pi / WAVELENGTH
    nx = round(5 * per_wavelength * np.cos(TURN))
    nz = round(nx * np.tan(TURN)) + 12 + 2 * per_wavelength
    domain = Domain((nx * h, 1.0, nz * h), (nx, 1, nz))
    level, a = 12.0 * h / np.cos(TURN), AMPLITUDE * h
    middle = 0.5 * nx * h / np.cos(TURN)
    x, z = (np.arange(nx) + 0.5)[None, :] * h, (np.arange(nz) + 0.5)[:, None] * h
    along = x * np.cos(TURN) + (z - level) * np.sin(TURN) - middle

    def front(amplitude: float) -> Geometry:
        def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
            beyond = (z - level) * np.cos(TURN) - x * np.sin(TURN)
            place = x * np.cos(TURN) + (z - level) * np.sin(TURN) - middle
            return np.asarray(beyond - amplitude * np.cos(k * place) + 0.0 * y)

        return Geometry(distance)

    # The mean over the cross-section that gives a front this long its current density.
    mean = CURRENT / np.cos(TURN)
    flat, bumpy = (reaction(domain, front(size), h, surface_energy, mean) for size in (0.0, a))
    reach = 1.5 * WAVELENGTH
    window = np.where(np.abs(along) < reach, np.cos(0.5 * np.pi * along / reach) ** 2, 0.0)
    line = np.linspace(-reach, reach, 3001)
    norm = np.trapezoid(np.cos(0.5 * np.pi * line / reach) ** 2 * np.cos(k * line) ** 2, line)
    current = float(np.sum(flat * window * np.cos(k * along) ** 2)) * h**2 / norm
    change = float(np.sum((bumpy - flat) * window * np.cos(k * along))) * h**2 / norm
    return cells.PLAIN_LITHIUM.molar_volume / FARADAY * change / a / exact_rate(current, surface_energy)


def run(folder: Path | None) -> list[Check]:
    """Both grids, offsets, with and without surface energy, along the grid and turned."""
    checks: list[Check] = []
    aligned: dict[float, dict[int, float]] = {gamma: {64: along_the_grid(64, 0.0, gamma)} for gamma in (0.0, GAMMA)}
    for per_wavelength, tolerance, offsets in ((32, 0.02, (0.0, 0.25, 0.5, 0.75)), (128, 0.005, (0.0, 0.5))):
        for gamma in (0.0, GAMMA):
            words = f"{per_wavelength} cells per wavelength, gamma = {gamma:g} J/m2"
            for offset in offsets:
                ratio = along_the_grid(per_wavelength, offset, gamma)
                quantity = f"growth rate over exact, {words}, offset {offset:g} h"
                compared = check_relative(NAME, quantity, ratio, 1.0, tolerance, SOURCE)
                if offset == 0.0:
                    aligned[gamma][per_wavelength] = ratio
                if offset == 0.0 and per_wavelength == 128:
                    values = [aligned[gamma][count] for count in GRIDS]
                    trend = grid_convergence([WAVELENGTH / count for count in GRIDS], values)
                    compared = with_uncertainty(compared, trend)
                checks.append(compared)
            if per_wavelength == 32:
                quantity = f"growth rate over exact, {words}, turned by 30 degrees"
                checks.append(check_relative(NAME, quantity, turned(per_wavelength, gamma), 1.0, tolerance, SOURCE))
    errors = [abs(aligned[0.0][count] - 1.0) for count in GRIDS]
    order = float(np.log2(errors[2] / errors[1]))
    checks.append(check_at_least(NAME, "order of the error in k l, 32 to 64 cells", order, 1.7, SOURCE))
    second = errors[2] * (32.0 / np.array(GRIDS)) ** 2
    curves = [("measured", GRIDS, errors, "o-"), ("second order", GRIDS, second, "--")]
    save_curves(folder, NAME, curves, ("cells per wavelength", "error of the growth rate"), logarithmic=True)
    return checks


CASE = Case(NAME, "Growth rate of a small bump", "5 s", True, SOURCE, run)
