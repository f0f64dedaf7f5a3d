"""N2: many caps growing under diffusion control: the current's transient against Scharifker and Hills.

Caps at random places of a periodic plane grow at a voltage that leaves no salt at their surfaces, into an electrolyte
so high that the reservoir above it is not felt. All were born at once; they start when they have grown, as lone caps
do, to a size the grid holds. The current over its maximum has no parameter left; its place and height are compared too.
The law is an approximation (a plane drained in columns, caps small beside their distances): here, where caps come to a
fifth of their distance, they stand out of the plane and carry more current, later. The tolerances are those of the law,
not of the solver. Of many random planes the one is simulated whose drained share, in the law's own terms, is nearest to
the law's.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, Kinetics, Numerics
from ramify.physics import nucleation
from ramify.physics.electrolyte import dilute_from_salt
from ramify.validate import Case, Check, check, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "n2-transient"
SOURCE = "Scharifker and Hills 1983 (ramify.physics.nucleation), an approximation"
H, ACROSS, HIGH, WIDTH, CAPS = 1e-6, 90, 96, 0.7, 9
"""Cell edge [m], cells of the plane's edges and of the height, l in cells, caps on the plane."""
VOLTAGE, EXCHANGE = 0.6, 1000.0
"""[V], [A/m^2]."""
START = 2.0
"""Radius in the beginning, in cells."""
PLANE = ACROSS * H
DENSITY = CAPS / PLANE**2
DRIVING = cells.SALT / (1.0 - cells.TRANSFERENCE)
"""c/(1 - t+) [mol/m^3]."""
OMEGA = cells.PLAIN_LITHIUM.molar_volume
GROWTH = 4.0 * nucleation.lone_growth(DRIVING * OMEGA) ** 2 * cells.SALT_DIFFUSIVITY
"""r^2/t of a lone cap [m^2/s]."""
LAST = 2.5
"""End of the simulation, in t_m."""
SHARES = (0.5, 0.75, 1.5, 2.0)
"""Times of the comparison, in the simulation's own t_m; before them the caps' starting layers are felt."""
LAWS = (nucleation.instantaneous_transient, nucleation.progressive_transient)


def places() -> np.ndarray:
    """(x, y) of the caps [m]."""
    place = (np.arange(40) + 0.5) * PLANE / 40
    misses = []
    for seed in range(100):
        caps = np.random.default_rng(seed).uniform(0.0, PLANE, (CAPS, 2))
        dx, dy = ((place[:, None] - caps[:, n] + 0.5 * PLANE) % PLANE - 0.5 * PLANE for n in (0, 1))
        nearest = np.min(dx[None, :, :] ** 2 + dy[:, None, :] ** 2, axis=-1)
        # The drained area of each, as a multiple of the time, by the law's peak.
        area = nucleation.INSTANTANEOUS_PEAK / (math.pi * DENSITY)
        shares = [
            float(np.mean(nearest < area * t)) + math.expm1(-math.pi * DENSITY * area * t) for t in (0.5, 1.0, 2.0)
        ]
        misses.append(float(np.abs(shares).sum()))
    return np.random.default_rng(int(np.argmin(misses))).uniform(0.0, PLANE, (CAPS, 2))


def transient() -> tuple[np.ndarray, np.ndarray]:
    """Time since the birth of the caps [s] and current density [A/m^2]."""
    caps = places()

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        nearest = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), np.inf)
        for a, b in caps:
            dx, dy = ((u - v + 0.5 * PLANE) % PLANE - 0.5 * PLANE for u, v in ((x, a), (y, b)))
            np.minimum(nearest, np.sqrt(dx**2 + dy**2 + z**2) - START * H, out=nearest)
        return nearest

    problem = cells.planar_problem(
        HIGH * H,
        HIGH,
        0.0,
        electrolyte=dilute_from_salt(cells.SALT_DIFFUSIVITY, cells.TRANSFERENCE),
        domain=Domain((PLANE, PLANE, HIGH * H), (ACROSS, ACROSS, HIGH), periodic=True),
        interface=Interface(WIDTH * H),
        geometry=Geometry(distance),
        kinetics=Kinetics(EXCHANGE, cells.SALT),
        counter=CounterElectrode("reservoir"),
        numerics=Numerics(time_tolerance=5e-3),
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("voltage", -VOLTAGE))
    before = (START * H) ** 2 / GROWTH
    end = LAST * nucleation.instantaneous_peak(cells.SALT_DIFFUSIVITY, DRIVING, DENSITY, OMEGA)[0] - before
    times, currents = [], []
    while engine.time < end:
        report = engine.step(end)
        times.append(report.time + before)
        currents.append(report.current_density)
    return np.array(times), np.array(currents)


def peak(times: np.ndarray, currents: np.ndarray) -> tuple[float, float]:
    """(t_m, i_m) of the maximum behind the first drop, by a parabola in log t through its neighbours."""
    first = int(np.flatnonzero(np.diff(currents) > 0.0)[0])
    top = min(max(first + int(np.argmax(currents[first:])), 1), currents.size - 2)
    near = slice(top - 1, top + 2)
    a, b, c = np.polyfit(np.log(times[near]), currents[near], 2)
    return math.exp(-0.5 * b / a), float(c - 0.25 * b * b / a)


def run(folder: Path | None) -> list[Check]:
    """Place and height of the maximum, and the curve over it."""
    times, currents = transient()
    top, highest = peak(times, currents)
    law_top, law_highest = nucleation.instantaneous_peak(cells.SALT_DIFFUSIVITY, DRIVING, DENSITY, OMEGA)
    checks = [
        check_relative(NAME, "time of the maximum [s]", top, law_top, 0.25, SOURCE),
        check_relative(NAME, "highest current [A/m2]", highest, law_highest, 0.15, SOURCE),
    ]
    shares = np.array(SHARES)
    found = (np.interp(shares * top, times, currents) / highest) ** 2
    law = nucleation.instantaneous_transient(shares)
    for share, value, expected in zip(shares, found, law, strict=True):
        checks.append(check(NAME, f"(i/i_m)^2 at {share:g} t_m", float(value), float(expected), 0.1, SOURCE))
    # Of the two published laws the right one.
    miss, other = (float(np.abs(found - law(shares)).max()) for law in LAWS)
    checks.append(
        check_at_most(NAME, "distance from the instantaneous over the progressive law", miss / other, 0.5, SOURCE)
    )
    shown = times > 0.25 * top
    fine = np.linspace(0.25, LAST * law_top / top, 100)
    curves = [
        ("simulated", times[shown] / top, (currents[shown] / highest) ** 2, "o"),
        ("instantaneous", fine, nucleation.instantaneous_transient(fine), "-"),
        ("progressive", fine, nucleation.progressive_transient(fine), "--"),
    ]
    save_curves(folder, NAME, curves, ("time over that of the maximum", "(i/i_m)^2"))
    return checks


CASE = Case(NAME, "Transient of many caps under diffusion control", "3 min", False, SOURCE, run)
