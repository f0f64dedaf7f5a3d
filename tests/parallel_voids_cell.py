"""Stripping, rest and plating of a metal with voids on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_voids_cell.py
"""

from __future__ import annotations

import json

import numpy as np

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.voids.engine import VoidEngine
from ramify.scenario import scenario_from_text

CASE = """\
model: voids
domain: {size: [8 um, 6 um, 6 um], cells: [16, 12, 12]}
vacancies: {sink_length: 3 um}
voids:
  - {position: [3 um, 2.4 um, 6 um], radius: 1.4 um}
electrolyte: {thickness: 20 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
counter_electrode: {kind: lithium}
protocol:
  - rest for 1 s
numerics: {first_step: 20 s, largest_step: 20 s}
"""


def main() -> None:
    """Print what came out."""
    engine = VoidEngine(build_problem(scenario_from_text(CASE, [], "case.yaml")))
    found: dict[str, float] = {}
    for control in (Control("current", -1.0, 0.1), Control("current", 0.0), Control("voltage", -0.01)):
        engine.set_control(control)
        for _ in range(3):
            report = engine.step(engine.time + 60.0)
        found |= {f"{name} {control.value:g}": value for name, value in report.measures.items() if np.isfinite(value)}
        found[f"current {control.value:g}"] = report.current_density
        found[f"voltage {control.value:g}"] = report.voltage
    for name in ("xi", "phi", "contact_current"):
        whole = engine.gather(name)
        found[name] = 0.0 if whole is None else float((whole * np.arange(whole.size).reshape(whole.shape)).mean())
    if engine.grid.comm.rank == 0:
        print(json.dumps({"numbers": found, "balance": max(engine.ledger.balance(96485.33212).values())}))


if __name__ == "__main__":
    main()
