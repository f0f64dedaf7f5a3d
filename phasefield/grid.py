"""Structured PETSc mesh: a DMDA's decomposition, ghosted arrays on it, and what moves between ranks.

A field lives in one ghosted array per rank, shape (nz + 2, ny + 2, nx + 2), indexed [z, y, x]; the owned
cells are [1:-1, 1:-1, 1:-1]. One layer of ghosts is there on every side: at a periodic or inner side the
exchange fills it, at an outer side it keeps what it holds (kernels give it no weight).

PETSc's own ghost scatter copies whole vectors and knows double precision alone; the halos here move faces in
place, in any precision, which is what a smoother needs between its two colours.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ramify.phasefield.problem import Domain
from ramify.phasefield.workspace import Workspace

OWNED = (slice(1, -1), slice(1, -1), slice(1, -1))
Face = tuple[slice | int, slice | int, slice | int]
_ALL = slice(None)
FACES: tuple[tuple[Face, Face, Face, Face], ...] = (
    ((_ALL, _ALL, 0), (_ALL, _ALL, 1), (_ALL, _ALL, -2), (_ALL, _ALL, -1)),
    ((_ALL, 0, _ALL), (_ALL, 1, _ALL), (_ALL, -2, _ALL), (_ALL, -1, _ALL)),
    ((0, _ALL, _ALL), (1, _ALL, _ALL), (-2, _ALL, _ALL), (-1, _ALL, _ALL)),
)
"""Layers across x, y, z of a ghosted array: lower ghosts, first owned, last owned, upper ghosts."""


def split_evenly(count: int, parts: int) -> list[int]:
    """Cells per part along one axis, in blocks of the largest power of two that keeps the parts balanced.

    Blocks let the multigrid coarsen every rank on its own as long as possible.
    """
    block = 1
    while count % (2 * block) == 0 and count // (2 * block) >= parts:
        largest = -(-(count // (2 * block)) // parts) * 2 * block
        if largest > 1.15 * count / parts:
            break
        block *= 2
    blocks = count // block
    return [block * (blocks // parts + (part < blocks % parts)) for part in range(parts)]


def choose_process_grid(cells: tuple[int, int, int], ranks: int) -> tuple[int, int, int]:
    """Ranks along (x, y, z) with the least exchanged area; ties prefer cuts along z, whose faces are contiguous."""
    best: tuple[float, tuple[int, int, int]] | None = None
    for px in range(1, ranks + 1):
        for py in range(1, ranks // px + 1):
            pz, rest = divmod(ranks, px * py)
            if rest or px > cells[0] or py > cells[1] or pz > cells[2]:
                continue
            nx, ny, nz = cells
            area = (px - 1) * ny * nz * 1.02 + (py - 1) * nx * nz * 1.01 + (pz - 1) * nx * ny
            if best is None or area < best[0]:
                best = (area, (px, py, pz))
    if best is None:
        raise ValueError(f"{ranks} ranks cannot share a grid of {cells} cells: use fewer ranks")
    return best[1]


class Halo:
    """Face exchange of ghosted arrays between the ranks of one process grid, in place."""

    def __init__(
        self,
        comm: MPI.Comm,
        ranks: tuple[int, int, int],
        place: tuple[int, int, int],
        periodic: tuple[bool, bool, bool],
    ) -> None:
        self.comm, self.periodic = comm, periodic
        self.idle = comm.size == 1 and not any(periodic)
        self.neighbours: list[tuple[int, int]] = []
        for axis in range(3):
            pair = []
            for step in (-1, 1):
                spot = list(place)
                spot[axis] += step
                inside = 0 <= spot[axis] < ranks[axis]
                if inside or periodic[axis]:
                    spot[axis] %= ranks[axis]
                    pair.append(spot[0] + ranks[0] * (spot[1] + ranks[1] * spot[2]))
                else:
                    pair.append(MPI.PROC_NULL)
            self.neighbours.append((pair[0], pair[1]))

    def exchange(self, *arrays: np.ndarray) -> None:
        """Fill the ghost faces, edges and corners of each array from its neighbours."""
        if self.idle:
            return
        for array in arrays:
            for axis in range(3):
                self._exchange_axis(array, axis)

    def _exchange_axis(self, array: np.ndarray, axis: int) -> None:
        lower, upper = self.neighbours[axis]
        if lower == MPI.PROC_NULL and upper == MPI.PROC_NULL:
            return
        low_ghost, first, last, high_ghost = FACES[axis]
        if lower == self.comm.rank and upper == self.comm.rank:
            array[low_ghost], array[high_ghost] = array[last], array[first]
            return
        self._shift(array, first, lower, high_ghost, upper)
        self._shift(array, last, upper, low_ghost, lower)

    def _shift(self, array: np.ndarray, give: Face, target: int, take: Face, source: int) -> None:
        outgoing = np.ascontiguousarray(array[give])
        incoming = np.empty_like(outgoing)
        self.comm.Sendrecv(outgoing, dest=target, recvbuf=incoming, source=source)
        if source != MPI.PROC_NULL:
            array[take] = incoming


class Grid:
    """The part of a uniform box that this rank owns, with the DMDA that decided it.

    Parameters
    ----------
    domain
        Lengths and counts (x, y, z); lateral periodicity.
    comm
        Communicator that shares the box.
    """

    def __init__(self, domain: Domain, comm: MPI.Comm | None = None) -> None:
        self.domain = domain
        self.comm = comm or MPI.COMM_WORLD
        self.ranks = choose_process_grid(domain.cells, self.comm.size)
        self.ownership = [split_evenly(n, p) for n, p in zip(domain.cells, self.ranks, strict=True)]
        self.periodic = (domain.periodic and domain.cells[0] > 1, domain.periodic and domain.cells[1] > 1, False)
        kinds = PETSc.DM.BoundaryType
        self.dm = PETSc.DMDA().create(
            sizes=domain.cells,
            dof=1,
            stencil_width=1,
            stencil_type=PETSc.DMDA.StencilType.BOX,
            boundary_type=tuple(kinds.PERIODIC if p else kinds.GHOSTED for p in self.periodic),
            proc_sizes=self.ranks,
            ownership_ranges=tuple(self.ownership),
            comm=self.comm,
        )
        (x0, x1), (y0, y1), (z0, z1) = self.dm.getRanges()
        self.start = (x0, y0, z0)
        self.local = (x1 - x0, y1 - y0, z1 - z0)
        rank = self.comm.rank
        self.place = (
            rank % self.ranks[0],
            rank // self.ranks[0] % self.ranks[1],
            rank // (self.ranks[0] * self.ranks[1]),
        )
        self.halo = Halo(self.comm, self.ranks, self.place, self.periodic)
        self.workspace = Workspace()
        self.at_bottom = z0 == 0
        self.at_top = z1 == domain.cells[2]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Owned cells [z, y, x]."""
        return (self.local[2], self.local[1], self.local[0])

    @property
    def ghosted_shape(self) -> tuple[int, int, int]:
        """Owned cells with one layer of ghosts [z, y, x]."""
        return (self.local[2] + 2, self.local[1] + 2, self.local[0] + 2)

    def zeros(self, dtype: type = np.float64) -> np.ndarray:
        """A ghosted array of zeros."""
        return np.zeros(self.ghosted_shape, dtype)

    def centres(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Broadcastable coordinates x, y, z [m] of all cells of the ghosted array."""
        axes = []
        for axis, (start, count, h) in enumerate(zip(self.start, self.local, self.domain.spacing, strict=True)):
            shape = [1, 1, 1]
            shape[2 - axis] = count + 2
            axes.append(((start + np.arange(-1, count + 1) + 0.5) * h).reshape(shape))
        return axes[0], axes[1], axes[2]

    def corners(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Broadcastable coordinates x, y, z [m] of the corners of those cells, one more along every axis."""
        axes = []
        for centres, h, axis in zip(self.centres(), self.domain.spacing, (2, 1, 0), strict=True):
            last = np.take(centres, [-1], axis=axis)
            axes.append(np.concatenate([centres - 0.5 * h, last + 0.5 * h], axis=axis))
        return axes[0], axes[1], axes[2]

    def sum(self, value: float) -> float:
        """Sum over ranks, always in the order of the ranks so that repeated runs agree bitwise."""
        return float(sum(self.comm.allgather(float(value)))) if self.comm.size > 1 else float(value)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Element-wise sum over ranks in the order of the ranks."""
        values = np.asarray(values, dtype=np.float64)
        return np.sum(self.comm.allgather(values), axis=0) if self.comm.size > 1 else values

    def max(self, value: float) -> float:
        """Largest value over ranks; NaN anywhere is NaN everywhere."""
        if self.comm.size == 1:
            return float(value)
        values = self.comm.allgather(float(value))
        return float("nan") if any(v != v for v in values) else max(values)

    def min(self, value: float) -> float:
        """Smallest value over ranks; NaN anywhere is NaN everywhere."""
        return -self.max(-value)

    def from_root(self, values: np.ndarray) -> np.ndarray:
        """A copy of rank 0's numbers on every rank, in double precision."""
        mine = values.astype(np.float64)
        return np.asarray(self.comm.bcast(mine, root=0)) if self.comm.size > 1 else mine

    def gather(self, array: np.ndarray) -> np.ndarray | None:
        """The owned cells of every rank as one (nz, ny, nx) array on rank 0; None elsewhere."""
        owned = np.ascontiguousarray(array[OWNED])
        if self.comm.size == 1:
            return owned
        pieces = self.comm.gather((self.start, owned), root=0)
        if pieces is None:
            return None
        nx, ny, nz = self.domain.cells
        whole = np.empty((nz, ny, nx), owned.dtype)
        for (x0, y0, z0), piece in pieces:
            kz, ky, kx = piece.shape
            whole[z0 : z0 + kz, y0 : y0 + ky, x0 : x0 + kx] = piece
        return whole

    def scatter(self, whole: np.ndarray | None, array: np.ndarray) -> None:
        """Rank 0's (nz, ny, nx) array into every rank's owned cells, ghosts exchanged."""
        if self.comm.size == 1:
            array[OWNED] = whole
        else:
            boxes = self.comm.gather((self.start, self.local), root=0)
            pieces = None
            if boxes is not None:
                assert whole is not None
                pieces = [
                    np.ascontiguousarray(whole[z : z + kz, y : y + ky, x : x + kx]) for (x, y, z), (kx, ky, kz) in boxes
                ]
            array[OWNED] = self.comm.scatter(pieces, root=0)
        self.halo.exchange(array)

    def fill_outer_ghosts(self, array: np.ndarray, below: bool = True, above: bool = True) -> None:
        """Copy the outermost owned layer into the ghosts at outer faces (zero normal derivative).

        Without `below` the ghosts below z = 0 keep what they hold, and hand it on along x and y; so without `above`.
        """
        self.halo.exchange(array)
        for axis, ((lower, upper), face) in enumerate(zip(self.halo.neighbours, FACES, strict=True)):
            low_ghost, first, last, high_ghost = face
            if lower == MPI.PROC_NULL and (below or axis < 2):
                array[low_ghost] = array[first]
            if upper == MPI.PROC_NULL and (above or axis < 2):
                array[high_ghost] = array[last]

    def fill_outer_ghosts_of_vector(self, components: list[np.ndarray]) -> None:
        """Ghosts of a vector's components (x, y, z), mirrored at outer faces: the one across a face changes sign."""
        for axis, array in enumerate(components):
            self.fill_outer_ghosts(array)
            lower, upper = self.halo.neighbours[axis]
            low_ghost, first, last, high_ghost = FACES[axis]
            if lower == MPI.PROC_NULL:
                array[low_ghost] = -array[first]
            if upper == MPI.PROC_NULL:
                array[high_ghost] = -array[last]

    def place_of(self, index: tuple[int, int, int]) -> tuple[float, float, float]:
        """Centre (x, y, z) [m] of the cell (k, j, i) of the whole grid."""
        k, j, i = index
        hx, hy, hz = self.domain.spacing
        return ((i + 0.5) * hx, (j + 0.5) * hy, (k + 0.5) * hz)

    def destroy(self) -> None:
        """Free the DMDA."""
        self.dm.destroy()
