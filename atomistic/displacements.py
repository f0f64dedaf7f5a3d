"""Squared displacements over every origin of a trajectory: compiled kernels.

Rows are lags, columns origins; what reaches beyond the trajectory is nan.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def squared_displacements(positions: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Squared displacement, the mean over atoms.

    Parameters
    ----------
    positions : ndarray
        float64 [frame, coordinate], the coordinates of all atoms one after the other; their number over the number of
        atoms is the dimension, and the sum over the coordinates is returned.
    lags : ndarray
        int64 [lag], in frames.

    Returns
    -------
    ndarray
        [lag, origin], summed over all coordinates.
    """
    frames, coordinates = positions.shape
    out = np.full((lags.size, frames), np.nan)
    for k in range(lags.size):
        lag = lags[k]
        for origin in range(frames - lag):
            total = 0.0
            for j in range(coordinates):
                step = positions[origin + lag, j] - positions[origin, j]
                total += step * step
            out[k, origin] = total
    return out


@numba.njit(cache=True)
def squared_displacements_of_groups(
    positions: np.ndarray, labels: np.ndarray, groups: int, lags: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squared displacements of atoms by the group they are in at the origin.

    Parameters
    ----------
    positions : ndarray
        float64 [frame, atom, direction].
    labels : ndarray
        int64 [frame, atom], the group of each atom at each time; negative for none.
    groups : int
        Their number.
    lags : ndarray
        int64 [lag], in frames.

    Returns
    -------
    squares : ndarray
        Sum over the group's atoms and the directions [group, lag, origin].
    members : ndarray
        Atoms in the group [group, origin].
    stayed : ndarray
        Atoms that are in the same group a lag later [group, lag, origin].
    """
    frames, atoms, directions = positions.shape
    squares = np.full((groups, lags.size, frames), np.nan)
    stayed = np.full((groups, lags.size, frames), np.nan)
    members = np.zeros((groups, frames))
    for origin in range(frames):
        for i in range(atoms):
            if labels[origin, i] >= 0:
                members[labels[origin, i], origin] += 1.0
    for k in range(lags.size):
        lag = lags[k]
        for origin in range(frames - lag):
            for group in range(groups):
                squares[group, k, origin] = 0.0
                stayed[group, k, origin] = 0.0
            for i in range(atoms):
                group = labels[origin, i]
                if group < 0:
                    continue
                total = 0.0
                for d in range(directions):
                    step = positions[origin + lag, i, d] - positions[origin, i, d]
                    total += step * step
                squares[group, k, origin] += total
                if labels[origin + lag, i] == group:
                    stayed[group, k, origin] += 1.0
    return squares, members, stayed
