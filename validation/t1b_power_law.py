"""T1b: the depletion time over more than a decade of current, through the full model.

A closed cell of 1 mm with the front held still against the series solution, and with the front moving, for three salts,
against the front-fixing solver. From 2.5 times the limiting current on, the far electrode is not felt and the
depletion time goes with i^-2 whatever the salt: with z ~ 1/i and t ~ 1/i^2 the current drops out of

    c_t = (D(c) c_z)_z + (i/F) d(t+(c))/dz,    D c_z = (1 - t+) i/F at the front,    ds/dt = Omega i/F,

front motion and properties that depend on concentration included. For constant properties and a front at rest the
finite cell is a known factor, and what is left of it is Sand's law at every current.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.stats import linregress

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Interface, Kinetics, Numerics
from ramify.physics import cell, electrolyte
from ramify.physics.electrolyte import Electrolyte
from ramify.validate import Case, Check, check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references.front_fixing import FrontFixingCell, galvanostatic
from ramify.validation.t3_front import NARROW, without_width

NAME = "t1b-power-law"
SERIES = "series solution of the closed cell (physics.cell)"
FRONT_FIXING = "front-fixing finite volumes (validation/references/front_fixing.py)"
SIMILARITY = "similarity of the transport equations; Sand 1901"
LENGTH, FILM = 1e-3, 10.3
"""Cell [m], and metal on the collector in cells, off the grid's faces."""
FEWEST, PER_OVERDRIVE = 100, 64
"""Cells: the diffusion layer at depletion, L/2J, spans 32 of them, below J = 1.6 more."""
UNBOUNDED = 2.5
"""Overdrive from which the far electrode is not felt: a correction of 8e-5 for constant properties."""
TOLERANCE, SLOPE_TOLERANCE = 5e-3, 5e-3


@dataclass(frozen=True)
class Salt:
    """An electrolyte and the currents it is driven at."""

    words: str
    electrolyte: Electrolyte
    concentration: float
    """[mol/m^3]."""
    overdrives: tuple[float, ...]
    """Currents over the limiting current of the properties at `concentration`."""
    motion: Literal["moving", "frozen"] = "moving"

    @property
    def diffusivity(self) -> float:
        """Of the initial salt [m^2/s]."""
        return float(self.electrolyte.diffusivity(self.concentration))

    @property
    def transference(self) -> float:
        """Of the initial salt."""
        return float(self.electrolyte.transference(self.concentration))

    def limiting(self, gap: float) -> float:
        """Limiting current density [A/m^2] of an electrolyte of that thickness [m]."""
        return cell.limiting_current(self.diffusivity, self.concentration, self.transference, gap)

    def sand_time(self, current: float) -> float:
        """Sand's time [s] at a current density [A/m^2]."""
        return cell.sand_time(self.diffusivity, self.concentration, self.transference, current)


def salts() -> tuple[Salt, ...]:
    """The salts of the case."""
    measured = electrolyte.preset("LiPF6 in EC:DMC")
    c0 = cells.SALT
    constant = electrolyte.constant(
        conductivity=float(measured.conductivity(c0)),
        concentration=c0,
        D=float(measured.diffusivity(c0)),
        t_plus=float(measured.transference(c0)),
        thermodynamic_factor=float(measured.thermodynamic_factor(c0)),
    )
    far = (1.3, 2.5, 8.0, 25.0)
    return (
        Salt("LiPF6, properties of 1 M, front still", constant, c0, (1.05, 1.2, 1.6, 2.5, 5.0, 10.5), "frozen"),
        Salt("LiPF6, properties of 1 M", constant, c0, far),
        Salt("LiPF6, measured properties", measured, c0, (2.0, *far[1:])),
        Salt("polymer", cells.polymer(), cells.POLYMER_SALT, far),
    )


def simulate(salt: Salt, overdrive: float) -> tuple[float, float, float]:
    """Current density [A/m^2], depletion time found and that of the reference [s].

    The front that moves over the grid needs a wide surface: two widths are extrapolated to none, as in T3.
    """
    if salt.motion == "frozen":
        return simulate_width(salt, overdrive, 0.5)
    (current, wide, expected), (_, narrow, _) = (simulate_width(salt, overdrive, width) for width in (1.0, NARROW))
    return current, without_width(wide, narrow, 1.0 / NARROW), expected


def simulate_width(salt: Salt, overdrive: float, width_in_cells: float) -> tuple[float, float, float]:
    """The same with a surface of that width."""
    count = max(FEWEST, round(PER_OVERDRIVE * overdrive))
    h = LENGTH / count
    problem = cells.planar_problem(
        LENGTH,
        count,
        FILM * h,
        salt.electrolyte,
        initial_concentration=salt.concentration,
        kinetics=Kinetics(cells.EXCHANGE_CURRENT, salt.concentration),
        interface=Interface(width_in_cells * h, motion=salt.motion),
        numerics=Numerics(time_tolerance=1e-4, newton_iterations=60),
    )
    engine = cells.make_engine(problem)
    gap = LENGTH - cells.front_height(engine, problem)
    current = overdrive * salt.limiting(gap)
    expected = reference(salt, gap, current, problem.metal.molar_volume)
    ohmic = current * gap / float(salt.electrolyte.conductivity(salt.concentration))
    engine.set_control(Control("current", current, cells.DEPLETION_LIMIT + 2.0 * ohmic))
    moments = np.append(np.linspace(0.9, 0.98, 3), np.linspace(0.985, 1.02, 15)) * expected
    return current, cells.depletion_time(engine, list(moments)), expected


def reference(salt: Salt, gap: float, current: float, molar_volume: float) -> float:
    """Depletion time [s] of the series for a front at rest, of the front-fixing solver for a moving one."""
    overdrive = current / salt.limiting(gap)
    still = cell.depletion_time(overdrive) * cell.diffusion_time(salt.diffusivity, gap)
    if salt.motion == "frozen":
        return still
    model = FrontFixingCell(
        electrolyte=salt.electrolyte,
        concentration=salt.concentration,
        length=gap,
        molar_volume=molar_volume,
        exchange_current_density=cells.EXCHANGE_CURRENT,
        reference_concentration=salt.concentration,
    )
    return galvanostatic(model, current, np.array([4.0 * still]), cells=600).depletion_time


def slope(currents: np.ndarray, times: np.ndarray) -> tuple[float, float]:
    """Exponent of a power law through the points, and its standard error."""
    fit = linregress(np.log(currents), np.log(times))
    return float(fit.slope), float(fit.stderr)


def run(folder: Path | None) -> list[Check]:
    """Depletion times of every salt and current; exponents."""
    checks, curves = [], []
    for salt in salts():
        rows = np.array([simulate(salt, overdrive) for overdrive in salt.overdrives])
        source = SERIES if salt.motion == "frozen" else FRONT_FIXING
        for overdrive, (_, found, expected) in zip(salt.overdrives, rows, strict=True):
            quantity = f"depletion time [s], {salt.words}, J = {overdrive}"
            checks.append(check_relative(NAME, quantity, found, expected, TOLERANCE, source))
        current, found = rows[:, 0], rows[:, 1]
        if salt.motion == "frozen":
            finite = [cell.depletion_time(J) * 16.0 * J**2 / np.pi for J in salt.overdrives]
            span, corrected = "J = 1.05 to 10.5, without the finite cell's factor", found / np.array(finite)
        else:
            far = np.array(salt.overdrives) >= UNBOUNDED
            current, corrected = current[far], found[far]
            span = "J = 2.5 to 25"
        exponent, error = slope(current, corrected)
        quantity = f"exponent of the depletion time, {salt.words}, {span} (standard error {error:.1e})"
        checks.append(check(NAME, quantity, exponent, -2.0, SLOPE_TOLERANCE, SIMILARITY))
        curves.append((salt.words, rows[:, 0] / 10.0, rows[:, 1], "o"))
        fine = np.geomspace(rows[0, 0], rows[-1, 0], 40)
        curves.append(("", fine / 10.0, np.array([salt.sand_time(i) for i in fine]), "k:"))
    save_curves(folder, NAME, curves, ("current density [mA/cm2]", "depletion time [s], dotted: Sand's law"), True)
    return checks


CASE = Case(NAME, "Depletion time over a decade of current", "40 s", False, f"{SERIES}; {FRONT_FIXING}", run)
