"""What stripping at a solid electrolyte is judged by: contact, constriction, hot spots, and the voids one by one.

The voltage of a cell is V = phi_0 - i R_1 - i R_c + eta, exactly, where phi_0 is the electrolyte's potential at the
counter electrode and R_1 the electrolyte's resistance, both for a uniform current i, and where

    i R_c = phi_0 - i R_1 - <phi>       constriction: the electrolyte's potential at the contact, weighted by current
    eta = V - <phi>                     overpotential of the contact, weighted alike

A void is a region of cells with xi < 1/2 that hang together by faces, and its volume the empty part of these cells and
of those around it, up to where its surface ends. It is occluded if no cell at the contact plane belongs to it.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.voids.contact import Contact, ContactState

SURFACE_WIDTHS = 4.0
"""Widths from the middle of a diffuse surface to where it ends."""
VOID = 0.5
"""Metal fraction below which a cell belongs to a void."""


def contact_measures(contact: Contact, state: ContactState) -> dict[str, float]:
    """Contact fraction, constriction [ohm m^2], overpotential [V], hot spot and largest current density [A/m^2]."""
    mean, nothing = state.current_density, float("nan")
    measures = {
        "contact_fraction": float(state.shares.mean()),
        "constriction_resistance": nothing,
        "contact_overpotential": nothing,
        "hot_spot": nothing,
        "local_current_density": nothing,
    }
    if mean == 0.0:
        return measures
    at_contact = float((state.current * state.potentials[0]).sum() / state.current.sum())
    uniform = contact.counter_potential(mean) - mean * contact.slab.resistance
    peak = math.copysign(float(np.nanmax(math.copysign(1.0, mean) * state.local)), mean)
    return measures | {
        "constriction_resistance": (uniform - at_contact) / mean,
        "contact_overpotential": state.voltage - at_contact,
        "hot_spot": peak / mean,
        "local_current_density": peak,
    }


def void_measures(grid: Grid, xi: np.ndarray, width: float) -> dict[str, float]:
    """Number of voids, occluded ones, the largest [m^3], volume and occluded volume per area [m].

    Parameters
    ----------
    xi
        Metal fraction, ghosts filled.
    width
        l of the diffuse surface [m].
    """
    domain = grid.domain
    numbers, count = number_components(grid, (xi < VOID).astype(np.uint8))
    at_plane = np.zeros(count + 1)
    if grid.at_top:
        at_plane[np.unique(numbers[-2, 1:-1, 1:-1])] = 1.0
    finest = min(h for h, n in zip(domain.spacing, domain.cells, strict=True) if n > 1)
    for _ in range(math.ceil(SURFACE_WIDTHS * width / finest) if count else 0):
        _grow(grid, xi, numbers)
    empty = 1.0 - xi[OWNED]
    sizes = np.bincount(numbers[OWNED].ravel(), weights=empty.ravel(), minlength=count + 1)
    sums = grid.sums(np.concatenate([sizes, at_plane]))
    volumes, open_ = sums[1 : count + 1] * domain.cell_volume, sums[count + 2 :] > 0.0
    return {
        "voids": float(count),
        "occluded_voids": float(count - open_.sum()),
        "largest_void": float(volumes.max(initial=0.0)),
        "void_volume": float(sums[: count + 1].sum()) * domain.cell_volume / domain.cross_section,
        "occluded_void_volume": float(volumes[~open_].sum()) / domain.cross_section,
    }


def _grow(grid: Grid, xi: np.ndarray, numbers: np.ndarray) -> None:
    """Give cells without a number that of their emptiest neighbour that has one."""
    emptiest, found = np.full(grid.shape, np.inf), np.zeros(grid.shape, numbers.dtype)
    grid.halo.exchange(numbers)
    for axis in range(3):
        for ends in (slice(None, -2), slice(2, None)):
            there = tuple(ends if n == axis else slice(1, -1) for n in range(3))
            better = (numbers[there] > 0) & (xi[there] < emptiest)
            emptiest[better], found[better] = xi[there][better], numbers[there][better]
    numbers[OWNED] = np.where(numbers[OWNED] > 0, numbers[OWNED], found)
