"""Bodies made of rods: fibres, struts, wires, coils, and balls as rods without length.

The distance to their union is exact in the pore space (hosts.tree). Rods cross periodic faces; symmetry planes cut
their axes and mirror them, so that no rod beyond a plane lends its surface to this side. Where their axes end at the
current collector the ends reach below it, so that no surface lies on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ramify.hosts.base import require_below_counter, tiling_notes
from ramify.hosts.tree import RODS, BoxTree

Box = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class RodNetwork:
    """Union of rods that tiles a lateral box.

    Make it with `rod_network`, which cuts the rods to the box.
    """

    rods: np.ndarray
    """(n, 8): ends a and b with their radii, (ax, ay, az, r0, bx, by, bz, r1) [m]."""
    box: Box
    """Lateral domain lengths and height [m]."""
    periodic: bool = False
    owner: str = "rods"
    """Name in messages."""
    narrowest: float | None = None
    """Smallest width of solid or pore [m]; the smallest diameter by default."""
    lattice: float | None = None
    """Pitch that the domain should hold a whole number of times [m], half of it with symmetry planes."""
    notes: tuple[str, ...] = ()
    """Warnings of whoever made the rods."""
    _tree: BoxTree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.rods) == 0:
            raise ValueError(f"{self.owner}: nothing is left inside the domain")
        object.__setattr__(self, "_tree", BoxTree(images(self.rods, self.box, self.periodic), RODS))

    @property
    def feature_size(self) -> float:
        """Smallest width [m]."""
        if self.narrowest is not None:
            return self.narrowest
        return 2.0 * float(min(self.rods[:, 3].min(), self.rods[:, 7].min()))

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space; one sheet of the first axis at a time."""
        x, y, z = np.broadcast_arrays(x, y, z)
        flat = x.ndim == 0
        out = np.empty(x.shape or (1,))
        sheets = [...] if x.ndim < 2 else range(x.shape[0])
        for sheet in sheets:
            points = np.stack([np.ravel(a[sheet]).astype(float) for a in (x, y, z)], axis=-1)
            out[sheet] = self._tree.nearest(points)[0].reshape(out[sheet].shape)
        return out[0] if flat else out

    def check(self, size: Box, periodic: bool = False) -> list[str]:
        """Warnings; ValueError where the host reaches the counter electrode or was made for another domain."""
        require_below_counter(self.owner, "height", self.box[2], size)
        if not np.allclose(size[:2], self.box[:2], rtol=1e-9) or periodic != self.periodic:
            raise ValueError(f"{self.owner}: made for a domain of another width or another lateral boundary")
        notes = list(self.notes)
        if self.lattice is not None:
            notes += tiling_notes(self.owner, self.lattice, size, periodic, planar=False)
        return notes


def rod_network(
    rods: np.ndarray,
    box: Box,
    periodic: bool,
    owner: str,
    narrowest: float | None = None,
    lattice: float | None = None,
) -> RodNetwork:
    """The network of rods (n, 8) that belongs to a box.

    Axes are cut at the collector, at symmetry planes, and so that no rod rises above the box's height. Rods of a
    periodic domain are moved to where their middles lie inside.
    """
    radius = np.maximum(rods[:, 3], rods[:, 7])
    upper = np.full((len(rods), 3), math.inf)
    lower = np.full((len(rods), 3), -math.inf)
    lower[:, 2], upper[:, 2] = 0.0, box[2] - radius
    if not periodic:
        lower[:, :2], upper[:, :2] = 0.0, np.array(box[:2])
    kept = clip_rods(rods, lower, upper)
    if periodic:
        for axis in range(2):
            shift = np.floor(0.5 * (kept[:, axis] + kept[:, 4 + axis]) / box[axis]) * box[axis]
            kept[:, [axis, 4 + axis]] -= shift[:, None]
    return RodNetwork(kept, box, periodic, owner, narrowest, lattice)


def clip_rods(rods: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The parts of rods (n, 8) whose axes lie between bounds (n, 3); radii go linearly along the axis."""
    start, along = rods[:, 0:3], rods[:, 4:7] - rods[:, 0:3]
    with np.errstate(divide="ignore", invalid="ignore"):
        enter, leave = (lower - start) / along, (upper - start) / along
    parallel = along == 0.0
    inside = (start >= lower) & (start <= upper)
    first = np.where(parallel, np.where(inside, 0.0, 2.0), np.minimum(enter, leave)).max(axis=1)
    last = np.where(parallel, np.where(inside, 1.0, -1.0), np.maximum(enter, leave)).min(axis=1)
    first, last = np.maximum(first, 0.0), np.minimum(last, 1.0)
    kept = first <= last
    whole = rods[kept]
    low, high = first[kept, None], last[kept, None]
    change = whole[:, 4:8] - whole[:, 0:4]
    return np.concatenate([whole[:, 0:4] + low * change, whole[:, 0:4] + high * change], axis=1)


def images(rods: np.ndarray, box: Box, periodic: bool) -> np.ndarray:
    """Rods with their copies beside the box: shifted where periodic, mirrored at symmetry planes."""
    for axis in range(2):
        columns = [axis, 4 + axis]
        copies = [rods]
        for side in (-1, 1):
            copy = rods.copy()
            if periodic:
                copy[:, columns] += side * box[axis]
            else:
                copy[:, columns] = (0.0 if side < 0 else 2.0 * box[axis]) - copy[:, columns]
            copies.append(copy)
        rods = np.concatenate(copies)
    return rods


def segments(points: np.ndarray, radius: float) -> np.ndarray:
    """Rods (n - 1, 8) of one radius [m] along a polyline (n, 3)."""
    ends = np.concatenate([points, np.full((len(points), 1), radius)], axis=1)
    return np.concatenate([ends[:-1], ends[1:]], axis=1)
