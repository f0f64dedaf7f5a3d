"""How much of each face of the contact plane the metal touches, from the metal fraction in the two layers below it.

In the profile of a diffuse surface, d = l ln(xi/(1 - xi)) is the distance to the surface, positive in metal. It is
carried on from the centres of the two last layers to the plane (no faster than a distance can grow), its slopes along
the plane are central differences, and the face's share of contact is the area on which the plane d + g.r is positive:
second order in the cell size where the surface meets the plane at an angle, and no wider than one cell, whatever l.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.phasefield.grid import Grid

FARTHEST = 8.0
"""Widths from its surface at which metal and void count as far."""


@numba.njit(cache=True)
def positive_share(value: float, rise_x: float, rise_y: float) -> float:
    """Share of a rectangle where a linear function is positive: value at the centre, gains along each axis."""
    large, small = max(abs(rise_x), abs(rise_y)), min(abs(rise_x), abs(rise_y))
    above = value + 0.5 * (large + small)
    if above <= 0.0:
        return 0.0
    if above >= large + small:
        return 1.0
    if small <= 1e-9 * large:
        return min(max(value / large + 0.5, 0.0), 1.0)
    area = above**2 - max(above - large, 0.0) ** 2 - max(above - small, 0.0) ** 2
    return min(max(area / (2.0 * large * small), 0.0), 1.0)


@numba.njit(cache=True)
def _distance(xi: float) -> float:
    """Distance to the surface in widths."""
    tail = math.exp(-FARTHEST)
    inside = min(max(xi, tail), 1.0 - tail)
    return math.log(inside / (1.0 - inside))


@numba.njit(cache=True)
def _set_distances(last: np.ndarray, before: np.ndarray, width: float, hz: float, out: np.ndarray) -> None:
    """Signed distances [m] on the plane; arrays (ny, nx)."""
    for j in range(last.shape[0]):
        for i in range(last.shape[1]):
            d = width * _distance(last[j, i])
            out[j, i] = d + 0.5 * min(max(d - width * _distance(before[j, i]), -hz), hz)


@numba.njit(cache=True)
def _set_shares(d: np.ndarray, periodic: bool, out: np.ndarray) -> None:
    ny, nx = d.shape
    for j in range(ny):
        for i in range(nx):
            left, right, front, back = i - 1, i + 1, j - 1, j + 1
            if periodic:
                left, right, front, back = left % nx, right % nx, front % ny, back % ny
            left, right, front, back = max(left, 0), min(right, nx - 1), max(front, 0), min(back, ny - 1)
            out[j, i] = positive_share(d[j, i], 0.5 * (d[j, right] - d[j, left]), 0.5 * (d[back, i] - d[front, i]))


def contact_shares(last: np.ndarray, before: np.ndarray, width: float, hz: float, periodic: bool) -> np.ndarray:
    """Share of each face in contact (ny, nx).

    Parameters
    ----------
    last, before
        Metal fraction in the layer at the plane and in the one below it (ny, nx); the same array twice where there is
        only one.
    width
        l of the diffuse surface [m].
    hz
        Height of a layer [m].
    periodic
        Lateral faces periodic; otherwise planes of symmetry.
    """
    distances, shares = np.empty(last.shape), np.empty(last.shape)
    _set_distances(np.ascontiguousarray(last), np.ascontiguousarray(before), width, hz, distances)
    _set_shares(distances, periodic, shares)
    return shares


def gather_planes(grid: Grid, *planes: np.ndarray | None) -> list[np.ndarray]:
    """Whole planes (ny, nx) on every rank from the parts that the ranks at the top hold; None on the others."""
    nx, ny, _ = grid.domain.cells
    mine = (grid.start[:2], [None if plane is None else np.ascontiguousarray(plane) for plane in planes])
    whole = [np.zeros((ny, nx)) for _ in planes]
    for (x0, y0), parts in grid.comm.allgather(mine) if grid.comm.size > 1 else [mine]:
        for target, part in zip(whole, parts, strict=True):
            if part is not None:
                target[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    return whole


def shares_of(grid: Grid, xi: np.ndarray, width: float) -> np.ndarray:
    """`contact_shares` (ny, nx), on every rank, of a ghosted metal fraction whose top layer is at the plane."""
    inner = (slice(1, -1), slice(1, -1))
    single = grid.domain.cells[2] == 1
    layers = (xi[(-2, *inner)], xi[(-2 if single else -3, *inner)]) if grid.at_top else (None, None)
    last, before = gather_planes(grid, *layers)
    return contact_shares(last, before, width, grid.domain.spacing[2], grid.domain.periodic)


def share_of(grid: Grid, plane: np.ndarray) -> np.ndarray:
    """A whole plane's columns (ny, nx) that are this rank's."""
    x, y, _ = grid.start
    ny, nx = grid.shape[1:]
    return np.ascontiguousarray(plane[y : y + ny, x : x + nx])
