"""V5: the published Allen-Cahn voids (Zhao, Wang, Martinez-Paneda, arXiv 2206.14753) with the current on.

Parameters and geometry of the publication, second-hand: 15 um of void in the plane of contact, 1 A/m2. Its electrolyte
would drop 9 V at 5.5e-6 S/m; 5.5e-3 S/m is taken. The grid is its own, 0.4 um, 0.63 cells to the width of the surface.

By hand: surface energy and width of the double well, vacancies across a slab, a tunnel that shrinks by its curvature
where diffusion is no hindrance. Compared: void growth with the published and with the quintic interpolation (whose
metal does not give way to vacancies), and with the vacancies' own formulation of the same D and surface energy.

Under the publication's 0.6 MPa, its findings on cells of 0.5 um: pressure slows the loss of contact and restores it at
rest; current crowds at the rims; creep closes a void faster than vacancies do, even where the collector is a source of
them under that pressure. There the order parameter is driven by the whole potential and metal is at rest (quintic): as
published, metal itself would take up the lithium of the source.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics import double_well
from ramify.physics.constants import FARADAY
from ramify.scenario import scenario_from_text
from ramify.validate import Case, Check, check, check_at_least, check_at_most, check_relative
from ramify.validation.figures import save_curves

NAME = "v5-published"
SOURCE = "Zhao, Wang and Martinez-Paneda, arXiv 2206.14753"
DERIVED = "derived"
CURRENT = 1.0
"""[A/m^2]."""
CHARGE = 7200.0
"""[C/m^2], 0.2 mAh/cm2."""
TEXT = """\
model: voids
formulation: allen_cahn
domain: {size: [50 um, 50 um], cells: [125, 125]}
vacancies: {back: closed}
voids: [{position: [0 um, 50 um], radius: 15 um}]
electrolyte: {thickness: 50 um, conductivity: 5.5e-3 S/m}
kinetics: {exchange_current_density: 100 A/m^2}
protocol: [strip at 1 A/m^2 until 0.2 mAh/cm^2]
"""
FAST = "allen_cahn={interpolation: quintic, mobility: 1e-7 m^2/(N*s)}"
COARSE = "domain.cells=[100, 100]"
UNDER = "mechanics={stack_pressure: 0.6 MPa}"
SOURCE_BEHIND = ("vacancies.back=sink", "allen_cahn={interpolation: quintic, stress_drive: complete}")
REST = 2400.0
"""[s]."""
OURS = (
    "formulation=vacancy",
    "vacancies.diffusivity=7.5e-13 m^2/s",
    "metal={surface_energy: 0.29580398915 J/m^2}",
)


def engine_of(*overrides: str) -> VoidEngine:
    """An engine of the case, half of the publication's domain."""
    return VoidEngine(build_problem(scenario_from_text(TEXT, list(overrides), NAME)))


def strip(*overrides: str, charge: float = CHARGE) -> tuple[VoidEngine, list[tuple[float, float, float]]]:
    """The engine after stripping a charge [C/m^2]; charge [mAh/cm2], share in contact, hot spot of every step."""
    engine = engine_of(*overrides)
    engine.set_control(Control("current", -CURRENT))
    rows = []
    while engine.time < charge / CURRENT * (1.0 - 1e-9):
        report = engine.step(charge / CURRENT)
        told = report.measures
        rows.append((CURRENT * engine.time / 36000.0, told["contact_fraction"], told["hot_spot"]))
    return engine, rows


def slab() -> Check:
    """Supersaturation at the contact of dense metal, back face a sink: y = i H Omega/(F D)."""
    engine = engine_of(
        "voids=[]", "vacancies.back=sink", "domain={size: [20 um], cells: [50]}", "allen_cahn={interpolation: quintic}"
    )
    engine.set_control(Control("current", -CURRENT))
    for _ in range(3):
        report = engine.step(engine.time + 1e4)
    metal = engine.problem.metal
    transport = metal.transport
    exact = CURRENT * 20e-6 * transport.molar_volume / (FARADAY * transport.diffusivity)
    found = math.log(report.measures["contact_supersaturation"])
    return check_relative(NAME, "ln s at the contact of dense metal", found, exact, 1e-3, DERIVED)


def tunnel() -> Check:
    """R^2 lost by curvature alone, over 2 L kappa t: a fast diffusion to the back face holds y at zero."""
    phase = "allen_cahn={interpolation: quintic, mobility: 1e-6 m^2/(N*s)}"
    engine = engine_of(
        "domain={size: [8 um, 8 um], cells: [40, 40]}", "voids=[{position: [0 um, 8 um], radius: 5 um}]",
        "vacancies={back: sink, diffusivity: 1e-6 m^2/s}", phase,
    )  # fmt: skip
    engine.set_control(Control("current", 0.0))

    def square() -> float:
        return 4.0 / math.pi * float(np.sum(1.0 - engine.state.xi[OWNED])) * 0.2e-6**2

    start = square()
    while engine.time < 8.0:
        engine.step(8.0)
    found = (start - square()) / (2.0 * 1e-6 * 4.5e-7 * engine.time)
    return check(NAME, "r^2 lost by curvature, over 2 L kappa t", found, 1.0, 0.03, DERIVED)


def pressed() -> tuple[list[Check], list[tuple[float, float, float]]]:
    """The findings under stack pressure; what `strip` tells of it."""
    alone, _ = strip(COARSE, charge=0.5 * CHARGE)
    under, rows = strip(COARSE, UNDER, charge=0.5 * CHARGE)
    ends = [engine.measure() for engine in (alone, under)]
    kept = ends[1]["contact_fraction"] / ends[0]["contact_fraction"]
    rim = ends[1]["hot_spot"] * ends[1]["contact_fraction"]
    balance = max(under.ledger.balance(FARADAY).values())
    still = engine_of(COARSE, UNDER, *SOURCE_BEHIND)
    still.set_control(Control("current", 0.0))
    start = still.measure()["contact_fraction"]
    while still.time < REST * (1.0 - 1e-9):
        told = still.step(REST).measures
    by_vacancies = told["receded"] - told["crept"]
    restored = told["contact_fraction"] - start
    return [
        check_at_least(NAME, "contact after 0.1 mAh/cm2 under 0.6 MPa, over that without", kept, 1.01, SOURCE),
        check_at_least(NAME, "contact restored in 40 min of rest under 0.6 MPa", restored, 0.008, SOURCE),
        check_at_least(NAME, "closing by creep over that by vacancies", told["crept"] / by_vacancies, 1.0, SOURCE),
        check_at_least(NAME, "current density at the rim over the mean, under 0.6 MPa", rim, 1.5, SOURCE),
        check_at_most(NAME, "lithium and charge, worst balance under 0.6 MPa", balance, 1e-8, "identity"),
    ], rows


def run(folder: Path | None) -> list[Check]:
    """All of it; the growth goes to a figure."""
    published, rows = strip()
    quintic, fast = strip(FAST)
    ours, vacancies = strip(*OURS)
    energy = double_well.surface_energy(4.5e-7, 3.5e6)
    books, lost = published.ledger, published.ledger.metal - published.ledger.metal_start
    ends = [engine.measure()["contact_fraction"] for engine in (published, quintic, ours)]
    rim = published.measure()["hot_spot"] * ends[0]
    findings, under = pressed()
    checks = [
        check(NAME, "surface energy [J/m2]", energy, 0.30, 0.01, SOURCE),
        check(NAME, "width 4 l [um]", 4e6 * double_well.width(4.5e-7, 3.5e6), 1.0, 0.02, SOURCE),
        slab(),
        tunnel(),
        check_at_most(NAME, "lithium balance", abs(lost * FARADAY / books.charge - 1.0), 1e-8, "identity"),
        check_at_most(NAME, "worst step", books.worst_step, 1e-10, "identity"),
        check_at_least(NAME, "current density at the rim over the mean of the contact", rim, 1.5, SOURCE),
        check_at_most(NAME, "contact after 0.2 mAh/cm2", ends[0], 0.67, "the void grows"),
        check_relative(NAME, "contact, fast quintic against vacancies", ends[1], ends[2], 0.02, "vacancy formulation"),
        *findings,
    ]
    if folder is not None:
        curves = [
            (label, [r[0] for r in data], [r[1] for r in data], style)
            for label, data, style in (
                ("published", rows, "-"), ("quintic, fast", fast, "--"), ("vacancies", vacancies, ":"),
                ("published, 0.6 MPa", under, "-."),
            )
        ]  # fmt: skip
        save_curves(folder, NAME, curves, ("charge [mAh/cm2]", "contact fraction"))
    return checks


CASE = Case(NAME, "Published Allen-Cahn voids with the current on and under pressure", "1 min", False, SOURCE, run)
