"""What `check` tells of the section `alloy`: its data, when a full contact runs empty, and what walls sweep up."""

from __future__ import annotations

from ramify.check import Scale
from ramify.models import alloys
from ramify.models.voids.schema import AlloySection
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.physics import alloy_limits
from ramify.physics.constants import FARADAY
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE as SHOWN

FEWEST_IN_LAYER = 3.0
"""Widths of the surface to the layer of magnesium at a wall, below which the surface smears it."""
AS_MOBILE = 0.5
"""Mobility of magnesium from which its closed form is that of magnesium as mobile as lithium."""


def alloy_scales(section: AlloySection, metal: AlloyProblem, strips: float, voids: bool) -> list[Scale]:
    """Scales, for the largest current density that strips [A/m^2], and whether there are voids or may be."""
    laws, transport = metal.alloy, metal.transport
    told = f"{laws.meaning}, of lithium at {100 * laws.magnesium:.3g} at.% magnesium"
    scales = [
        Scale("diffusivity", transport.diffusivity, "m2/s", told),
        *alloys.data_scales(section.diffusion, section.thermodynamics),
    ]
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
    if voids:
        layer = _swept_layer(metal, strips)
        scales.append(Scale("layer of magnesium", layer, "m", "D_Mg/v, swept up by walls as fast as a full contact"))
    return scales


def alloy_notes(metal: AlloyProblem, strips: float, voids: bool) -> list[str]:
    """Warnings; arguments as of `alloy_scales`."""
    width = metal.interface.width
    if strips == 0.0 or not voids or (layer := _swept_layer(metal, strips)) >= FEWEST_IN_LAYER * width:
        return []
    told = (
        f"a surface of {1e6 * width:.3g} um beside a layer of magnesium of {1e6 * layer:.3g} um at the walls of voids"
    )
    return [f"grid: {told}: how far they move is the grid's"]


def _recession(metal: AlloyProblem, strips: float) -> float:
    """Speed at which lattice is consumed at a full contact [m/s]."""
    return strips * metal.transport.molar_volume / FARADAY


def _swept_layer(metal: AlloyProblem, strips: float) -> float:
    """D_Mg/v [m], v the speed at which lattice is consumed at a full contact."""
    return metal.alloy.mobility * metal.transport.diffusivity / _recession(metal, strips)
