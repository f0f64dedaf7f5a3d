"""V7: an alloy in the metal with voids: planar limits, books, and a void that grows in it on three grids.

With equal molar volumes and sinks that are short against the layer of diffusion the planar electrode is that of
`alloy_stripping`: in the lattice frame with magnesium at rest, in the volume frame with magnesium as mobile as lithium.
Cells and sinks are halved together; the depletion time then is of nearly second order, the composition on the way of
first order in the sinks' length. Of a void, the volume that it gained by stripping is compared with its extrapolation.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ramify.alloy.engine import ElectrodeEngine
from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control, StepReport
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics import alloy_limits
from ramify.physics.constants import FARADAY
from ramify.scenario import scenario_from_text
from ramify.validate import Case, Check, check_at_least, check_at_most, check_relative
from ramify.validation.alloy_limits import CURRENT, lattice_time
from ramify.validation.electrodes import CONTACT, D_ALLOY, VOLUME, alloy, hold
from ramify.validation.figures import Curve, save_curves

NAME = "v7-alloy"
BOOKS = "identities of the discrete scheme"
EXTRAPOLATED = "second order, extrapolated from the two finest grids"
PLANAR = f"""\
model: voids
domain: {{size: [30 um], cells: [CELLS]}}
metal: {{molar_volume: {VOLUME} m^3/mol}}
alloy:
  magnesium: 0.1
  magnesium_mobility: MOBILITY
  diffusion: {{diffusivity: {D_ALLOY} m^2/s}}
  thermodynamics: {{preset: ideal}}
vacancies: {{sink_length: SINKS um}}
electrolyte: {{thickness: 1 um, conductivity: 1 mS/cm, temperature: 30 degC}}
kinetics: {{exchange_current_density: 130 A/m^2}}
protocol: [strip at 1 mA/cm^2 until 4 V]
"""
VOID = """\
model: voids
domain: {size: [12 um, 9 um], cells: [CELLS]}
alloy: {magnesium: 0.1, magnesium_mobility: 0.3}
vacancies: {sink_length: 4 um}
voids: [{position: [0 um, 9 um], radius: 3 um}]
electrolyte: {thickness: 40 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
protocol: [rest for 1 s]
"""
GRIDS = (36, 72, 144)
"""Cells of the planar electrode; sinks of half a cell."""
HALFWAY = 2900.0
"""[s]."""
CELLS, STRIPPED, UNTIL = (24, 48, 96), -1.0, 3600.0
"""Of the void: cells along x, current density [A/m^2], time [s]."""


def engine_of(text: str) -> VoidEngine:
    """The engine of a scenario."""
    return VoidEngine(build_problem(scenario_from_text(text, [], "case.yaml")))


def planar(cells: int, mobility: float) -> list[StepReport]:
    """Reports of the planar electrode to where its contact is empty."""
    text = PLANAR.replace("CELLS", str(cells)).replace("SINKS", f"{15.0 / cells}")
    engine = engine_of(text.replace("MOBILITY", str(mobility)))
    engine.set_control(Control("current", -CURRENT, 4.0))
    reports = [engine.step(math.inf)]
    while not reports[-1].limited:
        reports.append(engine.step(math.inf))
    return reports


def depletion() -> tuple[list[Check], list[Curve]]:
    """Depletion times in both limits, and composition and voltage on the way beside those of `alloy_stripping`."""
    volume = alloy_limits.depletion_time_volume(D_ALLOY, 0.1, CURRENT, VOLUME)
    checks: list[Check] = []
    curves: list[Curve] = []
    for mobility, exact, told, source in (
        (0.0, lattice_time(), "magnesium at rest", "method of lines (validation/references/alloy_stripping.py)"),
        (1.0, volume, "magnesium as mobile as lithium", "Laplace transform (ramify.physics.alloy_limits)"),
    ):
        runs = [planar(cells, mobility) for cells in GRIDS]
        times = [run[-1].time for run in runs]
        limit = (4.0 * times[2] - times[1]) / 3.0
        checks.append(check_relative(NAME, f"depletion time [s], {told}", limit, exact, 4e-3, source))
        checks.append(check_relative(NAME, f"the same on {GRIDS[-1]} cells", times[2], exact, 1e-2, source))
        order = math.log2((times[0] - exact) / (times[1] - exact))
        checks.append(check_at_least(NAME, f"order of the depletion time, {told}", order, 1.5, EXTRAPOLATED))
        y = [report.measures["contact_magnesium"] for report in runs[-1]]
        curves.append((told, [report.time for report in runs[-1]], y, "o-" if mobility else "-"))
        if mobility == 0.0:
            checks += beside_planar(runs)
    return checks, curves


def beside_planar(runs: list[list[StepReport]]) -> list[Check]:
    """Composition and voltage at half of the depletion time beside those of the planar model."""
    engine = ElectrodeEngine(alloy(200e-6, 200, 1e-7, frame="lattice"))
    there = hold(engine, Control("current", -CURRENT), HALFWAY)[-1]
    # electrolytes of 10 ohm cm2 there and of 0.1 here
    exact = {
        "contact_magnesium": there.measures["contact_magnesium"],
        "voltage": there.voltage - CURRENT * (CONTACT.electrolyte_resistance - 1e-5),
    }
    checks, source = [], "alloy_stripping, lattice frame"
    for name, tolerance in (("contact_magnesium", 1.5e-2), ("voltage", 3e-2)):
        _, middle, fine = (at(run, name, HALFWAY) for run in runs)
        told = f"{name} at {HALFWAY:.0f} s, {GRIDS[-1]} cells"
        checks.append(check_relative(NAME, told, fine, exact[name], tolerance, source))
        order = math.log2((middle - exact[name]) / (fine - exact[name]))
        checks.append(check_at_least(NAME, f"order of it, {name}", order, 1.0, source))
    return checks


def at(reports: list[StepReport], name: str, time: float) -> float:
    """A measure, or the voltage, between the steps of a run."""
    values = [report.voltage if name == "voltage" else report.measures[name] for report in reports]
    return float(np.interp(time, [report.time for report in reports], values))


def grown(cells: int) -> tuple[VoidEngine, float, list[StepReport]]:
    """A void at the contact of the alloy, stripped: engine, volume at the start [m], reports."""
    engine = engine_of(VOID.replace("CELLS", f"{cells}, {3 * cells // 4}"))
    start = engine.measure()["void_volume"]
    engine.set_control(Control("current", STRIPPED))
    reports = []
    while engine.time < UNTIL:
        reports.append(engine.step(UNTIL))
    return engine, start, reports


def voids() -> tuple[list[Check], list[Curve]]:
    """What a void gains, on three grids; books of stripping, rest and plating on the coarsest."""
    gains, curves, magnesium = [], [], []
    for cells in CELLS:
        _, start, reports = grown(cells)
        gains.append([report.measures["void_volume"] - start for report in reports])
        magnesium.append(reports[-1].measures["contact_magnesium"])
        curves.append((f"{cells} cells", [report.time for report in reports], gains[-1], "-"))
    last = [gain[-1] for gain in gains]
    checks = [
        check_relative(NAME, "void volume gained, 96 cells [m]", last[2], 2.0 * last[2] - last[1], 0.03, "first order"),
        check_relative(NAME, "magnesium at the contact, 96 cells", magnesium[2], 2.0 * magnesium[2] - magnesium[1],
                       0.02, "first order"),
    ]  # fmt: skip
    engine, _, _ = grown(CELLS[0])
    for current, end in ((0.0, UNTIL + 600.0), (1.0, 2.0 * UNTIL)):
        engine.set_control(Control("current", current))
        while engine.time < end:
            engine.step(end)
    balance = engine.ledger.balance(FARADAY)
    for key, most in (("lithium_relative", 1e-8), ("magnesium_relative", 1e-8), ("worst_step_relative", 1e-10)):
        checks.append(check_at_most(NAME, f"{key}, stripped, rested, plated", balance[key], most, BOOKS))
    return checks, curves


def run(folder: Path | None) -> list[Check]:
    """All of it; figures of the contact's magnesium and of the void's volume."""
    checks, curves = depletion()
    save_curves(folder, NAME, curves, ("time [s]", "magnesium at the contact"))
    more, volumes = voids()
    save_curves(folder, f"{NAME}-void", volumes, ("time [s]", "void volume gained [m]"))
    return [*checks, *more]


CASE = Case(NAME, "Li-Mg with voids: planar limits, books, a growing void", "40 s", False, BOOKS, run)
