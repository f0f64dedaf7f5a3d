"""Poisson-Nernst-Planck of two ions on linear tetrahedra: ours against plain scikit-fem and against dolfinx.

    python benchmarks/fem_nernst_planck.py --cells 24

A cube of the ions' screening length with a manufactured solution: values given on its faces, Newton's method from 1.1
times the solution to a last change of 1e-8, linear systems by GMRES and the same multigrid for fields of a node. Ours
are edge-averaged fluxes, the others Galerkin's; all report their error in L2, over the sizes of the fields. Assembly is
that of residual and Jacobian; assembly and solve are sums over Newton's iterations. Given sources are in the set-up.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import common
import numpy as np
import peer
import scipy.sparse
import skfem
from petsc4py import PETSc

from ramify.fem import pnp
from ramify.fem.binary import Source
from ramify.fem.boundaries import Dirichlet, fixed_values
from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.linear import COUPLED
from ramify.fem.newton import NewtonSolver, Scales
from ramify.fem.norms import l2_error
from ramify.fem.pattern import Pattern
from ramify.fem.spaces import Space
from ramify.physics.constants import FARADAY, VACUUM_PERMITTIVITY

TOLERANCE, NEWTON, START = 1e-8, 1e-8, 1.1
LENGTH, UNIT = 3e-9, 200.0
"""Of the cube [m], and of concentrations [mol/m^3]."""
IONS = pnp.Ions((2, -1), (0.8e-9, 2e-9), 60.0 * VACUUM_PERMITTIVITY, 298.15)
VT = IONS.thermal_voltage
KAPPA = IONS.permittivity * VT / (FARADAY * UNIT * LENGTH**2)
"""Of Poisson's equation in units of the cube, RT/F and `UNIT`."""
DIFFUSION, CHARGES = (0.8, 2.0), IONS.charges
SLOPES = np.array([1.0, 0.5, 1.0 / 3.0])
FIELDS = ((2.0, 0.0, 0.2), (1.0, 0.5, 0.7), (2.0, 0.8, 1.5))
"""phi = 2 sin(s + .2), c = 1 + .5 sin(s + .7), 2 + .8 sin(s + 1.5) with s = SLOPES . x."""
SIZES = (1.0, 1.0, 2.0)


def exact(x: np.ndarray, field: int) -> np.ndarray:
    """A field at places (..., 3) in units of the cube."""
    base, amplitude, shift = FIELDS[field]
    return np.asarray(
        base * np.sin(x @ SLOPES + shift) if field == 0 else base + amplitude * np.sin(x @ SLOPES + shift)
    )


def _in_units(unit: float, field: int, places: np.ndarray) -> np.ndarray:
    """A field of the cube at places [m], in its unit."""
    return unit * exact(places / LENGTH, field)


def sources(x: np.ndarray) -> list[np.ndarray]:
    """What the solution needs on the right: div(flux) - charge, div(flux) of each ion."""
    s, square = x @ SLOPES, float(SLOPES @ SLOPES)
    waves = [(np.sin(s + shift), np.cos(s + shift)) for _, _, shift in FIELDS]
    phi, phi_slope = FIELDS[0][0] * waves[0][0], FIELDS[0][0] * waves[0][1]
    charge = sum(z * exact(x, k + 1) for k, z in enumerate(CHARGES))
    found = [KAPPA * square * phi - charge]
    for k, (d, z) in enumerate(zip(DIFFUSION, CHARGES, strict=True)):
        amplitude = FIELDS[k + 1][1]
        c, slope, bend = exact(x, k + 1), amplitude * waves[k + 1][1], -amplitude * waves[k + 1][0]
        found.append(-d * square * (bend + z * (slope * phi_slope - c * phi)))
    return found


def ours(cells: int) -> peer.Times:
    """Times of one run [s] and its error."""
    before = common.start_of_peak()
    start = time.perf_counter()
    mesh = uniform_box("tetrahedron", (LENGTH,) * 3, (cells,) * 3)
    meshed = time.perf_counter()
    space = Space(mesh, 1, 3)
    pattern, everywhere = Pattern(space), np.arange(len(mesh.cells))
    units = np.array([VT, UNIT, UNIT])
    rows = np.array([FARADAY * UNIT, 1e-9 * UNIT / LENGTH**2, 1e-9 * UNIT / LENGTH**2])
    right = [
        Source(space, k).in_cells(lambda x, k=k: rows[k] * sources(x / LENGTH)[k], everywhere)  # type: ignore[misc]
        for k in range(3)
    ]
    given = [
        Dirichlet(name, lambda x, k=k: units[k] * exact(x / LENGTH, k), k)  # type: ignore[misc]
        for name in ENDS[3]
        for k in range(3)
    ]
    fixed, values = fixed_values(space, given)
    bulk = pnp.PoissonNernstPlanck(space, pattern, IONS, everywhere)
    scales = Scales(units, rows * LENGTH**3 / cells)
    solver = NewtonSolver(pattern, [bulk, *right], fixed, scales, pnp.damping(IONS), "fem_peer_", "coupled")
    solver.solver.ksp.setTolerances(rtol=TOLERANCE)
    whole = np.stack([units[k] * exact(space.coordinates / LENGTH, k) for k in range(3)], axis=1)
    guess = np.where(fixed, values, START * whole)
    watched = _Watched(solver)
    built = time.perf_counter()
    solution = solver.solve(guess, np.empty(0), NEWTON)
    solved = time.perf_counter()
    peak = common.peak_since(before)
    errors = [
        l2_error(space, np.ascontiguousarray(solution.u[:, k]), partial(_in_units, units[k], k))
        / (units[k] * SIZES[k] * LENGTH**1.5)
        for k in range(3)
    ]
    found = {
        "set_up_s": built - start,
        "mesh_s": meshed - start,
        "assembly_s": solved - built - watched.solving,
        "solve_s": watched.solving,
        "iterations": watched.iterations / solution.iterations,
        "newton": float(solution.iterations),
        "error": float(np.linalg.norm(errors)),
        "unknowns": 3.0 * space.global_count,
        "peak_bytes_per_unknown": peak / (3.0 * space.global_count),
    }
    solver.destroy()
    space.destroy()
    mesh.destroy()
    return found


class _Watched:
    """Time and iterations of a Newton solver's linear solves."""

    def __init__(self, solver: NewtonSolver) -> None:
        self.solving, self.iterations = 0.0, 0
        self._linear, self._solve = solver.solver, solver.solver.solve
        solver.solver.solve = self._timed  # type: ignore[method-assign]

    def _timed(self, right: PETSc.Vec, solution: PETSc.Vec) -> None:
        start = time.perf_counter()
        self._solve(right, solution)
        self.solving += time.perf_counter() - start
        self.iterations += self._linear.iterations


def scikit_fem(cells: int) -> peer.Times:
    """Galerkin's method with scikit-fem's forms."""
    start = time.perf_counter()
    axis = np.linspace(0.0, 1.0, cells + 1)
    mesh = skfem.MeshTet.init_tensor(axis, axis, axis)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementTetP1(), 3), intorder=3)
    load = skfem.LinearForm(_source_form).assemble(basis)
    free = np.setdiff1d(np.arange(basis.N), basis.get_dofs().all())
    u = np.empty(basis.N)
    for k in range(3):
        u[k::3] = exact(mesh.p.T, k)
    u[free] *= START
    times = {"set_up_s": time.perf_counter() - start, "assembly_s": 0.0, "solve_s": 0.0}
    jacobian, residual = skfem.BilinearForm(_jacobian_form), skfem.LinearForm(_residual_form)
    iterations = newton = 0
    largest = np.inf
    while largest > NEWTON and newton < 20:
        began = time.perf_counter()
        here = basis.interpolate(u)
        matrix = scipy.sparse.csr_matrix(jacobian.assemble(basis, here=here))[free][:, free]
        right = (residual.assemble(basis, here=here) - load)[free]
        assembled = time.perf_counter()
        change, count = _solve(matrix, right)
        times["assembly_s"] += assembled - began
        times["solve_s"] += time.perf_counter() - assembled
        u[free] -= change
        largest = float(np.abs(change).max())
        newton, iterations = newton + 1, iterations + count
    finer = skfem.Basis(mesh, basis.elem, intorder=5)
    errors = [
        float(np.sqrt(skfem.Functional(lambda w, k=k: (w["u"][k] - exact(_places(w), k)) ** 2).assemble(
            finer, u=finer.interpolate(u)))) / SIZES[k] for k in range(3)
    ]  # fmt: skip
    return times | {"iterations": iterations / newton, "newton": float(newton), "error": float(np.linalg.norm(errors))}


def _places(w: Any) -> np.ndarray:
    return np.moveaxis(np.asarray(w.x), 0, -1)


def _source_form(v: Any, w: Any) -> Any:
    return sum(source * v[k] for k, source in enumerate(sources(_places(w))))


def _inner(a: Any, b: Any) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _residual_form(v: Any, w: Any) -> Any:
    u, slopes, test = w["here"], w["here"].grad, v.grad
    total = KAPPA * _inner(slopes[0], test[0]) - sum(z * u[k + 1] for k, z in enumerate(CHARGES)) * v[0]
    for k, (d, z) in enumerate(zip(DIFFUSION, CHARGES, strict=True)):
        total = total + d * _inner(slopes[k + 1] + z * u[k + 1] * slopes[0], test[k + 1])
    return total


def _jacobian_form(du: Any, v: Any, w: Any) -> Any:
    u, slopes, change, test = w["here"], w["here"].grad, du.grad, v.grad
    total = KAPPA * _inner(change[0], test[0]) - sum(z * du[k + 1] for k, z in enumerate(CHARGES)) * v[0]
    for k, (d, z) in enumerate(zip(DIFFUSION, CHARGES, strict=True)):
        drift = z * (du[k + 1] * slopes[0] + u[k + 1] * change[0])
        total = total + d * _inner(change[k + 1] + drift, test[k + 1])
    return total


def _solve(matrix: scipy.sparse.csr_matrix, right: np.ndarray) -> tuple[np.ndarray, int]:
    """GMRES with our multigrid on a system without the given unknowns, three to a node."""
    index, prefix = PETSc.IntType, "fem_scikit_"
    A = PETSc.Mat().createAIJ(
        matrix.shape, bsize=3, csr=(matrix.indptr.astype(index), matrix.indices.astype(index), matrix.data)
    )
    solver = PETSc.KSP().create()
    solver.setOptionsPrefix(prefix)
    for key, value in COUPLED.items():
        PETSc.Options().setValue(prefix + key, value)
    solver.setOperators(A)
    solver.setType(PETSc.KSP.Type.FGMRES)
    solver.getPC().setType(PETSc.PC.Type.GAMG)
    solver.setTolerances(rtol=TOLERANCE, max_it=500)
    solver.setFromOptions()
    b, x = A.createVecs()
    b.getArray()[:] = right
    solver.solve(b, x)
    found, iterations = x.getArray().copy(), int(solver.getIterationNumber())
    for piece in (solver, A, b, x):
        piece.destroy()
    return found, iterations


def main() -> None:
    """Medians of alternating runs, ratios, one JSON object."""
    common.finish(peer.comparison(__doc__, 24, ours, scikit_fem, "nernst_planck", KAPPA))


if __name__ == "__main__":
    main()
