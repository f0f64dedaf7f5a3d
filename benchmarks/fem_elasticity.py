"""Linear elasticity on linear tetrahedra, assembly and solve: ours against plain scikit-fem and against dolfinx.

    python benchmarks/fem_elasticity.py --cells 24

A cube of lithium, held at the bottom, pressed on the top. Both solve to a relative residual of 1e-8 by conjugate
gradients with GAMG that knows the rigid motions, and must find the same sinking of the top. Set-up (mesh, numbering,
pattern; for scikit-fem its basis) is timed apart. scikit-fem's own supports go through `condense`. dolfinx runs in the
Python that has it, if one has.
"""

from __future__ import annotations

import time
from typing import Any

import common
import numpy as np
import peer
import scipy.sparse
import skfem
from petsc4py import PETSc
from skfem.models.elasticity import lame_parameters, linear_elasticity

from ramify.fem import solid_kernels
from ramify.fem.boxes import uniform_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.solid_boundaries import Fixed, Pressure
from ramify.fem.spaces import Space
from ramify.physics.elasticity import preset
from ramify.physics.viscoplasticity import elastic

TOLERANCE = 1e-8
PRESSURE = 1e6
"""[Pa]."""
LITHIUM = preset("lithium")


def ours(cells: int) -> dict[str, float]:
    """Times of one run [s], and the mean sinking of the top's nodes."""
    before = common.start_of_peak()
    start = time.perf_counter()
    space = Space(uniform_box("tetrahedron", (1.0, 1.0, 1.0), (cells,) * 3), 1, 3)
    solid = ElasticSolid(space, {"box": Phase(elastic(LITHIUM))})
    built = time.perf_counter()
    # The constructor has assembled once; once more for the clock.
    mesh, entries = space.mesh, solid.pattern.zeros()
    moduli = np.ascontiguousarray(solid.laws[solid.phase_of_cell, :2])
    again = time.perf_counter()
    solid_kernels.add_elastic(mesh.points, mesh.cells, solid.tables, solid.modes, moduli, solid.pattern.slots, entries)
    solid.pattern.fill(solid.matrix, entries)
    assembled = time.perf_counter()
    u = solid.solve([Fixed("bottom"), Pressure("top", PRESSURE)], TOLERANCE)
    solved = time.perf_counter()
    peak = common.peak_since(before)
    found = {
        "set_up_s": built - start - (assembled - again),
        "assembly_s": assembled - again,
        "solve_s": solved - assembled,
        "iterations": float(solid.solver.iterations if solid.solver else 0),
        "sinking": float(-u[space.boundary_nodes("top"), 2].mean()),
        "unknowns": 3.0 * space.global_count,
        "peak_bytes_per_unknown": peak / (3.0 * space.global_count),
    }
    solid.destroy()
    space.destroy()
    mesh.destroy()
    return found


def scikit_fem(cells: int) -> dict[str, float]:
    """The same with scikit-fem's forms and supports."""
    start = time.perf_counter()
    axis = np.linspace(0.0, 1.0, cells + 1)
    mesh = skfem.MeshTet.init_tensor(axis, axis, axis).with_boundaries(
        {"bottom": lambda x: x[2] < 1e-9, "top": lambda x: x[2] > 1.0 - 1e-9}
    )
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementTetP1()), intorder=1)
    top = skfem.FacetBasis(mesh, basis.elem, facets=mesh.boundaries["top"], intorder=2)
    built = time.perf_counter()
    weak = skfem.BilinearForm(linear_elasticity(*lame_parameters(LITHIUM.youngs_modulus, LITHIUM.poissons_ratio)))
    stiffness = weak.assemble(basis)
    load = skfem.LinearForm(lambda v, w: -PRESSURE * v[2]).assemble(top)
    assembled = time.perf_counter()
    held = basis.get_dofs("bottom").all()
    matrix, right, u, free = skfem.condense(stiffness, load, D=held)
    places = basis.doflocs[:, free[::3]].T
    iterations = _solve(scipy.sparse.csr_matrix(matrix), right, u, free, places)
    solved = time.perf_counter()
    sunk = basis.get_dofs("top").nodal["u^3"]
    return {
        "set_up_s": built - start,
        "assembly_s": assembled - built,
        "solve_s": solved - assembled,
        "iterations": float(iterations),
        "sinking": float(-u[sunk].mean()),
    }


def _solve(matrix: Any, right: np.ndarray, u: np.ndarray, free: np.ndarray, places: np.ndarray) -> int:
    """PETSc's conjugate gradients and GAMG on a condensed system; fills `u`."""
    index = PETSc.IntType
    A = PETSc.Mat().createAIJ(
        matrix.shape, bsize=3, csr=(matrix.indptr.astype(index), matrix.indices.astype(index), matrix.data)
    )
    coordinates = PETSc.Vec().createWithArray(np.ascontiguousarray(places).ravel(), bsize=3)
    A.setNearNullSpace(PETSc.NullSpace().createRigidBody(coordinates))
    A.setOption(PETSc.Mat.Option.SPD, True)
    solver = PETSc.KSP().create()
    solver.setOperators(A)
    solver.setType(PETSc.KSP.Type.CG)
    solver.getPC().setType(PETSc.PC.Type.GAMG)
    solver.setTolerances(rtol=TOLERANCE, max_it=500)
    b, x = A.createVecs()
    b.getArray()[:] = right
    solver.solve(b, x)
    u[free] = x.getArray()
    iterations = int(solver.getIterationNumber())
    for piece in (solver, A, b, x):
        piece.destroy()
    return iterations


def main() -> None:
    """Medians of alternating runs, ratios, one JSON object."""
    found = peer.comparison(__doc__, 24, ours, scikit_fem, "elasticity")
    sinkings = [code["sinking"] for code in found.values() if isinstance(code, dict) and "sinking" in code]
    difference = max(sinkings) / min(sinkings) - 1.0
    common.finish({"unknowns": found["ramify"].pop("unknowns"), "difference": difference} | found)


if __name__ == "__main__":
    main()
