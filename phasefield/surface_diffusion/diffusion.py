"""Surface diffusion of the metal, V = B lap_s K, as a conservative flow of metal within its diffuse surface.

    (1-psi) d(xi)/dt = div{ (1-psi) (B q/l) grad u },     q = xi (1 - xi),     no flux at walls

u: the surface's curvature K = -div n, positive for convex metal, the same along a normal (surface_diffusion.band). q/l
integrates to one across the surface, so the flow is that of the sharp surface, B grad_s K; and it is |grad xi|, so
that a surface moves by V = B lap_s K as a whole, with its profile. u being constant along the normal, nothing flows
across the surface: there is no diffusion through the bulk, which a Cahn-Hilliard equation with this mobility has in
the same order. What is left is of second order in width times curvature.

In time: Rosenbrock's two-stage scheme of second order (Verwer et al., SIAM J. Sci. Comput. 20 (1999) 1456),

    k1 = dt J^ f(y),   k2 = J^ [dt f(y + k1) - 2 k1],   y_new = y + 3/2 k1 + 1/2 k2,   J^ = (1 - GAMMA dt J)^-1

which keeps its order with any J and damps what is stiff completely: no step is limited by h^4. With the J of
surface_diffusion.band, k = -dt (B/l) A u holds the metal of every cell and its neighbours to round-off, however well u
is solved for. (k1 + k2)/2, damped once more, estimates the error; steps in which it is too large are cut into equal
parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import surface_diffusion as kernels
from ramify.phasefield.surface_diffusion.band import Band, Stage, finest_edge

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
GAMMA = 1.0 - math.sqrt(0.5)
STIFFER = 1.15
"""J over the operator it stands for: the scheme is unstable where J is less than 0.86 of it."""
ABSOLUTE = 2e-3
"""Error of a part of a step that is always allowed [cells]."""
RELATIVE = 0.05
"""The same over the distance that the surface moves in it."""
LONGEST_WAY = 0.5
"""Of the surface in one part of a step [widths]."""
STRONG = 0.05
"""Least q of the cells at which motion and error are looked at."""
MOST_PARTS = 4096


@dataclass(frozen=True)
class Diffused:
    """What surface diffusion did in a step."""

    parts: int
    speed: float
    """Largest velocity of the surface [m/s], the mean over each part."""
    error: float
    """Largest estimate of the error of a part [m]."""
    curvature: float
    """Largest size of u [1/m]."""


class SurfaceDiffusion:
    """Surface diffusion of one run's metal.

    Parameters
    ----------
    grid
        The mesh.
    width
        l of the profile [m].
    pore, openings
        Open fractions of cells and of the faces across x, y, z; ghosted arrays.
    set_curvature
        Writes K [1/m] of a metal fraction with filled ghosts into an array.
    extend
        Fills the ghosts of a metal fraction, and its cells in solid walls.
    """

    def __init__(
        self,
        grid: Grid,
        width: float,
        pore: np.ndarray,
        openings: list[np.ndarray],
        set_curvature: Callable[[np.ndarray, np.ndarray], None],
        extend: Callable[[np.ndarray], None],
    ) -> None:
        self.grid, self.width, self.pore, self.openings = grid, width, pore, openings
        self.finest = finest_edge(grid)
        self._set_curvature, self._extend = set_curvature, extend
        self._curvature, self._potential, self._gain, self._stage = (grid.zeros() for _ in range(4))

    def advance(self, xi: np.ndarray, step: float, coefficient: float | np.ndarray) -> Diffused:
        """Let the metal flow along its surface for `step` seconds; `xi` changes in place.

        Parameters
        ----------
        xi
            Metal fraction, ghosts filled.
        coefficient
            B [m^4/s]: a number, or a ghosted array with filled ghosts.

        Raises
        ------
        SolverFailure
            If no number of parts makes the step good; `xi` is then what it was.
        """
        largest = float(coefficient) if np.isscalar(coefficient) else self.grid.max(float(np.max(coefficient)))
        if largest == 0.0:
            return Diffused(0, 0.0, 0.0, 0.0)
        share = np.ones((1, 1, 1)) if np.isscalar(coefficient) else np.asarray(coefficient) / largest
        before, parts = xi.copy(), 1
        while parts <= MOST_PARTS:
            done, wanted = self._try(xi, step / parts, parts, largest, share)
            if done is not None:
                return done
            xi[:] = before
            parts = wanted
        raise SolverFailure(
            f"surface diffusion needs more than {MOST_PARTS} parts of a step of {step:.2g} s",
            field="xi",
            place=None,
            time=float("nan"),
            remedy="lower numerics.largest_step",
        )

    def _try(
        self, xi: np.ndarray, step: float, parts: int, largest: float, share: np.ndarray
    ) -> tuple[Diffused | None, int]:
        """`parts` parts of `step` seconds each; the outcome, or None and how many parts to try instead."""
        speed = worst = bent = 0.0
        for _ in range(parts):
            way, error, curvature = self._part(xi, step, largest, share)
            allowed = ABSOLUTE * self.finest + RELATIVE * way
            excess = max(math.sqrt(error / allowed), way / (LONGEST_WAY * self.width))
            if not excess <= 1.0:
                return None, parts * 2 if not math.isfinite(excess) else math.ceil(parts * min(max(1.2 * excess, 2.0), 16.0))
            speed, worst, bent = max(speed, way / step), max(worst, error), max(bent, curvature)
        return Diffused(parts, speed, worst, bent), parts

    def _part(self, xi: np.ndarray, step: float, largest: float, share: np.ndarray) -> tuple[float, float, float]:
        """One step of the scheme; returns the surface's largest motion and error [m], and the largest |u| [1/m]."""
        band = Band(self.grid, xi, self.pore, self.openings, share)
        if band.total == 0:
            return 0.0, 0.0, 0.0
        stage = band.solver(STIFFER * GAMMA * step * largest / self.finest**4)
        try:
            return self._advance(xi, band, stage, step * largest / (self.width * self.finest**2), share)
        finally:
            stage.free()
            band.free()

    def _advance(
        self, xi: np.ndarray, band: Band, stage: Stage, factor: float, share: np.ndarray
    ) -> tuple[float, float, float]:
        first = stage.solve(self._read_curvature(xi, band))
        self._flow(xi, band, first, factor, share)
        kernels.displace(xi, self.pore, self._gain, band.numbers, STRONG, self._stage)
        self._extend(self._stage)
        second = stage.solve(self._read_curvature(self._stage, band) - 2.0 * first)
        self._flow(xi, band, 0.5 * (first + second), factor, share)
        error = self._largest(stage, xi, band)
        self._flow(xi, band, 1.5 * first + 0.5 * second, factor, share)
        way = self.grid.max(kernels.displace(xi, self.pore, self._gain, band.numbers, STRONG, self._stage))
        kernels.add_gain(xi, self.pore, self._gain, band.numbers)
        self._extend(xi)
        x = band.collect(xi)
        bent = self.grid.max(float(np.abs(first[x * (1.0 - x) > STRONG]).max(initial=0.0)))
        return way * self.width, error * self.width, bent

    def _read_curvature(self, xi: np.ndarray, band: Band) -> np.ndarray:
        self._set_curvature(xi, self._curvature)
        spacing, cells = self.grid.domain.spacing, self.grid.domain.cells
        ix, iy, iz = (1.0 / h if n > 1 else 0.0 for h, n in zip(spacing, cells, strict=True))
        largest = 1.0 / self.finest
        kernels.refer_to_surface(xi, band.numbers, (ix, iy, iz), self.width, largest, self._curvature)
        return band.collect(self._curvature)

    def _flow(self, xi: np.ndarray, band: Band, u: np.ndarray, factor: float, share: np.ndarray) -> None:
        """What the cells gain, of metal, under the potential u, into `_gain`."""
        band.spread(u, self._potential)
        self._gain.fill(0.0)
        for axis, opening, h, n in zip(
            AXES, self.openings, self.grid.domain.spacing, self.grid.domain.cells, strict=True
        ):
            if n > 1:
                scaled = factor * (self.finest / h) ** 2
                kernels.flow_along_surface(
                    xi, self._potential, band.numbers, opening, axis, scaled, share, self._gain
                )

    def _largest(self, stage: Stage, xi: np.ndarray, band: Band) -> float:
        """Largest error [widths] from what the cells gain by it, damped as the scheme damps."""
        x, p = band.collect(xi), band.collect(self.pore)
        q = x * (1.0 - x)
        shifts = np.abs(stage.smooth(band.collect(self._gain) / (p * q)))
        return self.grid.max(float(shifts[q > STRONG].max(initial=0.0)))
