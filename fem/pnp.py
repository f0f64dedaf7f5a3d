"""Poisson-Nernst-Planck equations of any number of ions, edge-averaged on elements of first order.

    -div(eps grad phi) = F sum z_i c_i + rho
    dc_i/dt + div N_i = 0,   N_i = -D_i [grad c_i + c_i grad(z_i f phi + s)],   s = -ln(1 - N_A a^3 sum c_j)

s is Bikerman's steric potential (`physics.double_layer`), zero for points. n points out of the electrolyte; boundaries
of which nothing is said are closed: N . n = 0 and eps d phi/dn = 0.

Galerkin's fluxes oscillate and turn concentrations negative where a cell sees more than RT/F. Here the flux between two
nodes a, b of a cell is D w_ab [c_a B(x) - c_b B(-x)], x the difference of z_i f phi + s, B Bernoulli's function and
-w_ab the entry of the cell's stiffness matrix (Xu and Zikatanov, Math. Comp. 68 (1999) 1429): exact for a constant
flux, Boltzmann's distribution in equilibrium, positive concentrations where no w_ab sums up to less than zero (Delaunay
meshes), and of second order. Charge and storage are lumped at the nodes; on quadrilaterals and hexahedra the stiffness
is integrated at the corners, so that edges alone connect nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from ramify.fem import kernels
from ramify.fem.newton import PositiveConcentrations, Sums
from ramify.fem.pattern import Pattern
from ramify.fem.reference import Tables
from ramify.fem.spaces import Space
from ramify.physics.constants import AVOGADRO, FARADAY, GAS_CONSTANT
from ramify.physics.double_layer import bernoulli

POTENTIAL = 0
"""Component of phi; ion i (from 0) is component i + 1."""


@dataclass(frozen=True)
class Ions:
    """A solution of ions."""

    charges: tuple[int, ...]
    diffusivities: tuple[float, ...]
    """[m^2/s]."""
    permittivity: float
    """eps [F/m]."""
    temperature: float
    """[K]."""
    diameter: float = 0.0
    """a of the steric potential [m]; zero for points."""

    @property
    def thermal_voltage(self) -> float:
        """RT/F [V]."""
        return GAS_CONSTANT * self.temperature / FARADAY

    @property
    def molar_volume(self) -> float:
        """N_A a^3 [m^3/mol]."""
        return AVOGADRO * self.diameter**3


class PoissonNernstPlanck:
    """The equations in the cells of the electrolyte.

    Parameters
    ----------
    space
        First order, one component for phi and one per ion.
    pattern
        Its pattern.
    ions
        The solution.
    cells
        This rank's cells of the electrolyte.
    """

    def __init__(self, space: Space, pattern: Pattern, ions: Ions, cells: np.ndarray) -> None:
        if space.order != 1 or space.components != len(ions.charges) + 1:
            raise ValueError(
                f"Poisson-Nernst-Planck of {len(ions.charges)} ions needs a space of order 1 with "
                f"{len(ions.charges) + 1} components, not of order {space.order} with {space.components}"
            )
        mesh = space.mesh
        self.space, self.ions = space, ions
        self.corners, self.nodes, self.slots = mesh.cells[cells], space.cell_nodes[cells], pattern.slots[cells]
        self.tables = corner_tables(space)
        self.stiffness_tables = space.element.tables(1) if mesh.kind.affine else self.tables

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """Displacement field, charge, and fluxes between nodes."""
        ions = self.ions
        _add_pnp(
            self.space.mesh.points,
            self.corners,
            self.stiffness_tables,
            self.tables,
            self.nodes,
            self.slots,
            u,
            np.array(ions.charges, dtype=float),
            np.array(ions.diffusivities),
            ions.permittivity,
            1.0 / ions.thermal_voltage,
            ions.molar_volume,
            sums.residual,
            sums.entries,
        )


class SternLayer:
    """A compact layer between metal and the first ions: eps d phi/dn = C (V - phi), n pointing into the metal.

    Parameters
    ----------
    space, pattern
        The space and its pattern.
    boundaries
        Names.
    capacitance
        C [F/m^2].
    potential
        V [V] unless it is a border.
    border
        Number of the border that is V; -1 for none.
    """

    def __init__(
        self,
        space: Space,
        pattern: Pattern,
        boundaries: Sequence[str],
        capacitance: float,
        *,
        potential: float = 0.0,
        border: int = -1,
    ) -> None:
        self.space, self.potential, self.border, self.capacitance = space, potential, border, capacitance
        tables = facet_corner_tables(space)
        self.load, self.entries = space.zeros(), pattern.zeros()
        facets = np.unique(np.concatenate([space.mesh.boundary(name).points for name in boundaries]))
        corners, nodes = space.mesh.facet_corners(facets), space.facet_nodes(facets)
        density, points = np.full((1, 1), capacitance), space.mesh.points
        kernels.add_load(points, corners, tables, density, nodes, POTENTIAL, self.load)
        slots = pattern.slots_of(nodes)
        kernels.add_mass(points, corners, tables, density, slots, POTENTIAL, POTENTIAL, self.entries)

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """The layer's charge."""
        sums.residual[:, POTENTIAL] += self.load[:, POTENTIAL] * (u[:, POTENTIAL] - self._potential(borders))
        sums.entries += self.entries
        if self.border >= 0:
            sums.columns[self.border] -= self.load

    def charge(self, u: np.ndarray, borders: np.ndarray) -> float:
        """Charge of the metal, the integral of C (V - phi) [C, C/m or C/m^2]. Collective."""
        mine = float((self.load[:, POTENTIAL] * (self._potential(borders) - u[:, POTENTIAL])).sum())
        return float(sum(self.space.mesh.comm.allgather(mine)))

    def _potential(self, borders: np.ndarray) -> float:
        return float(borders[self.border]) if self.border >= 0 else self.potential


def corner_tables(space: Space) -> Tables:
    """Tables of cells at their corners."""
    return space.element.corner_tables()


def facet_corner_tables(space: Space) -> Tables:
    """Tables of facets at their corners."""
    return space.facet_element.corner_tables()


def damping(ions: Ions) -> PositiveConcentrations:
    """Newton's damping for such a solution."""
    concentrations = tuple(range(1, len(ions.charges) + 1))
    return PositiveConcentrations((POTENTIAL,), concentrations, 8.0 * ions.thermal_voltage, ions.molar_volume)


@numba.njit(cache=True)
def _add_pnp(
    points: np.ndarray,
    cells: np.ndarray,
    stiffness_tables: Tables,
    tables: Tables,
    nodes: np.ndarray,
    slots: np.ndarray,
    u: np.ndarray,
    charges: np.ndarray,
    diffusivities: np.ndarray,
    permittivity: float,
    f: float,
    molar_volume: float,
    residual: np.ndarray,
    entries: np.ndarray,
) -> None:
    width, dimension, ions = nodes.shape[1], points.shape[1], len(charges)
    gradients = np.empty((width, dimension))
    stiffness, volumes = np.empty((width, width)), np.empty(width)
    steric, steric_slope = np.zeros(width), np.zeros(width)
    for n in range(len(cells)):
        stiffness[:] = 0.0
        for q in range(len(stiffness_tables.weights)):
            volume = kernels.volume_and_gradients(points, cells[n], stiffness_tables, q, gradients)
            for a in range(width):
                for b in range(width):
                    for i in range(dimension):
                        stiffness[a, b] += volume * stiffness_tables.weights[q] * gradients[a, i] * gradients[b, i]
        for a in range(width):
            volumes[a] = kernels.measure(points, cells[n], tables, a) * tables.weights[a]
            if molar_volume > 0.0:
                free = 1.0
                for k in range(ions):
                    free -= molar_volume * u[nodes[n, a], k + 1]
                steric[a], steric_slope[a] = -bounded_log(free), molar_volume / free
        for a in range(width):
            here = nodes[n, a]
            for k in range(ions):
                residual[here, 0] -= FARADAY * charges[k] * u[here, k + 1] * volumes[a]
                entries[slots[n, a, a], 0, k + 1] -= FARADAY * charges[k] * volumes[a]
            for b in range(width):
                residual[here, 0] += permittivity * stiffness[a, b] * u[nodes[n, b], 0]
                entries[slots[n, a, b], 0, 0] += permittivity * stiffness[a, b]
            for b in range(a):
                _add_edge(
                    here,
                    nodes[n, b],
                    -stiffness[a, b],
                    (slots[n, a, a], slots[n, a, b], slots[n, b, a], slots[n, b, b]),
                    u,
                    charges,
                    diffusivities,
                    f,
                    (steric[a], steric[b], steric_slope[a], steric_slope[b]),
                    residual,
                    entries,
                )


@numba.njit(cache=True)
def bounded_log(x: float) -> float:
    """Logarithm, continued by its tangent below 1e-6, where a Newton iterate may be."""
    return np.log(x) if x > 1e-6 else np.log(1e-6) + (x - 1e-6) * 1e6


@numba.njit(cache=True)
def _add_edge(
    a: int,
    b: int,
    weight: float,
    slots: tuple[int, int, int, int],
    u: np.ndarray,
    charges: np.ndarray,
    diffusivities: np.ndarray,
    f: float,
    steric: tuple[float, float, float, float],
    residual: np.ndarray,
    entries: np.ndarray,
) -> None:
    """Flux of every ion from node a to node b of a cell, with its derivatives; `slots` of (aa, ab, ba, bb)."""
    aa, ab, ba, bb = slots
    for k in range(len(charges)):
        p = k + 1
        jump = charges[k] * f * (u[b, 0] - u[a, 0]) + steric[1] - steric[0]
        forth, forth_slope = bernoulli(jump)
        back, back_slope = bernoulli(-jump)
        rate = diffusivities[k] * weight
        flux = rate * (u[a, p] * forth - u[b, p] * back)
        by_jump = rate * (u[a, p] * forth_slope + u[b, p] * back_slope)
        residual[a, p] += flux
        residual[b, p] -= flux
        entries[aa, p, p] += rate * forth
        entries[ab, p, p] -= rate * back
        entries[ba, p, p] -= rate * forth
        entries[bb, p, p] += rate * back
        by_phi = by_jump * charges[k] * f
        entries[aa, p, 0] -= by_phi
        entries[ab, p, 0] += by_phi
        entries[ba, p, 0] += by_phi
        entries[bb, p, 0] -= by_phi
        if steric[2] > 0.0 or steric[3] > 0.0:
            for j in range(len(charges)):
                entries[aa, p, j + 1] -= by_jump * steric[2]
                entries[ab, p, j + 1] += by_jump * steric[3]
                entries[ba, p, j + 1] += by_jump * steric[2]
                entries[bb, p, j + 1] -= by_jump * steric[3]
