"""Effective conductivity of one phase of a host, and which of its parts reach where.

With the solver's own cells and face openings (plating.setup), u falls by one across the box,

    sum over faces T (u_P - u_N) = 0,    T = E A/h,    half a cell, 2 E A/h, to the ends,

E being the open fraction of a face (of the cell at the ends). The current I per unit bulk conductivity gives
K = I L/A, the effective over the bulk conductivity; the tortuosity (factor) is the phase's fraction over K and the
McMullin number 1/K. Across z the ends, u = 1 and u = 0, are the collector and the top of the box, across x and y the
lateral planes of symmetry; where the lateral faces are periodic u is periodic but for the fall.

Cells of a phase are joined through faces with an opening, as the transport of salt sees the pores. A `core` above zero
asks for more, as the electrons in a conducting host do: parts are made of cells with at least that fraction, and
cells with less belong to the part next to them; faces between two parts are closed, or solids less than a cell apart
would conduct.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, cg

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.plating.setup import build_geometry
from ramify.phasefield.problem import PlatingProblem, SpatialFunction

TOLERANCE = 1e-9
"""Of the residual, relative to its size at the start."""
MOST_ITERATIONS = 500
HOLD = 1e-4
"""Of a cell's transmissibilities: the reaction of the preconditioner where nothing fixes u."""
LEAST = 1e-7
"""Effective conductivities below this are none: what passes between solids that hardly touch is the solver's noise."""


class Unsolved(RuntimeError):
    """The solve of Laplace's equation stopped short of its tolerance."""


@dataclass(frozen=True)
class Phase:
    """One phase on a grid that this process holds whole: ghosted arrays [z, y, x]."""

    grid: Grid
    fraction: np.ndarray
    """Of the cells."""
    openings: list[np.ndarray]
    """Of the faces across x, y, z."""
    part: np.ndarray
    """Owned cells: number of the part that a cell belongs to, 0 where the phase is not."""

    @classmethod
    def of(cls, grid: Grid, fraction: np.ndarray, openings: list[np.ndarray], core: float = 0.0) -> Phase:
        """The phase with its parts found and the faces between them closed."""
        openings = [opening.copy() for opening in openings]
        part = _parts(grid, (fraction > 0.0) & (fraction >= core), openings)
        if core > 0.0:
            part = _grown(grid, part, fraction > 0.0, openings)
            for axis, opening in enumerate(openings):
                lower, upper = _beside(grid, part, axis)
                opening[OWNED][lower != upper] = 0.0
        return cls(grid, fraction, openings, part)

    def volume(self, chosen: np.ndarray) -> float:
        """Volume of the phase in the chosen owned cells [m^3]."""
        return float(self.fraction[OWNED][chosen].sum()) * self.grid.domain.cell_volume

    def reaching(self, axis: int, last: bool) -> np.ndarray:
        """Owned cells of parts that touch an end of the box: the last along an axis (0 for x) or the first."""
        end = np.take(self.part, -1 if last else 0, axis=2 - axis)
        return np.asarray((self.part > 0) & np.isin(self.part, end[end > 0]))

    def conductivity(self, axis: int, bulk: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> float:
        """K along an axis (0 for x); zero where no part goes through. Raises `Unsolved`.

        `bulk` are the conductivities of the phase's material along x, y, z, in any unit; K is over the axis' own.
        """
        through = self.reaching(axis, False) & self.reaching(axis, True)
        if not through.any():
            return 0.0
        return _solve(self, through, axis, tuple(along / bulk[axis] for along in bulk))


def host_phases(problem: PlatingProblem, grid: Grid) -> tuple[Phase, Phase]:
    """Pores and solid of a problem's host, both sampled as the solver samples its pores."""
    distance = problem.geometry.host_distance
    assert distance is not None
    pores = build_geometry(grid, problem)
    solid = build_geometry(grid, replace(problem, geometry=replace(problem.geometry, host_distance=_Turned(distance))))
    return Phase.of(grid, pores.pore, pores.openings), Phase.of(grid, solid.pore, solid.openings, core=0.5)


@dataclass(frozen=True)
class _Turned:
    """A signed distance with its sides exchanged."""

    distance: SpatialFunction

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return -np.asarray(self.distance(x, y, z))


def _beside(grid: Grid, owned: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of the lower neighbour across each owned face, and of the cell itself; zero beyond the box."""
    padded = np.zeros(grid.ghosted_shape, owned.dtype)
    padded[OWNED] = owned
    grid.halo.exchange(padded)
    return np.roll(padded, 1, axis=2 - axis)[OWNED], owned


def _parts(grid: Grid, cells: np.ndarray, openings: list[np.ndarray]) -> np.ndarray:
    """Number of the part of every owned cell, from 1; 0 outside `cells` (ghosted)."""
    count = int(np.prod(grid.shape))
    inside = cells[OWNED]
    numbers = np.arange(count).reshape(grid.shape)
    rows, columns = [], []
    for axis, opening in enumerate(openings):
        below, here = _beside(grid, inside, axis)
        joined = below & here & (opening[OWNED] > 0.0)
        rows.append(_beside(grid, numbers, axis)[0][joined])
        columns.append(numbers[joined])
    i, j = np.concatenate(rows), np.concatenate(columns)
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1].reshape(grid.shape)
    return np.where(inside, labels + 1, 0)


def _grown(grid: Grid, part: np.ndarray, cells: np.ndarray, openings: list[np.ndarray]) -> np.ndarray:
    """Parts with the cells beside them, through the widest open face; the rest makes parts of its own."""
    widest = np.zeros(grid.shape)
    grown = part.copy()
    for axis, opening in enumerate(openings):
        below = _beside(grid, part, axis)[0]
        above_part, above_face = np.zeros_like(part), np.zeros(grid.shape)
        ahead = np.zeros(grid.ghosted_shape, part.dtype)
        ahead[OWNED] = part
        grid.halo.exchange(ahead, opening)
        above_part[:] = np.roll(ahead, -1, axis=2 - axis)[OWNED]
        above_face[:] = np.roll(opening, -1, axis=2 - axis)[OWNED]
        for neighbour, face in ((below, opening[OWNED]), (above_part, above_face)):
            better = (part == 0) & cells[OWNED] & (neighbour > 0) & (face > widest)
            grown[better], widest[better] = neighbour[better], face[better]
    loose = cells[OWNED] & (grown == 0)
    alone = np.zeros(grid.ghosted_shape, bool)
    alone[OWNED] = loose
    return np.where(loose, _parts(grid, alone, openings) + grown.max(), grown)


def _solve(phase: Phase, through: np.ndarray, axis: int, bulk: tuple[float, ...]) -> float:
    """K of the parts that go through, an axis' plates or periods; `bulk` over the axis' own along x, y, z."""
    grid = phase.grid
    spacing = grid.domain.spacing
    finest = min(h for h, n in zip(spacing, grid.domain.cells, strict=True) if n > 1)
    faces = _transmissibilities(phase, through, finest, bulk)
    ends, drive = np.zeros(grid.shape), np.zeros(grid.shape)
    first, last = (np.moveaxis(drive, 2 - axis, 0)[end] for end in (0, -1))
    along = np.moveaxis(faces[axis][OWNED], 2 - axis, 0)
    if grid.periodic[axis]:
        entry = along[0].copy()
        first += entry
        last -= entry
    else:
        plates = np.moveaxis(np.where(through, phase.fraction[OWNED], 0.0), 2 - axis, 0)
        plates = plates * 2.0 * (finest / spacing[axis]) ** 2
        for end in (0, -1):
            np.moveaxis(ends, 2 - axis, 0)[end] += plates[end]
        entry = plates[0]
        first += entry
    u = np.moveaxis(_potential(grid, faces, ends, drive), 2 - axis, 0)
    before = 1.0 + u[-1] if grid.periodic[axis] else 1.0
    middle = len(u) // 2
    entered = float((entry * (before - u[0])).sum())
    passed = float((along[middle] * (u[middle - 1] - u[middle])).sum()) if middle > 0 else entered
    # T is the one of cubes times (finest/h)^2, along columns that stand side by side.
    columns = np.prod([n for other, n in enumerate(grid.domain.cells) if other != axis])
    to_bulk = grid.domain.size[axis] * spacing[axis] / (finest**2 * float(columns))
    if not abs(entered - passed) * to_bulk <= max(1e-5 * abs(entered) * to_bulk, LEAST):
        raise Unsolved(f"what enters, {entered:.9g}, is not what passes, {passed:.9g}")
    K = 0.5 * (entered + passed) * to_bulk
    return K if K > LEAST else 0.0


def _transmissibilities(phase: Phase, through: np.ndarray, finest: float, bulk: tuple[float, ...]) -> list[np.ndarray]:
    """T of the faces between cells that go through, ghosts filled."""
    faces = []
    for axis, (opening, h, K) in enumerate(zip(phase.openings, phase.grid.domain.spacing, bulk, strict=True)):
        face = phase.grid.zeros()
        below, here = _beside(phase.grid, through, axis)
        face[OWNED] = np.where(below & here, opening[OWNED], 0.0) * (finest / h) ** 2 * K
        phase.grid.halo.exchange(face)
        faces.append(face)
    return faces


def _potential(grid: Grid, faces: list[np.ndarray], ends: np.ndarray, drive: np.ndarray) -> np.ndarray:
    """Owned cells' u by conjugate gradients, one multigrid cycle as the preconditioner."""
    multigrid = Multigrid(grid)
    level = multigrid.finest
    for single, double in zip(level.faces, faces, strict=True):
        single[:] = double
    # Without plates u is free by a constant, which the preconditioner alone must hold.
    level.reaction[OWNED] = ends if ends.any() else HOLD * sum(face[OWNED] for face in faces)
    multigrid.update()
    work, shape = grid.zeros(), grid.shape
    tx, ty, tz = faces
    count = int(np.prod(shape))

    def apply(x: np.ndarray) -> np.ndarray:
        work[OWNED] = x.reshape(shape)
        grid.halo.exchange(work)
        out = np.empty(shape)
        _apply(work, tx, ty, tz, ends, out)
        return out.ravel()

    def improve(b: np.ndarray) -> np.ndarray:
        # Single precision keeps seven digits, whatever the size: scale the residual to one.
        scale = float(np.abs(b).max()) or 1.0
        level.b[OWNED] = (b / scale).reshape(shape)
        return multigrid.cycle()[OWNED].astype(np.float64).ravel() * scale

    operator = LinearOperator((count, count), matvec=apply, dtype=np.float64)
    preconditioner = LinearOperator((count, count), matvec=improve, dtype=np.float64)
    found, stopped = cg(operator, drive.ravel(), rtol=TOLERANCE, maxiter=MOST_ITERATIONS, M=preconditioner, atol=0.0)
    if stopped != 0:
        raise Unsolved(f"Laplace's equation did not reach {TOLERANCE:g} in {MOST_ITERATIONS} iterations")
    return np.asarray(found).reshape(shape)


@numba.njit(cache=True)
def _apply(u: np.ndarray, tx: np.ndarray, ty: np.ndarray, tz: np.ndarray, ends: np.ndarray, out: np.ndarray) -> None:
    """out = sum T (u_P - u_N) + T_end u_P of the owned cells."""
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                here = u[k, j, i]
                out[k - 1, j - 1, i - 1] = (
                    tx[k, j, i] * (here - u[k, j, i - 1])
                    + tx[k, j, i + 1] * (here - u[k, j, i + 1])
                    + ty[k, j, i] * (here - u[k, j - 1, i])
                    + ty[k, j + 1, i] * (here - u[k, j + 1, i])
                    + tz[k, j, i] * (here - u[k - 1, j, i])
                    + tz[k + 1, j, i] * (here - u[k + 1, j, i])
                    + ends[k - 1, j - 1, i - 1] * here
                )
