"""Solids with closed solutions on unstructured meshes, for the cases on mechanics and the tests of `fem`."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.norms import gradient_error, integral, l2_error
from ramify.fem.reference import KINDS, KindName, Order
from ramify.fem.solid_boundaries import Displacement, Fixed, Pressure, SolidCondition, Symmetry, Traction
from ramify.fem.spaces import Space
from ramify.fem.spheres import ball, hollow_ball
from ramify.fem.tractions import Contact
from ramify.fem.viscoplastic import FlowingSolid, SolidNumerics
from ramify.physics.elasticity import Elasticity
from ramify.physics.mechanics import elastic_stress, pressure, to_mandel
from ramify.physics.viscoplasticity import ViscoplasticLaw, elastic, power_law_creep
from ramify.validation.references.elastic_wave import SOLID, Wave

LITHIUM = Elasticity(7.81e9, 0.38)
MICRON = 1e-6
PLANES = (Symmetry("x"), Symmetry("y"), Symmetry("z"))
CREEP, PRESSURE = 1e-4, 1e6
"""Rate [1/s] at a stress [Pa]."""


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


def patch_error(kind: KindName, order: Order) -> float:
    """Largest relative error of the stress of a linear displacement, given on the faces of a box of bent cells."""
    dimension = KINDS[kind].dimension
    mesh = uniform_box(kind, (1.0,) * dimension, (3,) * dimension)
    bubble = np.prod(np.sin(math.pi * mesh.points), axis=1)
    mesh.points[:] += 0.08 * bubble[:, None] * np.sin(7.0 * mesh.points[:, ::-1] + np.arange(dimension))
    solid = ElasticSolid(Space(mesh, order, dimension), {"box": Phase(elastic(LITHIUM))})
    slopes = 1e-3 * np.array([[1.0, 0.4, -0.3], [0.2, -0.5, 0.8], [-0.6, 0.1, 0.7]])[:dimension, :dimension]

    def given(component: int) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: np.asarray(x @ slopes[component])

    u = solid.solve([Displacement(name, given(i), i) for name in ENDS[dimension] for i in range(dimension)], 1e-13)
    whole = np.zeros((3, 3))
    axes = [0, 2] if dimension == 2 else [0, 1, 2]
    whole[np.ix_(axes, axes)] = 0.5 * (slopes + slopes.T)
    expected = elastic_stress(to_mandel(whole), np.zeros(6), LITHIUM.bulk_modulus, LITHIUM.shear_modulus)
    gap = np.abs(solid.stresses(u) - expected).max(initial=0.0)
    solid.destroy()
    return float(max(mesh.comm.allgather(float(gap)))) / float(np.abs(expected).max())


def shell_pressure(order: Order, cells: int) -> dict[str, float]:
    """Relative errors of the contact pressure of a hollow ball, b = 2a, in a rigid shell and pressed from inside.

    `mean` and `largest` on the shell, `hole` the largest on the hole. u = A r + B/r^2 with u(b) = 0 and
    3 K A - 4 G B/a^3 = -p.
    """
    a, b, p = 0.5 * MICRON, MICRON, 1e6
    bulk, shear = LITHIUM.bulk_modulus, LITHIUM.shear_modulus
    B = p / (3.0 * bulk / b**3 + 4.0 * shear / a**3)
    exact = 3.0 * bulk * B / b**3 + 4.0 * shear * B / b**3
    space = Space(hollow_ball(a, [b], [2 * cells], cells), order, 3)
    solid = ElasticSolid(space, {"shell 0": Phase(elastic(LITHIUM))})
    said: list[SolidCondition] = [*PLANES, Pressure("inner", p), Fixed("outer")]
    stress = solid.stresses(solid.solve(said))
    outer, inner = Contact(solid, "outer", said), Contact(solid, "inner", said)
    found, hole = outer.pressure(stress, said)[0], inner.pressure(stress, said)[0]
    gaps = (found[outer.nodes] / exact - 1.0, hole[inner.nodes] / p - 1.0)
    largest, at_hole = (max(space.mesh.comm.allgather(float(np.abs(gap).max(initial=0.0)))) for gap in gaps)
    mean = abs(outer.integral(found) / outer.area / exact - 1.0)
    solid.destroy()
    return {"largest": largest, "mean": mean, "hole": at_hole}


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

    def far(component: int) -> Displacement:
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


def pulled_bar(law: ViscoplasticLaw, rate: float, cells: int = 1) -> FlowingSolid:
    """A cube of a micrometre with free sides, stretched along z at a rate [1/s]."""
    space = Space(uniform_box("hexahedron", (MICRON,) * 3, (cells,) * 3), 1, 3)

    def said(time: float) -> list[SolidCondition]:
        return [*(Symmetry(name) for name in ("left", "front", "bottom")), Displacement("top", rate * time * MICRON, 2)]

    return FlowingSolid(space, {"box": Phase(law)}, said)


def pressed_void(exponent: float, cells: int, order: Order = 1) -> FlowingSolid:
    """A void of 0.3 um in a creeping ball of 1.2 um, under a pressure on the ball, when its creep is steady."""
    space = Space(hollow_ball(0.3 * MICRON, [1.2 * MICRON], [3 * cells], cells), order, 3)
    law = power_law_creep(LITHIUM, CREEP, PRESSURE, exponent)
    solid = FlowingSolid(
        space,
        {"shell 0": Phase(law)},
        lambda time: [*PLANES, Pressure("outer", PRESSURE)],
        None,
        SolidNumerics(flow=0.1),
    )
    solid.settle()
    # The steeper the law, the longer the far metal takes to give up its elastic stress.
    solid.advance(1e3 * 10.0 ** (0.5 * (exponent - 1.0)), 10.0)
    return solid


def closing_error(exponent: float, cells: int, order: Order = 1) -> float:
    """Relative error of (da/dt)/a = -(A/2) {3 p/(2 n)/[1 - (a/b)^(3/n)]}^n, A being rate over stress to the power n."""
    solid = pressed_void(exponent, cells, order)
    space, n = solid.space, exponent
    nodes = space.boundary_nodes("inner")
    nodes = nodes[space.owned[nodes]]
    places = space.coordinates[nodes]
    closing = (solid.velocity[nodes] * places).sum(axis=1) / (places**2).sum(axis=1)
    found = np.sum(space.mesh.comm.allgather([closing.sum(), len(nodes)]), axis=0)
    exact = -0.5 * CREEP * (1.5 / n / (1.0 - 0.25 ** (3.0 / n))) ** n
    solid.destroy()
    return float(found[0] / found[1] / exact) - 1.0
