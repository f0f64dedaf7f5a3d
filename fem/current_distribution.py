"""Current distribution in a meshed cell: primary, secondary, tertiary.

    primary      div(kappa grad phi_l) = 0, surfaces at their potential: no kinetics, no concentrations
    secondary    the same with Butler-Volmer kinetics on the surfaces
    tertiary     and with the salt (`binary`), steady or transient

Electrons are equipotential on the working electrode, or obey Ohm's law in metal regions of the mesh, fed through a
collector of given contact conductance: sigma d phi_s/dn = G (V - phi_s). The counter electrode is lithium (the same
kinetics, at zero volts) or a reservoir that holds phi = 0 and the initial concentration.

Currents are positive for plating at the working electrode, and integrals over it: A in 3-D, A/m in 2-D, A/m^2 in 1-D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ramify.fem.binary import BinaryTransport, Conduction, Storage
from ramify.fem.boundaries import Dirichlet, Field, fixed_values
from ramify.fem.contact import Contact
from ramify.fem.electrodes import ElectrodeSurface, Fields, SurfaceKinetics
from ramify.fem.linear import Method, method_for
from ramify.fem.march import March
from ramify.fem.mesh import Mesh
from ramify.fem.newton import NewtonSolver, PositiveConcentrations, Scales, Term
from ramify.fem.norms import integral
from ramify.fem.pattern import Pattern
from ramify.fem.reference import Order
from ramify.fem.spaces import Space
from ramify.physics.electrolyte import Electrolyte

Distribution = Literal["primary", "secondary", "tertiary"]
Counter = Literal["lithium", "reservoir"]
PRIMARY_RESISTANCE = 1e-6
"""Of the surface of a primary distribution, relative to that of the electrolyte."""


@dataclass(frozen=True)
class ElectronConduction:
    """Ohmic electrons in the metal."""

    regions: tuple[str, ...]
    """Metal regions of the mesh."""
    conductivity: Field
    """sigma [S/m]."""
    collector: str
    """Boundary where the current enters the metal."""
    contact_conductance: float
    """G of the collector [S/m^2]."""


@dataclass(frozen=True)
class Cell:
    """What is asked."""

    distribution: Distribution
    electrolyte: Electrolyte
    concentration: float
    """At the start [mol/m^3]."""
    kinetics: SurfaceKinetics
    working: tuple[str, ...]
    """Boundaries of the working electrode."""
    counter: tuple[str, ...]
    electrolyte_regions: tuple[str, ...]
    length: float
    """Distance between the electrodes, for scales [m]."""
    counter_kind: Counter = "lithium"
    electrons: ElectronConduction | None = None
    order: Order = 1


class CurrentDistribution:
    """The equations of a cell on its mesh.

    Parameters
    ----------
    mesh
        The mesh.
    cell
        What is asked.
    current
        Total current at the working electrode, or None for a given voltage.
    voltage
        Potential of the working electrode [V], negative for plating, unless a current is given.
    prefix
        Of the PETSc options.
    """

    def __init__(
        self,
        mesh: Mesh,
        cell: Cell,
        *,
        current: float | None = None,
        voltage: float = 0.0,
        prefix: str = "fem_current_",
    ) -> None:
        self.mesh, self.cell, self.current = mesh, cell, current
        tertiary, ohmic = cell.distribution == "tertiary", cell.electrons is not None
        self.salt = 0 if tertiary else -1
        """Component of the salt; -1 for none."""
        self.potential = 1 if tertiary else 0
        self.electrons = self.potential + 1 if ohmic else -1
        self.space = Space(mesh, cell.order, self.potential + 1 + ohmic)
        self.cells = union_of(mesh, cell.electrolyte_regions)
        pattern = Pattern(self.space)
        self.storages: tuple[Storage, ...] = ()
        self.terms: list[Term] = []
        salt_factor = self._add_transport(pattern)
        self._add_surfaces(pattern, salt_factor, voltage)
        self.fixed, self.start = self._given()
        self.solver = NewtonSolver(
            pattern, self.terms, self.fixed, self._scales(), self._damping(), prefix, self._method()
        )
        borders = np.array([voltage]) if current is not None else np.empty(0)
        self.march = March(self.solver, self.storages, self.start, borders, self._rates)

    def solve_steady(self) -> None:
        """March to the steady state; secondary and primary distributions have no other."""
        if self.storages:
            sizes = np.full(self.space.components, self.cell.electrolyte.thermal_voltage)
            sizes[self.salt] = self.cell.concentration
            time = self.cell.length**2 / float(self.cell.electrolyte.diffusivity(self.cell.concentration))
            self.march.settle(time, sizes)
        else:
            self.march.step(1.0)

    @property
    def voltage(self) -> float:
        """Of the working electrode [V]."""
        return float(self.march.borders[0]) if self.current is not None else self._given_voltage

    def currents(self) -> tuple[float, float]:
        """Current into the working electrode, and out of the electrolyte through the counter electrode. Collective."""
        march = self.march
        working = self.working.total_current(march.u, march.borders)
        if self.counter is not None:
            return working, self.counter.total_current(march.u, march.borders)
        sums = self.solver.linearise(march.u, march.borders)
        nodes = np.unique(np.concatenate([self.space.boundary_nodes(name) for name in self.cell.counter]))
        mine = float(sums.residual[nodes, self.potential].sum())
        return working, -float(sum(self.mesh.comm.allgather(mine)))

    def share_of(self, boundary: str) -> float:
        """Share of the working electrode's current that enters through one of its boundaries. Collective."""
        march, surface = self.march, self.working
        i_n = surface.current_density(march.u, march.borders)
        there = np.isin(surface.facets, self.mesh.boundary(boundary).points)
        both = np.array([(surface.weights * i_n)[there].sum(), (surface.weights * i_n).sum()])
        sums = np.sum(self.mesh.comm.allgather(both), axis=0)
        return float(sums[0] / sums[1]) if sums[1] else float("nan")

    def salt_content(self) -> float:
        """Integral of c [mol, mol/m or mol/m^2]. Collective."""
        return integral(self.space, self.march.u[:, self.salt], self.cells)

    def electrolyte_potential(self) -> np.ndarray:
        """phi_l against lithium [V] at the local nodes."""
        phi = self.march.u[:, self.potential]
        if self.salt < 0:
            return phi.copy()
        c = np.maximum(self.march.u[:, self.salt], 1e-12 * self.cell.concentration)
        return phi + self.cell.electrolyte.thermal_voltage * np.log(c / self.cell.concentration)

    def destroy(self) -> None:
        """Free solver and space; the mesh is the caller's."""
        self.solver.destroy()
        self.space.destroy()

    def _add_transport(self, pattern: Pattern) -> float:
        """Terms of the bulk; returns the factor of the salt row."""
        cell, space = self.cell, self.space
        if cell.electrons is not None:
            metal = union_of(self.mesh, cell.electrons.regions)
            self.terms.append(Conduction(space, pattern, cell.electrons.conductivity, metal, self.electrons))
        if cell.distribution != "tertiary":
            conductivity = float(cell.electrolyte.conductivity(cell.concentration))
            self.terms.append(Conduction(space, pattern, conductivity, self.cells, self.potential))
            return 0.0
        transport = BinaryTransport(
            space, pattern, cell.electrolyte, cell.concentration, self.cells, self.salt, self.potential
        )
        storage = Storage(space, pattern, self.cells, self.salt, space.element.tables(2 * cell.order))
        self.storages = (storage,)
        self.terms += [transport, storage]
        self.transport = transport
        return transport.salt_factor

    def _add_surfaces(self, pattern: Pattern, salt_factor: float, voltage: float) -> None:
        cell, space = self.cell, self.space
        kinetics = self._surface_law()
        border = 0 if self.current is not None else -1
        self._given_voltage = voltage
        fields = Fields(self.potential, self.salt, self.electrons, self.potential, self.salt, salt_factor)
        ohmic = cell.electrons is not None
        self.working = ElectrodeSurface(
            space,
            pattern,
            cell.working,
            kinetics,
            fields,
            potential=voltage,
            border=-1 if ohmic else border,
            current=self.current or 0.0,
        )
        self.terms.append(self.working)
        if cell.electrons is not None:
            self.terms.append(
                Contact(
                    space,
                    pattern,
                    cell.electrons.collector,
                    cell.electrons.contact_conductance,
                    self.electrons,
                    potential=voltage,
                    border=border,
                    # the collector takes up the electrons' current: against the direction of the ions'
                    current=-(self.current or 0.0),
                )
            )
        self.counter: ElectrodeSurface | None = None
        if cell.counter_kind == "lithium":
            fields = Fields(self.potential, self.salt, -1, self.potential, self.salt, salt_factor)
            self.counter = ElectrodeSurface(space, pattern, cell.counter, kinetics, fields)
            self.terms.append(self.counter)

    def _surface_law(self) -> SurfaceKinetics:
        """The kinetics; those of a primary distribution are so fast that surfaces are at their potential."""
        cell = self.cell
        if cell.distribution != "primary":
            return cell.kinetics
        vt = cell.kinetics.thermal_voltage
        resistance = PRIMARY_RESISTANCE * cell.length / float(cell.electrolyte.conductivity(cell.concentration))
        return SurfaceKinetics(vt / resistance, cell.concentration, 0.5, 0.5, vt)

    def _given(self) -> tuple[np.ndarray, np.ndarray]:
        """(fixed, state at the start)."""
        space, cell = self.space, self.cell
        conditions: list[Dirichlet] = []
        if cell.counter_kind == "reservoir":
            for name in cell.counter:
                conditions.append(Dirichlet(name, 0.0, self.potential))
                if self.salt >= 0:
                    conditions.append(Dirichlet(name, cell.concentration, self.salt))
        fixed, start = fixed_values(space, conditions)
        wet = self.wet = nodes_of(space, cell.electrolyte_regions)
        self.metallic = np.zeros_like(wet)
        if self.salt >= 0:
            start[:, self.salt] = cell.concentration
            fixed[~wet, self.salt] = True
        fixed[~wet, self.potential] = True
        if cell.electrons is not None:
            self.metallic = nodes_of(space, cell.electrons.regions)
            fixed[~self.metallic, self.electrons] = True
        return fixed, start

    def _scales(self) -> Scales:
        cell = self.cell
        vt = cell.electrolyte.thermal_voltage
        conductivity = float(cell.electrolyte.conductivity(cell.concentration))
        size = self._node_size()
        unknowns, rows = np.full(self.space.components, vt), np.full(self.space.components, conductivity * vt * size)
        if self.salt >= 0:
            unknowns[self.salt] = cell.concentration
            rows[self.salt] = float(cell.electrolyte.diffusivity(cell.concentration)) * cell.concentration * size
        if cell.electrons is not None:
            sigma = cell.electrons.conductivity
            rows[self.electrons] = vt * size * (conductivity if callable(sigma) else float(sigma))
        return Scales(unknowns, rows, np.array([vt]))

    def _node_size(self) -> float:
        """Typical conductance between neighbouring nodes per conductivity, h^(d-2)."""
        h = (float(np.prod(self.mesh.extent())) / self.mesh.cell_count()) ** (1.0 / self.mesh.dimension)
        return float(h ** (self.mesh.dimension - 2))

    def _damping(self) -> PositiveConcentrations:
        potentials = tuple(k for k in range(self.space.components) if k != self.salt)
        salts = (self.salt,) if self.salt >= 0 else ()
        return PositiveConcentrations(potentials, salts, 8.0 * self.cell.electrolyte.thermal_voltage)

    def _method(self) -> Method:
        iterative: Method = "multigrid" if self.space.components == 1 else "split"
        return method_for(self.mesh.dimension, self.space.global_count * self.space.components, iterative)

    def _rates(self, u: np.ndarray, borders: np.ndarray) -> dict[str, float]:
        """Charge that passes the working electrode, and the counter electrode where it is lithium."""
        rates = {"charge": self.working.total_current(u, borders)}
        if self.counter is not None:
            rates["counter charge"] = self.counter.total_current(u, borders)
        return rates


def union_of(mesh: Mesh, regions: Sequence[str]) -> np.ndarray:
    """Cells of this rank in any of the regions."""
    return np.unique(np.concatenate([mesh.region(name) for name in regions]))


def nodes_of(space: Space, regions: Sequence[str]) -> np.ndarray:
    """(local nodes) whether a node has a cell of one of the regions beside it, on whatever rank. Collective."""
    inside = np.zeros(space.local_count, dtype=bool)
    for name in regions:
        inside[space.region_nodes(name)] = True
    return inside
