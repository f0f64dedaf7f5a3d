"""The moving metal: growth at the rate the reaction sets, and the regularisation that keeps the profile.

    (1-psi) d(xi)/dt = (Omega/F) S + div{ (1-psi) (b [grad xi - (q/l) n] - J n) }                        (conservative)
    (1-psi) d(xi)/dt = (Omega/F) S + div{ (1-psi) (b grad xi - J n) } - (1-psi) b q (1 - 2 xi)/l^2       (allen_cahn)

The second is the classical equation, whose front moves by v_n - b K (kernels.allen_cahn). The term in J carries the
reaction's feed to where the moving profile needs it (kernels.feed), in both. S is constant over a step; the
regularisation is integrated in substeps of a second-order Runge-Kutta method, short enough to be stable. Both add in
one right-hand side, so there is no splitting error. Only the cells near the surface are touched (kernels.band).
"""

from __future__ import annotations

import math

import numpy as np
from mpi4py import MPI

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import allen_cahn, band, feed, normals
from ramify.phasefield.kernels import front as kernels
from ramify.phasefield.kernels.surface import SMALLEST_BUMP
from ramify.phasefield.plating.wetting import Wetting
from ramify.phasefield.problem import MovingSurface

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
STABLE = 0.4
"""Largest b dt (1/hx^2 + 1/hy^2 + 1/hz^2) of a substep."""
HOLDING = 2.0
"""Least b of the conservative front over the velocity that surface energy gives it per curvature.

Measured on a flat surface with noise, at the longest stable steps: without it the tails ripple by a width and more
within a hundred steps, whatever their length; with one they grow slowly, with two all rows of cells flatten together.
"""


class Front:
    """Regularisation of one run's metal."""

    def __init__(self, grid: Grid, problem: MovingSurface, pore: np.ndarray, openings: list[np.ndarray]) -> None:
        self.grid, self.pore, self.openings = grid, pore, openings
        self.interface = problem.interface
        hx, hy, hz = problem.domain.spacing
        self.inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)
        active = [h for h, n in zip((hx, hy, hz), problem.domain.cells, strict=True) if n > 1]
        self.stiffness = sum(1.0 / h**2 for h in active)
        self.largest_curvature = 1.0 / min(active)
        along = self.stiffness - 1.0 / max(active) ** 2
        self.largest_wavenumber = 2.0 * math.sqrt(along) if len(active) > 1 else 0.0
        """Square root of the largest eigenvalue of the curvature's second differences along a surface [1/m].

        A ripple of two cells along every lateral axis: sum of 4/h^2 over the axes that the normal leaves, at most over
        all but the coarsest; a surface askew to the grid has less.
        """
        self.near = np.zeros(grid.ghosted_shape, np.uint8)
        self.spans = np.zeros((*grid.ghosted_shape[:2], 2), np.int32)
        self.classical = problem.interface.curvature == "allen_cahn"
        if self.classical:
            edge, width = math.sqrt(sum(h * h for h in active) / len(active)), problem.interface.width
            self._slowing = allen_cahn.slowing_factor(edge, width)
            self._well = allen_cahn.well_coefficients(edge, width)
            self._plain = self._plain_cells()
        self._walls = self._wall_cells()
        self.wetting = Wetting(grid, problem, pore, openings)
        if self.classical and self.wetting.collector is not None and grid.at_bottom:
            # Below them is the tilted profile: the wall's flux is one of its own.
            self._plain[1] = 0
        self.seeds: tuple[np.ndarray, ...] | None = None
        """Cells (k, j, i) of the ghosted array where metal may appear from nothing."""

    def _wall_cells(self) -> np.ndarray:
        """Owned solid cells with an open face neighbour, rows (k, j, i) of the ghosted array."""
        open_cells = self.pore > 0.0
        beside = np.zeros_like(open_cells)
        for axis in range(3):
            for step in (-1, 1):
                beside |= np.roll(open_cells, step, axis)
        return np.argwhere((~open_cells & beside)[OWNED]) + 1

    def _plain_cells(self) -> np.ndarray:
        """One where no host is within a cell; outer walls, which the ghosts mirror, do not count as closed."""
        grid = self.grid
        free = (self.pore == 1.0).astype(np.uint8)
        for axis, opening in enumerate(self.openings):
            faces, cells = np.moveaxis(opening[OWNED], 2 - axis, 0) == 1.0, np.moveaxis(free[OWNED], 2 - axis, 0)
            last = np.moveaxis(opening, 2 - axis, 0)[-1][1:-1, 1:-1] == 1.0
            lower, upper = grid.halo.neighbours[axis]
            cells[1:] &= faces[1:]
            cells[:-1] &= faces[1:]
            if lower != MPI.PROC_NULL:
                cells[0] &= faces[0]
            if upper != MPI.PROC_NULL:
                cells[-1] &= last
        grid.fill_outer_ghosts(free)
        shut = np.zeros_like(free)
        band.spread_near(1 - free, shut)
        return 1 - shut

    def mobility(self, velocity: float, relaxation: float = 0.0) -> float:
        """b [m^2/s] for the largest front velocity [m/s] and the velocity per curvature of surface energy [m^2/s].

        Every cell across the surface has a curvature of its own. Where the front all but rests, surface energy moves
        them apart faster than a b of the front's velocity holds them together: the tails then grow shapes of their own.
        """
        if self.interface.mobility is not None:
            return self.interface.mobility
        least = 0.0 if self.classical else HOLDING * relaxation
        return max(self.interface.mobility_factor * self.interface.width * velocity, least)

    def extend_into_host(self, xi: np.ndarray) -> None:
        """Give solid cells the mean of their open neighbours, and fill the ghosts.

        The surface then meets a wall at a right angle; where another angle is asked for, its tilted profile follows.
        """
        if self.wetting.walls:
            self._take_memory()
        self._extend(xi)

    def _extend(self, xi: np.ndarray) -> None:
        self.grid.halo.exchange(xi)
        kernels.extend_into_walls(xi, self.pore, self._walls)
        self.grid.fill_outer_ghosts(xi)
        if self.wetting.walls:
            self.wetting.extend(xi, self.normals)

    def borrow(self) -> tuple[np.ndarray, np.ndarray]:
        """Memory for the `rate` and the `speed` of the next `advance`, shared with other parts of a step."""
        return self._take_memory()

    def advance(
        self,
        xi: np.ndarray,
        rate: np.ndarray,
        speed: np.ndarray,
        step: float,
        velocity: float,
        relaxation: float = 0.0,
        room: np.ndarray | None = None,
    ) -> tuple[np.ndarray, float]:
        """The metal after `step`, and what curvature removed of it.

        Parameters
        ----------
        xi
            Metal fraction, ghosts filled; not changed.
        rate
            (Omega/F) S / (1-psi) [1/s].
        speed
            Front velocity of the reacting cells [m/s], ghosts filled.
        velocity
            Largest front velocity of the step [m/s].
        relaxation
            Front velocity per curvature that surface energy gives the finest ripple [m^2/s].
        room
            Array to put the new metal in; a new one by default.

        Returns
        -------
        xi, removed
            New ghosted array; sum over this rank's cells of the metal fraction (of cells) that curvature took.
        """
        b = self.mobility(velocity, relaxation) / (self._slowing if self.classical else 1.0)
        parts = max(1, math.ceil(b * step * self.stiffness / STABLE))
        self._take_memory()
        self._find_surface(xi)
        driven = self._set_slope(xi, speed)
        current, removed = np.empty_like(xi) if room is None else room, 0.0
        np.copyto(current, xi)
        np.copyto(self.stage, xi)
        stages = ((0.0, current, self.stage), (0.5, self.stage, current))
        for _ in range(parts):
            for keep, base, out in stages:
                self._flux(base, speed if driven else None, b)
                arguments = (base, current, keep, rate, self.divergence)
                if self.classical:
                    taken = self._advance_classical(arguments, driven, b, step / parts, out)
                    # The second stage starts from the first and halves what that took.
                    removed += taken if keep else 0.5 * taken
                else:
                    kernels.advance_front(*arguments, self.pore, self.spans, step / parts, out)
                self._extend(out)
        return current, removed

    def hold(self, xi: np.ndarray, step: float, velocity: float) -> None:
        """Let the regularisation alone act on a metal that has moved at a velocity [m/s] for `step`, in place."""
        nothing = np.zeros_like(xi)
        xi[:] = self.advance(xi, nothing, nothing, step, velocity)[0]

    def _take_memory(self) -> tuple[np.ndarray, np.ndarray]:
        """Work arrays of one step, in shared memory, the same places every time; returns those lent out."""
        shape = self.grid.ghosted_shape
        single = [(shape, np.float32)] * 6
        rate, speed, self.divergence, self.stage, self.psi, self.slope, self.bending, *self.normals = (
            self.grid.workspace.take(*[(shape, np.float64)] * 4, *single)
        )
        # Faces on outer walls read it too, if only to multiply it by zero.
        self.slope.fill(0.0)
        self.bending.fill(0.0)
        # The surface's curvature reads them one cell beyond the near ones, where nothing has set them.
        for normal in self.normals:
            normal.fill(0.0)
        return rate, speed

    def _find_surface(self, xi: np.ndarray) -> None:
        """Mark the cells near the surface, and set the signed distance of all others to its bound."""
        near, spread = self.near, np.zeros_like(self.near)
        band.mark_unsaturated(xi, kernels.SATURATION, near)
        if self.seeds is not None:
            near[self.seeds] = 1
        for _ in range(band.REACH):
            self.grid.fill_outer_ghosts(near)
            band.spread_near(near, spread)
            near, spread = spread, near
        band.close_gaps(near)
        self.grid.fill_outer_ghosts(near)
        self.near = near
        band.set_spans(near, self.spans)
        normals.saturate_distance(xi, self.psi)

    def _set_slope(self, xi: np.ndarray, speed: np.ndarray) -> bool:
        """Curvature, and slope of the front velocity along the normal; returns whether anything reacts on any rank."""
        if not self.grid.max(float(speed.any())):
            return False
        self._set_normals(xi)
        nx, ny, nz = self.normals
        feed.set_speed_slope(speed, self.spans, nx, ny, nz, self.inverse, self.interface.width, self.slope)
        self.grid.fill_outer_ghosts_of_vector(self.normals)
        feed.set_bending(self.spans, nx, ny, nz, self.inverse, self.interface.width, self.bending)
        self.grid.halo.exchange(self.slope)
        self.grid.fill_outer_ghosts(self.bending)
        return True

    def _set_normals(self, xi: np.ndarray) -> None:
        normals.set_distance(xi, self.spans, self.psi)
        nx, ny, nz = self.normals
        normals.set_normals(self.psi, self.spans, self.inverse, nx, ny, nz)
        self.wetting.set_normals(xi, self.normals)

    def _flux(self, xi: np.ndarray, speed: np.ndarray | None, b: float) -> None:
        """Divergence of the conservative fluxes; without the feed where no `speed` is given."""
        if self.classical and speed is None:
            return
        kernels.clear_spans(self.spans, self.divergence)
        self._set_normals(xi)
        self.grid.fill_outer_ghosts_of_vector(self.normals)
        spans, near, width = self.spans, self.near, self.interface.width
        for number, (axis, normal, opening, inverse) in enumerate(
            zip(AXES, self._face_normals(), self.openings, self.inverse, strict=True)
        ):
            if not self.classical:
                kernels.add_regularisation(xi, normal, opening, spans, near, axis, inverse, width, b, self.divergence)
            if speed is not None:
                self._add_feed(xi, speed, number)

    def _face_normals(self) -> list[np.ndarray]:
        """Normals whose means are those of the faces, of the present `normals`."""
        return self.normals

    def _add_feed(self, xi: np.ndarray, speed: np.ndarray, axis: int) -> None:
        """Add the divergence of the feed through the faces across x (0), y or z (2)."""
        feed.add_feed(
            xi,
            self.psi,
            self.normals[axis],
            self.openings[axis],
            speed,
            self.slope,
            self.bending,
            self.spans,
            self.near,
            AXES[axis],
            self.inverse[axis],
            self.divergence,
        )

    def _advance_classical(
        self,
        arguments: tuple[np.ndarray, np.ndarray, float, np.ndarray, np.ndarray],
        driven: bool,
        b: float,
        step: float,
        out: np.ndarray,
    ) -> float:
        """One stage of the Allen-Cahn equation; returns what the double well took, less what the walls drew in."""
        ix, iy, iz = self.inverse
        ox, oy, oz = self.openings
        base, _, keep, _, _ = arguments
        taken = allen_cahn.advance_allen_cahn(
            *arguments,
            driven,
            self.pore,
            (ox, oy, oz),
            self.spans,
            self.near,
            self._plain,
            (ix * ix, iy * iy, iz * iz),
            b,
            self._well,
            step,
            out,
        )
        return taken - self.wetting.add_flux(base, self.near, (1.0 - keep) * step * b, out)

    def surface_curvature(self, xi: np.ndarray, curvature: np.ndarray) -> None:
        """K [1/m] of the cells that react, for the Gibbs-Thomson shift."""
        psi = np.empty_like(xi)
        kernels.signed_distance(xi, psi)
        if self.grid.at_bottom:
            kernels.extend_films(psi, self.inverse, self.interface.width)
        self.grid.fill_outer_ghosts(psi, below=False)
        kernels.set_curvature(psi, xi, self.inverse, SMALLEST_BUMP, self.largest_curvature, curvature)
        self.wetting.set_curvature(psi, xi, self.openings, curvature)
