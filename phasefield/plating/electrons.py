"""Ohmic electrons: conduction in metal and conducting host, the third block of the coupled system.

    div i_s = +S,   i_s = -s sigma grad phi_s,   phi_s = 0 at the current collector (z = 0)

The host's sigma may be one along x and y and another along z; the metal's is the same along all, and conducts in
parallel with the host's along each.

Metal that is not joined to the collector needs no care in the equations: it floats by itself. Conductivities beyond
1e5 times the electrolyte's are taken as that: they change no potential by more than 1e-5 of the electrolyte's own
ohmic drop, and a larger ratio would drown the reaction in round-off.

Preconditioner: a multigrid cycle; with an anisotropic host a second one after it, coarsened first along the axes that
the host conducts well. The first serves metal, the second the host, whose errors along z point smoothing leaves.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import conduction
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.problem import AnisotropicConductivity, PlatingProblem, SpatialFunction

LARGEST_RATIO = 1e5
ALIKE = 1.5
"""Ratio of cell edges, stretched by the host's anisotropy, up to which one multigrid serves all axes."""
AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))


class OhmicElectrons:
    """Conductances and preconditioner of the electrons' block.

    Parameters
    ----------
    grid, problem
        Mesh and problem.
    pore
        Open fraction of the cells, ghosted.
    conductivity
        kappa0, which scales the block [S/m].
    axis_scale
        (h/h_axis)^2 along x, y, z.
    """

    def __init__(
        self, grid: Grid, problem: PlatingProblem, pore: np.ndarray, conductivity: float, axis_scale: list[float]
    ) -> None:
        self.grid, self.pore, self.axis_scale = grid, pore, axis_scale
        self.metal = problem.metal.conductivity / conductivity
        self.host = self.lateral_host = np.zeros((1, 1, 1))
        self.conductivity = grid.zeros()
        """sigma/kappa0 of every cell along z; positive where electrons are conducted at all."""
        self.lateral = self.conductivity
        """The same along x and y: the same array unless the host is anisotropic."""
        geometry = problem.geometry
        if geometry.host_distance is not None and geometry.host_conducting:
            self.host = self.lateral_host = self._sampled(geometry.through_conductivity, conductivity)
            if isinstance(geometry.host_conductivity, AnisotropicConductivity):
                self.lateral_host = self._sampled(geometry.lateral_conductivity, conductivity)
                self.lateral = grid.zeros()
        self.faces = [grid.zeros() for _ in range(3)]
        self.ground = np.zeros(grid.shape[1:])
        self.multigrid = Multigrid(grid)
        self.stretched = self._stretched_multigrid()
        self.first_cycle = grid.zeros() if self.stretched is not None else np.zeros((0, 0, 0))
        """What the first cycle found."""
        self.applied = np.zeros(grid.shape)

    def _sampled(self, given: float | SpatialFunction, unit: float) -> np.ndarray:
        """The host's sigma/kappa0: one cell where it is uniform, else of every cell, ghosted."""
        if not callable(given):
            return np.full((1, 1, 1), given / unit)
        values = self.grid.zeros()
        values[:] = np.broadcast_to(given(*self.grid.centres()), self.grid.ghosted_shape) / unit
        return values

    def _stretched_multigrid(self) -> Multigrid | None:
        """For a host that conducts much better along some axes than along others; shares the first's faces."""
        if self.lateral is self.conductivity:
            return None
        lateral, through = (np.clip(host, 1e-30, LARGEST_RATIO) for host in (self.lateral_host, self.host))
        flattest, tallest = (self.grid.max(float(ratio.max())) for ratio in (lateral / through, through / lateral))
        stretch = flattest**-0.5 if flattest >= tallest else tallest**0.5
        if 1.0 / ALIKE < stretch < ALIKE:
            return None
        return Multigrid(self.grid, self.multigrid.finest.faces, (stretch, stretch, 1.0))

    def set_geometry(self, xi: np.ndarray, label: np.ndarray) -> None:
        """Conductances of a new shape of the metal and its pieces (plating.islands); ghosts filled."""
        grid = self.grid
        conduction.set_conductivity(xi, self.pore, self.host, self.metal, LARGEST_RATIO, self.conductivity)
        if self.lateral is not self.conductivity:
            conduction.set_conductivity(xi, self.pore, self.lateral_host, self.metal, LARGEST_RATIO, self.lateral)
        self._set_faces(label)
        self._drop_orphans(xi)
        self._set_faces(label)
        if grid.at_bottom:
            self.ground[:] = 2.0 * self.axis_scale[2] * self.conductivity[1, 1:-1, 1:-1]

    def _drop_orphans(self, xi: np.ndarray) -> None:
        """Cells of overlapping tails from which no path of their own leads to metal conduct nothing."""
        reached = ((xi > 0.5) | (self.pore < 0.5)).astype(np.float64)
        tx, ty, tz = self.faces
        while True:
            self.grid.halo.exchange(reached)
            new = conduction.reach_conductors(tx, ty, tz, self.conductivity, reached)
            if not self.grid.sum(float(new)):
                break
        self.conductivity[reached == 0.0] = 0.0
        self.grid.halo.exchange(self.conductivity)
        if self.lateral is not self.conductivity:
            self.lateral[reached == 0.0] = 0.0
            self.grid.halo.exchange(self.lateral)

    def _set_faces(self, label: np.ndarray) -> None:
        for axis, (direction, scale) in enumerate(zip(AXES, self.axis_scale, strict=True)):
            faces = self.faces[axis]
            conducts = self.conductivity if axis == 2 else self.lateral
            conduction.set_transmissibility(conducts, label, direction, scale, faces)
            self._close_outer_faces(axis, faces)

    def _close_outer_faces(self, axis: int, faces: np.ndarray) -> None:
        grid = self.grid
        layers = np.moveaxis(faces, 2 - axis, 0)
        if grid.periodic[axis]:
            return
        if grid.start[axis] == 0:
            layers[1] = 0.0
        if grid.start[axis] + grid.local[axis] == grid.domain.cells[axis]:
            layers[-1] = 0.0

    def apply(self, Q: np.ndarray) -> np.ndarray:
        """Conduction part of the rows of Q (ghosts filled), owned cells; valid until the next call."""
        tx, ty, tz = self.faces
        conduction.apply_conduction(Q, tx, ty, tz, self.ground, self.conductivity, self.applied)
        return self.applied

    def linearise(self, by_p: np.ndarray) -> None:
        """Multigrid of conduction plus the reaction's own derivative."""
        finest = self.multigrid.finest
        for fine, faces in zip(finest.faces, self.faces, strict=True):
            fine[:] = faces
        finest.reaction[OWNED] = by_p[OWNED]
        finest.reaction[1, 1:-1, 1:-1] += self.ground
        self.multigrid.update()
        if self.stretched is not None:
            self.stretched.finest.reaction[:] = finest.reaction
            self.stretched.update()

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The cycles; `right` and the result are owned cells (z, y, x), the result valid until the next call."""
        self.multigrid.finest.b[OWNED] = right
        found = self.multigrid.cycle()[OWNED]
        if self.stretched is None:
            return found
        Q = self.first_cycle
        Q[OWNED] = found
        self.grid.halo.exchange(Q)
        reaction = self.multigrid.finest.reaction[OWNED].astype(np.float64)
        reaction[0] -= self.ground  # which `apply` has
        left = right - self.apply(Q) - reaction * Q[OWNED]
        self.stretched.finest.b[OWNED] = np.where(self.conductivity[OWNED] > 0.0, left, 0.0)
        return np.asarray(Q[OWNED] + self.stretched.cycle()[OWNED])
