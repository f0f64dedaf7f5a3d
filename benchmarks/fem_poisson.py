"""Poisson's equation on linear tetrahedra, assembly and solve: ours against plain scikit-fem and against dolfinx.

    python benchmarks/fem_poisson.py --cells 40

-lap u = 3 pi^2 sin(pi x) sin(pi y) sin(pi z) in a cube, u = 0 on its faces, on the same division of the cube. All solve
to a relative residual of 1e-8 by PETSc's conjugate gradients with GAMG, and report their error in L2. Set-up (mesh,
numbering, pattern; for scikit-fem its basis) is timed apart. dolfinx runs in the Python that has it, if one has.
"""

from __future__ import annotations

import time

import common
import numpy as np
import peer
import scipy.sparse
import skfem
from petsc4py import PETSc
from skfem.models.poisson import laplace

from ramify.fem.boundaries import Dirichlet
from ramify.fem.boxes import ENDS, uniform_box
from ramify.fem.norms import l2_error
from ramify.fem.poisson import Poisson
from ramify.fem.spaces import Space

TOLERANCE = 1e-8


def exact(x: np.ndarray) -> np.ndarray:
    """At places (..., 3)."""
    return np.asarray(np.sin(np.pi * x[..., 0]) * np.sin(np.pi * x[..., 1]) * np.sin(np.pi * x[..., 2]))


def source(x: np.ndarray) -> np.ndarray:
    """At places (..., 3)."""
    return 3.0 * np.pi**2 * exact(x)


def ours(cells: int) -> peer.Times:
    """Times of one run [s] and its error."""
    before = common.start_of_peak()
    start = time.perf_counter()
    space = Space(uniform_box("tetrahedron", (1.0, 1.0, 1.0), (cells,) * 3))
    meshed = time.perf_counter()
    problem = Poisson(space, 1.0, source, [Dirichlet(name, 0.0) for name in ENDS[3]])
    built = time.perf_counter()
    # The constructor has assembled once; once more for the clock.
    problem.entries[:] = 0.0
    problem.load[:] = 0.0
    again = time.perf_counter()
    problem.add_cells()
    assembled = time.perf_counter()
    u = problem.solve(TOLERANCE)
    solved = time.perf_counter()
    held, peak = common.memory_now() - before, common.peak_since(before)
    assembly = assembled - again
    found = {
        "set_up_s": built - start - assembly,
        "mesh_s": meshed - start,
        "assembly_s": assembly,
        "solve_s": solved - assembled,
        "iterations": float(problem.solver.iterations if problem.solver else 0),
        "error": l2_error(space, u, exact),
        "unknowns": float(space.global_count),
        "bytes_per_unknown": held / space.global_count,
        "peak_bytes_per_unknown": peak / space.global_count,
    }
    problem.destroy()
    space.destroy()
    space.mesh.destroy()
    return found


def scikit_fem(cells: int) -> peer.Times:
    """The same with scikit-fem's forms."""
    start = time.perf_counter()
    axis = np.linspace(0.0, 1.0, cells + 1)
    basis = skfem.Basis(skfem.MeshTet.init_tensor(axis, axis, axis), skfem.ElementTetP1(), intorder=3)
    built = time.perf_counter()
    stiffness = laplace.assemble(basis)
    load = skfem.LinearForm(lambda v, w: source(np.moveaxis(np.asarray(w.x), 0, -1)) * v).assemble(basis)
    assembled = time.perf_counter()
    matrix, right, u, free = skfem.condense(stiffness, load, D=basis.get_dofs().all())
    u[free], iterations = _solve(scipy.sparse.csr_matrix(matrix), right)
    solved = time.perf_counter()
    error = skfem.Functional(lambda w: (w["u"] - exact(np.moveaxis(np.asarray(w.x), 0, -1))) ** 2)
    finer = skfem.Basis(basis.mesh, basis.elem, intorder=5)
    return {
        "set_up_s": built - start,
        "assembly_s": assembled - built,
        "solve_s": solved - assembled,
        "iterations": float(iterations),
        "error": float(np.sqrt(error.assemble(finer, u=finer.interpolate(u)))),
    }


def _solve(matrix: scipy.sparse.csr_matrix, right: np.ndarray) -> tuple[np.ndarray, int]:
    """PETSc's conjugate gradients and GAMG on a condensed system."""
    index = PETSc.IntType
    A = PETSc.Mat().createAIJ(
        matrix.shape, csr=(matrix.indptr.astype(index), matrix.indices.astype(index), matrix.data)
    )
    A.setOption(PETSc.Mat.Option.SPD, True)
    solver = PETSc.KSP().create()
    solver.setOperators(A)
    solver.setType(PETSc.KSP.Type.CG)
    solver.getPC().setType(PETSc.PC.Type.GAMG)
    solver.setTolerances(rtol=TOLERANCE, max_it=500)
    b, x = A.createVecs()
    b.getArray()[:] = right
    solver.solve(b, x)
    found, iterations = x.getArray().copy(), int(solver.getIterationNumber())
    for piece in (solver, A, b, x):
        piece.destroy()
    return found, iterations


def main() -> None:
    """Medians of alternating runs, ratios, one JSON object."""
    common.finish(peer.comparison(__doc__, 32, ours, scikit_fem, "poisson"))


if __name__ == "__main__":
    main()
