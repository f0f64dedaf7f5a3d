"""What is asked of a set of files, and what is known of the simulated cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ramify.atomistic.facts import Stated
from ramify.atomistic.trajectory import Drift

Phase = Literal["liquid", "crystal", "cluster", "film", "amorphous"]
PHASES: tuple[Phase, ...] = ("liquid", "crystal", "cluster", "film", "amorphous")
Details = dict[str, float | int | str | bool | None]


@dataclass(frozen=True)
class Vacancies:
    """What the vacancy route needs."""

    count: int
    """In the run."""
    energy: tuple[float, float]
    """Formation energy and its standard uncertainty [J]."""
    entropy: tuple[float, float]
    """Formation entropy and its standard uncertainty, in units of k."""


@dataclass(frozen=True)
class Request:
    """What is asked of a set of files; SI units."""

    files: tuple[Path, ...]
    stated: Stated = field(default_factory=Stated)
    element: str | None = None
    """Whose diffusivity; of all atoms by default."""
    column: str | None = None
    """Of a fix ave/time file."""
    table: Literal["msd", "vacf"] = "msd"
    """What the column holds."""
    phase: Phase | None = None
    window: tuple[float, float] | None = None
    drift: Drift = "remove"
    unwrapped: bool = False
    topology: Path | None = None
    viscosity: float | None = None
    vacancies: Vacancies | None = None
    thermodynamic_factor: float | None = None
    vacancy_wind: float = 1.0
    reference: float | None = None
    """A diffusivity known from elsewhere that the model is held against [m^2/s]."""
    model_uncertainty: float | None = None
    """Relative."""
    diameter: float | None = None
    """Of a particle [m]."""
    collective: bool = False
    layers: int | None = None
    axis: int = 2
    surface: bool = False
    kinisi: bool = False


@dataclass(frozen=True)
class Cell:
    """The simulated cell."""

    atoms: int | None
    volume: float | None
    """[m^3]."""

    @property
    def spacing(self) -> float | None:
        """Distance of neighbouring atoms where they fill the cell [m]."""
        return (self.volume / self.atoms) ** (1.0 / 3.0) if self.atoms and self.volume else None
