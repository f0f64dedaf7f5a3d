"""What `check` tells of the section `alloy`: its data, when a full contact runs empty, and what walls sweep up."""

from __future__ import annotations

import math

from ramify.check import Scale
from ramify.models import alloys
from ramify.models.voids.schema import AlloySection
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.physics import alloy_limits
from ramify.physics.constants import FARADAY
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE as SHOWN

FEWEST_IN_LAYER = 2.0
"""Cells to the layer of magnesium at a wall, below which the grid decides how far the wall moves."""
AS_MOBILE = 0.5
"""Mobility of magnesium from which its closed form is that of magnesium as mobile as lithium."""


def alloy_scales(section: AlloySection, metal: AlloyProblem, strips: float, radius: float | None) -> list[Scale]:
    """Scales, for the largest current density that strips [A/m^2] and the radius of the smallest void [m]."""
    laws, transport = metal.alloy, metal.transport
    told = f"{laws.meaning}, of lithium at {100 * laws.magnesium:.3g} at.% magnesium"
    scales = [Scale("diffusivity", transport.diffusivity, "m2/s", told), *alloys.data_scales(*_data(section))]
    if strips == 0.0:
        return scales
    case = transport.diffusivity, laws.magnesium, strips, transport.molar_volume
    time = alloy_limits.depletion_time_volume(*case)
    if laws.mobility < AS_MOBILE:
        # for little magnesium at rest, and an upper estimate for more of it
        time = min(time, alloy_limits.depletion_time_wedge(*case))
    at, recession = f"at a full contact and {0.1 * strips:.4g} mA/cm2", _recession(metal, strips)
    scales += [
        Scale("depleted layer", transport.diffusivity / recession, "m", f"over which lithium falls to none, {at}"),
        Scale("depletion time", time, "s", f"{at}; sinks that are not short against that layer put it off"),
        Scale("capacity to depletion", SHOWN * strips * time, "mAh/cm2", "of the same"),
    ]
    if radius is not None:
        layer = _swept_layer(metal, strips, radius)
        scales.append(Scale("layer of magnesium", layer, "m", "at a wall that receded by the smallest void's radius"))
    return scales


def alloy_notes(metal: AlloyProblem, strips: float, radius: float | None) -> list[str]:
    """Warnings; arguments as of `alloy_scales`."""
    if strips == 0.0 or radius is None:
        return []
    edge = max(h for h, n, axis in zip(metal.domain.spacing, metal.domain.cells, "xyz", strict=True)
               if n > 1 or axis == "z")  # fmt: skip
    if (layer := _swept_layer(metal, strips, radius)) >= FEWEST_IN_LAYER * edge:
        return []
    told = f"cells of {1e6 * edge:.3g} um beside a layer of magnesium of {1e6 * layer:.3g} um at the walls of voids"
    return [f"grid: {told}: how far they move is the grid's"]


def _data(section: AlloySection) -> tuple[alloys.DiffusionSection, alloys.ThermodynamicsSection]:
    return section.diffusion, section.thermodynamics


def _recession(metal: AlloyProblem, strips: float) -> float:
    """Speed at which lattice is consumed at a full contact [m/s]."""
    return strips * metal.transport.molar_volume / FARADAY


def _swept_layer(metal: AlloyProblem, strips: float, radius: float) -> float:
    """sqrt(D_M t) [m], t the time in which a wall recedes by a radius at the speed of a full contact."""
    return math.sqrt(metal.alloy.mobility * metal.transport.diffusivity * radius / _recession(metal, strips))
