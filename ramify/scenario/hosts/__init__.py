"""Host sections of the schema: the solid scaffold that metal plates into.

A host stands on the current collector (z = 0). The shapes themselves are those of `ramify.hosts`; the lengths given
here tell whether a grid resolves them.
"""

from typing import Annotated

from pydantic import Field

from ramify.scenario.hosts.base import NoHost, SolidHost
from ramify.scenario.hosts.files import SurfaceHost, VoxelHost
from ramify.scenario.hosts.lattices import (
    ChannelHost,
    CoilHost,
    FlatHost,
    HollowSphereHost,
    InverseOpalHost,
    MeshHost,
    MinimalSurfaceHost,
    PillarHost,
)
from ramify.scenario.hosts.random import FibreHost, FoamHost, RandomMediumHost, SpherePackHost

HostSection = Annotated[
    NoHost
    | FlatHost
    | PillarHost
    | ChannelHost
    | MeshHost
    | CoilHost
    | HollowSphereHost
    | InverseOpalHost
    | MinimalSurfaceHost
    | SpherePackHost
    | FibreHost
    | FoamHost
    | RandomMediumHost
    | VoxelHost
    | SurfaceHost,
    Field(discriminator="type"),
]
HOST_TYPES = (
    "none",
    "flat",
    "pillars",
    "channels",
    "mesh",
    "coils",
    "hollow_spheres",
    "inverse_opal",
    "minimal_surface",
    "sphere_pack",
    "fibres",
    "foam",
    "random_medium",
    "voxels",
    "surface",
)

__all__ = [
    "HOST_TYPES",
    "ChannelHost",
    "CoilHost",
    "FibreHost",
    "FlatHost",
    "FoamHost",
    "HollowSphereHost",
    "HostSection",
    "InverseOpalHost",
    "MeshHost",
    "MinimalSurfaceHost",
    "NoHost",
    "PillarHost",
    "RandomMediumHost",
    "SolidHost",
    "SpherePackHost",
    "SurfaceHost",
    "VoxelHost",
]
