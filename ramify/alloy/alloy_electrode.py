"""The alloy electrode: magnesium cells, one step of second order, and the state of the contact.

Time: TR-BDF2 (Bank et al., IEEE Trans. Electron Devices 32 (1985) 1992; error estimate of Hosea and Shampine, Appl.
Numer. Math. 20 (1996) 21), which is L-stable, of second order, and remembers nothing of earlier steps:

    stage 2 at t + g h:  r2 = r1 + (g/2) h (f1 + f2),   stage 3 at t + h:  r3 = r1 + w h (f1 + f2) + (g/2) h f3
    g = 2 - sqrt(2), w = sqrt(2)/4;  error  h [(1 - 4w)/3 f1 + f2/3 - (2 - sqrt(2))/3 f3]

with f = (N_(k-1) - N_k)/dm, the error filtered by (I - (g/2) h J)^-1. The new state is summed up from the fluxes of the
stages, so that lithium is conserved to round-off however well Newton's method has converged.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.alloy import kernels
from ramify.alloy.attempt import FULL, Attempt, Drive, coarseness, contact_voltage
from ramify.alloy.problem import Alloy, ElectrodeProblem
from ramify.physics import alloy
from ramify.physics.constants import FARADAY, GAS_CONSTANT

G = 2.0 - math.sqrt(2.0)
W = math.sqrt(2.0) / 4.0
WEIGHTS = (W, W, 0.5 * G)
ERRORS = ((1.0 - 4.0 * W) / 3.0, 1.0 / 3.0, -G / 3.0)
FRAMES = {"lattice": alloy.LATTICE, "volume": alloy.VOLUME, "fixed": alloy.FIXED}


def graded(length: float, cells: int, smallest: float) -> np.ndarray:
    """Widths of cells that grow geometrically from the last one, `smallest`, and fill a length [m].

    Equal widths where that many cells need not grow.
    """
    if smallest * cells >= length:
        return np.full(cells, length / cells)

    def total(ratio: float) -> float:
        return smallest * float(np.sum(ratio ** np.arange(cells)))

    low, high = 1.0, (length / smallest) ** (1.0 / max(cells - 1, 1))
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if total(middle) < length else (low, middle)
    widths = smallest * high ** np.arange(cells)[::-1]
    return np.asarray(widths * (length / np.sum(widths)))


class AlloyElectrode:
    """An electrode of an alloy of uniform initial composition; the state is r, lithium per magnesium, of the cells."""

    def __init__(self, problem: ElectrodeProblem) -> None:
        metal, contact = problem.metal, problem.contact
        assert isinstance(metal, Alloy)
        self.problem, self.metal, self.contact = problem, metal, contact
        y0 = metal.magnesium
        self.site_volume = metal.magnesium_volume + (1.0 / y0 - 1.0) * metal.lithium_volume
        """Volume per magnesium at the start [m^3/mol]."""
        widths = graded(problem.thickness, problem.cells, problem.smallest_cell)
        self.sites = widths / self.site_volume
        """Magnesium of the cells [mol/m^2], from the collector to the contact."""
        thermal = GAS_CONSTANT * contact.temperature
        self.resistance = contact.electrolyte_resistance + contact.film_resistance
        self.law = kernels.Law(
            FRAMES[metal.frame],
            metal.meaning == "tracer",
            np.array(metal.fractions),
            np.log(np.array(metal.diffusivities)),
            np.array(metal.interaction) / thermal,
            metal.lithium_volume,
            metal.magnesium_volume,
            y0,
            contact.exchange_current_density,
            contact.alpha_a,
            contact.alpha_c,
            FARADAY / thermal,
            self.resistance,
        )

    def start(self) -> np.ndarray:
        """The initial state."""
        return np.full(self.problem.cells, 1.0 / self.metal.magnesium - 1.0)

    def lithium(self, state: np.ndarray) -> float:
        """Lithium per area [mol/m^2]."""
        return math.fsum(self.sites * state)

    def gain(self, before: np.ndarray, after: np.ndarray) -> float:
        """Lithium gained between two states [mol/m^2]."""
        return math.fsum(self.sites * (after - before))

    def enter(self, state: np.ndarray, current: float) -> np.ndarray:
        """Nothing happens at once."""
        return state

    def attempt(self, state: np.ndarray, step: float, drive: Drive) -> Attempt:
        """One step of TR-BDF2; see the module."""
        numerics, law = self.problem.numerics, self.law
        first = drive.current if math.isnan(drive.voltage) else self.current(state, drive.voltage)
        currents, rates, iterations = [first], [self._rate(state, first)], 0
        guess, current = state, first
        for weights in ((0.5 * G,), (W, W)):
            base = state + step * sum(w * rate for w, rate in zip(weights, rates, strict=True))
            converged, count, current, guess = kernels.solve_stage(
                guess, base, self.sites, 0.5 * G * step, drive.current, drive.voltage, law, numerics.newton_tolerance
            )
            iterations += count
            if not converged:
                return Attempt(False, state, math.nan, math.nan, math.inf, iterations)
            currents.append(current)
            rates.append(self._rate(guess, current))
        new = state + step * sum(w * rate for w, rate in zip(WEIGHTS, rates, strict=True))
        error = step * np.tensordot(ERRORS, np.array(rates), 1)
        error = kernels.filtered(error, guess, self.sites, 0.5 * G * step, current, drive.voltage, law)
        size = float(np.max(np.abs(error) / (1.0 + np.maximum(new, 0.0)) ** 2)) / numerics.time_tolerance
        size = max(size, coarseness(self._activity(state, first), self._activity(new, current)))
        charge = step * sum(w * current for w, current in zip(WEIGHTS, currents, strict=True))
        converged = bool(np.all(new > kernels.LEAST))  # a wild step may sum up to what no stage was
        return Attempt(converged, new, currents[-1], charge, size, iterations)

    def _rate(self, state: np.ndarray, current: float) -> np.ndarray:
        """dr/dt [1/s]."""
        N = kernels.fluxes(state, self.sites, -current / FARADAY, self.law)
        return np.asarray(-np.diff(N, prepend=0.0) / self.sites)

    def surface(self, state: np.ndarray, current: float) -> float:
        """Atomic fraction of magnesium at the contact; above one where lithium has run out."""
        return float(kernels.surface(state[-1], self.sites[-1], -current / FARADAY, self.law))

    def _activity(self, state: np.ndarray, current: float) -> float:
        return float(alloy.activity(self.surface(state, current), self.law.interaction))

    def voltage(self, state: np.ndarray, current: float) -> float:
        """Voltage [V]; infinite where an empty contact would have to be stripped."""
        return contact_voltage(self.contact, current, self._activity(state, current), self.resistance)

    def current(self, state: np.ndarray, voltage: float) -> float:
        """Current density [A/m^2] at a voltage."""
        return float(kernels.contact_current_at(voltage, state[-1], self.sites[-1], self.law))

    def margin(self, state: np.ndarray, current: float, limit: float) -> float:
        """Activity above that at which a stripping voltage reaches its limit; volts from the limit on plating."""
        if current >= 0.0:
            return math.inf if math.isinf(limit) else self.voltage(state, current) + limit
        least = FULL
        if math.isfinite(limit):
            c = self.contact
            kinetics = (c.exchange_current_density, c.alpha_a, c.alpha_c, self.law.f)
            least = alloy.activity_at(limit + current * self.resistance, current, *kinetics)
        return self._activity(state, current) - least

    def exhausted(self, state: np.ndarray, current: float) -> bool:
        """Whether stripping has emptied the contact."""
        return current < 0.0 and self._activity(state, current) <= 2.0 * FULL

    def surface_concentration(self, state: np.ndarray, current: float) -> float:
        """Of lithium at the contact [mol/m^3]."""
        y = self.surface(state, current)
        volume = y * self.metal.magnesium_volume + (1.0 - y) * self.metal.lithium_volume
        return max(1.0 - y, 0.0) / volume

    def first_step(self, state: np.ndarray) -> float:
        """Diffusion time of the cell at the contact [s]."""
        width = self.sites[-1] * self._site_volumes(state)[-1]
        y = 1.0 / (1.0 + state[-1])
        return float(width**2 / alloy.diffusivity(y, self.law.fractions, self.law.logarithms))

    def _site_volumes(self, state: np.ndarray) -> np.ndarray:
        """Volume per magnesium of the cells [m^3/mol]."""
        if self.metal.frame == "fixed":
            return np.full(state.size, self.site_volume)
        return np.asarray(self.metal.magnesium_volume + state * self.metal.lithium_volume)

    def measures(self, state: np.ndarray, current: float) -> dict[str, float]:
        """Composition at the contact, thickness, and share of the lithium that has left."""
        thickness = float(np.sum(self.sites * self._site_volumes(state)))
        return {
            "mean_height": thickness,
            "tip_height": thickness,
            "contact_magnesium": self.surface(state, current),
            "contact_activity": self._activity(state, current),
            "collector_magnesium": float(1.0 / (1.0 + state[0])),
            "utilisation": 1.0 - self.lithium(state) / self.lithium(self.start()),
        }

    def profiles(self, state: np.ndarray, current: float, edges: np.ndarray) -> dict[str, np.ndarray]:
        """Metal fraction, lithium per volume and composition, remapped so that amounts are kept."""
        faces = np.concatenate([[0.0], np.cumsum(self.sites * self._site_volumes(state))])

        def share(amounts: np.ndarray) -> np.ndarray:
            total = np.concatenate([[0.0], np.cumsum(amounts)])
            return np.asarray(np.diff(np.interp(edges, faces, total)) / np.diff(edges))

        lithium, magnesium = share(self.sites * state), share(self.sites)
        with np.errstate(invalid="ignore"):
            fraction = magnesium / (lithium + magnesium)
        return {"xi": share(np.diff(faces)), "lithium": lithium, "magnesium": fraction}
