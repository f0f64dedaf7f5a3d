"""The run's ledger and shape measures, from the stages of accepted steps.

With stages (c_i, xi_i, S_i) of weights w_i over a step dt, k_i = (c_i - base_i)/(a dt) being the rate of stage i,

    metal:      sum(1-psi) d(xi) V/Omega = dt sum w_i sum S_i V/F               (the sharpening flux conserves)
    salt:       sum(eps_1 c_1 - eps_0 c_0) V = entered - displaced
    displaced:  dt sum w_i sum eps_i k_i V - sum(eps_1 c_1 - eps_0 c_0) V       (the integral of -c d(eps))
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ramify.phasefield.engine import Ledger
from ramify.phasefield.fipy_reference.mesh import EMPTY, ReferenceMesh
from ramify.phasefield.fipy_reference.stage import Stage
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.constants import FARADAY


def salt_displaced(
    mesh: ReferenceMesh, before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], stored: np.ndarray
) -> float:
    """Salt that leaves with the electrolyte the metal pushes out [mol].

    `before` and `after` are (eps, c); `stored` is the integral of eps dc over the step per cell.
    """
    return mesh.total(stored) - mesh.total(after[0] * after[1] - before[0] * before[1])


class Bookkeeper:
    """Writes steps into a `Ledger`."""

    def __init__(self, problem: PlatingProblem, mesh: ReferenceMesh, opening: np.ndarray) -> None:
        self._problem, self._mesh, self._opening = problem, mesh, opening

    def metal(self, xi: np.ndarray) -> float:
        """Metal in the domain [mol]."""
        return self._mesh.total(self._opening * xi) / self._problem.metal.molar_volume

    def open(self, xi: np.ndarray, eps: np.ndarray, c: np.ndarray) -> Ledger:
        """The ledger of a run that starts here."""
        metal, salt = self.metal(xi), self._mesh.total(eps * c)
        return Ledger(metal_start=metal, metal=metal, salt_start=salt, salt=salt)

    def book(
        self,
        ledger: Ledger,
        dt: float,
        weighted: Sequence[tuple[float, Stage]],
        imposed: float | None,
        entered: float,
        displaced: float,
        xi: np.ndarray,
        salt: float,
    ) -> None:
        """Add one step; `imposed` is the controlled current density [A/m^2], None where the voltage is held."""
        reacted = dt * sum(w * self._mesh.total(stage.source) for w, stage in weighted)
        charge = reacted if imposed is None else dt * imposed * self._problem.domain.cross_section
        # A frozen surface keeps its shape: the metal it plates is booked by Faraday's law and leaves the picture.
        frozen = self._problem.interface.motion == "frozen"
        metal = ledger.metal + reacted / FARADAY if frozen else self.metal(xi)
        gain = metal - ledger.metal
        passed = max(abs(charge), 1e-300)
        ledger.charge += charge
        ledger.absolute_charge += abs(charge)
        ledger.reacted += reacted
        ledger.plated += gain if charge > 0.0 else 0.0
        ledger.stripped -= gain if charge < 0.0 else 0.0
        ledger.salt_entered += entered
        ledger.salt_displaced += displaced
        salt_miss = abs(salt - ledger.salt - entered + displaced) / ledger.salt_start
        ledger.metal, ledger.salt = metal, salt
        charge_miss = abs(charge - reacted) / passed if charge else 0.0
        # Curvature flow makes and removes metal by itself: there is no metal balance to hold it to.
        conserving = self._problem.interface.curvature == "conservative" and charge != 0.0
        # A step's charge may be below the round-off of all the metal there is: the miss is then noise, not imbalance.
        noise = 1e-15 * abs(metal) * FARADAY
        metal_miss = max(abs(gain * FARADAY - charge) - noise, 0.0) / passed if conserving else 0.0
        ledger.worst_step = max(ledger.worst_step, salt_miss, charge_miss, metal_miss)
        ledger.largest_correction = max(ledger.largest_correction, *(stage.correction for _, stage in weighted))

    def shape(self, xi: np.ndarray, owner: np.ndarray) -> dict[str, float]:
        """tip_height, mean_height, roughness [m], filling_fraction [-], dead_metal [mol]."""
        h = self._mesh.height
        metal = self._opening * xi
        heights = (np.sum(self._mesh.block(metal), axis=0) * h).ravel()
        dead = metal * (owner != 0)
        return {
            "tip_height": self._tip(self._mesh.block(np.where(self._opening >= EMPTY, xi, 0.0))),
            "mean_height": float(np.mean(heights)),
            "roughness": float(np.std(heights)),
            "filling_fraction": float(np.sum(metal) / max(np.sum(self._opening), 1e-300)),
            "dead_metal": self._mesh.total(dead) / self._problem.metal.molar_volume,
        }

    def profile(self, xi: np.ndarray) -> np.ndarray:
        """Metal over the volume of each layer along z."""
        return np.asarray(self._mesh.block(self._opening * xi).mean(axis=(1, 2)))

    def _tip(self, xi: np.ndarray) -> float:
        """Highest crossing of xi = 1/2 along z, linear between cell centres [m]."""
        inside = xi >= 0.5
        if not np.any(inside):
            return 0.0
        k = int(np.max(np.nonzero(np.any(inside, axis=(1, 2)))[0]))
        here = xi[k][inside[k]]
        if k + 1 == xi.shape[0]:
            return (k + 0.5) * self._mesh.height
        above = xi[k + 1][inside[k]]
        return float((k + 0.5 + np.max((here - 0.5) / np.maximum(here - above, 1e-300))) * self._mesh.height)
