"""A metal with two voids on however many ranks; prints the numbers of its last state as JSON on rank 0.

mpiexec -n N python parallel_voids.py
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from void_metals import ball, void_metal

from ramify.phasefield.voids.march import spread_current
from ramify.phasefield.voids.metal import VoidMetal
from ramify.phasefield.voids.problem import VoidNucleation


def main() -> None:
    """Four steps of stripping and two of rest, one void on the cut between ranks."""
    h = 0.5e-6
    low, high = ball(2.2e-6, (3e-6, 4e-6, 6.2e-6), False), ball(2.5e-6, (8e-6, 2e-6, 12e-6), False)
    metal = void_metal(
        (20, 16, 24), h, lambda x, y, z: np.minimum(low(x, y, z), high(x, y, z)), periodic=True, sink_length=6e-6
    )
    sites = np.array([[5.2e-6, 5.1e-6, 12e-6], [2e-6, 7e-6, 12e-6], [4e-6, 1e-6, 1e-6]])
    nucleation = VoidNucleation(sites, "threshold", threshold=1.01)
    metal = VoidMetal(metal.grid, replace(metal.problem, nucleation=nucleation))
    state = metal.initial_state()
    for density in (-1.0, -1.0, -1.0, -1.0, 0.0, 0.0):
        state = metal.advance(state, 100.0, spread_current(metal, state, density)).result
    exchange = metal.solve(state, spread_current(metal, state, -1.0))
    fields = metal.fields(state)
    grid = metal.grid
    numbers = {name: getattr(state.ledger, name) for name in ("stripped", "condensed", "annihilated", "left", "placed")}
    numbers |= {"volume": metal.void_volume(state), "velocity": exchange.velocity}
    if grid.comm.rank == 0:
        for name, whole in fields.items():
            assert whole is not None
            weights = np.cos(0.1 * np.arange(whole.size)).reshape(whole.shape)
            numbers[name] = float(np.sum(whole * weights))
        print(json.dumps({"ranks": max(grid.ranks), "worst": state.ledger.worst_step, "numbers": numbers}))


main()
