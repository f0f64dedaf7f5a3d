"""Elastic solids with known displacements, on every cell and order; also run on two ranks.

mpiexec -n N python fem_elastic_cases.py       prints JSON on rank 0: case -> numbers
"""

from __future__ import annotations

import json
import math
from itertools import product

from mpi4py import MPI

from ramify.fem.reference import KindName, Order
from ramify.validation import solids

CELLS: dict[KindName, int] = {"interval": 16, "triangle": 6, "quadrilateral": 6, "tetrahedron": 4, "hexahedron": 3}
"""Cells along each axis of the coarser of two meshes."""
ORDERS: tuple[Order, ...] = (1, 2)


def study() -> dict[str, dict[str, list[float]]]:
    """Errors of the wave on the finer of two meshes, and the orders between them."""
    results = {}
    for kind, order in product(CELLS, ORDERS):
        coarse = solids.wave_errors(kind, order, CELLS[kind])
        fine = solids.wave_errors(kind, order, 2 * CELLS[kind])
        orders = [math.log2(a / b) for a, b in zip(coarse, fine, strict=True)]
        results[f"{kind} {order}"] = {"errors": list(fine), "orders": orders}
    return results


if __name__ == "__main__":
    numbers: dict[str, object] = {
        "waves": study(),
        "lame": solids.lame_sphere(2, 2),
        "eshelby": solids.eshelby_sphere(1, 3),
    }
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(numbers))
