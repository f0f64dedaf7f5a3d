"""T5: growth rate of a small bump while the salt is used up, before and near Sand's time.

A closed cell at 1.5 times its limiting current, the front held still with a bump a cos kx on it. At each moment the
reaction gives the growth rate as in T4, omega = (Omega/F) i_1/a; the reference is the linearised problem of
validation/references/stability.py. With surface energy the cut-off, where omega vanishes, and the fastest wavenumber,
where it is largest, follow from rates at several wavenumbers, read from measured and exact rates in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Geometry, Interface, Numerics
from ramify.physics import cell
from ramify.physics.constants import FARADAY
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references.stability import StabilityCell

NAME = "t5-stability"
SOURCE = "linearised problem on the transient salt profile (validation/references/stability.py)"
LENGTH, OVERDRIVE, AMPLITUDE, DEPTH = 90e-6, 1.5, 0.1, 15
"""Electrolyte [m], current over limiting current, bump in cells, metal under the front in cells.

No cell at the collector may react (12 widths): its mirror image there bends the signed distance of a flat film, and the
curvature would drive a current in those columns of the bump that are just thin enough.
"""
MOMENTS = (0.3, 0.6, 0.9, 0.95)
"""Over the depletion time."""
PLAIN = (40e-6, 20e-6, 10e-6)
CURVED = (40e-6, 30e-6, 24e-6, 18e-6, 15e-6, 13e-6, 10e-6, 9e-6, 7e-6, 5.5e-6, 4.5e-6, 4e-6, 3.2e-6, 2.8e-6)
"""Wavelengths [m] without and with surface energy."""
SURFACE_ENERGY = 200.0
"""[J/m^2]; far above lithium's own, so that the cut-off lies among wavelengths that the salt layer feels."""
PER_WAVELENGTH, NEAR_CUT_OFF, NARROW = 64, 96, 4.6e-6
"""Cells per wavelength, and the same of wavelengths [m] below the last number: near the cut-off at 0.95 of depletion
the rate is the small difference of what the salt drives and what surface energy takes, both with errors in (k l)^2."""
TIME_TOLERANCE, NARROW_TIME_TOLERANCE = 2e-4, 1e-4
LARGEST_EDGE = 0.16e-6
"""[m]: the salt near depletion changes over a few of these."""
TOLERANCE = 0.03


def reference(surface_energy: float) -> StabilityCell:
    """The cell for the linearised problem."""
    limiting = cell.limiting_current(cells.SALT_DIFFUSIVITY, cells.SALT, cells.TRANSFERENCE, LENGTH)
    return StabilityCell(
        diffusivity=cells.SALT_DIFFUSIVITY,
        transference=cells.TRANSFERENCE,
        concentration=cells.SALT,
        length=LENGTH,
        current=OVERDRIVE * limiting,
        exchange_current=cells.EXCHANGE_CURRENT,
        surface_energy=surface_energy,
        molar_volume=cells.PLAIN_LITHIUM.molar_volume,
    )


def times() -> list[float]:
    """The moments [s]."""
    depletion = cell.depletion_time(OVERDRIVE) * LENGTH**2 / cells.SALT_DIFFUSIVITY
    return [moment * depletion for moment in MOMENTS]


def measured(wavelength: float, surface_energy: float) -> list[float]:
    """Growth rates [1/s] at the moments; half a wavelength between planes of symmetry."""
    narrow = wavelength < NARROW
    per_wavelength = max(NEAR_CUT_OFF if narrow else PER_WAVELENGTH, 2 * round(0.5 * wavelength / LARGEST_EDGE))
    h, k = wavelength / per_wavelength, 2.0 * np.pi / wavelength
    nx, nz = per_wavelength // 2, DEPTH + round(LENGTH / h)
    height, a = nz * h - LENGTH, AMPLITUDE * h
    problem = cells.planar_problem(
        nz * h,
        nz,
        0.0,
        domain=Domain((nx * h, 1.0, nz * h), (nx, 1, nz)),
        geometry=Geometry(lambda x, y, z: z - height - a * np.cos(k * x) + 0.0 * y),
        metal=replace(cells.PLAIN_LITHIUM, surface_energy=surface_energy),
        interface=Interface(h, motion="frozen"),
        numerics=Numerics(newton_tolerance=1e-9, time_tolerance=NARROW_TIME_TOLERANCE if narrow else TIME_TOLERANCE),
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("current", reference(surface_energy).current, cells.DEPLETION_LIMIT))
    x, rates = (np.arange(nx) + 0.5) * h, []
    for _ in cells.run_through(engine, times()):
        areal = cells.field(engine, "s")[:, 0, :].sum(axis=0) * h
        rates.append(float(cells.PLAIN_LITHIUM.molar_volume / FARADAY * 2.0 * np.mean(areal * np.cos(k * x)) / a))
    return rates


def cut_off(k: Sequence[float], rates: Sequence[float]) -> float:
    """Wavenumber [1/m] above which the rate is negative, by interpolation in k; nan if none."""
    order = np.argsort(k)
    waves, values = np.asarray(k)[order], np.asarray(rates)[order]
    below = np.flatnonzero((values[:-1] > 0.0) & (values[1:] <= 0.0))
    if not below.size:
        return float("nan")
    n = int(below[-1])
    return float(waves[n] + (waves[n + 1] - waves[n]) * values[n] / (values[n] - values[n + 1]))


def fastest(k: Sequence[float], rates: Sequence[float]) -> float:
    """Wavenumber [1/m] of the largest rate: the top of a parabola through the three largest neighbours."""
    order = np.argsort(k)
    waves, values = np.asarray(k)[order], np.asarray(rates)[order]
    n = min(max(int(np.argmax(values)), 1), len(values) - 2)
    a, b, _ = np.polyfit(waves[n - 1 : n + 2], values[n - 1 : n + 2], 2)
    return float(-0.5 * b / a)


def run(folder: Path | None) -> list[Check]:
    """Rates of every wavelength and moment, then cut-off and fastest wavenumber."""
    checks, curves = [], []
    for energy, wavelengths in ((0.0, PLAIN), (SURFACE_ENERGY, CURVED)):
        exact_cell, waves = reference(energy), [2.0 * np.pi / length for length in wavelengths]
        found = np.array([measured(length, energy) for length in wavelengths])
        exact = np.array([[exact_cell.growth_rate(k, time) for time in times()] for k in waves])
        for m, moment in enumerate(MOMENTS):
            scale = float(np.abs(exact[:, m]).max())
            for n, length in enumerate(wavelengths):
                words = f"{length * 1e6:g} um, gamma = {energy:g} J/m2, t = {moment} of depletion"
                # Close to the cut-off the rate itself vanishes: there the largest rate measures the error.
                size = max(abs(exact[n, m]), 0.3 * scale)
                ratio = 1.0 + float(found[n, m] - exact[n, m]) / size
                checks.append(check_relative(NAME, f"growth rate over exact, {words}", ratio, 1.0, TOLERANCE, SOURCE))
            if energy > 0.0:
                for word, read in (("cut-off", cut_off), ("fastest", fastest)):
                    ratio = read(waves, list(found[:, m])) / read(waves, list(exact[:, m]))
                    quantity = f"{word} wavenumber over exact, t = {moment} of depletion"
                    checks.append(check_relative(NAME, quantity, ratio, 1.0, TOLERANCE, SOURCE))
            fine = np.linspace(min(waves), max(waves), 40)
            label = f"{moment} t_d, {energy:g} J/m2"
            curves.append((label, np.array(waves) * 1e-6, found[:, m], "o"))
            curves.append(("", fine * 1e-6, np.array([exact_cell.growth_rate(k, times()[m]) for k in fine]), "k-"))
    save_curves(folder, NAME, curves, ("wavenumber [1/um]", "growth rate [1/s]"))
    return checks


CASE = Case(NAME, "Growth of a bump through depletion", "3 min", False, SOURCE, run)
