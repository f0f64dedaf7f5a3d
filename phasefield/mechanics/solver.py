"""Displacement of the nodes in quasi-static equilibrium, and the history of a viscoplastic metal.

    sum over cells of (V B^T sigma + mu G^T H G u) = f        at every free component of every node
    f: pressure on the top face, spread evenly; nothing on free faces

Newton's method with the consistent tangent; each linear system by conjugate gradients with a geometric multigrid cycle
(mechanics.plate, without a plate). Residuals are in double precision, the tangent and the cycle in single: they
multiply corrections. Time is stepped by backward Euler, its error half the change of the flow's rate over a step.

Lengths are in the finest edge of a cell, forces in the stiffest phase's modulus times its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import voxel_laws, voxels
from ramify.phasefield.mechanics.element import Brick
from ramify.phasefield.mechanics.nodes import NodeBox
from ramify.phasefield.mechanics.plate import PlateKrylov
from ramify.phasefield.mechanics.problem import MechanicsNumerics, Phases, Supports
from ramify.phasefield.problem import SpatialFunction
from ramify.physics.mechanics import pressure, von_mises

PREFIX = "mechanics_"
SHORTEST = 1e-7
"""Of a time span: steps shorter than this are given up."""
FINEST, COARSEST = 1e-5, 1e-2
"""Bounds of the relative residual asked of a linear system."""


class MechanicsFailure(RuntimeError):
    """Equilibrium was not found; the message says how far it came."""


@dataclass
class Effort:
    """What a span of time took."""

    steps: int = 0
    newton_iterations: int = 0
    krylov_iterations: int = 0
    error: float = 0.0
    """Largest estimated error of the flow in a step [-]."""
    residual: float = 0.0
    """Out-of-balance force over the forces in the body, at the end."""


class VoxelSolver:
    """Mechanics of one mesh.

    Parameters
    ----------
    grid
        The mesh.
    phases, supports, numerics
        What to solve.
    width
        The length l of the metal's diffuse surface [m].
    prescribed
        Nodes held besides those of the supports, a function of their coordinates x, y, z [m] that gives truth values;
        their displacement is set in `displacement`.
    """

    def __init__(
        self,
        grid: Grid,
        phases: Phases,
        supports: Supports,
        width: float,
        numerics: MechanicsNumerics | None = None,
        prescribed: SpatialFunction | None = None,
    ) -> None:
        self.grid, self.phases, self.supports = grid, phases, supports
        self.numerics = numerics or MechanicsNumerics()
        self.box = NodeBox.of(grid)
        edges = [h for h, n in zip(grid.domain.spacing, grid.domain.cells, strict=True) if n > 1]
        self.finest = min(edges, default=grid.domain.spacing[2])
        """Unit of length [m]."""
        solids = [phases.metal.elasticity, phases.medium, *([phases.host] if phases.host else [])]
        self.stiffest = max(solid.uniaxial_modulus for solid in solids)
        """Unit of stress in the linear systems [Pa]."""
        self._law = phases.metal.parameters
        self._medium = (phases.medium.bulk_modulus, phases.medium.shear_modulus)
        self._host = (phases.host.bulk_modulus, phases.host.shear_modulus) if phases.host else (0.0, 0.0)
        self.brick = Brick.of(self.box.spacing)
        shape = self.box.shape
        self.displacement = np.zeros((*shape, 3))
        """Node array, in units of `finest`."""
        self.load = np.zeros((*shape, 3))
        """Forces on the nodes besides the top's pressure, in `stiffest` times `finest` squared."""
        hx, hy, hz = self.grid.domain.spacing
        self._layer = (width, 1.0 / hx, 1.0 / hy, 1.0 / hz)
        self.fixed = self._supported()
        if prescribed is not None:
            self.fixed |= np.asarray(prescribed(*self.nodes()), bool)[..., None]
        self.xi, self.host = np.zeros(shape), np.zeros(shape)
        self.normal = np.zeros((*shape, 3))
        self.strain, self.stress = np.zeros((*shape, 6)), np.zeros((*shape, 6))
        self.inelastic, self.resistance = np.zeros((*shape, 6)), np.full(shape, phases.metal.resistance)
        """Eigenstrain and flow of the metal; its resistance [Pa]."""
        self._new_inelastic, self._new_resistance = np.zeros((*shape, 6)), np.zeros(shape)
        self._flow, self.rate = np.zeros(shape), np.zeros(shape)
        """Flow of a step [-]; its rate at the end of the last one [1/s]."""
        self.place_strain = np.zeros((*shape, 6))
        self.traction = np.zeros(shape)
        """Normal traction -n.sigma.n [Pa] that the metal carries at its surface; zero away from it."""
        self.forces = np.zeros((*shape, 3))
        self.linear = PlateKrylov(grid, self.box, self.brick, self.fixed, False, PREFIX)
        self.multigrid = self.linear.multigrid
        self.next_step = np.inf

    def nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Broadcastable coordinates x, y, z [m] of the nodes of a node array."""
        x, y, z = (corners for corners in self.grid.corners())
        return x[:, :, :-1], y[:, :-1], z[:-1]

    def _supported(self) -> np.ndarray:
        """Components that the supports hold; sets the displacement of a held top."""
        box, fixed = self.box, np.zeros((*self.box.shape, 3), bool)
        if self.supports.lateral == "symmetric":
            for axis in (0, 1):
                layers = np.moveaxis(fixed[..., axis], 2 - axis, 0)
                if box.start[axis] == 0 and not box.periodic[axis]:
                    layers[1] = True
                if box.holds_end(axis):
                    layers[-1] = True
        if self.grid.domain.cells[1] == 1:
            fixed[..., 1] = True  # plane strain
        if self.grid.domain.cells[0] == 1:
            fixed[..., 0] = True
        if box.start[2] == 0 and self.supports.bottom == "bonded":
            fixed[1] = True
        if box.start[2] == 0 and self.supports.bottom == "sliding":
            fixed[1, ..., 2] = True
        if box.holds_end(2) and self.supports.top == "held":
            fixed[-1, ..., 2] = True
            self.displacement[-1, ..., 2] = self.supports.top_displacement / self.finest
        box.halo.exchange(fixed)
        return fixed

    # ------------------------------------------------------------------ geometry

    def set_cells(self, xi: np.ndarray, host: np.ndarray | None = None) -> None:
        """Take the metal fraction of the pores and the host's fraction of the cells; ghosts of `xi` filled."""
        np.clip(xi, 0.0, 1.0, out=self.xi)
        if host is not None:
            np.copyto(self.host, host)
        hx, hy, hz = self.grid.domain.spacing
        voxel_laws.set_normals(self.xi, (1.0 / hx, 1.0 / hy, 1.0 / hz), self.normal)
        self.box.halo.exchange(self.xi, self.host, self.normal)

    # ------------------------------------------------------------------ equilibrium

    def _evaluate(self, duration: float) -> None:
        """Strain, stress, tangent and new history at the present displacement."""
        self.box.halo.exchange(self.displacement)
        voxels.mean_strains(self.displacement, self.brick.strain, self.box.first, self.strain)
        voxel_laws.evaluate_cells(
            self.strain,
            self.xi,
            self.host,
            self.normal,
            self.inelastic,
            self.resistance,
            duration,
            self._law,
            self._medium,
            self.phases.mixture == "voxels",
            self._host,
            1.0 / self.stiffest,
            self._layer,
            self.box.first,
            self.stress,
            self.multigrid.tangent,
            self.multigrid.stabiliser,
            self._new_inelastic,
            self._new_resistance,
            self._flow,
            self.traction,
            self.place_strain,
        )

    def _residual(self, pressure: float) -> tuple[np.ndarray, float]:
        """Out-of-balance forces of the owned nodes, zero where held; and their norm over the forces in the body."""
        owned, brick = self.box.owned, self.brick
        scaled = self.stress * (1.0 / self.stiffest)
        voxels.internal_forces(
            self.displacement, scaled, self.multigrid.stabiliser, brick.strain, brick.amplitudes, brick.hourglass,
            brick.volume, self.box.first, self.forces,
        )  # fmt: skip
        residual = self.load[owned] - self.forces[owned]
        if self.box.holds_end(2) and self.supports.top == "loaded":
            residual[-1, ..., 2] -= pressure / self.stiffest * self._top_areas()
        residual[self.fixed[owned]] = 0.0
        body = brick.volume * np.sqrt(voxel_laws.sum_squares(scaled))
        sums = self.grid.sums(np.array([float((residual**2).sum()), body**2]))
        return residual, float(np.sqrt(sums[0] / sums[1])) if sums[1] > 0.0 else (1.0 if sums[0] > 0.0 else 0.0)

    def _top_areas(self) -> np.ndarray:
        """Areas of the top face that the owned nodes carry."""
        hx, hy, _ = self.brick.spacing
        areas = []
        for axis, edge in ((1, hy), (0, hx)):
            count = self.displacement[self.box.owned].shape[2 - axis]
            share = np.full(count, edge)
            if self.box.start[axis] == 0 and not self.box.periodic[axis]:
                share[0] *= 0.5
            if self.box.holds_end(axis):
                share[-1] *= 0.5
            areas.append(share)
        return np.outer(areas[0], areas[1])

    def equilibrate(self, duration: float, pressure: float, effort: Effort) -> bool:
        """Newton's method for one step of time; whether it converged. The history is not advanced."""
        numerics, owned = self.numerics, self.box.owned
        before, previous, damping = self.displacement.copy(), np.inf, 1.0
        self._evaluate(duration)
        residual, size = self._residual(pressure)
        for _ in range(numerics.newton_iterations):
            effort.residual = size
            if size <= numerics.tolerance:
                return True
            if not np.isfinite(size) or size > 1e6:
                break
            self.linear.update()
            accuracy = min(max(0.3 * numerics.tolerance / size, FINEST), COARSEST)
            step, iterations = self.linear.solve(residual, accuracy, numerics.krylov_iterations)
            effort.krylov_iterations += iterations
            effort.newton_iterations += 1
            start, previous, damping = self.displacement[owned].copy(), size, 1.0
            while True:
                self.displacement[owned] = start + damping * step
                self._evaluate(duration)
                residual, size = self._residual(pressure)
                # Far from equilibrium the body's forces themselves change: only a clear growth is refused.
                if size <= 1.5 * previous or damping < 0.1 or previous >= 1.0:
                    break
                damping *= 0.5
        self.displacement[:] = before
        return False

    def commit(self, duration: float) -> None:
        """Make the history of the step just solved the present one."""
        self.inelastic, self._new_inelastic = self._new_inelastic, self.inelastic
        self.resistance, self._new_resistance = self._new_resistance, self.resistance
        self.box.halo.exchange(self.inelastic, self.resistance)
        if duration > 0.0:
            np.divide(self._flow, duration, out=self.rate)

    def advance(self, duration: float, pressure: float = 0.0) -> Effort:
        """Equilibrium after a span of time [s] under a pressure [Pa] on the top, in as many steps as the flow needs.

        Raises
        ------
        MechanicsFailure
            If a step cannot be solved however short.
        """
        effort, done = Effort(), 0.0
        flows = self.phases.metal.rate > 0.0 and duration > 0.0
        while True:
            left = duration - done
            step = min(self.next_step, left) if flows else left
            step = left if step > 0.7 * left else step
            if not self.equilibrate(step, pressure, effort):
                if not flows or step < SHORTEST * duration:
                    raise MechanicsFailure(
                        f"out-of-balance forces of {effort.residual:.1e} of those in the body after "
                        f"{effort.newton_iterations} Newton iterations; more than {self.numerics.tolerance:.1e}"
                    )
                self.next_step = 0.25 * step
                continue
            error = self._flow_error(step) if flows else 0.0
            if flows:
                grow = 0.9 * np.sqrt(self.numerics.strain_tolerance / max(error, 1e-30))
                self.next_step = step * min(max(grow, 0.2), 3.0)
                if error > 2.0 * self.numerics.strain_tolerance and step > SHORTEST * duration:
                    continue
            effort.error = max(effort.error, error)
            effort.steps += 1
            self.commit(step)
            done += step
            if done >= duration * (1.0 - 1e-12):
                return effort

    def _flow_error(self, step: float) -> float:
        """Largest error of the flow in cells that are mostly metal: half the change of its rate, times the step."""
        metal = (self.xi[OWNED] * (1.0 - self.host[OWNED])) > 0.5
        change = np.where(metal, np.abs(self._flow[OWNED] - step * self.rate[OWNED]), 0.0)
        return 0.5 * self.grid.max(float(change.max(initial=0.0)))

    # ------------------------------------------------------------------ fields

    def pressure(self) -> np.ndarray:
        """-tr(sigma)/3 [Pa] of the owned cells."""
        return np.asarray(pressure(self.stress[OWNED]))

    def von_mises(self) -> np.ndarray:
        """Von Mises stress [Pa] of the owned cells."""
        return np.asarray(von_mises(self.stress[OWNED]))

    def gather_displacement(self) -> np.ndarray | None:
        """Displacement of all nodes (z, y, x, 3) on rank 0, in units of `finest`; None on the others."""
        return self.box.gather(self.displacement)

    def scatter_displacement(self, whole: np.ndarray | None) -> None:
        """What `gather_displacement` returned, from rank 0 to the nodes."""
        self.box.scatter(whole, self.displacement)

    def free(self) -> None:
        """Free the PETSc objects."""
        self.linear.free()
