"""The metal of `model: voids` in SI numbers: what `VoidMetal` is told. Nothing here computes.

The box runs from the back face, z = 0, to the contact with the solid electrolyte, z = size[2]; the metal takes all of
it but for its voids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ramify.phasefield.problem import (
    WETTING_MOBILITY_FACTOR,
    ContactAngles,
    Domain,
    Geometry,
    Interface,
    SpatialFunction,
)

UPRIGHT = 0.5 * math.pi
MOBILITY_FACTOR = 10.0
"""b over width and largest front velocity: where the surface moves fastest, the profile lags by l/100 at most.

With the 1.5 of plated metal it lags by l/20 in places, which counts in ripples of a cell: Mullins' rate is off by 4 %
where it is by 2 % with ten. What the regularisation itself moves along the surface stays below 1 % up to k l = 0.2.
"""


def void_interface(width: float, contact_angle: float = UPRIGHT) -> Interface:
    """The diffuse surface of voids, of a width l [m], that meets the contact plane at an angle [rad]."""
    upright = abs(contact_angle - UPRIGHT) < 1e-12
    return Interface(width, mobility_factor=MOBILITY_FACTOR if upright else WETTING_MOBILITY_FACTOR)


@dataclass(frozen=True)
class VacancyTransport:
    """How vacancies move, vanish and enter voids (physics.vacancies)."""

    diffusivity: float
    """D, the tracer diffusivity of the metal's atoms [m^2/s]."""
    molar_volume: float
    """Omega [m^3/mol]."""
    surface_energy: float
    """gamma of a void's surface [J/m^2]; zero leaves capillarity out."""
    temperature: float
    """[K]."""
    sink_length: float = math.inf
    """L_s of sinks in the bulk [m]; infinite for none."""
    back: Literal["sink", "blocked"] = "sink"
    """The face at z = 0: s = 1, or no flux."""
    surface_transport: float = 0.0
    """D_s delta_s, diffusivity times thickness of the layer in which atoms run along a void's surface [m^3/s]."""
    exchange_rate: float = math.inf
    """k of the flux k (s - s_eq)/Omega into a void's surface [m/s]; infinite holds s at s_eq."""


@dataclass(frozen=True)
class VoidNucleation:
    """Sites at which voids may be born during a run (voids.nucleation)."""

    positions: np.ndarray
    """(n, 3) [m]; on the contact plane, z = size[2], or inside the metal."""
    law: Literal["threshold", "classical"]
    threshold: float = math.inf
    """s_c of `threshold`."""
    rate: float = 0.0
    """A0 of `classical`: attempts of a site [1/s]."""
    contact_angle: float = UPRIGHT
    """Of voids on the contact plane, through the void [rad]."""
    seed: int = 0
    """Of the sites' random numbers."""


@dataclass(frozen=True)
class MetalNumerics:
    """Tolerances and limits."""

    linear_tolerance: float = 1e-10
    """Relative residual of the vacancies' equation."""
    linear_iterations: int = 200
    front_motion: float = 0.3
    """Largest displacement of a void's surface per step, in cells."""
    time_tolerance: float = 0.02
    """Largest difference between the first- and the second-order displacement of a step, in cells."""


@dataclass(frozen=True)
class MetalProblem:
    """Everything the metal needs; its surface is described as that of plated metal is (phasefield.problem)."""

    domain: Domain
    transport: VacancyTransport
    interface: Interface
    voids: SpatialFunction | None = None
    """Signed distance of the initial voids [m], negative inside them; None for dense metal."""
    contact_angle: float = UPRIGHT
    """At which a void's wall meets the contact plane, through the metal [rad]."""
    nucleation: VoidNucleation | None = None
    numerics: MetalNumerics = field(default_factory=MetalNumerics)

    @property
    def contact_angles(self) -> ContactAngles:
        """The surface meets every face of the box upright; the contact plane is looked after by `voids.surface`."""
        return ContactAngles()

    @property
    def geometry(self) -> Geometry:
        """Metal everywhere but in the voids, and no host."""
        return Geometry(Dense() if self.voids is None else Around(self.voids))


@dataclass(frozen=True)
class Around:
    """Signed distance of the metal around voids [m]."""

    voids: SpatialFunction

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Negative in the metal."""
        return -np.asarray(self.voids(x, y, z))


@dataclass(frozen=True)
class Dense:
    """Signed distance of metal without an end."""

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Minus infinity."""
        return np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), -np.inf)
