"""Linear elasticity with eigenstrain on a named mesh.

    div sigma + b = 0,   sigma = K tr(e - e*) 1 + 2 G dev(e - e*),   e = sym grad u

u: displacement, e*: eigenstrain of each region (growth, lithiation, heat), b: force per volume. Regions keep their own
moduli; what is said on boundaries is in `solid_boundaries`. In two dimensions strains along y are zero (plane strain).
Strains are small: beyond `physics.mechanics.LARGEST_STRAIN` the change of shape counts, which is left out here.

Motions that no boundary holds (all of a free body, sliding along planes of symmetry) are left at zero; loads that would
drive them are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ramify.fem import kernels, solid_kernels
from ramify.fem.boundaries import Field, at_quadrature
from ramify.fem.linear import LinearSolver, Method
from ramify.fem.mesh import MeshError
from ramify.fem.pattern import Pattern, apply_entries
from ramify.fem.plates import Plates
from ramify.fem.reference import Tables
from ramify.fem.rigid_motions import FreeMotions, near_null_space
from ramify.fem.solid_boundaries import SolidCondition, held, loads
from ramify.fem.spaces import Space
from ramify.physics.viscoplasticity import ViscoplasticLaw


@dataclass(frozen=True)
class Phase:
    """What one region of the mesh is made of."""

    law: ViscoplasticLaw
    """Elastic constants, and how it flows (`viscoplasticity.elastic` for one that does not)."""
    eigenstrain: Field = 0.0
    """Linear strain that the region would take by itself, the same along all axes [-]."""


class Solid:
    """Regions, quadrature and loads of a solid on one space: what elastic and flowing solids share.

    Parameters
    ----------
    space
        Of as many components as the mesh has dimensions.
    phases
        Of every region; each cell lies in one of them.
    body_force
        Force per volume [N/m^3], a function of places (..., dimension) of the same shape.

    Raises
    ------
    MeshError
        For a region that the mesh does not have, and for cells in none or several of the regions.
    """

    def __init__(
        self,
        space: Space,
        phases: Mapping[str, Phase],
        body_force: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        mesh = space.mesh
        self.space, self.phases, self.body_force = space, tuple(phases.values()), body_force
        affine = mesh.kind.affine
        self.tables = space.element.tables(max(1, 2 * space.order - 2) if affine else 2 * space.order)
        self.modes = _dilatation_modes(space, self.tables)
        """(points, n) onto which the dilatation of a cell is projected."""
        self.phase_of_cell = _phase_of_cell(space, list(phases))
        self.laws = np.array([phase.law.parameters for phase in self.phases])
        self.eigenstrain = self._eigenstrains()
        """(cells, points, 6)."""
        self.pattern = Pattern(space)
        self.matrix = self.pattern.matrix()
        near_null_space(space, self.matrix)

    def points(self) -> np.ndarray:
        """(cells, points, dimension) places of the quadrature points [m]."""
        return np.asarray(kernels.quadrature_points(self.space.mesh.points, self.space.mesh.cells, self.tables))

    def volumes(self) -> np.ndarray:
        """(cells, points) volume [m^3] that each quadrature point stands for."""
        return np.asarray(kernels.measures(self.space.mesh.points, self.space.mesh.cells, self.tables))

    def strains(self, u: np.ndarray) -> np.ndarray:
        """(cells, points, 6) total strains of a displacement (local nodes, dimension)."""
        mesh = self.space.mesh
        nodes = self.space.cell_nodes
        return np.asarray(
            solid_kernels.strains(mesh.points, mesh.cells, nodes, self.tables, self.modes, np.ascontiguousarray(u))
        )

    def elastic_stresses(self, u: np.ndarray, inelastic: np.ndarray) -> np.ndarray:
        """(cells, points, 6) stresses [Pa] of a displacement beyond inelastic strains (cells, points, 6)."""
        return np.asarray(solid_kernels.elastic_stresses(self.strains(u), inelastic, self.phase_of_cell, self.laws))

    def forces(self, stress: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(forces, sizes) of stresses at the local nodes, to be added up over ranks [N]."""
        mesh, space = self.space.mesh, self.space
        forces, sizes = space.zeros(), space.zeros()
        solid_kernels.add_forces(
            mesh.points, mesh.cells, space.cell_nodes, self.tables, self.modes, stress, forces, sizes
        )
        return forces, sizes

    def load(self, conditions: Sequence[SolidCondition]) -> np.ndarray:
        """Forces [N] of boundaries and of the volume, (local nodes, dimension), to be added up over ranks."""
        mesh, space = self.space.mesh, self.space
        forces = loads(space, conditions)
        if self.body_force is not None:
            tables = space.element.tables(2 * space.order + 1)
            density = self.body_force(kernels.quadrature_points(mesh.points, mesh.cells, tables))
            for i in range(space.components):
                along = np.ascontiguousarray(density[..., i])
                kernels.add_load(mesh.points, mesh.cells, tables, along, space.cell_nodes, i, forces)
        return forces

    def nodal(self, values: np.ndarray, region: str | None = None) -> np.ndarray:
        """Values at quadrature points (cells, points, n) as means at the nodes around them, (local nodes, n).

        Weighted by volume, over the cells of a region or all; nan at nodes of none of them. Collective.
        """
        mesh, space = self.space.mesh, self.space
        cells = np.arange(len(mesh.cells)) if region is None else mesh.region(region)
        weights = self.volumes()[cells]
        volume = weights.sum(axis=1)
        means = (weights[..., None] * values[cells]).sum(axis=1)
        sums = np.zeros((space.local_count, values.shape[-1] + 1))
        for column in range(space.cell_nodes.shape[1]):
            np.add.at(sums[:, 0], space.cell_nodes[cells, column], volume)
            np.add.at(sums[:, 1:], space.cell_nodes[cells, column], means)
        sums = _added_up(space, sums)
        with np.errstate(invalid="ignore"):
            return sums[:, 1:] / sums[:, :1]

    def destroy(self) -> None:
        """Free the matrix; the space is the caller's."""
        self.matrix.destroy()

    def _eigenstrains(self) -> np.ndarray:
        mesh = self.space.mesh
        strains = np.zeros((len(mesh.cells), len(self.tables.weights), 6))
        for number, phase in enumerate(self.phases):
            cells = self.phase_of_cell == number
            linear = at_quadrature(phase.eigenstrain, mesh.points, mesh.cells[cells], self.tables)
            strains[cells, :, :3] = linear[..., None]
        return strains


class ElasticSolid(Solid):
    """An elastic solid in equilibrium; `solve` returns u.

    Parameters
    ----------
    space, phases, body_force
        As for `Solid`.
    method
        Of the linear solver: conjugate gradients with algebraic multigrid that knows the rigid motions, or factors.
    prefix
        Of the PETSc options of the solver.
    """

    def __init__(
        self,
        space: Space,
        phases: Mapping[str, Phase],
        body_force: Callable[[np.ndarray], np.ndarray] | None = None,
        method: Method = "multigrid",
        prefix: str = "fem_elastic_",
    ) -> None:
        super().__init__(space, phases, body_force)
        self.method, self.prefix = method, prefix
        self.solver: LinearSolver | None = None
        mesh = space.mesh
        self.entries = self.pattern.zeros()
        moduli = np.ascontiguousarray(self.laws[self.phase_of_cell, :2])
        solid_kernels.add_elastic(
            mesh.points, mesh.cells, self.tables, self.modes, moduli, self.pattern.slots, self.entries
        )

    def solve(self, conditions: Sequence[SolidCondition], tolerance: float = 1e-10) -> np.ndarray:
        """Displacement [m] under these conditions, (local nodes, dimension).

        Raises
        ------
        UnheldMotion
            For loads and plates that move what no boundary holds.
        LinearFailure
            When the solver gives up.
        """
        space = self.space
        fixed, values = held(space, conditions)
        plates = Plates(space, conditions)
        at_rest = self.elastic_stresses(space.zeros(), self.eigenstrain)
        load = self.load(conditions)
        rest = load - self.forces(at_rest)[0] - self.applied(values)
        missing = plates.missing(rest, plates.forces(conditions))
        load[fixed] = rest[fixed] = 0.0
        entries = self.entries.copy()
        self.pattern.constrain(entries, fixed, typical_diagonal(self.pattern, entries))
        self.pattern.fill(self.matrix, entries)
        right, change = space.vector(), space.vector()
        space.add_up(load, change)
        space.add_up(rest, right)
        FreeMotions(space, fixed).attach(self.matrix, right, change)
        if self.solver is None:
            self.solver = LinearSolver(self.matrix, self.prefix, self.method, tolerance)
        change.set(0.0)
        self.solver.solve(right, change)
        found = space.to_local(change)
        pulls, answers = [self.applied(mode) for mode in plates.modes], []
        for mode, pull in zip(plates.modes, pulls, strict=True):
            space.add_up(np.where(fixed, 0.0, -pull), right)
            change.set(0.0)
            self.solver.solve(right, change)
            answers.append(mode + space.to_local(change))
        if answers:
            found += plates.closing(pulls, answers, found, missing)
        right.destroy()
        change.destroy()
        return values + found

    def applied(self, u: np.ndarray) -> np.ndarray:
        """Forces [N] that hold a displacement against elasticity alone, to be added up over ranks."""
        return np.asarray(apply_entries(self.entries, self.pattern.starts, self.pattern.columns, u))

    def stresses(self, u: np.ndarray) -> np.ndarray:
        """(cells, points, 6) stresses [Pa] at the quadrature points."""
        return self.elastic_stresses(u, self.eigenstrain)

    def reaction(self, u: np.ndarray, conditions: Sequence[SolidCondition], boundary: str) -> np.ndarray:
        """Force [N] (dimension,) that a boundary puts on the solid, exact for the discrete equations. Collective."""
        return resultant(self.space, self.forces(self.stresses(u))[0] - self.load(conditions), boundary)

    def destroy(self) -> None:
        """Free matrix and solver; the space is the caller's."""
        super().destroy()
        if self.solver is not None:
            self.solver.destroy()


def resultant(space: Space, forces: np.ndarray, boundary: str) -> np.ndarray:
    """Sum (dimension,) of what all ranks hold of nodal forces at the nodes of a boundary. Collective."""
    mine = forces[space.boundary_nodes(boundary)].sum(axis=0)
    return np.asarray(np.sum(space.mesh.comm.allgather(mine), axis=0))


def typical_diagonal(pattern: Pattern, entries: np.ndarray) -> float:
    """A diagonal entry of usual size, so that rows of given values do not spoil the multigrid. Collective."""
    diagonal = entries[pattern.rows == pattern.columns]
    largest = float(np.abs(diagonal[:, 0, 0]).max(initial=0.0))
    return float(max(pattern.space.mesh.comm.allgather(largest))) or 1.0


def _dilatation_modes(space: Space, tables: Tables) -> np.ndarray:
    """Constants on quadrilaterals and hexahedra of first order, linear functions on those of second; else none."""
    kind, count = space.mesh.kind, len(tables.weights)
    if kind.affine:
        return np.empty((count, 0))
    places = tables.geometry_values @ np.array(kind.corners) - 0.5
    return np.ascontiguousarray(np.hstack([np.ones((count, 1)), places] if space.order == 2 else [np.ones((count, 1))]))


def _phase_of_cell(space: Space, regions: list[str]) -> np.ndarray:
    mesh = space.mesh
    found, times = np.full(len(mesh.cells), -1), np.zeros(len(mesh.cells), int)
    for number, name in enumerate(regions):
        cells = mesh.region(name)
        found[cells] = number
        times[cells] += 1
    wrong = np.sum(mesh.comm.allgather([int((times == 0).sum()), int((times > 1).sum())]), axis=0)
    if wrong.any():
        raise MeshError(
            f"{wrong[0]} cells lie in none of the regions {', '.join(regions)}, {wrong[1]} in several of them; every "
            "cell of a solid needs one"
        )
    return found


def _added_up(space: Space, sums: np.ndarray) -> np.ndarray:
    """Columns of a local array (local nodes, n), added up over ranks."""
    if space.mesh.comm.size == 1:
        return sums
    vector, out = space.vector(), np.empty_like(sums)
    width = space.components
    for first in range(0, sums.shape[1], width):
        part = space.zeros()
        columns = sums[:, first : first + width]
        part[:, : columns.shape[1]] = columns
        space.add_up(part, vector)
        out[:, first : first + width] = space.to_local(vector)[:, : columns.shape[1]]
    vector.destroy()
    return out
