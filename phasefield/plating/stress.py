"""Stress of the plated metal: solved after a step, it shifts the equilibrium potential of the next.

    U = -(Omega/F) (gamma K + p),    p = -n.sigma.n on the metal's surface (mechanics.solver), compression positive

New metal arrives as a melt would: it fills the place that the electrolyte leaves, under the surface's pressure on all
sides, plus a growth strain (kernels.voxel_laws.deposit). The electrolyte stays the elastic body it was at the start,
where the cell is without stress until the stack pressure acts. Displacements do not move the mesh.

p enters the kinetics one solution late; what that costs is told by the change of U from one solution to the next
(`pressure_lag`, the largest on the surface). With `every` above one it grows accordingly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import voxel_laws
from ramify.phasefield.mechanics.solver import MechanicsFailure, VoxelSolver
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.constants import FARADAY
from ramify.physics.interface import interface_weight

STRONG_WEIGHT = 0.05
"""Of w: cells with less lie in the tails of the profile and are no surface."""
FIELDS = ("p", "von_mises", "traction")
"""Pressure -tr(sigma)/3, von Mises stress, normal traction of the metal's surface [Pa]."""
_ALL = tuple(range(6))


class Stress:
    """Stress of one plating run.

    Parameters
    ----------
    grid, problem
        The run's; `problem.mechanics` is given.
    pore
        Open fraction of the cells, ghosted.
    xi
        The metal at the start, ghosts filled.
    """

    def __init__(self, grid: Grid, problem: PlatingProblem, pore: np.ndarray, xi: np.ndarray) -> None:
        assert problem.mechanics is not None
        self.grid, self.options = grid, problem.mechanics
        self._potential = problem.metal.molar_volume / FARADAY
        """Omega/F [V/Pa]."""
        self._least = STRONG_WEIGHT / problem.interface.width
        self.voxels = VoxelSolver(
            grid, self.options.phases, self.options.supports, problem.interface.width, self.options.numerics
        )
        self._host = 1.0 - pore
        self.elapsed, self.waited = 0.0, 0
        """Time [s] and steps since the last solution."""
        self.lag, self.film_peak = 0.0, -np.inf
        """Change of U [V] between the last two solutions; largest film stress so far [Pa]."""
        self.failed_at: float | None = None
        """Time at which the film's strength was first exceeded [s]."""
        self.voxels.set_cells(xi, self._host)
        self._solve(0.0, 0.0)

    @property
    def traction(self) -> np.ndarray:
        """p [Pa] of the cells near the surface, from the last solution; ghosted."""
        return self.voxels.traction

    def follow(self, before: np.ndarray, after: np.ndarray, step: float, time: float) -> None:
        """Take a step's new metal; solve if it is time to."""
        voxels, law = self.voxels, self.options.phases.metal
        voxel_laws.deposit(
            before,
            after,
            voxels.place_strain,
            voxels.traction,
            law.elasticity.bulk_modulus,
            self.options.growth_strain,
            law.resistance,
            voxels.inelastic,
            voxels.resistance,
        )
        voxels.box.halo.exchange(voxels.inelastic, voxels.resistance)
        self.elapsed, self.waited = self.elapsed + step, self.waited + 1
        if self.waited < self.options.every:
            return
        voxels.set_cells(after, self._host)
        old = voxels.traction.copy()
        self._solve(self.elapsed, time)
        surface = interface_weight(voxels.xi[OWNED]) > STRONG_WEIGHT
        change = np.where(surface, np.abs(voxels.traction[OWNED] - old[OWNED]), 0.0)
        self.lag = self._potential * self.grid.max(float(change.max(initial=0.0)))
        self.elapsed, self.waited = 0.0, 0

    def _solve(self, duration: float, time: float) -> None:
        try:
            self.voxels.advance(duration, self.options.stack_pressure)
        except MechanicsFailure as failure:
            raise SolverFailure(
                f"mechanical equilibrium was not found: {failure}",
                field="displacement",
                place=None,
                time=time,
                remedy="make the phases' moduli less different, or solve the stress more often (mechanics.every)",
            ) from None
        film = self.options.film
        if film is None:
            return
        weight = interface_weight(self.voxels.xi) * (1.0 - self._host)
        peak = self.grid.max(self._surface(weight, STRONG_WEIGHT)[3])
        self.film_peak = max(self.film_peak, peak)
        if self.failed_at is None and peak > film.strength:
            self.failed_at = time

    def _surface(self, weight: np.ndarray, least: float) -> tuple[float, float, float, float]:
        film, voxels = self.options.film, self.voxels
        numbers = (0.0, 0.0, 0.0)
        if film is not None:
            numbers = (film.elasticity.youngs_modulus, film.elasticity.poissons_ratio, film.misfit)
        return voxel_laws.surface_numbers(voxels.place_strain, voxels.normal, voxels.traction, weight, least, numbers)

    # ------------------------------------------------------------------ reading and restart

    def measures(self, weight: np.ndarray) -> dict[str, float]:
        """Of the last solution, over a surface that reacts with `weight` [1/m]."""
        grid, voxels = self.grid, self.voxels
        area, load, largest, _ = self._surface(weight, self._least)
        sums = grid.sums(np.array([area, load]))
        metal = (voxels.xi[OWNED] > 0.5) & (self._host[OWNED] < 0.5)
        out = {
            "peak_von_mises": grid.max(float(np.where(metal, voxels.von_mises(), 0.0).max(initial=0.0))),
            "peak_pressure": grid.max(float(np.where(metal, voxels.pressure(), -np.inf).max(initial=-np.inf))),
            "contact_pressure": float(sums[1] / sums[0]) if sums[0] > 0.0 else float("nan"),
            "peak_contact_pressure": grid.max(largest) if sums[0] > 0.0 else float("nan"),
            "pressure_lag": self.lag,
            "largest_strain": grid.max(float(np.abs(voxels.strain[OWNED]).max(initial=0.0))),
        }
        if self.options.film is not None:
            out |= {"film_stress": self.film_peak, "film_failed": float(self.failed_at is not None)}
        return out

    def gather(self, name: str) -> np.ndarray | None:
        """A field of `FIELDS` on rank 0."""
        if name == "traction":
            return self.grid.gather(self.voxels.traction)
        field = self.grid.zeros()
        if name not in FIELDS:
            raise KeyError(f"no field {name!r}")
        field[OWNED] = self.voxels.pressure() if name == "p" else self.voxels.von_mises()
        return self.grid.gather(field)

    def _arrays(self) -> dict[str, np.ndarray]:
        voxels = self.voxels
        six = {"inelastic": voxels.inelastic, "place_strain": voxels.place_strain, "stress": voxels.stress,
               "strain": voxels.strain}  # fmt: skip
        parts = {f"{name}_{n}": array[..., n] for name, array in six.items() for n in _ALL}
        return parts | {"resistance": voxels.resistance, "rate": voxels.rate, "traction": voxels.traction}

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        arrays = {name: self.grid.gather(array) for name, array in self._arrays().items()}
        arrays["displacement"] = self.voxels.gather_displacement()
        return {
            "arrays": arrays,
            "elapsed": self.elapsed,
            "waited": self.waited,
            "lag": self.lag,
            "film_peak": self.film_peak,
            "failed_at": self.failed_at,
            "next_step": self.voxels.next_step,
            "solved_xi": self.grid.gather(self.voxels.xi),
        }

    def load(self, saved: dict[str, Any] | None) -> None:
        """Restore what `save` returned (rank 0's dictionary, on any number of ranks)."""
        grid, voxels = self.grid, self.voxels
        room = grid.zeros()
        for name, array in self._arrays().items():
            grid.scatter(saved["arrays"][name] if saved is not None else None, room)
            array[:] = room
        whole = (voxels.inelastic, voxels.place_strain, voxels.stress, voxels.strain)
        voxels.box.halo.exchange(*whole, voxels.resistance, voxels.rate, voxels.traction)
        voxels.scatter_displacement(saved["arrays"]["displacement"] if saved is not None else None)
        grid.scatter(saved["solved_xi"] if saved is not None else None, room)
        grid.fill_outer_ghosts(room)
        voxels.set_cells(room, self._host)
        names = ("elapsed", "waited", "lag", "film_peak", "failed_at", "next_step")
        numbers = grid.comm.bcast({n: saved[n] for n in names} if saved is not None else None, root=0)
        self.elapsed, self.waited = float(numbers["elapsed"]), int(numbers["waited"])
        self.lag, self.film_peak, self.failed_at = numbers["lag"], numbers["film_peak"], numbers["failed_at"]
        voxels.next_step = numbers["next_step"]

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self.voxels.free()
