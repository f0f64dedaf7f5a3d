"""Surface diffusion of the metal, V = B lap_s K, as a conservative flow of metal within its diffuse surface.

    (1-psi) d(xi)/dt = div{ (1-psi) (B q/l) grad u },     q = xi (1 - xi),     no flux at walls

u: the surface's curvature K = -div n, positive for convex metal, the same along a normal: each cell's own is referred
to the surface where its normal meets it (kernels.surface_diffusion.refer_to_surface), and what is left of differences
across the profile is averaged (surface_diffusion.band). q/l integrates to one across the surface, so the flow is that
of the sharp surface, -B grad_s K; and it is |grad xi|, so that a surface moves by V = B lap_s K as a whole, with its
profile. u being constant along the normal, nothing flows across the surface: there is no diffusion through the bulk,
which a Cahn-Hilliard equation with this mobility has in the same order. What is left is of second order in width times
curvature. The front's own regularisation holds the profile after every part of a step (`hold`).

In time: Rosenbrock's two-stage scheme of second order (Verwer et al., SIAM J. Sci. Comput. 20 (1999) 1456),

    k1 = J^ dt f(y),   k2 = J^ [dt f(y + k1) - 2 k1],   y_new = y + 3/2 k1 + 1/2 k2,   J^ = (1 - GAMMA dt J)^-1

which keeps its order with any J and damps what is stiff completely: no step is limited by h^4. With the J of
surface_diffusion.band, k = -dt (B/l) A u holds the metal of every cell and its neighbours to round-off, however well u
is solved for. The difference to the scheme's first stage, damped once more, estimates the error; a step is taken in as
many parts as that and the way of the surface ask for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import surface_diffusion as kernels
from ramify.phasefield.surface_diffusion.band import Band, DiffusionFailure, Stage, finest_edge

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
GAMMA = 1.0 - math.sqrt(0.5)
STIFFER = 1.15
"""J over the operator it stands for: the scheme is unstable where J is less than 0.86 of it."""
LEAST_STIFFNESS = 0.1
"""Of a stage, s^2: in short parts the linear problem only smooths, by s^2 k^4 h^4; it has to stay well conditioned."""
ABSOLUTE = 1e-2
"""Error of a part of a step that is always allowed [cells]."""
RELATIVE = 0.05
"""The same over the way of the surface in it."""
LONGEST_WAY = 0.5
"""Of the surface in one part of a step [widths]."""
STRONG = 0.1
"""Least q of the cells at which way and error are looked at."""
LONGEST = 1e300
"""Length of a part [s] that nothing limits."""
MOST_FAILURES = 30
"""Of parts in a row, each shorter than the one before."""
SAFETY, SHRINK, RETRY, GROWTH = 0.85, 0.1, 0.5, 4.0
"""Next part over what the error allows; ratio of two parts: the least, the largest after a failure, the largest."""


@dataclass(frozen=True)
class Diffused:
    """What surface diffusion did in a step."""

    parts: int
    speed: float
    """Largest velocity of the surface [m/s], the mean over each part."""
    error: float
    """Largest estimate of the error of a part [m]."""
    way: float
    """Sum over the parts of the surface's largest motion [m]."""


@dataclass(frozen=True)
class _Part:
    """One part of a step."""

    way: float
    """Largest motion of the surface [m]."""
    error: float
    """Its largest estimated error [m]."""
    excess: float
    """How many times shorter it should have been; the part is taken if that is one or less."""


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
    hold
        Lets the front's regularisation act on a metal fraction, in place, for a duration [s] in which the surface has
        moved at a velocity [m/s].
    """

    def __init__(
        self,
        grid: Grid,
        width: float,
        pore: np.ndarray,
        openings: list[np.ndarray],
        set_curvature: Callable[[np.ndarray, np.ndarray], None],
        extend: Callable[[np.ndarray], None],
        hold: Callable[[np.ndarray, float, float], None],
    ) -> None:
        self.grid, self.width, self.pore, self.openings = grid, width, pore, openings
        self.finest = finest_edge(grid)
        self._set_curvature, self._extend, self._hold = set_curvature, extend, hold
        self.longest = LONGEST
        """Length of the next part [s]; belongs to the state of a run."""
        self._curvature, self._trust = grid.zeros(), grid.zeros()
        self._potential, self._gain, self._stage = grid.zeros(), grid.zeros(), grid.zeros()

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
        DiffusionFailure
            Where no part is short enough.
        """
        uniform = not isinstance(coefficient, np.ndarray)
        largest = float(coefficient) if uniform else self.grid.max(float(np.max(coefficient)))
        if largest == 0.0:
            return Diffused(0, 0.0, 0.0, 0.0)
        share = np.ones((1, 1, 1)) if uniform else np.asarray(coefficient) / largest
        done, failed, part = 0.0, 0, min(step, self.longest)
        parts, speed, worst, way = 0, 0.0, 0.0, 0.0
        while done < step:
            last = done + part >= step * (1.0 - 1e-9)
            part = step - done if last else part
            tried = self._part(xi, part, largest, share)
            if tried.excess <= 1.0:
                done = step if last else done + part
                parts, failed = parts + 1, 0
                speed, worst, way = max(speed, tried.way / part), max(worst, tried.error), way + tried.way
                self._hold(xi, part, tried.way / part)
            else:
                failed += 1
            if failed > MOST_FAILURES:
                raise DiffusionFailure(f"surface diffusion needs parts of a step of less than {part:.2g} s")
            ratio = min(max(SAFETY / max(tried.excess, 1e-12), SHRINK), GROWTH if failed == 0 else RETRY)
            # In half octaves: any number of ranks chooses the same.
            ratio = 2.0 ** (0.5 * math.floor(2.0 * math.log2(ratio)))
            # The short rest of a step says nothing of how long the next part may be.
            known = self.longest if failed == 0 and part < self.longest < LONGEST else 0.0
            self.longest = min(max(part * ratio, known), LONGEST)
            part = self.longest
        return Diffused(parts, speed, worst, way)

    def _part(self, xi: np.ndarray, step: float, largest: float, share: np.ndarray) -> _Part:
        """One step of the scheme, taken if it is good; otherwise `xi` stays what it was."""
        band = Band(self.grid, xi, self.pore, self.openings, share)
        if band.total == 0:
            return _Part(0.0, 0.0, 0.0)
        curvature = self._read_curvature(xi, band)
        band.weigh(xi, self.pore, self._trust)
        stage = band.solver(max(STIFFER * GAMMA * step * largest / self.finest**4, LEAST_STIFFNESS))
        try:
            return self._advance(xi, curvature, band, stage, step * largest / (self.width * self.finest**2), share)
        finally:
            stage.free()
            band.free()

    def _advance(
        self, xi: np.ndarray, curvature: np.ndarray, band: Band, stage: Stage, factor: float, share: np.ndarray
    ) -> _Part:
        first = stage.solve(curvature)
        self._flow(xi, band, first, factor, share)
        kernels.displace(xi, self.pore, self._gain, band.numbers, STRONG, self._stage)
        self._extend(self._stage)
        ahead = self._read_curvature(self._stage, band)
        second = stage.solve(ahead - 2.0 * first)
        # (k1 + k2)/2 if J is exact; and nothing in the limit of short parts, whatever J is.
        self._flow(xi, band, (0.5 - GAMMA) * stage.damp(ahead - curvature), factor, share)
        error = self._largest(stage, xi, band) * self.width
        self._flow(xi, band, 1.5 * first + 0.5 * second, factor, share)
        shift = self.grid.max(kernels.displace(xi, self.pore, self._gain, band.numbers, STRONG, self._stage))
        way = shift * self.width
        excess = max(math.sqrt(error / (ABSOLUTE * self.finest + RELATIVE * way)), shift / LONGEST_WAY)
        if excess <= 1.0:
            kernels.add_gain(xi, self.pore, self._gain, band.numbers)
            self._extend(xi)
        return _Part(way, error, excess if math.isfinite(excess) else 1.0 / SHRINK)

    def _read_curvature(self, xi: np.ndarray, band: Band) -> np.ndarray:
        self._set_curvature(xi, self._curvature)
        spacing, cells = self.grid.domain.spacing, self.grid.domain.cells
        ix, iy, iz = (1.0 / h if n > 1 else 0.0 for h, n in zip(spacing, cells, strict=True))
        largest = 1.0 / self.finest
        kernels.refer_to_surface(xi, band.numbers, (ix, iy, iz), self.width, largest, self._curvature, self._trust)
        return band.collect(self._curvature)

    def _flow(self, xi: np.ndarray, band: Band, u: np.ndarray, factor: float, share: np.ndarray) -> None:
        """What the cells gain, of metal, under the potential u, into `_gain`."""
        band.spread(u, self._potential)
        self._gain.fill(0.0)
        domain = self.grid.domain
        for axis, opening, h, n in zip(AXES, self.openings, domain.spacing, domain.cells, strict=True):
            if n > 1:
                scaled = factor * (self.finest / h) ** 2
                kernels.flow_along_surface(xi, self._potential, band.numbers, opening, axis, scaled, share, self._gain)

    def _largest(self, stage: Stage, xi: np.ndarray, band: Band) -> float:
        """Largest error [widths] from what the cells gain by it, damped as the scheme damps."""
        x, p = band.collect(xi), band.collect(self.pore)
        q = x * (1.0 - x)
        shifts = np.abs(stage.damp(band.collect(self._gain) / (p * q)))
        return self.grid.max(float(shifts[q > STRONG].max(initial=0.0)))
