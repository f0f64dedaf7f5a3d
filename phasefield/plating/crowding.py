"""What reacts around a nucleus below the grid's resolution but is not its own: neighbours, and metal the grid shows.

Around a site the reaction weight w(xi)/l is that of several bodies. Each has a diffuse profile with the odds
xi/(1 - xi) = exp(-g/l), g the distance to its surface; where two overlap, odds add. So of the metal in a cell

    xi_f = xi rho_f/(rho_f + sum rho_n)        belongs to metal that the grid shows, rho_f = exp(-g_f/l)
    w(xi) - w(xi_f)                            is the nuclei's, parted among them as rho_n = exp((R_n - d)/l)

d is the distance to the site, R_n the radius at which a diffuse hemisphere holds the volume of the nucleus: negative as
long as that is a faint spot. g_f is the distance to the contour xi = 1/2, but for pieces around a nucleus of its own.
What nothing else is near to stays a nucleus's own to the last bit.

Caps that overlap, or reach into other metal, are cut by a plane; what lies beyond it does not react.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ramify.phasefield.grid import Grid
from ramify.phasefield.plating.surroundings import REACH, Surroundings
from ramify.physics.classical_nucleation import cap_share_beyond
from ramify.physics.interface import interface_weight

OWN = 2.0
"""Widths beyond R_n within which a contour that encloses the site is the nucleus's own."""
TAIL = 5.0
"""Widths beyond R_n (none, for a spot) at which a nucleus beside other metal ends: its weight there is e^-7 or less."""


@functools.cache
def _held(planar: bool) -> tuple[np.ndarray, np.ndarray]:
    """ln of the volume [l^3, l^2 where planar] that diffuse hemispheres, half cylinders, hold, and R [l]."""
    power, angle = (1, math.pi) if planar else (2, 2.0 * math.pi)
    d = np.linspace(0.0, 60.0, 2401)
    radii = np.linspace(-40.0, 20.0, 241)
    profiles = 1.0 / (1.0 + np.exp(np.minimum(d - radii[:, None], 700.0)))
    return np.log(angle * np.trapezoid(d**power * profiles, d, axis=1)), radii


def diffuse_radii(volumes: np.ndarray, width: float, planar: bool) -> np.ndarray:
    """R [m] of diffuse hemispheres xi = 1/(1 + exp((d - R)/l)) of given volumes [m^3], half cylinders where planar."""
    scaled = np.maximum(volumes / width ** (2 if planar else 3), 1e-300)
    return np.asarray(width * np.interp(np.log(scaled), *_held(planar)))


@dataclass(frozen=True)
class Crowd:
    """What neighbours and other metal leave to the nuclei below the grid's resolution."""

    part: np.ndarray
    """Of the nuclei's reaction in a cell, what is this one's; by entry of the surroundings."""
    others: np.ndarray
    """Share of a cell's metal that the grid shows, xi_f/xi; by entry of the surroundings."""
    exposed: np.ndarray
    """Share of each cap that other bodies leave free."""

    def own(
        self, weight: np.ndarray, around: Surroundings, xi: np.ndarray, pore: np.ndarray, width: float
    ) -> np.ndarray:
        """What of the reaction weight [1/m] in their cells is the nuclei's own, by entry of the surroundings."""
        place = around.cell
        shown = pore[place] * interface_weight(xi[place] * self.others) / width
        return np.asarray(np.maximum(weight[place] - shown, 0.0) * self.part)


def find_crowd(
    grid: Grid,
    xi: np.ndarray,
    pore: np.ndarray,
    around: Surroundings,
    sites: np.ndarray,
    caps: tuple[np.ndarray, np.ndarray, float],
    width: float,
) -> Crowd:
    """Part the surroundings of nuclei among them and the other metal there.

    Parameters
    ----------
    xi, pore
        Ghosted, ghosts filled.
    sites
        (n, 3) [m], the nuclei that `around` lists.
    caps
        Radii of curvature and volumes of the nuclei [m, m^3], contact angle.
    width
        l [m].
    """
    radius, volumes, angle = caps
    planar = grid.domain.dimension == 2
    diffuse = diffuse_radii(volumes, width, planar)
    away = -width * np.log(around.near)
    own = np.exp((diffuse[around.nucleus] - away) / width)
    place = np.ravel_multi_index(around.cell, xi.shape)
    cells, entry = np.unique(place, return_inverse=True)
    together = np.bincount(entry, own, len(cells))
    part, others = own / together[entry], np.zeros(len(own))
    beyond = [_beyond_neighbours(grid, sites, radius, angle, planar)]
    contour = _other_contour(grid, xi, pore, around, sites, diffuse + OWN * width)
    if len(contour.points):
        gap = contour.distance(sites)
        beyond.append(cap_share_beyond(gap, radius, angle, planar=planar))
        beside = np.isfinite(gap)[around.nucleus]
        part[beside & (away > np.maximum(diffuse, 0.0)[around.nucleus] + TAIL * width)] = 0.0
        asked = np.zeros(len(cells), bool)
        asked[entry[beside & (part > 0.0)]] = True
        other = np.zeros(len(cells))
        g = contour.distance(_centres(grid, cells[asked], xi.shape))
        other[asked] = np.exp(-np.maximum(g, -REACH * width) / width)
        others = (other / (other + together))[entry]
    return Crowd(part, others, np.maximum(1.0 - np.sum(beyond, axis=0), 0.0))


@dataclass(frozen=True)
class Contour:
    """Points of surfaces xi = 1/2, of all ranks."""

    points: np.ndarray
    """(n, 3), x, y, z [m]."""
    inward: np.ndarray
    """(n, 3), towards the metal."""
    box: list[float]
    """Periods along x, y, z [m]; zero where there is none."""

    def distance(self, places: np.ndarray) -> np.ndarray:
        """Signed distance [m] of places (n, 3) to the surface, negative in the metal."""
        away, nearest = cKDTree(self.points, boxsize=self.box).query(places)
        side = np.sum(_shortest(places - self.points[nearest], self.box) * self.inward[nearest], axis=1)
        return np.asarray(np.where(side > 0.0, -away, away))


def _periods(grid: Grid) -> list[float]:
    return [size if periodic else 0.0 for size, periodic in zip(grid.domain.size, grid.periodic, strict=True)]


def _shortest(vectors: np.ndarray, box: list[float]) -> np.ndarray:
    """Vectors (n, 3) between places, across periodic faces where that is shorter."""
    for axis, period in enumerate(box):
        if period > 0.0:
            vectors[:, axis] -= period * np.round(vectors[:, axis] / period)
    return vectors


def _centres(grid: Grid, cells: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Centres (n, 3), x, y, z [m], of owned cells given as flat indices of the ghosted array."""
    k, j, i = np.unravel_index(cells, shape)
    index = np.stack([i, j, k], axis=1) - 1 + np.array(grid.start)
    return np.asarray((index + 0.5) * np.array(grid.domain.spacing))


def _beyond_neighbours(grid: Grid, sites: np.ndarray, radius: np.ndarray, angle: float, planar: bool) -> np.ndarray:
    """Share of each cap beyond the planes in which it meets the caps of other nuclei."""
    total, box = np.zeros(len(sites)), _periods(grid)
    pairs = cKDTree(sites, boxsize=box).query_pairs(2.0 * float(radius.max()), output_type="ndarray")
    for one, two in (pairs.T, pairs.T[::-1]):
        away = np.linalg.norm(_shortest(sites[one] - sites[two], box), axis=1)
        plane = 0.5 * (away + (radius[one] ** 2 - radius[two] ** 2) / np.maximum(away, 1e-300))
        total += np.bincount(one, cap_share_beyond(plane, radius[one], angle, planar=planar), len(sites))
    return total


def _other_contour(
    grid: Grid, xi: np.ndarray, pore: np.ndarray, around: Surroundings, sites: np.ndarray, reach: np.ndarray
) -> Contour:
    """Contour around nuclei but for what encloses the site of one within its `reach` [m], the nucleus itself."""
    box, spacing = _periods(grid), np.array(grid.domain.spacing)
    found: list[np.ndarray] = []
    for axis in range(3):
        step = [0, 0, 0]
        step[2 - axis] = 1
        there = tuple(index + shift for index, shift in zip(around.cell, step, strict=True))
        crossed = (xi[around.cell] > 0.5) != (xi[there] > 0.5)
        entries = np.flatnonzero(crossed & (pore[there] > 0.0))
        if not len(entries):
            continue
        cells = tuple(index[entries] for index in around.cell)
        flat, first, entry = np.unique(np.ravel_multi_index(cells, xi.shape), return_index=True, return_inverse=True)
        place = tuple(index[first] for index in cells)
        low, high = (_logit(xi[tuple(index[first] for index in c)]) for c in (cells, tuple(t[entries] for t in there)))
        points = _centres(grid, flat, xi.shape)
        points[:, axis] += low / (low - high) * spacing[axis]
        inward = _gradient(xi, place, spacing)
        nucleus = around.nucleus[entries]
        away = _shortest(points[entry] - sites[nucleus], box)
        encloses = np.sum(away * inward[entry], axis=1) < 0.0
        own = encloses & (np.linalg.norm(away, axis=1) < reach[nucleus])
        other = np.bincount(entry, own, len(flat)) == 0.0
        found.append(np.hstack([points, inward])[other])
    mine = np.concatenate(found) if found else np.zeros((0, 6))
    whole = np.concatenate(grid.comm.allgather(mine)) if grid.comm.size > 1 else mine
    points = np.where(np.array(box) > 0.0, whole[:, :3] % np.where(np.array(box) > 0.0, box, 1.0), whole[:, :3])
    return Contour(points, whole[:, 3:], box)


def _logit(xi: np.ndarray) -> np.ndarray:
    x = np.clip(xi, 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(x / (1.0 - x)))


def _gradient(xi: np.ndarray, place: tuple[np.ndarray, ...], spacing: np.ndarray) -> np.ndarray:
    """Direction (n, 3), x, y, z, in which xi rises in owned cells."""
    k, j, i = place
    rises = [xi[k, j, i + 1] - xi[k, j, i - 1], xi[k, j + 1, i] - xi[k, j - 1, i], xi[k + 1, j, i] - xi[k - 1, j, i]]
    slope = np.stack(rises, axis=1) / spacing
    return np.asarray(slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-300))
