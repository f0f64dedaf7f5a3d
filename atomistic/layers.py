"""Which layer an atom is in at each time: slabs along an axis, or the surface and the core of a cluster."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.trajectory import Trajectory

SHELL = 1.45
"""Reach of an atom's neighbours over the distance of the nearest: between the second and the third shell of bcc."""
SURFACE = 0.75
"""Atoms with less than this fraction of the neighbours that atoms inside have are at the surface."""


def slabs(trajectory: Trajectory, axis: int, count: int) -> np.ndarray:
    """Layers of equal thickness between the lowest and the highest atom along an axis, from the bottom [frame, atom].

    Raises
    ------
    AtomisticError
        Where the box is periodic along the axis and atoms fill it: there is no bottom.
    """
    heights = trajectory.positions[:, :, axis]
    low, high = np.quantile(heights, [0.001, 0.999], axis=1)
    if trajectory.periodic[axis] and trajectory.boxes is not None:
        edge = float(trajectory.boxes[:, axis, axis].mean())
        if float(np.median(high - low)) > 0.95 * edge:
            raise AtomisticError(
                "atoms fill the periodic box along this axis: no layer is the first", subject="--layers",
                allowed="a film with a gap above it",
            )  # fmt: skip
    scaled = (heights - low[:, None]) / (high - low)[:, None]
    return np.clip((scaled * count).astype(np.int64), 0, count - 1)


def surface_and_core(trajectory: Trajectory) -> np.ndarray:
    """0 for atoms at the surface of a cluster or film, 1 for those inside [frame, atom].

    Neighbours are counted within the reach of two shells; an atom inside has as many as the upper quartile of all.
    """
    if trajectory.neighbours is None or trajectory.positions.shape[1] < trajectory.atoms:
        raise AtomisticError("surface atoms cannot be told apart: not all atoms are in memory", subject="--surface")
    reach = SHELL * trajectory.neighbours
    labels = np.ones(trajectory.positions.shape[:2], np.int64)
    for frame, positions in enumerate(trajectory.positions):
        folded, size = positions, None
        if trajectory.boxes is not None and any(trajectory.periodic):
            box = trajectory.boxes[frame]
            if np.count_nonzero(box - np.diag(np.diagonal(box))):
                raise AtomisticError("the box is tilted", subject="--surface", allowed="an orthogonal box")
            edges = np.diagonal(box)
            size = np.where(trajectory.periodic, edges, 0.0)
            folded = np.where(trajectory.periodic, np.mod(positions, edges), positions)
        tree = cKDTree(folded, boxsize=size)
        counts = tree.query_ball_point(folded, reach, return_length=True) - 1
        labels[frame] = counts >= SURFACE * np.quantile(counts, 0.75)
    if labels.min() == labels.max():
        raise AtomisticError("all atoms have as many neighbours: there is no surface", subject="--surface")
    return labels
