"""Integrals and errors of fields on a space. All collective."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ramify.fem import kernels
from ramify.fem.boundaries import Field, at_quadrature
from ramify.fem.mesh import Mesh
from ramify.fem.spaces import Space


def integral(space: Space, field: np.ndarray, cells: np.ndarray | None = None) -> float:
    """Integral of a local field (local nodes) over the domain, or over these cells of each rank."""
    mesh, tables = space.mesh, space.element.tables(2 * space.order)
    chosen = slice(None) if cells is None else cells
    weights = kernels.measures(mesh.points, mesh.cells[chosen], tables)
    values = kernels.interpolate(space.cell_nodes[chosen], tables, field.reshape(-1, 1), 0)
    return total(mesh, float((weights * values).sum()))


def l2_error(space: Space, field: np.ndarray, exact: Field) -> float:
    """Root of the integral of (field - exact)^2."""
    mesh, tables = space.mesh, space.element.tables(2 * space.order + 3)
    weights = kernels.measures(mesh.points, mesh.cells, tables)
    values = kernels.interpolate(space.cell_nodes, tables, field.reshape(-1, 1), 0)
    wanted = at_quadrature(exact, mesh.points, mesh.cells, tables)
    return float(np.sqrt(total(mesh, float((weights * (values - wanted) ** 2).sum()))))


def gradient_error(space: Space, field: np.ndarray, exact: Callable[[np.ndarray], np.ndarray]) -> float:
    """Root of the integral of |grad field - exact|^2; `exact` maps places (..., dimension) to the same shape."""
    mesh, tables = space.mesh, space.element.tables(2 * space.order + 3)
    weights = kernels.measures(mesh.points, mesh.cells, tables)
    slopes = kernels.interpolate_gradients(mesh.points, mesh.cells, space.cell_nodes, tables, field.reshape(-1, 1), 0)
    places = kernels.quadrature_points(mesh.points, mesh.cells, tables)
    squares = ((slopes - exact(places)) ** 2).sum(axis=-1)
    return float(np.sqrt(total(mesh, float((weights * squares).sum()))))


def total(mesh: Mesh, value: float) -> float:
    """Sum over ranks, in their order."""
    return float(sum(mesh.comm.allgather(value)))
