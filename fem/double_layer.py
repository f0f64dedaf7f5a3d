"""Double layers and space charge in a meshed cell: Poisson-Nernst-Planck between electrodes and reservoirs.

Every electrode has a potential, with or without a Stern layer; that of the counter electrode is zero, that of the
working electrode is given or follows from the current. Its surface blocks an ion (N . n = 0), holds its
concentration (a reaction much faster than transport, or a reservoir), or lets it react:

    z F N . n = i_n = i0 [(c/c_ref)^(alpha_a + alpha_c) exp(-alpha_c z f (V - phi)) - exp(alpha_a z f (V - phi))]

with c and phi at the reaction plane, where the diffuse layer begins: V - phi is the drop over the Stern layer, and what
the diffuse layer does to both is Frumkin's correction of the law in terms of the bulk. A closed cell's steady state
keeps the amount of every ion that no surface exchanges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ramify.fem import pnp
from ramify.fem.binary import Storage
from ramify.fem.boundaries import Dirichlet, fixed_values
from ramify.fem.circuit import Circuit
from ramify.fem.electrodes import ElectrodeSurface, Fields, SurfaceKinetics
from ramify.fem.linear import Method, method_for
from ramify.fem.march import March
from ramify.fem.mesh import Mesh
from ramify.fem.newton import Lift, NewtonFailure, NewtonSolver, Scales, Term
from ramify.fem.norms import total
from ramify.fem.pattern import Pattern
from ramify.fem.spaces import Space
from ramify.physics.constants import FARADAY

STEP = 4.0
"""Largest step of a voltage between two solutions, in RT/F."""
NUDGE = 0.02
"""Voltage step of the difference quotient of a capacitance, in RT/F."""
SMALLEST_SHARE = 1e-3
"""Of the way to a current, below which no smaller step is tried."""
JUMP = 1e-6
"""Step in which a jump of voltage or current acts, in Debye times."""


@dataclass(frozen=True)
class Reaction:
    """Butler-Volmer kinetics of one kind of cation at a surface."""

    ion: int
    kinetics: SurfaceKinetics
    """With RT/(z F) for its thermal voltage."""


@dataclass(frozen=True)
class Electrode:
    """One boundary."""

    boundary: str
    stern_capacitance: float | None = None
    """[F/m^2]; None for a potential at the surface itself."""
    held: Mapping[int, float] = field(default_factory=dict)
    """Concentrations by ion that the surface holds [mol/m^3]; the others are blocked."""
    reaction: Reaction | None = None


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
        pattern = self.pattern = Pattern(self.space)
        cells = np.unique(np.concatenate([mesh.region(name) for name in regions]))
        self.bulk = pnp.PoissonNernstPlanck(self.space, pattern, ions, cells)
        tables = pnp.corner_tables(self.space)
        components = range(1, self.space.components)
        self.storages = tuple(Storage(self.space, pattern, cells, k, tables) for k in components)
        self.fixed, start = self._given(regions)
        self.surface_terms: list[Term] = []
        self.circuits = (self._circuit(working, 0), self._circuit(counter, -1))
        lifts = [Lift(self.circuits[0].nodes, pnp.POTENTIAL, 0)] if working.stern_capacitance is None else []
        terms: list[Term] = [self.bulk, *self.storages, *self.surface_terms, *self.circuits]
        self.solver = NewtonSolver(
            pattern, terms, self.fixed, self._scales(), pnp.damping(ions), prefix, self._method(), lifts
        )
        self.march = March(self.solver, self.storages, start, np.zeros(1), self._rates, self.circuits)

    @property
    def voltage(self) -> float:
        """Of the working electrode [V]."""
        return float(self.march.borders[0])

    def go_to(self, voltage: float) -> None:
        """The steady state at a voltage [V], by way of those between. Collective.

        Raises
        ------
        NewtonFailure
            When it cannot be reached.
        """
        circuit, start = self.circuits[0], self.voltage
        circuit.current = None
        step = STEP * self.ions.thermal_voltage
        count = max(1, int(np.ceil(abs(voltage - start) / step - 1e-9)))
        for between in np.linspace(start, voltage, count + 1)[1:]:
            circuit.voltage = float(between)
            self._settle()

    def go_to_current(self, current: float) -> None:
        """The steady state at a current into the working electrode [A, A/m or A/m^2]. Collective.

        Raises
        ------
        NewtonFailure
            When it cannot be reached, for one because it exceeds the limiting current.
        """
        circuit = self.circuits[0]
        start = self.current(self.working) if circuit.current is None else circuit.current
        reached, share = 0.0, 1.0
        while reached < 1.0:
            kept = self.march.u, self.march.borders
            circuit.current = start + min(1.0, reached + share) * (current - start)
            try:
                self._settle()
            except NewtonFailure:
                self.march.u, self.march.borders = kept
                share *= 0.25
                if share < SMALLEST_SHARE:
                    raise
                continue
            reached = min(1.0, reached + share)

    def drive(self, *, voltage: Callable[[float], float] | None = None, current: float | None = None) -> None:
        """From now on a voltage [V] as a function of time [s], or a current; what jumps, jumps at once. Collective.

        The charge that a jump of the voltage moves counts as charge of the metal, not as a current at any time.
        """
        self.follow(voltage=voltage, current=current)
        self.march.restart()
        self.march.step(JUMP * self.debye_time)
        self.march.restart()

    def follow(self, *, voltage: Callable[[float], float] | None = None, current: float | None = None) -> None:
        """As `drive`, from a state that has been driven so before: nothing jumps."""
        circuit = self.circuits[0]
        circuit.current = current

        def follow(time: float) -> None:
            if voltage is not None:
                circuit.voltage = voltage(time)

        self.march.drive = follow

    def charge(self, electrode: Electrode) -> float:
        """Of the metal of an electrode [C, C/m or C/m^2]. Collective."""
        return self._circuit_of(electrode).value(self.march.u, self.march.borders)

    def current(self, electrode: Electrode) -> float:
        """Of the ions out of the solution into an electrode, positive for cations [A, A/m or A/m^2]. Collective."""
        flows = self._outflows(self.march.u, self.march.borders)[0 if electrode is self.working else 1]
        return FARADAY * float(np.dot(self.ions.charges, flows))

    def total_current(self, electrode: Electrode) -> float:
        """That of the ions less what charges the metal, at the last step of a transient. Collective."""
        circuit = self._circuit_of(electrode)
        return self.current(electrode) - (circuit.rate * self.charge(electrode) - circuit.history)

    def capacitance(self) -> float:
        """Differential, of the working electrode: dq/dV by a small step to both sides [F, F/m or F/m^2]. Collective."""
        u, borders, voltage = self.march.u.copy(), self.march.borders.copy(), self.voltage
        nudge, charges = NUDGE * self.ions.thermal_voltage, []
        for side in (-1.0, 1.0):
            self.go_to(voltage + side * nudge)
            charges.append(self.charge(self.working))
        self.circuits[0].voltage = voltage
        self.march.u, self.march.borders = u, borders
        return (charges[1] - charges[0]) / (2.0 * nudge)

    def amounts(self) -> list[float]:
        """Of every ion [mol, mol/m or mol/m^2]. Collective."""
        return [total(self.mesh, float(storage.applied(self.march.u[:, storage.component]).sum()))
                for storage in self.storages]  # fmt: skip

    def charge_density(self) -> np.ndarray:
        """F sum z c [C/m^3] at the local nodes."""
        return FARADAY * self.march.u[:, 1:] @ np.array(self.ions.charges, dtype=float)

    @property
    def debye_time(self) -> float:
        """lambda^2/D of the fastest ion and the solution at the start [s]."""
        strength = sum(z * z * c for z, c in zip(self.ions.charges, self.concentrations, strict=True))
        square = self.ions.permittivity * self.ions.thermal_voltage / (FARADAY * strength)
        return float(square / max(self.ions.diffusivities))

    @property
    def sizes(self) -> np.ndarray:
        """Of potential and concentrations, for errors."""
        return np.array([self.ions.thermal_voltage, *(max(c, 1e-300) for c in self.concentrations)])

    def destroy(self) -> None:
        """Free solver and space; the mesh is the caller's."""
        self.solver.destroy()
        self.space.destroy()

    def _settle(self) -> None:
        """The steady state; rates of change are zero then, to the last digit."""
        self.march.settle(self._time(), self.sizes)
        for storage in self.storages:
            storage.rate, storage.history = 0.0, np.zeros_like(storage.history)
        for circuit in self.circuits:
            circuit.rate, circuit.history = 0.0, 0.0

    def _rates(self, u: np.ndarray, borders: np.ndarray) -> dict[str, float]:
        """Outflow of every ion through each electrode, by `flow_name`."""
        flows = self._outflows(u, borders)
        return {flow_name(end, ion): float(flows[end][ion]) for end in (0, 1) for ion in range(len(self.ions.charges))}

    def _outflows(self, u: np.ndarray, borders: np.ndarray) -> list[np.ndarray]:
        held = any(circuit.held for circuit in self.circuits)
        residual = self.solver.linearise(u, borders).residual if held else self.space.zeros()
        return [circuit.outflow(u, borders, residual) for circuit in self.circuits]

    def _circuit_of(self, electrode: Electrode) -> Circuit:
        return self.circuits[0 if electrode is self.working else 1]

    def _circuit(self, electrode: Electrode, border: int) -> Circuit:
        space, pattern, layer, surface = self.space, self.pattern, None, None
        if electrode.stern_capacitance is not None:
            layer = pnp.SternLayer(space, pattern, [electrode.boundary], electrode.stern_capacitance, border=border)
            self.surface_terms.append(layer)
        if electrode.reaction is not None:
            ion = electrode.reaction.ion
            factor = 1.0 / (FARADAY * self.ions.charges[ion])
            fields = Fields(pnp.POTENTIAL, ion + 1, -1, -1, ion + 1, factor)
            tables = pnp.facet_corner_tables(space)
            kinetics = electrode.reaction.kinetics
            law = ElectrodeSurface(space, pattern, [electrode.boundary], kinetics, fields, border=border, tables=tables)
            self.surface_terms.append(law)
            surface = (law, ion)
        return Circuit(space, pattern, electrode.boundary, self.bulk, tuple(electrode.held), layer, surface, border)

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
        self.wet = wet
        return fixed, start

    def _scales(self) -> Scales:
        ions, largest = self.ions, max(self.concentrations)
        vt = ions.thermal_voltage
        extent = self.mesh.extent()
        h = (float(np.prod(extent)) / self.mesh.cell_count()) ** (1.0 / self.mesh.dimension)
        size = float(h ** (self.mesh.dimension - 2))
        rows = [ions.permittivity * vt * size + FARADAY * largest * h**self.mesh.dimension]
        rows += [D * largest * size for D in ions.diffusivities]
        return Scales(np.array([vt, *(largest for _ in ions.charges)]), np.array(rows), np.array([vt]))

    def _time(self) -> float:
        return float(self.mesh.extent()[-1] ** 2 / min(self.ions.diffusivities))

    def _method(self) -> Method:
        return method_for(self.mesh.dimension, self.space.global_count * self.space.components, "coupled")


def flow_name(end: int, ion: int) -> str:
    """Of a booked amount: outflow of an ion through the working (0) or the counter electrode (1)."""
    return f"{'working' if end == 0 else 'counter'} {ion}"
