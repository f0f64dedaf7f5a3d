"""The electrical half of a void problem in SI numbers: solid electrolyte, contact kinetics, counter electrode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.problem import Kinetics


@dataclass(frozen=True)
class SolidElectrolyte:
    """Static, between the contact plane and the counter electrode."""

    layers: tuple[tuple[float, float], ...]
    """(thickness [m], ionic conductivity [S/m]), the first at the contact."""
    temperature: float
    """[K]."""


@dataclass(frozen=True)
class ContactComposition:
    """Magnesium on the faces of the contact plane of an alloy; planes (ny, nx), whole on every rank.

    A face under a local current density i (of what is in contact, positive for plating) has y = magnesium - rise i,
    held between 0 and 1: a stripping face never passes more than (1 - magnesium)/rise.
    """

    magnesium: np.ndarray
    """Atomic fraction y of the metal beside each face."""
    rise: np.ndarray
    """By which y on the face rises with the stripping current density [m^2/A]; not negative."""

    def limit(self, shares: np.ndarray) -> float:
        """Largest mean stripping current density that diffusion lets through faces of those shares [A/m^2]."""
        touching = shares > 0.0
        if np.any(self.rise[touching] <= 0.0):
            return float("inf")
        passed = shares[touching] * np.maximum(1.0 - self.magnesium[touching], 0.0) / self.rise[touching]
        return float(passed.sum()) / shares.size


@dataclass(frozen=True)
class ContactProblem:
    """Everything the electrical half needs beside the contact itself."""

    electrolyte: SolidElectrolyte
    kinetics: Kinetics
    """Of the metal in contact; its concentrations are not looked at."""
    counter: Kinetics | None = None
    """Of the lithium at the far face; None for a reversible electrode, without overpotential."""
    interaction: tuple[float, ...] | None = None
    """Redlich-Kister L_k/RT of an alloy in contact (physics.alloy); None for pure lithium."""
    tolerance: float = 1e-9
    """Largest last update of a potential, in RT/F."""
