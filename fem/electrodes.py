"""Metal surfaces on named boundaries: Butler-Volmer kinetics, implicit, under given potential or given current.

The law is `physics.butler_volmer.surface_current`, in the inner potential phi; currents are positive for plating, that
is, for cations leaving the electrolyte. With n pointing out of the electrolyte

    i . n = i_n,      cation flux N . n = i_n/F,      electrons: -sigma grad phi_s . n_metal = -i_n

A potential is given, or one of the borders of `newton`, found so that the integral of i_n is the given current, or the
field of electrons in the metal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from ramify.fem import kernels
from ramify.fem.newton import Sums
from ramify.fem.pattern import Pattern
from ramify.fem.reference import Tables
from ramify.fem.spaces import Space
from ramify.physics.butler_volmer import surface_current


@dataclass(frozen=True)
class SurfaceKinetics:
    """Constants of the law at one temperature."""

    exchange_current_density: float
    """i0 at the reference concentration [A/m^2]."""
    reference_concentration: float
    """[mol/m^3]."""
    alpha_a: float
    alpha_c: float
    thermal_voltage: float
    """RT/F [V]."""
    film_resistance: float = 0.0
    """[ohm m^2]."""


@dataclass(frozen=True)
class Fields:
    """Components of the space that a surface sees, and what its current does to their rows; -1 for none."""

    potential: int
    concentration: int = -1
    """Without one the reference concentration is there."""
    electrons: int = -1
    charge_row: int = -1
    """Row that takes i_n as it is."""
    salt_row: int = -1
    salt_factor: float = 0.0
    """What the salt row takes of i_n [mol/C]."""


class ElectrodeSurface:
    """The reaction on one or more named boundaries at one potential.

    Parameters
    ----------
    space
        The space.
    pattern
        Its pattern.
    boundaries
        Names; their facets must have electrolyte beside them.
    kinetics
        The law's constants.
    fields
        Components.
    potential
        phi_s [V] unless it is a border or a field.
    border
        Number of the border that is phi_s; -1 for none.
    current
        What the integral of i_n over the surface shall be with a border [A, A/m or A/m^2 in 3-D, 2-D, 1-D].
    tables
        Quadrature on the facets.
    """

    def __init__(
        self,
        space: Space,
        pattern: Pattern,
        boundaries: Sequence[str],
        kinetics: SurfaceKinetics,
        fields: Fields,
        *,
        potential: float = 0.0,
        border: int = -1,
        current: float = 0.0,
        tables: Tables | None = None,
    ) -> None:
        self.space, self.kinetics, self.fields = space, kinetics, fields
        self.potential, self.border, self.current = potential, border, current
        facets = [space.mesh.boundary(name) for name in boundaries]
        self.facets = np.unique(np.concatenate([found.points for found in facets]))
        self.corners = space.mesh.facet_corners(self.facets)
        self.nodes = space.facet_nodes(self.facets)
        self.slots = pattern.slots_of(self.nodes)
        self.tables = tables or space.facet_element.tables(2 * space.order + 1)
        self.weights = kernels.measures(space.mesh.points, self.corners, self.tables)

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """Current into the rows of charge, salt and electrons; the border's row is the balance of the current."""
        i_n, by_phi, by_c = self._law(u, borders)
        fields, k = self.fields, self.border
        rows = np.array([fields.charge_row, fields.salt_row, fields.electrons])
        factors = np.array([1.0, fields.salt_factor, -1.0])
        components = np.array([fields.potential, fields.concentration, fields.electrons])
        slopes = np.stack([by_phi, by_c, -by_phi])
        column = sums.columns[k] if k >= 0 else self.space.zeros()
        border_row = sums.rows[k] if k >= 0 else self.space.zeros()
        _add_currents(
            self.nodes,
            self.slots,
            self.tables.values,
            self.weights,
            i_n,
            slopes,
            rows,
            factors,
            components,
            sums.residual,
            sums.entries,
            column,
            border_row,
        )
        if k >= 0:
            sums.gaps[k] += float((self.weights * i_n).sum()) - self.current / self.space.mesh.comm.size
            sums.corner[k, k] -= float((self.weights * by_phi).sum())

    def current_density(self, u: np.ndarray, borders: np.ndarray) -> np.ndarray:
        """i_n (facets, quadrature points) [A/m^2], positive for plating, with the weights of `self.weights`."""
        return self._law(u, borders)[0]

    def total_current(self, u: np.ndarray, borders: np.ndarray) -> float:
        """Integral of i_n over the surface [A, A/m or A/m^2]. Collective."""
        mine = float((self.weights * self.current_density(u, borders)).sum())
        return float(sum(self.space.mesh.comm.allgather(mine)))

    def area(self) -> float:
        """Of the surface [m^2, m, or 1]. Collective."""
        return float(sum(self.space.mesh.comm.allgather(float(self.weights.sum()))))

    def _law(self, u: np.ndarray, borders: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        kinetics, fields = self.kinetics, self.fields
        shape = self.weights.shape
        phi = kernels.interpolate(self.nodes, self.tables, u, fields.potential)
        c = np.full(shape, kinetics.reference_concentration)
        if fields.concentration >= 0:
            c = kernels.interpolate(self.nodes, self.tables, u, fields.concentration)
        phi_s = np.full(shape, borders[self.border] if self.border >= 0 else self.potential)
        if fields.electrons >= 0:
            phi_s = kernels.interpolate(self.nodes, self.tables, u, fields.electrons)
        out = np.empty((3, *shape))
        _surface_currents(
            phi_s,
            phi,
            c,
            kinetics.exchange_current_density,
            kinetics.reference_concentration,
            kinetics.alpha_a,
            kinetics.alpha_c,
            1.0 / kinetics.thermal_voltage,
            kinetics.film_resistance,
            out,
        )
        return out[0], out[1], out[2]


@numba.njit(cache=True)
def _surface_currents(
    phi_s: np.ndarray,
    phi: np.ndarray,
    c: np.ndarray,
    i0: float,
    c_ref: float,
    alpha_a: float,
    alpha_c: float,
    f: float,
    film: float,
    out: np.ndarray,
) -> None:
    for n in range(phi.shape[0]):
        for q in range(phi.shape[1]):
            out[0, n, q], out[1, n, q], out[2, n, q] = surface_current(
                phi_s[n, q], phi[n, q], c[n, q], 0.0, i0, c_ref, alpha_a, alpha_c, f, film
            )


@numba.njit(cache=True)
def _add_currents(
    nodes: np.ndarray,
    slots: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray,
    i_n: np.ndarray,
    slopes: np.ndarray,
    rows: np.ndarray,
    factors: np.ndarray,
    components: np.ndarray,
    residual: np.ndarray,
    entries: np.ndarray,
    column: np.ndarray,
    border_row: np.ndarray,
) -> None:
    """Add i_n times `factors` to `rows`, its `slopes` with respect to `components`, and the border's row and column."""
    for n in range(nodes.shape[0]):
        for q in range(weights.shape[1]):
            for a in range(nodes.shape[1]):
                share = weights[n, q] * values[q, a]
                for p in range(3):
                    if components[p] >= 0:
                        border_row[nodes[n, a], components[p]] += share * slopes[p, n, q]
                    if rows[p] < 0:
                        continue
                    factor = share * factors[p]
                    residual[nodes[n, a], rows[p]] += factor * i_n[n, q]
                    column[nodes[n, a], rows[p]] -= factor * slopes[0, n, q]
                    for b in range(nodes.shape[1]):
                        for k in range(3):
                            if components[k] >= 0:
                                entries[slots[n, a, b], rows[p], components[k]] += (
                                    factor * slopes[k, n, q] * values[q, b]
                                )
