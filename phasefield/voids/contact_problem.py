"""The electrical half of a void problem in SI numbers: solid electrolyte, contact kinetics, counter electrode."""

from __future__ import annotations

from dataclasses import dataclass

from ramify.phasefield.problem import Kinetics


@dataclass(frozen=True)
class SolidElectrolyte:
    """Static, between the contact plane and the counter electrode."""

    layers: tuple[tuple[float, float], ...]
    """(thickness [m], ionic conductivity [S/m]), the first at the contact."""
    temperature: float
    """[K]."""


@dataclass(frozen=True)
class ContactProblem:
    """Everything the electrical half needs beside the contact itself."""

    electrolyte: SolidElectrolyte
    kinetics: Kinetics
    """Of the metal in contact; its concentrations are not looked at."""
    counter: Kinetics | None = None
    """Of the lithium at the far face; None for a reversible electrode, without overpotential."""
    tolerance: float = 1e-9
    """Largest last update of a potential, in RT/F."""
