"""Crystalline and disordered atoms by averaged bond order, and the largest crystalline cluster.

q6 of an atom's neighbours, averaged over the atom and them (W. Lechner, C. Dellago, J. Chem. Phys. 129 (2008)
114707), computed by freud over up to 14 neighbours, the two nearest shells of bcc. It tells hot bcc from the melt
where common-neighbour analysis and template matching lose most of it. Crystalline atoms within the reach of two
shells of each other are one cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.atomistic.foreign import missing_library
from ramify.atomistic.frames import Box, Frame

if TYPE_CHECKING:
    from ramify.atomistic.trajectory import Trajectory

NEIGHBOURS = 14
REACH = 1.75
"""Farthest neighbour over the median distance of the nearest: atoms at a surface have fewer than 14."""
LINK = 1.45
"""Distance of crystalline atoms of one cluster over that distance."""
THRESHOLD = 0.25
"""Averaged q6 above which an atom is crystalline: between hot bcc and liquid lithium (tests measure both)."""


@dataclass(frozen=True)
class Order:
    """Order in one frame."""

    step: int | None
    atoms: int
    crystalline: int
    largest: int
    """Atoms in the largest crystalline cluster."""

    @property
    def fraction(self) -> float:
        """Crystalline atoms over all."""
        return self.crystalline / self.atoms


def averaged_bond_order(frame: Frame, distance: float) -> np.ndarray:
    """Averaged q6 of each atom; `distance` is the median distance of nearest neighbours.

    Raises
    ------
    AtomisticError
        Where freud is not installed.
    """
    try:
        import freud
    except ImportError:
        raise missing_library("freud", "ramify[md]") from None
    box, points = _freud_box(frame, distance, freud)
    steinhardt = freud.order.Steinhardt(l=6, average=True)
    # the box must hold two reaches along every axis
    reach = min(REACH * distance, 0.499 * float(np.min(box.L)))
    steinhardt.compute((box, points), neighbors={"num_neighbors": NEIGHBOURS, "r_max": reach, "exclude_ii": True})
    return np.nan_to_num(np.asarray(steinhardt.particle_order, dtype=float))


def _freud_box(frame: Frame, distance: float, freud: Any) -> tuple[Any, np.ndarray]:
    """The box as freud has it, centred, and the points in it; a wide one where the frame has none."""
    if frame.box is not None and any(frame.box.periodic):
        box = freud.box.Box.from_matrix(frame.box.vectors.T)
        box.periodic = frame.box.periodic
        centre = frame.box.origin + 0.5 * frame.box.vectors.sum(axis=0)
        return box, box.wrap(frame.positions - centre) if all(frame.box.periodic) else frame.positions - centre
    span = np.ptp(frame.positions, axis=0).max() + 4.0 * REACH * distance
    return freud.box.Box.cube(span), frame.positions - 0.5 * (frame.positions.max(axis=0) + frame.positions.min(axis=0))


def order_of(frame: Frame, threshold: float = THRESHOLD) -> tuple[Order, np.ndarray]:
    """Order of a frame, and which atoms are crystalline."""
    from ramify.atomistic.trajectory import neighbour_distance

    distance = neighbour_distance(frame)
    crystalline = averaged_bond_order(frame, distance) > threshold
    largest = largest_cluster(frame, crystalline, LINK * distance)
    return Order(frame.step, len(crystalline), int(crystalline.sum()), largest), crystalline


def largest_cluster(frame: Frame, members: np.ndarray, reach: float) -> int:
    """Atoms in the largest cluster of members, linked within `reach`, across periodic faces too."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = int(members.sum())
    if count == 0:
        return 0
    pairs = _pairs(frame, frame.positions[members], reach)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    return int(np.bincount(labels).max())


def _pairs(frame: Frame, points: np.ndarray, reach: float) -> np.ndarray:
    """Pairs of points within reach: of the points and of their copies just beyond periodic faces."""
    from scipy.spatial import cKDTree

    indices = np.arange(len(points))
    if frame.box is not None and any(frame.box.periodic):
        fractions = frame.box.fractions(points)
        periodic = np.array(frame.box.periodic)
        fractions = np.where(periodic, fractions - np.floor(fractions), fractions)
        margins = reach / frame.box.widths
        for axis in np.flatnonzero(periodic):
            along = fractions[:, axis]
            near = np.concatenate([np.flatnonzero(along < margins[axis]), np.flatnonzero(along > 1.0 - margins[axis])])
            copies = fractions[near]
            copies[:, axis] += np.where(copies[:, axis] < 0.5, 1.0, -1.0)
            fractions, indices = np.concatenate([fractions, copies]), np.concatenate([indices, indices[near]])
        points = fractions @ frame.box.vectors
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    return np.asarray(indices[pairs])


def order_over_time(frames: Iterator[tuple[Path, Frame]], threshold: float = THRESHOLD) -> Iterator[Order]:
    """Order of each frame, one at a time; the number of atoms may change (deposition)."""
    for _, frame in frames:
        yield order_of(frame, threshold)[0]


def crystalline_ends(trajectory: Trajectory) -> tuple[float, float]:
    """Crystalline fraction of a trajectory's atoms in its first and in its last frame.

    Raises
    ------
    AtomisticError
        Where freud is not installed.
    """
    first, last = (order_of(_frame(trajectory, k))[0].fraction for k in (0, -1))
    return first, last


def _frame(trajectory: Trajectory, k: int) -> Frame:
    """A frame of a trajectory, folded back into its box along the periodic axes."""
    positions, box = trajectory.positions[k], None
    if trajectory.boxes is not None and any(trajectory.periodic):
        box = Box(np.zeros(3), trajectory.boxes[k], trajectory.periodic)
        fractions = box.fractions(positions)
        positions = (fractions - np.floor(fractions) * np.array(trajectory.periodic)) @ box.vectors
    return Frame(None, None, box, None, (trajectory.species, "element"), positions, None, "unknown", 0)
