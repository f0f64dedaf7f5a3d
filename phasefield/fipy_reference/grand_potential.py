"""The grand-potential model as three FiPy equations: an independent second discretisation of its rows in space.

Laws, symbols and signs are those of physics.grand_potential; the time scheme, the judgement of a step and the books are
the production engine's, which asks this solver for each step in place of its own Newton-Krylov method. With
tau = beta dt and starred values of the last sweep,

    (xi - xi_h)/tau = L_sigma kappa lap xi + div(explicit rest of K) + f* + f_xi (xi - xi*) + f_w (w - w*)
                      + f_p (p - p*) + noise,                                  f = -L_sigma g' - L_eta r
    [N* + N_xi (xi - xi*) + N_w (w - w*) - N_h]/tau = div[ D m (grad w + (c^l/w)* w grad p*) ],   m = (1 - h)^2
    q (xi - xi_h)/tau = div[ (sigma/sigma^l) grad p ]

with w = ln(1 + exp(mu - eps^l)) in the place of mu; solved together by LU and swept, because m, c^l/w and sigma belong
to the sweep before. w, m and c^l/w at a face are the arithmetic means of its cells, sigma the harmonic one; faces that
hold a value are half a cell away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ramify.phasefield.fipy_reference.library import Suite, load_fipy
from ramify.phasefield.fipy_reference.mesh import ReferenceMesh
from ramify.phasefield.fipy_reference.transport import newton_source
from ramify.phasefield.grand_potential.newton import Outcome
from ramify.phasefield.grand_potential.problem import GrandPotentialProblem, Side
from ramify.phasefield.grand_potential.solver import GrandPotentialSolver
from ramify.phasefield.grand_potential.system import State, System
from ramify.phasefield.grid import OWNED
from ramify.phasefield.plating.timescheme import Scheme
from ramify.physics import grand_potential as laws

SWEEPS = 60
UNKNOWNS = ("xi", "w", "p")
SMALLEST_SHARE = 0.1
"""A sweep leaves at least this share of w."""

Cells = dict[str, np.ndarray]


class FiPyGrandPotential(GrandPotentialSolver):
    """Engine `fipy` of `model: grand_potential`, on one process.

    Raises RuntimeError on several MPI ranks, and where FiPy is missing.
    """

    def __init__(self, problem: GrandPotentialProblem, suite: Suite = "scipy") -> None:
        fipy = load_fipy(suite)
        super().__init__(problem, solver=lambda system: FiPySweeps(system, fipy))


class FiPySweeps:
    """One time step by sweeps of the coupled equations; leaves in the system the rows and the fluxes at both ends."""

    def __init__(self, system: System, fipy: Any) -> None:
        self.system, self.problem = system, system.problem
        self.mesh = ReferenceMesh(self.problem.domain, fipy)
        grid = self.mesh.fipy_mesh
        self.fields = {name: fipy.CellVariable(mesh=grid, hasOld=True) for name in UNKNOWNS}
        self._ends = self._sides()
        names = ("xi_xi", "xi_w", "xi_p", "xi_source", "w_xi", "w_w", "w_source", "p_xi", "p_source")
        self._cell = {name: fipy.CellVariable(mesh=grid) for name in names}
        self._face = {name: fipy.FaceVariable(mesh=grid) for name in ("xi", "w", "p")}
        self._rest, self._drift = (fipy.FaceVariable(mesh=grid, rank=1) for _ in range(2))
        self._equations = self._declare(fipy, newton_source(fipy))
        self._solver = fipy.LinearLUSolver(tolerance=1e-15, iterations=3)
        self._counter = fipy.Variable(value=0.0)
        """p at the counter electrode."""
        self._constrain()

    def _declare(self, fipy: Any, source: Callable[..., Any]) -> Any:
        xi, w, p = (self.fields[name] for name in UNKNOWNS)
        cell, face = self._cell, self._face
        phase = (
            source(coeff=cell["xi_xi"], var=xi) + source(coeff=cell["xi_w"], var=w) + source(coeff=cell["xi_p"], var=p)
            == fipy.DiffusionTerm(coeff=face["xi"], var=xi) + self._rest.divergence + cell["xi_source"]
        )
        lithium = (
            source(coeff=cell["w_xi"], var=xi) + source(coeff=cell["w_w"], var=w)
            == fipy.DiffusionTerm(coeff=face["w"], var=w)
            + fipy.CentralDifferenceConvectionTerm(coeff=self._drift, var=w)
            + cell["w_source"]
        )
        charge = source(coeff=cell["p_xi"], var=xi) == fipy.DiffusionTerm(coeff=face["p"], var=p) + cell["p_source"]
        return phase & lithium & charge

    def _sides(self) -> dict[str, tuple[np.ndarray, Side]]:
        """Faces at z = 0 and at the top, as masks."""
        ends, _ = self.mesh.end_faces()
        layer = self.mesh.shape[1] * self.mesh.shape[2]
        found = {}
        for name, side in (("collector", self.problem.collector), ("counter", self.problem.counter)):
            low = self.mesh.lower[ends] < layer
            mask = np.zeros(len(self.mesh.lower), bool)
            mask[ends[low if name == "collector" else ~low]] = True
            found[name] = (mask, side)
        return found

    def _constrain(self) -> None:
        """Boundary values; the counter electrode's potential follows the cycler."""
        for name, variable in self.fields.items():
            for mask, side in self._ends.values():
                value = self.system.held("mu" if name == "w" else name, side)
                if value is not None and name == "w":
                    value = laws.filling_pressure(value, self.problem.electrolyte.level)
                if value is not None:
                    follows = name == "p" and side is self.problem.counter
                    variable.constrain(self._counter if follows else value, where=mask)

    # ------------------------------------------------------------------ one step

    def solve(self, state: State, old_xi: np.ndarray, old_lithium: np.ndarray, scheme: Scheme) -> Outcome:
        """Sweep `state` to convergence, in place."""
        self._counter.setValue(self.system.held("p", self.problem.counter))
        tau, tolerance = scheme.beta * scheme.step, self.problem.numerics.newton_tolerance
        history = (old_xi[OWNED].ravel(), old_lithium[OWNED].ravel())
        level, reference = self.problem.electrolyte.level, self.problem.electrolyte.reference_occupancy
        x = state.mu[OWNED].ravel() - level
        start = (state.xi[OWNED].ravel(), np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))), state.p[OWNED].ravel())
        for name, values in zip(UNKNOWNS, start, strict=True):
            self.fields[name].setValue(values)
        for sweep in range(1, SWEEPS + 1):
            before = self._values()
            weight = self._linearise(before, history, tau)
            self._equations.solve(solver=self._solver)
            after = self._values()
            wished, after["w"] = after["w"], np.maximum(after["w"], SMALLEST_SHARE * before["w"])
            self.fields["w"].setValue(after["w"])
            changes = [np.abs(after[name] - before[name]) for name in UNKNOWNS]
            changes[1] = np.maximum(changes[1], np.abs(wished - before["w"])) * weight / reference
            largest = max(float(change.max()) for change in changes)
            if not np.isfinite(largest):
                return Outcome(False, sweep, 0, "a sweep is not finite")
            if largest <= tolerance:
                self._leave(state, history, tau)
                return Outcome(True, sweep, 0, "converged")
        return Outcome(False, SWEEPS, 0, "the sweeps did not converge")

    def _values(self) -> Cells:
        return {name: np.array(variable.value, dtype=np.float64) for name, variable in self.fields.items()}

    def _mu(self, w: np.ndarray) -> np.ndarray:
        """The diffusion potential of a w [RT]."""
        return np.asarray(self.problem.electrolyte.level + w + np.log(-np.expm1(-w)))

    def _linearise(self, now: Cells, history: tuple[np.ndarray, np.ndarray], tau: float) -> np.ndarray:
        """Coefficients at the values of the last sweep; returns N_w, and m where that is more."""
        problem, system = self.problem, self.system
        interface, reaction, electrolyte = problem.interface, problem.reaction, problem.electrolyte
        xi, w, p = now["xi"], now["w"], now["p"]
        mu = self._mu(w)
        shift = system.thermal * (system.potential - problem.reference_potential)
        levels = (problem.electrode.site_ratio, problem.electrode.level, electrolyte.level)
        occupied = laws.occupancy(mu, electrolyte.level)
        r, by_xi, by_c, by_p = laws.reactions(
            xi, occupied, p + shift, reaction.transfer_coefficient, electrolyte.reference_occupancy
        )
        rate = -interface.mobility * laws.barrier_slope(xi, interface.barrier) - reaction.rate * r
        f_xi = -interface.mobility * laws.barrier_curvature(xi, interface.barrier) - reaction.rate * by_xi
        f_w, f_p = -reaction.rate * by_c * (1.0 - occupied), -reaction.rate * by_p
        noise = system.noise[OWNED].ravel() / tau
        solid = laws.occupancy(mu, problem.electrode.level)
        n_xi = (problem.electrode.site_ratio * solid - occupied) * laws.metal_share_slope(xi)
        n_w, content = laws.susceptibility(xi, mu, *levels) / occupied, laws.lithium(xi, mu, *levels)
        charge = system.finest**2 * problem.electrode.charge_density * system.thermal / electrolyte.conductivity
        system.charge = charge / tau
        values = {
            "xi_xi": 1.0 / tau - f_xi,
            "xi_w": -f_w,
            "xi_p": -f_p,
            "xi_source": history[0] / tau + rate - f_xi * xi - f_w * w - f_p * p + noise,
            "w_xi": n_xi / tau,
            "w_w": n_w / tau,
            "w_source": (n_xi * xi + n_w * w + history[1] - content) / tau,
            "p_xi": np.full_like(xi, charge / tau),
            "p_source": charge / tau * history[0],
        }
        for name, value in values.items():
            self._cell[name].setValue(value)
        self._set_faces(now, occupied)
        return np.asarray(np.maximum(n_w, (1.0 - laws.metal_share(xi)) ** 2))

    def _set_faces(self, now: Cells, occupied: np.ndarray) -> None:
        """Coefficients at the faces, and what anisotropy adds to the phase's flux beyond kappa grad xi."""
        problem, h = self.problem, self.system.finest
        contrast = problem.electrode.conductivity / problem.electrolyte.conductivity
        phase = problem.interface.mobility * problem.interface.gradient_coefficient / h**2
        self._face["xi"].setValue(phase)
        share = laws.metal_share(now["xi"])
        diffusion = problem.electrolyte.diffusivity / h**2
        openness = diffusion * (1.0 - share) ** 2
        sigma = 1.0 + (contrast - 1.0) * share
        lower, upper = self.mesh.lower, self.mesh.upper
        at_faces = 0.5 * (openness[lower] + openness[upper])
        share_of_w = occupied / now["w"]
        drift = at_faces * 0.5 * (share_of_w[lower] + share_of_w[upper])
        conductivity = 2.0 * sigma[lower] * sigma[upper] / (sigma[lower] + sigma[upper])
        for mask, side in self._ends.values():
            cells = lower[mask]
            xi = now["xi"][cells] if side.xi is None else np.full(cells.size, side.xi)
            beside = laws.metal_share(xi)
            conductivity[mask] = 1.0 + (contrast - 1.0) * beside
            at_faces[mask] = 0.0 if side.mu is None else diffusion * (1.0 - beside) ** 2
            drift[mask] = 0.0
            if side.mu is not None:
                occupied_there = laws.occupancy(side.mu, problem.electrolyte.level)
                drift[mask] = (
                    at_faces[mask] * occupied_there / laws.filling_pressure(side.mu, problem.electrolyte.level)
                )
        self._face["w"].setValue(at_faces)
        self._drift.setValue(drift * np.asarray(self.fields["p"].faceGrad.value))
        self._face["p"].setValue(conductivity)
        crystal = problem.interface.anisotropy
        if crystal.strength == 0.0:
            return
        gradient = np.array(self.fields["xi"].faceGrad.value, dtype=np.float64)
        whole = np.zeros((3, gradient.shape[1]))
        axes = [axis for axis in range(3) if axis == 2 or problem.domain.cells[axis] > 1]
        whole[axes] = gradient
        flux = laws.gradient_fluxes(whole, crystal.strength, crystal.mode, crystal.angle, crystal.power)
        rest = phase * (flux - whole)[axes]
        rest[:, ~self.mesh.interior & ~self._held_phase()] = 0.0
        self._rest.setValue(rest)

    def _held_phase(self) -> np.ndarray:
        """Outer faces that hold a value of the phase."""
        held = np.zeros(len(self.mesh.lower), bool)
        for mask, side in self._ends.values():
            held |= mask & (side.xi is not None)
        return held

    def _leave(self, state: State, history: tuple[np.ndarray, np.ndarray], tau: float) -> None:
        """Solution, rows and end fluxes where the engine's books look for them."""
        system, now = self.system, self._values()
        electrolyte, electrode = self.problem.electrolyte, self.problem.electrode
        mu = self._mu(now["w"])
        for array, values in zip(state.fields, (now["xi"], mu, now["p"]), strict=True):
            array[OWNED] = self.mesh.block(values)
        self._set_faces(now, laws.occupancy(mu, electrolyte.level))
        w, p = self.fields["w"].faceGrad, self.fields["p"].faceGrad
        lithium, current = self._face["w"] * w + self._drift * self.fields["w"].faceValue, self._face["p"] * p
        content = laws.lithium(now["xi"], mu, electrode.site_ratio, electrode.level, electrolyte.level)
        row_mu = content - history[1] - tau * np.asarray(lithium.divergence.value)
        row_p = system.charge * (now["xi"] - history[0]) - np.asarray(current.divergence.value)
        for row, values in zip(system.rows[1:], (row_mu, row_p), strict=True):
            row[OWNED] = self.mesh.block(values)
        edge = self.mesh.height / self.mesh.smallest_edge
        system.ends.fill(0.0)
        for end, (mask, _) in enumerate(self._ends.values()):
            for flux, (field, factor) in enumerate(((lithium, tau / edge), (current, 1.0 / edge))):
                upward = np.asarray(field.value, dtype=np.float64)[-1, mask] * factor
                system.ends[end, flux, 1:-1, 1:-1] = upward.reshape(self.mesh.shape[1:])

    def destroy(self) -> None:
        """FiPy keeps nothing that has to be freed."""
