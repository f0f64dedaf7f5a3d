"""The moving surface of an alloy's voids: what its conservative fluxes take along of a property of the metal."""

from __future__ import annotations

import numpy as np

from ramify.phasefield.kernels.front import add_regularisation
from ramify.phasefield.kernels.vacancies import add_exchange_feed
from ramify.phasefield.plating.front import AXES
from ramify.phasefield.voids.surface import VoidSurface


class AlloySurface(VoidSurface):
    """`VoidSurface`, with the sum of what is carried; each flux takes the mean of its two cells."""

    _weighted: list[np.ndarray] | None = None

    def carry(self, values: np.ndarray) -> None:
        """Take along `values`, ghosts filled, in the next `advance`."""
        self._weighted = []
        for (az, ay, ax), opening in zip(AXES, self.openings, strict=True):
            weighted = np.zeros_like(opening)
            nz, ny, nx = opening.shape
            upper = values[az:, ay:, ax:]
            lower = values[: nz - az, : ny - ay, : nx - ax]
            weighted[az:, ay:, ax:] = opening[az:, ay:, ax:] * (0.5 * (upper + lower))
            self._weighted.append(weighted)
        self._carried, self._stages = self.grid.zeros(), 0

    def carried(self, step: float) -> np.ndarray:
        """What the cells gained of it in the `advance` by `step` since `carry`, in metal fractions; owned cells."""
        self._weighted = None
        # each of the two stages of a substep counts half of it
        return self._carried * (step / self._stages)

    def _flux(self, xi: np.ndarray, speed: np.ndarray | None, b: float) -> None:
        super()._flux(xi, speed, b)
        if self._weighted is None:
            return
        self._stages += 1
        spans, near, width, out = self.spans, self.near, self.interface.width, self._carried
        for number, (axis, normal, weighted, inverse) in enumerate(
            zip(AXES, self._corrected, self._weighted, self.inverse, strict=True)
        ):
            add_regularisation(xi, normal, weighted, spans, near, axis, inverse, width, b, out)
            if speed is not None:
                self._feed(speed, number, weighted, out)

    def _feed(self, speed: np.ndarray, number: int, opening: np.ndarray, out: np.ndarray) -> None:
        add_exchange_feed(
            self.psi,
            self.normals[number],
            opening,
            speed,
            self.bending,
            self._tables,
            self.spans,
            self.near,
            AXES[number],
            self.inverse[number],
            out,
        )
