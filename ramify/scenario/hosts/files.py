"""Hosts that are read from files, named relative to the scenario file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ramify.scenario.fields import AS_LIST, AS_VALUE, Coordinate, Length, Position, form_of_list
from ramify.scenario.hosts.base import SolidHost

Name = Annotated[str, Field(min_length=1, max_length=32)]
Label = Annotated[int, Field(ge=-(2**31), lt=2**32)]
Labels = Annotated[tuple[Label, ...], Field(min_length=1, max_length=256, strict=False)]
Phases = Annotated[dict[Name, Labels], Field(min_length=2, max_length=16)]
Count = Annotated[int, Field(ge=1, le=100_000)]
FileName = Annotated[str, Field(min_length=1, max_length=4096)]
VoxelSize = Annotated[
    Annotated[Length, Tag(AS_VALUE)] | Annotated[tuple[Length, Length, Length], Field(strict=False), Tag(AS_LIST)],
    Discriminator(form_of_list),
]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FileHost(SolidHost):
    """A host in a file."""

    file: FileName
    height: Length | None = None  # type: ignore[assignment]
    """Of the host; as far as the file goes by default."""
    sha256: Digest | None = None
    """Of the file, to refuse another one; filled in."""


class VoxelHost(FileHost):
    """A labelled image: a TIFF stack, a raw volume, or a NumPy array."""

    type: Literal["voxels"]
    voxel_size: VoxelSize
    """Edge of a voxel, or its edges along x, y, z."""
    phases: Phases
    """Labels by phase: 'pore' and at least one solid."""
    shape: Annotated[tuple[Count, Count, Count], Field(strict=False)] | None = None
    """Of a raw volume: voxels along x, y, z, x fastest in the file."""
    dtype: Annotated[str, Field(max_length=16)] | None = None
    """Of a raw volume, such as uint8 or >u2."""
    corner: Annotated[tuple[Coordinate, Coordinate, Coordinate], Field(strict=False)] = (0.0, 0.0, 0.0)
    """Where in the image the domain begins."""
    beyond: Literal["refuse", "tile", "mirror"] = "refuse"
    """What lies beyond the image."""
    smoothing: Annotated[float, Field(ge=0, le=8, allow_inf_nan=False)] = 1.0
    """Standard deviation, in voxels, of the Gaussian that takes the steps off the surface."""


class SurfaceHost(FileHost):
    """A closed triangle surface (STL, PLY, VTK), solid inside."""

    type: Literal["surface"]
    unit: Length
    """Length of the file's unit."""
    offset: Annotated[tuple[Position, Position, Position], Field(strict=False)] = (0.0, 0.0, 0.0)
    """Added to the file's coordinates."""
