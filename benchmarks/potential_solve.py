"""The potential alone: the charge block of the coupled system, with floating metal, solved to 1e-8.

    python benchmarks/potential_solve.py --cells 64 128

    sum t (P - P_N) + r (P - Q) = inflow at the counter electrode,     P = f phi,  Q = f phi_s

Cells: a pillar with attached metal, with and without eight floating spheres. Electrons are `equipotential` (one unknown
number Q per sphere, zero net current each) or `ohmic` (Q in every cell that conducts, poorly in the host). The solver
is the production one on this block: one multigrid cycle per block, block Gauss-Seidel, floating numbers (mean
potentials if ohmic) eliminated, uniform modes taken out first. The cycles are in single precision, so GMRES(15) is a
flexible one here: a plain one would report 1e-8 and leave 1e-5. Rates without and with the preconditioner's set-up.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass, field, replace
from typing import Any

import common
import numba
import numpy as np
from petsc4py import PETSc

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED
from ramify.phasefield.multigrid import Multigrid
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import Numerics

TOLERANCE = 1e-8
RESTART = 15
REPEATS = 3
SMALLEST_STEP = 1e-4
"""[s]; the first one is 2 ms at 128^3."""


@numba.njit(cache=True, fastmath=True)
def apply_operator(
    x: np.ndarray, tx: np.ndarray, ty: np.ndarray, tz: np.ndarray, reaction: np.ndarray, out: np.ndarray
) -> None:
    """out = sum t (x - x_N) + reaction x in the owned cells of ghosted arrays; `out` has no ghosts."""
    nz, ny, nx = x.shape
    for k in range(1, nz - 1):
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                v = x[k, j, i]
                out[k - 1, j - 1, i - 1] = (
                    tx[k, j, i] * (v - x[k, j, i - 1])
                    + tx[k, j, i + 1] * (v - x[k, j, i + 1])
                    + ty[k, j, i] * (v - x[k, j - 1, i])
                    + ty[k, j + 1, i] * (v - x[k, j + 1, i])
                    + tz[k, j, i] * (v - x[k - 1, j, i])
                    + tz[k + 1, j, i] * (v - x[k + 1, j, i])
                    + reaction[k, j, i] * v
                )


@dataclass
class ChargeBlock:
    """One linear system: multigrids of its blocks (P, and Q if ohmic), their coupling, the floating numbers."""

    multigrids: list[Multigrid]
    coupling: np.ndarray
    """r of every owned cell, flat."""
    islands: list[np.ndarray]
    """Flat owned cells of each floating sphere."""
    modes: list[np.ndarray]
    """Unknowns of each uniform mode."""
    right: np.ndarray
    images: list[np.ndarray] = field(default_factory=list)
    coarse: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    columns: list[np.ndarray] = field(default_factory=list)
    pivots: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells = self.coupling.size
        self.work = np.zeros(tuple(n + 2 for n in self.multigrids[0].grid.shape))
        self.blocks = len(self.multigrids)
        self.numbers = len(self.islands) if self.blocks == 1 else 0
        self.size = self.blocks * self.cells + self.numbers

    def apply(self, x: np.ndarray, y: np.ndarray) -> None:
        """y = A x."""
        n = self.cells
        for block, multigrid in enumerate(self.multigrids):
            level = multigrid.finest
            self.work[OWNED] = x[block * n : (block + 1) * n].reshape(level.shape)
            out = y[block * n : (block + 1) * n].reshape(level.shape)
            tx, ty, tz = level.faces
            apply_operator(self.work, tx, ty, tz, level.reaction, out)
        if self.blocks == 2:
            y[:n] -= self.coupling * x[n : 2 * n]
            y[n : 2 * n] -= self.coupling * x[:n]
        for index in range(self.numbers):
            cells = self.islands[index]
            weight, number = self.coupling[cells], x[n + index]
            y[cells] -= weight * number
            y[n + index] = weight @ x[cells] - weight.sum() * number

    def _cycle(self, block: int, right: np.ndarray) -> np.ndarray:
        multigrid = self.multigrids[block]
        multigrid.finest.b[OWNED] = right.reshape(multigrid.finest.shape)
        return multigrid.cycle()[OWNED].ravel()

    def _blocks(self, r: np.ndarray, y: np.ndarray) -> None:
        n = self.cells
        y[:n] = self._cycle(0, r[:n])
        if self.blocks == 2:
            y[n:] = 0.0
        for index, (z, pivot) in enumerate(zip(self.columns, self.pivots, strict=True)):
            cells = self.islands[index]
            # With ohmic electrons the rows of a sphere sum to its net current, and the number is its mean potential.
            wanted = -r[n + cells].sum() if self.blocks == 2 else r[n + index]
            number = (wanted - self.coupling[cells] @ y[cells]) / pivot
            y[:n] -= z * number
            if self.blocks == 2:
                y[n + cells] = number
            else:
                y[n + index] = number
        if self.blocks == 2:
            y[n:] += self._cycle(1, r[n:] + self.coupling * (y[:n] - y[n:]))

    def precondition(self, r: np.ndarray, y: np.ndarray) -> None:
        """y = M^-1 r."""
        shift = self.coarse @ np.array([r[mode].sum() for mode in self.modes])
        rest = r.copy()
        for image, value in zip(self.images, shift, strict=True):
            rest -= value * image
        self._blocks(rest, y)
        for mode, value in zip(self.modes, shift, strict=True):
            y[mode] += value

    def set_up(self) -> None:
        """Multigrid levels, images of the uniform modes, columns of the floating numbers."""
        for multigrid in self.multigrids:
            multigrid.update()
        self.columns, self.pivots, self.images = [], [], []
        for cells in self.islands:
            column = np.zeros(self.cells)
            column[cells] = -self.coupling[cells]
            z = self._cycle(0, column).astype(np.float64)
            self.columns.append(z)
            self.pivots.append(float(-self.coupling[cells].sum() - self.coupling[cells] @ z[cells]))
        for mode in self.modes:
            vector, image = np.zeros(self.size), np.zeros(self.size)
            vector[mode] = 1.0
            self.apply(vector, image)
            self.images.append(image)
        matrix = np.array([[image[mode].sum() for image in self.images] for mode in self.modes])
        self.coarse = np.linalg.pinv(matrix, rcond=1e-13)


def charge_block(solver: PlatingSolver) -> ChargeBlock:
    """The block as the solver's last linearisation left it; all that is read from inside the solver is read here."""
    system = solver.system
    active = system.geometry.active[OWNED].ravel() > 0.0
    n = active.size
    multigrids, modes = [system.charge_multigrid], [np.flatnonzero(active)]
    islands = list(system.islands.cells)
    if system.electrons is not None:
        multigrids.append(system.electrons.multigrid)
        conducts = system.electrons.conductivity[OWNED].ravel() > 0.0
        islands = [cells[conducts[cells]] for cells in islands]
    right = np.zeros(len(multigrids) * n + (len(islands) if len(multigrids) == 1 else 0))
    top_layer = system.grid.shape[1] * system.grid.shape[2]
    right[n - top_layer : n] = 1.0
    return ChargeBlock(multigrids, np.ascontiguousarray(system.by_p[OWNED]).ravel(), islands, modes, right)


class _Callbacks:
    """PETSc's callbacks into a block."""

    def __init__(self, block: ChargeBlock) -> None:
        self.block = block

    def mult(self, matrix: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        del matrix
        self.block.apply(x.getArray(readonly=True), y.getArray())

    def apply(self, pc: PETSc.PC, x: PETSc.Vec, y: PETSc.Vec) -> None:
        del pc
        self.block.precondition(x.getArray(readonly=True), y.getArray())


def solve(block: ChargeBlock) -> dict[str, Any]:
    """Iterations, and medians of the times of set-up and solution."""
    callbacks = _Callbacks(block)
    matrix = PETSc.Mat().createPython((block.size, block.size), callbacks, comm=PETSc.COMM_SELF)
    matrix.setUp()
    right, solution = matrix.createVecs()
    right.getArray()[:] = block.right
    ksp = PETSc.KSP().create(PETSc.COMM_SELF)
    ksp.setOperators(matrix)
    ksp.setType(PETSc.KSP.Type.FGMRES)
    ksp.setGMRESRestart(RESTART)
    ksp.setPCSide(PETSc.PC.Side.RIGHT)
    ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
    ksp.setTolerances(rtol=TOLERANCE, atol=0.0, max_it=200)
    ksp.getPC().setType(PETSc.PC.Type.PYTHON)
    ksp.getPC().setPythonContext(callbacks)
    set_ups, solves = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        block.set_up()
        middle = time.perf_counter()
        ksp.solve(right, solution)
        set_ups.append(middle - start)
        solves.append(time.perf_counter() - middle)
    image = np.zeros(block.size)
    block.apply(solution.getArray(readonly=True), image)
    residual = float(np.linalg.norm(image - block.right) / np.linalg.norm(block.right))
    set_up, wall = statistics.median(set_ups), statistics.median(solves)
    result = {
        "unknowns": block.size,
        "converged": ksp.getConvergedReason() > 0,
        "iterations": ksp.getIterationNumber(),
        "residual": residual,
        "set_up_s": set_up,
        "solve_s": wall,
        "MDoF_per_s": 1e-6 * block.size / wall,
        "MDoF_per_s_with_set_up": 1e-6 * block.size / (wall + set_up),
    }
    for thing in (ksp, matrix, right, solution):
        thing.destroy()
    return result


def measure(cells: int, electrons: str, floating: bool) -> dict[str, Any]:
    """The block of the pillar's cell after one short step of growth."""
    # A first step that needs to be cut fails soon, and says so, instead of going on to nanoseconds.
    problem = replace(common.islands_problem(cells, floating), numerics=Numerics(smallest_step=SMALLEST_STEP))
    solver = PlatingSolver(common.ohmic(problem) if electrons == "ohmic" else problem)
    solver.set_control(common.MOVING.control)
    try:
        solver.step(1e9)
    except SolverFailure as failure:
        found: dict[str, Any] = {"cells": cells, "electrons": electrons, "converged": False, "failure": str(failure)}
        common.show(f"{electrons}, {cells}^3 cells", found)
        return found
    block = charge_block(solver)
    found = {"cells": cells, "electrons": electrons, "floating": len(block.islands)} | solve(block)
    common.show(f"{electrons}, {cells}^3 cells, {len(block.islands)} floating spheres", found)
    solver.destroy()
    return found


def main() -> None:
    """Every case at every size, and the growth of the iterations between sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, nargs="+", default=[64, 128], help="cells along each edge (64 128)")
    parser.add_argument(
        "--electrons", nargs="+", choices=("equipotential", "ohmic"), default=["equipotential", "ohmic"]
    )
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "potential_solve", "machine": common.machine(), "cases": [], "growth": {}}
    for electrons in options.electrons:
        for floating in (False, True):
            found = [measure(cells, electrons, floating) for cells in options.cells]
            result["cases"] += found
            name = f"{electrons}, {'floating' if floating else 'attached'}"
            both = found[0]["converged"] and found[-1]["converged"]
            result["growth"][name] = found[-1]["iterations"] / found[0]["iterations"] if both else None
    common.show(f"growth of iterations from {options.cells[0]}^3 to {options.cells[-1]}^3", result["growth"])
    common.finish(result)


if __name__ == "__main__":
    main()
