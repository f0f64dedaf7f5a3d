"""An alloy with two voids on however many ranks; prints the numbers of its last state as JSON on rank 0.

mpiexec -n N python parallel_void_alloy.py
"""

from __future__ import annotations

import json

import numpy as np
from alloy_metals import alloy_metal
from void_metals import ball

from ramify.phasefield.voids.march import spread_current


def main() -> None:
    """Four steps of stripping and two of rest, one void on the cut between ranks."""
    h = 0.5e-6
    low, high = ball(2.2e-6, (3e-6, 4e-6, 6.2e-6), False), ball(2.5e-6, (8e-6, 2e-6, 12e-6), False)
    metal = alloy_metal(
        (20, 16, 24),
        h,
        lambda x, y, z: np.minimum(low(x, y, z), high(x, y, z)),
        periodic=True,
        sink_length=3e-6,
        mobility=0.2,
        interaction=(-6.4, 1.4, 1.06),
        fractions=(0.0, 0.1, 0.3),
        diffusivities=(1.6e-14, 2.4e-15, 1.4e-15),
    )
    state = metal.initial_state()
    for density in (-1.0, -1.0, -1.0, -1.0, 0.0, 0.0):
        state = metal.advance(state, 100.0, spread_current(metal, state, density)).result
    composition = metal.contact_composition(state)
    fields = metal.fields(state)
    ledger = state.ledger
    numbers = {name: getattr(ledger, name) for name in ("stripped", "condensed", "annihilated", "magnesium_entered")}
    numbers |= {"volume": metal.void_volume(state), "moles": metal.magnesium_moles(state)}
    numbers |= {"beside": float(composition.magnesium.sum()), "rise": float(composition.rise.sum())}
    if metal.grid.comm.rank == 0:
        for name, whole in fields.items():
            assert whole is not None
            weights = np.cos(0.1 * np.arange(whole.size)).reshape(whole.shape)
            numbers[name] = float(np.sum(whole * weights))
        worst = max(ledger.worst_step, ledger.magnesium_worst)
        print(json.dumps({"ranks": max(metal.grid.ranks), "worst": worst, "numbers": numbers}))


main()
