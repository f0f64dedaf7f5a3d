"""An ohmic contact on a named boundary: sigma d phi/dn = G (V - phi), at given V or with V found from the current."""

from __future__ import annotations

import numpy as np

from ramify.fem import kernels
from ramify.fem.newton import Sums
from ramify.fem.pattern import Pattern, apply_entries
from ramify.fem.spaces import Space


class Contact:
    """A contact of given areal conductance.

    Parameters
    ----------
    space, pattern
        The space and its pattern.
    boundary
        Name.
    conductance
        G [S/m^2].
    component
        Of the potential in the conductor.
    potential
        V [V] unless it is a border.
    border
        Number of the border that is V; -1 for none.
    current
        What the integral of G (V - phi) shall be with a border.
    """

    def __init__(
        self,
        space: Space,
        pattern: Pattern,
        boundary: str,
        conductance: float,
        component: int,
        *,
        potential: float = 0.0,
        border: int = -1,
        current: float = 0.0,
    ) -> None:
        self.space, self.component, self.potential, self.border = space, component, potential, border
        self.current = current
        facets = space.mesh.boundary(boundary)
        nodes, tables = space.facet_nodes(facets.points), space.facet_element.tables(2 * space.order)
        density, points = np.full((1, 1), conductance), space.mesh.points
        self.load, self.entries = space.zeros(), pattern.zeros()
        kernels.add_load(points, facets.corners, tables, density, nodes, component, self.load)
        slots = pattern.slots_of(nodes)
        kernels.add_mass(points, facets.corners, tables, density, slots, component, component, self.entries)
        self.starts, self.columns = pattern.starts, pattern.columns

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """The current through the contact."""
        voltage = float(borders[self.border]) if self.border >= 0 else self.potential
        sums.residual += apply_entries(self.entries, self.starts, self.columns, u) - voltage * self.load
        sums.entries += self.entries
        if self.border >= 0:
            k = self.border
            sums.columns[k] -= self.load
            sums.rows[k] -= self.load
            conductance = float(self.load.sum())
            share = self.current / self.space.mesh.comm.size
            sums.gaps[k] += voltage * conductance - float((self.load * u).sum()) - share
            sums.corner[k, k] += conductance
