"""The cubes of `fem_poisson`, `fem_elasticity` and `fem_nernst_planck` by dolfinx; run by the Python that has it.

    /usr/bin/python3 benchmarks/dolfinx_peer.py poisson 32

Linear tetrahedra on the same division of the cube, PETSc's conjugate gradients or GMRES with GAMG to the same reduction
of the residual. Forms are compiled before the clock starts. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import ufl
from dolfinx import fem, la, mesh
from dolfinx.fem import petsc
from mpi4py import MPI
from petsc4py import PETSc

TOLERANCE = 1e-8
START = 1.1
"""Of Newton's method, over the solution."""
PRESSURE, YOUNG, POISSON = 1e6, 7.81e9, 0.38
DIFFUSION, CHARGES = (0.8, 2.0), (2, -1)


MEMORY: dict[str, float] = {}


def resident(key: str) -> float:
    """Resident memory [bytes], `VmRSS` now or `VmHWM` at most since it was last read."""
    value = 1024.0 * float(Path("/proc/self/status").read_text().partition(f"{key}:")[2].split()[0])
    Path("/proc/self/clear_refs").write_text("5")
    return value


def solved(unknowns: int) -> None:
    """Note the peak of memory since the mesh was begun [bytes per unknown]."""
    MEMORY["peak"] = (resident("VmHWM") - MEMORY["start"]) / unknowns


def cube(cells: int) -> mesh.Mesh:
    """Tetrahedra."""
    MEMORY["start"] = resident("VmRSS")
    return mesh.create_unit_cube(MPI.COMM_SELF, cells, cells, cells)


def on_faces(space: Any, where: Any) -> np.ndarray:
    """Unknowns on the facets where a function of place holds."""
    domain = space.mesh
    facets = mesh.locate_entities_boundary(domain, domain.topology.dim - 1, where)
    return fem.locate_dofs_topological(space, domain.topology.dim - 1, facets)


def krylov(matrix: Any, kind: str, options: dict[str, str]) -> Any:
    """A solver with GAMG."""
    solver = PETSc.KSP().create(MPI.COMM_SELF)
    solver.setOptionsPrefix("peer_")
    database = PETSc.Options()
    for key, value in options.items():
        database[f"peer_{key}"] = value
    solver.setOperators(matrix)
    solver.setType(kind)
    solver.getPC().setType("gamg")
    solver.setTolerances(rtol=TOLERANCE, max_it=500)
    solver.setFromOptions()
    return solver


def linear(a: Any, load: Any, bcs: list[Any], space: Any, near: Any, began: float) -> tuple[Any, dict[str, float]]:
    """Assemble and solve; the solution and its times."""
    matrix, right = petsc.create_matrix(a), petsc.create_vector(load)
    answer = fem.Function(space)
    built = time.perf_counter()
    petsc.assemble_matrix(matrix, a, bcs=bcs)
    matrix.assemble()
    petsc.assemble_vector(right, load)
    petsc.apply_lifting(right, [a], bcs=[bcs])
    petsc.set_bc(right, bcs)
    assembled = time.perf_counter()
    matrix.setOption(PETSc.Mat.Option.SPD, True)
    if near is not None:
        matrix.setNearNullSpace(near)
    solver = krylov(matrix, "cg", {})
    solver.solve(right, answer.vector)
    times = {"set_up_s": built - began, "assembly_s": assembled - built, "solve_s": time.perf_counter() - assembled}
    solved(len(answer.x.array))
    return answer, times | {"iterations": float(solver.getIterationNumber())}


def poisson(cells: int) -> dict[str, float]:
    """-lap u = 3 pi^2 sin sin sin, u = 0 on the faces."""
    began = time.perf_counter()
    domain = cube(cells)
    space = fem.FunctionSpace(domain, ("P", 1))
    u, v, x = ufl.TrialFunction(space), ufl.TestFunction(space), ufl.SpatialCoordinate(domain)
    exact = ufl.sin(np.pi * x[0]) * ufl.sin(np.pi * x[1]) * ufl.sin(np.pi * x[2])
    a = fem.form(ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx)
    load = fem.form(3.0 * np.pi**2 * exact * v * ufl.dx(metadata={"quadrature_degree": 3}))
    faces = on_faces(space, lambda x: np.full(x.shape[1], True))
    bcs = [fem.dirichletbc(PETSc.ScalarType(0.0), faces, space)]
    answer, times = linear(a, load, bcs, space, None, began)
    error = fem.form((answer - exact) ** 2 * ufl.dx(metadata={"quadrature_degree": 5}))
    return times | {"error": float(np.sqrt(fem.assemble_scalar(error)))}


def rigid_motions(space: Any) -> Any:
    """Near null space of elasticity."""
    basis = [la.create_petsc_vector(space.dofmap.index_map, space.dofmap.index_map_bs) for _ in range(6)]
    places = space.tabulate_dof_coordinates()
    for axis in range(3):
        basis[axis].array[axis::3] = 1.0
    for number, (p, q) in enumerate(((0, 1), (2, 0), (1, 2))):
        basis[3 + number].array[p::3], basis[3 + number].array[q::3] = -places[:, q], places[:, p]
    arrays = [vector.array for vector in basis]
    for k, array in enumerate(arrays):
        for before in arrays[:k]:
            array -= (array @ before) * before
        array /= np.linalg.norm(array)
    return PETSc.NullSpace().create(vectors=basis)


def elasticity(cells: int) -> dict[str, float]:
    """Held at the bottom, pressed on the top."""
    began = time.perf_counter()
    domain = cube(cells)
    space = fem.VectorFunctionSpace(domain, ("P", 1))
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    mu, lam = YOUNG / (2 * (1 + POISSON)), YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    strain = ufl.sym(ufl.grad(u))
    stress = 2 * mu * strain + lam * ufl.tr(strain) * ufl.Identity(3)
    a = fem.form(ufl.inner(stress, ufl.grad(v)) * ufl.dx)
    top = mesh.locate_entities_boundary(domain, 2, lambda x: np.isclose(x[2], 1.0))
    tags = mesh.meshtags(domain, 2, np.sort(top), np.ones(len(top), np.int32))
    load = fem.form(-PRESSURE * v[2] * ufl.Measure("ds", domain, subdomain_data=tags)(1))
    held = on_faces(space, lambda x: np.isclose(x[2], 0.0))
    bcs = [fem.dirichletbc(np.zeros(3), held, space)]
    answer, times = linear(a, load, bcs, space, rigid_motions(space), began)
    sunk = on_faces(space, lambda x: np.isclose(x[2], 1.0))
    return times | {"sinking": float(-answer.x.array.reshape(-1, 3)[sunk, 2].mean())}


def nernst_planck(cells: int) -> dict[str, float]:
    """Poisson-Nernst-Planck of two ions by Galerkin's method, in units of the cube, RT/F and a concentration."""
    kappa = float(sys.argv[3])
    began = time.perf_counter()
    domain = cube(cells)
    space = fem.VectorFunctionSpace(domain, ("P", 1))
    x, v, du = ufl.SpatialCoordinate(domain), ufl.TestFunction(space), ufl.TrialFunction(space)
    answer = fem.Function(space)

    def wave(shift: float) -> Any:
        return ufl.sin(x[0] + x[1] / 2 + x[2] / 3 + shift)

    exact = ufl.as_vector([2 * wave(0.2), 1 + 0.5 * wave(0.7), 2 * (1 + 0.4 * wave(1.5))])

    def fluxes(u: Any) -> list[Any]:
        return [-kappa * ufl.grad(u[0])] + [
            -d * (ufl.grad(u[k + 1]) + z * u[k + 1] * ufl.grad(u[0]))
            for k, (d, z) in enumerate(zip(DIFFUSION, CHARGES, strict=True))
        ]

    def charge(u: Any) -> Any:
        return sum(z * u[k + 1] for k, z in enumerate(CHARGES))

    weak = -sum(ufl.inner(flux, ufl.grad(v[k])) for k, flux in enumerate(fluxes(answer))) - charge(answer) * v[0]
    sources = sum(ufl.div(flux) * v[k] for k, flux in enumerate(fluxes(exact))) - charge(exact) * v[0]
    residual = fem.form(weak * ufl.dx)
    jacobian = fem.form(ufl.derivative(weak * ufl.dx, answer, du))
    load_form = fem.form(sources * ufl.dx(metadata={"quadrature_degree": 3}))
    faces = on_faces(space, lambda x: np.full(x.shape[1], True))
    answer.interpolate(fem.Expression(exact, space.element.interpolation_points()))
    given = answer.x.array.reshape(-1, 3)[faces].copy()
    answer.x.array[:] *= START
    answer.x.array.reshape(-1, 3)[faces] = given
    bcs = [fem.dirichletbc(np.zeros(3), faces, space)]
    matrix, right, change = (
        petsc.create_matrix(jacobian),
        petsc.create_vector(residual),
        petsc.create_vector(residual),
    )
    load = petsc.assemble_vector(load_form)
    options = {"pc_gamg_agg_nsmooths": "0", "pc_gamg_threshold": "0.02", "pc_gamg_square_graph": "0",
               "mg_levels_ksp_type": "richardson", "mg_levels_pc_type": "bjacobi"}  # fmt: skip
    solver = krylov(matrix, "fgmres", options)
    times = {"set_up_s": time.perf_counter() - began, "assembly_s": 0.0, "solve_s": 0.0}
    iterations = newton = 0
    largest = np.inf
    while largest > 1e-8 and newton < 20:
        start = time.perf_counter()
        matrix.zeroEntries()
        petsc.assemble_matrix(matrix, jacobian, bcs=bcs)
        matrix.assemble()
        with right.localForm() as local:
            local.set(0.0)
        petsc.assemble_vector(right, residual)
        right.axpy(-1.0, load)
        petsc.set_bc(right, bcs)
        assembled = time.perf_counter()
        solver.solve(right, change)
        done = time.perf_counter()
        answer.vector.axpy(-1.0, change)
        times["assembly_s"] += assembled - start
        times["solve_s"] += done - assembled
        iterations, newton = iterations + solver.getIterationNumber(), newton + 1
        largest = float(np.abs(change.array).max())
    solved(len(answer.x.array))
    errors = [
        float(np.sqrt(fem.assemble_scalar(fem.form((answer[k] - exact[k]) ** 2 * ufl.dx(
            metadata={"quadrature_degree": 5})))))
        for k in range(3)
    ]  # fmt: skip
    sizes = (1.0, 1.0, 2.0)
    error = float(np.sqrt(sum((e / size) ** 2 for e, size in zip(errors, sizes, strict=True))))
    return times | {"iterations": iterations / newton, "newton": float(newton), "error": error}


if __name__ == "__main__":
    PROBLEMS = {"poisson": poisson, "elasticity": elasticity, "nernst_planck": nernst_planck}
    PROBLEMS[sys.argv[1]](2)  # compiles
    print(json.dumps(PROBLEMS[sys.argv[1]](int(sys.argv[2])) | {"peak_bytes_per_unknown": MEMORY["peak"]}))
