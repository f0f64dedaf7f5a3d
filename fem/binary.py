"""Transport in a binary 1:1 electrolyte, concentrated or dilute and electroneutral; Galerkin, any element.

    dc/dt = div(D grad c) - div(t+ i)/F + q_c,      div i = q_phi,
    i = -(kappa/c) c grad phi - d grad c,           phi = phi_l - (RT/F) ln(c/c_ref)

with the properties of `physics.electrolyte` at the quadrature points. The charge equation times t0/F, t0 = t+ at the
reference concentration, is taken off the salt equation, which then sees the potential through t+ - t0 alone. Weak form,
with test functions v of the salt and w of the charge row, n pointing out of the electrolyte:

    salt     int dc/dt v + (D grad c - (t+ - t0) i/F) . grad v + oint (1 - t0) i_n/F v = 0
    charge   int -i . grad w + oint i_n w = 0

A uniform electrolyte (secondary current distribution) has the conductivity of the reference concentration and no salt
equation: `Conduction`.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from ramify.fem import kernels
from ramify.fem.boundaries import Field, at_quadrature
from ramify.fem.newton import Sums
from ramify.fem.pattern import Pattern, apply_entries
from ramify.fem.reference import Tables
from ramify.fem.spaces import Space
from ramify.physics.constants import FARADAY
from ramify.physics.electrolyte import Electrolyte

DIFFERENCE = 1e-6
"""Of concentrations, relative to the reference, for the derivatives of properties."""


class Properties(NamedTuple):
    """(cells, points) properties at the quadrature points, each followed by its derivative to c."""

    D: np.ndarray
    D_slope: np.ndarray
    molar: np.ndarray
    """kappa/c [S m^2/mol]."""
    molar_slope: np.ndarray
    diffusional: np.ndarray
    """Factor of -grad c in the current [A m^2/mol]."""
    diffusional_slope: np.ndarray
    transference: np.ndarray
    transference_slope: np.ndarray


class BinaryTransport:
    """Salt and charge in the cells of the electrolyte.

    Parameters
    ----------
    space
        The space.
    pattern
        Its pattern.
    electrolyte
        Property laws.
    reference
        Concentration of t0 [mol/m^3].
    cells
        This rank's cells of the electrolyte.
    salt, potential
        Components.
    """

    def __init__(
        self,
        space: Space,
        pattern: Pattern,
        electrolyte: Electrolyte,
        reference: float,
        cells: np.ndarray,
        salt: int = 0,
        potential: int = 1,
    ) -> None:
        mesh = space.mesh
        self.space, self.electrolyte, self.reference = space, electrolyte, reference
        self.salt, self.potential = salt, potential
        self.corners, self.nodes, self.slots = mesh.cells[cells], space.cell_nodes[cells], pattern.slots[cells]
        self.tables = space.element.tables(2 * space.order)
        self.transference = float(electrolyte.transference(reference))
        """t0."""

    @property
    def salt_factor(self) -> float:
        """What the salt row takes of a surface's i_n, (1 - t0)/F [mol/C]."""
        return (1.0 - self.transference) / FARADAY

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """Fluxes of salt and charge."""
        c = kernels.interpolate(self.nodes, self.tables, u, self.salt)
        _add_binary(
            self.space.mesh.points,
            self.corners,
            self.tables,
            self.nodes,
            self.slots,
            u,
            self.properties(c),
            self.transference,
            self.salt,
            self.potential,
            sums.residual,
            sums.entries,
        )

    def properties(self, c: np.ndarray) -> Properties:
        """Properties and their derivatives at concentrations [mol/m^3] of any shape."""
        laws = self.electrolyte
        step = DIFFERENCE * self.reference
        found = []
        for law in (laws.diffusivity, laws.molar_conductivity, laws.diffusional_conductivity, laws.transference):
            value = np.broadcast_to(np.asarray(law(c), dtype=float), c.shape)
            # One-sided where a concentration below zero counts as zero.
            slope = (np.asarray(law(c + step)) - np.asarray(law(np.maximum(c - step, 0.0)))) / (
                c + step - np.maximum(c - step, 0.0)
            )
            found += [np.ascontiguousarray(value), np.ascontiguousarray(np.broadcast_to(slope, c.shape))]
        return Properties(*found)

    def fluxes(self, u: np.ndarray, tables: Tables | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Current density i [A/m^2] and cation flux [mol/(m^2 s)], (cells, points, dimension) each."""
        tables = tables or self.tables
        c = kernels.interpolate(self.nodes, tables, u, self.salt)
        slopes = [
            kernels.interpolate_gradients(self.space.mesh.points, self.corners, self.nodes, tables, u, component)
            for component in (self.salt, self.potential)
        ]
        laws = self.properties(c)
        current = -(laws.molar * c)[..., None] * slopes[1] - laws.diffusional[..., None] * slopes[0]
        cations = -laws.D[..., None] * slopes[0] + laws.transference[..., None] * current / FARADAY
        return current, cations


class Conduction:
    """Ohm's law for one component: the potential of a uniform electrolyte, or of the electrons in the metal."""

    def __init__(
        self, space: Space, pattern: Pattern, conductivity: Field, cells: np.ndarray, component: int = 0
    ) -> None:
        mesh = space.mesh
        self.space, self.component = space, component
        self.corners, self.nodes, self.slots = mesh.cells[cells], space.cell_nodes[cells], pattern.slots[cells]
        plain = mesh.kind.affine and not callable(conductivity)
        self.tables = space.element.tables(max(1, 2 * space.order - 2) if plain else 2 * space.order)
        self.conductivity = at_quadrature(conductivity, mesh.points, self.corners, self.tables)

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """Current between nodes."""
        points, k = self.space.mesh.points, self.component
        kernels.add_fluxes(points, self.corners, self.tables, self.conductivity, self.nodes, u, k, sums.residual)
        kernels.add_stiffness(points, self.corners, self.tables, self.conductivity, self.slots, k, k, sums.entries)


class Source:
    """Given sources of one component, in cells or through named boundaries: what comes in."""

    def __init__(self, space: Space, component: int) -> None:
        self.component = component
        self.load = space.zeros()
        self.space = space

    def in_cells(self, density: Field, cells: np.ndarray) -> Source:
        """Add a density per volume."""
        mesh, tables = self.space.mesh, self.space.element.tables(2 * self.space.order + 1)
        values = at_quadrature(density, mesh.points, mesh.cells[cells], tables)
        nodes = self.space.cell_nodes[cells]
        kernels.add_load(mesh.points, mesh.cells[cells], tables, values, nodes, self.component, self.load)
        return self

    def through(self, boundary: str, density: Field) -> Source:
        """Add a density per area of a named boundary."""
        mesh, facets = self.space.mesh, self.space.mesh.boundary(boundary)
        tables = self.space.facet_element.tables(2 * self.space.order + 1)
        values = at_quadrature(density, mesh.points, facets.corners, tables)
        nodes = self.space.facet_nodes(facets.points)
        kernels.add_load(mesh.points, facets.corners, tables, values, nodes, self.component, self.load)
        return self

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """Take the load off the residual."""
        sums.residual -= self.load


class Storage:
    """The rate of change of one component: integral of (rate u - history) v.

    A time scheme sets `rate` [1/s] and `history`, the part that earlier steps give; zero for a steady state.
    """

    def __init__(self, space: Space, pattern: Pattern, cells: np.ndarray, component: int, tables: Tables) -> None:
        mesh = space.mesh
        self.space, self.component = space, component
        self.rate = 0.0
        self.history = np.zeros(space.local_count)
        self.nodes, self.slots = space.cell_nodes[cells], pattern.slots[cells]
        self.mass = pattern.zeros()
        self.pattern = pattern
        one = np.ones((1, 1))
        kernels.add_mass(mesh.points, mesh.cells[cells], tables, one, self.slots, component, component, self.mass)

    def applied(self, values: np.ndarray) -> np.ndarray:
        """Integrals of a local field (local nodes) against the test functions."""
        both = self.space.zeros()
        both[:, self.component] = values
        return apply_entries(self.mass, self.pattern.starts, self.pattern.columns, both)[:, self.component]

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """What accumulates."""
        if self.rate == 0.0:
            return
        k = self.component
        sums.residual[:, k] += self.applied(self.rate * u[:, k] - self.history)
        sums.entries += self.rate * self.mass


@numba.njit(cache=True)
def _add_binary(
    points: np.ndarray,
    cells: np.ndarray,
    tables: Tables,
    nodes: np.ndarray,
    slots: np.ndarray,
    u: np.ndarray,
    laws: Properties,
    t0: float,
    salt: int,
    charge: int,
    residual: np.ndarray,
    entries: np.ndarray,
) -> None:
    width, dimension = nodes.shape[1], points.shape[1]
    gradients = np.empty((width, dimension))
    slope_c, slope_phi = np.empty(dimension), np.empty(dimension)
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            weight = kernels.volume_and_gradients(points, cells[n], tables, q, gradients) * tables.weights[q]
            c = 0.0
            slope_c[:] = 0.0
            slope_phi[:] = 0.0
            for a in range(width):
                c += tables.values[q, a] * u[nodes[n, a], salt]
                for i in range(dimension):
                    slope_c[i] += gradients[a, i] * u[nodes[n, a], salt]
                    slope_phi[i] += gradients[a, i] * u[nodes[n, a], charge]
            D, D_slope = laws.D[n, q], laws.D_slope[n, q]
            molar, diffusional = laws.molar[n, q], laws.diffusional[n, q]
            excess, excess_slope = (laws.transference[n, q] - t0) / FARADAY, laws.transference_slope[n, q] / FARADAY
            kappa, kappa_slope = molar * c, molar + laws.molar_slope[n, q] * c
            for a in range(width):
                along_c = along_phi = 0.0
                for i in range(dimension):
                    along_c += gradients[a, i] * slope_c[i]
                    along_phi += gradients[a, i] * slope_phi[i]
                current = -kappa * along_phi - diffusional * along_c
                residual[nodes[n, a], salt] += weight * (D * along_c - excess * current)
                residual[nodes[n, a], charge] -= weight * current
                for b in range(width):
                    product = 0.0
                    for i in range(dimension):
                        product += gradients[a, i] * gradients[b, i]
                    shape = tables.values[q, b]
                    by_phi = -kappa * product
                    by_c = -kappa_slope * shape * along_phi - diffusional * product
                    by_c -= laws.diffusional_slope[n, q] * shape * along_c
                    k = slots[n, a, b]
                    entries[k, salt, salt] += weight * (
                        D * product + D_slope * shape * along_c - excess * by_c - excess_slope * shape * current
                    )
                    entries[k, salt, charge] -= weight * excess * by_phi
                    entries[k, charge, salt] -= weight * by_c
                    entries[k, charge, charge] -= weight * by_phi
