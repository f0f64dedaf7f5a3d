"""Compiled element kernels: integrals over cells and facets, added into local vectors and matrix entries.

Every kernel loops over cells (or facets), over the quadrature points of `Tables`, and over pairs of nodes. Coefficients
are given per cell and quadrature point; an array (cells, 1) holds one value per cell, (1, 1) a single one.

    mass        integral of k N_a N_b          load   integral of f N_a
    stiffness   integral of k grad N_a . grad N_b
"""

from __future__ import annotations

import numba
import numpy as np

from ramify.fem.reference import Tables


@numba.njit(cache=True)
def volume_and_gradients(
    points: np.ndarray, corners: np.ndarray, tables: Tables, q: int, gradients: np.ndarray
) -> float:
    """Volume of a cell per weight at quadrature point q, |det J|; fills the gradients of its shape functions.

    Parameters
    ----------
    points
        (vertices, dimension) coordinates [m].
    corners
        Vertices of the cell.
    tables
        Of its element.
    q
        Quadrature point.
    gradients
        (nodes, dimension), filled [1/m].
    """
    slopes = tables.geometry_slopes
    dimension = points.shape[1]
    shapes = tables.slopes
    if dimension == 1:
        a = 0.0
        for c in range(len(corners)):
            a += points[corners[c], 0] * slopes[q, c, 0]
        for n in range(gradients.shape[0]):
            gradients[n, 0] = shapes[q, n, 0] / a
        return abs(a)
    if dimension == 2:
        a = b = c_ = d = 0.0
        for c in range(len(corners)):
            x, y = points[corners[c], 0], points[corners[c], 1]
            a += x * slopes[q, c, 0]
            b += x * slopes[q, c, 1]
            c_ += y * slopes[q, c, 0]
            d += y * slopes[q, c, 1]
        det = a * d - b * c_
        for n in range(gradients.shape[0]):
            u, v = shapes[q, n, 0], shapes[q, n, 1]
            gradients[n, 0] = (d * u - c_ * v) / det
            gradients[n, 1] = (a * v - b * u) / det
        return abs(det)
    j00 = j01 = j02 = j10 = j11 = j12 = j20 = j21 = j22 = 0.0
    for c in range(len(corners)):
        x, y, z = points[corners[c], 0], points[corners[c], 1], points[corners[c], 2]
        u, v, w = slopes[q, c, 0], slopes[q, c, 1], slopes[q, c, 2]
        j00 += x * u
        j01 += x * v
        j02 += x * w
        j10 += y * u
        j11 += y * v
        j12 += y * w
        j20 += z * u
        j21 += z * v
        j22 += z * w
    c00, c01, c02 = j11 * j22 - j12 * j21, j12 * j20 - j10 * j22, j10 * j21 - j11 * j20
    c10, c11, c12 = j02 * j21 - j01 * j22, j00 * j22 - j02 * j20, j01 * j20 - j00 * j21
    c20, c21, c22 = j01 * j12 - j02 * j11, j02 * j10 - j00 * j12, j00 * j11 - j01 * j10
    det = j00 * c00 + j01 * c01 + j02 * c02
    scale = 1.0 / det
    for n in range(gradients.shape[0]):
        u, v, w = shapes[q, n, 0], shapes[q, n, 1], shapes[q, n, 2]
        gradients[n, 0] = (c00 * u + c01 * v + c02 * w) * scale
        gradients[n, 1] = (c10 * u + c11 * v + c12 * w) * scale
        gradients[n, 2] = (c20 * u + c21 * v + c22 * w) * scale
    return abs(det)


@numba.njit(cache=True)
def measure(points: np.ndarray, corners: np.ndarray, tables: Tables, q: int) -> float:
    """Volume or area of a cell or facet per weight at quadrature point q, the root of det(J^T J)."""
    slopes = tables.geometry_slopes
    inner = slopes.shape[2]
    metric = np.zeros((2, 2))
    if inner == 0:
        return 1.0
    if inner == points.shape[1]:
        jacobian = np.zeros((inner, inner))
        for c in range(len(corners)):
            for i in range(inner):
                for j in range(inner):
                    jacobian[i, j] += points[corners[c], i] * slopes[q, c, j]
        return abs(np.linalg.det(jacobian))
    for i in range(points.shape[1]):
        along, across = 0.0, 0.0
        for c in range(len(corners)):
            along += points[corners[c], i] * slopes[q, c, 0]
            if inner == 2:
                across += points[corners[c], i] * slopes[q, c, 1]
        metric[0, 0] += along * along
        metric[0, 1] += along * across
        metric[1, 1] += across * across
    if inner == 1:
        return np.sqrt(metric[0, 0])
    return np.sqrt(metric[0, 0] * metric[1, 1] - metric[0, 1] * metric[0, 1])


@numba.njit(cache=True)
def quadrature_points(points: np.ndarray, cells: np.ndarray, tables: Tables) -> np.ndarray:
    """(cells, points, dimension) places of the quadrature points [m]."""
    places = np.zeros((len(cells), len(tables.weights), points.shape[1]))
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            for c in range(cells.shape[1]):
                for i in range(points.shape[1]):
                    places[n, q, i] += tables.geometry_values[q, c] * points[cells[n, c], i]
    return places


@numba.njit(cache=True)
def measures(points: np.ndarray, cells: np.ndarray, tables: Tables) -> np.ndarray:
    """(cells, points) quadrature weights in the real cells or facets [m^d]."""
    out = np.empty((len(cells), len(tables.weights)))
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            out[n, q] = measure(points, cells[n], tables, q) * tables.weights[q]
    return out


@numba.njit(cache=True)
def add_stiffness(
    points: np.ndarray,
    cells: np.ndarray,
    tables: Tables,
    coefficient: np.ndarray,
    slots: np.ndarray,
    row: int,
    column: int,
    entries: np.ndarray,
) -> None:
    """Add the stiffness matrix of the components (row, column)."""
    width = slots.shape[1]
    gradients = np.empty((width, points.shape[1]))
    local = np.empty((width, width))
    per_cell, per_point = coefficient.shape[0] > 1, coefficient.shape[1] > 1
    for n in range(len(cells)):
        local[:] = 0.0
        for q in range(len(tables.weights)):
            volume = volume_and_gradients(points, cells[n], tables, q, gradients)
            factor = volume * tables.weights[q] * coefficient[n * per_cell, q * per_point]
            for a in range(width):
                for b in range(a + 1):
                    product = 0.0
                    for i in range(points.shape[1]):
                        product += gradients[a, i] * gradients[b, i]
                    local[a, b] += factor * product
        for a in range(width):
            for b in range(width):
                entries[slots[n, a, b], row, column] += local[max(a, b), min(a, b)]


@numba.njit(cache=True)
def add_mass(
    points: np.ndarray,
    cells: np.ndarray,
    tables: Tables,
    coefficient: np.ndarray,
    slots: np.ndarray,
    row: int,
    column: int,
    entries: np.ndarray,
) -> None:
    """Add the mass matrix of cells or facets for the components (row, column)."""
    width = slots.shape[1]
    per_cell, per_point = coefficient.shape[0] > 1, coefficient.shape[1] > 1
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            factor = measure(points, cells[n], tables, q) * tables.weights[q]
            factor *= coefficient[n * per_cell, q * per_point]
            for a in range(width):
                for b in range(width):
                    entries[slots[n, a, b], row, column] += factor * tables.values[q, a] * tables.values[q, b]


@numba.njit(cache=True)
def add_load(
    points: np.ndarray,
    cells: np.ndarray,
    tables: Tables,
    density: np.ndarray,
    nodes: np.ndarray,
    component: int,
    vector: np.ndarray,
) -> None:
    """Add the load of a density on cells or facets to one component of a local vector (nodes, components)."""
    per_cell, per_point = density.shape[0] > 1, density.shape[1] > 1
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            factor = measure(points, cells[n], tables, q) * tables.weights[q]
            factor *= density[n * per_cell, q * per_point]
            for a in range(nodes.shape[1]):
                vector[nodes[n, a], component] += factor * tables.values[q, a]


@numba.njit(cache=True)
def add_fluxes(
    points: np.ndarray,
    cells: np.ndarray,
    tables: Tables,
    coefficient: np.ndarray,
    nodes: np.ndarray,
    field: np.ndarray,
    component: int,
    vector: np.ndarray,
) -> None:
    """Add the integral of k grad u . grad N_a, u being one component of a local field (nodes, components)."""
    width, dimension = nodes.shape[1], points.shape[1]
    gradients, slope = np.empty((width, dimension)), np.empty(dimension)
    per_cell, per_point = coefficient.shape[0] > 1, coefficient.shape[1] > 1
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            volume = volume_and_gradients(points, cells[n], tables, q, gradients)
            factor = volume * tables.weights[q] * coefficient[n * per_cell, q * per_point]
            slope[:] = 0.0
            for a in range(width):
                for i in range(dimension):
                    slope[i] += gradients[a, i] * field[nodes[n, a], component]
            for a in range(width):
                product = 0.0
                for i in range(dimension):
                    product += gradients[a, i] * slope[i]
                vector[nodes[n, a], component] += factor * product


@numba.njit(cache=True)
def interpolate(nodes: np.ndarray, tables: Tables, field: np.ndarray, component: int) -> np.ndarray:
    """(cells, points) values of one component of a local field at the quadrature points."""
    out = np.zeros((len(nodes), len(tables.weights)))
    for n in range(len(nodes)):
        for q in range(len(tables.weights)):
            for a in range(nodes.shape[1]):
                out[n, q] += tables.values[q, a] * field[nodes[n, a], component]
    return out


@numba.njit(cache=True)
def interpolate_gradients(
    points: np.ndarray, cells: np.ndarray, nodes: np.ndarray, tables: Tables, field: np.ndarray, component: int
) -> np.ndarray:
    """(cells, points, dimension) gradients of one component of a local field at the quadrature points."""
    dimension = points.shape[1]
    gradients = np.empty((nodes.shape[1], dimension))
    out = np.zeros((len(nodes), len(tables.weights), dimension))
    for n in range(len(nodes)):
        for q in range(len(tables.weights)):
            volume_and_gradients(points, cells[n], tables, q, gradients)
            for a in range(nodes.shape[1]):
                for i in range(dimension):
                    out[n, q, i] += gradients[a, i] * field[nodes[n, a], component]
    return out
