"""What is read off a void engine: measures, the profile along z, and fields on one box with the electrolyte."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.voids.books import Books
from ramify.phasefield.voids.cell import VoidProblem
from ramify.phasefield.voids.contact import Contact, ContactState
from ramify.phasefield.voids.contact_area import share_of
from ramify.phasefield.voids.measures import contact_measures, void_measures
from ramify.phasefield.voids.metal import MetalState
from ramify.phasefield.voids.metals import Metal
from ramify.physics.constants import FARADAY

FIELDS = ("xi", "phi", "vacancies", "contact_current")
"""Metal fraction, potential [V], vacancy supersaturation, current density of the faces of the contact [A/m^2]."""
ALLOY_FIELDS = ("magnesium", "lithium")
"""Of an alloy alone: magnesium's share of the lattice sites, and lithium [mol/m^3]."""


class Reading:
    """Reader of one engine's states."""

    def __init__(self, problem: VoidProblem, grid: Grid, metal: Metal, contact: Contact, books: Books) -> None:
        self.problem, self.grid, self.metal, self.contact, self.books = problem, grid, metal, contact, books

    def measures(self, state: MetalState, flow: ContactState) -> dict[str, float]:
        """The `measures` of a report."""
        domain, taken, ledger, omega = self.grid.domain, state.ledger, self.books.ledger, self.books.omega
        at_contact = self.metal.contact_supersaturation(state, share_of(self.grid, flow.current))
        filled = np.where(share_of(self.grid, flow.shares) > 0.0, at_contact, -np.inf)
        highest = self.grid.max(float(filled.max()) if self.grid.at_top else -math.inf)
        crept = omega * self.books.entered / domain.cross_section
        recess = taken.receded(omega, domain.cross_section) + crept
        return {
            "mean_height": omega * (ledger.metal + ledger.magnesium_start) / domain.cross_section,
            "tip_height": domain.size[2] - recess,
            **contact_measures(self.contact, flow),
            **void_measures(self.grid, state.xi, self.problem.metal.interface.width),
            "contact_supersaturation": highest if math.isfinite(highest) else math.nan,
            "receded": recess,
            "crept": crept,
            "stripped_capacity": FARADAY * (ledger.metal_start - ledger.metal) / domain.cross_section,
            "utilisation": 1.0 - ledger.metal / ledger.metal_start,
            **_alloy_measures(flow),
        }

    def profile(self, state: MetalState) -> np.ndarray:
        """Metal over the volume of each stored layer; none in the electrolyte."""
        nx, ny, nz = self.grid.domain.cells
        whole = np.zeros(nz + self.problem.shown_cells)
        z = self.grid.start[2]
        whole[z : z + self.grid.shape[0]] = state.xi[OWNED].sum(axis=(1, 2))
        return self.grid.sums(whole) / (nx * ny)

    def field(self, name: str, state: MetalState, flow: Callable[[], ContactState]) -> np.ndarray | None:
        """One of `FIELDS`, or of `ALLOY_FIELDS`, on rank 0 as (nz, ny, nx), metal and electrolyte."""
        known = FIELDS + (ALLOY_FIELDS if self.books.ledger.magnesium_start > 0.0 else ())
        if name not in known:
            raise KeyError(f"field {name!r} is not one of {', '.join(known)}")
        if name in ("phi", "contact_current"):
            below = np.zeros(self.grid.domain.cells[::-1]) if self.grid.comm.rank == 0 else None
        else:
            below = self._in_metal(name, state)
        if below is None:
            return None
        above = np.zeros((self.problem.shown_cells, *below.shape[1:]))
        if name == "phi":
            below[:] = flow().voltage
            depths = (np.arange(len(above)) + 0.5) * self.grid.domain.spacing[2]
            above = self.contact.slab.at_depths(flow().potentials, depths)
        elif name == "contact_current":
            above[0] = flow().current
        elif name in ("vacancies", "magnesium"):
            above[:] = np.nan
        return np.concatenate([below, above])

    def _in_metal(self, name: str, state: MetalState) -> np.ndarray | None:
        if name == "xi":
            return self.grid.gather(state.xi)
        if name == "vacancies":
            return self.grid.gather(1.0 + state.excess)
        fields = self.metal.fields(state)
        xi, y = fields["xi"], fields["magnesium"]
        if xi is None or y is None:
            return None
        return y if name == "magnesium" else np.asarray(xi * (1.0 - y) / self.books.omega)


def _alloy_measures(flow: ContactState) -> dict[str, float]:
    """Magnesium and lithium's activity on the contact, by its area; nothing of pure lithium."""
    if flow.magnesium is None or flow.activity is None:
        return {}
    whole = float(flow.shares.sum())
    names, planes = ("contact_magnesium", "contact_activity"), (flow.magnesium, flow.activity)
    if whole <= 0.0:
        return dict.fromkeys(names, math.nan)
    return {name: float((flow.shares * plane).sum()) / whole for name, plane in zip(names, planes, strict=True)}
