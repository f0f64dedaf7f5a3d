"""PETSc's linear solvers as finite elements use them: an options prefix each, failures by name, clean-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from petsc4py import PETSc

from ramify.fem.options import for_now

Method = Literal["multigrid", "split", "coupled", "direct"]
DIRECT_UNKNOWNS = 8_000
"""In three dimensions, above which factors take too much memory and time."""
AGGREGATES = {"pc_gamg_aggressive_square_graph": "false"}
"""Aggregates from independent sets at distance two in the graph itself: a quarter less set-up than by squaring it, at
one iteration in fifteen more."""
COUPLED = {
    "pc_gamg_agg_nsmooths": "0",
    "pc_gamg_threshold": "0.02",
    "pc_gamg_aggressive_coarsening": "0",
    "mg_levels_ksp_type": "richardson",
    "mg_levels_pc_type": "bjacobi",
}
"""Coarsening follows strong couplings, along the fine side of stretched cells; incomplete factors of all fields smooth
them."""

_REASONS = {
    value: name
    for name, value in vars(PETSc.KSP.ConvergedReason).items()
    if not name.startswith("_") and isinstance(value, int)
}


def method_for(dimension: int, unknowns: int, iterative: Method) -> Method:
    """`direct` where factors are the faster and small enough, `iterative` beyond."""
    return "direct" if dimension < 3 or unknowns <= DIRECT_UNKNOWNS else iterative


class LinearFailure(RuntimeError):
    """A linear system that could not be solved; the message says which, why, and what to try."""


class LinearSolver:
    """Krylov solver of one matrix.

    Parameters
    ----------
    matrix
        The operator; its values may change between solves.
    prefix
        Of the PETSc options that change the solver, such as `fem_poisson_`.
    method
        `multigrid`: conjugate gradients with algebraic multigrid, for symmetric positive systems of any size.
        `split`: flexible GMRES, one algebraic multigrid cycle per field, one after the other, for coupled fields.
        `coupled`: flexible GMRES with one algebraic multigrid cycle for all fields of a node together, for fields that
        drive each other as strongly as a space charge and its potential (as Lin, Shadid et al. do for semiconductors,
        J. Comput. Phys. 228 (2009) 6250).
        `direct`: LU factors, each rank holding the whole system, and GMRES over them, which makes up for their missing
        pivoting; for systems that one process can factor.
    tolerance
        Reduction of the residual.
    """

    def __init__(self, matrix: PETSc.Mat, prefix: str, method: Method = "multigrid", tolerance: float = 1e-10) -> None:
        self.matrix, self.prefix, self.method = matrix, prefix, method
        self.ksp = self._krylov()
        self.ksp.setTolerances(rtol=tolerance, max_it=500)
        self.ksp.setFromOptions()
        self.iterations = 0
        """Of the last solve."""

    def solve(self, right: PETSc.Vec, solution: PETSc.Vec) -> None:
        """Solve for one right-hand side.

        Raises
        ------
        LinearFailure
            On every rank alike.
        """
        if self.method == "multigrid":
            # PETSc forgets it when values change, and would estimate eigenvalues in another way.
            self.matrix.setOption(PETSc.Mat.Option.SPD, True)
        # Coarse matrices: by the product with the transposed interpolation, formed, which takes a third less time than
        # PETSc's usual way on one rank; on several it has others.
        with for_now(**({"matptap_via": "rap"} if self.matrix.comm.size == 1 else {})):
            self.ksp.solve(right, solution)
        self.iterations = self.ksp.getIterationNumber()
        reason = self.ksp.getConvergedReason()
        if reason < 0:
            raise LinearFailure(
                f"linear system '{self.prefix.rstrip('_')}' of {self.matrix.getSize()[0]} unknowns: "
                f"{_REASONS.get(reason, reason)} after {self.iterations} iterations, residual "
                f"{self.ksp.getResidualNorm():.3g}; -{self.prefix}ksp_monitor shows its course, "
                f"-{self.prefix}pc_type another preconditioner"
            )

    def renew(self) -> None:
        """Let multigrid coarsen anew at the next solve; else its coarser grids are chosen by the first matrix it saw.

        Called where a step in time begins: what a solve finds then depends on that step alone, so that a run that goes
        on from a state is the uninterrupted one, and steps of any length get the grids that suit them.
        """
        if self.method == "direct":
            return
        # PETSc's reset keeps what smoothers know of the matrices before.
        rtol, atol, divtol, most = self.ksp.getTolerances()
        self.ksp.destroy()
        self.ksp = self._krylov()
        self.ksp.setFromOptions()
        self.ksp.setTolerances(rtol, atol, divtol, most)

    def _krylov(self) -> PETSc.KSP:
        """The method, without tolerances."""
        ksp = PETSc.KSP().create(comm=self.matrix.comm)
        ksp.setOptionsPrefix(self.prefix)
        ksp.setOperators(self.matrix)
        preconditioner = ksp.getPC()
        if self.method == "multigrid":
            ksp.setType(PETSc.KSP.Type.CG)
            preconditioner.setType(PETSc.PC.Type.GAMG)
            self._default(AGGREGATES)
        elif self.method == "split":
            ksp.setType(PETSc.KSP.Type.FGMRES)
            preconditioner.setType(PETSc.PC.Type.FIELDSPLIT)
            preconditioner.setFieldSplitType(PETSc.PC.CompositeType.MULTIPLICATIVE)
            self._split(preconditioner)
        elif self.method == "coupled":
            ksp.setType(PETSc.KSP.Type.FGMRES)
            preconditioner.setType(PETSc.PC.Type.GAMG)
            self._default(COUPLED)
        else:
            ksp.setType(PETSc.KSP.Type.GMRES)
            ksp.setPCSide(PETSc.PC.Side.RIGHT)
            one = self.matrix.comm.size == 1
            preconditioner.setType(PETSc.PC.Type.LU if one else PETSc.PC.Type.REDUNDANT)
        return ksp

    def _split(self, preconditioner: PETSc.PC) -> None:
        """One field per component of the matrix's blocks, in their order."""
        width = self.matrix.getBlockSize()
        first, end = self.matrix.getOwnershipRange()
        for component in range(width):
            rows = PETSc.IS().createStride((end - first) // width, first + component, width, comm=self.matrix.comm)
            preconditioner.setFieldSplitIS((str(component), rows))
            rows.destroy()
            field = f"fieldsplit_{component}_"
            self._default({f"{field}ksp_type": "preonly", f"{field}pc_type": "gamg"})
            self._default({field + option: value for option, value in AGGREGATES.items()})

    def _default(self, options: Mapping[str, str]) -> None:
        """Options that hold unless the user gives others."""
        database = PETSc.Options()
        for option, value in options.items():
            if not database.hasName(self.prefix + option):
                database.setValue(self.prefix + option, value)

    def destroy(self) -> None:
        """Free the solver; the matrix is the caller's."""
        self.ksp.destroy()
