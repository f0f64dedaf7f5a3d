"""Butler-Volmer's law on the planes that bound the solid electrolyte: the metal's contact, and a counter electrode.

Of pure lithium (physics.butler_volmer) the potential of a face decides its current; of an alloy so does the lithium
that is left on it, which the face's own current changes (physics.alloy_contact).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.problem import Kinetics
from ramify.phasefield.voids.contact_problem import ContactComposition, ContactProblem
from ramify.physics.alloy import activity, contact_potential
from ramify.physics.alloy_contact import face_currents
from ramify.physics.butler_volmer import surface_currents
from ramify.physics.constants import FARADAY, GAS_CONSTANT

LEAST_ACTIVITY = 1e-6
"""With which a guess is made."""


@dataclass(frozen=True)
class Reaction:
    """Of one plane (ny, nx)."""

    current: np.ndarray
    """Current density of what is in contact [A/m^2], positive for plating."""
    slope: np.ndarray
    """How it rises with the electrolyte's potential [A/(m^2 V)], not negative."""
    magnesium: np.ndarray | None = None
    """Atomic fraction on the faces of an alloy."""
    activity: np.ndarray | None = None
    """Of lithium on the faces of an alloy."""


@dataclass(frozen=True)
class UniformContact:
    """A contact that is everywhere alike, of which guesses are made."""

    share: float
    """Of the plane in contact."""
    magnesium: float = 0.0
    rise: float = 0.0
    """As of `ContactComposition`."""
    limit: float | None = None
    """Largest stripping current density that diffusion lets through an alloy [A/m^2]; None for pure lithium."""


class ContactKinetics:
    """The laws of both planes at one temperature."""

    def __init__(self, problem: ContactProblem) -> None:
        self.problem = problem
        self.f = FARADAY / (GAS_CONSTANT * problem.electrolyte.temperature)
        self._interaction = np.array(problem.interaction or (), float)

    def at_contact(
        self, voltage: float, potential: np.ndarray, resistance: np.ndarray, composition: ContactComposition | None
    ) -> Reaction:
        """The metal's plane.

        Parameters
        ----------
        voltage
            Potential of the metal [V].
        potential
            Of the electrolyte (ny, nx) [V].
        resistance
            In series with the faces, beside the film (ny, nx) [ohm m^2].
        composition
            Beside the faces of an alloy; None for pure lithium.
        """
        kinetics = self.problem.kinetics
        series = kinetics.film_resistance + resistance
        if composition is None:
            return self._lithium(kinetics, voltage, potential, series)
        law = (kinetics.exchange_current_density, kinetics.alpha_a, kinetics.alpha_c, self.f)
        current, slope, magnesium, lithium = face_currents(
            voltage - potential, composition.magnesium, composition.rise, series, self._interaction, law
        )
        return Reaction(current, slope, magnesium, lithium)

    def at_counter(self, counter: Kinetics, potential: np.ndarray) -> Reaction:
        """Lithium at zero potential on the far plane."""
        return self._lithium(counter, 0.0, potential, counter.film_resistance)

    def _lithium(self, kinetics: Kinetics, metal: float, potential: np.ndarray, film: float | np.ndarray) -> Reaction:
        current, slope, _ = surface_currents(
            metal, potential, 1.0, 0.0, kinetics.exchange_current_density, 1.0,
            kinetics.alpha_a, kinetics.alpha_c, self.f, film,
        )  # fmt: skip
        return Reaction(current, slope)

    def overpotential(self, kinetics: Kinetics, current: float, lithium: float = 1.0) -> float:
        """Of a sharp surface of an activity of lithium that passes a current density, film included [V]."""
        law = (kinetics.exchange_current_density, kinetics.alpha_a, kinetics.alpha_c, self.f)
        return contact_potential(current, lithium, *law) - current * kinetics.film_resistance

    def uniform(self, shares: np.ndarray, composition: ContactComposition | None) -> UniformContact:
        """The mean of what is in contact."""
        share = float(shares.mean())
        if composition is None:
            return UniformContact(share)
        magnesium, rise = (float((shares * a).mean()) / share for a in (composition.magnesium, composition.rise))
        return UniformContact(share, magnesium, rise, composition.limit(shares))

    def contact_overpotential(self, current: float, contact: UniformContact) -> float:
        """Of a uniform contact that passes a current density over its whole area, against pure lithium [V]."""
        local = current / contact.share
        lithium = 1.0
        if contact.limit is not None:
            magnesium = min(max(contact.magnesium - contact.rise * local, 0.0), 1.0)
            lithium = max(activity(magnesium, self._interaction), LEAST_ACTIVITY)
        return self.overpotential(self.problem.kinetics, local, lithium)
