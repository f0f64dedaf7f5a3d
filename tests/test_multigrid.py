"""Multigrid as a preconditioner: iterations that do not grow with the grid, in every kind of cell and pore space.

FGMRES stands for GMRES: the cycle is in single precision, and only a method that keeps the preconditioned vectors
reaches 1e-8 of the true residual, which is what counts here.
"""

import numpy as np
import pytest
from petsc4py import PETSc

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.problem import Domain

ACCURACY = 1e-8
MOST = 10
MOST_STRETCHED = 12
"""On cells of unequal edges, where the coarsening waits for the longest."""
GROWTH = 1.3


def open_cell(x, y, z):
    return np.ones(np.broadcast_shapes(x.shape, y.shape, z.shape))


def pillars(x, y, z):
    """Four solid pillars (a wall in two dimensions) from the collector to two thirds of the height."""
    near = np.minimum(np.abs((2.0 * x) % 1.0 - 0.5), 1.0)
    solid = np.hypot(near, (2.0 * y) % 1.0 - 0.5) < 0.25
    return np.where(solid & (z < 0.66), 0.0, 1.0)


def spheres(x, y, z):
    """A cubic pack of spheres with throats of a fifth of the pitch."""
    radius = np.sqrt(sum((((4.0 * a) % 1.0) - 0.5) ** 2 for a in (x, y, z)))
    return np.where(radius < 0.4, 0.0, 1.0)


def fading_conductor(x, y, z):
    """Five decades from the collector upwards, and nothing above: the tail of a diffuse metal."""
    return np.where(z < 0.8, 10.0 ** (-5.0 * z / 0.8), 0.0) + 0.0 * (x + y)


class Poisson:
    """div(E grad u) on open cells with a reaction along the bottom, in PETSc's terms."""

    def __init__(self, cells, pores, *, periodic=False, stretch=(1.0, 1.0, 1.0), reaction=1.0):
        nx, ny, nz = (n * h if n > 1 else 1.0 for n, h in zip(cells, stretch, strict=True))
        size = (nx, ny, nz)
        self.grid = grid = Grid(Domain(size, cells, periodic))
        scaled = [a / s for a, s in zip(grid.centres(), size, strict=True)]
        pore = grid.zeros()
        pore[:] = pores(*scaled)
        grid.fill_outer_ghosts(pore)
        self.multigrid = Multigrid(grid)
        finest = min(h for h, n in zip(stretch, cells, strict=True) if n > 1)
        for axis, face in enumerate(self.multigrid.finest.faces):
            lower = np.roll(pore, 1, axis=2 - axis)
            face[:] = pore * lower * (finest / stretch[axis]) ** 2
            walls = np.moveaxis(face, 2 - axis, 0)
            walls[0] = 0.0
            if not grid.periodic[axis]:
                walls[1] = walls[-1] = 0.0
            if cells[axis] == 1:
                walls[:] = 0.0
            grid.halo.exchange(face)
        self.open = pore[OWNED] > 0.0
        react = np.zeros(grid.shape)
        react[0] = reaction
        self.multigrid.finest.reaction[OWNED] = react * self.open
        self.multigrid.update()
        self.work = grid.zeros()

    def mult(self, matrix, x, y):
        level = self.multigrid.finest
        u = self.work
        u[OWNED] = x.getArray(readonly=True).reshape(self.grid.shape)
        self.grid.halo.exchange(u)
        total = level.diagonal[OWNED].astype(float) * u[OWNED]
        for axis, face in enumerate(level.faces):
            v, t = np.moveaxis(u, 2 - axis, 0), np.moveaxis(face.astype(float), 2 - axis, 0)
            flux = np.zeros_like(v)
            flux[1:-1] = t[1:-1] * v[:-2] + t[2:] * v[2:]
            total -= np.moveaxis(flux, 0, 2 - axis)[OWNED]
        y.getArray()[:] = total.ravel()

    def apply(self, pc, x, y):
        self.multigrid.finest.b[OWNED] = x.getArray(readonly=True).reshape(self.grid.shape)
        y.getArray()[:] = self.multigrid.cycle()[OWNED].ravel()

    def iterations(self, method):
        """Iterations to reduce the residual of a random right-hand side by 1e8."""
        n = int(np.prod(self.grid.shape))
        matrix = PETSc.Mat().createPython((n, n), self, comm=PETSc.COMM_SELF)
        matrix.setUp()
        right, solution = matrix.createVecs()
        values = np.random.default_rng(1).standard_normal(self.grid.shape) * self.open
        right.getArray()[:] = values.ravel()
        ksp = PETSc.KSP().create(PETSc.COMM_SELF)
        ksp.setOperators(matrix)
        ksp.setType(method)
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        if method == "fgmres":
            ksp.setPCSide(PETSc.PC.Side.RIGHT)
        ksp.getPC().setType(PETSc.PC.Type.PYTHON)
        ksp.getPC().setPythonContext(self)
        ksp.setTolerances(rtol=ACCURACY, atol=0.0, max_it=60)
        ksp.solve(right, solution)
        residual = right.duplicate()
        matrix.mult(solution, residual)
        residual.axpy(-1.0, right)
        assert residual.norm() <= 2.0 * ACCURACY * right.norm(), "the true residual is not what the solver says"
        count = ksp.getIterationNumber()
        for thing in (ksp, matrix, right, solution, residual):
            thing.destroy()
        return count


@pytest.mark.parametrize("method", ["cg", "fgmres"])
@pytest.mark.parametrize("pores", [open_cell, pillars, spheres, fading_conductor])
def test_iterations_do_not_grow_with_the_grid(pores, method):
    coarse, fine = (Poisson((n, n, n), pores).iterations(method) for n in (24, 48))
    assert fine <= MOST
    assert fine <= GROWTH * coarse


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        ((1, 1, 256), {}),
        ((1, 1, 37), {}),
        ((96, 1, 128), {}),
        ((33, 1, 51), {"pores": pillars}),
        ((21, 30, 35), {}),
        ((19, 23, 29), {"pores": spheres}),
        ((32, 1, 64), {"periodic": True}),
        ((24, 24, 24), {"periodic": True, "pores": spheres}),
        ((32, 32, 32), {"stretch": (1.0, 1.0, 3.0)}),
        ((32, 1, 64), {"stretch": (4.0, 1.0, 1.0)}),
        ((24, 24, 48), {"stretch": (2.0, 1.0, 0.5), "pores": pillars}),
        ((24, 24, 24), {"reaction": 1e-6}),
        ((24, 24, 24), {"reaction": 1e6}),
    ],
)
def test_any_shape_of_grid(cells, options):
    options = {"pores": open_cell, **options}
    pores = options.pop("pores")
    assert Poisson(cells, pores, **options).iterations("fgmres") <= (MOST_STRETCHED if "stretch" in options else MOST)


def test_coarse_operator_of_a_uniform_medium_is_the_rediscretised_one():
    """Twice the cell edge: a quarter of the conductance per volume on eight times the volume, twice per face."""
    problem = Poisson((16, 16, 16), open_cell)
    fine, coarse = problem.multigrid.levels[:2]
    assert coarse.shape == (8, 8, 8)
    for face in coarse.faces:
        inner = face[2:-1, 2:-1, 2:-1]
        np.testing.assert_allclose(inner, 2.0, rtol=1e-6)
    np.testing.assert_allclose(coarse.reaction[OWNED].sum(), fine.reaction[OWNED].sum(), rtol=1e-6)


def test_walls_of_the_pore_space_stay_closed_on_coarse_grids():
    """A wall of solid cells between two chambers lets nothing through on any level."""

    def chambers(x, y, z):
        return np.where((x > 0.4375) & (x < 0.5625), 0.0, 1.0) + 0.0 * (y + z)

    problem = Poisson((16, 1, 16), chambers)
    for level in problem.multigrid.levels[:3]:
        across = level.faces[0][1:-1, 1, 1:-1]
        assert (across.min(axis=0)[1:] == 0.0).any()
        assert across.max() > 0.0


def test_cycle_is_linear_and_repeatable():
    """What a cycle returns depends on its right-hand side alone, not on the cycle before."""
    problem = Poisson((12, 10, 14), spheres)
    level = problem.multigrid.finest
    generator = np.random.default_rng(3)
    a, b = (generator.standard_normal(problem.grid.shape) * problem.open for _ in range(2))

    def cycle(right):
        level.b[OWNED] = right
        return problem.multigrid.cycle()[OWNED].copy()

    first, other, again = cycle(a), cycle(b), cycle(a)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(cycle(a + 2.0 * b), first + 2.0 * other, rtol=0.0, atol=1e-5 * np.abs(first).max())
