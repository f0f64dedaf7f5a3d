"""Poisson's equation with a variable coefficient on a named mesh.

    -div(k grad u) = f        conditions of `boundaries` on named boundaries, closed elsewhere

u is a potential and k a conductivity, or u a temperature, a concentration of a steady state, ... Fluxes count what
comes in: k du/dn, n pointing out of the domain. With no Dirichlet and no Robin condition u is known up to a constant;
it is then returned with a mean of zero, and what comes in must balance what goes out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ramify.fem import kernels
from ramify.fem.boundaries import Condition, Dirichlet, Field, Flux, Robin, at_quadrature, fixed_values
from ramify.fem.linear import LinearSolver
from ramify.fem.pattern import Pattern, apply_entries
from ramify.fem.spaces import Space

BALANCE = 1e-2
"""Largest share of all sources by which those of a closed domain may fail to cancel; the quadrature's error is less."""


class UnbalancedSources(ValueError):
    """Sources of a closed domain that do not cancel: there is no steady state."""


class Poisson:
    """The equation on one space, assembled; `solve` returns u.

    Parameters
    ----------
    space
        Of one component.
    coefficient
        k.
    source
        f.
    conditions
        Any number; a boundary may carry a flux and a Robin condition, which add up.
    prefix
        Of the PETSc options of the solver.

    Raises
    ------
    MeshError
        For a boundary that the mesh does not have.
    """

    def __init__(
        self,
        space: Space,
        coefficient: Field = 1.0,
        source: Field = 0.0,
        conditions: Sequence[Condition] = (),
        prefix: str = "fem_poisson_",
    ) -> None:
        self.space, self.coefficient, self.source, self.conditions = space, coefficient, source, tuple(conditions)
        for condition in self.conditions:
            space.mesh.require_boundary(condition.boundary)
        self.pattern = Pattern(space)
        self.entries = self.pattern.zeros()
        self.load = space.zeros()
        self.add_cells()
        for condition in self.conditions:
            if isinstance(condition, Flux | Robin):
                self._add_facets(condition)
        self.fixed, self.values = fixed_values(
            space, [condition for condition in self.conditions if isinstance(condition, Dirichlet)]
        )
        self.closed = all(isinstance(condition, Flux) for condition in self.conditions)
        """Whether u is known up to a constant alone."""
        self.matrix = self.pattern.matrix(self.fixed)
        self.solver: LinearSolver | None = None
        self.prefix = prefix

    def solve(self, tolerance: float = 1e-10) -> np.ndarray:
        """u at the local nodes.

        Raises
        ------
        UnbalancedSources
            In a closed domain.
        LinearFailure
            When the solver gives up.
        """
        space = self.space
        start = self.values.copy()
        rest = self.load - self._applied(start)
        entries = self.entries.copy()
        rest[self.fixed] = 0.0
        self.pattern.constrain(entries, self.fixed, self._typical_diagonal())
        self.pattern.fill(self.matrix, entries)
        right, change = space.vector(), space.vector()
        space.add_up(rest, right)
        if self.closed:
            self._balance(right)
        if self.solver is None:
            self.solver = LinearSolver(self.matrix, self.prefix, "multigrid", tolerance)
        self.solver.solve(right, change)
        solution = start + space.to_local(change)
        right.destroy()
        change.destroy()
        if self.closed:
            solution -= self.mean(solution)
        return solution[:, 0]

    def inflow(self, solution: np.ndarray, boundary: str) -> float:
        """Integral of k du/dn over a boundary with given values: what the balance at its nodes leaves over. Collective.

        Exact for the discrete equations: over all boundaries it sums up to what the sources give off.
        """
        rest = self._applied(solution[:, None]) - self.load
        nodes = self.space.boundary_nodes(boundary)
        return float(sum(self.space.mesh.comm.allgather(float(rest[nodes].sum()))))

    def mean(self, field: np.ndarray) -> float:
        """Mean of a local field over the domain. Collective."""
        mesh, tables = self.space.mesh, self.space.element.tables(self.space.order)
        weights = kernels.measures(mesh.points, mesh.cells, tables)
        values = kernels.interpolate(self.space.cell_nodes, tables, field.reshape(-1, 1), 0)
        both = np.sum(mesh.comm.allgather(np.array([(weights * values).sum(), weights.sum()])), axis=0)
        return float(both[0] / both[1])

    def destroy(self) -> None:
        """Free matrix and solver; the space is the caller's."""
        self.matrix.destroy()
        if self.solver is not None:
            self.solver.destroy()

    def add_cells(self) -> None:
        """Add the cells' part to `entries` and `load`."""
        mesh, space = self.space.mesh, self.space
        plain = space.mesh.kind.affine and not callable(self.coefficient)
        tables = space.element.tables(max(1, 2 * space.order - 2) if plain else 2 * space.order)
        coefficient = at_quadrature(self.coefficient, mesh.points, mesh.cells, tables)
        slots = self.pattern.slots
        kernels.add_stiffness(mesh.points, mesh.cells, tables, coefficient, slots, 0, 0, self.entries)
        if callable(self.source) or self.source != 0.0:
            tables = space.element.tables(2 * space.order + 1)
            source = at_quadrature(self.source, mesh.points, mesh.cells, tables)
            kernels.add_load(mesh.points, mesh.cells, tables, source, space.cell_nodes, 0, self.load)

    def _add_facets(self, condition: Flux | Robin) -> None:
        mesh, space = self.space.mesh, self.space
        facets = mesh.boundary(condition.boundary)
        nodes = space.facet_nodes(facets.points)
        tables = space.facet_element.tables(2 * space.order + 1)
        if isinstance(condition, Flux):
            density = at_quadrature(condition.density, mesh.points, facets.corners, tables)
        else:
            coefficient = at_quadrature(condition.coefficient, mesh.points, facets.corners, tables)
            density = coefficient * at_quadrature(condition.outside, mesh.points, facets.corners, tables)
            slots = self.pattern.slots_of(nodes)
            kernels.add_mass(mesh.points, facets.corners, tables, coefficient, slots, 0, 0, self.entries)
        kernels.add_load(mesh.points, facets.corners, tables, density, nodes, 0, self.load)

    def _applied(self, field: np.ndarray) -> np.ndarray:
        return apply_entries(self.entries, self.pattern.starts, self.pattern.columns, field)

    def _typical_diagonal(self) -> float:
        """A diagonal entry of usual size, so that rows of given values do not spoil the multigrid. Collective."""
        diagonal = np.abs(self.entries[self.pattern.rows == self.pattern.columns, 0, 0])
        return float(max(self.space.mesh.comm.allgather(float(diagonal.max())))) or 1.0

    def _balance(self, right: object) -> None:
        """Take the constant out of a closed domain's right-hand side; refuse sources that do not cancel."""
        from petsc4py import PETSc

        assert isinstance(right, PETSc.Vec)
        total, size = right.sum(), right.norm(PETSc.NormType.NORM_1)
        if abs(total) > BALANCE * size:
            raise UnbalancedSources(
                f"a closed domain has no steady state unless what comes in goes out: sources and fluxes add up to "
                f"{total:.6g} (their absolute values to {size:.6g}); give a value on a boundary or balance them"
            )
        constant = PETSc.NullSpace().create(constant=True, comm=right.comm)
        constant.remove(right)
        self.matrix.setNullSpace(constant)
        self.matrix.setTransposeNullSpace(constant)
        constant.destroy()
