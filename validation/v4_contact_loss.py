"""V4: contact that a spreading void leaves, on three grids; and the books of stripping, rest and plating.

At the rim of a void the flux of vacancies has a singularity, which surface diffusion and capillarity round over the rim
length of `ramify check`, 0.7 um here. Contact, void volume and voltage are of second order in the cell size once a
grid shows that length (l = h); each is compared with its extrapolation from the two finest grids.
"""

from __future__ import annotations

from pathlib import Path

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.voids.engine import VoidEngine
from ramify.physics.constants import FARADAY
from ramify.scenario import scenario_from_text
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation.figures import save_curves

NAME = "v4-contact-loss"
SOURCE = "extrapolated from 48 and 96 cells, second order"
BOOKS = "identities of the discrete scheme"
SCENARIO = """\
model: voids
domain: {size: [12 um, 9 um], cells: [CELLS]}
metal: {surface_diffusivity: 1e-10 m^2/s, surface_thickness: 0.3 nm}
vacancies: {sink_length: 4 um}
voids: [{position: [0 um, 9 um], radius: 3 um}]
electrolyte: {thickness: 40 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
protocol: [rest for 1 s]
"""
CELLS, CURRENT, UNTIL = (24, 48, 96), -2.0, 2400.0
TOLERANCES = {"contact_fraction": 0.01, "void_volume": 0.01, "voltage": 0.005}
"""Of the finest grid."""


def strip(cells: int, then: tuple[tuple[float, float], ...] = ()) -> tuple[VoidEngine, list[dict[str, float]]]:
    """The engine at the end, and a row for each step; `then` holds further (current density, end)."""
    text = SCENARIO.replace("CELLS", f"{cells}, {3 * cells // 4}")
    engine, rows = VoidEngine(build_problem(scenario_from_text(text, [], "case.yaml"))), []
    for current, until in ((CURRENT, UNTIL), *then):
        engine.set_control(Control("current", current))
        while engine.time < until:
            report = engine.step(until)
            rows.append({"time": report.time, "voltage": report.voltage, **report.measures})
    return engine, rows


def run(folder: Path | None) -> list[Check]:
    """Three grids, and a whole round on the coarsest."""
    runs = {cells: strip(cells)[1] for cells in CELLS}
    checks = []
    for name, tolerance in TOLERANCES.items():
        coarse, fine = (runs[cells][-1][name] for cells in CELLS[1:])
        limit = fine + (fine - coarse) / 3.0
        checks.append(check_relative(NAME, f"{name} after 2400 s, 96 cells", fine, limit, tolerance, SOURCE))
    first, second = (runs[b][-1]["contact_fraction"] - runs[a][-1]["contact_fraction"] for a, b in ((24, 48), (48, 96)))
    checks.append(
        check_relative(NAME, "change of the contact per refinement, ratio", first / second, 4.0, 0.25, SOURCE)
    )
    engine, _ = strip(CELLS[0], ((0.0, 3000.0), (2.0, 5400.0)))
    balance = engine.ledger.balance(FARADAY)
    for key in ("lithium_relative", "charge_relative"):
        checks.append(check_at_most(NAME, f"{key}, stripped, rested, plated", balance[key], 1e-8, BOOKS))
    checks.append(check_at_most(NAME, "worst step", balance["worst_step_relative"], 1e-10, BOOKS))
    curves = [
        (f"{cells} cells", [row["time"] for row in rows], [row["contact_fraction"] for row in rows], "-")
        for cells, rows in runs.items()
    ]
    save_curves(folder, NAME, curves, ("time [s]", "contact fraction"))
    return checks


CASE = Case(NAME, "Contact left by a spreading void", "15 s", True, f"{SOURCE}; {BOOKS}", run)
