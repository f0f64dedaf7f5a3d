"""How much of a cell a surface leaves open: planes exactly, smooth surfaces to second order."""

import math

import numpy as np
import pytest

from ramify.hosts.minimal_surfaces import MinimalSurface
from ramify.hosts.rods import RodNetwork
from ramify.phasefield.kernels.openings import open_cells, open_faces, open_fraction

AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))


@pytest.mark.parametrize(
    "rises", [(1.0, 0.7, 0.4), (0.2, -1.0, 0.1), (1.0, 1.0, -1.0), (1.0, 0.6, 0.0), (0.0, 0.0, 2.0)]
)
def test_a_plane_cuts_a_box_as_it_should(rises):
    points = (np.stack(np.meshgrid(*[np.arange(60) + 0.5] * 3), axis=-1).reshape(-1, 3) / 60 - 0.5) @ np.array(rises)
    for middle in np.linspace(-1.0, 1.0, 17) * 0.5 * np.abs(rises).sum():
        share = open_fraction(middle, *rises)
        assert share == pytest.approx(np.mean(points + middle > 1e-12), abs=0.01)
        assert share + open_fraction(-middle, *rises) == pytest.approx(1.0, abs=1e-14)
        assert open_fraction(3.7 * middle, *(3.7 * np.array(rises))) == pytest.approx(share, abs=1e-13)


def test_a_box_in_bulk_is_open_or_closed():
    assert (open_fraction(1.0, 0.1, 0.1, 0.1), open_fraction(-1.0, 0.1, 0.1, 0.1)) == (1.0, 0.0)
    assert (open_fraction(1.0, 0.0, 0.0, 0.0), open_fraction(0.0, 0.0, 0.0, 0.0)) == (1.0, 0.5)
    assert (open_fraction(0.5, 0.0, 0.0, 1.0), open_fraction(-0.5, 0.0, 0.0, 1.0)) == (1.0, 0.0)


def test_cells_and_faces_of_a_slanted_plane_are_exact():
    """The plane 2 x + y + 3 z = 2.2 over flat cells: volumes and areas by fine sampling."""
    nz, ny, nx, size = 4, 3, 5, np.array([1.0, 0.9, 0.5])
    edges = size / np.array([nx, ny, nz])
    x, y, z = (np.arange(n + 1) * h for n, h in zip((nx, ny, nz), edges, strict=True))
    corners = 2 * x[None, None] + y[None, :, None] + 3 * z[:, None, None] - 2.2
    cells = np.empty((nz, ny, nx))
    open_cells(corners, cells)
    fine = (np.arange(48) + 0.5) / 48
    inside = [(np.arange(n)[:, None] + fine) * h for n, h in zip((nx, ny, nz), edges, strict=True)]
    d = (2 * inside[0][None, None, :, None, None, :] + inside[1][None, :, None, None, :, None]
         + 3 * inside[2][:, None, None, :, None, None] - 2.2)  # fmt: skip
    assert cells == pytest.approx(np.mean(d > 0.0, axis=(3, 4, 5)), abs=3e-3)
    faces = np.empty((nz, ny, nx))
    open_faces(corners, AXES[0], faces)
    on_x = (
        x[None, None, :-1, None, None] * 2
        + inside[1][None, :, None, None, :]
        + 3 * inside[2][:, None, None, :, None]
        - 2.2
    )
    assert faces == pytest.approx(np.mean(on_x > 0.0, axis=(3, 4)), abs=1e-2)
    open_faces(corners, AXES[1], faces)
    on_y = (
        y[None, :-1, None, None, None]
        + 2 * inside[0][None, None, :, None, :]
        + 3 * inside[2][:, None, None, :, None]
        - 2.2
    )
    assert faces == pytest.approx(np.mean(on_y > 0.0, axis=(3, 4)), abs=1e-2)
    open_faces(corners, AXES[2], faces)
    on_z = (
        3 * z[:-1, None, None, None, None]
        + 2 * inside[0][None, None, :, None, :]
        + inside[1][None, :, None, :, None]
        - 2.2
    )
    assert faces == pytest.approx(np.mean(on_z > 0.0, axis=(3, 4)), abs=1e-2)


def test_a_cell_beside_an_edge_is_full_or_empty():
    """A ridge that ends within the second cell, its top on a face: its first cell has no pore, the next a part."""
    x, y, z = np.arange(4.0)[None, None, :], np.arange(2.0)[None, :, None], np.arange(4.0)[:, None, None]
    corners = np.maximum(x - 1.2, z - 2.0) + 0.0 * y
    cells = np.empty((3, 1, 3))
    open_cells(corners, cells)
    assert cells[:, 0, 0].tolist() == [0.0, 0.0, 1.0]
    assert cells[:, 0, 1] == pytest.approx([0.8, 0.8, 1.0], abs=0.1)  # a plane across the edge
    assert (cells[:, 0, 2] == 1.0).all()


def porosity(host, counts: tuple[int, int, int], size: tuple[float, float, float]) -> float:
    x, y, z = (np.linspace(0.0, length, n + 1) for n, length in zip(counts, size, strict=True))
    cells = np.empty(counts[::-1])
    open_cells(host.distance(x[None, None, :], y[None, :, None], z[:, None, None]), cells)
    return float(cells.mean())


@pytest.mark.parametrize("stretch", [1, 2])
def test_the_porosity_of_spheres_converges_to_second_order(stretch):
    """8, 16, 32 cells across the spheres; the places of the spheres share no symmetry with the grid."""
    generator = np.random.default_rng(4)
    centres = np.array([[2.1, 2.3, 2.2], [7.1, 3.0, 6.9], [3.1, 7.7, 7.1], [7.4, 7.9, 2.4]]) + 0.2 * generator.random(
        (4, 3)
    )
    radius = np.full((4, 1), 2.0)
    host = RodNetwork(np.concatenate([centres, radius, centres, radius], 1), (10.0, 10.0, 12.0), periodic=True)
    exact = 1.0 - 4 * 4 / 3 * math.pi * 8 / 1000
    errors = [abs(porosity(host, (n, n, n // stretch), (10.0, 10.0, 10.0)) - exact) for n in (20, 40, 80)]
    assert errors[2] < 3e-4 * stretch**2
    assert math.log2(errors[0] / errors[2]) / 2 > 1.8


def test_the_porosity_of_a_gyroid_converges_to_second_order():
    host = MinimalSurface("gyroid", 10.0, 0.6, 20.0)
    values = [porosity(host, (n, n, n), (10.0, 10.0, 10.0)) for n in (8, 16, 32, 64)]
    assert values[3] == pytest.approx(0.6, abs=3e-4)
    steps = np.abs(np.diff(values))
    assert math.log2(steps[0] / steps[2]) / 2 > 1.8
