"""T8: Gibbs-Thomson. A nucleus below the critical radius dissolves, one above it grows.

A metal surface of curvature K = (d - 1)/r, d = 2, 3, has the equilibrium potential U = -(Omega/F) gamma K. Held at a
voltage -|eta| in an electrolyte without drops (at this size, a hundred nanometres, kinetics takes all of them) it sees

    eta_s = -|eta| + (d - 1) gamma Omega/(F r),      zero at r* = (d - 1) gamma Omega/(F |eta|),
    dr/dt = (Omega/F) i0 2 sinh(-f eta_s/2),         alpha = 1/2, f = F/RT,

unstable: 2 gamma Omega/(F |eta|) in space, half of that in the plane. A quarter of a disc and an eighth of a ball stand
in the corner of a box. dr/dt is read from the reaction of the first instant, over the exact area; the radius at which
it vanishes follows from the rates at 0.95 and 1.05 r*, in 1/r, in which it is nearly linear.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, Numerics, PlatingProblem
from ramify.physics import metals
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check_at_least, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import Curve, save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "t8-nucleus"
SOURCE = "Gibbs-Thomson and Butler-Volmer laws (derived in validation/t8_nucleus.py)"
CRITICAL = 60e-9
"""r* [m]; sets the voltage."""
METAL = metals.preset("lithium")
BELOW, ABOVE = 0.95, 1.05
GRIDS = (32, 24, 16)
"""Cells per critical radius, l = h, the finest first."""
MOVING_GRID, LATEST = 12, 2000.0
"""Cells per critical radius while the nucleus moves, and the end of such a run [s]."""
WORDS = {2: "disc", 3: "ball"}


def capillary(dimension: int, radius: float) -> float:
    """(Omega/F) gamma K [V]."""
    return (dimension - 1) * METAL.surface_energy * METAL.molar_volume / (FARADAY * radius)


def exact_rate(dimension: int, radius: float) -> float:
    """dr/dt [m/s] at the voltage whose critical radius is CRITICAL."""
    f = FARADAY / (GAS_CONSTANT * 298.15)
    drive = capillary(dimension, CRITICAL) - capillary(dimension, radius)
    return METAL.molar_volume / FARADAY * cells.EXCHANGE_CURRENT * 2.0 * np.sinh(0.5 * f * drive)


def problem(dimension: int, per_radius: int, share: float, room: float) -> PlatingProblem:
    """A nucleus of `share` critical radii in a box of `room` of them."""
    h, count = CRITICAL / per_radius, round(room * per_radius)
    ny = count if dimension == 3 else 1

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(x**2 + (y**2 if ny > 1 else 0.0 * y) + z**2) - share * CRITICAL)

    return cells.planar_problem(
        count * h,
        count,
        0.0,
        domain=Domain((count * h, ny * h if ny > 1 else 1.0, count * h), (count, ny, count)),
        metal=METAL,
        interface=Interface(h),
        geometry=Geometry(distance),
        counter=CounterElectrode("reservoir"),
    )


def initial_rate(dimension: int, per_radius: int, share: float) -> float:
    """dr/dt [m/s] of the first instant."""
    moment = 1e-6
    frozen = replace(
        problem(dimension, per_radius, share, 1.6),
        interface=Interface(CRITICAL / per_radius, motion="frozen"),
        numerics=Numerics(newton_tolerance=1e-10, first_step=moment, time_tolerance=1.0),
    )
    engine = cells.make_engine(frozen)
    engine.set_control(Control("voltage", -capillary(dimension, CRITICAL)))
    engine.step(moment)
    radius = share * CRITICAL
    area = 0.5 * np.pi * radius if dimension == 2 else 0.5 * np.pi * radius**2
    current = float(np.sum(cells.field(engine, "s"))) * frozen.domain.cell_volume
    return METAL.molar_volume / FARADAY * current / area


def fate(dimension: int, share: float) -> tuple[list[float], list[float]]:
    """Times [s] and metal over its start until half of the nucleus is gone or half as much is added, or to LATEST."""
    engine = cells.make_engine(problem(dimension, MOVING_GRID, share, 1.3))
    engine.set_control(Control("voltage", -capillary(dimension, CRITICAL)))
    times, metal = [0.0], [1.0]
    while times[-1] < LATEST and 0.5 < metal[-1] < 1.5:
        times.append(engine.step(LATEST).time)
        metal.append(engine.ledger.metal / engine.ledger.metal_start)
    return times, metal


def critical_radius(below: float, above: float) -> float:
    """Radius over r* at which a rate linear in 1/r vanishes, from the rates at BELOW and ABOVE."""
    return 1.0 / (1.0 / BELOW + (1.0 / ABOVE - 1.0 / BELOW) * below / (below - above))


def run(folder: Path | None) -> list[Check]:
    """Rates, critical radii and fates of a disc and of a ball."""
    checks: list[Check] = []
    curves: list[Curve] = []
    for dimension, word in WORDS.items():
        rates = {share: [initial_rate(dimension, grid, share) for grid in GRIDS] for share in (BELOW, ABOVE)}
        edges = [CRITICAL / grid for grid in GRIDS]
        for share, found in rates.items():
            quantity = f"dr/dt [m/s], {word} of {share} r*"
            compared = check_relative(NAME, quantity, found[0], exact_rate(dimension, share * CRITICAL), 0.05, SOURCE)
            checks.append(with_uncertainty(compared, grid_convergence(edges, found)))
        radii = [critical_radius(below, above) for below, above in zip(rates[BELOW], rates[ABOVE], strict=True)]
        compared = check_relative(NAME, f"critical radius over r*, {word}", radii[0], 1.0, 0.005, SOURCE)
        checks.append(with_uncertainty(compared, grid_convergence(edges, radii)))
        quantity = f"critical radius over r*, {word}, surface twice as wide"
        checks.append(check_relative(NAME, quantity, radii[-1], 1.0, 0.01, SOURCE))
        for share in (BELOW, ABOVE):
            times, metal = fate(dimension, share)
            curves.append((f"{word} of {share} r*", times, metal, "-" if dimension == 2 else "--"))
            quantity = f"metal over its start in the end, {word} of {share} r*"
            judge = check_at_most if share < 1.0 else check_at_least
            checks.append(judge(NAME, quantity, metal[-1], 0.5 if share < 1.0 else 1.5, SOURCE))
    save_curves(folder, NAME, curves, ("time [s]", "metal over its start"))
    return checks


CASE = Case(NAME, "Critical nucleus", "50 s", True, SOURCE, run)
