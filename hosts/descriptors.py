"""The shape of a host in numbers: porosity, areas, pore sizes, below its height.

The box below the host's height and the one above are measured apart, with nodes in the plane between them, so that
flat tops belong to the surface and no pore above the host to its pores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import Host
from ramify.hosts.isosurface import NodeGrid, Vector, measure
from ramify.hosts.pores import PoreSizes, pore_sizes
from ramify.hosts.surface import LARGEST_GRID, fine_grid, free_collector


@dataclass(frozen=True)
class Shape:
    """Areas in m^2 and volumes in m^3; in 2-D for a depth of one metre."""

    height: float
    """Of the host region: what follows counts below it [m]."""
    porosity: float
    porosity_domain: float
    """Of the whole domain."""
    host_area: float
    """Surface of the host [m^2]."""
    collector_area: float
    """Collector that the host leaves free [m^2]."""
    specific_surface_area: float
    """Surface of the host over the host region [1/m]."""
    surface_per_pore_volume: float
    """Surface of host and free collector over the pore volume of the host region [1/m]; infinite without pores."""
    profile_z: np.ndarray
    """Middles of the layers of the porosity profile [m]."""
    profile: np.ndarray
    """Porosity of each layer of the host region."""
    pores: PoreSizes | None
    """None without pores or surface."""


def describe_shape(host: Host, size: Vector, height: float, *, periodic: bool = False, planar: bool = False) -> Shape:
    """Shape of a host of that height in a domain of lengths `size` [m]; one metre along y where planar."""
    below, above = (size[0], size[1], height), (size[0], size[1], size[2] - height)
    grid = fine_grid(host, below, planar)
    areas, pores = measure(host.distance, grid)
    edge = max(grid.edges[0], grid.edges[2])
    areas_above, pores_above = measure(host.distance, NodeGrid.of(above, edge, LARGEST_GRID, planar), base=height)
    section = size[0] * (1.0 if planar else size[1])
    area, pore = float(areas.sum() + areas_above.sum()), float(pores.sum())
    collector = free_collector(host, below, planar)
    layer = height / grid.counts[2]
    return Shape(
        height=height,
        porosity=pore / (section * height),
        porosity_domain=(pore + float(pores_above.sum())) / (section * size[2]),
        host_area=area,
        collector_area=collector,
        specific_surface_area=area / (section * height),
        surface_per_pore_volume=(area + collector) / pore if pore > 0.0 else math.inf,
        profile_z=(np.arange(grid.counts[2]) + 0.5) * layer,
        profile=pores / (section * layer),
        pores=pore_sizes(host.distance, below, edge, periodic=periodic, planar=planar),
    )
