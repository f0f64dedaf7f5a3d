"""Where the work done on a solid goes, step by step.

    work of loads, supports and plates = change of the elastic energy + work of the flow + work of the eigenstrain

Between two states all are integrals by the trapezoidal rule along the straight line: exact for what is elastic, so that
the two sides differ by round-off and by what equilibrium lacks, which the solver's tolerance allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.fem.norms import total
from ramify.fem.solid_boundaries import held
from ramify.fem.viscoplastic import FlowingSolid


def elastic_energy(solid: FlowingSolid) -> float:
    """Integral of p^2/(2 K) + s : s/(4 G) over the solid [J, J/m or J/m2]. Collective."""
    bulk, shear = (solid.laws[solid.phase_of_cell, column][:, None] for column in (0, 1))
    mean = solid.stress[..., :3].sum(axis=-1) / 3.0
    squares = (solid.stress**2).sum(axis=-1) - 3.0 * mean**2
    density = mean**2 / (2.0 * bulk) + squares / (4.0 * shear)
    return total(solid.space.mesh, float((solid.volumes() * density).sum()))


@dataclass
class Energies:
    """Sums since the stress-free start [J, J/m or J/m2]."""

    work: float = 0.0
    """Of loads, supports and plates on the solid."""
    elastic: float = 0.0
    flow: float = 0.0
    """Dissipated, but for what hardening stores."""
    eigenstrain: float = 0.0
    moved: float = 0.0
    """Sizes of all that went in and out."""

    @property
    def relative(self) -> float:
        """What is not accounted for, over what was moved."""
        gap = self.work - self.elastic - self.flow - self.eigenstrain
        return abs(gap) / self.moved if self.moved > 0.0 else 0.0


class EnergyBooks:
    """Books of one solid, from the moment before it settles."""

    def __init__(self, solid: FlowingSolid) -> None:
        self.solid, self.sums = solid, Energies()
        self._u, self._forces = np.zeros_like(solid.u), np.zeros_like(solid.u)
        self._stress, self._inelastic = np.zeros_like(solid.stress), np.zeros_like(solid.inelastic)
        self._swelling = np.zeros_like(solid.inelastic)

    def book(self) -> None:
        """Enter the change from the last booked state to the solid's. Collective."""
        solid, space = self.solid, self.solid.space
        said = solid.conditions(solid.time)
        fixed, _ = held(space, said)
        inner = solid.forces(solid.stress)[0]
        forces = np.where(fixed, inner, solid.load(said))
        swelling = self._swollen()
        mean, volumes = 0.5 * (self._stress + solid.stress), solid.volumes()
        moved = solid.inelastic - self._inelastic
        grown = swelling - self._swelling
        mine = (
            0.5 * float(((self._forces + forces) * (solid.u - self._u)).sum()),
            float((volumes * (mean * (moved - grown)).sum(axis=-1)).sum()),
            float((volumes * (mean * grown).sum(axis=-1)).sum()),
        )
        work, flow, own = (total(space.mesh, value) for value in mine)
        elastic = elastic_energy(solid)
        sums = self.sums
        sums.moved += abs(work) + abs(elastic - sums.elastic) + abs(flow) + abs(own)
        sums.work, sums.flow, sums.eigenstrain = sums.work + work, sums.flow + flow, sums.eigenstrain + own
        sums.elastic = elastic
        self._u, self._forces, self._stress = solid.u.copy(), forces, solid.stress.copy()
        self._inelastic, self._swelling = solid.inelastic.copy(), swelling

    def _swollen(self) -> np.ndarray:
        grown = self.solid.eigenstrain.copy()
        if self.solid.growth is not None:
            grown[..., :3] += np.asarray(self.solid.growth(self.solid.time))[self.solid.phase_of_cell][:, None, None]
        return grown
