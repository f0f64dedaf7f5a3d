"""Nuclei that appear during a run, carried below the grid's resolution until the phase field shows their surface.

Sites are points on bare conducting surfaces. Site n turns into a nucleus when its hazard, the integral of A(eta) dt
with the local overpotential eta = phi_s - phi_l (physics.classical_nucleation), exceeds a threshold drawn once from
the unit exponential distribution. Nothing is drawn during a run: births do not depend on ranks, on rejected steps or on
a restart. A site that growing metal covers is lost, one in the shadow of a neighbour sees less overpotential and waits.

A nucleus is a cap of radius r, from r* on. Less metal than a resolved cap needs rests in the phase field as a faint
spot on the wall, whose own reaction, the integral of w(xi)/l, is too small. The missing area

    a = max(0, A_cap(r) - integral of its w/l around the site),    dV(r)/dt = (Omega/F) i_n A_cap

reacts around the site, shared out as exp(-d/l) over the free cells, with the kinetics of any other surface, so that its
metal, salt and charge are those of the balances. What reacts there but is another body's does not count, and caps that
run into others lose what they cover (plating/crowding.py). The missing area fades out while the hemisphere of the same
volume grows from 4 l to 8 l, or when its surroundings react enough: then the phase field goes on alone.

When stripped, the missing area takes equal parts of the metal around, parted among nuclei by their volumes, until none
is left and the site is bare again. A nucleus that the phase field has carried goes back below the grid's resolution at
4 l: the field alone would keep a remainder that does not react. A lost site that is bared waits again, with the
threshold it had.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating.crowding import find_crowd
from ramify.phasefield.plating.surroundings import find_surroundings
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.classical_nucleation import (
    SIZE_CLASSES,
    cap_area,
    cap_radius,
    cap_volume,
    critical_radius,
    site_rate,
)
from ramify.physics.constants import FARADAY

if TYPE_CHECKING:
    from ramify.phasefield.plating.solver import PlatingSolver

WAITING, GROWING, GROWN, LOST = 0, 1, 2, 3
"""States of a site: bare; a nucleus below the grid's resolution; one that the phase field carries; covered."""
COVERED, BARE = 0.5, 0.05
"""Metal fractions of its cell: a waiting site is lost above the first, a lost one waits again below the second."""
BIRTHS = 0.1
"""Share of the waiting sites that a step may turn into nuclei; a single one always may."""
SHORTEST_WAIT = 0.05
"""Share of the step wished for to which births may shorten it: a burst need not be resolved better."""
SMALLEST_RADIUS = 3e-10
"""Of a nucleus [m], an atom's; more than r* only without surface energy."""
SLOWEST = 1e-15
"""Velocity of a surface of which only the direction is known [m/s]."""
RESOLVED = (4.0, 8.0)
"""Widths: radii of a hemisphere between which the missing area fades out and the phase field takes over.

Below the first, stripping gives a nucleus back.
"""
GONE = 0.02
"""Widths: radius of a hemisphere below which a stripped nucleus is no more."""
TAKEN = 0.5
"""Share of the metal around its site that a nucleus may lose in a step."""


class Nuclei:
    """Sites and nuclei of one run; what is known of them is the same on every rank.

    Parameters
    ----------
    grid, problem
        The run's; `problem.nucleation` must be given.
    pore
        Open fraction of the cells, ghosted.

    Raises
    ------
    ValueError
        Where a site has no open cell beside it.
    """

    def __init__(self, grid: Grid, problem: PlatingProblem, pore: np.ndarray) -> None:
        assert problem.nucleation is not None
        self.grid, self.problem, self.law = grid, problem, problem.nucleation
        self.planar = problem.domain.dimension == 2
        self.width = problem.interface.width
        self.places = np.asarray(self.law.positions, float).reshape(-1, 3)
        self.finest = min(h for h, n in zip(problem.domain.spacing, problem.domain.cells, strict=True) if n > 1)
        count = len(self.places)
        self.threshold = np.random.default_rng([self.law.seed, 1]).standard_exponential(count)
        self.hazard, self.radius = np.zeros(count), np.zeros(count)
        self.status = np.zeros(count, np.int8)
        self.pore = pore
        self._place_sites()
        self.growing = np.zeros(0, np.int64)
        """Sites with a nucleus below the grid's resolution."""
        self.listed = self.growing
        """Those of which `around` tells the cells."""
        self.around = find_surroundings(grid, pore, self.places[:0], self.width)
        self.shares = np.zeros(0)
        """Of the missing areas, by entry of `around`, in the geometry last set."""
        self.parts = np.zeros(0)
        """Of the cells' metal that each stripped nucleus may take, by entry of `around`, in the geometry last set."""
        self.missing = np.zeros(0)
        """Missing area of each of the growing [m^2], in the geometry last set."""
        self.velocity = np.zeros(0)
        """Of the surface of each of the growing in the last step [m/s]."""
        self.ahead = 0.0
        """Step [s] whose geometry is being set."""
        area, volume = (law(1.0, self.law.contact_angle, planar=self.planar) for law in (cap_area, cap_volume))
        dimension = 2 if self.planar else 3
        self.growth = float(area / volume) / dimension
        """dr/dt of a cap over the velocity of its surface: one for a hemisphere."""
        self.bulk = float(volume / cap_volume(1.0, 0.5 * math.pi, planar=self.planar)) ** (1.0 / dimension)
        """Radius of the hemisphere with the volume of a cap, over the cap's radius of curvature."""
        self.halved = 0.5 ** (1.0 / dimension)
        """Radius of a cap of half the volume."""
        self.short = np.zeros(0, bool)
        """Whether each of the growing is stripped and has little metal left, in the geometry last set."""
        self.rate = 0.0
        """Largest growth velocity of the nuclei in the last step [m/s]."""
        self.until_births = math.inf
        """Time in which the next few nuclei are due [s]."""
        self.sizes = np.zeros(len(SIZE_CLASSES) - 1)
        """Nuclei in each size class, as `measures` last found them."""

    def _place_sites(self) -> None:
        """Find the open cell next to each site: `mine`, the sites in cells of this rank, and `cells`, their places."""
        spacing, counts = np.array(self.problem.domain.spacing), np.array(self.problem.domain.cells)
        start, local = np.array(self.grid.start), np.array(self.grid.local)
        normals = np.asarray(self.law.normals, float).reshape(-1, 3)
        found = np.full((3, len(self.places)), -1)
        left = np.ones(len(self.places), bool)
        for push in (0.5, 1.0, 1.5):
            index = np.clip(((self.places + push * self.finest * normals) / spacing).astype(int), 0, counts - 1)
            inside = np.all((index >= start) & (index < start + local), axis=1)
            i, j, k = (np.where(inside, axis, 0) for axis in (index - start + 1).T)
            opened = inside & (self.pore[k, j, i] > 0.0)
            found[:, left & opened] = np.stack([k, j, i])[:, left & opened]
            left &= self.grid.sums(opened.astype(float)) == 0.0
        if left.any():
            x, y, z = self.places[np.flatnonzero(left)[0]]
            raise ValueError(f"no open cell next to the nucleation site at ({x:g}, {y:g}, {z:g}) m: refine the grid")
        self.mine = np.flatnonzero(found[0] >= 0)
        self.cells = tuple(axis[self.mine] for axis in found)

    # ------------------------------------------------------------------ reaction

    def add_area(self, xi: np.ndarray, active: np.ndarray, label: np.ndarray, weight: np.ndarray) -> None:
        """Add the missing area of the nuclei to the reaction weight [1/m] of the cells around their sites."""
        if not len(self.growing):
            return
        place, nucleus = self.around.cell, self.around.nucleus
        volume, count = self.problem.domain.cell_volume, len(self.growing)
        stripped = self.velocity < 0.0
        self._part(stripped, xi)
        metal = np.maximum(xi[place], 0.0) * self.parts
        shares = np.where(stripped[nucleus], metal, self.around.near * (1.0 - xi[place]))
        shares *= self.pore[place] * ((active[place] > 0) & (label[place] >= 0))
        # in the middle of the step, so that growth is followed to second order
        radius = self.radius[self.growing]
        radius = np.maximum(radius + 0.5 * self.ahead * self.growth * self.velocity, 0.5 * radius)
        caps = (radius, cap_volume(radius, self.law.contact_angle, planar=self.planar), self.law.contact_angle)
        crowd = find_crowd(self.grid, xi, self.pore, self.around, self.places[self.growing], caps, self.width)
        own = crowd.own(weight, self.around, xi, self.pore, self.width)
        sums = np.array([np.bincount(nucleus, shares, count), np.bincount(nucleus, own * volume, count)])
        total, shown = self.grid.sums(sums)
        self.shares = shares / np.maximum(total, 1e-300)[nucleus]
        area = cap_area(radius, self.law.contact_angle, planar=self.planar) * crowd.exposed
        fading = np.clip((RESOLVED[1] - self.bulk * radius / self.width) / (RESOLVED[1] - RESOLVED[0]), 0.0, 1.0)
        self.missing = fading * np.maximum(area - shown, 0.0)
        # no more than there is: what is stripped comes in equal parts from all the metal around the site
        most = TAKEN * total * volume / np.maximum(np.abs(self.velocity) * self.ahead, 1e-300)
        self.short = stripped & (self.missing >= most)
        self.missing = np.where(self.short, most, self.missing)
        np.add.at(weight, place, self.missing[nucleus] * self.shares / volume)

    def _part(self, stripped: np.ndarray, xi: np.ndarray) -> None:
        """Part the metal of cells around several stripped nuclei among them, by their volumes."""
        self.parts = np.ones(len(self.around.nucleus))
        if not stripped.any():
            return
        place, nucleus = self.around.cell, self.around.nucleus
        volumes = cap_volume(self.radius[self.growing], self.law.contact_angle, planar=self.planar)
        bulk = np.where(stripped, volumes, 0.0)
        crowd = np.zeros(xi.shape)
        np.add.at(crowd, place, bulk[nucleus])
        self.parts = bulk[nucleus] / np.maximum(crowd[place], 1e-300)

    def _surround(self) -> None:
        """List the nuclei that are growing, and the cells around them where these are others than before."""
        growing = np.flatnonzero(self.status == GROWING)
        known = dict(zip(self.growing.tolist(), self.velocity.tolist(), strict=True))
        self.velocity = np.array([known.get(site, 0.0) for site in growing.tolist()])
        self.growing = growing
        if not np.array_equal(growing, self.listed):
            self.listed = growing
            self.around = find_surroundings(self.grid, self.pore, self.places[growing], self.width)

    # ------------------------------------------------------------------ time

    def advance(self, solver: PlatingSolver, xi: np.ndarray, step: float) -> None:
        """Grow nuclei and hazards over an accepted step; `xi` is the metal at its end."""
        self._grow(solver, xi, step)
        overpotential, metal_there = self._seen(solver, xi)
        self._take_back(xi, overpotential > 0.0)
        overpotential = overpotential * self.law.leaked
        rate = self._site_rate(overpotential)
        self.status[(self.status == LOST) & (metal_there < BARE)] = WAITING
        waiting = self.status == WAITING
        self.hazard = np.where(waiting, self.hazard + rate * step, 0.0)
        self.status[waiting & (metal_there > COVERED)] = LOST
        born = (self.status == WAITING) & (self.hazard >= self.threshold)
        metal = self.problem.metal
        radius = critical_radius(overpotential[born], metal.surface_energy, metal.molar_volume)
        self.radius[born] = np.maximum(radius, SMALLEST_RADIUS)
        self.status[born] = GROWING
        self._surround()
        self.until_births = self._until_births(rate)

    def _until_births(self, rate: np.ndarray) -> float:
        """Time [s] in which, at the rates of now, a share of the waiting sites turn into nuclei, or a single one."""
        open_sites = (self.status == WAITING) & (rate > 0.0)
        times = np.sort((self.threshold - self.hazard)[open_sites] / rate[open_sites])
        return float(times[math.ceil(BIRTHS * len(times)) - 1]) if len(times) else math.inf

    def turn(self, stripping: bool) -> None:
        """Tell that the cycler now strips, so that the first step already takes what metal there is."""
        if stripping:
            self.velocity = -np.maximum(np.abs(self.velocity), SLOWEST)

    def _take_back(self, xi: np.ndarray, stripped: np.ndarray) -> None:
        """Let stripped nuclei that the grid no longer shows grow and shrink below its resolution again."""
        grown = self.status == GROWN
        if not np.any(grown & stripped):
            return
        born = np.flatnonzero(grown | (self.status == GROWING))
        radii = self._radii(xi, born)
        small = grown[born] & stripped[born] & (self.bulk * radii < RESOLVED[0] * self.width)
        bare = small & (self.bulk * radii < GONE * self.width)
        self.radius[born[small]] = radii[small]
        self.status[born[small]] = GROWING
        self.status[born[bare]] = WAITING
        back = born[small & ~bare]
        self.growing = np.concatenate([self.growing, back])
        self.velocity = np.concatenate([self.velocity, np.full(len(back), -SLOWEST)])

    def _grow(self, solver: PlatingSolver, xi: np.ndarray, step: float) -> None:
        """Add what the last step has plated on the nuclei below the grid's resolution; `xi` as for `advance`."""
        if not len(self.growing):
            self.rate, self.velocity = 0.0, np.zeros(0)
            return
        system, metal = solver.system, self.problem.metal
        weight = system.geometry.weight[self.around.cell]
        current = system.source[self.around.cell] / system.source_scale / np.where(weight > 0.0, weight, 1.0)
        means = np.bincount(self.around.nucleus, self.shares * current, len(self.growing))
        velocity = metal.molar_volume / FARADAY * self.grid.sums(means)
        before = self.radius[self.growing]
        radius = before + self.growth * velocity * step
        stripped = velocity < 0.0
        if stripped.any():
            metal = (xi * self.pore)[self.around.cell] * self.parts
            held = np.bincount(self.around.nucleus, metal, len(self.growing))
            held = np.maximum(self.grid.sums(held), 0.0) * self.problem.domain.cell_volume
            most = cap_radius(held, self.law.contact_angle, planar=self.planar)
            left = np.where(self.short, self.halved * before, radius)
            # where nuclei have grown together they go as their metal does; more than that is a grown neighbour's
            own = most * self.halved <= before
            radius = np.where(stripped, np.where(own, np.minimum(before, most), np.minimum(left, most)), radius)
            radius[stripped & (self.bulk * radius < GONE * self.width)] = 0.0
        size = self.bulk * radius / self.width
        shown = (self.missing <= 0.0) & (size > RESOLVED[0]) | (size > RESOLVED[1])
        self.radius[self.growing] = np.maximum(radius, 0.0)
        self.status[self.growing] = np.where(radius <= 0.0, WAITING, np.where(shown, GROWN, GROWING))
        self.velocity = velocity
        self.rate = self.bulk * self.growth * float(np.abs(velocity).max())

    def _seen(self, solver: PlatingSolver, xi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Overpotential eta = phi_s - phi_l [V] of bare metal at every site, and the metal fraction of its cell."""
        place, f = self.cells, solver.table.thermal
        ratio = solver.state.C[place] * solver.table.concentration / self.problem.kinetics.reference_concentration
        inner = solver.state.P[place] + np.log(np.maximum(ratio, 1e-300))
        whole = np.zeros((2, len(self.places)))
        whole[0, self.mine] = (solver.system.metal_potential[place] - inner) / f
        whole[1, self.mine] = xi[place]
        overpotential, metal = self.grid.sums(whole)
        return overpotential, metal

    def _site_rate(self, overpotential: np.ndarray) -> np.ndarray:
        """A [1/s] of every site."""
        law = self.law
        if law.law == "constant_rate":
            rate = np.where(overpotential < 0.0, law.rate, 0.0)
        else:
            rate = site_rate(
                overpotential,
                attempt_rate=law.rate,
                surface_energy=self.problem.metal.surface_energy,
                molar_volume=self.problem.metal.molar_volume,
                contact_angle=law.contact_angle,
                temperature=self.problem.electrolyte.temperature,
            )
        if law.activity is not None:
            x, y, z = self.places.T
            rate = rate * law.activity(x, y, z)
        return np.asarray(rate)

    @property
    def pending(self) -> bool:
        """Whether there are bare sites, or nuclei below the grid's resolution."""
        return bool(np.any((self.status == WAITING) | (self.status == GROWING)))

    def longest_step(self, wish: float) -> float:
        """The next step [s], `wish` or less: nuclei grow by less than a cell, and births come a few at a time."""
        step = wish
        if self.rate > 0.0:
            step = min(step, self.problem.numerics.front_motion * self.finest / self.rate / 2.0)
        return min(step, max(self.until_births, SHORTEST_WAIT * wish))

    # ------------------------------------------------------------------ reading and restart

    def measures(self, xi: np.ndarray) -> dict[str, float]:
        """Numbers and mean radius of the nuclei; sets `sizes`. Sizes are those of the metal nearest to each nucleus."""
        born = np.flatnonzero((self.status == GROWING) | (self.status == GROWN))
        metal = np.zeros(xi.shape, np.uint8)
        metal[OWNED] = (xi[OWNED] > 0.5) & (self.pore[OWNED] > 0.0)
        self.grid.fill_outer_ghosts(metal)
        radii = self._radii(xi, born)
        inside = np.clip(radii, SIZE_CLASSES[0], SIZE_CLASSES[-1])
        self.sizes = np.histogram(inside, SIZE_CLASSES)[0].astype(float)
        return {
            "nuclei": float(len(born)),
            "nuclei_waiting": float(np.count_nonzero(self.status == WAITING)),
            "particles": float(number_components(self.grid, metal)[1]),
            "nucleus_radius": float(radii.mean()) if len(born) else 0.0,
            **self._depth(born),
        }

    def _depth(self, born: np.ndarray) -> dict[str, float]:
        """How many nuclei appeared inside the interphase and how deep, if there is one."""
        if self.law.depths is None:
            return {}
        inside = self.law.depths[born][self.law.depths[born] > 0.0]
        depth = float(inside.mean()) if len(inside) else float("nan")
        return {"nuclei_inside": float(len(inside)), "nucleus_depth": depth}

    def _radii(self, xi: np.ndarray, born: np.ndarray) -> np.ndarray:
        """Radius of curvature [m]: below the grid's resolution the nucleus's own, else of the metal nearest to it."""
        if not len(born):
            return np.zeros(0)
        from scipy.spatial import cKDTree

        amount = (xi * self.pore)[OWNED]
        k, j, i = np.nonzero(amount > 0.0)
        points = (np.stack([i, j, k], axis=1) + np.array(self.grid.start) + 0.5) * np.array(self.problem.domain.spacing)
        nearest = cKDTree(self.places[born]).query(points)[1] if len(points) else np.zeros(0, int)
        volumes = self.grid.sums(np.bincount(nearest, weights=amount[k, j, i], minlength=len(born)))
        volumes = np.maximum(volumes, 0.0) * self.problem.domain.cell_volume
        shown = cap_radius(volumes, self.law.contact_angle, planar=self.planar)
        return np.where(self.status[born] == GROWING, self.radius[born], shown)

    def save(self) -> dict[str, np.ndarray]:
        """What a restart needs."""
        return {
            "nuclei_hazard": self.hazard.copy(),
            "nuclei_radius": self.radius.copy(),
            "nuclei_status": self.status.copy(),
            "nuclei_velocity": self.velocity.copy(),
            "nuclei_rates": np.array([self.rate, self.until_births]),
        }

    def load(self, numbers: dict[str, np.ndarray]) -> None:
        """Restore what `save` returned."""
        self.hazard = np.array(numbers["nuclei_hazard"], float)
        self.radius = np.array(numbers["nuclei_radius"], float)
        self.status = np.array(numbers["nuclei_status"]).astype(np.int8)
        self.rate, self.until_births = (float(value) for value in numbers["nuclei_rates"])
        self.growing = np.flatnonzero(self.status == GROWING)
        self.velocity = np.array(numbers["nuclei_velocity"], float)
        self._surround()


def make_nuclei(grid: Grid, problem: PlatingProblem, pore: np.ndarray) -> Nuclei | None:
    """The nuclei of a problem that has a nucleation law; None for the others."""
    return Nuclei(grid, problem, pore) if problem.nucleation is not None else None
