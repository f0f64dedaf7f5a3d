"""Warnings of `ramify.check` about single inputs: given but not used, or out of proportion to the rest."""

from __future__ import annotations

import math

from ramify.physics.constants import FARADAY
from ramify.scenario.grid_rules import resolved, text
from ramify.scenario.protocol import Step
from ramify.scenario.schema import PlatingScenario

ROOM_WIDTHS = 4.0
"""Interface widths of electrolyte above the film below which the profile reaches the counter electrode."""
MOST_SNAPSHOTS = 10_000
MOST_BYTES = 10e9
"""Of all snapshots together."""
BYTES_PER_VALUE = 8 + 4
"""In `fields.nc` and `fields.vtkhdf`, before compression."""
SWIFT = 100.0
"""Mobility over what the front's motion needs, above which the regularisation outweighs the reaction."""


def input_warnings(scenario: PlatingScenario, current: float) -> list[str]:
    """Warnings for a resolved scenario; `current` is its largest plating current density [A/m^2]."""
    return [*_film(scenario), *_mobility(scenario, current), *_conductivity(scenario), *_snapshots(scenario)]


def _film(scenario: PlatingScenario) -> list[str]:
    width, thickness = resolved(scenario.interface.width), resolved(scenario.film.thickness)
    room = scenario.domain.size[-1] - thickness
    if thickness == 0.0 or room >= ROOM_WIDTHS * width:
        return []
    return [f"film: leaves {text(room)} to the counter electrode, less than {ROOM_WIDTHS:g} interface widths"]


def _mobility(scenario: PlatingScenario, current: float) -> list[str]:
    interface, volume = scenario.interface, resolved(scenario.metal.molar_volume)
    if interface.mobility is None or interface.curvature != "conservative" or current == 0.0:
        return []
    needed = resolved(interface.width) * volume * current / FARADAY
    if interface.mobility <= SWIFT * needed:
        return []
    return [
        f"interface: a mobility of {interface.mobility:.3g} m2/s is {interface.mobility / needed:.2g} times what the "
        "motion of the front needs: it costs steps, and rounds off what the grid resolves"
    ]


def _conductivity(scenario: PlatingScenario) -> list[str]:
    from ramify.physics.metals import PRESETS

    usual = PRESETS[scenario.metal.preset].conductivity
    if scenario.electrons.transport == "ohmic" or scenario.metal.conductivity == usual:
        return []
    return ["metal.conductivity: equipotential electrons do not use it; electrons: {transport: ohmic} does"]


def _snapshots(scenario: PlatingScenario) -> list[str]:
    every = scenario.output.every
    if every is None:
        return []
    count = scenario.protocol.total(_duration)[0] / every
    size = count * BYTES_PER_VALUE * len(scenario.output.fields or ()) * math.prod(scenario.domain.cells)
    if count <= MOST_SNAPSHOTS and size <= MOST_BYTES:
        return []
    return [f"output: {count:.3g} snapshots of {size:.2g} B together, before compression; every one ends a time step"]


def _duration(step: Step) -> float:
    """Longest time that a step is known to take [s]; zero where its end is not known beforehand."""
    charge, current = step.stop("capacity"), step.current_density
    times = [time for time in (step.duration, charge / abs(current) if charge and current else None) if time]
    return min(times, default=0.0)
