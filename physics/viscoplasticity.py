"""Viscoplastic metal: Anand's law in both published forms and power-law creep, with consistent tangents.

    d(e_p)/dt = rate (3/2) s/q,                     s = dev(sigma), q = von Mises stress [Pa]
    sinh      rate = A exp(-Q/RT) [sinh(q/S)]^(1/m)          (ecmLab, 4C)
    power     rate = A exp(-Q/RT) (q/S)^(1/m)                (Anand and Narayan)
    dS/dt = H0 |1 - S/S*|^a sign(1 - S/S*) rate,    S* = S0 {rate/[A exp(-Q/RT)]}^n
    creep     rate = B q^N: the power form with a resistance S that does not change

S, the resistance, starts at S(0) and tends to S*, algebraically in strain for a > 1. A step is backward Euler: the
strain's deviator beyond what has flowed gives a trial stress q_t; the flow p of the step solves

    q_t - 3 G p = S(p) g(p/(A' dt)),     g(r) = r^m (power) or asinh(r^m) (sinh),     A' = A exp(-Q/RT)

by Newton's method in ln p, where the power law is nearly linear, inside a bracket; S(p) is solved for in the same way,
one level further in. Both roots are single. The tangent is the derivative of the stress found, exactly.

A law is nine numbers (`ViscoplasticLaw.parameters`), so that compiled kernels take any of them. Tensors are those of
physics.mechanics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numba
import numpy as np

from ramify.physics import lithium_creep
from ramify.physics.elasticity import Elasticity, preset

ROOT_3_2 = math.sqrt(1.5)
MOST_ITERATIONS = 100
POWER, SINH = 0.0, 1.0


@dataclass(frozen=True)
class ViscoplasticLaw:
    """An elastic-viscoplastic metal at one temperature; an elastic one where nothing flows (`rate` zero)."""

    elasticity: Elasticity
    form: Literal["power", "sinh"]
    rate: float
    """A' = A exp(-Q/RT) [1/s]; zero for an elastic solid."""
    sensitivity: float
    """m [-]."""
    resistance: float
    """S at the start [Pa]."""
    saturation: float = 0.0
    """S0 [Pa]."""
    hardening: float = 0.0
    """H0 [Pa]; zero keeps S."""
    hardening_exponent: float = 1.0
    """a [-], at least one."""
    saturation_exponent: float = 0.0
    """n [-]."""

    @property
    def parameters(self) -> np.ndarray:
        """K, G, form, A', m, S0, H0, a, n for `respond`."""
        form = SINH if self.form == "sinh" else POWER
        K, G = self.elasticity.bulk_modulus, self.elasticity.shear_modulus
        flow = (self.rate, self.sensitivity, self.saturation, self.hardening)
        return np.array([K, G, form, *flow, self.hardening_exponent, self.saturation_exponent])

    def saturated_resistance(self, rate: float) -> float:
        """S* [Pa] at a strain rate [1/s]."""
        if self.hardening == 0.0:
            return self.resistance
        return self.saturation * (rate / self.rate) ** self.saturation_exponent

    def saturated_stress(self, rate: float) -> float:
        """Von Mises stress [Pa] that a metal flowing at a rate [1/s] tends to."""
        power = (rate / self.rate) ** self.sensitivity
        return self.saturated_resistance(rate) * (math.asinh(power) if self.form == "sinh" else power)


def elastic(elasticity: Elasticity) -> ViscoplasticLaw:
    """A metal that does not flow."""
    return ViscoplasticLaw(elasticity, "power", 0.0, 1.0, 1.0)


def anand_lithium(form: Literal["power", "sinh"] = "sinh", temperature: float = 298.15) -> ViscoplasticLaw:
    """Anand and Narayan, J. Electrochem. Soc. 166 (2019) A1092 (power form); the same numbers in the sinh form.

    `temperature` in [K]. The rate of the two forms differs at the same stress: saturated stresses by 3 to 13 per cent.
    """
    return ViscoplasticLaw(
        preset("lithium"),
        form,
        rate=lithium_creep.anand_rate(temperature),
        sensitivity=lithium_creep.SENSITIVITY,
        resistance=lithium_creep.RESISTANCE,
        saturation=lithium_creep.SATURATION,
        hardening=10.0e6,
        hardening_exponent=2.0,
        saturation_exponent=lithium_creep.SATURATION_EXPONENT,
    )


def power_law_creep(elasticity: Elasticity, rate: float, stress: float, exponent: float) -> ViscoplasticLaw:
    """A metal that creeps at `rate` [1/s] under `stress` [Pa], with the power `exponent` of the stress elsewhere."""
    return ViscoplasticLaw(elasticity, "power", rate, 1.0 / exponent, stress)


def creeping_lithium(temperature: float = 298.15) -> ViscoplasticLaw:
    """Steady creep of lithium: Anand's power form at S = S*, which is a power law with exponent 1/(m + n) = 5 exactly.

    From sigma = S* (rate/A')^m: rate = A' (sigma/S0)^(1/(m + n)).
    """
    law = anand_lithium("power", temperature)
    creep = power_law_creep(law.elasticity, law.rate, law.saturation, 1.0 / (law.sensitivity + law.saturation_exponent))
    return replace(creep, saturation=law.saturation)


# ---------------------------------------------------------------------- scalar laws


@numba.njit(cache=True)
def flow_rate(stress: float, resistance: float, law: np.ndarray) -> float:
    """Equivalent strain rate [1/s] at a von Mises stress and a resistance [Pa]."""
    ratio = stress / resistance
    if law[2] == SINH:
        ratio = math.sinh(min(ratio, 50.0))
    return law[3] * ratio ** (1.0 / law[4])


@numba.njit(cache=True)
def stress_ratio(rate: float, law: np.ndarray) -> tuple[float, float]:
    """q/S at which the metal flows at a rate [1/s], and its derivative by the logarithm of the rate."""
    power = (rate / law[3]) ** law[4]
    if law[2] == SINH:
        return math.asinh(power), law[4] * power / math.sqrt(1.0 + power * power)
    return power, law[4] * power


@numba.njit(cache=True)
def hardening_rate(rate: float, resistance: float, law: np.ndarray) -> float:
    """dS/dt [Pa/s] of a metal that flows at a rate (> 0) [1/s] against a resistance S [Pa]."""
    gap = 1.0 - resistance / (law[5] * (rate / law[3]) ** law[8])
    return law[6] * abs(gap) ** law[7] * (1.0 if gap > 0.0 else -1.0) * rate


@numba.njit(cache=True)
def hardened_resistance(flow: float, duration: float, before: float, law: np.ndarray) -> tuple[float, float]:
    """S [Pa] after a flow (> 0) in a duration, backward Euler from `before`; and dS/d flow.

    S = before + H0 |1 - S/S*|^a sign(1 - S/S*) flow: the left side less the right rises with S, so the root is
    single and lies between `before` and S*.
    """
    saturation, hardening, a, n = law[5], law[6], law[7], law[8]
    if hardening == 0.0:
        return before, 0.0
    star = saturation * (flow / (duration * law[3])) ** n
    low, high = min(before, star), max(before, star)
    S = before
    slope = 1.0
    for _ in range(MOST_ITERATIONS):
        gap = 1.0 - S / star
        residual = S - before - hardening * flow * abs(gap) ** a * (1.0 if gap > 0.0 else -1.0)
        slope = 1.0 + hardening * flow * a * abs(gap) ** (a - 1.0) / star
        if residual > 0.0:
            high = S
        else:
            low = S
        trial = S - residual / slope
        if not low <= trial <= high:
            trial = 0.5 * (low + high)
        moved = abs(trial - S)
        S = trial
        if moved <= 1e-14 * S:
            break
    gap = 1.0 - S / star
    size = abs(gap) ** a * (1.0 if gap > 0.0 else -1.0)
    slope = 1.0 + hardening * flow * a * abs(gap) ** (a - 1.0) / star
    # S* moves with the rate: d(1 - S/S*)/d flow at fixed S is n S/(S* flow).
    by_flow = hardening * (size + a * abs(gap) ** (a - 1.0) * n * S / star)
    return S, by_flow / slope


@numba.njit(cache=True)
def flow_of_step(trial: float, duration: float, before: float, law: np.ndarray) -> tuple[float, float, float]:
    """Equivalent flow of a step, the resistance after it, and d flow/d trial.

    Parameters
    ----------
    trial : float
        Von Mises stress if nothing flowed [Pa].
    duration : float
        [s].
    before : float
        Resistance at the start of the step [Pa].
    law : ndarray
        `ViscoplasticLaw.parameters`.
    """
    rigidity = 3.0 * law[1]
    if law[3] <= 0.0 or duration <= 0.0 or trial <= 1e-12 * rigidity * 1e-6:
        return 0.0, before, 0.0
    most = math.log(trial / rigidity)
    guess = flow_rate(trial, before, law) * duration
    low, high = most - 600.0, most
    y = min(math.log(max(guess, 1e-250)), most - 1e-3)
    flow, S, slope = 0.0, before, 1.0
    for _ in range(MOST_ITERATIONS):
        flow = math.exp(y)
        S, by_flow = hardened_resistance(flow, duration, before, law)
        ratio, ratio_slope = stress_ratio(flow / duration, law)
        left, held = trial - rigidity * flow, S * ratio
        residual = math.log(held / left) if left > 0.0 else 1e3
        slope = ratio_slope / ratio + by_flow * flow / S + (rigidity * flow / left if left > 0.0 else 1e3)
        if residual > 0.0:
            high = y
        else:
            low = y
        following = y - residual / slope
        if not low <= following <= high:
            following = 0.5 * (low + high)
        moved = abs(following - y)
        y = following
        if moved <= 1e-14 * max(1.0, abs(y)) or abs(residual) < 1e-14:
            break
    flow = math.exp(y)
    S, by_flow = hardened_resistance(flow, duration, before, law)
    ratio, ratio_slope = stress_ratio(flow / duration, law)
    held_slope = by_flow * ratio + S * ratio_slope / flow
    return flow, S, 1.0 / (rigidity + held_slope)


# ---------------------------------------------------------------------- stress of a step


@numba.njit(cache=True)
def respond(
    strain: np.ndarray,
    inelastic: np.ndarray,
    resistance: float,
    duration: float,
    law: np.ndarray,
    stress: np.ndarray,
    tangent: np.ndarray,
) -> tuple[float, float, float]:
    """Stress at the end of a step, and its consistent tangent.

    Parameters
    ----------
    strain, inelastic : ndarray
        Total strain at the end of the step; inelastic strain (eigenstrain and flow) at its start; (6,).
    resistance, duration : float
        S at the start [Pa]; the step [s], zero for the elastic response.
    law : ndarray
        `ViscoplasticLaw.parameters`.
    stress, tangent : ndarray
        Filled: (6,) [Pa] and its derivative by the strain, (6, 6), symmetric.

    Returns
    -------
    flow, resistance, share
        Equivalent flow of the step [-], S at its end [Pa], and the share of the trial deviator that is left. The
        inelastic strain at the end is `inelastic` plus (3/2) flow s/q, which is strain - stress/stiffness.
    """
    K, G = law[0], law[1]
    mean = (strain[0] + strain[1] + strain[2] - inelastic[0] - inelastic[1] - inelastic[2]) / 3.0
    square = 0.0
    for i in range(6):
        stress[i] = 2.0 * G * (strain[i] - inelastic[i] - (mean if i < 3 else 0.0))
        square += stress[i] * stress[i]
    size = math.sqrt(square)
    trial = ROOT_3_2 * size
    flow, S, slope = flow_of_step(trial, duration, resistance, law)
    share = 1.0 - 3.0 * G * flow / trial if flow > 0.0 else 1.0
    along = 1.0 - 3.0 * G * slope - share
    for i in range(6):
        for j in range(6):
            value = K - 2.0 / 3.0 * G * share if i < 3 and j < 3 else 0.0
            if i == j:
                value += 2.0 * G * share
            if flow > 0.0:
                value += 2.0 * G * along * stress[i] * stress[j] / square
            tangent[i, j] = value
    for i in range(6):
        stress[i] = share * stress[i] + (3.0 * K * mean if i < 3 else 0.0)
    return flow, S, share


@numba.njit(cache=True)
def inelastic_strain(strain: np.ndarray, stress: np.ndarray, law: np.ndarray) -> np.ndarray:
    """Strain (6,) without its elastic part, from the stress (6,)."""
    K, G = law[0], law[1]
    mean = (stress[0] + stress[1] + stress[2]) / 3.0
    out = strain - stress / (2.0 * G)
    out[:3] -= mean * (1.0 / (3.0 * K) - 1.0 / (2.0 * G))
    return out


@numba.njit(cache=True)
def respond_all(
    strains: np.ndarray, inelastic: np.ndarray, resistances: np.ndarray, duration: float, law: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`respond` over N points: (stresses (N, 6), tangents (N, 6, 6), flows (N,)); the state is advanced in place."""
    count = len(strains)
    stresses, tangents, flows = np.empty((count, 6)), np.empty((count, 6, 6)), np.empty(count)
    for k in range(count):
        flows[k], resistances[k], _ = respond(
            strains[k], inelastic[k], resistances[k], duration, law, stresses[k], tangents[k]
        )
        inelastic[k] = inelastic_strain(strains[k], stresses[k], law)
    return stresses, tangents, flows
