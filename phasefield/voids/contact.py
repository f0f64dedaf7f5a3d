"""Current through what is left of the contact between a metal and a solid electrolyte.

Unknowns are the electrolyte's mean potentials phi on the cells of the contact plane, the metal's potential V (uniform;
the voltage, for the counter electrode stands at zero), and, for a counter electrode with kinetics, phi on its face:

    Y phi + a i_n(V - phi) = 0        contact, a the share of a face that the metal touches (voids.contact_area)
    Y phi + i_n(0 - phi) = 0          counter electrode
    mean of a i_n(V - phi) = i        where the current is held

Y is the slab's admittance (voids.contact_slab), i_n Butler-Volmer's law, positive for plating (physics.butler_volmer).
i_n falls with phi's rise nowhere, so that Y + D with D = a di_n/dphi >= 0 is symmetric and positive: Newton's method
with conjugate gradients, the matrix with D's mean as their preconditioner, exact in cosine space. Faces without contact
are no special case.

On a face that is touched in part the current has to spread from that part, which the mean of phi over the face does not
see. It passes a resistance of its own (physics.constriction.face_spreading), in series with the film's.

The current that is handed on is the contact's, put onto what enters at the counter electrode by a correction of the
size of the tolerance, so that lithium, charge and current are one number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.contact_problem import ContactProblem
from ramify.phasefield.voids.contact_slab import Slab
from ramify.physics.alloy import contact_potential
from ramify.physics.butler_volmer import surface_currents
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.constriction import face_spreading

MOST_STEPS = 60
"""Newton steps."""
MOST_ITERATIONS = 3000
"""Of conjugate gradients."""
LONGEST_STEP = 4.0
"""Largest change of an overpotential in a Newton step that is not taken shorter [RT/F]."""
GONE = 1e-6
"""Share of the plane in contact that counts as none."""


class NoContact(ValueError):
    """A current is asked for and nothing is in contact; or the solution was not found. The message says which."""


@dataclass(frozen=True)
class ContactState:
    """What flows at one moment; planes (ny, nx) are whole on every rank."""

    shares: np.ndarray
    """Of each face in contact."""
    potentials: np.ndarray
    """Mean potential of the electrolyte on the faces (planes, ny, nx) [V]: contact, then counter electrode."""
    current: np.ndarray
    """Current density of each face over its whole area [A/m^2], positive for plating."""
    local: np.ndarray
    """Current density of what is in contact [A/m^2]; not a number where nothing is."""
    voltage: float
    """Of the metal against a lithium reference at the counter electrode [V]; not a number without contact."""
    current_density: float
    """Mean over the cross-section [A/m^2]."""
    newton_iterations: int = 0
    krylov_iterations: int = 0


class Contact:
    """Solver of the contact plane; equal on every rank.

    Parameters
    ----------
    domain
        Lateral lengths, counts and periodicity.
    problem
        Electrolyte and kinetics.
    """

    def __init__(self, domain: Domain, problem: ContactProblem) -> None:
        self.problem = problem
        self.slab = Slab(domain, problem.electrolyte.layers, grounded=problem.counter is None)
        self.f = FARADAY / (GAS_CONSTANT * problem.electrolyte.temperature)
        widths = [h for h, count in zip(domain.spacing, domain.cells[:2], strict=False) if count > 1]
        self._scale = math.prod(widths) ** (1.0 / max(len(widths), 1)) / problem.electrolyte.layers[0][1]
        """Edge of a face over the conductivity beside it [ohm m^2]."""
        self._spreading = np.zeros(self.slab.shape)
        """Of what is in contact on each face [ohm m^2]."""
        self._last: tuple[np.ndarray, float] | None = None
        """Potentials and voltage of the last solution, where the next one begins."""

    def forget(self) -> None:
        """Begin the next solution from a uniform current."""
        self._last = None

    def resume(self, state: ContactState) -> None:
        """Begin the next solution where `state` is, or from a uniform current where nothing flows in it."""
        self._last = (state.potentials, state.voltage) if state.newton_iterations else None

    def solve(self, shares: np.ndarray, control: Control) -> ContactState:
        """Currents and potentials for shares of contact (ny, nx) under a held current or voltage.

        Raises
        ------
        NoContact
            Where a current is held and the contact is gone, and where no solution is found.
        """
        mean = float(shares.mean())
        if mean <= GONE or (control.mode == "current" and control.value == 0.0 and self.problem.counter is None):
            return self._idle(shares, control, mean)
        start = self._last if self._last is not None else self._uniform(mean, control)
        try:
            return self._newton(shares, control, *start)
        except NoContact:
            if self._last is None:
                raise
            return self._newton(shares, control, *self._uniform(mean, control))

    def _idle(self, shares: np.ndarray, control: Control, mean: float) -> ContactState:
        """Nothing flows: equilibrium, or no contact."""
        gone = mean <= GONE
        if gone and control.mode == "current" and control.value != 0.0:
            raise NoContact("no contact is left between metal and electrolyte")
        nothing = np.zeros((self.slab.planes, *self.slab.shape))
        self._last = None
        voltage = float("nan") if gone else 0.0
        return ContactState(shares, nothing, nothing[0].copy(), _locals(nothing[0], shares), voltage, 0.0)

    # ------------------------------------------------------------------ a uniform current, where Newton begins

    def series_voltage(self, current: float, share: float) -> float:
        """Voltage [V] of a uniform current density [A/m^2] through an electrolyte whose contact is all but `share`."""
        electrolyte = self.counter_potential(current) - current * self.slab.resistance
        return self._overpotential(self.problem.kinetics, current / share) + electrolyte

    def counter_potential(self, current: float) -> float:
        """Potential [V] of the electrolyte at the counter electrode under a uniform current density [A/m^2]."""
        counter = self.problem.counter
        return 0.0 if counter is None else -self._overpotential(counter, -current)

    def _overpotential(self, kinetics: Kinetics, current: float) -> float:
        """Of a sharp surface that passes a current density, film included [V]."""
        law = (kinetics.exchange_current_density, kinetics.alpha_a, kinetics.alpha_c, self.f)
        return contact_potential(current, 1.0, *law) - current * kinetics.film_resistance

    def _uniform(self, share: float, control: Control) -> tuple[np.ndarray, float]:
        """Potentials and voltage of a uniform current."""
        current = control.value if control.mode == "current" else self._uniform_current(share, control.value)
        potentials = np.empty((self.slab.planes, *self.slab.shape))
        potentials[-1] = self.counter_potential(current)
        potentials[0] = self.counter_potential(current) - current * self.slab.resistance
        voltage = control.value if control.mode == "voltage" else self.series_voltage(current, share)
        return potentials, voltage

    def _uniform_current(self, share: float, voltage: float) -> float:
        """Current density at a voltage, by halving; the electrolyte alone would pass more."""
        low, high = sorted((0.0, -voltage / self.slab.resistance))
        for _ in range(60):
            middle = 0.5 * (low + high)
            if self.series_voltage(middle, share) > voltage:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    # ------------------------------------------------------------------ Newton's method

    def _reaction(self, shares: np.ndarray, potentials: np.ndarray, voltage: float) -> tuple[np.ndarray, np.ndarray]:
        """Current densities out of the slab on each plane, and how they rise with its potential."""
        kinetics = self.problem.kinetics
        current, slope = self._law(kinetics, voltage, potentials[0], kinetics.film_resistance + self._spreading)
        currents, slopes = [shares * current], [shares * slope]
        if self.problem.counter is not None:
            counter = self.problem.counter
            current, slope = self._law(counter, 0.0, potentials[1], counter.film_resistance)
            currents.append(current)
            slopes.append(slope)
        return np.array(currents), np.array(slopes)

    def _law(
        self, kinetics: Kinetics, metal: float, potential: np.ndarray, film: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        current, slope, _ = surface_currents(
            metal, potential, 1.0, 0.0, kinetics.exchange_current_density, 1.0,
            kinetics.alpha_a, kinetics.alpha_c, self.f, film,
        )  # fmt: skip
        return current, slope

    def _newton(self, shares: np.ndarray, control: Control, potentials: np.ndarray, voltage: float) -> ContactState:
        held, spent = control.mode == "current", 0
        self._spreading = self._scale * face_spreading(shares)
        voltage = voltage if held else control.value
        unit = np.zeros_like(potentials)
        unit[0] = 1.0
        pull = self.slab.currents(unit)
        currents, slopes = self._reaction(shares, potentials, voltage)
        for step in range(1, MOST_STEPS + 1):
            inverse = self.slab.preconditioner(slopes.mean(axis=(1, 2)))
            residual = self.slab.currents(potentials) + currents
            change, done = self._linear(slopes, inverse, -residual)
            spent += done
            rise = 0.0
            if held:
                # of the potentials with V: 1 - w on the contact plane, w the answer to what no electron feels
                answer, done = self._linear(slopes, inverse, pull)
                spent += done
                missing = control.value - float(currents[0].mean()) - float((slopes[0] * change[0]).mean())
                rise = -missing / max(float((slopes[0] * answer[0]).mean()), 1e-300)
                change = change + rise * (unit - answer)
            moved = self.f * max(float(np.abs(rise - change[0]).max()), float(np.abs(change).max()), abs(rise))
            share = min(1.0, LONGEST_STEP / moved) if moved > 0.0 else 1.0
            potentials, voltage = potentials + share * change, voltage + share * rise
            currents, slopes = self._reaction(shares, potentials, voltage)
            if not np.isfinite(moved):
                break
            if moved <= self.problem.tolerance:
                self._last = (potentials, voltage)
                return self._state(shares, control, potentials, voltage, currents[0], slopes[0], (step, spent))
        raise NoContact(f"the potentials of the contact were not found in {MOST_STEPS} Newton steps")

    def _linear(self, slopes: np.ndarray, inverse: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, int]:
        """Solve (Y + D) x = right by conjugate gradients."""

        def matrix(x: np.ndarray) -> np.ndarray:
            return self.slab.currents(x) + slopes * x

        return _conjugate_gradients(matrix, lambda x: self.slab.apply(inverse, x), right)

    def _state(
        self,
        shares: np.ndarray,
        control: Control,
        potentials: np.ndarray,
        voltage: float,
        current: np.ndarray,
        slope: np.ndarray,
        spent: tuple[int, int],
    ) -> ContactState:
        local = _locals(current, shares)
        total = control.value if control.mode == "current" else -float(self.slab.currents(potentials)[0].mean())
        current = current + (total - float(current.mean())) * slope / float(slope.mean())
        return ContactState(shares, potentials, current, local, voltage, total, *spent)


def _locals(current: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Current density of what is in contact."""
    touching = shares > 0.0
    return np.where(touching, current / np.where(touching, shares, 1.0), np.nan)


def _conjugate_gradients(
    matrix: Callable[[np.ndarray], np.ndarray],
    preconditioner: Callable[[np.ndarray], np.ndarray],
    right: np.ndarray,
    accuracy: float = 1e-8,
) -> tuple[np.ndarray, int]:
    """Solution and iterations; the accuracy is that of the residual in the preconditioner's norm."""
    x = np.zeros_like(right)
    rest = right.copy()
    search = preconditioner(rest)
    product = float((rest * search).sum())
    least = accuracy**2 * product
    for iteration in range(MOST_ITERATIONS):
        if product <= least or product == 0.0:
            return x, iteration
        image = matrix(search)
        length = product / float((search * image).sum())
        x += length * search
        rest -= length * image
        corrected = preconditioner(rest)
        before, product = product, float((rest * corrected).sum())
        search = corrected + product / before * search
    raise NoContact(f"the potentials of the contact were not found in {MOST_ITERATIONS} iterations")
