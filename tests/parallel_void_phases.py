"""The published Allen-Cahn voids on however many ranks; prints the numbers of the last state as JSON on rank 0.

mpiexec -n N python parallel_void_phases.py
"""

from __future__ import annotations

import json

import numpy as np
from void_metals import ball
from void_phases import phase_metal


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


main()
