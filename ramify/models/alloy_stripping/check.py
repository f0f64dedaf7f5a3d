"""What can be told of an alloy scenario before it runs: its scales by closed forms, and where its data end."""

from __future__ import annotations

import math

from ramify.check import Check, Scale
from ramify.models import alloys
from ramify.models.alloy_stripping import build
from ramify.models.alloy_stripping.rules import diffusivities, effective_length, resolved, threshold
from ramify.models.alloy_stripping.schema import AlloyScenario
from ramify.phasefield.problem import Domain
from ramify.physics import alloy_limits, contact_loss
from ramify.physics.constants import FARADAY
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE as SHOWN

BYTES = 200e6
"""Python, its libraries and compiled kernels; the electrode itself is nothing."""
FEWEST_CELLS = 8.0
"""In the length D/v at the contact."""
FASTEST_GROWTH = 1.15
"""Widths of neighbouring cells beyond which the solution feels the grid."""


def check_alloy(scenario: AlloyScenario) -> Check:
    """Size, scales and warnings of a resolved scenario."""
    section = scenario.electrode
    height = section.thickness + build.plated_thickness(scenario)
    domain = Domain((1.0, 1.0, height), (1, 1, section.cells))
    pure = section.magnesium == 0.0
    return Check(
        title=scenario.title,
        cells=domain.cells,
        spacing=domain.spacing,
        dimension=1,
        unknowns=2 if pure else section.cells,
        unknown_fields=("lithium", "void volume") if pure else ("lithium per magnesium",),
        memory_bytes=BYTES,
        steps=len(scenario.protocol),
        scales=(*_contact(scenario), *(_lithium(scenario) if pure else _alloy(scenario))),
        warnings=tuple(_lithium_warnings(scenario) if pure else _grid_warnings(scenario)),
    )


def _contact(scenario: AlloyScenario) -> list[Scale]:
    electrolyte, current = scenario.electrolyte, build.stripping_current(scenario)
    resistance = electrolyte.thickness / electrolyte.conductivity + scenario.kinetics.film_resistance
    scales = [Scale("ohmic resistance", 1e4 * resistance, "ohm cm2", "electrolyte and film")]
    if current > 0.0:
        scales.append(Scale("ohmic drop", current * resistance, "V", f"at {0.1 * current:.4g} mA/cm2"))
    return scales


def _alloy(scenario: AlloyScenario) -> list[Scale]:
    y0, section = scenario.electrode.magnesium, scenario.electrode
    D, volume = build.diffusivity_at(scenario, y0), build.atom_volume(scenario, y0)
    concentration = (1.0 - y0) / volume
    scales = [
        Scale("diffusivity", D, "m2/s", f"{scenario.diffusion.meaning}, at {100 * y0:.3g} at.% magnesium"),
        Scale("lithium content", SHOWN * FARADAY * concentration * section.thickness, "mAh/cm2"),
        Scale("smallest cell", build.smallest_cell(scenario), "m", "at the contact"),
        *alloys.data_scales(scenario.diffusion, scenario.thermodynamics),
    ]
    current, frame = build.stripping_current(scenario), scenario.diffusion.frame
    if current == 0.0:
        return scales
    if frame == "fixed":
        time, note = alloy_limits.depletion_time_fixed(D, concentration, current), "exact"
    elif frame == "volume":
        time, note = alloy_limits.depletion_time_volume(D, y0, current, volume), "exact"
    else:
        time, note = alloy_limits.depletion_time_wedge(D, y0, current, volume), "upper estimate"
    note = f"{note}, thick electrode of constant D, {frame} frame"
    return [
        *scales,
        Scale("recession", current * volume / FARADAY, "m/s", f"at {0.1 * current:.4g} mA/cm2"),
        Scale("depletion time", time, "s", note),
        Scale("capacity to depletion", SHOWN * current * time, "mAh/cm2", "of the same"),
    ]


def _lithium(scenario: AlloyScenario) -> list[Scale]:
    section, vacancies = scenario.electrode, scenario.vacancies
    assert vacancies is not None
    D, volume = diffusivities(scenario)[1][0], resolved(section.lithium_volume)
    length, limit = effective_length(section, vacancies), threshold(scenario, vacancies)
    critical = 0.0 if math.isinf(length) else contact_loss.critical_current(limit, D, length, volume)
    return [
        Scale("diffusivity", D, "m2/s", "tracer"),
        Scale("lithium content", SHOWN * FARADAY * section.thickness / volume, "mAh/cm2"),
        Scale("threshold", limit, "-", "vacancy supersaturation at which voids nucleate"),
        Scale("critical current density", 0.1 * critical, "mA/cm2", "at the initial thickness and full contact"),
        Scale("void capacity", SHOWN * FARADAY * vacancies.void_depth / volume, "mAh/cm2", "that takes the contact"),
    ]


def _grid_warnings(scenario: AlloyScenario) -> list[str]:
    """Cells that are coarse at the contact, grow fast, or are coarse where lithium will be missing."""
    section, smallest = scenario.electrode, build.smallest_cell(scenario)
    current, cells, notes = build.stripping_current(scenario), section.cells, []
    growth = alloy_limits.bisect(lambda q: smallest * _geometric(q, cells) - section.thickness, 1.0, 2.0)
    if growth > FASTEST_GROWTH:
        notes.append(f"grid: cells grow by {growth:.3g} from one to the next: more cells, or a larger smallest_cell")
    if current == 0.0:
        return notes
    length = build.decay_length(scenario, current)
    if smallest > length / FEWEST_CELLS:
        told = f"{1e9 * smallest:.3g} nm, is coarse for the {1e9 * length:.3g} nm of the gradient there"
        notes.append(f"grid: the cell at the contact, {told}")
    depth = min(0.5 * length / section.magnesium, section.thickness)
    width = smallest + (growth - 1.0) * depth
    if width > length:
        told = f"{1e6 * width:.3g} um at {1e6 * depth:.3g} um from the contact, beside {1e6 * length:.3g} um"
        notes.append(f"grid: cells of {told} of the gradient at the contact: more cells")
    return notes


def _geometric(ratio: float, count: int) -> float:
    """1 + q + ... of so many terms."""
    return float(count) if ratio == 1.0 else math.expm1(count * math.log(ratio)) / (ratio - 1.0)


def _lithium_warnings(scenario: AlloyScenario) -> list[str]:
    section = scenario.vacancies
    assert section is not None
    if section.back == "closed" and section.sink_length is None:
        return ["vacancies: a closed back without sinks: any stripping current opens voids at once"]
    return []
