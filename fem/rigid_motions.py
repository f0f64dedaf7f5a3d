"""Rigid motions of a solid: what algebraic multigrid must know of, and which of them no boundary holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from petsc4py import PETSc

from ramify.fem.spaces import Space

BALANCE = 1e-3
"""Largest share of a load that may drive an unheld motion; the quadrature's error is less."""
HELD = 1e-9
"""Share of the largest below which the displacement that a motion makes at held nodes counts as none."""


class UnheldMotion(ValueError):
    """Loads that move the solid as a whole, which no boundary holds."""


def rigid_motions(space: Space) -> np.ndarray:
    """(motions, local nodes, dimension): translations, and rotations about the middle, all of size one. Collective."""
    mesh = space.mesh
    ends = mesh.comm.allgather((mesh.points.min(axis=0), mesh.points.max(axis=0)))
    low, high = np.min([end[0] for end in ends], axis=0), np.max([end[1] for end in ends], axis=0)
    x = (space.coordinates - 0.5 * (low + high)) / (0.5 * float((high - low).max()))
    dimension = mesh.dimension
    motions = []
    for i in range(dimension):
        motions.append(np.zeros_like(x))
        motions[-1][:, i] = 1.0
    for i in range(dimension):
        for j in range(i):
            motions.append(np.zeros_like(x))
            motions[-1][:, i], motions[-1][:, j] = x[:, j], -x[:, i]
    return np.array(motions)


def near_null_space(space: Space, matrix: PETSc.Mat) -> None:
    """Tell multigrid of the rigid motions, which cost no energy."""
    vectors = _orthonormal(space, rigid_motions(space))
    motions = PETSc.NullSpace().create(vectors=vectors, comm=space.mesh.comm)
    matrix.setNearNullSpace(motions)
    motions.destroy()
    for vector in vectors:
        vector.destroy()


class FreeMotions:
    """Rigid motions that leave everything given at rest.

    Parameters
    ----------
    space
        Of the displacement.
    fixed
        (local nodes, dimension), True where the displacement is given.
    moving
        Unit motions (local nodes, dimension) of plates, whose nodes are among the fixed: where each moves as a whole,
        nothing holds the solid.
    """

    def __init__(self, space: Space, fixed: np.ndarray, moving: Sequence[np.ndarray] = ()) -> None:
        self.space = space
        motions = rigid_motions(space)
        at = motions * (fixed & space.owned[:, None])
        for mode in moving:
            mine = mode * space.owned[:, None]
            sums = [np.einsum("fnd,nd->f", at, mine), np.full(len(at), np.vdot(mine, mine))]
            along, count = np.sum(space.mesh.comm.allgather(np.array(sums)), axis=0)
            at -= (along / count)[:, None, None] * mine
        mine = at.reshape(len(at), -1)
        gram = np.sum(space.mesh.comm.allgather(mine @ mine.T), axis=0)
        sizes, mixtures = np.linalg.eigh(gram)
        free = sizes <= HELD * max(float(sizes.max()), 1.0)
        self.motions = np.einsum("kf,knd->fnd", mixtures[:, free], motions)
        """(motions, local nodes, dimension)."""

    def require_at_rest(self, load: np.ndarray) -> None:
        """UnheldMotion where a load (local nodes, dimension), to be added up over ranks, drives one. Collective."""
        whole = self.space.vector()
        self.space.add_up(load, whole)
        vectors = _orthonormal(self.space, self.motions)
        self._refuse_driven(vectors, whole)
        for vector in (whole, *vectors):
            vector.destroy()

    def attach(self, matrix: PETSc.Mat, right: PETSc.Vec, load: PETSc.Vec) -> None:
        """Take the motions out of a right-hand side, and let the solver keep them out of its answer.

        `load` holds what comes from outside; the rest of the right-hand side balances by itself.

        Raises
        ------
        UnheldMotion
            When the load drives one of them.
        """
        vectors = _orthonormal(self.space, self.motions)
        self._refuse_driven(vectors, load)
        null = PETSc.NullSpace().create(vectors=vectors, comm=self.space.mesh.comm)
        null.remove(right)
        matrix.setNullSpace(null)
        null.destroy()
        for vector in vectors:
            vector.destroy()

    @staticmethod
    def _refuse_driven(vectors: list[PETSc.Vec], load: PETSc.Vec) -> None:
        along, size = max((abs(load.dot(vector)) for vector in vectors), default=0.0), load.norm()
        if along > BALANCE * size:
            raise UnheldMotion(
                f"loads drive a motion that no boundary holds ({along / size:.3g} of their size along it): hold the "
                "solid on a boundary, or balance the forces and their moments"
            )


def _orthonormal(space: Space, motions: np.ndarray) -> list[PETSc.Vec]:
    vectors: list[PETSc.Vec] = []
    for motion in motions:
        vector = space.vector()
        space.owned_to_global(motion, vector)
        for _ in range(2):  # once more, for round-off
            for other in vectors:
                vector.axpy(-vector.dot(other), other)
        vector.normalize()
        vectors.append(vector)
    return vectors
