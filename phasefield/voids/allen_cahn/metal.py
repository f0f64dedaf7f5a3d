"""A metal electrode with voids by the published Allen-Cahn model, driven as `VoidMetal` is.

Equations: physics.void_allen_cahn; no flux of xi through any face; lithium enters and leaves through the contact, and
at the back face where it is a sink of vacancies (y = 0 there). The published model has neither sinks in the bulk nor
births: vacancies gather until they make the phase field yield.

One step is a diagonally implicit Runge-Kutta method of two stages, of second order and L-stable,

    U1 = U + c dt R(U1),      U2 = U + (1 - c) dt R(U1) + c dt R(U2),      c = 1 - 1/sqrt(2)

and the difference of the two rates is its error. The lithium of each cell is carried as its balance has it: that of xi
and y is the same to the solver's tolerance, and nothing drifts.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels.void_allen_cahn import LARGEST_EXPONENT
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem
from ramify.phasefield.voids.allen_cahn.stage import Solution, Stage
from ramify.phasefield.voids.contact_problem import ContactComposition
from ramify.phasefield.voids.ledger import MetalLedger
from ramify.phasefield.voids.metal import Advance, MetalState, StepLimits, inner_faces
from ramify.phasefield.voids.vacancies import Fluxes
from ramify.physics.constants import FARADAY
from ramify.physics.interface import equilibrium_profile

DIAGONAL = 1.0 - 1.0 / math.sqrt(2.0)
"""c."""
MIDDLE = 4.0
"""In the middle of the surface a change of xi is a displacement over 4 l."""
SMALLEST_SHARE = 1e-3
"""Metal share h of a contact cell below which no current is led into it."""


@dataclass(frozen=True)
class AllenCahnState(MetalState):
    """`MetalState` with the fields that this model integrates."""

    y: np.ndarray | None = None
    """ln s, ghosted."""
    lithium: np.ndarray | None = None
    """h theta of each cell by its balance, ghosted."""
    tension: np.ndarray | None = None
    """What mean stress adds to y in the potential of the vacancies, ghosted; None without."""


class AllenCahnMetal:
    """The published metal half of `model: voids` on one grid.

    Parameters
    ----------
    grid
        Of the metal alone: its last layer touches the electrolyte.
    problem
        Its domain is the grid's.
    """

    def __init__(self, grid: Grid, problem: AllenCahnProblem) -> None:
        self.grid, self.problem = grid, problem
        self.stage = Stage(grid, problem, inner_faces(grid))
        self._finest = min(h for h, n in zip(problem.domain.spacing, problem.domain.cells, strict=True) if n > 1)

    # ------------------------------------------------------------------ state

    def initial_state(self) -> AllenCahnState:
        """The metal with its prescribed voids at time zero, vacancies at equilibrium."""
        x, y, z = self.grid.centres()
        xi = self.grid.zeros()
        xi[:] = equilibrium_profile(self.problem.geometry.metal_distance(x, y, z), self.problem.interface.width)
        start = self.grid.zeros()
        return AllenCahnState(0.0, xi, self.grid.zeros(), y=start, lithium=self.stage.lithium(xi, start))

    def contact_fraction(self, state: MetalState) -> np.ndarray:
        """h (ny, nx) at this rank's share of the contact plane, zero where no current may pass."""
        if not self.grid.at_top:
            return np.zeros(self.grid.shape[1:])
        part = fields_of(state)[1][-2, 1:-1, 1:-1]
        return np.where(part > SMALLEST_SHARE, part, 0.0)

    def contact_supersaturation(self, state: MetalState, contact_current: np.ndarray) -> np.ndarray:
        """s (ny, nx) on the contact plane itself, 1 where there is no metal."""
        if not self.grid.at_top:
            return np.ones(self.grid.shape[1:])
        y, part, transport = fields_of(state)[0], self.contact_fraction(state), self.problem.transport
        slope = -contact_current * transport.molar_volume / (FARADAY * transport.diffusivity * np.maximum(part, 0.5))
        return np.where(part > 0.0, np.exp(y[-2, 1:-1, 1:-1] + 0.5 * self.problem.domain.spacing[2] * slope), 1.0)

    def contact_composition(self, state: MetalState) -> ContactComposition | None:
        """None: the contact is pure lithium."""
        del state
        return None

    def magnesium_moles(self, state: MetalState) -> float:
        """None of it."""
        del state
        return 0.0

    def void_volume(self, state: MetalState) -> float:
        """Volume without lithium [m^3], which is what the books of lithium count."""
        return self.grid.sum(float(np.sum(1.0 - fields_of(state)[1][OWNED]))) * self.problem.domain.cell_volume

    def fields(self, state: MetalState) -> dict[str, np.ndarray | None]:
        """Metal xi and supersaturation s as (nz, ny, nx) on rank 0; None elsewhere."""
        return {"xi": self.grid.gather(state.xi), "s": self.grid.gather(1.0 + state.excess)}

    # ------------------------------------------------------------------ one step

    def advance(self, state: MetalState, dt: float, contact_current: np.ndarray) -> Advance:
        """One step of `dt` seconds under the current density (ny, nx) of the contact's faces, positive for plating.

        Raises
        ------
        SolverFailure
            Where Newton's method does not converge.
        """
        y, lithium = fields_of(state)
        self.stage.tension = _tension_of(state)
        source, hz = np.zeros(self.grid.shape), self.problem.domain.spacing[2]
        if self.grid.at_top:
            source[-1] = contact_current * self.problem.transport.molar_volume / (FARADAY * hz)
        time = DIAGONAL * dt
        first = self._solve(state.time, (state.xi, y), (state.xi, lithium), time, source)
        brought, back = self.stage.gained(first.xi, first.y, time)
        share = (1.0 - DIAGONAL) / DIAGONAL
        xi_base, m_base = state.xi + share * (first.xi - state.xi), lithium.copy()
        m_base[OWNED] += share * brought
        self.grid.halo.exchange(m_base)
        second = self._solve(state.time, (first.xi, first.y), (xi_base, m_base), time, source)
        later, back_later = self.stage.gained(second.xi, second.y, time)
        m_base[OWNED] += later
        self.grid.halo.exchange(m_base)
        left = share * back + back_later
        # rates times dt, whose difference is of second order in the step
        change = (first.xi - state.xi) / DIAGONAL - (second.xi - xi_base) / DIAGONAL
        return self._judge(state, dt, second, m_base, contact_current, left, 0.5 * DIAGONAL * change)

    def _solve(
        self,
        now: float,
        start: tuple[np.ndarray, np.ndarray],
        base: tuple[np.ndarray, np.ndarray],
        time: float,
        source: np.ndarray,
    ) -> Solution:
        found = self.stage.solve(start, base, time, source)
        if not found.converged:
            raise SolverFailure(
                "Newton's method did not converge for metal fraction and vacancies",
                field="xi",
                place=None,
                time=now,
                remedy="more cells across the surface, or interpolation: quintic",
            )
        return found

    def _judge(
        self,
        state: MetalState,
        dt: float,
        end: Solution,
        lithium: np.ndarray,
        contact_current: np.ndarray,
        left: float,
        change: np.ndarray,
    ) -> Advance:
        numerics, domain = self.problem.numerics, self.problem.domain
        to_cells = MIDDLE * self.problem.interface.width / self._finest
        error, motion = (to_cells * self.grid.max(float(np.abs(a[OWNED]).max())) for a in (change, end.xi - state.xi))
        before = fields_of(state)[1]
        hx, hy, _ = domain.spacing
        to_moles = domain.cell_volume / self.problem.transport.molar_volume
        current = float(np.sum(contact_current)) if self.grid.at_top else 0.0
        sizes = float(np.abs((lithium - before)[OWNED]).sum())
        injected, gone, gained, moved = self.grid.sums(
            np.array(
                [
                    -current * hx * hy / FARADAY,
                    left * to_moles / dt,
                    float(np.sum((before - lithium)[OWNED])) * to_moles,
                    sizes * to_moles / dt,
                ]
            )
        )
        fluxes = Fluxes(float(injected), float(injected - gone), 0.0, float(gone), float(moved))
        step = MetalLedger.of_step(dt, fluxes, float(gained), float(moved) * dt, 0.0)
        limits = StepLimits(
            motion=dt * numerics.front_motion / motion if motion > 0.0 else math.inf,
            error=0.9 * dt * math.sqrt(numerics.time_tolerance / error) if error > 0.0 else math.inf,
        )
        result = AllenCahnState(
            state.time + dt, end.xi, excess_of(end.y), state.ledger.plus(step), y=end.y, lithium=lithium,
            tension=_tension_of(state),
        )  # fmt: skip
        return Advance(result, error, motion, limits, fluxes, step)

    # ------------------------------------------------------------------ restart

    def save(self, state: MetalState) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        y, lithium = fields_of(state)
        given, tension = {"xi": state.xi, "y": y, "lithium": lithium}, _tension_of(state)
        if tension is not None:
            given["tension"] = tension
        return {
            "arrays": {name: self.grid.gather(a) for name, a in given.items()},
            "names": list(given),
            "time": state.time,
            "ledger": asdict(state.ledger),
        }

    def load(self, saved: dict[str, Any]) -> AllenCahnState:
        """The state that `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        plain = self.grid.comm.bcast({k: v for k, v in saved.items() if k != "arrays"} if root else None, root=0)
        arrays = {name: self.grid.zeros() for name in plain["names"]}
        for name, array in arrays.items():
            self.grid.scatter(saved["arrays"][name] if root else None, array)
            self.grid.fill_outer_ghosts(array)
        return AllenCahnState(
            plain["time"], arrays["xi"], excess_of(arrays["y"]), MetalLedger(**plain["ledger"]),
            y=arrays["y"], lithium=arrays["lithium"], tension=arrays.get("tension"),
        )  # fmt: skip

    def free(self) -> None:
        """Free the PETSc objects (the grid is the caller's)."""
        self.stage.free()


def fields_of(state: MetalState) -> tuple[np.ndarray, np.ndarray]:
    """Y and lithium of a state of this model."""
    assert isinstance(state, AllenCahnState) and state.y is not None and state.lithium is not None
    return state.y, state.lithium


def excess_of(y: np.ndarray) -> np.ndarray:
    """S - 1 of a field of y."""
    return np.asarray(np.expm1(np.minimum(y, LARGEST_EXPONENT)))


def _tension_of(state: MetalState) -> np.ndarray | None:
    assert isinstance(state, AllenCahnState)
    return state.tension
