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

In an alloy i_n also depends on the composition of the face, which follows the face's own current
(physics.alloy_contact): D stays positive, and where diffusion lets no more lithium through it goes to zero. At rest
faces of different compositions still pass current among themselves, as a concentration cell.

On a face that is touched in part the current has to spread from that part, which the mean of phi over the face does not
see. It passes a resistance of its own (physics.constriction.face_spreading), in series with the film's.

The current that is handed on is the contact's, put onto what enters at the counter electrode by a correction of the
size of the tolerance, so that lithium, charge and current are one number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.contact_kinetics import ContactKinetics, Reaction, UniformContact
from ramify.phasefield.voids.contact_problem import ContactComposition, ContactProblem
from ramify.phasefield.voids.contact_slab import Slab
from ramify.physics.constriction import face_spreading

MOST_STEPS = 60
"""Newton steps."""
MOST_ITERATIONS = 3000
"""Of conjugate gradients."""
LONGEST_STEP = 4.0
"""Largest change of an overpotential in a Newton step that is not taken shorter [RT/F]."""
EDGE = 1e-4
"""Of what diffusion brings, within which a held current counts as more: there the voltage rises without bound."""
GONE = 1e-6
"""Share of the plane in contact that counts as none."""


class NoContact(ValueError):
    """A current is asked for and nothing is in contact; or the solution was not found. The message says which."""


class Depleted(NoContact):
    """A current is asked for that diffusion in the alloy does not bring to the contact: no voltage drives it."""

    def __init__(self, limit: float) -> None:
        super().__init__(f"the contact is empty: diffusion brings lithium for {0.1 * limit:.4g} mA/cm2 at most")
        self.limit = limit
        """Largest mean stripping current density [A/m^2]."""


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
    magnesium: np.ndarray | None = None
    """Atomic fraction on each face of an alloy (ny, nx), beside voids too."""
    activity: np.ndarray | None = None
    """Of lithium on each face of an alloy (ny, nx)."""
    limit: float = math.inf
    """Largest mean stripping current density that diffusion in an alloy brings lithium for [A/m^2]."""


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
        self.kinetics = ContactKinetics(problem)
        self.f = self.kinetics.f
        widths = [h for h, count in zip(domain.spacing, domain.cells[:2], strict=False) if count > 1]
        self._scale = math.prod(widths) ** (1.0 / max(len(widths), 1)) / problem.electrolyte.layers[0][1]
        """Edge of a face over the conductivity beside it [ohm m^2]."""
        self._spreading = np.zeros(self.slab.shape)
        """Of what is in contact on each face [ohm m^2]."""
        self._composition: ContactComposition | None = None
        """Beside the faces of an alloy."""
        self._last: tuple[np.ndarray, float] | None = None
        """Potentials and voltage of the last solution, where the next one begins."""

    def forget(self) -> None:
        """Begin the next solution from a uniform current."""
        self._last = None

    def resume(self, state: ContactState) -> None:
        """Begin the next solution where `state` is, or from a uniform current where nothing flows in it."""
        self._last = (state.potentials, state.voltage) if state.newton_iterations else None

    def solve(
        self, shares: np.ndarray, control: Control, composition: ContactComposition | None = None
    ) -> ContactState:
        """Currents and potentials for shares of contact (ny, nx) under a held current or voltage.

        Parameters
        ----------
        composition
            Of an alloy beside the faces; None for pure lithium.

        Raises
        ------
        NoContact
            Where a current is held and the contact is gone (`Depleted`: is empty), and where no solution is found.
        """
        mean = float(shares.mean())
        self._composition = composition
        idle = control.mode == "current" and control.value == 0.0 and self.problem.counter is None
        if mean <= GONE or (idle and composition is None):
            return self._idle(shares, control, mean)
        if control.mode == "current" and composition is not None:
            limit = (1.0 - EDGE) * composition.limit(shares)
            if -control.value >= limit:
                raise Depleted(limit)
        uniform = self.kinetics.uniform(shares, composition)
        start = self._last if self._last is not None else self._uniform(uniform, control)
        try:
            return self._newton(shares, control, *start)
        except NoContact:
            if self._last is None:
                raise
            return self._newton(shares, control, *self._uniform(uniform, control))

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

    def series_voltage(self, current: float, contact: UniformContact) -> float:
        """Voltage [V] of a uniform current density [A/m^2] through a uniform contact and the electrolyte."""
        electrolyte = self.counter_potential(current) - current * self.slab.resistance
        return self.kinetics.contact_overpotential(current, contact) + electrolyte

    def counter_potential(self, current: float) -> float:
        """Potential [V] of the electrolyte at the counter electrode under a uniform current density [A/m^2]."""
        counter = self.problem.counter
        return 0.0 if counter is None else -self.kinetics.overpotential(counter, -current)

    def _uniform(self, contact: UniformContact, control: Control) -> tuple[np.ndarray, float]:
        """Potentials and voltage of a uniform current."""
        held = control.mode == "current"
        current = control.value if held else self._uniform_current(contact, control.value)
        potentials = np.empty((self.slab.planes, *self.slab.shape))
        potentials[-1] = self.counter_potential(current)
        potentials[0] = self.counter_potential(current) - current * self.slab.resistance
        return potentials, self.series_voltage(current, contact) if held else control.value

    def _uniform_current(self, contact: UniformContact, voltage: float) -> float:
        """Current density at a voltage, by halving; the electrolyte alone would pass more."""
        rest = 0.0 if contact.limit is None else self.series_voltage(0.0, contact)
        low, high = sorted((0.0, (rest - voltage) / self.slab.resistance))
        if contact.limit is not None:
            low = max(low, -contact.limit)
        for _ in range(60):
            middle = 0.5 * (low + high)
            if self.series_voltage(middle, contact) > voltage:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    # ------------------------------------------------------------------ Newton's method

    def _reaction(
        self, shares: np.ndarray, potentials: np.ndarray, voltage: float
    ) -> tuple[Reaction, np.ndarray, np.ndarray]:
        """What the contact does; and current densities out of the slab on each plane, how they rise with potential."""
        contact = self.kinetics.at_contact(voltage, potentials[0], self._spreading, self._composition)
        currents, slopes = [shares * contact.current], [shares * contact.slope]
        if self.problem.counter is not None:
            far = self.kinetics.at_counter(self.problem.counter, potentials[1])
            currents.append(far.current)
            slopes.append(far.slope)
        return contact, np.array(currents), np.array(slopes)

    def _newton(self, shares: np.ndarray, control: Control, potentials: np.ndarray, voltage: float) -> ContactState:
        held, spent = control.mode == "current", 0
        self._spreading = self._scale * face_spreading(shares)
        voltage = voltage if held else control.value
        unit = np.zeros_like(potentials)
        unit[0] = 1.0
        pull = self.slab.currents(unit)
        contact, currents, slopes = self._reaction(shares, potentials, voltage)
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
            contact, currents, slopes = self._reaction(shares, potentials, voltage)
            if not np.isfinite(moved):
                break
            if moved <= self.problem.tolerance:
                self._last = (potentials, voltage)
                state = self._state(shares, control, potentials, voltage, currents[0], slopes[0], (step, spent))
                beside = self._composition
                limit = math.inf if beside is None else (1.0 - EDGE) * beside.limit(shares)
                return replace(state, magnesium=contact.magnesium, activity=contact.activity, limit=limit)
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
        # where diffusion alone decides what flows, potentials change nothing
        weight = slope if slope.any() else shares
        current = current + (total - float(current.mean())) * weight / float(weight.mean())
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
