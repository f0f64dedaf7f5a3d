"""Hosts from labelled voxel images.

The part of the image that the domain holds is smoothed by a Gaussian of about a voxel, and the level of the smoothed
solid at which its volume is the image's own becomes the surface: steps vanish, the porosity stays. Images larger than
memory allows are made coarser by averaging whole blocks of voxels. The first axis of the file (the pages of a stack)
is z and begins at the current collector, the last one is x.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ramify.hosts.base import micrometres, require_positive
from ramify.hosts.images import LARGEST_PART, Image
from ramify.hosts.sampled import LARGEST_GRID, SampledHost, sampled_host

Triple = tuple[float, float, float]
Beyond = Literal["refuse", "tile", "mirror"]
PORE = "pore"


@dataclass(frozen=True, eq=False)
class VoxelHost(SampledHost):
    """A sampled host that knows which solid phase lies where."""

    phases: tuple[str, ...] = ()
    """Names of the solid phases."""
    nearest_phase: np.ndarray = field(default_factory=lambda: np.zeros((1, 1, 1), np.uint8))
    """Index of the nearest solid phase of every voxel [z, y, x]."""

    def phase(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Index into `phases` of the solid nearest to coordinates [m]."""
        places = []
        for axis, coordinate in enumerate((x, y, z)):
            count = self.nearest_phase.shape[2 - axis]
            place = np.floor(np.asarray(coordinate) / self.spacing[axis]).astype(np.int64)
            if axis < 2 and self.periodic:
                places.append(place % count)
            else:
                places.append(np.clip(place, 0, count - 1))
        return self.nearest_phase[places[2], places[1], places[0]]


@dataclass(frozen=True)
class PhaseConductivity:
    """Electronic conductivity of a voxel host by phase [S/m]."""

    host: VoxelHost
    values: tuple[float, ...]
    """One for each of the host's phases; zero for a dielectric."""

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Conductivity at coordinates [m]."""
        return np.array(self.values)[self.host.phase(x, y, z)]


def voxel_host(
    image: Image,
    voxel: Triple,
    phases: Mapping[str, tuple[int, ...]],
    size: Triple,
    *,
    corner: Triple = (0.0, 0.0, 0.0),
    height: float | None = None,
    beyond: Beyond = "refuse",
    smoothing: float = 1.0,
    periodic: bool = False,
) -> VoxelHost:
    """Host from the part of an image that a domain holds.

    Parameters
    ----------
    image : Image
        Labels.
    voxel : tuple of float
        Edges along x, y, z [m]. Across the domain they are stretched by less than half a voxel to fit.
    phases : mapping
        Labels of each phase; 'pore' and at least one solid.
    size : tuple of float
        Domain lengths [m].
    corner : tuple of float
        Where in the image the domain begins [m].
    height : float, optional
        Of the host [m]; as far as the image goes if not given.
    beyond : {'refuse', 'tile', 'mirror'}
        What lies beyond the image.
    smoothing : float
        Standard deviation of the Gaussian, in voxels; zero keeps the voxels' steps.
    periodic : bool
        Lateral faces.

    Raises
    ------
    ValueError
        If the image does not cover the domain, or holds labels of no phase.
    """
    require_positive("voxels", x=voxel[0], y=voxel[1], z=voxel[2])
    first = [round(c / h) for c, h in zip(corner, voxel, strict=True)]
    top = (image.shape[2] - first[2]) * voxel[2] if height is None else height
    require_positive("voxels", height=top)
    extents = (size[0], size[1], top)
    factor = _coarsening([round(length / h) for length, h in zip(extents, voxel, strict=True)])
    counts = [factor * max(1, round(length / (h * factor))) for length, h in zip(extents, voxel, strict=True)]
    indices = [
        _indices(axis, start, count, image.shape["xyz".index(axis)], beyond, edge)
        for axis, start, count, edge in zip("xyz", first, counts, voxel, strict=True)
    ]
    phase = _phases(image, indices, phases)
    nx, ny, nz = (n // factor for n in counts)
    solid = (phase > 0).reshape(nz, factor, ny, factor, nx, factor).mean(axis=(1, 3, 5), dtype=np.float64)
    porosity = 1.0 - float(solid.mean())
    if not 0.0 < porosity < 1.0:
        raise ValueError(f"voxels: the part that the domain holds is all {'pore' if porosity > 0.5 else 'solid'}")
    spacing = (extents[0] / nx, extents[1] / ny, extents[2] / nz)
    values = _smoothed(solid, smoothing / factor, porosity, periodic)
    body = sampled_host(values, spacing, top, porosity=porosity, periodic=periodic, owner="voxels")
    middle = factor // 2
    nearest = _nearest_solid(phase[middle::factor, middle::factor, middle::factor], spacing)
    names = tuple(name for name in phases if name != PORE)
    return VoxelHost(
        body.values, spacing, top, periodic, owner="voxels", width=body.width, phases=names, nearest_phase=nearest
    )


def _coarsening(counts: list[int]) -> int:
    if math.prod(counts) > LARGEST_PART:
        raise ValueError(f"voxels: the domain holds {math.prod(counts)} voxels; allowed: up to {LARGEST_PART}")
    factor = 1
    while math.prod(counts) > LARGEST_GRID * factor**3:
        factor += 1
    return factor


def _indices(axis: str, start: int, count: int, held: int, beyond: Beyond, edge: float) -> np.ndarray:
    """Voxels of the image along one axis that fill the domain."""
    wanted = start + np.arange(count)
    if wanted[0] >= 0 and wanted[-1] < held:
        return wanted
    if beyond == "tile":
        return wanted % held
    if beyond == "mirror":
        folded = wanted % (2 * held)
        return np.minimum(folded, 2 * held - 1 - folded)
    raise ValueError(
        f"voxels: the domain needs {micrometres(start * edge)} to {micrometres((start + count) * edge)} of the image "
        f"along {axis}, which ends at {micrometres(held * edge)}; take another part, or beyond: tile or mirror"
    )


def _phases(image: Image, indices: list[np.ndarray], phases: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """Phase of every voxel [z, y, x]: 0 for pores, then the solids in their order."""
    parts = tuple(slice(int(i.min()), int(i.max()) + 1) for i in reversed(indices))
    labels = image.read((parts[0], parts[1], parts[2]))
    names = [PORE, *(name for name in phases if name != PORE)]
    known = {label: number for number, name in enumerate(names) for label in phases[name]}
    found = np.unique(labels)
    unknown = [int(label) for label in found if int(label) not in known]
    if unknown:
        told = ", ".join(map(str, unknown[:8])) + (", ..." if len(unknown) > 8 else "")
        raise ValueError(f"voxels: the image holds labels that belong to no phase: {told}")
    numbers = np.array([known[int(label)] for label in found], dtype=np.uint8)
    z, y, x = (i - part.start for i, part in zip(reversed(indices), parts, strict=True))
    return numbers[np.searchsorted(found, labels[np.ix_(z, y, x)])]


def _smoothed(solid: np.ndarray, sigma: float, porosity: float, periodic: bool) -> np.ndarray:
    """A function that is positive in pores, whose zero set has the porosity as nearly as the nodes tell."""
    from scipy import ndimage

    modes = ["nearest", *(["wrap"] * 2 if periodic else ["reflect"] * 2)]
    smooth = ndimage.gaussian_filter(solid, sigma, mode=modes) if sigma > 0.0 else solid
    level = float(np.quantile(smooth, porosity)) if sigma > 0.0 else 0.5
    return np.asarray(min(max(level, 0.05), 0.95) - smooth)


def _nearest_solid(phase: np.ndarray, spacing: Triple) -> np.ndarray:
    """Index of the nearest solid phase of every voxel, from 0."""
    from scipy import ndimage

    if int(phase.max()) <= 1:
        return np.zeros((1, 1, 1), np.uint8)
    places = ndimage.distance_transform_edt(
        phase == 0, sampling=spacing[::-1], return_distances=False, return_indices=True
    )
    return (phase[tuple(places)] - 1).astype(np.uint8)
