"""Velocity of creeping metal with voids: quasi-static, incompressible, without elastic strain.

    div sigma = 0,   sigma of the strain rate sym(grad u) (kernels.creep)      in the whole box, metal and voids
    z = 0: collector under the mean pressure p; a rigid plate that moves along z, or p spread evenly
    z = H: solid electrolyte, u_z = 0; bonded (u = 0) or sliding          sides: planes of symmetry, or periodic

The velocity is a function of the shape of the voids and the pressure alone. Voids are a metal of `softness` times the
viscosity, and nothing at the contact: metal slides or sticks there, a void's face is free. Contact is taken to be
compressive; its stress tells (`Creep.contact_pressure`). The metal's share in mechanics is that of a profile as thin as
the cells resolve: sums over cells of a profile of 0.35 of them are right to 1e-3.

Newton's method, with the law linearised in the stress; the metal's pressure is a multiplier per cell, renewed after
every step of it (augmented Lagrangian: the linear systems then hold a bulk viscosity of 30 times the shear viscosity
and not an infinite one, which conjugate gradients could not bear). A first solution starts from a metal of linear
creep, others from the last.

Lengths are in the finest edge of a cell, stresses in the pressure, rates in that of creep under such a stress.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import Grid
from ramify.phasefield.kernels import creep as kernels
from ramify.phasefield.kernels import front, voxel_laws, voxels
from ramify.phasefield.mechanics.element import Brick
from ramify.phasefield.mechanics.nodes import NodeBox
from ramify.phasefield.mechanics.plate import PlateKrylov
from ramify.phasefield.mechanics.solver import MechanicsFailure
from ramify.phasefield.voids.creep_problem import CreepNumerics, CreepSupports
from ramify.physics.creep import creep_rate
from ramify.physics.viscoplasticity import ViscoplasticLaw

PREFIX = "creep_"
MECHANICAL_WIDTH = 0.35
"""Width of the metal's profile in mechanics, in cells, where that of xi is larger: the error goes with its square."""


@dataclass
class CreepEffort:
    """What a velocity took."""

    newton_iterations: int = 0
    krylov_iterations: int = 0
    residual: float = 0.0
    """Out-of-balance force over the forces in the body, at the end."""


class CreepFlow:
    """Velocity field on one mesh.

    Parameters
    ----------
    grid
        The mesh.
    law
        Of the metal; its steady creep is used.
    width
        The length l of the voids' diffuse surface [m].
    """

    def __init__(
        self,
        grid: Grid,
        law: ViscoplasticLaw,
        width: float,
        supports: CreepSupports | None = None,
        numerics: CreepNumerics | None = None,
    ) -> None:
        if law.rate <= 0.0:
            raise ValueError("a metal that does not flow has no creep")
        self.grid, self.law = grid, law
        self.supports, self.numerics = supports or CreepSupports(), numerics or CreepNumerics()
        self.box = NodeBox.of(grid)
        edges = [h for h, n in zip(grid.domain.spacing, grid.domain.cells, strict=True) if n > 1]
        self.finest = min(edges, default=grid.domain.spacing[2])
        """Unit of length [m]."""
        self._width = width
        self._sharpness = max(width / (MECHANICAL_WIDTH * self.finest), 1.0)
        self.brick = Brick.of(self.box.spacing)
        shape = self.box.shape
        self.velocity, self.motion = np.zeros((*shape, 3)), np.zeros((*shape, 3))
        """Of the nodes (z, y, x, 3), ghosts filled: in [m/s], and in the units of the solution."""
        self.multiplier, self.flow = np.ones(shape), np.zeros((*shape, 7))
        """Of the cells, over the pressure: P, the pressure of dense metal, and the flow stress t (kernels.creep)."""
        self._warm = False
        """Whether these are those of a solution. In its units that of a power law is the same under all pressures."""
        self.load = np.zeros((*shape, 3))
        """Forces on the nodes besides the collector's [N]; ghosts are not used."""
        self.xi, self._porous, self._forces = np.zeros(shape), np.zeros(shape), np.zeros((*shape, 3))
        """Metal share in mechanics, how easily its pores close; work array."""
        self.strain_rate, self.stress = np.zeros((*shape, 6)), np.zeros((*shape, 6))
        """Of the cells, in the units of the last solution."""
        self.resistance = np.full(shape, law.resistance)
        """S of the cells [Pa], ghosts filled: of a law that does not harden; one that does is saturated."""
        self.fixed = self._held()
        self.linear = PlateKrylov(grid, self.box, self.brick, self.fixed, self.supports.plate == "rigid", PREFIX)
        self.units = (0.0, 0.0)
        """Reference stress [Pa] and rate [1/s] of the last solution."""
        self._parameters = law.parameters
        hardens = law.hardening > 0.0
        self._sensitivity = law.sensitivity + (law.saturation_exponent if hardens else 0.0)
        """1/N of steady creep, that of the power form."""

    def _held(self) -> np.ndarray:
        """Components that do not move, node array."""
        box, fixed = self.box, np.zeros((*self.box.shape, 3), bool)
        for axis in (0, 1):
            layers = np.moveaxis(fixed[..., axis], 2 - axis, 0)
            if box.start[axis] == 0 and not box.periodic[axis]:
                layers[1] = True
            if box.holds_end(axis) and self.supports.sides == "symmetric":
                layers[-1] = True
            if self.grid.domain.cells[axis] == 1:
                fixed[..., axis] = True  # plane strain
        if box.start[2] == 0 and self.supports.collector == "bonded":
            fixed[1, ..., :2] = True
        if box.holds_end(2):
            fixed[-1, ..., 2] = True
            fixed[-1, ..., :2] |= self.supports.contact == "bonded"
        box.halo.exchange(fixed)
        return fixed

    # ------------------------------------------------------------------ equilibrium

    def solve(self, xi: np.ndarray, pressure: float) -> CreepEffort:
        """The velocity for a metal share of the cells (ghosts filled) and a mean pressure on the collector [Pa].

        Raises
        ------
        MechanicsFailure
            If the forces do not come into balance.
        """
        self._set_shares(xi)
        self.linear.forget()
        effort = CreepEffort()
        if pressure <= 0.0:
            self.units = (0.0, 0.0)
            self.velocity[:] = 0.0
            return effort
        self.units = (pressure, creep_rate(self.law, pressure))
        if not (self._converges(effort) or (self._warm and self._start_again() and self._converges(effort))):
            raise MechanicsFailure(
                f"creep: out-of-balance forces of {effort.residual:.1e} of those in the body after "
                f"{effort.newton_iterations} Newton iterations; more than {self.numerics.tolerance:.1e}"
            )
        self._warm = True
        self._hold_still()
        np.multiply(self.motion, self.finest * self.units[1], out=self.velocity)
        return effort

    def _hold_still(self) -> None:
        """Take out the mean motion along periodic axes on which nothing holds the metal: none of the forces sets it."""
        supports, owned = self.supports, self.box.owned
        if "bonded" in (supports.collector, supports.contact):
            return
        for axis in (0, 1):
            if self.box.periodic[axis] and self.grid.domain.cells[axis] > 1:
                along = self.motion[owned][..., axis]
                total, nodes = self.grid.sums(np.array([float(along.sum()), float(along.size)]))
                self.motion[..., axis] -= total / nodes

    def resume(self, pressure: float) -> None:
        """Take motion, flow stress and multiplier, set by hand, for those of a solution under a pressure [Pa]."""
        self._warm = True
        if pressure > 0.0:
            self.units = (pressure, creep_rate(self.law, pressure))

    def _set_shares(self, xi: np.ndarray) -> None:
        """What the cells are to mechanics; ghosts of `xi` filled."""
        distance, edges = np.empty_like(xi), self.grid.domain.spacing
        front.signed_distance(xi, distance)
        hx, hy, hz = (0.5 * self._width / h for h in edges)
        plane = self.grid.domain.dimension < 3
        kernels.set_shares(xi, distance, (hx, hy, hz), self._sharpness, self._sensitivity, plane, self.xi, self._porous)
        self.box.halo.exchange(self.xi, self._porous)

    def _start_again(self) -> bool:
        """Forget the last solution; true, for `solve`."""
        self.motion[:], self.flow[:], self.multiplier[:] = 0.0, 0.0, 1.0
        return True

    def _converges(self, effort: CreepEffort) -> bool:
        """Whether the iteration does; numbers beyond single precision end it too."""
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                return self._iterate(effort)
        except (ValueError, np.linalg.LinAlgError):
            return False

    def _iterate(self, effort: CreepEffort) -> bool:
        """Newton's method on motion, flow stress and multiplier; whether it converged."""
        numerics, owned = self.numerics, self.box.owned
        load = self._load()
        residual, effort.residual = self._evaluate(load)
        for _ in range(numerics.newton_iterations):
            if effort.residual <= numerics.tolerance or not np.isfinite(effort.residual):
                break
            self.linear.update()
            step, count = self.linear.solve(residual, numerics.krylov_accuracy, numerics.krylov_iterations)
            effort.newton_iterations += 1
            effort.krylov_iterations += count
            self.motion[owned] += step
            residual, effort.residual = self._evaluate(load)
        return effort.residual <= numerics.tolerance

    def _evaluate(self, load: np.ndarray) -> tuple[np.ndarray, float]:
        """Out-of-balance forces of the owned nodes once the cells follow the motion; their norm over the body's."""
        owned, brick, fine = self.box.owned, self.brick, self.linear.multigrid
        self.box.halo.exchange(self.motion)
        voxels.mean_strains(self.motion, brick.strain, self.box.first, self.strain_rate)
        kernels.evaluate_flow(
            self.strain_rate, self.xi, self._porous, self._parameters, self.resistance, self.units,
            self.numerics.newtonian, self.numerics.softness, self.grid.domain.dimension < 3, self.box.first,
            self.flow, self.multiplier, self.stress, fine.tangent, fine.stabiliser,
        )  # fmt: skip
        voxels.internal_forces(
            self.motion, self.stress, fine.stabiliser, brick.strain, brick.amplitudes, brick.hourglass, brick.volume,
            self.box.first, self._forces,
        )  # fmt: skip
        residual = np.where(self.fixed[owned], 0.0, load - self._forces[owned])
        self.linear.tie(residual)
        body = brick.volume * np.sqrt(voxel_laws.sum_squares(self.stress))
        sums = self.grid.sums(np.array([float((residual**2).sum()), body**2]))
        return residual, float(np.sqrt(sums[0] / sums[1])) if sums[1] > 0.0 else float(sums[0] > 0.0)

    def _load(self) -> np.ndarray:
        """Forces on the owned nodes, over the reference stress and the finest edge squared."""
        scale = 1.0 / (self.units[0] * self.finest * self._depth())
        load = self.load[self.box.owned] * scale
        if self.box.start[2] == 0:
            load[0, ..., 2] += self._areas()
        return load

    def _depth(self) -> float:
        """Length of a missing axis over its thickness in the elements, times the finest edge [m]."""
        hx, hy, _ = self.grid.domain.spacing
        bx, by, _ = self.box.spacing
        return hx * hy / (bx * by * self.finest)

    def _areas(self) -> np.ndarray:
        """Areas of the collector that its owned nodes carry, over the finest edge squared."""
        areas = []
        for axis in (1, 0):
            count = self.velocity[self.box.owned].shape[2 - axis]
            share = np.full(count, self.box.spacing[axis])
            if self.box.start[axis] == 0 and not self.box.periodic[axis]:
                share[0] *= 0.5
            if self.box.holds_end(axis):
                share[-1] *= 0.5
            areas.append(share)
        return np.outer(areas[0], areas[1])

    def free(self) -> None:
        """Free the PETSc objects."""
        self.linear.free()
