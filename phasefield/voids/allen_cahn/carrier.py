"""Published voids in metal that creeps under stack pressure: what carries xi and lithium, and the metal's mean stress.

    d(xi)/dt = -div(xi v),   d(h theta)/dt = -div(h theta v),       v of voids.creep_flow

Both as fluxes between cells (kernels.carrying): what comes in through z = 0 is the lithium that the box gains, to
round-off. xi then follows its cell's lithium, or the order parameter's equation, which is to bring the two together,
would have no solution in a short step. It needs no regularisation: that equation keeps its profile.

The mean stress enters u (physics.void_allen_cahn) as h sigma, sigma that of metal: of the cells of the flow, averaged
over neighbours, since pressures of cells may alternate, and carried on from metal into voids. Metal which the published
h has made thinner by vacancies, uniformly, is dense to mechanics and has no pores.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import carrying as kernels
from ramify.phasefield.kernels import void_allen_cahn
from ramify.phasefield.mechanics.solver import MechanicsFailure
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.allen_cahn.metal import AllenCahnMetal, AllenCahnState, excess_of, fields_of
from ramify.phasefield.voids.creep import CreepVelocity, law_of
from ramify.phasefield.voids.creep_problem import StackCreep
from ramify.phasefield.voids.metal import Advance, MetalState
from ramify.physics import vacancy_stress
from ramify.physics import void_allen_cahn as laws
from ramify.physics.constants import GAS_CONSTANT

LARGEST_OUTFLOW = 0.4
"""Share of a cell that may flow out of it in a step."""
REACH = 6
"""Cells by which the stress of metal is carried on into voids."""
FAINT = 1e-3
"""Weight of a cell's stress for its neighbours, over that of their own."""
DENSE_SHARE = 0.8
"""Least metal share of a cell with which metal is dense: what is left of voids closes by its surface."""
DENSE = 4
"""Power of the metal's share by which a cell's stress counts as that of metal."""


@dataclass
class PhaseCarried:
    """What creep did in a step."""

    entered: float
    """Volume of lithium that came in through z = 0 [m^3]."""
    gained: float
    """Volume of lithium that the cells gained [m^3]."""


class PhaseCarrier:
    """Creep of the published voids' metal."""

    def __init__(self, metal: AllenCahnMetal, stack: StackCreep) -> None:
        self.grid, self.problem, self.metal = metal.grid, metal.problem, metal
        self.creep = CreepVelocity(metal.grid, law_of(stack), metal.problem.phase.width, stack.supports, stack.numerics)
        hx, hy, hz = metal.problem.domain.spacing
        self._inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)

    def press(self, state: MetalState, pressure: float, since: float) -> AllenCahnState:
        """Set velocity and stress of a state's metal; `pressure` and `since` as for `CreepVelocity.velocity`.

        The potential u of the vacancies stays, y follows: vacancies are quick.

        Raises
        ------
        MechanicsFailure
            If the forces do not come into balance.
        """
        assert isinstance(state, AllenCahnState)
        y, _ = fields_of(state)
        self._set_velocity(self._dense(state), pressure, since)
        tension = self._tension(state.xi)
        before = 0.0 if state.tension is None else state.tension
        y = y + before - tension
        return replace(state, y=y, excess=excess_of(y), tension=tension)

    def _set_velocity(self, share: np.ndarray, pressure: float, since: float) -> None:
        """Velocity of a metal share. Without void to speak of it may find no balance of forces: the metal is dense."""
        least = self.grid.min(float(share[OWNED].min()))
        try:
            if least < DENSE_SHARE:
                self.creep.velocity(share, pressure, since)
                return
        except MechanicsFailure:
            if least < 0.5:
                raise
        self.creep.velocity(np.ones_like(share), pressure, since)

    def longest_step(self) -> float:
        """As that of `CreepVelocity`, and such that no cell is emptied [s]."""
        x, y, z = self.creep.faces
        most = self.grid.max(kernels.largest_outflow(x, y, z, self._inverse))
        return min(self.creep.longest_step(), LARGEST_OUTFLOW / most if most > 0.0 else np.inf)

    def advance(self, state: MetalState, step: float, contact_current: np.ndarray) -> tuple[Advance, PhaseCarried]:
        """One step tried: that of the vacancies, then that of creep."""
        self.metal.stage.press(self.creep.pressure)
        advance = self.metal.advance(state, step, contact_current)
        result, entered, gained = self.carry(advance.result, step)
        return replace(advance, result=result), PhaseCarried(entered, gained)

    def keep(self, carried: object) -> None:
        """Nothing: the state holds it all."""

    def carry(self, state: MetalState, step: float) -> tuple[MetalState, float, float]:
        """The metal `step` seconds on; volumes of lithium that came in through z = 0, and that cells gained [m^3]."""
        assert isinstance(state, AllenCahnState)
        y, lithium = fields_of(state)
        faces, phase = self.creep.faces_in(self.creep.trend(step)), self.problem.phase
        xi, _ = self._carried(state.xi, faces, step)
        moved, entered = self._carried(lithium, faces, step)
        kind = laws.INTERPOLATIONS[phase.interpolation]
        void_allen_cahn.follow_lithium(xi, y, moved, kind, phase.vacancies)
        sums = self.grid.sums(np.array([entered, np.sum((moved - lithium)[OWNED])])) * self.problem.domain.cell_volume
        return replace(state, xi=xi, lithium=moved), float(sums[0]), float(sums[1])

    def _carried(self, given: np.ndarray, faces: list[np.ndarray], step: float) -> tuple[np.ndarray, float]:
        """A share of the cells after a step of Heun's method, ghosts filled; what came in through z = 0, in cells."""
        self.grid.fill_outer_ghosts(start := given.copy())
        once, first = carried(self.grid, start, faces, step)
        twice, second = carried(self.grid, once, faces, step)
        return 0.5 * (start + twice), 0.5 * (first + second)

    def _dense(self, state: AllenCahnState) -> np.ndarray:
        """The metal's share as mechanics sees it, ghosts filled."""
        phase, xi = self.problem.phase, state.xi.copy()
        if phase.interpolation == "published":
            y, _ = fields_of(state)
            drive = y if phase.stress_drive == "published" or state.tension is None else y + state.tension
            volume, temperature = self.problem.site
            void_allen_cahn.undo_thinning(xi, drive, GAS_CONSTANT * temperature / (volume * phase.well))
        self.grid.fill_outer_ghosts(xi)
        return xi

    def _tension(self, xi: np.ndarray) -> np.ndarray:
        """What the mean stress adds to y in u, ghosts filled."""
        flow, phase = self.creep.flow, self.problem.phase
        volume, temperature = self.problem.site
        weight, stress = self.grid.zeros(), self.grid.zeros()
        weight[OWNED] = np.maximum(flow.xi[OWNED], 0.0) ** DENSE
        stress[OWNED] = flow.stress[OWNED][..., :3].mean(axis=-1) * weight[OWNED]
        weight, stress = (spread(self.grid, average(self.grid, a)) for a in (weight, stress))
        mean = flow.units[0] * stress / np.maximum(weight, np.finfo(float).tiny)
        share = void_allen_cahn.shares(xi, laws.INTERPOLATIONS[phase.interpolation])
        tension = vacancy_stress.stress_potential(1.0, volume, phase.vacancy_volume, temperature) * share * mean
        self.grid.fill_outer_ghosts(tension)
        return tension

    def free(self) -> None:
        """Free the PETSc objects."""
        self.creep.free()


def carried(grid: Grid, a: np.ndarray, faces: list[np.ndarray], step: float) -> tuple[np.ndarray, float]:
    """A share of the cells, ghosts filled, after a step of Euler's method; what came in through z = 0, in cells."""
    slopes, out, entered = [grid.zeros() for _ in AXES], a.copy(), 0.0
    for axis, slope in zip(AXES, slopes, strict=True):
        kernels.set_slopes(a, axis, slope)
    grid.halo.exchange(*slopes)
    parts = zip(AXES, slopes, faces, grid.domain.spacing, strict=True)
    for number, (axis, slope, face, edge) in enumerate(parts):
        entered += kernels.carry(a, slope, face, axis, step / edge, number == 2 and grid.at_bottom, out)
    grid.fill_outer_ghosts(out)
    return out, entered


def average(grid: Grid, given: np.ndarray) -> np.ndarray:
    """A field averaged to the corners of the cells and back, in which nothing alternates from cell to cell."""
    a = given
    for axis, count in enumerate(grid.domain.cells[::-1]):
        if count == 1:
            continue
        grid.fill_outer_ghosts(a)
        moved = np.moveaxis(a, axis, 0)
        out = a.copy()
        np.moveaxis(out, axis, 0)[1:-1] = 0.25 * (moved[:-2] + moved[2:]) + 0.5 * moved[1:-1]
        a = out
    return a


def spread(grid: Grid, given: np.ndarray) -> np.ndarray:
    """A field plus faint copies of it in the cells around, fainter the farther they are."""
    a = given
    for _ in range(REACH):
        grid.fill_outer_ghosts(a)
        out = given.copy()
        out[OWNED] += FAINT * (
            a[:-2, 1:-1, 1:-1] + a[2:, 1:-1, 1:-1] + a[1:-1, :-2, 1:-1] + a[1:-1, 2:, 1:-1] + a[1:-1, 1:-1, :-2]
            + a[1:-1, 1:-1, 2:]
        )  # fmt: skip
        a = out
    return a
