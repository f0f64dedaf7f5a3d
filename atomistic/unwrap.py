"""Continuous paths from frames: true displacements, whatever the box does and however coordinates were folded.

With f the fraction folded into the box, n the crossings, H the box vectors as rows, the displacement between frames is

    dr = f' H' - f H + (n' - n) H'

(the toroidal scheme: S. von Buelow, J. T. Bullerjahn, G. Hummer, J. Chem. Phys. 153 (2020) 021101; in a box of constant
size it is the difference of unwrapped coordinates, in one that breathes it does not amplify the breathing).

Where the crossings are not known, n' - n = -round(f' - f) is right only if no atom goes half a box between two frames.
That is proven from the thermal speed: a component of the velocity beyond 8 sqrt(kT/m) has a probability of 1e-15.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.frames import Frame
from ramify.physics.constants import BOLTZMANN

FASTEST = 8.0
"""Thermal speeds sqrt(kT/m) that no component of a velocity exceeds."""


@dataclass
class Unwrapper:
    """The paths of all atoms, frame by frame."""

    path: Path
    reach: float | None
    """Farthest that an atom can go along one direction between two frames, in the file's unit; None if not known."""
    known_unwrapped: bool = False
    """Whether coordinates of a format that does not tell are stated to be unwrapped."""
    proof: str = ""
    """How the crossings of the box are known."""
    _crossings: np.ndarray = field(init=False)
    _fractions: np.ndarray = field(init=False)
    _folded: np.ndarray = field(init=False)
    _positions: np.ndarray = field(init=False)
    _begun: bool = False

    def follow(self, frame: Frame, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unwrapped positions after this frame, and their change since the last [n, 3]; `order` sorts the atoms.

        Raises
        ------
        AtomisticError
            Where the crossings are not known and cannot be proven, and where the box disappears.
        """
        positions = frame.positions[order]
        images = None if frame.images is None else frame.images[order]
        box = frame.box
        if box is None or not any(box.periodic):
            if frame.kind == "wrapped" and box is None:
                raise AtomisticError("folded coordinates without a box", self.path, frame.line)
            return self._free(positions)
        periodic = np.array(box.periodic)
        fractions = box.fractions(positions)
        if images is None and frame.kind == "images":
            raise AtomisticError("image counts are missing", self.path, frame.line)
        whole = np.where(periodic, np.floor(fractions), 0.0)
        fractions = fractions - whole
        if frame.kind == "unwrapped" or (frame.kind == "unknown" and self.known_unwrapped):
            crossings = whole
            self.proof = "coordinates are unwrapped" if frame.kind == "unwrapped" else "stated to be unwrapped"
        elif images is not None:
            crossings = whole + np.where(periodic, images, 0)
            self.proof = "image counts"
        elif not self._begun:
            crossings = np.zeros_like(whole)
        else:
            self._prove(frame, periodic)
            step = fractions - self._fractions
            crossings = self._crossings - np.where(periodic, np.round(step), 0.0)
        folded = fractions @ box.vectors
        if not self._begun:
            self._positions = folded + crossings @ box.vectors
            change = np.zeros_like(folded)
        else:
            change = folded - self._folded + (crossings - self._crossings) @ box.vectors
            self._positions = self._positions + change
        self._crossings, self._fractions, self._folded, self._begun = crossings, fractions, folded, True
        return self._positions, change

    def _free(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        change = positions - self._positions if self._begun else np.zeros_like(positions)
        self._positions, self._begun = positions, True
        self.proof = "the box is not periodic"
        return positions, change

    def _prove(self, frame: Frame, periodic: np.ndarray) -> None:
        """Refuse frames between which an atom may have gone half a box."""
        assert frame.box is not None
        half = 0.5 * float(frame.box.widths[periodic].min())
        remedy = "dump xu yu zu, or x y z ix iy iz"
        if self.reach is None:
            raise AtomisticError(
                "coordinates are folded into the box without image counts, and without the temperature and the "
                "masses it cannot be proven that no atom crosses half the box between frames",
                self.path, frame.line, allowed=f"{remedy}; or --temperature and --elements",
            )  # fmt: skip
        if self.reach * math.sqrt(3.0) >= half:
            raise AtomisticError(
                "coordinates are folded into the box without image counts, and frames are too far apart to restore "
                "them: "
                f"an atom may go {self.reach * math.sqrt(3.0):.3g} between frames ({FASTEST:g} thermal speeds along "
                f"each axis), half the box is {half:.3g} (in the file's unit of length)",
                self.path, frame.line,
                allowed=f"{remedy}; or frames at least {self.reach * math.sqrt(3.0) / half:.2g} times as dense",
            )  # fmt: skip
        self.proof = (
            f"image counts restored: no atom goes half a box ({half:.3g}) between frames, where {FASTEST:g} thermal "
            f"speeds along each axis reach {self.reach * math.sqrt(3.0):.3g}"
        )


def thermal_reach(temperature: float, lightest: float, interval: float) -> float:
    """Farthest that an atom of mass `lightest` [kg] goes along one axis in `interval` [s] at `temperature` [K]; [m]."""
    return FASTEST * math.sqrt(BOLTZMANN * temperature / lightest) * interval


def free_flight(temperature: float, mass: float, interval: float) -> float:
    """Upper bound of a mean squared displacement, 3kT/m t^2: that of atoms that nothing slows down [m^2]."""
    return 3.0 * BOLTZMANN * temperature / mass * interval**2
