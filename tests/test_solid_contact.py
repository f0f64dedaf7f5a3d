"""Plates, contact pressures, energies and the order of whole fields, on unstructured meshes of solids."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import solid_contact_cases as cases

from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.layers import VOID_ABOVE, VOID_BELOW, Feature, Layer, lateral, raw_layers
from ramify.fem.mesh import Mesh, MeshError
from ramify.fem.quality import assess
from ramify.fem.reference import KINDS, KindName, Order
from ramify.fem.rigid_motions import UnheldMotion
from ramify.fem.solid_boundaries import Fixed, Plate, Pressure, SolidCondition, Symmetry
from ramify.fem.solid_energy import EnergyBooks
from ramify.fem.spaces import Space
from ramify.fem.tractions import Contact
from ramify.fem.viscoplastic import FlowingSolid, SolidNumerics
from ramify.physics.elasticity import Elasticity
from ramify.physics.viscoplasticity import anand_lithium, elastic
from ramify.validation.solids import shell_pressure

SOLID = Elasticity(7.81e9, 0.38)
MICRON = 1e-6
BOX = {"box": Phase(elastic(SOLID))}


def square(cells: int = 4, order: Order = 1) -> Space:
    return Space(uniform_box("quadrilateral", (MICRON, MICRON), (cells, cells)), order, 2)


def test_plate_on_a_free_column_is_hookes_law() -> None:
    """Plane strain with free sides: depth p L (1 - nu^2)/E, contact pressure p everywhere."""
    space, p = square(), 2e6
    said: list[SolidCondition] = [Symmetry("left"), Symmetry("bottom"), Plate("top", p)]
    solid = ElasticSolid(space, BOX)
    u = solid.solve(said)
    depth = p * MICRON * (1.0 - SOLID.poissons_ratio**2) / SOLID.youngs_modulus
    assert u[space.boundary_nodes("top"), 1] == pytest.approx(-depth, rel=1e-8)
    contact = Contact(solid, "top", said)
    pressure, force = contact.pressure(solid.stresses(u), said)
    assert pressure[contact.nodes] == pytest.approx(p, rel=1e-7)
    assert contact.integral(pressure) == pytest.approx(-force[1], rel=1e-13)
    assert np.isnan(np.delete(pressure, contact.nodes)).all()


@pytest.mark.parametrize("bonded", [False, True])
def test_plate_stays_parallel_and_bears_its_force(bonded: bool) -> None:
    """On a body that only one half of the bottom holds; elastic and flowing solids agree."""
    space, p = Space(cases.half_held(), 2, 2), 1e6
    said: list[SolidCondition] = [Fixed("foot"), Plate("top", p, bonded)]
    solid = ElasticSolid(space, BOX)
    u = solid.solve(said, 1e-12)
    top = space.boundary_nodes("top")
    assert np.ptp(u[top, 1]) < 1e-12 * np.abs(u).max()
    assert bool(np.ptp(u[top, 0]) < 1e-12 * np.abs(u).max()) is bonded
    flowing = FlowingSolid(space, BOX, lambda time: said, method="direct")
    flowing.settle()
    assert flowing.u == pytest.approx(u, abs=1e-7 * np.abs(u).max())
    assert flowing.plates.depths(flowing.u) == pytest.approx(-u[top[0], 1], rel=1e-7)
    assert flowing.reaction("top")[1] == pytest.approx(-p * MICRON, rel=1e-9)
    assert flowing.reaction("foot")[1] == pytest.approx(p * MICRON, rel=1e-7)


def test_plate_against_nothing_is_refused() -> None:
    solid = ElasticSolid(square(), BOX)
    with pytest.raises(UnheldMotion, match=r"plate 'top' pushes a solid that no boundary holds"):
        solid.solve([Symmetry("left"), Plate("top", 1e6)])
    with pytest.raises(MeshError, match="shares nodes with a boundary that holds them along its way"):
        solid.solve([Fixed("left"), Plate("top", 1e6)])
    with pytest.raises(MeshError, match="'outer' cannot be under a plate"):
        ElasticSolid(Space(cases.round_cell(), 1, 3), {"shell 0": Phase(elastic(SOLID))}).solve([Plate("outer", 1e6)])


def test_flowing_column_under_a_plate_creeps_at_the_law() -> None:
    """Steady creep under a constant stress: the plate goes down at the rate of the law, hardening apart."""
    law = anand_lithium("power", 298.0)
    space = Space(uniform_box("hexahedron", (MICRON,) * 3, (1, 1, 1)), 1, 3)
    said: list[SolidCondition] = [*(Symmetry(name) for name in ("left", "front", "bottom")), Plate("top", 0.6e6)]
    solid = FlowingSolid(space, {"box": Phase(law)}, lambda time: said, method="direct")
    solid.settle()
    before = solid.plates.depths(solid.u)[0]
    for _ in range(20):
        solid.step(1.0)
    resistance = float(solid.resistance.mean())
    rate = (solid.plates.depths(solid.u)[0] - before) / MICRON / 20.0
    assert law.rate * (0.6e6 / resistance) ** (1.0 / 0.15) < rate < law.rate * (0.6e6 / law.resistance) ** (1.0 / 0.15)
    assert solid.plastic.mean() == pytest.approx(rate * 20.0, rel=1e-3)
    assert solid.resistance.mean() > law.resistance


@pytest.mark.parametrize(
    ("kind", "order"), [("triangle", 2), ("tetrahedron", 1), ("tetrahedron", 2), ("hexahedron", 2)]
)
def test_even_pressure_is_found_by_every_element(kind: KindName, order: Order) -> None:
    """A confined block: p below, nu/(1 - nu) p beside, at every node of the faces."""
    dimension, p = KINDS[kind].dimension, 1e6
    space = Space(uniform_box(kind, (1.0,) * dimension, (2,) * dimension), order, dimension)
    said: list[SolidCondition] = [*(Symmetry(name) for name in ENDS[dimension][:-1]), Pressure("top", p)]
    solid = ElasticSolid(space, BOX)
    stress = solid.stresses(solid.solve(said, 1e-12))
    nu = SOLID.poissons_ratio
    for name, expected in (("bottom", p), ("top", p), ("left", nu / (1.0 - nu) * p)):
        contact = Contact(solid, name, said)
        pressure, _ = contact.pressure(stress, said)
        assert pressure[contact.nodes] == pytest.approx(expected, rel=1e-8), name


def test_contact_pressure_of_lames_sphere_converges() -> None:
    """Inside a rigid shell, pressed from within: the pressure on the shell, and on the loaded hole."""
    errors = [shell_pressure(1, n) for n in (2, 4)]
    assert errors[1]["largest"] < 0.04 and errors[1]["hole"] < 0.012
    assert math.log2(errors[0]["mean"] / errors[1]["mean"]) > 1.8
    assert math.log2(errors[0]["hole"] / errors[1]["hole"]) > 1.8


def test_contact_pressure_between_regions_has_no_side() -> None:
    """The interface of two shells: the same from either side, and that of Lame for equal shells."""
    one, other = (cases.interface_pressure(names) for names in (("shell 0", "shell 1"), ("shell 1", "shell 0")))
    assert max(one) < 1.07 and min(one) > 0.93
    assert one == pytest.approx(other, rel=1e-6)


def test_contact_inside_a_region_is_refused() -> None:
    mesh = cases.layered()
    solid = ElasticSolid(Space(mesh, 1, 2), {"both": Phase(elastic(SOLID))})
    with pytest.raises(MeshError, match="'low/high' has cells on both sides"):
        Contact(solid, "low/high", [])


def test_two_ranks_give_the_same(mpiexec, checkout: Path) -> None:
    serial = cases.study()
    assert [*serial["low/high"], *serial["high/low"]] == pytest.approx([1e6] * 6, rel=1e-9)
    result = mpiexec(2, "solid_contact_cases.py", cwd=checkout / "tests", timeout=120.0)
    parallel = json.loads(result.stdout.splitlines()[-1])
    assert parallel.keys() == serial.keys()
    for name, found in serial.items():
        assert np.array(parallel[name]) == pytest.approx(np.array(found), rel=1e-7), name


def test_energy_books_balance() -> None:
    """Elastic work is half force times way; free swelling costs nothing; held swelling and flow are paid for."""
    said: list[SolidCondition] = [Symmetry("left"), Symmetry("bottom"), Pressure("top", 1e6)]
    solid = FlowingSolid(square(), BOX, lambda time: said, method="direct")
    books = EnergyBooks(solid)
    solid.settle()
    books.book()
    work = 0.5 * 1e6 * MICRON * 1e6 * MICRON * (1.0 - SOLID.poissons_ratio**2) / SOLID.youngs_modulus
    assert books.sums.work == pytest.approx(work, rel=1e-8)
    assert books.sums.elastic == pytest.approx(work, rel=1e-8)

    swelling = {"box": Phase(anand_lithium())}
    held: list[SolidCondition] = [Symmetry("left"), Symmetry("right"), Fixed("bottom")]
    grown = FlowingSolid(
        square(),
        swelling,
        lambda time: held,
        None,
        SolidNumerics(equilibrium=1e-12),
        "direct",
        growth=lambda time: np.array([1e-4 * time]),
    )
    books = EnergyBooks(grown)
    grown.settle()
    books.book()
    for _ in range(4):
        grown.step(1.0)
        books.book()
    sums = books.sums
    assert grown.inelastic[..., :3].mean() == pytest.approx(4e-4, rel=1e-9)
    assert sums.work == pytest.approx(0.0, abs=1e-9 * sums.moved)
    assert sums.eigenstrain < 0.0 < sums.flow and sums.elastic > 0.0
    assert sums.relative < 1e-12


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral", "tetrahedron", "hexahedron"])
def test_layers_with_an_asperity_keep_their_volume(kind: str) -> None:
    sides = [np.linspace(0.0, 4.0, 9)] * (2 if kind in ("tetrahedron", "hexahedron") else 1)
    layers = [Layer("low", 2.0, 3), Layer("high", 1.0, 2)]
    bump = Feature(0, 4.0, 0.4, False)
    mesh = Mesh.build(raw_layers(kind, sides, layers, bump))  # type: ignore[arg-type]
    quality = assess(mesh)
    assert quality.usable and quality.volume == pytest.approx(3.0 * 4.0 ** len(sides), rel=1e-12)
    flat = 4.0 ** len(sides)
    assert flat < mesh.area("low/high") < 1.2 * flat
    assert mesh.area("top") == pytest.approx(flat) and mesh.area("bottom") == pytest.approx(flat)
    tip = mesh.points[np.linalg.norm(mesh.points[:, :-1], axis=1) < 1e-12][:, -1]
    assert np.any(np.abs(tip - 2.4) < 1e-12)


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_void_opens_the_interface(kind: str) -> None:
    layers = [Layer("low", 2.0, 4), Layer("high", 1.0, 2)]
    mesh = Mesh.build(raw_layers(kind, [lateral(4.0, 16, 3.0)], layers, Feature(0, 3.0, 0.5, True)))  # type: ignore[arg-type]
    quality = assess(mesh)
    # A parabola of half width 1.5 and depth 0.5, in straight pieces.
    assert quality.usable and quality.volume == pytest.approx(12.0 - 2.0 / 3.0 * 1.5 * 0.5, rel=2e-3)
    assert mesh.area("low/high") == pytest.approx(2.5)
    assert mesh.area(VOID_ABOVE) == pytest.approx(1.5) and 1.5 < mesh.area(VOID_BELOW) < 1.65
    assert mesh.area("left") == pytest.approx(2.5)
    with pytest.raises(MeshError, match="leaves no contact"):
        raw_layers("quadrilateral", [lateral(4.0, 16, None)], layers, Feature(0, 9.0, 0.5, True))
    with pytest.raises(MeshError, match="allowed: less"):
        raw_layers("quadrilateral", [lateral(4.0, 16, 3.0)], layers, Feature(0, 3.0, 2.5, True))
