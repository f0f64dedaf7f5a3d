"""From signed distances to the fields a run starts with: openings of cells and faces, and the metal's profile."""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels.openings import open_cells, open_faces
from ramify.phasefield.plating.state import Geometry
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.interface import equilibrium_profile

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
SMALLEST_OPENING = 0.05
"""Cells less open than this count as solid: they would hold next to nothing and stiffen the front."""


def build_geometry(grid: Grid, problem: PlatingProblem) -> Geometry:
    """Openings of the host, cells and faces, from its signed distance at the cells' corners."""
    pore = grid.zeros()
    openings = [grid.zeros(np.float32) for _ in range(3)]
    distance = problem.geometry.host_distance
    if distance is None:
        pore.fill(1.0)
        for opening in openings:
            opening.fill(1.0)
    else:
        corners = np.ascontiguousarray(distance(*grid.corners()), dtype=np.float64)
        open_cells(corners, pore)
        pore[pore < SMALLEST_OPENING] = 0.0
        for axis, opening in zip(AXES, openings, strict=True):
            open_faces(corners, axis, opening)
    _close_walls(grid, pore, openings)
    return Geometry(
        pore=pore,
        openings=openings,
        eps=grid.zeros(),
        active=grid.zeros(np.uint8),
        weight=grid.zeros(),
        fractions=[grid.zeros(np.float32) for _ in range(3)],
    )


def _close_walls(grid: Grid, pore: np.ndarray, openings: list[np.ndarray]) -> None:
    """No face opens on a solid cell, wider than its smaller cell allows, or on an outer wall."""
    grid.fill_outer_ghosts(pore)
    for axis, opening in enumerate(openings):
        step = [0, 0, 0]
        step[2 - axis] = 1
        lower = np.roll(pore, step, axis=(0, 1, 2))
        open_pair = (pore > 0.0) & (lower > 0.0)
        opening[:] = np.where(open_pair, np.minimum(opening, 2.0 * np.minimum(pore, lower)), 0.0)
        faces = np.moveaxis(opening, 2 - axis, 0)
        if grid.start[axis] == 0 and not grid.periodic[axis]:
            faces[1] = 0.0
        if grid.start[axis] + grid.local[axis] == grid.domain.cells[axis] and not grid.periodic[axis]:
            faces[-1] = 0.0
        faces[0] = 0.0
        grid.halo.exchange(opening)


def initial_metal(grid: Grid, problem: PlatingProblem) -> np.ndarray:
    """xi of the initial metal, the tanh profile of its signed distance; ghosted, ghosts filled."""
    x, y, z = grid.centres()
    xi = grid.zeros()
    xi[:] = equilibrium_profile(problem.geometry.metal_distance(x, y, z), problem.interface.width)
    grid.fill_outer_ghosts(xi)
    return xi


def sample_activity(grid: Grid, problem: PlatingProblem) -> np.ndarray:
    """Factor on the exchange current density: one cell, or a ghosted array."""
    activity = problem.geometry.activity
    if activity is None:
        return np.ones((1, 1, 1))
    values = grid.zeros()
    values[:] = activity(*grid.centres())
    if not np.all(values >= 0.0):
        raise ValueError("the surface activity must be zero or positive everywhere")
    return values
