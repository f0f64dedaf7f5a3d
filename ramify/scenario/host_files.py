"""The file of an imported host: found beside the scenario, hashed, measured.

The resolved scenario names the file by its full path and its SHA-256, so that a run is resumed with the same host or
not at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ramify.scenario.errors import ScenarioError
from ramify.scenario.hosts import SurfaceHost, VoxelHost
from ramify.scenario.hosts.files import FileHost
from ramify.scenario.schema import PlatingScenario

if TYPE_CHECKING:
    from ramify.hosts.images import RawLayout

CHUNK = 1 << 22


def with_host_file(scenario: PlatingScenario, folder: Path) -> PlatingScenario:
    """The scenario with its host's path, hash and height filled in; unchanged where the host is not in a file.

    Raises
    ------
    ScenarioError
        Where the file is missing, broken, not what it should be, or another one than the hash says.
    """
    host = scenario.host
    if not isinstance(host, FileHost):
        return scenario
    path = (folder / host.file).resolve()
    if not path.is_file():
        raise ScenarioError("no such file", ("host", "file"), host.file, f"a path from {folder.resolve()}")
    digest = sha256_of(path)
    if host.sha256 not in (None, digest):
        problem = f"the file {path.name} is another one: its SHA-256 is {digest}"
        raise ScenarioError(problem, ("host", "sha256"), host.sha256)
    try:
        height = _height(host, path) if host.height is None else host.height
    except (ValueError, ImportError) as refusal:
        raise ScenarioError(str(refusal), ("host", "file"), host.file) from None
    filled = host.model_copy(update={"file": str(path), "sha256": digest, "height": height})
    return scenario.model_copy(update={"host": filled})


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    except OSError as failure:
        raise ScenarioError(f"cannot be read: {failure.strerror}", ("host", "file"), str(path)) from None
    return digest.hexdigest()


def _height(host: FileHost, path: Path) -> float:
    """How far the file goes above the collector [m]."""
    if isinstance(host, VoxelHost):
        from ramify.hosts.images import open_image

        edges = voxel_edges(host)
        layers = open_image(path, raw_layout(host)).shape[2] - round(host.corner[2] / edges[2])
        if layers < 1:
            raise ValueError(f"ends below the corner, z = {host.corner[2]:g} m")
        return layers * edges[2]
    assert isinstance(host, SurfaceHost)
    from ramify.hosts.surface_files import read_surface

    top = float(read_surface(path).bounds[1][2]) * host.unit + host.offset[2]
    if not top > 0.0:
        raise ValueError(f"lies below the collector: its top is at z = {top:g} m")
    return top


def voxel_edges(host: VoxelHost) -> tuple[float, float, float]:
    """Edges of a voxel along x, y, z [m]."""
    size = host.voxel_size
    return (size, size, size) if isinstance(size, float) else size


def raw_layout(host: VoxelHost) -> RawLayout | None:
    """Shape and data type of a raw volume; None where the file tells them."""
    from ramify.hosts.images import RawLayout

    if host.shape is None and host.dtype is None:
        return None
    if host.shape is None or host.dtype is None:
        missing = "shape" if host.shape is None else "dtype"
        raise ScenarioError("is required beside the other key of a raw volume", ("host", missing), allowed="both keys")
    return RawLayout(host.shape, host.dtype)
