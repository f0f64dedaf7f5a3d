"""Double layers and space charge in a meshed cell: Poisson-Nernst-Planck between electrodes and reservoirs.

Every named electrode has a potential, given or zero, with or without a Stern layer. Its surface blocks an ion
(N . n = 0) or holds its concentration (a reaction much faster than transport, or a reservoir). The steady state of a
closed cell keeps the amount of every ion that no surface holds.

The charge of an electrode is what Gauss's law leaves over at its nodes, the current what the ions' equations leave over
where a concentration is held: both are exact for the discrete equations, so that what enters leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ramify.fem import pnp
from ramify.fem.binary import Storage
from ramify.fem.boundaries import Dirichlet, fixed_values
from ramify.fem.linear import Method
from ramify.fem.march import March
from ramify.fem.mesh import Mesh
from ramify.fem.newton import NewtonSolver, Scales, Term
from ramify.fem.norms import total
from ramify.fem.pattern import Pattern
from ramify.fem.spaces import Space
from ramify.physics.constants import FARADAY

STEP = 4.0
"""Largest step of a voltage between two solutions, in RT/F."""
NUDGE = 0.02
"""Voltage step of the difference quotient of a capacitance, in RT/F."""


@dataclass(frozen=True)
class Electrode:
    """One boundary."""

    boundary: str
    stern_capacitance: float | None = None
    """[F/m^2]; None for a potential at the surface itself."""
    held: Mapping[int, float] = field(default_factory=dict)
    """Concentrations by ion that the surface holds [mol/m^3]; the others are blocked."""


class DoubleLayerCell:
    """Ions between two electrodes, the second one at zero volts.

    Parameters
    ----------
    mesh
        The mesh.
    ions
        The solution.
    concentrations
        At the start, of every ion [mol/m^3].
    working, counter
        Electrodes.
    regions
        Of the electrolyte.
    prefix
        Of the PETSc options.
    """

    def __init__(
        self,
        mesh: Mesh,
        ions: pnp.Ions,
        concentrations: tuple[float, ...],
        working: Electrode,
        counter: Electrode,
        regions: tuple[str, ...],
        prefix: str = "fem_ions_",
    ) -> None:
        self.mesh, self.ions, self.working, self.counter = mesh, ions, working, counter
        self.concentrations = concentrations
        self.space = Space(mesh, 1, len(ions.charges) + 1)
        self.voltage = 0.0
        """Of the working electrode [V]."""
        pattern = Pattern(self.space)
        cells = np.unique(np.concatenate([mesh.region(name) for name in regions]))
        self.bulk = pnp.PoissonNernstPlanck(self.space, pattern, ions, cells)
        tables = pnp.corner_tables(self.space)
        components = range(1, self.space.components)
        self.storages = tuple(Storage(self.space, pattern, cells, k, tables) for k in components)
        self.layers = {
            electrode.boundary: pnp.SternLayer(self.space, pattern, [electrode.boundary], electrode.stern_capacitance)
            for electrode in (working, counter)
            if electrode.stern_capacitance is not None
        }
        self.fixed, start = self._given(regions)
        terms: list[Term] = [self.bulk, *self.storages, *self.layers.values()]
        self.solver = NewtonSolver(
            self.space, terms, self.fixed, self._scales(), pnp.damping(ions), prefix, self._method()
        )
        self.march = March(self.solver, self.storages, start, np.empty(0))

    def go_to(self, voltage: float) -> None:
        """The steady state at a voltage [V], by way of those between. Collective.

        Raises
        ------
        NewtonFailure
            When it cannot be reached.
        """
        step = STEP * self.ions.thermal_voltage
        count = max(1, int(np.ceil(abs(voltage - self.voltage) / step - 1e-9)))
        sizes = np.array([self.ions.thermal_voltage, *(max(c, 1e-300) for c in self.concentrations)])
        for between in np.linspace(self.voltage, voltage, count + 1)[1:]:
            self._set_voltage(float(between))
            self.march.settle(self._time(), sizes)

    def charge(self, electrode: Electrode) -> float:
        """Of the metal of an electrode [C, C/m or C/m^2]. Collective."""
        if electrode.boundary in self.layers:
            return self.layers[electrode.boundary].charge(self.march.u, np.empty(0))
        return self._left_over(electrode, pnp.POTENTIAL)

    def current(self, electrode: Electrode) -> float:
        """Of the ions out of the solution into an electrode, positive for cations [A, A/m or A/m^2]. Collective."""
        sums = sum(
            z * self._left_over(electrode, k + 1) for k, z in enumerate(self.ions.charges) if k in electrode.held
        )
        return -FARADAY * float(sums)

    def capacitance(self) -> float:
        """Differential, of the working electrode: dq/dV by a small step to both sides [F, F/m or F/m^2]. Collective."""
        u, voltage = self.march.u.copy(), self.voltage
        nudge, charges = NUDGE * self.ions.thermal_voltage, []
        for side in (-1.0, 1.0):
            self.go_to(voltage + side * nudge)
            charges.append(self.charge(self.working))
        self._set_voltage(voltage)
        self.march.u = u
        return (charges[1] - charges[0]) / (2.0 * nudge)

    def amounts(self) -> list[float]:
        """Of every ion [mol, mol/m or mol/m^2]. Collective."""
        return [total(self.mesh, float(storage.applied(self.march.u[:, storage.component]).sum()))
                for storage in self.storages]  # fmt: skip

    def charge_density(self) -> np.ndarray:
        """F sum z c [C/m^3] at the local nodes."""
        return FARADAY * self.march.u[:, 1:] @ np.array(self.ions.charges, dtype=float)

    def destroy(self) -> None:
        """Free solver and space; the mesh is the caller's."""
        self.solver.destroy()
        self.space.destroy()

    def _left_over(self, electrode: Electrode, component: int) -> float:
        """What the bulk's equations of a component leave over at the nodes of an electrode that holds it."""
        for storage in self.storages:
            storage.rate = 0.0
        sums = self.solver.linearise(self.march.u, np.empty(0))
        nodes = self.space.boundary_nodes(electrode.boundary)
        return total(self.mesh, float(sums.residual[nodes, component].sum()))

    def _set_voltage(self, voltage: float) -> None:
        name = self.working.boundary
        if name in self.layers:
            self.layers[name].potential = voltage
        else:
            self.march.u[self.space.boundary_nodes(name), pnp.POTENTIAL] = voltage
        self.voltage = voltage

    def _given(self, regions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        conditions = []
        for electrode in (self.working, self.counter):
            self.mesh.require_boundary(electrode.boundary)
            if electrode.stern_capacitance is None:
                conditions.append(Dirichlet(electrode.boundary, 0.0, pnp.POTENTIAL))
            conditions += [Dirichlet(electrode.boundary, c, ion + 1) for ion, c in electrode.held.items()]
        fixed, values = fixed_values(self.space, conditions)
        start = np.where(fixed, values, [0.0, *self.concentrations])
        wet = np.zeros(self.space.local_count, dtype=bool)
        for name in regions:
            wet[self.space.region_nodes(name)] = True
        fixed[~wet] = True
        return fixed, start

    def _scales(self) -> Scales:
        ions, largest = self.ions, max(self.concentrations)
        vt = ions.thermal_voltage
        extent = self.mesh.extent()
        h = (float(np.prod(extent)) / self.mesh.cell_count()) ** (1.0 / self.mesh.dimension)
        size = float(h ** (self.mesh.dimension - 2))
        rows = [ions.permittivity * vt * size + FARADAY * largest * h**self.mesh.dimension]
        rows += [D * largest * size for D in ions.diffusivities]
        return Scales(np.array([vt, *(largest for _ in ions.charges)]), np.array(rows))

    def _time(self) -> float:
        return float(self.mesh.extent()[-1] ** 2 / min(self.ions.diffusivities))

    def _method(self) -> Method:
        return "direct"
