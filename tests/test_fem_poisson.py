"""Poisson's equation on unstructured meshes: order on every cell and boundary type, ranks, balance, refusals."""

import json
from typing import Any

import numpy as np
import pytest
import skfem
from skfem.helpers import dot, grad

from ramify.fem import kernels
from ramify.fem.boundaries import Condition, Dirichlet, Flux, Robin
from ramify.fem.boxes import uniform_box
from ramify.fem.mesh import MeshError
from ramify.fem.pattern import Pattern
from ramify.fem.poisson import Poisson, UnbalancedSources
from ramify.fem.reference import KindName, Order
from ramify.fem.spaces import Space
from ramify.validation.manufactured.poisson import study


@pytest.fixture(scope="module")
def serial() -> dict[str, dict[str, list[float]]]:
    return study()


def test_orders_of_every_cell_and_boundary(serial: dict[str, dict[str, list[float]]]) -> None:
    for case, found in serial.items():
        order = int(case.split()[1])
        values, gradients = found["orders"]
        assert order + 0.8 < values < order + 1.3, case
        assert order - 0.2 < gradients < order + 0.3, case


def test_two_ranks_give_the_same(serial: dict[str, dict[str, list[float]]], mpiexec) -> None:
    printed = mpiexec(2, "-m", "ramify.validation.manufactured.poisson").stdout
    parallel = json.loads(printed.splitlines()[-1])
    for case, found in serial.items():
        # the linear solver ends at 1e-12 of a solution of size one
        assert parallel[case]["errors"] == pytest.approx(found["errors"], rel=1e-6, abs=1e-12), case


@pytest.mark.parametrize(
    ("kind", "mesh", "element"),
    [
        ("triangle", skfem.MeshTri, skfem.ElementTriP2()),
        ("quadrilateral", skfem.MeshQuad, skfem.ElementQuad2()),
        ("tetrahedron", skfem.MeshTet, skfem.ElementTetP1()),
        ("hexahedron", skfem.MeshHex, skfem.ElementHex2()),
    ],
)
def test_kernels_agree_with_scikit_fem(kind: KindName, mesh: Any, element: Any) -> None:
    """Energy, mass and load of the same field: sums that do not depend on the numbering of the nodes."""
    order: Order = 2 if "1" not in type(element).__name__ else 1
    dimension = 2 if kind in ("triangle", "quadrilateral") else 3
    ours = uniform_box(kind, (1.0, 1.5, 0.7)[:dimension], (3, 2, 2)[:dimension])
    ours.points[:, 0] += 0.1 * ours.points[:, 1] ** 2  # no cell is like another, none has parallel faces
    space = Space(ours, order)
    axes = [np.linspace(0.0, end, n + 1) for end, n in zip((1.0, 1.5, 0.7), (3, 2, 2), strict=True)][:dimension]
    theirs = mesh.init_tensor(*axes)
    moved = theirs.p.copy()
    moved[0] += 0.1 * moved[1] ** 2
    basis = skfem.Basis(type(theirs)(moved, theirs.t), element, intorder=4)
    tables, one = space.element.tables(4), np.ones((1, 1))
    pattern = Pattern(space)
    stiffness, mass, load = pattern.zeros(), pattern.zeros(), space.zeros()
    kernels.add_stiffness(ours.points, ours.cells, tables, one, pattern.slots, 0, 0, stiffness)
    kernels.add_mass(ours.points, ours.cells, tables, one, pattern.slots, 0, 0, mass)
    kernels.add_load(ours.points, ours.cells, tables, one, space.cell_nodes, 0, load)

    def field(x: np.ndarray) -> np.ndarray:
        return np.sin(2.0 * x[0]) + x[-1] ** 2

    mine, yours = field(space.coordinates.T), field(basis.doflocs)
    for entries, form in (
        (stiffness, skfem.BilinearForm(lambda u, v, w: dot(grad(u), grad(v)))),
        (mass, skfem.BilinearForm(lambda u, v, w: u * v)),
    ):
        matrix = form.assemble(basis)
        ours_applied = (entries[:, 0, 0] * mine[pattern.rows] * mine[pattern.columns]).sum()
        assert ours_applied == pytest.approx(yours @ matrix @ yours, rel=1e-12)
    reference = skfem.LinearForm(lambda v, w: v).assemble(basis)
    assert load[:, 0] @ mine == pytest.approx(reference @ yours, rel=1e-12)


def test_what_flows_in_flows_out() -> None:
    """Source and flux leave through the two boundaries that hold values, to the solver's tolerance."""
    space = Space(uniform_box("tetrahedron", (1.0, 1.0, 1.0), (4, 4, 4)))
    conditions: list[Condition] = [Dirichlet("bottom", 0.0), Dirichlet("top", 1.0), Flux("left", 0.7)]
    problem = Poisson(space, 2.0, 3.0, conditions)
    u = problem.solve(tolerance=1e-12)
    total = problem.inflow(u, "bottom") + problem.inflow(u, "top")
    assert total == pytest.approx(-(3.0 + 0.7), rel=1e-9)


def test_resistors_in_series() -> None:
    """Bulk and two surface resistances, solved by hand: i = V/(1/h1 + L/k + 1/h2)."""
    space = Space(uniform_box("interval", (2.0,), (3,)))
    problem = Poisson(space, 4.0, 0.0, [Robin("bottom", 5.0, 1.0), Robin("top", 2.0, 0.0)])
    u = problem.solve()
    current = 1.0 / (1.0 / 5.0 + 2.0 / 4.0 + 1.0 / 2.0)
    at_top = u[space.boundary_nodes("top")]
    assert at_top == pytest.approx(current / 2.0, rel=1e-9)


def test_closed_domain_needs_balance() -> None:
    space = Space(uniform_box("triangle", (1.0, 1.0), (4, 4)))
    with pytest.raises(UnbalancedSources, match="add up to 1"):
        Poisson(space, 1.0, 1.0).solve()
    u = Poisson(space, 1.0, 0.0, [Flux("left", 1.0), Flux("right", -1.0)]).solve()
    assert u == pytest.approx(0.5 - space.coordinates[:, 0], abs=1e-8)


def test_misspelt_boundary_names_the_nearest() -> None:
    space = Space(uniform_box("triangle", (1.0, 1.0), (2, 2)))
    with pytest.raises(MeshError, match=r"no boundary named 'botom' .*did you mean 'bottom'"):
        Poisson(space, 1.0, 0.0, [Dirichlet("botom", 0.0)])
