"""Elastic solids with known displacements, on every cell and order; also run on two ranks.

mpiexec -n N python fem_elastic_cases.py       prints JSON on rank 0: case -> numbers
"""

from __future__ import annotations

import json
import math
from functools import partial
from itertools import product

import numpy as np
from mpi4py import MPI

from ramify.fem.boundaries import Dirichlet
from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.norms import gradient_error, integral, l2_error
from ramify.fem.reference import KINDS, KindName, Order
from ramify.fem.solid_boundaries import Displacement, Fixed, Pressure, SolidCondition, Symmetry, Traction
from ramify.fem.spaces import Space
from ramify.fem.spheres import ball, hollow_ball
from ramify.physics.elasticity import Elasticity
from ramify.physics.mechanics import pressure
from ramify.physics.viscoplasticity import elastic

CELLS: dict[KindName, int] = {"interval": 16, "triangle": 6, "quadrilateral": 6, "tetrahedron": 4, "hexahedron": 3}
"""Cells along each axis of the coarser of two meshes."""
ORDERS: tuple[Order, ...] = (1, 2)
SOLID = Elasticity(2.0, 0.3)
K, G = SOLID.bulk_modulus, SOLID.shear_modulus
LITHIUM = Elasticity(7.81e9, 0.38)
MICRON = 1e-6
PLANES = (Symmetry("x"), Symmetry("y"), Symmetry("z"))

# ---------------------------------------------------------------------- manufactured solution


class Wave:
    """u_i = A_i sin(s.x + 0.3) in a solid with eigenstrain e cos(s.x + 0.3)."""

    eigenstrain = 0.2

    def __init__(self, dimension: int) -> None:
        self.s = np.array([1.0, 0.5, 1.0 / 3.0])[:dimension]
        self.amplitude = np.array([0.7, -1.1, 0.9])[:dimension]

    def phase(self, x: np.ndarray) -> np.ndarray:
        return x @ self.s + 0.3

    def u(self, x: np.ndarray, component: int) -> np.ndarray:
        return self.amplitude[component] * np.sin(self.phase(x))

    def gradient(self, x: np.ndarray, component: int) -> np.ndarray:
        return self.amplitude[component] * np.cos(self.phase(x))[..., None] * self.s

    def own_strain(self, x: np.ndarray) -> np.ndarray:
        return self.eigenstrain * np.cos(self.phase(x))

    def force(self, x: np.ndarray) -> np.ndarray:
        """b = -div sigma."""
        lame = K - 2.0 / 3.0 * G
        along = (lame + G) * (self.amplitude @ self.s) * self.s + G * (self.s @ self.s) * self.amplitude
        return np.sin(self.phase(x))[..., None] * (along - 3.0 * K * self.eigenstrain * self.s)

    def traction(self, x: np.ndarray, axis: int, sign: float) -> np.ndarray:
        """sigma.n on a face across an axis."""
        lame = K - 2.0 / 3.0 * G
        amount = G * (self.amplitude * self.s[axis] + self.s * self.amplitude[axis])
        amount[axis] += lame * (self.amplitude @ self.s) - 3.0 * K * self.eigenstrain
        return sign * np.cos(self.phase(x))[..., None] * amount

    def conditions(self) -> list[SolidCondition]:
        """Displacements, tractions, and on some faces both kinds side by side."""
        found: list[SolidCondition] = []
        dimension = len(self.s)
        for number, name in enumerate(ENDS[dimension]):
            axis, end = divmod(number, 2)
            if number % 3 != 1:
                given = range(dimension) if number % 3 == 0 else (0,)
                found += [Displacement(name, partial(self.u, component=i), i) for i in given]
            if number % 3 != 0:
                found.append(Traction(name, partial(self.traction, axis=axis, sign=1.0 if end else -1.0)))
        return found


def wave_errors(kind: KindName, order: Order, cells: int) -> tuple[float, float]:
    """Errors of u and of its gradient on the unit box."""
    dimension = KINDS[kind].dimension
    wave = Wave(dimension)
    space = Space(uniform_box(kind, (1.0,) * dimension, (cells,) * dimension), order, dimension)
    solid = ElasticSolid(space, {"box": Phase(elastic(SOLID), wave.own_strain)}, wave.force)
    u = solid.solve(wave.conditions(), 1e-12)
    values, slopes = 0.0, 0.0
    for i in range(dimension):
        column = np.ascontiguousarray(u[:, i])
        values += l2_error(space, column, partial(wave.u, component=i)) ** 2
        slopes += gradient_error(space, column, partial(wave.gradient, component=i)) ** 2
    solid.destroy()
    space.destroy()
    space.mesh.destroy()
    return math.sqrt(values), math.sqrt(slopes)


# ---------------------------------------------------------------------- balls and beams


def lame_sphere(order: Order, cells: int) -> float:
    """Relative L2 error of the displacement of a thick sphere, b = 2a, pressed from inside."""
    a, b, p = 0.5 * MICRON, MICRON, 1e6
    bulk, shear = LITHIUM.bulk_modulus, LITHIUM.shear_modulus
    space = Space(hollow_ball(a, [b], [2 * cells], cells), order, 3)
    solid = ElasticSolid(space, {"shell 0": Phase(elastic(LITHIUM))})
    u = solid.solve([*PLANES, Pressure("inner", p)])
    r = np.linalg.norm(space.coordinates, axis=1)
    radial = p * a**3 / (b**3 - a**3) * (r / (3.0 * bulk) + b**3 / (4.0 * shear * r**2))
    exact = radial[:, None] * space.coordinates / r[:, None]
    gap = integral(space, ((u - exact) ** 2).sum(axis=1)) / integral(space, (exact**2).sum(axis=1))
    solid.destroy()
    return math.sqrt(gap)


def eshelby_sphere(order: Order, cells: int) -> tuple[float, float]:
    """Error of the stress in a swollen sphere over -2 E e*/[3 (1 - nu)]: of its mean, and the largest of any component.

    The displacement at four radii is that of an infinite body.
    """
    a, b, own = 0.5 * MICRON, 2.0 * MICRON, 0.01
    bulk, shear = LITHIUM.bulk_modulus, LITHIUM.shear_modulus
    inner = 3.0 * bulk * own / (3.0 * bulk + 4.0 * shear)
    mesh = ball([a, b], [cells, 2 * cells], cells)
    space = Space(mesh, order, 3)
    phases = {"shell 0": Phase(elastic(LITHIUM), own), "shell 1": Phase(elastic(LITHIUM))}
    solid = ElasticSolid(space, phases)

    def far(component: int) -> Dirichlet:
        return Displacement(
            "outer", lambda x: inner * a**3 / np.linalg.norm(x, axis=-1) ** 3 * x[..., component], component
        )

    u = solid.solve([*PLANES, *(far(i) for i in range(3))])
    exact = -2.0 * LITHIUM.youngs_modulus * own / (3.0 * (1.0 - LITHIUM.poissons_ratio))
    stress = solid.stresses(u)[mesh.region("shell 0")]
    found = mesh.comm.allgather((float(-pressure(stress).sum()), pressure(stress).size))
    mean = sum(part for part, _ in found) / sum(count for _, count in found)
    uneven = np.abs(stress[..., :3] - exact).max(initial=0.0)
    solid.destroy()
    return mean / exact - 1.0, float(max(mesh.comm.allgather(float(uneven)))) / abs(exact)


def cantilever(kind: KindName, order: Order, cells: int) -> float:
    """Relative error of the tip's deflection of a beam ten times as long as high, nu = 0, against Timoshenko's."""
    high, long, solid = MICRON, 10.0 * MICRON, Elasticity(7.81e9, 0.0)
    dimension = KINDS[kind].dimension
    size, counts = (long, high, high)[-dimension:], (10 * cells, cells, cells)[-dimension:]
    if dimension == 2:
        size, counts = (long, high), (10 * cells, cells)
    space = Space(uniform_box(kind, size, counts), order, dimension)
    beam = ElasticSolid(space, {"box": Phase(elastic(solid))})
    shear = 1e-6 * solid.youngs_modulus
    u = beam.solve([Fixed("left"), Traction("right", (0.0,) * (dimension - 1) + (shear,))])
    tip = space.boundary_nodes("right")
    # The correction of the shear, 6/5, is that of a rectangle; deflection per force and depth.
    exact = 4.0 * shear * high * long**3 / (solid.youngs_modulus * high**3) + 1.2 * shear * long / solid.shear_modulus
    mean = float(u[tip, -1].mean()) / exact - 1.0
    beam.destroy()
    return mean


def study() -> dict[str, dict[str, list[float]]]:
    """Errors of the wave on the finer of two meshes, and the orders between them."""
    results = {}
    for kind, order in product(CELLS, ORDERS):
        coarse = wave_errors(kind, order, CELLS[kind])
        fine = wave_errors(kind, order, 2 * CELLS[kind])
        orders = [math.log2(a / b) for a, b in zip(coarse, fine, strict=True)]
        results[f"{kind} {order}"] = {"errors": list(fine), "orders": orders}
    return results


if __name__ == "__main__":
    numbers: dict[str, object] = {
        "waves": study(),
        "lame": lame_sphere(2, 2),
        "eshelby": eshelby_sphere(1, 3),
    }
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(numbers))
