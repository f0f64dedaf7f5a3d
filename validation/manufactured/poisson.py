"""Manufactured solution of Poisson's equation on every cell, order and boundary type; also run on two ranks.

mpiexec -n N python -m ramify.validation.manufactured.poisson       prints JSON on rank 0: case -> errors, orders
"""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
from mpi4py import MPI

from ramify.fem.boundaries import Condition, Dirichlet, Flux, Robin
from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.norms import gradient_error, l2_error
from ramify.fem.poisson import Poisson
from ramify.fem.reference import KindName, Order
from ramify.fem.spaces import Space

KINDS: dict[KindName, int] = {"interval": 16, "triangle": 6, "quadrilateral": 6, "tetrahedron": 3, "hexahedron": 3}
"""Cells along each axis of the coarser of two meshes."""
ORDERS: tuple[Order, ...] = (1, 2)
BOUNDARIES = ("dirichlet", "mixed", "closed")


def exact(x: np.ndarray) -> np.ndarray:
    """u = sin(x_1 + x_2/2 + x_3/3 + 0.3): no symmetry that a mistake could hide behind."""
    return np.sin(_phase(x))


def exact_gradient(x: np.ndarray) -> np.ndarray:
    """Of u."""
    return np.cos(_phase(x))[..., None] * _slopes(x)


def coefficient(x: np.ndarray) -> np.ndarray:
    """k."""
    return 1.0 + 0.5 * x[..., 0]


def source(x: np.ndarray) -> np.ndarray:
    """f = -div(k grad u)."""
    slopes = _slopes(x)
    return coefficient(x) * np.sin(_phase(x)) * (slopes**2).sum() - 0.5 * np.cos(_phase(x)) * slopes[0]


def _slopes(x: np.ndarray) -> np.ndarray:
    return np.array([1.0, 0.5, 1.0 / 3.0])[: x.shape[-1]]


def _phase(x: np.ndarray) -> np.ndarray:
    return x @ _slopes(x) + 0.3


def conditions(dimension: int, boundaries: str) -> list[Condition]:
    """Conditions that the exact solution meets on the unit box."""
    ends = ENDS[dimension]
    if boundaries == "dirichlet":
        return [Dirichlet(name, exact) for name in ends]
    found: list[Condition] = []
    for number, name in enumerate(ends):
        axis, end = divmod(number, 2)
        sign = 1.0 if end else -1.0

        def flux(x: np.ndarray, axis: int = axis, sign: float = sign) -> np.ndarray:
            return coefficient(x) * exact_gradient(x)[..., axis] * sign

        def outside(x: np.ndarray, axis: int = axis, sign: float = sign) -> np.ndarray:
            return exact(x) + coefficient(x) * exact_gradient(x)[..., axis] * sign / 2.5

        if boundaries == "closed" or number % 3 == 1:
            found.append(Flux(name, flux))
        elif number % 3 == 0:
            found.append(Robin(name, 2.5, outside))
        else:
            found.append(Dirichlet(name, exact))
    return found


def errors(kind: KindName, order: Order, boundaries: str, cells: int) -> tuple[float, float]:
    """Errors of u and of its gradient on the unit box."""
    dimension = {"interval": 1, "triangle": 2, "quadrilateral": 2}.get(kind, 3)
    mesh = uniform_box(kind, (1.0,) * dimension, (cells,) * dimension)
    space = Space(mesh, order)
    problem = Poisson(space, coefficient, source, conditions(dimension, boundaries))
    u = problem.solve()
    if boundaries == "closed":
        u = u + problem.mean(exact(space.coordinates))
    found = l2_error(space, u, exact), gradient_error(space, u, exact_gradient)
    problem.destroy()
    space.destroy()
    mesh.destroy()
    return found


def cells_of(kind: KindName, order: int, finer: bool) -> int:
    """Cells along each axis of the coarser of two meshes; `finer` doubles them, in 3-D as far as is cheap."""
    if not finer:
        return KINDS[kind]
    return 2 * KINDS[kind] if KINDS[kind] > 3 else (5 if order == 1 else 3)


def study(finer: bool = False) -> dict[str, dict[str, list[float]]]:
    """Errors on the finer of two meshes, and the orders between them."""
    results = {}
    for kind, order, boundaries in product(KINDS, ORDERS, BOUNDARIES):
        cells = cells_of(kind, order, finer)
        coarse = errors(kind, order, boundaries, cells)
        fine = errors(kind, order, boundaries, 2 * cells)
        orders = [math.log2(a / b) for a, b in zip(coarse, fine, strict=True)]
        results[f"{kind} {order} {boundaries}"] = {"errors": list(fine), "orders": orders}
    return results


if __name__ == "__main__":
    found = study()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
