"""Order of the deposit: which of its metal is crystalline (physics.crystallinity), cell by cell.

A domain is metal that is connected through faces of cells more than half full, with the diffuse surface that rises to
it; a nucleus below the grid's resolution is one of its own, and so is what is connected and fills no cell by half.
Every step

1. metal that leaves a cell takes the cell's mix of ordered and disordered along, metal that comes takes the mix it
   lands on: on a diffuse surface that of the cell more than half full that it rises to, at a nucleus below the grid's
   resolution the nucleus's own (kernels.order). Moving metal makes no order;
2. domains are found anew, with their volumes V, and the disordered metal of each orders at k(V);
3. crystals are counted as they form.

A domain that a plane of symmetry cuts counts with what lies in the box. In two dimensions the volume is that of the
sphere with the diameter of the disc of the same area.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ramify.phasefield.connectivity import number_components
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import labels
from ramify.phasefield.kernels.order import carry_order, uphill_cells
from ramify.phasefield.plating.nuclei import Nuclei
from ramify.phasefield.problem import PlatingProblem
from ramify.physics.crystallinity import crystal_diameter, ordering_rate

SURFACE = (labels.TRACE, 1e-3)
"""Metal fraction from which a cell of the diffuse surface belongs to the domain that it rises to; near nuclei below the
grid's resolution, whose first metal is no more than the tails of their neighbours."""
SHOWN = 0.01
"""Metal fraction from which a cell's share is told."""
FIELD = "crystallinity"


class Order:
    """Order of one plating run.

    Parameters
    ----------
    grid, problem
        The run's; `problem.crystallinity` is given.
    pore
        Open fraction of the cells, ghosted.
    nuclei
        The run's, or None.
    xi
        The metal at the start, ghosts filled.
    """

    def __init__(
        self, grid: Grid, problem: PlatingProblem, pore: np.ndarray, nuclei: Nuclei | None, xi: np.ndarray
    ) -> None:
        assert problem.crystallinity is not None
        self.grid, self.law, self.pore, self.nuclei = grid, problem.crystallinity, pore, nuclei
        self.planar = problem.domain.dimension == 2
        self.volume = problem.domain.cell_volume
        start = self.law.initial * np.maximum(xi, 0.0)
        self.ordered = np.where(pore > 0.0, start, 0.0)
        """Metal fraction that is ordered; ghosted."""
        self.crystals = self.ordered * pore * self.volume / self._content(self.law.crystal_size)
        """In every cell, per metre of depth in two dimensions; ghosted."""
        self.label = np.zeros(grid.ghosted_shape, np.int32)
        """Domain of every cell, zero for none; ghosts filled."""
        self.mix = grid.zeros()
        """Ordered share of what the metal of a cell lands on; ghosts filled."""
        self.climbs: list[tuple[np.ndarray, np.ndarray]] = []
        """Cells of the diffuse surfaces (flat), and the fuller ones whose domain they joined, in the order they did."""
        self.diameters = np.zeros(1)
        """Of the domains [m]; the first is none."""
        self._find_domains(xi)
        self._set_mix(xi)
        self.rate = self._rates()[self.label]
        """k of every cell at the end of the last step [1/s]."""

    def _content(self, diameter: Any) -> Any:
        """Volume of a sphere [m^3], of a cylinder per metre [m^2] in two dimensions."""
        d = np.asarray(diameter, dtype=float)
        return 0.25 * math.pi * d**2 if self.planar else math.pi / 6.0 * d**3

    def _diameter(self, content: Any) -> Any:
        v = np.maximum(np.asarray(content, dtype=float), 0.0)
        return np.sqrt(4.0 / math.pi * v) if self.planar else np.cbrt(6.0 / math.pi * v)

    # ------------------------------------------------------------------ domains

    def _find_domains(self, xi: np.ndarray) -> None:
        """Label the domains of a metal (ghosts filled) and measure them."""
        grid, label = self.grid, self.label
        numbers, count = number_components(grid, (xi > 0.5) & (self.pore > 0.0))
        label[:] = np.where(numbers > 0, numbers, labels.UNLABELLED)
        grid.halo.exchange(label)
        self._label_surfaces(xi)
        label[label == labels.UNLABELLED] = 0
        if self.nuclei is not None and len(self.nuclei.growing):
            self._label_nuclei(xi, count)
            count += len(self.nuclei.growing)
        count += self._label_remains(xi, count)
        grid.fill_outer_ghosts(label)
        metal = np.maximum(xi[OWNED], 0.0) * self.pore[OWNED]
        volumes = np.bincount(label[OWNED].ravel(), metal.ravel(), count + 1) * self.volume
        volumes[0] = 0.0
        self.diameters = self._diameter(grid.sums(volumes))
        self.diameters[0] = 0.0

    def _label_surfaces(self, xi: np.ndarray) -> None:
        """Give cells of diffuse surfaces the label of the metal they rise to."""
        least = np.full(xi.shape, SURFACE[0])
        if self.nuclei is not None:
            least[self.nuclei.around.cell] = SURFACE[1]
        # What solid cells hold is no metal to rise to.
        metal = np.where(self.pore > 0.0, xi, 0.0)
        surface = np.zeros(self.label.shape, bool)
        surface[OWNED] = ((self.label == labels.UNLABELLED) & (metal >= least))[OWNED]
        cells = np.flatnonzero(surface)
        targets = uphill_cells(metal, cells)
        flat, self.climbs, rising = self.label.reshape(-1), [], True
        while rising:
            known = flat[targets] != labels.UNLABELLED
            self.climbs.append((cells[known], targets[known]))
            flat[cells[known]] = flat[targets[known]]
            cells, targets = cells[~known], targets[~known]
            self.grid.halo.exchange(self.label)
            rising = bool(self.grid.sum(float(np.count_nonzero(known))))

    def _label_nuclei(self, xi: np.ndarray, count: int) -> None:
        """Give metal around nuclei below the grid's resolution that is no domain's the label of the nearest one."""
        assert self.nuclei is not None
        around = self.nuclei.around
        free = (self.label[around.cell] == 0) & (xi[around.cell] > 0.0)
        # The nearest comes last, and is what stays.
        last = np.argsort(around.near[free], kind="stable")
        place = tuple(axis[free][last] for axis in around.cell)
        self.label[place] = count + 1 + around.nucleus[free][last]

    def _label_remains(self, xi: np.ndarray, count: int) -> int:
        """Make domains of the metal that fills no cell by half and is no nucleus's, as a thin film; their number."""
        numbers, found = number_components(self.grid, (self.label == 0) & (self.pore > 0.0) & (xi >= SURFACE[1]))
        self.label[numbers > 0] = count + numbers[numbers > 0]
        return found

    def _set_mix(self, xi: np.ndarray) -> None:
        """What comes next lands on: `mix`, from the order of now."""
        metal = np.maximum(xi, 0.0)
        full = (xi > 0.5) & (self.pore > 0.0)
        amounts = np.stack([metal, self.ordered])[:, *OWNED] * self.pore[OWNED]
        place = self.label[OWNED].ravel()
        sums = self.grid.sums(np.stack([np.bincount(place, part.ravel(), len(self.diameters)) for part in amounts]))
        means = np.minimum(sums[1] / np.maximum(sums[0], 1e-300), 1.0)
        means[0] = 0.0
        self.mix = np.where(full, np.minimum(self.ordered / np.where(full, metal, 1.0), 1.0), means[self.label])
        flat = self.mix.reshape(-1)
        self.grid.halo.exchange(self.mix)
        for cells, targets in self.climbs:
            flat[cells] = flat[targets]
            self.grid.halo.exchange(self.mix)
        self.grid.fill_outer_ghosts(self.mix)

    def _rates(self) -> np.ndarray:
        law = self.law
        return np.asarray(ordering_rate(self.diameters, law.critical_size, law.rate, law.crystal_size))

    # ------------------------------------------------------------------ time

    def follow(self, before: np.ndarray, after: np.ndarray, step: float) -> None:
        """Take a step's change of the metal, ghosts filled; order what has become large enough."""
        carry_order(before, after, self.label, self.mix, self.ordered, self.crystals)
        self._find_domains(after)
        rate = self._rates()[self.label]
        # A cell that changes domains, as where nuclei meet, has the rate of its new one from the start of the step.
        mean = np.where((self.rate > 0.0) & (rate > 0.0), 0.5 * (self.rate + rate), rate)
        left = np.where(self.pore > 0.0, np.maximum(after, 0.0) - self.ordered, 0.0)
        new = np.maximum(left, 0.0) * -np.expm1(-mean * step)
        sizes = crystal_diameter(np.maximum(self.diameters, self.law.critical_size), self.law.crystal_size)
        self.crystals += new * self.pore * self.volume / self._content(sizes)[self.label]
        self.ordered, self.rate = self.ordered + new, rate
        self._set_mix(after)

    # ------------------------------------------------------------------ reading and restart

    def measures(self, xi: np.ndarray) -> dict[str, float]:
        """Ordered share of the metal, share in domains beyond the critical size, mean diameter of the crystals."""
        metal = np.maximum(xi[OWNED], 0.0) * self.pore[OWNED]
        large = self.diameters[self.label[OWNED]] >= self.law.critical_size
        parts = (metal, metal * large, self.ordered[OWNED] * self.pore[OWNED], self.crystals[OWNED])
        total, orderable, ordered, crystals = (float(v) for v in self.grid.sums(np.array([p.sum() for p in parts])))
        none = float("nan")
        size = float(self._diameter(ordered * self.volume / crystals)) if crystals > 0.0 else none
        return {
            "crystalline_fraction": ordered / total if total > 0.0 else none,
            "orderable_fraction": orderable / total if total > 0.0 else none,
            "crystal_size": size,
        }

    def gather(self, xi: np.ndarray) -> np.ndarray | None:
        """Ordered share of every cell's metal on rank 0; zero where there is next to none."""
        share = np.where(xi >= SHOWN, self.ordered / np.maximum(xi, SHOWN), 0.0)
        return self.grid.gather(np.minimum(share, 1.0))

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        return {name: self.grid.gather(array) for name, array in self._state().items()}

    def load(self, saved: dict[str, Any] | None, xi: np.ndarray) -> None:
        """Restore what `save` returned (rank 0's dictionary), for the metal of the same time, ghosts filled."""
        for name, array in self._state().items():
            self.grid.scatter(saved[name] if saved is not None else None, array)
        self._find_domains(xi)
        self._set_mix(xi)

    def _state(self) -> dict[str, np.ndarray]:
        return {"ordered": self.ordered, "crystals": self.crystals, "rate": self.rate}
