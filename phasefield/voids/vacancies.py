"""The quasi-steady vacancies of a metal with voids, and what they make of its surface.

    div(xi D grad s) = xi D (s - 1)/L_s^2 + k' (w(xi)/l) (s - s_eq)            s_eq = exp(-Gamma K)
    s = 1 or no flux at z = 0,     D ds/dz = -(Omega/F) i_n at the contact     (i_n < 0 strips and injects vacancies)
    v = -k' (s - s_eq)             velocity of the metal's surface: voids grow where s exceeds s_eq

The flux into a void is spread over the diffuse surface as the plating reaction is, so that vacancies lost are void
gained. k' is the rate at which the spread exchange acts like the sharp surface's, k: the outer field of

    d/ds [xi dC/ds] = Da' w(xi) C     (s: distance over l into the metal)

meets s_eq a distance l/Da = D/k behind xi = 1/2 (physics.interface.sampling_loss): for k without bound at xi = 1/2
itself, Da' = l k'/D = 1.136. The remaining error is of second order in the width.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import front as front_kernels
from ramify.phasefield.kernels import vacancies as kernels
from ramify.phasefield.kernels.surface import MESH_INTERCEPT
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.linear import DiffusionSolver, Unsolved
from ramify.phasefield.voids.problem import UPRIGHT, MetalProblem
from ramify.phasefield.voids.profile import REACH, exchange_profile
from ramify.physics.constants import FARADAY
from ramify.physics.interface import spread_damkoehler
from ramify.physics.vacancies import capillary_length, equilibrium_supersaturation


@dataclass(frozen=True)
class Fluxes:
    """Lattice sites per time [mol/s] of one instant: injected = condensed + annihilated + left, to round-off."""

    injected: float
    """Vacancies through the contact, -I/F: positive on stripping."""
    condensed: float
    """Into voids."""
    annihilated: float
    """At sinks in the bulk."""
    left: float
    """At the back face."""
    exchanged: float
    """Sum of the sizes of what enters voids and leaves them, cell by cell."""

    def mean(self, other: Fluxes) -> Fluxes:
        """Half of both."""
        return Fluxes(*(0.5 * (getattr(self, f.name) + getattr(other, f.name)) for f in fields(Fluxes)))


@dataclass(frozen=True)
class Exchange:
    """What the vacancies of one geometry do: ghosted arrays [z, y, x]."""

    excess: np.ndarray
    """s - 1; zero where there is no metal."""
    contact: np.ndarray
    """s - 1 (ny, nx) on the contact plane itself; zero where there is no metal."""
    rate: np.ndarray
    """d(xi)/dt of the void surface [1/s], owned cells."""
    speed: np.ndarray
    """Its velocity [m/s], positive where metal grows, owned cells."""
    fluxes: Fluxes
    velocity: float
    """Largest velocity of the surface [m/s]."""


class Vacancies:
    """The vacancies' equation on one grid.

    Parameters
    ----------
    openings
        Of the faces, none on outer walls.
    """

    def __init__(self, grid: Grid, problem: MetalProblem, openings: list[np.ndarray]) -> None:
        self.grid, self.problem, self._openings = grid, problem, openings
        transport, width = problem.transport, problem.interface.width
        spacing = problem.domain.spacing
        active = [h for h, n in zip(spacing, problem.domain.cells, strict=True) if n > 1]
        self._finest = min(active)
        self._scales = [(self._finest / h) ** 2 for h in spacing]
        hx, hy, hz = spacing
        self._inverse = (1.0 / hx, 1.0 / hy, 1.0 / hz)
        self._psi, self._at = grid.zeros(), grid.zeros(np.uint8)
        self.capillary = capillary_length(transport.surface_energy, transport.molar_volume, transport.temperature)
        edge = float(np.sqrt(np.mean(np.square(active))))
        resistance = transport.diffusivity / (width * transport.exchange_rate)
        self.exchange = (
            transport.diffusivity / width * spread_damkoehler(resistance, MESH_INTERCEPT * (edge / width) ** 2)
        )
        """k' [m/s]."""
        self.profile = exchange_profile(self.exchange * width / transport.diffusivity)
        self._solver = DiffusionSolver(grid)
        self._per_volume = self._finest**2 / transport.diffusivity
        """From a source of s [1/s] to the scaled right-hand side."""
        self.active = grid.zeros(np.uint8)
        self._metal, self.weight = grid.zeros(), grid.zeros()
        planar = len(active) < 2 or self.capillary == 0.0
        self._curvature = np.zeros((1, 1, 1)) if planar else grid.zeros()
        self._back = np.zeros(grid.shape[1:])
        self._sinks = grid.zeros()

    # ------------------------------------------------------------------ geometry

    def set_geometry(self, xi: np.ndarray) -> None:
        """Operator and void surface of a metal fraction, ghosts filled."""
        self._xi = xi
        self._set_operator(xi)
        self._solver.update()
        self._find_surface(xi)
        self._set_equilibrium(xi)

    def _set_operator(self, xi: np.ndarray) -> None:
        """Faces and reaction of the solver: sinks in the bulk, the void surface, the back face."""
        transport, solver = self.problem.transport, self._solver
        kernels.set_metal(xi, self.problem.interface.width, self.active, self._metal, self.weight)
        for axis, opening, scale, face in zip(AXES, self._openings, self._scales, solver.faces, strict=True):
            kernels.set_metal_faces(xi, self.active, opening, axis, scale, face)
        self._sinks[:] = self._metal * (self._finest / transport.sink_length) ** 2
        self._wall = self._per_volume * self.exchange * self.weight
        solver.reaction[:] = self._sinks + self._wall
        if transport.back == "sink" and self.grid.at_bottom:
            self._back = 2.0 * self._scales[2] * self._metal[1, 1:-1, 1:-1]
            solver.reaction[1, 1:-1, 1:-1] += self._back

    def _find_surface(self, xi: np.ndarray) -> None:
        """Signed distance, and the cells that are beside the surface or between which it passes."""
        front_kernels.signed_distance(xi, self._psi)
        self._beside = kernels.list_beside_surface(self._psi, self._at)

    def extend(self, values: np.ndarray) -> None:
        """Carry what the cells at the surface hold along its normals; zero beyond FARTHEST."""
        known = self._at.copy()
        values[known == 0] = 0.0
        changed = True
        while changed:
            self.grid.fill_outer_ghosts(values)
            self.grid.fill_outer_ghosts(known)
            changes = kernels.extend_from_surface(self._psi, self._beside, self._inverse, known, values)
            changed = self.grid.max(float(changes)) > 0.0

    def _set_equilibrium(self, xi: np.ndarray) -> None:
        if self._curvature.size > 1:
            self.surface_curvature(xi, self._curvature)
        self.equilibrium = equilibrium_supersaturation(self._curvature, self.capillary) - 1.0
        """s_eq - 1 of the cells at void surfaces, or one cell that holds for all."""

    def surface_curvature(self, xi: np.ndarray, curvature: np.ndarray) -> None:
        """K [1/m] of xi = 1/2 in the cells near the surface, zero elsewhere; of the geometry last set."""
        psi, inverse, largest = self._psi, self._inverse, 1.0 / self._finest
        front_kernels.set_curvature(psi, xi, inverse, kernels.SMALLEST_BUMP, largest, curvature)
        planar = self.problem.domain.dimension < 3
        empty = np.zeros((1, 1, 1))
        nx, ny, nz = (empty, empty, empty) if planar else (self.grid.zeros(), self.grid.zeros(), self.grid.zeros())
        if not planar:
            kernels.set_cell_normals(psi, inverse, nx, ny, nz)
            self.grid.fill_outer_ghosts_of_vector([nx, ny, nz])
            if self.grid.at_top and abs(self.problem.contact_angle - UPRIGHT) > 1e-12:
                # no mirror there: the normals go on as they are
                for component in (nx, ny, nz):
                    component[-1] = component[-2]
        width = self.problem.interface.width
        kernels.carry_to_surface(curvature, psi, (nx, ny, nz), inverse, width, planar, largest)
        self.extend(curvature)

    def contact_fraction(self, xi: np.ndarray) -> np.ndarray:
        """Metal fraction (ny, nx) of this rank's share of the contact plane; zero where metal holds no vacancies."""
        if not self.grid.at_top:
            return np.zeros(self.grid.shape[1:])
        top = xi[-2, 1:-1, 1:-1]
        return np.where(top > kernels.SMALLEST_FRACTION, np.clip(top, 0.0, 1.0), 0.0)

    # ------------------------------------------------------------------ solution

    def solve(self, contact_current: np.ndarray, guess: np.ndarray, time: float) -> Exchange:
        """Vacancies of the geometry last set.

        Parameters
        ----------
        contact_current
            Current density (ny, nx) through the faces of the contact plane [A/m^2 of plane], positive for plating.
        guess
            s - 1 to start from, ghosted; not changed.

        Raises
        ------
        SolverFailure
            Where vacancies have nowhere to go, or the linear solver gives up.
        """
        grid, solver = self.grid, self._solver
        right = self._right_side(contact_current)
        sums = [np.sum(a[OWNED]) for a in (solver.reaction, right)]
        held, driven = grid.sums(np.array(sums))
        if held <= 0.0 and driven != 0.0:
            raise self._failure("vacancies have nowhere to go: no void, no sink", time)
        excess = self._unknown(guess)
        try:
            numerics = self.problem.numerics
            solver.solve(right, excess, numerics.linear_tolerance, numerics.linear_iterations)
        except Unsolved as stopped:
            raise self._failure(f"the vacancies' equation was not solved: {stopped}", time) from None
        if held > 0.0:
            # the same shift everywhere closes the balance of the whole metal to round-off
            lost = grid.sum(float(np.sum((solver.reaction * excess)[OWNED])))
            excess[self.active > 0] += (driven - lost) / held
        return self._exchange(self._excess(excess), contact_current)

    def _right_side(self, contact_current: np.ndarray) -> np.ndarray:
        """What void surfaces and the contact bring, scaled."""
        right = self._wall * self.equilibrium
        if self.grid.at_top:
            inflow = -contact_current * self.problem.transport.molar_volume
            inflow /= FARADAY * self.problem.domain.spacing[2]
            right[-2, 1:-1, 1:-1] += self._per_volume * inflow
        return np.asarray(right)

    def _unknown(self, excess: np.ndarray) -> np.ndarray:
        """A new array of what the solver solves for, from s - 1."""
        return excess.copy()

    def _excess(self, unknown: np.ndarray) -> np.ndarray:
        """The way back."""
        return unknown

    def _growth(self, excess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rate and speed of the void surface in its own cells."""
        rate, speed = self.grid.zeros(), self.grid.zeros()
        kernels.set_growth(
            excess,
            self.equilibrium,
            self._xi,
            self.weight,
            self.exchange,
            self.profile.strength,
            REACH,
            rate,
            speed,
        )
        return rate, speed

    def _exchange(self, excess: np.ndarray, contact_current: np.ndarray) -> Exchange:
        rate, speed = self._growth(excess)
        self.extend(speed)
        domain, omega = self.problem.domain, self.problem.transport.molar_volume
        to_moles = domain.cell_volume / omega
        hx, hy, _ = domain.spacing
        back = float(np.sum(self._back * excess[1, 1:-1, 1:-1])) if self.grid.at_bottom else 0.0
        current = float(np.sum(contact_current)) if self.grid.at_top else 0.0
        sums = [
            -current * hx * hy / FARADAY,
            -float(np.sum(rate[OWNED])) * to_moles,
            float(np.sum((self._sinks * excess)[OWNED])) / self._per_volume * to_moles,
            back / self._per_volume * to_moles,
            float(np.sum(np.abs(rate[OWNED]))) * to_moles,
        ]
        fluxes = Fluxes(*self.grid.sums(np.array(sums)).tolist())
        velocity = self.largest_speed(speed)
        contact = self.at_contact(excess, self._xi, contact_current) - 1.0
        return Exchange(excess, contact, rate, speed, fluxes, velocity)

    def largest_speed(self, speed: np.ndarray) -> float:
        """Largest size of a velocity on the surface [m/s]."""
        strong = 0.05 / self.problem.interface.width
        return self.grid.max(kernels.largest_speed(speed, self.weight, strong))

    def at_contact(self, excess: np.ndarray, xi: np.ndarray, contact_current: np.ndarray) -> np.ndarray:
        """s (ny, nx) on the contact plane itself, from the outermost cells and the flux; 1 where there is no metal."""
        if not self.grid.at_top:
            return np.ones(self.grid.shape[1:])
        part, transport = self.contact_fraction(xi), self.problem.transport
        slope = -contact_current * transport.molar_volume / (FARADAY * transport.diffusivity * np.maximum(part, 0.5))
        s = 1.0 + excess[-2, 1:-1, 1:-1] + 0.5 * self.problem.domain.spacing[2] * slope
        return np.where(part > 0.0, s, 1.0)

    def relaxation(self, wavenumber: float) -> float:
        """Front velocity per curvature [m^2/s] that capillarity gives the ripple of a wavenumber [1/m] at most."""
        if self.capillary == 0.0 or wavenumber == 0.0:
            return 0.0
        diffusivity = self.problem.transport.diffusivity
        return self.capillary / (1.0 / self.exchange + 1.0 / (diffusivity * wavenumber))

    def _failure(self, reason: str, time: float) -> SolverFailure:
        remedy = "give the metal voids, sinks (a sink length) or a back face that is a sink"
        return SolverFailure(f"{reason} at t = {time:.6g} s", field="s", place=None, time=time, remedy=remedy)

    def free(self) -> None:
        """Free the PETSc objects."""
        self._solver.free()
