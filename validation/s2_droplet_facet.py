"""S2: from droplet to facets: a growing cylinder with a cubic anisotropy of its kinetics and surface diffusion.

    da/dt = e V - 240 B a/R^4,   facetedness 15 a/R                               (physics.crystal)

A quarter of a cylinder under a held voltage, so small that neither salt nor potential vary around it. What the grid
makes of a round cylinder, a facetedness of 0.002, is taken off by a second run with the opposite anisotropy. The same
with a larger one: flat faces at R*, and round again when stripped.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control, Engine
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, Kinetics, SurfaceFlow
from ramify.physics import crystal
from ramify.physics.butler_volmer import butler_volmer
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import Curve, save_curves

NAME = "s2-droplet-facet"
SOURCE = "linear theory of a growing cylinder (ramify.physics.crystal)"
H, EXCHANGE, VOLTAGE = 10e-9, 30.0, 0.05
"""Cell edge [m], exchange current density [A/m^2], held voltage [V]."""
START, END = 16.0, 30.0
"""Radii of the growth [cells]."""
GAMMA = 1e-6
"""Surface energy in the kinetics [J/m^2]: none to speak of, so that V is the same all the time."""
SMALL, LARGE = 0.02, 0.3
"""Strengths: of linear theory, and of facets."""
VELOCITY = float(
    butler_volmer(-VOLTAGE, EXCHANGE, 0.5, 0.5, FARADAY / (GAS_CONSTANT * 298.15))
    * cells.PLAIN_LITHIUM.molar_volume
    / FARADAY
)


def quarter(strength: float, coefficient: float, start: float, edge: int = 48) -> Engine:
    """The engine at the start, plating."""
    problem = cells.planar_problem(
        edge * H,
        edge,
        0.0,
        domain=Domain((edge * H, 1.0, edge * H), (edge, 1, edge)),
        metal=replace(cells.PLAIN_LITHIUM, surface_energy=GAMMA),
        interface=Interface(H),
        geometry=Geometry(lambda x, y, z: np.hypot(x, z) + 0.0 * y - start * H),
        kinetics=Kinetics(EXCHANGE, cells.SALT, anisotropy=strength),
        counter=CounterElectrode("reservoir"),
        surface_flow=SurfaceFlow(coefficient) if coefficient else None,
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("voltage", -VOLTAGE))
    return engine


def history(engine: Engine, radii: list[float], before: float = 0.0) -> list[float]:
    """Facetedness at radii [cells] of a cylinder that grows from `START`, or is stripped from the last one on."""
    times = [before + abs(radius - radii[0]) * H / VELOCITY for radius in radii]
    found = [engine.measure()["facetedness"]]
    return found + [report.measures["facetedness"] for report in cells.run_through(engine, times[1:])]


def run(folder: Path | None) -> list[Check]:
    """Facetedness over that of linear theory, at three coefficients; flat faces; stripping."""
    checks: list[Check] = []
    curves: list[Curve] = []
    radii = list(np.linspace(START, END, 8))
    for coefficient in (0.0, 1e-30, 1e-29):
        # The facetedness counts the slow faces: those of the opposite sign are the others.
        pair = [np.array(history(quarter(sign * SMALL, coefficient, START), radii)) for sign in (1.0, -1.0)]
        found = 0.5 * (pair[0] + pair[1])
        exact = [
            15.0 * crystal.facet_amplitude(coefficient, VELOCITY, SMALL, START * H, r * H) / (r * H) for r in radii
        ]
        text = f"facetedness, B = {coefficient:g} m4/s"
        checks.append(check_relative(NAME, text, float(found[-1]), exact[-1], 0.05, SOURCE))
        curves += [(f"B = {coefficient:g}", radii, found, "o"), ("", radii, exact, "-")]
    checks += facets()
    save_curves(folder, NAME, curves, ("radius [cells]", "facetedness"))
    return checks


def facets() -> list[Check]:
    """A cylinder of flat faces beyond R*, none well below it, and none any more when part of it is stripped."""
    coefficient = 2e-31
    flat = crystal.faceting_radius(coefficient, VELOCITY, LARGE) / H
    engine = quarter(LARGE, coefficient, 5.0)
    below, beyond = history(engine, [5.0, 0.5 * flat, 2.5 * flat])[1:]
    engine.set_control(Control("voltage", VOLTAGE))
    stripped = history(engine, [2.5 * flat, 1.75 * flat], 2.5 * flat * H / VELOCITY - 5.0 * H / VELOCITY)[-1]
    return [
        check_at_most(NAME, "facetedness at half of R*", below, 0.3, SOURCE),
        check_relative(NAME, "facetedness at 2.5 R*", beyond, 1.25, 0.25, "between flat faces, 1, and nothing else, 2"),
        check_at_most(NAME, "facetedness after stripping to 1.75 R*", stripped, 0.5 * beyond, "facets go on stripping"),
    ]


CASE = Case(NAME, "Droplet to facet", "40 s", False, SOURCE, run)
