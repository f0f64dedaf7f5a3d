"""From the host section of a resolved scenario to the fields on the host: what bears metal, conducts, reacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ramify.phasefield import problem as plating
from ramify.scenario.hosts import NoHost, SolidHost
from ramify.scenario.hosts.base import AnisotropicConductivity, CoatingSection, ConductivityGradient

if TYPE_CHECKING:
    from ramify.hosts.base import Host

AXES = {"x": 0, "y": 1, "z": 2}
Direction = Literal["lateral", "through"]


def build_region(coating: CoatingSection, height: float) -> plating.SpatialFunction:
    """Where the layer is: negative there."""
    from ramify.hosts.regions import Block, Stripes

    if coating.stripes is not None:
        return Stripes(AXES[coating.stripes.axis], coating.stripes.pitch, coating.stripes.width)
    lowest = coating.above
    if coating.top_fraction is not None:
        lowest = (1.0 - coating.top_fraction) * height
    inf = float("inf")
    return Block(
        (-inf, -inf, -inf if lowest is None else lowest),
        (inf, inf, inf if coating.below is None else coating.below),
    )


@dataclass(frozen=True)
class Bearing:
    """The conducting surface of a host, which a film or nuclei may cover."""

    distance: plating.SpatialFunction | None
    """Signed distance to the solid that bears it; None for none."""
    region: plating.SpatialFunction | None = None
    """Negative where that solid's surface conducts; everywhere where None."""


@dataclass(frozen=True)
class _Conducts:
    """Negative where a conductivity is above zero, positive elsewhere."""

    conductivity: plating.SpatialFunction

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        # The step has no length of its own: far more than any distance here.
        return np.where(self.conductivity(x, y, z) > 0.0, -1.0, 1.0)


def build_bearing(section: SolidHost | NoHost, host: Host | None) -> Bearing:
    """Which surface of a host bears metal at the start."""
    if host is None or isinstance(section, NoHost):
        return Bearing(None)
    coating, conducting = section.coating, section.surface == "conducting"
    if coating is None:
        if isinstance(section.conductivity, dict) and not all(section.conductivity.values()):
            return Bearing(host.distance, _Conducts(_core_conductivity(section, host, "through")))
        return Bearing(host.distance if conducting else None)
    if coating.kind == "conducting":
        region = None if conducting else build_region(coating, section.height)
        return Bearing(host.distance, region)
    if not conducting:
        return Bearing(None)
    from ramify.hosts.coatings import Coated
    from ramify.hosts.regions import Outside

    assert isinstance(host, Coated)
    return Bearing(host.core.distance, Outside(host.region))


def _along(given: float | AnisotropicConductivity | None, direction: Direction) -> float:
    """The part of a conductivity in a direction [S/m]; zero of none."""
    return getattr(given, direction) if isinstance(given, AnisotropicConductivity) else given or 0.0


def _core_conductivity(section: SolidHost, host: Host, direction: Direction) -> plating.SpatialFunction:
    """Conductivity of a host without its coating in a direction [S/m]; zero where it insulates."""
    from ramify.hosts.porosity import Profile
    from ramify.hosts.regions import Field

    given = section.conductivity
    if isinstance(given, dict):
        from ramify.hosts.voxels import PhaseConductivity
        from ramify.hosts.voxels import VoxelHost as VoxelShape

        assert isinstance(host, VoxelShape)
        return PhaseConductivity(host, tuple(_along(given[name], direction) for name in host.phases))
    if isinstance(given, ConductivityGradient):
        return Field(Profile(given.bottom, given.top, section.height))
    return Field(Profile(_along(given, direction), _along(given, direction), section.height))


def build_conductivity(
    section: SolidHost, host: Host
) -> float | plating.SpatialFunction | plating.AnisotropicConductivity:
    """Electronic conductivity of the host [S/m]: a number where it is uniform, two parts where it has directions."""
    given = section.conductivity
    parts = given.values() if isinstance(given, dict) else (given,)
    if not any(isinstance(part, AnisotropicConductivity) for part in parts):
        return _conductivity_along(section, host, "through")
    lateral, through = (_conductivity_along(section, host, direction) for direction in ("lateral", "through"))
    return plating.AnisotropicConductivity(lateral, through)


def _conductivity_along(section: SolidHost, host: Host, direction: Direction) -> float | plating.SpatialFunction:
    given = section.conductivity
    if section.coating is None:
        if isinstance(given, dict | ConductivityGradient):
            return _core_conductivity(section, host, direction)
        return _along(given, direction)
    from ramify.hosts.coatings import Coated, CoatedConductivity

    assert isinstance(host, Coated)
    core = _core_conductivity(section, host.core, direction)
    return CoatedConductivity(host, core, section.coating.conductivity or 0.0)


def build_activity(section: SolidHost, host: Host) -> plating.SpatialFunction | None:
    """Factor on the exchange current density; None where it is one everywhere."""
    from ramify.hosts.porosity import Profile
    from ramify.hosts.regions import Block, Field

    activity, coating = section.activity, section.coating
    factors: list[tuple[plating.SpatialFunction, float]] = []
    bottom = top = 1.0
    if activity is not None:
        bottom, top = activity.bottom, activity.top
        for region in activity.regions:
            bounds = [getattr(region, axis) or (-float("inf"), float("inf")) for axis in AXES]
            lower, upper = tuple(b[0] for b in bounds), tuple(b[1] for b in bounds)
            factors.append((Block((lower[0], lower[1], lower[2]), (upper[0], upper[1], upper[2])), region.factor))
    if coating is not None and coating.activity is not None:
        factors.append((build_region(coating, section.height), coating.activity))
    if activity is None and not factors:
        return None
    return Field(Profile(bottom, top, section.height), tuple(factors))
