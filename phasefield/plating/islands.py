"""Which metal is connected to the current collector, and the potentials of what is not.

Cells with more than half metal (or conducting host) are joined through their faces, across ranks too. Metal that
reaches the collector, or a conducting host that does, has phi_s = 0. Everything else is an island: it floats at the
potential that makes its net current zero, or does not react at all. A surface cell with less than half metal belongs to
the metal that one reaches from it uphill, from each cell to its fullest neighbour; what rises to no metal takes the
label next to it, layer by layer. So the whole diffuse surface of an island is its own. What
stripping leaves of a film, less than half a cell anywhere, still belongs to the collector or the conducting host under
it; traces of metal that no layer reaches have no contact and do not react.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import labels
from ramify.phasefield.kernels.labels import TRACE, UNLABELLED
from ramify.phasefield.problem import PlatingProblem

SURFACE_LAYERS = 14.0
"""Widths from xi = 1/2 to the end of the reacting tail, and a margin."""
INACTIVE = -1
CONNECTED = 0


def host_conducts(grid: Grid, problem: PlatingProblem) -> np.ndarray:
    """Whether the host's material conducts: one cell where it is the same everywhere, else a ghosted array."""
    geometry = problem.geometry
    if geometry.host_distance is None or not geometry.host_conducting:
        return np.zeros((1, 1, 1), dtype=bool)
    given = geometry.through_conductivity
    if not callable(given):
        return np.ones((1, 1, 1), dtype=bool)
    conducts = np.broadcast_to(given(*grid.centres()) > 0.0, grid.ghosted_shape).astype(np.int8)
    grid.fill_outer_ghosts(conducts)
    return conducts > 0


class Islands:
    """Labels of the metal's parts and the floating potentials; equal on every rank."""

    def __init__(self, grid: Grid, problem: PlatingProblem) -> None:
        self.grid = grid
        self.floating = problem.electrons.islands == "floating"
        finest = min(h for h, n in zip(problem.domain.spacing, problem.domain.cells, strict=True) if n > 1)
        self.layers = math.ceil(SURFACE_LAYERS * max(problem.interface.width / finest, 1.0))
        self.host = host_conducts(grid, problem)
        """Where a host cell would conduct."""
        self.label = np.zeros(grid.ghosted_shape, np.int32)
        """0 connected, 1, 2, ... floating islands, -1 inactive; 0 where there is no metal."""
        self.cells: list[np.ndarray] = []
        """Flat owned indices of the cells of each floating island."""
        self.potentials = np.zeros(0)
        """f phi_s of the islands."""
        self.short_circuit = False
        """Whether connected metal touches the counter electrode."""
        self.seeds: list[tuple[int, int, int]] = []
        """A cell (z, y, x) of the whole grid in each island, by which it is known again."""

    def update(self, xi: np.ndarray, pore: np.ndarray) -> None:
        """Label the metal of a new shape; potentials of islands that persist are kept as guesses."""
        metal = np.empty(xi.shape, np.uint8)
        labels.mark_conductors(xi, pore, self.host, metal)
        numbers, count = number_components(self.grid, metal)
        connected, touching = self._connected(numbers, count)
        self.short_circuit = touching
        others = [n for n in range(1, count + 1) if n not in connected]
        self._label_islands(xi, pore, numbers, connected, others)
        if not others:
            self.cells, self.potentials, self.seeds = [], np.zeros(0), []
            return
        guesses = self._previous_potentials(numbers, others)
        self.cells = []
        if self.floating:
            flat = self.label[OWNED].ravel()
            self.cells = [np.flatnonzero(flat == index + 1) for index in range(len(others))]
        self.potentials = guesses if self.floating else np.zeros(0)
        self.seeds = [self._first_cell(numbers, n) for n in others]

    def _connected(self, numbers: np.ndarray, count: int) -> tuple[set[int], bool]:
        grid = self.grid
        bottom = set(np.unique(numbers[1, 1:-1, 1:-1]).tolist()) if grid.at_bottom else set()
        top = set(np.unique(numbers[-2, 1:-1, 1:-1]).tolist()) if grid.at_top else set()
        gathered = grid.comm.allgather((bottom, top))
        connected = set().union(*(b for b, _ in gathered)) - {0}
        reaches = set().union(*(t for _, t in gathered)) - {0}
        return connected, bool(connected & reaches)

    def _label_islands(
        self, xi: np.ndarray, pore: np.ndarray, numbers: np.ndarray, connected: set[int], others: list[int]
    ) -> None:
        lookup = np.full(max([0, *connected, *others]) + 1, UNLABELLED, np.int32)
        for n in connected:
            lookup[n] = CONNECTED
        for index, n in enumerate(others):
            lookup[n] = index + 1 if self.floating else INACTIVE
        lookup[0] = UNLABELLED
        label = self.label
        labels.set_labels(numbers, lookup, label)
        if self.grid.at_bottom:
            lowest = label[1]
            lowest[(lowest == UNLABELLED) & (xi[1] >= TRACE) & (pore[1] > 0.0)] = CONNECTED
        self.grid.halo.exchange(label)
        if others:
            self._label_uphill(xi, label)
        front = labels.first_front(xi, label)
        alone = self.grid.halo.idle
        for _ in range(self.layers):
            front = labels.label_layer(xi, label, front)
            if not alone:
                self.grid.halo.exchange(label)
                front = np.concatenate([front, labels.ghost_front(label)])
            if not self.grid.sum(float(front.size)):
                break
        labels.label_the_rest(xi, CONNECTED, INACTIVE, label)

    def _label_uphill(self, xi: np.ndarray, label: np.ndarray) -> None:
        """Label the surfaces that rise to labelled metal, so that two that overlap part where they are thinnest."""
        surface = np.zeros(label.shape, bool)
        surface[OWNED] = (label[OWNED] == UNLABELLED) & (xi[OWNED] >= TRACE)
        cells = np.flatnonzero(surface)
        rising = True
        while rising:
            found = labels.uphill_labels(xi, label, cells)
            known = found != UNLABELLED
            label.reshape(-1)[cells[known]] = found[known]
            cells = cells[~known]
            self.grid.halo.exchange(label)
            rising = bool(self.grid.sum(float(np.count_nonzero(known))))

    def _first_cell(self, numbers: np.ndarray, component: int) -> tuple[int, int, int]:
        """Global place (z, y, x) of the first cell of a component, the same on every rank."""
        found = np.argwhere(numbers[OWNED] == component)
        mine = None
        if len(found):
            k, j, i = found[0]
            x0, y0, z0 = self.grid.start
            mine = (int(k) + z0, int(j) + y0, int(i) + x0)
        places = [p for p in self.grid.comm.allgather(mine) if p is not None]
        return min(places)

    def _previous_potentials(self, numbers: np.ndarray, others: list[int]) -> np.ndarray:
        """Guesses for the new islands: those of the old islands whose first cell they still hold."""
        guesses = np.zeros(len(others))
        x0, y0, z0 = self.grid.start
        kz, ky, kx = self.grid.shape
        for seed, potential in zip(self.seeds, self.potentials, strict=False):
            k, j, i = seed[0] - z0, seed[1] - y0, seed[2] - x0
            inside = 0 <= k < kz and 0 <= j < ky and 0 <= i < kx
            here = int(numbers[k + 1, j + 1, i + 1]) if inside else 0
            component = max(self.grid.comm.allgather(here))
            if component in others:
                guesses[others.index(component)] = potential
        return guesses

    def restore(self, potentials: np.ndarray, seeds: list[tuple[int, int, int]] | np.ndarray) -> None:
        """Take back potentials and seeds, after a rejected step or a restart."""
        self.potentials = np.array(potentials, dtype=np.float64)
        self.seeds = [(int(k), int(j), int(i)) for k, j, i in seeds]

    def spread(self, metal_potential: np.ndarray) -> None:
        """Write f phi_s of every cell's metal: zero where connected, the island's own elsewhere."""
        if not self.cells:
            if metal_potential.any():
                metal_potential.fill(0.0)
            return
        values = np.concatenate([[0.0], self.potentials])
        metal_potential[:] = values[np.maximum(self.label, 0)]
