"""Elastic solids on unstructured meshes: patches, orders, balls, beams, free bodies, ranks, refusals."""

import json
import math
from pathlib import Path
from typing import Any

import fem_elastic_cases as cases
import numpy as np
import pytest
import skfem
from skfem.models.elasticity import lame_parameters, linear_elasticity

from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.mesh import MeshError
from ramify.fem.reference import KINDS, KindName, Order
from ramify.fem.rigid_motions import UnheldMotion
from ramify.fem.solid_boundaries import Displacement, Fixed, Pressure, SolidCondition, Symmetry
from ramify.fem.spaces import Space
from ramify.fem.spheres import ball
from ramify.physics.elasticity import Elasticity
from ramify.physics.mechanics import pressure, to_mandel
from ramify.physics.viscoplasticity import elastic
from ramify.validation import solids

SOLID = Elasticity(7.81e9, 0.38)
BOX = {"box": Phase(elastic(SOLID))}


def made(kind: KindName, order: Order = 1, cells: int = 3, solid: Elasticity = SOLID) -> ElasticSolid:
    dimension = KINDS[kind].dimension
    space = Space(uniform_box(kind, (1.0,) * dimension, (cells,) * dimension), order, dimension)
    return ElasticSolid(space, {"box": Phase(elastic(solid))})


@pytest.fixture(scope="module")
def serial() -> dict[str, Any]:
    return {"waves": cases.study(), "lame": solids.lame_sphere(2, 2), "eshelby": solids.eshelby_sphere(1, 3)}


def test_orders_of_every_cell(serial: dict[str, Any]) -> None:
    for case, found in serial["waves"].items():
        order = int(case.split()[1])
        values, gradients = found["orders"]
        assert order + 0.8 < values < order + 1.3, case
        assert order - 0.2 < gradients < order + 0.3, case


def test_two_ranks_give_the_same(serial: dict[str, Any], mpiexec, checkout: Path) -> None:
    parallel = json.loads(mpiexec(2, "fem_elastic_cases.py", cwd=checkout / "tests").stdout.splitlines()[-1])
    for case, found in serial["waves"].items():
        assert parallel["waves"][case]["errors"] == pytest.approx(found["errors"], rel=1e-6), case
    assert parallel["lame"] == pytest.approx(serial["lame"], rel=1e-6)
    assert parallel["eshelby"] == pytest.approx(serial["eshelby"], rel=1e-6)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", ["triangle", "quadrilateral", "tetrahedron", "hexahedron"])
def test_patch(kind: KindName, order: Order) -> None:
    """A linear displacement on the boundary of a distorted mesh: linear inside, its stress everywhere."""
    dimension = KINDS[kind].dimension
    mesh = uniform_box(kind, (1.0,) * dimension, (3,) * dimension)
    bubble = np.prod(np.sin(math.pi * mesh.points), axis=1)
    mesh.points[:] += 0.08 * bubble[:, None] * np.sin(7.0 * mesh.points[:, ::-1] + np.arange(dimension))
    space = Space(mesh, order, dimension)
    solid = ElasticSolid(space, BOX)
    slopes = 1e-3 * np.array([[1.0, 0.4, -0.3], [0.2, -0.5, 0.8], [-0.6, 0.1, 0.7]])[:dimension, :dimension]

    def given(component: int) -> Any:
        return lambda x: x @ slopes[component]

    u = solid.solve([Displacement(name, given(i), i) for name in ENDS[dimension] for i in range(dimension)], 1e-13)
    assert np.abs(u - space.coordinates @ slopes.T).max() < 1e-13
    whole, axes = np.zeros((3, 3)), [0, 2] if dimension == 2 else [0, 1, 2]
    whole[np.ix_(axes, axes)] = 0.5 * (slopes + slopes.T)
    strain, trace = to_mandel(whole), np.trace(whole)
    expected = 2.0 * SOLID.shear_modulus * strain
    expected[:3] += (SOLID.bulk_modulus - 2.0 / 3.0 * SOLID.shear_modulus) * trace
    stress = solid.stresses(u)
    assert np.abs(stress - expected).max() < 1e-9 * np.abs(expected).max()
    np.testing.assert_allclose(solid.nodal(stress), np.tile(expected, (space.local_count, 1)), rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "mesh", "element"),
    [
        ("triangle", skfem.MeshTri, skfem.ElementTriP2()),
        ("tetrahedron", skfem.MeshTet, skfem.ElementTetP1()),
        ("hexahedron", skfem.MeshHex, skfem.ElementHex2()),
    ],
)
def test_stiffness_agrees_with_scikit_fem(kind: KindName, mesh: Any, element: Any) -> None:
    """Energy of the same displacement; both integrate with the same rule."""
    order: Order = 2 if "1" not in type(element).__name__ else 1
    dimension = KINDS[kind].dimension
    axes = [np.linspace(0.0, end, n + 1) for end, n in zip((1.0, 1.5, 0.7), (3, 2, 2), strict=True)][:dimension]
    ours = uniform_box(kind, (1.0, 1.5, 0.7)[:dimension], (3, 2, 2)[:dimension])
    solid = ElasticSolid(Space(ours, order, dimension), BOX)
    basis = skfem.Basis(mesh.init_tensor(*axes), skfem.ElementVector(element), intorder=4)
    weak = skfem.BilinearForm(linear_elasticity(*lame_parameters(SOLID.youngs_modulus, SOLID.poissons_ratio)))

    def field(x: np.ndarray, component: int) -> np.ndarray:
        return np.sin(2.0 * x[0] + component) + (1.0 + component) * x[-1] ** 2

    mine = np.stack([field(solid.space.coordinates.T, i) for i in range(dimension)], axis=1)
    theirs = np.zeros(basis.N)
    for place, component, number in _unknowns(basis, dimension):
        theirs[number] = field(place, component)
    energy = theirs @ weak.assemble(basis) @ theirs
    assert float((mine * solid.applied(mine)).sum()) == pytest.approx(energy, rel=1e-11)


def _unknowns(basis: Any, dimension: int) -> list[tuple[np.ndarray, int, int]]:
    """(place, component, number) of every unknown of a vector basis, whose components go round at each place."""
    dofs, found = basis.dofs, []
    for table in (dofs.nodal_dofs, dofs.edge_dofs, dofs.facet_dofs, dofs.interior_dofs):
        for row, numbers in enumerate(table if table is not None else ()):
            found += [(basis.doflocs[:, number], row % dimension, int(number)) for number in numbers]
    return found


def test_thick_sphere_of_lame() -> None:
    assert solids.lame_sphere(1, 4) < 8e-3
    assert 1.8 < math.log2(solids.lame_sphere(1, 2) / solids.lame_sphere(1, 4)) < 2.2


def test_sphere_of_eshelby() -> None:
    coarse, fine = solids.eshelby_sphere(1, 2), solids.eshelby_sphere(1, 4)
    assert abs(fine[0]) < 0.012
    assert fine[1] < 0.025
    assert 1.8 < math.log2(coarse[0] / fine[0]) < 2.2


def test_cantilever() -> None:
    coarse, fine = solids.cantilever("quadrilateral", 1, 2), solids.cantilever("quadrilateral", 1, 4)
    assert abs(fine) < 0.012
    assert 1.8 < math.log2(coarse / fine) < 2.2
    assert abs(solids.cantilever("tetrahedron", 2, 1)) < 2e-3
    assert abs(solids.cantilever("triangle", 2, 2)) < 2e-3


def test_free_body_swells_without_stress() -> None:
    space = Space(uniform_box("tetrahedron", (1.0, 1.0, 1.0), (4, 4, 4)), 1, 3)
    solid = ElasticSolid(space, {"box": Phase(elastic(SOLID), 0.01)})
    u = solid.solve([])
    assert np.abs(solid.stresses(u)).max() < 1e-6 * SOLID.youngs_modulus * 0.01
    apart = space.coordinates - space.coordinates.mean(axis=0)
    assert u == pytest.approx(0.01 * apart, abs=1e-9)


def test_free_body_takes_balanced_loads_alone() -> None:
    solid = made("tetrahedron")
    u = solid.solve([Pressure(name, 1e6) for name in ENDS[3]])
    np.testing.assert_allclose(pressure(solid.stresses(u)), 1e6, rtol=1e-6)
    with pytest.raises(UnheldMotion, match="no boundary holds"):
        solid.solve([Pressure("top", 1e6)])
    held = solid.solve([Symmetry("bottom"), Pressure("top", 1e6)])  # slides and turns on a plane, which nothing drives
    np.testing.assert_allclose(solid.stresses(held)[..., 2], -1e6, rtol=1e-6)


def test_stack_pressure_between_symmetric_sides() -> None:
    """Uniaxial strain; the contact takes what the stack presses, to the solver's tolerance."""
    solid = made("hexahedron")
    conditions: list[SolidCondition] = [*(Symmetry(name) for name in ENDS[3][:-1]), Pressure("top", 1e6)]
    u = solid.solve(conditions)
    top = solid.space.boundary_nodes("top")
    np.testing.assert_allclose(u[top, 2], -1e6 / SOLID.uniaxial_modulus, rtol=1e-8)
    np.testing.assert_allclose(solid.reaction(u, conditions, "bottom")[2], 1e6, rtol=1e-8)
    held: list[SolidCondition] = [
        *(Symmetry(name) for name in ENDS[3][:-1]),
        Displacement("top", -1e6 / SOLID.uniaxial_modulus, 2),
    ]
    np.testing.assert_allclose(solid.stresses(solid.solve(held))[..., 2], -1e6, rtol=1e-8)


def test_nearly_incompressible_bricks_do_not_lock() -> None:
    """A block pressed on a rough plate: the mean dilatation keeps it as soft as finer cells find it."""
    sinks = []
    for cells in (4, 8):
        solid = made("quadrilateral", 1, cells, Elasticity(1e9, 0.495))
        u = solid.solve([Fixed("bottom"), Pressure("top", 1e6)])
        sinks.append(float(u[solid.space.boundary_nodes("top"), 1].min()))
    assert sinks[0] == pytest.approx(sinks[1], rel=0.04)


def test_refusals_name_what_is_wrong() -> None:
    space = Space(ball([1.0], [2], 2), 1, 3)
    with pytest.raises(MeshError, match=r"no region named 'shel 0' .*did you mean 'shell 0'"):
        ElasticSolid(space, {"shel 0": Phase(elastic(SOLID))})
    solid = ElasticSolid(space, {"shell 0": Phase(elastic(SOLID))})
    with pytest.raises(MeshError, match="'outer' cannot be a plane of symmetry: it is 1 m deep"):
        solid.solve([Symmetry("outer")])
    two = Space(ball([1.0, 2.0], [2, 2], 2), 1, 3)
    with pytest.raises(MeshError, match="24 cells lie in none of the regions shell 0"):
        ElasticSolid(two, {"shell 0": Phase(elastic(SOLID))})
    with pytest.raises(MeshError, match="at least 1"):
        ball([1.0], [0], 2)


def test_bricks_fill_the_ball() -> None:
    """Volumes of regions converge to those of spheres with order two; no brick is inside out."""
    volumes = []
    for cells in (2, 4):
        space = Space(ball([1.0, 2.0], [cells, cells], cells), 1, 3)
        solid = ElasticSolid(space, {name: Phase(elastic(SOLID)) for name in ("shell 0", "shell 1")})
        volumes.append(float(solid.volumes().sum()))
    exact = math.pi / 6.0 * 8.0
    assert 1.8 < math.log2((volumes[0] - exact) / (volumes[1] - exact)) < 2.2
