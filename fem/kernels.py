"""Compiled element kernels: integrals over cells and facets, added into local vectors and matrix entries.

Every kernel loops over cells (or facets), over the quadrature points of `Tables`, and over pairs of nodes. Coefficients
are given per cell and quadrature point; an array (cells, 1) holds one value per cell, (1, 1) a single one.

    mass        integral of k N_a N_b          load   integral of f N_a
    stiffness   integral of k grad N_a . grad N_b
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.fem.reference import Tables


@numba.njit(cache=True)
def jacobian(
    points: np.ndarray, corners: np.ndarray, tables: Tables, q: int
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """Map from the unit cell at quadrature point q, row by row, as a 3 x 3 matrix; axes that are not there are zero."""
    slopes = tables.geometry_slopes
    inner = slopes.shape[2]
    j00 = j01 = j02 = j10 = j11 = j12 = j20 = j21 = j22 = 0.0
    for c in range(len(corners)):
        x = points[corners[c], 0]
        y = points[corners[c], 1] if points.shape[1] > 1 else 0.0
        z = points[corners[c], 2] if points.shape[1] > 2 else 0.0
        u = slopes[q, c, 0]
        j00 += x * u
        j10 += y * u
        j20 += z * u
        if inner > 1:
            v = slopes[q, c, 1]
            j01 += x * v
            j11 += y * v
            j21 += z * v
        if inner > 2:
            w = slopes[q, c, 2]
            j02 += x * w
            j12 += y * w
            j22 += z * w
    return j00, j01, j02, j10, j11, j12, j20, j21, j22


@numba.njit(cache=True)
def determinants(points: np.ndarray, cells: np.ndarray, tables: Tables) -> np.ndarray:
    """(cells) determinants of the maps from the unit cell at the first quadrature point [m^d], negative if mirrored."""
    out = np.empty(len(cells))
    for n in range(len(cells)):
        j00, j01, j02, j10, j11, j12, j20, j21, j22 = jacobian(points, cells[n], tables, 0)
        if points.shape[1] < 3:
            j22 = 1.0
        if points.shape[1] < 2:
            j11 = 1.0
        out[n] = j00 * (j11 * j22 - j12 * j21) + j01 * (j12 * j20 - j10 * j22) + j02 * (j10 * j21 - j11 * j20)
    return out


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
    shapes = tables.slopes
    j00, j01, j02, j10, j11, j12, j20, j21, j22 = jacobian(points, corners, tables, q)
    if points.shape[1] == 1:
        for n in range(gradients.shape[0]):
            gradients[n, 0] = shapes[q, n, 0] / j00
        return abs(j00)
    if points.shape[1] == 2:
        det = j00 * j11 - j01 * j10
        for n in range(gradients.shape[0]):
            u, v = shapes[q, n, 0], shapes[q, n, 1]
            gradients[n, 0] = (j11 * u - j10 * v) / det
            gradients[n, 1] = (j00 * v - j01 * u) / det
        return abs(det)
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
    """Volume, area or length of a cell or facet per weight at quadrature point q, the root of det(J^T J)."""
    inner = tables.geometry_slopes.shape[2]
    if inner == 0:
        return 1.0
    j00, j01, j02, j10, j11, j12, j20, j21, j22 = jacobian(points, corners, tables, q)
    if inner == 1:
        return math.sqrt(j00 * j00 + j10 * j10 + j20 * j20)
    nx, ny, nz = j10 * j21 - j20 * j11, j20 * j01 - j00 * j21, j00 * j11 - j10 * j01
    if inner == 2:
        return math.sqrt(nx * nx + ny * ny + nz * nz)
    return abs(nx * j02 + ny * j12 + nz * j22)


@numba.njit(cache=True)
def quadrature_points(points: np.ndarray, cells: np.ndarray, tables: Tables) -> np.ndarray:
    """(cells, points, dimension) places of the quadrature points [m]."""
    places = np.empty((len(cells), len(tables.weights), points.shape[1]))
    corners = np.empty((points.shape[1], cells.shape[1]))
    for n in range(len(cells)):
        for c in range(cells.shape[1]):
            for i in range(points.shape[1]):
                corners[i, c] = points[cells[n, c], i]
        for q in range(len(tables.weights)):
            for i in range(points.shape[1]):
                place = 0.0
                for c in range(cells.shape[1]):
                    place += tables.geometry_values[q, c] * corners[i, c]
                places[n, q, i] = place
    return places


@numba.njit(cache=True)
def measures(points: np.ndarray, cells: np.ndarray, tables: Tables) -> np.ndarray:
    """(cells, points) quadrature weights in the real cells or facets [m^d]."""
    out = np.empty((len(cells), len(tables.weights)))
    volume = 0.0
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            if q == 0 or not tables.affine:
                volume = measure(points, cells[n], tables, q)
            out[n, q] = volume * tables.weights[q]
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
    volume = 0.0
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            if q == 0 or not tables.affine:
                volume = measure(points, cells[n], tables, q)
            factor = volume * tables.weights[q] * coefficient[n * per_cell, q * per_point]
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
    volume = 0.0
    for n in range(len(cells)):
        for q in range(len(tables.weights)):
            if q == 0 or not tables.affine:
                volume = measure(points, cells[n], tables, q)
            factor = volume * tables.weights[q] * density[n * per_cell, q * per_point]
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
