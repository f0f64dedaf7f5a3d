"""Equation (1): the metal fraction, its sharpening flux and its curvature, in FiPy's terms.

    (1-psi) dxi/dt = (Omega/F) S - div[(1-psi) J n] + div[(1-psi) b grad xi] - div[(1-psi) b xi(1-xi) n/l]
    (1-psi) dxi/dt = (Omega/F) S - div[(1-psi) J n] + div[(1-psi) b grad xi] - (1-psi) b xi(1-xi)(1-2xi)/l^2

(conservative, allen_cahn). J = v0 (I(xi) - xi) + g l M + v K l E carries the reaction's feed to where a moving profile
needs it (physics.interface: swept_share, weight_moment, curved_feed); v = v0 + g s is the local front velocity at the
signed distance s.

n = grad xi/|grad xi| from the smooth signed distance l ln[xi/(1-xi)], K = -div n. Diffusion is implicit; the
sharpening is swept, in the difference form (2/h) sinh(h n/2l) sqrt(q_lo q_hi), q = xi(1-xi), of q n/l: the difference
of two values of the tanh profile is just that, so that the profile is at rest on every grid. b is the interface's
mobility, or follows the fastest front: b = factor l v_max.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from ramify.phasefield.fipy_reference.mesh import EMPTY, ReferenceMesh
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.constants import FARADAY
from ramify.physics.interface import curved_feed, feed_fade, swept_share, weight_moment

FLAT = 1e-6
"""Slope of the signed distance below which there is no front, hence no normal."""


class Front:
    """The FiPy equation of xi; `solve` does one sweep of one time stage."""

    def __init__(self, problem: PlatingProblem, mesh: ReferenceMesh, opening: np.ndarray, fipy: ModuleType) -> None:
        self._interface, self._mesh, self.opening = problem.interface, mesh, opening
        self.speed_per_current = problem.metal.molar_volume / FARADAY
        grid = mesh.fipy_mesh
        self.xi, self._distance = fipy.CellVariable(mesh=grid, hasOld=True), fipy.CellVariable(mesh=grid)
        self._storage = fipy.CellVariable(mesh=grid, value=np.where(opening >= EMPTY, opening, 1.0))
        self._source, self._well = fipy.CellVariable(mesh=grid), fipy.CellVariable(mesh=grid)
        self._diffusion, self._sharpening = fipy.FaceVariable(mesh=grid), fipy.FaceVariable(mesh=grid, rank=1)
        self._normals = fipy.FaceVariable(mesh=grid, rank=1)
        self._ends = mesh.end_faces()
        self._face_opening = mesh.face_mean(opening)
        self._equation = fipy.TransientTerm(coeff=self._storage, var=self.xi) == fipy.DiffusionTerm(
            coeff=self._diffusion, var=self.xi
        ) - fipy.ImplicitSourceTerm(coeff=self._well, var=self.xi) + (self._source - self._sharpening.divergence)
        self._solver = fipy.LinearLUSolver(tolerance=1e-15, iterations=3)

    def mobility(self, largest_speed: float) -> float:
        """Interface mobility b [m^2/s] for the fastest front velocity [m/s]."""
        given = self._interface.mobility
        return self._interface.mobility_factor * self._interface.width * largest_speed if given is None else given

    def curvature(self, xi: np.ndarray) -> np.ndarray:
        """K = -div n per cell [1/m], the sum of the principal curvatures, positive for a convex deposit."""
        normal = self._normal(xi)
        # Lateral faces are planes of symmetry; through z = 0 and the top the front goes on as it is.
        ends, inner = self._ends
        normal[:, ends] = normal[:, inner]
        self._normals.setValue(normal)
        return -np.asarray(self._normals.divergence.value) / self._mesh.smallest_edge

    def solve(
        self,
        base: np.ndarray,
        guess: np.ndarray,
        source: np.ndarray,
        speed: np.ndarray,
        largest_speed: float,
        dt: float,
    ) -> np.ndarray:
        """Metal fraction after one sweep of (xi - base)/dt = rate(xi).

        `source` is S [A/m^3], `speed` the front velocity of the reacting cells [m/s], zero elsewhere.
        """
        b, width = self.mobility(largest_speed), self._interface.width
        bump = np.clip(guess, 0.0, 1.0) * np.clip(1.0 - guess, 0.0, 1.0)
        open_cells = np.where(self.opening >= EMPTY, self.opening, 0.0)
        growth = self.speed_per_current * source
        h = self._mesh.smallest_edge
        self._diffusion.setValue(b * self._face_opening / h**2)
        normal = self._normal(guess)
        feed = self._face_opening / h * self._feed(guess, speed, normal) * normal
        if self._interface.curvature == "conservative":
            faces = np.sqrt(bump[self._mesh.lower] * bump[self._mesh.upper]) * self._face_opening
            edge = self._mesh.edges
            steepness = 2.0 / edge * np.sinh(0.5 * edge * normal / width)
            self._sharpening.setValue(b / h * faces * steepness + feed)
        else:
            self._sharpening.setValue(feed)
            slope = 1.0 - 6.0 * guess * (1.0 - guess)
            pull = guess * (1.0 - guess) * (1.0 - 2.0 * guess)
            implicit = np.maximum(slope, 0.0)
            self._well.setValue(b * open_cells * implicit / width**2)
            growth = growth - b * open_cells * (pull - implicit * guess) / width**2
        self._source.setValue(growth)
        self.xi.setValue(base)
        self.xi.updateOld()
        self.xi.setValue(guess)
        self._equation.sweep(dt=dt, solver=self._solver)
        return np.array(self.xi.value)

    def _feed(self, xi: np.ndarray, speed: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """J at the faces [m/s]; the speed's slope from the differences between reacting cells."""
        mesh, width = self._mesh, self._interface.width
        low, high = speed[mesh.lower], speed[mesh.upper]
        both = mesh.interior & (low != 0.0) & (high != 0.0)
        axes = np.abs(np.asarray(mesh.fipy_mesh.faceNormals, dtype=np.float64)) > 0.5
        slope = np.zeros_like(speed)
        for axis, edge in enumerate(mesh.edges.ravel()):
            faces = both & axes[axis]
            change = (high - low)[faces] / edge * normal[axis, faces]
            total, count = np.zeros_like(speed), np.zeros_like(speed)
            for cells in (mesh.lower[faces], mesh.upper[faces]):
                np.add.at(total, cells, change)
                np.add.at(count, cells, 1.0)
            slope += width * total / np.maximum(count, 1.0)
        slope = np.clip(slope, -0.5 * np.abs(speed), 0.5 * np.abs(speed))
        fraction = np.clip(xi, 1e-12, 1.0 - 1e-12)
        distance = np.log(fraction / (1.0 - fraction))
        s = 0.5 * (distance[mesh.lower] + distance[mesh.upper])
        x = 1.0 / (1.0 + np.exp(-s))
        v, g = 0.5 * (low + high), 0.5 * (slope[mesh.lower] + slope[mesh.upper])
        bending = np.clip(width * self.curvature(xi), -0.5, 0.5)
        bend = 0.5 * (bending[mesh.lower] + bending[mesh.upper])
        moment = np.array([weight_moment(value) for value in s])
        curved = np.array([curved_feed(value) for value in s])
        share = (v - g * s) * (swept_share(x) - x) + g * moment + v * bend * curved
        return np.asarray(feed_fade(x * (1.0 - x)) * share)

    def _normal(self, xi: np.ndarray) -> np.ndarray:
        """Unit normals into the metal at faces, (dimension, faces); zero where there is no front."""
        width = self._interface.width
        metal, rest = np.clip(xi, 1e-12, 1.0), np.clip(1.0 - xi, 1e-12, 1.0)
        self._distance.setValue(width * np.log(metal / rest))
        slope = np.array(self._distance.faceGrad.value, dtype=np.float64) / self._mesh.smallest_edge
        length = np.sqrt(np.sum(slope**2, axis=0) + FLAT**2)
        return np.asarray(slope / length)
