"""Births of voids at sites, most of them on the contact plane, and the end of voids too small to show.

    threshold   a site turns into a void when s there reaches s_c
    classical   it does when its hazard, the integral of A0 exp(-DG*/kT) dt, reaches a number drawn once for each site
                from the unit exponential distribution; DG* = 16 pi gamma^3 Omega^2 f(theta)/(3 (RT ln s)^2), theta
                through the void (physics.classical_nucleation under physics.vacancies.driving_overpotential)

Nothing is drawn during a run: births depend neither on ranks, nor on rejected steps, nor on a restart. A void is born
as the smallest cap that the grid resolves, or of 1.2 times the critical radius 2 gamma Omega/(RT ln s) where that is
larger, so that it grows. What metal it displaces is booked (`MetalLedger.placed`), and so is what fills a void that has
shrunk until no cell is half empty. A site in a void waits until there is metal again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import band
from ramify.phasefield.voids.problem import MetalProblem
from ramify.phasefield.voids.shapes import Balls
from ramify.physics.classical_nucleation import critical_radius, site_rate
from ramify.physics.interface import equilibrium_profile
from ramify.physics.vacancies import driving_overpotential

WAITING, BORN = 0, 1
"""States of a site: in metal; its void is there, or another void has reached it."""
COVERED, BARE = 0.5, 0.95
"""Metal fractions of its cell below which a site is in a void, and above which one in a void waits again."""
SMALLEST_BIRTH = 3.0
"""Widths: least radius of a void that is born."""
SUPERCRITICAL = 1.2
"""Radius of a born void over the critical one at least."""
SHORTEST_WAIT = 0.05
"""Share of the step to which the next birth may shorten it."""
HALF_EMPTY, REMAINDER, TAIL = 0.5, 0.99, 6.0
"""A void's metal fraction somewhere; that up to which cells are part of a void; how far its tail reaches, in widths."""


@dataclass(frozen=True)
class Sites:
    """What is known of the sites, the same on every rank."""

    hazard: np.ndarray
    status: np.ndarray


class Nucleation:
    """The sites of one run; `problem.nucleation` must be given."""

    def __init__(self, grid: Grid, problem: MetalProblem) -> None:
        assert problem.nucleation is not None
        self.grid, self.problem, self.law = grid, problem, problem.nucleation
        self.places = np.asarray(self.law.positions, float).reshape(-1, 3)
        self.threshold = np.random.default_rng([self.law.seed, 1]).standard_exponential(len(self.places))
        spacing, counts = np.array(problem.domain.spacing), np.array(problem.domain.cells)
        index = np.clip((self.places / spacing).astype(int), 0, counts - 1)
        start, local = np.array(grid.start), np.array(grid.local)
        self._mine = np.flatnonzero(np.all((index >= start) & (index < start + local), axis=1))
        i, j, k = (index - start + 1)[self._mine].T
        self._cells = (k, j, i)
        self._outermost = index[self._mine, 2] == counts[2] - 1

    def begin(self, xi: np.ndarray) -> Sites:
        """All sites in metal wait."""
        _, metal = self._seen(np.ones(xi.shape), np.ones(self.grid.shape[1:]), xi)
        status = np.where(metal > COVERED, WAITING, BORN).astype(np.int8)
        return Sites(np.zeros(len(self.places)), status)

    def _seen(self, s: np.ndarray, contact: np.ndarray, xi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """s and metal fraction at every site; those in the outermost cells see the contact plane's s (ny, nx)."""
        whole = np.zeros((2, len(self.places)))
        k, j, i = self._cells
        whole[0, self._mine] = np.where(self._outermost, contact[j - 1, i - 1], s[k, j, i])
        whole[1, self._mine] = xi[k, j, i]
        seen, metal = self.grid.sums(whole)
        return seen, metal

    def _rate(self, s: np.ndarray) -> np.ndarray:
        """A [1/s] of every site."""
        transport = self.problem.transport
        rate = site_rate(
            driving_overpotential(s, transport.temperature),
            attempt_rate=self.law.rate,
            surface_energy=transport.surface_energy,
            molar_volume=transport.molar_volume,
            contact_angle=self.law.contact_angle,
            temperature=transport.temperature,
        )
        return np.asarray(rate)

    def advance(
        self, sites: Sites, s: np.ndarray, contact: np.ndarray, xi: np.ndarray, dt: float
    ) -> tuple[Sites, np.ndarray, float]:
        """Sites after a step, the metal with the voids born, and the longest next step [s].

        Parameters
        ----------
        s, contact
            Supersaturation of the cells (ghosted) and on the contact plane (ny, nx) at the end of the step.
        xi
            Metal fraction there; a new array is returned where voids are born.
        """
        seen, metal = self._seen(s, contact, xi)
        status = np.where((sites.status == BORN) & (metal > BARE), WAITING, sites.status)
        waiting = status == WAITING
        if self.law.law == "threshold":
            hazard, wait = sites.hazard, math.inf
            ripe = waiting & (seen >= self.law.threshold)
        else:
            rate = self._rate(seen)
            hazard = np.where(waiting, sites.hazard + rate * dt, 0.0)
            ripe = waiting & (hazard >= self.threshold)
            still = waiting & ~ripe & (rate > 0.0)
            due = ((self.threshold - hazard)[still] / rate[still]).tolist()
            wait = max(min(due, default=math.inf), SHORTEST_WAIT * dt)
        ripe &= metal > COVERED
        status = np.where(ripe | (metal <= COVERED), BORN, status).astype(np.int8)
        return Sites(hazard, status), self._place(xi, ripe, seen), wait

    def _place(self, xi: np.ndarray, ripe: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """The metal with a void at each ripe site."""
        if not ripe.any():
            return xi
        transport, width = self.problem.transport, self.problem.interface.width
        drive = driving_overpotential(seen[ripe], transport.temperature)
        critical = critical_radius(drive, transport.surface_energy, transport.molar_volume)
        planar = self.problem.domain.dimension < 3
        radii = np.maximum((0.5 if planar else 1.0) * SUPERCRITICAL * critical, SMALLEST_BIRTH * width)
        centres = self.places[ripe].copy()
        on_contact = centres[:, 2] >= self.problem.domain.size[2] * (1.0 - 1e-12)
        centres[on_contact, 2] += radii[on_contact] * math.cos(self.law.contact_angle)
        voids = Balls(centres, np.where(np.isfinite(radii), radii, SMALLEST_BIRTH * width), self.problem.domain, width)
        x, y, z = self.grid.centres()
        return np.asarray(np.minimum(xi, equilibrium_profile(-voids(x, y, z), width)))


def fill_remainders(grid: Grid, xi: np.ndarray, width: float, edge: float) -> np.ndarray:
    """The metal without voids that have no half empty cell any more, nor their tails; `xi` itself if there is none.

    Parameters
    ----------
    xi
        Metal fraction, ghosts filled.
    width, edge
        l and the finest cell edge [m].
    """
    numbers, count = number_components(grid, xi < REMAINDER)
    if count == 0:
        return xi
    alive = np.zeros(count + 1)
    alive[np.unique(numbers[OWNED][xi[OWNED] < HALF_EMPTY])] = 1.0
    alive = grid.sums(alive)
    alive[0] = 1.0
    if np.all(alive > 0.0):
        return xi
    dying = (alive[numbers] == 0.0).astype(np.uint8)
    spread = np.zeros_like(dying)
    for _ in range(math.ceil(TAIL * width / edge)):
        grid.fill_outer_ghosts(dying)
        band.spread_near(dying, spread)
        dying, spread = spread, dying
    filled = xi.copy()
    filled[OWNED][(dying[OWNED] > 0) & ((xi[OWNED] >= REMAINDER) | (alive[numbers[OWNED]] == 0.0))] = 1.0
    return filled
