"""A void in Li-Mg stripped and at rest on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_alloy_contact.py
"""

from __future__ import annotations

import json

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.voids.engine import VoidEngine
from ramify.scenario import scenario_from_text

SCENARIO = """\
model: voids
domain: {size: [9 um, 6 um], cells: [24, 16]}
alloy: {magnesium: 0.1, magnesium_mobility: 0.1}
vacancies: {sink_length: 2 um}
voids: [{position: [3 um, 6 um], radius: 1.2 um}]
electrolyte: {thickness: 40 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
protocol: [rest for 1 s]
"""
NAMES = ("contact_magnesium", "contact_activity", "contact_fraction", "void_volume")


def main() -> None:
    """Print what is left."""
    engine = VoidEngine(build_problem(scenario_from_text(SCENARIO, [], "case.yaml")))
    numbers: dict[str, float] = {}
    for current, until in ((-2.0, 900.0), (0.0, 1200.0)):
        engine.set_control(Control("current", current, 0.1))
        while engine.time < until:
            report = engine.step(until)
        numbers |= {f"{name} at {until}": report.measures[name] for name in NAMES}
        numbers[f"voltage at {until}"] = report.voltage
    if engine.grid.comm.rank == 0:
        print(json.dumps({"numbers": numbers, "ranks": engine.grid.comm.size}))


if __name__ == "__main__":
    main()
