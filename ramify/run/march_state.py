"""States of `fem.march`: the recursion's fields as whole arrays, its numbers beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.run.meshed_state import MeshedState

if TYPE_CHECKING:
    from ramify.fem.march import March
    from ramify.fem.whole import Whole

FIELDS = "fields_{}"
"""Arrays of a state, numbered from the newest."""


def march_state(march: March, whole: Whole, numbers: Mapping[str, Any]) -> MeshedState:
    """Everything that going on needs, with the model's own `numbers` beside it. Collective."""
    state = march.state()
    kept = {
        "borders": state.borders.tolist(),
        "steps": state.steps,
        "books": [values.tolist() for values in state.books],
        "lumped": [values.tolist() for values in state.lumped],
    }
    arrays = {FIELDS.format(age): whole.nodes(values) for age, values in enumerate(state.fields)}
    return MeshedState(state.time, {**numbers, "march": kept}, arrays)


def take_up(march: March, whole: Whole, state: MeshedState) -> None:
    """Bring a march to a state. Collective."""
    from ramify.fem.march import MarchState

    kept = state.numbers["march"]
    march.take_up(
        MarchState(
            state.time,
            np.array(kept["borders"], dtype=float),
            kept["steps"],
            [whole.to_nodes(state.arrays[FIELDS.format(age)]) for age in range(len(kept["books"]))],
            [np.array(values, dtype=float) for values in kept["books"]],
            [np.array(values, dtype=float) for values in kept["lumped"]],
        )
    )
