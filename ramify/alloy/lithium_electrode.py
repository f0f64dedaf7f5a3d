"""The electrode of pure lithium: vacancies at the contact, voids, the contact that is left (`physics.contact_loss`).

The state is [n, W, v]: lithium per area [mol/m^2], volume of voids per area [m], and whether there are voids (0 or 1).
Voids nucleate when a current is switched on that lifts the supersaturation above the threshold, or, as the electrode
thins, during a step. Vacancies are quasi-steady, so that all that remains to be integrated is W, by Bogacki and
Shampine's embedded pair of orders 3 and 2; the charge takes the same weights.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.alloy import kernels
from ramify.alloy.attempt import FULL, Attempt, Drive, coarseness, contact_voltage
from ramify.alloy.problem import ElectrodeProblem, PureLithium
from ramify.physics import contact_loss
from ramify.physics.constants import FARADAY, GAS_CONSTANT

NODES = ((), (0.5,), (0.0, 0.75), (2 / 9, 1 / 3, 4 / 9))
WEIGHTS = (2 / 9, 1 / 3, 4 / 9, 0.0)
ERRORS = (2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8)
LAST = 1e-3
"""Share of the metal that covers the contact in proportion to what is left of it: the last film breaks up."""


class LithiumElectrode:
    """An electrode of pure lithium."""

    def __init__(self, problem: ElectrodeProblem) -> None:
        metal, contact = problem.metal, problem.contact
        assert isinstance(metal, PureLithium)
        self.problem, self.metal, self.contact = problem, metal, contact
        self.f = FARADAY / (GAS_CONSTANT * contact.temperature)
        self.held = contact_loss.void_supersaturation(
            metal.surface_energy, metal.molar_volume, metal.void_depth, contact.temperature
        )
        """Supersaturation that voids hold at the contact, s_v."""

    def start(self) -> np.ndarray:
        """The initial state."""
        return np.array([self.problem.thickness / self.metal.molar_volume, 0.0, 0.0])

    def lithium(self, state: np.ndarray) -> float:
        """Lithium per area [mol/m^2]."""
        return float(state[0])

    def gain(self, before: np.ndarray, after: np.ndarray) -> float:
        """Lithium gained between two states [mol/m^2]."""
        return float(after[0] - before[0])

    def length(self, state: np.ndarray) -> float:
        """Distance over which vacancies have to diffuse [m]."""
        thickness = max(state[0], 0.0) * self.metal.molar_volume
        return contact_loss.effective_length(thickness, self.metal.sink_length, self.metal.back_is_sink)

    def fraction(self, state: np.ndarray) -> float:
        """Contact over electrode area."""
        m = self.metal
        left = min(max(state[0] / (LAST * self.start()[0]), contact_loss.SMALLEST_FRACTION), 1.0)
        return left * contact_loss.contact_fraction(state[1], m.void_depth, m.exponent, m.initial_contact)

    def supersaturation(self, state: np.ndarray, current: float) -> float:
        """s at the contact, which voids hold at their own."""
        length, local = self.length(state), -current / self.fraction(state)
        if math.isinf(length):  # a closed slab without sinks has no steady state
            s = math.inf if local > 0.0 else 1.0
        else:
            s = contact_loss.supersaturation(local, self.metal.diffusivity, length, self.metal.molar_volume)
        return min(s, self.held) if state[2] else s

    def enter(self, state: np.ndarray, current: float) -> np.ndarray:
        """Nucleation, where the current lifts the contact above the threshold."""
        if not state[2] and self.supersaturation(state, current) >= self.metal.threshold:
            return np.array([state[0], state[1], 1.0])
        return state

    def attempt(self, state: np.ndarray, step: float, drive: Drive) -> Attempt:
        """One step; see the module."""
        m, current = self.metal, drive.current
        currents: list[float] = []
        rates: list[float] = []
        trial = state
        for weights in NODES:
            moved = step * sum(w * rate for w, rate in zip(weights, rates, strict=True))
            passed = step * sum(w * i for w, i in zip(weights, currents, strict=True))
            trial = np.array([state[0] + passed / FARADAY, max(state[1] + moved, 0.0), state[2]])
            current = drive.current if math.isnan(drive.voltage) else self.current(trial, drive.voltage)
            currents.append(current)
            rates.append(self._rate(trial, current))
        error = step * abs(sum(w * rate for w, rate in zip(ERRORS, rates, strict=True))) / m.void_depth
        missed = step * abs(sum(w * i for w, i in zip(ERRORS, currents, strict=True))) / FARADAY
        error = max(error, missed / (LAST * self.start()[0])) / self.problem.numerics.time_tolerance
        error = max(error, coarseness(self.fraction(state), self.fraction(trial)))
        charge = step * sum(w * i for w, i in zip(WEIGHTS, currents, strict=True))
        # Voids that have closed leave the contact whole.
        whole = state[2] > 0.0 and trial[1] == 0.0 and rates[-1] <= 0.0
        new = self.enter(np.array([trial[0], trial[1], 0.0 if whole else state[2]]), currents[-1])
        return Attempt(bool(new[0] >= 0.0), new, currents[-1], charge, error, 0)

    def _rate(self, state: np.ndarray, current: float) -> float:
        """dW/dt [m/s]."""
        m = self.metal
        if not state[2]:
            return 0.0
        length = self.length(state)
        carried = 0.0
        if length > 0.0:
            carried = contact_loss.critical_current(self.held, m.diffusivity, length, m.molar_volume)
        return m.molar_volume / FARADAY * (-current - self.fraction(state) * carried)

    def _resistance(self, fraction: float) -> float:
        contact, spacing = self.contact, self.metal.contact_spacing
        constriction = contact_loss.constriction_resistance(fraction, spacing, contact.conductivity)
        return contact.electrolyte_resistance + contact.film_resistance / fraction + constriction

    def voltage(self, state: np.ndarray, current: float) -> float:
        """Voltage [V] at a current density."""
        fraction = self.fraction(state)
        return contact_voltage(self.contact, current, 1.0, self._resistance(fraction), fraction)

    def current(self, state: np.ndarray, voltage: float) -> float:
        """Current density [A/m^2] at a voltage."""
        c, fraction = self.contact, self.fraction(state)
        if fraction <= FULL:
            return 0.0
        kinetics = (c.exchange_current_density, c.alpha_a, c.alpha_c, self.f)
        return float(kernels.partial_contact_current(voltage, fraction, self._resistance(fraction), *kinetics))

    def margin(self, state: np.ndarray, current: float, limit: float) -> float:
        """Volts from the limit; the contact that is left without one, or where it is all but gone."""
        left = self.fraction(state) - FULL
        if current < 0.0 and (left < 0.0 or math.isinf(limit)):
            return left
        return math.inf if math.isinf(limit) else limit - abs(self.voltage(state, current))

    def exhausted(self, state: np.ndarray, current: float) -> bool:
        """Whether metal or contact are gone."""
        return current < 0.0 and self.fraction(state) <= 2.0 * FULL

    def surface_concentration(self, state: np.ndarray, current: float) -> float:
        """Of lithium at the contact, averaged over the electrode's area [mol/m^3]."""
        return self.fraction(state) / self.metal.molar_volume

    def first_step(self, state: np.ndarray) -> float:
        """A thousandth of the time in which 1 A/m^2 opens the voids [s]."""
        return 1e-3 * FARADAY * self.metal.void_depth / self.metal.molar_volume

    def measures(self, state: np.ndarray, current: float) -> dict[str, float]:
        """Contact, vacancies, and share of the lithium that has left."""
        thickness = state[0] * self.metal.molar_volume
        fraction = self.fraction(state)
        return {
            "mean_height": thickness,
            "tip_height": thickness + state[1],
            "contact_fraction": fraction,
            "contact_supersaturation": self.supersaturation(state, current),
            "void_volume": float(state[1]),
            "local_current_density": current / fraction,
            "utilisation": 1.0 - state[0] / self.start()[0],
        }

    def profiles(self, state: np.ndarray, current: float, edges: np.ndarray) -> dict[str, np.ndarray]:
        """Metal fraction, lithium per volume and vacancies; the voids lie below the contact, down to their depth."""
        m = self.metal
        plane = state[0] * m.molar_volume + state[1]
        roof = max(plane - m.void_depth, 0.0)
        bulk = np.minimum(edges, roof) + np.clip(edges - roof, 0.0, plane - roof) * (
            1.0 - state[1] / (plane - roof) if plane > roof else 0.0
        )
        xi = np.diff(bulk) / np.diff(edges)
        middle = 0.5 * (edges[1:] + edges[:-1])
        surface, thickness = self.supersaturation(state, current), max(plane, 1e-300)
        with np.errstate(over="ignore", invalid="ignore"):
            s = contact_loss.supersaturation_profile(middle, surface, thickness, m.sink_length, m.back_is_sink)
        return {"xi": xi, "lithium": xi / m.molar_volume, "vacancies": np.where(middle <= plane, s, np.nan)}
