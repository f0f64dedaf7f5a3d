"""Manufactured solutions of salt and charge, and of Poisson-Nernst-Planck; also run on two ranks.

mpiexec -n N python -m ramify.validation.manufactured.transport       prints JSON on rank 0: case -> errors, orders
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from mpi4py import MPI

from ramify.fem import pnp
from ramify.fem.binary import BinaryTransport, Source
from ramify.fem.boundaries import Dirichlet, fixed_values
from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.electrodes import ElectrodeSurface, Fields, SurfaceKinetics
from ramify.fem.newton import NewtonSolver, PositiveConcentrations, Scales, Term
from ramify.fem.norms import l2_error
from ramify.fem.pattern import Pattern
from ramify.fem.reference import KindName, Order
from ramify.fem.spaces import Space
from ramify.physics import electrolyte
from ramify.physics.butler_volmer import surface_currents
from ramify.physics.constants import FARADAY, VACUUM_PERMITTIVITY
from ramify.validation.manufactured.poisson import cells_of

Function = Callable[[np.ndarray], np.ndarray]
DIMENSIONS: dict[KindName, int] = {
    "interval": 1,
    "triangle": 2,
    "quadrilateral": 2,
    "tetrahedron": 3,
    "hexahedron": 3,
}
LENGTH = 50e-6
SALT = electrolyte.preset()
REFERENCE = 1000.0
KINETICS = SurfaceKinetics(30.0, REFERENCE, 0.4, 0.6, SALT.thermal_voltage, film_resistance=1e-4)
SOLUTION = pnp.Ions((2, -1), (0.8e-9, 2e-9), 60 * VACUUM_PERMITTIVITY, 298.15, 5e-10)
DEBYE = 3e-9


def slopes_of(x: np.ndarray) -> np.ndarray:
    """Of the waves' phases along the axes, per length."""
    return np.array([1.0, 0.5, 1.0 / 3.0])[: x.shape[-1]]


def wave(x: np.ndarray, length: float, shift: float) -> np.ndarray:
    """sin of a phase that no axis is a symmetry of."""
    return np.sin(x @ slopes_of(x) / length + shift)


def gradient(field: Function, length: float) -> Callable[[np.ndarray], np.ndarray]:
    """Gradient by central differences of fourth order."""
    return lambda x: np.stack([difference(field, x, axis, length) for axis in range(x.shape[-1])], axis=-1)


def divergence(flux: Callable[[np.ndarray], np.ndarray], length: float) -> Function:
    """Divergence by central differences of fourth order."""
    return lambda x: sum(  # type: ignore[return-value]
        difference(lambda y, axis=axis: flux(y)[..., axis], x, axis, length)  # type: ignore[misc]
        for axis in range(x.shape[-1])
    )


def difference(field: Function, x: np.ndarray, axis: int, length: float) -> np.ndarray:
    """Derivative along an axis, of fourth order."""
    h = 2e-3 * length
    step = np.zeros(x.shape[-1])
    step[axis] = h
    return (8.0 * (field(x + step) - field(x - step)) - field(x + 2 * step) + field(x - 2 * step)) / (12.0 * h)


def c_exact(x: np.ndarray) -> np.ndarray:
    """Salt."""
    return REFERENCE * (1.0 + 0.3 * wave(x, LENGTH, 0.3))


def phi_exact(x: np.ndarray) -> np.ndarray:
    """Inner potential."""
    return 0.05 * wave(x, LENGTH, 1.1)


def current(x: np.ndarray) -> np.ndarray:
    """i of the exact fields."""
    c = c_exact(x)
    return -(SALT.molar_conductivity(c) * c)[..., None] * gradient(phi_exact, LENGTH)(
        x
    ) - SALT.diffusional_conductivity(c)[..., None] * gradient(c_exact, LENGTH)(x)


def cation_flux(x: np.ndarray) -> np.ndarray:
    """N of the exact fields."""
    c = c_exact(x)
    return (
        -SALT.diffusivity(c)[..., None] * gradient(c_exact, LENGTH)(x)
        + SALT.transference(c)[..., None] * current(x) / FARADAY
    )


def binary_errors(kind: KindName, order: Order, cells: int) -> list[float]:
    """Errors of c and phi; values given on a third of the boundaries, fluxes on one, reactions on one."""
    dimension = DIMENSIONS[kind]
    mesh = uniform_box(kind, (LENGTH,) * dimension, (cells,) * dimension)
    space = Space(mesh, order, 2)
    pattern, everywhere = Pattern(space), np.arange(len(mesh.cells))
    transport = BinaryTransport(space, pattern, SALT, REFERENCE, everywhere)
    t0 = transport.transference
    reactive = ENDS[dimension][0]
    fields = Fields(1, 0, -1, 1, 0, transport.salt_factor)
    surface = ElectrodeSurface(space, pattern, [reactive], KINETICS, fields, potential=-0.02)

    def reaction(x: np.ndarray) -> np.ndarray:
        return surface_currents(
            -0.02,
            phi_exact(x),
            c_exact(x),
            0.0,
            30.0,
            REFERENCE,
            0.4,
            0.6,
            1.0 / SALT.thermal_voltage,
            KINETICS.film_resistance,
        )[0]

    salt, charge = Source(space, 0), Source(space, 1)
    charge_source, salt_source = divergence(current, LENGTH), divergence(cation_flux, LENGTH)
    charge.in_cells(charge_source, everywhere)
    salt.in_cells(lambda x: salt_source(x) - t0 / FARADAY * charge_source(x), everywhere)
    given: list[Dirichlet] = []
    for number, name in enumerate(ENDS[dimension]):
        axis, end = divmod(number, 2)
        sign = 1.0 if end else -1.0
        if number % 3 == 1:
            given += [Dirichlet(name, c_exact, 0), Dirichlet(name, phi_exact, 1)]
            continue
        surplus = reaction if name == reactive else lambda x: np.zeros(x.shape[:-1])

        def charge_flux(x: np.ndarray, axis: int = axis, sign: float = sign, less: Function = surplus) -> np.ndarray:
            return -(current(x)[..., axis] * sign - less(x))

        def salt_flux(x: np.ndarray, axis: int = axis, sign: float = sign, less: Function = surplus) -> np.ndarray:
            outflow = (cation_flux(x) - t0 / FARADAY * current(x))[..., axis] * sign
            return -(outflow - transport.salt_factor * less(x))

        charge.through(name, charge_flux)
        salt.through(name, salt_flux)
    fixed, values = fixed_values(space, given)
    scales = Scales(
        np.array([REFERENCE, SALT.thermal_voltage]), np.array([1e-7 * LENGTH, 0.02]) * LENGTH ** (dimension - 2)
    )
    damping = PositiveConcentrations((1,), (0,), 0.2)
    start = np.where(fixed, values, [REFERENCE, 0.0])
    return _solve(
        pattern, [transport, surface, salt, charge], fixed, scales, damping, start, [c_exact, phi_exact], LENGTH
    )


def pnp_exact() -> list[Function]:
    """phi, c of the cation, c of the anion: no equilibrium and no neutrality."""
    vt = SOLUTION.thermal_voltage
    return [
        lambda x: 2.0 * vt * wave(x, DEBYE, 0.2),
        lambda x: 200.0 * (1.0 + 0.5 * wave(x, DEBYE, 0.7)),
        lambda x: 400.0 * (1.0 + 0.4 * wave(x, DEBYE, 1.5)),
    ]


def ion_flux(ion: int) -> Callable[[np.ndarray], np.ndarray]:
    """Of an ion, from the exact fields."""
    exact = pnp_exact()
    z, D = SOLUTION.charges[ion], SOLUTION.diffusivities[ion]

    def drift(x: np.ndarray) -> np.ndarray:
        crowding = SOLUTION.molar_volume * (exact[1](x) + exact[2](x))
        return z * exact[0](x) / SOLUTION.thermal_voltage - np.log(1.0 - crowding)

    def flux(x: np.ndarray) -> np.ndarray:
        c = exact[ion + 1]
        return -D * (gradient(c, DEBYE)(x) + c(x)[..., None] * gradient(drift, DEBYE)(x))

    return flux


def pnp_errors(kind: KindName, cells: int) -> list[float]:
    """Errors of phi and the ions; a Stern layer, values, charges and fluxes on the boundaries."""
    dimension = DIMENSIONS[kind]
    mesh = uniform_box(kind, (DEBYE,) * dimension, (cells,) * dimension)
    space = Space(mesh, 1, 3)
    pattern, everywhere = Pattern(space), np.arange(len(mesh.cells))
    exact, eps = pnp_exact(), SOLUTION.permittivity
    layered, stern = ENDS[dimension][0], 0.3
    terms: list[Term] = [
        pnp.PoissonNernstPlanck(space, pattern, SOLUTION, everywhere),
        pnp.SternLayer(space, pattern, [layered], stern, potential=0.03),
    ]

    def displacement(x: np.ndarray) -> np.ndarray:
        return -eps * gradient(exact[0], DEBYE)(x)

    def charge(x: np.ndarray) -> np.ndarray:
        return np.asarray(FARADAY * sum(z * c(x) for z, c in zip(SOLUTION.charges, exact[1:], strict=True)))

    fluxes = [displacement, ion_flux(0), ion_flux(1)]
    sources = [Source(space, k) for k in range(3)]
    of_charge = divergence(displacement, DEBYE)
    sources[0].in_cells(lambda x: of_charge(x) - charge(x), everywhere)
    for k in (1, 2):
        sources[k].in_cells(divergence(fluxes[k], DEBYE), everywhere)
    given: list[Dirichlet] = []
    for number, name in enumerate(ENDS[dimension]):
        axis, end = divmod(number, 2)
        sign = 1.0 if end else -1.0
        if number % 3 == 1:
            given += [Dirichlet(name, exact[k], k) for k in range(3)]
            continue
        for k in range(3):
            capacitance = stern if k == 0 and name == layered else 0.0

            def inflow(
                x: np.ndarray, k: int = k, axis: int = axis, sign: float = sign, C: float = capacitance
            ) -> np.ndarray:
                return -fluxes[k](x)[..., axis] * sign - C * (0.03 - exact[0](x))

            sources[k].through(name, inflow)
    fixed, values = fixed_values(space, given)
    scales = Scales(
        np.array([SOLUTION.thermal_voltage, 200.0, 400.0]),
        np.array([eps * SOLUTION.thermal_voltage, 1e-9 * 200.0, 1e-9 * 400.0]) * DEBYE ** (dimension - 2),
    )
    start = np.where(fixed, values, [0.0, 200.0, 400.0])
    return _solve(pattern, [*terms, *sources], fixed, scales, pnp.damping(SOLUTION), start, exact, DEBYE)


def _solve(
    pattern: Pattern,
    terms: list[Term],
    fixed: np.ndarray,
    scales: Scales,
    damping: PositiveConcentrations,
    start: np.ndarray,
    exact: list[Function],
    length: float,
) -> list[float]:
    """Errors of every component over its size."""
    space = pattern.space
    solver = NewtonSolver(pattern, terms, fixed, scales, damping, "fem_test_")
    u = solver.solve(start, np.empty(0)).u
    volume = length**space.mesh.dimension
    errors = [
        l2_error(space, np.ascontiguousarray(u[:, k]), field) / scales.unknowns[k] / math.sqrt(volume)
        for k, field in enumerate(exact)
    ]
    solver.destroy()
    space.destroy()
    space.mesh.destroy()
    return errors


def cases(finer: bool) -> Iterator[tuple[str, Callable[[int], list[float]], int]]:
    """(name, errors on so many cells, cells of the coarser mesh)."""
    orders: tuple[Order, ...] = (1, 2)
    for kind in DIMENSIONS:
        for order in orders:
            yield f"binary {kind} {order}", partial(binary_errors, kind, order), cells_of(kind, order, finer)
        yield f"pnp {kind} 1", partial(pnp_errors, kind), cells_of(kind, 1, finer)


def study(finer: bool = False) -> dict[str, dict[str, list[float]]]:
    """Errors on the finer of two meshes, and the orders between them."""
    results = {}
    for name, errors, cells in cases(finer):
        coarse, fine = errors(cells), errors(2 * cells)
        orders = [math.log2(a / b) for a, b in zip(coarse, fine, strict=True)]
        results[name] = {"errors": fine, "orders": orders}
    return results


if __name__ == "__main__":
    found = study()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
