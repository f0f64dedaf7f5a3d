"""The quasi-steady vacancies of an alloy (physics.alloy_vacancies), by the solver of those of the pure metal.

    div(xi M e^-B grad sigma) = xi M (s - 1)/L_s^2 + k' (w(xi)/l) (s - s_eq),       sigma = s e^B
    s = 1 or no flux at z = 0,      M e^-B dsigma/dz = -(Omega/F) i_n at the contact

Solved for e^B (s - 1), of which the operator is symmetric; the fluxes of e^B itself, that is of the two kinds of atoms
that diffuse into each other, are on the right. k' is that of the reference diffusivity times M over it, exact where
surfaces take vacancies without hindrance. The back face has the composition of what is before it.

The exchange with a void is spread over its diffuse surface and stands for what a sharp one does: s in it is
sigma e^-B, and k' has the M, of the wall's composition. Behind a thin layer of swept-up magnesium s is many times that
at the wall, and a spread exchange that took it would open a second void there.
"""

from __future__ import annotations

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import alloy_metal as kernels
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.alloy.problem import AlloyLaws, AlloyProblem
from ramify.phasefield.voids.vacancies import Vacancies
from ramify.physics.alloy_vacancies import FULLEST, AlloyNumbers, lithium_diffusivity, mobile_share
from ramify.physics.constants import FARADAY

COMPOSITIONS = 201
"""At which the largest mobility is looked for."""


def numbers_of(laws: AlloyLaws) -> AlloyNumbers:
    """The laws as compiled functions take them."""
    return AlloyNumbers(
        np.array(laws.fractions, float),
        np.log(np.array(laws.diffusivities, float)),
        np.array(laws.interaction, float),
        float(laws.mobility),
        laws.meaning == "intrinsic",
    )


class AlloyVacancies(Vacancies):
    """The vacancies' equation at a composition, which `set_composition` gives before `set_geometry`."""

    def __init__(self, grid: Grid, problem: AlloyProblem, openings: list[np.ndarray]) -> None:
        self.numbers = numbers_of(problem.alloy)
        super().__init__(grid, problem, openings)
        self.reference = problem.transport.diffusivity
        self.mobility, self.drive = grid.zeros(), grid.zeros()
        """M over the reference; exp(B)."""
        self.wall_mobility, self.wall_drive = grid.zeros(), grid.zeros()
        """The same of the wall that a cell of a void's surface belongs to."""
        self.magnesium, self.thermal, self.lattice = grid.zeros(), grid.zeros(), grid.zeros()
        """Of `kernels.set_laws`."""
        self.metal_faces = [grid.zeros() for _ in range(3)]
        """Metal fraction of the faces times (h/h_a)^2."""
        at = np.linspace(0.0, FULLEST, COMPOSITIONS).tolist()
        mobilities = [lithium_diffusivity(y, self.numbers) * mobile_share(y, self.numbers.mobility) for y in at]
        self._largest = max(mobilities)

    def set_composition(self, y: np.ndarray, wall: np.ndarray) -> None:
        """Magnesium's share of the sites, and of those at the wall that cells of a void's surface belong to.

        Ghosts of y filled; not changed and not copied.
        """
        self._y, self._y_wall = y, wall

    def _set_operator(self, xi: np.ndarray) -> None:
        super()._set_operator(xi)
        solver = self._solver
        for kept, face in zip(self.metal_faces, solver.faces, strict=True):
            kept[:] = face
        laws = (self.mobility, self.drive, self.magnesium, self.thermal, self.lattice)
        kernels.set_laws(self._y, self.active, self.numbers, self.reference, *laws)
        at_wall = (self.weight > 0.0).astype(np.uint8)
        kernels.set_wall_laws(self._y_wall, at_wall, self.numbers, self.reference, self.wall_mobility, self.wall_drive)
        conducting = self.mobility / self.drive
        for axis, face in zip(AXES, solver.faces, strict=True):
            kernels.scale_faces(conducting, axis, face)
        self._sinks *= self.mobility
        self._wall *= self.wall_mobility
        solver.reaction[:] = self._sinks / self.drive + self._wall / self.wall_drive
        if self.grid.at_bottom:
            below = (1, slice(1, -1), slice(1, -1))
            solver.reaction[below] += self._back * conducting[below]
            self._back = self._back * self.mobility[below]

    def _right_side(self, contact_current: np.ndarray) -> np.ndarray:
        right = super()._right_side(contact_current)
        right -= self._wall * (self.drive / self.wall_drive - 1.0)
        for axis, face in zip(AXES, self._solver.faces, strict=True):
            kernels.subtract_fluxes(self.drive, face, axis, right)
        return right

    def _unknown(self, excess: np.ndarray) -> np.ndarray:
        return excess * self.drive

    def _excess(self, unknown: np.ndarray) -> np.ndarray:
        return unknown / self.drive

    def _growth(self, excess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen = excess + (1.0 + excess) * (self.drive / self.wall_drive - 1.0)
        rate, speed = super()._growth(seen)
        rate *= self.wall_mobility
        speed *= self.wall_mobility
        return rate, speed

    @property
    def metal(self) -> np.ndarray:
        """Metal fraction of the cells that hold vacancies, zero in the others; of the geometry last set."""
        return self._metal

    def annihilation(self, excess: np.ndarray) -> np.ndarray:
        """Lattice annihilated per volume and time, xi M (s - 1)/L_s^2 [1/s]; of the geometry last set."""
        return self._sinks * excess / self._per_volume

    def at_contact(self, excess: np.ndarray, xi: np.ndarray, contact_current: np.ndarray) -> np.ndarray:
        """`at_contact_of` the composition last set."""
        return self.at_contact_of(self._y, excess, xi, contact_current)

    def at_contact_of(
        self, y: np.ndarray, excess: np.ndarray, xi: np.ndarray, contact_current: np.ndarray
    ) -> np.ndarray:
        """s (ny, nx) on the contact plane itself; 1 where there is no metal.

        ds/dz = v/M in an alloy that is even; its magnesium piles up at the contact as long as vacancies pass it.
        """
        if not self.grid.at_top:
            return np.ones(self.grid.shape[1:])
        part, top = self.contact_fraction(xi), (-2, slice(1, -1), slice(1, -1))
        speed = -contact_current * self.problem.transport.molar_volume / (FARADAY * np.maximum(part, 0.5))
        plane = np.ascontiguousarray(y[top][np.newaxis])
        mobility, *others = (np.empty_like(plane) for _ in range(5))
        kernels.set_laws(plane, np.ones(plane.shape, np.uint8), self.numbers, self.reference, mobility, *others)
        s = 1.0 + excess[top] + 0.5 * self.problem.domain.spacing[2] * speed / (self.reference * mobility[0])
        return np.where(part > 0.0, s, 1.0)

    def relaxation(self, wavenumber: float) -> float:
        """As in the pure metal, for the composition whose vacancies are the fastest."""
        if self.capillary == 0.0 or wavenumber == 0.0:
            return 0.0
        faster = self._largest / self.reference
        return self.capillary / (1.0 / (self.exchange * faster) + 1.0 / (self._largest * wavenumber))

    def fastest_evening(self, excess: np.ndarray) -> float:
        """Largest rate at which sinks even out the finest unevenness of y [1/s], 1/2 of which a step has to stay below.

        y_t = y q, and q = k^2/(1 + k^2 L_s^2) s theta (1 - rho) D y of a wave of y.
        """
        spacing = self.problem.domain.spacing
        finest = sum(4.0 / h**2 for h, n in zip(spacing, self.problem.domain.cells, strict=True) if n > 1)
        length = self.problem.transport.sink_length
        speed = np.abs(self.lattice * np.maximum(1.0 + excess, 0.0))
        largest = self.grid.max(float(speed[OWNED].max()))
        return largest * finest / (1.0 + finest * length**2) if np.isfinite(length) else 0.0
