"""Solids under plates and in contact, and whole fields, for one and two ranks.

mpiexec -n N python solid_contact_cases.py       prints JSON on rank 0: case -> numbers
"""

import json

import numpy as np
from mpi4py import MPI

from ramify.fem.boxes import raw_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.layers import Layer, raw_layers
from ramify.fem.mesh import Mesh, RawMesh
from ramify.fem.reference import Order
from ramify.fem.solid_boundaries import Fixed, Plate, Pressure, SolidCondition, Symmetry
from ramify.fem.spaces import Space
from ramify.fem.spheres import ball
from ramify.fem.tractions import Contact
from ramify.fem.whole import Whole
from ramify.physics.elasticity import Elasticity
from ramify.physics.viscoplasticity import elastic
from ramify.validation.solids import shell_pressure

SOLID = Elasticity(7.81e9, 0.38)
PLANES: list[SolidCondition] = [Symmetry("x"), Symmetry("y"), Symmetry("z")]


def built(raw: RawMesh) -> Mesh:
    """The mesh, from what every rank has made."""
    return Mesh.build(raw if MPI.COMM_WORLD.rank == 0 else None)


def half_held() -> Mesh:
    """A square of a micrometre whose bottom is called `foot` on its left half."""
    raw = raw_box("quadrilateral", [np.linspace(0.0, 1e-6, 7)] * 2)
    bottom = raw.boundaries["bottom"]
    foot = bottom[raw.points[bottom][..., 0].mean(axis=1) < 0.5e-6]
    boundaries = {"foot": foot, "top": raw.boundaries["top"]}
    return built(RawMesh(raw.kind, raw.points, raw.cells, raw.regions, boundaries))


def round_cell() -> Mesh:
    """An eighth of a ball."""
    return ball([1.0], [1], 1)


def layered(one_region: bool = True) -> Mesh:
    """Two layers, as one region `both` or as two, with their interface, where two ranks part."""
    raw = raw_layers("quadrilateral", [np.linspace(0.0, 1.0, 4)], [Layer("low", 1.0, 2), Layer("high", 1.0, 2)])
    regions = {"both": np.arange(len(raw.cells))} if one_region else raw.regions
    return built(RawMesh(raw.kind, raw.points, raw.cells, regions, raw.boundaries))


def between_ranks(names: tuple[str, str]) -> list[float]:
    """Pressed layers: least and largest contact pressure between them from the side named first, and its integral."""
    solid = ElasticSolid(Space(layered(one_region=False), 1, 2), {name: Phase(elastic(SOLID)) for name in names})
    said: list[SolidCondition] = [*(Symmetry(name) for name in ("left", "right", "bottom")), Pressure("top", 1e6)]
    contact = Contact(solid, "low/high", said)
    pressure, _ = contact.pressure(solid.stresses(solid.solve(said, 1e-12)), said)
    ends = solid.space.mesh.comm.allgather((np.nanmin(pressure), np.nanmax(pressure)))
    return [float(min(low for low, _ in ends)), float(max(high for _, high in ends)), contact.integral(pressure)]


def interface_pressure(names: tuple[str, str]) -> np.ndarray:
    """Two equal shells, a sphere between them: pressure from the side of the region named first, over the exact one."""
    a, middle, b, p, n = 0.5, 0.75, 1.0, 1e6, 3
    raw = _two_shells(a, middle, b, n)
    solid = ElasticSolid(Space(built(raw), 1, 3), {name: Phase(elastic(SOLID)) for name in names})
    said = [*PLANES, Pressure("inner", p)]
    stress = solid.stresses(solid.solve(said, 1e-12))
    contact = Contact(solid, "middle", said)
    found, _ = contact.pressure(stress, said)
    exact = p * a**3 / (b**3 - a**3) * (b**3 / middle**3 - 1.0)
    return np.asarray(found[contact.nodes] / exact)


def _two_shells(a: float, middle: float, b: float, n: int) -> RawMesh:
    from ramify.fem import spheres
    from ramify.fem.pillars import facets_of

    raw = spheres._raw(a, [middle, b], [n, n], n)
    facets, beside = facets_of(raw.cells, "hexahedron")
    inner = np.zeros(len(raw.cells), dtype=bool)
    inner[raw.regions["shell 0"]] = True
    between = (beside >= 0).all(axis=1) & (inner[beside[:, 0]] != inner[beside[:, 1]])
    return RawMesh(raw.kind, raw.points, raw.cells, raw.regions, {**raw.boundaries, "middle": facets[between]})


def _most(solid: ElasticSolid, values: np.ndarray) -> float:
    return float(max(solid.space.mesh.comm.allgather(float(np.abs(values).max(initial=0.0)))))


def plate() -> list[float]:
    """Depth and forces of a plate on a half-held square."""
    space = Space(half_held(), 1, 2)
    solid = ElasticSolid(space, {"box": Phase(elastic(SOLID))})
    said: list[SolidCondition] = [Fixed("foot"), Plate("top", 1e6, True)]
    u = solid.solve(said, 1e-12)
    contact = Contact(solid, "top", said)
    pressure, force = contact.pressure(solid.stresses(u), said)
    return [_most(solid, u), contact.integral(pressure), float(force[1]), _most(solid, pressure[contact.nodes])]


def whole_fields(order: Order) -> list[float]:
    """Sums of fields on nodes, cells and quadrature points weighted by their number in the order of the files."""
    space = Space(round_cell().refined(2), order, 3)
    solid = ElasticSolid(space, {"shell 0": Phase(elastic(SOLID))})
    whole, places = Whole(space), solid.points()
    nodal, cellwise, points = space.coordinates[:, 0], solid.volumes().sum(axis=1), places[..., 1:]
    gathered = whole.nodes(nodal), whole.cells(cellwise), whole.quadrature(points, places)
    assert np.allclose(whole.to_nodes(gathered[0]), nodal, rtol=1e-14)  # ranks take their own means for shared nodes
    assert np.array_equal(whole.to_cells(gathered[1]), cellwise)
    assert np.array_equal(whole.to_quadrature(gathered[2], places), points)
    mesh = whole.mesh()
    if mesh is None or gathered[0] is None or gathered[1] is None or gathered[2] is None:
        return []
    mean = gathered[0][mesh.cells].mean(axis=1)
    weights = 1.0 + np.arange(len(mesh.cells))
    return [
        float(values.reshape(len(values), -1).sum(axis=1) @ (1.0 + np.arange(len(values))))
        for values in (gathered[0], gathered[1], gathered[2].reshape(-1, 2))
    ] + [float(mean @ weights)]


def study() -> dict[str, list[float]]:
    """Everything."""
    shell = shell_pressure(2, 2)
    return {
        "plate": plate(),
        "shell": [shell["largest"], shell["mean"], shell["hole"]],
        "middle": [max(MPI.COMM_WORLD.allgather(interface_pressure(("shell 0", "shell 1")).max(initial=0.0)))],
        "low/high": between_ranks(("low", "high")),
        "high/low": between_ranks(("high", "low")),
        "whole 1": whole_fields(1),
        "whole 2": whole_fields(2),
    }


if __name__ == "__main__":
    numbers = study()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(numbers))
