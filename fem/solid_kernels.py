"""Compiled kernels of solids: strains, forces of stresses, stiffness, pressures on facets, responses of metals.

    strain = sym grad u (Mandel's order of physics.mechanics),     force on (a, i) = integral of B_ai . stress

In one dimension the axis is z, in two they are x and z; strains along the others are zero (plane strain). `modes`
(points, n) are functions on the unit cell onto which the dilatation of each cell is projected, K m_a m_b in place of
K g_a g_b: with a constant on bilinear and trilinear cells, with linear functions on those of second order, solids that
flow or hardly change their volume do not lock. With n = 0 the dilatation is that of the displacement.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from ramify.fem.kernels import volume_and_gradients
from ramify.fem.reference import Tables
from ramify.physics.mechanics import elastic_stress
from ramify.physics.viscoplasticity import inelastic_strain, respond

HALF_ROOT = math.sqrt(0.5)


@numba.njit(cache=True)
def axis_of(component: int, dimension: int) -> int:
    """Axis (0 for x, 1 for y, 2 for z) of a component of the displacement."""
    if dimension == 1:
        return 2
    return 2 * component if dimension == 2 else component


@numba.njit(cache=True)
def project_dilatation(
    points: np.ndarray,
    corners: np.ndarray,
    tables: Tables,
    modes: np.ndarray,
    work: np.ndarray,
    projected: np.ndarray,
) -> None:
    """Fill `projected` (n, nodes, dimension), the gradients of a cell by modes; `work` is overwritten."""
    count = modes.shape[1]
    if count == 0:
        return
    mass = np.zeros((count, count))
    sums = np.zeros((count, work.size))
    for q in range(len(tables.weights)):
        volume = volume_and_gradients(points, corners, tables, q, work) * tables.weights[q]
        flat = work.ravel()
        for k in range(count):
            for m in range(count):
                mass[k, m] += volume * modes[q, k] * modes[q, m]
            for c in range(work.size):
                sums[k, c] += volume * modes[q, k] * flat[c]
    if count == 1:
        projected[0] = (sums[0] / mass[0, 0]).reshape(work.shape)
    else:
        # LAPACK's answer is stored by columns, which `reshape` would misread.
        projected[:] = np.ascontiguousarray(np.linalg.solve(mass, sums)).reshape(projected.shape)


@numba.njit(cache=True)
def dilatation_gradients(
    gradients: np.ndarray, modes: np.ndarray, projected: np.ndarray, q: int, mean: np.ndarray
) -> None:
    """Fill `mean` (nodes, dimension): dilatation per displacement at quadrature point q."""
    if modes.shape[1] == 0:
        mean[:] = gradients
        return
    mean[:] = 0.0
    for k in range(modes.shape[1]):
        for a in range(mean.shape[0]):
            for i in range(mean.shape[1]):
                mean[a, i] += modes[q, k] * projected[k, a, i]


@numba.njit(cache=True)
def strain_operator(gradients: np.ndarray, mean: np.ndarray, operator: np.ndarray) -> None:
    """Fill `operator` (nodes, dimension, 6): strain per displacement of each component of each node."""
    width, dimension = gradients.shape
    operator[:] = 0.0
    for a in range(width):
        for i in range(dimension):
            axis = axis_of(i, dimension)
            for j in range(dimension):
                other = axis_of(j, dimension)
                if other == axis:
                    operator[a, i, axis] = gradients[a, i]
                else:
                    operator[a, i, 6 - axis - other] = HALF_ROOT * gradients[a, j]
            for k in range(3):
                operator[a, i, k] += (mean[a, i] - gradients[a, i]) / 3.0


@numba.njit(cache=True)
def strains(
    points: np.ndarray, cells: np.ndarray, nodes: np.ndarray, tables: Tables, modes: np.ndarray, u: np.ndarray
) -> np.ndarray:
    """(cells, points, 6) strains of a local displacement (nodes, dimension)."""
    width, dimension = nodes.shape[1], points.shape[1]
    gradients, mean = np.empty((width, dimension)), np.empty((width, dimension))
    projected = np.empty((modes.shape[1], width, dimension))
    operator = np.empty((width, dimension, 6))
    out = np.zeros((len(cells), len(tables.weights), 6))
    for n in range(len(cells)):
        project_dilatation(points, cells[n], tables, modes, gradients, projected)
        for q in range(len(tables.weights)):
            volume_and_gradients(points, cells[n], tables, q, gradients)
            dilatation_gradients(gradients, modes, projected, q, mean)
            strain_operator(gradients, mean, operator)
            for a in range(width):
                for i in range(dimension):
                    for k in range(6):
                        out[n, q, k] += operator[a, i, k] * u[nodes[n, a], i]
    return out


@numba.njit(cache=True)
def elastic_stresses(strain: np.ndarray, inelastic: np.ndarray, phases: np.ndarray, laws: np.ndarray) -> np.ndarray:
    """(cells, points, 6) stresses [Pa] of strains beyond inelastic ones, each cell by its row of `laws`."""
    out = np.empty_like(strain)
    for n in range(strain.shape[0]):
        bulk, shear = laws[phases[n], 0], laws[phases[n], 1]
        for q in range(strain.shape[1]):
            out[n, q] = elastic_stress(strain[n, q], inelastic[n, q], bulk, shear)
    return out


@numba.njit(cache=True)
def add_forces(
    points: np.ndarray,
    cells: np.ndarray,
    nodes: np.ndarray,
    tables: Tables,
    modes: np.ndarray,
    stress: np.ndarray,
    forces: np.ndarray,
    sizes: np.ndarray,
) -> None:
    """Add the forces [N] of stresses (cells, points, 6), and their absolute values before they cancel to `sizes`."""
    width, dimension = nodes.shape[1], points.shape[1]
    gradients, mean = np.empty((width, dimension)), np.empty((width, dimension))
    projected = np.empty((modes.shape[1], width, dimension))
    operator = np.empty((width, dimension, 6))
    for n in range(len(cells)):
        project_dilatation(points, cells[n], tables, modes, gradients, projected)
        for q in range(len(tables.weights)):
            volume = volume_and_gradients(points, cells[n], tables, q, gradients) * tables.weights[q]
            dilatation_gradients(gradients, modes, projected, q, mean)
            strain_operator(gradients, mean, operator)
            for a in range(width):
                for i in range(dimension):
                    product = 0.0
                    for k in range(6):
                        product += operator[a, i, k] * stress[n, q, k]
                    forces[nodes[n, a], i] += volume * product
                    sizes[nodes[n, a], i] += volume * abs(product)


@numba.njit(cache=True)
def add_elastic(
    points: np.ndarray,
    cells: np.ndarray,
    tables: Tables,
    modes: np.ndarray,
    moduli: np.ndarray,
    slots: np.ndarray,
    entries: np.ndarray,
) -> None:
    """Add the stiffness of isotropic cells with `moduli` (cells, 2), K and G [Pa].

    K m_a,i m_b,j + G (g_a,j g_b,i + delta_ij g_a.g_b - (2/3) g_a,i g_b,j),  m the projected gradients g.
    """
    width, dimension = slots.shape[1], points.shape[1]
    gradients, mean = np.empty((width, dimension)), np.empty((width, dimension))
    projected = np.empty((modes.shape[1], width, dimension))
    local = np.empty((width, width, dimension, dimension))
    for n in range(len(cells)):
        local[:] = 0.0
        bulk, shear = moduli[n, 0], moduli[n, 1]
        project_dilatation(points, cells[n], tables, modes, gradients, projected)
        for q in range(len(tables.weights)):
            volume = volume_and_gradients(points, cells[n], tables, q, gradients) * tables.weights[q]
            dilatation_gradients(gradients, modes, projected, q, mean)
            K, G = bulk * volume, shear * volume
            for a in range(width):
                for b in range(a + 1):
                    product = 0.0
                    for i in range(dimension):
                        product += gradients[a, i] * gradients[b, i]
                    for i in range(dimension):
                        for j in range(dimension):
                            local[a, b, i, j] += K * mean[a, i] * mean[b, j] + G * (
                                gradients[a, j] * gradients[b, i] - 2.0 / 3.0 * gradients[a, i] * gradients[b, j]
                            )
                        local[a, b, i, i] += G * product
        for a in range(width):
            for b in range(a + 1):
                for i in range(dimension):
                    for j in range(dimension):
                        entries[slots[n, a, b], i, j] += local[a, b, i, j]
                        if b < a:
                            entries[slots[n, b, a], j, i] += local[a, b, i, j]


@numba.njit(cache=True)
def add_response(
    points: np.ndarray,
    cells: np.ndarray,
    nodes: np.ndarray,
    tables: Tables,
    modes: np.ndarray,
    u: np.ndarray,
    phases: np.ndarray,
    laws: np.ndarray,
    duration: float,
    inelastic: np.ndarray,
    resistance: np.ndarray,
    slots: np.ndarray,
    entries: np.ndarray,
    forces: np.ndarray,
    sizes: np.ndarray,
    stress: np.ndarray,
    flow: np.ndarray,
    new_inelastic: np.ndarray,
    new_resistance: np.ndarray,
) -> None:
    """Add consistent stiffness and forces at the end of a step, and fill stress, flow and the state there.

    Parameters
    ----------
    u
        Local displacement (nodes, dimension) at the end of the step [m].
    phases
        Row of `laws` (`ViscoplasticLaw.parameters`) of each cell.
    duration
        The step [s].
    inelastic, resistance
        State at its start, (cells, points, 6) and (cells, points).
    entries, forces, sizes
        Added to; as in `add_elastic` and `add_forces`.
    stress, flow, new_inelastic, new_resistance
        Filled.
    """
    width, dimension = nodes.shape[1], points.shape[1]
    gradients, mean = np.empty((width, dimension)), np.empty((width, dimension))
    projected = np.empty((modes.shape[1], width, dimension))
    operator, tangent, strain = np.empty((width, dimension, 6)), np.empty((6, 6)), np.empty(6)
    pulled, local = np.empty((width, dimension, 6)), np.empty((width, dimension, width, dimension))
    for n in range(len(cells)):
        local[:] = 0.0
        law = laws[phases[n]]
        project_dilatation(points, cells[n], tables, modes, gradients, projected)
        for q in range(len(tables.weights)):
            volume = volume_and_gradients(points, cells[n], tables, q, gradients) * tables.weights[q]
            dilatation_gradients(gradients, modes, projected, q, mean)
            strain_operator(gradients, mean, operator)
            strain[:] = 0.0
            for a in range(width):
                for i in range(dimension):
                    for k in range(6):
                        strain[k] += operator[a, i, k] * u[nodes[n, a], i]
            flow[n, q], new_resistance[n, q], _ = respond(
                strain, inelastic[n, q], resistance[n, q], duration, law, stress[n, q], tangent
            )
            new_inelastic[n, q] = inelastic_strain(strain, stress[n, q], law)
            for a in range(width):
                for i in range(dimension):
                    product = 0.0
                    for k in range(6):
                        product += operator[a, i, k] * stress[n, q, k]
                        pull = 0.0
                        for m in range(6):
                            pull += tangent[k, m] * operator[a, i, m]
                        pulled[a, i, k] = volume * pull
                    forces[nodes[n, a], i] += volume * product
                    sizes[nodes[n, a], i] += volume * abs(product)
            for a in range(width):
                for i in range(dimension):
                    for b in range(a + 1):
                        for j in range(dimension):
                            product = 0.0
                            for k in range(6):
                                product += operator[a, i, k] * pulled[b, j, k]
                            local[a, i, b, j] += product
        for a in range(width):
            for b in range(a + 1):
                for i in range(dimension):
                    for j in range(dimension):
                        entries[slots[n, a, b], i, j] += local[a, i, b, j]
                        if b < a:
                            entries[slots[n, b, a], j, i] += local[a, i, b, j]


@numba.njit(cache=True)
def outward_normals(
    points: np.ndarray, corners: np.ndarray, tables: Tables, inside: np.ndarray, out: np.ndarray
) -> None:
    """Fill (facets, points, dimension) normals that point away from `inside` (facets, dimension), of unit length.

    `tables` are those of the facet's element; `inside` is a place in the cell behind each facet.
    """
    dimension = points.shape[1]
    for n in range(len(corners)):
        for q in range(len(tables.weights)):
            slopes = tables.geometry_slopes[q]
            first, second = np.zeros(3), np.zeros(3)
            for c in range(corners.shape[1]):
                for i in range(dimension):
                    if dimension > 1:
                        first[i] += slopes[c, 0] * points[corners[n, c], i]
                    if dimension > 2:
                        second[i] += slopes[c, 1] * points[corners[n, c], i]
            normal = np.zeros(3)
            if dimension == 1:
                normal[0] = 1.0
            elif dimension == 2:
                normal[0], normal[1] = first[1], -first[0]
            else:
                normal[0] = first[1] * second[2] - first[2] * second[1]
                normal[1] = first[2] * second[0] - first[0] * second[2]
                normal[2] = first[0] * second[1] - first[1] * second[0]
            along = 0.0
            for i in range(dimension):
                along += normal[i] * (points[corners[n, 0], i] - inside[n, i])
            length = math.copysign(math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2), along)
            for i in range(dimension):
                out[n, q, i] = normal[i] / length
