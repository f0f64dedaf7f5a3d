"""Random mats of fibres, straight or curled, in layers or in all directions.

A fibre is a worm-like chain: along a way s its direction turns at random by an angle of variance s/P in each
transverse direction, P being the persistence length. Fibres are laid at random into a box that is periodic in x and
y (and in z where their directions are isotropic), may cross each other, and are added, the last one in part, until
the porosity is met. Fibres of a sparse mat may touch nothing: with a conducting material they are islands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np

from ramify.hosts.base import micrometres, require_positive
from ramify.hosts.porosity import BedSamples, Box, require_porosity
from ramify.hosts.rods import RodNetwork, rod_network, segments

Orientation = Literal["in_plane", "isotropic"]
MOST_RODS = 200_000
"""Pieces of fibre beyond which a mat is refused."""
TOLERANCE = 1e-3
"""Of the porosity."""


def fibre_mat(
    size: Box,
    diameter: float,
    porosity: float,
    *,
    orientation: Orientation = "in_plane",
    persistence_length: float = math.inf,
    seed: int = 0,
    height: float | None = None,
    periodic: bool = False,
) -> RodNetwork:
    """Mat of fibres on the current collector.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    diameter : float
        Of every fibre [m].
    porosity : float
        Of the mat, fibres overlapping counted once.
    orientation : {'in_plane', 'isotropic'}
        Directions of the fibres: uniform in the x-y plane, or uniform in space.
    persistence_length : float
        Length over which a fibre forgets its direction [m]; infinite for straight fibres.
    seed : int
        The same seed gives the same mat.
    height : float, optional
        Of the mat [m]; the domain less a diameter if not given.
    periodic : bool
        Lateral faces; symmetry planes cut and mirror the fibres.

    Raises
    ------
    ValueError
        If no such mat can be made.
    """
    top = size[2] - diameter if height is None else height
    require_positive("fibres", diameter=diameter, height=top)
    require_porosity("fibres", porosity)
    if not persistence_length >= diameter:
        raise ValueError(
            f"fibres: a persistence length of {micrometres(persistence_length)} is less than the diameter, "
            f"{micrometres(diameter)}; such fibres are balls"
        )
    if diameter > min(size[0], size[1], top):
        raise ValueError(f"fibres of diameter {micrometres(diameter)} do not fit into the mat")
    box = (size[0], size[1], top)
    step = min(2.0 * diameter, persistence_length / 6.0)
    step = min(step, 0.25 * min(box))
    volume, section = math.prod(box), 0.25 * math.pi * diameter**2
    count = max(1, round(-math.log(porosity) * volume / (section * step)))
    pieces = _Pieces(box, diameter, orientation, persistence_length, step, seed, periodic)
    samples = BedSamples.over(box)
    best: tuple[float, RodNetwork] | None = None
    for _ in range(8):
        if count > MOST_RODS:
            raise ValueError(f"fibres: the mat needs more than {MOST_RODS} pieces; take a smaller or a denser domain")
        mat = rod_network(pieces.first(count), box, periodic, "fibres")
        reached = samples.porosity(samples.distances(mat.distance))
        if best is None or abs(reached - porosity) < abs(best[0] - porosity):
            best = (reached, mat)
        if abs(reached - porosity) < TOLERANCE:
            break
        # Where fibres overlap at random, the logarithm of the porosity is proportional to their length.
        count = max(1, round(count * math.log(porosity) / math.log(min(max(reached, 1e-3), 0.9999))))
    assert best is not None
    return best[1]


class _Pieces:
    """The endless sequence of rods that a seed gives, fibre after fibre; a longer part begins with every shorter."""

    def __init__(
        self,
        box: Box,
        diameter: float,
        orientation: Orientation,
        persistence: float,
        step: float,
        seed: int,
        periodic: bool,
    ) -> None:
        self.box, self.radius, self.isotropic = box, 0.5 * diameter, orientation == "isotropic"
        self.repeated = [axis for axis in range(3) if (not periodic if axis < 2 else self.isotropic)]
        """Axes along which the rods' images are laid beside the box; a periodic network has its own."""
        self.turn, self.step = math.sqrt(step / persistence), step
        self.length = max(4, math.ceil(2.0 * max(box) / step))
        """Pieces of one fibre: long enough to cross the box."""
        self._fibres = self._endless(np.random.default_rng(seed))
        self._made: list[np.ndarray] = []

    def first(self, count: int) -> np.ndarray:
        """The first rods (count, 8), with those of their images that reach into the box."""
        while sum(map(len, self._made)) < count:
            self._made.append(next(self._fibres))
        rods = np.concatenate(self._made)[:count]
        for axis in range(3 if self.isotropic else 2):
            columns = [axis, 4 + axis]
            shift = np.floor(0.5 * rods[:, columns].sum(axis=1) / self.box[axis]) * self.box[axis]
            rods[:, columns] -= shift[:, None]
        copies = [rods]
        for axis in self.repeated:
            beside = []
            for side in (-1.0, 1.0):
                for rods_here in copies:
                    moved = rods_here.copy()
                    moved[:, [axis, 4 + axis]] += side * self.box[axis]
                    low = moved[:, [axis, 4 + axis]].min(axis=1)
                    high = moved[:, [axis, 4 + axis]].max(axis=1)
                    beside.append(moved[(low < self.box[axis]) & (high > 0.0)])
            copies += beside
        return np.concatenate(copies)

    def _endless(self, generator: np.random.Generator) -> Iterator[np.ndarray]:
        while True:
            middle = generator.random(3) * np.array(self.box)
            if not self.isotropic:
                middle[2] = generator.random() * (self.box[2] - self.radius)
            direction = self._direction(generator)
            turns = self.turn * generator.standard_normal((self.length, 2))
            path = np.empty((self.length + 1, 3))
            path[0] = 0.0
            for n, (first, second) in enumerate(turns):
                path[n + 1] = path[n] + self.step * direction
                direction = self._turned(direction, first, second)
            yield segments(path + middle - path[self.length // 2], self.radius)

    def _direction(self, generator: np.random.Generator) -> np.ndarray:
        angle = 2.0 * math.pi * generator.random()
        rise = 2.0 * generator.random() - 1.0 if self.isotropic else 0.0
        flat = math.sqrt(1.0 - rise * rise)
        return np.array([flat * math.cos(angle), flat * math.sin(angle), rise])

    def _turned(self, direction: np.ndarray, first: float, second: float) -> np.ndarray:
        """The direction after small angles in two transverse directions; in the plane where fibres lie in it."""
        if self.turn == 0.0:
            return direction
        if not self.isotropic:
            cos, sin = math.cos(first), math.sin(first)
            return np.array([cos * direction[0] - sin * direction[1], sin * direction[0] + cos * direction[1], 0.0])
        aside = np.cross(direction, [1.0, 0.0, 0.0] if abs(direction[0]) < 0.6 else [0.0, 1.0, 0.0])
        aside /= np.linalg.norm(aside)
        angle = math.hypot(first, second)
        across = (first * aside + second * np.cross(direction, aside)) / max(angle, 1e-300)
        return math.cos(angle) * direction + math.sin(angle) * across
