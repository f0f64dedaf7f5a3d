"""Residual and Jacobian of one time step of the grand-potential model (kernels.grand_potential).

The potential is kept as p = (nF/RT)(phi - phi at the collector): in a metal a million times better conducting than
the electrolyte its drop is a millionth, which the full potential would lose to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grand_potential.problem import GrandPotentialProblem, Side
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import grand_potential as kernels
from ramify.phasefield.plating.timescheme import Scheme

FIELDS = ("xi", "mu", "p")
BLOCKS = len(FIELDS)
Three = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass
class State:
    """Ghosted arrays of xi, mu [RT] and p [RT/nF]."""

    xi: np.ndarray
    mu: np.ndarray
    p: np.ndarray

    @property
    def fields(self) -> Three:
        """In the order of the rows."""
        return self.xi, self.mu, self.p

    def copy(self) -> State:
        """Arrays of its own."""
        return State(self.xi.copy(), self.mu.copy(), self.p.copy())


class System:
    """The three rows on one grid; `evaluate` fills rows, derivatives and the fluxes over the two z faces."""

    def __init__(self, grid: Grid, problem: GrandPotentialProblem) -> None:
        self.grid, self.problem = grid, problem
        self.cells = int(np.prod(grid.shape))
        self.blocks = BLOCKS
        domain = problem.domain
        self.axes = np.array([n for n in range(3) if domain.cells[n] > 1 or n == 2])
        self.finest = min(domain.spacing[n] for n in self.axes)
        self.thermal = problem.reaction.charge_over_thermal_energy
        self.potential = 0.0
        """Of the collector [V]."""
        self.rows: Three = (grid.zeros(), grid.zeros(), grid.zeros())
        self.local = np.zeros((*grid.ghosted_shape, kernels.LOCAL))
        x, y, z = (
            np.zeros((*(grid.ghosted_shape if axis in self.axes else (1, 1, 1)), kernels.FACE)) for axis in range(3)
        )
        self.faces: Three = (x, y, z)
        self.ends = np.zeros((2, 2, *grid.ghosted_shape[1:]))
        self.noise = grid.zeros()
        self._properties = (grid.zeros(), grid.zeros(), grid.zeros(), grid.zeros(), grid.zeros(), grid.zeros())
        """Of kernels.set_properties: m, its slope, sigma/sigma^l, its slope, w, c^l."""
        self._vector: Three = (grid.zeros(), grid.zeros(), grid.zeros())
        self.charge = 0.0

    # ------------------------------------------------------------------ boundaries

    def held(self, name: str, side: Side) -> float | None:
        """Value of a field at a z face in the unit of its row, None where nothing crosses."""
        if name == "p":
            return self.thermal * (side.phi - self.potential) if side is self.problem.counter else 0.0
        return side.xi if name == "xi" else side.mu

    def fill_ghosts(self, state: State) -> None:
        """Ghosts of the three fields."""
        for name, array in zip(FIELDS, state.fields, strict=True):
            self.grid.fill_outer_ghosts(array)
            below, above = self.held(name, self.problem.collector), self.held(name, self.problem.counter)
            if self.grid.at_bottom and below is not None:
                array[0] = 2.0 * below - array[1]
            if self.grid.at_top and above is not None:
                array[-1] = 2.0 * above - array[-2]

    def _fill_ghosts_of_correction(self, name: str, array: np.ndarray) -> None:
        self.grid.fill_outer_ghosts(array)
        if self.grid.at_bottom and self.held(name, self.problem.collector) is not None:
            array[0] = -array[1]
        if self.grid.at_top and self.held(name, self.problem.counter) is not None:
            array[-1] = -array[-2]

    # ------------------------------------------------------------------ one step

    def set_lithium(self, state: State, lithium: np.ndarray) -> None:
        """N of the owned cells (ghosts are not to be used)."""
        electrolyte, electrode = self.problem.electrolyte, self.problem.electrode
        kernels.set_lithium(state.xi, state.mu, (electrolyte.level, electrode.level, electrode.site_ratio), lithium)

    def evaluate(self, state: State, old_xi: np.ndarray, old_lithium: np.ndarray, scheme: Scheme) -> None:
        """Rows and their derivatives at a state; `old_xi` and `old_lithium` are xi_h and N_h of the scheme."""
        problem, tau = self.problem, scheme.beta * scheme.step
        electrolyte, electrode, reaction = problem.electrolyte, problem.electrode, problem.reaction
        interface = problem.interface
        crystal = interface.anisotropy
        self.fill_ghosts(state)
        contrast = electrode.conductivity / electrolyte.conductivity
        kernels.set_properties(state.xi, state.mu, electrolyte.level, contrast, *self._properties)
        for row in self.rows:
            row.fill(0.0)
        spacing = problem.domain.spacing
        for axis in self.axes:
            h2 = spacing[axis] ** 2
            kernels.add_faces(
                axis,
                state.fields,
                self._properties,
                (
                    tau * electrolyte.diffusivity / h2,
                    tau * interface.mobility * interface.gradient_coefficient / h2,
                    self.finest**2 / h2,
                ),
                spacing,
                (crystal.strength, crystal.mode, crystal.angle, crystal.power),
                self._closed(axis),
                self.rows,
                self.faces[axis],
                self.ends,
            )
        scale = electrode.charge_density * self.thermal / electrolyte.conductivity
        self.charge = self.finest**2 * scale / tau
        shift = self.thermal * (self.potential - problem.reference_potential)
        kernels.add_cells(
            state.fields,
            self._properties[5],
            (old_xi, old_lithium),
            self.noise,
            (tau * interface.mobility, interface.barrier, tau * reaction.rate),
            (reaction.transfer_coefficient, electrolyte.reference_occupancy, shift),
            (electrode.level, electrode.site_ratio),
            self.charge,
            self.rows,
            self.local,
        )

    def _closed(self, axis: int) -> tuple[bool, bool]:
        """Outermost faces across an axis that this rank has and that the phase's flux does not cross."""
        first = self.grid.place[axis] == 0
        last = self.grid.place[axis] == self.grid.ranks[axis] - 1
        if axis < 2:
            return first and not self.grid.periodic[axis], last and not self.grid.periodic[axis]
        return first and self.problem.collector.xi is None, last and self.problem.counter.xi is None

    def apply(self, x: np.ndarray, y: np.ndarray) -> None:
        """Y = J x for flat vectors of the three blocks."""
        n, shape = self.cells, self.grid.shape
        for block, (name, array) in enumerate(zip(FIELDS, self._vector, strict=True)):
            array[OWNED] = x[block * n : (block + 1) * n].reshape(shape)
            self._fill_ghosts_of_correction(name, array)
        out: Three = (y[:n].reshape(shape), y[n : 2 * n].reshape(shape), y[2 * n :].reshape(shape))
        kernels.apply_jacobian(self._vector, self.local, self.axes, self.faces, self.charge, out)

    # ------------------------------------------------------------------ readings

    @property
    def current_factor(self) -> float:
        """Current density [A/m^2] of a current flux of one."""
        return self.problem.electrolyte.conductivity * self.problem.domain.spacing[2] / (self.thermal * self.finest**2)

    def end_fluxes(self, scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
        """Means over the collector's and the counter electrode's face, of the state last evaluated.

        Returns
        -------
        lithium, current
            Into the domain in cells' N per second summed over the cross-section; along -z [A/m^2]: the current that
            deposits metal enters at the counter electrode.
        """
        sums = np.zeros((2, 2))
        for end, here in enumerate((self.grid.at_bottom, self.grid.at_top)):
            if here:
                sums[end] = self.ends[end, :, 1:-1, 1:-1].sum(axis=(1, 2))
        sums = self.grid.sums(sums)
        lithium = np.array([-sums[0, 0], sums[1, 0]]) / (scheme.beta * scheme.step)
        area = self.problem.domain.cells[0] * self.problem.domain.cells[1]
        return lithium, sums[:, 1] / area * self.current_factor

    @property
    def occupied(self) -> np.ndarray:
        """c^l of the state last evaluated, ghosts too."""
        return self._properties[5]

    @property
    def openness(self) -> np.ndarray:
        """m = (1 - h)^2 of the state last evaluated, ghosts too."""
        return self._properties[0]
