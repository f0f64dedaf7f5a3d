"""What is said of a solid on a named boundary.

    Fixed          u = 0                          Displacement   u_component = value (`boundaries.Dirichlet`)
    Symmetry       u.n = 0, no shear, on a plane across an axis
    Pressure       sigma.n = -p n                 Traction       sigma.n = t
    Plate          a rigid plate across an axis under a force (`plates`)

n points out of the solid; pressures are positive in compression. A boundary of which nothing is said is free. Normals
and areas are those of the undeformed solid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ramify.fem import kernels, solid_kernels
from ramify.fem.boundaries import Dirichlet, Field, at_quadrature, fixed_values
from ramify.fem.mesh import MeshError
from ramify.fem.reference import Tables
from ramify.fem.spaces import Space

FLATNESS = 1e-6
"""Depth of a plane of symmetry over the size of the mesh."""
Displacement = Dirichlet


@dataclass(frozen=True)
class Fixed:
    """A boundary that does not move."""

    boundary: str


@dataclass(frozen=True)
class Symmetry:
    """A plane across an axis along which the solid slides freely."""

    boundary: str


@dataclass(frozen=True)
class Pressure:
    """A pressure on a boundary [Pa]."""

    boundary: str
    pressure: Field


@dataclass(frozen=True)
class Traction:
    """Forces per area on a boundary [Pa]: one field per component, or a function of places (..., dimension)."""

    boundary: str
    traction: tuple[Field, ...] | Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Plate:
    """A rigid plate across an axis that stays parallel to itself and presses on a boundary."""

    boundary: str
    pressure: float
    """Its force over its area [Pa]."""
    bonded: bool = False
    """Whether the solid sticks to it; it slides without friction otherwise."""


SolidCondition = Fixed | Symmetry | Pressure | Traction | Plate | Dirichlet


def held(space: Space, conditions: Sequence[SolidCondition]) -> tuple[np.ndarray, np.ndarray]:
    """(fixed, values), each (local nodes, dimension), of the displacements that are given. Collective.

    Nodes under a plate are given as well, with a value of zero; `plates` finds how they move.

    Raises
    ------
    MeshError
        For a symmetric boundary or a plate that is not a plane across an axis.
    """
    given: list[Dirichlet] = []
    for condition in conditions:
        if isinstance(condition, Fixed):
            given += [Dirichlet(condition.boundary, 0.0, component) for component in range(space.components)]
        elif isinstance(condition, Symmetry):
            given.append(Dirichlet(condition.boundary, 0.0, across(space, condition.boundary)))
        elif isinstance(condition, Plate):
            way = across(space, condition.boundary, "under a plate")
            axes = range(space.components) if condition.bonded else (way,)
            given += [Dirichlet(condition.boundary, 0.0, component) for component in axes]
        elif isinstance(condition, Dirichlet):
            given.append(condition)
    return fixed_values(space, given)


def loads(space: Space, conditions: Sequence[SolidCondition]) -> np.ndarray:
    """Forces [N] of pressures and tractions, (local nodes, dimension), to be added up over ranks."""
    forces = space.zeros()
    for condition in conditions:
        if isinstance(condition, Pressure | Traction):
            _add_load(space, condition, forces)
    return forces


def _add_load(space: Space, condition: Pressure | Traction, forces: np.ndarray) -> None:
    mesh = space.mesh
    facets = mesh.boundary(condition.boundary)
    tables = space.facet_element.tables(2 * space.order + 1)
    nodes = space.facet_nodes(facets.points)
    if isinstance(condition, Pressure):
        normals = facet_normals(space, condition.boundary, tables)
        pressure = at_quadrature(condition.pressure, mesh.points, facets.corners, tables)
        density = -pressure[..., None] * normals
    elif callable(condition.traction):
        density = condition.traction(kernels.quadrature_points(mesh.points, facets.corners, tables))
    else:
        shape = (len(facets.corners), len(tables.weights))
        parts = [at_quadrature(field, mesh.points, facets.corners, tables) for field in condition.traction]
        density = np.stack([np.broadcast_to(part, shape) for part in parts], axis=-1)
    for component in range(space.components):
        along = np.ascontiguousarray(density[..., component])
        kernels.add_load(mesh.points, facets.corners, tables, along, nodes, component, forces)


def facet_normals(space: Space, boundary: str, tables: Tables) -> np.ndarray:
    """(facets, points, dimension) unit normals out of the cells behind a boundary, at the points of `tables`."""
    mesh = space.mesh
    facets = mesh.boundary(boundary)
    behind = mesh.facet_cells[facets.points, 0]
    inside = mesh.points[mesh.cells[behind]].mean(axis=1)
    normals = np.empty((len(facets.corners), len(tables.weights), mesh.dimension))
    solid_kernels.outward_normals(mesh.points, facets.corners, tables, inside, normals)
    return normals


def across(space: Space, boundary: str, use: str = "a plane of symmetry") -> int:
    """Component across a plane boundary; MeshError where it is none. Collective."""
    mesh = space.mesh
    places = space.coordinates[space.boundary_nodes(boundary)]
    none = np.full(mesh.dimension, np.nan)
    ends = [(p.min(axis=0), p.max(axis=0)) if len(p) else (none, none) for p in (places, mesh.points)]
    found = np.array(mesh.comm.allgather(ends))
    depth, size = np.nanmax(found[:, :, 1], axis=0) - np.nanmin(found[:, :, 0], axis=0)
    component = int(np.argmin(depth))
    if not depth[component] <= FLATNESS * size.max():
        raise MeshError(
            f"boundary '{boundary}' cannot be {use}: it is {depth[component]:.3g} m deep along its "
            "flattest axis; allowed: planes across an axis"
        )
    return component
