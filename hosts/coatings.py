"""A layer on the surface of a host, on all of it or in a region.

With the core's signed distance d, the thickness t and a region q (negative inside), the coated solid has

    d_coated = min(d, max(d - t, q)).

A dielectric layer keeps metal from starting where it lies; a conducting one makes an insulating core a host.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import Host, SpatialFunction, require_positive


@dataclass(frozen=True)
class Coated:
    """A core with a layer on it."""

    core: Host
    thickness: float
    """[m]."""
    region: SpatialFunction
    """Where the core is coated: negative inside (hosts.regions)."""

    def __post_init__(self) -> None:
        require_positive("coating", thickness=self.thickness)

    @property
    def feature_size(self) -> float:
        """The core's, or the thickness, whichever is less [m]."""
        return min(self.core.feature_size, self.thickness)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space that the layer leaves."""
        core = self.core.distance(x, y, z)
        return np.minimum(core, np.maximum(core - self.thickness, self.region(x, y, z)))

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """The core's warnings; ValueError where the core cannot be."""
        return self.core.check(size, periodic)


@dataclass(frozen=True)
class CoatedConductivity:
    """Electronic conductivity of a coated host [S/m]."""

    coated: Coated
    core: SpatialFunction
    """Of the core [S/m]; zero where it insulates."""
    layer: float
    """Of the layer [S/m]; zero for a dielectric."""

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Conductivity of the solid at coordinates [m]; in the pores that of the nearest surface's kind."""
        in_core = (self.coated.core.distance(x, y, z) < 0.0) | (self.coated.region(x, y, z) >= 0.0)
        return np.where(in_core, self.core(x, y, z), self.layer)
