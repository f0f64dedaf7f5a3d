"""Unstructured meshes: boxes, files, names, quality; the same on one rank and on two."""

import json
from pathlib import Path

import numpy as np
import pytest
from fem_mesh_cases import MSH22, measures_of, moved_box, write_plane_mesh
from mpi4py import MPI
from petsc4py import PETSc

from ramify.fem import plex
from ramify.fem.boxes import raw_box, uniform_box
from ramify.fem.mesh import Mesh, MeshError, read_mesh
from ramify.fem.quality import assess, require_usable
from ramify.fem.reference import KINDS
from ramify.fem.spaces import Space


@pytest.mark.parametrize("kind", ["interval", "triangle", "quadrilateral", "tetrahedron", "hexahedron"])
def test_boxes_have_their_volume_and_sides(kind) -> None:
    size, cells = (1.0, 2.0, 3.0), (2, 3, 4)
    dimension = {"interval": 1, "triangle": 2, "quadrilateral": 2}.get(kind, 3)
    coarse = uniform_box(kind, size[:dimension], cells[:dimension])
    for mesh in (coarse, coarse.refined()):
        found = measures_of(mesh)
        volume = np.prod(size[:dimension])
        assert found["box"] == pytest.approx(volume, rel=1e-12)
        for number, name in enumerate(mesh.boundary_names):
            assert found[name] == pytest.approx(volume / size[number // 2], rel=1e-12)
        assert assess(mesh).usable
    per_cell = {"triangle": 2, "tetrahedron": 6}.get(kind, 1)
    assert mesh.cell_count() == per_cell * np.prod(cells[:dimension]) * 2**dimension


@pytest.mark.parametrize("kind", ["interval", "triangle", "quadrilateral", "tetrahedron", "hexahedron"])
def test_edges_and_faces_are_those_that_petsc_finds(kind) -> None:
    dimension = KINDS[kind].dimension
    raw = raw_box(kind, [np.linspace(0.0, 1.0, 4)] * dimension)
    mixer = np.random.default_rng(5)
    vertices, order = mixer.permutation(len(raw.points)), mixer.permutation(len(raw.cells))
    cells = vertices[raw.cells[order]][:, [0, 3, 2, 1, 4, 5, 6, 7] if kind == "hexahedron" else slice(None)]
    points = raw.points[np.argsort(vertices)]
    ours, facets = plex.from_cells(MPI.COMM_SELF, kind, cells, points)
    theirs = PETSc.DMPlex().createFromCellList(
        dimension, cells.astype(PETSc.IntType), points, interpolate=True, comm=MPI.COMM_SELF
    )
    assert ours.getChart() == theirs.getChart()
    for point in range(*theirs.getChart()):
        assert ours.getCone(point).tolist() == theirs.getCone(point).tolist()
        assert ours.getConeOrientation(point).tolist() == theirs.getConeOrientation(point).tolist()
        assert ours.getCellType(point) == theirs.getCellType(point)
    first, end = theirs.getDepthStratum(dimension - 1)
    low, high = theirs.getDepthStratum(0)
    for facet, corners in zip(range(first, end), facets, strict=True):
        closure, _ = theirs.getTransitiveClosure(facet)
        assert sorted(closure[(closure >= low) & (closure < high)] - low) == sorted(corners)
    for piece in (ours, theirs):
        piece.destroy()


def test_shape_of_regular_and_stretched_cells() -> None:
    assert assess(uniform_box("hexahedron", (1.0, 1.0, 1.0), (2, 2, 2))).worst_shape == pytest.approx(1.0)
    stretched = assess(uniform_box("quadrilateral", (1.0, 1.0), (10, 1)))
    assert stretched.worst_shape == pytest.approx((10.0 + 1.0 / 10.0) / 2.0)
    assert [stretched.shortest_edge, stretched.longest_edge] == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_folded_and_inverted_cells_are_found(kind) -> None:
    mesh = Mesh.build(moved_box(kind, 0.9))
    quality = assess(mesh)
    assert quality.folded > 0 and not quality.usable
    assert (quality.inverted > 0) == (kind == "quadrilateral")
    with pytest.raises(MeshError, match="facets have both cells on one side"):
        require_usable(mesh, "moved.msh")


def test_flat_cells_are_found() -> None:
    raw = moved_box("triangle", 1.0 / 3.0)
    raw.points[:, 1] *= 1e-13
    assert assess(Mesh.build(raw)).degenerate == len(raw.cells)


def test_gmsh_names_become_regions_and_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "cell.msh"
    path.write_text(MSH22)
    mesh = read_mesh(path, unit=1e-6)
    assert (mesh.region_names, set(mesh.boundary_names)) == (("the electrolyte",), {"current collector", "7", "outer"})
    found = measures_of(mesh)
    assert found["the electrolyte"] == pytest.approx(2e-12)
    assert found["current collector"] == pytest.approx(1e-6) and found["7"] == pytest.approx(2e-6)
    assert found["outer"] == pytest.approx(3e-6)


def test_meshio_formats_bring_their_groups(tmp_path: Path) -> None:
    path = tmp_path / "two.inp"
    write_plane_mesh(path)
    found = measures_of(read_mesh(path))
    assert found["metal"] == pytest.approx(0.5) and found["electrolyte"] == pytest.approx(0.5)
    assert found["outer"] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("none.msh", None, "no such mesh file"),
        ("empty.msh", "", "not a Gmsh mesh file"),
        ("cut.msh", MSH22[:300], "PETSc cannot read it"),
        ("words.vtk", "hello", "meshio cannot read it"),
        ("unknown.abc", "hello", "meshio cannot read it"),
        (
            "mixed.msh",
            MSH22.replace("8\n", "7\n", 1).replace("4 2 2 1 1 1 2 5\n5 2 2 1 1 1 5 4\n", "4 3 2 1 1 1 2 5 4\n"),
            "mixed",
        ),
    ],
)
def test_files_that_hold_no_mesh_are_refused(tmp_path: Path, name: str, text: str | None, complaint: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(MeshError, match=complaint):
        read_mesh(path)


def test_misspelt_region_names_the_nearest() -> None:
    mesh = uniform_box("triangle", (1.0, 1.0), (2, 2))
    with pytest.raises(MeshError, match=r"no region named 'bax' .*did you mean 'box'"):
        mesh.region("bax")


def test_two_ranks_have_the_same_mesh(mpiexec, checkout: Path, tmp_path: Path) -> None:
    path = tmp_path / "cell.msh"
    path.write_text(MSH22)
    found = [
        json.loads(mpiexec(ranks, "fem_mesh_cases.py", str(path), cwd=checkout / "tests").stdout.splitlines()[-1])
        for ranks in (1, 2)
    ]
    assert set(found[0]) == set(found[1])
    for name, value in found[0].items():
        assert found[1][name] == pytest.approx(value, rel=1e-12), name


def test_nodes_of_second_order_lie_midway() -> None:
    space = Space(uniform_box("triangle", (1.0, 1.0), (1, 1)), 2)
    expected = {(x, y) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)}
    assert {tuple(place) for place in space.coordinates.tolist()} == expected
