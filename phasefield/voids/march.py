"""Adaptive steps of a metal under a current of its own: for tests, validation, and metals that nothing else drives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.plating.timescheme import LARGEST_RATIO
from ramify.phasefield.voids.metal import Advance, MetalState, VoidMetal

MOST_REJECTIONS = 20
SHORTENED = 0.5
"""Factor on a rejected step that its error does not shorten more."""

ContactCurrent = Callable[[MetalState], np.ndarray]
"""From a state the `contact_current` of `VoidMetal.advance`."""


def spread_current(metal: VoidMetal, state: MetalState, density: float) -> np.ndarray:
    """Contact current (ny, nx) of the same density on all the contact that is left [A/m^2 of plane].

    `density` is the mean over the whole plane [A/m^2], positive for plating.

    Raises
    ------
    SolverFailure
        Where no contact is left to carry it.
    """
    part = metal.contact_fraction(state)
    total, faces = metal.grid.sums(np.array([part.sum(), float(part.size) if metal.grid.at_top else 0.0]))
    if total <= 0.0:
        remedy = "stop on the contact fraction or on the voltage"
        reason = f"no contact is left at t = {state.time:.6g} s"
        raise SolverFailure(reason, field="xi", place=None, time=state.time, remedy=remedy)
    return part * (density * faces / total)


def march(
    metal: VoidMetal, state: MetalState, until: float, current: ContactCurrent, step: float
) -> Iterator[tuple[MetalState, Advance]]:
    """States after each accepted step up to the time `until`, which the last one meets.

    Parameters
    ----------
    step
        The first one to try [s]; later ones follow the limits of the steps before.
    """
    numerics = metal.problem.numerics
    while state.time < until:
        tried: Advance | None = None
        for _ in range(MOST_REJECTIONS):
            left = until - state.time
            dt = left if left <= step * (1.0 + 1e-9) else 0.5 * left if left < 2.0 * step else step
            tried = metal.advance(state, dt, current(state))
            if tried.good(numerics):
                break
            step = min(SHORTENED * dt, tried.limits.shortest)
        else:
            reason = f"the void surface moves too fast; the step was cut to {step:.2g} s at t = {state.time:.6g} s"
            remedy = "refine the grid or lower the current"
            raise SolverFailure(reason, field="xi", place=None, time=state.time, remedy=remedy)
        assert tried is not None
        # met exactly, or a sliver of a step would follow
        state = replace(tried.result, time=until) if dt == until - state.time else tried.result
        step = min(LARGEST_RATIO * dt, tried.limits.shortest)
        yield state, tried
