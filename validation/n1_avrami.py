"""N1: many caps growing into each other under kinetic control: Avrami's law, instantaneous and progressive.

Hemispheres at random places of a periodic plane, a Poisson number of them, grow at a held voltage in an electrolyte
without drops, so that every front advances at v = (Omega/F) i_n. Compared are the covered share of the lowest layer of
cells and the metal per area with the law's. A single plane scatters about its law, so that many planes of spheres are
drawn: their mean tests the law itself, and the one nearest to the law is simulated. It is compared with the same
spheres, drawn, too.

The engine has no births during a run. The progressive nucleation therefore begins when the last cap has been born: caps
of all ages stand there with the radius v (t - birth) each has grown to, none smaller than the grid can hold. From then
on the law is that of births which ended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, Numerics
from ramify.physics import electrolyte, nucleation
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check, check_relative
from ramify.validation import cells
from ramify.validation.figures import Curve, save_curves

NAME = "n1-avrami"
SOURCE = "Avrami 1939, 1940 (ramify.physics.nucleation)"
H, ACROSS, HIGH, WIDTH = 0.25e-6, 100, 20, 0.7
"""Cell edge [m], cells of the plane's edges and of the height, l in cells."""
PLANE = ACROSS * H
VOLTAGE = 0.01
VELOCITY = (
    cells.PLAIN_LITHIUM.molar_volume / FARADAY
    * cells.EXCHANGE_CURRENT * 2.0 * math.sinh(0.5 * VOLTAGE * FARADAY / (GAS_CONSTANT * 298.15))
)  # fmt: skip
"""v [m/s]."""
TOLERANCE, SAME = 0.02, 0.01
"""Against the law, about which this plane still scatters by some tenths of a per cent, and against the same spheres."""
SAMPLES = 200
"""Planes that are drawn."""


@dataclass(frozen=True)
class Nucleation:
    """When caps are born, times in the time in which a radius grows by a cell."""

    name: str
    sites: float
    """N0 times the area of the plane."""
    rate: float
    """A; infinite for an instantaneous nucleation."""
    until: float
    """The last birth."""
    start: float
    """Of the simulation."""
    moments: tuple[float, ...]

    def caps(self, seed: int) -> np.ndarray:
        """x, y [m] and time of birth of one plane's caps."""
        random = np.random.default_rng(seed)
        births = np.zeros(random.poisson(self.sites))
        if math.isfinite(self.rate):
            births = random.exponential(1.0 / self.rate, births.size)
        births = births[births <= self.until]
        return np.stack([*random.uniform(0.0, PLANE, (2, births.size)), births])

    def law(self, time: float) -> tuple[float, float]:
        """Covered share of the lowest layer's middle, and metal per area [m]."""
        unit = H / VELOCITY
        arguments = (time * unit, VELOCITY, self.sites / PLANE**2, self.rate / unit, self.until * unit)
        share = nucleation.covered_share(arguments[0], 0.5 * H, *arguments[1:])
        return float(share), nucleation.deposit_thickness(*arguments)


CASES = (
    Nucleation("instantaneous", 45.0, math.inf, 0.0, 5.0, (8.0, 11.0, 15.0)),
    Nucleation("progressive", 60.0, 0.15, 6.0, 10.0, (12.0, 14.0, 17.0)),
)


def squares(caps: np.ndarray, time: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Square of the height of the highest sphere over each place [m^2]; negative where there is none."""
    highest = np.full(np.broadcast_shapes(x.shape, y.shape), -1.0)
    for a, b, birth in caps.T:
        dx, dy = ((u - v + 0.5 * PLANE) % PLANE - 0.5 * PLANE for u, v in ((x, a), (y, b)))
        np.maximum(highest, (H * (time - birth)) ** 2 - dx**2 - dy**2, out=highest)
    return highest


def drawn(caps: np.ndarray, time: float, points: int = ACROSS) -> tuple[float, float]:
    """The same as `Nucleation.law` of spheres that are drawn, on so many points of each edge."""
    place = (np.arange(points) + 0.5) * PLANE / points
    top = squares(caps, time, place[None, :], place[:, None])
    return float(np.mean(top > (0.5 * H) ** 2)), float(np.mean(np.sqrt(np.maximum(top, 0.0))))


def filled(xi: np.ndarray) -> np.ndarray:
    """Share of each cell inside xi = 1/2: the metal of a ball as diffuse as these is more than the ball's volume."""
    signed = np.log(np.clip(xi, 1e-9, 1.0) / np.clip(1.0 - xi, 1e-9, 1.0))
    return np.asarray(np.clip(0.5 + WIDTH * signed, 0.0, 1.0))


def simulated(case: Nucleation, caps: np.ndarray) -> list[tuple[float, float]]:
    """The same of the plating model at the moments of a case."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        nearest = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), np.inf)
        for a, b, birth in caps.T:
            dx, dy = ((u - v + 0.5 * PLANE) % PLANE - 0.5 * PLANE for u, v in ((x, a), (y, b)))
            np.minimum(nearest, np.sqrt(dx**2 + dy**2 + z**2) - H * (case.start - birth), out=nearest)
        return nearest

    problem = cells.planar_problem(
        HIGH * H,
        HIGH,
        0.0,
        electrolyte=electrolyte.constant(1e3, cells.SALT, 1e-7, 0.38),
        domain=Domain((PLANE, PLANE, HIGH * H), (ACROSS, ACROSS, HIGH), periodic=True),
        interface=Interface(WIDTH * H),
        geometry=Geometry(distance),
        counter=CounterElectrode("reservoir"),
        numerics=Numerics(time_tolerance=1e-2, first_step=0.1 * H / VELOCITY),
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("voltage", -VOLTAGE))
    found = []
    for _ in cells.run_through(engine, [(moment - case.start) * H / VELOCITY for moment in case.moments]):
        metal = filled(cells.field(engine, "xi"))
        found.append((float(metal[0].mean()), float(metal.sum()) * H / ACROSS**2))
    return found


def run(folder: Path | None) -> list[Check]:
    """Coverage and metal of both nucleations at all moments."""
    checks: list[Check] = []
    curves: list[Curve] = []
    for case in CASES:
        planes = np.array([[drawn(case.caps(n), moment, 40) for moment in case.moments] for n in range(SAMPLES)])
        laws = np.array([case.law(moment) for moment in case.moments])
        caps = case.caps(int(np.argmin(np.abs(planes / laws - 1.0).sum(axis=(1, 2)))))
        found = simulated(case, caps)
        for m, (moment, values, law) in enumerate(zip(case.moments, found, laws, strict=True)):
            same, mean = drawn(caps, moment), planes[:, m].mean(axis=0)
            spread = planes[:, m].std(axis=0) / math.sqrt(SAMPLES)
            for n, (word, unit) in enumerate((("covered share", 1.0), ("metal per area [um]", 1e6))):
                told = f"{word}, {case.name}, radius of the first {moment:g} h"
                value, exact = unit * values[n], unit * law[n]
                quantity = f"{told}: drawn, mean of {SAMPLES}"
                checks.append(check(NAME, quantity, unit * mean[n], exact, 3.0 * unit * spread[n], SOURCE))
                checks.append(check_relative(NAME, f"{told}: simulated", value, exact, TOLERANCE, SOURCE))
                quantity, source = f"{told}: simulated against drawn", "the same spheres, drawn"
                checks.append(check_relative(NAME, quantity, value, unit * same[n], SAME, source))
        times = np.linspace(case.start, case.moments[-1], 60)
        curves.append((f"{case.name}, simulated", case.moments, [share for share, _ in found], "o"))
        curves.append((f"{case.name}, law", times, [case.law(float(time))[0] for time in times], "-"))
    save_curves(folder, NAME, curves, ("radius of the first caps [cells]", "covered share"))
    return checks


CASE = Case(NAME, "Avrami's law of many caps", "40 s", False, SOURCE, run)
