"""Equations (2) and (3): salt and inner potential, solved together by Newton's method written in FiPy's terms.

With c* and phi* the last iterate, S ~ S* + G (phi - phi*) + H (c - c*), K = eps kappa, K_c = eps k_c, and every
coefficient at the mean concentration of its face,

    0 = div(K grad phi) + div(K_c grad c) + div(m (c - c*)) - S
    F eps (c - c_base)/dt = div((F eps D + theta K_c) grad c) + div(theta K grad phi) + div(r (c - c*)) - (1-t_ref) S

where theta = t+ - t_ref, and m, r are the derivatives of the fluxes by c through their coefficients. Both equations
carry amperes per cubic metre. The counter electrode enters as a source in the top cells, with one parameter: the cell
current density i (`lithium`) or the inner potential P of the reservoir face (`reservoir`).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ramify.phasefield.fipy_reference.kinetics import Reaction
from ramify.phasefield.fipy_reference.mesh import EMPTY, ReferenceMesh
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.constants import FARADAY


@dataclass
class Solution:
    """Cell arrays of one linear solve, and the counter-electrode parameter it belongs to."""

    phi: np.ndarray
    c: np.ndarray
    parameter: float


class Transport:
    """The coupled FiPy equations of phi and c, and the counter electrode."""

    def __init__(self, problem: PlatingProblem, mesh: ReferenceMesh, fipy: ModuleType) -> None:
        self._electrolyte, self._mesh = problem.electrolyte, mesh
        self.reservoir = problem.counter.kind == "reservoir"
        self._c0 = problem.initial_concentration
        self._c_ref = problem.kinetics.reference_concentration
        self.t_ref = float(self._electrolyte.transference(self._c0))
        sample = np.linspace(0.0, 4.0 * self._c0, 41)
        self._theta_varies = bool(np.ptp(self._electrolyte.transference(sample) * np.ones(41)) > 1e-12)
        self._declare(fipy)
        self._solver = fipy.LinearLUSolver(tolerance=1e-15, iterations=3)

    def _declare(self, fipy: ModuleType) -> None:
        grid = self._mesh.fipy_mesh
        self.phi, self.c = fipy.CellVariable(mesh=grid, hasOld=True), fipy.CellVariable(mesh=grid, hasOld=True)
        names = ("storage", "phi_phi", "phi_c", "phi_source", "c_phi", "c_c", "c_source")
        self._cell = {name: fipy.CellVariable(mesh=grid) for name in names}
        self._face = {name: fipy.FaceVariable(mesh=grid) for name in ("K", "K_c", "D", "theta_K")}
        self._drift = {name: fipy.FaceVariable(mesh=grid, rank=1) for name in ("m", "r")}
        newton = newton_source(fipy)
        cell, face, drift = self._cell, self._face, self._drift
        charge = (
            fipy.DiffusionTerm(coeff=face["K"], var=self.phi)
            + fipy.DiffusionTerm(coeff=face["K_c"], var=self.c)
            + fipy.CentralDifferenceConvectionTerm(coeff=drift["m"], var=self.c)
            - newton(coeff=cell["phi_phi"], var=self.phi)
            - newton(coeff=cell["phi_c"], var=self.c)
            + cell["phi_source"]
            == 0
        )
        salt = (
            fipy.DiffusionTerm(coeff=face["D"], var=self.c)
            + fipy.CentralDifferenceConvectionTerm(coeff=drift["r"], var=self.c)
            - newton(coeff=cell["c_phi"], var=self.phi)
            - newton(coeff=cell["c_c"], var=self.c)
            + cell["c_source"]
        )
        if self._theta_varies:
            salt = salt + fipy.DiffusionTerm(coeff=face["theta_K"], var=self.phi)
        self._equations = charge & (fipy.TransientTerm(coeff=cell["storage"], var=self.c) == salt)

    def linearise(self, phi: np.ndarray, c: np.ndarray, eps: np.ndarray, reaction: Reaction, dt: float) -> None:
        """Set every coefficient at (phi, c); `dt` scales the rows of inactive cells only."""
        self._star = (phi, c)
        self._eps, self._active = eps, eps >= EMPTY
        self.phi.setValue(phi)
        self.c.setValue(c)
        self._set_fluxes(c, self._mesh.face_mean(np.where(self._active, eps, 0.0)) / self._mesh.smallest_edge**2)
        salt = 1.0 - self.t_ref
        by_phi, by_c = reaction.by_potential, reaction.by_concentration
        rest = reaction.source - by_phi * phi - by_c * c
        hold = ~self._active
        unit = float(np.max(self._face["K"].value))
        store = FARADAY / dt
        self._cell["storage"].setValue(FARADAY * np.where(self._active, eps, 1.0))
        self._cell["phi_phi"].setValue(by_phi + unit * hold)
        self._cell["phi_c"].setValue(by_c)
        self._cell["c_phi"].setValue(salt * by_phi)
        self._cell["c_c"].setValue(salt * by_c + store * hold)
        self._fixed_phi = -rest + unit * hold * phi - np.asarray(self._explicit(self._drift["m"], c))
        self._fixed_c = -salt * rest + store * hold * c - np.asarray(self._explicit(self._drift["r"], c))

    def _set_fluxes(self, c: np.ndarray, open_faces: np.ndarray) -> None:
        """Coefficients of the fluxes and their derivatives by the face concentration.

        `open_faces` is eps over the square of the cell edge, since FiPy measures in cell edges.
        """
        at = 0.5 * (c[self._mesh.lower] + c[self._mesh.upper])
        nudge = 1e-6 * (at + 1e-3 * self._c0)
        laws, above, below = (self._laws(at + s * nudge) for s in (0.0, 1.0, -1.0))
        kappa, k_c, D, theta = laws
        slopes = [open_faces * (p - q) / (2.0 * nudge) for p, q in zip(above, below, strict=True)]
        K, K_c, salt = open_faces * kappa, open_faces * k_c, FARADAY * open_faces * D
        grad_phi, grad_c = np.asarray(self.phi.faceGrad.value), np.asarray(self.c.faceGrad.value)
        charge_slope = slopes[0] * grad_phi + slopes[1] * grad_c
        self._face["K"].setValue(K)
        self._face["K_c"].setValue(K_c)
        self._face["D"].setValue(salt + theta * K_c)
        self._drift["m"].setValue(charge_slope)
        salt_slope = FARADAY * slopes[2] * grad_c
        if self._theta_varies:
            self._face["theta_K"].setValue(theta * K)
            salt_slope = salt_slope + theta * charge_slope + slopes[3] * (kappa * grad_phi + k_c * grad_c)
        self._drift["r"].setValue(salt_slope)

    def _laws(self, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """kappa, k_c, D and t+ - t_ref at concentrations c."""
        e = self._electrolyte
        one = np.ones_like(c)
        return (
            e.conductivity(c) * one,
            e.diffusional_conductivity(c) * one,
            e.diffusivity(c) * one,
            (e.transference(c) - self.t_ref) * one,
        )

    def _explicit(self, drift: Any, c: np.ndarray) -> Any:
        faces = 0.5 * (c[self._mesh.lower] + c[self._mesh.upper])
        return (drift * faces).divergence.value

    def solve(self, parameter: float, base: np.ndarray, dt: float) -> Solution:
        """Linear solution for one counter-electrode parameter; `base` is the concentration the stage starts from."""
        phi, c = self._star
        entering = self.entering(parameter, phi, c)
        cell = self._cell
        phi_phi, phi_c, c_c = (np.array(cell[name].value) for name in ("phi_phi", "phi_c", "c_c"))
        q_phi, q_c = self._fixed_phi.copy(), self._fixed_c.copy()
        if self.reservoir:
            K, K_c, salt = entering.conductances
            cell["phi_phi"].setValue(phi_phi + K)
            cell["phi_c"].setValue(phi_c + K_c)
            cell["c_c"].setValue(c_c + salt)
            q_phi += K * parameter + K_c * self._c0
            q_c += salt * self._c0
        else:
            q_phi += entering.charge
            q_c += FARADAY * entering.salt
        cell["phi_source"].setValue(q_phi)
        cell["c_source"].setValue(q_c)
        self.c.setValue(base)
        self.c.updateOld()
        self.phi.setValue(phi)
        self.c.setValue(c)
        self._equations.sweep(dt=dt, solver=self._solver)
        found = Solution(np.array(self.phi.value), np.array(self.c.value), parameter)
        for name, value in (("phi_phi", phi_phi), ("phi_c", phi_c), ("c_c", c_c)):
            cell[name].setValue(value)
        return found

    def entering(self, parameter: float, phi: np.ndarray, c: np.ndarray) -> Entering:
        """What comes in through the top face, per volume of the top cells: charge [A/m^3], salt [mol/(m^3 s)]."""
        open_top = np.where(self._mesh.top & self._active, self._eps, 0.0)
        if self.reservoir:
            h2 = 2.0 / self._mesh.height**2
            kappa, k_c, D, _ = (float(law[0]) for law in self._laws(np.array([self._c0])))
            K, K_c, salt = (h2 * value * open_top for value in (kappa, k_c, FARADAY * D))
            charge = K * (parameter - phi) + K_c * (self._c0 - c)
            return Entering(charge, salt * (self._c0 - c) / FARADAY, (K, K_c, salt))
        share = open_top / float(np.mean(open_top[self._mesh.top]))
        charge = parameter * share / self._mesh.height
        return Entering(charge, (1.0 - self.t_ref) * charge / FARADAY, (charge, charge, charge))

    def face_potential(self, parameter: float, phi: np.ndarray, c: np.ndarray) -> float:
        """Mean of phi_l over the open top face [V]."""
        thermal = self._electrolyte.thermal_voltage
        if self.reservoir:
            return parameter + thermal * float(np.log(self._c0 / self._c_ref))
        top = self._mesh.top & self._active
        weights = self._eps[top]
        at = np.maximum(c[top], 1e-12 * self._c0)
        kappa, k_c, D, _ = self._laws(at)
        current = parameter / float(np.sum(weights)) * float(np.count_nonzero(self._mesh.top))
        half = 0.5 * self._mesh.height
        slope_c = (1.0 - self._electrolyte.transference(at)) * current / (FARADAY * D)
        slope_phi = (current - k_c * slope_c) / kappa
        face_c = np.maximum(at + half * slope_c, 1e-12 * self._c0)
        potential = phi[top] + half * slope_phi + thermal * np.log(face_c / self._c_ref)
        return float(np.sum(weights * potential) / np.sum(weights))


@dataclass
class Entering:
    """Charge and salt through the counter face as sources of the top cells, with a reservoir's conductances."""

    charge: np.ndarray
    salt: np.ndarray
    conductances: tuple[np.ndarray, np.ndarray, np.ndarray]


def newton_source(fipy: Any) -> type:
    """ImplicitSourceTerm that always enters the matrix.

    FiPy moves an implicit source to the right-hand side where its sign weakens the diagonal. In the coupled blocks
    the sign it looks at is that of another equation, and Newton's method needs the derivative where it belongs.
    """

    class NewtonSourceTerm(fipy.ImplicitSourceTerm):  # type: ignore[misc]
        def _getWeight(self, var: Any, *geometry: Any, **named: Any) -> dict[str, Any]:
            nothing = np.zeros(var.shape)
            return {"diagonal": 1.0, "old value": nothing, "b vector": nothing, "new value": nothing}

    return NewtonSourceTerm
