"""Random beds of spheres of different sizes: two sizes mixed, sizes and porosities that change with height.

Random sequential addition, the larger kind first. With a porosity eps(z) and a radius r(z), both linear in z, the
number of spheres per volume is n(z) = (1 - eps(z))/v(r(z)), v being the volume of a sphere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.hosts.base import micrometres, require_positive
from ramify.hosts.porosity import Box, Profile, require_porosity
from ramify.hosts.rods import RodNetwork
from ramify.hosts.spheres import JAMMING, add_spheres, sphere_measure

ROUNDS = 400


@dataclass(frozen=True)
class Kind:
    """Spheres of one kind in a bed."""

    bottom_radius: float
    top_radius: float
    """[m]."""
    share: float = 1.0
    """Of the solid volume."""


def mixed_sphere_pack(
    size: Box,
    kinds: tuple[Kind, ...],
    porosity: float | tuple[float, float],
    *,
    seed: int = 0,
    height: float | None = None,
    periodic: bool = False,
) -> RodNetwork:
    """Bed of spheres of several kinds on the current collector.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    kinds : tuple of Kind
        Their shares add up to one.
    porosity : float or pair of float
        Of the bed; at its bottom and at its top.
    seed : int
        The same seed gives the same bed.
    height : float, optional
        Of the bed [m]; the whole domain less the largest radius if not given.
    periodic : bool
        Lateral faces; with symmetry planes the spheres stay inside.

    Raises
    ------
    ValueError
        If the bed cannot be filled so densely.
    """
    largest = max(max(kind.bottom_radius, kind.top_radius) for kind in kinds)
    require_positive("spheres", radius=min(min(kind.bottom_radius, kind.top_radius) for kind in kinds))
    top = size[2] - largest if height is None else height
    require_positive("spheres", height=top)
    ends = porosity if isinstance(porosity, tuple) else (porosity, porosity)
    for value in ends:
        require_porosity("spheres", value)
        if 1.0 - value >= JAMMING[False]:
            raise ValueError(f"spheres: random addition fills less than {JAMMING[False]:g}, not {1.0 - value:g}")
    box = (size[0], size[1], top)
    if 2.0 * largest > min(box):
        raise ValueError(f"spheres of diameter {micrometres(2.0 * largest)} do not fit into the bed")
    generator = np.random.default_rng(seed)
    ordered = sorted(kinds, key=lambda kind: -max(kind.bottom_radius, kind.top_radius))
    laws = [_HeightLaw(kind, Profile(*ends, top), box) for kind in ordered]
    counts = [law.count for law in laws]
    if sum(counts) < 1:
        raise ValueError(f"spheres: a porosity of {max(ends):g} leaves no sphere in the bed")
    lengths = np.array(box)
    bins = np.maximum((lengths / (2.0 * largest)).astype(np.int64), 1)
    heads, links = np.full(bins, -1, dtype=np.int64), np.full(sum(counts), -1, dtype=np.int64)
    centres, radii = np.zeros((sum(counts), 3)), np.zeros(sum(counts))
    placed = 0
    for law, count in zip(laws, counts, strict=True):
        goal = placed + count
        for _ in range(ROUNDS):
            trials, trial_radii = law.draw(max(10 * count, 10_000), generator, periodic)
            placed = add_spheres(trials, trial_radii, centres[:goal], radii, placed, heads, links, lengths, periodic)
            if placed == goal:
                break
        if placed < goal:
            raise ValueError(
                f"spheres: random addition jammed after {placed} of {sum(counts)} spheres; take a larger porosity"
            )
    balls = np.concatenate([centres, radii[:, None], centres, radii[:, None]], axis=1)
    return RodNetwork(balls, box, periodic, "spheres")


class _HeightLaw:
    """How many spheres of a kind there are, and how they are drawn."""

    def __init__(self, kind: Kind, porosity: Profile, box: Box) -> None:
        self.box = np.array(box)
        self.radius = Profile(kind.bottom_radius, kind.top_radius, box[2])
        z = np.linspace(0.0, box[2], 513)
        density = kind.share * (1.0 - porosity(z)) / (sphere_measure(1.0, planar=False) * self.radius(z) ** 3)
        steps = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(z))])
        self.count = round(float(steps[-1]) * box[0] * box[1])
        self.share, self.z = steps / steps[-1], z

    def draw(self, count: int, generator: np.random.Generator, periodic: bool) -> tuple[np.ndarray, np.ndarray]:
        """Trial centres (n, 3) inside the bed and their radii; at most `count` of them."""
        centres = generator.random((count, 3))
        centres[:, 2] = np.interp(centres[:, 2], self.share, self.z)
        radii = self.radius(centres[:, 2])
        # Centres keep a radius from the bed's ends: the law is pressed into what is left, and keeps its solid volume.
        low, high = self.radius(np.zeros(1))[0], self.box[2] - self.radius(self.box[2:])[0]
        centres[:, 2] = low + (high - low) * centres[:, 2] / self.box[2]
        for axis in range(2):
            margin = 0.0 if periodic else radii
            centres[:, axis] = margin + centres[:, axis] * (self.box[axis] - 2.0 * margin)
        kept = (centres[:, 2] >= radii) & (centres[:, 2] <= self.box[2] - radii)
        return centres[kept], radii[kept]
