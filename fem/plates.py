"""Rigid plates that press on plane boundaries: the nodes of each move alike across it, under a given force.

    u.n = -d on the plate,     sum of the nodal forces along -n = F

n points out of the solid, d is how far the plate has moved into it. The displacements that answer to one plate at rest
and to unit motions b of the plates are found with the same matrix; the motions follow from

    sum_l (e_k.K.b_l) d_l = F_k - e_k.(forces in the body - loads),      e_k: unit motion of plate k alone
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ramify.fem.mesh import MeshError
from ramify.fem.rigid_motions import UnheldMotion
from ramify.fem.solid_boundaries import Plate, SolidCondition, across, facet_normals, held
from ramify.fem.spaces import Space

SOFTEST = 1e-10
"""Stiffness against a plate, over that of the cells under it, below which nothing holds the solid."""


class Plates:
    """The loaded plates among the conditions on a solid.

    Parameters
    ----------
    space
        Of the displacement.
    conditions
        On the solid; which of them are plates does not change through time.

    Raises
    ------
    MeshError
        For a plate that is no plane across an axis, or that shares nodes with a boundary that holds them along its way.
    """

    def __init__(self, space: Space, conditions: Sequence[SolidCondition]) -> None:
        self.space = space
        plates = [condition for condition in conditions if isinstance(condition, Plate)]
        self.names = tuple(plate.boundary for plate in plates)
        self.areas = np.array([space.mesh.area(plate.boundary) for plate in plates])
        """(plates) [m^2, m or 1]."""
        self.modes = np.zeros((len(plates), space.local_count, space.components))
        """(plates, local nodes, dimension): unit motions into the solid."""
        rest = [condition for condition in conditions if not isinstance(condition, Plate)]
        taken, _ = held(space, rest)
        for number, plate in enumerate(plates):
            component, sign = across(space, plate.boundary, "under a plate"), outward(space, plate.boundary)
            nodes = space.boundary_nodes(plate.boundary)
            clash = bool(taken[nodes, component].any())
            if any(space.mesh.comm.allgather(clash)):
                raise MeshError(
                    f"plate '{plate.boundary}' shares nodes with a boundary that holds them along its way; allowed: "
                    "plates between free sides and planes of symmetry"
                )
            taken[nodes, component] = True
            self.modes[number, nodes, component] = -sign

    def forces(self, conditions: Sequence[SolidCondition]) -> np.ndarray:
        """(plates) force that each puts on the solid along its way in [N, N/m or Pa]."""
        pressures = {c.boundary: c.pressure for c in conditions if isinstance(c, Plate)}
        return np.array([pressures[name] for name in self.names]) * self.areas

    def spread(self, forces: np.ndarray) -> np.ndarray:
        """Forces of the plates, evenly over their nodes (local nodes, dimension), to be added up over ranks."""
        owned = self.modes * self.space.owned[None, :, None]
        counts = self._summed(np.abs(owned).sum(axis=(1, 2)))
        return np.asarray(np.einsum("k,knd->nd", forces / counts, owned))

    def depths(self, u: np.ndarray) -> np.ndarray:
        """(plates) how far each has moved into the solid [m]. Collective."""
        counts = np.abs(self.modes).sum(axis=(1, 2))
        mine = np.stack([self._along(u), counts])
        sums = np.sum(self.space.mesh.comm.allgather(mine), axis=0)
        return np.asarray(sums[0] / sums[1])

    def missing(self, rest: np.ndarray, forces: np.ndarray) -> np.ndarray:
        """(plates) what the plates' forces are short of; `rest`: loads less forces in the body, at all nodes."""
        return np.asarray(forces + self._summed(self._along(rest)))

    def closing(
        self, pulls: list[np.ndarray], answers: list[np.ndarray], change: np.ndarray, missing: np.ndarray
    ) -> np.ndarray:
        """Change of the displacement that brings the plates into balance.

        Parameters
        ----------
        pulls
            K e_k, to be added up over ranks.
        answers
            b_k: displacements that answer to a unit motion of each plate.
        change
            Displacement already found, with the plates at rest.
        missing
            Forces that the plates are short of before it.

        Raises
        ------
        UnheldMotion
            Where a plate pushes the whole solid before it.
        """
        count = len(pulls)
        stiffness = self._summed(np.array([[np.vdot(g, b) for b in answers] for g in pulls]).ravel())
        stiffness = stiffness.reshape(count, count)
        own = self._summed(np.array([np.vdot(g, e) for g, e in zip(pulls, self.modes, strict=True)]))
        if np.linalg.eigvalsh(0.5 * (stiffness + stiffness.T)).min() <= SOFTEST * own.max():
            raise UnheldMotion(
                f"plate '{self.names[int(np.argmin(np.diag(stiffness) / own))]}' pushes a solid that no boundary holds"
            )
        away = self._summed(np.array([np.vdot(g, change) for g in pulls]))
        motions = np.linalg.solve(stiffness, missing - away)
        return np.asarray(sum(d * b for d, b in zip(motions, answers, strict=True)))

    def _along(self, field: np.ndarray) -> np.ndarray:
        return np.asarray(np.einsum("knd,nd->k", self.modes, field))

    def _summed(self, mine: np.ndarray) -> np.ndarray:
        return np.asarray(np.sum(self.space.mesh.comm.allgather(mine), axis=0))


def outward(space: Space, boundary: str) -> float:
    """Sign of the component of a plane boundary's normal across it. Collective."""
    tables = space.facet_element.tables(1)
    mine = facet_normals(space, boundary, tables).sum(axis=(0, 1))
    total = np.sum(space.mesh.comm.allgather(mine), axis=0)
    return float(np.sign(total[np.argmax(np.abs(total))]))
