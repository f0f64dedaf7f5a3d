"""One attempted step of an electrode, whatever it is made of, and what the engine asks of an electrode."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ramify.alloy.problem import Contact
from ramify.physics import alloy
from ramify.physics.constants import FARADAY, GAS_CONSTANT

FULL = 1e-9
"""Activity of lithium, or contact fraction, that counts as none."""
ORDER = 3.0
"""The local error falls with the step to this power."""
LARGEST_CHANGE = 0.3
"""Of the logarithm of activity or contact fraction in a step, so that a history shows how the voltage runs away."""
SMALL = 1e-4
"""Activity or contact fraction below which such changes need not be seen."""


@dataclass(frozen=True)
class Drive:
    """What is held during a step: a current density [A/m^2], or a voltage [V]."""

    current: float
    voltage: float = float("nan")
    """Not a number where the current is held."""


@dataclass(frozen=True)
class Attempt:
    """Where a step would lead."""

    converged: bool
    state: np.ndarray
    current: float
    """At the end [A/m^2]."""
    charge: float
    """Integral of the current over the step, by the weights of the scheme [C/m^2]."""
    error: float
    """Local error over the tolerance."""
    iterations: int


def coarseness(before: float, after: float) -> float:
    """The error that a change of activity or contact fraction counts as: one where it is as large as is allowed."""
    change = abs(math.log((max(after, 0.0) + SMALL) / (max(before, 0.0) + SMALL)))
    return (change / LARGEST_CHANGE) ** ORDER


class Electrode(Protocol):
    """A planar electrode of area one; states are arrays that nobody changes."""

    def start(self) -> np.ndarray:
        """The initial state."""

    def lithium(self, state: np.ndarray) -> float:
        """Lithium per area [mol/m^2]."""

    def gain(self, before: np.ndarray, after: np.ndarray) -> float:
        """Lithium gained between two states [mol/m^2], as exactly as their difference allows."""

    def enter(self, state: np.ndarray, current: float) -> np.ndarray:
        """The state after what happens at once when a current is switched on."""

    def attempt(self, state: np.ndarray, step: float, drive: Drive) -> Attempt:
        """Where a step would lead; nothing is judged but convergence."""

    def voltage(self, state: np.ndarray, current: float) -> float:
        """Voltage [V] at a current density; infinite where none drives it."""

    def current(self, state: np.ndarray, voltage: float) -> float:
        """Current density [A/m^2] at a voltage."""

    def margin(self, state: np.ndarray, current: float, limit: float) -> float:
        """How far a state is from a voltage limit (a magnitude, infinite for none) or from running out of lithium.

        A continuous number, below zero beyond either.
        """

    def exhausted(self, state: np.ndarray, current: float) -> bool:
        """Whether the contact has run out of lithium."""

    def surface_concentration(self, state: np.ndarray, current: float) -> float:
        """Of lithium at the contact [mol/m^3]."""

    def first_step(self, state: np.ndarray) -> float:
        """A step [s] that resolves what happens right after a switch."""

    def measures(self, state: np.ndarray, current: float) -> dict[str, float]:
        """Columns of the history."""

    def profiles(self, state: np.ndarray, current: float, edges: np.ndarray) -> dict[str, np.ndarray]:
        """Stored fields between the edges z [m]."""


def contact_voltage(
    contact: Contact, current: float, activity: float, resistance: float, fraction: float = 1.0
) -> float:
    """Voltage [V] against lithium beyond the electrolyte: positive on stripping.

    Parameters
    ----------
    current
        [A/m^2] of electrode, positive for plating.
    activity
        Of lithium at the contact.
    resistance
        Areal resistance in series [ohm m^2].
    fraction
        Contact over electrode area.
    """
    f = FARADAY / (GAS_CONSTANT * contact.temperature)
    kinetics = (contact.exchange_current_density, contact.alpha_a, contact.alpha_c, f)
    return alloy.contact_potential(current / fraction, activity, *kinetics) - current * resistance
