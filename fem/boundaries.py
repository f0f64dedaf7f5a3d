"""What is said on a named boundary, and fields given as numbers or functions of place.

    Dirichlet   u = value
    Flux        k du/dn = density, n pointing out: what comes in through the boundary
    Robin       k du/dn = coefficient (outside - u)

A boundary of which nothing is said is closed: k du/dn = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ramify.fem import kernels
from ramify.fem.reference import Tables
from ramify.fem.spaces import Space

Field = float | Callable[[np.ndarray], np.ndarray]
"""A number, or a function of places (..., dimension) [m] that returns values (...)."""


@dataclass(frozen=True)
class Dirichlet:
    """A given value on a named boundary."""

    boundary: str
    value: Field
    component: int = 0


@dataclass(frozen=True)
class Flux:
    """A given flux into the domain through a named boundary."""

    boundary: str
    density: Field


@dataclass(frozen=True)
class Robin:
    """A flux into the domain that grows with the distance from an outside value."""

    boundary: str
    coefficient: Field
    outside: Field


Condition = Dirichlet | Flux | Robin
BATCH = 4096
"""Cells at whose quadrature points a function is evaluated at once: what it makes on the way stays in the cache."""


def evaluate(field: Field, places: np.ndarray) -> np.ndarray:
    """Values of a field at places (..., dimension), shape (...)."""
    values = field(places) if callable(field) else field
    return np.ascontiguousarray(np.broadcast_to(np.asarray(values, dtype=np.float64), places.shape[:-1]))


def at_quadrature(field: Field, points: np.ndarray, cells: np.ndarray, tables: Tables) -> np.ndarray:
    """Values at the quadrature points of cells or facets, as kernels take them: (1, 1) for a number."""
    if not callable(field):
        return np.full((1, 1), float(field))
    values = np.empty((len(cells), len(tables.weights)))
    for first in range(0, len(cells), BATCH):
        batch = slice(first, first + BATCH)
        values[batch] = field(kernels.quadrature_points(points, cells[batch], tables))
    return values


def fixed_values(space: Space, conditions: Iterable[Dirichlet]) -> tuple[np.ndarray, np.ndarray]:
    """(fixed, values), each (local nodes, components), of the unknowns that are given; later ones win. Collective."""
    fixed, values = np.zeros((space.local_count, space.components), dtype=bool), space.zeros()
    for condition in conditions:
        nodes = space.boundary_nodes(condition.boundary)
        fixed[nodes, condition.component] = True
        values[nodes, condition.component] = evaluate(condition.value, space.coordinates[nodes])
    return fixed, values
