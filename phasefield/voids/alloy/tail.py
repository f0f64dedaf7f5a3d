"""Magnesium in the diffuse surface of voids: it stays behind, and is handed into the metal along the normal.

The metal that a wall gives off as vacancies reach it is lithium alone. Spread over the diffuse surface, that leaves
magnesium in cells that soon hold no metal. So y of the cells between the void's far end and the surface (the tail,
psi < EDGE, psi the signed distance in widths) is that of the cells inside, carried on along the normals, y = P y_in,
and what a cell of the tail has beyond it, e = G - xi P y_in with G its magnesium, is handed in by the transpose:

    y_in += (P^T e)/(xi + P^T xi),      y = P y_in in the tail

That conserves G to round-off, whatever P; leaves an even y even and a tail that has nothing in excess alone, so that
magnesium that is where it belongs is not moved along the wall again.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import alloy_tail as kernels
from ramify.phasefield.kernels import front as front_kernels
from ramify.phasefield.kernels.vacancies import SMALLEST_BUMP

EDGE = 0.0
"""Signed distance in widths where the tail ends."""
DEEPEST = -math.log(SMALLEST_BUMP)
"""Signed distance in widths from which on nothing is exchanged with the void."""
STEEP = 0.5
"""Least slope of the signed distance along which a cell of metal looks for its wall; a signed distance has one of 1.
Where it is flat along the contact the wall is between the cell and the contact, and the cell's y is the wall's."""
FAR = front_kernels.LARGEST_DISTANCE - 1e-6
"""Beyond it there is no metal: 1e-12 of a cell."""


class Tail:
    """Magnesium at the surfaces of one metal; `magnesium` is what cells without metal are given, `width` l."""

    def __init__(self, grid: Grid, openings: list[np.ndarray], magnesium: float, width: float) -> None:
        self.grid, self._magnesium = grid, magnesium
        self._steep = STEEP / width
        ox, oy, oz = openings
        self._openings = (ox, oy, oz)
        hx, hy, hz = grid.domain.spacing
        self._inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)
        self._psi = grid.zeros()
        self._xi: np.ndarray | None = None
        self.empty = True
        """Whether there is no surface at all."""

    def set_geometry(self, xi: np.ndarray) -> None:
        """Find the tails of a metal fraction, ghosts filled."""
        if xi is self._xi:
            return
        front_kernels.signed_distance(xi, self._psi)
        self._xi = xi
        self._cells = kernels.list_tail(self._psi, EDGE, FAR)
        self.empty = self.grid.max(float(np.any(self._psi[OWNED] < EDGE))) == 0.0
        if self.empty:
            return
        self._shares = self._looking(self._psi, self._cells, 0.0)
        self.grid.halo.exchange(*self._shares)

    def _looking(self, psi: np.ndarray, cells: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shares = (self.grid.zeros(), self.grid.zeros(), self.grid.zeros())
        kernels.set_tail_shares(psi, cells, self._openings, self._inverse, least, shares)
        return shares

    def at_wall(self, y: np.ndarray) -> np.ndarray:
        """Y of the tails carried on into the metal along the normals, as far as it exchanges anything with a void."""
        if self.empty:
            return y
        behind, wall = -self._psi, y.copy()
        cells = kernels.list_tail(behind, -EDGE, DEEPEST)
        self._extend(wall, cells, self._looking(behind, cells, self._steep))
        return wall

    def settle(self, y: np.ndarray) -> None:
        """Hand in the excess of a y whose xi y is the magnesium of each cell, in place; ghosts of y are filled."""
        self.grid.fill_outer_ghosts(y)
        if self.empty:
            return
        extended = y.copy()
        self._extend(extended, self._cells, self._shares)
        sx, sy, sz = self._shares
        looks = (sx != 0.0) | (sy != 0.0) | (sz != 0.0)
        assert self._xi is not None
        excess = np.where(looks, self._xi * (y - extended), 0.0)
        mass = np.where(looks, self._xi, 0.0)
        kernels.collect(self._shares, self._hand(excess), self._hand(mass), self._xi, extended)
        self._extend(extended, self._cells, self._shares)
        y[:] = extended
        y[OWNED] = np.where(self._psi[OWNED] <= -FAR, self._magnesium, y[OWNED])
        self.grid.fill_outer_ghosts(y)

    def _extend(self, values: np.ndarray, cells: np.ndarray, shares: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
        changes = 1.0
        while changes > 0.0:
            self.grid.halo.exchange(values)
            changes = self.grid.max(float(kernels.extend_along_tail(cells, shares, values)))

    def _hand(self, own: np.ndarray) -> np.ndarray:
        held, changes = self.grid.zeros(), 1.0
        while changes > 0.0:
            self.grid.halo.exchange(held)
            changes = self.grid.max(float(kernels.hand_inwards(self._cells, self._shares, own, held)))
        return held
