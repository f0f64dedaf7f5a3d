"""T1d: depletion time of a closed cell on unstructured meshes, from scenarios, against the series solution of T1.

The time when the salt at the surface has fallen to a hundredth, by elements of both orders and in every dimension.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from ramify.models import model_of
from ramify.physics import cell
from ramify.scenario import scenario_from_text
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation.figures import Curve, save_curves
from ramify.validation.references import closed_cell

NAME = "t1d-sand-on-meshes"
SOURCE = "series solution of the closed cell (validation/references/closed_cell.py)"
LENGTH, D, SALT, TRANSFERENCE, SHARE = 100e-6, 3e-10, 1000.0, 0.3, 0.01
OVERDRIVES = (1.2, 1.5, 2.0)
MESHES = {
    "intervals, order 1": ("size: [100 um], cells: [80]", 1),
    "intervals, order 2": ("size: [100 um], cells: [40]", 2),
    "triangles": ("size: [5 um, 100 um], cells: [2, 80], element: triangle", 1),
    "tetrahedra": ("size: [5 um, 5 um, 100 um], cells: [1, 1, 80], element: tetrahedron", 1),
}
TEXT = """\
model: current_distribution
distribution: tertiary
mesh: {{type: box, {mesh}, grading: {{towards: both, finest: 0.4 um}}}}
electrolyte: {{diffusivity: 3e-10 m^2/s, transference: 0.3, concentration: 1 mol/L}}
kinetics: {{exchange_current_density: 30 A/m^2}}
working_electrode: {{current_density: {current} A/m^2}}
duration: 1 h
stop: {{concentration: 10 mol/m^3}}
numerics: {{order: {order}, time_tolerance: 1e-4}}
"""


def simulate(mesh: str, order: int, overdrive: float) -> tuple[float, float]:
    """(Time to the end [s], relative drift of the salt)."""
    limit = cell.limiting_current(D, SALT, TRANSFERENCE, LENGTH)
    scenario = scenario_from_text(TEXT.format(mesh=mesh, order=order, current=repr(overdrive * limit)))
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        code = model_of(scenario).run(scenario, run, force=False, petsc_options=[], figures=False, requests=None)
        found = json.loads((run / "summary.json").read_text())
    if code or found["stop_reason"] != "concentration":
        return float("nan"), float("nan")
    return float(found["stop_time_s"]), float(found["balance"]["salt_relative"])


def exact(overdrive: float) -> float:
    """[s]."""

    def rest(time: float) -> float:
        return float(closed_cell.concentration(np.zeros(1), time, overdrive)[0]) - SHARE

    return float(brentq(rest, 1e-4, 3.0, xtol=1e-12)) * LENGTH**2 / D


def run(folder: Path | None) -> list[Check]:
    """Times on every mesh at every current, and the salt that is kept; a figure of the times goes to the folder."""
    checks, drifts = [], []
    curves: list[Curve] = []
    for name, (mesh, order) in MESHES.items():
        found = []
        for overdrive in OVERDRIVES:
            time, drift = simulate(mesh, order, overdrive)
            quantity = f"time to c0/100 at the surface [s], J = {overdrive}, {name}"
            checks.append(check_relative(NAME, quantity, time, exact(overdrive), 2e-3, SOURCE))
            drifts.append(drift)
            found.append(time)
        curves.append((name, OVERDRIVES, found, "o"))
    checks.append(check_at_most(NAME, "relative change of the salt", float(np.max(drifts)), 1e-10, "identity"))
    if folder is not None:
        line = np.linspace(min(OVERDRIVES), max(OVERDRIVES), 50)
        curves.append(("series", line, [exact(float(overdrive)) for overdrive in line], "-"))
        save_curves(folder, NAME, curves, ("current over the limiting one", "time to c0/100 at the surface [s]"))
    return checks


CASE = Case(NAME, "Depletion of a closed cell on unstructured meshes", "20 s", True, SOURCE, run)
