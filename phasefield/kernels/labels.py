"""Compiled kernels that carry labels from pieces of metal over their diffuse surfaces, one layer of cells at a time.

Cells are flat indices of the ghosted array. A layer is found from the one before it, so that the cost goes with the
surface and not with the volume.
"""

from __future__ import annotations

import numba
import numpy as np

UNLABELLED = -2
_QUEUED = -3
STEPS = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
TRACE = 1e-6
"""Metal fraction below which a cell holds no metal worth a label: it does not react."""


@numba.njit(cache=True)
def mark_conductors(xi: np.ndarray, pore: np.ndarray, host: np.ndarray, marks: np.ndarray) -> None:
    """One in cells with more than half metal or conducting host, zero elsewhere; `host` may have one cell."""
    nz, ny, nx = xi.shape
    varies = host.size > 1
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                p = pore[k, j, i]
                conducts = host[k, j, i] if varies else host[0, 0, 0]
                marks[k, j, i] = 1 if (xi[k, j, i] > 0.5 and p > 0.0) or (p < 0.5 and conducts) else 0


@numba.njit(cache=True)
def set_labels(numbers: np.ndarray, lookup: np.ndarray, label: np.ndarray) -> None:
    """label = lookup[numbers], ghosts too."""
    nz, ny, nx = numbers.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                label[k, j, i] = lookup[numbers[k, j, i]]


@numba.njit(cache=True)
def label_the_rest(xi: np.ndarray, without_metal: int, isolated: int, label: np.ndarray) -> None:
    """Labels of cells that no layer has reached, by whether they hold a trace of metal; ghosts too."""
    nz, ny, nx = xi.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                if label[k, j, i] == UNLABELLED:
                    label[k, j, i] = isolated if xi[k, j, i] >= TRACE else without_metal


@numba.njit(cache=True)
def first_front(xi: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Labelled cells, ghosts included, with an unlabelled owned neighbour that holds a trace of metal."""
    nz, ny, nx = xi.shape
    found = []
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                if label[k, j, i] < -1:
                    continue
                for dk, dj, di in STEPS:
                    a, b, c = k + dk, j + dj, i + di
                    inside = 0 < a < nz - 1 and 0 < b < ny - 1 and 0 < c < nx - 1
                    if inside and label[a, b, c] == UNLABELLED and xi[a, b, c] >= TRACE:
                        found.append((k * ny + j) * nx + i)
                        break
    return np.array(found, dtype=np.int64)


@numba.njit(cache=True)
def ghost_front(label: np.ndarray) -> np.ndarray:
    """Labelled ghosts next to an unlabelled owned cell: where a neighbouring rank's labels may go on."""
    nz, ny, nx = label.shape
    found = []
    for k in range(nz):
        for j in range(ny):
            row = 0 < k < nz - 1 and 0 < j < ny - 1
            for i in range(0, nx, nx - 1 if row else 1):
                if label[k, j, i] < -1:
                    continue
                for dk, dj, di in STEPS:
                    a, b, c = k + dk, j + dj, i + di
                    inside = 0 < a < nz - 1 and 0 < b < ny - 1 and 0 < c < nx - 1
                    if inside and label[a, b, c] == UNLABELLED:
                        found.append((k * ny + j) * nx + i)
                        break
    return np.array(found, dtype=np.int64)


@numba.njit(cache=True)
def label_layer(xi: np.ndarray, label: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Give unlabelled neighbours of the front, traces of metal in owned cells, the label of the fullest neighbour.

    Returns the cells labelled, the next front. `label` changes in place.
    """
    nz, ny, nx = xi.shape
    layer = []
    for n in front:
        k, j, i = n // (ny * nx), n // nx % ny, n % nx
        for dk, dj, di in STEPS:
            a, b, c = k + dk, j + dj, i + di
            inside = 0 < a < nz - 1 and 0 < b < ny - 1 and 0 < c < nx - 1
            if inside and label[a, b, c] == UNLABELLED and xi[a, b, c] >= TRACE:
                label[a, b, c] = _QUEUED
                layer.append((a * ny + b) * nx + c)
    cells = np.array(layer, dtype=np.int64)
    labels = np.empty(cells.size, dtype=label.dtype)
    for m, n in enumerate(cells):
        k, j, i = n // (ny * nx), n // nx % ny, n % nx
        fullest = -np.inf
        for dk, dj, di in STEPS:
            value = label[k + dk, j + dj, i + di]
            if value >= -1 and xi[k + dk, j + dj, i + di] > fullest:
                fullest = xi[k + dk, j + dj, i + di]
                labels[m] = value
    for m, n in enumerate(cells):
        label[n // (ny * nx), n // nx % ny, n % nx] = labels[m]
    return cells


@numba.njit(cache=True)
def uphill_labels(xi: np.ndarray, label: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Labels of the fullest face neighbours of `cells` (flat, owned); UNLABELLED where none is fuller or known."""
    found = np.empty(cells.size, np.int32)
    _, ny, nx = xi.shape
    for n in range(cells.size):
        k, j, i = cells[n] // (ny * nx), cells[n] // nx % ny, cells[n] % nx
        fullest = xi[k, j, i]
        found[n] = UNLABELLED
        for dk, dj, di in STEPS:
            if xi[k + dk, j + dj, i + di] > fullest:
                fullest = xi[k + dk, j + dj, i + di]
                found[n] = label[k + dk, j + dj, i + di]
    return found
