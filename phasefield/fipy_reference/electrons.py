"""Equation (4): equipotential electrons by connectivity.

Metal (xi > 1/2) and a conducting host joined to the collector at z = 0 by cell faces have phi_s = 0. What is not
joined is an island: it floats at the potential at which its net current is zero, or takes no part.
The diffuse skirt of the metal belongs to the nearest metal.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ramify.phasefield.fipy_reference.mesh import EMPTY, ReferenceMesh
from ramify.phasefield.problem import PlatingProblem

RESIDUE = 0.1
"""Metal fraction of a cell at the collector from which it counts as a film."""


class Electrons:
    """Which metal a cell belongs to, and the potential of that metal.

    Attributes
    ----------
    owner : ndarray of int
        Per cell: 0 for the collector's metal, otherwise the number of the island.
    potential : ndarray
        phi_s per cell [V], the nearest metal's where there is none.
    """

    def __init__(self, problem: PlatingProblem, mesh: ReferenceMesh, opening: np.ndarray) -> None:
        self._mesh, self._opening = mesh, opening
        self._floating = problem.electrons.islands == "floating"
        self._host = (opening < 0.5) if problem.geometry.host_conducting else np.zeros(opening.shape, dtype=bool)
        if callable(problem.geometry.through_conductivity):
            self._host &= mesh.sample(problem.geometry.through_conductivity) > 0.0
        self._periodic = problem.domain.periodic
        self.owner: np.ndarray = np.zeros(opening.shape, dtype=int)
        self.potential: np.ndarray = np.zeros(opening.shape)

    def connect(self, xi: np.ndarray) -> None:
        """Find the pieces of metal in `xi`, and carry over the potentials of the islands."""
        metal = ((xi > 0.5) & (self._opening >= EMPTY)) | self._host
        # The collector is one more layer of conductor below the first cells; a surface is its own only where it
        # carries some metal, so that the tail of an island near the bare collector stays the island's.
        collector = np.ones((1, *self._mesh.shape[1:]), dtype=bool)
        solid = np.concatenate([collector, self._mesh.block(metal) > 0.5])
        labels = self._labels(solid)
        surface = solid.copy()
        surface[0] = self._mesh.block(xi)[0] > RESIDUE
        if not np.any(surface):
            surface[0] = True
        nearest = ndimage.distance_transform_edt(
            ~surface, sampling=self._mesh.domain.spacing[::-1], return_distances=False, return_indices=True
        )
        owner = labels[tuple(nearest)]
        inside = labels[1:].ravel()
        self.owner = np.where(owner == labels[0, 0, 0], 0, owner)[1:].ravel()
        potential = np.zeros_like(self.potential)
        for island in self.islands():
            potential[self.owner == island] = np.mean(self.potential[inside == island])
        self.potential = potential

    def islands(self) -> list[int]:
        """Numbers of the islands."""
        return [int(k) for k in np.unique(self.owner) if k != 0]

    def reacting(self) -> np.ndarray:
        """Whether a cell's surface may react at all."""
        return np.ones(self.owner.shape, dtype=bool) if self._floating else self.owner == 0

    def float_islands(self, source: np.ndarray, conductance: np.ndarray) -> float:
        """Move each island by one Newton step to zero net current; returns the largest change [V].

        `source` is S [A/m^3], `conductance` its derivative by phi [A/(m^3 V)].
        """
        if not self._floating:
            return 0.0
        largest = 0.0
        for island in self.islands():
            cells = self.owner == island
            slope = float(np.sum(conductance[cells]))
            if slope > 0.0:
                change = float(np.clip(np.sum(source[cells]) / slope, -0.1, 0.1))
                self.potential[cells] += change
                largest = max(largest, abs(change))
        return largest

    def _labels(self, solid: np.ndarray) -> np.ndarray:
        """Connected pieces, joined across periodic lateral faces."""
        labels = np.asarray(ndimage.label(solid)[0])
        if not self._periodic:
            return labels
        changed = True
        while changed:
            changed = False
            for axis in (1, 2):
                first, last = np.take(labels, 0, axis).ravel(), np.take(labels, -1, axis).ravel()
                for a, b in {(int(p), int(q)) for p, q in zip(first, last, strict=True) if p and q and p != q}:
                    labels[labels == max(a, b)] = min(a, b)
                    changed = True
        return labels
