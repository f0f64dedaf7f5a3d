"""Beds of equal spheres: seeded random sequential addition, simple cubic or body-centred lattices.

Spheres never overlap. In a periodic domain they cross the lateral faces; with symmetry planes they stay inside, or,
on a body-centred lattice, are halved by them. Random
sequential addition jams near a solid fraction of 0.38 (0.54 for discs in 2-D); lattices touch at 0.52 (simple cubic)
and 0.68 (body-centred). Spheres of a random bed do not touch: with a conducting material they are isolated islands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numba
import numpy as np

from ramify.hosts.base import micrometres, require_below_counter, require_positive
from ramify.hosts.nearest import NearestPoint

Arrangement = Literal["random", "cubic", "bcc"]
Box = tuple[float, float, float]
JAMMING = {False: 0.38, True: 0.54}
"""Solid fraction that random sequential addition approaches, by `planar`."""


@dataclass(frozen=True, eq=False)
class SpherePack:
    """Spheres of one radius at given centres; discs (cylinders along y) where `planar`."""

    centres: np.ndarray
    """(n, 3) [m]."""
    radius: float
    """[m]."""
    box: Box
    """Lateral domain lengths and height of the bed [m]."""
    periodic: bool = False
    planar: bool = False
    _nearest: NearestPoint = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_positive("spheres", radius=self.radius)
        period = (self.box[0], 0.0 if self.planar else self.box[1]) if self.periodic else None
        object.__setattr__(self, "_nearest", NearestPoint(self.centres, period, self.planar))

    @property
    def feature_size(self) -> float:
        """The diameter [m]; necks of pore space between neighbours may be narrower."""
        return 2.0 * self.radius

    @property
    def porosity(self) -> float:
        """Pore volume over bed volume."""
        inside = np.ones(len(self.centres))
        if not self.periodic:
            for axis in (0,) if self.planar else (0, 1):
                at_face = np.minimum(self.centres[:, axis], self.box[axis] - self.centres[:, axis]) < 1e-9 * self.radius
                inside[at_face] *= 0.5
        solid = float(inside.sum()) * sphere_measure(self.radius, self.planar)
        return 1.0 - solid / bed_measure(self.box, self.planar)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        return self._nearest.distance(x, y, z) - self.radius

    def check(self, size: Box, periodic: bool = False) -> list[str]:
        """Warnings; ValueError where the bed reaches the counter electrode or was made for another domain."""
        require_below_counter("spheres", "bed height", self.box[2], size)
        lateral = 1 if self.planar else 2
        if not np.allclose(size[:lateral], self.box[:lateral], rtol=1e-9) or periodic != self.periodic:
            raise ValueError("spheres: the bed was made for a domain of another width or another lateral boundary")
        return []


def sphere_measure(radius: float, planar: bool) -> float:
    """Volume of a sphere [m^3], area of a disc [m^2]."""
    return math.pi * radius**2 if planar else 4.0 / 3.0 * math.pi * radius**3


def bed_measure(box: Box, planar: bool) -> float:
    """Volume of the bed [m^3], its area [m^2] where planar."""
    return box[0] * box[2] if planar else box[0] * box[1] * box[2]


def sphere_pack(
    size: Box,
    radius: float,
    *,
    porosity: float | None = None,
    count: int | None = None,
    arrangement: Arrangement = "random",
    seed: int = 0,
    height: float | None = None,
    periodic: bool = False,
    planar: bool = False,
) -> SpherePack:
    """Bed of equal spheres on the current collector.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    radius : float
        [m].
    porosity, count
        Exactly one of the two. A lattice is stretched to tile the bed and meets the porosity as nearly as it can;
        `count` is for random beds.
    arrangement : {'random', 'cubic', 'bcc'}
        'bcc' is for 3-D.
    seed : int
        Of random beds; the same seed gives the same bed.
    height : float, optional
        Of the bed [m]; the whole domain less one radius if not given.
    periodic, planar : bool
        Lateral faces; discs in x and z alone.

    Raises
    ------
    ValueError
        If the bed cannot be filled so densely, or the arguments contradict each other.
    """
    require_positive("spheres", radius=radius)
    bed_height = size[2] - radius if height is None else height
    require_positive("spheres", height=bed_height)
    box = (size[0], size[1], bed_height)
    if (porosity is None) == (count is None):
        raise ValueError("spheres: give either a porosity or a count")
    if porosity is not None and not 0.0 < porosity < 1.0:
        raise ValueError(f"spheres: porosity must lie between 0 and 1, not {porosity:g}")
    if 2.0 * radius > min(box[0], box[2], box[2] if planar else box[1]):
        raise ValueError(f"spheres of diameter {micrometres(2.0 * radius)} do not fit into the bed")
    if arrangement == "random":
        if porosity is not None:
            count = round((1.0 - porosity) * bed_measure(box, planar) / sphere_measure(radius, planar))
        assert count is not None
        centres = random_centres(box, radius, count, seed, periodic, planar)
    elif arrangement in ("cubic", "bcc"):
        if porosity is None:
            raise ValueError(f"spheres: a {arrangement} bed needs a porosity, not a count")
        centres = _lattice_centres(box, radius, porosity, arrangement, periodic, planar)
    else:
        raise ValueError(f"spheres: arrangement must be random, cubic or bcc, not {arrangement!r}")
    return SpherePack(centres, radius, box, periodic, planar)


def random_centres(box: Box, radius: float, count: int, seed: int, periodic: bool, planar: bool) -> np.ndarray:
    """Centres (count, 3) of equal spheres that do not overlap, by random sequential addition."""
    solid = count * sphere_measure(radius, planar) / bed_measure(box, planar)
    if count < 1 or solid >= JAMMING[planar]:
        raise ValueError(
            f"spheres: random addition places between one sphere and a solid fraction of {JAMMING[planar]:g}; "
            f"{count} spheres are {solid:.3g} (porosity {1.0 - solid:.3g}). Take a lattice for denser beds"
        )
    margin = np.array([0.0 if periodic else radius, 0.0 if periodic else radius, radius])
    lengths = np.array(box)
    if planar:
        margin[1], lengths[1] = 0.0, 0.0
    bins = np.maximum((lengths / (2.0 * radius)).astype(np.int64), 1)
    heads, links = np.full(bins, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    centres, radii = np.zeros((count, 3)), np.zeros(count)
    generator, placed = np.random.default_rng(seed), 0
    for _ in range(400):
        trials = margin + generator.random((max(10 * count, 10_000), 3)) * (lengths - 2.0 * margin)
        sizes = np.full(len(trials), radius)
        placed = add_spheres(trials, sizes, centres, radii, placed, heads, links, lengths, periodic)
        if placed == count:
            return centres
    raise ValueError(
        f"spheres: random addition jammed after {placed} of {count} spheres; take a larger porosity or a lattice"
    )


@numba.njit(cache=True)
def add_spheres(
    trials: np.ndarray,
    trial_radii: np.ndarray,
    centres: np.ndarray,
    radii: np.ndarray,
    placed: int,
    heads: np.ndarray,
    links: np.ndarray,
    lengths: np.ndarray,
    periodic: bool,
) -> int:
    """Accept trial spheres that overlap no earlier one (linked lists in bins at least a diameter wide)."""
    bins = heads.shape
    for t in range(trials.shape[0]):
        if placed == centres.shape[0]:
            break
        home = np.zeros(3, dtype=np.int64)
        for axis in range(3):
            if lengths[axis] > 0.0:
                home[axis] = min(int(trials[t, axis] / lengths[axis] * bins[axis]), bins[axis] - 1)
        free = True
        for shift in range(27):
            i, j, k = home[0] + shift % 3 - 1, home[1] + shift // 3 % 3 - 1, home[2] + shift // 9 - 1
            if periodic:
                i, j = i % bins[0], j % bins[1]
            if i < 0 or j < 0 or k < 0 or i >= bins[0] or j >= bins[1] or k >= bins[2]:
                continue
            other = heads[i, j, k]
            while other >= 0 and free:
                squared = 0.0
                for axis in range(3):
                    gap = abs(trials[t, axis] - centres[other, axis])
                    if periodic and axis < 2:
                        gap = min(gap, lengths[axis] - gap) if lengths[axis] > 0.0 else 0.0
                    squared += gap * gap
                free = squared >= (trial_radii[t] + radii[other]) ** 2
                other = links[other]
            if not free:
                break
        if free:
            centres[placed], radii[placed] = trials[t], trial_radii[t]
            links[placed] = heads[home[0], home[1], home[2]]
            heads[home[0], home[1], home[2]] = placed
            placed += 1
    return placed


def _lattice_centres(
    box: Box, radius: float, porosity: float, arrangement: Arrangement, periodic: bool, planar: bool
) -> np.ndarray:
    if planar and arrangement == "bcc":
        raise ValueError("spheres: bcc is a lattice in 3-D; in 2-D take 'cubic' (square) or 'random'")
    per_cell = 2 if arrangement == "bcc" else 1
    edge = (per_cell * sphere_measure(radius, planar) / (1.0 - porosity)) ** (1.0 / (2 if planar else 3))
    counts = [max(1, round(box[0] / edge)), 1 if planar else max(1, round(box[1] / edge))]
    solid = (1.0 - porosity) * bed_measure(box, planar)
    # Whole cells across fix the width; the number of layers then makes up for the rounding.
    layers = max(1, round(solid / (counts[0] * counts[1] * sphere_measure(radius, planar))))
    if arrangement == "bcc":
        centres, closest = _body_centred(box, radius, counts, max(2, layers), periodic)
    else:
        centres, closest = _simple_cubic(box, [*counts, layers], planar)
    if closest < 2.0 * radius * (1.0 - 1e-12):
        raise ValueError(
            f"spheres: a {arrangement} bed of porosity {porosity:g} would overlap (centres {micrometres(closest)} "
            f"apart, diameter {micrometres(2.0 * radius)}); take a larger porosity, or a bed of whole lattice cells"
        )
    return centres


def _simple_cubic(box: Box, counts: list[int], planar: bool) -> tuple[np.ndarray, float]:
    """Centres in the middle of lattice cells stretched to fill the bed, and the least distance between them."""
    edges = [length / n for length, n in zip(box, counts, strict=True)]
    x, y, z = ((np.arange(n) + 0.5) * e for n, e in zip(counts, edges, strict=True))
    return _mesh(x, y, z), min(edges[0], edges[2]) if planar else min(edges)


def _body_centred(box: Box, radius: float, counts: list[int], layers: int, periodic: bool) -> tuple[np.ndarray, float]:
    """Layers of cell corners and cell middles in turn, the lowest and the highest inside the bed.

    Spheres on the lateral faces are halved by symmetry planes (both faces bear them) or shared by periodic ones.
    """
    a, b = box[0] / counts[0], box[1] / counts[1]
    heights = np.linspace(radius, box[2] - radius, layers)
    extra = 0 if periodic else 1
    corners = _mesh(np.arange(counts[0] + extra) * a, np.arange(counts[1] + extra) * b, heights[0::2])
    middles = _mesh((np.arange(counts[0]) + 0.5) * a, (np.arange(counts[1]) + 0.5) * b, heights[1::2])
    rise = float(heights[1] - heights[0])
    diagonal = math.sqrt(0.25 * (a * a + b * b) + rise * rise)
    return np.concatenate([corners, middles]), min(a, b, 2.0 * rise if layers > 2 else math.inf, diagonal)


def _mesh(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1).reshape(-1, 3)
