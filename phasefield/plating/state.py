"""Plain data of the coupled system: geometry, unknowns, the cycler's demand, the outcome of a solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Geometry:
    """Static openings and what the moving metal leaves of them; ghosted arrays, those of faces in single precision."""

    pore: np.ndarray
    openings: list[np.ndarray]
    """Open fractions of the faces across x, y, z."""
    eps: np.ndarray
    active: np.ndarray
    """One where there is electrolyte, zero elsewhere; whole numbers of one byte."""
    weight: np.ndarray
    fractions: list[np.ndarray]
    """E of the faces across x, y, z."""


@dataclass
class Unknowns:
    """Scaled state of the coupled system."""

    C: np.ndarray
    P: np.ndarray
    X: float
    """The counter electrode's number (plating.counter)."""
    Q: np.ndarray
    """f phi_s; empty unless the electrons are ohmic."""

    def copy(self) -> Unknowns:
        """An independent copy."""
        return Unknowns(self.C.copy(), self.P.copy(), self.X, self.Q.copy())


@dataclass(frozen=True)
class History:
    """C_h of the time scheme, C_now + gamma (C_now - C_old), by what it is made of; arrays with ghosts."""

    now: np.ndarray
    old: np.ndarray
    gamma: float

    @classmethod
    def of(cls, now: np.ndarray) -> History:
        """That of a first step, C_h = C_now."""
        return cls(now, now, 0.0)


@dataclass(frozen=True)
class Target:
    """What the cycler asks for: a mean current density [A/m^2] or a voltage [V]."""

    mode: str
    value: float


@dataclass
class Solution:
    """Outcome of one Newton solve."""

    converged: bool
    newton_iterations: int
    krylov_iterations: int
    first_update: float
    """Largest change of C or P in the first iteration."""
    reason: str
    field: str = "phi_l"
    cell: tuple[int, int, int] | None = None
