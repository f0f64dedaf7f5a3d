"""The grand-potential problem in SI numbers: what an engine of that model is told.

Symbols and laws as in physics.grand_potential. z runs from the collector (z = 0) to the counter electrode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ramify.phasefield.problem import Domain


@dataclass(frozen=True)
class Anisotropy:
    """Modulation of the front's energy with its direction."""

    strength: float = 0.0
    """delta."""
    mode: int = 4
    """Directions in the plane of z and x."""
    angle: float = 0.0
    """Of one of them, from z [rad]."""
    of: Literal["kappa", "root_kappa"] = "kappa"
    """What 1 + delta cos(mode theta) multiplies: the gradient coefficient, or its square root (Kobayashi)."""

    @property
    def power(self) -> int:
        """q of physics.grand_potential.gradient_flux."""
        return 1 if self.of == "kappa" else 2


@dataclass(frozen=True)
class PhaseInterface:
    """The front's own relaxation."""

    gradient_coefficient: float
    """kappa [m^2]."""
    barrier: float
    """W [-]."""
    mobility: float
    """L_sigma [1/s]."""
    anisotropy: Anisotropy = field(default_factory=Anisotropy)


@dataclass(frozen=True)
class Reaction:
    """The electrode reaction as a rate of the phase."""

    rate: float
    """L_eta [1/s]."""
    charge_over_thermal_energy: float
    """nF/RT [1/V]."""
    transfer_coefficient: float = 0.5
    """alpha, cathodic."""
    electrons: int = 1
    """n."""
    reference: Literal["zero", "counter"] | float = "zero"
    """What the overpotential counts from: phi = 0, the potential of the counter electrode, or a potential [V]."""


@dataclass(frozen=True)
class Electrolyte:
    """The phase xi = 0."""

    diffusivity: float
    """D^l [m^2/s]."""
    conductivity: float
    """sigma^l [S/m]."""
    level: float
    """eps^l [RT]."""
    reference_occupancy: float
    """c0 [-]."""
    site_density: float
    """C_m^l [mol/m^3]; turns occupancies into concentrations and amounts, and enters no equation."""


@dataclass(frozen=True)
class Electrode:
    """The phase xi = 1."""

    conductivity: float
    """sigma^s [S/m]."""
    level: float
    """eps^s [RT]."""
    site_ratio: float
    """dv = C_m^s/C_m^l [-]."""
    charge_density: float
    """n F C_m^s [C/m^3]."""


@dataclass(frozen=True)
class Side:
    """Values held at one z face; None for a face that nothing crosses."""

    xi: float | None = None
    mu: float | None = None
    """[RT]."""
    phi: float = 0.0
    """Of the counter electrode [V]; the collector's is the cycler's."""


@dataclass(frozen=True)
class Noise:
    """Langevin noise of the phase: an even spread between -amplitude and amplitude, in every cell."""

    amplitude: float = 0.0
    """[1/s]."""
    seed: int = 0
    interval: float = 0.02
    """Time one number stays [s]; a longer step takes the mean of its numbers."""
    spacing: float | None = None
    """Edge of the cubes that share a number [m]; None for the cells themselves."""


@dataclass(frozen=True)
class Start:
    """State at time zero."""

    distance: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    """Signed distance [m] of x, y, z to the first metal, negative inside."""
    width: float
    """l of the first profile xi = [1 - tanh(distance/2l)]/2 [m]."""
    mu: float = 0.0
    """[RT]."""


@dataclass(frozen=True)
class Numerics:
    """Tolerances and steps."""

    newton_tolerance: float = 1e-8
    """Largest last update of xi, of lithium over c0, and of p = nF phi/RT."""
    newton_iterations: int = 25
    krylov_iterations: int = 60
    fixed_step: float | None = None
    """[s]; None lets the step follow the error. A fixed step is still cut where Newton's method fails."""
    time_tolerance: float = 2e-3
    """Local error of a step in xi and in lithium over its reference."""
    front_motion: float = 0.3
    """Largest change of xi in a step."""
    first_step: float = 1e-3
    largest_step: float = float("inf")
    smallest_step: float = 1e-9
    order: Literal[1, 2] = 2


@dataclass(frozen=True)
class GrandPotentialProblem:
    """Everything the model needs."""

    domain: Domain
    interface: PhaseInterface
    reaction: Reaction
    electrolyte: Electrolyte
    electrode: Electrode
    start: Start
    collector: Side
    counter: Side
    noise: Noise = field(default_factory=Noise)
    numerics: Numerics = field(default_factory=Numerics)
    positions: tuple[float, ...] = ()
    """Heights whose time of arrival is recorded [m]."""

    @property
    def initial_concentration(self) -> float:
        """Lithium in the electrolyte at the reference occupancy [mol/m^3]."""
        return self.electrolyte.reference_occupancy * self.electrolyte.site_density

    @property
    def reference_potential(self) -> float:
        """What the overpotential counts from [V]."""
        reference = self.reaction.reference
        if reference == "zero":
            return 0.0
        if reference == "counter":
            return self.counter.phi
        return float(reference)
