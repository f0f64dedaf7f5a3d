"""The published Allen-Cahn voids on however many ranks; prints the numbers of the last state as JSON on rank 0.

mpiexec -n N python parallel_void_phases.py [pressed]
"""

from __future__ import annotations

import json
import sys

import numpy as np
from void_metals import ball
from void_phases import PRESSED, phase_metal

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.voids.creep_problem import CreepNumerics
from ramify.phasefield.voids.engine import VoidEngine
from ramify.scenario import scenario_from_text


def pressed() -> None:
    """Two steps of a void that is stripped under pressure, the forces well in balance."""
    engine = VoidEngine(build_problem(scenario_from_text(PRESSED, [], "case.yaml")))
    assert engine.creep is not None
    engine.creep.flow.numerics = CreepNumerics(tolerance=1e-6)
    engine.set_control(Control("current", -10.0))
    for _ in range(2):
        report = engine.step(200.0)
    names = ("contact_fraction", "void_volume", "crept", "receded", "contact_supersaturation")
    numbers = {name: report.measures[name] for name in names} | {"time": report.time, "voltage": report.voltage}
    if engine.grid.comm.rank == 0:
        print(json.dumps({"ranks": max(engine.grid.ranks), "worst": engine.ledger.worst_step, "numbers": numbers}))


def main() -> None:
    """Four steps of stripping, a void on the cut between ranks."""
    void = ball(2.2e-6, (3e-6, 4e-6, 8e-6), False)
    metal = phase_metal((16, 16, 24), 0.4e-6, void, periodic=True, mobility=1e-7)
    state = metal.initial_state()
    for _ in range(4):
        part = metal.contact_fraction(state)
        state = metal.advance(state, 20.0, -10.0 * part).result
    numbers = {"condensed": state.ledger.condensed, "left": state.ledger.left, "volume": metal.void_volume(state)}
    for name, whole in metal.fields(state).items():
        if whole is not None:
            numbers[name] = float(np.sum(whole * np.cos(0.1 * np.arange(whole.size)).reshape(whole.shape)))
    if metal.grid.comm.rank == 0:
        print(json.dumps({"ranks": max(metal.grid.ranks), "worst": state.ledger.worst_step, "numbers": numbers}))


if __name__ == "__main__":
    pressed() if "pressed" in sys.argv else main()
